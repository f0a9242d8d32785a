/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef OBSERVE_OBSERVE_PRIV_H
#define OBSERVE_OBSERVE_PRIV_H

#include "observe/observe.h"

struct observe_set {
	struct observe_settings settings;
	struct observe_view views[2];
	uint64_t names_digest; /* of the root's names, as prepared last */
	uint32_t generation;   /* likewise */
	int64_t since;
	unsigned int count;
	struct observer *observers[OBSERVE_WRITERS_MAX];
};

/* Sequences say whether what was read belongs together: odd, or another one afterwards, does not.
 * Stores and loads of what they guard are relaxed. */
static inline void
sequence_open(_Atomic uint32_t *sequence)
{
	uint32_t now = atomic_load_explicit(sequence, memory_order_relaxed);

	atomic_store_explicit(sequence, now + 1, memory_order_relaxed);
	/* pairs with the acquire fence in sequence_holds() */
	atomic_thread_fence(memory_order_release);
}

static inline void
sequence_close(_Atomic uint32_t *sequence)
{
	uint32_t now = atomic_load_explicit(sequence, memory_order_relaxed);

	/* pairs with the acquire load in sequence_read() */
	atomic_store_explicit(sequence, now + 1, memory_order_release);
}

static inline uint32_t
sequence_read(const _Atomic uint32_t *sequence)
{
	return atomic_load_explicit(sequence, memory_order_acquire);
}

static inline bool
sequence_holds(const _Atomic uint32_t *sequence, uint32_t before)
{
	atomic_thread_fence(memory_order_acquire);
	return before % 2 == 0 && atomic_load_explicit(sequence, memory_order_relaxed) == before;
}

/* ---- which of two stays (struct observe_network) ---- */

enum { NETWORK_SHIFT = 64 - 9 };
static_assert(1ull << (64 - NETWORK_SHIFT) == OBSERVE_NETWORKS, "an entry is a hash's high bits");

enum { RANGE_BITS = 10 }; /* that tell apart what shares a slot: 65536 / OBSERVE_RANGES */
static_assert(OBSERVE_RANGES << RANGE_BITS == 1 << 16, "a slot and a rank are 16 bits");

/* A permutation of the 16-bit numbers that parts neighbours far: by the golden ratio. */
static inline uint32_t
range_rank(uint32_t node)
{
	return (node + 1) * 40503u & 0xffff;
}

static inline uint32_t
range_slot(uint32_t node)
{
	return range_rank(node) >> RANGE_BITS;
}

/* Whether the range of a node stays where that of another one is. */
static inline bool
range_goes_first(uint32_t node, uint32_t other)
{
	return range_rank(node) < range_rank(other);
}

enum { RANGE_TIMES_MAX = 0xffff };

static inline uint32_t
range_node(uint32_t range)
{
	return (range >> 16) - 1;
}

static inline uint32_t
range_times(uint32_t range)
{
	return range & RANGE_TIMES_MAX;
}

#endif
