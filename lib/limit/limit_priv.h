/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LIMIT_LIMIT_PRIV_H
#define LIMIT_LIMIT_PRIV_H

#include "limit/limit.h"

enum {
	LIMIT_SLOTS = 11, /* of what is answered, for each prefix */
	LIMIT_WAYS = 2,	  /* lines that a prefix may have */
	/* buckets of a line, behind those of its slots */
	LIMIT_LANE_OCTETS = LIMIT_SLOTS,
	LIMIT_LANE_ALL,
	LIMIT_LANE_NXDOMAIN,
	LIMIT_LANE_ERRORS,
	LIMIT_LANE_NOVELTY, /* runs out when a line has lived so long that its prefix is known */
	LIMIT_LANES,
	LIMIT_LANE_UPPER = LIMIT_LANES / 2,
	LIMIT_SLOTS_MASK = (1 << 2 * LIMIT_SLOTS) - 1, /* two bits for each */
	LIMIT_KNOWN_BITS_LOG2 = 4,		       /* known sources: bits for each line */
};

/* A client prefix. Its halves are as two vectors of 16 lanes beside each other. */
struct limit_line {
	uint16_t debts[LIMIT_LANES]; /* ticks until the bucket is empty, as of `seen` */
	uint16_t keys[LIMIT_SLOTS];  /* of what is answered; 0: free */
	uint16_t slips : 4, leaks : 8, known : 2; /* known: in that round, 1..3; 0: not */
	uint32_t tag;				  /* 0: nobody's */
	uint32_t seen;				  /* ticks, modulo 2^32 */
};
static_assert(sizeof(struct limit_line) == 64, "a cache line");

/* What a reply costs, in ticks. */
struct lanes_costs {
	/* of the upper half of the lanes; what octets cost is each reply's own */
	_Alignas(16) uint16_t upper[LIMIT_LANES / 2];
	uint16_t own; /* of its slot; 0: it has none */
};

struct limiter {
	/* fixed */
	struct limit_seed seed;
	uint64_t set_mask, known_mask;
	struct limit_line *lines;
	uint64_t (*known)[2]; /* a bit for each hash, of this round and the one before */
	size_t size;	      /* of all, in one block */
	/* of the burst */
	_Alignas(64) uint32_t now; /* ticks */
	uint32_t dither;
	uint32_t seconds, step; /* enum limit_step */
	bool calm; /* no filters, nobody is refused unseen, and this burst is in no budget's way */
	uint8_t known_mark;		    /* what a line says that is known in this round */
	uint32_t squeeze;		    /* prices are shifted so far to the left */
	uint64_t octet_price, octet_dither; /* ticks / 2^16 of an octet; of a reply */
	struct lanes_costs costs[LIMIT_CLASSES];
	uint32_t round, round_since;
	int64_t spent;			/* octets, in this burst */
	int64_t allowance;		/* what may be spent before the reserve is touched */
	int64_t octets, octets_reserve; /* what is left of a budget, and what known ones have of it
					 */
	int64_t tc, errors;
	uint64_t filled; /* ticks, when budgets were filled; 0: never */
	/* since the last look */
	uint64_t octets_wanted;
	uint32_t looked, bursts, bursts_full;
	uint16_t filter_debts[LIMIT_FILTERS_MAX];
	uint32_t filter_seen[LIMIT_FILTERS_MAX];
	/* read by anybody */
	_Alignas(64) struct limit_ladder ladder;
	_Alignas(64) struct limit_counters counters;
};

/* What may be saved up of a budget a second, and owed: a fourth of it. */
static inline int64_t
limit_budget_most(uint64_t budget)
{
	return (int64_t)(budget / 4) + 1;
}

/* Where in `known` a hash is. */
static inline uint64_t
limit_known_bit(const struct limiter *l, uint64_t hash)
{
	return hash >> 20 & l->known_mask;
}

/* Whether a source was seen in calm times. While limit_sheds_unread(), all others are dropped but
 * who has a valid cookie. */
static inline bool
limit_known_has(const struct limiter *l, uint64_t hash)
{
	uint64_t bit = limit_known_bit(l, hash);

	return ((l->known[bit / 64][0] | l->known[bit / 64][1]) >> bit % 64) & 1;
}

#endif
