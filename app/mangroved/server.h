/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MANGROVED_SERVER_H
#define MANGROVED_SERVER_H

#include <rte_log.h>

#include "builder/builder.h"
#include "config.h"
#include "port/port.h"

enum { SERVER_PORTS_MAX = 16 };

/** All that runs. */
struct server {
	const struct config *config;
	char directory[256]; /* of the running program */
	struct port_driver *drivers[SERVER_PORTS_MAX];
	struct port_xdp xdp[SERVER_PORTS_MAX];
	struct port ports[SERVER_PORTS_MAX];
	unsigned int ports_started;
	bool eal_runs;
	struct worker *workers;
	struct worker_slot slot;
	struct image_catalogue *catalogue; /* the published one */
};

extern int server_log_type;
#define SERVER_LOG(level, ...) rte_log(RTE_LOG_##level, server_log_type, "mangrove: " __VA_ARGS__)

/** What a program beside ours is called, if the configuration does not say. */
void server_path(const struct server *server, const char *configured, const char *name,
	char path[static 512]);

/** Load, verify and compile the zones in a bounded child. */
int server_catalogue_build(
	const struct server *server, struct image_catalogue **catalogue, struct why *why);

void server_catalogue_free(const struct image_catalogue *catalogue);

/** Read driver files, claim interfaces, start EAL; undone by server_eal_stop() also if it fails. */
int server_eal_start(struct server *server, struct why *why);

void server_eal_stop(struct server *server);

/** Bring ports and lcores up; undone by server_stop(). */
int server_start(struct server *server, struct why *why);

/** Stop lcores, then ports. */
void server_stop(struct server *server);

/** Log all counters, by name. */
void server_counters_log(const struct server *server);

#endif
