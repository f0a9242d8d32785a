/* SPDX-License-Identifier: BSD-3-Clause */
/* A zone, its version of now, and the way there from those before. */
#include <string.h>

#include "primary/primary_priv.h"

struct primary_zone *
primary_zone_new(const struct wire_name *origin, unsigned int secondary_count)
{
	struct primary_zone *zone = calloc(1, sizeof(*zone));

	if (!zone)
		return NULL;
	zone->origin = *origin;
	zone->may_serve = true;
	/* one more, because none may come as NULL */
	zone->notifications = calloc(secondary_count + 1, sizeof(*zone->notifications));
	if (zone->notifications)
		return zone;
	free(zone);
	return NULL;
}

/* The `count` oldest differences go. */
static void
steps_drop(struct primary_zone *zone, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		zone->difference_size -= zone->steps[i].difference->length;
		primary_block_drop(zone->steps[i].difference);
	}
	zone->difference_count -= count;
	memmove(zone->steps, zone->steps + count, zone->difference_count * sizeof(*zone->steps));
}

void
primary_zone_free(struct primary_zone *zone)
{
	if (!zone)
		return;
	steps_drop(zone, zone->difference_count);
	primary_block_drop(zone->records);
	free(zone->notifications);
	free(zone);
}

/* Serials that go back, or stand still under other content, are no step of IXFR. */
static void
step_keep(struct primary_zone *zone, const struct primary_block *records, uint32_t serial,
	unsigned int versions)
{
	struct primary_block *difference = NULL;

	if ((int32_t)(serial - zone->serial) <= 0 || versions == 0 ||
		primary_difference(zone->records, records, records->length, &difference) < 0) {
		steps_drop(zone, zone->difference_count);
		return;
	}
	if (zone->difference_count >= versions)
		steps_drop(zone, zone->difference_count - versions + 1);
	zone->steps[zone->difference_count++] = (struct primary_step){zone->serial, difference};
	zone->difference_size += difference->length;
	/* a longer way than all of the zone is never taken */
	while (zone->difference_size > records->length)
		steps_drop(zone, 1);
}

static size_t
first_record_length(const struct primary_block *records)
{
	struct wire_reader r = wire_reader_of(records->octets, records->length);
	struct wire_record record;

	wire_record_read(&r, &record);
	return r.offset;
}

void
primary_zone_advance(struct primary_zone *zone, struct primary_block *records, uint32_t serial,
	unsigned int versions)
{
	if (zone->records)
		step_keep(zone, records, serial, versions);
	primary_block_drop(zone->records);
	zone->records = records;
	zone->serial = serial;
	zone->soa_length = first_record_length(records);
}

static void
part_add(struct primary_contents *contents, struct primary_block *block, size_t length)
{
	contents->parts[contents->count++] =
		(struct primary_part){primary_block_use(block), length};
}

void
primary_contents_soa(struct primary_contents *contents, const struct primary_zone *zone)
{
	contents->count = 0;
	part_add(contents, zone->records, zone->soa_length);
}

void
primary_contents_whole(struct primary_contents *contents, const struct primary_zone *zone)
{
	contents->count = 0;
	part_add(contents, zone->records, zone->records->length);
	part_add(contents, zone->records, zone->soa_length);
}

bool
primary_contents_differences(
	struct primary_contents *contents, const struct primary_zone *zone, uint32_t serial)
{
	unsigned int first = 0;

	while (first < zone->difference_count && zone->steps[first].from != serial)
		first++;
	if (first == zone->difference_count)
		return false;
	contents->count = 0;
	part_add(contents, zone->records, zone->soa_length);
	for (unsigned int i = first; i < zone->difference_count; i++)
		part_add(contents, zone->steps[i].difference, zone->steps[i].difference->length);
	part_add(contents, zone->records, zone->soa_length);
	return true;
}

void
primary_contents_drop(struct primary_contents *contents)
{
	for (unsigned int i = 0; i < contents->count; i++)
		primary_block_drop(contents->parts[i].block);
	contents->count = 0;
}
