/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs on: lcore. Burst in, answers, burst out. */
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_pause.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "limit/judge.h"
#include "worker/burst.h"

enum {
	SEND_TRIES = 64,	/* a ring that is still full then drops, as a wire would */
	EMPTY_BEFORE_IDLE = 64, /* empty rounds before an lcore yields in any way */
	SLEEP_MIN_US = 10,
	TIMER_SLACK_NS = 1000, /* the kernel's own 50 us would be most of a short sleep */
	DRAIN_ROUNDS = 1024,   /* under a flood a queue is never empty */
};

/* @param went, lost  counters for what was sent and what was not */
static void
mbufs_send(const struct worker_queue *queue, struct rte_mbuf **mbufs, uint16_t count,
	_Atomic uint64_t *went, _Atomic uint64_t *lost)
{
	uint16_t sent = 0;

	for (unsigned int tries = 0; sent < count && tries < SEND_TRIES; tries++)
		sent += rte_eth_tx_burst(
			queue->port_id, queue->queue_id, mbufs + sent, count - sent);
	counter_add(went, sent);
	if (sent < count) {
		counter_add(lost, count - sent);
		rte_pktmbuf_free_bulk(mbufs + sent, count - sent);
	}
}

static void
kernel_serve(struct worker *w, const struct worker_queue *queue)
{
	struct rte_mbuf *mbufs[WORKER_BURST];
	unsigned int count = exception_take(&queue->exception, mbufs, queue->burst);

	if (count)
		mbufs_send(
			queue, mbufs, (uint16_t)count, &w->exception.to_wire, &w->exception.unsent);
}

/* Replies to the wire, what is not ours to the kernel, the rest away. */
static inline void
mbufs_part(struct worker *w, const struct worker_queue *queue, struct rte_mbuf **mbufs,
	uint16_t count, struct worker_sorted sorted)
{
	struct rte_mbuf **rest = mbufs + sorted.replies;
	uint16_t kept;

	if (sorted.replies)
		mbufs_send(queue, mbufs, sorted.replies, &w->sent, &w->unsent);
	if (sorted.replies == count)
		return;
	kept = exception_offer(&queue->exception, &w->exception, rest, sorted.foreign);
	rte_pktmbuf_free_bulk(rest + kept, (unsigned int)(count - sorted.replies - kept));
}

/* One pair in very many is kept for the self-audit: out of line, and looked at once a burst. */
static __rte_noinline struct audit_sample *
sample_begin(struct worker *w, const struct worker_view *view, const struct rte_mbuf *mbuf)
{
	struct audit_sample *sample;

	if (mbuf->nb_segs != 1 || mbuf->data_len > AUDIT_FRAME_MAX)
		return NULL;
	sample = audit_ring_room(w->audit);
	if (!sample)
		return NULL;
	sample->generation = view->answers->generation;
	sample->now = view->now;
	sample->query_length = mbuf->data_len;
	sample->reply_length = 0;
	memcpy(sample->query, rte_pktmbuf_mtod(mbuf, const uint8_t *), mbuf->data_len);
	return sample;
}

/* What limits did to a reply is nothing to audit. */
static bool
is_held_back(const struct ledger_page *page, const struct rte_mbuf *mbuf)
{
	const uint8_t *frame = rte_pktmbuf_mtod(mbuf, const uint8_t *);

	for (unsigned int i = 0; i < page->count; i++) {
		const struct ledger_line *line = &page->lines[i];

		/* its query may have been kept elsewhere */
		if (line->client >= frame && line->client < frame + AUDIT_FRAME_MAX)
			return line->action != LEDGER_ANSWERED;
	}
	return false;
}

static __rte_noinline void
sample_end(struct worker *w, struct audit_sample *sample, const struct ledger_page *page,
	const struct rte_mbuf *mbuf, struct rte_mbuf **mbufs, uint16_t replies)
{
	/* its place in the ring is the next one's */
	if (is_held_back(page, mbuf))
		return;
	for (uint16_t i = 0; i < replies; i++)
		if (mbufs[i] == mbuf) {
			sample->reply_length = mbuf->data_len;
			memcpy(sample->reply, rte_pktmbuf_mtod(mbuf, const uint8_t *),
				mbuf->data_len);
		}
	audit_ring_put(w->audit);
}

