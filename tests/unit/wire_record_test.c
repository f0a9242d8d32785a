/* SPDX-License-Identifier: BSD-3-Clause */
/* Records as zones hold them, and names as messages compress them. */
#include <criterion/criterion.h>

#include "hex.h"
#include "wire/wire.h"

static const char record_hex[] = "03 'www' 00 0001 0001 00000e10 0004 c6120001";

Test(wire_record, is_written_as_it_is_read)
{
	size_t length;
	uint8_t *octets = hex_octets(record_hex, &length), again[64];
	struct wire_reader r = wire_reader_of(octets, length);
	struct wire_writer w = wire_writer_of(again, sizeof(again));
	struct wire_record record;

	wire_record_read(&r, &record);
	cr_assert_not(r.failed);
	cr_expect_eq(r.offset, length);
	cr_expect_eq(record.type, WIRE_TYPE_A);
	cr_expect_eq(record.class, WIRE_CLASS_IN);
	cr_expect_eq(record.ttl, 3600);
	cr_expect_eq(record.length, 4);
	wire_record_write(&w, &record);
	cr_assert_not(w.failed);
	cr_assert_eq(w.offset, length);
	cr_expect_arr_eq(again, octets, length);
	for (size_t room = 0; room < length; room++) {
		w = wire_writer_of(again, room);
		wire_record_write(&w, &record);
		cr_expect(w.failed, "room for %zu octets", room);
	}
	free(octets);
}

Test(wire_record, cut_anywhere_fails)
{
	size_t length;
	uint8_t *octets = hex_octets(record_hex, &length);

	for (size_t cut = 0; cut < length; cut++) {
		uint8_t *exact = malloc(cut ? cut : 1);
		struct wire_reader r = wire_reader_of(exact, cut);
		struct wire_record record;

		memcpy(exact, octets, cut);
		wire_record_read(&r, &record);
		cr_expect(r.failed, "%zu octets", cut);
		free(exact);
	}
	free(octets);
}

/* `at` is where the name begins, `end` where what follows it does; NULL: it is refused. */
static const struct {
	const char *what, *hex;
	size_t at, end;
	const char *text;
} names[] = {
	{"no pointer", "01 'a' 00", 0, 3, "a."},
	{"the root", "00", 0, 1, "."},
	{"a pointer alone", "01 'a' 00 c000", 3, 5, "a."},
	{"a pointer to the root", "00 c000", 1, 3, "."},
	{"labels and a pointer", "01 'a' 00 01 'b' c000 ff", 3, 7, "b.a."},
	{"into the middle of a name", "01 'a' 01 'b' 00 01 'c' c002", 5, 9, "c.b."},
	{"pointer to pointer", "01 'a' 00 01 'b' c000 01 'c' c003", 7, 11, "c.b.a."},
	{"case is kept", "01 'A' 00 c000", 3, 5, "A."},
	{"to itself", "01 'a' 00 c003", 3, 0, NULL},
	{"forward", "c002 00", 0, 0, NULL},
	{"to its own label", "01 'a' c000", 0, 0, NULL},
	{"two that point at each other", "c002 c000", 2, 0, NULL},
	{"pointer cut", "00 c0", 1, 0, NULL},
	{"label cut", "02 'a'", 0, 0, NULL},
	{"no end", "01 'a'", 0, 0, NULL},
	{"nothing", "", 0, 0, NULL},
	{"label type 0x40", "41 'a' 00", 0, 0, NULL},
	{"label type 0x80", "81 'a' 00", 0, 0, NULL},
};

Test(wire_record, names_are_expanded_and_pointers_lead_backwards)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t length;
		uint8_t *octets = hex_octets(names[i].hex, &length);
		struct wire_reader r = wire_reader_of(octets, length);
		char text[WIRE_NAME_TEXT_MAX];
		struct wire_name name;

		r.offset = names[i].at;
		wire_name_expand(&r, &name);
		cr_expect_eq(r.failed, names[i].text == NULL, "%s", names[i].what);
		if (names[i].text) {
			cr_expect_str_eq(
				wire_name_to_text(&name, text), names[i].text, "%s", names[i].what);
			cr_expect_eq(
				r.offset, names[i].end, "%s: ends at %zu", names[i].what, r.offset);
		}
		free(octets);
	}
}

/* 127 labels of one octet are 255 octets; each name is a label and a pointer to the one before. */
Test(wire_record, a_name_grows_by_pointers_to_255_octets_and_no_further)
{
	uint8_t octets[1 + 4 * (WIRE_LABELS_MAX + 1)] = {0};
	struct wire_writer w = wire_writer_of(octets, sizeof(octets));
	size_t before = 0;

	wire_u8_write(&w, 0);
	for (unsigned int i = 1; i <= WIRE_LABELS_MAX + 1; i++) {
		struct wire_reader r;
		struct wire_name name;
		size_t at = w.offset;

		wire_write(&w, "\1a", 2);
		wire_u16_write(&w, (uint16_t)(0xc000 | before));
		r = wire_reader_of(octets, w.offset);
		r.offset = at;
		wire_name_expand(&r, &name);
		cr_expect_eq(r.failed, i > WIRE_LABELS_MAX, "%u labels", i);
		if (!r.failed)
			cr_expect_eq(name.labels, i);
		before = at;
	}
}
