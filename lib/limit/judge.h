/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs on: lcore. The usual way of a judgement, for those who judge bursts: what is rare, and what
 * only a flood pays for, is in judge.c.
 */
#ifndef LIMIT_JUDGE_H
#define LIMIT_JUDGE_H

#include <rte_branch_prediction.h>
#include <rte_prefetch.h>
#include <string.h>

#include "limit/lanes.h"

/* ---- what is rare ---- */

enum ledger_action limit_filters_judge(
	struct limiter *l, const struct limit_rules *rules, const struct limit_ask *ask);
struct limit_line *limit_line_make(struct limiter *l, struct limit_line *set, uint32_t tag);
enum limit_reason limit_reason_find(const struct limit_line *line, unsigned int own,
	const struct lanes_costs *costs, uint32_t burst);
enum limit_reason limit_budget_charge(
	struct limiter *l, const struct limit_rules *rules, const struct limit_ask *ask);
void limit_known_learn(struct limiter *l, const struct limit_ask *ask, struct limit_line *line);
enum limit_reason limit_strain_judge(struct limiter *l, const struct limit_ask *ask);
enum ledger_action limit_refuse(struct limiter *l, const struct limit_rules *rules,
	const struct limit_ask *ask, struct limit_line *line, enum limit_reason reason);

/* ---- clients ---- */

static inline uint64_t
limit_load_be(const uint8_t *octets, size_t length)
{
	uint64_t value = 0;

	memcpy(&value, octets, length);
	return __builtin_bswap64(value);
}

/* The first 64 bits of an address, an IPv4 one's in the upper half. */
static inline uint64_t
limit_client_word(const struct limit_ask *ask)
{
	return ask->flags & LEDGER_IPV6 ? limit_load_be(ask->client, 8)
					: limit_load_be(ask->client, 4);
}

