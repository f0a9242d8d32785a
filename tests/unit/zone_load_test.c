/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "zone/zone.h"

/* The least that a zone has. */
#define APEX                                                                                       \
	"test. 3600 IN SOA ns.test. host.test. 7 1800 900 604800 86400\n"                          \
	"test. 3600 IN NS ns.test.\n"

/* Load text as "zone"; origin NULL: none is given. */
static int
load(const char *text, const char *origin, struct zone **zone, struct why *why)
{
	struct wire_name name;

	if (origin)
		cr_assert(wire_name_from_text(&name, origin));
	return zone_load_text(
		"zone", (const uint8_t *)text, strlen(text), origin ? &name : NULL, zone, why);
}

static struct zone *
good(const char *text)
{
	struct zone *zone = NULL;
	struct why why = {0};

	cr_assert_eq(load(text, NULL, &zone, &why), 0, "%s", why.text);
	return zone;
}

static const struct zone_node *
node_of(const struct zone *zone, const char *text)
{
	struct wire_name name;

	cr_assert(wire_name_from_text(&name, text));
	return zone_find(zone, &name);
}

/* ---- what is refused, and how that is told ---- */

static const struct {
	const char *text, *why;
} bad[] = {
	/* entries */
	{"", "zone: no SOA"},
	{"; nothing but a comment", "zone: no SOA"},
	{APEX "a.test. 60 IN TXT (\"x\"\n\n", "zone:3: a parenthesis that is never closed"},
	{APEX "a.test. 60 IN TXT x)\n", "zone:3: a closing parenthesis without an opening one"},
	{APEX "a.test. 60 IN TXT \"x\n", "zone:3: a quotation mark without its other"},
	{APEX "a.test. 60 IN TXT x\\\n", "zone:3: a backslash at the end of the line"},
	{APEX "a.test. 60 IN TXT x\\", "zone:3: a backslash at the end of the line"},
	{APEX "$INCLUDE other\n", "zone:3: $INCLUDE is not allowed"},
	{APEX "$GENERATE 1-2 a$ A 192.0.2.$\n", "zone:3: $GENERATE is not known"},
	{APEX "$TTL\n", "zone:3: $TTL wants one value"},
	{APEX "$TTL 5x\n", "zone:3: $TTL 5x: no time"},
	{APEX "$TTL 1 2\n", "zone:3: $TTL wants one value"},
	{APEX "$ORIGIN a..b.\n", "zone:3: $ORIGIN a..b.: malformed name"},
	{" 3600 IN SOA ns.test. host.test. 7 1800 900 604800 86400\n",
		"zone:1: no owner name, and no record before it"},
	{"test. IN SOA ns.test. host.test. 7 1800 900 604800 86400\n",
		"zone:1: test. SOA: no TTL, and no $TTL before it"},
	{APEX "a..test. 60 IN A 192.0.2.1\n", "zone:3: a..test.: malformed owner name"},
	{APEX "a.test. 17280x IN A 192.0.2.1\n", "zone:3: a.test.: 17280x: no TTL"},
	{APEX "a.test. 2147483648 IN A 192.0.2.1\n", "zone:3: a.test.: 2147483648: no TTL"},
	{APEX "a.test. 60 IN ADDRESS 192.0.2.1\n",
		"zone:3: a.test.: ADDRESS: no known type of record"},
	{APEX "a.test. 60 IN TYPE0 \\# 0\n", "zone:3: a.test.: TYPE0: no known type of record"},
	{APEX "a.test. 60 IN TYPE65536 \\# 0\n",
		"zone:3: a.test.: TYPE65536: no known type of record"},
	{APEX "a.test. 60 IN\n", "zone:3: a.test.: nothing: no known type of record"},
	{APEX "a.test. 60 60 IN A 192.0.2.1\n", "zone:3: a.test.: 60: no known type of record"},
	/* data */
	{APEX "a.test. 60 IN A\n",
		"zone:3: a.test. A: Syntax error, could not parse the RR's rdata"},
	{APEX "a.test. 60 IN A 192.0.2\n",
		"zone:3: a.test. A: Syntax error, could not parse the RR's rdata"},
	{APEX "a.test. 60 IN A 192.0.2.1 192.0.2.2\n",
		"zone:3: a.test. A: Syntax error, superfluous text present"},
	{APEX "a.test. 60 IN A \\# 3 0a0000\n", NULL},
	{APEX "a.test. 60 IN A \\# 5 0a00000000\n", NULL},
	{APEX "a.test. 60 IN A \\# 4 0a00000g\n", NULL},
	{APEX "a.test. 60 IN A \\# 4 0a000000 00\n", NULL},
	{APEX "a.test. 60 IN A \\# 65540 0a000000\n", NULL},
	{APEX "a.test. 60 IN MX \\# 3 000500 10 mail.test.\n", NULL},
	{APEX "a.test. 60 IN TYPE65280 \\# 2 0g00\n", NULL},
	{APEX "a.test. 60 IN DS \\# 4 00010802\n", NULL},
	{APEX "a.test. 60 IN NS \\# 0\n",
		"zone:3: a.test. NS: its data is not of the form that this type has"},
	{APEX "a.test. 60 IN DS 1 8 2 \n", NULL},
	{APEX "a.test. 60 IN TYPE65280 x\n", NULL},
	/* records */
	{APEX "a.test. 60 CH A 192.0.2.1\n", "zone:3: a.test. A: another class than IN"},
	{APEX "a.example. 60 IN A 192.0.2.1\n", "zone:3: a.example. A: out of zone"},
	{APEX "atest. 60 IN A 192.0.2.1\n", "zone:3: atest. A: out of zone"},
	{"a.test. 60 IN A 192.0.2.1\n" APEX,
		"zone:1: a.test. A: the first record must be the SOA, or the zone's name be given"},
	{APEX "test. 3600 IN SOA ns.test. host.test. 8 1800 900 604800 86400\n",
		"zone:3: test. SOA: a second SOA, serial 8; the first has 7"},
	{APEX "a.test. 3600 IN SOA ns.test. host.test. 7 1800 900 604800 86400\n",
		"zone:3: a.test. SOA: a SOA below the apex"},
	{"test. 3600 IN SOA ns.test. host.test. 7 1800 900 604800 86400\n",
		"zone: no NS at the apex"},
	{APEX "a.test. 60 IN A 192.0.2.1\na.test. 61 IN A 192.0.2.2\n",
		"zone:4: a.test. A: TTL 61, but line 3 has 60 for the same RRset (A)"},
	{APEX "a.test. 60 IN A 192.0.2.1\na.test. 61 IN A 192.0.2.1\n",
		"zone:4: a.test. A: TTL 61, but line 3 has 60 for the same RRset (A)"},
	{APEX "a.test. 60 IN A 192.0.2.1\n"
	      "a.test. 61 IN RRSIG A 8 2 60 20300101000000 20200101000000 1 test. QUJD\n",
		"zone:4: a.test. RRSIG: TTL 61, but line 3 has 60 for the same RRset (A)"},
	{APEX "a.test. 60 IN RRSIG A 8 2 60 20300101000000 20200101000000 1 test. QUJD\n",
		"zone:3: a.test. RRSIG: it covers A, which is not there"},
	{APEX "a.test. 60 IN RRSIG RRSIG 8 2 60 20300101000000 20200101000000 1 test. QUJD\n",
		"zone:3: a.test. RRSIG: it covers RRSIG, which is not there"},
	{APEX "a.test. 60 IN CNAME b.test.\n",
		"zone:3: a.test. CNAME: this type of record is not served"},
	{APEX "a.test. 60 IN DNAME b.test.\n",
		"zone:3: a.test. DNAME: this type of record is not served"},
	{APEX "test. 60 IN NSEC3PARAM 1 0 0 -\n",
		"zone:3: test. NSEC3PARAM: zones with NSEC3 are not served"},
	{APEX "a.test. 60 IN NSEC3 1 0 0 - 2t7b4g4vsa5smi47k61mv5bv1a22bojr A\n",
		"zone:3: a.test. NSEC3: zones with NSEC3 are not served"},
	{APEX "*.test. 60 IN A 192.0.2.1\n", "zone:3: *.test. A: wildcards are not served"},
	{APEX "a.test. 60 IN TYPE255 \\# 0\n", "no record of a zone has this type"},
};

