/* SPDX-License-Identifier: BSD-3-Clause */
/* From the parts that the compiler made to one block. */
#ifndef IMAGE_ASSEMBLE_H
#define IMAGE_ASSEMBLE_H

#include "image/compose.h"

struct image_parts {
	struct arena *arena;
	struct radix tree;
	struct image_store store;
	uint32_t *type_first; /* by node */
	struct image_type *types;
	uint32_t type_count, type_room;
	const uint8_t *records;
	size_t records_size;
};

/** Room for the types of so many nodes. */
void image_parts_types_reserve(struct image_parts *parts, uint32_t node_count);

/** Types added from here on are this node's; called for each node in turn and once for their count.
 */
void image_parts_types_begin(struct image_parts *parts, uint32_t node);

/** The current node answers `type` with answers[answer] and, if DO, the one behind. */
void image_parts_type_add(struct image_parts *parts, uint16_t type, uint32_t answer);

int image_assemble(const struct image_parts *parts, const struct zone *zone,
	const struct zone_verification *done, time_t verified_at, struct image **image,
	struct why *why);

#endif
