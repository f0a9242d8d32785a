/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A report for threads that are not the loop's: they ask for one and wait; the loop makes it,
 * unless the last is young enough, and waits for nobody.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "node.h"

enum {
	YOUNG_MS = 100, /* however many ask: the loop makes ten a second at most */
	WAIT_SECONDS = 2,
};

struct statistics_share {
	struct statistics *statistics;
	uv_async_t wanted;
	pthread_mutex_t lock;
	pthread_cond_t made;
	/* under the lock */
	struct report *report; /* NULL: none yet */
	int64_t made_ms;
	bool ending;
};

/* On the loop. */
static void
report_make(uv_async_t *async)
{
	struct statistics_share *share = async->data;
	struct report *report = statistics_report(share->statistics);

	pthread_mutex_lock(&share->lock);
	if (report) {
		report_free(share->report);
		share->report = report;
		share->made_ms = clock_ms();
	}
	pthread_cond_broadcast(&share->made);
	pthread_mutex_unlock(&share->lock);
}

static bool
is_young(const struct statistics_share *share)
{
	return share->report && clock_ms() - share->made_ms < YOUNG_MS;
}

bool
statistics_share_read(struct statistics_share *share,
	void (*read)(void *context, const struct report *report), void *context)
{
	struct timespec until;
	bool is_there;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += WAIT_SECONDS;
	pthread_mutex_lock(&share->lock);
	while (!share->ending && !is_young(share) && rc == 0) {
		uv_async_send(&share->wanted);
		rc = pthread_cond_timedwait(&share->made, &share->lock, &until);
	}
	/* the loop is busy: what there was is told as it is */
	is_there = share->report != NULL;
	if (is_there)
		read(context, share->report);
	pthread_mutex_unlock(&share->lock);
	return is_there;
}

int
statistics_share_begin(struct statistics *statistics, struct why *why)
{
	struct statistics_share *share = calloc(1, sizeof(*share));
	pthread_condattr_t attributes;

	if (!share)
		return why_set(why, ENOMEM, "out of memory");
	share->statistics = statistics;
	pthread_mutex_init(&share->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&share->made, &attributes);
	pthread_condattr_destroy(&attributes);
	uv_async_init(&statistics->node->loop, &share->wanted, report_make);
	share->wanted.data = share;
	statistics->share = share;
	return 0;
}

void
statistics_share_close(struct statistics_share *share)
{
	if (!share)
		return;
	pthread_mutex_lock(&share->lock);
	share->ending = true;
	pthread_cond_broadcast(&share->made);
	pthread_mutex_unlock(&share->lock);
}

static void
share_closed(uv_handle_t *handle)
{
	struct statistics_share *share = handle->data;

	pthread_cond_destroy(&share->made);
	pthread_mutex_destroy(&share->lock);
	report_free(share->report);
	free(share);
}

void
statistics_share_end(struct statistics *statistics)
{
	if (statistics->share)
		uv_close((uv_handle_t *)&statistics->share->wanted, share_closed);
	statistics->share = NULL;
}
