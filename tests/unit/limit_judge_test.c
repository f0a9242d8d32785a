/* SPDX-License-Identifier: BSD-3-Clause */
/* What limits let through: each key, each budget, and who is exempt. */
#include "limit_world.h"

static const uint8_t one[4] = {192, 0, 2, 1}, same_prefix[4] = {192, 0, 2, 200},
		     other[4] = {198, 51, 100, 1};
static const uint8_t six[16] = {0x20, 0x01, 0x0d, 0xb8, 1, 2, 3, 4, 5},
		     six_same[16] = {0x20, 0x01, 0x0d, 0xb8, 1, 2, 3, 0xff, 9},
		     six_other[16] = {0x20, 0x01, 0x0d, 0xb8, 1, 2, 4, 4, 5};

Test(limit_judge, holds_one_prefix_and_no_other)
{
	struct limit_wishes wishes = wishes_none();
	struct limit_ask ask = ask_of(one, LIMIT_REFERRAL, 7);
	unsigned int n[LEDGER_ACTIONS];
	struct world w;

	wishes.key_rate = 10;
	w = world_make(&wishes, 10);
	judge_many(&w, &ask, 100, n);
	cr_expect_eq(n[LEDGER_ANSWERED], 10);
	cr_expect_eq(n[LEDGER_LIMITED], 90);
	ask = ask_of(same_prefix, LIMIT_REFERRAL, 7);
	cr_expect_eq(judge(&w, &ask), LEDGER_LIMITED, "the /24 is one client");
	ask = ask_of(one, LIMIT_REFERRAL, 8);
	cr_expect_eq(judge(&w, &ask), LEDGER_ANSWERED, "another name has its own rate");
	ask = ask_of(one, LIMIT_NODATA, 7);
	cr_expect_eq(judge(&w, &ask), LEDGER_ANSWERED, "so has another answer");
	ask = ask_of(other, LIMIT_REFERRAL, 7);
	cr_expect_eq(judge(&w, &ask), LEDGER_ANSWERED);
	limiter_free(w.limiter);
}

Test(limit_judge, takes_a_56_of_ipv6_as_one_client)
{
	struct limit_wishes wishes = wishes_none();
	struct limit_ask ask = ask_of(six, LIMIT_POSITIVE, 0);
	unsigned int n[LEDGER_ACTIONS];
	struct world w;

	wishes.key_rate = 3;
	w = world_make(&wishes, 10);
	ask.flags = LEDGER_IPV6;
	judge_many(&w, &ask, 3, n);
	cr_expect_eq(n[LEDGER_ANSWERED], 3);
	ask.client = six_same;
	cr_expect_eq(judge(&w, &ask), LEDGER_LIMITED);
	ask.client = six_other;
	cr_expect_eq(judge(&w, &ask), LEDGER_ANSWERED);
	limiter_free(w.limiter);
}

Test(limit_judge, refills_at_the_rate)
{
	struct limit_wishes wishes = wishes_none();
	struct limit_ask ask = ask_of(one, LIMIT_REFERRAL, 7);
	unsigned int n[LEDGER_ACTIONS];
	struct world w;

	wishes.key_rate = 20;
	w = world_make(&wishes, 10);
	judge_many(&w, &ask, 50, n);
	cr_expect_eq(n[LEDGER_ANSWERED], 20);
	world_wait(&w, SECOND / 4);
	judge_many(&w, &ask, 50, n);
	cr_expect_geq(n[LEDGER_ANSWERED], 4);
	cr_expect_leq(n[LEDGER_ANSWERED], 5);
	world_wait(&w, 100ull * SECOND);
	judge_many(&w, &ask, 50, n);
	cr_expect_eq(n[LEDGER_ANSWERED], 20, "a burst, however long it was quiet");
	limiter_free(w.limiter);
}

