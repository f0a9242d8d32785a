/* SPDX-License-Identifier: BSD-3-Clause */
/* Control plane: how what is answered from is exchanged. */
#include "publish/publish.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int
publish_init(struct publish_slot *slot, unsigned int reader_count)
{
	/* a multiple of the cache line that its counters are aligned to */
	size_t size = rte_rcu_qsbr_get_memsize(reader_count);

	atomic_init(&slot->current, NULL);
	slot->readers = aligned_alloc(RTE_CACHE_LINE_SIZE, size);
	if (!slot->readers || rte_rcu_qsbr_init(slot->readers, reader_count) != 0)
		return -ENOMEM;
	return 0;
}

void
publish_free(struct publish_slot *slot)
{
	free(slot->readers);
	slot->readers = NULL;
}

const struct engine_service *
publish_replace(struct publish_slot *slot, const struct engine_service *service)
{
	/* release: what the service points to is seen by who loads it with acquire */
	const struct engine_service *old =
		atomic_exchange_explicit(&slot->current, service, memory_order_acq_rel);
	const struct timespec pause = {.tv_nsec = 100 * 1000};
	uint64_t token;

	token = rte_rcu_qsbr_start(slot->readers);
	/* asked now and then: spinning would take a CPU that a reader may need to get there */
	while (!rte_rcu_qsbr_check(slot->readers, token, false))
		nanosleep(&pause, NULL);
	return old;
}
