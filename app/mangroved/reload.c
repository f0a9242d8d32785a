/* SPDX-License-Identifier: BSD-3-Clause */
#include "reload.h"

#include <errno.h>
#include <string.h>

static void *
build(void *argument)
{
	struct reload *reload = argument;

	reload->rc = server_service_build(
		reload->server, reload->server->service, &reload->service, &reload->why);
	/* release: pairs with the acquire in reload_take() */
	atomic_store_explicit(&reload->done, true, memory_order_release);
	pthread_kill(reload->control, RELOAD_SIGNAL);
	return NULL;
}

int
reload_start(struct reload *reload, struct why *why)
{
	int error;

	if (reload->running) {
		reload->again = true;
		return 0;
	}
	reload->control = pthread_self();
	reload->again = false;
	reload->service = NULL;
	atomic_store_explicit(&reload->done, false, memory_order_relaxed);
	error = pthread_create(&reload->thread, NULL, build, reload);
	if (error)
		return why_set(why, error, "no thread for a build: %s", strerror(error));
	reload->running = true;
	return 0;
}

bool
reload_take(struct reload *reload, struct engine_service **service, int *rc)
{
	/* the signal may be another's */
	if (!reload->running || !atomic_load_explicit(&reload->done, memory_order_acquire))
		return false;
	pthread_join(reload->thread, NULL);
	reload->running = false;
	*service = reload->service;
	*rc = reload->rc;
	return true;
}
