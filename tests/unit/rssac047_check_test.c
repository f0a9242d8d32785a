/* SPDX-License-Identifier: BSD-3-Clause */
/* Replies of the engine are correct; whatever is changed in one is found. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "image/image.h"
#include "oracle_zone.h"
#include "rssac047/rssac047.h"

#define NSEC(owner, next, types)                                                                   \
	owner " 86400 IN NSEC " next " " types "\n" SIGNATURE(owner, "86400", "NSEC", "4711")

static const char zone_text[] =
	". 86400 IN SOA a.root. b.root. 7 1800 900 604800 86400\n" SIGNATURE(
		".", "86400", "SOA", "4711") ". 518400 IN NS a.gtld.com.\n" SIGNATURE(".", "518400",
		"NS", "4711") ". 172800 IN DNSKEY 257 3 8 AwEAAaz/tAm8yTn4Mfeh\n" SIGNATURE(".",
		"172800", "DNSKEY", "20326") NSEC(".", "aaa.",
		"NS SOA RRSIG NSEC DNSKEY") "aaa. 172800 IN NS ns.aaa.\n"
					    "ns.aaa. 172800 IN A 192.0.2.1\n" NSEC("aaa.", "com.",
						    "NS RRSIG NSEC") "com. 172800 IN NS "
								     "a.gtld.com.\n"
								     "com. 172800 IN NS "
								     "b.gtld.com.\n"
								     "com. 86400 IN DS 1 8 2 "
								     "000102030405060708090a0b0c0d0"
								     "e0f10111213141"
								     "5161718191a1b1c1d1e1f"
								     "\n" SIGNATURE("com.", "86400",
									     "DS", "4711")
									     NSEC("com.", ".",
										     "NS DS RRSIG "
										     "NSEC") "a."
											     "gtld."
											     "com. "
											     "17280"
											     "0 IN "
											     "A "
											     "192."
											     "0.2."
											     "2\n"
											     "b."
											     "gtld."
											     "com. "
											     "17280"
											     "0 IN "
											     "AAAA "
											     "2001:"
											     "db8::"
											     "2\n";

static struct image *image;
static const uint8_t *records;
static size_t records_length;
static uint64_t seed;

static void
zone_make(void)
{
	struct zone *zone = zone_from_text(zone_text);
	struct zone_verification done = {.dnssec = true};
	struct why why = {0};

	cr_assert_eq(image_compile(zone, &done, 0, &image, &why), 0, "%s", why.text);
	zone_free(zone);
	records = image_records(image, &records_length);
}

static void
zone_drop(void)
{
	image_free(image);
}

TestSuite(rssac047_check, .init = zone_make, .fini = zone_drop);

static uint64_t
draw(void *context)
{
	(void)context;
	seed = seed * 6364136223846793005 + 1442695040888963407;
	return seed ^ seed >> 29;
}

static size_t
answer(const struct rssac047_query *query, uint8_t *reply)
{
	static const uint8_t client[4] = {198, 18, 0, 1};
	struct engine_service service = {
		.catalogue = {.count = 1, .images = {image}}, .generation = 1};
	const struct exchange_peer peer = {
		.address = client, .address_size = 4, .transport = WIRE_TCP};
	size_t length;

	image_catalogue_index(&service.catalogue);
	engine_answer(&service, &peer, query->message, query->length, reply, &length);
	return length;
}

/* A RRset's TTL is no part of it. */
static bool
is_ttl(const uint8_t *reply, size_t length, size_t at)
{
	struct wire_reader r = wire_reader_of(reply, length);
	unsigned int count = 0;
	struct wire_name name;

	wire_take(&r, 6);
	for (unsigned int i = 0; i < 3; i++)
		count += wire_u16_read(&r);
	wire_name_expand(&r, &name);
	wire_take(&r, 4);
	while (count--) {
		size_t begin;
		bool opt;

		wire_name_expand(&r, &name);
		opt = wire_u16_read(&r) == WIRE_TYPE_OPT;
		begin = r.offset;
		wire_take(&r, 6);
		/* an OPT says what it likes */
		wire_take(&r, wire_u16_read(&r));
		if (at >= (opt ? begin : begin + 2) && at < (opt ? r.offset : begin + 6))
			return true;
	}
	return false;
}

