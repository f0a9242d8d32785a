/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>

#include "hex.h"
#include "oracle/oracle.h"
#include "oracle_zone.h"
#include "test_node.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A node without a name and without cookies, asked over UDP. */
static size_t
oracle_ask(const struct zone *zone, const uint8_t *query, size_t length, uint8_t *reply)
{
	const struct oracle_zones zones = {.count = zone != NULL, .zones = &zone};
	const struct exchange_self self = {.identity_length = 0};
	const struct exchange_peer peer = test_peer(false, WIRE_UDP);

	return oracle_answer(&zones, &self, &peer, query, length, reply);
}

static const char unsigned_text[] =
	"$ORIGIN test.\n"
	"$TTL 3600\n"
	"@ 7200 IN SOA ns1 admin.mail 2026073102 1800 900 604800 600\n"
	"@ NS ns1\n@ NS ns.sub\n@ NS ns.other.\n@ NS self\n"
	"@ MX 10 mail\n@ MX 20 mx.other.\n"
	"@ TXT \"version one\"\n"
	"ns1 A 198.18.0.2\nns1 A 198.18.0.1\nns1 AAAA 2001:db8::1\n"
	"mail A 198.18.0.9\nmail TXT \"x\"\nmail PTR www\n"
	"www TXT \"www\"\nwww SRV 1 2 53 ns1\n"
	"deep.ent.x 60 AAAA 2001:db8::2\n"
	"sub NS ns.sub\nsub NS host.sib\nsub NS ns1\nsub NS ns.other.\nsub NS missing.sub\n"
	"ns.sub 300 A 198.18.1.1\nns.sub 300 AAAA 2001:db8:1::1\n"
	"sib NS host.sib\nsib NS ns2.sib\n"
	"host.sib A 198.18.2.1\nhost.sib AAAA 2001:db8:2::1\nns2.sib A 198.18.2.2\n"
	"lonely NS host.sib\n"
	"bare NS ns.other.\n"
	"a.sub NS ns.other.\n"
	"cut.two NS ns.other.\n"
	"self NS self\nself A 198.18.3.1\n";

static const char signed_extra[] =
	"@ DNSKEY 257 3 8 AwEAAQ==\n"
	"@ 600 NSEC bare NS SOA MX TXT RRSIG NSEC DNSKEY\n"
	"bare 600 NSEC lonely NS RRSIG NSEC\n"
	"lonely 600 NSEC mail NS RRSIG NSEC\n"
	"mail 600 NSEC ns1 A PTR TXT RRSIG NSEC\n"
	"ns1 600 NSEC self A AAAA RRSIG NSEC\n"
	"self 600 NSEC sib NS RRSIG NSEC\n"
	"sib 600 NSEC sub NS RRSIG NSEC\n"
	"sub 600 NSEC cut.two NS DS RRSIG NSEC\n"
	"cut.two 600 NSEC www NS RRSIG NSEC\n"
	"www 600 NSEC deep.ent.x TXT SRV RRSIG NSEC\n"
	"deep.ent.x 600 NSEC @ AAAA RRSIG NSEC\n"
	"sub 1800 DS 7 8 2 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
	/* clang-format off */
	SIGNATURE("@", "7200", "SOA", "1")
	SIGNATURE("@", "3600", "NS", "1")
	SIGNATURE("@", "3600", "MX", "1")
	SIGNATURE("@", "3600", "TXT", "1")
	SIGNATURE("@", "3600", "DNSKEY", "2")
	SIGNATURE("@", "3600", "DNSKEY", "1")
	SIGNATURE("@", "600", "NSEC", "1")
	SIGNATURE("bare", "600", "NSEC", "1")
	SIGNATURE("lonely", "600", "NSEC", "1")
	SIGNATURE("mail", "600", "NSEC", "1")
	SIGNATURE("mail", "3600", "A", "1")
	SIGNATURE("mail", "3600", "PTR", "1")
	SIGNATURE("mail", "3600", "TXT", "1")
	SIGNATURE("ns1", "600", "NSEC", "1")
	SIGNATURE("ns1", "3600", "A", "1")
	SIGNATURE("ns1", "3600", "AAAA", "1")
	SIGNATURE("self", "600", "NSEC", "1")
	SIGNATURE("sib", "600", "NSEC", "1")
	SIGNATURE("sub", "600", "NSEC", "1")
	SIGNATURE("sub", "1800", "DS", "1")
	SIGNATURE("cut.two", "600", "NSEC", "1")
	SIGNATURE("www", "600", "NSEC", "1")
	SIGNATURE("www", "3600", "TXT", "1")
	SIGNATURE("www", "3600", "SRV", "1")
	SIGNATURE("deep.ent.x", "600", "NSEC", "1")
	SIGNATURE("deep.ent.x", "60", "AAAA", "1")
	/* clang-format on */
	;

static struct zone *
signed_zone(void)
{
	char text[sizeof(unsigned_text) + sizeof(signed_extra)];

	snprintf(text, sizeof(text), "%s%s", unsigned_text, signed_extra);
	return zone_from_text(text);
}

