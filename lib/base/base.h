/* SPDX-License-Identifier: BSD-3-Clause */
/** What every room needs: reasons of failures, arenas, files. */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/why.h"

/** A pile of allocations that is dropped whole. One owner, no locks. */
struct arena;

/** @return a new, empty arena; aborts when memory is out (builders are bounded child processes). */
struct arena *arena_new(void);

/** @return zeroed memory, aligned for any type, valid until arena_free(). Aborts when memory is
 * out. */
void *arena_take(struct arena *arena, size_t size);

/** Copy `size` octets into the arena. */
void *arena_copy(struct arena *arena, const void *data, size_t size);

/** Free all of it. NULL is fine. */
void arena_free(struct arena *arena);

/**
 * Read a whole file.
 *
 * @param limit  a longer file is -EFBIG
 * @param data   malloc'ed, the caller's to free; one zero octet follows the last
 */
int file_read(const char *path, size_t limit, uint8_t **data, size_t *size, struct why *why);

/** Write `size` octets to `fd`, all of them. @return 0 or -errno */
int file_write_all(int fd, const void *data, size_t size);

/**
 * Remove a Unix socket's file if nobody listens there: it stays when its server is killed.
 *
 * @return 0, also where nothing is; -EADDRINUSE: somebody listens; -EEXIST: it is no socket
 */
int socket_stale_remove(const char *path, struct why *why);

/** Milliseconds of a clock that nobody sets, for deadlines. Not on lcores. */
static inline int64_t
clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/** For __attribute__((cleanup(close_fd))): closes what is open. */
static inline void
close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/** For __attribute__((cleanup(free_memory))) on a pointer variable. */
static inline void
free_memory(void *pointer)
{
	free(*(void **)pointer);
}

#endif
