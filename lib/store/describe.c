/* SPDX-License-Identifier: BSD-3-Clause */
/* What is known of a version, as JSON. On disk each carries a digest of itself: a bit that flips in
 * the time of the last refresh would make an expired zone look good. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "store/store_priv.h"

enum { DIGEST_TEXT_SIZE = 2 * STORE_DIGEST_SIZE + 1 };

/* Sorted and compact, so that equal content gives equal octets. */
enum { DUMP = JSON_SORT_KEYS | JSON_COMPACT };

static const char current_name[] = "current.json";

/* ---- objects whose "digest" is that of the rest ---- */

static int
object_digest(const json_t *object, char text[static DIGEST_TEXT_SIZE])
{
	uint8_t digest[STORE_DIGEST_SIZE];
	char *dump = json_dumps(object, DUMP);

	if (!dump)
		return -ENOMEM;
	crypto_generichash(digest, sizeof(digest), (const uint8_t *)dump, strlen(dump), NULL, 0);
	free(dump);
	sodium_bin2hex(text, DIGEST_TEXT_SIZE, digest, sizeof(digest));
	return 0;
}

/* Takes the object, which may be NULL. */
static char *
object_seal(json_t *object)
{
	char digest[DIGEST_TEXT_SIZE];
	char *text = NULL;

	if (object && object_digest(object, digest) == 0 &&
		json_object_set_new(object, "digest", json_string(digest)) == 0)
		text = json_dumps(object, JSON_INDENT(2));
	json_decref(object);
	return text;
}

static int
object_save(const struct store *store, const char *name, json_t *object, struct why *why)
{
	char *text __attribute__((cleanup(free_memory))) = object_seal(object);
	struct disk_file file;
	int rc;

	if (!text)
		return why_set(why, ENOMEM, "%s/%s: out of memory", store->path, name);
	rc = disk_file_begin(store->directory, name, &file, why);
	if (rc == 0) {
		rc = file_write_all(file.fd, text, strlen(text));
		if (rc < 0)
			why_set(why, -rc, "%s: %s", file.beside, strerror(-rc));
		else
			rc = disk_file_sync(&file, why);
		if (rc == 0)
			rc = disk_file_place(&file, why);
		disk_file_drop(&file);
	}
	if (rc == 0)
		rc = disk_sync(store->directory, store->path, why);
	else
		why_prefix(why, "%s", store->path);
	return rc;
}

