/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the store share. */
#ifndef STORE_STORE_PRIV_H
#define STORE_STORE_PRIV_H

#include <limits.h>
#include <pthread.h>

#include "store/store.h"

/* Versions that are looked at when a folder is opened; more is not our work. */
enum { STORE_HELD_MAX = 4 * STORE_KEEP_MAX };

/* ".4294967295.4294967295.image.damaged.new" */
enum { STORE_NAME_SIZE = 64 };

/** A version and its place on disk. */
struct held {
	struct store_version version;
	uint32_t generation; /* of its files: SERIAL.GENERATION.image; 1 is left out */
	uint64_t sequence;   /* of versions taken: clocks go back, this does not */
};

struct store {
	char path[PATH_MAX];
	char origin[WIRE_NAME_TEXT_MAX];
	int directory; /* locked against other processes */
	unsigned int keep_count;
	pthread_mutex_t writer; /* held by whoever changes files; taken before the next one */
	pthread_mutex_t lock;	/* of what follows; never held while waiting for the disk */
	struct held *held;
	unsigned int held_count, held_room;
	uint64_t sequence; /* the last one given */
	struct store_current current;
	bool has_current;
};

/* ---- disk.c: files written whole or not at all ---- */

struct disk_file {
	int directory, fd;
	char name[STORE_NAME_SIZE], beside[STORE_NAME_SIZE + 8];
};

/** Start a file beside its place. Then disk_file_commit() or disk_file_drop(). */
int disk_file_begin(int directory, const char *name, struct disk_file *file, struct why *why);

/** Write back what it holds and wait for the disk. It still stands beside its place. */
int disk_file_sync(struct disk_file *file, struct why *why);

/** Put a synced file in its place; disk_sync() makes that last. The file is gone either way. */
int disk_file_place(struct disk_file *file, struct why *why);

/** Remove it, if disk_file_place() has not been called. */
void disk_file_drop(struct disk_file *file);

/** Wait until names of the directory are on disk. */
int disk_sync(int directory, const char *path, struct why *why);

/** BLAKE2b and size of an open file. @return 0 or -errno */
int disk_digest(int fd, uint8_t digest[static STORE_DIGEST_SIZE], uint64_t *size);

/** Copy a file from its start. @return 0 or -errno */
int disk_copy(int from, int to);

/** Rename to NAME.damaged. @return 0 or -errno */
int disk_set_aside(int directory, const char *name);

/* ---- describe.c: versions as JSON ---- */

/** As "zone history" shows it. NULL: out of memory. */
json_t *describe_version(const struct store_version *version);

/** Write SERIAL.json or SERIAL.refused.json, the folder synced. */
int describe_held_save(const struct store *store, const struct held *held, struct why *why);

int describe_held_load(
	const struct store *store, const char *name, struct held *held, struct why *why);

/** Write current.json, the folder synced. */
int describe_current_save(
	const struct store *store, const struct store_current *current, struct why *why);

/** @return 0; -ENOENT; -EBADMSG: damaged; -errno */
int describe_current_load(
	const struct store *store, struct store_current *current, struct why *why);

/* ---- store.c ---- */

/** The name of a version's file; suffix "image" or "zone". */
void store_file_name(
	char name[static STORE_NAME_SIZE], const struct held *held, const char *suffix);

/** The name of a version's description. */
void store_description_name(char name[static STORE_NAME_SIZE], uint32_t serial, bool good);

/* With store->lock held: */
struct held *store_find(const struct store *store, uint32_t serial, bool good);
int store_add(struct store *store, const struct held *held);
void store_remove(struct store *store, struct held *held);

/** The version that is served, when current.json does not say so. */
void store_recover(struct store *store);

/* ---- put.c ---- */

/** Remove the oldest versions beyond keep_count, but not `spared`; with store->writer held. */
void store_prune(struct store *store, bool good, uint32_t spared);

static inline void
store_lock(const struct store *store)
{
	pthread_mutex_lock((pthread_mutex_t *)&store->lock);
}

static inline void
store_unlock(const struct store *store)
{
	pthread_mutex_unlock((pthread_mutex_t *)&store->lock);
}

#endif
