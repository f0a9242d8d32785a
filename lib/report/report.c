/* SPDX-License-Identifier: BSD-3-Clause */
/* A report is filled in. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "report/report_priv.h"

unsigned int
report_label_count(const struct report_metric *metric)
{
	unsigned int count = 0;

	while (count < REPORT_LABELS_MAX && metric->labels[count])
		count++;
	return count;
}

const char *
report_label_next(const char *label)
{
	return label + strlen(label) + 1;
}

struct report *
report_new(void)
{
	return calloc(1, sizeof(struct report));
}

void
report_free(struct report *report)
{
	if (!report)
		return;
	for (unsigned int i = 0; i < REPORT_METRICS; i++) {
		for (unsigned int k = 0; k < report->values[i].count; k++) {
			free(report->values[i].samples[k].bounds);
			free(report->values[i].samples[k].counts);
		}
		free(report->values[i].samples);
	}
	free(report->text);
	free(report);
}

static bool
text_put(struct report *report, const char *text)
{
	size_t size = strlen(text) + 1;

	if (report->text_size + size > report->text_room) {
		size_t room = 2 * report->text_room + size + 4096;
		char *larger = realloc(report->text, room);

		if (!larger)
			return false;
		report->text = larger;
		report->text_room = room;
	}
	memcpy(report->text + report->text_size, text, size);
	report->text_size += size;
	return true;
}

static struct report_sample *
sample_new(struct report_values *values)
{
	if (values->count == values->room) {
		unsigned int room = 2 * values->room + 4;
		struct report_sample *larger =
			realloc(values->samples, room * sizeof(*values->samples));

		if (!larger)
			return NULL;
		values->samples = larger;
		values->room = room;
	}
	values->samples[values->count] = (struct report_sample){.labels = 0};
	return &values->samples[values->count++];
}

/* @return NULL: no memory, which is noted */
static struct report_sample *
sample_add(struct report *report, enum report_which which, va_list labels)
{
	struct report_sample *sample = sample_new(&report->values[which]);
	bool good = sample != NULL;

	if (good)
		sample->labels = report->text_size;
	for (unsigned int i = report_label_count(&report_metrics[which]); i > 0 && good; i--)
		good = text_put(report, va_arg(labels, const char *));
	if (sample && !good)
		report->values[which].count--;
	report->failed |= !good;
	return good ? sample : NULL;
}

void
report_count(struct report *report, enum report_which which, uint64_t value, ...)
{
	struct report_sample *sample;
	va_list labels;

	va_start(labels, value);
	sample = sample_add(report, which, labels);
	va_end(labels);
	if (!sample)
		return;
	sample->is_whole = true;
	sample->count = value;
}

void
report_gauge(struct report *report, enum report_which which, double value, ...)
{
	struct report_sample *sample;
	va_list labels;

	va_start(labels, value);
	sample = sample_add(report, which, labels);
	va_end(labels);
	if (sample)
		sample->number = value;
}

static uint64_t *
numbers_copy(const uint64_t *numbers, unsigned int count)
{
	uint64_t *copy = malloc((count + 1) * sizeof(*copy));

	if (copy && count)
		memcpy(copy, numbers, count * sizeof(*copy));
	return copy;
}

void
report_histogram(
	struct report *report, enum report_which which, const struct report_buckets *buckets, ...)
{
	struct report_sample *sample;
	va_list labels;

	va_start(labels, buckets);
	sample = sample_add(report, which, labels);
	va_end(labels);
	if (!sample)
		return;
	sample->is_whole = true;
	sample->count = buckets->sum;
	sample->bounds = numbers_copy(buckets->bounds, buckets->count - 1);
	sample->counts = numbers_copy(buckets->counts, buckets->count);
	sample->bucket_count = sample->bounds && sample->counts ? buckets->count : 0;
	report->failed |= sample->bucket_count == 0;
}
