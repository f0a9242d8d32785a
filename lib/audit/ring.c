/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs on: lcore, but for making and freeing. */
#include "audit/audit.h"

#include <stdlib.h>
#include <string.h>

struct audit_ring *
audit_ring_make(uint32_t one_in)
{
	struct audit_ring *ring = aligned_alloc(64, sizeof(*ring));

	if (!ring)
		return NULL;
	memset(ring, 0, sizeof(*ring));
	ring->one_in = ring->left = one_in;
	return ring;
}

void
audit_ring_free(struct audit_ring *ring)
{
	free(ring);
}

struct audit_sample *
audit_ring_room(struct audit_ring *ring)
{
	uint32_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
	uint32_t taken = atomic_load_explicit(&ring->taken, memory_order_acquire);

	if (written - taken < AUDIT_SAMPLES)
		return &ring->samples[written % AUDIT_SAMPLES];
	atomic_store_explicit(&ring->dropped,
		atomic_load_explicit(&ring->dropped, memory_order_relaxed) + 1,
		memory_order_relaxed);
	return NULL;
}

void
audit_ring_put(struct audit_ring *ring)
{
	uint32_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);

	atomic_store_explicit(&ring->written, written + 1, memory_order_release);
}

bool
audit_ring_take(struct audit_ring *ring, struct audit_sample *sample)
{
	uint32_t taken = atomic_load_explicit(&ring->taken, memory_order_relaxed);

	if (taken == atomic_load_explicit(&ring->written, memory_order_acquire))
		return false;
	*sample = ring->samples[taken % AUDIT_SAMPLES];
	atomic_store_explicit(&ring->taken, taken + 1, memory_order_release);
	return true;
}
