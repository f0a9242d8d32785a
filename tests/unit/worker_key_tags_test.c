/* SPDX-License-Identifier: BSD-3-Clause */
/* Key tags in queries that lcores answer in place (RFC 8145 4.1): observed before they are gone. */
#include <rte_mbuf.h>

#include "observe_line.h"
#include "oracle_zone.h"
#include "packet_frame.h"
#include "random_zone.h"
#include "test_node.h"
#include "worker/burst.h"
#include "zone/zone.h"

enum { BUFFER_SIZE = 128 + 2048 + 128 };

/* An OPT of 1232 octets with DO and these options. */
#define OPT(size, options) "\0\0\x29\x04\xd0\0\0\x80\0\0" size options
#define TAGS "\0\x0e\0\4\x97\x28\x4f\x66"
#define COOKIE                                                                                     \
	"\0\x0a\0\x08"                                                                             \
	"clientof"

static const struct ask {
	const char *what;
	uint16_t qtype;
	uint8_t size;
	const char *opt;
	unsigned int seen, signals, malformed, unseen;
} asks[] = {
	{"two tags", WIRE_TYPE_DNSKEY, 19, OPT("\x08", TAGS), 1, 1, 0, 0},
	{"behind a cookie", WIRE_TYPE_DNSKEY, 31, OPT("\x14", COOKIE TAGS), 1, 1, 0, 0},
	{"beside NSID", WIRE_TYPE_DNSKEY, 23, OPT("\x0c", "\0\3\0\0" TAGS), 1, 1, 0, 0},
	{"half a tag", WIRE_TYPE_DNSKEY, 18, OPT("\x07", "\0\x0e\0\3\x97\x28\x4f"), 1, 0, 1, 0},
	{"no tag", WIRE_TYPE_DNSKEY, 15, OPT("\x04", "\0\x0e\0\0"), 1, 0, 1, 0},
	{"an option longer than OPT", WIRE_TYPE_DNSKEY, 18, OPT("\x07", "\0\x0e\0\4\x97\x28\x4f"),
		0, 0, 0, 0},
	{"no option", WIRE_TYPE_DNSKEY, 11, OPT("\0", ""), 1, 0, 0, 0},
	{"a cookie alone", WIRE_TYPE_DNSKEY, 23, OPT("\x0c", COOKIE), 1, 0, 0, 0},
	{"another type", WIRE_TYPE_SOA, 19, OPT("\x08", TAGS), 0, 0, 0, 0},
};

struct world {
	struct zone *zone;
	struct image *image;
	struct engine_service answers;
	struct observe_set *set;
	struct observer *observer;
	struct ledger_page page;
	struct rte_mbuf mbufs[WORKER_BURST];
	uint8_t buffers[WORKER_BURST][BUFFER_SIZE];
};

static struct world *
world_new(void)
{
	static struct world world;
	struct random_zone_options options = {
		.seed = 1, .origin = ".", .names = 40, .is_signed = true, .is_wide = true};
	char *text = random_zone_text(&options);
	struct zone_verification done = {0};
	struct world *w = &world;
	struct why why;

	memset(w, 0, sizeof(*w));
	w->zone = zone_from_text(text);
	free(text);
	cr_assert_eq(image_compile(w->zone, &done, 0, &w->image, &why), 0, "%s", why.text);
	w->answers.self = test_self;
	w->answers.catalogue.count = 1;
	w->answers.catalogue.images[0] = w->image;
	image_catalogue_index(&w->answers.catalogue);
	cr_assert_not_null(w->answers.catalogue.root);
	w->set = observe_set_new(&observe_all);
	cr_assert_not_null(w->set);
	w->observer = observer_add(w->set);
	return w;
}

static void
world_free(struct world *w)
{
	observe_set_free(w->set);
	image_free(w->image);
	zone_free(w->zone);
}

static void
query_put(struct world *w, unsigned int index, const struct ask *ask, bool ipv6)
{
	struct frame f = frame_make(ipv6, 0, WIRE_HEADER_SIZE + 5u + ask->size);
	uint8_t *message = f.octets + f.message;

	memset(message, 0, WIRE_HEADER_SIZE + 5);
	message[5] = message[11] = 1;
	wire_u16_patch(message + WIRE_HEADER_SIZE + 1, ask->qtype);
	message[WIRE_HEADER_SIZE + 4] = WIRE_CLASS_IN;
	memcpy(message + WIRE_HEADER_SIZE + 5, ask->opt, ask->size);
	frame_sign(&f);
	memcpy(w->buffers[index] + RTE_PKTMBUF_HEADROOM, f.octets, f.length);
	w->mbufs[index] = (struct rte_mbuf){.buf_addr = w->buffers[index],
		.data_off = RTE_PKTMBUF_HEADROOM,
		.buf_len = BUFFER_SIZE,
		.nb_segs = 1,
		.data_len = (uint16_t)f.length,
		.pkt_len = (uint32_t)f.length};
}

