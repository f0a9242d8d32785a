/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef REPORT_REPORT_PRIV_H
#define REPORT_REPORT_PRIV_H

#include "report/report.h"

struct report_sample {
	size_t labels; /* offset in report->text of the values, each ended by a zero octet */
	bool is_whole; /* count is the value, else number is */
	uint64_t count;
	double number;
	/* of a histogram; owned */
	unsigned int bucket_count;
	uint64_t *bounds, *counts;
};

struct report_values {
	struct report_sample *samples;
	unsigned int count, room;
};

struct report {
	struct report_values values[REPORT_METRICS];
	char *text;
	size_t text_size, text_room;
	bool failed; /* memory was out */
};

/** How many labels a metric has. */
unsigned int report_label_count(const struct report_metric *metric);

/** The label behind `label`. */
const char *report_label_next(const char *label);

#endif
