/* SPDX-License-Identifier: BSD-3-Clause */
/* Ones-complement arithmetic on 16-bit words in machine order (RFC 1071). */
#ifndef IMAGE_SUM_H
#define IMAGE_SUM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** Fold to 16 bits; 0 stays 0 and all else is 1..65535. */
static inline uint16_t
image_sum_fold(uint64_t sum)
{
	uint32_t half;

	/* both halves added to each other, crosswise: what the lower ones carry into the upper ones
	 * is what those have carried out */
	sum += sum << 32 | sum >> 32;
	half = (uint32_t)(sum >> 32);
	half += half << 16 | half >> 16;
	return (uint16_t)(half >> 16);
}

/** Sum of octets that begin at an even offset; an odd last one is padded with zero. */
static inline uint16_t
image_sum(const uint8_t *octets, size_t length)
{
	uint64_t sum = 0;
	uint16_t word;

	for (; length >= 2; octets += 2, length -= 2) {
		memcpy(&word, octets, 2);
		sum += word;
	}
	if (length) {
		uint8_t last[2] = {octets[0], 0};

		memcpy(&word, last, 2);
		sum += word;
	}
	return image_sum_fold(sum);
}

/**
 * What a sum, of less than 2^56, becomes when its octets begin at that offset (RFC 1071 2.B).
 * Modulo 65535, 8 bits to the left is what swapping octets is: no branch, and nothing to be folded
 * before.
 */
static inline uint64_t
image_sum_at(uint64_t sum, size_t offset)
{
	return sum << 8 * (offset & 1);
}

#endif
