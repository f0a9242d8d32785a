/* SPDX-License-Identifier: BSD-3-Clause */
#include "surge/surge.h"

uint64_t
surge_histogram_bound(unsigned int bucket)
{
	unsigned int shift, part = bucket & ((1u << SURGE_PART_BITS) - 1);

	if (bucket < 1u << SURGE_PART_BITS)
		return bucket;
	shift = (bucket >> SURGE_PART_BITS) - 1;
	return ((((uint64_t)1 << SURGE_PART_BITS) + part) << shift) + (((uint64_t)1 << shift) - 1);
}

void
surge_histogram_sum(struct surge_histogram *to, const struct surge_histogram *from,
	const struct surge_histogram *since)
{
	uint64_t most = counter_read(&from->most);

	for (unsigned int i = 0; i < SURGE_BUCKETS; i++)
		counter_add(&to->counts[i], counter_read(&from->counts[i]) -
						    (since ? counter_read(&since->counts[i]) : 0));
	if (most > counter_read(&to->most))
		atomic_store_explicit(&to->most, most, memory_order_relaxed);
}

uint64_t
surge_histogram_count(const struct surge_histogram *h)
{
	uint64_t count = 0;

	for (unsigned int i = 0; i < SURGE_BUCKETS; i++)
		count += counter_read(&h->counts[i]);
	return count;
}

uint64_t
surge_histogram_quantile(const struct surge_histogram *h, double quantile)
{
	uint64_t count = surge_histogram_count(h), seen = 0, most = counter_read(&h->most);
	/* the smallest value that at least this many are not above */
	uint64_t wanted = (uint64_t)(quantile * (double)count);

	if (count == 0)
		return 0;
	if ((double)wanted < quantile * (double)count || wanted == 0)
		wanted++;
	for (unsigned int i = 0; i < SURGE_BUCKETS; i++) {
		seen += counter_read(&h->counts[i]);
		if (seen >= wanted) {
			uint64_t bound = surge_histogram_bound(i);

			return bound < most ? bound : most;
		}
	}
	return most;
}
