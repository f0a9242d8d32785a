/* SPDX-License-Identifier: BSD-3-Clause */
/** The node that runs: the control plane's one loop, and all that lives on it. */
#ifndef MANGROVED_NODE_H
#define MANGROVED_NODE_H

#include <uv.h>

#include "commands.h"
#include "observatory.h"
#include "limits_node.h"
#include "probe.h"
#include "provide.h"
#include "server.h"
#include "statistics.h"
#include "watch.h"
#include "zones.h"

struct node {
	const struct config *config;
	bool check_only;
	struct server server;
	uv_loop_t loop;
	uv_poll_t signals;
	int signal_fd;
	struct zones zones;
	struct watch watch;
	struct provide provide;
	struct statistics statistics;
	struct observatory observatory;
	struct limits limits;
	struct probe probe;
	struct control *control; /* NULL: none */
	uv_timer_t drain;
	bool drains;
	int64_t drain_until_ms, quiet_since_ms;
	uint64_t drain_received;
	struct tsig_keys *keys; /* NULL: none */
	time_t started_at;
	bool up; /* ports, lcores and sockets */
	bool stopping;
	int exit_code;
};

/**
 * Run until told to stop.
 *
 * @param check_only  build the zones that have files, say what would be started, start nothing
 * @return the exit code
 */
int node_run(struct node *node);

/** Stop: withdraw, drain, end the loop. @param exit_code  of the program */
void node_stop(struct node *node, int exit_code);

#endif
