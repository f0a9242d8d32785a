/* SPDX-License-Identifier: BSD-3-Clause */
/* Control plane: what threads saw, as if one of them had seen all. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/counter.h"
#include "observe/observe_priv.h"

enum { TRIES = 64 }; /* to read what is being written; then it is left out */

/* ---- labels ---- */

/* A bucket's ways as they were at one moment. */
struct snapshot {
	struct observe_total ways[OBSERVE_WAYS];
	unsigned int count;
	uint64_t least; /* that a label which is not here may have been asked */
};

static void
way_read(const struct observe_bucket *b, unsigned int way, struct snapshot *s)
{
	struct observe_total *total = &s->ways[s->count];

	for (unsigned int i = 0; i < OBSERVE_WORDS; i++)
		total->label.words[i] = counter_read(&b->labels[way][i]);
	total->count = counter_read(&b->counts[way]);
	total->error = counter_read(&b->errors[way]);
	total->networks = counter_read(&b->networks[way]);
	/* one that moves in is there before its first query is counted */
	s->count += total->label.words[0] != 0 && total->count > total->error;
}

static void
bucket_read(const struct observe_bucket *b, uint32_t day, struct snapshot *s)
{
	for (unsigned int tries = 0; tries < TRIES; tries++) {
		uint32_t sequence = sequence_read(&b->sequence);

		*s = (struct snapshot){.count = 0};
		if (atomic_load_explicit(&b->day, memory_order_relaxed) == day)
			for (unsigned int way = 0; way < OBSERVE_WAYS; way++)
				way_read(b, way, s);
		if (sequence_holds(&b->sequence, sequence))
			break;
		s->count = 0;
	}
	if (s->count < OBSERVE_WAYS)
		return;
	s->least = UINT64_MAX;
	for (unsigned int i = 0; i < s->count; i++)
		s->least = s->ways[i].count < s->least ? s->ways[i].count : s->least;
}

static int
label_order(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct observe_label));
}

static int
count_order(const void *a, const void *b)
{
	const struct observe_total *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return label_order(a, b);
}

static_assert(offsetof(struct observe_total, label) == 0, "ordered by label");

/* Add up the ways of one bucket of all threads; `totals` has room for all of them. A thread that
 * has not a label may have forgotten it, but only if it asked for it less than for all it has. */
static unsigned int
bucket_merge(const struct observe_bucket *const *buckets, unsigned int thread_count,
	unsigned int index, uint32_t day, struct observe_total *totals)
{
	unsigned int all = 0, count = 0;
	uint64_t least = 0;

	for (unsigned int i = 0; i < thread_count; i++) {
		struct snapshot s;

		bucket_read(&buckets[i][index], day, &s);
		least += s.least;
		for (unsigned int k = 0; k < s.count; k++) {
			struct observe_total *total = &totals[all++];

			*total = s.ways[k];
			/* below, each label gets what all threads may have forgotten; what goes
			 * below zero here is above it there */
			total->count -= s.least;
			total->error -= s.least;
		}
	}
	qsort(totals, all, sizeof(*totals), label_order);
	for (unsigned int i = 0; i < all; i++) {
		if (count && label_order(&totals[count - 1], &totals[i]) == 0) {
			totals[count - 1].count += totals[i].count;
			totals[count - 1].error += totals[i].error;
			totals[count - 1].networks |= totals[i].networks;
		} else {
			totals[count++] = totals[i];
		}
	}
	for (unsigned int i = 0; i < count; i++) {
		totals[i].count += least;
		totals[i].error += least;
	}
	return count;
}

unsigned int
observe_labels_merge(const struct observe_bucket *const *buckets, unsigned int thread_count,
	unsigned int bucket_count, uint32_t day, struct observe_total **totals)
{
	size_t room = (size_t)thread_count * bucket_count * OBSERVE_WAYS;
	unsigned int count = 0;

	*totals = room ? malloc(room * sizeof(**totals)) : NULL;
	if (!*totals)
		return 0;
	for (unsigned int i = 0; i < bucket_count; i++)
		count += bucket_merge(buckets, thread_count, i, day, *totals + count);
	qsort(*totals, count, sizeof(**totals), count_order);
	return count;
}

