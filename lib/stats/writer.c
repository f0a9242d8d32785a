/* SPDX-License-Identifier: BSD-3-Clause */
/* Control plane: memory of the writers. */
#include <linux/mempolicy.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "stats/stats_priv.h"

/* Memory of whole pages that is zero, near a NUMA node. What the kernel has no room for there comes
 * from elsewhere. */
void *
stats_memory_take(size_t size, int node)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned long nodes;

	if (memory == MAP_FAILED)
		return NULL;
	if (node >= 0 && node < (int)sizeof(nodes) * 8) {
		nodes = 1ul << node;
		/* a kernel without NUMA says no, and has no other place either */
		(void)syscall(
			SYS_mbind, memory, size, MPOL_PREFERRED, &nodes, sizeof(nodes) * 8, 0);
	}
	/* an lcore waits for no page */
	memset(memory, 0, size);
	return memory;
}

void
stats_memory_free(void *memory, size_t size)
{
	if (memory)
		munmap(memory, size);
}

struct stats *
stats_new(int node, struct stats_seed seed)
{
	struct stats *stats = stats_memory_take(sizeof(*stats), node);

	if (!stats)
		return NULL;
	stats->seed = seed;
	stats->numa_node = node;
	for (unsigned int i = 0; i < 2; i++)
		stats->heats[i].nodes = &stats->nowhere;
	return stats;
}

void
stats_heat_take(struct stats *stats, unsigned int index)
{
	struct stats_heat *heat = &stats->heats[index];

	if (heat->nodes != &stats->nowhere)
		stats_memory_free(heat->nodes, heat->size);
	*heat = (struct stats_heat){.nodes = &stats->nowhere};
}

void
stats_heat_give(struct stats *stats, const struct stats_layout *layout)
{
	unsigned int index = layout->generation % 2;
	struct stats_heat *heat = &stats->heats[index];
	size_t size = layout->node_count * sizeof(struct stats_node);
	struct stats_node *nodes;

	stats_heat_take(stats, index);
	heat->generation = layout->generation;
	nodes = layout->node_count ? stats_memory_take(size, stats->numa_node) : NULL;
	/* without memory there is no heat: all of it is nowhere's */
	if (!nodes)
		return;
	heat->nodes = nodes;
	heat->size = size;
	for (unsigned int i = 0; i < IMAGE_CATALOGUE_MAX; i++) {
		heat->zones[i].first = layout->zone_first[i];
		heat->zones[i].count = layout->zone_count[i];
	}
}

void
stats_free(struct stats *stats)
{
	if (!stats)
		return;
	for (unsigned int i = 0; i < 2; i++)
		stats_heat_take(stats, i);
	stats_memory_free(stats, sizeof(*stats));
}
