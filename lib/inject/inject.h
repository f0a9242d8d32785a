/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Frames that the control plane puts in front of an lcore, as if they had been received, and the
 * replies that come back the same way and never see a wire. One ring for each lcore: control puts
 * in and takes out, the lcore answers in place.
 */
#ifndef INJECT_INJECT_H
#define INJECT_INJECT_H

#include <rte_mbuf_core.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	INJECT_SLOTS = 8,
	INJECT_HEADROOM = 128,
	/* octets from a frame's start to the end of its room: the longest reply, and what the burst
	 * pipeline reads and writes too far */
	INJECT_FRAME_ROOM = 1600,
};

/* An mbuf of no pool: it is neither sent nor freed. */
struct inject_slot {
	struct rte_mbuf mbuf;
	bool replied; /* else it was dropped, or would go to the kernel */
	_Alignas(64) uint8_t buffer[INJECT_HEADROOM + INJECT_FRAME_ROOM];
};

struct inject_ring {
	_Alignas(64) _Atomic uint32_t written;	/* by control; release, pairs with acquire in
						   inject_waiting() */
	uint32_t taken;				/* control's own */
	_Alignas(64) _Atomic uint32_t answered; /* by the lcore; release, pairs with acquire in
						   inject_take() */
	struct inject_slot slots[INJECT_SLOTS];
};

/** @return NULL: no memory. Control plane. */
struct inject_ring *inject_ring_make(void);

/** NULL is fine. */
void inject_ring_free(struct inject_ring *ring);

/**
 * Put a frame in. Control plane.
 *
 * @param length  1..INJECT_FRAME_ROOM
 * @return false: no slot is free
 */
bool inject_put(struct inject_ring *ring, const uint8_t *frame, uint16_t length);

/**
 * Take the oldest frame out that has been answered. Control plane.
 *
 * @param length  of the reply; 0: there was none
 * @return the reply, good until the next inject_put(); NULL: none has been answered
 */
const uint8_t *inject_take(struct inject_ring *ring, uint16_t *length);

/** The oldest frame that waits, for inject_answered(), or NULL. Two loads. On the ring's lcore. */
static inline struct inject_slot *
inject_waiting(struct inject_ring *ring)
{
	uint32_t answered = atomic_load_explicit(&ring->answered, memory_order_relaxed);

	if (__builtin_expect(
		    atomic_load_explicit(&ring->written, memory_order_acquire) == answered, 1))
		return NULL;
	return &ring->slots[answered % INJECT_SLOTS];
}

/** What inject_waiting() gave has been answered. On the ring's lcore. */
static inline void
inject_answered(struct inject_ring *ring)
{
	uint32_t answered = atomic_load_explicit(&ring->answered, memory_order_relaxed);

	atomic_store_explicit(&ring->answered, answered + 1, memory_order_release);
}

#endif
