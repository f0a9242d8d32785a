/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs on: lcore. Sixteen lanes of 16 bits, in one vector or in two halves. */
#ifndef LIMIT_LANES_VECTOR_H
#define LIMIT_LANES_VECTOR_H

#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef __AVX2__
typedef __m256i lanes16;

#define LANES16_BINARY(name, instruction)                                                          \
	static inline lanes16 lanes16_##name(lanes16 a, lanes16 b)                                 \
	{                                                                                          \
		return _mm256_##instruction(a, b);                                                 \
	}

static inline lanes16
lanes16_load(const void *at)
{
	return _mm256_loadu_si256(at);
}

static inline void
lanes16_store(void *at, lanes16 v)
{
	_mm256_store_si256(at, v);
}

static inline lanes16
lanes16_all(uint16_t value)
{
	return _mm256_set1_epi16((short)value);
}

static inline lanes16
lanes16_join(__m128i low, __m128i high)
{
	return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
}

static inline __m128i
lanes16_low(lanes16 v)
{
	return _mm256_castsi256_si128(v);
}

static inline __m128i
lanes16_high(lanes16 v)
{
	return _mm256_extracti128_si256(v, 1);
}

/* Two bits for each lane. */
static inline uint32_t
lanes16_bits(lanes16 v)
{
	return (uint32_t)_mm256_movemask_epi8(v);
}
#else
typedef struct {
	__m128i low, high;
} lanes16;

#define LANES16_BINARY(name, instruction)                                                          \
	static inline lanes16 lanes16_##name(lanes16 a, lanes16 b)                                 \
	{                                                                                          \
		return (lanes16){                                                                  \
			_mm_##instruction(a.low, b.low), _mm_##instruction(a.high, b.high)};       \
	}

static inline lanes16
lanes16_load(const void *at)
{
	const __m128i *v = at;

	return (lanes16){_mm_loadu_si128(v), _mm_loadu_si128(v + 1)};
}

static inline void
lanes16_store(void *at, lanes16 v)
{
	_mm_store_si128(at, v.low);
	_mm_store_si128((__m128i *)at + 1, v.high);
}

static inline lanes16
lanes16_all(uint16_t value)
{
	return (lanes16){_mm_set1_epi16((short)value), _mm_set1_epi16((short)value)};
}

static inline lanes16
lanes16_join(__m128i low, __m128i high)
{
	return (lanes16){low, high};
}

static inline __m128i
lanes16_low(lanes16 v)
{
	return v.low;
}

static inline __m128i
lanes16_high(lanes16 v)
{
	return v.high;
}

static inline uint32_t
lanes16_bits(lanes16 v)
{
	return (uint32_t)_mm_movemask_epi8(v.low) | (uint32_t)_mm_movemask_epi8(v.high) << 16;
}
#endif

#ifdef __AVX2__
LANES16_BINARY(and, and_si256)
LANES16_BINARY(or, or_si256)
LANES16_BINARY(and_not, andnot_si256) /* of the first, not */
#else
LANES16_BINARY(and, and_si128)
LANES16_BINARY(or, or_si128)
LANES16_BINARY(and_not, andnot_si128)
#endif
LANES16_BINARY(less, subs_epu16) /* down to 0 */
LANES16_BINARY(more, adds_epu16) /* up to 65535 */
LANES16_BINARY(equal, cmpeq_epi16)

/* `b` where the mask's lanes are set, else `a` */
static inline lanes16
lanes16_choose(lanes16 mask, lanes16 a, lanes16 b)
{
	return lanes16_or(lanes16_and_not(mask, a), lanes16_and(mask, b));
}

/* All bits set in one lane. */
static inline lanes16
lanes16_only(unsigned int lane)
{
	static const uint16_t window[32] = {[16] = UINT16_MAX};

	return lanes16_load(window + 16 - lane);
}

#endif
