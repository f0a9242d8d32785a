/* SPDX-License-Identifier: BSD-3-Clause */
/* The image as a block of memory or a file. */
#ifndef IMAGE_LAYOUT_H
#define IMAGE_LAYOUT_H

#include "image/answer.h"

#define IMAGE_MAGIC "mangrove"
enum { IMAGE_VERSION = 3, IMAGE_BYTE_ORDER = 0x01020304, IMAGE_DIGEST_SIZE = 32 };

/* Parts of the block in their order, each on a line of its own. */
enum image_section {
	IMAGE_NODES,
	IMAGE_LABELS,
	IMAGE_WIDE_ENTRIES,
	IMAGE_WIDE_KEYS,
	IMAGE_WIDE_LABELS,
	IMAGE_WIDE_LENGTHS,
	IMAGE_ANSWERS,
	IMAGE_TYPE_FIRST,
	IMAGE_TYPES,
	IMAGE_COMMON,
	IMAGE_EXTRAS,
	IMAGE_BODIES,
	IMAGE_RECORDS, /* on pages of their own: no lcore reads them */
	IMAGE_SECTIONS
};

enum { IMAGE_PAGE = 4096 };

struct image_header {
	char magic[8];
	uint32_t version, byte_order;
	uint64_t size;
	uint8_t digest[IMAGE_DIGEST_SIZE]; /* BLAKE2b of the block with zeros here */
	struct {
		uint32_t offset, size;
	} sections[IMAGE_SECTIONS]; /* size in octets without the padding to the next line */
	uint32_t node_count, leaf_count, origin_labels, serial, earliest_expiry;
	uint8_t dnssec, zonemd, has_wide, spare;
	int64_t verified_at;
	struct wire_name origin;
};
static_assert(sizeof(struct wire_name) == 257, "octets only: no padding that could differ");

/* The handle that lcores read, and what owns its block. */
struct image_handle {
	struct image image;
	uint8_t *memory; /* mmap'ed */
	size_t memory_size;
};

/** Fill in a handle's view of a block whose sections are known to lie inside. */
void image_view(struct image_handle *handle, const uint8_t *block);

/** Anonymous memory for a block, on huge pages where the kernel has them. NULL: out of memory. */
struct image_handle *image_allocate(size_t size);

/** BLAKE2b of a block as if its digest were zero. */
void image_digest(const uint8_t *block, size_t size, uint8_t digest[static IMAGE_DIGEST_SIZE]);

/** Read the zone's SOA: the first record. @return false: it is none, or not of this zone */
bool image_soa_read(const struct image_header *header, struct image_facts *facts);

/** Check the records: what image_records() says of them. */
int image_records_check(const struct image_header *header, struct why *why);

/** Check everything in a block that lies behind its sections. */
int image_check(const struct image *image, const struct image_header *header, struct why *why);

#endif
