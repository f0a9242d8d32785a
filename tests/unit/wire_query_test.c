/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>

#include "hex.h"
#include "wire/wire.h"

#define HEADER(flags, counts) "abcd " flags " " counts " "
#define ONE "0001 0000 0000 0000"    /* a question and nothing else */
#define ONE_AR "0001 0000 0000 0001" /* and an additional record */
#define ONE_AR2 "0001 0000 0000 0002"
#define COM_A "03'com'00 0001 0001 "
#define ROOT_NS "00 0002 0001 "
#define OPT "00 0029 04d0 00000000 0000 "
#define OPT_DO "00 0029 04d0 00008000 0000 "
#define TSIG_RDATA "04'hmac'00 000065000000 012c 0004 'abcd' abcd 0000 0000 "
#define TSIG "03'key'00 00fa 00ff 00000000 001a " TSIG_RDATA

static const struct {
	const char *what, *hex;
	enum wire_verdict verdict;
	enum wire_rcode rcode;
	uint16_t question_length;
	bool edns, dnssec_ok;
	uint16_t udp_size, tsig_length;
} messages[] = {
	/* section 3.5: silence */
	{"nothing", "", WIRE_DROP},
	{"11 octets", "abcd 0000 0001 0000 0000 00", WIRE_DROP},
	{"a reply", HEADER("8000", ONE) COM_A, WIRE_DROP},
	{"a reply with an unknown opcode", HEADER("f800", ONE), WIRE_DROP},

	/* good ones */
	{"a query", HEADER("0000", ONE) COM_A, WIRE_ANSWER, 0, 9, false, false, 512},
	{"all flags that a query must not have", HEADER("07ff", ONE) COM_A, WIRE_ANSWER, 0, 9,
		false, false, 512},
	{"priming with EDNS", HEADER("0000", ONE_AR) ROOT_NS OPT, WIRE_ANSWER, 0, 5, true, false,
		1232},
	{"DO", HEADER("0000", ONE_AR) ROOT_NS OPT_DO, WIRE_ANSWER, 0, 5, true, true, 1232},
	{"unknown EDNS flags", HEADER("0000", ONE_AR) ROOT_NS "00 0029 04d0 00007fff 0000",
		WIRE_ANSWER, 0, 5, true, false, 1232},
	{"EDNS size 0", HEADER("0000", ONE_AR) ROOT_NS "00 0029 0000 00000000 0000", WIRE_ANSWER, 0,
		5, true, false, 512},
	{"EDNS size 1", HEADER("0000", ONE_AR) ROOT_NS "00 0029 0001 00000000 0000", WIRE_ANSWER, 0,
		5, true, false, 512},
	{"EDNS size 511", HEADER("0000", ONE_AR) ROOT_NS "00 0029 01ff 00000000 0000", WIRE_ANSWER,
		0, 5, true, false, 512},
	{"EDNS size 513", HEADER("0000", ONE_AR) ROOT_NS "00 0029 0201 00000000 0000", WIRE_ANSWER,
		0, 5, true, false, 513},
	{"EDNS size 1231", HEADER("0000", ONE_AR) ROOT_NS "00 0029 04cf 00000000 0000", WIRE_ANSWER,
		0, 5, true, false, 1231},
	{"EDNS size 1233", HEADER("0000", ONE_AR) ROOT_NS "00 0029 04d1 00000000 0000", WIRE_ANSWER,
		0, 5, true, false, 1232},
	{"EDNS size 65535", HEADER("0000", ONE_AR) ROOT_NS "00 0029 ffff 00000000 0000",
		WIRE_ANSWER, 0, 5, true, false, 1232},
	{"an extended RCODE in a query's OPT",
		HEADER("0000", ONE_AR) ROOT_NS "00 0029 04d0 ff000000 0000", WIRE_ANSWER, 0, 5,
		true, false, 1232},
	{"an unknown option",
		HEADER("0000", ONE_AR) ROOT_NS "00 0029 04d0 00000000 0006 fde9 0002 1234",
		WIRE_ANSWER, 0, 5, true, false, 1232},
	{"two options, one empty",
		HEADER("0000", ONE_AR) ROOT_NS
		"00 0029 04d0 00000000 000a 0003 0000 fde9 0002 1234",
		WIRE_ANSWER, 0, 5, true, false, 1232},
	{"IXFR with its SOA",
		HEADER("0000", "0001 0000 0001 0000") "00 00fb 0001"
						      "00 0006 0001 00000000 0016 00 00 00000001 "
						      "00000001 00000001 00000001 00000001",
		WIRE_ANSWER, 0, 5, false, false, 512},
	{"IXFR without", HEADER("0000", ONE) "00 00fb 0001", WIRE_ANSWER, 0, 5, false, false, 512},

	/* section 3.6: opcodes; nothing behind the header is read */
	{"IQUERY", HEADER("0800", ONE) COM_A, WIRE_REPLY, WIRE_RCODE_NOTIMP, 0, false, false, 512},
	{"STATUS", HEADER("1000", ONE) COM_A, WIRE_REPLY, WIRE_RCODE_NOTIMP, 0, false, false, 512},
	{"UPDATE", HEADER("2800", ONE) COM_A, WIRE_REPLY, WIRE_RCODE_NOTIMP, 0, false, false, 512},
	{"opcode 15 with rubbish", HEADER("7800", "ffff ffff ffff ffff") "ffff", WIRE_REPLY,
		WIRE_RCODE_NOTIMP, 0, false, false, 512},
	{"opcode 3 with EDNS version 1", HEADER("1800", ONE_AR) COM_A "00 0029 04d0 00010000 0000",
		WIRE_REPLY, WIRE_RCODE_NOTIMP, 0, false, false, 512},
	{"a stranger's NOTIFY", HEADER("2400", ONE) "00 0006 0001", WIRE_REPLY, WIRE_RCODE_REFUSED,
		5, false, false, 512},
	{"a NOTIFY with the new SOA",
		HEADER("2400", "0001 0001 0000 0000") "00 0006 0001"
						      "00 0006 0001 00000000 0016 00 00 00000001 "
						      "00000001 00000001 00000001 00000001",
		WIRE_REPLY, WIRE_RCODE_REFUSED, 5, false, false, 512},

	/* section 3.5: questions */
	{"no question", HEADER("0000", "0000 0000 0000 0000"), WIRE_REPLY, WIRE_RCODE_FORMERR, 0,
		false, false, 512},
	{"no question but an OPT", HEADER("0000", "0000 0000 0000 0001") OPT, WIRE_REPLY,
		WIRE_RCODE_FORMERR, 0, true, false, 1232},
	{"two questions", HEADER("0000", "0002 0000 0000 0000") COM_A COM_A, WIRE_REPLY,
		WIRE_RCODE_FORMERR, 0, false, false, 512},
	{"two questions and a good OPT", HEADER("0000", "0002 0000 0000 0001") COM_A COM_A OPT,
		WIRE_REPLY, WIRE_RCODE_FORMERR, 0, false, false, 512},
	{"a pointer into the header", HEADER("0000", ONE) "c000 0001 0001", WIRE_REPLY,
		WIRE_RCODE_FORMERR, 0, false, false, 512},
	{"a pointer behind a label", HEADER("0000", ONE) "01'a'c00c 0001 0001", WIRE_REPLY,
		WIRE_RCODE_FORMERR, 0, false, false, 512},
	{"label type 0x40", HEADER("0000", ONE) "4161 00 0001 0001", WIRE_REPLY, WIRE_RCODE_FORMERR,
		0, false, false, 512},
	{"ends before the question", HEADER("0000", ONE), WIRE_REPLY, WIRE_RCODE_FORMERR, 0, false,
		false, 512},
	{"ends inside QNAME", HEADER("0000", ONE) "03'co'", WIRE_REPLY, WIRE_RCODE_FORMERR, 0,
		false, false, 512},
	{"ends inside QTYPE", HEADER("0000", ONE) "03'com'00 00", WIRE_REPLY, WIRE_RCODE_FORMERR, 0,
		false, false, 512},
	{"ends inside QCLASS", HEADER("0000", ONE) "03'com'00 0001 00", WIRE_REPLY,
		WIRE_RCODE_FORMERR, 0, false, false, 512},

	/* the other sections */
	{"an octet too many", HEADER("0000", ONE) COM_A "00", WIRE_REPLY, WIRE_RCODE_FORMERR, 9,
		false, false, 512},
	{"an octet behind the OPT", HEADER("0000", ONE_AR) COM_A OPT_DO "00", WIRE_REPLY,
		WIRE_RCODE_FORMERR, 9, true, true, 1232},
	{"an answer record",
		HEADER("0000", "0001 0001 0000 0000") COM_A "00 0001 0001 00000000 0004 01020304",
		WIRE_REPLY, WIRE_RCODE_FORMERR, 9, false, false, 512},
	{"an SOA in the answer section",
		HEADER("0000", "0001 0001 0000 0000") COM_A "00 0006 0001 00000000 0000",
		WIRE_REPLY, WIRE_RCODE_FORMERR, 9, false, false, 512},
	{"an authority record",
		HEADER("0000", "0001 0000 0001 0000") COM_A "00 0006 0001 00000000 0000",
		WIRE_REPLY, WIRE_RCODE_FORMERR, 9, false, false, 512},
	{"an authority record and a good OPT",
		HEADER("0000", "0001 0000 0001 0001") COM_A "00 0002 0001 00000000 0000" OPT_DO,
		WIRE_REPLY, WIRE_RCODE_FORMERR, 9, true, true, 1232},
	{"an additional record that is none of ours",
		HEADER("0000", ONE_AR) COM_A "00 0001 0001 00000000 0004 01020304", WIRE_REPLY,
		WIRE_RCODE_FORMERR, 9, false, false, 512},
	{"an A record behind the OPT",
		HEADER("0000", ONE_AR2) COM_A OPT "00 0001 0001 00000000 0004 01020304", WIRE_REPLY,
		WIRE_RCODE_FORMERR, 9, true, false, 1232},
	{"ANCOUNT without records", HEADER("0000", "0001 ffff 0000 0000") COM_A, WIRE_REPLY,
		WIRE_RCODE_FORMERR, 9, false, false, 512},
	{"ARCOUNT without records", HEADER("0000", "0001 0000 0000 ffff") COM_A, WIRE_REPLY,
		WIRE_RCODE_FORMERR, 9, false, false, 512},
	{"ARCOUNT one too high", HEADER("0000", ONE_AR2) COM_A OPT, WIRE_REPLY, WIRE_RCODE_FORMERR,
		9, true, false, 1232},
	{"ARCOUNT one too low", HEADER("0000", ONE) COM_A OPT, WIRE_REPLY, WIRE_RCODE_FORMERR, 9,
		false, false, 512},
	{"an owner of 256 octets that ends in a pointer",
		HEADER("0000", ONE_AR) COM_A
		"3f'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'"
		"3f'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'"
		"3f'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'"
		"3f'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' c00c"
		"0029 04d0 00000000 0000",
		WIRE_REPLY, WIRE_RCODE_FORMERR, 9, false, false, 512},

	/* section 4: EDNS */
	{"two OPTs", HEADER("0000", ONE_AR2) COM_A OPT OPT_DO, WIRE_REPLY, WIRE_RCODE_FORMERR, 9,
		false, false, 512},
	{"an OPT whose owner is not the root",
		HEADER("0000", ONE_AR) COM_A "01'a'00 0029 04d0 00000000 0000", WIRE_REPLY,
		WIRE_RCODE_FORMERR, 9, false, false, 512},
	{"an OPT whose owner is a pointer to the root",
		HEADER("0000", ONE_AR) COM_A "c010 0029 04d0 00000000 0000", WIRE_REPLY,
		WIRE_RCODE_FORMERR, 9, false, false, 512},
	{"an OPT in the answer section", HEADER("0000", "0001 0001 0000 0000") COM_A OPT,
		WIRE_REPLY, WIRE_RCODE_FORMERR, 9, false, false, 512},
	{"an OPT in the authority section", HEADER("0000", "0001 0000 0001 0000") COM_A OPT,
		WIRE_REPLY, WIRE_RCODE_FORMERR, 9, false, false, 512},
	{"an OPT in the authority section and one in its place",
		HEADER("0000", "0001 0000 0001 0001") COM_A OPT OPT, WIRE_REPLY, WIRE_RCODE_FORMERR,
		9, false, false, 512},
	{"an option that runs over RDLENGTH",
		HEADER("0000", ONE_AR) COM_A "00 0029 04d0 00008000 0005 0003 0002 61", WIRE_REPLY,
		WIRE_RCODE_FORMERR, 9, false, false, 512},
	{"an octet behind the last option",
		HEADER("0000", ONE_AR) COM_A "00 0029 04d0 00008000 0005 0003 0000 61", WIRE_REPLY,
		WIRE_RCODE_FORMERR, 9, false, false, 512},
	{"three octets behind the last option",
		HEADER("0000", ONE_AR) COM_A "00 0029 04d0 00008000 0003 000300", WIRE_REPLY,
		WIRE_RCODE_FORMERR, 9, false, false, 512},
	{"RDLENGTH runs over the message",
		HEADER("0000", ONE_AR) COM_A "00 0029 04d0 00008000 0001", WIRE_REPLY,
		WIRE_RCODE_FORMERR, 9, false, false, 512},
	{"ends inside the OPT", HEADER("0000", ONE_AR) COM_A "00 0029 04d0 000080", WIRE_REPLY,
		WIRE_RCODE_FORMERR, 9, false, false, 512},
	{"EDNS version 1", HEADER("0000", ONE_AR) COM_A "00 0029 04d0 00018000 0000", WIRE_REPLY,
		WIRE_RCODE_BADVERS, 9, true, true, 1232},
	{"EDNS version 255, class CH",
		HEADER("0000", ONE_AR) "00 0010 0003"
				       "00 0029 04d0 00ff0000 0000",
		WIRE_REPLY, WIRE_RCODE_BADVERS, 5, true, false, 1232},
	{"EDNS version 1 without a question",
		HEADER("0000", "0000 0000 0000 0001") "00 0029 04d0 00010000 0000", WIRE_REPLY,
		WIRE_RCODE_BADVERS, 0, true, false, 1232},

	/* section 3.7: classes and types */
	{"class CH", HEADER("0000", ONE) "00 0010 0003", WIRE_ANSWER, 0, 5, false, false, 512},
	{"class HS", HEADER("0000", ONE) "00 0010 0004", WIRE_REPLY, WIRE_RCODE_REFUSED, 5, false,
		false, 512},
	{"class HS", HEADER("0000", ONE) "00 0001 0004", WIRE_REPLY, WIRE_RCODE_REFUSED, 5, false,
		false, 512},
	{"class 0", HEADER("0000", ONE) "00 0001 0000", WIRE_REPLY, WIRE_RCODE_REFUSED, 5, false,
		false, 512},
	{"class NONE", HEADER("0000", ONE) "00 0001 00fe", WIRE_REPLY, WIRE_RCODE_REFUSED, 5, false,
		false, 512},
	{"class ANY", HEADER("0000", ONE) "00 0001 00ff", WIRE_REPLY, WIRE_RCODE_REFUSED, 5, false,
		false, 512},
	{"class ANY with DO", HEADER("0000", ONE_AR) "00 0001 00ff" OPT_DO, WIRE_REPLY,
		WIRE_RCODE_REFUSED, 5, true, true, 1232},
	{"type OPT", HEADER("0000", ONE) "00 0029 0001", WIRE_REPLY, WIRE_RCODE_FORMERR, 5, false,
		false, 512},
	{"type TSIG", HEADER("0000", ONE) "00 00fa 0001", WIRE_REPLY, WIRE_RCODE_FORMERR, 5, false,
		false, 512},
	{"type TKEY", HEADER("0000", ONE) "00 00f9 0001", WIRE_REPLY, WIRE_RCODE_FORMERR, 5, false,
		false, 512},
	{"AXFR over UDP", HEADER("0000", ONE) "00 00fc 0001", WIRE_REPLY, WIRE_RCODE_NOTIMP, 5,
		false, false, 512},
	{"type ANY", HEADER("0000", ONE) "00 00ff 0001", WIRE_ANSWER, 0, 5, false, false, 512},
	{"type 0", HEADER("0000", ONE) "00 0000 0001", WIRE_ANSWER, 0, 5, false, false, 512},
	{"type 65535", HEADER("0000", ONE) "00 ffff 0001", WIRE_ANSWER, 0, 5, false, false, 512},

	/* section 8.5: TSIG */
	{"a TSIG", HEADER("0000", ONE_AR) COM_A TSIG, WIRE_REPLY, WIRE_RCODE_NOTAUTH, 9, false,
		false, 512, 41},
	{"an OPT and a TSIG", HEADER("0000", ONE_AR2) COM_A OPT_DO TSIG, WIRE_REPLY,
		WIRE_RCODE_NOTAUTH, 9, true, true, 1232, 41},
	{"a TSIG before the OPT", HEADER("0000", ONE_AR2) COM_A TSIG OPT, WIRE_REPLY,
		WIRE_RCODE_FORMERR, 9, true, false, 1232},
	{"two TSIGs", HEADER("0000", ONE_AR2) COM_A TSIG TSIG, WIRE_REPLY, WIRE_RCODE_FORMERR, 9,
		false, false, 512},
	{"a TSIG and an octet too many", HEADER("0000", ONE_AR) COM_A TSIG "00", WIRE_REPLY,
		WIRE_RCODE_FORMERR, 9, false, false, 512},
	{"a TSIG of class IN",
		HEADER("0000", ONE_AR) COM_A "03'key'00 00fa 0001 00000000 001a " TSIG_RDATA,
		WIRE_REPLY, WIRE_RCODE_FORMERR, 9, false, false, 512},
	{"a TSIG with a TTL",
		HEADER("0000", ONE_AR) COM_A "03'key'00 00fa 00ff 00000001 001a " TSIG_RDATA,
		WIRE_REPLY, WIRE_RCODE_FORMERR, 9, false, false, 512},
	{"a TSIG with an octet too many inside",
		HEADER("0000", ONE_AR) COM_A "03'key'00 00fa 00ff 00000000 001b " TSIG_RDATA "00",
		WIRE_REPLY, WIRE_RCODE_FORMERR, 9, false, false, 512},
	{"a TSIG whose MAC runs over",
		HEADER("0000", ONE_AR) COM_A
		"03'key'00 00fa 00ff 00000000 0010 04'hmac'00 000065000000 012c 0004",
		WIRE_REPLY, WIRE_RCODE_FORMERR, 9, false, false, 512},
	{"an empty TSIG", HEADER("0000", ONE_AR) COM_A "03'key'00 00fa 00ff 00000000 0000",
		WIRE_REPLY, WIRE_RCODE_FORMERR, 9, false, false, 512},
	{"a TSIG in the authority section", HEADER("0000", "0001 0000 0001 0000") COM_A TSIG,
		WIRE_REPLY, WIRE_RCODE_FORMERR, 9, false, false, 512},
};

