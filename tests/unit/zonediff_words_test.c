/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <errno.h>
#include <ldns/ldns.h>
#include <string.h>

#include "wire/wire.h"
#include "zonediff/zonediff.h"

enum { BLOCK_MAX = 1 << 16 };

struct block {
	uint8_t octets[BLOCK_MAX];
	size_t length;
};

/* Records in presentation form, made the octets that zones are handed on as. */
static void
block_make(struct block *block, const char *const *lines)
{
	block->length = 0;
	for (; *lines; lines++) {
		ldns_buffer *buffer = ldns_buffer_new(512);
		ldns_rr *rr = NULL;

		cr_assert_eq(ldns_rr_new_frm_str(&rr, *lines, 3600, NULL, NULL), LDNS_STATUS_OK,
			"%s", *lines);
		cr_assert_eq(ldns_rr2buffer_wire(buffer, rr, LDNS_SECTION_ANSWER), LDNS_STATUS_OK);
		cr_assert_leq(block->length + ldns_buffer_position(buffer), BLOCK_MAX);
		memcpy(block->octets + block->length, ldns_buffer_begin(buffer),
			ldns_buffer_position(buffer));
		block->length += ldns_buffer_position(buffer);
		ldns_rr_free(rr);
		ldns_buffer_free(buffer);
	}
}

static json_t *
compare(const char *const *before, const char *const *after)
{
	struct block *blocks = malloc(2 * sizeof(*blocks));
	json_t *diff = NULL;
	struct why why;

	block_make(&blocks[0], before);
	block_make(&blocks[1], after);
	cr_assert_eq(zonediff_make(&(struct zonediff_records){blocks[0].octets, blocks[0].length},
			     &(struct zonediff_records){blocks[1].octets, blocks[1].length}, &diff,
			     &why),
		0, "%s", why.text);
	free(blocks);
	return diff;
}

static void
expect_text(const json_t *diff, const char *expected)
{
	char *text = NULL;
	size_t length;
	FILE *to = open_memstream(&text, &length);

	cr_assert_eq(zonediff_print(diff, to), 0);
	fclose(to);
	cr_expect_str_eq(text, expected);
	free(text);
}

#define SOA(serial) ". 86400 IN SOA a.example. host.example. " serial " 1800 900 604800 86400"
#define SIG(owner, type, expiry)                                                                   \
	owner " 86400 IN RRSIG " type " 8 0 86400 " expiry " 20260801000000 20326 . AAAA"

static const char *const small[] = {
	SOA("1"),
	SIG(".", "SOA", "20260810000000"),
	". 518400 IN NS a.example.",
	"com. 172800 IN NS a.nic.com.",
	"com. 172800 IN NS b.nic.com.",
	"com. 86400 IN DS 1 8 2 "
	"0000000000000000000000000000000000000000000000000000000000000001",
	SIG("com.", "DS", "20260810000000"),
	"a.nic.com. 172800 IN A 192.0.2.1",
	"b.nic.com. 172800 IN A 192.0.2.2",
	"org. 172800 IN NS ns.org.",
	"ns.org. 172800 IN A 192.0.2.9",
	NULL,
};

Test(zonediff_words, are_few_when_only_the_serial_and_signatures_moved)
{
	const char *after[16];
	json_t *diff;

	memcpy(after, small, sizeof(small));
	after[0] = SOA("2");
	after[1] = SIG(".", "SOA", "20260811000000");
	diff = compare(small, after);
	expect_text(diff, "zone .: serial 1 to 2, 2 records removed, 2 added\n"
			  "signatures: 1 renewed, 0 removed, 0 added\n"
			  "nothing else changed\n");
	json_decref(diff);
}

Test(zonediff_words, name_what_a_delegation_gained_and_lost)
{
	const char *const after[] = {
		SOA("2"),
		SIG(".", "SOA", "20260811000000"),
		". 518400 IN NS a.example.",
		"com. 172800 IN NS a.nic.com.",
		"com. 172800 IN NS c.nic.com.",
		"com. 86400 IN DS 2 8 2 "
		"0000000000000000000000000000000000000000000000000000000000000002",
		SIG("com.", "DS", "20260811000000"),
		"a.nic.com. 172800 IN A 192.0.2.1",
		"a.nic.com. 172800 IN AAAA 2001:db8::1",
		"org. 172800 IN NS ns.org.",
		"ns.org. 172800 IN A 192.0.2.9",
		NULL,
	};
	json_t *diff = compare(small, after), *com;

	expect_text(diff,
		"zone .: serial 1 to 2, 6 records removed, 6 added\n"
		"signatures: 2 renewed, 0 removed, 0 added\n"
		"com.: delegation changed\n"
		"  loses NS b.nic.com.\n"
		"  gains NS c.nic.com.\n"
		"  loses DS 1 8 2\n"
		"        0000000000000000000000000000000000000000000000000000000000000001\n"
		"  gains DS 2 8 2\n"
		"        0000000000000000000000000000000000000000000000000000000000000002\n"
		"  loses glue b.nic.com. A 192.0.2.2\n"
		"  gains glue a.nic.com. AAAA 2001:db8::1\n");
	com = json_array_get(json_object_get(diff, "delegations"), 0);
	cr_expect_str_eq(json_string_value(json_object_get(com, "change")), "changed");
	cr_expect_eq(json_array_size(json_object_get(json_object_get(com, "ns"), "added")), 1);
	json_decref(diff);
}