/* What a zone says to a question, as text. */
static char *
ask(const struct zone *zone, const char *name, uint16_t qtype, int udp_size, bool dnssec_ok)
{
	uint8_t query[QUERY_MAX], reply[WIRE_UDP_SIZE_OWN];
	struct wire_name qname;
	size_t length;

	cr_assert(wire_name_from_text(&qname, name), "%s", name);
	length = query_make(query, &qname, qtype, udp_size, dnssec_ok);
	length = oracle_ask(zone, query, length, reply);
	return reply_describe(reply, length);
}

struct row {
	const char *what, *qname;
	uint16_t qtype;
	const char *reply;
};

static void
expect_rows(const struct zone *zone, const struct row *rows, size_t count, bool dnssec_ok)
{
	for (size_t i = 0; i < count; i++) {
		char *reply = ask(zone, rows[i].qname, rows[i].qtype, 1232, dnssec_ok);

		cr_expect_str_eq(
			reply, rows[i].reply, "%s:\n%snot\n%s", rows[i].what, reply, rows[i].reply);
		free(reply);
	}
}

#define SOA_RDATA "ns1.test. admin.mail.test. 2026073102 1800 900 604800 600\n"
#define DENIED "au test. 600 SOA " SOA_RDATA
#define SUB_NS                                                                                     \
	"au sub.test. 3600 NS ns.sub.test.\n"                                                      \
	"au sub.test. 3600 NS ns.other.\n"                                                         \
	"au sub.test. 3600 NS ns1.test.\n"                                                         \
	"au sub.test. 3600 NS host.sib.test.\n"                                                    \
	"au sub.test. 3600 NS missing.sub.test.\n"
/* ns1 is no glue: its signatures come along, RFC 4035 3.1.1 */
#define SUB_GLUE_WITH(signature_a, signature_aaaa)                                                 \
	"ad ns.sub.test. 300 A 198.18.1.1\n"                                                       \
	"ad ns.sub.test. 300 AAAA 2001:db8:1::1\n"                                                 \
	"ad ns1.test. 3600 A 198.18.0.1\n"                                                         \
	"ad ns1.test. 3600 A 198.18.0.2\n" signature_a                                             \
	"ad ns1.test. 3600 AAAA 2001:db8::1\n" signature_aaaa                                      \
	"ad host.sib.test. 3600 A 198.18.2.1\n"                                                    \
	"ad host.sib.test. 3600 AAAA 2001:db8:2::1\n"
#define SUB_GLUE SUB_GLUE_WITH("", "")
#define SUB_GLUE_SIGNED                                                                            \
	SUB_GLUE_WITH(SIG("ad", "ns1.test.", "3600", "A"), SIG("ad", "ns1.test.", "3600", "AAAA"))
#define DS_RDATA "7 8 2 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"

