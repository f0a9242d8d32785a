/* SPDX-License-Identifier: BSD-3-Clause */
/* What no zone decides: who the node is, NSID, cookies, keepalive, extended errors, octet by octet.
 */
#include <criterion/criterion.h>

#include "hex.h"
#include "test_node.h"

#define HEADER(flags, counts) "abcd " flags " " counts " "
#define ONE "0001 0000 0000 0000"
#define ONE_AR "0001 0000 0000 0001"
#define ID_SERVER "02'id'06'server'00 "
#define OPT(rdata) "00 0029 04d0 00000000 " rdata

static struct exchange_self
self_of(enum exchange_cookies cookies)
{
	struct exchange_self self = test_self;

	self.cookies = cookies;
	return self;
}

static enum wire_verdict
begin(struct exchange *x, const struct exchange_self *self, enum wire_transport transport,
	const char *hex, uint8_t **message)
{
	const struct exchange_peer peer = test_peer(false, transport);
	size_t length;

	*message = hex_octets(hex, &length);
	return exchange_begin(x, self, &peer, *message, length);
}

static const struct {
	const char *what;
	enum wire_transport transport;
	const char *hex, *reply;
} replies[] = {
	{"id.server", WIRE_UDP, HEADER("0100", ONE) ID_SERVER "0010 0003",
		HEADER("8500", "0001 0001 0000 0000") ID_SERVER
		"0010 0003 c00c 0010 0003 00000000 0006 05'node1'"},
	{"hostname.bind, any case", WIRE_UDP,
		HEADER("0000", ONE) "08'HostName'04'bind'00 00ff 0003",
		HEADER("8400", "0001 0001 0000 0000") "08'HostName'04'bind'00 00ff 0003 "
						      "c00c 0010 0003 00000000 0006 05'node1'"},
	{"version.bind with NSID over TCP", WIRE_TCP,
		HEADER("0000", ONE_AR) "07'version'04'bind'00 0010 0003 " OPT("0004 0003 0000"),
		HEADER("8400",
			"0001 0001 0000 0001") "07'version'04'bind'00 0010 0003 "
					       "c00c 0010 0003 00000000 0009 08'Mangrove'" OPT(
						       "000b 0003 0007 'node1.x'")},
	{"id.server A", WIRE_UDP, HEADER("0000", ONE_AR) ID_SERVER "0001 0003 " OPT("0000"),
		HEADER("8005", ONE_AR) ID_SERVER "0001 0003 " OPT("0006 000f 0002 0012")},
	{"another name in CH", WIRE_UDP, HEADER("0000", ONE_AR) "00 0010 0003 " OPT("0000"),
		HEADER("8005", ONE_AR) "00 0010 0003 " OPT("0006 000f 0002 0014")},
	{"AXFR over UDP", WIRE_UDP, HEADER("0000", ONE_AR) "00 00fc 0001 " OPT("0000"),
		HEADER("8004", ONE_AR) "00 00fc 0001 " OPT("0006 000f 0002 0015")},
	{"NOTIFY of a stranger", WIRE_UDP, HEADER("2400", ONE_AR) "00 0006 0001 " OPT("0000"),
		HEADER("a005", ONE_AR) "00 0006 0001 " OPT("0006 000f 0002 0012")},
	{"no question, no cookie", WIRE_UDP, HEADER("0000", "0000 0000 0000 0001") OPT("0000"),
		HEADER("8001", "0000 0000 0000 0001") OPT("0000")},
	{"NSID and a cookie of EDNS version 1", WIRE_UDP,
		HEADER("0000", ONE_AR) "00 0002 0001 00 0029 04d0 00010000 0010 0003 0000 000a "
				       "0008 2464c4abcf10c957",
		HEADER("8000", ONE_AR) "00 0002 0001 00 0029 04d0 01000000 0000"},
	{"keepalive with octets in it over TCP", WIRE_TCP,
		HEADER("0000", ONE_AR) "00 0002 0001 " OPT("0006 000b 0002 0064"),
		HEADER("8001", ONE) "00 0002 0001"},
	{"a cookie of 7 octets", WIRE_UDP,
		HEADER("0000", ONE_AR) "00 0002 0001 " OPT("000b 000a 0007 01020304050607"),
		HEADER("8001", ONE) "00 0002 0001"},
	{"a cookie of 41 octets", WIRE_UDP,
		HEADER("0000", ONE_AR) "00 0002 0001 " OPT(
			"002d 000a 0029 "
			"0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425"
			"262728"
			"29"),
		HEADER("8001", ONE) "00 0002 0001"},
	{"ZONEVERSION with octets in it", WIRE_UDP,
		HEADER("0000", ONE_AR) "00 0002 0001 " OPT("0005 0013 0001 00"),
		HEADER("8001", ONE) "00 0002 0001"},
};

