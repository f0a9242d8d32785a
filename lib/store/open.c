/* SPDX-License-Identifier: BSD-3-Clause */
/* The folder of a zone: made or checked, cleared of what was interrupted, and read. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "store/store_priv.h"

enum { FOLDER_MODE = 0750 };

/* What a name in the folder is. */
enum entry_kind {
	ENTRY_FOREIGN,
	ENTRY_UNFINISHED, /* a file that was being written */
	ENTRY_VERSION,	  /* SERIAL.json, SERIAL.refused.json */
	ENTRY_FILE,	  /* SERIAL.image, SERIAL.2.zone */
};

struct entry {
	enum entry_kind kind;
	struct held place; /* ENTRY_FILE: serial and generation */
	char suffix[16];
};

static bool
ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), tail = strlen(end);

	return length > tail && strcmp(text + length - tail, end) == 0;
}

static struct entry
entry_of(const char *name)
{
	struct entry entry = {.kind = ENTRY_FOREIGN};
	char again[STORE_NAME_SIZE];

	if (name[0] == '.') {
		if (ends_with(name, ".new"))
			entry.kind = ENTRY_UNFINISHED;
		return entry;
	}
	if (name[0] < '0' || name[0] > '9')
		return entry;
	if (ends_with(name, ".json")) {
		entry.kind = ENTRY_VERSION;
		return entry;
	}
	entry.place.generation = 1;
	if (sscanf(name, "%10u.%10u.%15s", &entry.place.version.serial, &entry.place.generation,
		    entry.suffix) != 3) {
		entry.place.generation = 1;
		if (sscanf(name, "%10u.%15s", &entry.place.version.serial, entry.suffix) != 2)
			return entry;
	}
	if (strcmp(entry.suffix, "image") != 0 && strcmp(entry.suffix, "zone") != 0)
		return entry;
	/* only names that we would give ourselves */
	store_file_name(again, &entry.place, entry.suffix);
	if (strcmp(again, name) == 0)
		entry.kind = ENTRY_FILE;
	return entry;
}

/* ---- folders ---- */

/* A label's octets that stand for themselves in a file name. */
static bool
is_plain(uint8_t octet)
{
	return (octet >= 'a' && octet <= 'z') || (octet >= '0' && octet <= '9') || octet == '-' ||
	       octet == '_';
}

/* The labels with dots between them, what is not plain as %XX; the root is "root", and so a zone of
 * that name "%72oot". */
static int
folder_name(const struct wire_name *origin, char name[static NAME_MAX + 1])
{
	static const char digits[] = "0123456789abcdef";
	char text[3 * WIRE_NAME_MAX + 1];
	size_t length = 0;

	for (size_t at = 0; origin->octets[at]; at += 1 + origin->octets[at]) {
		if (at)
			text[length++] = '.';
		for (size_t i = at + 1; i <= at + origin->octets[at]; i++) {
			uint8_t octet = origin->octets[i];

			if (is_plain(octet)) {
				text[length++] = (char)octet;
				continue;
			}
			text[length++] = '%';
			text[length++] = digits[octet >> 4];
			text[length++] = digits[octet & 15];
		}
	}
	text[length] = '\0';
	if (length > NAME_MAX)
		return -ENAMETOOLONG;
	snprintf(name, NAME_MAX + 1, "%s",
		length == 0		    ? "root"
		: strcmp(text, "root") == 0 ? "%72oot"
					    : text);
	return 0;
}

static int
folder_check(int fd, const char *path, struct why *why)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return why_errno(why, "%s", path);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return why_set(why, EPERM, "%s: it belongs to user %u, neither us nor root", path,
			st.st_uid);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return why_set(why, EPERM, "%s: others than its owner may write there (mode %04o)",
			path, st.st_mode & 07777);
	return 0;
}

/* Open a folder below `parent` (or AT_FDCWD), make it if need be. */
static int
folder_open(int parent, const char *name, const char *path, int *folder, struct why *why)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	int fd = openat(parent, name, flags);
	int rc;

	if (fd < 0 && errno == ENOENT) {
		if (mkdirat(parent, name, FOLDER_MODE) < 0 && errno != EEXIST)
			return why_errno(why, "%s", path);
		if (parent != AT_FDCWD && (rc = disk_sync(parent, path, why)) < 0)
			return rc;
		fd = openat(parent, name, flags);
	}
	if (fd < 0)
		return why_errno(why, "%s", path);
	rc = folder_check(fd, path, why);
	if (rc < 0) {
		close(fd);
		return rc;
	}
	*folder = fd;
	return 0;
}

static int
folders_open(
	struct store *store, const char *directory, const struct wire_name *origin, struct why *why)
{
	char name[NAME_MAX + 1];
	int parent __attribute__((cleanup(close_fd))) = -1;
	int rc = folder_name(origin, name);

	if (rc < 0 || snprintf(store->path, sizeof(store->path), "%s/%s", directory, name) >=
			      (int)sizeof(store->path))
		return why_set(why, ENAMETOOLONG, "%s: no folder for zone %.200s", directory,
			store->origin);
	rc = folder_open(AT_FDCWD, directory, directory, &parent, why);
	if (rc == 0)
		rc = folder_open(parent, name, store->path, &store->directory, why);
	if (rc < 0)
		return rc;
	if (flock(store->directory, LOCK_EX | LOCK_NB) < 0)
		return why_set(why, errno == EWOULDBLOCK ? EBUSY : errno,
			"%s: another process has it", store->path);
	return 0;
}

