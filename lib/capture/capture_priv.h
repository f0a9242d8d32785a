/* SPDX-License-Identifier: BSD-3-Clause */
/* The writer's side: tables, blocks, their encoding, files. One thread, no locks. */
#ifndef CAPTURE_CAPTURE_PRIV_H
#define CAPTURE_CAPTURE_PRIV_H

#include "capture/capture.h"

enum { CAPTURE_NONE = UINT32_MAX };

/* ---- tables: equal keys have one index ---- */

struct capture_entry {
	uint32_t offset;	/* in the pool */
	uint16_t length, value; /* value: whatever the table's owner wants */
};

struct capture_table {
	uint32_t *slots; /* index + 1; 0: free */
	struct capture_entry *entries;
	uint8_t *pool; /* keys, one behind the other */
	uint32_t slot_mask, count, count_max;
	size_t used, size;  /* octets of the pool */
	uint8_t secret[16]; /* or whoever asks would choose his slot */
};

/** @return false: no memory */
bool capture_table_init(struct capture_table *table, uint32_t count_max, size_t pool_size);
void capture_table_free(struct capture_table *table);
void capture_table_clear(struct capture_table *table);

/** The index of a key, which is entered if it is new. @return CAPTURE_NONE: the table is full */
uint32_t capture_table_enter(struct capture_table *table, const void *key, size_t length);

static inline const uint8_t *
capture_table_key(const struct capture_table *table, uint32_t index)
{
	return table->pool + table->entries[index].offset;
}

/* ---- time ---- */

/** Ticks become times by a rate that is measured since the start. */
struct capture_clock {
	struct capture_moment first, last;
	double ns_per_tick;
	int64_t offset_ns; /* of the time of day from the clock that nobody sets */
};

void capture_moment_read(struct capture_moment *moment);
void capture_clock_begin(struct capture_clock *clock, const struct capture_moment *moment);

/** @return by how much the time of day was set, in ns; 0: it was not */
int64_t capture_clock_turn(struct capture_clock *clock, const struct capture_moment *moment);

/** @return nanoseconds since 1970 */
int64_t capture_clock_time(const struct capture_clock *clock, uint64_t ticks);

/* ---- blocks (RFC 8618 7.3.2) ---- */

enum {
	/* 1 MiB of names, and their items may be some more octets than that */
	CAPTURE_NAMES_SIZE = 1 << 20,
	CAPTURE_BLOCK_SIZE = 4 << 20,
};

/** What items have in common (RFC 8618 7.3.2.3.2): the key of a table, so without holes. */
struct capture_signature {
	uint32_t classtype; /* index, or CAPTURE_NONE */
	uint32_t dns_flags;
	uint16_t edns_size;
	uint8_t transport_flags, sig_flags, opcode, query_rcode, edns_version, has_edns;
	uint16_t reply_rcode;
	uint8_t replied, ipv6;
};
static_assert(sizeof(struct capture_signature) == 20, "no holes");

struct capture_item {
	int64_t time_ns;
	uint32_t address, name, signature; /* indexes; name: or CAPTURE_NONE */
	uint16_t port, id, query_length, reply_length;
	bool replied;
};

struct capture_statistics {
	uint64_t messages, unmatched_queries, unmatched_responses, malformed;
	/* since the block before: records that rings dropped, queries that were left out */
	uint64_t dropped, strained;
};

struct capture_block {
	const struct capture_settings *settings;
	struct capture_table addresses; /* as they are kept */
	struct capture_table originals; /* of pseudonyms, which are dear; value: index of these */
	struct capture_table classtypes, names, signatures;
	/* in the table of addresses, of IPv4 and IPv6; CAPTURE_NONE: not known */
	uint32_t servers[2];
	struct capture_item *items;
	uint32_t count;
	struct capture_statistics statistics;
	uint8_t *octets; /* CAPTURE_BLOCK_SIZE, for encoding */
};

/** @param settings  lent. @return NULL: no memory */
struct capture_block *capture_block_new(const struct capture_settings *settings);
void capture_block_free(struct capture_block *block);
void capture_block_clear(struct capture_block *block);

/** Enter a record. @return false: the block is full, and the record not in it */
bool capture_block_add(
	struct capture_block *block, const struct capture_record *record, int64_t time_ns);

/** Encode a block. @return octets of block->octets */
size_t capture_block_encode(struct capture_block *block);

/** Encode what stands before the blocks. @return octets */
size_t capture_preamble_encode(
	const struct capture_settings *settings, uint8_t *octets, size_t size);

/** What stands behind the last block. @return octets */
size_t capture_end_encode(uint8_t *octets, size_t size);

/* ---- files ---- */

/** Room for any block in any form. */
size_t capture_compress_bound(enum capture_compression compression, size_t size);

/**
 * Compress into a frame of its own, so that a file is whole up to any of them.
 *
 * @return octets; 0: no memory
 */
size_t capture_compress(enum capture_compression compression, const uint8_t *octets, size_t size,
	uint8_t *frame, size_t room);

extern const char *const capture_suffixes[]; /* ".zst", by enum capture_compression */

enum { CAPTURE_PATH_MAX = 512 };

struct capture_file {
	const struct capture_settings *settings;
	int fd;		  /* -1: none is open */
	int64_t begun_ns; /* of the clock that nobody sets */
	uint64_t size;	  /* octets that are whole */
	uint64_t items;	  /* in these */
	bool ended;	  /* its end is written, and not yet its name */
	uint8_t *frame;
	size_t frame_room;
	char name[CAPTURE_PATH_MAX], part[CAPTURE_PATH_MAX]; /* paths when done, and until then */
};

/** @return false: no memory */
bool capture_file_init(struct capture_file *file, const struct capture_settings *settings);
void capture_file_free(struct capture_file *file);

/** Begin one, with its preamble. @return 0 or -errno, and none is open */
int capture_file_open(struct capture_file *file, const struct capture_moment *now, struct why *why);

/**
 * Append octets as a frame; what was there stays whole if it fails.
 *
 * @return 0 or -errno; -ENOENT: the file was removed
 */
int capture_file_append(
	struct capture_file *file, const uint8_t *octets, size_t size, struct why *why);

/**
 * End it and give it its name.
 *
 * @return 0, or -errno: it stays open, and this may be tried again; -ENOENT: in vain
 */
int capture_file_close(struct capture_file *file, struct why *why);

/** Let go of it as it is: where it was is gone. */
void capture_file_abandon(struct capture_file *file);

#endif