Test(zone_load, refuses_and_names_the_line_the_owner_and_the_type)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct zone *zone = NULL;
		struct why why = {0};
		int rc = load(bad[i].text, NULL, &zone, &why);

		cr_expect_lt(rc, 0, "%s", bad[i].text);
		cr_expect_null(zone);
		if (bad[i].why)
			cr_expect(strstr(why.text, bad[i].why), "%s\n  got: %s\n wanted: %s",
				bad[i].text, why.text, bad[i].why);
		else
			cr_expect(strstr(why.text, "zone:3: a.test. "), "%s\n  got: %s",
				bad[i].text, why.text);
	}
}

Test(zone_load, refuses_a_zero_octet)
{
	static const char text[] = APEX "a.test. 60 IN TXT x\0y\n";
	struct zone *zone = NULL;
	struct why why = {0};

	cr_expect_lt(
		zone_load_text("zone", (const uint8_t *)text, sizeof(text) - 1, NULL, &zone, &why),
		0);
	cr_expect_str_eq(why.text, "zone:3: a zero octet");
}

Test(zone_load, refuses_an_entry_without_end)
{
	size_t length = 1 << 20;
	char *text = malloc(length + 1);
	struct zone *zone = NULL;
	struct why why = {0};

	cr_assert(text);
	memset(text, 'a', length);
	text[length] = '\0';
	cr_expect_lt(load(text, NULL, &zone, &why), 0);
	cr_expect_str_eq(why.text, "zone:1: the entry is too long");
	free(text);
}

