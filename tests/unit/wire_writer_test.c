/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>

#include <stdio.h>

#include "hex.h"
#include "wire/wire.h"

static struct wire_name
name_of(const char *text)
{
	struct wire_name name;

	cr_assert(wire_name_from_text(&name, text), "%s", text);
	return name;
}

static void
expect_octets(const struct wire_writer *w, const char *hex)
{
	size_t count;
	uint8_t *octets = hex_octets(hex, &count);

	cr_expect_eq(w->offset, count, "%zu octets, not %zu: %s", w->offset, count, hex);
	cr_expect_eq(memcmp(w->message, octets, count), 0, "%s", hex);
	free(octets);
}

Test(wire_writer, writes_numbers_in_network_order)
{
	uint8_t room[7];
	struct wire_writer w = wire_writer_of(room, sizeof(room));

	wire_u8_write(&w, 1);
	wire_u16_write(&w, 0x0203);
	wire_u32_write(&w, 0xfffefdfc);
	cr_expect_not(w.failed);
	expect_octets(&w, "010203fffefdfc");
	wire_u16_patch(room + 1, 0xabcd);
	expect_octets(&w, "01abcdfffefdfc");
}

Test(wire_writer, writes_nothing_that_does_not_fit_whole)
{
	uint8_t room[4] = {9, 9, 9, 9};
	struct wire_writer w = wire_writer_of(room, 3);

	wire_u16_write(&w, 1);
	wire_u16_write(&w, 2);
	cr_expect(w.failed);
	cr_expect_eq(w.offset, 2u);
	wire_u8_write(&w, 3);
	cr_expect_eq(w.offset, 2u, "once failed, always failed");
	cr_expect_eq(room[2], 9);
	wire_writer_rewind(&w, 1);
	cr_expect_not(w.failed);
	wire_u16_write(&w, 0x0405);
	cr_expect_not(w.failed);
	cr_expect_eq(w.offset, 3u);
	wire_write(&w, NULL, 0);
	cr_expect_not(w.failed, "nothing fits everywhere");
	wire_write(&w, room, SIZE_MAX);
	cr_expect(w.failed);
}

Test(wire_writer, compresses_a_name_to_its_longest_known_suffix)
{
	struct wire_name names[] = {name_of("b.example.com"), name_of("a.b.example.com"),
		name_of("example.com"), name_of("x.com"), name_of("."), name_of("org")};
	struct wire_compression table = {.count = 0};
	uint8_t room[200];
	struct wire_writer w = wire_writer_of(room, sizeof(room));

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		wire_name_write(&w, &table, &names[i]);
	cr_expect_not(w.failed);
	expect_octets(&w, "01'b'07'example'03'com'00 01'a'c000 c002 01'x'c00a 00 03'org'00");
}

Test(wire_writer, points_at_names_that_stand_there_already)
{
	struct wire_name qname = name_of("www.example"), owner = name_of("ns.example");
	struct wire_compression table = {.count = 0};
	uint8_t room[100] = {0};
	struct wire_writer w = wire_writer_of(room, sizeof(room));

	wire_compression_add(&table, &qname, WIRE_QUESTION_OFFSET);
	wire_compression_add(&table, &wire_name_root, 40);
	cr_expect_eq(table.count, 2, "the root is never worth a pointer");
	wire_name_write(&w, &table, &owner);
	wire_name_write(&w, &table, &qname);
	expect_octets(&w, "02'ns'c010 c00c");
}

Test(wire_writer, forgets_names_that_did_not_fit)
{
	struct wire_name name = name_of("example.com");
	struct wire_compression table = {.count = 0};
	uint8_t room[20];
	struct wire_writer w = wire_writer_of(room, 12);

	wire_name_write(&w, &table, &name);
	cr_expect(w.failed, "13 octets in 12");
	cr_expect_eq(table.count, 0);
	w = wire_writer_of(room, 13);
	wire_name_write(&w, &table, &name);
	cr_expect_not(w.failed);
	cr_expect_eq(table.count, 2);
}

Test(wire_writer, does_not_point_beyond_what_a_pointer_reaches)
{
	struct wire_name name = name_of("example");
	struct wire_compression table = {.count = 0};

	wire_compression_add(&table, &name, WIRE_POINTER_MAX + 1);
	cr_expect_eq(table.count, 0);
	wire_compression_add(&table, &name, WIRE_POINTER_MAX);
	cr_expect_eq(table.count, 1);
}

Test(wire_writer, leaves_names_out_of_a_full_table)
{
	struct wire_name names[WIRE_COMPRESSION_MAX + 1];
	struct wire_compression table = {.count = 0};
	uint8_t room[8192];
	struct wire_writer w = wire_writer_of(room, sizeof(room));
	size_t mark;

	for (unsigned int i = 0; i <= WIRE_COMPRESSION_MAX; i++) {
		char text[16];

		snprintf(text, sizeof(text), "n%u", i);
		names[i] = name_of(text);
		wire_name_write(&w, &table, &names[i]);
	}
	cr_expect_eq(table.count, WIRE_COMPRESSION_MAX);
	mark = w.offset;
	wire_name_write(&w, &table, &names[WIRE_COMPRESSION_MAX - 1]);
	cr_expect_eq(w.offset - mark, 2u);
	mark = w.offset;
	wire_name_write(&w, &table, &names[WIRE_COMPRESSION_MAX]);
	cr_expect_eq(w.offset - mark, names[WIRE_COMPRESSION_MAX].length);
	cr_expect_not(w.failed);
}