/* ---- what is in it ---- */

/* Several things may be wrong; the first one is told, and that there are more. */
static void
warn(struct why *warning, const struct why *more)
{
	size_t used = strlen(warning->text);

	if (!used)
		*warning = *more;
	else
		snprintf(warning->text + used, sizeof(warning->text) - used, "; %s", more->text);
}

/* A file that its description names but that is not there is not held. */
static void
sizes_check(const struct store *store, struct held *held)
{
	char name[STORE_NAME_SIZE];

	store_file_name(name, held, "image");
	if (faccessat(store->directory, name, F_OK, 0) < 0)
		held->version.image_size = 0;
	store_file_name(name, held, "zone");
	if (faccessat(store->directory, name, F_OK, 0) < 0)
		held->version.zone_size = 0;
}

static int
version_take(struct store *store, const char *name, struct why *warning, struct why *why)
{
	struct held held;
	struct why reason;
	int rc = describe_held_load(store, name, &held, &reason);

	if (rc == -EBADMSG) {
		if (disk_set_aside(store->directory, name) == 0)
			why_prefix(&reason, "set aside as %s.damaged", name);
		warn(warning, &reason);
		return 0;
	}
	if (rc < 0 || store->held_count == STORE_HELD_MAX) {
		*why = reason;
		return rc;
	}
	if (held.version.good)
		sizes_check(store, &held);
	if (held.sequence > store->sequence)
		store->sequence = held.sequence;
	rc = store_add(store, &held);
	return rc < 0 ? why_set(why, -rc, "%s: out of memory", store->path) : 0;
}

/* Whether a file belongs to no version, nor to one whose description was damaged. */
static bool
is_orphan(const struct store *store, const struct entry *entry)
{
	uint32_t serial = entry->place.version.serial;
	const struct held *held = store_find(store, serial, true);
	char name[STORE_NAME_SIZE];

	if (held)
		return held->generation != entry->place.generation;
	snprintf(name, sizeof(name), "%u.json.damaged", serial);
	return faccessat(store->directory, name, F_OK, 0) < 0;
}

static void
clear(struct store *store, DIR *folder)
{
	const struct dirent *found;

	rewinddir(folder);
	while ((found = readdir(folder))) {
		struct entry entry = entry_of(found->d_name);

		if (entry.kind == ENTRY_UNFINISHED ||
			(entry.kind == ENTRY_FILE && is_orphan(store, &entry)))
			unlinkat(store->directory, found->d_name, 0);
	}
}

static int
folder_read(struct store *store, struct why *warning, struct why *why)
{
	int fd = openat(store->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *found;
	int rc = 0;

	if (!folder) {
		rc = why_errno(why, "%s", store->path);
		close_fd(&fd);
		return rc;
	}
	while (rc == 0 && (found = readdir(folder)))
		if (entry_of(found->d_name).kind == ENTRY_VERSION)
			rc = version_take(store, found->d_name, warning, why);
	if (rc == 0)
		clear(store, folder);
	closedir(folder);
	return rc;
}

static int
current_read(struct store *store, struct why *warning, struct why *why)
{
	struct why reason;
	int rc = describe_current_load(store, &store->current, &reason);

	if (rc == 0 && store_find(store, store->current.serial, true)) {
		store->has_current = true;
		return 0;
	}
	if (rc == 0) {
		why_set(&reason, ENOENT, "%s: serial %u was served, but is not held", store->path,
			store->current.serial);
		warn(warning, &reason);
	} else if (rc == -EBADMSG) {
		if (disk_set_aside(store->directory, "current.json") == 0)
			why_prefix(&reason, "set aside as current.json.damaged");
		warn(warning, &reason);
	} else if (rc != -ENOENT) {
		*why = reason;
		return rc;
	}
	store_recover(store);
	return 0;
}

int
store_open(const char *directory, const struct wire_name *origin, unsigned int keep_count,
	struct store **store, struct why *warning, struct why *why)
{
	struct store *made = calloc(1, sizeof(*made));
	struct why readonly;
	int rc;

	if (!made)
		return why_set(why, ENOMEM, "%s: out of memory", directory);
	warning->text[0] = '\0';
	made->directory = -1;
	made->keep_count = keep_count < 1		 ? 1
			   : keep_count > STORE_KEEP_MAX ? STORE_KEEP_MAX
							 : keep_count;
	wire_name_to_text(origin, made->origin);
	pthread_mutex_init(&made->writer, NULL);
	pthread_mutex_init(&made->lock, NULL);
	rc = folders_open(made, directory, origin, why);
	if (rc == 0 && faccessat(made->directory, ".", W_OK, AT_EACCESS) < 0) {
		why_errno(&readonly, "%s: no version can be kept", made->path);
		warn(warning, &readonly);
	}
	if (rc == 0)
		rc = folder_read(made, warning, why);
	if (rc == 0)
		rc = current_read(made, warning, why);
	if (rc < 0)
		store_close(made);
	else
		*store = made;
	return rc;
}

void
store_close(struct store *store)
{
	if (!store)
		return;
	close_fd(&store->directory);
	pthread_mutex_destroy(&store->writer);
	pthread_mutex_destroy(&store->lock);
	free(store->held);
	free(store);
}
