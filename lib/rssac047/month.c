/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rssac047/rssac047_priv.h"

const char *const way_names[RSSAC047_WAYS] = {"ipv4_udp", "ipv4_tcp", "ipv6_udp", "ipv6_tcp"};

struct rssac047 *
rssac047_new(const char *path, uint32_t interval_seconds)
{
	struct rssac047 *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->interval_seconds = interval_seconds;
	r->path = path ? strdup(path) : NULL;
	if (path && !r->path) {
		free(r);
		return NULL;
	}
	return r;
}

void
rssac047_free(struct rssac047 *r)
{
	if (r)
		free(r->path);
	free(r);
}

/* ---- months ---- */

static int32_t
month_of(int64_t at)
{
	time_t seconds = (time_t)at;
	struct tm tm = {.tm_year = 70};

	gmtime_r(&seconds, &tm);
	return (tm.tm_year + 1900) * 12 + tm.tm_mon;
}

const char *
month_text(int32_t month, char text[static MONTH_TEXT_SIZE])
{
	snprintf(text, MONTH_TEXT_SIZE, "%04d-%02d", month / 12, month % 12 + 1);
	return text;
}

static struct rssac047_month *
latest(struct rssac047 *r)
{
	return r->month_count ? &r->months[r->month_count - 1] : NULL;
}

const struct rssac047_month *
rssac047_now(const struct rssac047 *r)
{
	return r->month_count ? &r->months[r->month_count - 1] : NULL;
}

/* A clock that goes back goes on in the month that was reached. */
static void
month_turn(struct rssac047 *r, int64_t now)
{
	int32_t month = month_of(now);

	if (r->month_count && r->months[r->month_count - 1].month >= month)
		return;
	if (r->month_count == RSSAC047_MONTHS)
		memmove(r->months, r->months + 1, --r->month_count * sizeof(r->months[0]));
	r->months[r->month_count] = (struct rssac047_month){.month = month};
	r->month_count++;
}

/* Intervals since the last one in which nobody asked; only those of the present month are its. */
static uint32_t
missed_since(const struct rssac047 *r, int64_t interval, int64_t now)
{
	int64_t from = r->interval + 1;

	if (r->interval == 0)
		return 0;
	while (from < interval && month_of(from * r->interval_seconds) < month_of(now)) {
		/* by the day: the first of the month is at the beginning of one */
		int64_t day = from * r->interval_seconds / 86400 + 1;

		from = (day * 86400 + r->interval_seconds - 1) / r->interval_seconds;
	}
	return from < interval ? (uint32_t)(interval - from) : 0;
}

void
rssac047_begin(struct rssac047 *r, int64_t now)
{
	int64_t interval = now / r->interval_seconds;
	uint32_t missed = missed_since(r, interval, now);

	month_turn(r, now);
	latest(r)->intervals++;
	latest(r)->missed += missed;
	if (interval > r->interval)
		r->interval = interval;
}

void
rssac047_probed(struct rssac047 *r, enum rssac047_way way, bool answered, uint32_t latency_ms)
{
	struct rssac047_month *month = latest(r);

	if (!month)
		return;
	month->ways[way].sent++;
	if (!answered || latency_ms > RSSAC047_TIMEOUT_MS)
		return;
	month->ways[way].answered++;
	month->ways[way].latencies[latency_ms]++;
}

void
rssac047_checked(struct rssac047 *r, const char *wrong, int64_t now)
{
	struct rssac047_month *month = latest(r);

	if (!month)
		return;
	month->checked++;
	month->correct += !wrong;
	if (!wrong)
		return;
	month->wrong_at = now;
	snprintf(month->wrong, sizeof(month->wrong), "%s", wrong);
}

/* ---- versions ---- */

void
rssac047_heard(struct rssac047 *r, uint32_t serial, int64_t now)
{
	bool is_first = !r->has_newest;

	if (!is_first && !serial_is_newer(serial, r->newest))
		return;
	r->has_newest = true;
	r->newest = serial;
	/* nobody knows since when the first has been there */
	if (is_first || r->pending_count == RSSAC047_PENDING_MAX)
		return;
	r->pending[r->pending_count++] =
		(struct pending){.serial = serial, .interval = now / r->interval_seconds};
}

void
rssac047_seen(struct rssac047 *r, uint32_t serial, int64_t now)
{
	struct rssac047_month *month = latest(r);
	unsigned int kept = 0;

	/* of which nobody had told: since when it was there is not known */
	if (!r->has_newest || serial_is_newer(serial, r->newest))
		r->newest = serial;
	r->has_newest = true;
	for (unsigned int i = 0; i < r->pending_count; i++) {
		struct pending *p = &r->pending[i];
		int64_t after = now / r->interval_seconds - p->interval;

		if (serial_is_newer(p->serial, serial)) {
			r->pending[kept++] = *p;
			continue;
		}
		/* 5.4: a multiple of the interval, zero if it was seen in the same one */
		if (month && month->versions < RSSAC047_VERSIONS_MAX)
			month->publication_seconds[month->versions++] =
				after > 0 ? (uint32_t)after * r->interval_seconds : 0;
	}
	r->pending_count = kept;
}

/* ---- verdicts ---- */

/* Of answers by ms; `rank` counts from 0. */
static uint32_t
latency_at(const uint32_t *latencies, uint32_t rank)
{
	uint32_t ms = 0;

	for (uint64_t below = latencies[0]; below <= rank; below += latencies[++ms])
		;
	return ms;
}