Test(wire_query, is_judged_in_the_order_of_the_rules)
{
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		const char *what = messages[i].what;
		struct wire_query query = {0};
		size_t length;
		uint8_t *message = hex_octets(messages[i].hex, &length);
		enum wire_verdict verdict = wire_query_read(message, length, WIRE_UDP, &query);

		free(message);
		cr_expect_eq(verdict, messages[i].verdict, "%s", what);
		if (messages[i].verdict == WIRE_DROP)
			continue;
		if (verdict == WIRE_REPLY)
			cr_expect_eq(
				query.rcode, messages[i].rcode, "%s: RCODE %u", what, query.rcode);
		cr_expect_eq(query.question_length, messages[i].question_length, "%s", what);
		cr_expect_eq(query.edns, messages[i].edns, "%s", what);
		cr_expect_eq(query.dnssec_ok, messages[i].dnssec_ok, "%s", what);
		cr_expect_eq(query.size_max, messages[i].udp_size, "%s", what);
		cr_expect_eq(query.tsig_length, messages[i].tsig_length, "%s: %u", what,
			query.tsig_length);
	}
}

Test(wire_query, keeps_the_question_as_it_was_sent)
{
	static const uint8_t message[] = "\xab\xcd\1\0\0\1\0\0\0\0\0\0\3CoM\0\0\1\0\1";
	struct wire_query query;

	cr_assert_eq(wire_query_read(message, sizeof(message) - 1, WIRE_UDP, &query), WIRE_ANSWER);
	cr_expect_eq(query.qname.length, 5);
	cr_expect_eq(memcmp(query.qname.octets, "\3CoM", 5), 0);
	cr_expect_eq(query.qtype, WIRE_TYPE_A);
	cr_expect_eq(query.qclass, WIRE_CLASS_IN);
}