Test(limit_judge, random_names_of_a_gap_are_one_key_and_all_gaps_another)
{
	struct limit_wishes wishes = wishes_none();
	unsigned int answered = 0;
	struct limit_ask ask;
	struct world w;

	wishes.key_rate = 10;
	wishes.nxdomain_rate = 25;
	w = world_make(&wishes, 10);
	/* the ask has no name: whatever is random in it does not reach the limiter */
	for (unsigned int i = 0; i < 1000; i++) {
		ask = ask_of(one, LIMIT_NXDOMAIN, i % 2);
		ask.qtype = (uint16_t)i;
		answered += judge(&w, &ask) == LEDGER_ANSWERED;
	}
	cr_expect_eq(answered, 20, "two gaps");
	for (unsigned int i = 0; i < 1000; i++) {
		ask = ask_of(one, LIMIT_NXDOMAIN, i);
		answered += judge(&w, &ask) == LEDGER_ANSWERED;
	}
	cr_expect_eq(answered, 25, "all NXDOMAIN of the prefix");
	ask = ask_of(one, LIMIT_REFERRAL, 0);
	cr_expect_eq(judge(&w, &ask), LEDGER_ANSWERED, "what exists is still answered");
	limiter_free(w.limiter);
}

Test(limit_judge, counts_octets_errors_and_all)
{
	struct limit_wishes wishes = wishes_none();
	struct limit_ask ask = ask_of(one, LIMIT_NODATA, 3);
	unsigned int n[LEDGER_ACTIONS];
	struct world w;

	wishes.octet_rate = 20000;
	wishes.error_rate = 4;
	wishes.all_rate = 60;
	w = world_make(&wishes, 10);
	judge_many(&w, &ask, 100, n);
	cr_expect_eq(n[LEDGER_ANSWERED], 20, "of 1000 octets");
	ask.reply_length = 0;
	ask.class = LIMIT_ERROR;
	judge_many(&w, &ask, 100, n);
	cr_expect_eq(n[LEDGER_ANSWERED], 4);
	ask.class = LIMIT_POSITIVE;
	judge_many(&w, &ask, 100, n);
	cr_expect_eq(n[LEDGER_ANSWERED], 60 - 24);
	cr_expect_eq(count_of(&w, &limiter_counters(w.limiter)->reasons[LIMIT_BY_OCTETS]), 80);
	cr_expect_eq(count_of(&w, &limiter_counters(w.limiter)->reasons[LIMIT_BY_ERRORS]), 96);
	cr_expect_eq(count_of(&w, &limiter_counters(w.limiter)->reasons[LIMIT_BY_ALL]), 64);
	limiter_free(w.limiter);
}

Test(limit_judge, tells_which_bucket_is_full_now)
{
	struct limit_wishes wishes = wishes_none();
	struct limit_ask ask = ask_of(one, LIMIT_REFERRAL, 7);
	unsigned int n[LEDGER_ACTIONS];
	struct world w;

	wishes.key_rate = 10;
	wishes.octet_rate = 20000;
	w = world_make(&wishes, 10);
	ask.reply_length = 0;
	judge_many(&w, &ask, 10, n);
	cr_expect_eq(n[LEDGER_ANSWERED], 10);
	world_wait(&w, SECOND / 2);
	ask.reply_length = 30000;
	cr_expect_neq(judge(&w, &ask), LEDGER_ANSWERED);
	cr_expect_eq(count_of(&w, &limiter_counters(w.limiter)->reasons[LIMIT_BY_OCTETS]), 1,
		"the key's has leaked since");
	limiter_free(w.limiter);
}

Test(limit_judge, observing_counts_the_same_and_answers_all)
{
	struct limit_wishes wishes = wishes_none();
	struct limit_ask ask = ask_of(one, LIMIT_NXDOMAIN, 3);
	unsigned int n[LEDGER_ACTIONS];
	struct world observed, enforced;

	wishes.key_rate = 10;
	wishes.slip = 2;
	enforced = world_make(&wishes, 10);
	wishes.mode = LIMIT_OBSERVE;
	observed = world_make(&wishes, 10);
	judge_many(&observed, &ask, 100, n);
	cr_expect_eq(n[LEDGER_ANSWERED], 100);
	judge_many(&enforced, &ask, 100, n);
	cr_expect_eq(n[LEDGER_ANSWERED], 10);
	for (unsigned int i = 0; i < LEDGER_ACTIONS; i++)
		cr_expect_eq(count_of(&observed,
				     &limiter_counters(observed.limiter)->would[i][LIMIT_NXDOMAIN]),
			count_of(&enforced,
				&limiter_counters(enforced.limiter)->done[i][LIMIT_NXDOMAIN]));
	cr_expect_eq(n[LEDGER_SLIPPED], 45);
	limiter_free(observed.limiter);
	limiter_free(enforced.limiter);
}

