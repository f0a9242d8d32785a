/* SPDX-License-Identifier: BSD-3-Clause */
/* RSSAC047's verdicts, for a person: as it publishes them, and the values that it does not. */
#include <stdio.h>
#include <string.h>

#include "print.h"

static void
metric_print(const json_t *metric)
{
	const char *verdict = json_string_value(json_object_get(metric, "verdict"));
	const json_t *value = json_object_get(metric, "value");
	double threshold = json_number_value(json_object_get(metric, "threshold"));
	bool fails = verdict && strcmp(verdict, "fail") == 0;
	/* what has a percentage is to be above, what takes time below */
	const char *bound = strcmp(text_of(metric, "unit"), "%") == 0 ? "at least" : "at most";

	printf("  %-26s ", text_of(metric, "name"));
	if (!json_is_number(value)) {
		puts("-");
		return;
	}
	printf("%-4s  %.10g %s of %lld, %s %.10g\n", fails ? "FAIL" : "pass",
		(double)(long long)(json_number_value(value) * 1000) / 1000,
		text_of(metric, "unit"), (long long)number_of(metric, "count"), bound, threshold);
}

static void
month_print(const json_t *month)
{
	const json_t *wrong = json_object_get(month, "last_wrong"), *metric;
	char at[TIME_TEXT_SIZE];
	size_t i;

	words_print("", 2, "%s%s: %lld intervals, %lld missed", text_of(month, "month"),
		json_is_true(json_object_get(month, "complete")) ? "" : ", so far",
		(long long)number_of(month, "intervals"), (long long)number_of(month, "missed"));
	json_array_foreach(json_object_get(month, "metrics"), i, metric) metric_print(metric);
	if (json_is_object(wrong))
		words_print("  ", 4, "last wrong reply %s: %s", time_text(wrong, "at", at),
			text_of(wrong, "text"));
}

void
print_rssac047(const json_t *reply)
{
	const json_t *months = json_object_get(reply, "months"), *month;
	size_t i;

	if (json_array_size(months) == 0)
		puts("nothing has been measured yet");
	json_array_foreach(months, i, month) month_print(month);
}