static const struct {
	const char *what, *hex, *reply;
} replies[] = {
	{"NOTIMP: header only, opcode and RD kept, all else clear", HEADER("7fff", ONE) COM_A,
		"abcd f904 0000 0000 0000 0000"},
	{"FORMERR for a question that cannot be read", HEADER("0100", ONE) "c000 0001 0001",
		"abcd 8101 0000 0000 0000 0000"},
	{"FORMERR with the question", HEADER("0130", ONE) COM_A "00",
		"abcd 8101 0001 0000 0000 0000 03'com'00 0001 0001"},
	{"FORMERR with question and OPT", HEADER("0000", ONE_AR) "03'cOm'00 0001 0001" OPT_DO "00",
		"abcd 8001 0001 0000 0000 0001 03'cOm'00 0001 0001 00 0029 04d0 00008000 0000"},
	{"FORMERR without the broken OPT", HEADER("0000", ONE_AR2) COM_A OPT OPT,
		"abcd 8001 0001 0000 0000 0000 03'com'00 0001 0001"},
	{"FORMERR with an OPT and no question", HEADER("0000", "0000 0000 0000 0001") OPT,
		"abcd 8001 0000 0000 0000 0001 00 0029 04d0 00000000 0000"},
	{"BADVERS: version 0, DO kept, unknown flags not",
		HEADER("0000", ONE_AR) COM_A "00 0029 0200 0001ffff 0004 0003 0000",
		"abcd 8000 0001 0000 0000 0001 03'com'00 0001 0001 00 0029 04d0 01008000 0000"},
	{"REFUSED with the question", HEADER("0000", ONE) "00 0010 0004",
		"abcd 8005 0001 0000 0000 0000 00 0010 0004"},
	{"REFUSED of a class, and why", HEADER("0000", ONE_AR) "00 0010 0004" OPT,
		"abcd 8005 0001 0000 0000 0001 00 0010 0004 00 0029 04d0 00000000 0006 000f 0002 "
		"0015"},
	{"NOTAUTH with BADKEY", HEADER("0000", ONE_AR) COM_A TSIG,
		"abcd 8009 0001 0000 0000 0001 03'com'00 0001 0001"
		"03'key'00 00fa 00ff 00000000 0016 04'hmac'00 000065000000 012c 0000 abcd 0011 "
		"0000"},
	{"NOTAUTH with OPT and TSIG, which is last", HEADER("0000", ONE_AR2) COM_A OPT TSIG,
		"abcd 8009 0001 0000 0000 0002 03'com'00 0001 0001 00 0029 04d0 00000000 0000"
		"03'key'00 00fa 00ff 00000000 0016 04'hmac'00 000065000000 012c 0000 abcd 0011 "
		"0000"},
};

