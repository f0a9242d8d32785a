/* SPDX-License-Identifier: BSD-3-Clause */
/* Control plane: observers of all threads, and what lines of a generation mean to them. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "image/answer.h"
#include "observe/observe_priv.h"

struct observe_set *
observe_set_new(const struct observe_settings *settings)
{
	struct observe_set *set = calloc(1, sizeof(*set));

	if (!set)
		return NULL;
	set->settings = *settings;
	set->since = time(NULL);
	for (unsigned int i = 0; i < 2; i++)
		set->views[i] = (struct observe_view){.zone = OBSERVE_NO_ROOT};
	return set;
}

void
observe_set_free(struct observe_set *set)
{
	for (unsigned int i = 0; set && i < set->count; i++)
		free(set->observers[i]);
	free(set);
}

struct observer *
observe_set_add(struct observe_set *set)
{
	size_t size = (sizeof(struct observer) + 63) / 64 * 64;
	struct observer *o = set->count < OBSERVE_WRITERS_MAX ? aligned_alloc(64, size) : NULL;

	if (!o)
		return NULL;
	/* all of its pages are there before its thread needs them */
	memset(o, 0, size);
	memcpy(o->views, set->views, sizeof(o->views));
	o->seed = set->settings.seed;
	o->network_limit = UINT64_MAX / set->settings.networks_one_in;
	o->sample_one_in = set->settings.sample_one_in;
	o->countdown = 1;
	/* another for each, and never 0 */
	o->random = (o->seed ^ (set->count + 1) * 0x9e3779b97f4a7c15) | 1;
	set->observers[set->count++] = o;
	return o;
}

/* ---- generations ---- */

/* FNV-1a of 64 bits */
static uint64_t
digest(uint64_t hash, const void *octets, size_t size)
{
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ ((const uint8_t *)octets)[i]) * 0x100000001b3;
	return hash;
}

/* Of what gives nodes their numbers. */
static uint64_t
names_digest(const struct image *image)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (uint32_t i = 0; i < image->radix.node_count; i++) {
		const struct radix_node *node = &image->radix.nodes[i];
		const uint8_t *label = image->radix.labels + node->label;

		hash = digest(hash, &node->parent, sizeof(node->parent));
		hash = digest(hash, label, i ? 1u + label[0] : 0);
	}
	return hash;
}

/* The TTL of the zone's first NSEC record, which is the apex's. @return 0: it has none */
static uint32_t
nsec_ttl(const struct image *image)
{
	size_t length;
	const uint8_t *records = image_records(image, &length);
	struct wire_reader r = wire_reader_of(records, length);
	struct wire_record record;

	while (r.offset < r.length) {
		wire_record_read(&r, &record);
		if (r.failed)
			break;
		if (record.type == WIRE_TYPE_NSEC)
			return record.ttl;
	}
	return 0;
}

void
observe_set_prepare(
	struct observe_set *set, uint32_t generation, const struct image_catalogue *catalogue)
{
	struct observe_view view = {
		.zone = OBSERVE_NO_ROOT, .names = set->views[set->generation % 2].names};

	for (unsigned int i = 0; i < catalogue->count; i++) {
		const struct image *image = catalogue->images[i];
		uint64_t names;

		if (!wire_name_is_root(&image->origin))
			continue;
		names = names_digest(image);
		view.zone = (uint8_t)i;
		view.ttl = nsec_ttl(image);
		view.names += names != set->names_digest;
		set->names_digest = names;
	}
	set->generation = generation;
	set->views[generation % 2] = view;
	for (unsigned int i = 0; i < set->count; i++)
		set->observers[i]->views[generation % 2] = view;
}
