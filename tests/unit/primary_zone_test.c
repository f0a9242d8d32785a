/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>

#include "primary_records.h"

static struct made_zone made;

static struct primary_zone *
zone_begin(struct random *random, uint32_t serial)
{
	struct wire_name origin;
	struct primary_zone *zone;

	wire_name_from_text(&origin, "example.");
	zone = primary_zone_new(&origin, 0);
	made.count = 0;
	made.serial = serial;
	made_grow(&made, random, 600);
	primary_zone_advance(zone, made_block(&made), made.serial, 4);
	return zone;
}

static void
zone_edit(struct primary_zone *zone, struct random *random, unsigned int percent)
{
	made_edit(&made, random, percent);
	primary_zone_advance(zone, made_block(&made), made.serial, 4);
}

/* Which serials the SOAs of a transfer say, in order. */
static unsigned int
serials_of(const struct primary_contents *contents, uint32_t *serials)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < contents->count; i++) {
		const struct primary_part *part = &contents->parts[i];
		struct wire_reader r = wire_reader_of(part->block->octets, part->length);

		while (r.offset < r.length) {
			struct wire_record record;
			struct wire_reader rdata;
			struct wire_name name;

			wire_record_read(&r, &record);
			if (record.type != WIRE_TYPE_SOA)
				continue;
			rdata = wire_reader_of(record.rdata, record.length);
			wire_name_read(&rdata, &name);
			wire_name_read(&rdata, &name);
			serials[count++] = wire_u32_read(&rdata);
		}
	}
	return count;
}

Test(primary_zone, is_handed_out_whole_between_two_soas)
{
	struct random random = {3};
	struct primary_zone *zone = zone_begin(&random, 10);
	struct primary_contents contents;
	uint32_t serials[8];

	primary_contents_whole(&contents, zone);
	cr_expect_eq(contents.count, 2);
	cr_expect_eq(contents.parts[0].length, zone->records->length);
	cr_expect_eq(serials_of(&contents, serials), 2);
	cr_expect_eq(serials[0], 10);
	cr_expect_eq(serials[1], 10);
	cr_expect_eq(zone->records->users, 3);
	primary_contents_drop(&contents);
	cr_expect_eq(zone->records->users, 1);
	primary_zone_free(zone);
}

Test(primary_zone, leads_from_each_kept_version_to_the_newest_in_steps)
{
	/* across the end of serials, RFC 1982 */
	struct random random = {4};
	struct primary_zone *zone = zone_begin(&random, UINT32_MAX - 1);
	struct primary_contents contents;
	uint32_t serials[16];

	for (unsigned int i = 0; i < 3; i++)
		zone_edit(zone, &random, 2);
	cr_assert(primary_contents_differences(&contents, zone, UINT32_MAX));
	cr_expect_eq(serials_of(&contents, serials), 6);
	cr_expect_eq(serials[0], 1);
	cr_expect_eq(serials[1], UINT32_MAX);
	cr_expect_eq(serials[2], 0);
	cr_expect_eq(serials[3], 0);
	cr_expect_eq(serials[4], 1);
	cr_expect_eq(serials[5], 1);
	primary_contents_drop(&contents);
	cr_expect(!primary_contents_differences(&contents, zone, 1), "the newest has no step");
	cr_expect(!primary_contents_differences(&contents, zone, UINT32_MAX - 2));
	primary_zone_free(zone);
}

Test(primary_zone, keeps_as_many_differences_as_it_may)
{
	struct random random = {5};
	struct primary_zone *zone = zone_begin(&random, 1);
	struct primary_contents contents;

	for (unsigned int i = 0; i < 6; i++)
		zone_edit(zone, &random, 1);
	cr_expect_eq(zone->serial, 7);
	cr_expect_eq(zone->difference_count, 4);
	cr_expect(!primary_contents_differences(&contents, zone, 2));
	cr_expect(primary_contents_differences(&contents, zone, 3));
	primary_contents_drop(&contents);
	primary_zone_free(zone);
}

Test(primary_zone, keeps_no_way_that_is_longer_than_all_of_it)
{
	struct random random = {6};
	struct primary_zone *zone = zone_begin(&random, 1);
	struct primary_contents contents;
	size_t size = 0;

	for (unsigned int i = 0; i < 4; i++) {
		zone_edit(zone, &random, 20);
		cr_expect_leq(zone->difference_size, zone->records->length);
	}
	cr_expect_lt(zone->difference_count, 4);
	for (unsigned int i = 0; i < zone->difference_count; i++)
		size += zone->steps[i].difference->length;
	cr_expect_eq(size, zone->difference_size);
	/* one of which nearly everything is new */
	zone_edit(zone, &random, 90);
	cr_expect_eq(zone->difference_count, 0);
	cr_expect(!primary_contents_differences(&contents, zone, made.serial - 1));
	primary_zone_free(zone);
}

Test(primary_zone, forgets_its_differences_when_its_serial_goes_back_or_stands_still)
{
	static const int32_t steps[] = {0, -1, -5, INT32_MIN};

	for (unsigned int i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct random random = {7 + i};
		struct primary_zone *zone = zone_begin(&random, 100);

		zone_edit(zone, &random, 1);
		cr_expect_eq(zone->difference_count, 1);
		made_edit(&made, &random, 1);
		made.serial = 101 + (uint32_t)steps[i];
		primary_zone_advance(zone, made_block(&made), made.serial, 4);
		cr_expect_eq(zone->difference_count, 0);
		cr_expect_eq(zone->serial, made.serial);
		primary_zone_free(zone);
	}
}
