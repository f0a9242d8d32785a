/* SPDX-License-Identifier: BSD-3-Clause */
/* Control plane: a limiter's memory. */
#include "limit/limit_priv.h"

#include <linux/mempolicy.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Lines, then bits of known sources, both for so many lines. */
static size_t
lines_size(unsigned int lines_log2)
{
	return sizeof(struct limit_line) << lines_log2;
}

static size_t
known_size(unsigned int lines_log2)
{
	size_t bits = (size_t)1 << (lines_log2 + LIMIT_KNOWN_BITS_LOG2);

	return 2 * bits / 8;
}

size_t
limiter_size(unsigned int lines_log2)
{
	return sizeof(struct limiter) + lines_size(lines_log2) + known_size(lines_log2);
}

struct limiter *
limiter_new(unsigned int lines_log2, int numa_node, const struct limit_seed *seed)
{
	size_t size = limiter_size(lines_log2);
	struct limiter *limiter;
	unsigned long nodes;
	void *memory;

	assert(lines_log2 >= LIMIT_LINES_LOG2_MIN && lines_log2 <= LIMIT_LINES_LOG2_MAX);
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return NULL;
	/* lines are found by chance: small pages would cost a miss of the TLB each */
	(void)madvise(memory, size, MADV_HUGEPAGE);
	if (numa_node >= 0 && numa_node < (int)sizeof(nodes) * 8) {
		nodes = 1ul << numa_node;
		/* a kernel without NUMA says no, and has no other place either */
		(void)syscall(
			SYS_mbind, memory, size, MPOL_PREFERRED, &nodes, sizeof(nodes) * 8, 0);
	}
	/* an lcore waits for no page */
	memset(memory, 0, size);
	limiter = memory;
	limiter->seed = *seed;
	limiter->seed.words[1] |= 1;
	limiter->lines = (struct limit_line *)(limiter + 1);
	limiter->set_mask = ((uint64_t)1 << lines_log2) / LIMIT_WAYS - 1;
	limiter->known = (uint64_t(*)[2])((uint8_t *)limiter->lines + lines_size(lines_log2));
	limiter->known_mask = ((uint64_t)1 << (lines_log2 + LIMIT_KNOWN_BITS_LOG2)) - 1;
	limiter->size = size;
	return limiter;
}

void
limiter_free(struct limiter *limiter)
{
	if (limiter)
		munmap(limiter, limiter->size);
}
