/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BUILDER_BUILDER_PRIV_H
#define BUILDER_BUILDER_PRIV_H

#include "builder/builder.h"

#include <sys/types.h>

/** What a child does before its program: on our memory, so that it changes nothing but its own. It
 * ends by execv() or _exit(). */
typedef int builder_child(void *argument);

/**
 * Start a child as vfork() does: it has our memory, not a copy, and this thread alone waits until
 * it has ended or begun its program.
 *
 * @return -1, and errno says why
 */
pid_t builder_child_start(builder_child *begin, void *argument);

/**
 * Bound what a child may use, give it signals as new, and let it die with its parent. Called
 * before exec: only what is safe there.
 *
 * @param cpu_seconds  0: no bound
 */
void builder_child_bound(unsigned int cpu_seconds, size_t memory, pid_t parent);

#endif