Test(zone_load, tells_that_a_file_is_missing_or_a_directory)
{
	struct zone *zone = NULL;
	struct why why = {0};

	cr_expect_eq(zone_load("/nowhere", NULL, &zone, &why), -ENOENT);
	cr_expect_str_eq(why.text, "/nowhere: No such file or directory");
	cr_expect_eq(zone_load("/tmp", NULL, &zone, &why), -EISDIR);
	cr_expect_str_eq(why.text, "/tmp: Is a directory");
}

/* ---- what is taken, and as what ---- */

Test(zone_load, takes_every_way_to_write_the_same_zone)
{
	static const char *const same[] = {
		APEX "a.b.test. 60 IN A 192.0.2.1\n",
		"$ORIGIN test.\n@ 3600 IN SOA ns host 7 1800 900 604800 86400\n@ 3600 IN NS ns\n"
		"a.b 60 IN A 192.0.2.1\n",
		"$TTL 1h\ntest. SOA ns.test. host.test. 7 30m 15m 1w 1d\n  NS ns.test.\n"
		"A.b.TEST. 1m A 192.0.2.1",
		"test. IN 3600 SOA NS.test. host.Test. ( ; numbers follow\n 7\n\t1800 ; refresh\n"
		"900 604800\n86400 )\r\n\n; none\ntest. NS ns.test.\na.b.test. 60 IN A 192.0.2.1\n",
		"test 3600 IN SOA ns.test host.test 7 1800 900 604800 86400\n"
		"test 3600 CLASS1 TYPE2 \\# 9 026e730474657374 00\n$ORIGIN b.test.\n"
		"$ORIGIN a\n@ 60 A \\# 4 c0 00 02 01\n",
		APEX APEX "a.b.test. 60 IN A 192.0.2.1\na.b.test. 60 IN A 192.0.2.1\n",
	};
	struct zone *first = good(same[0]);

	for (size_t i = 1; i < sizeof(same) / sizeof(same[0]); i++) {
		struct zone *zone = good(same[i]);

		cr_expect_eq(zone->record_count, 3, "%s", same[i]);
		cr_expect_eq(zone->node_count, 2);
		cr_expect_eq(zone->serial, 7);
		for (size_t k = 0; k < zone->node_count; k++) {
			const struct zone_node *a = &first->nodes[k], *b = &zone->nodes[k];

			cr_expect(wire_name_equal(&a->name, &b->name), "%s", same[i]);
			cr_assert_eq(a->count, b->count, "%s", same[i]);
			for (unsigned int r = 0; r < a->count; r++) {
				const struct zone_rrset *x = &a->rrsets[r], *y = &b->rrsets[r];

				cr_expect_eq(x->ttl, y->ttl, "%s", same[i]);
				cr_expect_eq(x->type, y->type, "%s", same[i]);
				cr_assert_eq(x->rdata[0].length, y->rdata[0].length, "%s", same[i]);
				cr_expect_arr_eq(x->rdata[0].octets, y->rdata[0].octets,
					x->rdata[0].length, "%s", same[i]);
			}
		}
		zone_free(zone);
	}
	zone_free(first);
}

