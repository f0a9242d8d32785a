/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef STATS_STATS_PRIV_H
#define STATS_STATS_PRIV_H

#include "report/report.h"
#include "stats/stats.h"

/** Zeroed pages near a NUMA node; below 0: any. @return NULL: no memory */
void *stats_memory_take(size_t size, int node);

/** NULL is fine. */
void stats_memory_free(void *memory, size_t size);

/** A name of any zone that was ever served, and what was counted for it by services that are gone.
 */
struct stats_name {
	char *zone, *name; /* one allocation, the zone's */
	uint32_t next;	   /* of the same bucket; 0: none */
	uint64_t existing, gap;
};

/** What the nodes of a generation's heats mean. */
struct stats_layout {
	uint32_t generation;
	uint32_t zone_first[IMAGE_CATALOGUE_MAX], zone_count[IMAGE_CATALOGUE_MAX];
	uint32_t node_count; /* [0] included */
	uint32_t *names;     /* by node: index in stats_set.names */
};

enum { STATS_BUCKETS = 1 << 14 };

struct stats_set {
	struct stats_seed seed;
	unsigned int writer_count;
	struct stats *writers[STATS_WRITERS_MAX];
	struct stats_layout layouts[2]; /* of generations, in turn */
	struct stats_name *names;	/* [0]: whatever is none of these */
	uint32_t name_count, name_room;
	uint32_t buckets[STATS_BUCKETS];
};

/** Give a writer the heat of a layout; it is not in use. */
void stats_heat_give(struct stats *stats, const struct stats_layout *layout);
void stats_heat_take(struct stats *stats, unsigned int index);

/** @return false: no memory */
bool stats_names_begin(struct stats_set *set);
void stats_names_end(struct stats_set *set);

#endif