/* As an unsigned zone answers, and a signed one without DO. */
static const struct row plain_rows[] = {
	{"the SOA", "test.", WIRE_TYPE_SOA, "NOERROR AA\nan test. 7200 SOA " SOA_RDATA},
	{"NS of the apex, with addresses", "test.", WIRE_TYPE_NS,
		"NOERROR AA\n"
		"an test. 3600 NS ns.sub.test.\n"
		"an test. 3600 NS ns.other.\n"
		"an test. 3600 NS ns1.test.\n"
		"an test. 3600 NS self.test.\n"
		"ad ns.sub.test. 300 A 198.18.1.1\n"
		"ad ns.sub.test. 300 AAAA 2001:db8:1::1\n"
		"ad ns1.test. 3600 A 198.18.0.1\n"
		"ad ns1.test. 3600 A 198.18.0.2\n"
		"ad ns1.test. 3600 AAAA 2001:db8::1\n"
		"ad self.test. 3600 A 198.18.3.1\n"},
	{"MX, without addresses", "test.", WIRE_TYPE_MX,
		"NOERROR AA\nan test. 3600 MX 10 mail.test.\nan test. 3600 MX 20 mx.other.\n"},
	{"addresses in canonical order", "ns1.test.", WIRE_TYPE_A,
		"NOERROR AA\nan ns1.test. 3600 A 198.18.0.1\nan ns1.test. 3600 A 198.18.0.2\n"},
	{"SRV", "www.test.", WIRE_TYPE_SRV, "NOERROR AA\nan www.test. 3600 SRV 1 2 53 ns1.test.\n"},
	{"PTR", "mail.test.", WIRE_TYPE_PTR, "NOERROR AA\nan mail.test. 3600 PTR www.test.\n"},
	{"an absent type", "www.test.", WIRE_TYPE_A, "NOERROR AA\n" DENIED},
	{"an unknown type", "www.test.", 1000, "NOERROR AA\n" DENIED},
	{"MAILB is one", "www.test.", 253, "NOERROR AA\n" DENIED},
	{"DS of the apex", "test.", WIRE_TYPE_DS, "NOERROR AA\n" DENIED},
	{"an empty non-terminal", "x.test.", WIRE_TYPE_AAAA, "NOERROR AA\n" DENIED},
	{"the one below it", "ent.x.test.", WIRE_TYPE_ANY, "NOERROR AA\n" DENIED},
	{"below those", "deep.ent.x.test.", WIRE_TYPE_AAAA,
		"NOERROR AA\nan deep.ent.x.test. 60 AAAA 2001:db8::2\n"},
	{"no such name", "nope.test.", WIRE_TYPE_A, "NXDOMAIN AA\n" DENIED},
	{"none below an owner", "no.www.test.", WIRE_TYPE_A, "NXDOMAIN AA\n" DENIED},
	{"none below an empty non-terminal", "no.x.test.", WIRE_TYPE_A, "NXDOMAIN AA\n" DENIED},
	{"a wildcard's name", "*.test.", WIRE_TYPE_A, "NXDOMAIN AA\n" DENIED},
	{"a name in another zone", "test2.", WIRE_TYPE_A, "REFUSED\n"},
	{"the root", ".", WIRE_TYPE_NS, "REFUSED\n"},
	{"a cut", "sub.test.", WIRE_TYPE_A, "NOERROR\n" SUB_NS SUB_GLUE},
	{"its NS", "sub.test.", WIRE_TYPE_NS, "NOERROR\n" SUB_NS SUB_GLUE},
	{"ANY at a cut", "sub.test.", WIRE_TYPE_ANY, "NOERROR\n" SUB_NS SUB_GLUE},
	{"NSEC at a cut", "sub.test.", WIRE_TYPE_NSEC, "NOERROR\n" SUB_NS SUB_GLUE},
	{"RRSIG at a cut", "sub.test.", WIRE_TYPE_RRSIG, "NOERROR\n" SUB_NS SUB_GLUE},
	{"below a cut", "a.b.sub.test.", WIRE_TYPE_MX, "NOERROR\n" SUB_NS SUB_GLUE},
	{"glue never answers", "ns.sub.test.", WIRE_TYPE_A, "NOERROR\n" SUB_NS SUB_GLUE},
	{"DS below a cut", "ns.sub.test.", WIRE_TYPE_DS, "NOERROR\n" SUB_NS SUB_GLUE},
	{"a cut below a cut", "x.a.sub.test.", WIRE_TYPE_A, "NOERROR\n" SUB_NS SUB_GLUE},
	{"a cut below an empty non-terminal", "x.cut.two.test.", WIRE_TYPE_A,
		"NOERROR\nau cut.two.test. 3600 NS ns.other.\n"},
	{"the empty non-terminal", "two.test.", WIRE_TYPE_NS, "NOERROR AA\n" DENIED},
	{"an address at the cut", "self.test.", WIRE_TYPE_A,
		"NOERROR\nau self.test. 3600 NS self.test.\nad self.test. 3600 A 198.18.3.1\n"},
	{"two hosts below the cut", "sib.test.", WIRE_TYPE_A,
		"NOERROR\n"
		"au sib.test. 3600 NS ns2.sib.test.\n"
		"au sib.test. 3600 NS host.sib.test.\n"
		"ad ns2.sib.test. 3600 A 198.18.2.2\n"
		"ad host.sib.test. 3600 A 198.18.2.1\n"
		"ad host.sib.test. 3600 AAAA 2001:db8:2::1\n"},
	{"siblings alone", "lonely.test.", WIRE_TYPE_A,
		"NOERROR\n"
		"au lonely.test. 3600 NS host.sib.test.\n"
		"ad host.sib.test. 3600 A 198.18.2.1\n"
		"ad host.sib.test. 3600 AAAA 2001:db8:2::1\n"},
	{"no address in the zone", "bare.test.", WIRE_TYPE_A,
		"NOERROR\nau bare.test. 3600 NS ns.other.\n"},
	{"DS at a cut that has none", "sib.test.", WIRE_TYPE_DS, "NOERROR AA\n" DENIED},
	{"IXFR at the apex", "test.", WIRE_TYPE_IXFR, "NOERROR AA\nan test. 7200 SOA " SOA_RDATA},
	{"IXFR below it", "www.test.", WIRE_TYPE_IXFR, "NOTAUTH\n"},
	{"IXFR at a cut", "sub.test.", WIRE_TYPE_IXFR, "NOTAUTH\n"},
	{"IXFR outside", "test2.", WIRE_TYPE_IXFR, "REFUSED\n"},
};

Test(oracle_answer, is_that_of_rfc_1034_without_dnssec)
{
	struct zone *plain = zone_from_text(unsigned_text), *with_signatures = signed_zone();

	expect_rows(plain, plain_rows, COUNT(plain_rows), false);
	expect_rows(plain, plain_rows, COUNT(plain_rows), true);
	expect_rows(with_signatures, plain_rows, COUNT(plain_rows), false);
	zone_free(plain);
	zone_free(with_signatures);
}

