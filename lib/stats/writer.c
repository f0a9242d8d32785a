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

static void
heat_free(struct stats *stats, struct stats_heat *heat)
{
	if (heat->nodes != &stats->nowhere)
		stats_memory_free(heat->nodes, heat->size);
	heat->nodes = &stats->nowhere;
	heat->size = 0;
}

void
stats_free(struct stats *stats)
{
	if (!stats)
		return;
	for (unsigned int i = 0; i < 2; i++)
		heat_free(stats, &stats->heats[i]);
	stats_memory_free(stats, sizeof(*stats));
}
