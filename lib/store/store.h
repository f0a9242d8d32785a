/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The versions of a zone on disk: a folder for each zone, in which the last N versions stay with
 * what was verified and when, and which of them is served.
 *
 *   SERIAL.zone   canonical text          SERIAL.json          what is known of a good version
 *   SERIAL.image  every answer ready      SERIAL.refused.json  why a version was refused
 *   current.json  the version served, and the time of the last successful refresh
 *
 * A file is written beside its place, synced, renamed, and its folder synced. SERIAL.json comes
 * after the files that it describes and their digests, so that a version is there whole or not at
 * all; the same serial with other content gets files of another name (SERIAL.2.image). Killed at
 * any step, full or read-only, a disk holds what was good before, or what is good now.
 *
 * Control plane. All of it waits for the disk: call it from a worker thread, never from a loop.
 * Any thread may: those that write take turns, those that ask of what is known do not wait for
 * them.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h"
#include "image/image.h"
#include "wire/wire.h"

struct store;

enum {
	STORE_DIGEST_SIZE = 32, /* BLAKE2b */
	STORE_KEEP_DEFAULT = 10,
	STORE_KEEP_MAX = 1000,
	STORE_SOURCE_SIZE = 256,
	STORE_REASON_SIZE = 768,
};

/** What is known of a version; times in seconds since 1970. */
struct store_version {
	uint32_t serial;
	bool good;			/* false: refused, and all but serial, source, taken_at and
					   reason is zero */
	char source[STORE_SOURCE_SIZE]; /* "file /etc/root.zone", "primary 2001:db8::1 AXFR" */
	char reason[STORE_REASON_SIZE]; /* of a refusal */
	int64_t taken_at;
	int64_t verified_at;	  /* signatures were judged for then */
	uint32_t earliest_expiry; /* of all RRSIGs; 0: unsigned */
	bool dnssec, zonemd;	  /* proven */
	char anchor_tags[64];	  /* of the trust anchors that matched, "20326 38696" */
	uint64_t record_count, signature_count, answer_count; /* answers that were proven */
	uint64_t image_size, zone_size;			      /* octets; 0: there is none */
	uint8_t image_digest[STORE_DIGEST_SIZE], zone_digest[STORE_DIGEST_SIZE];
};

enum { STORE_KEYS_MAX = 8 };

/** A key-signing key of the zone, which its operator may want to trust one day (RFC 5011). */
struct store_key {
	uint16_t tag;
	uint8_t algorithm;
	bool revoked;	 /* not written */
	uint32_t ttl;	 /* not written */
	int64_t seen_at; /* in a version that was taken, and in each one since */
};

/** Which version is served. */
struct store_current {
	uint32_t serial;
	int64_t refreshed_at;		/* last successful refresh: SOA EXPIRE counts from here */
	char source[STORE_SOURCE_SIZE]; /* whom that was from */
	bool forced;			/* an operator chose it (rollback, transfer --force) */
	bool frozen;			/* an operator wants no other */
	struct store_key keys[STORE_KEYS_MAX];
	unsigned int key_count;
	bool recovered; /* not written: current.json was lost or damaged, and this is the version
			   taken last, refreshed when it was taken */
};

/**
 * Open the folder of a zone, and make it (0750) if it is not there. Both folders must belong to us
 * or root, and nobody else may write there. What an interrupted store_put() left is removed; a
 * damaged .json is set aside as .json.damaged. A disk that is read-only can be read.
 *
 * @param directory   of all zones; made if it is not there, its parent is not
 * @param keep_count  versions that stay, 1 to STORE_KEEP_MAX; the current one stays anyway
 * @param store       the caller's: store_close()
 * @param warning     what was set aside, or cannot be written; text[0] == 0: nothing
 * @return 0 or -errno; -EBUSY: another process has it
 */
int store_open(const char *directory, const struct wire_name *origin, unsigned int keep_count,
	struct store **store, struct why *warning, struct why *why);

/** No thread is in any function of it. NULL is fine. */
void store_close(struct store *store);

/** @return 0, or -ENOENT: the store holds no good version */
int store_current(const struct store *store, struct store_current *current);

/** Say which version is served; it must be one that is held. @return 0 or -errno */
int store_current_set(struct store *store, const struct store_current *current, struct why *why);

/**
 * Keep a good version. It is not current by that: store_current_set(). Then the oldest beyond
 * keep_count go.
 *
 * @param image    serial, times, what is proven come from it
 * @param text_fd  the zone's text, from offset 0; -1: there is none
 * @param version  in: source, taken_at, anchor_tags and counts; out: all of it
 * @return 0 or -errno, and what was held is held still; a version that is held already with equal
 *         files only gets its new description
 */
int store_put(struct store *store, const struct image *image, int text_fd,
	struct store_version *version, struct why *why);

/** Note a version that was refused; the last keep_count refused serials stay. @return 0 or -errno
 */
int store_refused(struct store *store, uint32_t serial, int64_t at, const char *source,
	const char *reason, struct why *why);

/** @return 0, or -ENOENT: there is no such good version */
int store_version_find(const struct store *store, uint32_t serial, struct store_version *version);

/**
 * Open the image of a version, its digest checked. A damaged one is set aside
 * (SERIAL.image.damaged) and stays there for a person to look at; its text may still be good.
 *
 * @param image  the caller's: image_free()
 * @return 0; -ENOENT: there is none; -EBADMSG: damaged, and why says where it lies now; -EINVAL:
 *         whole, but made by another version of the program; -errno
 */
int store_image_open(struct store *store, uint32_t serial, struct image **image, struct why *why);

/**
 * The path of a version's text, its digest checked, damaged as store_image_open(). It is there
 * until the version is pruned.
 */
int store_text_path(
	struct store *store, uint32_t serial, char *path, size_t path_size, struct why *why);

/**
 * All versions, the one taken last first, refused ones among them.
 *
 * @param versions  malloc'ed, the caller's to free; NULL if there is none
 * @return 0 or -ENOMEM
 */
int store_history(const struct store *store, struct store_version **versions, unsigned int *count);

/**
 * The same as an array of objects, as "zone history" answers it (docs/control.md). @return the
 * caller's: json_decref(); NULL: out of memory
 */
json_t *store_history_json(const struct store *store);

/** Where the zone's folder is, for messages. */
const char *store_path(const struct store *store);

#endif
