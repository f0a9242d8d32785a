/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>

#include "hex.h"
#include "wire/wire.h"

Test(wire_reader, reads_numbers_in_network_order)
{
	static const uint8_t octets[] = {0x01, 0x02, 0x03, 0xff, 0xfe, 0xfd, 0xfc};
	struct wire_reader r = wire_reader_of(octets, sizeof(octets));

	cr_expect_eq(wire_u8_read(&r), 1u);
	cr_expect_eq(wire_u16_read(&r), 0x0203u);
	cr_expect_eq(wire_u32_read(&r), 0xfffefdfcu);
	cr_expect_not(r.failed);
	cr_expect_eq(r.offset, r.length);
}

Test(wire_reader, reads_zeros_past_the_end_and_stays_failed)
{
	static const uint8_t octets[] = {1, 2, 3};
	struct wire_reader r = wire_reader_of(octets, sizeof(octets));

	cr_expect_eq(wire_u32_read(&r), 0u);
	cr_expect(r.failed);
	cr_expect_eq(r.offset, 0u, "a failure moves nothing");
	cr_expect_eq(wire_u8_read(&r), 0u, "once failed, always failed");
	cr_expect_null(wire_take(&r, 0));
}

Test(wire_reader, takes_exactly_what_is_left)
{
	static const uint8_t octets[] = {1, 2, 3};
	struct wire_reader r = wire_reader_of(octets, sizeof(octets));

	cr_expect_eq(wire_take(&r, 3), octets);
	cr_expect_eq(wire_take(&r, 0), octets + 3);
	cr_expect_null(wire_take(&r, 1));
	r = wire_reader_of(octets, sizeof(octets));
	cr_expect_null(wire_take(&r, SIZE_MAX), "no overflow");
	r = wire_reader_of(NULL, 0);
	cr_expect_null(wire_take(&r, 1));
	cr_expect(r.failed);
}

static const struct {
	const char *what, *hex;
	bool failed;
	uint8_t length, labels;
} names[] = {
	{"the root", "00", false, 1, 0},
	{"com", "03'com'00", false, 5, 1},
	{"case is kept", "03'CoM'00", false, 5, 1},
	{"any octets", "040001ff2e00", false, 6, 1},
	{"nothing", "", true, 1, 0},
	{"no root label", "03'com'", true, 1, 0},
	{"ends inside a label", "03'co'", true, 1, 0},
	{"ends at a length", "03", true, 1, 0},
	{"label type 0x40", "40 00", true, 1, 0},
	{"label type 0x80", "80 00", true, 1, 0},
	{"a pointer", "c00c 00", true, 1, 0},
	{"a pointer behind a label", "01'a' c00c 00", true, 1, 0},
};

Test(wire_reader, reads_names_and_refuses_broken_ones)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct wire_reader r = {0};
		struct wire_name name = {.length = 99};
		uint8_t *octets;

		octets = hex_octets(names[i].hex, &r.length);
		r.message = octets;
		wire_name_read(&r, &name);
		cr_expect_eq(r.failed, names[i].failed, "%s", names[i].what);
		cr_expect_eq(name.length, names[i].length, "%s", names[i].what);
		cr_expect_eq(name.labels, names[i].labels, "%s", names[i].what);
		if (!r.failed)
			cr_expect_eq(memcmp(name.octets, octets, name.length), 0);
		free(octets);
	}
}

/* A name of `labels` labels whose octets sum to `length`, the first labels as long as they can be.
 */
static size_t
name_make(uint8_t *octets, size_t length)
{
	size_t at = 0, left = length - 1;

	while (left) {
		size_t label = left > 64 ? 63 : left - 1;

		if (left - label - 1 == 1)
			label--;
		octets[at] = (uint8_t)label;
		memset(octets + at + 1, 'x', label);
		at += label + 1;
		left -= label + 1;
	}
	octets[at++] = 0;
	return at;
}

Test(wire_reader, reads_names_up_to_255_octets)
{
	for (size_t length = 253; length <= 258; length++) {
		uint8_t octets[300];
		struct wire_reader r = wire_reader_of(octets, name_make(octets, length));
		struct wire_name name;

		cr_assert_eq(r.length, length);
		wire_name_read(&r, &name);
		cr_expect_eq(r.failed, length > WIRE_NAME_MAX, "%zu octets", length);
		cr_expect_eq(name.length, length > WIRE_NAME_MAX ? 1 : length);
	}
}

Test(wire_reader, reads_labels_up_to_63_octets)
{
	for (unsigned int length = 62; length <= 65; length++) {
		uint8_t octets[80] = {(uint8_t)length};
		struct wire_reader r = wire_reader_of(octets, length + 2);
		struct wire_name name;

		memset(octets + 1, 'y', length);
		wire_name_read(&r, &name);
		cr_expect_eq(r.failed, length > WIRE_LABEL_MAX, "%u octets", length);
	}
}

Test(wire_reader, reads_127_labels)
{
	uint8_t octets[255];
	struct wire_reader r = wire_reader_of(octets, sizeof(octets));
	struct wire_name name;

	for (size_t i = 0; i < 254; i += 2) {
		octets[i] = 1;
		octets[i + 1] = 0;
	}
	octets[254] = 0;
	wire_name_read(&r, &name);
	cr_expect_not(r.failed);
	cr_expect_eq(name.labels, 127);
	cr_expect_eq(name.length, 255);
}

Test(wire_reader, reads_no_name_once_failed)
{
	static const uint8_t octets[] = {0, 0};
	struct wire_reader r = wire_reader_of(octets, sizeof(octets));
	struct wire_name name;

	wire_take(&r, 3);
	wire_name_read(&r, &name);
	cr_expect(r.failed);
	cr_expect(wire_name_is_root(&name));
}