static double
latency_median(const uint32_t *latencies, uint32_t count)
{
	return (latency_at(latencies, (count - 1) / 2) + latency_at(latencies, count / 2)) / 2.0;
}

static int
order(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static double
publication_median(const struct rssac047_month *month)
{
	uint32_t sorted[RSSAC047_VERSIONS_MAX];
	uint32_t count = month->versions, low = (count - 1) / 2, high = count / 2;

	memcpy(sorted, month->publication_seconds, count * sizeof(sorted[0]));
	qsort(sorted, count, sizeof(sorted[0]), order);
	return (sorted[low] + (double)sorted[high]) / 2;
}

static enum rssac047_verdict
passes(bool does)
{
	return does ? RSSAC047_PASS : RSSAC047_FAIL;
}

static struct rssac047_metric
availability_of(const struct rssac047_month *month, unsigned int way)
{
	static const char *const names[RSSAC047_WAYS] = {"IPv4 UDP Availability",
		"IPv4 TCP Availability", "IPv6 UDP Availability", "IPv6 TCP Availability"};
	uint64_t sent = month->ways[way].sent, answered = month->ways[way].answered;
	struct rssac047_metric metric = {.name = names[way],
		.unit = "%",
		.threshold = RSSAC047_AVAILABILITY_PERCENT,
		.count = month->ways[way].sent};

	if (sent == 0)
		return metric;
	metric.value = 100.0 * (double)answered / (double)sent;
	metric.verdict = passes(100 * answered >= RSSAC047_AVAILABILITY_PERCENT * sent);
	return metric;
}

static struct rssac047_metric
latency_of(const struct rssac047_month *month, unsigned int way)
{
	static const char *const names[RSSAC047_WAYS] = {"IPv4 UDP Response Latency",
		"IPv4 TCP Response Latency", "IPv6 UDP Response Latency",
		"IPv6 TCP Response Latency"};
	bool tcp = way == RSSAC047_IPV4_TCP || way == RSSAC047_IPV6_TCP;
	struct rssac047_metric metric = {.name = names[way],
		.unit = "ms",
		.threshold = tcp ? RSSAC047_LATENCY_TCP_MS : RSSAC047_LATENCY_UDP_MS,
		.count = month->ways[way].answered};

	if (metric.count == 0)
		return metric;
	metric.value = latency_median(month->ways[way].latencies, metric.count);
	metric.verdict = passes(metric.value <= metric.threshold);
	return metric;
}

static struct rssac047_metric
correctness_of(const struct rssac047_month *month)
{
	struct rssac047_metric metric = {
		.name = "Correctness", .unit = "%", .threshold = 100, .count = month->checked};

	if (metric.count == 0)
		return metric;
	metric.value = 100.0 * month->correct / month->checked;
	metric.verdict = passes(month->correct == month->checked);
	return metric;
}

static struct rssac047_metric
publication_of(const struct rssac047_month *month)
{
	struct rssac047_metric metric = {.name = "Publication Latency",
		.unit = "s",
		.threshold = RSSAC047_PUBLICATION_SECONDS,
		.count = month->versions};

	if (metric.count == 0)
		return metric;
	metric.value = publication_median(month);
	metric.verdict = passes(metric.value <= metric.threshold);
	return metric;
}

void
rssac047_judge(
	const struct rssac047_month *month, struct rssac047_metric metrics[static RSSAC047_METRICS])
{
	for (unsigned int way = 0; way < RSSAC047_WAYS; way++) {
		metrics[way] = availability_of(month, way);
		metrics[RSSAC047_WAYS + way] = latency_of(month, way);
	}
	metrics[2 * RSSAC047_WAYS] = correctness_of(month);
	metrics[2 * RSSAC047_WAYS + 1] = publication_of(month);
}

/* ---- what is told ---- */

static json_t *
metric_json(const struct rssac047_metric *metric)
{
	static const char *const words[] = {
		[RSSAC047_NOTHING] = NULL, [RSSAC047_PASS] = "pass", [RSSAC047_FAIL] = "fail"};

	return json_pack("{s:s, s:s?, s:o, s:f, s:s, s:I}", "name", metric->name, "verdict",
		words[metric->verdict], "value",
		metric->verdict == RSSAC047_NOTHING ? json_null() : json_real(metric->value),
		"threshold", metric->threshold, "unit", metric->unit, "count",
		(json_int_t)metric->count);
}

static json_t *
month_json(const struct rssac047_month *month, bool complete)
{
	struct rssac047_metric metrics[RSSAC047_METRICS];
	json_t *list = json_array();
	char text[MONTH_TEXT_SIZE];

	rssac047_judge(month, metrics);
	for (unsigned int i = 0; i < RSSAC047_METRICS; i++)
		json_array_append_new(list, metric_json(&metrics[i]));
	return json_pack("{s:s, s:b, s:I, s:I, s:o, s:o}", "month", month_text(month->month, text),
		"complete", complete, "intervals", (json_int_t)month->intervals, "missed",
		(json_int_t)month->missed, "last_wrong",
		month->wrong_at ? json_pack("{s:I, s:s}", "at", (json_int_t)month->wrong_at, "text",
					  month->wrong)
				: json_null(),
		"metrics", list);
}

json_t *
rssac047_json(const struct rssac047 *r, int64_t now)
{
	json_t *months = json_array();

	for (unsigned int i = r->month_count; i-- > 0;)
		json_array_append_new(
			months, month_json(&r->months[i], r->months[i].month < month_of(now)));
	return json_pack("{s:I, s:o}", "interval_seconds", (json_int_t)r->interval_seconds,
		"months", months);
}