/* No option of the node's own. */
static const struct wire_reply_options none;

Test(wire_query, gets_the_error_reply_that_the_rules_want)
{
	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		struct wire_query query;
		size_t length, expected_length, reply_length;
		uint8_t *message = hex_octets(replies[i].hex, &length);
		uint8_t *expected = hex_octets(replies[i].reply, &expected_length);
		uint8_t reply[WIRE_UDP_SIZE_OWN];

		cr_assert_eq(wire_query_read(message, length, WIRE_UDP, &query), WIRE_REPLY, "%s",
			replies[i].what);
		reply_length = wire_error_write(&query, &none, message, reply);
		cr_expect_eq(reply_length, expected_length, "%s: %zu octets", replies[i].what,
			reply_length);
		cr_expect_eq(memcmp(reply, expected, expected_length), 0, "%s", replies[i].what);
		free(message);
		free(expected);
	}
}

/* A query with the longest question and a TSIG of the longest names. */
static size_t
longest_make(uint8_t *message)
{
	static const uint8_t header[] = {0xab, 0xcd, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1};
	struct wire_name name = {.length = WIRE_NAME_MAX, .labels = WIRE_LABELS_MAX};
	struct wire_writer w = wire_writer_of(message, 2048);

	for (unsigned int i = 0; i < WIRE_LABELS_MAX; i++)
		name.octets[2 * i] = 1;
	wire_write(&w, header, sizeof(header));
	wire_write(&w, name.octets, name.length);
	wire_u32_write(&w, 1u << 16 | 1);
	wire_write(&w, name.octets, name.length);
	wire_u32_write(&w, (uint32_t)WIRE_TYPE_TSIG << 16 | WIRE_CLASS_ANY);
	wire_u32_write(&w, 0);
	wire_u16_write(&w, WIRE_NAME_MAX + 16);
	wire_write(&w, name.octets, name.length);
	wire_write(&w, "\0\0\0\0\0\1\0\1\0\0\0\0\0\0\0", 16);
	return w.offset;
}