/* Begin a burst's limits. @return whether samples are to be left out */
static inline bool
limits_begin(struct worker *w, const struct worker_queue *queue, struct worker_view *view,
	uint16_t count, uint64_t cycles)
{
	/* of a clock that nobody sets */
	uint64_t now_ns = (uint64_t)((unsigned __int128)cycles * w->tsc_ns >> 32);

	if (!engine_is_limited(view->answers, w->limiter))
		return false;
	view->limiter = w->limiter;
	limit_tick(w->limiter, view->answers->limits, now_ns, count == queue->burst);
	return atomic_load_explicit(&limiter_ladder(w->limiter)->step, memory_order_relaxed) >=
	       LIMIT_STEP_SAMPLES;
}

static uint16_t
queue_serve(
	struct worker *w, const struct worker_queue *queue, const struct engine_service *answers)
{
	struct worker_view view = {
		.answers = answers,
		.service = w->service,
		.verify_in_software = queue->verify_in_software,
		.trust_link = queue->trust_link,
		.offload = queue->offload,
	};
	struct rte_mbuf *mbufs[WORKER_BURST];
	uint16_t count = rte_eth_rx_burst(queue->port_id, queue->queue_id, mbufs, queue->burst);
	struct worker_sorted sorted;
	struct audit_sample *sample = NULL;
	struct ledger_page page;
	uint16_t kept = count;
	bool strained;
	const struct rte_mbuf *sampled = NULL;
	uint64_t begun;
	int chosen;

	if (queue->exception.to_wire)
		kernel_serve(w, queue);
	if (count == 0)
		return 0;
	begun = rte_rdtsc();
	counter_add(&w->received, count);
	/* the kernel's page, no system call; its second of coarseness is nothing to a cookie */
	view.now = (uint32_t)time(NULL);
	strained = limits_begin(w, queue, &view, count, begun);
	chosen = w->audit && !strained ? audit_choose(w->audit, count) : -1;
	if (unlikely(chosen >= 0)) {
		sampled = mbufs[chosen];
		sample = sample_begin(w, &view, sampled);
	}
	if (unlikely(strained && limit_sheds_unread(w->limiter, answers->limits)))
		kept = worker_shed(&view, &w->counters, mbufs, count);
	sorted = w->variant->answer(&view, &w->counters, &page, mbufs, kept);
	page.strained = strained;
	if (likely(page.count))
		ledger_read(&w->readers, &page);
	if (unlikely(sample != NULL))
		sample_end(w, sample, &page, sampled, mbufs, sorted.replies);
	mbufs_part(w, queue, mbufs, count, sorted);
	stats_burst_count(&w->bursts, count, rte_rdtsc() - begun);
	return count;
}

/* An lcore that sleeps is offline, or no grace period would end meanwhile. */
static void
idle(struct worker *w, unsigned int empty)
{
	unsigned int beyond = empty - EMPTY_BEFORE_IDLE, us = SLEEP_MIN_US;
	struct timespec pause;

	if (w->idle == WORKER_IDLE_SPIN)
		return;
	if (w->idle == WORKER_IDLE_PAUSE) {
		rte_pause();
		return;
	}
	us = beyond < WORKER_SLEEP_MAX_US - SLEEP_MIN_US ? SLEEP_MIN_US + beyond
							 : WORKER_SLEEP_MAX_US;
	pause = (struct timespec){.tv_nsec = us * 1000L};
	publish_offline(w->slot, w->index);
	clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
	publish_online(w->slot, w->index);
}

/* Serve each queue once. @return frames received */
static unsigned int
queues_serve(struct worker *w)
{
	const struct engine_service *answers = publish_read(w->slot);
	struct inject_slot *injected;
	unsigned int received = 0;

	for (unsigned int i = 0; i < w->queue_count; i++)
		received += queue_serve(w, &w->queues[i], answers);
	injected = w->inject ? inject_waiting(w->inject) : NULL;
	if (unlikely(injected != NULL))
		worker_inject_serve(w, answers, injected);
	/* nothing of `answers` is held any more: an old one may go */
	publish_quiescent(w->slot, w->index);
	return received;
}

int
worker_run(void *argument)
{
	struct worker *w = argument;
	unsigned int empty = 0;

	prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS);
	if (w->limiter)
		w->tsc_ns = (uint64_t)(((unsigned __int128)NS_PER_S << 32) / rte_get_tsc_hz());
	publish_join(w->slot, w->index);
	while (!atomic_load_explicit(&w->stop, memory_order_relaxed)) {
		empty = queues_serve(w) ? 0 : empty + 1;
		counter_add(&w->rounds, 1);
		if (empty > EMPTY_BEFORE_IDLE)
			idle(w, empty);
	}
	/* what has been received by now is still answered */
	for (unsigned int i = 0; i < DRAIN_ROUNDS && queues_serve(w); i++)
		;
	publish_leave(w->slot, w->index);
	return 0;
}
