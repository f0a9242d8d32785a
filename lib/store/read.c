/* SPDX-License-Identifier: BSD-3-Clause */
/* The files of a version, their digests checked; damaged ones are set aside. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "store/store_priv.h"

/* It was renamed, or will not be looked at again: no longer held. */
static void
file_forget(struct store *store, const struct held *held, const char *suffix)
{
	struct held *now;

	store_lock(store);
	now = store_find(store, held->version.serial, true);
	if (now && now->generation == held->generation) {
		if (suffix[0] == 'i')
			now->version.image_size = 0;
		else
			now->version.zone_size = 0;
	}
	store_unlock(store);
}

static int
file_damaged(struct store *store, const struct held *held, const char *suffix, const char *name,
	struct why *why)
{
	bool aside;

	pthread_mutex_lock(&store->writer);
	aside = disk_set_aside(store->directory, name) == 0;
	file_forget(store, held, suffix);
	pthread_mutex_unlock(&store->writer);
	return why_set(why, EBADMSG, "%s/%s: damaged: its digest is not the one noted; %s%s%s",
		store->path, name, aside ? "set aside as " : "it cannot be set aside",
		aside ? name : "", aside ? ".damaged" : "");
}

/* Open a file of a version and compare its digest. */
static int
file_open(struct store *store, uint32_t serial, const char *suffix,
	char name[static STORE_NAME_SIZE], int *file, struct why *why)
{
	const bool is_image = suffix[0] == 'i';
	uint8_t digest[STORE_DIGEST_SIZE];
	const struct held *found;
	struct held held;
	uint64_t size;
	int fd, rc;

	store_lock(store);
	found = store_find(store, serial, true);
	if (found)
		held = *found;
	store_unlock(store);
	if (!found || !(is_image ? held.version.image_size : held.version.zone_size))
		return why_set(
			why, ENOENT, "%s: serial %u: no %s is held", store->path, serial, suffix);
	store_file_name(name, &held, suffix);
	fd = openat(store->directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return why_errno(why, "%s/%s", store->path, name);
	rc = disk_digest(fd, digest, &size);
	if (rc < 0)
		why_set(why, -rc, "%s/%s: %s", store->path, name, strerror(-rc));
	else if (memcmp(digest, is_image ? held.version.image_digest : held.version.zone_digest,
			 sizeof(digest)) != 0)
		rc = file_damaged(store, &held, suffix, name, why);
	if (rc < 0) {
		close(fd);
		return rc;
	}
	*file = fd;
	return 0;
}

int
store_image_open(struct store *store, uint32_t serial, struct image **image, struct why *why)
{
	char name[STORE_NAME_SIZE], path[PATH_MAX + STORE_NAME_SIZE];
	int fd __attribute__((cleanup(close_fd))) = -1;
	int rc = file_open(store, serial, "image", name, &fd, why);

	if (rc < 0)
		return rc;
	snprintf(path, sizeof(path), "%s/%s", store->path, name);
	return image_open(fd, path, image, why);
}

int
store_text_path(struct store *store, uint32_t serial, char *path, size_t path_size, struct why *why)
{
	char name[STORE_NAME_SIZE];
	int fd __attribute__((cleanup(close_fd))) = -1;
	int rc = file_open(store, serial, "zone", name, &fd, why);

	if (rc < 0)
		return rc;
	if (snprintf(path, path_size, "%s/%s", store->path, name) >= (int)path_size)
		return why_set(why, ENAMETOOLONG, "%s/%s: the path is too long", store->path, name);
	return 0;
}