Test(zone_load, reads_ttls_in_units_and_keeps_the_last_one_stated)
{
	struct zone *zone = good(APEX "a.test. 1w2d3h4m5s IN TXT a\nb.test. TXT b\n"
				      "$TTL 2H\nc.test. TXT c\nd.test. 9 TXT d\ne.test. TXT e\n");

	cr_expect_eq(node_of(zone, "a.test.")->rrsets[0].ttl, 788645);
	cr_expect_eq(node_of(zone, "b.test.")->rrsets[0].ttl, 788645);
	cr_expect_eq(node_of(zone, "c.test.")->rrsets[0].ttl, 7200);
	cr_expect_eq(node_of(zone, "d.test.")->rrsets[0].ttl, 9);
	cr_expect_eq(node_of(zone, "e.test.")->rrsets[0].ttl, 7200);
	zone_free(zone);
}

Test(zone_load, keeps_escapes_quotes_and_parentheses_in_strings)
{
	static const uint8_t wanted[] = "\x08"
					"a;b (c)\""
					"\x01"
					";"
					"\x02"
					" )";
	struct zone *zone =
		good(APEX "a.test. 60 IN TXT (\"a;b (c)\\\"\" ; comment )\n \\; \"\\032)\" )\n");
	const struct zone_rdata *rdata = &node_of(zone, "a.test.")->rrsets[0].rdata[0];

	cr_assert_eq(rdata->length, sizeof(wanted) - 1);
	cr_expect_arr_eq(rdata->octets, wanted, rdata->length);
	zone_free(zone);
}

Test(zone_load, folds_names_but_not_the_next_name_of_nsec)
{
	struct zone *zone = good(APEX "A.TEST. 60 IN MX 5 Mail.TEST.\n"
				      "a.test. 60 IN NSEC B.Test. MX\na.test. 60 IN TXT AbC\n");
	const struct zone_node *node = node_of(zone, "a.test.");

	cr_assert(node);
	cr_expect_arr_eq(
		zone_rrset_find(node, WIRE_TYPE_MX)->rdata[0].octets + 2, "\4mail\4test", 11);
	cr_expect_arr_eq(zone_rrset_find(node, WIRE_TYPE_NSEC)->rdata[0].octets, "\1B\4Test", 8);
	cr_expect_arr_eq(zone_rrset_find(node, WIRE_TYPE_TXT)->rdata[0].octets, "\3AbC", 4);
	zone_free(zone);
}

Test(zone_load, reads_labels_that_ldns_would_take_for_the_origin)
{
	struct zone *zone =
		good(APEX "\\@.test. 60 IN NS \\@.x.test.\n"
			  "b.test. 60 IN MX 5 \\064.test.\n@c.test. 60 IN A 192.0.2.1\n");

	cr_expect_arr_eq(node_of(zone, "\\@.test.")->rrsets[0].rdata[0].octets, "\1@\1x\4test", 10);
	cr_expect_arr_eq(node_of(zone, "b.test.")->rrsets[0].rdata[0].octets + 2, "\1@\4test", 8);
	cr_expect(node_of(zone, "@c.test."));
	zone_free(zone);
}

