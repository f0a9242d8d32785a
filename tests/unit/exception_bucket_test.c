/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>

#include "exception/bucket.h"
#include "exception/exception.h"

static const uint64_t ms = 1000000, second = 1000000000;

Test(exception_bucket, starts_full_and_gives_no_more_than_it_has)
{
	struct bucket bucket = bucket_of(1000, 5);

	cr_expect_eq(bucket_fill(&bucket, 5), 101);
	bucket_spend(&bucket, 100);
	cr_expect_eq(bucket_fill(&bucket, 5), 1);
	bucket_spend(&bucket, 1);
	cr_expect_eq(bucket_fill(&bucket, 5), 0);
}

Test(exception_bucket, fills_with_time_up_to_a_tenth_of_a_second)
{
	struct bucket bucket = bucket_of(1000, 0);

	bucket_spend(&bucket, 101);
	cr_expect_eq(bucket_fill(&bucket, ms - 1), 0);
	cr_expect_eq(bucket_fill(&bucket, ms), 1);
	cr_expect_eq(bucket_fill(&bucket, 100 * ms - 1), 99);
	cr_expect_eq(bucket_fill(&bucket, 100 * ms), 100);
	cr_expect_eq(bucket_fill(&bucket, 101 * ms), 101);
	cr_expect_eq(bucket_fill(&bucket, 102 * ms), 101);
	/* a year, and a clock that stood still */
	cr_expect_eq(bucket_fill(&bucket, 31536000 * second), 101);
	cr_expect_eq(bucket_fill(&bucket, 31536000 * second), 101);
}

Test(exception_bucket, lets_pass_its_rate_however_often_it_is_asked)
{
	static const uint32_t rates[] = {1, 9, 10, 333, 5000, EXCEPTION_RATE_MAX};
	static const uint64_t steps[] = {1, 999, 12345, 1000000, 77777777};

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
		for (size_t k = 0; k < sizeof(steps) / sizeof(steps[0]); k++) {
			struct bucket bucket = bucket_of(rates[i], 0);
			uint64_t passed = 0, now = 0;

			bucket_spend(&bucket, bucket_fill(&bucket, 0));
			while (now < 10000 * steps[k]) {
				uint32_t may = bucket_fill(&bucket, now += steps[k]);

				bucket_spend(&bucket, may);
				passed += may;
			}
			/* what the first filling left over lets one more pass */
			cr_expect_leq(passed - now * rates[i] / second, 1,
				"%u a second each %lu ns", rates[i], (unsigned long)steps[k]);
		}
}

Test(exception_bucket, holds_one_frame_at_the_lowest_rate)
{
	struct bucket bucket = bucket_of(1, 0);

	cr_expect_eq(bucket_fill(&bucket, 0), 1);
	bucket_spend(&bucket, 1);
	cr_expect_eq(bucket_fill(&bucket, 900 * ms - 1), 0);
	cr_expect_eq(bucket_fill(&bucket, 900 * ms), 1);
	bucket_spend(&bucket, 1);
	cr_expect_eq(bucket_fill(&bucket, 1900 * ms - 1), 0);
	cr_expect_eq(bucket_fill(&bucket, 1900 * ms), 1);
}
