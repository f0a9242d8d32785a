/* SPDX-License-Identifier: BSD-3-Clause */
/* Octets written as hex, for tables. */
#ifndef TESTS_UNIT_HEX_H
#define TESTS_UNIT_HEX_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static inline int
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/**
 * Read hex; blanks are skipped, and 'text' in quotes stands for itself.
 *
 * @return  the octets in a block of exactly their number, so that a sanitizer sees a read past the
 * end; the caller's to free
 */
static inline uint8_t *
hex_octets(const char *hex, size_t *count)
{
	uint8_t *octets = malloc(strlen(hex) + 1), *exact;
	size_t n = 0;

	while (*hex) {
		if (*hex == ' ') {
			hex++;
		} else if (*hex == '\'') {
			for (hex++; *hex != '\''; hex++)
				octets[n++] = (uint8_t)*hex;
			hex++;
		} else {
			assert(hex_digit(hex[0]) >= 0 && hex_digit(hex[1]) >= 0);
			octets[n++] = (uint8_t)(hex_digit(hex[0]) << 4 | hex_digit(hex[1]));
			hex += 2;
		}
	}
	exact = malloc(n ? n : 1);
	memcpy(exact, octets, n);
	free(octets);
	*count = n;
	return exact;
}

#endif
