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

void
limit_ladder_look(struct limit_ladder *ladder, unsigned int load)
{
	uint32_t step = atomic_load_explicit(&ladder->step, memory_order_relaxed);

	atomic_store_explicit(&ladder->load, load, memory_order_relaxed);
	/* between the two it stays where it is */
	ladder->high = load >= LIMIT_LOAD_UP ? ladder->high + 1 : 0;
	ladder->low = load <= LIMIT_LOAD_DOWN ? ladder->low + 1 : 0;
	if (ladder->high >= LIMIT_LOOKS_UP && step < LIMIT_STEPS - 1)
		step_take(ladder, step + 1);
	else if (ladder->low >= LIMIT_LOOKS_DOWN && step > LIMIT_STEP_NONE)
		step_take(ladder, step - 1);
}
