/* SPDX-License-Identifier: BSD-3-Clause */
/* What the variants of the burst pipeline share. */
#ifndef WORKER_BURST_H
#define WORKER_BURST_H

#include "base/counter.h"
#include "worker/worker.h"

/* What became of a frame. */
enum worker_fate { WORKER_DROPPED, WORKER_REPLY, WORKER_FOREIGN };

/** Answer one frame of any shape, in place; counted whatever its fate. */
enum worker_fate worker_answer_one(const struct worker_view *view, struct worker_counters *counters,
	struct ledger_page *page, struct rte_mbuf *mbuf);

/** An empty page for a burst. */
static inline void
worker_page_begin(const struct worker_view *view, struct ledger_page *page)
{
	page->now = view->now;
	page->generation = view->answers->generation;
	page->strained = false;
	page->count = page->kept_count = 0;
}

/**
 * Drop unread what limits drop whatever it asks, while limit_sheds_unread().
 *
 * @param mbufs  sorted on return: what is left, then what is dropped; all stay the caller's
 * @return how many are left
 */
uint16_t worker_shed(const struct worker_view *view, struct worker_counters *counters,
	struct rte_mbuf **mbufs, uint16_t count);

worker_answer worker_answer_plain, worker_answer_avx2, worker_answer_avx512;

#endif
