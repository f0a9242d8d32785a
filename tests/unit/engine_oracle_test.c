/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The engine gives the oracle's octets: for every kind of zone, every name and the gaps around it,
 * every type, every size at which an answer changes, and messages that are no queries at all.
 */
#include <criterion/criterion.h>

#include "engine/engine.h"
#include "hex.h"
#include "ledger_check.h"
#include "oracle/oracle.h"
#include "oracle_zone.h"
#include "random_zone.h"
#include "test_node.h"

enum { ZONES_MAX = 4, MESSAGE_MAX = 600 };

/* Zones, and the same compiled. */
struct pair {
	unsigned int count;
	struct zone *zones[ZONES_MAX];
	struct image *images[ZONES_MAX];
	struct engine_service service;
	struct exchange_peer peer; /* of the next message */
	struct random random;
	bool endless; /* has an RRset that no message holds */
	char what[128];
	size_t asked;
};

static bool
is_long(void)
{
	return getenv("MANGROVE_LONG") != NULL;
}

static void
pair_add(struct pair *p, struct zone *zone)
{
	struct zone_verification done = {0};
	struct why why = {0};
	struct image **image = &p->images[p->count];

	p->zones[p->count] = zone;
	cr_assert_eq(image_compile(zone, &done, 0, image, &why), 0, "%s: %s", p->what, why.text);
	p->service.catalogue.images[p->count] = *image;
	p->service.catalogue.count = ++p->count;
}

/* The last zone that is served is not any more. */
static void
pair_withhold(struct pair *p, bool expired)
{
	struct image_catalogue *catalogue = &p->service.catalogue;

	catalogue->count--;
	catalogue->withheld[catalogue->withheld_count++] = (struct zone_withheld){
		.origin = p->zones[catalogue->count]->origin, .expired = expired};
}

static void
pair_free(struct pair *p)
{
	for (unsigned int i = 0; i < p->count; i++) {
		image_free(p->images[i]);
		zone_free(p->zones[i]);
	}
	cr_log_info("%s: %zu messages", p->what, p->asked);
}

static void
pair_begin(struct pair *p, const char *text, uint64_t seed, const char *what)
{
	*p = (struct pair){.random = {seed | 1},
		.service = {.self = test_self},
		.peer = test_peer(false, WIRE_UDP)};
	snprintf(p->what, sizeof(p->what), "%s, seed %llu", what, (unsigned long long)seed);
	if (text)
		pair_add(p, zone_from_text(text));
}

static void
difference_print(const struct pair *p, const uint8_t *message, size_t length,
	const uint8_t *expected, size_t expected_length, const uint8_t *reply, size_t reply_length)
{
	char *from_oracle = reply_describe(expected, expected_length);
	char *from_engine = reply_describe(reply, reply_length);

	fprintf(stderr, "%s: message", p->what);
	for (size_t i = 0; i < length; i++)
		fprintf(stderr, " %02x", message[i]);
	fprintf(stderr, "\noracle (%zu): %sengine (%zu): %s", expected_length, from_oracle,
		reply_length, from_engine);
	free(from_oracle);
	free(from_engine);
}

/* Ask both; @return octets of the reply, of which `flags` has the first flags. */
static size_t
ask(struct pair *p, const uint8_t *message, size_t length, uint8_t *flags)
{
	/* a block of exactly its size: a sanitizer sees one octet too far */
	uint8_t *copy = malloc(length ? length : 1);
	const struct image_catalogue *catalogue = &p->service.catalogue;
	const struct oracle_zones zones = {catalogue->count, (const struct zone *const *)p->zones,
		catalogue->withheld_count, catalogue->withheld};
	static uint8_t expected[WIRE_TCP_SIZE_MAX], reply[WIRE_TCP_SIZE_MAX];
	size_t expected_length, reply_length;
	struct ledger_line line;
	enum engine_verdict verdict;

	cr_assert_not_null(copy);
	memcpy(copy, message, length);
	expected[2] = reply[2] = 0;
	expected_length = oracle_answer(&zones, &p->service.self, &p->peer, copy, length, expected);
	verdict = engine_answer_entered(
		&p->service, &p->peer, copy, length, reply, &reply_length, &line);
	if (reply_length != expected_length || memcmp(reply, expected, reply_length) != 0)
		difference_print(
			p, message, length, expected, expected_length, reply, reply_length);
	cr_assert_eq(reply_length, expected_length, "%s", p->what);
	cr_assert_arr_eq(reply, expected, reply_length, "%s", p->what);
	cr_assert(verdict_is_right(verdict, reply, reply_length), "%s: verdict %s", p->what,
		engine_verdict_names[verdict]);
	cr_assert_eq(line.verdict, verdict);
	line_check(p->what, &p->service, &p->peer, &line, copy, length, reply, reply_length);
	free(copy);
	p->asked++;
	*flags = reply[2];
	return reply_length;
}

