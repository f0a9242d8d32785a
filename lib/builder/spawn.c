/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A child that never has a copy of our memory. fork() would make all of ours copy-on-write: each
 * lcore then takes a page fault wherever it writes next, and waits for as long as the copying of
 * page tables holds the lock that a fault needs. Measured: docs/performance.md.
 */
#include "builder/builder_priv.h"

#include <sched.h>
#include <signal.h>

enum { CHILD_STACK_SIZE = 64 << 10 };

pid_t
builder_child_start(builder_child *begin, void *argument)
{
	_Alignas(16) uint8_t stack[CHILD_STACK_SIZE];
	sigset_t all, before;
	pid_t pid;

	/* no handler of ours may run in the child: it would be on our memory */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = clone(begin, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, argument);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return pid;
}
