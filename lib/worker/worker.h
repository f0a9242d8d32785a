/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The lcore's work: a burst of received mbufs becomes a burst of replies, in place.
 */
#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"
#include "packet/packet.h"

struct rte_mbuf;

enum {
	WORKER_BURST = 32, /* a longer one stopped paying here */
	/* octets from a frame's start to its buffer's end: the longest reply, and what vectors read
	 * and write too far; a smaller buffer is answered frame by frame, or dropped if it is too
	 * small */
	WORKER_FRAME_ROOM = 1536,
};

/**
 * Packets by what became of them: each received one is in exactly one of `packet` (but PACKET_OURS)
 * or `engine`. One writer, the lcore; anybody reads.
 */
struct worker_counters {
	_Atomic uint64_t packet[PACKET_VERDICTS];
	_Atomic uint64_t engine[ENGINE_VERDICTS];
};

/** All that a burst is answered from; read only. */
struct worker_view {
	const struct image_catalogue *catalogue;
	const struct packet_service *service;
	bool verify_in_software; /* checksums of queries; false: the mbuf's flags are believed */
	bool trust_link;	 /* neither: the link never left this host */
	bool offload;		 /* the NIC fills in checksums of replies */
};

/**
 * Answer a burst.
 *
 * @param count  at most WORKER_BURST
 * @param mbufs  on return the replies come first; the others are dropped or foreign, for the caller
 * to free
 * @return  number of replies
 */
typedef uint16_t worker_answer(const struct worker_view *view, struct worker_counters *counters,
	struct rte_mbuf **mbufs, uint16_t count);

/** One body compiled for several instruction sets; all give the same octets. */
struct worker_variant {
	const char *name; /* "plain", "avx2", "avx512" */
	worker_answer *answer;
};

/**
 * Choose a variant that this CPU can run.
 *
 * @param name  NULL: the best; else that one
 * @return  NULL: no such variant, or the CPU cannot run it
 */
const struct worker_variant *worker_variant_choose(const char *name);

#endif
