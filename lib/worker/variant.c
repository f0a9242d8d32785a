/* SPDX-License-Identifier: BSD-3-Clause */
#include "worker/burst.h"

#include <string.h>

static bool
plain_runs(void)
{
	return true;
}

#ifdef __x86_64__
static bool
avx2_runs(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
}

static bool
avx512_runs(void)
{
	return avx2_runs() && __builtin_cpu_supports("avx512f") &&
	       __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}
#endif

/* the best first */
static const struct {
	struct worker_variant variant;
	bool (*runs)(void);
} variants[] = {
#ifdef __x86_64__
	{{"avx512", worker_answer_avx512}, avx512_runs},
	{{"avx2", worker_answer_avx2}, avx2_runs},
#endif
	{{"plain", worker_answer_plain}, plain_runs},
};

const struct worker_variant *
worker_variant_choose(const char *name)
{
	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++)
		if ((!name || strcmp(name, variants[i].variant.name) == 0) && variants[i].runs())
			return &variants[i].variant;
	return NULL;
}
