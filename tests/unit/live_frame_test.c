/* SPDX-License-Identifier: BSD-3-Clause */
/* Rates are differences of readings, and every screen shows what there is. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "live/live.h"

static json_t *
json_of(const char *text)
{
	json_error_t error;
	json_t *json = json_loads(text, 0, &error);

	cr_assert(json, "%s: %s", text, error.text);
	return json;
}

/* A reply of "stats" in which some counters are `scale` times what they are in another. */
static json_t *
stats_of(unsigned int scale)
{
	char text[2048];

	snprintf(text, sizeof(text),
		"{\"metrics\": ["
		"{\"name\": \"mangrove_queries_total\", \"values\": ["
		" {\"labels\": {\"transport\": \"udp\", \"family\": \"ipv4\"}, \"value\": %u},"
		" {\"labels\": {\"transport\": \"udp\", \"family\": \"ipv6\"}, \"value\": %u}]},"
		"{\"name\": \"mangrove_replies_rcode_total\", \"values\": ["
		" {\"labels\": {\"rcode\": \"NOERROR\"}, \"value\": %u},"
		" {\"labels\": {\"rcode\": \"NXDOMAIN\"}, \"value\": 7},"
		" {\"labels\": {\"rcode\": \"REFUSED\"}, \"value\": 0}]},"
		"{\"name\": \"mangrove_reply_size_bytes\", \"values\": ["
		" {\"labels\": {\"transport\": \"udp\"}, \"sum\": %u, \"buckets\": [[15, 0], "
		"[null, 3]]}]},"
		"{\"name\": \"mangrove_not_heard_of\", \"values\": [{\"labels\": {}, \"value\": "
		"1}]}]}",
		scale * 3000, scale * 1000, scale * 4000, scale * 1000000);
	return json_of(text);
}

static struct live_figures *
figures_of(unsigned int scale, double at, int pid)
{
	struct live_figures *figures = malloc(sizeof(*figures));
	json_t *stats = stats_of(scale), *status = json_pack("{s:i}", "pid", pid);

	cr_assert(figures);
	live_read(figures, stats, status, at);
	json_decref(stats);
	json_decref(status);
	return figures;
}

Test(live_frame, rates_are_differences_of_two_readings)
{
	struct live_figures *before = figures_of(1, 100, 4711), *now = figures_of(2, 102, 4711);

	live_rates(now, before);
	cr_expect_float_eq(now->seconds, 2, 1e-9);
	cr_expect_float_eq(live_row(now, LIVE_QUERIES, "udp ipv4")->rate, 1500, 1e-9);
	cr_expect_float_eq(live_rate(now, LIVE_QUERIES), 2000, 1e-9);
	cr_expect_eq(live_total(now, LIVE_QUERIES), 8000u);
	cr_expect_float_eq(live_rate(now, LIVE_REPLY_OCTETS), 500000, 1e-9);
	cr_expect_float_eq(live_row(now, LIVE_RCODES, "NXDOMAIN")->rate, 0, 1e-9);
	cr_expect_null(live_row(now, LIVE_RCODES, "SERVFAIL"));
	free(before);
	free(now);
}

Test(live_frame, another_process_has_no_rates_yet)
{
	struct live_figures *before = figures_of(5, 100, 4711), *now = figures_of(1, 101, 4712);

	live_rates(now, before);
	cr_expect_eq(now->seconds, 0);
	cr_expect_eq(live_rate(now, LIVE_QUERIES), 0);
	free(before);
	free(now);
}

Test(live_frame, counters_that_fell_have_rate_zero)
{
	struct live_figures *before = figures_of(5, 100, 4711), *now = figures_of(1, 101, 4711);

	live_rates(now, before);
	cr_expect_eq(live_rate(now, LIVE_QUERIES), 0);
	free(before);
	free(now);
}

Test(live_frame, sorts_by_rate_total_and_name)
{
	struct live_figures *before = figures_of(1, 1, 1), *now = figures_of(2, 2, 1);
	struct live_table *table = &now->tables[LIVE_RCODES];

	live_rates(now, before);
	live_sort(table, LIVE_BY_NAME);
	cr_expect_str_eq(table->rows[0].name, "NOERROR");
	cr_expect_str_eq(table->rows[2].name, "REFUSED");
	table->rows[1].total = 1000000;
	live_sort(table, LIVE_BY_TOTAL);
	cr_expect_str_eq(table->rows[0].name, "NXDOMAIN");
	live_sort(table, LIVE_BY_RATE);
	cr_expect_str_eq(table->rows[0].name, "NOERROR");
	free(before);
	free(now);
}

/* ---- heat ---- */

static const char heat_before[] = "{\"zones\": [{\"zone\": \".\", \"names\": [\".\", \"aaa.\", "
				  "\"zw.\"], \"existing\": [0, 0, 0], \"gap\": [1, 10, 100]}]}";
