/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A small HTTP server on a thread of its own (libmicrohttpd), for who looks on: GET and HEAD of
 * few paths. Connections, their memory and the time that each request takes are bounded; nothing
 * that a client does reaches further than its own connection.
 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/base.h"

enum {
	HTTP_CONNECTIONS_MAX = 32,
	HTTP_CONNECTIONS_PER_ADDRESS = 16,
	HTTP_MEMORY_MAX = 16 << 10, /* octets of a connection: its request's headers */
	HTTP_IDLE_SECONDS = 10,
	HTTP_REQUEST_MS = 10000, /* from a request's beginning until its reply is taken */
	HTTP_PATHS_MAX = 16,
};

struct http_reply {
	unsigned int status; /* 200 */
	const char *type;    /* of content; static */
	char *body;	     /* malloc'ed; freed when it is sent */
	size_t length;
};

/** What answers a path. On the server's thread, one at a time; it may wait a little. */
struct http_path {
	const char *path; /* "/metrics" */
	void (*answer)(void *context, struct http_reply *reply);
	void *context;
};

struct http_settings {
	struct sockaddr_storage address;
	const struct http_path *paths; /* copied */
	unsigned int path_count;
};

struct http_counters {
	uint64_t requests, refused; /* answered by a path; answered 4xx */
	uint64_t overdue;	    /* connections closed because of HTTP_REQUEST_MS */
};

struct http;

/** Listen. @param http  the caller's: http_stop() */
int http_start(const struct http_settings *settings, struct http **http, struct why *why);

/** Close connections that are overdue. Any thread, each second or so. NULL is fine. */
void http_turn(struct http *http, int64_t now_ms);

/** Any thread. */
void http_counters(const struct http *http, struct http_counters *counters);

/** Stop listening, close all. Waits for an answer that is being made. NULL is fine. */
void http_stop(struct http *http);

#endif
