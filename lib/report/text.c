/* SPDX-License-Identifier: BSD-3-Clause */
/* A report in Prometheus' text format, version 0.0.4. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/report_priv.h"

static const char *const kinds[] = {
	[REPORT_COUNTER] = "counter", [REPORT_GAUGE] = "gauge", [REPORT_HISTOGRAM] = "histogram"};

/* Text that grows: thousands of lines, for which printf's formats are read too often. */
struct text {
	char *octets;
	size_t length, room;
	bool failed;
};

static void
octets_put(struct text *to, const char *octets, size_t length)
{
	if (to->length + length + 1 > to->room) {
		size_t room = 2 * to->room + length + 4096;
		char *larger = realloc(to->octets, room);

		to->failed |= !larger;
		if (!larger)
			return;
		to->octets = larger;
		to->room = room;
	}
	memcpy(to->octets + to->length, octets, length);
	to->length += length;
	to->octets[to->length] = '\0';
}

static void
text_put(struct text *to, const char *text)
{
	octets_put(to, text, strlen(text));
}

static void
number_put(struct text *to, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	octets_put(to, digits + at, sizeof(digits) - at);
}

static void
label_put(struct text *to, const char *label)
{
	for (; *label; label++) {
		if (*label == '\\' || *label == '"')
			octets_put(to, "\\", 1);
		octets_put(to, *label == '\n' ? "\\n" : label, *label == '\n' ? 2 : 1);
	}
}

/* "zone=".",name="com."" */
static void
labels_put(struct text *to, const struct report_metric *metric, const char *values)
{
	unsigned int count = report_label_count(metric);

	for (unsigned int i = 0; i < count; i++, values = report_label_next(values)) {
		if (i)
			text_put(to, ",");
		text_put(to, metric->labels[i]);
		text_put(to, "=\"");
		label_put(to, values);
		text_put(to, "\"");
	}
}

/* A metric's name, or what a histogram makes of it, with labels. */
static void
name_put(
	struct text *to, const struct report_metric *metric, const char *suffix, const char *labels)
{
	bool labelled = report_label_count(metric) > 0;

	text_put(to, metric->name);
	text_put(to, suffix);
	if (labelled)
		text_put(to, "{");
	labels_put(to, metric, labels);
	if (labelled)
		text_put(to, "}");
}

static void
histogram_put(struct text *to, const struct report_metric *metric, const char *labels,
	const struct report_sample *sample)
{
	struct text start = {.octets = NULL};
	uint64_t below = 0;

	/* all lines of buckets begin alike */
	text_put(&start, metric->name);
	text_put(&start, "_bucket{");
	labels_put(&start, metric, labels);
	text_put(&start, report_label_count(metric) ? ",le=\"" : "le=\"");
	for (unsigned int i = 0; i < sample->bucket_count; i++) {
		below += sample->counts[i];
		octets_put(to, start.octets ? start.octets : "", start.length);
		if (i + 1 < sample->bucket_count)
			number_put(to, sample->bounds[i]);
		else
			text_put(to, "+Inf");
		text_put(to, "\"} ");
		number_put(to, below);
		text_put(to, "\n");
	}
	to->failed |= start.failed;
	free(start.octets);
	name_put(to, metric, "_sum", labels);
	text_put(to, " ");
	number_put(to, sample->count);
	text_put(to, "\n");
	name_put(to, metric, "_count", labels);
	text_put(to, " ");
	number_put(to, below);
	text_put(to, "\n");
}

static void
sample_put(struct text *to, const struct report_metric *metric, const char *labels,
	const struct report_sample *sample)
{
	char number[32];

	if (metric->kind == REPORT_HISTOGRAM) {
		histogram_put(to, metric, labels, sample);
		return;
	}
	name_put(to, metric, "", labels);
	text_put(to, " ");
	snprintf(number, sizeof(number), "%.15g", sample->number);
	if (sample->is_whole)
		number_put(to, sample->count);
	else
		text_put(to, number);
	text_put(to, "\n");
}

static void
metric_put(struct text *to, const struct report *report, enum report_which which)
{
	const struct report_metric *metric = &report_metrics[which];
	const struct report_values *values = &report->values[which];
	const char *const heading[] = {"# HELP ", metric->name, " ", metric->help, "\n# TYPE ",
		metric->name, " ", kinds[metric->kind], "\n"};

	for (size_t i = 0; i < sizeof(heading) / sizeof(heading[0]); i++)
		text_put(to, heading[i]);
	for (unsigned int i = 0; i < values->count; i++)
		sample_put(to, metric, report->text ? report->text + values->samples[i].labels : "",
			&values->samples[i]);
}

size_t
report_text(const struct report *report, char **text)
{
	struct text to = {.octets = NULL};

	for (unsigned int i = 0; i < REPORT_METRICS; i++)
		if (report->values[i].count)
			metric_put(&to, report, i);
	if (report->failed)
		text_put(&to, "# incomplete: out of memory\n");
	if (to.failed) {
		free(to.octets);
		to = (struct text){.octets = NULL};
	}
	*text = to.octets;
	return to.length;
}

bool
report_scalar(
	const struct report *report, unsigned int index, char *name, size_t size, double *value)
{
	for (unsigned int which = 0; which < REPORT_METRICS; which++) {
		const struct report_values *values = &report->values[which];
		const struct report_sample *sample;
		struct text text = {.octets = NULL};

		if (report_metrics[which].kind == REPORT_HISTOGRAM)
			continue;
		if (index >= values->count) {
			index -= values->count;
			continue;
		}
		sample = &values->samples[index];
		name_put(&text, &report_metrics[which], "",
			report->text ? report->text + sample->labels : "");
		snprintf(name, size, "%s", text.octets ? text.octets : "");
		free(text.octets);
		*value = sample->is_whole ? (double)sample->count : sample->number;
		return true;
	}
	return false;
}