static size_t
ask_name(struct pair *p, const struct wire_name *qname, uint16_t qtype, int udp_size,
	bool dnssec_ok, uint8_t *flags)
{
	uint8_t query[QUERY_MAX];
	size_t length = query_make(query, qname, qtype, udp_size, dnssec_ok), reply_length;

	reply_length = ask(p, query, length, flags);
	cr_assert(reply_length <= (size_t)(udp_size < 512 ? 512 : udp_size));
	return reply_length;
}

/* Over TCP no size cuts, and no answer says that it is cut. */
static void
ask_tcp(struct pair *p, const struct wire_name *qname, uint16_t qtype)
{
	uint8_t query[QUERY_MAX], flags;
	size_t length = query_make(query, qname, qtype, (int)random_below(&p->random, 2) - 1,
		random_percent(&p->random, 50));

	ask(p, query, length, &flags);
	cr_assert(p->endless || !(flags & WIRE_FLAG1_TC));
}

/* With and without DO, and at each size at which the answer gets shorter. */
static void
ask_all_sizes(struct pair *p, const struct wire_name *qname, uint16_t qtype)
{
	struct wire_name name = *qname;
	uint8_t flags;

	/* letters in either case (octets between the letters' ranges stay) */
	for (unsigned int i = 0; i < name.length; i++)
		if (name.octets[i] >= 'a' && name.octets[i] <= 'z' &&
			random_percent(&p->random, 20))
			name.octets[i] ^= 0x20;
	ask_name(p, &name, qtype, -1, false, &flags);
	p->peer = test_peer(random_percent(&p->random, 50), WIRE_TCP);
	ask_tcp(p, &name, qtype);
	p->peer.transport = WIRE_UDP;
	/* limits put TC in its place */
	p->peer.slip = true;
	ask_name(p, &name, qtype, 1232, true, &flags);
	p->peer.slip = false;
	for (unsigned int dnssec_ok = 0; dnssec_ok < 2; dnssec_ok++) {
		int size = 65535;

		do {
			int length = (int)ask_name(p, &name, qtype, size, dnssec_ok, &flags);

			size = length;
			if (flags & WIRE_FLAG1_TC || size < 512)
				break;
			cr_assert_eq(
				ask_name(p, &name, qtype, size, dnssec_ok, &flags), (size_t)length);
			size--;
		} while (size >= 512);
		ask_name(p, &name, qtype, 512, dnssec_ok, &flags);
	}
}

static const uint16_t common_types[] = {WIRE_TYPE_A, WIRE_TYPE_NS, WIRE_TYPE_SOA, WIRE_TYPE_DS,
	WIRE_TYPE_NSEC, WIRE_TYPE_RRSIG, WIRE_TYPE_ANY, WIRE_TYPE_IXFR, WIRE_TYPE_AXFR, 254, 1000,
	WIRE_TYPE_DNSKEY};

/* Types that decide by themselves how a name is answered, and one of the others. */
static void
ask_common_types(struct pair *p, const struct wire_name *qname)
{
	for (unsigned int i = 0; i < 9; i++)
		ask_all_sizes(p, qname, common_types[i]);
	ask_all_sizes(p, qname, (uint16_t)random_below(&p->random, 65536));
}

static void
ask_one_type(struct pair *p, const struct wire_name *qname)
{
	static const unsigned int count = sizeof(common_types) / sizeof(common_types[0]);

	ask_all_sizes(p, qname, common_types[random_below(&p->random, count)]);
}