Test(rssac047_check, takes_what_the_engine_answers_and_nothing_else)
{
	unsigned int kinds[6] = {0}, changes = 0;
	static uint8_t reply[WIRE_TCP_SIZE_MAX];

	seed = 1;
	for (unsigned int i = 0; i < 300; i++) {
		struct rssac047_query query;
		unsigned int rcode;
		uint32_t serial;
		struct why why = {0};
		size_t length;
		bool tc;

		rssac047_query_draw(&query, records, records_length, draw, NULL);
		length = answer(&query, reply);
		cr_assert(rssac047_reply_fits(&query, reply, length, &rcode, &tc, &serial));
		cr_expect_not(tc);
		cr_expect_eq(serial, query.qtype == WIRE_TYPE_SOA ? 7u : 0u);
		cr_expect_eq(rcode, query.qtype == WIRE_TYPE_A ? WIRE_RCODE_NXDOMAIN : 0);
		cr_assert_eq(rssac047_check(records, records_length, &query, reply, length, &why),
			0, "%s", why.text);
		kinds[query.qtype == WIRE_TYPE_SOA	  ? 0
			: query.qtype == WIRE_TYPE_DNSKEY ? 1
			: query.qtype == WIRE_TYPE_DS	  ? 2
			: query.qtype == WIRE_TYPE_A	  ? 3
			: wire_name_is_root(&query.qname) ? 4
							  : 5]++;
		if (i >= 60)
			continue;
		/* every octet behind the question, changed */
		for (size_t at = WIRE_HEADER_SIZE + query.qname.length + 4u; at < length; at++) {
			uint8_t bit = (uint8_t)(1u << draw(NULL) % 8), before = reply[at];

			if (is_ttl(reply, length, at))
				continue;
			reply[at] ^= bit;
			/* letters are the same in either case */
			if (!(bit == 0x20 && (before | 0x20) >= 'a' && (before | 0x20) <= 'z')) {
				changes++;
				cr_expect_lt(rssac047_check(records, records_length, &query, reply,
						     length, &why),
					0, "qtype %u: octet %zu of %zu, bit %u", query.qtype, at,
					length, bit);
			}
			reply[at] = before;
		}
	}
	for (unsigned int i = 0; i < 6; i++)
		cr_expect_gt(kinds[i], 10, "kind %u: %u", i, kinds[i]);
	cr_expect_gt(changes, 1000);
}

/* Replies cut anywhere, and junk: nothing is read that is not there. */
Test(rssac047_check, reads_no_octet_too_many)
{
	static uint8_t reply[WIRE_TCP_SIZE_MAX];

	seed = 3;
	for (unsigned int i = 0; i < 40; i++) {
		struct rssac047_query query;
		unsigned int rcode;
		uint32_t serial;
		struct why why;
		size_t length;
		bool tc;

		rssac047_query_draw(&query, records, records_length, draw, NULL);
		length = answer(&query, reply);
		for (size_t cut = 0; cut < length; cut++) {
			uint8_t *copy = malloc(cut ? cut : 1);

			memcpy(copy, reply, cut);
			for (unsigned int k = 0; k < i % 4 && cut; k++)
				copy[draw(NULL) % cut] = (uint8_t)draw(NULL);
			rssac047_reply_fits(&query, copy, cut, &rcode, &tc, &serial);
			cr_expect_lt(
				rssac047_check(records, records_length, &query, copy, cut, &why),
				0);
			free(copy);
		}
	}
}

Test(rssac047_check, wants_the_header_as_it_has_to_be)
{
	static const uint16_t types[] = {WIRE_TYPE_NS, WIRE_TYPE_DS};
	static uint8_t reply[WIRE_TCP_SIZE_MAX];

	for (unsigned int i = 0; i < 200; i++) {
		struct rssac047_query query;
		struct why why;
		size_t length;

		rssac047_query_draw(&query, records, records_length, draw, NULL);
		if (query.qtype != types[i % 2])
			continue;
		length = answer(&query, reply);
		reply[2] ^= WIRE_FLAG1_AA;
		cr_expect_lt(
			rssac047_check(records, records_length, &query, reply, length, &why), 0);
	}
}