Test(exchange_reply, has_these_octets)
{
	const struct exchange_self self = self_of(EXCHANGE_COOKIES_ANSWER);

	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		uint8_t reply[WIRE_UDP_SIZE_OWN], *message, *expected;
		size_t length, expected_length;
		struct exchange x;

		cr_assert_eq(begin(&x, &self, replies[i].transport, replies[i].hex, &message),
			WIRE_REPLY, "%s", replies[i].what);
		length = exchange_reply(&x, reply);
		expected = hex_octets(replies[i].reply, &expected_length);
		cr_expect_eq(length, expected_length, "%s: %zu", replies[i].what, length);
		cr_expect_arr_eq(reply, expected, expected_length, "%s", replies[i].what);
		free(message);
		free(expected);
	}
}

#define CLIENT "2464c4abcf10c957"
#define WITH_COOKIE HEADER("0000", ONE_AR) "00 0002 0001 " OPT("000c 000a 0008 " CLIENT)

Test(exchange_cookie, that_is_not_ours_gets_an_answer_or_badcookie_as_configured)
{
	const struct exchange_self answers = self_of(EXCHANGE_COOKIES_ANSWER);
	const struct exchange_self demands = self_of(EXCHANGE_COOKIES_DEMAND);
	struct exchange_self without = demands;
	uint8_t reply[WIRE_UDP_SIZE_OWN], *message;
	struct exchange x;

	cr_expect_eq(begin(&x, &answers, WIRE_UDP, WITH_COOKIE, &message), WIRE_ANSWER);
	cr_expect_eq(x.options.cookie_length, WIRE_COOKIE_SIZE);
	cr_expect_not(x.cookie_is_valid);
	free(message);
	cr_expect_eq(begin(&x, &demands, WIRE_UDP, WITH_COOKIE, &message), WIRE_REPLY);
	cr_expect_eq(x.query.rcode, WIRE_RCODE_BADCOOKIE);
	/* BADCOOKIE is 23: 7 in the header, 1 in OPT's extended RCODE; the question stays */
	cr_expect_eq(exchange_reply(&x, reply), 12u + 5 + 11 + 28);
	cr_expect_eq(reply[3], 7);
	cr_expect_eq(reply[12 + 5 + 5], 1);
	free(message);
	/* TCP has proven the address */
	cr_expect_eq(begin(&x, &demands, WIRE_TCP, WITH_COOKIE, &message), WIRE_ANSWER);
	free(message);
	without.secrets.count = 0;
	cr_expect_eq(begin(&x, &without, WIRE_UDP, WITH_COOKIE, &message), WIRE_ANSWER);
	cr_expect_eq(x.options.cookie_length, 0);
	free(message);
}

Test(exchange_cookie, that_was_given_is_valid_when_it_comes_back)
{
	const struct exchange_self demands = self_of(EXCHANGE_COOKIES_DEMAND);
	const struct exchange_peer peer = test_peer(false, WIRE_UDP);
	uint8_t *message, *again;
	struct exchange x, y;
	size_t length;

	begin(&x, &demands, WIRE_UDP, WITH_COOKIE, &message);
	again = hex_octets(
		HEADER("0000", ONE_AR) "00 0002 0001 " OPT(
			"001c 000a 0018 ") "000000000000000000000000000000000000000000000000",
		&length);
	memcpy(again + length - WIRE_COOKIE_SIZE, x.options.cookie, WIRE_COOKIE_SIZE);
	cr_expect_eq(exchange_begin(&y, &demands, &peer, again, length), WIRE_ANSWER);
	cr_expect(y.cookie_is_valid);
	free(message);
	free(again);
}