/* a name has come since */
static const char heat_now[] =
	"{\"zones\": [{\"zone\": \".\", \"names\": [\".\", \"aaa.\", \"new.\", \"zw.\"], "
	"\"existing\": [0, 0, 0, 0], \"gap\": [1, 30, 8, 104]},"
	"{\"zone\": \"arpa.\", \"names\": [\"arpa.\"], \"existing\": [0], \"gap\": [5]}]}";

Test(live_frame, heat_is_matched_by_names)
{
	json_t *before = json_of(heat_before), *now = json_of(heat_now);
	struct live_heat heat;

	cr_assert(live_heat_make(&heat, now, before, 0, 2));
	cr_expect_str_eq(heat.zone, ".");
	cr_expect_eq(heat.count, 4u);
	cr_expect_float_eq(heat.rates[0], 0, 1e-9);
	cr_expect_float_eq(heat.rates[1], 10, 1e-9);
	cr_expect_float_eq(heat.rates[2], 4, 1e-9, "a new name's were all counted since");
	cr_expect_float_eq(heat.rates[3], 2, 1e-9);
	live_heat_free(&heat);
	cr_assert(live_heat_make(&heat, now, before, 3, 2));
	cr_expect_str_eq(heat.zone, "arpa.", "zones in turn");
	cr_expect_float_eq(heat.rates[0], 5, 1e-9);
	live_heat_free(&heat);
	cr_expect_not(live_heat_make(&heat, NULL, NULL, 0, 1));
	json_decref(before);
	json_decref(now);
}

Test(live_frame, levels_are_logarithmic_and_keep_their_places)
{
	double rates[] = {0, 1000, 1, 0};
	const char *names[] = {".", "b.", "c.", "d."};
	const struct live_heat heat = {".", 4, names, rates};
	uint8_t levels[8];

	cr_expect_float_eq(live_heat_levels(&heat, 4, levels), 1000, 1e-9);
	cr_expect_eq(levels[0], 0);
	cr_expect_eq(levels[1], LIVE_LEVELS - 1);
	cr_expect(levels[2] > 0 && levels[2] < 4, "%u", levels[2]);
	cr_expect_eq(levels[3], 0);
	cr_expect_float_eq(live_heat_levels(&heat, 2, levels), 1000, 1e-9);
	cr_expect_eq(levels[0], LIVE_LEVELS - 1, "two gaps in each place");
	cr_expect_neq(levels[1], 0);
	live_heat_levels(&heat, 8, levels);
	cr_expect_eq(levels[2], levels[3], "a gap is two places wide");
	cr_expect_eq(levels[2], LIVE_LEVELS - 1);
	rates[1] = rates[2] = 0;
	cr_expect_eq(live_heat_levels(&heat, 4, levels), 0);
	cr_expect_eq(levels[1], 0);
}

/* ---- the screen ---- */

static const char status_text[] =
	"{\"ok\": true, \"version\": \"0.1.0\", \"identity\": \"node1\\u001b[31m\", \"state\": "
	"\"degraded\", \"pid\": 1}";
static const char health_text[] =
	"{\"state\": \"degraded\", \"families\": {\"ipv4\": {\"state\": \"degraded\", "
	"\"announced\": true}, \"ipv6\": {\"state\": \"serving\", \"announced\": false, "
	"\"drained\": true}}, \"reasons\": [{\"kind\": \"refresh_overdue\", \"state\": "
	"\"degraded\", \"subject\": \"zone .\", \"evidence\": \"no primary answered\"}, {}]}";
static const char zones_text[] =
	"{\"zones\": [{\"zone\": \".\", \"state\": \"serving\", \"serial\": 2026073102, "
	"\"taken_at\": 1000, \"refreshed_at\": 4600, \"expires_at\": 4500}, {\"zone\": "
	"\"root-servers.net.\", \"state\": \"empty\", \"serial\": null}]}";

static const char flood_text[] =
	"{\"mode\": \"enforce\", \"flood\": true, \"flood_since\": 4640, \"step\": \"unknown\", "
	"\"load_permille\": 997, \"refused_per_second\": 1180000.0, \"prefixes\": [{\"prefix\": "
	"\"198.51.100.0/24\", \"share\": 0.931, \"refused\": 0.99}], \"shapes\": [{\"shape\": "
	"\"mixed 8-15 . 4-7\", \"share\": 0.5, \"refused\": 0}]}";

static void
frame_make(struct live_canvas *canvas, unsigned int width, unsigned int height, bool help)
{
	struct live_figures *before = figures_of(1, 1, 1), *now = figures_of(2, 2, 1);
	json_t *status = json_of(status_text), *health = json_of(health_text);
	json_t *zones = json_of(zones_text), *flood = json_of(flood_text), *h = json_of(heat_now),
	       *b = json_of(heat_before);
	struct live_heat heat;

	live_rates(now, before);
	cr_assert(live_heat_make(&heat, h, b, 0, 1));
	cr_assert(live_canvas_make(canvas, width, height));
	live_draw(&(struct live_view){.status = status,
			  .health = health,
			  .zones = zones,
			  .flood = flood,
			  .figures = now,
			  .heat = &heat,
			  .help = help,
			  .now = 4700,
			  .keys = "q quit"},
		canvas);
	live_heat_free(&heat);
	json_decref(status);
	json_decref(health);
	json_decref(zones);
	json_decref(flood);
	json_decref(h);
	json_decref(b);
	free(before);
	free(now);
}

