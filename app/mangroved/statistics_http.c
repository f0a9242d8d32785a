/* SPDX-License-Identifier: BSD-3-Clause */
/* Figures over HTTP, and the page that draws them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config_priv.h"
#include "http/http.h"
#include "node.h"
#include "page/page.h"

struct statistics_http {
	struct statistics *statistics;
	struct http *http;
	struct statistics_documents *documents;
	uv_timer_t turn;
};

static void
turn(uv_timer_t *timer)
{
	struct statistics_http *h = timer->data;

	http_turn(h->http, clock_ms());
}

/* ---- on the server's thread ---- */

static void
text_make(void *context, const struct report *report)
{
	struct http_reply *reply = context;

	reply->length = report_text(report, &reply->body);
}

static void
metrics_answer(void *context, struct http_reply *reply)
{
	struct statistics_http *h = context;

	reply->type = "text/plain; version=0.0.4; charset=utf-8";
	statistics_share_read(h->statistics->share, text_make, reply);
	reply->status = reply->length ? 200 : 503;
}

/* A file of the page, which is part of the program. */
static void
file_answer(void *context, struct http_reply *reply)
{
	const struct page_file *file = context;

	reply->type = file->type;
	reply->body = malloc(file->length);
	reply->status = reply->body ? 200 : 503;
	if (!reply->body)
		return;
	memcpy(reply->body, file->octets, file->length);
	reply->length = file->length;
}

/* ---- start and end ---- */

static unsigned int
paths_fill(struct statistics_http *h, struct http_path paths[static HTTP_PATHS_MAX])
{
	unsigned int count = 0;

	paths[count++] = (struct http_path){"/metrics", metrics_answer, h};
	count += statistics_documents_paths(h->documents, &paths[count]);
	for (const struct page_file *file = page_files; file->path && count < HTTP_PATHS_MAX;
		file++)
		paths[count++] = (struct http_path){file->path, file_answer, (void *)file};
	return count;
}

int
statistics_http_begin(struct statistics *statistics, struct why *why)
{
	const struct config_http *config = statistics->node->config->statistics.http;
	struct http_path paths[HTTP_PATHS_MAX];
	struct http_settings settings = {.paths = paths};
	struct statistics_http *h;

	if (!config)
		return 0;
	h = calloc(1, sizeof(*h));
	if (!h)
		return why_set(why, ENOMEM, "out of memory");
	h->statistics = statistics;
	statistics->http = h;
	uv_timer_init(&statistics->node->loop, &h->turn);
	h->turn.data = h;
	uv_timer_start(&h->turn, turn, 1000, 1000);
	h->documents = statistics_documents_begin(statistics);
	if (!h->documents)
		return why_set(why, ENOMEM, "out of memory");
	settings.path_count = paths_fill(h, paths);
	config_address_parse(config->address ? config->address : CONFIG_HTTP_ADDRESS, config->port,
		&settings.address);
	if (http_start(&settings, &h->http, why) == 0)
		return 0;
	why_prefix(why, "statistics.http, port %u", config->port);
	return -EADDRINUSE;
}

static void
turn_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void
statistics_http_end(struct statistics *statistics)
{
	struct statistics_http *h = statistics->http;

	if (!h)
		return;
	statistics_documents_close(h->documents);
	http_stop(h->http);
	statistics_documents_end(h->documents);
	uv_close((uv_handle_t *)&h->turn, turn_closed);
	statistics->http = NULL;
}
