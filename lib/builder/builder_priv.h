/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BUILDER_BUILDER_PRIV_H
#define BUILDER_BUILDER_PRIV_H

#include "builder/builder.h"

#include <sys/types.h>

/**
 * Bound what a child may use, give it signals as new, and let it die with its parent. Between fork
 * and exec: only calls that are safe there.
 *
 * @param cpu_seconds  0: no bound
 */
void builder_child_bound(unsigned int cpu_seconds, size_t memory, pid_t parent);

#endif
