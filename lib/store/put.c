/* SPDX-License-Identifier: BSD-3-Clause */
/* Versions come and go. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "store/store_priv.h"

/* ---- going ---- */

/* First what says that it is there, then what it says; what a crash leaves is cleared at opening.
 */
static void
files_remove(const struct store *store, const struct held *held, bool description)
{
	char name[STORE_NAME_SIZE];

	store_description_name(name, held->version.serial, held->version.good);
	if (description && unlinkat(store->directory, name, 0) < 0 && errno != ENOENT)
		return;
	if (!held->version.good)
		return;
	store_file_name(name, held, "image");
	unlinkat(store->directory, name, 0);
	store_file_name(name, held, "zone");
	unlinkat(store->directory, name, 0);
}

/* The oldest version of a kind if there are too many; with store->lock held. */
static struct held *
oldest_beyond(struct store *store, bool good)
{
	struct held *oldest = NULL;
	unsigned int count = 0;

	for (unsigned int i = 0; i < store->held_count; i++) {
		struct held *held = &store->held[i];

		if (held->version.good != good)
			continue;
		count++;
		/* the current one stays; it counts, so that keep_count of a disk's room is enough
		 */
		if (good && store->has_current && held->version.serial == store->current.serial)
			continue;
		if (!oldest || held->sequence < oldest->sequence)
			oldest = held;
	}
	return count > store->keep_count ? oldest : NULL;
}

void
store_prune(struct store *store, bool good, uint32_t spared)
{
	for (;;) {
		struct held *oldest, gone;

		store_lock(store);
		oldest = oldest_beyond(store, good);
		if (!oldest || oldest->version.serial == spared) {
			store_unlock(store);
			return;
		}
		gone = *oldest;
		store_remove(store, oldest);
		store_unlock(store);
		files_remove(store, &gone, true);
	}
}

/* ---- coming ---- */

struct put {
	struct held held;
	struct disk_file image, text; /* fd -1: none */
};

/* Write one of the two files beside its place, and find its size and digest. */
static int
image_begin(const struct store *store, const struct image *image, struct put *put, struct why *why)
{
	struct store_version *version = &put->held.version;
	char name[STORE_NAME_SIZE];
	int rc;

	store_file_name(name, &put->held, "image");
	rc = disk_file_begin(store->directory, name, &put->image, why);
	if (rc < 0)
		return rc;
	rc = image_write(image, put->image.fd);
	if (rc == 0)
		rc = disk_digest(put->image.fd, version->image_digest, &version->image_size);
	if (rc < 0)
		return why_set(why, -rc, "%s: %s", put->image.beside, strerror(-rc));
	return 0;
}

static int
text_begin(const struct store *store, int text_fd, struct put *put, struct why *why)
{
	struct store_version *version = &put->held.version;
	char name[STORE_NAME_SIZE];
	int rc;

	store_file_name(name, &put->held, "zone");
	rc = disk_file_begin(store->directory, name, &put->text, why);
	if (rc < 0)
		return rc;
	rc = disk_copy(text_fd, put->text.fd);
	if (rc == 0)
		rc = disk_digest(put->text.fd, version->zone_digest, &version->zone_size);
	if (rc < 0)
		return why_set(why, -rc, "%s: %s", put->text.beside, strerror(-rc));
	return 0;
}

static bool
files_equal(const struct store_version *a, const struct store_version *b)
{
	return a->image_size == b->image_size && a->zone_size == b->zone_size &&
	       memcmp(a->image_digest, b->image_digest, STORE_DIGEST_SIZE) == 0 &&
	       memcmp(a->zone_digest, b->zone_digest, STORE_DIGEST_SIZE) == 0;
}