Test(zonediff_words, tell_delegations_that_come_and_go)
{
	const char *const after[] = {
		SOA("2"),
		SIG(".", "SOA", "20260810000000"),
		". 518400 IN NS a.example.",
		"merck. 172800 IN NS ns.merck.",
		"merck. 86400 IN DS 3 8 2 "
		"0000000000000000000000000000000000000000000000000000000000000003",
		SIG("merck.", "DS", "20260811000000"),
		"ns.merck. 172800 IN A 192.0.2.3",
		"org. 172800 IN NS ns.org.",
		"ns.org. 172800 IN A 192.0.2.9",
		NULL,
	};
	json_t *diff = compare(small, after);

	expect_text(diff,
		"zone .: serial 1 to 2, 7 records removed, 5 added\n"
		"signatures: 0 renewed, 1 removed, 1 added\n"
		"com.: delegation removed\n"
		"  loses NS a.nic.com.\n"
		"  loses NS b.nic.com.\n"
		"  loses DS 1 8 2\n"
		"        0000000000000000000000000000000000000000000000000000000000000001\n"
		"  loses glue a.nic.com. A 192.0.2.1\n"
		"  loses glue b.nic.com. A 192.0.2.2\n"
		"merck.: new delegation\n"
		"  gains NS ns.merck.\n"
		"  gains DS 3 8 2\n"
		"        0000000000000000000000000000000000000000000000000000000000000003\n"
		"  gains glue ns.merck. A 192.0.2.3\n");
	json_decref(diff);
}

Test(zonediff_words, tell_the_apex_other_names_and_ttls)
{
	const char *const before[] = {
		"test. 60 IN SOA ns.test. host.test. 4294967295 1800 900 604800 86400",
		"test. 60 IN NS ns.test.",
		"ns.test. 60 IN A 192.0.2.1",
		"text.test. 60 IN TXT \"a\"",
		NULL,
	};
	const char *const after[] = {
		"test. 60 IN SOA ns.test. host.test. 1 1800 900 604800 3600",
		"test. 60 IN NS ns.test.",
		"test. 60 IN DNSKEY 257 3 8 "
		"AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexTBAvkMgJzkKTOiW1vkIbzxeF3+/4RgWOq7HrxRixHlFlExOLA"
		"Jr5emLvN7SWXgnLh4+B5xQlNVz8Og8kvArMtNROxVQuCaSnIDdD5LKyWbRd2n9WGe2R8PzgCmr3EgVLr",
		"ns.test. 90 IN A 192.0.2.1",
		"ns.test. 90 IN TYPE65280 \\# 2 abcd",
		NULL,
	};
	json_t *diff = compare(before, after);

	expect_text(diff, "zone test.: serial 4294967295 to 1, 3 records removed, 4 added\n"
			  "signatures: 0 renewed, 0 removed, 0 added\n"
			  "apex: SOA changed\n"
			  "  loses SOA ns.test. host.test. 4294967295 1800 900 604800 86400\n"
			  "  gains SOA ns.test. host.test. 1 1800 900 604800 3600\n"
			  "apex: DNSKEY added\n"
			  "  gains DNSKEY 257 3 8 AwEAAaz/tAm8yTn4Mfeh5eyI... ; tag 19389\n"
			  "ns.test.: A changed\n"
			  "  loses A 192.0.2.1 (TTL 60)\n"
			  "  gains A 192.0.2.1 (TTL 90)\n"
			  "ns.test.: TYPE65280 added\n"
			  "  gains TYPE65280 \\# 2 abcd\n"
			  "text.test.: TXT removed\n"
			  "  loses TXT \"a\"\n");
	json_decref(diff);
}

Test(zonediff_words, do_not_depend_on_the_order_behind_the_soa)
{
	const char *shuffled[16];
	size_t count = sizeof(small) / sizeof(small[0]) - 1;
	json_t *diff;

	for (size_t i = 1; i < count; i++)
		shuffled[i] = small[count - i];
	shuffled[0] = small[0];
	shuffled[count] = NULL;
	diff = compare(small, shuffled);
	expect_text(diff, "zone .: serial 1 to 1, 0 records removed, 0 added\n"
			  "signatures: 0 renewed, 0 removed, 0 added\n"
			  "nothing else changed\n");
	json_decref(diff);
}

Test(zonediff_words, are_refused_for_two_zones_and_for_what_is_no_zone)
{
	static const char *const other[] = {
		"test. 60 IN SOA ns.test. host.test. 1 1800 900 604800 86400", NULL};
	static const char *const no_soa[] = {"test. 60 IN NS ns.test.", NULL};
	struct block *blocks = malloc(3 * sizeof(*blocks));
	struct zonediff_records records[3];
	struct why why;
	json_t *diff;

	block_make(&blocks[0], small);
	block_make(&blocks[1], other);
	block_make(&blocks[2], no_soa);
	for (unsigned int i = 0; i < 3; i++)
		records[i] = (struct zonediff_records){blocks[i].octets, blocks[i].length};
	cr_expect_eq(zonediff_make(&records[0], &records[1], &diff, &why), -EINVAL);
	cr_expect_eq(zonediff_make(&records[0], &records[2], &diff, &why), -EINVAL);
	for (size_t cut = 1; cut <= 40; cut++) {
		records[1].octets = blocks[0].octets;
		records[1].length = blocks[0].length - cut;
		/* a cut between records leaves a zone, though a shorter one */
		if (zonediff_make(&records[0], &records[1], &diff, &why) == 0)
			json_decref(diff);
	}
	records[1].length = 0;
	cr_expect_eq(zonediff_make(&records[0], &records[1], &diff, &why), -EINVAL);
	free(blocks);
}
