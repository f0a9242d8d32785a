/* SPDX-License-Identifier: BSD-3-Clause */
/* What the variants of the burst pipeline share. */
#ifndef WORKER_BURST_H
#define WORKER_BURST_H

#include "worker/worker.h"

/* One writer, so an add needs no lock; relaxed, because each counter is exact alone. */
static inline void
counter_add(_Atomic uint64_t *counter, uint64_t n)
{
	uint64_t now = atomic_load_explicit(counter, memory_order_relaxed);

	atomic_store_explicit(counter, now + n, memory_order_relaxed);
}

/**
 * Answer one frame of any shape, in place.
 *
 * @return  false: dropped or foreign; counted either way
 */
bool worker_answer_one(
	const struct worker_view *view, struct worker_counters *counters, struct rte_mbuf *mbuf);

worker_answer worker_answer_plain, worker_answer_avx2, worker_answer_avx512;

#endif