#define SIG(section, owner, ttl, type) section " " owner " " ttl " RRSIG " type " 1\n"
#define DENIED_SIGNED DENIED SIG("au", "test.", "600", "SOA")
#define APEX_NSEC                                                                                  \
	"au test. 600 NSEC bare.test. NS SOA MX TXT RRSIG NSEC DNSKEY \n" SIG(                     \
		"au", "test.", "600", "NSEC")
#define SUB_NSEC                                                                                   \
	"au sub.test. 600 NSEC cut.two.test. NS DS RRSIG NSEC \n" SIG(                             \
		"au", "sub.test.", "600", "NSEC")
#define WWW_NSEC                                                                                   \
	"au www.test. 600 NSEC deep.ent.x.test. TXT SRV RRSIG NSEC \n" SIG(                        \
		"au", "www.test.", "600", "NSEC")
#define DEEP_NSEC                                                                                  \
	"au deep.ent.x.test. 600 NSEC test. AAAA RRSIG NSEC \n" SIG(                               \
		"au", "deep.ent.x.test.", "600", "NSEC")
#define SIB_NSEC                                                                                   \
	"au sib.test. 600 NSEC sub.test. NS RRSIG NSEC \n" SIG("au", "sib.test.", "600", "NSEC")
#define SUB_DS(section)                                                                            \
	section " sub.test. 1800 DS " DS_RDATA SIG(section, "sub.test.", "1800", "DS")

static const struct row dnssec_rows[] = {
	{"the SOA", "test.", WIRE_TYPE_SOA,
		"NOERROR AA\nan test. 7200 SOA " SOA_RDATA SIG("an", "test.", "7200", "SOA")},
	{"an RRset of two", "ns1.test.", WIRE_TYPE_A,
		"NOERROR AA\nan ns1.test. 3600 A 198.18.0.1\nan ns1.test. 3600 A 198.18.0.2\n" SIG(
			"an", "ns1.test.", "3600", "A")},
	{"two signatures", "test.", WIRE_TYPE_DNSKEY,
		"NOERROR AA\n"
		"an test. 3600 DNSKEY 257\n"
		"an test. 3600 RRSIG DNSKEY 1\n"
		"an test. 3600 RRSIG DNSKEY 2\n"},
	{"NS of the apex; glue is unsigned", "test.", WIRE_TYPE_NS,
		"NOERROR AA\n"
		"an test. 3600 NS ns.sub.test.\n"
		"an test. 3600 NS ns.other.\n"
		"an test. 3600 NS ns1.test.\n"
		"an test. 3600 NS self.test.\n" SIG("an", "test.", "3600",
			"NS") "ad ns.sub.test. 300 A 198.18.1.1\n"
			      "ad ns.sub.test. 300 AAAA 2001:db8:1::1\n"
			      "ad ns1.test. 3600 A 198.18.0.1\n"
			      "ad ns1.test. 3600 A 198.18.0.2\n" SIG("ad", "ns1.test.", "3600",
				      "A") "ad ns1.test. 3600 AAAA 2001:db8::1\n" SIG("ad",
				      "ns1.test.", "3600",
				      "AAAA") "ad self.test. 3600 A 198.18.3.1\n"},
	{"NSEC by its name", "www.test.", WIRE_TYPE_NSEC,
		"NOERROR AA\nan www.test. 600 NSEC deep.ent.x.test. TXT SRV RRSIG NSEC \n" SIG(
			"an", "www.test.", "600", "NSEC")},
	{"RRSIG: one, of the lowest type", "mail.test.", WIRE_TYPE_RRSIG,
		"NOERROR AA\n" SIG("an", "mail.test.", "3600", "A")},
	{"ANY: the least", "mail.test.", WIRE_TYPE_ANY,
		"NOERROR AA\nan mail.test. 3600 TXT \"x\"\n" SIG(
			"an", "mail.test.", "3600", "TXT")},
	{"an absent type", "www.test.", WIRE_TYPE_A, "NOERROR AA\n" DENIED_SIGNED WWW_NSEC},
	{"DS of the apex", "test.", WIRE_TYPE_DS, "NOERROR AA\n" DENIED_SIGNED APEX_NSEC},
	{"an empty non-terminal", "x.test.", WIRE_TYPE_A, "NOERROR AA\n" DENIED_SIGNED WWW_NSEC},
	{"one below it", "ent.x.test.", WIRE_TYPE_RRSIG, "NOERROR AA\n" DENIED_SIGNED WWW_NSEC},
	{"NXDOMAIN before the first child", "0.test.", WIRE_TYPE_A,
		"NXDOMAIN AA\n" DENIED_SIGNED APEX_NSEC},
	{"behind the last one", "zz.test.", WIRE_TYPE_A,
		"NXDOMAIN AA\n" DENIED_SIGNED APEX_NSEC DEEP_NSEC},
	{"behind glue", "t.test.", WIRE_TYPE_A, "NXDOMAIN AA\n" DENIED_SIGNED APEX_NSEC SUB_NSEC},
	{"below an owner", "no.www.test.", WIRE_TYPE_A, "NXDOMAIN AA\n" DENIED_SIGNED WWW_NSEC},
	{"far below an owner", "a.b.c.www.test.", WIRE_TYPE_A,
		"NXDOMAIN AA\n" DENIED_SIGNED WWW_NSEC},
	{"below an empty non-terminal, behind its child", "nope.x.test.", WIRE_TYPE_A,
		"NXDOMAIN AA\n" DENIED_SIGNED WWW_NSEC DEEP_NSEC},
	{"below it, before its child", "a.x.test.", WIRE_TYPE_A,
		"NXDOMAIN AA\n" DENIED_SIGNED WWW_NSEC},
	{"the wildcard itself", "*.test.", WIRE_TYPE_A, "NXDOMAIN AA\n" DENIED_SIGNED APEX_NSEC},
	{"before the wildcard", "\\000.test.", WIRE_TYPE_A,
		"NXDOMAIN AA\n" DENIED_SIGNED APEX_NSEC},
	{"a referral to a signed child", "sub.test.", WIRE_TYPE_A,
		"NOERROR\n" SUB_NS SUB_DS("au") SUB_GLUE_SIGNED},
	{"DS at a cut", "sub.test.", WIRE_TYPE_DS, "NOERROR AA\n" SUB_DS("an")},
	{"DS below a cut", "a.sub.test.", WIRE_TYPE_DS,
		"NOERROR\n" SUB_NS SUB_DS("au") SUB_GLUE_SIGNED},
	{"a referral to an unsigned child", "x.lonely.test.", WIRE_TYPE_NSEC,
		"NOERROR\n"
		"au lonely.test. 3600 NS host.sib.test.\n"
		"au lonely.test. 600 NSEC mail.test. NS RRSIG NSEC \n" SIG("au", "lonely.test.",
			"600", "NSEC") "ad host.sib.test. 3600 A 198.18.2.1\n"
				       "ad host.sib.test. 3600 AAAA 2001:db8:2::1\n"},
	{"DS at a cut that has none", "sib.test.", WIRE_TYPE_DS,
		"NOERROR AA\n" DENIED_SIGNED SIB_NSEC},
	{"IXFR is never signed", "test.", WIRE_TYPE_IXFR,
		"NOERROR AA\nan test. 7200 SOA " SOA_RDATA},
};

