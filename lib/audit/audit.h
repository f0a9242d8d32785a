/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Self-audit: one in so many frames that an lcore receives is kept with the reply, in a bounded
 * ring, and goes to a child process that answers the query again from plain records.
 */
#ifndef AUDIT_AUDIT_H
#define AUDIT_AUDIT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	AUDIT_FRAME_MAX = 1600, /* a longer frame is not kept */
	AUDIT_SAMPLES = 64,	/* kept at a time for each lcore */
};

/** A frame as it came and as it went. */
struct audit_sample {
	uint32_t generation;   /* of what it was answered from */
	uint32_t now;	       /* seconds since 1970, modulo 2^32 */
	uint16_t query_length; /* octets */
	uint16_t reply_length; /* 0: no reply */
	uint8_t query[AUDIT_FRAME_MAX], reply[AUDIT_FRAME_MAX];
};

/** Out of one lcore, into the control plane; when it is full, frames are dropped and counted. */
struct audit_ring {
	uint32_t one_in; /* fixed */
	uint32_t left;	 /* the lcore's: frames up to and with the next one kept, >= 1 */
	_Alignas(64) _Atomic uint32_t written; /* by the lcore; release, pairs with acquire in
						  audit_ring_take() */
	_Atomic uint64_t dropped;
	_Alignas(64) _Atomic uint32_t taken; /* by control; release, pairs with acquire in
						audit_ring_room() */
	struct audit_sample samples[AUDIT_SAMPLES];
};

/** @param one_in  at least 1. @return NULL: no memory. Control plane. */
struct audit_ring *audit_ring_make(uint32_t one_in);

/** NULL is fine. */
void audit_ring_free(struct audit_ring *ring);

/**
 * Whether a frame of a burst is to be kept, at most one of each. Costs a subtraction a burst.
 *
 * @return its index in the burst, or -1. On the ring's lcore.
 */
static inline int
audit_choose(struct audit_ring *ring, uint16_t count)
{
	uint32_t index, behind;

	if (ring->left > count) {
		ring->left -= count;
		return -1;
	}
	index = ring->left - 1;
	behind = count - 1 - index;
	ring->left = ring->one_in > behind ? ring->one_in - behind : 1;
	return (int)index;
}

/** Room for a sample, for audit_ring_put(); NULL: there is none, which is counted. On the lcore. */
struct audit_sample *audit_ring_room(struct audit_ring *ring);

/** What audit_ring_room() gave is filled in. On the lcore. */
void audit_ring_put(struct audit_ring *ring);

/** Copy out the oldest sample. @return false: there is none. One thread of the control plane. */
bool audit_ring_take(struct audit_ring *ring, struct audit_sample *sample);

/*
 * What goes between mangroved and `mangrove-zone audit`, a packet of a socket each: first who the
 * node is (struct exchange_self), and what zones it withholds (struct zone_withheld, as many as a
 * catalogue has room for, an origin of no length is none); an octet in return once the auditor has
 * its zones; then questions, each answered by a verdict. The records of each zone that the node
 * serves, as its image has them, are in a descriptor that the child inherits.
 */
enum { AUDIT_MESSAGE_MAX = 1500 };

struct audit_question {
	uint32_t now;
	uint16_t query_length, reply_length;
	uint8_t address_size, address[16];
	uint8_t messages[2 *
			 AUDIT_MESSAGE_MAX]; /* the query and the reply to it, as long as said */
};

enum audit_outcome { AUDIT_SAME, AUDIT_DIFFERENT };

struct audit_verdict {
	uint16_t outcome;
	uint16_t expected_length;
	uint8_t expected[AUDIT_MESSAGE_MAX]; /* the right reply, if the outcome is AUDIT_DIFFERENT
					      */
};

#endif
