/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The exception path: what is not ours goes to the kernel, and what the kernel sends goes to the
 * wire. The kernel's side is an interface that carries the port's MAC address and the service
 * addresses, and is gone when the process is, killed or not.
 *
 *   lcore -- a ring for each class of each queue --> thread -- as fast as the class may --> kernel
 *   lcore <-- one ring of the port ------------------ thread <------------------------------ kernel
 *
 * A flood fills its own class's rings and no other; it costs the lcores a drop, and the thread what
 * the class's rate allows.
 */
#ifndef EXCEPTION_EXCEPTION_H
#define EXCEPTION_EXCEPTION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "packet/packet.h"

struct rte_mbuf;
struct rte_mempool;
struct rte_ring;

enum {
	EXCEPTION_RING_SIZE = 128, /* frames of a class that wait, at most; of each queue */
	EXCEPTION_RATE_MAX = 1000000,
	EXCEPTION_ADDRESSES_MAX = 16,
};

/** An lcore's end, for one receive queue. All NULL: there is no exception path. */
struct exception_queue {
	struct rte_ring *to_wire; /* NULL but for one queue of a port */
	struct rte_ring *to_kernel[PACKET_CLASSES];
};

/** What an lcore counts. Each foreign frame of a queue with rings is in `passed` or `limited`. */
struct exception_counters {
	_Atomic uint64_t passed[PACKET_CLASSES];
	_Atomic uint64_t limited[PACKET_CLASSES]; /* dropped: as many of the class wait already */
	_Atomic uint64_t to_wire, unsent;	  /* what the kernel sent */
};

/**
 * Hand foreign frames over. Called on the lcore that serves the queue; does not wait.
 *
 * @param mbufs  those that are not taken come last on return, and stay the caller's, counted
 * @return  how many are taken
 */
uint16_t exception_offer(const struct exception_queue *queue, struct exception_counters *counters,
	struct rte_mbuf **mbufs, uint16_t count);

/**
 * Take what the kernel has to send. Called on the lcore that serves the queue; does not wait.
 *
 * @return  how many mbufs are the caller's now
 */
uint16_t exception_take(
	const struct exception_queue *queue, struct rte_mbuf **mbufs, uint16_t count);

struct exception_address {
	uint8_t family; /* AF_INET or AF_INET6 */
	uint8_t prefix_length;
	uint8_t octets[16];
};

/** By which means frames go in and out of the kernel. */
enum exception_kind { EXCEPTION_TAP, EXCEPTION_VIRTIO_USER };

/** What a port's exception path is to be like. */
struct exception_settings {
	enum exception_kind kind;
	const char *interface;
	uint8_t mac[6];
	uint16_t mtu;
	const struct packet_service *service;
	const struct exception_address *addresses; /* beside the service addresses */
	unsigned int address_count;
	uint32_t rates[PACKET_CLASSES]; /* frames a second */
	uint16_t queue_count;
	struct rte_mempool *pool; /* for what the kernel sends; of the queue that sends it */
};

/** An exception path that runs. */
struct exception;

/**
 * Make the interface, bring it up, start the thread. Control plane.
 *
 * @param exception  the caller's: exception_stop()
 */
int exception_start(
	const struct exception_settings *settings, struct exception **exception, struct why *why);

/** The lcore's end for a queue; the last one also sends what the kernel has for the wire. */
struct exception_queue exception_queue_of(const struct exception *exception, uint16_t queue);

/** What became of frames that were passed; any thread. */
uint64_t exception_delivered(const struct exception *exception, enum packet_class class);
uint64_t exception_refused(const struct exception *exception, enum packet_class class);

/** Stop the thread and take the interface away, after the lcores have stopped. NULL is fine. */
void exception_stop(struct exception *exception);

#endif
