/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs on: lcore. Up step by step while there is too much, down step by step when it is calm. */
#include "limit/limit.h"

const char *const limit_step_names[LIMIT_STEPS] = {
	[LIMIT_STEP_NONE] = "none",
	[LIMIT_STEP_SAMPLES] = "samples",
	[LIMIT_STEP_UNKNOWN] = "unknown",
	[LIMIT_STEP_COOKIELESS] = "cookieless",
	[LIMIT_STEP_KNOWN] = "known",
};

static void
step_take(struct limit_ladder *ladder, uint32_t step)
{
	atomic_store_explicit(&ladder->step, step, memory_order_relaxed);
	counter_add(&ladder->taken[step], 1);
	ladder->high = ladder->low = 0;
}

/* What of the load counts on a step. */
static unsigned int
load_at(uint32_t step, struct limit_load load)
{
	unsigned int egress = load.egress;

	if (step > LIMIT_STEP_UNKNOWN)
		egress = 0;
	else if (step == LIMIT_STEP_UNKNOWN && egress >= LIMIT_LOAD_UP)
		egress = LIMIT_LOAD_UP - 1;
	return load.queue > egress ? load.queue : egress;
}

void
limit_ladder_look(struct limit_ladder *ladder, struct limit_load load)
{
	uint32_t step = atomic_load_explicit(&ladder->step, memory_order_relaxed);
	unsigned int counts = load_at(step, load);

	atomic_store_explicit(&ladder->load, load.queue > load.egress ? load.queue : load.egress,
		memory_order_relaxed);
	/* between the two it stays where it is */
	ladder->high = counts >= LIMIT_LOAD_UP ? ladder->high + 1 : 0;
	ladder->low = counts <= LIMIT_LOAD_DOWN ? ladder->low + 1 : 0;
	if (ladder->high >= LIMIT_LOOKS_UP && step < LIMIT_STEPS - 1)
		step_take(ladder, step + 1);
	else if (ladder->low >= LIMIT_LOOKS_DOWN && step > LIMIT_STEP_NONE)
		step_take(ladder, step - 1);
}