Test(oracle_answer, is_that_of_rfc_4035_with_dnssec)
{
	struct zone *zone = signed_zone();

	expect_rows(zone, dnssec_rows, COUNT(dnssec_rows), true);
	zone_free(zone);
}

Test(oracle_answer, to_any_and_rrsig_is_one_rrset_with_or_without_do)
{
	static const struct row rows[] = {
		{"ANY", "mail.test.", WIRE_TYPE_ANY, "NOERROR AA\nan mail.test. 3600 TXT \"x\"\n"},
		{"two records count twice", "ns1.test.", WIRE_TYPE_ANY,
			"NOERROR AA\nan ns1.test. 3600 AAAA 2001:db8::1\n"},
		{"RRSIG", "mail.test.", WIRE_TYPE_RRSIG,
			"NOERROR AA\n" SIG("an", "mail.test.", "3600", "A")},
	};
	static const struct row unsigned_rows[] = {
		{"RRSIG", "mail.test.", WIRE_TYPE_RRSIG, "NOERROR AA\n" DENIED},
	};
	static const char tie[] =
		"t. 5 IN SOA t. t. 1 2 3 4 9\nt. 5 IN NS .\n"
		"a.t. 5 IN TXT \"abc\"\na.t. 5 IN A 198.18.0.1\n"
		"c.t. 5 IN A 198.18.0.1\nc.t. 5 IN TXT \"abc\"\n"
		"c.t. 5 IN RRSIG TXT 8 1 5 20300101000000 20200101000000 7 t. AAAA\n";
	static const struct row tie_rows[] = {
		{"of equals the lower type", "a.t.", WIRE_TYPE_ANY,
			"NOERROR AA\nan a.t. 5 A 198.18.0.1\n"},
		{"the lower type has no signature", "c.t.", WIRE_TYPE_RRSIG,
			"NOERROR AA\nan c.t. 5 RRSIG TXT 7\n"},
		{"the SOA's own TTL is less", "b.t.", WIRE_TYPE_A,
			"NXDOMAIN AA\nau t. 5 SOA t. t. 1 2 3 4 9\n"},
	};
	struct zone *zone = signed_zone();

	expect_rows(zone, rows, COUNT(rows), false);
	zone_free(zone);
	zone = zone_from_text(unsigned_text);
	expect_rows(zone, unsigned_rows, COUNT(unsigned_rows), true);
	zone_free(zone);
	zone = zone_from_text(tie);
	expect_rows(zone, tie_rows, COUNT(tie_rows), false);
	zone_free(zone);
}

