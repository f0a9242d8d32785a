/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every variant of the burst pipeline against the way that takes frames one by one: same octets,
 * same counters, whatever comes. That way itself is engine_answer(), which is held against the
 * oracle.
 */
#include <criterion/criterion.h>
#include <rte_mbuf.h>

#include "image/image.h"
#include "oracle_zone.h"
#include "random_zone.h"
#include "test_node.h"
#include "worker/burst.h"

enum { BUFFER_SIZE = 128 + 2048 + 128, ETHER_SIZE = 14 };

struct frame {
	struct rte_mbuf mbuf;
	uint8_t buffer[BUFFER_SIZE];
};

struct world {
	struct random random;
	struct zone *zones[2];
	struct engine_service answers;
	struct packet_service service;
	struct worker_counters piped, single;
	struct frame left[WORKER_BURST], right[WORKER_BURST];
	size_t frames, replies, foreign;
	bool trust_link;
	/* low limits, a limiter for each way; NULL: none */
	struct limit_rules rules;
	struct limiter *limiters[2];
	uint64_t now_ns, actions[LEDGER_ACTIONS];
	uint8_t client4[4], client6[16];
};

static void
zone_add(struct world *w, struct zone *zone)
{
	struct image_catalogue *catalogue = &w->answers.catalogue;
	struct zone_verification done = {0};
	struct image *image;
	struct why why;

	cr_assert_eq(image_compile(zone, &done, 0, &image, &why), 0, "%s", why.text);
	w->zones[catalogue->count] = zone;
	catalogue->images[catalogue->count++] = image;
	image_catalogue_index(catalogue);
}

/* @param other  a zone beside the first; NULL: none */
static void
world_begin(struct world *w, struct zone *zone, struct zone *other, uint64_t seed)
{
	static const uint8_t ipv4[4] = {198, 18, 0, 53},
			     ipv6[16] = {0x20, 1, 0x0d, 0xb8, [15] = 0x53};

	memset(w, 0, sizeof(*w));
	w->random.state = seed | 1;
	w->answers.self = test_self;
	w->answers.self.cookies = seed & 1 ? EXCHANGE_COOKIES_ANSWER : EXCHANGE_COOKIES_DEMAND;
	zone_add(w, zone);
	if (other)
		zone_add(w, other);
	w->service.ipv4_count = w->service.ipv6_count = 1;
	memcpy(w->service.ipv4[0], ipv4, 4);
	memcpy(w->service.ipv6[0], ipv6, 16);
	memcpy(w->client4, "\xc6\x12\x01\x02", 4);
	memcpy(w->client6, ipv6, 4);
}

static void
world_end(struct world *w)
{
	for (unsigned int i = 0; i < w->answers.catalogue.count; i++) {
		image_free((struct image *)(uintptr_t)w->answers.catalogue.images[i]);
		zone_free(w->zones[i]);
	}
}

/* An owner of the zone, mostly with something done to it. */
static void
qname_choose(struct world *w, struct wire_name *name)
{
	struct random *r = &w->random;
	const struct zone *zone = w->zones[random_below(r, w->answers.catalogue.count)];

	*name = zone->nodes[random_below(r, (uint32_t)zone->node_count)].name;
	for (unsigned int i = random_below(r, 4); i > 0; i--)
		random_label_make(r, name);
	if (random_percent(r, 30) && name->length > 1)
		name->octets[1 + random_below(r, name->octets[0])] ^=
			(uint8_t)(1 << random_below(r, 8));
	for (size_t i = 0; random_percent(r, 50) && i < name->length; i++)
		if (name->octets[i] >= 'a' && name->octets[i] <= 'z')
			name->octets[i] &= 0xdf;
}

/* A cookie of a client alone, one that was made here at some time or by an older secret, or none.
 */
static uint16_t
cookie_make(struct world *w, uint8_t cookie[static 40])
{
	struct guard_secrets secrets = w->answers.self.secrets;
	bool ipv6 = random_percent(&w->random, 50);
	uint32_t age = random_below(&w->random, 4500) - 400;

	memset(cookie, 0x77, 40);
	if (random_percent(&w->random, 30))
		memcpy(secrets.secrets[0], secrets.secrets[1], GUARD_SECRET_SIZE);
	guard_cookie_judge(&secrets, ipv6 ? w->client6 : w->client4, ipv6 ? 16 : 4, TEST_NOW - age,
		(const uint8_t *)"a client", 8, cookie);
	if (random_percent(&w->random, 10))
		return (uint16_t)random_below(&w->random, 41);
	return random_percent(&w->random, 30) ? 8 : WIRE_COOKIE_SIZE;
}

