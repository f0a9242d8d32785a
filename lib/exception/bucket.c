/* SPDX-License-Identifier: BSD-3-Clause */
#include "exception/bucket.h"

#include <assert.h>

static const uint64_t second_ns = 1000000000;

static uint64_t
level_max(uint32_t rate)
{
	/* and one frame: at a low rate, what is left over when one goes would be lost */
	return second_ns + rate * (second_ns / 10);
}

struct bucket
bucket_of(uint32_t rate, uint64_t now_ns)
{
	return (struct bucket){.rate = rate, .last_ns = now_ns, .level = level_max(rate)};
}

uint32_t
bucket_fill(struct bucket *bucket, uint64_t now_ns)
{
	uint64_t passed_ns = now_ns - bucket->last_ns, full = level_max(bucket->rate);

	/* more would overflow, and fills it anyway unless the rate is below one a second */
	if (passed_ns > second_ns)
		passed_ns = second_ns;
	bucket->level += passed_ns * bucket->rate;
	if (bucket->level > full)
		bucket->level = full;
	bucket->last_ns = now_ns;
	return (uint32_t)(bucket->level / second_ns);
}

void
bucket_spend(struct bucket *bucket, uint32_t frames)
{
	assert(frames * second_ns <= bucket->level);
	bucket->level -= frames * second_ns;
}