/* The first label becomes the next in canonical order, if it can. */
static bool
label_after(struct wire_name *name)
{
	uint8_t label[WIRE_LABEL_MAX] = {0};
	struct wire_name parent;
	size_t length = name->octets[0];

	if (name->labels == 0 || length == WIRE_LABEL_MAX || name->length == WIRE_NAME_MAX)
		return false;
	memcpy(label, name->octets + 1, length);
	wire_name_suffix(&parent, name, name->labels - 1u);
	*name = parent;
	return random_label_put(name, label, length + 1);
}

/* The first label becomes one just before it: its last octet less one, and high octets behind. */
static bool
label_before(struct wire_name *name)
{
	uint8_t label[WIRE_LABEL_MAX];
	struct wire_name parent;
	size_t length = name->octets[0], room;

	if (name->labels == 0)
		return false;
	memset(label, 0xff, sizeof(label));
	memcpy(label, name->octets + 1, length);
	if (label[length - 1]-- == 0)
		return false;
	/* not to become an upper case letter, which sorts as the lower */
	if (label[length - 1] == 'Z')
		label[length - 1] = '@';
	wire_name_suffix(&parent, name, name->labels - 1u);
	room = WIRE_NAME_MAX - parent.length - 1u;
	*name = parent;
	return random_label_put(name, label, room < WIRE_LABEL_MAX ? room : (size_t)WIRE_LABEL_MAX);
}

static void
ask_around(struct pair *p, const struct wire_name *owner)
{
	struct wire_name name = *owner;

	if (random_label_put(&name, "\0", 1))
		ask_one_type(p, &name);
	name = *owner;
	if (random_label_put(&name, "*", 1))
		ask_one_type(p, &name);
	name = *owner;
	if (random_label_put(&name, "\xff", 1) && random_label_put(&name, "a", 1))
		ask_one_type(p, &name);
	name = *owner;
	if (label_after(&name))
		ask_one_type(p, &name);
	name = *owner;
	if (label_before(&name))
		ask_one_type(p, &name);
	name = *owner;
	random_name_lengthen(&p->random, &name);
	ask_one_type(p, &name);
	name = *owner;
	random_label_make(&p->random, &name);
	ask_one_type(p, &name);
}

/* Every `stride`th owner with what it owns, the names above it, and the gaps about it. */
static void
ask_owners(struct pair *p, const struct zone *zone, unsigned int stride)
{
	size_t first = stride > 1 ? random_below(&p->random, stride) : 0;

	for (size_t i = first; i < zone->node_count; i += stride) {
		const struct zone_node *node = &zone->nodes[i];

		for (unsigned int k = 0; k < node->count; k++)
			ask_all_sizes(p, &node->name, node->rrsets[k].type);
		ask_common_types(p, &node->name);
		ask_around(p, &node->name);
		for (unsigned int labels = node->name.labels; labels-- > zone->origin.labels;) {
			struct wire_name above;

			wire_name_suffix(&above, &node->name, labels);
			ask_one_type(p, &above);
			ask_around(p, &above);
		}
	}
}

static void
ask_random_names(struct pair *p, const struct zone *zone, unsigned int count)
{
	while (count--) {
		uint32_t node = random_below(&p->random, (uint32_t)zone->node_count);
		struct wire_name name = zone->nodes[node].name;
		unsigned int labels = 1 + random_below(&p->random, 4);

		if (random_percent(&p->random, 60))
			wire_name_suffix(&name, &name, random_below(&p->random, name.labels + 1u));
		while (labels-- && random_label_make(&p->random, &name))
			continue;
		ask_one_type(p, &name);
	}
}

/* ---- what is no query, or hardly one ---- */

static size_t
octets_append(uint8_t *message, size_t length, const void *octets, size_t count)
{
	if (length + count > MESSAGE_MAX)
		return length;
	memcpy(message + length, octets, count);
	return length + count;
}

/* algorithm, time, fudge, no MAC, original ID, no error, no other data: 22 octets */
#define TSIG_RDATA "\4hmac\0\0\0\0\0\0\0\1\x2c\0\0\xab\xcd\0\0\0\0"

