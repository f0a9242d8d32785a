/* SPDX-License-Identifier: BSD-3-Clause */
/* Months and their verdicts, over restarts and the turn of a month. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rssac047/rssac047.h"

enum {
	AUGUST = 1785542400, /* 2026-08-01 00:00:00 UTC */
	SEPTEMBER = AUGUST + 31 * 86400,
	INTERVAL = RSSAC047_INTERVAL_SECONDS,
};

static char folder[] = "/tmp/mangrove-rssac047-XXXXXX", path[64];

static void
folder_make(void)
{
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/state", folder);
}

static void
folder_remove(void)
{
	unlink(path);
	rmdir(folder);
}

static struct rssac047_metric
metric_of(const struct rssac047 *r, unsigned int index)
{
	struct rssac047_metric metrics[RSSAC047_METRICS];

	cr_assert_not_null(rssac047_now(r));
	rssac047_judge(rssac047_now(r), metrics);
	return metrics[index];
}

enum { AVAILABILITY = 0, LATENCY = RSSAC047_WAYS, CORRECTNESS = 2 * RSSAC047_WAYS, PUBLICATION };

static struct rssac047 *
begun(int64_t now)
{
	struct rssac047 *r = rssac047_new(NULL, INTERVAL);

	rssac047_begin(r, now);
	return r;
}

