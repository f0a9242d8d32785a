/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs on: lcore. Which replies are not worth sending. */
#include <rte_branch_prediction.h>
#include <rte_prefetch.h>
#include <string.h>

#include "limit/lanes.h"

static inline uint64_t
load_be(const uint8_t *octets, size_t length)
{
	uint64_t value = 0;

	memcpy(&value, octets, length);
	return __builtin_bswap64(value);
}

/* The first 64 bits of an address, an IPv4 one's in the upper half. */
static inline uint64_t
client_word(const struct limit_ask *ask)
{
	return ask->flags & LEDGER_IPV6 ? load_be(ask->client, 8) : load_be(ask->client, 4);
}

/* Multiply and fold with two secrets: nobody outside can tell which prefixes share a line. */
static inline uint64_t
fold(uint64_t a, uint64_t b)
{
	__uint128_t product = (__uint128_t)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t
client_hash(const struct limiter *l, const struct limit_rules *rules, const struct limit_ask *ask)
{
	bool ipv6 = ask->flags & LEDGER_IPV6;
	uint64_t word = client_word(ask) & (ipv6 ? rules->mask_ipv6 : rules->mask_ipv4);

	/* no masked word of either family has its lowest bits set, unless masks are full */
	return fold(word ^ l->seed.words[0], l->seed.words[1] + 2 * ipv6);
}

void
limit_prefetch(
	const struct limiter *limiter, const struct limit_rules *rules, struct limit_ask *ask)
{
	const struct limit_line *set;

	ask->hash = client_hash(limiter, rules, ask);
	set = &limiter->lines[(ask->hash & limiter->set_mask) * LIMIT_WAYS];
	rte_prefetch0(set);
	rte_prefetch0(set + 1);
	if (unlikely(limiter->step >= LIMIT_STEP_UNKNOWN))
		rte_prefetch0(limiter->known[limit_known_bit(limiter, ask->hash) / 64]);
}

/* ---- filters ---- */

static bool
prefix_has(const struct limit_prefix *prefix, const struct limit_ask *ask)
{
	bool ipv6 = ask->flags & LEDGER_IPV6;
	unsigned int length = prefix->length;
	uint64_t low;

	if (length == 0)
		return true;
	if (prefix->ipv6 != ipv6)
		return false;
	if (((client_word(ask) ^ prefix->words[0]) >> (64 - (length < 64 ? length : 64))) != 0)
		return false;
	if (length <= 64)
		return true;
	low = load_be(ask->client + 8, 8) ^ prefix->words[1];
	return low >> (128 - length) == 0;
}

static bool
filter_has(const struct limit_filter *filter, const struct limit_ask *ask)
{
	bool gap = ask->class == LIMIT_NXDOMAIN;

	if (filter->by_place &&
		(filter->node != ask->node || filter->zone != ask->zone || filter->gap != gap))
		return false;
	return prefix_has(&filter->prefix, ask);
}

static enum ledger_action
filter_apply(struct limiter *l, const struct limit_filter *filter)
{
	uint16_t *debt = &l->filter_debts[filter->slot];
	uint32_t elapsed = l->now - l->filter_seen[filter->slot], ticks;

	if (filter->action == LIMIT_FILTER_LIMIT) {
		*debt = *debt > elapsed ? *debt - (uint16_t)elapsed : 0;
		l->filter_seen[filter->slot] = l->now;
		ticks = *debt + ((filter->price + l->dither) / LIMIT_FRACTION);
		/* what has no room in a second's burst is alone in it */
		if (ticks <= LIMIT_TICKS || *debt == 0) {
			*debt = (uint16_t)(ticks < LIMIT_DEBT_MAX ? ticks : LIMIT_DEBT_MAX);
			return LEDGER_ANSWERED;
		}
	}
	counter_add(&l->counters.filtered[filter->slot], 1);
	counter_add(&l->counters.reasons[LIMIT_BY_FILTER], 1);
	return filter->action == LIMIT_FILTER_TC ? LEDGER_SLIPPED : LEDGER_FILTERED;
}

/* Filters are asked for by hand, so they act in every mode. */
static __attribute__((noinline)) enum ledger_action
filters_judge(struct limiter *l, const struct limit_rules *rules, const struct limit_ask *ask)
{
	unsigned int octet = ask->client[0], node = ask->node & UINT8_MAX;
	enum ledger_action action;

	/* few filters concern the legitimate: most leave here */
	if (((rules->filter_octets[octet / 64] >> octet % 64 |
		     rules->filter_nodes[node / 64] >> node % 64) &
		    1) == 0)
		return LEDGER_ANSWERED;
	for (unsigned int i = 0; i < rules->filter_count; i++) {
		if (!filter_has(&rules->filters[i], ask))
			continue;
		action = filter_apply(l, &rules->filters[i]);
		if (action == LEDGER_ANSWERED)
			continue;
		counter_add(&l->counters.done[action][ask->class], 1);
		return action;
	}
	return LEDGER_ANSWERED;
}

/* ---- lines and their buckets ---- */

/* How long a line has to be kept to do its work: the time until its fullest bucket is empty. */
static inline uint32_t
owed(const struct limit_line *line, uint32_t age)
{
	uint32_t most = lanes_most(line);

	return most > age ? most - age : 0;
}

/*
 * The line that owes less is given up, or the older one: a flood of many prefixes drives out its
 * own lines, and not that of a prefix which is at its limits.
 */
static __attribute__((noinline)) struct limit_line *
line_make(struct limiter *l, struct limit_line *set, uint32_t tag)
{
	uint32_t ages[LIMIT_WAYS] = {l->now - set[0].seen, l->now - set[1].seen};
	uint32_t owes[LIMIT_WAYS] = {owed(&set[0], ages[0]), owed(&set[1], ages[1])};
	unsigned int way = owes[0] != owes[1] ? owes[1] < owes[0] : ages[1] > ages[0];
	struct limit_line *line;

	/* nobody's first */
	way = set[0].tag == 0 ? 0 : set[1].tag == 0 ? 1 : way;
	line = &set[way];
	counter_add(&l->counters.lines_made, 1);
	if (line->tag != 0 && owes[way] > 0)
		counter_add(&l->counters.lines_driven, 1);
	*line = (struct limit_line){.tag = tag, .seen = l->now};
	line->debts[LIMIT_LANE_NOVELTY] = LIMIT_DEBT_MAX;
	return line;
}

/* A client prefix's line. */
static inline struct limit_line *
line_find(struct limiter *l, uint64_t hash)
{
	struct limit_line *set = &l->lines[(hash & l->set_mask) * LIMIT_WAYS], *line;
	uint32_t tag = (uint32_t)(hash >> 32) | 1;

	line = set + (set[1].tag == tag);
	if (unlikely(line->tag != tag))
		line = line_make(l, set, tag);
	return line;
}

/* What is answered, as a key that is never 0. All names in a gap are one. */
static inline uint16_t
what_key(const struct limit_ask *ask)
{
	uint32_t qtype = ask->class == LIMIT_POSITIVE ? ask->qtype : 0;
	uint64_t what = (uint64_t)ask->node << 32 | (uint32_t)ask->class << 24 |
			(uint32_t)ask->zone << 16 | qtype;

	return (uint16_t)((what * 0x9e3779b97f4a7c15) >> 48) | 1;
}

static inline uint16_t
ticks_of(const struct limiter *l, uint32_t price)
{
	uint32_t ticks = ((price << l->squeeze) + l->dither) / LIMIT_FRACTION;

	return (uint16_t)(ticks < LIMIT_DEBT_MAX ? ticks : LIMIT_DEBT_MAX);
}

static inline struct lanes_costs
costs_of(const struct limiter *l, const struct limit_rules *rules, const struct limit_ask *ask)
{
	uint64_t octets = ((uint64_t)ask->reply_length * rules->octet_price + (l->dither << 8)) >>
			  16 << l->squeeze;

	return (struct lanes_costs){
		.own = ticks_of(
			l, ask->class == LIMIT_ERROR ? rules->error_price : rules->key_price),
		.octets = (uint16_t)(octets < LIMIT_DEBT_MAX ? octets : LIMIT_DEBT_MAX),
		.all = ticks_of(l, rules->all_price),
		.nxdomain = ask->class == LIMIT_NXDOMAIN ? ticks_of(l, rules->nxdomain_price) : 0,
	};
}

/* Which bucket was full, the narrowest limit first. */
static __attribute__((noinline)) enum limit_reason
reason_find(const struct limit_line *line, unsigned int own, const struct lanes_costs *costs,
	uint32_t burst)
{
	if (costs->own && line->debts[own] + costs->own > burst)
		return own == LIMIT_LANE_ERRORS ? LIMIT_BY_ERRORS : LIMIT_BY_KEY;
	if (costs->nxdomain && line->debts[LIMIT_LANE_NXDOMAIN] + costs->nxdomain > burst)
		return LIMIT_BY_NXDOMAIN;
	if (costs->all && line->debts[LIMIT_LANE_ALL] + costs->all > burst)
		return LIMIT_BY_ALL;
	return LIMIT_BY_OCTETS;
}

/*
 * Charge a reply to all its buckets, or to none. What is answered has a bucket of its own; a key
 * that has none takes the emptiest one, with what is in it, so that nobody gets more than the rate
 * of all slots together by asking for ever other names.
 *
 * @return which was full
 */
static inline enum limit_reason
line_charge(struct limiter *l, const struct limit_rules *rules, const struct limit_ask *ask,
	struct limit_line *line)
{
	struct lanes lanes = lanes_open(line, l->now);
	struct lanes_costs costs = costs_of(l, rules, ask);
	unsigned int own = likely(ask->class != LIMIT_ERROR) ? lanes_slot(&lanes, what_key(ask))
							     : LIMIT_LANE_ERRORS;
	bool charged = lanes_charge(&lanes, own, &costs, (uint16_t)rules->burst);

	lanes_close(line, &lanes);
	if (unlikely(!charged))
		return reason_find(line, own, &costs, rules->burst);
	/* a step of 159/256 spreads fractions of a tick evenly; only of what is charged, or those
	 * would be let through that are rounded down */
	l->dither = (l->dither + 159) % LIMIT_FRACTION;
	return LIMIT_NONE;
}

/* ---- the node's budgets, and who goes first ---- */

static enum limit_reason
budget_charge(struct limiter *l, uint8_t class)
{
	int64_t *budget = class == LIMIT_ERROR ? &l->errors : &l->tc;

	if (*budget <= 0)
		return class == LIMIT_ERROR ? LIMIT_BY_ERROR_BUDGET : LIMIT_BY_TC_BUDGET;
	--*budget;
	return LIMIT_NONE;
}

static inline bool
known_has(const struct limiter *l, uint64_t hash)
{
	uint64_t bit = limit_known_bit(l, hash);

	return ((l->known[bit / 64][0] | l->known[bit / 64][1]) >> bit % 64) & 1;
}

/* A prefix that asked for some seconds in calm times, within its limits. */
static __attribute__((noinline)) void
known_learn(struct limiter *l, const struct limit_ask *ask, struct limit_line *line)
{
	uint64_t bit = limit_known_bit(l, ask->hash);

	line->known = (uint16_t)(1 + l->round % 3);
	l->known[bit / 64][l->round % 2] |= 1ull << bit % 64;
	counter_add(&l->counters.known, 1);
}

/* The ladder is up, or the egress budget runs out: known sources go first. */
static __attribute__((noinline)) enum limit_reason
strain_judge(struct limiter *l, const struct limit_ask *ask)
{
	bool known = known_has(l, ask->hash);

	if (l->step >= LIMIT_STEP_UNKNOWN && !known) {
		l->octets_wanted += ask->reply_length;
		return LIMIT_BY_LADDER;
	}
	if (l->octets < (known ? 0 : l->octets_reserve)) {
		l->octets_wanted += ask->reply_length;
		return LIMIT_BY_EGRESS;
	}
	return LIMIT_NONE;
}

/* ---- refusals ---- */

static bool
is_exempt(const struct limit_rules *rules, const struct limit_ask *ask)
{
	for (unsigned int i = 0; i < rules->exempt_count; i++)
		if (prefix_has(&rules->exempt[i], ask))
			return true;
	return false;
}

static bool
is_leaked(const struct limit_rules *rules, struct limit_line *line)
{
	if (rules->leak == 0)
		return false;
	line->leaks = line->leaks + 1 < rules->leak ? (uint16_t)(line->leaks + 1) & 0xff : 0;
	return line->leaks == 0;
}

/* TC instead of nothing, now and then: who is not forged comes back over TCP. */
static bool
is_slipped(struct limiter *l, const struct limit_rules *rules, struct limit_line *line,
	enum limit_reason reason)
{
	if (reason == LIMIT_BY_LADDER)
		return l->step < LIMIT_STEP_KNOWN && budget_charge(l, LIMIT_CUT) == LIMIT_NONE;
	if (rules->slip == 0 || reason >= LIMIT_BY_TC_BUDGET)
		return false;
	line->slips = line->slips + 1 < rules->slip ? (uint16_t)(line->slips + 1) & 0xf : 0;
	return line->slips == 0 && budget_charge(l, LIMIT_CUT) == LIMIT_NONE;
}

/* Out of the way of those who are answered. */
static __attribute__((noinline)) enum ledger_action
refuse(struct limiter *l, const struct limit_rules *rules, const struct limit_ask *ask,
	struct limit_line *line, enum limit_reason reason)
{
	struct limit_counters *c = &l->counters;
	enum ledger_action action = LEDGER_ANSWERED;

	/* looked at last, so that only a flood pays for a long list */
	if (is_exempt(rules, ask))
		counter_add(&c->exempted, 1);
	else if (reason < LIMIT_BY_TC_BUDGET && is_leaked(rules, line))
		counter_add(&c->leaked, 1);
	else if (is_slipped(l, rules, line, reason))
		action = LEDGER_SLIPPED;
	else
		action = reason < LIMIT_BY_TC_BUDGET ? LEDGER_LIMITED : LEDGER_SHED;
	counter_add(&c->reasons[reason], 1);
	if (action == LEDGER_ANSWERED)
		l->octets -= ask->reply_length;
	if (rules->mode == LIMIT_OBSERVE) {
		counter_add(&c->would[action][ask->class], 1);
		return LEDGER_ANSWERED;
	}
	counter_add(&c->done[action][ask->class], 1);
	return action;
}

enum ledger_action
limit_judge(struct limiter *limiter, const struct limit_rules *rules, const struct limit_ask *ask)
{
	enum limit_reason reason = LIMIT_NONE;
	struct limit_line *line;

	if (unlikely(rules->filter_count != 0)) {
		enum ledger_action action = filters_judge(limiter, rules, ask);

		if (action != LEDGER_ANSWERED)
			return action;
	}
	if (rules->mode == LIMIT_OFF)
		return LEDGER_ANSWERED;
	/* nobody else can be made to get the reply */
	if ((ask->flags & LEDGER_TCP) ||
		((ask->flags & LEDGER_COOKIE_VALID) && rules->exempt_cookies)) {
		limiter->octets -= ask->reply_length;
		limiter->octets_wanted += ask->reply_length;
		return LEDGER_ANSWERED;
	}
	line = line_find(limiter, ask->hash);
	if (unlikely((limiter->step >= LIMIT_STEP_UNKNOWN) |
		     (limiter->octets < limiter->octets_reserve)))
		reason = strain_judge(limiter, ask);
	if (reason == LIMIT_NONE)
		reason = line_charge(limiter, rules, ask, line);
	if (reason == LIMIT_NONE && unlikely(ask->class >= LIMIT_CUT))
		reason = budget_charge(limiter, ask->class);
	if (unlikely(reason != LIMIT_NONE))
		return refuse(limiter, rules, ask, line, reason);
	if (unlikely((line->debts[LIMIT_LANE_NOVELTY] == 0) &
		     (line->known != 1 + limiter->round % 3)) &&
		limiter->step < LIMIT_STEP_UNKNOWN)
		known_learn(limiter, ask, line);
	limiter->octets -= ask->reply_length;
	limiter->octets_wanted += ask->reply_length;
	return LEDGER_ANSWERED;
}
