/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs on: lcore. All buckets of a line at once: one by one, and by vectors where there are any. By
 * vectors a line is read and written as a whole: a wide load that waits for narrow stores before it
 * would cost more than all the rest.
 */
#ifndef LIMIT_LANES_H
#define LIMIT_LANES_H

#include <rte_branch_prediction.h>

#include "limit/limit_priv.h"

#ifdef __SSE4_1__
#include "limit/lanes_vector.h"
#endif

/* ---- one by one ---- */

/* All buckets leak up to now. */
static inline void
lanes_leak_plain(struct limit_line *line, uint32_t now)
{
	uint32_t elapsed = now - line->seen;

	for (unsigned int i = 0; i < LIMIT_LANES; i++)
		line->debts[i] = line->debts[i] > elapsed ? line->debts[i] - (uint16_t)elapsed : 0;
	line->seen = now;
}

/* The slot of a key; one that has none takes the first with the least debt. */
static inline unsigned int
lanes_slot_plain(struct limit_line *line, uint16_t key)
{
	unsigned int slot = 0, least = 0;

	while (slot < LIMIT_SLOTS && line->keys[slot] != key)
		slot++;
	for (unsigned int i = 1; i < LIMIT_SLOTS; i++)
		if (line->debts[i] < line->debts[least])
			least = i;
	slot = slot < LIMIT_SLOTS ? slot : least;
	line->keys[slot] = key;
	return slot;
}

/* Charge all, or nothing if a bucket would have more than a burst. @return whether */
static inline bool
lanes_charge_plain(struct limit_line *line, unsigned int own, const struct lanes_costs *costs,
	uint16_t octets, uint16_t burst)
{
	uint16_t of[LIMIT_LANES] = {0};

	memcpy(of + LIMIT_LANE_UPPER, costs->upper, sizeof(costs->upper));
	of[LIMIT_LANE_OCTETS] = octets;
	of[own] |= costs->own;
	for (unsigned int i = 0; i < LIMIT_LANES; i++)
		if (of[i] && (uint32_t)line->debts[i] + of[i] > burst)
			return false;
	for (unsigned int i = 0; i < LIMIT_LANES; i++)
		line->debts[i] += of[i];
	return true;
}

/* @return the greatest debt, novelty aside */
static inline uint16_t
lanes_most_plain(const struct limit_line *line)
{
	uint16_t most = 0;

	for (unsigned int i = 0; i < LIMIT_LANE_NOVELTY; i++)
		most = line->debts[i] > most ? line->debts[i] : most;
	return most;
}

/* ---- by vectors ---- */

#ifdef __SSE4_1__
static_assert(offsetof(struct limit_line, keys) == 32 && LIMIT_LANES == 16, "a vector each");
static_assert(offsetof(struct limit_line, seen) == 60, "the last word");
static_assert(LIMIT_SLOTS == 11 && LIMIT_LANE_OCTETS == 11 && LIMIT_LANE_NOVELTY == 15,
	"what lanes mean");

/* A line in registers. */
struct lanes {
	lanes16 debts, keys; /* what stands behind the keys is in `keys`, too */
};

static inline struct lanes
lanes_open(const struct limit_line *line, uint32_t now)
{
	lanes16 rest = lanes16_load(line->keys);
	uint32_t elapsed = now - line->seen;

	elapsed = elapsed < UINT16_MAX ? elapsed : UINT16_MAX;
	rest = lanes16_join(lanes16_low(rest), _mm_insert_epi32(lanes16_high(rest), (int)now, 3));
	return (struct lanes){
		lanes16_less(lanes16_load(line->debts), lanes16_all((uint16_t)elapsed)), rest};
}

static inline void
lanes_close(struct limit_line *line, const struct lanes *lanes)
{
	lanes16_store(line->debts, lanes->debts);
	lanes16_store(line->keys, lanes->keys);
}

