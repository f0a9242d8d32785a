/* SPDX-License-Identifier: BSD-3-Clause */
/* Threads that each see a part of the queries, and what they make of it together. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "observe/observe.h"

enum { THREADS = 4, WINDOW = 77, NODES = 1440 };

static struct observe_network networks[THREADS][OBSERVE_NETWORKS], whole[OBSERVE_NETWORKS];

static uint64_t
key_of(uint64_t number)
{
	number = (number + 1) * 0x9e3779b97f4a7c15;
	number = (number ^ number >> 29) * 0xbf58476d1ce4e5b9;
	return (number ^ number >> 32) | 1;
}

static void
clear(void)
{
	memset(networks, 0, sizeof(networks));
	memset(whole, 0, sizeof(whole));
}

static void
ask(uint32_t network, uint32_t node, bool dnssec_ok)
{
	unsigned int thread = (unsigned int)rand() % THREADS;

	observe_network_enter(networks[thread], WINDOW, key_of(network), node, dnssec_ok);
	observe_network_enter(whole, WINDOW, key_of(network), node, dnssec_ok);
}

static struct observe_aggressive
all_of(uint64_t window)
{
	const struct observe_network *parts[THREADS];
	struct observe_aggressive sum;

	for (unsigned int i = 0; i < THREADS; i++)
		parts[i] = networks[i];
	observe_networks_merge(parts, THREADS, window, &sum);
	return sum;
}

static struct observe_aggressive
whole_of(uint64_t window)
{
	const struct observe_network *parts[1] = {whole};
	struct observe_aggressive sum;

	observe_networks_merge(parts, 1, window, &sum);
	return sum;
}

/* More networks than entries, more ranges than slots: whatever moves out, threads agree. */
Test(observe_network, is_the_same_seen_by_one_thread_or_in_parts)
{
	for (unsigned int seed = 1; seed <= 5; seed++) {
		struct observe_aggressive parts, one;

		srand(seed);
		clear();
		for (unsigned int i = 0; i < 300000; i++)
			ask((uint32_t)rand() % 4000,
				(uint32_t)(rand() % NODES * (rand() % 3)) % NODES,
				rand() % 10 != 0);
		parts = all_of(WINDOW);
		one = whole_of(WINDOW);
		cr_expect_eq(memcmp(&parts, &one, sizeof(one)), 0, "seed %u: %lu, not %lu asked",
			seed, (unsigned long)parts.asked, (unsigned long)one.asked);
		cr_expect_gt(one.asked, 0);
	}
}

Test(observe_network, tells_who_uses_ranges_from_who_does_not)
{
	struct observe_aggressive sum;

	srand(1);
	clear();
	/* each range once; a few names over and over; without DO; too little; half and half */
	for (uint32_t node = 0; node < NODES; node++)
		ask(1, node, true);
	for (uint32_t i = 0; i < 200; i++)
		ask(2, i % 7, true);
	for (uint32_t i = 0; i < 200; i++)
		ask(3, i, false);
	for (uint32_t i = 0; i < OBSERVE_ASKED_MIN - 1; i++)
		ask(4, 1, true);
	for (uint32_t node = 0; node < NODES; node++)
		for (uint32_t k = 0; k < 1 + node % 2; k++)
			ask(5, node, true);
	sum = all_of(WINDOW);
	for (unsigned int i = 0; i < OBSERVE_USE_CLASSES; i++)
		cr_expect_eq(sum.networks[i], 1, "%s: %lu", observe_use_names[i],
			(unsigned long)sum.networks[i]);
}

Test(observe_network, counts_repeats_of_one_window_alone)
{
	struct observe_aggressive sum;

	srand(1);
	clear();
	for (unsigned int i = 0; i < 5; i++)
		ask(1, 9, true);
	observe_network_enter(networks[0], WINDOW + 1, key_of(1), 9, true);
	observe_network_enter(networks[1], WINDOW + 1, key_of(1), 9, true);
	sum = all_of(WINDOW + 1);
	cr_expect_eq(sum.asked, 2);
	cr_expect_eq(sum.repeats, 1);
}

Test(observe_network, does_not_overflow_nor_take_nodes_that_it_cannot_tell_apart)
{
	struct observe_aggressive sum;

	clear();
	for (unsigned int i = 0; i < 70000; i++)
		observe_network_enter(networks[0], WINDOW, key_of(1), 3, true);
	observe_network_enter(networks[0], WINDOW, key_of(2), OBSERVE_NODES_MAX, true);
	observe_network_enter(networks[0], WINDOW, key_of(2), UINT32_MAX, true);
	observe_network_enter(networks[0], WINDOW, key_of(3), OBSERVE_NODES_MAX - 1, true);
	sum = all_of(WINDOW);
	cr_expect_eq(sum.asked, 0xffff + 1);
	cr_expect_eq(sum.repeats, 0xffff - 1);
}
