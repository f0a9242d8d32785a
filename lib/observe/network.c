/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs on: lcore. What a network asks for that does not exist. */
#include <rte_branch_prediction.h>

#include "observe/observe_priv.h"

static inline uint32_t
number(const _Atomic uint32_t *at)
{
	return atomic_load_explicit(at, memory_order_relaxed);
}

static inline void
put(_Atomic uint32_t *at, uint32_t value)
{
	atomic_store_explicit(at, value, memory_order_relaxed);
}

static void
network_clear(struct observe_network *n, uint64_t window, uint64_t key)
{
	sequence_open(&n->sequence);
	atomic_store_explicit(&n->window, window, memory_order_relaxed);
	atomic_store_explicit(&n->key, key, memory_order_relaxed);
	put(&n->without_do, 0);
	put(&n->with_do, 0);
	for (unsigned int i = 0; i < OBSERVE_RANGES; i++)
		put(&n->ranges[i], 0);
	sequence_close(&n->sequence);
}

static void
range_enter(_Atomic uint32_t *slot, uint32_t node)
{
	uint32_t range = number(slot);

	if (range && range_node(range) == node)
		put(slot, range_times(range) < RANGE_TIMES_MAX ? range + 1 : range);
	else if (range == 0 || range_goes_first(node, range_node(range)))
		put(slot, (node + 1) << 16 | 1);
}

void
observe_network_enter(struct observe_network *networks, uint64_t window, uint64_t key,
	uint32_t node, bool dnssec_ok)
{
	struct observe_network *n = &networks[key >> NETWORK_SHIFT];
	uint64_t there = atomic_load_explicit(&n->key, memory_order_relaxed);

	if (unlikely(node >= OBSERVE_NODES_MAX))
		return;
	if (atomic_load_explicit(&n->window, memory_order_relaxed) != window || key < there ||
		there == 0)
		network_clear(n, window, key);
	else if (key > there)
		return;
	if (!dnssec_ok) {
		put(&n->without_do, number(&n->without_do) + 1);
		return;
	}
	put(&n->with_do, number(&n->with_do) + 1);
	range_enter(&n->ranges[range_slot(node)], node);
}
