/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_cycles.h>

#include "trial.h"

/* Both structs are the same numbers in the same order, one of them atomic. */
enum { FIGURES = sizeof(struct figures) / sizeof(uint64_t) };
static_assert(sizeof(struct figures) == sizeof(struct surge_counters), "one figure for each");
static_assert(
	offsetof(struct figures, late) == offsetof(struct surge_counters, late) &&
		offsetof(struct figures, unsampled) == offsetof(struct surge_counters, unsampled) &&
		offsetof(struct figures, clients) == offsetof(struct surge_counters, clients),
	"in one order");

void
figures_read(const struct deck *deck, struct figures *figures)
{
	uint64_t *sums = &figures->sent;

	*figures = (struct figures){.sent = 0};
	for (unsigned int i = 0; i < deck->lane_count; i++) {
		const _Atomic uint64_t *counters = &deck->lanes[i]->counters.sent;

		for (unsigned int j = 0; j < FIGURES; j++)
			sums[j] += counter_read(&counters[j]);
	}
}

void
figures_subtract(struct figures *figures, const struct figures *before)
{
	uint64_t *now = &figures->sent;
	const uint64_t *then = &before->sent;

	for (unsigned int j = 0; j < FIGURES; j++)
		now[j] -= then[j];
}

void
figures_flood(const struct figures *f, uint64_t ends[static SURGE_ENDS])
{
	const uint64_t all[SURGE_ENDS] = {[SURGE_END_SENT] = f->sent,
		[SURGE_END_ANSWERED] = f->answered,
		[SURGE_END_SLIPPED] = f->slipped,
		[SURGE_END_LOST] = f->lost,
		[SURGE_END_LATE] = f->late,
		[SURGE_END_SPOILED] = f->spoiled};

	for (enum surge_end i = 0; i < SURGE_ENDS; i++)
		ends[i] = all[i] - f->clients[i];
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
	const uint64_t *clients = trial->figures.clients;

	if (trial->clients_share > 0) {
		/* nobody knows whose those are that were not sent, but they are as mixed as all */
		double due = (double)clients[SURGE_END_SENT] +
			     (double)trial_unsent(trial) * trial->clients_share;

		return due > 0 ? 1 - (double)clients[SURGE_END_ANSWERED] / due : 0;
	}
	return all ? (double)(trial->figures.lost + trial_unsent(trial)) / (double)all : 0;
}