static int
object_load(const struct store *store, const char *name, json_t **object, struct why *why)
{
	char is[DIGEST_TEXT_SIZE], said[DIGEST_TEXT_SIZE] = "";
	int fd __attribute__((cleanup(close_fd))) =
		openat(store->directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	json_error_t error;
	json_t *read;

	if (fd < 0)
		return why_errno(why, "%s/%s", store->path, name);
	read = json_loadfd(fd, JSON_REJECT_DUPLICATES, &error);
	if (!read)
		return why_set(
			why, EBADMSG, "%s/%s:%d: %s", store->path, name, error.line, error.text);
	snprintf(said, sizeof(said), "%s",
		json_is_object(read) ? json_string_value(json_object_get(read, "digest")) ?: ""
				     : "");
	json_object_del(read, "digest");
	if (object_digest(read, is) < 0 || strcmp(is, said) != 0) {
		json_decref(read);
		return why_set(
			why, EBADMSG, "%s/%s: damaged: its digest is wrong", store->path, name);
	}
	*object = read;
	return 0;
}

/* ---- a version ---- */

static json_t *
digest_text(const uint8_t digest[static STORE_DIGEST_SIZE], uint64_t size)
{
	char text[DIGEST_TEXT_SIZE];

	if (size == 0)
		return json_null();
	return json_string(sodium_bin2hex(text, sizeof(text), digest, STORE_DIGEST_SIZE));
}

/* Text from outside is UTF-8 for JSON, or becomes it. */
static json_t *
foreign_text(const char *text)
{
	json_t *string = json_string(text);
	char plain[STORE_REASON_SIZE];
	size_t i;

	if (string)
		return string;
	for (i = 0; i < sizeof(plain) - 1 && text[i]; i++) {
		plain[i] = text[i];
		if (text[i] & 0x80)
			plain[i] = '?';
	}
	plain[i] = '\0';
	return json_string(plain);
}

json_t *
describe_version(const struct store_version *v)
{
	json_t *object = json_pack("{s:I, s:b, s:o, s:I}", "serial", (json_int_t)v->serial, "good",
		v->good, "source", foreign_text(v->source), "taken_at", (json_int_t)v->taken_at);
	json_t *more;

	if (!v->good)
		more = json_pack("{s:o}", "reason", foreign_text(v->reason));
	else
		more = json_pack("{s:I, s:o, s:b, s:b, s:o, s:I, s:I, s:I, s:I, s:o, s:I, s:o}",
			"verified_at", (json_int_t)v->verified_at, "signatures_expire_at",
			v->earliest_expiry ? json_integer(v->earliest_expiry) : json_null(),
			"dnssec", v->dnssec, "zonemd", v->zonemd, "anchor_tags",
			foreign_text(v->anchor_tags), "records", (json_int_t)v->record_count,
			"signatures", (json_int_t)v->signature_count, "answers",
			(json_int_t)v->answer_count, "image_size", (json_int_t)v->image_size,
			"image_digest", digest_text(v->image_digest, v->image_size), "zone_size",
			(json_int_t)v->zone_size, "zone_digest",
			digest_text(v->zone_digest, v->zone_size));
	if (!object || !more || json_object_update(object, more) < 0) {
		json_decref(object);
		object = NULL;
	}
	json_decref(more);
	return object;
}

static uint64_t
number_of(const json_t *object, const char *key)
{
	json_int_t value = json_integer_value(json_object_get(object, key));

	return value < 0 ? 0 : (uint64_t)value;
}

static void
text_of(const json_t *object, const char *key, char *text, size_t size)
{
	const char *value = json_string_value(json_object_get(object, key));

	snprintf(text, size, "%s", value ? value : "");
}

static bool
digest_of(const json_t *object, const char *key, uint8_t digest[static STORE_DIGEST_SIZE])
{
	const char *text = json_string_value(json_object_get(object, key));
	size_t length;

	return text &&
	       sodium_hex2bin(digest, STORE_DIGEST_SIZE, text, strlen(text), NULL, &length, NULL) ==
		       0 &&
	       length == STORE_DIGEST_SIZE;
}

static bool
version_read(const json_t *object, struct store_version *v)
{
	*v = (struct store_version){.serial = (uint32_t)number_of(object, "serial"),
		.good = json_is_true(json_object_get(object, "good")),
		.taken_at = (int64_t)number_of(object, "taken_at")};
	text_of(object, "source", v->source, sizeof(v->source));
	if (!v->good) {
		text_of(object, "reason", v->reason, sizeof(v->reason));
		return true;
	}
	v->verified_at = (int64_t)number_of(object, "verified_at");
	v->earliest_expiry = (uint32_t)number_of(object, "signatures_expire_at");
	v->dnssec = json_is_true(json_object_get(object, "dnssec"));
	v->zonemd = json_is_true(json_object_get(object, "zonemd"));
	text_of(object, "anchor_tags", v->anchor_tags, sizeof(v->anchor_tags));
	v->record_count = number_of(object, "records");
	v->signature_count = number_of(object, "signatures");
	v->answer_count = number_of(object, "answers");
	v->image_size = number_of(object, "image_size");
	v->zone_size = number_of(object, "zone_size");
	return (!v->image_size || digest_of(object, "image_digest", v->image_digest)) &&
	       (!v->zone_size || digest_of(object, "zone_digest", v->zone_digest));
}

int
describe_held_save(const struct store *store, const struct held *held, struct why *why)
{
	json_t *object = describe_version(&held->version);
	char name[STORE_NAME_SIZE];

	store_description_name(name, held->version.serial, held->version.good);
	if (object && (json_object_set_new(object, "zone", json_string(store->origin)) < 0 ||
			      json_object_set_new(
				      object, "generation", json_integer(held->generation)) < 0 ||
			      json_object_set_new(object, "sequence",
				      json_integer((json_int_t)held->sequence)) < 0)) {
		json_decref(object);
		object = NULL;
	}
	return object_save(store, name, object, why);
}

int
describe_held_load(const struct store *store, const char *name, struct held *held, struct why *why)
{
	char expected[STORE_NAME_SIZE], zone[WIRE_NAME_TEXT_MAX];
	json_t *object = NULL;
	int rc = object_load(store, name, &object, why);

	if (rc < 0)
		return rc;
	*held = (struct held){.generation = (uint32_t)number_of(object, "generation"),
		.sequence = number_of(object, "sequence")};
	text_of(object, "zone", zone, sizeof(zone));
	if (!version_read(object, &held->version))
		rc = why_set(why, EBADMSG, "%s/%s: it lacks a digest", store->path, name);
	store_description_name(expected, held->version.serial, held->version.good);
	if (rc == 0 && (strcmp(expected, name) != 0 || strcmp(zone, store->origin) != 0))
		rc = why_set(why, EBADMSG, "%s/%s: it is of zone %.200s, %s", store->path, name,
			zone, expected);
	json_decref(object);
	return rc;
}

/* ---- the current version ---- */

static json_t *
keys_describe(const struct store_current *current)
{
	json_t *all = json_array();

	for (unsigned int i = 0; i < current->key_count; i++)
		json_array_append_new(
			all, json_pack("{s:i, s:i, s:I}", "tag", current->keys[i].tag, "algorithm",
				     current->keys[i].algorithm, "seen_at",
				     (json_int_t)current->keys[i].seen_at));
	return all;
}

static void
keys_read(const json_t *object, struct store_current *current)
{
	const json_t *key;
	size_t i;

	json_array_foreach(json_object_get(object, "keys"), i, key)
	{
		if (i == STORE_KEYS_MAX)
			break;
		current->keys[current->key_count++] =
			(struct store_key){.tag = (uint16_t)number_of(key, "tag"),
				.algorithm = (uint8_t)number_of(key, "algorithm"),
				.seen_at = (int64_t)number_of(key, "seen_at")};
	}
}

int
describe_current_save(
	const struct store *store, const struct store_current *current, struct why *why)
{
	json_t *object = json_pack("{s:s, s:I, s:I, s:o, s:b, s:b, s:o}", "zone", store->origin,
		"serial", (json_int_t)current->serial, "refreshed_at",
		(json_int_t)current->refreshed_at, "source", foreign_text(current->source),
		"forced", current->forced, "frozen", current->frozen, "keys",
		keys_describe(current));

	return object_save(store, current_name, object, why);
}

int
describe_current_load(const struct store *store, struct store_current *current, struct why *why)
{
	char zone[WIRE_NAME_TEXT_MAX];
	json_t *object = NULL;
	int rc = object_load(store, current_name, &object, why);

	if (rc < 0)
		return rc;
	*current = (struct store_current){.serial = (uint32_t)number_of(object, "serial"),
		.refreshed_at = (int64_t)number_of(object, "refreshed_at"),
		.forced = json_is_true(json_object_get(object, "forced")),
		.frozen = json_is_true(json_object_get(object, "frozen"))};
	text_of(object, "source", current->source, sizeof(current->source));
	keys_read(object, current);
	text_of(object, "zone", zone, sizeof(zone));
	if (strcmp(zone, store->origin) != 0)
		rc = why_set(why, EBADMSG, "%s/%s: it is of zone %.200s", store->path, current_name,
			zone);
	json_decref(object);
	return rc;
}
