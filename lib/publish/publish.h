/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The one place where all who answer find what they answer from, and how it is exchanged under
 * them: RCU by rte_rcu_qsbr, in memory of our own, so that it works with and without a running EAL.
 */
#ifndef PUBLISH_PUBLISH_H
#define PUBLISH_PUBLISH_H

#include <rte_rcu_qsbr.h>
#include <stdatomic.h>

struct engine_service;

struct publish_slot {
	_Atomic(const struct engine_service *) current;
	struct rte_rcu_qsbr *readers;
};

/**
 * Make an empty slot for `reader_count` readers. Control plane.
 *
 * @return 0 or -ENOMEM
 */
int publish_init(struct publish_slot *slot, unsigned int reader_count);

/** No reader is left. */
void publish_free(struct publish_slot *slot);

/**
 * Publish what is answered from, and wait until no reader has the old one. Control plane.
 *
 * @return the old one, for the caller to free; NULL at first
 */
const struct engine_service *publish_replace(
	struct publish_slot *slot, const struct engine_service *service);

/*
 * For a reader, each with an `index` of its own below reader_count: it is online from
 * publish_join() or publish_online() to publish_offline() or publish_leave(); what it got by
 * publish_read() is good until it says publish_quiescent() or goes offline. One that waits for
 * anything is offline meanwhile, or no grace period ends.
 */

static inline void
publish_online(struct publish_slot *slot, unsigned int index)
{
	rte_rcu_qsbr_thread_online(slot->readers, index);
}

static inline void
publish_offline(struct publish_slot *slot, unsigned int index)
{
	rte_rcu_qsbr_thread_offline(slot->readers, index);
}

static inline void
publish_join(struct publish_slot *slot, unsigned int index)
{
	rte_rcu_qsbr_thread_register(slot->readers, index);
	publish_online(slot, index);
}

static inline void
publish_leave(struct publish_slot *slot, unsigned int index)
{
	publish_offline(slot, index);
	rte_rcu_qsbr_thread_unregister(slot->readers, index);
}

static inline const struct engine_service *
publish_read(const struct publish_slot *slot)
{
	/* pairs with the exchange in publish_replace() */
	return atomic_load_explicit(&slot->current, memory_order_acquire);
}

static inline void
publish_quiescent(struct publish_slot *slot, unsigned int index)
{
	rte_rcu_qsbr_quiescent(slot->readers, index);
}

#endif