Test(limit_judge, off_counts_nothing)
{
	struct limit_wishes wishes = wishes_none();
	struct limit_ask ask = ask_of(one, LIMIT_NXDOMAIN, 3);
	unsigned int n[LEDGER_ACTIONS];
	struct world w;

	wishes.key_rate = 1;
	wishes.mode = LIMIT_OFF;
	w = world_make(&wishes, 10);
	judge_many(&w, &ask, 100, n);
	cr_expect_eq(n[LEDGER_ANSWERED], 100);
	cr_expect_eq(count_of(&w, &limiter_counters(w.limiter)->lines_made), 0);
	limiter_free(w.limiter);
}

static const struct {
	unsigned int slip, leak, slipped, leaked;
} shares[] = {{0, 0, 0, 0}, {1, 0, 600, 0}, {2, 0, 300, 0}, {3, 0, 200, 0}, {15, 0, 40, 0},
	{0, 4, 0, 150}, {2, 3, 200, 200}, {0, 255, 0, 2}};

Test(limit_judge, slips_and_leaks_one_in_so_many)
{
	for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
		struct limit_wishes wishes = wishes_none();
		struct limit_ask ask = ask_of(one, LIMIT_NXDOMAIN, 3);
		unsigned int n[LEDGER_ACTIONS];
		struct world w;

		wishes.key_rate = 10;
		wishes.slip = shares[i].slip;
		wishes.leak = shares[i].leak;
		w = world_make(&wishes, 10);
		judge_many(&w, &ask, 610, n);
		cr_expect_eq(n[LEDGER_SLIPPED], shares[i].slipped, "slip %u leak %u: %u",
			shares[i].slip, shares[i].leak, n[LEDGER_SLIPPED]);
		cr_expect_eq(n[LEDGER_ANSWERED], 10 + shares[i].leaked, "slip %u leak %u: %u",
			shares[i].slip, shares[i].leak, n[LEDGER_ANSWERED]);
		limiter_free(w.limiter);
	}
}

Test(limit_judge, valid_cookies_and_tcp_are_exempt_and_forged_ones_are_not)
{
	struct limit_wishes wishes = wishes_none();
	struct limit_ask ask = ask_of(one, LIMIT_NXDOMAIN, 3);
	unsigned int n[LEDGER_ACTIONS];
	struct world w;

	wishes.key_rate = 10;
	wishes.exempt_cookies = true;
	w = world_make(&wishes, 10);
	ask.flags = LEDGER_COOKIE;
	judge_many(&w, &ask, 100, n);
	cr_expect_eq(n[LEDGER_ANSWERED], 10, "a cookie that is not ours");
	ask.flags = LEDGER_COOKIE | LEDGER_COOKIE_VALID;
	judge_many(&w, &ask, 100, n);
	cr_expect_eq(n[LEDGER_ANSWERED], 100);
	ask.flags = LEDGER_TCP;
	judge_many(&w, &ask, 100, n);
	cr_expect_eq(n[LEDGER_ANSWERED], 100);
	limiter_free(w.limiter);
	wishes.exempt_cookies = false;
	w = world_make(&wishes, 10);
	ask.flags = LEDGER_COOKIE | LEDGER_COOKIE_VALID;
	judge_many(&w, &ask, 100, n);
	cr_expect_eq(n[LEDGER_ANSWERED], 10);
	limiter_free(w.limiter);
}

