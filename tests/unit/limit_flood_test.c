/* SPDX-License-Identifier: BSD-3-Clause */
/* Limits under floods: bounds that hold over any time, and who suffers from a full table. */
#include <stdlib.h>

#include "limit_world.h"

enum { ACCEPTED_MAX = 1500 };

static double
random_fraction(unsigned int *seed)
{
	return rand_r(seed) / (RAND_MAX + 1.0);
}

/* Between any two accepted replies, no more than rate * time and a burst. */
static void
windows_check(const uint64_t *times, unsigned int count, double rate, double burst_s)
{
	for (unsigned int i = 0; i < count; i++)
		for (unsigned int j = i; j < count; j++) {
			double span = (double)(times[j] - times[i]) / SECOND;

			/* ticks, and fractions of them */
			cr_assert_leq(j - i + 1, rate * (span + burst_s + 4.0 / LIMIT_TICKS) + 1,
				"%u replies in %.4f s at %.1f/s", j - i + 1, span, rate);
		}
}

static const struct {
	unsigned int rate, spread, burst_ms;
} rates[] = {{1, 1, 1000}, {5, 1, 1000}, {5, 4, 1000}, {50, 1, 200}, {50, 3, 1000}, {333, 1, 3000},
	{1000, 7, 500}, {7000, 64, 10}};

Test(limit_flood, a_bucket_lets_through_rate_times_time_and_one_burst)
{
	unsigned int seed = 4711;

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		static const uint8_t client[4] = {192, 0, 2, 1};
		struct limit_wishes wishes = wishes_none();
		struct limit_ask ask = ask_of(client, LIMIT_NXDOMAIN, 3);
		double rate = (double)rates[i].rate / rates[i].spread, offered = 0;
		static uint64_t times[ACCEPTED_MAX];
		unsigned int count = 0;
		struct world w;

		wishes.key_rate = rates[i].rate;
		wishes.spread = rates[i].spread;
		wishes.burst_ms = rates[i].burst_ms;
		w = world_make(&wishes, 8);
		while (count < ACCEPTED_MAX && offered < 200000) {
			/* bursts, floods and pauses */
			double pause = random_fraction(&seed);

			pause = pause * pause * pause * 4 / rate;
			pause = rand_r(&seed) % 1000 == 0 ? pause * 50 : pause;
			world_wait(&w, (uint64_t)(pause * SECOND));
			if (judge(&w, &ask) == LEDGER_ANSWERED)
				times[count++] = w.now_ns;
			offered++;
		}
		windows_check(times, count, rate, rates[i].burst_ms / 1000.0);
		limiter_free(w.limiter);
	}
}

Test(limit_flood, a_steady_prefix_gets_its_rate)
{
	for (unsigned int rate = 3; rate < 30000; rate = rate * 3 + 1) {
		static const uint8_t client[4] = {192, 0, 2, 1};
		struct limit_wishes wishes = wishes_none();
		struct limit_ask ask = ask_of(client, LIMIT_REFERRAL, 3);
		unsigned int answered = 0;
		struct world w;

		wishes.key_rate = rate;
		w = world_make(&wishes, 8);
		/* three times too much, for 20 seconds */
		for (unsigned int i = 0; i < 60 * rate; i++) {
			world_wait(&w, SECOND / (3 * rate));
			answered += judge(&w, &ask) == LEDGER_ANSWERED;
		}
		cr_expect_geq(answered, 20.9 * rate - 1, "%u of %u/s", answered, rate);
		cr_expect_leq(answered, 21.1 * rate + 1, "%u of %u/s", answered, rate);
		limiter_free(w.limiter);
	}
}

Test(limit_flood, ever_other_names_get_no_more_than_all_slots_together)
{
	static const uint8_t client[4] = {192, 0, 2, 1};
	struct limit_wishes wishes = wishes_none();
	unsigned int answered = 0;
	struct world w;

	wishes.key_rate = 10;
	w = world_make(&wishes, 8);
	for (unsigned int i = 0; i < 100000; i++) {
		struct limit_ask ask = ask_of(client, LIMIT_REFERRAL, i % 1438);

		world_wait(&w, SECOND / 10000);
		answered += judge(&w, &ask) == LEDGER_ANSWERED;
	}
	/* 11 slots, 10 seconds and a burst */
	cr_expect_leq(answered, 11 * 10 * 11 + 11, "%u", answered);
	limiter_free(w.limiter);
}

/* 2^20 prefixes in turn, a million queries a second, and among them one prefix at `rate`. */
static unsigned int
table_flood(struct world *w, const uint8_t *client, unsigned int rate, unsigned int *asked)
{
	unsigned int answered = 0, state = 1;
	uint8_t forged[4] = {0, 0, 0, 1};

	*asked = 0;
	for (unsigned int i = 0; i < 1 << 21; i++) {
		struct limit_ask ask = ask_of(forged, LIMIT_NXDOMAIN, i % 1439);

		state = state * 1664525 + 1013904223;
		forged[0] = (uint8_t)(16 + (state >> 28));
		forged[1] = (uint8_t)(state >> 20);
		forged[2] = (uint8_t)(state >> 12);
		world_wait(w, 1000);
		judge(w, &ask);
		if (i % (1000000 / rate) != 0)
			continue;
		ask = ask_of(client, LIMIT_REFERRAL, 7);
		++*asked;
		answered += judge(w, &ask) == LEDGER_ANSWERED;
	}
	return answered;
}

