/* SPDX-License-Identifier: BSD-3-Clause */
/* Shedding: up step by step, down step by step, and who is spared. */
#include "limit_world.h"

static void
look_often(struct limit_ladder *ladder, unsigned int load, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		limit_ladder_look(ladder, (struct limit_load){.queue = load});
}

Test(limit_ladder, goes_up_and_down_by_one_and_not_on_a_single_look)
{
	struct limit_ladder ladder = {0};

	look_often(&ladder, LIMIT_LOAD_UP, LIMIT_LOOKS_UP - 1);
	cr_expect_eq(step_of(&ladder), LIMIT_STEP_NONE);
	look_often(&ladder, LIMIT_LOAD_UP, 1);
	cr_expect_eq(step_of(&ladder), LIMIT_STEP_SAMPLES);
	look_often(&ladder, LIMIT_LOAD_UP - 1, 1000);
	cr_expect_eq(step_of(&ladder), LIMIT_STEP_SAMPLES, "between the bounds it stays");
	look_often(&ladder, LIMIT_LOAD_UP, LIMIT_LOOKS_UP * 10);
	cr_expect_eq(step_of(&ladder), LIMIT_STEP_KNOWN, "the last step");
	for (uint32_t step = LIMIT_STEP_KNOWN; step > LIMIT_STEP_NONE; step--) {
		look_often(&ladder, LIMIT_LOAD_DOWN, LIMIT_LOOKS_DOWN - 1);
		cr_expect_eq(step_of(&ladder), step);
		look_often(&ladder, LIMIT_LOAD_DOWN, 1);
		cr_expect_eq(step_of(&ladder), step - 1);
	}
	look_often(&ladder, 0, 1000);
	cr_expect_eq(step_of(&ladder), LIMIT_STEP_NONE);
	cr_expect_eq(ladder.taken[LIMIT_STEP_SAMPLES], 2, "once up, once down");
}

Test(limit_ladder, octets_alone_drop_nobody)
{
	const struct limit_load octets = {.egress = 5000}, both = {.queue = 1000, .egress = 5000};
	struct limit_ladder ladder = {0};

	for (unsigned int i = 0; i < 1000; i++)
		limit_ladder_look(&ladder, octets);
	cr_expect_eq(step_of(&ladder), LIMIT_STEP_UNKNOWN);
	for (unsigned int i = 0; i < 1000; i++)
		limit_ladder_look(&ladder, both);
	cr_expect_eq(step_of(&ladder), LIMIT_STEP_KNOWN);
	for (unsigned int i = 0; i < 1000; i++)
		limit_ladder_look(&ladder, octets);
	cr_expect_eq(step_of(&ladder), LIMIT_STEP_UNKNOWN, "and back, while octets stay scarce");
}

Test(limit_ladder, spares_known_sources_and_valid_cookies_longest)
{
	static const uint8_t old[4] = {192, 0, 2, 1}, new[4] = {198, 51, 100, 1};
	struct limit_wishes wishes = wishes_none();
	struct limit_ask known = ask_of(old, LIMIT_REFERRAL, 1),
			 unknown = ask_of(new, LIMIT_REFERRAL, 1), cookie = unknown;
	unsigned int n[LEDGER_ACTIONS];
	struct world w;

	wishes.key_rate = 40;
	wishes.exempt_cookies = true;
	cookie.flags = LEDGER_COOKIE_VALID;
	w = world_make(&wishes, 10);
	become_known(&w, old);
	cr_expect_eq(step_of(limiter_ladder(w.limiter)), LIMIT_STEP_NONE);
	overload(&w, 600);
	cr_expect_eq(step_of(limiter_ladder(w.limiter)), LIMIT_STEP_SAMPLES);
	cr_expect_eq(judge(&w, &unknown), LEDGER_ANSWERED);
	overload(&w, 500);
	cr_expect_eq(step_of(limiter_ladder(w.limiter)), LIMIT_STEP_UNKNOWN);
	cr_expect_eq(judge(&w, &unknown), LEDGER_SLIPPED);
	cr_expect_eq(judge(&w, &known), LEDGER_ANSWERED);
	cr_expect_eq(judge(&w, &cookie), LEDGER_ANSWERED);
	overload(&w, 500);
	cr_expect_eq(step_of(limiter_ladder(w.limiter)), LIMIT_STEP_COOKIELESS);
	world_wait(&w, 1);
	judge_many(&w, &known, 100, n);
	cr_expect_geq(n[LEDGER_ANSWERED], 9, "%u", n[LEDGER_ANSWERED]);
	cr_expect_leq(n[LEDGER_ANSWERED], 10, "a quarter of its rate: %u", n[LEDGER_ANSWERED]);
	overload(&w, 1500);
	cr_expect_eq(step_of(limiter_ladder(w.limiter)), LIMIT_STEP_KNOWN);
	cr_expect_eq(judge(&w, &unknown), LEDGER_SHED);
	cr_expect_eq(judge(&w, &known), LEDGER_ANSWERED);
	cr_expect_eq(judge(&w, &cookie), LEDGER_ANSWERED);
	calm(&w, 4 * 6000);
	cr_expect_eq(step_of(limiter_ladder(w.limiter)), LIMIT_STEP_NONE);
	cr_expect_eq(judge(&w, &unknown), LEDGER_ANSWERED);
	limiter_free(w.limiter);
}

