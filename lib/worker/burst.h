/* SPDX-License-Identifier: BSD-3-Clause */
/* What the variants of the burst pipeline share. */
#ifndef WORKER_BURST_H
#define WORKER_BURST_H

#include "base/counter.h"
#include "worker/worker.h"

/**
 * Answer one frame of any shape, in place.
 *
 * @return  false: dropped or foreign; counted either way
 */
bool worker_answer_one(
	const struct worker_view *view, struct worker_counters *counters, struct rte_mbuf *mbuf);

worker_answer worker_answer_plain, worker_answer_avx2, worker_answer_avx512;

#endif
