/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>

#include "surge/surge.h"

static struct surge_histogram histogram, before, sum;

Test(surge_histogram, puts_each_value_into_the_bucket_that_ends_at_or_above_it)
{
	for (unsigned int shift = 0; shift < 64; shift++)
		for (int around = -1; around <= 1; around++) {
			uint64_t value = (1ull << shift) + (uint64_t)around;
			unsigned int bucket = surge_histogram_bucket(value);

			cr_assert_lt(bucket, SURGE_BUCKETS, "%lu", value);
			cr_expect_geq(surge_histogram_bound(bucket), value, "%lu", value);
			if (bucket)
				cr_expect_lt(
					surge_histogram_bound(bucket - 1), value, "%lu", value);
		}
	cr_expect_eq(surge_histogram_bucket(UINT64_MAX), SURGE_BUCKETS - 1);
	cr_expect_eq(surge_histogram_bound(SURGE_BUCKETS - 1), UINT64_MAX);
}

Test(surge_histogram, knows_a_value_to_three_per_cent)
{
	for (uint64_t value = 1; value < 1ull << 40; value = value * 9 / 8 + 1) {
		double bound = (double)surge_histogram_bound(surge_histogram_bucket(value));

		cr_expect_leq(
			bound, (double)value * (1 + 1.0 / (1 << SURGE_PART_BITS)), "%lu", value);
	}
}

Test(surge_histogram, tells_quantiles_of_what_it_was_given)
{
	cr_expect_eq(surge_histogram_quantile(&histogram, .5), 0);
	for (uint64_t value = 1; value <= 1000; value++)
		surge_histogram_add(&histogram, value);
	cr_expect_eq(surge_histogram_count(&histogram), 1000);
	for (unsigned int i = 1; i <= 100; i++) {
		double wanted = 10.0 * i;
		double told = (double)surge_histogram_quantile(&histogram, i / 100.0);

		cr_expect(told >= wanted && told <= wanted * 1.033, "%u: %f", i, told);
	}
	cr_expect_eq(surge_histogram_quantile(&histogram, 1), 1000);
	cr_expect_eq(surge_histogram_quantile(&histogram, 0), 1);
}

Test(surge_histogram, never_tells_more_than_the_most)
{
	surge_histogram_add(&histogram, 1025);
	cr_expect_eq(surge_histogram_quantile(&histogram, .5), 1025);
	cr_expect_eq(surge_histogram_quantile(&histogram, 1), 1025);
}

Test(surge_histogram, adds_up_what_came_since)
{
	for (uint64_t value = 1; value <= 10; value++)
		surge_histogram_add(&histogram, value);
	surge_histogram_sum(&before, &histogram, NULL);
	for (uint64_t value = 11; value <= 30; value++)
		surge_histogram_add(&histogram, value);
	surge_histogram_sum(&sum, &histogram, &before);
	cr_expect_eq(surge_histogram_count(&sum), 20);
	cr_expect_eq(surge_histogram_quantile(&sum, 0), 11);
	cr_expect_eq(surge_histogram_quantile(&sum, .5), 20);
}
