/* SPDX-License-Identifier: BSD-3-Clause */
/* Buckets by vectors are what they are one by one. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "limit/lanes.h"

static struct limit_line
line_random(unsigned int *seed)
{
	_Alignas(64) struct limit_line line;
	uint8_t *octets = (uint8_t *)&line;

	for (size_t i = 0; i < sizeof(line); i++)
		octets[i] = (uint8_t)(rand_r(seed) >> 8);
	/* ties and saturated values matter most */
	for (unsigned int i = 0; i < LIMIT_LANES; i++)
		if (rand_r(seed) % 3 == 0)
			line.debts[i] =
				rand_r(seed) % 2 ? UINT16_MAX : (uint16_t)(rand_r(seed) % 3);
	for (unsigned int i = 0; i < LIMIT_SLOTS; i++)
		line.keys[i] &= 31;
	return line;
}

Test(limit_lanes, are_alike_scalar_and_by_vectors)
{
	unsigned int seed = 20261128;

	for (unsigned int round = 0; round < 100000; round++) {
		_Alignas(64) struct limit_line a = line_random(&seed), b = a;
		uint16_t elapsed = round % 5 ? (uint16_t)(rand_r(&seed) >> round % 16) : UINT16_MAX;
		uint16_t key = (uint16_t)(rand_r(&seed) % 33);

		cr_assert_eq(lanes_find(&a, key), lanes_find_plain(&a, key), "round %u", round);
		cr_assert_eq(lanes_least(&a), lanes_least_plain(&a), "round %u", round);
		cr_assert_eq(lanes_most(&a), lanes_most_plain(&a), "round %u", round);
		lanes_leak(&a, elapsed);
		lanes_leak_plain(&b, elapsed);
		cr_assert_arr_eq(&a, &b, sizeof(a), "round %u", round);
	}
}
