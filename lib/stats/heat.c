/* SPDX-License-Identifier: BSD-3-Clause */
/* Control plane: whose heat it is. Nodes are numbers of one version of a zone; names stay. */
#include <stdlib.h>
#include <string.h>

#include "image/answer.h"
#include "stats/stats_priv.h"

bool
stats_names_begin(struct stats_set *set)
{
	set->name_room = 2048;
	set->names = calloc(set->name_room, sizeof(*set->names));
	set->name_count = 1;
	return set->names != NULL;
}

void
stats_names_end(struct stats_set *set)
{
	for (uint32_t i = 1; i < set->name_count; i++)
		free(set->names[i].zone);
	free(set->names);
	for (unsigned int i = 0; i < 2; i++)
		free(set->layouts[i].names);
}

/* FNV-1a: names come from a zone that was verified, nobody aims at buckets. */
static uint32_t
bucket_of(const char *zone, const char *name)
{
	uint32_t hash = 2166136261;

	for (; *zone; zone++)
		hash = (hash ^ (uint8_t)*zone) * 16777619;
	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619;
	return (hash ^ hash >> 16) % STATS_BUCKETS;
}

static bool
names_grow(struct stats_set *set)
{
	uint32_t room = 2 * set->name_room;
	struct stats_name *larger;

	if (set->name_count < set->name_room)
		return true;
	larger = realloc(set->names, room * sizeof(*larger));
	if (!larger)
		return false;
	set->names = larger;
	set->name_room = room;
	return true;
}

/* @return its index; 0: there is no room for another */
static uint32_t
name_find(struct stats_set *set, const char *zone, const char *name)
{
	uint32_t *bucket = &set->buckets[bucket_of(zone, name)];
	size_t zone_size = strlen(zone) + 1, name_size = strlen(name) + 1;
	char *text;

	for (uint32_t i = *bucket; i; i = set->names[i].next)
		if (strcmp(set->names[i].name, name) == 0 && strcmp(set->names[i].zone, zone) == 0)
			return i;
	if (set->name_count == STATS_HEAT_NAMES_MAX || !names_grow(set))
		return 0;
	text = malloc(zone_size + name_size);
	if (!text)
		return 0;
	memcpy(text, zone, zone_size);
	memcpy(text + zone_size, name, name_size);
	set->names[set->name_count] =
		(struct stats_name){.zone = text, .name = text + zone_size, .next = *bucket};
	*bucket = set->name_count;
	return set->name_count++;
}

/* What services that are gone have counted stays with the names. */
static void
fold(struct stats_set *set, struct stats_layout *layout)
{
	for (unsigned int i = 0; i < set->writer_count; i++) {
		const struct stats_heat *heat = &set->writers[i]->heats[layout->generation % 2];

		if (heat->generation != layout->generation || heat->size == 0)
			continue;
		for (uint32_t node = 0; node < layout->node_count; node++) {
			struct stats_name *name = &set->names[layout->names[node]];

			name->existing += counter_read(&heat->nodes[node].existing);
			name->gap += counter_read(&heat->nodes[node].gap);
		}
	}
	free(layout->names);
	*layout = (struct stats_layout){.names = NULL};
}

static void
zone_lay(struct stats_set *set, struct stats_layout *layout, unsigned int index,
	const struct image *image)
{
	char zone_text[WIRE_NAME_TEXT_MAX], text[WIRE_NAME_TEXT_MAX];
	struct wire_name name;

	wire_name_to_text(&image->origin, zone_text);
	layout->zone_first[index] = layout->node_count;
	layout->zone_count[index] = image->radix.node_count;
	for (uint32_t node = 0; node < image->radix.node_count; node++) {
		image_node_name(image, node, &name);
		layout->names[layout->node_count++] =
			name_find(set, zone_text, wire_name_to_text(&name, text));
	}
}

void
stats_set_prepare(
	struct stats_set *set, uint32_t generation, const struct image_catalogue *catalogue)
{
	struct stats_layout *layout = &set->layouts[generation % 2];
	uint32_t total = 1;

	fold(set, layout);
	layout->generation = generation;
	for (unsigned int i = 0; i < catalogue->count; i++)
		total += catalogue->images[i]->radix.node_count;
	if (total > STATS_HEAT_NODES_MAX)
		total = STATS_HEAT_NODES_MAX;
	layout->names = calloc(total, sizeof(*layout->names));
	layout->node_count = layout->names ? 1 : 0;
	for (unsigned int i = 0; i < catalogue->count && layout->names; i++) {
		const struct image *image = catalogue->images[i];

		if (image->radix.node_count <= total - layout->node_count)
			zone_lay(set, layout, i, image);
	}
	for (unsigned int i = 0; i < set->writer_count; i++)
		stats_heat_give(set->writers[i], layout);
}

/* What a service that may be in use has counted so far. */
static void
layout_add(
	const struct stats_set *set, const struct stats_layout *layout, struct stats_total *totals)
{
	for (unsigned int i = 0; i < set->writer_count; i++) {
		const struct stats_heat *heat = &set->writers[i]->heats[layout->generation % 2];

		for (uint32_t node = 0; node < layout->node_count && heat->size; node++) {
			struct stats_total *total = &totals[layout->names[node]];

			total->existing += counter_read(&heat->nodes[node].existing);
			total->gap += counter_read(&heat->nodes[node].gap);
		}
	}
}

unsigned int
stats_set_heat(const struct stats_set *set, struct stats_total **totals)
{
	*totals = malloc(set->name_count * sizeof(**totals));
	if (!*totals)
		return 0;
	for (uint32_t i = 0; i < set->name_count; i++)
		(*totals)[i] = (struct stats_total){.zone = i ? set->names[i].zone : "",
			.name = i ? set->names[i].name : "",
			.existing = set->names[i].existing,
			.gap = set->names[i].gap};
	for (unsigned int side = 0; side < 2; side++)
		if (set->layouts[side].node_count)
			layout_add(set, &set->layouts[side], *totals);
	for (unsigned int i = 0; i < set->writer_count; i++) {
		(*totals)[0].existing += counter_read(&set->writers[i]->nowhere.existing);
		(*totals)[0].gap += counter_read(&set->writers[i]->nowhere.gap);
	}
	return set->name_count;
}
