/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/base.h"

#include <stdalign.h>
#include <stdio.h>
#include <string.h>

enum { ARENA_CHUNK = 1 << 20 };

struct arena_chunk {
	struct arena_chunk *next;
	size_t used, size;
	alignas(max_align_t) uint8_t data[];
};

struct arena {
	struct arena_chunk *chunks; /* the one to take from comes first */
};

static void *
allocate(size_t size)
{
	void *memory = calloc(1, size);

	if (!memory) {
		fprintf(stderr, "out of memory (%zu octets)\n", size);
		abort();
	}
	return memory;
}

struct arena *
arena_new(void)
{
	return allocate(sizeof(struct arena));
}

void *
arena_take(struct arena *arena, size_t size)
{
	struct arena_chunk *chunk = arena->chunks;
	size_t rounded = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	void *taken;

	if (!chunk || rounded > chunk->size - chunk->used) {
		size_t room = rounded > ARENA_CHUNK ? rounded : ARENA_CHUNK;

		chunk = allocate(sizeof(*chunk) + room);
		chunk->size = room;
		chunk->next = arena->chunks;
		arena->chunks = chunk;
	}
	taken = chunk->data + chunk->used;
	chunk->used += rounded;
	return taken;
}

void *
arena_copy(struct arena *arena, const void *data, size_t size)
{
	void *copy = arena_take(arena, size);

	if (size)
		memcpy(copy, data, size);
	return copy;
}

void
arena_free(struct arena *arena)
{
	struct arena_chunk *next;

	if (!arena)
		return;
	for (struct arena_chunk *chunk = arena->chunks; chunk; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	free(arena);
}
