/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs on: lcore. All buckets of a line at once: one by one, and by vectors where there are any. By
 * vectors a line is read and written as a whole: a wide load that waits for narrow stores before it
 * would cost more than all the rest.
 */
#ifndef LIMIT_LANES_H
#define LIMIT_LANES_H

#include "limit/limit_priv.h"

#ifdef __SSE4_1__
#include <immintrin.h>
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
lanes_charge_plain(
	struct limit_line *line, unsigned int own, const struct lanes_costs *costs, uint16_t burst)
{
	uint16_t of[LIMIT_LANES] = {[LIMIT_LANE_OCTETS] = costs->octets,
		[LIMIT_LANE_ALL] = costs->all,
		[LIMIT_LANE_NXDOMAIN] = costs->nxdomain};

	of[own] = costs->own;
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
static_assert(offsetof(struct limit_line, keys) == 32 && LIMIT_LANES == 16, "two vectors each");
static_assert(offsetof(struct limit_line, seen) == 60, "the last word");
static_assert(LIMIT_SLOTS == 11 && LIMIT_LANE_OCTETS == 11 && LIMIT_LANE_ALL == 12 &&
		      LIMIT_LANE_NXDOMAIN == 13 && LIMIT_LANE_NOVELTY == 15,
	"what lanes mean");

/* A line in registers. */
struct lanes {
	__m128i debts[2], keys[2]; /* what stands behind the keys is in keys[1], too */
};

static inline struct lanes
lanes_open(const struct limit_line *line, uint32_t now)
{
	const __m128i *v = (const __m128i *)line;
	__m128i last = _mm_load_si128(v + 3);
	uint32_t elapsed = now - (uint32_t)_mm_extract_epi32(last, 3);
	__m128i e = _mm_set1_epi16((short)(elapsed < UINT16_MAX ? elapsed : UINT16_MAX));

	return (struct lanes){
		{_mm_subs_epu16(_mm_load_si128(v), e), _mm_subs_epu16(_mm_load_si128(v + 1), e)},
		{_mm_load_si128(v + 2), _mm_insert_epi32(last, (int)now, 3)}};
}

static inline void
lanes_close(struct limit_line *line, const struct lanes *lanes)
{
	__m128i *v = (__m128i *)line;

	_mm_store_si128(v, lanes->debts[0]);
	_mm_store_si128(v + 1, lanes->debts[1]);
	_mm_store_si128(v + 2, lanes->keys[0]);
	_mm_store_si128(v + 3, lanes->keys[1]);
}

/* All bits set in one lane. */
static inline __m128i
lanes_only(unsigned int lane, unsigned int half)
{
	__m128i numbers = _mm_setr_epi16(0, 1, 2, 3, 4, 5, 6, 7);

	return _mm_cmpeq_epi16(numbers, _mm_set1_epi16((short)(lane - 8 * half)));
}

static inline unsigned int
lanes_least(const struct lanes *lanes)
{
	__m128i behind = _mm_setr_epi16(0, 0, 0, -1, -1, -1, -1, -1);
	/* value in the low 16 bits, index above */
	uint32_t low = (uint32_t)_mm_cvtsi128_si32(_mm_minpos_epu16(lanes->debts[0]));
	uint32_t high = (uint32_t)_mm_cvtsi128_si32(
		_mm_minpos_epu16(_mm_or_si128(lanes->debts[1], behind)));

	return (high & UINT16_MAX) < (low & UINT16_MAX) ? 8 + (high >> 16) : low >> 16;
}

static inline unsigned int
lanes_slot(struct lanes *lanes, uint16_t key)
{
	__m128i k = _mm_set1_epi16((short)key), only;
	__m128i equal = _mm_packs_epi16(
		_mm_cmpeq_epi16(lanes->keys[0], k), _mm_cmpeq_epi16(lanes->keys[1], k));
	/* what stands behind the keys does not count */
	unsigned int found = (unsigned int)_mm_movemask_epi8(equal) & LIMIT_SLOTS_MASK;
	/* both are made, since nobody could foresee which is wanted */
	unsigned int slot = lanes_least(lanes),
		     first = (unsigned int)__builtin_ctz(found | 1 << LIMIT_SLOTS);

	slot = found ? first : slot;
	only = lanes_only(slot, 0);
	lanes->keys[0] = _mm_blendv_epi8(lanes->keys[0], k, only);
	only = lanes_only(slot, 1);
	lanes->keys[1] = _mm_blendv_epi8(lanes->keys[1], k, only);
	return slot;
}

static inline bool
lanes_charge(struct lanes *lanes, unsigned int own, const struct lanes_costs *costs, uint16_t burst)
{
	uint64_t fixed = costs->all | (uint64_t)costs->nxdomain << 16;
	uint64_t octets = (uint64_t)costs->octets << 48;
	__m128i o = _mm_set1_epi16((short)costs->own), zero = _mm_setzero_si128();
	__m128i most = _mm_set1_epi16((short)burst), over;
	__m128i of[2] = {_mm_and_si128(lanes_only(own, 0), o),
		_mm_or_si128(_mm_and_si128(lanes_only(own, 1), o),
			_mm_set_epi64x((long long)fixed, (long long)octets))};
	__m128i sums[2] = {
		_mm_adds_epu16(lanes->debts[0], of[0]), _mm_adds_epu16(lanes->debts[1], of[1])};

	over = _mm_or_si128(
		_mm_andnot_si128(_mm_cmpeq_epi16(of[0], zero), _mm_subs_epu16(sums[0], most)),
		_mm_andnot_si128(_mm_cmpeq_epi16(of[1], zero), _mm_subs_epu16(sums[1], most)));
	if (!_mm_testz_si128(over, over))
		return false;
	lanes->debts[0] = sums[0];
	lanes->debts[1] = sums[1];
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
lanes_charge(struct lanes *lanes, unsigned int own, const struct lanes_costs *costs, uint16_t burst)
{
	return lanes_charge_plain(&lanes->line, own, costs, burst);
}
#endif

#endif
