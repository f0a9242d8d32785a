/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names by a hash table: a proof looks up millions. Who makes names collide on purpose makes a
 * builder slow, which is bounded.
 */
#include "zone/zone_priv.h"

/* FNV-1a */
static uint32_t
hash_of(const struct wire_name *name)
{
	uint32_t hash = 2166136261;

	for (unsigned int i = 0; i < name->length; i++)
		hash = (hash ^ name->octets[i]) * 16777619;
	return hash ^ hash >> 16;
}

void
zone_index_build(struct zone *zone)
{
	uint32_t size = 16, *index;

	/* at most half of it is in use */
	while (size < 2 * zone->node_count)
		size *= 2;
	index = arena_take(zone->arena, size * sizeof(*index));
	zone->index_mask = size - 1;
	for (uint32_t i = 0; i < zone->node_count; i++) {
		uint32_t at = hash_of(&zone->nodes[i].name);

		while (index[at & zone->index_mask])
			at++;
		index[at & zone->index_mask] = i + 1;
	}
	zone->index = index;
}

const struct zone_node *
zone_find(const struct zone *zone, const struct wire_name *name)
{
	uint32_t at = hash_of(name), entry;

	while ((entry = zone->index[at & zone->index_mask]) != 0) {
		const struct zone_node *node = &zone->nodes[entry - 1];

		if (wire_name_equal(&node->name, name))
			return node;
		at++;
	}
	return NULL;
}