Test(limit_judge, exempt_prefixes_get_all)
{
	struct limit_wishes wishes = wishes_none();
	struct limit_ask ask = ask_of(one, LIMIT_NXDOMAIN, 3);
	unsigned int n[LEDGER_ACTIONS];
	struct world w;

	wishes.key_rate = 10;
	wishes.exempt_count = 2;
	wishes.exempt[0] = limit_prefix_make(one, false, 32);
	wishes.exempt[1] = limit_prefix_make(six, true, 72);
	w = world_make(&wishes, 10);
	judge_many(&w, &ask, 100, n);
	cr_expect_eq(n[LEDGER_ANSWERED], 100);
	ask.client = same_prefix;
	judge_many(&w, &ask, 100, n);
	cr_expect_eq(n[LEDGER_ANSWERED], 0, "beside it, in a /24 whose rate is used up");
	ask.client = six;
	ask.flags = LEDGER_IPV6;
	judge_many(&w, &ask, 100, n);
	cr_expect_eq(n[LEDGER_ANSWERED], 100);
	ask.client = six_same;
	judge_many(&w, &ask, 100, n);
	cr_expect_eq(n[LEDGER_ANSWERED], 0, "the 65th bit and on count");
	limiter_free(w.limiter);
}

Test(limit_judge, budgets_bound_tc_and_errors_of_the_node)
{
	struct limit_wishes wishes = wishes_none();
	unsigned int slipped = 0, errors = 0, cut = 0;
	uint8_t client[4] = {203, 0, 113, 1};
	struct world w;

	wishes.key_rate = 1;
	wishes.slip = 1;
	wishes.tc_budget = 400;
	wishes.error_budget = 200;
	w = world_make(&wishes, 10);
	for (unsigned int i = 0; i < 5000; i++) {
		struct limit_ask ask = ask_of(client, LIMIT_NXDOMAIN, 3);

		client[1] = (uint8_t)i;
		slipped += judge(&w, &ask) == LEDGER_SLIPPED;
		ask.class = LIMIT_ERROR;
		errors += judge(&w, &ask) == LEDGER_ANSWERED;
	}
	cr_expect_eq(slipped, 101, "a quarter of a second's is saved up: %u", slipped);
	cr_expect_eq(errors, 51, "%u", errors);
	world_wait(&w, SECOND);
	client[0]++;
	for (unsigned int i = 0; i < 256; i++) {
		struct limit_ask ask = ask_of(client, LIMIT_CUT, i);

		client[1] = (uint8_t)i;
		cut += judge(&w, &ask) == LEDGER_ANSWERED;
	}
	cr_expect_eq(cut, 101, "replies that are cut for their size count as well: %u", cut);
	limiter_free(w.limiter);
}

Test(limit_judge, filters_act_in_every_mode)
{
	struct limit_wishes wishes = wishes_none();
	struct limit_ask in = ask_of(one, LIMIT_NXDOMAIN, 300),
			 out = ask_of(other, LIMIT_NXDOMAIN, 5);
	struct limit_filter filters[] = {
		{.prefix = limit_prefix_make(one, false, 24),
			.action = LIMIT_FILTER_DROP,
			.slot = 0},
		{.by_place = true, .node = 5, .gap = true, .action = LIMIT_FILTER_TC, .slot = 1},
		{.prefix = limit_prefix_make(other, false, 20),
			.by_place = true,
			.node = 6,
			.action = LIMIT_FILTER_LIMIT,
			.price = limit_price(8, 1),
			.slot = 2},
	};
	unsigned int n[LEDGER_ACTIONS];
	struct world w;

	wishes.mode = LIMIT_OFF;
	w = world_make(&wishes, 10);
	for (size_t i = 0; i < 3; i++)
		cr_assert_eq(limit_rules_filter(&w.rules, &filters[i], NULL), 0);
	cr_expect_eq(judge(&w, &in), LEDGER_FILTERED);
	cr_expect_eq(judge(&w, &out), LEDGER_SLIPPED);
	out.class = LIMIT_REFERRAL;
	cr_expect_eq(judge(&w, &out), LEDGER_ANSWERED, "the name itself is no part of its gap");
	out.node = 6;
	judge_many(&w, &out, 100, n);
	cr_expect_eq(n[LEDGER_ANSWERED], 8);
	cr_expect_eq(n[LEDGER_FILTERED], 92);
	out.client = six;
	out.flags = LEDGER_IPV6;
	cr_expect_eq(judge(&w, &out), LEDGER_ANSWERED, "prefix and place");
	cr_expect_eq(count_of(&w, &limiter_counters(w.limiter)->filtered[0]), 1);
	cr_expect_eq(count_of(&w, &limiter_counters(w.limiter)->filtered[2]), 92);
	limiter_free(w.limiter);
}