static void
options_make(struct world *w, struct wire_writer *out)
{
	static const uint16_t codes[] = {3, 8, 10, 11, 12, 14, 19};
	struct random *r = &w->random;
	size_t length_at = out->offset;
	uint8_t cookie[40];

	wire_u16_write(out, 0);
	for (unsigned int i = random_percent(r, 40) ? 0 : 1 + random_below(r, 2); i > 0; i--) {
		uint16_t length = cookie_make(w, cookie);
		bool other = random_percent(r, 15);

		wire_u16_write(out, other ? codes[random_below(r, 7)] : 10);
		wire_u16_write(out, other ? 0 : length);
		wire_write(out, cookie, other ? 0 : length);
	}
	wire_u16_patch(out->message + length_at, (uint16_t)(out->offset - length_at - 2));
}

static size_t
message_make(struct world *w, uint8_t message[static 1024])
{
	static const uint16_t types[] = {
		1, 2, 6, 15, 28, 41, 43, 46, 47, 48, 250, 251, 252, 255, 999};
	static const uint16_t sizes[] = {0, 1, 512, 600, 800, 1220, 1232, 4096};
	struct wire_writer out = wire_writer_of(message, 1024);
	struct random *r = &w->random;
	bool edns = random_percent(r, 80);
	struct wire_name qname;

	qname_choose(w, &qname);
	wire_u16_write(&out, (uint16_t)random_below(r, 65536));
	wire_u16_write(&out, random_percent(r, 10) ? 0x0100 : 0);
	wire_u16_write(&out, 1);
	wire_u32_write(&out, 0);
	wire_u16_write(&out, edns);
	wire_write(&out, qname.octets, qname.length);
	wire_u16_write(&out, types[random_below(r, sizeof(types) / sizeof(types[0]))]);
	wire_u16_write(&out, WIRE_CLASS_IN);
	if (edns) {
		wire_u8_write(&out, 0);
		wire_u16_write(&out, WIRE_TYPE_OPT);
		wire_u16_write(&out, sizes[random_below(r, 8)]);
		wire_u32_write(&out, random_percent(r, 60) ? 0x8000 : 0);
		options_make(w, &out);
	}
	if (random_percent(r, 10))
		message[random_below(r, (uint32_t)out.offset)] ^=
			(uint8_t)(1 << random_below(r, 8));
	if (random_percent(r, 3))
		out.offset = random_below(r, (uint32_t)out.offset + 1);
	return out.offset;
}

static void
frame_make(struct world *w, struct frame *f)
{
	uint8_t *frame = f->buffer + RTE_PKTMBUF_HEADROOM;
	struct random *r = &w->random;
	bool ipv6 = random_percent(r, 40), tagged = random_percent(r, 5);
	uint16_t ip = (uint16_t)(ETHER_SIZE + (tagged ? 4 : 0));
	struct packet_layout layout = {.ip_offset = ip,
		.udp_offset = (uint16_t)(ip + (ipv6 ? 40 : 20)),
		.message_offset = (uint16_t)(ip + (ipv6 ? 48 : 28)),
		.ipv6 = ipv6};
	size_t length;

	memset(f, 0, sizeof(*f));
	for (unsigned int i = 0; i < 12; i++)
		frame[i] = (uint8_t)(2 + i);
	wire_u16_patch(frame + 12, 0x8100);
	wire_u16_patch(frame + ip - 2, ipv6 ? 0x86dd : 0x0800);
	length = message_make(w, frame + layout.message_offset);
	/* packet_reply() turns the frame around, so it is written from the server's side */
	memcpy(frame + ip + (ipv6 ? 8 : 12), ipv6 ? w->service.ipv6[0] : w->service.ipv4[0],
		ipv6 ? 16 : 4);
	memcpy(frame + ip + (ipv6 ? 24 : 16), ipv6 ? w->client6 : w->client4, ipv6 ? 16 : 4);
	wire_u16_patch(frame + layout.udp_offset, 53);
	wire_u16_patch(frame + layout.udp_offset + 2,
		(uint16_t)(random_percent(r, 2) ? random_below(r, 64)
						: 1024 + random_below(r, 9999)));
	length = packet_reply(frame, &layout, length, false);
	/* on a trusted link a damaged query may get a reply whose checksum is as wrong */
	if (!w->trust_link && random_percent(r, 5))
		frame[random_below(r, (uint32_t)length)] ^= (uint8_t)(1 << random_below(r, 8));
	if (random_percent(r, 2))
		frame[random_percent(r, 50) ? 0 : 6] |= 1;
	if (random_percent(r, 5))
		length += random_below(r, 20); /* padding */
	f->mbuf = (struct rte_mbuf){.buf_addr = f->buffer,
		.data_off = RTE_PKTMBUF_HEADROOM,
		.buf_len = BUFFER_SIZE,
		.nb_segs = 1,
		.data_len = (uint16_t)length,
		.pkt_len = (uint32_t)length};
}