Test(limit_ladder, comes_down_though_nothing_comes_in)
{
	struct limit_wishes wishes = wishes_none();
	struct world w = world_make(&wishes, 10);

	overload(&w, 3000);
	cr_expect_eq(step_of(limiter_ladder(w.limiter)), LIMIT_STEP_KNOWN);
	world_wait(&w, 60ull * SECOND);
	cr_expect_eq(step_of(limiter_ladder(w.limiter)), LIMIT_STEP_NONE);
	limiter_free(w.limiter);
}

Test(limit_ladder, nobody_becomes_known_under_a_flood)
{
	static const uint8_t late[4] = {198, 51, 100, 1};
	struct limit_wishes wishes = wishes_none();
	struct limit_ask ask = ask_of(late, LIMIT_REFERRAL, 1);
	struct world w = world_make(&wishes, 10);

	overload(&w, 1600);
	for (unsigned int i = 0; i < 10; i++) {
		cr_expect_neq(judge(&w, &ask), LEDGER_ANSWERED);
		overload(&w, 1000);
	}
	cr_expect_eq(count_of(&w, &limiter_counters(w.limiter)->known), 0);
	limiter_free(w.limiter);
}

Test(limit_ladder, sources_are_forgotten_when_they_are_long_away)
{
	static const uint8_t old[4] = {192, 0, 2, 1};
	struct limit_wishes wishes = wishes_none();
	struct limit_ask ask = ask_of(old, LIMIT_REFERRAL, 1);
	struct world w = world_make(&wishes, 10);

	become_known(&w, old);
	cr_expect_eq(count_of(&w, &limiter_counters(w.limiter)->known), 1);
	world_wait(&w, (LIMIT_KNOWN_SECONDS + 1ull) * SECOND);
	overload(&w, 1100);
	cr_expect_eq(judge(&w, &ask), LEDGER_ANSWERED, "one round later it is still known");
	calm(&w, 12000);
	world_wait(&w, (LIMIT_KNOWN_SECONDS + 1ull) * SECOND);
	overload(&w, 1100);
	cr_expect_eq(judge(&w, &ask), LEDGER_SLIPPED);
	limiter_free(w.limiter);
}

Test(limit_ladder, the_egress_budget_goes_to_known_sources_first)
{
	static const uint8_t old[4] = {192, 0, 2, 1};
	struct limit_wishes wishes = wishes_none();
	struct limit_ask known = ask_of(old, LIMIT_REFERRAL, 1);
	unsigned int lost = 0, flooded = 0;
	uint8_t client[4] = {10, 0, 0, 1};
	struct world w;

	wishes.octet_budget = 1000000;
	wishes.slip = 2;
	w = world_make(&wishes, 10);
	become_known(&w, old);
	/* 10,000 a second of 1000 octets come in, 1,000 may go out; 1 % is legitimate */
	for (unsigned int i = 0; i < 100000; i++) {
		struct limit_ask ask = ask_of(client, LIMIT_NXDOMAIN, i % 1000);

		client[1] = (uint8_t)(i >> 8);
		client[2] = (uint8_t)i;
		world_wait(&w, SECOND / 10000);
		flooded += judge(&w, &ask) == LEDGER_ANSWERED;
		if (i % 100 == 0)
			lost += judge(&w, &known) != LEDGER_ANSWERED;
	}
	cr_expect_eq(lost, 0, "%u", lost);
	cr_expect_leq(flooded, 10 * 1000 + 250, "%u", flooded);
	limiter_free(w.limiter);
}
