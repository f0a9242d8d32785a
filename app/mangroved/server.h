/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MANGROVED_SERVER_H
#define MANGROVED_SERVER_H

#include "auditor.h"
#include "builder/builder.h"
#include "capturer.h"
#include "config.h"
#include "exception/exception.h"
#include "observe/observe.h"
#include "port/port.h"

enum { SERVER_PATH_MAX = 512 };

/** All that runs. */
struct server {
	const struct config *config;
	char directory[SERVER_PATH_MAX]; /* of the running program */
	char runtime[SERVER_PATH_MAX];	 /* where EAL keeps its files; "": not ours to remove */
	struct port_driver *drivers[CONFIG_PORTS_MAX]; /* NULL: not known before EAL runs */
	struct port_xdp xdp[CONFIG_PORTS_MAX];
	bool hugepages, eal_runs;
	struct port ports[CONFIG_PORTS_MAX];
	unsigned int ports_started;
	struct exception *exceptions[CONFIG_PORTS_MAX]; /* NULL: none */
	struct worker *workers;
	unsigned int workers_started;
	struct publish_slot slot;
	struct stream *stream;		/* NULL: none */
	struct limits *limits;		/* where their limiters come from */
	struct stats_set *stats;	/* where lcores and sockets count */
	struct observe_set *observe;	/* NULL: nothing is observed */
	struct auditor *auditor;	/* NULL: none */
	struct capturer *capturer;	/* NULL: none */
	struct guard_secrets secrets;	/* made at the start; used unless a file has others */
	struct engine_service *service; /* the published one */
};

/** Find what belongs to us: what the configuration says, else beside the program. */
void server_builder_path(const struct server *server, char path[static SERVER_PATH_MAX]);
void server_drivers_path(const struct server *server, char path[static SERVER_PATH_MAX]);
void server_xdp_path(const struct server *server, char path[static SERVER_PATH_MAX]);

/** What the node says of itself, with its secrets, which are read anew. @return 0 or -errno */
int server_self_make(const struct server *server, struct exchange_self *self, struct why *why);

/** Read the driver files of those ports whose device names its driver. */
int server_drivers_read(struct server *server, struct why *why);

void server_drivers_free(struct server *server);

/** Claim interfaces and start EAL, if there are ports; undone by server_eal_stop(), also if it
 * fails. */
int server_eal_start(struct server *server, struct why *why);

void server_eal_stop(struct server *server);

/** Make the slot, with a reader for each lcore, each thread of sockets, and the control plane. */
int server_slot_make(struct server *server, struct why *why);

/** Of the control plane: which reader of the slot it is. */
unsigned int server_control_reader(const struct server *server);

/** Bring ports, sockets and lcores up; undone by server_stop(), also if it fails. Something has
 * been published. */
int server_start(struct server *server, struct why *why);

/** Stop sockets and lcores, when they have answered what was received, then ports. */
void server_stop(struct server *server);

/** Frames and datagrams received, TCP connections accepted, so far. */
uint64_t server_received(const struct server *server);

/** Frames that ports dropped because a receive queue was full, or no mbuf was left. */
uint64_t server_port_missed(const struct server *server);

/** Replies that were made, and dropped because a transmit queue was full. */
uint64_t server_unsent(const struct server *server);

/** Log all counters that are not 0, by name. */
void server_counters_log(const struct server *server);

/** Say on standard output what would be started. */
void server_plan_print(const struct server *server);

#endif
