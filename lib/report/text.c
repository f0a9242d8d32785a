/* SPDX-License-Identifier: BSD-3-Clause */
/* A report in Prometheus' text format, version 0.0.4. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/report_priv.h"

static const char *const kinds[] = {
	[REPORT_COUNTER] = "counter", [REPORT_GAUGE] = "gauge", [REPORT_HISTOGRAM] = "histogram"};

static void
label_put(FILE *to, const char *text)
{
	for (; *text; text++) {
		if (*text == '\\' || *text == '"')
			fputc('\\', to);
		if (*text == '\n')
			fputs("\\n", to);
		else
			fputc(*text, to);
	}
}

/* "{zone=".",name="com."}", and one label more for a bucket */
static void
labels_put(FILE *to, const struct report_metric *metric, const char *values, const char *bound)
{
	unsigned int count = report_label_count(metric);

	if (count == 0 && !bound)
		return;
	fputc('{', to);
	for (unsigned int i = 0; i < count; i++, values = report_label_next(values)) {
		fprintf(to, "%s%s=\"", i ? "," : "", metric->labels[i]);
		label_put(to, values);
		fputc('"', to);
	}
	if (bound)
		fprintf(to, "%sle=\"%s\"", count ? "," : "", bound);
	fputc('}', to);
}

static void
histogram_put(FILE *to, const struct report_metric *metric, const char *labels,
	const struct report_sample *sample)
{
	uint64_t below = 0;
	char bound[24];

	for (unsigned int i = 0; i < sample->bucket_count; i++) {
		below += sample->counts[i];
		if (i + 1 < sample->bucket_count)
			snprintf(bound, sizeof(bound), "%" PRIu64, sample->bounds[i]);
		else
			snprintf(bound, sizeof(bound), "+Inf");
		fprintf(to, "%s_bucket", metric->name);
		labels_put(to, metric, labels, bound);
		fprintf(to, " %" PRIu64 "\n", below);
	}
	fprintf(to, "%s_sum", metric->name);
	labels_put(to, metric, labels, NULL);
	fprintf(to, " %" PRIu64 "\n%s_count", sample->count, metric->name);
	labels_put(to, metric, labels, NULL);
	fprintf(to, " %" PRIu64 "\n", below);
}

static void
metric_put(FILE *to, const struct report *report, enum report_which which)
{
	const struct report_metric *metric = &report_metrics[which];
	const struct report_values *values = &report->values[which];

	fprintf(to, "# HELP %s %s\n# TYPE %s %s\n", metric->name, metric->help, metric->name,
		kinds[metric->kind]);
	for (unsigned int i = 0; i < values->count; i++) {
		const struct report_sample *sample = &values->samples[i];
		const char *labels = report->text ? report->text + sample->labels : "";

		if (metric->kind == REPORT_HISTOGRAM) {
			histogram_put(to, metric, labels, sample);
			continue;
		}
		fputs(metric->name, to);
		labels_put(to, metric, labels, NULL);
		if (sample->is_whole)
			fprintf(to, " %" PRIu64 "\n", sample->count);
		else
			fprintf(to, " %.15g\n", sample->number);
	}
}

size_t
report_text(const struct report *report, char **text)
{
	size_t size = 0;
	FILE *to = open_memstream(text, &size);

	if (!to) {
		*text = NULL;
		return 0;
	}
	for (unsigned int i = 0; i < REPORT_METRICS; i++)
		if (report->values[i].count)
			metric_put(to, report, i);
	if (report->failed)
		fputs("# incomplete: out of memory\n", to);
	if (fclose(to) == 0)
		return size;
	free(*text);
	*text = NULL;
	return 0;
}

bool
report_scalar(
	const struct report *report, unsigned int index, char *name, size_t size, double *value)
{
	for (unsigned int which = 0; which < REPORT_METRICS; which++) {
		const struct report_values *values = &report->values[which];
		const struct report_sample *sample;
		FILE *to;

		if (report_metrics[which].kind == REPORT_HISTOGRAM)
			continue;
		if (index >= values->count) {
			index -= values->count;
			continue;
		}
		sample = &values->samples[index];
		to = fmemopen(name, size, "w");
		if (!to)
			return false;
		fputs(report_metrics[which].name, to);
		labels_put(to, &report_metrics[which],
			report->text ? report->text + sample->labels : "", NULL);
		fclose(to);
		*value = sample->is_whole ? (double)sample->count : sample->number;
		return true;
	}
	return false;
}
