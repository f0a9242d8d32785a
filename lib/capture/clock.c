/* SPDX-License-Identifier: BSD-3-Clause */
/* Times of records, whose threads read but the CPU's counter. */
#include <rte_cycles.h>
#include <time.h>

#include "capture/capture_priv.h"

enum { BASELINE_NS = 10 * 1000 * 1000 }; /* of the first rate */
static const int64_t step_ns = 500 * 1000 * 1000;

static int64_t
ns_of(const struct timespec *time)
{
	return time->tv_sec * INT64_C(1000000000) + time->tv_nsec;
}

void
capture_moment_read(struct capture_moment *moment)
{
	struct timespec monotonic, real;

	clock_gettime(CLOCK_MONOTONIC, &monotonic);
	clock_gettime(CLOCK_REALTIME, &real);
	*moment = (struct capture_moment){
		.ticks = rte_rdtsc(), .monotonic_ns = ns_of(&monotonic), .real_ns = ns_of(&real)};
}

void
capture_clock_begin(struct capture_clock *clock, const struct capture_moment *moment)
{
	*clock = (struct capture_clock){
		.first = *moment,
		.last = *moment,
		.ns_per_tick = 1,
		.offset_ns = moment->real_ns - moment->monotonic_ns,
	};
}

int64_t
capture_clock_turn(struct capture_clock *clock, const struct capture_moment *moment)
{
	int64_t offset_ns = moment->real_ns - moment->monotonic_ns;
	int64_t step = offset_ns - clock->offset_ns;
	int64_t since_ns = moment->monotonic_ns - clock->first.monotonic_ns;

	if (since_ns >= BASELINE_NS && moment->ticks > clock->first.ticks)
		clock->ns_per_tick =
			(double)since_ns / (double)(moment->ticks - clock->first.ticks);
	clock->last = *moment;
	clock->offset_ns = offset_ns;
	return step > step_ns || step < -step_ns ? step : 0;
}

int64_t
capture_clock_time(const struct capture_clock *clock, uint64_t ticks)
{
	int64_t since = (int64_t)(ticks - clock->last.ticks);

	return clock->last.real_ns + (int64_t)((double)since * clock->ns_per_tick);
}