static size_t
record_append(struct pair *p, uint8_t *message, size_t length)
{
	static const struct {
		const char *octets;
		uint8_t length, section; /* section: of the count's last octet */
	} records[] = {
		{"\0\0\x29\x04\xd0\0\0\x80\0\0\0", 11, 11},
		{"\0\0\x29\x04\xd0\0\0\x80\0\0\x04\0\x0a\0\0", 15, 11},
		{"\0\0\x29\xff\xff\0\0\x80\0\0\x0c\0\x0a\0\x08"
		 "abcdefgh",
			23, 11},
		{"\0\0\x29\x02\0\0\0\0\0\0\x03\0\x0a\0", 14, 11},
		{"\0\0\x29\x10\0\0\0\x80\0\0\x04\0\x03\0\0", 15, 11},
		{"\0\0\x29\x10\0\0\0\x80\0\0\x08\0\x03\0\0\0\x13\0\0", 19, 11},
		{"\0\0\x29\x10\0\0\0\0\0\0\x04\0\x0b\0\0", 15, 11},
		{"\0\0\x29\x10\0\0\0\0\0\0\x05\0\x13\0\1a", 16, 11},
		{"\0\0\x29\x02\0\0\x01\x80\0\0\0", 11, 11},
		{"\1a\0\x29\x02\0\0\0\x80\0\0\0", 12, 11},
		{"\0\0\x29\x02\0\0\0\x80\0\0\0", 11, 9},
		{"\xc0\x0c\0\6\0\1\0\0\0\0\0\0", 12, 9},
		{"\xc0\x0c\0\6\0\1\0\0\0\0\0\0", 12, 7},
		{"\3key\0\0\xfa\0\xff\0\0\0\0\0\x16" TSIG_RDATA, 37, 11},
		{"\xc0\x0c\0\xfa\0\xff\0\0\0\0\0\x16" TSIG_RDATA, 34, 11},
		{"\3key\0\0\xfa\0\xff\0\0\0\0\0\x15" TSIG_RDATA, 36, 11},
	};
	uint32_t i = random_below(&p->random, sizeof(records) / sizeof(records[0]));

	if (length < WIRE_HEADER_SIZE)
		return length;
	message[records[i].section]++;
	return octets_append(message, length, records[i].octets, records[i].length);
}

static size_t
message_spoil(struct pair *p, uint8_t *message, size_t length)
{
	uint8_t octets[8];
	uint32_t at = random_below(&p->random, (uint32_t)length + 1);

	switch (random_below(&p->random, 9)) {
	case 0:
		message[at] ^= (uint8_t)(1 << random_below(&p->random, 8));
		return length;
	case 1:
		message[at] = (uint8_t)random_below(&p->random, 256);
		return length;
	case 2:
		return at;
	case 3:
		for (size_t i = 0; i < sizeof(octets); i++)
			octets[i] = (uint8_t)random_below(&p->random, 256);
		return octets_append(
			message, length, octets, 1 + random_below(&p->random, sizeof(octets)));
	case 4:
		message[4 + random_below(&p->random, 8)] = (uint8_t)random_below(&p->random, 3);
		return length;
	case 5: /* opcode and flags */
		message[2] = (uint8_t)random_below(&p->random, 256);
		message[3] = (uint8_t)random_below(&p->random, 256);
		return length;
	case 6: /* the owner of what follows the question */
		message[at] = 0xc0;
		return length;
	default:
		return record_append(p, message, length);
	}
}

static void
ask_spoiled(struct pair *p, const struct zone *zone, unsigned int count)
{
	while (count--) {
		uint32_t node = random_below(&p->random, (uint32_t)zone->node_count);
		int udp_size =
			random_percent(&p->random, 50) ? -1 : (int)random_below(&p->random, 1500);
		uint8_t message[MESSAGE_MAX + 1] = {0}, flags;
		unsigned int times = 1 + random_below(&p->random, 3);
		size_t length = query_make(message, &zone->nodes[node].name,
			(uint16_t)random_below(&p->random, 260), udp_size,
			random_percent(&p->random, 50));

		while (times--)
			length = message_spoil(p, message, length);
		ask(p, message, length, &flags);
	}
}

/* ---- zones ---- */

static void
ask_everything(struct pair *p, unsigned int stride)
{
	for (unsigned int i = 0; i < p->count; i++) {
		ask_owners(p, p->zones[i], stride);
		ask_random_names(p, p->zones[i], is_long() ? 20000 : 1000);
		ask_spoiled(p, p->zones[i], is_long() ? 50000 : 2000);
	}
}

static void
expect_equal_for(const struct random_zone_options *options, const char *what)
{
	char *text = random_zone_text(options);
	struct pair p;

	pair_begin(&p, text, options->seed, what);
	free(text);
	ask_everything(&p, 1);
	pair_free(&p);
}