static const struct {
	const char *what, *query, *reply; /* reply NULL: none */
} octets[] = {
	{"no header", "ab cd 00 00 00 01 00 00 00 00 00", NULL},
	{"a reply", "ab cd 80 00 00 01 00 00 00 00 00 00 04 'test' 00 0001 0001", NULL},
	{"an unknown opcode", "ab cd 79 00 00 01 00 00 00 00 00 00 ff",
		"ab cd f9 04 00 00 00 00 00 00 00 00"},
	{"two questions", "ab cd 00 00 00 02 00 00 00 00 00 00 00 0001 0001",
		"ab cd 80 01 00 00 00 00 00 00 00 00"},
	{"class CH", "ab cd 01 00 00 01 00 00 00 00 00 00 04 'Test' 00 0001 0003",
		"ab cd 81 05 00 01 00 00 00 00 00 00 04 'Test' 00 0001 0003"},
	{"EDNS version 1",
		"ab cd 00 00 00 01 00 00 00 00 00 01 04 'test' 00 0006 0001"
		"00 0029 0200 00 01 8000 0000",
		"ab cd 80 00 00 01 00 00 00 00 00 01 04 'test' 00 0006 0001"
		"00 0029 04d0 01 00 8000 0000"},
	{"a referral: pointers to the end of QNAME, which keeps its case",
		"ab cd 01 30 00 01 00 00 00 00 00 00 01 'a' 06 'LoNely' 04 'tEst' 00 0001 0001",
		"ab cd 81 00 00 01 00 00 00 01 00 02 01 'a' 06 'LoNely' 04 'tEst' 00 0001 0001"
		"c00e 0002 0001 00000e10 000b 04 'host' 03 'sib' c015"
		"c02b 0001 0001 00000e10 0004 c6120201"
		"c02b 001c 0001 00000e10 0010 20010db8 00020000 00000000 00000001"},
	{"a denial: no pointer",
		"ab cd 00 00 00 01 00 00 00 00 00 01 01 'A' 04 'test' 00 0001 0001"
		"00 0029 0000 00 00 8000 0000",
		"ab cd 84 03 00 01 00 00 00 01 00 01 01 'A' 04 'test' 00 0001 0001"
		"04 'test' 00 0006 0001 00000258 002f"
		"03 'ns1' 04 'test' 00 05 'admin' 04 'mail' 04 'test' 00"
		"78c36c0e 00000708 00000384 00093a80 00000258"
		"00 0029 04d0 00 00 8000 0000"},
	{"a positive answer: names in MX are compressed",
		"ab cd 00 00 00 01 00 00 00 00 00 00 04 'TEST' 00 000f 0001",
		"ab cd 84 00 00 01 00 02 00 00 00 00 04 'TEST' 00 000f 0001"
		"c00c 000f 0001 00000e10 0009 000a 04 'mail' c00c"
		"c00c 000f 0001 00000e10 000c 0014 02 'mx' 05 'other' 00"},
	{"and in SOA", "ab cd 00 00 00 01 00 00 00 00 00 00 04 'test' 00 0006 0001",
		"ab cd 84 00 00 01 00 01 00 00 00 00 04 'test' 00 0006 0001"
		"c00c 0006 0001 00001c20 0027 03 'ns1' c00c 05 'admin' 04 'mail' c00c"
		"78c36c0e 00000708 00000384 00093a80 00000258"},
	{"and in PTR", "ab cd 00 00 00 01 00 00 00 00 00 00 04 'mail' 04 'test' 00 000c 0001",
		"ab cd 84 00 00 01 00 01 00 00 00 00 04 'mail' 04 'test' 00 000c 0001"
		"c00c 000c 0001 00000e10 0006 03 'www' c011"},
	{"but not in SRV", "ab cd 00 00 00 01 00 00 00 00 00 00 03 'www' 04 'test' 00 0021 0001",
		"ab cd 84 00 00 01 00 01 00 00 00 00 03 'www' 04 'test' 00 0021 0001"
		"c00c 0021 0001 00000e10 0010 0001 0002 0035 03 'ns1' 04 'test' 00"},
};

Test(oracle_answer, has_these_octets)
{
	struct zone *zone = zone_from_text(unsigned_text);

	for (size_t i = 0; i < COUNT(octets); i++) {
		size_t query_length, expected_length, length;
		uint8_t *query = hex_octets(octets[i].query, &query_length), *expected;
		uint8_t *reply = malloc(WIRE_UDP_SIZE_OWN);

		expected = hex_octets(octets[i].reply ? octets[i].reply : "", &expected_length);
		length = oracle_ask(zone, query, query_length, reply);
		cr_expect_eq(length, expected_length, "%s: %zu", octets[i].what, length);
		cr_expect_arr_eq(reply, expected, expected_length, "%s", octets[i].what);
		free(query);
		free(expected);
		free(reply);
	}
	zone_free(zone);
}

Test(oracle_answer, is_servfail_when_no_zone_is_loaded)
{
	char *reply = ask(NULL, "test.", WIRE_TYPE_SOA, 512, true);

	cr_expect_str_eq(reply, "SERVFAIL\n");
	free(reply);
}

/* ---- sizes ---- */