Test(zone_load, sorts_names_rrsets_and_records_and_finds_each)
{
	/* RFC 4034 6.1's example, but for its wildcard */
	static const char *const sorted[] = {"test.", "a.test.", "yljkjljk.a.test.", "Z.a.test.",
		"zABC.a.EXAMPLE.test.", "z.test.", "\\001.z.test.", "\\200.z.test."};
	char text[2048] = APEX;
	struct zone *zone;

	for (size_t i = sizeof(sorted) / sizeof(sorted[0]); i-- > 1;)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			"%s 60 IN AAAA ::2\n%s 60 IN AAAA ::1\n%s 60 IN A 192.0.2.1\n", sorted[i],
			sorted[i], sorted[i]);
	zone = good(text);
	cr_assert_eq(zone->node_count, sizeof(sorted) / sizeof(sorted[0]));
	for (size_t i = 0; i < zone->node_count; i++) {
		const struct zone_node *node = &zone->nodes[i];
		struct wire_name name;

		cr_assert(wire_name_from_text(&name, sorted[i]));
		wire_name_fold(&name);
		cr_expect_eq(zone_find(zone, &name), node, "%s", sorted[i]);
		if (i == 0)
			continue;
		cr_assert_eq(node->count, 2);
		cr_expect_eq(node->rrsets[0].type, WIRE_TYPE_A);
		cr_expect_eq(zone_rrset_find(node, WIRE_TYPE_AAAA), &node->rrsets[1]);
		cr_expect_eq(node->rrsets[1].rdata[0].octets[15], 1);
		cr_expect_eq(node->rrsets[1].rdata[1].octets[15], 2);
	}
	cr_expect_null(node_of(zone, "b.test."));
	cr_expect_null(node_of(zone, "example.test."));
	zone_free(zone);
}

Test(zone_load, knows_where_each_name_lies)
{
	struct zone *zone =
		good(APEX "cut.test. 60 IN NS ns.cut.test.\ncut.test. 60 IN A 192.0.2.1\n"
			  "ns.cut.test. 60 IN A 192.0.2.1\nb.ns.cut.test. 60 IN NS x.\n"
			  "cuts.test. 60 IN A 192.0.2.1\nns.test. 60 IN A 192.0.2.2\n");

	cr_expect_eq(node_of(zone, "test.")->place, ZONE_APEX);
	cr_expect_eq(node_of(zone, "cut.test.")->place, ZONE_CUT);
	cr_expect_eq(node_of(zone, "ns.cut.test.")->place, ZONE_GLUE);
	cr_expect_eq(node_of(zone, "b.ns.cut.test.")->place, ZONE_GLUE);
	cr_expect_eq(node_of(zone, "cuts.test.")->place, ZONE_AUTHORITATIVE);
	cr_expect_eq(node_of(zone, "ns.test.")->place, ZONE_AUTHORITATIVE);
	zone_free(zone);
}

Test(zone_load, takes_its_name_from_the_caller)
{
	static const char text[] = "a 60 IN A 192.0.2.1\n@ 60 IN NS a\n"
				   "@ 60 IN SOA a a 7 1800 900 604800 86400\n";
	struct zone *zone = NULL;
	struct why why = {0};

	cr_assert_eq(load(text, "Test", &zone, &why), 0, "%s", why.text);
	cr_expect(node_of(zone, "a.test."));
	zone_free(zone);
	cr_expect_lt(load(APEX, "example.", &zone, &why), 0);
	cr_expect_str_eq(why.text, "zone:1: test. SOA: out of zone");
	cr_expect_lt(load(APEX, ".", &zone, &why), 0);
	cr_expect_str_eq(why.text, "zone:1: test. SOA: a SOA below the apex");
}

Test(zone_time, is_a_date_that_exists)
{
	static const char *const wrong[] = {"", "2026080200000", "202608020000000",
		"20260230000000", "20261301000000", "20260801240000", "2026-0801-0000",
		"20260801000060"};
	time_t at;

	cr_assert(zone_time_from_text(&at, "20260802000000"));
	cr_expect_eq(at, 1785628800);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_expect_not(zone_time_from_text(&at, wrong[i]), "%s", wrong[i]);
}

Test(zone_policy, is_one_of_three_words)
{
	enum zone_policy policy;

	cr_expect(zone_policy_from_text(&policy, "require") && policy == ZONE_REQUIRE);
	cr_expect(zone_policy_from_text(&policy, "if-present") && policy == ZONE_IF_PRESENT);
	cr_expect(zone_policy_from_text(&policy, "off") && policy == ZONE_OFF);
	cr_expect_not(zone_policy_from_text(&policy, "Off"));
	cr_expect_not(zone_policy_from_text(&policy, ""));
}
