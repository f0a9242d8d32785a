/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the web page draws, as JSON. The server's thread asks the loop for a document, and waits;
 * the loop makes one, unless the last is young enough, and waits for nobody.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "http/http.h"
#include "node.h"

enum {
	YOUNG_MS = 500, /* however many ask: the loop makes each twice a second at most */
	WAIT_SECONDS = 2,
};

static json_t *stats_json(struct statistics *statistics);
static json_t *heat_json(struct statistics *statistics);
static json_t *status_json(struct statistics *statistics);

static const struct {
	const char *path;
	json_t *(*make)(struct statistics *statistics);
} kinds[] = {
	{"/stats.json", stats_json},
	{"/heat.json", heat_json},
	{"/status.json", status_json},
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

/* A document as it was made last. */
struct document {
	struct statistics_documents *all;
	unsigned int kind;
	/* under the lock */
	char *text; /* NULL: never */
	int64_t made_ms;
};

struct statistics_documents {
	struct statistics *statistics;
	uv_async_t wanted;
	pthread_mutex_t lock;
	pthread_cond_t made;
	struct document documents[KINDS];
	/* under the lock */
	struct document *next; /* that is waited for; the server has one thread */
	bool ending;
};

/* ---- on the loop ---- */

/* Of heat, which /heat.json has in a tenth of the octets, nothing is left but the metric's name. */
static void
heat_leave_out(json_t *metrics)
{
	static const enum report_which heat[] = {REPORT_NAME_QUERIES, REPORT_GAP_QUERIES};

	for (size_t i = 0; i < sizeof(heat) / sizeof(heat[0]); i++)
		json_array_clear(json_object_get(json_array_get(metrics, heat[i]), "values"));
}

static json_t *
stats_json(struct statistics *statistics)
{
	struct report *report = statistics_report(statistics);
	json_t *metrics = report ? report_json(report) : NULL;

	report_free(report);
	if (!metrics)
		return NULL;
	heat_leave_out(metrics);
	return json_pack("{s:o}", "metrics", metrics);
}

static json_t *
heat_json(struct statistics *statistics)
{
	return statistics_heat_json(statistics);
}

static json_t *
status_json(struct statistics *statistics)
{
	const struct node *node = statistics->node;

	return json_pack("{s:o, s:o, s:o}", "status", commands_status_json(node), "health",
		watch_json(&node->watch), "zones", commands_zones_json(node));
}

/* With the time at which it was true, by which rates are made. @return malloc'ed; NULL: no memory
 */
static char *
text_make(struct statistics *statistics, unsigned int kind)
{
	struct timespec now;
	int64_t now_ms;
	json_t *json;
	char *text;

	/* before counters are read, which comes first: the rest may take its time */
	clock_gettime(CLOCK_REALTIME, &now);
	json = kinds[kind].make(statistics);
	now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	json_object_set_new(json, "at", json_real((double)now_ms / 1000));
	text = json ? json_dumps(json, JSON_COMPACT) : NULL;
	json_decref(json);
	return text;
}

static void
document_make(uv_async_t *async)
{
	struct statistics_documents *all = async->data;
	struct document *document;
	char *text;

	pthread_mutex_lock(&all->lock);
	document = all->next;
	all->next = NULL;
	pthread_mutex_unlock(&all->lock);
	/* it was waited for too long already */
	if (!document)
		return;
	text = text_make(all->statistics, document->kind);
	pthread_mutex_lock(&all->lock);
	if (text) {
		free(document->text);
		document->text = text;
		document->made_ms = clock_ms();
	}
	pthread_cond_broadcast(&all->made);
	pthread_mutex_unlock(&all->lock);
}

/* ---- on the server's thread ---- */

static bool
is_young(const struct document *document)
{
	return document->text && clock_ms() - document->made_ms < YOUNG_MS;
}

static void
document_answer(void *context, struct http_reply *reply)
{
	struct document *document = context;
	struct statistics_documents *all = document->all;
	struct timespec until;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += WAIT_SECONDS;
	pthread_mutex_lock(&all->lock);
	while (!all->ending && !is_young(document) && rc == 0) {
		all->next = document;
		uv_async_send(&all->wanted);
		rc = pthread_cond_timedwait(&all->made, &all->lock, &until);
	}
	all->next = NULL;
	/* the loop is busy: what there was is told as it is, unless there was nothing */
	reply->body = document->text ? strdup(document->text) : NULL;
	pthread_mutex_unlock(&all->lock);
	reply->type = "application/json";
	reply->length = reply->body ? strlen(reply->body) : 0;
	reply->status = reply->body ? 200 : 503;
}

/* ---- start and end ---- */

struct statistics_documents *
statistics_documents_begin(struct statistics *statistics)
{
	struct statistics_documents *all = calloc(1, sizeof(*all));
	pthread_condattr_t attributes;

	if (!all)
		return NULL;
	all->statistics = statistics;
	for (unsigned int i = 0; i < KINDS; i++)
		all->documents[i] = (struct document){.all = all, .kind = i};
	pthread_mutex_init(&all->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&all->made, &attributes);
	pthread_condattr_destroy(&attributes);
	uv_async_init(&statistics->node->loop, &all->wanted, document_make);
	all->wanted.data = all;
	return all;
}

unsigned int
statistics_documents_paths(struct statistics_documents *documents, struct http_path *paths)
{
	for (unsigned int i = 0; i < KINDS; i++)
		paths[i] = (struct http_path){
			kinds[i].path, document_answer, &documents->documents[i]};
	return KINDS;
}

void
statistics_documents_close(struct statistics_documents *documents)
{
	if (!documents)
		return;
	pthread_mutex_lock(&documents->lock);
	documents->ending = true;
	pthread_cond_broadcast(&documents->made);
	pthread_mutex_unlock(&documents->lock);
}

static void
documents_closed(uv_handle_t *handle)
{
	struct statistics_documents *all = handle->data;

	pthread_cond_destroy(&all->made);
	pthread_mutex_destroy(&all->lock);
	for (unsigned int i = 0; i < KINDS; i++)
		free(all->documents[i].text);
	free(all);
}

void
statistics_documents_end(struct statistics_documents *documents)
{
	if (documents)
		uv_close((uv_handle_t *)&documents->wanted, documents_closed);
}
