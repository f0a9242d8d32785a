/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MANGROVED_RELOAD_H
#define MANGROVED_RELOAD_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "server.h"

/** Tells the control thread that a build has ended. */
enum { RELOAD_SIGNAL = SIGUSR2 };

/** Builds what is answered from beside the control thread, which goes on taking signals meanwhile.
 */
struct reload {
	const struct server *server;
	pthread_t thread, control;
	bool running;
	bool again; /* asked for while one was running */
	atomic_bool done;
	int rc;
	struct why why;
	struct engine_service *service;
};

/** Start a build; while one is running, remember to start another after it. */
int reload_start(struct reload *reload, struct why *why);

/**
 * Take what a build that has ended made.
 *
 * @return false: none has ended
 */
bool reload_take(struct reload *reload, struct engine_service **service, int *rc);

#endif