Test(limit_judge, a_filter_of_everything_is_refused)
{
	struct limit_wishes wishes = wishes_none();
	struct limit_filter filter = {.action = LIMIT_FILTER_DROP};
	struct limit_rules rules;

	cr_assert_eq(limit_rules_make(&wishes, &rules, NULL), 0);
	cr_expect_lt(limit_rules_filter(&rules, &filter, NULL), 0);
	filter.prefix = limit_prefix_make(one, false, 4);
	for (unsigned int i = 0; i < LIMIT_FILTERS_MAX; i++) {
		filter.slot = (uint8_t)i;
		cr_expect_eq(limit_rules_filter(&rules, &filter, NULL), 0);
	}
	cr_expect_lt(limit_rules_filter(&rules, &filter, NULL), 0, "one too many");
}

static const struct {
	const char *what;
	size_t offset;
	unsigned int good, bad;
} bounds[] = {
	{"IPv4 bits", offsetof(struct limit_wishes, prefix_ipv4), 8, 7},
	{"IPv4 bits", offsetof(struct limit_wishes, prefix_ipv4), 32, 33},
	{"IPv6 bits", offsetof(struct limit_wishes, prefix_ipv6), 16, 15},
	{"IPv6 bits", offsetof(struct limit_wishes, prefix_ipv6), 64, 65},
	{"burst", offsetof(struct limit_wishes, burst_ms), 1, 0},
	{"burst", offsetof(struct limit_wishes, burst_ms), 3000, 3001},
	{"slip", offsetof(struct limit_wishes, slip), 15, 16},
	{"leak", offsetof(struct limit_wishes, leak), 255, 256},
	{"spread", offsetof(struct limit_wishes, spread), 1, 0},
	{"spread", offsetof(struct limit_wishes, spread), 256, 257},
	{"limiters", offsetof(struct limit_wishes, limiters), 1, 0},
	{"exempt", offsetof(struct limit_wishes, exempt_count), 64, 65},
};

Test(limit_judge, wishes_out_of_bounds_are_refused)
{
	for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
		struct limit_wishes wishes = wishes_none();
		unsigned int *value = (unsigned int *)((uint8_t *)&wishes + bounds[i].offset);
		struct limit_rules rules;

		*value = bounds[i].good;
		cr_expect_eq(limit_rules_make(&wishes, &rules, NULL), 0, "%s", bounds[i].what);
		*value = bounds[i].bad;
		cr_expect_lt(limit_rules_make(&wishes, &rules, NULL), 0, "%s", bounds[i].what);
	}
}

Test(limit_judge, a_share_of_less_than_one_in_a_burst_is_one)
{
	struct limit_wishes wishes = wishes_none();
	struct limit_ask ask = ask_of(one, LIMIT_REFERRAL, 7);
	unsigned int n[LEDGER_ACTIONS];
	struct world w;

	wishes.key_rate = 1;
	wishes.octet_rate = 1;
	wishes.spread = 256;
	ask.reply_length = 1232;
	w = world_make(&wishes, 10);
	judge_many(&w, &ask, 10, n);
	cr_expect_eq(n[LEDGER_ANSWERED], 1);
	world_wait(&w, 4ull * SECOND);
	cr_expect_eq(judge(&w, &ask), LEDGER_ANSWERED);
	limiter_free(w.limiter);
}