/* A line's place in the frame that it is of. */
static ptrdiff_t
place_in(const struct frame *frames, const uint8_t *at)
{
	return at - (const uint8_t *)frames;
}

/* A line's query: where it is in its page if it was kept, else in the frame that it is of. */
static ptrdiff_t
query_place(
	const struct frame *frames, const struct ledger_page *page, const struct ledger_line *line)
{
	const uint8_t *kept = page->kept[0];
	bool is_kept = line->query >= kept && line->query < kept + sizeof(page->kept);

	cr_assert(!is_kept || line->key_tags);
	return is_kept ? -1 - (line->query - kept) : place_in(frames, line->query);
}

/* The same lines, each of the same frame; and what they say of the client stands there. */
static void
pages_compare(struct world *w, const struct ledger_page *piped, const struct ledger_page *single)
{
	cr_assert_eq(piped->count, single->count);
	cr_assert_eq(piped->now, single->now);
	cr_assert_eq(piped->generation, single->generation);
	for (unsigned int i = 0; i < piped->count; i++) {
		struct ledger_line left = piped->lines[i], right = single->lines[i];
		size_t client_size = left.flags & LEDGER_IPV6 ? 16 : 4;

		w->actions[left.action]++;
		cr_assert_eq(place_in(w->left, left.client), place_in(w->right, right.client));
		cr_assert_eq(
			query_place(w->left, piped, &left), query_place(w->right, single, &right));
		cr_assert_arr_eq(
			left.client, client_size == 4 ? w->client4 : w->client6, client_size);
		if (left.reply_length)
			cr_assert_eq(
				place_in(w->left, left.reply), place_in(w->right, right.reply));
		left.query = left.reply = left.client = NULL;
		right.query = right.reply = right.client = NULL;
		cr_assert_arr_eq(&left, &right, sizeof(left),
			"node %u %u type %u verdict %u rcode %u %u flags %x %x sizes %u %u edns %u "
			"%u name %u %u reply %u %u",
			left.node, right.node, left.qtype, left.verdict, left.rcode, right.rcode,
			left.flags, right.flags, left.query_length, right.query_length,
			left.edns_size, right.edns_size, left.qname_length, right.qname_length,
			left.reply_length, right.reply_length);
	}
}

