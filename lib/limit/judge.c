/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs on: lcore. Which replies are not worth sending. */
#include "limit/judge.h"

#include <rte_common.h>

void
limit_prefetch(
	const struct limiter *limiter, const struct limit_rules *rules, struct limit_ask *ask)
{
	ask->hash = limit_prefetch_word(
		limiter, rules, ask->flags & LEDGER_IPV6, limit_client_word(ask));
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
	if (((limit_client_word(ask) ^ prefix->words[0]) >> (64 - (length < 64 ? length : 64))) !=
		0)
		return false;
	if (length <= 64)
		return true;
	low = limit_load_be(ask->client + 8, 8) ^ prefix->words[1];
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
static enum ledger_action
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
struct limit_line *
limit_line_make(struct limiter *l, struct limit_line *set, uint32_t tag)
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

/* Which bucket is full, the narrowest limit first. A line that was not charged has not leaked. */
static enum limit_reason
full_find(struct limit_line *line, uint32_t now, unsigned int own, const struct lanes_costs *costs,
	uint32_t burst)
{
	static const struct {
		uint8_t lane, reason;
	} fixed[] = {{LIMIT_LANE_ERRORS, LIMIT_BY_ERRORS}, {LIMIT_LANE_NXDOMAIN, LIMIT_BY_NXDOMAIN},
		{LIMIT_LANE_ALL, LIMIT_BY_ALL}};

	lanes_leak_plain(line, now);
	if (costs->own && line->debts[own] + costs->own > burst)
		return LIMIT_BY_KEY;
	for (unsigned int i = 0; i < RTE_DIM(fixed); i++) {
		uint32_t cost = costs->upper[fixed[i].lane - LIMIT_LANE_UPPER];

		if (cost && line->debts[fixed[i].lane] + cost > burst)
			return fixed[i].reason;
	}
	return LIMIT_BY_OCTETS;
}

/* ---- the node's budgets, and who goes first ---- */

/* What a flood has used up, known sources may have once more: they pay it back before anybody else
 * gets any. Else TC for unknown ones would cost them theirs. */
static enum limit_reason
budget_charge(struct limiter *l, const struct limit_rules *rules, const struct limit_ask *ask)
{
	bool is_error = ask->class == LIMIT_ERROR;
	int64_t *budget = is_error ? &l->errors : &l->tc;
	int64_t most = limit_budget_most(is_error ? rules->error_budget : rules->tc_budget);

	if (*budget <= 0 && (*budget <= -most || !limit_known_has(l, ask->hash)))
		return is_error ? LIMIT_BY_ERROR_BUDGET : LIMIT_BY_TC_BUDGET;
	--*budget;
	return LIMIT_NONE;
}

/* A prefix that asked for some seconds in calm times, within its limits. */
void
limit_known_learn(struct limiter *l, uint64_t hash, struct limit_line *line)
{
	uint64_t bit = limit_known_bit(l, hash);

	line->known = l->known_mark;
	l->known[bit / 64][l->round % 2] |= 1ull << bit % 64;
	counter_add(&l->counters.known, 1);
}

/* The ladder is up, or the egress budget runs out: known sources go first. */
static enum limit_reason
strain_judge(struct limiter *l, const struct limit_ask *ask)
{
	bool known = limit_known_has(l, ask->hash);

	if (l->step >= LIMIT_STEP_UNKNOWN && !known) {
		l->octets_wanted += ask->reply_length;
		return LIMIT_BY_LADDER;
	}
	if (l->octets - l->spent < (known ? 0 : l->octets_reserve)) {
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

static bool
slip_charge(struct limiter *l)
{
	if (l->tc <= 0)
		return false;
	l->tc--;
	return true;
}

/* TC instead of nothing, now and then: who is not forged comes back over TCP. */
static bool
is_slipped(struct limiter *l, const struct limit_rules *rules, struct limit_line *line,
	enum limit_reason reason)
{
	if (reason == LIMIT_BY_LADDER)
		return l->step < LIMIT_STEP_KNOWN && slip_charge(l);
	if (rules->slip == 0 || reason >= LIMIT_BY_TC_BUDGET)
		return false;
	line->slips = line->slips + 1 < rules->slip ? (uint16_t)(line->slips + 1) & 0xf : 0;
	return line->slips == 0 && slip_charge(l);
}

static enum ledger_action
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

/* ---- the judgement ---- */

static enum limit_reason
client_judge(struct limiter *l, const struct limit_rules *rules, const struct limit_ask *ask,
	struct limit_line *line)
{
	uint16_t key = limit_what_key(ask->node, ask->zone, ask->class, ask->qtype);
	enum limit_reason reason = LIMIT_NONE;
	unsigned int own;

	if ((l->step >= LIMIT_STEP_UNKNOWN) | (l->spent > l->allowance))
		reason = strain_judge(l, ask);
	if (reason == LIMIT_NONE &&
		!limit_line_charge(l, rules, line, ask->class, key, ask->reply_length, &own))
		reason = full_find(line, l->now, own, &l->costs[ask->class], rules->burst);
	if (reason == LIMIT_NONE && ask->class >= LIMIT_CUT)
		reason = budget_charge(l, rules, ask);
	return reason;
}

enum ledger_action
limit_judge(struct limiter *limiter, const struct limit_rules *rules, const struct limit_ask *ask)
{
	enum limit_reason reason;
	struct limit_line *line;

	if (rules->filter_count != 0) {
		enum ledger_action action = filters_judge(limiter, rules, ask);

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
	reason = client_judge(limiter, rules, ask, line);
	if (reason != LIMIT_NONE)
		return refuse(limiter, rules, ask, line, reason);
	if (limit_line_is_ripe(limiter, line) && limiter->step < LIMIT_STEP_UNKNOWN)
		limit_known_learn(limiter, ask->hash, line);
	limiter->spent += ask->reply_length;
	return LEDGER_ANSWERED;
}
