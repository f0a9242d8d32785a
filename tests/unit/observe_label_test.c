/* SPDX-License-Identifier: BSD-3-Clause */
/* Bounds of the most frequent labels, on streams whose true counts are known. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "observe/observe.h"

enum { BUCKETS = 4, LABELS = 3000, STREAM = 40000, THREADS = 3, DAY = 20000 };

static struct observe_bucket buckets[THREADS][BUCKETS];
static uint64_t truth[LABELS], networks_truth[LABELS];

static struct observe_label
label_of(uint32_t number)
{
	struct observe_label label = {0};
	int length = snprintf((char *)label.words + 1, 60, "label-number-%u", number);

	*(uint8_t *)label.words = (uint8_t)length;
	return label;
}

static uint64_t
hash_of(uint64_t word)
{
	word = (word ^ word >> 31) * 0x9e3779b97f4a7c15;
	word = (word ^ word >> 29) * 0xbf58476d1ce4e5b9;
	return word ^ word >> 32;
}

static uint32_t
number_of(const struct observe_label *label)
{
	return (uint32_t)atoi((const char *)label->words + 1 + strlen("label-number-"));
}

/* Zipf by inversion of its continuous form. @param steep  0: all alike */
static uint32_t
draw(double steep)
{
	double u = (double)rand() / ((double)RAND_MAX + 1), n = LABELS;

	if (steep == 0)
		return (uint32_t)(u * n);
	if (steep == 1)
		return (uint32_t)(pow(n, u)) - 1;
	return (uint32_t)pow((pow(n, 1 - steep) - 1) * u + 1, 1 / (1 - steep)) - 1;
}

/* Networks of a label: as many bits as it has of them, at most 64. */
static void
stream(double steep, unsigned int thread_count)
{
	memset(buckets, 0, sizeof(buckets));
	memset(truth, 0, sizeof(truth));
	memset(networks_truth, 0, sizeof(networks_truth));
	for (unsigned int i = 0; i < STREAM; i++) {
		uint32_t number = draw(steep) % LABELS;
		struct observe_label label = label_of(number);
		uint64_t network = hash_of((uint64_t)rand() % (1 + number % 40));

		truth[number]++;
		networks_truth[number] |= 1ull << (network >> 58);
		observe_label_enter(buckets[(unsigned int)rand() % thread_count], BUCKETS, DAY,
			&label, hash_of(number), network);
	}
}

static unsigned int
merge(unsigned int thread_count, struct observe_total **totals)
{
	const struct observe_bucket *all[THREADS];

	for (unsigned int i = 0; i < thread_count; i++)
		all[i] = buckets[i];
	return observe_labels_merge(all, thread_count, BUCKETS, DAY, totals);
}

static void
bounds_expect(double steep, unsigned int thread_count)
{
	struct observe_total *totals;
	unsigned int count = merge(thread_count, &totals);
	uint64_t of_bucket[BUCKETS] = {0};
	bool found[LABELS] = {false};

	for (uint32_t i = 0; i < LABELS; i++)
		of_bucket[hash_of(i) % BUCKETS] += truth[i];
	for (unsigned int i = 0; i < count; i++) {
		uint32_t number = number_of(&totals[i].label);

		cr_assert_lt(number, LABELS);
		cr_expect(!found[number], "%u stands there twice", number);
		found[number] = true;
		cr_expect_geq(totals[i].count, truth[number], "%.1f: %u", steep, number);
		cr_expect_leq(totals[i].error, totals[i].count);
		cr_expect_leq(totals[i].count - totals[i].error, truth[number], "%.1f: %u", steep,
			number);
		cr_expect_eq(totals[i].networks & ~networks_truth[number], 0, "%u", number);
		cr_expect(i == 0 || totals[i - 1].count >= totals[i].count);
	}
	/* what is frequent is there: more than 1/16 of its bucket in some thread */
	for (uint32_t i = 0; i < LABELS; i++)
		if (truth[i] > of_bucket[hash_of(i) % BUCKETS] / OBSERVE_WAYS)
			cr_expect(found[i], "%.1f: %u with %lu is missing", steep, i,
				(unsigned long)truth[i]);
	free(totals);
}

Test(observe_label, keeps_its_bounds_on_streams_of_any_steepness)
{
	static const double steeps[] = {0, 0.6, 1, 1.4, 2};

	for (unsigned int i = 0; i < sizeof(steeps) / sizeof(steeps[0]); i++)
		for (unsigned int threads = 1; threads <= THREADS; threads++) {
			srand(7 * i + threads);
			stream(steeps[i], threads);
			bounds_expect(steeps[i], threads);
		}
}

Test(observe_label, counts_exactly_while_there_is_room)
{
	struct observe_total *totals;
	unsigned int count;

	memset(buckets, 0, sizeof(buckets));
	for (uint32_t i = 0; i < OBSERVE_WAYS; i++)
		for (uint32_t k = 0; k <= i; k++) {
			struct observe_label label = label_of(i);

			observe_label_enter(buckets[k % 2], BUCKETS, DAY, &label, BUCKETS, k);
		}
	count = merge(2, &totals);
	cr_assert_eq(count, OBSERVE_WAYS);
	for (uint32_t i = 0; i < count; i++) {
		cr_expect_eq(totals[i].count, number_of(&totals[i].label) + 1);
		cr_expect_eq(totals[i].error, 0);
	}
	free(totals);
}

Test(observe_label, forgets_a_day_when_its_turn_comes_again)
{
	struct observe_label label = label_of(1);
	const struct observe_bucket *all[1] = {buckets[0]};
	struct observe_total *totals;

	memset(buckets, 0, sizeof(buckets));
	observe_label_enter(buckets[0], BUCKETS, DAY, &label, 0, 0);
	observe_label_enter(buckets[0], BUCKETS, DAY + 2, &label, 0, 0);
	cr_expect_eq(observe_labels_merge(all, 1, BUCKETS, DAY, &totals), 0);
	free(totals);
	cr_assert_eq(observe_labels_merge(all, 1, BUCKETS, DAY + 2, &totals), 1);
	cr_expect_eq(totals[0].count, 1);
	free(totals);
}

Test(observe_label, estimates_networks_from_their_bits)
{
	cr_expect_eq(observe_networks_estimate(0), 0);
	cr_expect_float_eq(observe_networks_estimate(0xffffffff), 44.36, 0.01);
	cr_expect_lt(observe_networks_estimate(UINT64_MAX), 0);
}
