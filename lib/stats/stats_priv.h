/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef STATS_STATS_PRIV_H
#define STATS_STATS_PRIV_H

#include "stats/stats.h"

/** Zeroed pages near a NUMA node; below 0: any. @return NULL: no memory */
void *stats_memory_take(size_t size, int node);

/** NULL is fine. */
void stats_memory_free(void *memory, size_t size);

#endif
