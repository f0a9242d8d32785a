/* SPDX-License-Identifier: BSD-3-Clause */
/* Control plane: all writers, and their sums. */
#include <stdlib.h>
#include <string.h>

#include "stats/stats_priv.h"

struct stats_set *
stats_set_new(struct stats_seed seed)
{
	struct stats_set *set = calloc(1, sizeof(*set));

	if (!set)
		return NULL;
	set->seed = seed;
	if (stats_names_begin(set))
		return set;
	free(set);
	return NULL;
}

void
stats_set_free(struct stats_set *set)
{
	if (!set)
		return;
	for (unsigned int i = 0; i < set->writer_count; i++)
		stats_free(set->writers[i]);
	stats_names_end(set);
	free(set);
}

struct stats *
stats_set_add(struct stats_set *set, int node)
{
	struct stats *stats =
		set->writer_count < STATS_WRITERS_MAX ? stats_new(node, set->seed) : NULL;

	if (!stats)
		return NULL;
	for (unsigned int i = 0; i < 2; i++)
		if (set->layouts[i].node_count)
			stats_heat_give(stats, &set->layouts[i]);
	set->writers[set->writer_count++] = stats;
	return stats;
}

void
stats_set_sum(const struct stats_set *set, struct stats_counters *sum)
{
	memset(sum, 0, sizeof(*sum));
	for (unsigned int i = 0; i < set->writer_count; i++)
		stats_add(set->writers[i], sum);
}

void
stats_set_sources(const struct stats_set *set, int64_t day,
	struct stats_sketch sketches[static STATS_SOURCES])
{
	for (unsigned int i = 0; i < set->writer_count; i++)
		for (unsigned int k = 0; k < STATS_SOURCES; k++)
			stats_sketch_merge(&sketches[k], &set->writers[i]->sketches[day % 2][k]);
}

void
stats_set_sources_clear(struct stats_set *set, int64_t day)
{
	for (unsigned int i = 0; i < set->writer_count; i++)
		for (unsigned int k = 0; k < STATS_SOURCES; k++)
			for (unsigned int at = 0; at < STATS_REGISTERS; at++)
				atomic_store_explicit(
					&set->writers[i]->sketches[day % 2][k].registers[at], 0,
					memory_order_relaxed);
}

size_t
stats_set_size(const struct stats_set *set)
{
	size_t size = sizeof(*set) + set->name_room * sizeof(*set->names);

	for (uint32_t i = 1; i < set->name_count; i++)
		size += strlen(set->names[i].zone) + strlen(set->names[i].name) + 2;
	for (unsigned int i = 0; i < 2; i++)
		size += set->layouts[i].node_count * sizeof(*set->layouts[i].names);
	for (unsigned int i = 0; i < set->writer_count; i++)
		size += sizeof(struct stats) + set->writers[i]->heats[0].size +
			set->writers[i]->heats[1].size;
	return size;
}

/* ---- what sums say ---- */

uint64_t
stats_queries(const struct stats_counters *sum, enum stats_way way)
{
	uint64_t all = 0;

	for (unsigned int i = 0; i < STATS_QUERY_SIZES; i++)
		all += counter_read(&sum->query_sizes[way][i]);
	return all;
}

uint64_t
stats_replies(const struct stats_counters *sum, enum stats_way way)
{
	uint64_t all = 0;

	for (unsigned int i = 1; i <= STATS_REPLY_SIZES; i++)
		all += counter_read(&sum->reply_sizes[way][i]);
	return all;
}

uint64_t
stats_rcode(const struct stats_counters *sum, unsigned int rcode)
{
	uint64_t all = 0;

	for (unsigned int flags = 0; flags < STATS_FLAGS; flags++)
		all += counter_read(&sum->outcomes[STATS_RCODE_0 + rcode][flags]);
	return all;
}

uint64_t
stats_flag(const struct stats_counters *sum, enum ledger_flag flag, enum stats_way way)
{
	/* TC is the reply's, if there is one */
	unsigned int first = flag == LEDGER_TC ? STATS_RCODE_0 : 0;
	uint64_t all = 0;

	for (unsigned int outcome = first; outcome < STATS_OUTCOMES; outcome++)
		for (unsigned int flags = way; flags < STATS_FLAGS; flags += STATS_WAYS)
			if (flags & (unsigned int)flag)
				all += counter_read(&sum->outcomes[outcome][flags]);
	return all;
}