Test(limit_flood, a_million_prefixes_starve_no_legitimate_one_and_free_no_flooding_one)
{
	static const uint8_t legitimate[4] = {192, 0, 2, 1}, flooding[4] = {198, 51, 100, 1};
	struct limit_wishes wishes = wishes_none();
	unsigned int asked, answered;
	struct world w;

	wishes.key_rate = 50;
	wishes.nxdomain_rate = 100;
	w = world_make(&wishes, 12);
	answered = table_flood(&w, legitimate, 40, &asked);
	cr_expect_eq(answered, asked, "%u of %u", answered, asked);
	answered = table_flood(&w, flooding, 5000, &asked);
	/* 2 s at 50/s and a burst, in a table that has a line for one in 256 */
	cr_expect_leq(answered, 2 * (50 * 2.1 + 50), "%u of %u", answered, asked);
	limiter_free(w.limiter);
}

/* ---- overload: a flood of 10,000 prefixes, a hundredth of it legitimate ---- */

enum { OFFERED = 1000000, FLOODING = 10000, LEGITIMATE = 200, REPLY = 1050 };

/* A legitimate prefix asks for this and that, some of which is TC for its size. */
static enum ledger_action
legitimate_ask(struct world *w, unsigned int i, uint8_t flags)
{
	const uint8_t client[4] = {172, 16, (uint8_t)(i % LEGITIMATE), 53};
	bool exists = i / LEGITIMATE % 2;
	struct limit_ask ask =
		ask_of(client, exists ? LIMIT_REFERRAL : LIMIT_NXDOMAIN, i * 7919 % 1439);

	if (i / LEGITIMATE % 5 == 0)
		ask.class = LIMIT_CUT;
	ask.flags = flags;
	return judge(w, &ask);
}

static struct world
overload_make(bool calm_before)
{
	struct limit_wishes wishes = wishes_none();
	struct world w;

	wishes.key_rate = 200;
	wishes.nxdomain_rate = 500;
	wishes.octet_rate = 500000;
	wishes.slip = 2;
	wishes.exempt_cookies = true;
	wishes.tc_budget = 100000;
	wishes.octet_budget = (uint64_t)OFFERED * REPLY / 10;
	w = world_make(&wishes, 16);
	for (unsigned int i = 0; calm_before && i < 6 * OFFERED / 100; i++) {
		world_wait(&w, SECOND / (OFFERED / 100));
		cr_assert_eq(legitimate_ask(&w, i, 0), LEDGER_ANSWERED);
	}
	return w;
}

/* Three seconds. @param shares  of the legitimate, by what they got */
static void
overloaded(bool calm_before, uint8_t flooding_flags, uint8_t legitimate_flags,
	double shares[static LEDGER_ACTIONS], uint64_t *octets)
{
	struct world w = overload_make(calm_before);
	unsigned int got[LEDGER_ACTIONS] = {0}, asked = 0;
	uint32_t random = 1;

	*octets = 0;
	for (unsigned int i = 0; i < 3 * OFFERED; i++) {
		uint8_t client[4] = {10, 0, 0, 7};
		struct limit_ask ask;

		random = random * 1664525 + 1013904223;
		client[1] = (uint8_t)((random >> 8) % FLOODING >> 8);
		client[2] = (uint8_t)((random >> 8) % FLOODING);
		ask = ask_of(client, LIMIT_NXDOMAIN, 700);
		ask.reply_length = REPLY;
		ask.flags = flooding_flags;
		world_wait(&w, SECOND / OFFERED);
		*octets += judge(&w, &ask) == LEDGER_ANSWERED ? REPLY : 0;
		if (i % 100 != 0)
			continue;
		got[legitimate_ask(&w, asked++, legitimate_flags)]++;
	}
	limiter_free(w.limiter);
	for (unsigned int i = 0; i < LEDGER_ACTIONS; i++)
		shares[i] = (double)got[i] / asked;
}

Test(limit_flood, spares_the_legitimate_within_an_egress_budget_of_a_tenth)
{
	static const struct {
		const char *what;
		bool calm_before;
		uint8_t flooding, legitimate;
	} floods[] = {
		{"without cookies", true, 0, 0},
		{"with forged cookies", true, LEDGER_COOKIE, 0},
		{"unknown ones with valid cookies", false, LEDGER_COOKIE,
			LEDGER_COOKIE | LEDGER_COOKIE_VALID},
	};
	const double budget = (double)OFFERED * REPLY / 10;

	for (size_t i = 0; i < sizeof(floods) / sizeof(floods[0]); i++) {
		uint64_t octets;
		double shares[LEDGER_ACTIONS];

		overloaded(floods[i].calm_before, floods[i].flooding, floods[i].legitimate, shares,
			&octets);
		cr_expect_geq(shares[LEDGER_ANSWERED], 0.999, "%s: %.4f", floods[i].what,
			shares[LEDGER_ANSWERED]);
		/* three seconds, and a quarter that was saved up */
		cr_expect_leq(
			(double)octets, 3.25 * budget, "%s: %.0f", floods[i].what, (double)octets);
	}
}

/* Nothing tells those apart from the flood: they get their part of what is left, TC most of all. */
Test(limit_flood, shows_unknown_clients_the_way_by_tcp)
{
	double shares[LEDGER_ACTIONS];
	uint64_t octets;

	overloaded(false, 0, 0, shares, &octets);
	cr_expect_geq(shares[LEDGER_ANSWERED] + shares[LEDGER_SLIPPED], 0.1, "%.4f and %.4f",
		shares[LEDGER_ANSWERED], shares[LEDGER_SLIPPED]);
}

Test(limit_flood, memory_is_what_was_taken_at_the_start)
{
	cr_expect_leq(limiter_size(16), (4u << 20) + (256u << 10) + 4096);
	cr_expect_eq(limiter_size(17) - limiter_size(16), (64u << 16) + (4u << 16));
}
