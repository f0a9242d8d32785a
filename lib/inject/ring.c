/* SPDX-License-Identifier: BSD-3-Clause */
/* The control plane's end. */
#include "inject/inject.h"

#include <stdlib.h>
#include <string.h>

struct inject_ring *
inject_ring_make(void)
{
	struct inject_ring *ring = aligned_alloc(64, sizeof(*ring));

	if (ring)
		memset(ring, 0, sizeof(*ring));
	return ring;
}

void
inject_ring_free(struct inject_ring *ring)
{
	free(ring);
}

bool
inject_put(struct inject_ring *ring, const uint8_t *frame, uint16_t length)
{
	uint32_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
	struct inject_slot *slot = &ring->slots[written % INJECT_SLOTS];

	if (written - ring->taken == INJECT_SLOTS)
		return false;
	memset(&slot->mbuf, 0, sizeof(slot->mbuf));
	slot->mbuf.buf_addr = slot->buffer;
	slot->mbuf.buf_len = sizeof(slot->buffer);
	slot->mbuf.data_off = INJECT_HEADROOM;
	slot->mbuf.nb_segs = 1;
	slot->mbuf.refcnt = 1;
	slot->mbuf.data_len = length;
	slot->mbuf.pkt_len = length;
	slot->replied = false;
	memcpy(slot->buffer + INJECT_HEADROOM, frame, length);
	atomic_store_explicit(&ring->written, written + 1, memory_order_release);
	return true;
}

const uint8_t *
inject_take(struct inject_ring *ring, uint16_t *length)
{
	const struct inject_slot *slot = &ring->slots[ring->taken % INJECT_SLOTS];

	if (ring->taken == atomic_load_explicit(&ring->answered, memory_order_acquire))
		return NULL;
	ring->taken++;
	*length = slot->replied ? slot->mbuf.data_len : 0;
	return (const uint8_t *)slot->mbuf.buf_addr + slot->mbuf.data_off;
}
