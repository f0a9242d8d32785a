/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs on: lcore. What a limiter does once a burst. */
#include "limit/limit_priv.h"

#include <string.h>

enum {
	SPAN_MAX = LIMIT_TICKS,		 /* no more time than this counts at once */
	LOOK_BURSTS_MIN = 64,		 /* fewer since the last look say nothing about load */
	BURST_OCTETS_MAX = 1 << 17,	 /* more than replies of one burst have */
	LOOK_SPAN_MAX = LIMIT_TICKS / 2, /* nothing came in between: it is calm */
};

/* What has come in by now of a budget a second. */
static int64_t
budget_fill(int64_t left, uint64_t budget, uint64_t ticks)
{
	int64_t most = limit_budget_most(budget);

	if (budget == UINT64_MAX)
		return INT64_MAX / 2;
	left += (int64_t)(budget * ticks / LIMIT_TICKS);
	/* what trusted ones took beyond it is a debt, but not for long */
	return left > most ? most : left < -most ? -most : left;
}

static void
budgets_fill(struct limiter *l, const struct limit_rules *rules, uint64_t now)
{
	uint64_t ticks = now - l->filled;
	/* in pieces that make at least one of the smallest budget, or it would never fill */
	uint64_t piece = LIMIT_TICKS / 64;

	if (l->filled && ticks < piece)
		return;
	ticks = !l->filled || ticks > SPAN_MAX ? SPAN_MAX : ticks;
	l->filled = now;
	l->tc = budget_fill(l->tc, rules->tc_budget, ticks);
	l->errors = budget_fill(l->errors, rules->error_budget, ticks);
	l->octets = budget_fill(l->octets, rules->octet_budget, ticks);
	l->octets_reserve = rules->octet_budget == UINT64_MAX
				    ? INT64_MIN
				    : limit_budget_most(rules->octet_budget) / 2;
}

/* Known sources are forgotten if they were not seen for two rounds; none passes under a flood. */
static void
round_turn(struct limiter *l)
{
	if (l->step >= LIMIT_STEP_UNKNOWN || l->seconds - l->round_since < LIMIT_KNOWN_SECONDS)
		return;
	l->round_since = l->seconds;
	l->round++;
	for (uint64_t i = 0; i <= l->known_mask / 64; i++)
		l->known[i][l->round % 2] = 0;
}

static struct limit_load
load_of(const struct limiter *l, const struct limit_rules *rules, uint32_t span)
{
	struct limit_load load = {0, 0};
	uint64_t egress, due;

	if (l->bursts >= LOOK_BURSTS_MIN)
		load.queue = (unsigned int)(1000ull * l->bursts_full / l->bursts);
	if (rules->octet_budget != UINT64_MAX) {
		due = rules->octet_budget * span / LIMIT_TICKS + 1;
		egress = 1000 * l->octets_wanted / due;
		load.egress = egress < 9999 ? (unsigned int)egress : 9999;
	}
	return load;
}

static void
look(struct limiter *l, const struct limit_rules *rules)
{
	uint32_t span = l->now - l->looked;

	if (span < LIMIT_LOOK_TICKS)
		return;
	/* a thread that nothing comes to makes up for looks that it did not take */
	for (uint32_t idle = span; idle > LOOK_SPAN_MAX && l->step; idle -= LIMIT_LOOK_TICKS) {
		limit_ladder_look(&l->ladder, (struct limit_load){0, 0});
		l->step = atomic_load_explicit(&l->ladder.step, memory_order_relaxed);
	}
	limit_ladder_look(&l->ladder, load_of(l, rules, span));
	l->looked = l->now;
	l->bursts = l->bursts_full = 0;
	l->octets_wanted = 0;
	l->step = atomic_load_explicit(&l->ladder.step, memory_order_relaxed);
	l->squeeze = l->step >= LIMIT_STEP_COOKIELESS ? 2 : 0;
	round_turn(l);
}

static uint16_t
ticks_of(const struct limiter *l, uint32_t price)
{
	uint32_t ticks = ((price << l->squeeze) + l->dither) / LIMIT_FRACTION;

	return (uint16_t)(ticks < LIMIT_DEBT_MAX ? ticks : LIMIT_DEBT_MAX);
}

/* What replies of this burst cost. */
static void
costs_take(struct limiter *l, const struct limit_rules *rules)
{
	struct lanes_costs usual = {.own = ticks_of(l, rules->key_price)};
	uint16_t *of_nxdomain = l->costs[LIMIT_NXDOMAIN].upper, *of_error;

	usual.upper[LIMIT_LANE_ALL - LIMIT_LANE_UPPER] = ticks_of(l, rules->all_price);
	for (unsigned int class = 0; class < LIMIT_CLASSES; class ++)
		l->costs[class] = usual;
	of_nxdomain[LIMIT_LANE_NXDOMAIN - LIMIT_LANE_UPPER] = ticks_of(l, rules->nxdomain_price);
	of_error = l->costs[LIMIT_ERROR].upper;
	l->costs[LIMIT_ERROR].own = 0;
	of_error[LIMIT_LANE_ERRORS - LIMIT_LANE_UPPER] = ticks_of(l, rules->error_price);
	l->octet_price = (uint64_t)rules->octet_price << l->squeeze;
	l->octet_dither = (uint64_t)l->dither << 8 << l->squeeze;
}

void
limit_tick(struct limiter *limiter, const struct limit_rules *rules, uint64_t now_ns, bool full)
{
	/* 2^78 / 10^9: from nanoseconds to ticks of 1 / 2^14 s, and 64 bits for the fraction */
	const uint64_t ticks_of_ns = 302231454903657;
	uint64_t now = (uint64_t)(((__uint128_t)now_ns * ticks_of_ns) >> 64);

	limiter->now = (uint32_t)now;
	limiter->seconds = (uint32_t)(now / LIMIT_TICKS);
	if (limiter->filled == 0) {
		limiter->looked = limiter->now;
		limiter->round_since = limiter->seconds;
	}
	limiter->bursts++;
	limiter->bursts_full += full;
	limiter->octets -= limiter->spent;
	limiter->octets_wanted += (uint64_t)limiter->spent;
	/* a step of 159/256 spreads fractions of a tick evenly; only when something was charged, or
	 * those would be let through that are rounded down */
	if (limiter->spent)
		limiter->dither = (limiter->dither + 159) % LIMIT_FRACTION;
	limiter->spent = 0;
	budgets_fill(limiter, rules, now);
	limiter->allowance = rules->octet_budget == UINT64_MAX
				     ? INT64_MAX
				     : limiter->octets - limiter->octets_reserve;
	look(limiter, rules);
	limiter->calm = rules->filter_count == 0 && rules->mode != LIMIT_OFF &&
			limiter->step < LIMIT_STEP_UNKNOWN && limiter->allowance > BURST_OCTETS_MAX;
	limiter->known_mark = (uint8_t)(1 + limiter->round % 3);
	costs_take(limiter, rules);
}

/* ---- readers ---- */

const struct limit_counters *
limiter_counters(const struct limiter *limiter)
{
	return &limiter->counters;
}

const struct limit_ladder *
limiter_ladder(const struct limiter *limiter)
{
	return &limiter->ladder;
}