Test(wire_query, gets_no_reply_longer_than_its_limit)
{
	uint8_t message[2048], reply[WIRE_UDP_SIZE_OWN];
	size_t length = longest_make(message), reply_length;
	struct wire_query query;

	cr_assert_eq(wire_query_read(message, length, WIRE_UDP, &query), WIRE_REPLY);
	cr_assert_eq(query.rcode, WIRE_RCODE_NOTAUTH);
	reply_length = wire_error_write(&query, &none, message, reply);
	cr_expect_eq(reply_length, (size_t)WIRE_HEADER_SIZE + WIRE_QUESTION_MAX,
		"the TSIG is left out whole");
	cr_expect_eq(reply[11], 0);
}

Test(wire_query, is_read_without_harm_when_cut_anywhere)
{
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		size_t length;
		uint8_t *message = hex_octets(messages[i].hex, &length);

		for (size_t cut = 0; cut < length; cut++) {
			uint8_t *exact = malloc(cut ? cut : 1), reply[WIRE_UDP_SIZE_OWN];
			struct wire_query query;
			enum wire_verdict verdict;

			memcpy(exact, message, cut);
			verdict = wire_query_read(exact, cut, WIRE_UDP, &query);
			if (verdict == WIRE_REPLY)
				cr_expect_leq(wire_error_write(&query, &none, exact, reply),
					sizeof(reply));
			cr_expect(cut >= WIRE_HEADER_SIZE || verdict == WIRE_DROP);
			free(exact);
		}
		free(message);
	}
}
