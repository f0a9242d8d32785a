/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Figures over HTTP. The server's thread asks the loop for a report, and waits; the loop makes one,
 * unless the last is young enough, and waits for nobody.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "config_priv.h"
#include "http/http.h"
#include "node.h"

enum {
	YOUNG_MS = 100, /* however many ask: the loop makes ten a second at most */
	WAIT_SECONDS = 2,
};

struct statistics_http {
	struct statistics *statistics;
	struct http *http;
	uv_async_t wanted;
	uv_timer_t turn;
	pthread_mutex_t lock;
	pthread_cond_t made;
	/* under the lock */
	char *text;
	size_t length;
	int64_t made_ms; /* 0: never */
	bool ending;
};

/* ---- on the loop ---- */

static void
report_make(uv_async_t *async)
{
	struct statistics_http *h = async->data;
	struct report *report = statistics_report(h->statistics);
	char *text = NULL;
	size_t length = report ? report_text(report, &text) : 0;

	report_free(report);
	pthread_mutex_lock(&h->lock);
	if (length) {
		free(h->text);
		h->text = text;
		h->length = length;
		h->made_ms = clock_ms();
	}
	pthread_cond_broadcast(&h->made);
	pthread_mutex_unlock(&h->lock);
}

static void
turn(uv_timer_t *timer)
{
	struct statistics_http *h = timer->data;

	http_turn(h->http, clock_ms());
}

/* ---- on the server's thread ---- */

static bool
is_young(const struct statistics_http *h)
{
	return h->made_ms && clock_ms() - h->made_ms < YOUNG_MS;
}

static void
metrics_answer(void *context, struct http_reply *reply)
{
	struct statistics_http *h = context;
	struct timespec until;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += WAIT_SECONDS;
	reply->type = "text/plain; version=0.0.4; charset=utf-8";
	reply->status = 503;
	pthread_mutex_lock(&h->lock);
	while (!h->ending && !is_young(h) && rc == 0) {
		uv_async_send(&h->wanted);
		rc = pthread_cond_timedwait(&h->made, &h->lock, &until);
	}
	/* the loop is busy: what there was is told as it is, unless there was nothing */
	reply->body = h->made_ms ? malloc(h->length) : NULL;
	if (reply->body) {
		memcpy(reply->body, h->text, h->length);
		reply->length = h->length;
		reply->status = 200;
	}
	pthread_mutex_unlock(&h->lock);
}

/* ---- start and end ---- */

static struct statistics_http *
http_new(struct statistics *statistics)
{
	struct statistics_http *h = calloc(1, sizeof(*h));
	pthread_condattr_t attributes;

	if (!h)
		return NULL;
	h->statistics = statistics;
	pthread_mutex_init(&h->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&h->made, &attributes);
	pthread_condattr_destroy(&attributes);
	uv_async_init(&statistics->node->loop, &h->wanted, report_make);
	uv_timer_init(&statistics->node->loop, &h->turn);
	h->wanted.data = h->turn.data = h;
	uv_timer_start(&h->turn, turn, 1000, 1000);
	return h;
}

int
statistics_http_begin(struct statistics *statistics, struct why *why)
{
	const struct config_http *config = statistics->node->config->statistics.http;
	struct statistics_http *h;
	struct http_path paths[] = {{.path = "/metrics", .answer = metrics_answer}};
	struct http_settings settings = {.paths = paths, .path_count = 1};

	if (!config)
		return 0;
	h = http_new(statistics);
	if (!h)
		return why_set(why, ENOMEM, "out of memory");
	statistics->http = h;
	paths[0].context = h;
	config_address_parse(config->address ? config->address : CONFIG_HTTP_ADDRESS, config->port,
		&settings.address);
	if (http_start(&settings, &h->http, why) == 0)
		return 0;
	why_prefix(why, "statistics.http, port %u", config->port);
	return -EADDRINUSE;
}

static void
http_closed(uv_handle_t *handle)
{
	struct statistics_http *h = handle->data;

	pthread_cond_destroy(&h->made);
	pthread_mutex_destroy(&h->lock);
	free(h->text);
	free(h);
}

void
statistics_http_end(struct statistics *statistics)
{
	struct statistics_http *h = statistics->http;

	if (!h)
		return;
	pthread_mutex_lock(&h->lock);
	h->ending = true;
	pthread_cond_broadcast(&h->made);
	pthread_mutex_unlock(&h->lock);
	http_stop(h->http);
	uv_close((uv_handle_t *)&h->turn, NULL);
	uv_close((uv_handle_t *)&h->wanted, http_closed);
	statistics->http = NULL;
}
