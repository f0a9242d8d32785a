/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>

#include <string.h>

#include "wire/wire.h"

#define L63 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg"
#define L62 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgg"
#define L61 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffg"

static struct wire_name
name_of(const char *text)
{
	struct wire_name name;

	cr_assert(wire_name_from_text(&name, text), "%s", text);
	return name;
}

Test(wire_name, reads_presentation_form_with_and_without_the_last_dot)
{
	static const struct {
		const char *text;
		uint8_t length, labels;
		const char *octets;
	} names[] = {
		{".", 1, 0, "\0"},
		{"com", 5, 1, "\3com"},
		{"com.", 5, 1, "\3com"},
		{"A.Root-Servers.NET.", 20, 3, "\1A\14Root-Servers\3NET"},
		{"a\\.b.c.", 7, 2, "\3a.b\1c"},
		{"\\000\\255.", 4, 1, "\2\0\377"},
		{"\\a\\\\.", 4, 1, "\2a\\"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct wire_name name = name_of(names[i].text);

		cr_expect_eq(name.length, names[i].length, "%s", names[i].text);
		cr_expect_eq(name.labels, names[i].labels, "%s", names[i].text);
		cr_expect_eq(
			memcmp(name.octets, names[i].octets, name.length), 0, "%s", names[i].text);
	}
}

Test(wire_name, refuses_malformed_presentation_form_and_leaves_the_name_alone)
{
	static const char *const texts[] = {
		"", "..", ".com", "a..b", "a\\", "\\2", "\\25", "\\256.", "\\2x5.",
		L63 "x.",				   /* a label of 64 */
		L63 "." L63 "." L63 "." L62 ".",	   /* 256 octets */
		L63 "." L63 "." L63 "." L61 ".a",	   /* 257 */
		L63 "." L63 "." L63 "." L63 "." L63 ".",   /* far too long */
		L63 "." L63 "." L63 "." L61 "\\000\\001.", /* 257, escaped */
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct wire_name name = {.length = 7, .labels = 9};

		cr_expect_not(wire_name_from_text(&name, texts[i]), "%s", texts[i]);
		cr_expect(name.length == 7 && name.labels == 9, "%s", texts[i]);
	}
}

Test(wire_name, takes_labels_of_63_and_names_of_255_octets)
{
	struct wire_name name = name_of(L63 ".");

	cr_expect_eq(name.length, 65);
	name = name_of(L63 "." L63 "." L63 "." L61 ".");
	cr_expect_eq(name.length, 255);
	cr_expect_eq(name.labels, 4);
	name = name_of(L63 "." L63 "." L63 "." L61);
	cr_expect_eq(name.length, 255);
	name = name_of(L63 "." L63 "." L63 ".aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee"
			   "ffffffffff");
	cr_expect_eq(name.length, 254);
}

Test(wire_name, takes_127_labels_and_no_more)
{
	char text[2 * WIRE_LABELS_MAX + 3];
	struct wire_name name;

	for (unsigned int i = 0; i < WIRE_LABELS_MAX; i++)
		memcpy(text + 2 * i, "a.", 3);
	name = name_of(text);
	cr_expect_eq(name.labels, 127);
	cr_expect_eq(name.length, 255);
	memcpy(text + 2 * WIRE_LABELS_MAX, "a.", 3);
	cr_expect_not(wire_name_from_text(&name, text));
}

Test(wire_name, survives_the_way_to_text_and_back_whatever_its_octets)
{
	struct wire_name name = {.length = 0}, again;
	char text[WIRE_NAME_TEXT_MAX];

	for (unsigned int octet = 0; octet < 256; octet++) {
		name = (struct wire_name){.length = 3, .labels = 1, .octets = {1, (uint8_t)octet}};
		cr_assert(wire_name_from_text(&again, wire_name_to_text(&name, text)), "%u", octet);
		cr_expect_eq(again.length, 3, "%u", octet);
		cr_expect_eq(again.labels, 1, "%u", octet);
		cr_expect_eq(again.octets[1], octet);
	}
}

Test(wire_name, is_written_with_escapes_in_the_room_promised)
{
	static const struct {
		const char *text, *written;
	} names[] = {
		{".", "."},
		{"com", "com."},
		{"A.b", "A.b."},
		{"a\\.b.c", "a\\.b.c."},
		{"\\032\\127\\200.", "\\032\\127\\200."},
		{"\\@\\(\\)\\;\\$\\\"\\\\", "\\@\\(\\)\\;\\$\\\"\\\\."},
	};
	struct wire_name longest = {.length = 255, .labels = 4};
	char text[WIRE_NAME_TEXT_MAX];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct wire_name name = name_of(names[i].text);

		cr_expect_str_eq(wire_name_to_text(&name, text), names[i].written);
	}
	longest.octets[0] = longest.octets[64] = longest.octets[128] = 63;
	longest.octets[192] = 61;
	cr_expect_eq(strlen(wire_name_to_text(&longest, text)), 4u * 250 + 4);
}