/* Linear counting (Whang et al. 1990) */
double
observe_networks_estimate(uint64_t networks)
{
	int zeros = 64 - __builtin_popcountll(networks);

	return zeros ? 64 * log(64.0 / zeros) : -1;
}

/* ---- networks ---- */

const char *const observe_use_names[OBSERVE_USE_CLASSES] = {
	[OBSERVE_USES] = "uses",
	[OBSERVE_MIXED] = "mixed",
	[OBSERVE_USES_NOT] = "uses_not",
	[OBSERVE_NO_DNSSEC] = "no_dnssec",
	[OBSERVE_TOO_LITTLE] = "too_little",
};

/* A network at one moment. */
struct seen {
	uint64_t key, with_do, without_do;
	uint32_t nodes[OBSERVE_RANGES]; /* node + 1; 0: none */
	uint64_t times[OBSERVE_RANGES];
};

static uint32_t
number(const _Atomic uint32_t *at)
{
	return atomic_load_explicit(at, memory_order_relaxed);
}

/* @return false: it is of another window, or none */
static bool
network_read(const struct observe_network *n, uint64_t window, struct seen *seen)
{
	for (unsigned int tries = 0; tries < TRIES; tries++) {
		uint32_t sequence = sequence_read(&n->sequence);
		uint64_t there = counter_read(&n->window);

		seen->key = counter_read(&n->key);
		seen->with_do = number(&n->with_do);
		seen->without_do = number(&n->without_do);
		for (unsigned int i = 0; i < OBSERVE_RANGES; i++) {
			uint32_t range = number(&n->ranges[i]);

			seen->nodes[i] = range >> 16;
			seen->times[i] = range_times(range);
		}
		if (sequence_holds(&n->sequence, sequence))
			return there == window && seen->key != 0;
	}
	return false;
}

static void
seen_add(struct seen *sum, const struct seen *seen)
{
	if (sum->key == 0 || seen->key < sum->key) {
		*sum = *seen;
		return;
	}
	if (seen->key > sum->key)
		return;
	sum->with_do += seen->with_do;
	sum->without_do += seen->without_do;
	for (unsigned int i = 0; i < OBSERVE_RANGES; i++) {
		if (seen->nodes[i] == 0)
			continue;
		if (seen->nodes[i] == sum->nodes[i]) {
			sum->times[i] += seen->times[i];
		} else if (sum->nodes[i] == 0 ||
			   range_goes_first(seen->nodes[i] - 1, sum->nodes[i] - 1)) {
			sum->nodes[i] = seen->nodes[i];
			sum->times[i] = seen->times[i];
		}
	}
}

static void
seen_judge(const struct seen *seen, struct observe_aggressive *sum)
{
	uint64_t asked = 0, repeats = 0;
	enum observe_use use = OBSERVE_MIXED;

	if (seen->key == 0)
		return;
	for (unsigned int i = 0; i < OBSERVE_RANGES; i++) {
		asked += seen->times[i];
		repeats += seen->times[i] ? seen->times[i] - 1 : 0;
	}
	sum->asked += asked;
	sum->repeats += repeats;
	if (seen->with_do + seen->without_do >= OBSERVE_ASKED_MIN &&
		seen->without_do > seen->with_do)
		use = OBSERVE_NO_DNSSEC;
	else if (asked < OBSERVE_ASKED_MIN)
		use = OBSERVE_TOO_LITTLE;
	else if (repeats * 10 <= asked)
		use = OBSERVE_USES;
	else if (repeats * 2 >= asked)
		use = OBSERVE_USES_NOT;
	sum->networks[use]++;
}

void
observe_networks_merge(const struct observe_network *const *networks, unsigned int thread_count,
	uint64_t window, struct observe_aggressive *sum)
{
	*sum = (struct observe_aggressive){.asked = 0};
	for (unsigned int i = 0; i < OBSERVE_NETWORKS; i++) {
		struct seen merged = {.key = 0}, seen;

		for (unsigned int k = 0; k < thread_count; k++)
			if (network_read(&networks[k][i], window, &seen))
				seen_add(&merged, &seen);
		seen_judge(&merged, sum);
	}
}