/* Multiply and fold with two secrets: nobody outside can tell which prefixes share a line. */
static inline uint64_t
limit_fold(uint64_t a, uint64_t b)
{
	__uint128_t product = (__uint128_t)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/**
 * limit_prefetch() for who knows the client's first 64 bits.
 *
 * @param word  in host order; behind an IPv4 address may stand anything
 */
static inline void
limit_prefetch_word(const struct limiter *limiter, const struct limit_rules *rules,
	struct limit_ask *ask, uint64_t word)
{
	bool ipv6 = ask->flags & LEDGER_IPV6;
	const struct limit_line *set;

	/* no masked word of either family has its lowest bits set, unless masks are full */
	word &= ipv6 ? rules->mask_ipv6 : rules->mask_ipv4;
	ask->hash = limit_fold(
		word ^ limiter->seed.words[0], limiter->seed.words[1] + 2 * (uint64_t)ipv6);
	set = &limiter->lines[(ask->hash & limiter->set_mask) * LIMIT_WAYS];
	rte_prefetch0(set);
	if (unlikely(limiter->step >= LIMIT_STEP_UNKNOWN))
		rte_prefetch0(limiter->known[limit_known_bit(limiter, ask->hash) / 64]);
}

/* A client prefix's line. */
static inline struct limit_line *
limit_line_find(struct limiter *l, uint64_t hash)
{
	struct limit_line *set = &l->lines[(hash & l->set_mask) * LIMIT_WAYS], *line;
	uint32_t tag = (uint32_t)(hash >> 32) | 1;

	/* most have the first of their lines, so that the second is not even fetched */
	if (likely(set->tag == tag))
		return set;
	line = set + 1;
	if (unlikely(line->tag != tag))
		line = limit_line_make(l, set, tag);
	return line;
}

/* ---- buckets ---- */

/* What is answered, as a key that is never 0. All names in a gap are one. */
static inline uint16_t
limit_what_key(const struct limit_ask *ask)
{
	uint32_t qtype = ask->class == LIMIT_POSITIVE ? ask->qtype : 0;
	uint64_t what = (uint64_t)ask->node << 32 | (uint32_t)ask->class << 24 |
			(uint32_t)ask->zone << 16 | qtype;

	return (uint16_t)((what * 0x9e3779b97f4a7c15) >> 48) | 1;
}

static inline struct lanes_costs
limit_costs_of(
	const struct limiter *l, const struct limit_rules *rules, const struct limit_ask *ask)
{
	struct lanes_costs costs = l->costs[ask->class];
	uint64_t octets = ((uint64_t)ask->reply_length * rules->octet_price + (l->dither << 8)) >>
			  16 << l->squeeze;

	costs.octets = (uint16_t)(octets < LIMIT_DEBT_MAX ? octets : LIMIT_DEBT_MAX);
	return costs;
}

/*
 * Charge a reply to all its buckets, or to none. What is answered has a bucket of its own; a key
 * that has none takes the emptiest one, with what is in it, so that nobody gets more than the rate
 * of all slots together by asking for ever other names.
 *
 * @return which was full
 */
static inline enum limit_reason
limit_line_charge(struct limiter *l, const struct limit_rules *rules, const struct limit_ask *ask,
	struct limit_line *line)
{
	struct lanes lanes = lanes_open(line, l->now);
	struct lanes_costs costs = limit_costs_of(l, rules, ask);
	unsigned int own = likely(ask->class != LIMIT_ERROR)
				   ? lanes_slot(&lanes, limit_what_key(ask))
				   : LIMIT_LANE_ERRORS;
	bool charged = lanes_charge(&lanes, own, &costs, (uint16_t)rules->burst);

	lanes_close(line, &lanes);
	if (unlikely(!charged))
		return limit_reason_find(line, own, &costs, rules->burst);
	return LIMIT_NONE;
}

/** limit_judge(), inline. */
static inline enum ledger_action
limit_judge_inline(
	struct limiter *limiter, const struct limit_rules *rules, const struct limit_ask *ask)
{
	enum limit_reason reason = LIMIT_NONE;
	struct limit_line *line;

	if (unlikely(rules->filter_count != 0)) {
		enum ledger_action action = limit_filters_judge(limiter, rules, ask);

		if (action != LEDGER_ANSWERED)
			return action;
	}
	if (rules->mode == LIMIT_OFF)
		return LEDGER_ANSWERED;
	/* nobody else can be made to get the reply */
	if ((ask->flags & LEDGER_TCP) ||
		((ask->flags & LEDGER_COOKIE_VALID) && rules->exempt_cookies)) {
		limiter->spent += ask->reply_length;
		return LEDGER_ANSWERED;
	}
	line = limit_line_find(limiter, ask->hash);
	if (unlikely((limiter->step >= LIMIT_STEP_UNKNOWN) | (limiter->spent > limiter->allowance)))
		reason = limit_strain_judge(limiter, ask);
	if (reason == LIMIT_NONE)
		reason = limit_line_charge(limiter, rules, ask, line);
	if (reason == LIMIT_NONE && unlikely(ask->class >= LIMIT_CUT))
		reason = limit_budget_charge(limiter, rules, ask);
	if (unlikely(reason != LIMIT_NONE))
		return limit_refuse(limiter, rules, ask, line, reason);
	if (unlikely((line->debts[LIMIT_LANE_NOVELTY] == 0) &
		     (line->known != 1 + limiter->round % 3)) &&
		limiter->step < LIMIT_STEP_UNKNOWN)
		limit_known_learn(limiter, ask, line);
	limiter->spent += ask->reply_length;
	return LEDGER_ANSWERED;
}

/* ---- unread ---- */

/* What a query that nobody read would have got, in octets: between denials without and with DNSSEC
 */
enum { LIMIT_UNREAD_OCTETS = 512 };

/** Whether the ladder is so high that unknown sources get nothing, whatever they ask. */
static inline bool
limit_sheds_unread(const struct limiter *limiter, const struct limit_rules *rules)
{
	return limiter->step >= LIMIT_STEP_KNOWN && rules->mode == LIMIT_ENFORCE;
}

/**
 * Whether to drop a query unread that has no cookie, while limit_sheds_unread().
 *
 * @param hash  of the client, by limit_prefetch_word()
 */
static inline bool
limit_shed_unread(struct limiter *limiter, uint64_t hash)
{
	if (limit_known_has(limiter, hash))
		return false;
	/* it counts as load, or the ladder would go down while the flood lasts */
	limiter->octets_wanted += LIMIT_UNREAD_OCTETS;
	counter_add(&limiter->counters.reasons[LIMIT_BY_LADDER], 1);
	return true;
}

#endif