Test(rssac047_month, judges_availability_at_its_threshold)
{
	static const struct {
		unsigned int answered, sent;
		enum rssac047_verdict verdict;
	} cases[] = {
		{0, 0, RSSAC047_NOTHING},
		{0, 1, RSSAC047_FAIL},
		{95, 100, RSSAC047_FAIL},
		{96, 100, RSSAC047_PASS},
		{959, 1000, RSSAC047_FAIL},
		{960, 1000, RSSAC047_PASS},
		{1, 1, RSSAC047_PASS},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (unsigned int way = 0; way < RSSAC047_WAYS; way++) {
			struct rssac047 *r = begun(AUGUST);

			for (unsigned int k = 0; k < cases[i].sent; k++)
				rssac047_probed(r, way, k < cases[i].answered, 1);
			cr_expect_eq(metric_of(r, AVAILABILITY + way).verdict, cases[i].verdict,
				"%u of %u", cases[i].answered, cases[i].sent);
			cr_expect_eq(metric_of(r, AVAILABILITY + way).count, cases[i].sent);
			rssac047_free(r);
		}
}

Test(rssac047_month, judges_the_median_of_latencies)
{
	static const struct {
		enum rssac047_way way;
		unsigned int count, ms[4];
		double median;
		enum rssac047_verdict verdict;
	} cases[] = {
		{RSSAC047_IPV4_UDP, 1, {250}, 250, RSSAC047_PASS},
		{RSSAC047_IPV6_UDP, 1, {251}, 251, RSSAC047_FAIL},
		{RSSAC047_IPV4_UDP, 2, {0, 501}, 250.5, RSSAC047_FAIL},
		{RSSAC047_IPV4_UDP, 3, {4000, 0, 7}, 7, RSSAC047_PASS},
		{RSSAC047_IPV4_TCP, 2, {400, 600}, 500, RSSAC047_PASS},
		{RSSAC047_IPV6_TCP, 4, {501, 502, 1, 501}, 501, RSSAC047_FAIL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rssac047 *r = begun(AUGUST);
		struct rssac047_metric metric;

		for (unsigned int k = 0; k < cases[i].count; k++)
			rssac047_probed(r, cases[i].way, true, cases[i].ms[k]);
		/* neither what had no answer nor what came too late counts */
		rssac047_probed(r, cases[i].way, false, 0);
		rssac047_probed(r, cases[i].way, true, RSSAC047_TIMEOUT_MS + 1);
		metric = metric_of(r, LATENCY + cases[i].way);
		cr_expect_eq(metric.count, cases[i].count);
		cr_expect_eq(metric.value, cases[i].median, "%zu: %f", i, metric.value);
		cr_expect_eq(metric.verdict, cases[i].verdict, "%zu", i);
		rssac047_free(r);
	}
}

Test(rssac047_month, fails_for_one_wrong_reply)
{
	struct rssac047 *r = begun(AUGUST);

	for (unsigned int i = 0; i < 1000; i++)
		rssac047_checked(r, NULL, AUGUST);
	cr_expect_eq(metric_of(r, CORRECTNESS).verdict, RSSAC047_PASS);
	rssac047_checked(r, "a serial that nobody has", AUGUST + 7);
	cr_expect_eq(metric_of(r, CORRECTNESS).verdict, RSSAC047_FAIL);
	cr_expect_eq(metric_of(r, CORRECTNESS).count, 1001);
	cr_expect_eq(rssac047_now(r)->wrong_at, AUGUST + 7);
	rssac047_free(r);
}

Test(rssac047_month, measures_publication_in_whole_intervals)
{
	struct rssac047 *r = begun(AUGUST);

	/* what is there at the start is no publication */
	rssac047_seen(r, 2026080099, AUGUST);
	cr_expect_eq(metric_of(r, PUBLICATION).verdict, RSSAC047_NOTHING);
	/* nor is one that comes out of a file */
	rssac047_seen(r, 2026080100, AUGUST + INTERVAL);
	/* heard of and seen within one interval */
	rssac047_heard(r, 2026080101, AUGUST + INTERVAL + 1);
	rssac047_seen(r, 2026080101, AUGUST + 2 * INTERVAL - 1);
	cr_expect_eq(rssac047_now(r)->versions, 1);
	cr_expect_eq(rssac047_now(r)->publication_seconds[0], 0);
	/* two that wait, seen with the second; an older serial brings none of them */
	rssac047_heard(r, 2026080102, AUGUST + 2 * INTERVAL);
	rssac047_heard(r, 2026080102, AUGUST + 3 * INTERVAL);
	rssac047_heard(r, 2026080103, AUGUST + 4 * INTERVAL);
	rssac047_seen(r, 2026080101, AUGUST + 5 * INTERVAL);
	cr_expect_eq(rssac047_now(r)->versions, 1);
	rssac047_seen(r, 2026080103, AUGUST + 16 * INTERVAL);
	cr_assert_eq(rssac047_now(r)->versions, 3);
	cr_expect_eq(rssac047_now(r)->publication_seconds[1], 14 * INTERVAL);
	cr_expect_eq(rssac047_now(r)->publication_seconds[2], 12 * INTERVAL);
	cr_expect_eq(metric_of(r, PUBLICATION).value, 12 * INTERVAL);
	cr_expect_eq(metric_of(r, PUBLICATION).verdict, RSSAC047_PASS);
	/* 70 min is too long: the median of 0, 60, 70, 70 is 65, of one more 70 */
	rssac047_heard(r, 1, AUGUST + 17 * INTERVAL);
	cr_expect_eq(rssac047_now(r)->versions, 3, "2^31 further is no newer one");
	rssac047_heard(r, 2026080104, AUGUST + 17 * INTERVAL);
	rssac047_seen(r, 2026080104, AUGUST + 31 * INTERVAL);
	cr_expect_eq(metric_of(r, PUBLICATION).value, 65 * 60);
	cr_expect_eq(metric_of(r, PUBLICATION).verdict, RSSAC047_PASS);
	rssac047_heard(r, 2026080105, AUGUST + 32 * INTERVAL);
	rssac047_seen(r, 2026080105, AUGUST + 46 * INTERVAL);
	cr_expect_eq(metric_of(r, PUBLICATION).verdict, RSSAC047_FAIL);
	rssac047_free(r);
}

/* What one process or many measured is the same. */
Test(rssac047_month, goes_on_after_a_restart, .init = folder_make, .fini = folder_remove)
{
	struct rssac047 *whole = rssac047_new(NULL, INTERVAL), *r = NULL;
	json_t *expected, *got;
	struct why why = {0};

	for (unsigned int i = 0; i < 12 * 40; i++) {
		/* over the turn of the month, with restarts in every possible place */
		int64_t now = SEPTEMBER - 12 * 20 * INTERVAL + (int64_t)i * INTERVAL;

		rssac047_free(r);
		r = rssac047_new(path, INTERVAL);
		cr_assert_eq(rssac047_read(r, &why), 0, "%s", why.text);
		for (unsigned int k = 0; k < 2; k++) {
			struct rssac047 *to = k ? r : whole;

			rssac047_begin(to, now);
			for (unsigned int way = 0; way < RSSAC047_WAYS; way++)
				rssac047_probed(to, way, i % 7 != way, i % 90 * way);
			if (i % 3 == 0)
				rssac047_checked(to, i == 33 ? "what is \"wrong\"" : NULL, now);
			if (i % 24 == 5)
				rssac047_heard(to, 2026080000 + i, now);
			rssac047_seen(to, 2026080000 + i - i % 24, now);
		}
		cr_assert_eq(rssac047_write(r, &why), 0, "%s", why.text);
	}
	expected = rssac047_json(whole, SEPTEMBER + 86400);
	got = rssac047_json(r, SEPTEMBER + 86400);
	cr_expect(json_equal(expected, got), "%s\n%s", json_dumps(expected, 0), json_dumps(got, 0));
	expected = json_object_get(got, "months");
	cr_assert_eq(json_array_size(expected), 2);
	cr_expect_str_eq(json_string_value(json_object_get(json_array_get(expected, 0), "month")),
		"2026-09");
	cr_expect(json_is_false(json_object_get(json_array_get(expected, 0), "complete")));
	cr_expect(json_is_true(json_object_get(json_array_get(expected, 1), "complete")));
	cr_expect_eq(
		json_integer_value(json_object_get(json_array_get(expected, 1), "intervals")), 240);
	rssac047_free(whole);
	rssac047_free(r);
}

Test(rssac047_month, keeps_thirteen_months_and_counts_what_was_missed)
{
	struct rssac047 *r = rssac047_new(NULL, INTERVAL);
	json_t *months;

	rssac047_begin(r, AUGUST);
	rssac047_begin(r, AUGUST + INTERVAL);
	cr_expect_eq(rssac047_now(r)->missed, 0);
	rssac047_begin(r, AUGUST + 5 * INTERVAL);
	cr_expect_eq(rssac047_now(r)->missed, 3);
	/* of another month, its own alone: nobody asked in the first four */
	rssac047_begin(r, SEPTEMBER + 4 * INTERVAL + 17);
	cr_expect_eq(rssac047_now(r)->missed, 4);
	cr_expect_eq(rssac047_now(r)->intervals, 1);
	/* a clock that went back */
	rssac047_begin(r, AUGUST);
	cr_expect_eq(rssac047_now(r)->intervals, 2);
	for (unsigned int i = 0; i < 30; i++)
		rssac047_begin(r, SEPTEMBER + (int64_t)i * 31 * 86400);
	months = json_object_get(rssac047_json(r, SEPTEMBER), "months");
	cr_expect_eq(json_array_size(months), RSSAC047_MONTHS);
	rssac047_free(r);
}

Test(rssac047_month, takes_nothing_of_a_state_that_is_damaged, .init = folder_make,
	.fini = folder_remove)
{
	static const char *const states[] = {"", "{", "[]", "{}", "{\"format\": 2}",
		"{\"format\":1,\"interval_seconds\":300,\"interval\":-1,\"newest\":null,"
		"\"pending\":[],\"months\":[]}",
		"{\"format\":1,\"interval_seconds\":300,\"interval\":1,\"newest\":null,"
		"\"pending\":[[1]],\"months\":[]}",
		"{\"format\":1,\"interval_seconds\":300,\"interval\":1,\"newest\":null,"
		"\"pending\":[],\"months\":[{}]}"};
	struct rssac047 *r = rssac047_new(path, INTERVAL);
	struct why why;

	/* none yet */
	cr_expect_eq(rssac047_read(r, &why), 0);
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		FILE *file = fopen(path, "w");

		fputs(states[i], file);
		fclose(file);
		cr_expect_lt(rssac047_read(r, &why), 0, "%s", states[i]);
		cr_expect_null(rssac047_now(r), "%s", states[i]);
	}
	rssac047_free(r);
}