static void
burst_compare(struct world *w, const struct worker_variant *variant, const struct worker_view *view,
	uint16_t count)
{
	struct rte_mbuf *mbufs[WORKER_BURST];
	enum worker_fate fates[WORKER_BURST] = {WORKER_DROPPED};
	struct worker_sorted sorted;
	struct ledger_page piped, single_page;
	struct worker_view other = *view;

	other.limiter = w->limiters[1];
	w->trust_link = view->trust_link;
	for (unsigned int i = 0; i < count; i++) {
		frame_make(w, &w->left[i]);
		memcpy(&w->right[i], &w->left[i], sizeof(struct frame));
		w->right[i].mbuf.buf_addr = w->right[i].buffer;
		mbufs[i] = &w->left[i].mbuf;
	}
	worker_page_begin(view, &single_page);
	sorted = variant->answer(view, &w->piped, &piped, mbufs, count);
	cr_assert_leq(sorted.replies + sorted.foreign, count);
	for (unsigned int i = 0; i < (unsigned int)sorted.replies + sorted.foreign; i++)
		fates[(struct frame *)mbufs[i] - w->left] =
			i < sorted.replies ? WORKER_REPLY : WORKER_FOREIGN;
	for (unsigned int i = 0; i < count; i++) {
		const struct rte_mbuf *left = &w->left[i].mbuf, *right = &w->right[i].mbuf;
		enum worker_fate single =
			worker_answer_one(&other, &w->single, &single_page, &w->right[i].mbuf);

		cr_assert_eq(fates[i], single, "%s: answered, foreign or dropped", variant->name);
		if (single == WORKER_FOREIGN)
			/* the kernel gets what came */
			cr_assert_arr_eq(w->left[i].buffer, w->right[i].buffer, BUFFER_SIZE);
		w->foreign += single == WORKER_FOREIGN;
		if (single != WORKER_REPLY)
			continue;
		cr_assert_eq(left->data_len, right->data_len, "%s: length", variant->name);
		cr_assert_eq(left->pkt_len, right->pkt_len);
		cr_assert_eq(left->ol_flags, right->ol_flags);
		cr_assert_arr_eq(w->left[i].buffer + RTE_PKTMBUF_HEADROOM,
			w->right[i].buffer + RTE_PKTMBUF_HEADROOM, left->data_len, "%s",
			variant->name);
	}
	pages_compare(w, &piped, &single_page);
	w->replies += sorted.replies;
	w->frames += count;
}

/* Each frame has one verdict, and those that are foreign are handed on. */
static void
counters_check(const struct world *w)
{
	uint64_t frames = 0, foreign = 0;

	for (unsigned int i = 0; i < PACKET_VERDICTS; i++) {
		frames += counter_read(&w->piped.packet[i]);
		if (packet_verdict_is_foreign((enum packet_verdict)i))
			foreign += counter_read(&w->piped.packet[i]);
	}
	for (unsigned int i = 0; i < ENGINE_VERDICTS; i++)
		frames += counter_read(&w->piped.engine[i]);
	cr_assert_eq(frames, w->frames, "%zu frames, %llu counted", w->frames,
		(unsigned long long)frames);
	cr_assert_eq(foreign, w->foreign);
	cr_assert_gt(foreign, 0, "none was foreign");
}

static void
other_withhold(struct world *w, const struct wire_name *origin)
{
	struct image_catalogue *catalogue = &w->answers.catalogue;

	catalogue->count = 1;
	catalogue->withheld_count = 1;
	catalogue->withheld[0].origin = *origin;
	image_catalogue_index(catalogue);
}

/* Some answers a second, so that all that limits do is done to some queries. */
static void
limits_begin(struct world *w)
{
	static const struct limit_seed seed = {{0x0123456789abcdef, 0xfedcba9876543210}};
	const struct limit_wishes wishes = {.mode = LIMIT_ENFORCE,
		.prefix_ipv4 = 24,
		.prefix_ipv6 = 56,
		.key_rate = 20,
		.nxdomain_rate = 100,
		.error_rate = 10,
		.all_rate = 300,
		.octet_rate = 100000,
		.burst_ms = 1000,
		.slip = 2,
		.leak = 5,
		.exempt_cookies = true,
		.tc_budget = 100,
		.spread = 1,
		.limiters = 1};
	struct why why;

	cr_assert_eq(limit_rules_make(&wishes, &w->rules, &why), 0, "%s", why.text);
	w->answers.limits = &w->rules;
	for (unsigned int i = 0; i < 2; i++) {
		w->limiters[i] = limiter_new(LIMIT_LINES_LOG2_MIN, -1, &seed);
		cr_assert_not_null(w->limiters[i]);
	}
}

/* Both ways did the same, and each thing that can be done. */
static void
limits_end(struct world *w)
{
	cr_assert_arr_eq(limiter_counters(w->limiters[0]), limiter_counters(w->limiters[1]),
		sizeof(struct limit_counters), "limits differ");
	cr_assert_gt(w->actions[LEDGER_SLIPPED], 50);
	cr_assert_gt(w->actions[LEDGER_LIMITED], 50);
	cr_assert_gt(w->actions[LEDGER_ANSWERED], 50);
	for (unsigned int i = 0; i < 2; i++)
		limiter_free(w->limiters[i]);
}

static void
variants_compare(
	struct zone *zone, struct zone *other, uint64_t seed, unsigned int bursts, bool limited)
{
	static const char *const names[] = {"plain", "avx2", "avx512"};
	static struct world w;