static bool
shows(const struct live_canvas *canvas, const char *text)
{
	char row[LIVE_WIDTH_MAX + 1];

	for (unsigned int i = 0; i < canvas->height; i++) {
		live_canvas_row(canvas, i, row);
		if (strstr(row, text))
			return true;
	}
	return false;
}

Test(live_frame, shows_all_on_24_rows_of_80)
{
	static const char *const wanted[] = {"mangrove 0.1.0  node1?[31m", "degraded",
		"01:18:20 UTC", "IPv4 degraded, announced", "IPv6 serving, drained",
		"refresh_overdue zone .: no primary answered", "+1 more",
		".     2026073102 serving", "age 1 h 1 min, expires in PAST 3 min",
		"root-servers.net. empty", "queries/s          4,000  UDP/4 75%  UDP/6 25%",
		"8.0 Mbit/s", "NOERROR             4,000", "NXDOMAIN                0",
		"4 NSEC ranges in canonical order", "@ = 20/s", "|.", "hottest gaps", "aaa.",
		"q quit   sorted by rate"};
	struct live_canvas canvas;

	frame_make(&canvas, 80, 24, false);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		cr_expect(shows(&canvas, wanted[i]), "%s", wanted[i]);
	cr_expect_not(shows(&canvas, "REFUSED"), "what never happened takes no room");
	live_canvas_free(&canvas);
}

Test(live_frame, shows_a_flood)
{
	struct live_canvas canvas;

	frame_make(&canvas, 80, 40, false);
	cr_expect(shows(&canvas,
		"limits     FLOOD 1 min  enforce  step unknown  load 100%  refused 1,180,000/s"));
	cr_expect(shows(&canvas, "top prefixes             share  refused"));
	cr_expect(shows(&canvas, "198.51.100.0/24          93.1%      99%"));
	cr_expect(shows(&canvas, "mixed 8-15 . 4-7         50.0%       0%"));
	live_canvas_free(&canvas);
}

Test(live_frame, fits_every_size)
{
	struct live_canvas canvas;

	/* octets beyond a row or a screen are for the sanitizers to see */
	for (unsigned int width = 1; width < 200; width += 1 + width / 8)
		for (unsigned int height = 1; height < 60; height += 1 + height / 8) {
			frame_make(&canvas, width, height, width % 2);
			for (size_t i = 0; i < (size_t)width * height; i++)
				cr_assert(canvas.text[i] >= 0x20 && canvas.text[i] < 0x7f);
			live_canvas_free(&canvas);
		}
	frame_make(&canvas, 100000, 100000, false);
	cr_expect_eq(canvas.width, (unsigned int)LIVE_WIDTH_MAX);
	cr_expect_eq(canvas.height, (unsigned int)LIVE_HEIGHT_MAX);
	live_canvas_free(&canvas);
}

Test(live_frame, shows_something_of_nothing)
{
	struct live_figures *figures = calloc(1, sizeof(*figures));
	struct live_canvas canvas;

	cr_assert(figures);
	cr_assert(live_canvas_make(&canvas, 80, 24));
	live_draw(&(struct live_view){.figures = figures, .trouble = "nobody listens"}, &canvas);
	cr_expect(shows(&canvas, "NO ANSWER"));
	cr_expect(shows(&canvas, "nobody listens"));
	live_canvas_free(&canvas);
	free(figures);
}

/* ---- numbers ---- */

Test(live_frame, numbers_are_short)
{
	static const struct {
		double number;
		const char *text;
	} numbers[] = {{0, "0"}, {12, "12"}, {0.04, "0.0"}, {0.5, "0.5"}, {99.94, "99.9"},
		{99.96, "100"}, {999, "999"}, {1000, "1,000"}, {1234567.8, "1,234,568"},
		{9999999999.0, "9,999,999,999"}, {12.3e9, "12.3 G"}, {5e12, "5 T"}};
	static const struct {
		int64_t seconds;
		const char *text;
	} spans[] = {{-5, "0 s"}, {59, "59 s"}, {60, "1 min"}, {61, "1 min"}, {3660, "1 h 1 min"},
		{90000, "1 d 1 h"}, {86400, "1 d"}, {40000000, "1 y 97 d"}};
	char text[LIVE_TEXT_SIZE];

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		cr_expect_str_eq(live_number_text(numbers[i].number, text), numbers[i].text);
	for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++)
		cr_expect_str_eq(live_span_text(spans[i].seconds, text), spans[i].text);
}
