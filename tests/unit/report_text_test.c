/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "report/report.h"

Test(report_text, prints_what_prometheus_reads)
{
	struct report *report = report_new();
	char *text;

	/* samples of a metric stand together whatever the order in which they were told */
	report_count(report, REPORT_QUERIES, 3, "udp", "ipv4");
	report_gauge(report, REPORT_ZONE_SERIAL, 2026073102, ".");
	report_count(report, REPORT_QUERIES, UINT64_MAX, "tcp", "ipv6");
	cr_assert_gt(report_text(report, &text), 0);
	cr_expect(strstr(text, "# HELP mangrove_queries_total "));
	cr_expect(strstr(text, "# TYPE mangrove_queries_total counter\n"
			       "mangrove_queries_total{transport=\"udp\",family=\"ipv4\"} 3\n"
			       "mangrove_queries_total{transport=\"tcp\",family=\"ipv6\"} "
			       "18446744073709551615\n"));
	cr_expect(strstr(text, "mangrove_zone_serial{zone=\".\"} 2026073102\n"));
	cr_expect_null(
		strstr(text, "mangrove_replies_total"), "nothing is said of what has no value");
	free(text);
	report_free(report);
}

Test(report_text, adds_buckets_up)
{
	const uint64_t bounds[] = {15, 31}, counts[] = {1, 0, 4};
	const struct report_buckets buckets = {3, bounds, counts, 999};
	struct report *report = report_new();
	char *text;

	report_histogram(report, REPORT_QUERY_SIZE, &buckets, "udp");
	report_text(report, &text);
	cr_expect(strstr(text, "mangrove_query_size_bytes_bucket{transport=\"udp\",le=\"15\"} 1\n"
			       "mangrove_query_size_bytes_bucket{transport=\"udp\",le=\"31\"} 1\n"
			       "mangrove_query_size_bytes_bucket{transport=\"udp\",le=\"+Inf\"} 5\n"
			       "mangrove_query_size_bytes_sum{transport=\"udp\"} 999\n"
			       "mangrove_query_size_bytes_count{transport=\"udp\"} 5\n"));
	free(text);
	report_free(report);
}

Test(report_text, escapes_what_ends_a_label)
{
	struct report *report = report_new();
	char *text;

	report_count(report, REPORT_NAME_QUERIES, 1, ".", "\\000\"\n.");
	report_text(report, &text);
	cr_expect(strstr(text, "{zone=\".\",name=\"\\\\000\\\"\\n.\"} 1\n"), "%s", text);
	free(text);
	report_free(report);
}

Test(report_text, has_one_line_for_each_metric_in_the_manual)
{
	char name[160], row[1024];
	uint8_t *manual;
	size_t size;

	cr_assert_eq(file_read("docs/statistics.md", 1 << 20, &manual, &size, NULL), 0);
	for (unsigned int i = 0; i < REPORT_METRICS; i++) {
		const struct report_metric *metric = &report_metrics[i];
		size_t used;

		cr_assert(metric->name && metric->unit && metric->help);
		used = (size_t)snprintf(name, sizeof(name), "%s", metric->name);
		for (unsigned int k = 0; k < REPORT_LABELS_MAX && metric->labels[k]; k++)
			used += (size_t)snprintf(name + used, sizeof(name) - used, "%s%s",
				k ? ", " : "{", metric->labels[k]);
		if (metric->labels[0])
			snprintf(name + used, sizeof(name) - used, "}");
		snprintf(row, sizeof(row), "\n| `%s` | %s | %s | %s | %s |\n", name,
			((const char *[]){"counter", "gauge", "histogram"})[metric->kind],
			metric->unit, metric->rssac002 ? metric->rssac002 : "", metric->help);
		cr_expect(
			strstr((const char *)manual, row), "docs/statistics.md lacks %s", row + 1);
	}
	free(manual);
}

Test(report_text, walks_over_single_values)
{
	struct report *report = report_new();
	char name[128];
	double value;

	report_count(report, REPORT_QUERIES, 3, "udp", "ipv4");
	report_histogram(report, REPORT_QUERY_SIZE,
		&(struct report_buckets){1, NULL, (uint64_t[]){5}, 5}, "udp");
	report_gauge(report, REPORT_PROCESS_CPU, 1.5);
	cr_assert(report_scalar(report, 0, name, sizeof(name), &value));
	cr_expect_str_eq(name, "mangrove_queries_total{transport=\"udp\",family=\"ipv4\"}");
	cr_expect_eq(value, 3);
	cr_assert(report_scalar(report, 1, name, sizeof(name), &value));
	cr_expect_str_eq(name, "process_cpu_seconds_total");
	cr_expect_eq(value, 1.5);
	cr_expect_not(report_scalar(report, 2, name, sizeof(name), &value));
	report_free(report);
}

Test(report_text, tells_json_the_same)
{
	const uint64_t bounds[] = {15}, counts[] = {1, 4};
	const struct report_buckets buckets = {2, bounds, counts, 99};
	struct report *report = report_new();
	json_t *json, *metric;

	report_count(report, REPORT_QUERIES, 3, "udp", "ipv4");
	report_histogram(report, REPORT_QUERY_SIZE, &buckets, "udp");
	json = report_json(report);
	cr_assert_eq(json_array_size(json), REPORT_METRICS);
	metric = json_array_get(json, REPORT_QUERIES);
	cr_expect_str_eq(
		json_string_value(json_object_get(metric, "name")), "mangrove_queries_total");
	metric = json_array_get(json_object_get(metric, "values"), 0);
	cr_expect_eq(json_integer_value(json_object_get(metric, "value")), 3);
	cr_expect_str_eq(
		json_string_value(json_object_get(json_object_get(metric, "labels"), "transport")),
		"udp");
	metric = json_array_get(
		json_object_get(json_array_get(json, REPORT_QUERY_SIZE), "values"), 0);
	cr_expect_eq(json_integer_value(json_array_get(
			     json_array_get(json_object_get(metric, "buckets"), 0), 0)),
		15);
	cr_expect(json_is_null(
		json_array_get(json_array_get(json_object_get(metric, "buckets"), 1), 0)));
	json_decref(json);
	report_free(report);
}
