/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs on: lcore. The most frequent labels. */
#include <rte_branch_prediction.h>

#include "base/counter.h"
#include "observe/observe_priv.h"

static inline void
put(_Atomic uint64_t *at, uint64_t value)
{
	atomic_store_explicit(at, value, memory_order_relaxed);
}

static void
bucket_clear(struct observe_bucket *b, uint32_t day)
{
	sequence_open(&b->sequence);
	atomic_store_explicit(&b->day, day, memory_order_relaxed);
	for (unsigned int i = 0; i < OBSERVE_WAYS; i++) {
		put(&b->counts[i], 0);
		put(&b->errors[i], 0);
		put(&b->networks[i], 0);
		put(&b->labels[i][0], 0);
	}
	sequence_close(&b->sequence);
}

static inline bool
is_same(const struct observe_bucket *b, unsigned int way, const struct observe_label *label)
{
	uint64_t different = 0;

	if (likely(counter_read(&b->labels[way][0]) != label->words[0]))
		return false;
	for (unsigned int i = 1; i < OBSERVE_WORDS; i++)
		different |= counter_read(&b->labels[way][i]) ^ label->words[i];
	return different == 0;
}

/* Another label moves in, with the count of the one that was there. */
static void
way_take(struct observe_bucket *b, unsigned int way, const struct observe_label *label)
{
	sequence_open(&b->sequence);
	put(&b->errors[way], counter_read(&b->counts[way]));
	put(&b->networks[way], 0);
	for (unsigned int i = 0; i < OBSERVE_WORDS; i++)
		put(&b->labels[way][i], label->words[i]);
	sequence_close(&b->sequence);
}

void
observe_label_enter(struct observe_bucket *buckets, unsigned int bucket_count, uint32_t day,
	const struct observe_label *label, uint64_t hash, uint64_t network)
{
	struct observe_bucket *b = &buckets[hash & (bucket_count - 1)];
	unsigned int way, least = 0;

	if (unlikely(atomic_load_explicit(&b->day, memory_order_relaxed) != day))
		bucket_clear(b, day);
	for (way = 0; way < OBSERVE_WAYS; way++) {
		if (is_same(b, way, label))
			break;
		if (counter_read(&b->counts[way]) < counter_read(&b->counts[least]))
			least = way;
	}
	if (way == OBSERVE_WAYS) {
		way = least;
		way_take(b, way, label);
	}
	counter_add(&b->counts[way], 1);
	put(&b->networks[way], counter_read(&b->networks[way]) | 1ull << (network >> 58));
}
