/* SPDX-License-Identifier: BSD-3-Clause */
#include "image/assemble.h"

#include <errno.h>
#include <string.h>

#include "image/layout.h"

void
image_parts_types_reserve(struct image_parts *parts, uint32_t node_count)
{
	parts->type_first = arena_take(parts->arena, (node_count + 1) * sizeof(*parts->type_first));
}

void
image_parts_types_begin(struct image_parts *parts, uint32_t node)
{
	parts->type_first[node] = parts->type_count;
}

void
image_parts_type_add(struct image_parts *parts, uint16_t type, uint32_t answer)
{
	if (parts->type_count == parts->type_room) {
		uint32_t room = parts->type_room ? 2 * parts->type_room : 256;
		struct image_type *larger = arena_take(parts->arena, room * sizeof(*larger));

		if (parts->type_count)
			memcpy(larger, parts->types, parts->type_count * sizeof(*larger));
		parts->types = larger;
		parts->type_room = room;
	}
	parts->types[parts->type_count++] = (struct image_type){.type = type, .answer = answer};
}

struct piece {
	const void *octets;
	size_t size;
};

static void
pieces_list(const struct image_parts *parts, struct piece pieces[static IMAGE_SECTIONS])
{
	const struct radix *t = &parts->tree;
	const struct image_store *s = &parts->store;
	uint32_t wide = t->entries ? t->nodes[0].child_count + 1 : 0;

	pieces[IMAGE_NODES] = (struct piece){t->nodes, t->node_count * sizeof(*t->nodes)};
	pieces[IMAGE_LABELS] = (struct piece){t->labels, t->labels_size};
	pieces[IMAGE_WIDE_ENTRIES] =
		(struct piece){t->entries, wide ? RADIX_WIDE_ENTRIES * sizeof(*t->entries) : 0};
	pieces[IMAGE_WIDE_KEYS] =
		(struct piece){t->keys, wide ? (wide + RADIX_WIDE_KEYS) * sizeof(*t->keys) : 0};
	pieces[IMAGE_WIDE_LABELS] = (struct piece){t->wide_labels, wide * sizeof(*t->wide_labels)};
	pieces[IMAGE_WIDE_LENGTHS] = (struct piece){t->wide_lengths, wide};
	pieces[IMAGE_ANSWERS] = (struct piece){s->answers, s->count * sizeof(*s->answers)};
	pieces[IMAGE_TYPE_FIRST] =
		(struct piece){parts->type_first, (t->node_count + 1) * sizeof(*parts->type_first)};
	pieces[IMAGE_TYPES] =
		(struct piece){parts->types, parts->type_count * sizeof(*parts->types)};
	pieces[IMAGE_COMMON] = (struct piece){s->common, s->common_size};
	pieces[IMAGE_EXTRAS] = (struct piece){s->extras.octets, s->extras.size};
	pieces[IMAGE_BODIES] = (struct piece){s->bodies.octets, s->bodies.size};
	pieces[IMAGE_RECORDS] = (struct piece){parts->records, parts->records_size};
}

static size_t
round_up(size_t size, size_t unit)
{
	return (size + unit - 1) & ~(unit - 1);
}

/* Offsets within their piles become offsets in the block. */
static void
answers_settle(uint8_t *block, const struct image_header *header)
{
	struct image_answer *answers =
		(struct image_answer *)(block + header->sections[IMAGE_ANSWERS].offset);
	size_t count = header->sections[IMAGE_ANSWERS].size / sizeof(*answers);

	for (size_t i = 0; i < count; i++) {
		answers[i].tail += header->sections[IMAGE_BODIES].offset;
		if (answers[i].extra == UINT32_MAX)
			answers[i].extra = 0;
		else
			answers[i].extra += header->sections[IMAGE_EXTRAS].offset;
	}
}

static struct image_header
header_make(const struct image_parts *parts, const struct zone *zone,
	const struct zone_verification *done, time_t verified_at)
{
	return (struct image_header){
		.magic = IMAGE_MAGIC,
		.version = IMAGE_VERSION,
		.byte_order = IMAGE_BYTE_ORDER,
		.node_count = parts->tree.node_count,
		.leaf_count = parts->tree.leaf_count,
		.origin_labels = parts->tree.origin_labels,
		.serial = zone->serial,
		.earliest_expiry = done->earliest_expiry,
		.dnssec = done->dnssec,
		.zonemd = done->zonemd,
		.has_wide = parts->tree.entries != NULL,
		.verified_at = verified_at,
		.origin = zone->origin,
	};
}

int
image_assemble(const struct image_parts *parts, const struct zone *zone,
	const struct zone_verification *done, time_t verified_at, struct image **image,
	struct why *why)
{
	struct image_header header = header_make(parts, zone, done, verified_at);
	struct piece pieces[IMAGE_SECTIONS];
	size_t size = round_up(sizeof(header), IMAGE_LINE);
	struct image_handle *handle;

	pieces_list(parts, pieces);
	for (unsigned int i = 0; i < IMAGE_SECTIONS; i++) {
		if (pieces[i].size > IMAGE_SIZE_MAX || size > IMAGE_SIZE_MAX)
			return why_set(why, EFBIG, "the image would be larger than %u octets",
				IMAGE_SIZE_MAX);
		if (i == IMAGE_RECORDS)
			size = round_up(size, IMAGE_PAGE);
		header.sections[i].offset = (uint32_t)size;
		header.sections[i].size = (uint32_t)pieces[i].size;
		/* vectors may read too far */
		size = round_up(size + pieces[i].size, IMAGE_LINE) + IMAGE_SLACK;
	}
	header.size = size;
	handle = image_allocate(size);
	if (!handle)
		return why_set(why, ENOMEM, "no memory for an image of %zu octets", size);
	memcpy(handle->memory, &header, sizeof(header));
	for (unsigned int i = 0; i < IMAGE_SECTIONS; i++)
		if (pieces[i].size)
			memcpy(handle->memory + header.sections[i].offset, pieces[i].octets,
				pieces[i].size);
	answers_settle(handle->memory, &header);
	image_digest(handle->memory, size, ((struct image_header *)handle->memory)->digest);
	image_view(handle, handle->memory);
	*image = &handle->image;
	return 0;
}