/* The first slot with the least debt. */
static inline unsigned int
lanes_least(const struct lanes *lanes)
{
	__m128i behind = _mm_setr_epi16(0, 0, 0, -1, -1, -1, -1, -1);
	/* value in the low 16 bits, index above */
	uint32_t low = (uint32_t)_mm_cvtsi128_si32(_mm_minpos_epu16(lanes16_low(lanes->debts)));
	uint32_t high = (uint32_t)_mm_cvtsi128_si32(
		_mm_minpos_epu16(_mm_or_si128(lanes16_high(lanes->debts), behind)));

	/* the other way round, so that values are compared first */
	low = low << 16 | low >> 16;
	high = (high << 16 | high >> 16) + 8;
	return (low < high ? low : high) & UINT16_MAX;
}

static inline unsigned int
lanes_slot(struct lanes *lanes, uint16_t key)
{
	lanes16 k = lanes16_all(key);
	/* what stands behind the keys does not count */
	uint32_t found = lanes16_bits(lanes16_equal(lanes->keys, k)) & LIMIT_SLOTS_MASK, is_found;
	/* both are made, since nobody could foresee which is wanted */
	unsigned int slot = lanes_least(lanes),
		     first = (unsigned int)__builtin_ctz(found | 1u << 31) / 2;

	/* all bits if there is one */
	is_found = (uint32_t)((int32_t)(found | -found) >> 31);
	slot = (slot & ~is_found) | (first & is_found);
	lanes->keys = lanes16_choose(lanes16_only(slot), lanes->keys, k);
	return slot;
}

static inline bool
lanes_charge(struct lanes *lanes, unsigned int own, const struct lanes_costs *costs,
	uint16_t octets, uint16_t burst)
{
	__m128i upper = _mm_load_si128((const __m128i *)costs->upper);
	lanes16 zero = lanes16_all(0), of, sums, over;

	upper = _mm_insert_epi16(upper, octets, LIMIT_LANE_OCTETS - LIMIT_LANE_UPPER);
	of = lanes16_or(lanes16_join(_mm_setzero_si128(), upper),
		lanes16_and(lanes16_only(own), lanes16_all(costs->own)));
	sums = lanes16_more(lanes->debts, of);
	over = lanes16_and_not(lanes16_equal(of, zero), lanes16_less(sums, lanes16_all(burst)));
	if (lanes16_bits(lanes16_equal(over, zero)) != UINT32_MAX)
		return false;
	lanes->debts = sums;
	return true;
}

static inline uint16_t
lanes_most(const struct limit_line *line)
{
	const __m128i *debts = (const __m128i *)line->debts;
	__m128i novelty = _mm_setr_epi16(0, 0, 0, 0, 0, 0, 0, -1);
	__m128i most = _mm_max_epu16(
		_mm_load_si128(debts), _mm_andnot_si128(novelty, _mm_load_si128(debts + 1)));
	/* the least of complements */
	__m128i least = _mm_minpos_epu16(_mm_xor_si128(most, _mm_set1_epi16(-1)));

	return (uint16_t)~_mm_cvtsi128_si32(least);
}
#else
#define lanes_most lanes_most_plain

struct lanes {
	struct limit_line line;
};

static inline struct lanes
lanes_open(const struct limit_line *line, uint32_t now)
{
	struct lanes lanes = {*line};

	lanes_leak_plain(&lanes.line, now);
	return lanes;
}

static inline void
lanes_close(struct limit_line *line, const struct lanes *lanes)
{
	*line = lanes->line;
}

static inline unsigned int
lanes_slot(struct lanes *lanes, uint16_t key)
{
	return lanes_slot_plain(&lanes->line, key);
}

static inline bool
lanes_charge(struct lanes *lanes, unsigned int own, const struct lanes_costs *costs,
	uint16_t octets, uint16_t burst)
{
	return lanes_charge_plain(&lanes->line, own, costs, octets, burst);
}
#endif

#endif