/* Answer the first mbufs as one burst, and let the observer look. @return how many replies */
static unsigned int
burst_answer(struct world *w, const struct worker_variant *variant, uint16_t count)
{
	struct worker_view view = {.answers = &w->answers,
		.service = &service,
		.now = TEST_NOW,
		.verify_in_software = true};
	struct worker_counters counters = {.packet = {0}};
	struct rte_mbuf *mbufs[WORKER_BURST];
	struct worker_sorted sorted;

	for (unsigned int i = 0; i < count; i++)
		mbufs[i] = &w->mbufs[i];
	sorted = variant->answer(&view, &counters, &w->page, mbufs, count);
	observe_page(w->observer, &w->page);
	return sorted.replies;
}

static void
expect_counts(const struct world *w, const struct ask *want, const char *variant)
{
	const struct observe_counters *c = &w->observer->counters;

	cr_expect_eq(c->options_seen, want->seen, "%s: %s", variant, want->what);
	cr_expect_eq(c->options_unseen, want->unseen, "%s: %s", variant, want->what);
	cr_expect_eq(
		c->signals[OBSERVE_SIGNAL_OPTION], want->signals, "%s: %s", variant, want->what);
	cr_expect_eq(c->malformed[OBSERVE_SIGNAL_OPTION], want->malformed, "%s: %s", variant,
		want->what);
}

static const char *const variants[] = {"plain", "avx2", "avx512"};

Test(worker_key_tags, are_observed_whichever_variant_answers)
{
	for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]) * 6; i++) {
		const struct worker_variant *variant = worker_variant_choose(variants[i % 3]);
		const struct ask *ask = &asks[i / 6];
		struct world *w;

		if (!variant)
			continue;
		w = world_new();
		query_put(w, 0, ask, i / 3 % 2);
		cr_expect_eq(burst_answer(w, variant, 1), 1, "%s: no reply", ask->what);
		expect_counts(w, ask, variant->name);
		world_free(w);
	}
}

Test(worker_key_tags, beyond_some_in_a_burst_are_said_to_be_unseen)
{
	static const struct ask flood = {.what = "a flood",
		.seen = LEDGER_KEPT + 1,
		.signals = LEDGER_KEPT,
		.unseen = WORKER_BURST - 1 - LEDGER_KEPT};
	static const uint8_t tags[] = "\x97\x28\x4f\x66";
	struct world *w = world_new();

	for (unsigned int i = 0; i < WORKER_BURST; i++)
		query_put(w, i, &asks[i == 1 ? 6 : 0], i % 2);
	cr_expect_eq(burst_answer(w, worker_variant_choose(NULL), WORKER_BURST), WORKER_BURST);
	expect_counts(w, &flood, "best");
	for (unsigned int i = 0; i < WORKER_BURST; i++) {
		const struct ledger_line *line = &w->page.lines[i];

		cr_expect_eq(line->key_tags, i != 1);
		cr_expect_eq(line->query != line->reply, i == 0 || i == 2, "%u", i);
		if (line->query != line->reply)
			cr_expect_arr_eq(line->query + line->query_length - 4, tags, 4);
	}
	world_free(w);
}

/* A query that is longer than what is kept is answered, and its tags are unseen. */
Test(worker_key_tags, in_a_long_query_are_kept_up_to_a_size)
{
	enum { FIXED = WIRE_HEADER_SIZE + 5 + 19 + 4 };

	for (unsigned int more = 0; more < 2; more++) {
		unsigned int padding = LEDGER_KEPT_SIZE - FIXED + more;
		char opt[LEDGER_KEPT_SIZE] = OPT("", "");
		struct ask ask = {"padded", WIRE_TYPE_DNSKEY, (uint8_t)(19 + 4 + padding), opt,
			!more, !more, 0, more};
		struct world *w = world_new();

		opt[10] = (char)(8 + 4 + padding);
		memcpy(opt + 11, TAGS "\0\x0c\0", 11);
		opt[22] = (char)padding;
		query_put(w, 0, &ask, false);
		cr_expect_eq(burst_answer(w, worker_variant_choose(NULL), 1), 1);
		cr_expect_eq(w->page.lines[0].query_length, LEDGER_KEPT_SIZE + more);
		expect_counts(w, &ask, "best");
		world_free(w);
	}
}
