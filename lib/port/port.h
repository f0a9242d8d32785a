/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * NIC ports: set up as a file of drivers-config/ says for the port's driver, and the XDP program
 * that splits traffic for AF_XDP. Control plane only; needs a running EAL but for what is said
 * otherwise.
 */
#ifndef PORT_PORT_H
#define PORT_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "packet/packet.h"

/** How checksums of queries are verified (RFC 7720 2). */
enum port_checksum {
	PORT_CHECKSUM_NIC,	/* by mbuf flags, in software where they say nothing */
	PORT_CHECKSUM_SOFTWARE, /* always */
	PORT_CHECKSUM_TRUSTED,	/* not at all: a link that never leaves this host */
};

/** A file of drivers-config/. */
struct port_driver {
	char *driver; /* the PMD's name, "net_af_xdp" */
	uint16_t rx_descriptors, tx_descriptors;
	uint32_t mbufs; /* in the port's pool */
	enum port_checksum checksum;
	bool offload; /* the NIC fills in checksums of replies, if it can */
	bool xdp;     /* our XDP program is loaded to the interface that the device names */
};

/**
 * Read the file for a driver, `directory`/`name`.yaml. Needs no EAL.
 *
 * @param driver  the caller's: port_driver_free()
 */
int port_driver_read(
	const char *directory, const char *name, struct port_driver **driver, struct why *why);

void port_driver_free(struct port_driver *driver);

/** A port that runs. */
struct port {
	uint16_t id, queue_count;
	bool offload; /* the NIC does it */
	struct rte_mempool *pool;
};

/** Set up and start a port that EAL has probed. */
int port_start(uint16_t id, const struct port_driver *driver, uint16_t queue_count,
	struct port *port, struct why *why);

/** Stop and close a port, and free its pool. */
void port_stop(struct port *port);

/**
 * Write a copy of the XDP program that takes only datagrams for these addresses. Needs no EAL.
 *
 * @param object  the program as clang made it
 * @param path    of the copy
 */
int port_xdp_specialize(const char *object, const struct packet_service *service, const char *path,
	struct why *why);

/** An interface that this process alone may load the program to. */
struct port_xdp {
	int lock; /* an abstract socket, so that the kernel drops it with the process */
	unsigned int index;
};

/**
 * Claim an interface and make it free of a program that a dead process of ours left behind, known
 * by its name. Any other program is an error. Needs no EAL.
 */
int port_xdp_claim(const char *interface, struct port_xdp *xdp, struct why *why);

/** Detach our program and give the interface back. */
void port_xdp_release(struct port_xdp *xdp);

#endif
