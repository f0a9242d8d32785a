/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs on: lcore. What the pipeline does with many octets at once, for each instruction set. */
#ifndef WORKER_VECTOR_H
#define WORKER_VECTOR_H

#include <rte_branch_prediction.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __AVX2__
#include <immintrin.h>
#endif

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "keys and sums are read as such");

static inline uint16_t
load16(const void *at)
{
	uint16_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static inline uint32_t
load32(const void *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static inline uint64_t
load64(const void *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static inline void
store16(void *at, uint16_t value)
{
	memcpy(at, &value, sizeof(value));
}

static inline void
store32(void *at, uint32_t value)
{
	memcpy(at, &value, sizeof(value));
}

static inline void
store64(void *at, uint64_t value)
{
	memcpy(at, &value, sizeof(value));
}

/* The first 32 octets of a label, lower case, zeros behind its end. */
union label {
	uint64_t words[4];
#ifdef __AVX2__
	__m256i vector;
#endif
};

/* 32 octets from `octets - length` on are a mask of `length` octets */
static const uint8_t label_masks[64] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

#ifdef __AVX2__
static inline void
label_load(union label *label, const uint8_t *octets, unsigned int length)
{
	unsigned int used = length < 32 ? length : 32;
	__m256i raw = _mm256_loadu_si256((const void *)octets);
	__m256i mask = _mm256_loadu_si256((const void *)(label_masks + 32 - used));
	__m256i v = _mm256_and_si256(raw, mask);
	/* 'A'..'Z' become the 26 least signed values */
	__m256i shifted = _mm256_add_epi8(v, _mm256_set1_epi8((char)(0x80 - 'A')));
	__m256i upper = _mm256_cmpgt_epi8(_mm256_set1_epi8((char)(0x80 + 26)), shifted);

	label->vector = _mm256_or_si256(v, _mm256_and_si256(upper, _mm256_set1_epi8(0x20)));
}

/* Which octets differ, and in which of them `a` is the greater. */
static inline uint32_t
label_differ(const uint8_t *a, const union label *b, uint32_t *greater)
{
	__m256i va = _mm256_load_si256((const void *)a), vb = b->vector;
	__m256i most = _mm256_max_epu8(va, vb);
	uint32_t equal = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(va, vb));
	uint32_t not_less = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(most, va));

	*greater = not_less & ~equal;
	return ~equal;
}
#else
static inline void
label_load(union label *label, const uint8_t *octets, unsigned int length)
{
	const uint8_t *mask = label_masks + 32 - (length < 32 ? length : 32);

	for (unsigned int i = 0; i < 4; i++) {
		uint64_t w = load64(octets + 8 * i) & load64(mask + 8 * i);
		uint64_t low = w & 0x7f7f7f7f7f7f7f7f;
		uint64_t from_a = low + 0x3f3f3f3f3f3f3f3f, behind_z = low + 0x2525252525252525;

		/* high bit: at least 'A', at most 'Z', below 0x80 */
		label->words[i] = w | (from_a & ~behind_z & ~w & 0x8080808080808080) >> 2;
	}
}

static inline uint32_t
label_differ(const uint8_t *a, const union label *b, uint32_t *greater)
{
	const uint8_t *octets = (const uint8_t *)b->words;
	uint32_t differ = 0;

	*greater = 0;
	for (unsigned int i = 0; i < 4; i++) {
		uint64_t difference = load64(a + 8 * i) ^ b->words[i];
		unsigned int at;

		if (!difference)
			continue;
		at = 8 * i + (unsigned int)__builtin_ctzll(difference) / 8;
		differ = 1u << at;
		*greater = a[at] > octets[at] ? differ : 0;
		break;
	}
	return differ;
}
#endif

/* How many of the first `count` (at most 32) keys are not above `key`; 32 are readable. */
static inline unsigned int
keys_not_above(const uint32_t *keys, unsigned int count, uint32_t key)
{
#if defined(__AVX512BW__)
	__m512i wanted = _mm512_set1_epi32((int)key);
	uint32_t low = _mm512_cmple_epu32_mask(_mm512_loadu_si512(keys), wanted);
	uint32_t high = _mm512_cmple_epu32_mask(_mm512_loadu_si512(keys + 16), wanted);

	return (unsigned int)__builtin_popcount(_bzhi_u32(low | high << 16, count));
#elif defined(__AVX2__)
	__m256i wanted = _mm256_set1_epi32((int)key);
	uint32_t mask = 0;

	for (unsigned int i = 0; i < 4; i++) {
		__m256i v = _mm256_loadu_si256((const void *)(keys + 8 * i));
		__m256i kept = _mm256_cmpeq_epi32(_mm256_min_epu32(v, wanted), v);

		mask |= (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(kept)) << 8 * i;
	}
	return (unsigned int)__builtin_popcount(_bzhi_u32(mask, count));
#else
	unsigned int found = 0;

	for (unsigned int i = 0; i < count; i++)
		found += keys[i] <= key;
	return found;
#endif
}

#if defined(__AVX512BW__)
/* 32-bit words of up to 64 octets, as 8 sums. */
static inline __m512i
block_sum(const uint8_t *octets, unsigned int length)
{
	__mmask64 mask = _bzhi_u64(UINT64_MAX, length < 64 ? length : 64);
	__m512i v = _mm512_maskz_loadu_epi8(mask, octets);

	return _mm512_add_epi64(
		_mm512_and_si512(v, _mm512_set1_epi64(UINT32_MAX)), _mm512_srli_epi64(v, 32));
}
#endif

/* Sum of 16-bit words from an even offset, not folded; up to 63 octets behind the end are read. */
static inline uint64_t
octets_sum(const uint8_t *octets, unsigned int length)
{
#if defined(__AVX512BW__)
	__m512i sum = block_sum(octets, length);

	/* whether there is a second block nobody could foresee; a third is rare */
	sum = _mm512_add_epi64(sum, block_sum(octets + 64, length > 64 ? length - 64 : 0));
	for (unsigned int i = 128; unlikely(i < length); i += 64)
		sum = _mm512_add_epi64(sum, block_sum(octets + i, length - i));
	return (uint64_t)_mm512_reduce_add_epi64(sum);
#else
	uint64_t sum = 0, word;
	unsigned int i;

	for (i = 0; i + 8 <= length; i += 8) {
		word = load64(octets + i);
		sum += (word & UINT32_MAX) + (word >> 32);
	}
	if (i == length)
		return sum;
	word = load64(octets + i) & (UINT64_MAX >> 8 * (8 - (length - i)));
	return sum + (word & UINT32_MAX) + (word >> 32);
#endif
}

static inline void
line_copy(uint8_t *to, const uint8_t *from)
{
#if defined(__AVX512BW__)
	_mm512_storeu_si512(to, _mm512_loadu_si512(from));
#elif defined(__AVX2__)
	__m256i first = _mm256_loadu_si256((const void *)from);
	__m256i second = _mm256_loadu_si256((const void *)(from + 32));

	_mm256_storeu_si256((void *)to, first);
	_mm256_storeu_si256((void *)(to + 32), second);
#else
	memcpy(to, from, 64);
#endif
}

/* Copy; up to 63 octets too many are read and written. */
static inline void
lines_copy(uint8_t *to, const uint8_t *from, unsigned int length)
{
	for (unsigned int i = 0; i < length; i += 64)
		line_copy(to + i, from + i);
}

/* The same by two lines at once, with up to 127 octets too many: where lengths vary, each loop
 * whose end the CPU does not foresee costs more than a line copied in vain. */
static inline void
line_pairs_copy(uint8_t *to, const uint8_t *from, unsigned int length)
{
	for (unsigned int i = 0; i < length; i += 128) {
		line_copy(to + i, from + i);
		line_copy(to + i + 64, from + i + 64);
	}
}

#endif
