/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ANNOUNCE_ANNOUNCE_PRIV_H
#define ANNOUNCE_ANNOUNCE_PRIV_H

#include <sys/types.h>

#include "announce/announce.h"

/** Runs one command at a time, and the last one that was wanted in the end. */
struct runner {
	uv_loop_t *loop;
	uint32_t timeout_ms;
	/* It has ended. `why`: NULL: well. Not called for one that another has taken the place of.
	 */
	void (*ended)(struct runner *runner, const struct why *why);
	void (*closed)(struct runner *runner); /* after runner_close() */
	void *data;
	/* the runner's own */
	const struct announce_command *wanted, *running; /* NULL: none */
	bool timed_out, displaced;
	int output;	  /* what it says; -1: none */
	struct why fault; /* "": it ended well */
	pid_t pid;	  /* 0: none */
	int pidfd;
	uv_poll_t poll; /* of the pidfd */
	uv_timer_t timeout;
};

void runner_open(struct runner *runner);

/** Run a command; another one that runs is killed. */
void runner_run(struct runner *runner, const struct announce_command *command);

static inline bool
runner_is_busy(const struct runner *runner)
{
	return runner->running || runner->wanted;
}

/** Calls `closed` later. It is not busy. */
void runner_close(struct runner *runner);

#endif
