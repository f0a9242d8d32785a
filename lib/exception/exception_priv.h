/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EXCEPTION_EXCEPTION_PRIV_H
#define EXCEPTION_EXCEPTION_PRIV_H

#include "exception/exception.h"

struct rte_mbuf;
struct rte_mempool;
struct rte_ring;

enum { LINK_BURST = 64 };

/** A way into the kernel, by one of two means. */
struct link {
	int tap;		  /* -1: virtio-user */
	struct rte_mempool *pool; /* for what the kernel sends */
	struct rte_mbuf *blank;	  /* for the next frame out of the TAP */
	uint16_t port;		  /* virtio-user's */
	char device[64];	  /* its name; "": there is none */
};

/** Make an interface that lives as long as the link. @return 0 or -errno */
int tap_open(struct link *link, const char *interface, struct why *why);
int virtio_open(struct link *link, const struct exception_settings *settings, struct why *why);

/** Write frames, which stay the caller's. @return how many the kernel took */
unsigned int tap_deliver(struct link *link, struct rte_mbuf **mbufs, unsigned int count);

/** Send frames, which are gone. @return how many the kernel took */
unsigned int virtio_deliver(struct link *link, struct rte_mbuf **mbufs, unsigned int count);

/** Move up to LINK_BURST frames of the kernel's to a ring. @return how many */
unsigned int tap_take(struct link *link, struct rte_ring *ring);
unsigned int virtio_take(struct link *link, struct rte_ring *ring);

/** Take the interface away. */
void tap_close(struct link *link);
void virtio_close(struct link *link);

/** Give an interface its addresses, of the link and of IP, and bring it up. */
int interface_configure(const struct exception_settings *settings, struct why *why);

#endif
