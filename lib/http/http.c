/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/http.h"

#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/counter.h"

/* A connection, and since when it has owed or been owed something. */
struct seat {
	bool taken, shut;
	int fd;
	int64_t since_ms;
};

struct http {
	struct MHD_Daemon *daemon;
	struct http_path paths[HTTP_PATHS_MAX];
	unsigned int path_count;
	pthread_mutex_t lock; /* of seats: a descriptor is not closed while one is shut down */
	struct seat seats[HTTP_CONNECTIONS_MAX];
	/* written by the server's thread, but overdue by who calls http_turn() */
	_Atomic uint64_t requests, refused, overdue;
};

/* ---- connections ---- */

static void
connection_changed(void *context, struct MHD_Connection *connection, void **seat_of,
	enum MHD_ConnectionNotificationCode code)
{
	struct http *http = context;
	struct seat *seat = *seat_of;

	pthread_mutex_lock(&http->lock);
	if (code == MHD_CONNECTION_NOTIFY_CLOSED && seat)
		seat->taken = false;
	for (unsigned int i = 0; i < HTTP_CONNECTIONS_MAX && code == MHD_CONNECTION_NOTIFY_STARTED;
		i++) {
		const union MHD_ConnectionInfo *info =
			MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

		if (http->seats[i].taken || !info)
			continue;
		http->seats[i] = (struct seat){
			.taken = true, .fd = info->connect_fd, .since_ms = clock_ms()};
		*seat_of = &http->seats[i];
		break;
	}
	pthread_mutex_unlock(&http->lock);
}

/* The next request has its own time. */
static void
request_completed(void *context, struct MHD_Connection *connection, void **unused,
	enum MHD_RequestTerminationCode code)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct http *http = context;
	struct seat *seat = info ? info->socket_context : NULL;

	(void)unused;
	(void)code;
	if (!seat)
		return;
	pthread_mutex_lock(&http->lock);
	seat->since_ms = clock_ms();
	pthread_mutex_unlock(&http->lock);
}

void
http_turn(struct http *http, int64_t now_ms)
{
	if (!http)
		return;
	pthread_mutex_lock(&http->lock);
	for (unsigned int i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
		struct seat *seat = &http->seats[i];

		if (!seat->taken || seat->shut || now_ms - seat->since_ms < HTTP_REQUEST_MS)
			continue;
		/* the server's thread sees the end, and closes it */
		shutdown(seat->fd, SHUT_RDWR);
		seat->shut = true;
		counter_add(&http->overdue, 1);
	}
	pthread_mutex_unlock(&http->lock);
}

/* ---- requests ---- */

static enum MHD_Result
reply_send(struct MHD_Connection *connection, const struct http_reply *reply)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(reply->length, reply->body, MHD_RESPMEM_MUST_FREE);
	enum MHD_Result result;

	if (!response) {
		free(reply->body);
		return MHD_NO;
	}
	MHD_add_response_header(response, "Content-Type", reply->type);
	MHD_add_response_header(response, "Cache-Control", "no-store");
	/* a page of ours loads nothing from elsewhere, and is nobody's frame */
	MHD_add_response_header(response, "Content-Security-Policy",
		"default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
	if (reply->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, "Allow", "GET, HEAD");
	result = MHD_queue_response(connection, reply->status, response);
	MHD_destroy_response(response);
	return result;
}

static struct http_reply
refusal(unsigned int status, const char *text)
{
	struct http_reply reply = {
		.status = status, .type = "text/plain; charset=utf-8", .body = strdup(text)};

	reply.length = reply.body ? strlen(reply.body) : 0;
	return reply;
}

static enum MHD_Result
request_answer(void *context, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_size,
	void **unused)
{
	struct http *http = context;
	struct http_reply reply = refusal(MHD_HTTP_NOT_FOUND, "no such page\n");

	(void)version;
	(void)upload;
	(void)unused;
	/* what somebody wants to tell us is not listened to */
	if (*upload_size) {
		free(reply.body);
		return MHD_NO;
	}
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
		free(reply.body);
		reply = refusal(MHD_HTTP_METHOD_NOT_ALLOWED, "GET or HEAD\n");
	} else {
		for (unsigned int i = 0; i < http->path_count; i++)
			if (strcmp(http->paths[i].path, url) == 0) {
				free(reply.body);
				reply = (struct http_reply){.status = MHD_HTTP_OK};
				http->paths[i].answer(http->paths[i].context, &reply);
			}
	}
	counter_add(reply.status < 400 ? &http->requests : &http->refused, 1);
	return reply_send(connection, &reply);
}

/* ---- start and end ---- */

/* What clients do wrong is no line of a log. */
static void __attribute__((format(printf, 2, 0)))
complaint_ignore(void *context, const char *format, va_list args)
{
	(void)context;
	(void)format;
	(void)args;
}

int
http_start(const struct http_settings *settings, struct http **out, struct why *why)
{
	struct http *http = calloc(1, sizeof(*http));
	unsigned int flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL | MHD_USE_ITC;

	if (!http)
		return why_set(why, ENOMEM, "out of memory");
	if (settings->address.ss_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	http->path_count =
		settings->path_count < HTTP_PATHS_MAX ? settings->path_count : HTTP_PATHS_MAX;
	memcpy(http->paths, settings->paths, http->path_count * sizeof(http->paths[0]));
	pthread_mutex_init(&http->lock, NULL);
	errno = 0;
	http->daemon = MHD_start_daemon(flags, 0, NULL, NULL, request_answer, http,
		MHD_OPTION_EXTERNAL_LOGGER, complaint_ignore, NULL, MHD_OPTION_SOCK_ADDR,
		(const struct sockaddr *)&settings->address, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned int)HTTP_CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
		(unsigned int)HTTP_CONNECTIONS_PER_ADDRESS, MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned int)HTTP_IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)HTTP_MEMORY_MAX, MHD_OPTION_NOTIFY_CONNECTION, connection_changed, http,
		MHD_OPTION_NOTIFY_COMPLETED, request_completed, http, MHD_OPTION_END);
	if (!http->daemon) {
		int error = errno ? errno : EIO;

		http_stop(http);
		return why_set(why, error, "HTTP: %s", strerror(error));
	}
	*out = http;
	return 0;
}

void
http_counters(const struct http *http, struct http_counters *counters)
{
	*counters = (struct http_counters){.requests = counter_read(&http->requests),
		.refused = counter_read(&http->refused),
		.overdue = counter_read(&http->overdue)};
}

void
http_stop(struct http *http)
{
	if (!http)
		return;
	if (http->daemon)
		MHD_stop_daemon(http->daemon);
	pthread_mutex_destroy(&http->lock);
	free(http);
}
