/* SPDX-License-Identifier: BSD-3-Clause */
/* A report as JSON. */
#include "report/report_priv.h"

static json_t *
labels_json(const struct report_metric *metric, const char *values)
{
	json_t *json = json_object();

	for (unsigned int i = 0; i < report_label_count(metric); i++) {
		json_object_set_new(json, metric->labels[i], json_string(values));
		values = report_label_next(values);
	}
	return json;
}

static json_t *
buckets_json(const struct report_sample *sample)
{
	json_t *all = json_array();

	for (unsigned int i = 0; i < sample->bucket_count; i++) {
		json_t *bound = i + 1 < sample->bucket_count
					? json_integer((json_int_t)sample->bounds[i])
					: json_null();

		json_array_append_new(
			all, json_pack("[o, I]", bound, (json_int_t)sample->counts[i]));
	}
	return all;
}

static json_t *
sample_json(const struct report *report, const struct report_metric *metric,
	const struct report_sample *sample)
{
	json_t *labels = labels_json(metric, report->text ? report->text + sample->labels : "");

	if (metric->kind == REPORT_HISTOGRAM)
		return json_pack("{s:o, s:I, s:o}", "labels", labels, "sum",
			(json_int_t)sample->count, "buckets", buckets_json(sample));
	if (sample->is_whole)
		return json_pack(
			"{s:o, s:I}", "labels", labels, "value", (json_int_t)sample->count);
	return json_pack("{s:o, s:f}", "labels", labels, "value", sample->number);
}

json_t *
report_json(const struct report *report)
{
	static const char *const kinds[] = {[REPORT_COUNTER] = "counter",
		[REPORT_GAUGE] = "gauge",
		[REPORT_HISTOGRAM] = "histogram"};
	json_t *all = json_array();

	for (unsigned int i = 0; i < REPORT_METRICS; i++) {
		const struct report_metric *metric = &report_metrics[i];
		const struct report_values *values = &report->values[i];
		json_t *samples = json_array();

		for (unsigned int k = 0; k < values->count; k++)
			json_array_append_new(
				samples, sample_json(report, metric, &values->samples[k]));
		json_array_append_new(
			all, json_pack("{s:s, s:s, s:s, s:s, s:o}", "name", metric->name, "kind",
				     kinds[metric->kind], "unit", metric->unit, "help",
				     metric->help, "values", samples));
	}
	return all;
}
