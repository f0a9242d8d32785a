/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MANGROVED_SERVER_H
#define MANGROVED_SERVER_H

#include "auditor.h"
#include "builder/builder.h"
#include "config.h"
#include "exception/exception.h"
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
	struct auditor *auditor;	/* NULL: none */
	struct guard_secrets secrets;	/* made at the start; used unless a file has others */
	struct engine_service *service; /* the published one */
};

/** Find what belongs to us: what the configuration says, else beside the program. */
void server_builder_path(const struct server *server, char path[static SERVER_PATH_MAX]);
void server_drivers_path(const struct server *server, char path[static SERVER_PATH_MAX]);
void server_xdp_path(const struct server *server, char path[static SERVER_PATH_MAX]);

/**
 * Load, verify and compile the zones in bounded children, and read what else is answered from. Any
 * thread.
 *
 * @param old      NULL: all of it must succeed; else what fails is logged, and stays as in the old
 *                 one: images may be in both
 * @param service  the caller's: server_service_free()
 */
int server_service_build(const struct server *server, const struct engine_service *old,
	struct engine_service **service, struct why *why);

/** Free a service but for the images that `kept` (or NULL) has too. NULL is fine. */
void server_service_free(struct engine_service *service, const struct engine_service *kept);

/** Read the driver files of those ports whose device names its driver. */
int server_drivers_read(struct server *server, struct why *why);

void server_drivers_free(struct server *server);

/** Claim interfaces and start EAL, if there are ports; undone by server_eal_stop(), also if it
 * fails. */
int server_eal_start(struct server *server, struct why *why);

void server_eal_stop(struct server *server);

/** Bring ports, sockets and lcores up; undone by server_stop(), also if it fails. */
int server_start(struct server *server, struct why *why);

/** Stop sockets and lcores, when they have answered what was received, then ports. */
void server_stop(struct server *server);

/** Log all counters that are not 0, by name. */
void server_counters_log(const struct server *server);

/** Say on standard output what would be started. */
void server_plan_print(const struct server *server);

#endif