Test(exchange_cookie, can_be_asked_for_alone)
{
	const struct exchange_self self = self_of(EXCHANGE_COOKIES_ANSWER);
	uint8_t reply[WIRE_UDP_SIZE_OWN], *message;
	struct exchange x;

	cr_expect_eq(begin(&x, &self, WIRE_UDP,
			     HEADER("0000", "0000 0000 0000 0001") OPT("000c 000a 0008 " CLIENT),
			     &message),
		WIRE_REPLY);
	cr_expect_eq(exchange_reply(&x, reply), 12u + 11 + 28);
	cr_expect_eq(reply[3], 0);
	cr_expect_eq(reply[11], 1);
	free(message);
}

Test(exchange_options, are_told_where_they_mean_something)
{
	const struct exchange_self self = self_of(EXCHANGE_COOKIES_ANSWER);
	static const char hex[] =
		HEADER("0000", ONE_AR) "00 0002 0001 " OPT("0008 000b 0000 0013 0000");
	struct wire_name origin = wire_name_root;
	uint8_t *message;
	struct exchange x;

	cr_expect_eq(begin(&x, &self, WIRE_UDP, hex, &message), WIRE_ANSWER);
	cr_expect_not(x.options.keepalive, "RFC 7828 3.2.1: not over UDP");
	exchange_zone_say(&x, &origin, 7);
	cr_expect_eq(exchange_room(&x), 1232u - 11 - 10);
	free(message);
	cr_expect_eq(begin(&x, &self, WIRE_TCP, hex, &message), WIRE_ANSWER);
	cr_expect(x.options.keepalive);
	cr_expect_eq(x.options.keepalive_timeout, 100);
	cr_expect_eq(exchange_room(&x), 65535u - 11 - 6);
	free(message);
}

Test(exchange_identity, that_is_hidden_is_refused)
{
	struct exchange_self self = self_of(EXCHANGE_COOKIES_ANSWER);
	uint8_t *message, reply[WIRE_UDP_SIZE_OWN];
	struct exchange x;

	self.identity_length = 0;
	cr_expect_eq(
		begin(&x, &self, WIRE_UDP, HEADER("0000", ONE) ID_SERVER "0010 0003", &message),
		WIRE_REPLY);
	exchange_reply(&x, reply);
	cr_expect_eq(reply[3], WIRE_RCODE_REFUSED);
	cr_expect_eq(reply[7], 0);
	free(message);
}

/* The longest question, texts and options: the reply is whole, or TC, and never too long. */
Test(exchange_reply, is_never_longer_than_512_octets_without_room_for_more)
{
	struct exchange_self self = self_of(EXCHANGE_COOKIES_DEMAND);
	static uint8_t message[1024] = {0xab, 0xcd, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1};
	static const uint8_t opt[] = {0, 0, 41, 2, 0, 0, 0, 0, 0, 0, 20, 0, 3, 0, 0, 0, 19, 0, 0, 0,
		10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8};
	const struct exchange_peer peer = test_peer(true, WIRE_UDP);
	uint8_t reply[WIRE_UDP_SIZE_OWN];
	struct exchange x;
	size_t at = 12;

	self.nsid_length = WIRE_NSID_MAX;
	for (unsigned int i = 0; i < 127; i++, at += 2)
		message[at] = 1;
	message[at + 2] = 1;
	message[at + 4] = 1;
	memcpy(message + at + 5, opt, sizeof(opt));
	cr_assert_eq(exchange_begin(&x, &self, &peer, message, at + 5 + sizeof(opt)), WIRE_REPLY);
	cr_expect_eq(x.query.rcode, WIRE_RCODE_BADCOOKIE);
	cr_expect_eq(exchange_reply(&x, reply), 12u + 259 + 11 + 28 + 4 + WIRE_NSID_MAX);
}