Test(wire_name, folds_the_26_letters_and_nothing_else)
{
	for (unsigned int octet = 0; octet < 256; octet++) {
		struct wire_name name = {.length = 3, .labels = 1, .octets = {1, (uint8_t)octet}};
		unsigned int folded = octet >= 'A' && octet <= 'Z' ? octet + 32 : octet;

		wire_name_fold(&name);
		cr_expect_eq(name.octets[1], folded, "%u", octet);
	}
}

/* RFC 4034 6.1, its own example and octets that trap signed or padded comparison */
static const char *const in_order[] = {".", "\\000", "\\000.\\000", "\\000\\000", "\\001", "a",
	"\\000.a", "\\001.a", "z.a", "aa", "example", "a.example", "yljkjljk.a.example",
	"z.a.example", "zabc.a.example", "z.example", "\\001.z.example", "*.z.example",
	"\\200.z.example", "zz", "z\\000.zz", "\\127", "\\128", "\\255", "\\255.\\255",
	"\\255\\000"};

Test(wire_name, compares_in_canonical_order)
{
	size_t count = sizeof(in_order) / sizeof(in_order[0]);

	for (size_t i = 0; i < count; i++) {
		struct wire_name a = name_of(in_order[i]);

		for (size_t j = 0; j < count; j++) {
			struct wire_name b = name_of(in_order[j]);
			int order = wire_name_compare(&a, &b);

			cr_expect_eq((order > 0) - (order < 0), (i > j) - (i < j), "%s and %s",
				in_order[i], in_order[j]);
			cr_expect_eq(wire_name_equal(&a, &b), i == j);
		}
	}
}

Test(wire_name, lies_below_an_ancestor_by_whole_labels_only)
{
	static const struct {
		const char *name, *ancestor;
		bool below;
	} pairs[] = {
		{"com", ".", true},
		{".", ".", true},
		{".", "com", false},
		{"a.com", "com", true},
		{"com", "com", true},
		{"com", "a.com", false},
		{"acom", "com", false},
		{"x\\003com", "com", false}, /* the octets of "com." at its end */
		{"a.b.c", "b.c", true},
		{"a.b.c", "a.c", false},
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct wire_name name = name_of(pairs[i].name);
		struct wire_name ancestor = name_of(pairs[i].ancestor);

		cr_expect_eq(wire_name_is_below(&name, &ancestor), pairs[i].below, "%s %s",
			pairs[i].name, pairs[i].ancestor);
	}
}

Test(wire_name, gives_its_suffixes_and_what_it_shares)
{
	struct wire_name name = name_of("a.bb.ccc"), other, suffix;
	static const char *const suffixes[] = {".", "ccc.", "bb.ccc.", "a.bb.ccc."};
	char text[WIRE_NAME_TEXT_MAX];

	for (unsigned int labels = 0; labels <= 3; labels++) {
		wire_name_suffix(&suffix, &name, labels);
		cr_expect_str_eq(wire_name_to_text(&suffix, text), suffixes[labels]);
		cr_expect_eq(suffix.labels, labels);
	}
	cr_expect_eq(wire_name_skip(&name, 0), 0u);
	cr_expect_eq(wire_name_skip(&name, 1), 2u);
	cr_expect_eq(wire_name_skip(&name, 3), 9u);
	cr_expect_eq(wire_name_common(&name, &name), 3u);
	other = name_of("x.bb.ccc");
	cr_expect_eq(wire_name_common(&name, &other), 2u);
	other = name_of("bb");
	cr_expect_eq(wire_name_common(&name, &other), 0u);
	cr_expect_eq(wire_name_common(&name, &wire_name_root), 0u);
}
