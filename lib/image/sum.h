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
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	return (uint16_t)sum;
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

/** What a sum becomes when its octets begin at an odd offset instead (RFC 1071 2.B). */
static inline uint16_t
image_sum_swap(uint16_t sum)
{
	return (uint16_t)(sum << 8 | sum >> 8);
}

#endif