	world_begin(&w, zone, other, seed);
	if (limited)
		limits_begin(&w);
	for (unsigned int i = 0; i < bursts; i++) {
		const struct worker_variant *variant = worker_variant_choose(names[i % 3]);
		const struct worker_view view = {.answers = &w.answers,
			.now = TEST_NOW,
			.service = &w.service,
			.limiter = w.limiters[0],
			.verify_in_software = random_percent(&w.random, 70),
			.trust_link = random_percent(&w.random, 20),
			.offload = random_percent(&w.random, 20)};

		/* halfway the zone beside the first is withheld */
		if (i == bursts / 2 && other)
			other_withhold(&w, &other->origin);
		w.now_ns += random_below(&w.random, 4000000);
		for (unsigned int k = 0; k < 2 && limited; k++)
			limit_tick(w.limiters[k], &w.rules, w.now_ns, false);
		/* a CPU without it tests the others; limits judge a pipeline's answers before all
		 * others, so that only single frames are alike */
		if (variant)
			burst_compare(&w, variant, &view,
				limited ? 1
					: (uint16_t)(1 + random_below(&w.random, WORKER_BURST)));
	}
	cr_assert_arr_eq(&w.piped, &w.single, sizeof(w.piped), "counters differ");
	if (limited)
		limits_end(&w);
	else
		counters_check(&w);
	cr_assert_gt(w.replies, bursts / (limited ? 20 : 1),
		"seed %llu: hardly anything was answered", (unsigned long long)seed);
	w.answers.catalogue.count = other ? 2 : 1;
	world_end(&w);
}

static unsigned int
bursts(void)
{
	return getenv("MANGROVE_LONG") ? 200000 : 6000;
}

Test(worker_burst, equals_the_single_way_in_a_wide_signed_zone)
{
	for (uint64_t seed = 1; seed < 5; seed++) {
		struct random_zone_options options = {.seed = seed,
			.origin = ".",
			.names = 600,
			.is_signed = true,
			.is_wide = true};
		char *text = random_zone_text(&options);

		variants_compare(zone_from_text(text), NULL, seed, bursts() / 4, false);
		free(text);
	}
}

Test(worker_burst, equals_the_single_way_under_limits)
{
	struct random_zone_options options = {
		.seed = 9, .origin = ".", .names = 60, .is_signed = true, .is_wide = true};
	char *text = random_zone_text(&options);

	variants_compare(zone_from_text(text), NULL, 9, 5 * bursts(), true);
	free(text);
}

Test(worker_burst, equals_the_single_way_in_a_small_unsigned_zone)
{
	struct random_zone_options options = {.seed = 7, .origin = ".", .names = 12};
	char *text = random_zone_text(&options);

	variants_compare(zone_from_text(text), NULL, 7, bursts() / 4, false);
	free(text);
}

Test(worker_burst, equals_the_single_way_in_a_zone_that_is_not_the_root)
{
	struct random_zone_options options = {
		.seed = 8, .origin = "example.", .names = 40, .is_signed = true};
	char *text = random_zone_text(&options);

	variants_compare(zone_from_text(text), NULL, 8, bursts() / 8, false);
	free(text);
}

/* As a root server has arpa, and root-servers.net below a TLD that it delegates. */
Test(worker_burst, equals_the_single_way_with_a_zone_beside_the_root)
{
	static const char *const origins[] = {"com.", "root-servers.net.", "aaa.bbb.", "zzzz."};

	for (unsigned int i = 0; i < 4; i++) {
		struct random_zone_options options = {.seed = 20 + i,
			.origin = ".",
			.names = 100,
			.is_signed = true,
			.is_wide = true};
		char *root = random_zone_text(&options), *other;

		options.origin = origins[i];
		options.is_wide = false;
		other = random_zone_text(&options);
		variants_compare(
			zone_from_text(root), zone_from_text(other), 20 + i, bursts() / 8, false);
		free(root);
		free(other);
	}
}

Test(worker_burst, equals_the_single_way_in_the_real_root_zone)
{
	const char *path = getenv("MANGROVE_ROOT_ZONE");
	struct zone *zone;
	struct why why;

	if (!path)
		cr_skip("MANGROVE_ROOT_ZONE is not set");
	cr_assert_eq(zone_load(path, NULL, &zone, &why), 0, "%s", why.text);
	variants_compare(zone, NULL, 9, bursts(), false);
}
