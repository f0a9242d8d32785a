/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_cycles.h>

#include "trial.h"

/* Both structs in the same order, so that a new counter is not forgotten here. */
#define EACH_FIGURE(X)                                                                             \
	X(sent)                                                                                    \
	X(sent_octets)                                                                             \
	X(answered)                                                                                \
	X(lost)                                                                                    \
	X(late)                                                                                    \
	X(silent) X(spoiled) X(received) X(received_octets) X(other) X(crossed) X(refused)         \
		X(unsampled)
static_assert(sizeof(struct figures) == sizeof(struct surge_counters), "one figure for each");

void
figures_read(const struct deck *deck, struct figures *figures)
{
	*figures = (struct figures){.sent = 0};
	for (unsigned int i = 0; i < deck->lane_count; i++) {
		const struct surge_counters *c = &deck->lanes[i]->counters;

#define ADD(name) figures->name += counter_read(&c->name);
		EACH_FIGURE(ADD)
#undef ADD
		for (unsigned int j = 0; j < 16; j++)
			figures->rcodes[j] += counter_read(&c->rcodes[j]);
		for (unsigned int j = 0; j < SURGE_FAULTS; j++)
			figures->faults[j] += counter_read(&c->faults[j]);
	}
}

void
figures_subtract(struct figures *figures, const struct figures *before)
{
#define SUBTRACT(name) figures->name -= before->name;
	EACH_FIGURE(SUBTRACT)
#undef SUBTRACT
	for (unsigned int j = 0; j < 16; j++)
		figures->rcodes[j] -= before->rcodes[j];
	for (unsigned int j = 0; j < SURGE_FAULTS; j++)
		figures->faults[j] -= before->faults[j];
}

uint64_t
figures_wrong(const struct figures *figures)
{
	uint64_t wrong = 0;

	for (enum surge_fault i = SURGE_RIGHT + 1; i < SURGE_FAULTS; i++)
		wrong += figures->faults[i];
	return wrong;
}

struct latency
latency_of(const struct surge_histogram *histogram)
{
	double us = 1e6 / (double)rte_get_tsc_hz();

	return (struct latency){
		.p50 = us * (double)surge_histogram_quantile(histogram, .5),
		.p90 = us * (double)surge_histogram_quantile(histogram, .9),
		.p99 = us * (double)surge_histogram_quantile(histogram, .99),
		.p999 = us * (double)surge_histogram_quantile(histogram, .999),
		.p9999 = us * (double)surge_histogram_quantile(histogram, .9999),
		.most = us * (double)counter_read(&histogram->most),
	};
}

double
trial_loss(const struct trial *trial)
{
	uint64_t all = trial->due > trial->figures.sent ? trial->due : trial->figures.sent;

	return all ? (double)(trial->figures.lost + trial_unsent(trial)) / (double)all : 0;
}
