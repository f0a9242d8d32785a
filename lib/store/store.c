/* SPDX-License-Identifier: BSD-3-Clause */
/* What is known of the versions held, and which is current. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store/store_priv.h"

void
store_file_name(char name[static STORE_NAME_SIZE], const struct held *held, const char *suffix)
{
	if (held->generation > 1)
		snprintf(name, STORE_NAME_SIZE, "%u.%u.%s", held->version.serial, held->generation,
			suffix);
	else
		snprintf(name, STORE_NAME_SIZE, "%u.%s", held->version.serial, suffix);
}

void
store_description_name(char name[static STORE_NAME_SIZE], uint32_t serial, bool good)
{
	snprintf(name, STORE_NAME_SIZE, "%u.%sjson", serial, good ? "" : "refused.");
}

struct held *
store_find(const struct store *store, uint32_t serial, bool good)
{
	for (unsigned int i = 0; i < store->held_count; i++)
		if (store->held[i].version.serial == serial && store->held[i].version.good == good)
			return &store->held[i];
	return NULL;
}

int
store_add(struct store *store, const struct held *held)
{
	struct held *same = store_find(store, held->version.serial, held->version.good);

	if (same) {
		*same = *held;
		return 0;
	}
	if (store->held_count == store->held_room) {
		unsigned int room = store->held_room ? 2 * store->held_room : 16;
		struct held *larger = reallocarray(store->held, room, sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		store->held = larger;
		store->held_room = room;
	}
	store->held[store->held_count++] = *held;
	return 0;
}

void
store_remove(struct store *store, struct held *held)
{
	*held = store->held[--store->held_count];
}

void
store_recover(struct store *store)
{
	const struct held *last = NULL;

	for (unsigned int i = 0; i < store->held_count; i++)
		if (store->held[i].version.good &&
			(!last || store->held[i].sequence > last->sequence))
			last = &store->held[i];
	store->has_current = last != NULL;
	if (!last)
		return;
	store->current = (struct store_current){.serial = last->version.serial,
		.refreshed_at = last->version.taken_at,
		.recovered = true};
	memcpy(store->current.source, last->version.source, sizeof(store->current.source));
}

int
store_current(const struct store *store, struct store_current *current)
{
	int rc = -ENOENT;

	store_lock(store);
	if (store->has_current) {
		*current = store->current;
		rc = 0;
	}
	store_unlock(store);
	return rc;
}

/* With store->writer held. */
static int
current_write(struct store *store, const struct store_current *current, struct why *why)
{
	struct store_current next = *current;
	bool held;
	int rc;

	next.recovered = false;
	store_lock(store);
	held = store_find(store, next.serial, true) != NULL;
	store_unlock(store);
	if (!held)
		return why_set(why, ENOENT, "%s: serial %u is not held", store->path, next.serial);
	rc = describe_current_save(store, &next, why);
	if (rc < 0)
		return rc;
	store_lock(store);
	store->current = next;
	store->has_current = true;
	store_unlock(store);
	store_prune(store, true, next.serial);
	return 0;
}

int
store_current_set(struct store *store, const struct store_current *current, struct why *why)
{
	int rc;

	pthread_mutex_lock(&store->writer);
	rc = current_write(store, current, why);
	pthread_mutex_unlock(&store->writer);
	return rc;
}

int
store_version_find(const struct store *store, uint32_t serial, struct store_version *version)
{
	const struct held *held;

	store_lock(store);
	held = store_find(store, serial, true);
	if (held)
		*version = held->version;
	store_unlock(store);
	return held ? 0 : -ENOENT;
}

static int
held_compare(const void *a, const void *b)
{
	const struct held *one = a, *other = b;

	return (one->sequence < other->sequence) - (one->sequence > other->sequence);
}

int
store_history(const struct store *store, struct store_version **versions, unsigned int *count)
{
	struct held *copy __attribute__((cleanup(free_memory))) = NULL;
	struct store_version *list = NULL;
	unsigned int held_count;

	store_lock(store);
	held_count = store->held_count;
	if (held_count) {
		copy = reallocarray(NULL, held_count, sizeof(*copy));
		if (copy)
			memcpy(copy, store->held, held_count * sizeof(*copy));
	}
	store_unlock(store);
	if (held_count) {
		list = reallocarray(NULL, held_count, sizeof(*list));
		if (!copy || !list) {
			free(list);
			return -ENOMEM;
		}
		qsort(copy, held_count, sizeof(*copy), held_compare);
		for (unsigned int i = 0; i < held_count; i++)
			list[i] = copy[i].version;
	}
	*versions = list;
	*count = held_count;
	return 0;
}

json_t *
store_history_json(const struct store *store)
{
	struct store_version *versions __attribute__((cleanup(free_memory))) = NULL;
	unsigned int count = 0;
	json_t *array;

	if (store_history(store, &versions, &count) < 0)
		return NULL;
	array = json_array();
	for (unsigned int i = 0; array && i < count; i++)
		if (json_array_append_new(array, describe_version(&versions[i])) < 0) {
			json_decref(array);
			array = NULL;
		}
	return array;
}

const char *
store_path(const struct store *store)
{
	return store->path;
}
