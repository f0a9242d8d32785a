/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs on: lcore. All buckets of a line at once: scalar, and by vectors where there are any. */
#ifndef LIMIT_LANES_H
#define LIMIT_LANES_H

#include "limit/limit_priv.h"

#ifdef __SSE4_1__
#include <immintrin.h>
#endif

/* All buckets leak. */
static inline void
lanes_leak_plain(struct limit_line *line, uint16_t elapsed)
{
	for (unsigned int i = 0; i < LIMIT_LANES; i++)
		line->debts[i] = line->debts[i] > elapsed ? line->debts[i] - elapsed : 0;
}

/* @return the slot of a key, or LIMIT_SLOTS */
static inline unsigned int
lanes_find_plain(const struct limit_line *line, uint16_t key)
{
	unsigned int slot = 0;

	while (slot < LIMIT_SLOTS && line->keys[slot] != key)
		slot++;
	return slot;
}

/* @return the first slot with the least debt */
static inline unsigned int
lanes_least_plain(const struct limit_line *line)
{
	unsigned int least = 0;

	for (unsigned int i = 1; i < LIMIT_SLOTS; i++)
		if (line->debts[i] < line->debts[least])
			least = i;
	return least;
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

#ifdef __SSE4_1__
static_assert(offsetof(struct limit_line, keys) == 32 && LIMIT_LANES == 16, "two vectors each");

static inline void
lanes_leak(struct limit_line *line, uint16_t elapsed)
{
	__m128i *debts = (__m128i *)line->debts, e = _mm_set1_epi16((short)elapsed);

	_mm_store_si128(debts, _mm_subs_epu16(_mm_load_si128(debts), e));
	_mm_store_si128(debts + 1, _mm_subs_epu16(_mm_load_si128(debts + 1), e));
}

static inline unsigned int
lanes_find(const struct limit_line *line, uint16_t key)
{
	const __m128i *keys = (const __m128i *)((const uint8_t *)line + 32);
	__m128i k = _mm_set1_epi16((short)key);
	__m128i equal = _mm_packs_epi16(_mm_cmpeq_epi16(_mm_load_si128(keys), k),
		_mm_cmpeq_epi16(_mm_load_si128(keys + 1), k));

	/* what stands behind the keys does not count */
	return (unsigned int)__builtin_ctz(
		((unsigned int)_mm_movemask_epi8(equal) & LIMIT_SLOTS_MASK) | 1u << LIMIT_SLOTS);
}

static inline unsigned int
lanes_least(const struct limit_line *line)
{
	const __m128i *debts = (const __m128i *)line->debts;
	__m128i behind = _mm_setr_epi16(0, 0, 0, -1, -1, -1, -1, -1);
	/* value in the low 16 bits, index above */
	uint32_t low = (uint32_t)_mm_cvtsi128_si32(_mm_minpos_epu16(_mm_load_si128(debts)));
	uint32_t high = (uint32_t)_mm_cvtsi128_si32(
		_mm_minpos_epu16(_mm_or_si128(_mm_load_si128(debts + 1), behind)));

	return (high & UINT16_MAX) < (low & UINT16_MAX) ? 8 + (high >> 16) : low >> 16;
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
static_assert(LIMIT_SLOTS == 11 && LIMIT_LANE_NOVELTY == 15, "masks above cut there");
#else
#define lanes_leak lanes_leak_plain
#define lanes_find lanes_find_plain
#define lanes_least lanes_least_plain
#define lanes_most lanes_most_plain
#endif

#endif
