/* SPDX-License-Identifier: BSD-3-Clause */
/* The days of nodes become that of their service. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rssac002/rssac002_priv.h"

static void
counts_add(uint64_t *to, const uint64_t *from, size_t count)
{
	for (size_t i = 0; i < count; i++)
		to[i] += from[i];
}

static void
figures_add(struct rssac002_figures *to, const struct rssac002_figures *from)
{
	counts_add(to->queries, from->queries, STATS_WAYS);
	counts_add(to->replies, from->replies, STATS_WAYS);
	for (unsigned int i = 0; i < 2; i++) {
		counts_add(to->query_sizes[i], from->query_sizes[i], STATS_QUERY_SIZES);
		counts_add(to->reply_sizes[i], from->reply_sizes[i], STATS_REPLY_SIZES);
	}
	counts_add(to->rcodes, from->rcodes, RSSAC002_RCODES);
	for (unsigned int i = 0; i < STATS_SOURCES; i++) {
		stats_sketch_merge(&to->sketches[i], &from->sketches[i]);
		to->sources[i] = (uint64_t)llround(stats_sketch_estimate(&to->sketches[i]));
	}
	for (uint32_t i = 0; i < from->version_count; i++) {
		struct rssac002_version *version =
			rssac002_version_of(to, from->versions[i].serial);

		if (!version || !from->versions[i].has_size)
			continue;
		version->has_size = true;
		if (from->versions[i].size > version->size)
			version->size = from->versions[i].size;
	}
}

static int
numbers_compare(const void *a, const void *b)
{
	const uint32_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

/* RSSAC002 3.1: the 95th percentile; of n sorted values the one at ceil(0.95 n). */
static void
load_merge(struct rssac002_version *version, const struct rssac002_figures *nodes,
	unsigned int node_count, uint32_t *values)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < node_count; i++)
		for (uint32_t k = 0; k < nodes[i].version_count; k++)
			if (nodes[i].versions[k].serial == version->serial &&
				nodes[i].versions[k].has_load)
				values[count++] = nodes[i].versions[k].load_seconds;
	version->has_load = count > 0;
	if (count == 0)
		return;
	qsort(values, count, sizeof(*values), numbers_compare);
	version->load_seconds = values[(95 * count + 99) / 100 - 1];
}

/* One node's sources need no sketch; those of several cannot be told without. */
static int
sources_check(const struct rssac002_figures *nodes, const char *const *names, unsigned int count,
	struct why *why)
{
	for (unsigned int i = 0; i < count && count > 1; i++) {
		if (!nodes[i].mark[0])
			return why_set(why, ENOENT,
				"%s: has no sketches of its sources, which do not add up",
				names[i]);
		if (strcmp(nodes[i].mark, nodes[0].mark) != 0)
			return why_set(why, EINVAL, "%s: sketches of another seed than those of %s",
				names[i], names[0]);
	}
	return 0;
}

static int
nodes_read(const char *const *names, unsigned int count, int64_t day,
	const struct rssac002_place *output, struct rssac002_figures *nodes, struct why *why)
{
	for (unsigned int i = 0; i < count; i++) {
		struct rssac002_place place = *output;
		unsigned int found;
		int rc;

		place.directory = names[i];
		rc = rssac002_read(&place, day, &nodes[i], &found, why);
		if (rc < 0)
			return rc;
		if (found == 0)
			return why_set(why, ENOENT, "%s: has no files of %s for that day", names[i],
				output->service);
	}
	return sources_check(nodes, names, count, why);
}

/* @param values  room for one of each node */
static void
nodes_merge(const struct rssac002_figures *nodes, unsigned int count, uint32_t *values,
	struct rssac002_figures *all)
{
	memcpy(all->mark, nodes[0].mark, sizeof(all->mark));
	for (unsigned int i = 0; i < count; i++)
		figures_add(all, &nodes[i]);
	for (uint32_t i = 0; i < all->version_count; i++)
		load_merge(&all->versions[i], nodes, count, values);
	if (!all->mark[0])
		memcpy(all->sources, nodes[0].sources, sizeof(all->sources));
}

int
rssac002_merge(const char *const *names, unsigned int count, int64_t day,
	const struct rssac002_place *output, struct why *why)
{
	struct rssac002_figures *nodes = calloc(count, sizeof(*nodes));
	struct rssac002_figures *all = calloc(1, sizeof(*all));
	uint32_t *values = calloc(count, sizeof(*values));
	int rc;

	if (!nodes || !all || !values) {
		rc = why_set(why, ENOMEM, "out of memory");
	} else {
		all->day = day;
		rc = nodes_read(names, count, day, output, nodes, why);
	}
	if (rc == 0) {
		nodes_merge(nodes, count, values, all);
		rc = rssac002_write(output, all, why);
	}
	free(values);
	free(all);
	free(nodes);
	return rc;
}
