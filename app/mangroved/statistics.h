/* SPDX-License-Identifier: BSD-3-Clause */
/** What the node counts, and to whom it tells that. All on the loop's thread. */
#ifndef MANGROVED_STATISTICS_H
#define MANGROVED_STATISTICS_H

#include "report/report.h"
#include "rssac002/rssac002.h"
#include "stats/stats.h"

struct node;
struct server;

struct statistics {
	struct node *node;
	struct stats_set *set;	    /* the writers': NULL before statistics_begin() */
	struct stats_counters *sum; /* room for one */
	struct statistics_share *share;
	struct statistics_http *http; /* NULL: none */
	struct statistics_day *day;   /* of RSSAC002; NULL: none */
};

/** Make what writers count in; before anything is published, and before lcores and sockets. */
int statistics_begin(struct statistics *statistics, struct node *node, struct why *why);

/** Somebody told that there is a version of a zone. */
void statistics_heard(
	struct statistics *statistics, const struct wire_name *origin, uint32_t serial);

/** A service is about to be published, and has been. */
void statistics_publishing(struct statistics *statistics, const struct engine_service *service);

void statistics_published(struct statistics *statistics);

/** All that there is to tell now. @return the caller's: report_free(); NULL: no memory */
struct report *statistics_report(struct statistics *statistics);

/**
 * Heat of all names that were ever in a zone, zone by zone in canonical order (docs/control.md).
 *
 * @return the caller's; NULL: no memory
 */
json_t *statistics_heat_json(const struct statistics *statistics);

/** The same as the command "stats" replies. @param name  of metrics, a part of it; NULL: all */
json_t *statistics_json(struct statistics *statistics, const char *name);

/** Those who count have ended. */
void statistics_end(struct statistics *statistics);

/* ---- among statistics*.c ---- */

/** Reports for other threads; statistics_share.c. */
int statistics_share_begin(struct statistics *statistics, struct why *why);

/**
 * Read a report that is at most a moment old, or older if the loop is busy. Any thread but the
 * loop's; it may wait for two seconds.
 *
 * @param read  called under a lock: may not call this again
 * @return false: there is none, and `read` was not called
 */
bool statistics_share_read(struct statistics_share *share,
	void (*read)(void *context, const struct report *report), void *context);

/** Nobody waits any more. NULL is fine. */
void statistics_share_close(struct statistics_share *share);

/** Nobody else will read. */
void statistics_share_end(struct statistics *statistics);

/** Tell over DPDK's telemetry, which runs; statistics_telemetry.c. */
void statistics_telemetry_begin(struct statistics *statistics);
void statistics_telemetry_end(void);

/** Listen, if the configuration says so; statistics_http.c. */
int statistics_http_begin(struct statistics *statistics, struct why *why);
void statistics_http_end(struct statistics *statistics);

struct http_path;
struct statistics_documents;

/** What the web page draws (statistics_documents.c). @return NULL: no memory */
struct statistics_documents *statistics_documents_begin(struct statistics *statistics);

/** Their paths. @return how many, at most 3 */
unsigned int statistics_documents_paths(
	struct statistics_documents *documents, struct http_path *paths);

/** Nobody waits any more; nobody else will read. NULL is fine. */
void statistics_documents_close(struct statistics_documents *documents);
void statistics_documents_end(struct statistics_documents *documents);

/** Count days, if the configuration says so; statistics_day.c. */
int statistics_day_begin(struct statistics *statistics, struct why *why);
void statistics_day_end(struct statistics *statistics);
void statistics_day_tell(const struct statistics *statistics, struct report *report);

/** What has been counted of today's sources, before a restart too. @return false: nothing is */
bool statistics_day_sources(
	const struct statistics *statistics, struct stats_sketch sketches[static STATS_SOURCES]);

/** Tell of ports, lcores and sockets (statistics_server.c). */
void statistics_server_tell(const struct server *server, struct report *report);

#endif