static int
files_place(const struct store *store, struct put *put, struct why *why)
{
	int rc = disk_file_sync(&put->image, why);

	if (rc == 0 && put->text.fd >= 0)
		rc = disk_file_sync(&put->text, why);
	if (rc == 0)
		rc = disk_file_place(&put->image, why);
	if (rc == 0 && put->text.fd >= 0)
		rc = disk_file_place(&put->text, why);
	/* before the description says that they are there */
	return rc < 0 ? rc : disk_sync(store->directory, store->path, why);
}

static void
version_fill(struct store_version *version, const struct image *image)
{
	struct image_facts facts;

	image_facts(image, &facts);
	version->serial = facts.serial;
	version->good = true;
	version->reason[0] = '\0';
	version->verified_at = facts.verified_at;
	version->earliest_expiry = facts.earliest_expiry;
	version->dnssec = facts.dnssec;
	version->zonemd = facts.zonemd;
	version->image_size = version->zone_size = 0;
	memset(version->image_digest, 0, sizeof(version->image_digest));
	memset(version->zone_digest, 0, sizeof(version->zone_digest));
}

static int
held_keep(struct store *store, const struct held *held, struct why *why)
{
	int rc = describe_held_save(store, held, why);

	if (rc < 0)
		return rc;
	store_lock(store);
	rc = store_add(store, held);
	store->sequence = held->sequence > store->sequence ? held->sequence : store->sequence;
	/* current.json knows nothing yet: what would be found after a restart */
	if (!store->has_current && rc == 0)
		store_recover(store);
	store_unlock(store);
	return rc < 0 ? why_set(why, -rc, "%s: out of memory", store->path) : 0;
}

/* With store->writer held; `same` is what is held of that serial, if anything. */
static int
version_put(struct store *store, const struct image *image, int text_fd, const struct held *same,
	struct put *put, struct why *why)
{
	int rc = image_begin(store, image, put, why);

	if (rc == 0 && text_fd >= 0)
		rc = text_begin(store, text_fd, put, why);
	if (rc == 0 && same && files_equal(&same->version, &put->held.version)) {
		put->held.generation = same->generation;
		put->held.sequence = same->sequence;
	} else if (rc == 0) {
		rc = files_place(store, put, why);
	}
	disk_file_drop(&put->image);
	disk_file_drop(&put->text);
	if (rc < 0) {
		why_prefix(why, "%s", store->path);
		return rc;
	}
	rc = held_keep(store, &put->held, why);
	if (rc == 0 && same && same->generation != put->held.generation)
		files_remove(store, same, false);
	return rc;
}

int
store_put(struct store *store, const struct image *image, int text_fd,
	struct store_version *version, struct why *why)
{
	struct put put = {.held = {.version = *version, .generation = 1},
		.image = {.fd = -1},
		.text = {.fd = -1}};
	struct held same, *found;
	int rc;

	version_fill(&put.held.version, image);
	pthread_mutex_lock(&store->writer);
	store_lock(store);
	found = store_find(store, put.held.version.serial, true);
	if (found) {
		same = *found;
		put.held.generation = same.generation + 1;
	}
	put.held.sequence = store->sequence + 1;
	store_unlock(store);
	rc = version_put(store, image, text_fd, found ? &same : NULL, &put, why);
	if (rc == 0) {
		*version = put.held.version;
		store_prune(store, true, version->serial);
	}
	pthread_mutex_unlock(&store->writer);
	return rc;
}

int
store_refused(struct store *store, uint32_t serial, int64_t at, const char *source,
	const char *reason, struct why *why)
{
	struct held held = {.version = {.serial = serial, .taken_at = at}};
	int rc;

	snprintf(held.version.source, sizeof(held.version.source), "%s", source);
	snprintf(held.version.reason, sizeof(held.version.reason), "%s", reason);
	pthread_mutex_lock(&store->writer);
	store_lock(store);
	held.sequence = store->sequence + 1;
	store_unlock(store);
	rc = held_keep(store, &held, why);
	if (rc == 0)
		store_prune(store, false, serial);
	pthread_mutex_unlock(&store->writer);
	return rc;
}
