/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A zone with every answer ready: one immutable, position-independent block.
 *
 * Made, opened and freed by the control plane; read by any lcore from the moment it is published in
 * a catalogue until the grace period after its replacement has ended.
 */
#ifndef IMAGE_IMAGE_H
#define IMAGE_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/base.h"
#include "wire/wire.h"
#include "zone/zone.h"

struct image;

/* A larger image is refused: the real root zone takes a tenth. */
enum { IMAGE_SIZE_MAX = 256 << 20 };

/** What an image says about itself. */
struct image_facts {
	struct wire_name origin;
	uint32_t serial;
	uint32_t refresh, retry, expire; /* of the SOA, seconds */
	uint32_t earliest_expiry;	 /* of all RRSIGs, seconds since 1970; 0: unsigned */
	int64_t verified_at;		 /* seconds since 1970 */
	bool dnssec, zonemd;		 /* proven when it was made */
	uint32_t node_count;		 /* names down to the cuts, empty non-terminals counted */
	uint64_t size;			 /* octets */
};

/**
 * Compile a verified zone.
 *
 * @param verified_at  the time its signatures were judged for
 * @param image        the caller's: image_free()
 * @return 0 or -errno (an RRset too large to ever be answered over UDP is none: it is answered
 * TC=1)
 */
int image_compile(const struct zone *zone, const struct zone_verification *done, time_t verified_at,
	struct image **image, struct why *why);

/** Write an image, digest included, to an open file. @return 0 or -errno */
int image_write(const struct image *image, int fd);

/**
 * Map an image and check all of it: format, byte order, BLAKE2b digest, then every offset, length
 * and count, so that answering needs no checks.
 *
 * @param fd     a file or a sealed memfd; may be closed afterwards
 * @param name   for messages
 * @param image  the caller's: image_free()
 */
int image_open(int fd, const char *name, struct image **image, struct why *why);

/** image_open() of a file by path. */
int image_open_path(const char *path, struct image **image, struct why *why);

void image_free(struct image *image);

void image_facts(const struct image *image, struct image_facts *facts);

/**
 * All records of the zone, for whoever transfers, compares or audits it: as wire_record_read()
 * reads them, the SOA first, then in canonical order by owner, RRset and RDATA, RRSIGs behind the
 * RRset that they cover. Lent until image_free().
 */
const uint8_t *image_records(const struct image *image, size_t *length);

/** The name of a node, as the ledger numbers them; `node` is below node_count. */
void image_node_name(const struct image *image, uint32_t node, struct wire_name *name);

/**
 * The node that the ledger has for a name.
 *
 * @param name  folded; at or below the zone's own name
 * @param node  its own or its cut's; where it does not exist, that of the gap it falls into
 * @return whether it exists, or is below a cut
 */
bool image_node_find(const struct image *image, const struct wire_name *name, uint32_t *node);

/* the root, arpa, root-servers.net and room for more */
enum { IMAGE_CATALOGUE_MAX = 16 };

/** All zones that a node serves; immutable once published. Images are not owned. */
struct image_catalogue {
	unsigned int count;
	const struct image *images[IMAGE_CATALOGUE_MAX];
	unsigned int withheld_count;
	struct zone_withheld withheld[IMAGE_CATALOGUE_MAX];
	/* what image_catalogue_index() finds out; no root, no index */
	const struct image *root;
	unsigned int root_index;
	unsigned int other_count;
	struct image_other {
		uint32_t node; /* of the root's tree: the TLD of its name, or the one before it */
		const struct wire_name *origin;
	} others[2 * IMAGE_CATALOGUE_MAX]; /* the zones beside the root, withheld ones too */
};

/** Prepare a catalogue whose images are all there for lcores, which look into the root first. */
void image_catalogue_index(struct image_catalogue *catalogue);

#endif