enum { A_SIZE = 16, AAAA_SIZE = 28 };

/*
 * fat: hosts below the cut and, if so many, below another; by name the same labels, so that each
 * has the same number of octets.
 */
static struct zone *
fat_zone(unsigned int in_domain, unsigned int siblings)
{
	static const char names[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	char *text = malloc(65536), *at = text;
	struct zone *zone;

	cr_assert_not_null(text);
	at += sprintf(at, "test. 60 IN SOA test. test. 1 2 3 4 5\ntest. 60 IN NS .\n");
	for (unsigned int i = 0; i < in_domain + siblings; i++) {
		const char *cut = i < in_domain ? "fat" : "sib";
		char c = names[i];

		at += sprintf(at,
			"fat.test. 60 IN NS %c.%s.test.\n%c.%s.test. 60 IN A 198.18.0.%u\n"
			"%c.%s.test. 60 IN AAAA 2001:db8::%u\n",
			c, cut, c, cut, i, c, cut, i);
	}
	at += sprintf(at, "sib.test. 60 IN NS ns.other.\n");
	zone = zone_from_text(text);
	free(text);
	return zone;
}

struct shape {
	size_t length;
	bool truncated;
	unsigned int ns, additional;
};

static struct shape
shape_of(const struct zone *zone, int udp_size)
{
	uint8_t query[QUERY_MAX], *reply = malloc(WIRE_UDP_SIZE_OWN);
	struct wire_name qname;
	struct shape s = {0};

	wire_name_from_text(&qname, "fat.test.");
	s.length = query_make(query, &qname, WIRE_TYPE_A, udp_size, false);
	s.length = oracle_ask(zone, query, s.length, reply);
	s.truncated = reply[2] & WIRE_FLAG1_TC;
	s.ns = (unsigned int)(reply[8] << 8 | reply[9]);
	s.additional = (unsigned int)(reply[10] << 8 | reply[11]) - (udp_size >= 0);
	free(reply);
	return s;
}

/* How many of the addresses, A and AAAA in turn, go into so many octets. */
static unsigned int
addresses_in(size_t room, unsigned int most)
{
	unsigned int count = 0;

	while (count < most && room >= (count % 2 ? AAAA_SIZE : A_SIZE)) {
		room -= count % 2 ? AAAA_SIZE : A_SIZE;
		count++;
	}
	return count;
}

Test(oracle_answer, leaves_out_sibling_glue_and_truncates_for_in_domain_glue)
{
	/* required: addresses */
	static const struct {
		unsigned int in_domain, siblings, required;
	} zones[] = {{12, 0, 24}, {9, 5, 18}, {6, 12, 12}, {36, 0, 72}, {1, 35, 2}, {0, 36, 1}};

	for (size_t i = 0; i < COUNT(zones); i++) {
		unsigned int hosts = zones[i].in_domain + zones[i].siblings;
		struct zone *zone = fat_zone(zones[i].in_domain, zones[i].siblings);
		/* header, question and OPT; NS, the first sibling's with a label more */
		size_t fixed = 12 + 14 + 11 + hosts * 16 + (zones[i].siblings ? 4 : 0);
		size_t least = fixed + zones[i].required / 2 * (A_SIZE + AAAA_SIZE) +
			       zones[i].required % 2 * A_SIZE;

		for (int size = 512; size <= 1232; size++) {
			struct shape s = shape_of(zone, size);
			unsigned int fits = (size_t)size < fixed
						    ? 0
						    : addresses_in((size_t)size - fixed, 2 * hosts);

			cr_expect(s.length <= (size_t)size, "zone %zu, size %d", i, size);
			cr_expect_eq(
				s.truncated, (size_t)size < least, "zone %zu, size %d", i, size);
			cr_expect_eq(s.ns, s.truncated ? 0 : hosts, "zone %zu, size %d", i, size);
			cr_expect_eq(
				s.additional, s.truncated ? 0 : fits, "zone %zu, size %d", i, size);
			if (s.truncated)
				cr_expect_eq(s.length, 12u + 14 + 11);
		}
		zone_free(zone);
	}
}

Test(oracle_answer, keeps_to_the_size_that_the_client_names)
{
	struct zone *zone = fat_zone(9, 5);
	struct shape none = shape_of(zone, -1), same = shape_of(zone, 512);

	cr_expect_eq(shape_of(zone, 0).length, same.length);
	cr_expect_eq(shape_of(zone, 511).length, same.length);
	cr_expect_eq(shape_of(zone, 65535).length, shape_of(zone, 1232).length);
	cr_expect(none.length <= 512);
	zone_free(zone);
}

/* NS of the apex: as many addresses as fit, and TC only for the NS RRset itself. */
Test(oracle_answer, to_a_priming_query_never_truncates_for_addresses)
{
	static const char head[] = ". 60 IN SOA . . 1 2 3 4 5\n";
	struct wire_name qname = wire_name_root;
	uint8_t query[QUERY_MAX], reply[WIRE_UDP_SIZE_OWN];
	char text[8192], *at = text + sprintf(text, "%s", head);
	struct zone *zone;
	size_t fixed;

	for (unsigned int i = 0; i < 20; i++)
		at += sprintf(at,
			". 60 IN NS %c.servers.\n%c.servers. 60 IN A 198.18.0.%u\n"
			"%c.servers. 60 IN AAAA 2001:db8::%u\n",
			'a' + i, 'a' + i, i, 'a' + i, i);
	zone = zone_from_text(text);
	fixed = oracle_ask(zone, query, query_make(query, &qname, 2, 1232, false), reply);
	fixed -= 20 * (A_SIZE + AAAA_SIZE);
	for (int size = 512; size <= 1232; size++) {
		size_t length = query_make(query, &qname, WIRE_TYPE_NS, size, false);

		length = oracle_ask(zone, query, length, reply);
		cr_expect(length <= (size_t)size);
		cr_expect_eq(reply[2], WIRE_FLAG1_QR | WIRE_FLAG1_AA | WIRE_FLAG1_RD);
		cr_expect_eq(reply[7], 20);
		cr_expect_eq(reply[11] - 1u, addresses_in((size_t)size - fixed, 40));
	}
	zone_free(zone);
}

Test(oracle_answer, to_a_priming_query_truncates_for_name_servers)
{
	char text[8192], *at = text + sprintf(text, ". 60 IN SOA . . 1 2 3 4 5\n");
	struct zone *zone;
	char *reply;

	for (unsigned int i = 0; i < 20; i++)
		at += sprintf(at, ". 60 IN NS %030u.\n", i);
	zone = zone_from_text(text);
	reply = ask(zone, ".", WIRE_TYPE_NS, 512, false);
	cr_expect_str_eq(reply, "NOERROR AA TC\n");
	free(reply);
	zone_free(zone);
}

/* RFC 1035 4.2.1 and RFC 6891 6.2.3 */
Test(oracle_answer, may_be_just_as_long_as_the_client_says)
{
	/* header, question "x.t.", a record with a pointer, TXT's length octet */
	enum { FIXED = 12 + 9 + 12 + 1 };

	for (int length = 470; length <= 490; length++) {
		const size_t plain = (size_t)FIXED + (size_t)length + 1, with_opt = plain + 11;
		char text[1024];
		struct zone *zone;
		char *reply;

		sprintf(text,
			"t. 5 IN SOA t. t. 1 2 3 4 9\nt. 5 IN NS .\n"
			"x.t. 5 IN TXT \"%0240u\" \"%0*u\"\n",
			1, length - 240, 2);
		zone = zone_from_text(text);
		reply = ask(zone, "x.t.", WIRE_TYPE_TXT, -1, false);
		cr_expect_eq(strstr(reply, " TC\n") == NULL, plain <= 512, "%zu", plain);
		free(reply);
		reply = ask(zone, "x.t.", WIRE_TYPE_TXT, 512, false);
		cr_expect_eq(strstr(reply, " TC\n") == NULL, with_opt <= 512, "%zu", with_opt);
		free(reply);
		zone_free(zone);
	}
}

Test(oracle_answer, that_does_not_fit_keeps_rcode_and_aa_and_nothing_else)
{
	char text[4096], *at = text;
	struct zone *zone;
	char *reply;

	at += sprintf(at, "test. 60 IN SOA test. test. 1 2 3 4 5\ntest. 60 IN NS .\n");
	for (unsigned int i = 0; i < 3; i++)
		at += sprintf(at, "big.test. 60 IN TXT \"%0200u\"\n", i);
	zone = zone_from_text(text);
	reply = ask(zone, "big.test.", WIRE_TYPE_TXT, 512, false);
	cr_expect_str_eq(reply, "NOERROR AA TC\n");
	free(reply);
	reply = ask(zone, "big.test.", WIRE_TYPE_TXT, -1, false);
	cr_expect_str_eq(reply, "NOERROR AA TC\n");
	free(reply);
	reply = ask(zone, "big.test.", WIRE_TYPE_TXT, 1232, false);
	cr_expect_neq(strstr(reply, "an big.test. 60 TXT"), NULL);
	free(reply);
	zone_free(zone);
	/* a denial with three names of nearly 255 octets and a signature */
	at = text + sprintf(text, "$ORIGIN %063d.%063d.%063d.%057d.\n", 1, 2, 3, 4);
	sprintf(at, "@ 60 IN SOA @ @ 1 2 3 4 5\n@ 60 IN NS .\n");
	zone = zone_from_text(text);
	sprintf(text, "a.%063d.%063d.%063d.%057d.", 1, 2, 3, 4);
	reply = ask(zone, text, WIRE_TYPE_A, 1232, false);
	cr_expect_eq(strncmp(reply, "NXDOMAIN AA\nau ", 15), 0, "%s", reply);
	free(reply);
	reply = ask(zone, text, WIRE_TYPE_A, 512, false);
	cr_expect_str_eq(reply, "NXDOMAIN AA TC\n");
	free(reply);
	zone_free(zone);
}
