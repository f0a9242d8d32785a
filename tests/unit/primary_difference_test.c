/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <errno.h>

#include "primary_records.h"

/* Records as their octets, to be found, taken out and put in. */
struct pile {
	unsigned int count;
	struct piece {
		const uint8_t *octets;
		size_t length;
		bool gone;
	} pieces[2 * MADE_MAX];
};

static uint16_t
piece_read(struct wire_reader *r, struct piece *piece)
{
	struct wire_record record;
	size_t start = r->offset;

	wire_record_read(r, &record);
	cr_assert(!r->failed);
	*piece = (struct piece){r->message + start, r->offset - start, false};
	return record.type;
}

static struct piece *
pile_find(struct pile *pile, const struct piece *piece)
{
	for (unsigned int i = 0; i < pile->count; i++)
		if (!pile->pieces[i].gone && pile->pieces[i].length == piece->length &&
			memcmp(pile->pieces[i].octets, piece->octets, piece->length) == 0)
			return &pile->pieces[i];
	return NULL;
}

static void
pile_fill(struct pile *pile, const struct primary_block *block)
{
	struct wire_reader r = wire_reader_of(block->octets, block->length);

	pile->count = 0;
	while (r.offset < r.length)
		piece_read(&r, &pile->pieces[pile->count++]);
}

/* Do as RFC 1995 4 says: what is taken out is there, what is put in is not. */
static void
pile_apply(struct pile *pile, const struct primary_block *difference)
{
	struct wire_reader r = wire_reader_of(difference->octets, difference->length);
	unsigned int soas = 0;

	while (r.offset < r.length) {
		struct piece piece, *known;

		soas += piece_read(&r, &piece) == WIRE_TYPE_SOA;
		known = pile_find(pile, &piece);
		if (soas < 2) {
			cr_assert(known, "what is taken out is not there");
			known->gone = true;
		} else {
			cr_assert(!known, "what is put in is there already");
			pile->pieces[pile->count++] = piece;
		}
	}
	cr_assert_eq(soas, 2);
}

static void
pile_equals(struct pile *pile, const struct primary_block *block)
{
	struct wire_reader r = wire_reader_of(block->octets, block->length);
	unsigned int left = 0;

	while (r.offset < r.length) {
		struct piece piece, *known;

		piece_read(&r, &piece);
		known = pile_find(pile, &piece);
		cr_assert(known, "a record is missing");
		known->gone = true;
	}
	for (unsigned int i = 0; i < pile->count; i++)
		left += !pile->pieces[i].gone;
	cr_assert_eq(left, 0, "%u records too many", left);
}

Test(primary_difference, makes_the_new_version_of_the_old_one)
{
	static struct made_zone zone;
	static struct pile pile;

	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct random random = {seed};
		struct primary_block *from, *to, *difference = NULL;

		zone.serial = (uint32_t)seed;
		zone.count = 0;
		made_grow(&zone, &random, random_below(&random, 600));
		from = made_block(&zone);
		made_edit(&zone, &random, random_below(&random, 40));
		to = made_block(&zone);
		cr_assert_eq(primary_difference(from, to, from->length + to->length, &difference),
			0, "seed %u", (unsigned int)seed);
		pile_fill(&pile, from);
		pile_apply(&pile, difference);
		pile_equals(&pile, to);
		primary_block_drop(from);
		primary_block_drop(to);
		primary_block_drop(difference);
	}
}

Test(primary_difference, holds_nothing_but_the_soas_when_nothing_else_changed)
{
	static struct made_zone zone = {.serial = 7};
	struct random random = {99};
	struct primary_block *from, *to, *difference = NULL;
	struct wire_reader r;
	struct wire_record record;

	made_grow(&zone, &random, 50);
	from = made_block(&zone);
	zone.serial++;
	to = made_block(&zone);
	cr_assert_eq(primary_difference(from, to, to->length, &difference), 0);
	r = wire_reader_of(difference->octets, difference->length);
	for (unsigned int i = 0; i < 2; i++) {
		wire_record_read(&r, &record);
		cr_expect_eq(record.type, WIRE_TYPE_SOA);
	}
	cr_expect_eq(r.offset, difference->length);
	/* exactly as much as allowed, and an octet less */
	primary_block_drop(difference);
	cr_expect_eq(primary_difference(from, to, r.length, &difference), 0);
	primary_block_drop(difference);
	cr_expect_eq(primary_difference(from, to, r.length - 1, &difference), -E2BIG);
	primary_block_drop(from);
	primary_block_drop(to);
}

Test(primary_difference, is_none_where_records_are_out_of_order_or_cut_short)
{
	static struct made_zone zone = {.serial = 7};
	struct random random = {5};
	struct primary_block *from, *to, *difference = NULL;
	struct made_record kept;

	made_grow(&zone, &random, 50);
	from = made_block(&zone);
	kept = zone.records[10];
	zone.records[10] = zone.records[11];
	zone.records[11] = kept;
	to = made_block(&zone);
	cr_expect_eq(primary_difference(from, to, to->length, &difference), -EINVAL);
	cr_expect_eq(primary_difference(to, from, to->length, &difference), -EINVAL);
	from->length--;
	cr_expect_eq(primary_difference(from, from, from->length, &difference), -EINVAL);
	from->length = 0;
	cr_expect_eq(primary_difference(from, from, 1000, &difference), -EINVAL);
	primary_block_drop(from);
	primary_block_drop(to);
}
