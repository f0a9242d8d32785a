/* SPDX-License-Identifier: BSD-3-Clause */
/* Files written beside their place, synced, renamed: the only way in which the store writes. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "store/store_priv.h"

enum { FILE_MODE = 0640, PIECE = 1 << 16 };

static_assert(STORE_DIGEST_SIZE == crypto_generichash_BYTES, "BLAKE2b-256");

int
disk_file_begin(int directory, const char *name, struct disk_file *file, struct why *why)
{
	*file = (struct disk_file){.directory = directory, .fd = -1};
	snprintf(file->name, sizeof(file->name), "%s", name);
	snprintf(file->beside, sizeof(file->beside), ".%s.new", name);
	unlinkat(directory, file->beside, 0);
	file->fd = openat(directory, file->beside,
		O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
	/* whatever the umask is */
	if (file->fd < 0 || fchmod(file->fd, FILE_MODE) < 0) {
		int rc = why_errno(why, "%s", file->beside);

		disk_file_drop(file);
		return rc;
	}
	return 0;
}

int
disk_file_sync(struct disk_file *file, struct why *why)
{
	return fsync(file->fd) < 0 ? why_errno(why, "%s", file->beside) : 0;
}

int
disk_file_place(struct disk_file *file, struct why *why)
{
	int rc = 0;

	close(file->fd);
	file->fd = -1;
	if (renameat(file->directory, file->beside, file->directory, file->name) < 0) {
		rc = why_errno(why, "%s", file->name);
		unlinkat(file->directory, file->beside, 0);
	}
	return rc;
}

void
disk_file_drop(struct disk_file *file)
{
	if (file->fd < 0)
		return;
	close(file->fd);
	file->fd = -1;
	unlinkat(file->directory, file->beside, 0);
}

int
disk_sync(int directory, const char *path, struct why *why)
{
	/* EINVAL: a file system that keeps no such promise */
	if (fsync(directory) < 0 && errno != EINVAL)
		return why_errno(why, "%s", path);
	return 0;
}

int
disk_digest(int fd, uint8_t digest[static STORE_DIGEST_SIZE], uint64_t *size)
{
	uint8_t *piece __attribute__((cleanup(free_memory))) = malloc(PIECE);
	crypto_generichash_state state;
	off_t offset = 0;

	if (!piece)
		return -ENOMEM;
	crypto_generichash_init(&state, NULL, 0, STORE_DIGEST_SIZE);
	for (;;) {
		ssize_t got = pread(fd, piece, PIECE, offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		crypto_generichash_update(&state, piece, (size_t)got);
		offset += got;
	}
	crypto_generichash_final(&state, digest, STORE_DIGEST_SIZE);
	*size = (uint64_t)offset;
	return 0;
}

int
disk_copy(int from, int to)
{
	uint8_t *piece __attribute__((cleanup(free_memory))) = malloc(PIECE);
	off_t offset = 0;

	if (!piece)
		return -ENOMEM;
	for (;;) {
		ssize_t got = pread(from, piece, PIECE, offset);
		int rc;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return 0;
		rc = file_write_all(to, piece, (size_t)got);
		if (rc < 0)
			return rc;
		offset += got;
	}
}

int
disk_set_aside(int directory, const char *name)
{
	char aside[STORE_NAME_SIZE + 16];

	snprintf(aside, sizeof(aside), "%s.damaged", name);
	if (renameat(directory, name, directory, aside) < 0)
		return -errno;
	return disk_sync(directory, "", NULL);
}