/* MANGROVE_SEED repeats a run. */
static uint64_t
seed_choose(void)
{
	const char *text = getenv("MANGROVE_SEED");
	uint64_t seed = text ? strtoull(text, NULL, 10) : 20260731;

	fprintf(stderr, "seed %llu\n", (unsigned long long)seed);
	return seed;
}

Test(engine, answers_as_the_oracle_does_in_small_zones)
{
	static const char *const origins[] = {".", "test.", "a.b\\000.xn--ab."};
	uint64_t seed = seed_choose();
	unsigned int zones = is_long() ? 200 : 24;

	for (unsigned int i = 0; i < zones; i++) {
		struct random_zone_options options = {
			.seed = seed + i,
			.origin = origins[i % 3],
			.names = 1 + i % 7 * 5,
			.is_signed = i % 4 != 0,
		};

		expect_equal_for(&options, "small zone");
	}
}

Test(engine, answers_as_the_oracle_does_in_zones_like_the_root)
{
	uint64_t seed = seed_choose();
	unsigned int zones = is_long() ? 20 : 2;

	for (unsigned int i = 0; i < zones; i++) {
		struct random_zone_options options = {
			.seed = seed + i,
			.origin = i % 4 == 3 ? "test." : ".",
			.names = 300,
			.is_signed = i % 5 != 4,
			.is_wide = true,
		};

		expect_equal_for(&options, "wide zone");
	}
}

Test(engine, answers_as_the_oracle_does_at_the_end_of_names)
{
	uint64_t seed = seed_choose();
	char origin[256];

	for (unsigned int i = 0; i < 4; i++) {
		/* of 249 to 255 octets */
		struct random_zone_options options = {
			.seed = seed + i, .origin = origin, .names = 12, .is_signed = i % 2};

		snprintf(origin, sizeof(origin), "%063d.%063d.%063d.%0*d.", 1, 2, 3,
			55 + 2 * (int)i, 4);
		expect_equal_for(&options, "deep zone");
	}
}

Test(engine, answers_from_the_deepest_zone)
{
	static const char *const origins[] = {"a.", ".", "a.test.", "b.a."};
	struct pair p;

	pair_begin(&p, NULL, seed_choose(), "four zones");
	for (unsigned int i = 0; i < ZONES_MAX; i++) {
		struct random_zone_options options = {.seed = p.random.state + i,
			.origin = origins[i],
			.names = 20,
			.is_signed = i % 2};
		char *text = random_zone_text(&options);

		pair_add(&p, zone_from_text(text));
		free(text);
	}
	ask_everything(&p, 1);
	pair_free(&p);
}

Test(engine, fails_in_zones_that_are_withheld_and_in_no_others)
{
	static const char *const origins[] = {"a.", ".", "a.test.", "b.a."};
	struct pair p;

	pair_begin(&p, NULL, seed_choose(), "withheld zones");
	for (unsigned int i = 0; i < ZONES_MAX; i++) {
		struct random_zone_options options = {
			.seed = p.random.state + i, .origin = origins[i], .names = 8};
		char *text = random_zone_text(&options);

		pair_add(&p, zone_from_text(text));
		free(text);
	}
	for (unsigned int i = 0; i < ZONES_MAX; i++) {
		pair_withhold(&p, i % 2);
		ask_everything(&p, 1);
	}
	pair_free(&p);
}

Test(engine, answers_as_the_oracle_does_without_a_zone)
{
	uint8_t message[QUERY_MAX], flags;
	struct pair p;

	pair_begin(&p, NULL, 1, "no zone");
	for (unsigned int qtype = 0; qtype < 65536; qtype += 1 + qtype / 256)
		ask(&p, message,
			query_make(message, &wire_name_root, (uint16_t)qtype, 1232, qtype & 1),
			&flags);
	pair_free(&p);
}

