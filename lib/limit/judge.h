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

struct limit_line *limit_line_make(struct limiter *l, struct limit_line *set, uint32_t tag);
void limit_known_learn(struct limiter *l, uint64_t hash, struct limit_line *line);

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
 * @return limit_ask.hash
 */
static inline uint64_t
limit_prefetch_word(
	const struct limiter *limiter, const struct limit_rules *rules, bool ipv6, uint64_t word)
{
	const struct limit_line *set;
	uint64_t hash;

	/* no masked word of either family has its lowest bits set, unless masks are full */
	word &= rules->masks[ipv6];
	hash = limit_fold(
		word ^ limiter->seed.words[0], limiter->seed.words[1] + 2 * (uint64_t)ipv6);
	set = &limiter->lines[(hash & limiter->set_mask) * LIMIT_WAYS];
	rte_prefetch0(set);
	if (unlikely(limiter->step >= LIMIT_STEP_UNKNOWN))
		rte_prefetch0(limiter->known[limit_known_bit(limiter, hash) / 64]);
	return hash;
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
limit_what_key(uint32_t node, uint8_t zone, uint8_t class, uint16_t qtype)
{
	uint64_t what = (uint64_t)node << 32 | (uint32_t) class << 24 | (uint32_t)zone << 16 |
			(class == LIMIT_POSITIVE ? qtype : 0);

	return (uint16_t)((what * 0x9e3779b97f4a7c15) >> 48) | 1;
}

/* Ticks for the octets of a reply. */
static inline uint16_t
limit_octets_cost(const struct limiter *l, unsigned int reply_length)
{
	uint64_t ticks = (reply_length * l->octet_price + l->octet_dither) >> 16;

	return (uint16_t)(ticks < LIMIT_DEBT_MAX ? ticks : LIMIT_DEBT_MAX);
}

/*
 * Charge a reply to all its buckets, or to none. What is answered has a bucket of its own; a key
 * that has none takes the emptiest one, with what is in it, so that nobody gets more than the rate
 * of all slots together by asking for ever other names. All errors have the same.
 *
 * @param key  limit_what_key()
 * @param own  on return, the slot of the key
 * @return whether; if not, the line is as it was
 */
static inline bool
limit_line_charge(struct limiter *l, const struct limit_rules *rules, struct limit_line *line,
	uint8_t class, uint16_t key, unsigned int reply_length, unsigned int *own)
{
	struct lanes lanes = lanes_open(line, l->now);

	*own = likely(class != LIMIT_ERROR) ? lanes_slot(&lanes, key) : 0;
	if (unlikely(!lanes_charge(&lanes, *own, &l->costs[class],
		    limit_octets_cost(l, reply_length), (uint16_t)rules->burst)))
		return false;
	lanes_close(line, &lanes);
	return true;
}

/** Whether a line's prefix has just become one that is known. */
static inline bool
limit_line_is_ripe(const struct limiter *l, const struct limit_line *line)
{
	return (line->debts[LIMIT_LANE_NOVELTY] == 0) & (line->known != l->known_mark);
}

/**
 * The short way in calm times (limiter.calm), for an answer that is neither cut nor an error: of
 * most, that is all.
 *
 * @param hash  by limit_prefetch_word()
 * @return false: limit_judge() has to say; nothing was charged
 */
static inline bool
limit_passes(struct limiter *l, const struct limit_rules *rules, uint64_t hash, uint8_t class,
	uint16_t key, unsigned int reply_length)
{
	struct limit_line *line = limit_line_find(l, hash);
	unsigned int own;

	if (unlikely(!limit_line_charge(l, rules, line, class, key, reply_length, &own)))
		return false;
	if (unlikely(limit_line_is_ripe(l, line)))
		limit_known_learn(l, hash, line);
	return true;
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

/** Count what was dropped unread. */
static inline void
limit_shed_count(struct limiter *limiter, unsigned int count)
{
	/* it counts as load, or the ladder would go down while the flood lasts */
	limiter->octets_wanted += (uint64_t)count * LIMIT_UNREAD_OCTETS;
	counter_add(&limiter->counters.reasons[LIMIT_BY_LADDER], count);
}

#endif
