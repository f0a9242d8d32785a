/* SPDX-License-Identifier: BSD-3-Clause */
/* Control plane: where the lcores find what they answer from, and how it is exchanged. */
#include <errno.h>
#include <rte_malloc.h>
#include <rte_rcu_qsbr.h>
#include <time.h>

#include "worker/worker.h"

int
worker_slot_init(struct worker_slot *slot, unsigned int lcore_count)
{
	atomic_init(&slot->current, NULL);
	slot->readers =
		rte_zmalloc("rcu", rte_rcu_qsbr_get_memsize(lcore_count), RTE_CACHE_LINE_SIZE);
	if (!slot->readers || rte_rcu_qsbr_init(slot->readers, lcore_count) != 0)
		return -ENOMEM;
	return 0;
}

void
worker_slot_free(struct worker_slot *slot)
{
	rte_free(slot->readers);
}

const struct engine_service *
worker_publish(struct worker_slot *slot, const struct engine_service *service)
{
	/* release: what the service points to is seen by who loads it with acquire */
	const struct engine_service *old =
		atomic_exchange_explicit(&slot->current, service, memory_order_acq_rel);
	const struct timespec pause = {.tv_nsec = 100 * 1000};
	uint64_t token;

	token = rte_rcu_qsbr_start(slot->readers);
	/* asked now and then: spinning would take a CPU that an lcore may need to get there */
	while (!rte_rcu_qsbr_check(slot->readers, token, false))
		nanosleep(&pause, NULL);
	return old;
}