/* RFC 9660 3.2: the version is that of the zone that answers, and a refusal is no zone's. */
Test(engine, tells_no_version_when_it_refuses)
{
	/* IXFR of www.test., with EDNS and an empty ZONEVERSION */
	static const char query[] = "0001 0000 0001 0000 0000 0001 03'www' 04'test' 00 00fb 0001"
				    "00 0029 04d0 0000 0000 0004 0013 0000";
	static const char zone[] = "test. 60 IN SOA test. test. 1 2 3 4 5\ntest. 60 IN NS .\n";
	uint8_t *message, *other, flags;
	size_t length, other_length;
	struct pair p;

	pair_begin(&p, zone, 1, "IXFR below an apex");
	message = hex_octets(query, &length);
	other = hex_octets(query, &other_length);
	/* another option, which is ignored */
	other[other_length - 3] = 0xfe;
	cr_expect_eq(ask(&p, message, length, &flags), ask(&p, other, other_length, &flags));
	free(message);
	free(other);
	pair_free(&p);
}

static const struct {
	const char *what, *qname;
	enum wire_rcode rcode;
} transfers[] = {
	{"the apex", "04'test' 00", WIRE_RCODE_REFUSED},
	{"a name of the zone", "03'www' 04'test' 00", WIRE_RCODE_NOTAUTH},
	{"no name of the zone", "04'none' 04'test' 00", WIRE_RCODE_NOTAUTH},
	{"outside", "05'other' 00", WIRE_RCODE_REFUSED},
};

Test(engine, transfers_to_nobody_and_no_name_that_is_no_zone)
{
	static const char zone[] = "test. 60 IN SOA test. test. 1 2 3 4 5\ntest. 60 IN NS .\n"
				   "www.test. 60 IN A 198.18.0.1\n";
	static uint8_t reply[WIRE_TCP_SIZE_MAX];
	struct pair p;

	pair_begin(&p, zone, 1, "AXFR over TCP");
	p.peer = test_peer(false, WIRE_TCP);
	for (size_t i = 0; i < sizeof(transfers) / sizeof(transfers[0]); i++) {
		char query[128];
		uint8_t *message, flags;
		size_t length, reply_length;

		snprintf(query, sizeof(query), "0001 0000 0001 0000 0000 0000 %s 00fc 0001",
			transfers[i].qname);
		message = hex_octets(query, &length);
		cr_expect_eq(ask(&p, message, length, &flags), length, "%s", transfers[i].what);
		engine_answer(&p.service, &p.peer, message, length, reply, &reply_length);
		cr_expect_eq(reply[3], transfers[i].rcode, "%s", transfers[i].what);
		free(message);
	}
	pair_free(&p);
}

/* An RRset that no message holds, and one that not even a stream would. */
Test(engine, truncates_as_the_oracle_does_what_never_fits)
{
	size_t size;
	char *text;
	FILE *file = open_memstream(&text, &size);
	struct pair p;

	fprintf(file, "test. 60 IN SOA test. test. 1 2 3 4 5\ntest. 60 IN NS .\n");
	for (unsigned int i = 0; i < 600; i++) {
		fprintf(file, "big.test. 60 IN TXT \"%0200u\"\n", i);
		fprintf(file, "fat.test. 60 IN NS %u.fat.test.\nfat.test. 60 IN NS %u.sib.test.\n",
			i, i);
		fprintf(file, "%u.fat.test. 60 IN A 198.18.0.1\n%u.sib.test. 60 IN A 198.18.0.1\n",
			i, i);
		if (i < 5)
			fprintf(file, "large.test. 60 IN TXT \"%0250u\"\n", i);
		if (i < 20)
			fprintf(file, "test. 60 IN NS %u.sib.test.\n", i);
	}
	fprintf(file, "sib.test. 60 IN NS ns.sib.test.\nns.sib.test. 60 IN A 198.18.0.1\n");
	fclose(file);
	pair_begin(&p, text, seed_choose(), "big RRsets");
	p.endless = true;
	free(text);
	ask_everything(&p, 7);
	pair_free(&p);
}

Test(engine, answers_as_the_oracle_does_in_the_real_root_zone)
{
	const char *path = getenv("MANGROVE_ROOT_ZONE");
	struct zone *zone = NULL;
	struct why why = {0};
	struct pair p;

	if (!path)
		cr_skip_test("MANGROVE_ROOT_ZONE is not set");
	pair_begin(&p, NULL, seed_choose(), "root zone");
	cr_assert_eq(zone_load(path, NULL, &zone, &why), 0, "%s", why.text);
	pair_add(&p, zone);
	ask_everything(&p, is_long() ? 1 : 41);
	pair_free(&p);
}
