/* SPDX-License-Identifier: BSD-3-Clause */
/* What came of the runs: for a person, a program, and the eye. */
#ifndef MANGROVE_SURGE_REPORT_H
#define MANGROVE_SURGE_REPORT_H

#include <stdio.h>

#include "trial.h"

enum { TRIALS_MAX = 1024 };

/* All runs in their order. */
struct results {
	struct trial *trials[TRIALS_MAX];
	unsigned int count;
	double found; /* by a search; 0: nothing */
	double load;  /* of the machine, at the start */
};

/** Where a person reads: standard output, unless that is for JSON. */
FILE *report_stream(const struct options *options);
/** Print one run. */
void report_trial(const struct options *options, const struct trial *trial);
/** Print what a ramp or a search came to. */
void report_results(const struct options *options, const struct results *results);

/** Each returns 0 or -errno. */
int json_write(const struct deck *deck, const struct options *options,
	const struct results *results, bool well, struct why *why);
int plot_write(const struct options *options, const struct results *results, struct why *why);
int queries_write(const struct surge_templates *templates, const char *path, struct why *why);
int wrong_write(const struct deck *deck, const char *path, struct why *why);

#endif
