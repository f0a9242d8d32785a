/* SPDX-License-Identifier: BSD-3-Clause */
/** What the node counts, and to whom it tells that. All on the loop's thread. */
#ifndef MANGROVED_STATISTICS_H
#define MANGROVED_STATISTICS_H

#include "report/report.h"
#include "stats/stats.h"

struct node;
struct server;

struct statistics {
	struct node *node;
	struct stats_set *set;	    /* the writers': NULL before statistics_begin() */
	struct stats_counters *sum; /* room for one */
};

/** Make what writers count in; before anything is published, and before lcores and sockets. */
int statistics_begin(struct statistics *statistics, struct node *node, struct why *why);

/** A service is about to be published. */
void statistics_publishing(struct statistics *statistics, const struct engine_service *service);

/** All that there is to tell now. @return the caller's: report_free(); NULL: no memory */
struct report *statistics_report(struct statistics *statistics);

/** Those who count have ended. */
void statistics_end(struct statistics *statistics);

/** Tell of ports, lcores and sockets (statistics_server.c). */
void statistics_server_tell(const struct server *server, struct report *report);

#endif
