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

static uint16_t
cost_random(unsigned int *seed)
{
	return rand_r(seed) % 4 ? (uint16_t)(rand_r(seed) >> rand_r(seed) % 16) : 0;
}

/* Open, find or take a slot, charge, close; @return whether it was charged */
static bool
by_vectors(struct limit_line *line, uint32_t now, uint16_t key, const struct lanes_costs *costs,
	uint16_t octets, uint16_t burst)
{
	struct lanes lanes = lanes_open(line, now);
	unsigned int own = key ? lanes_slot(&lanes, key) : 0;
	bool charged = lanes_charge(&lanes, own, costs, octets, burst);

	lanes_close(line, &lanes);
	return charged;
}

static bool
one_by_one(struct limit_line *line, uint32_t now, uint16_t key, const struct lanes_costs *costs,
	uint16_t octets, uint16_t burst)
{
	lanes_leak_plain(line, now);
	return lanes_charge_plain(
		line, key ? lanes_slot_plain(line, key) : 0, costs, octets, burst);
}

Test(limit_lanes, are_alike_scalar_and_by_vectors)
{
	unsigned int seed = 20261128, charged = 0;

#ifdef __AVX2__
	if (!__builtin_cpu_supports("avx2"))
		cr_skip("this CPU has no AVX2");
#endif
	for (unsigned int round = 0; round < 100000; round++) {
		_Alignas(64) struct limit_line a = line_random(&seed), b = a;
		uint32_t now = a.seen + (round % 5 ? (uint32_t)rand_r(&seed) >> round % 31 : 0);
		uint16_t key = (uint16_t)(rand_r(&seed) % 33);
		struct lanes_costs costs = {.own = key ? cost_random(&seed) : 0};
		uint16_t octets = cost_random(&seed);
		/* sums saturate above any burst */
		uint16_t burst = (uint16_t)(rand_r(&seed) % LIMIT_DEBT_MAX);
		bool is_charged;

		for (unsigned int lane = LIMIT_LANE_ALL; lane < LIMIT_LANE_NOVELTY; lane++)
			costs.upper[lane - LIMIT_LANE_UPPER] = cost_random(&seed);
		is_charged = by_vectors(&a, now, key, &costs, octets, burst);
		charged += is_charged;
		cr_assert_eq(is_charged, one_by_one(&b, now, key, &costs, octets, burst),
			"round %u", round);
		cr_assert_arr_eq(&a, &b, sizeof(a), "round %u", round);
		cr_assert_eq(lanes_most(&a), lanes_most_plain(&a), "round %u", round);
	}
	cr_assert(charged > 10000 && charged < 90000, "%u charged", charged);
}
