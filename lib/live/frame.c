/* SPDX-License-Identifier: BSD-3-Clause */
/* The screen from top to bottom: who, how well, since when; then traffic; then where it is hot. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "live/live_priv.h"

enum { LABEL_WIDTH = 11, ZONES_SHOWN = 3 };

static enum live_style
state_style(const char *state)
{
	if (strcmp(state, "serving") == 0)
		return LIVE_GOOD;
	return strcmp(state, "failing") == 0 || strcmp(state, "expired") == 0 ? LIVE_BAD
									      : LIVE_WARN;
}

/* ---- who, how well ---- */

static void
title_draw(const struct live_view *view, struct live_canvas *canvas)
{
	const char *state = live_string(view->status, "state");
	time_t now = (time_t)view->now;
	char clock[32] = "";
	struct tm tm;

	live_paint(canvas, 0, 0, canvas->width, LIVE_TITLE);
	live_put(canvas, 0, 1, LIVE_TITLE, "mangrove %s  %s", live_string(view->status, "version"),
		live_string(view->status, "identity"));
	if (gmtime_r(&now, &tm))
		strftime(clock, sizeof(clock), "%H:%M:%S UTC ", &tm);
	live_put_right(canvas, 0, canvas->width, LIVE_TITLE, clock);
	live_put_right(canvas, 0, canvas->width - (canvas->width > 16 ? 16 : 0), LIVE_TITLE,
		view->trouble	? "NO ANSWER"
		: view->paused	? "PAUSED"
		: state[0] != 0 ? state
				: "unknown");
}

static unsigned int
family_draw(const struct live_view *view, struct live_canvas *canvas, unsigned int row,
	unsigned int column, const char *name, const char *shown)
{
	const json_t *family = json_object_get(json_object_get(view->health, "families"), name);
	const json_t *announced = json_object_get(family, "announced");
	const char *state = live_string(family, "state");
	const char *word = json_is_true(json_object_get(family, "drained")) ? ", drained"
			   : json_is_true(announced)			    ? ", announced"
			   : json_is_false(announced)			    ? ", not announced"
									    : "";

	if (!family)
		return column;
	live_put(canvas, row, column, LIVE_PLAIN, "%s", shown);
	live_text(canvas, row, column + 5, state_style(state), state);
	live_put(canvas, row, column + 5 + (unsigned int)strlen(state), LIVE_PLAIN, "%s", word);
	return column + 7 + (unsigned int)(strlen(state) + strlen(word));
}

static unsigned int
health_draw(const struct live_view *view, struct live_canvas *canvas, unsigned int row)
{
	const json_t *reasons = json_object_get(view->health, "reasons");
	const json_t *first = json_array_get(reasons, 0);
	unsigned int column;

	live_put(canvas, row, 0, LIVE_DIM, "health");
	column = family_draw(view, canvas, row, LABEL_WIDTH, "ipv4", "IPv4");
	family_draw(view, canvas, row, column, "ipv6", "IPv6");
	row++;
	if (!first)
		return row;
	live_put(canvas, row, 0, LIVE_DIM, "why");
	live_put(canvas, row, LABEL_WIDTH, state_style(live_string(first, "state")), "%s %s: %s",
		live_string(first, "kind"), live_string(first, "subject"),
		live_string(first, "evidence"));
	if (json_array_size(reasons) > 1) {
		char more[LIVE_TEXT_SIZE];

		snprintf(more, sizeof(more), " +%zu more", json_array_size(reasons) - 1);
		live_put_right(canvas, row, canvas->width, LIVE_WARN, more);
	}
	return row + 1;
}

/* ---- zones ---- */

/* Appends how long ago, or until when, a time of a zone is; unknown ones are left out. */
static void
age_add(char *text, size_t size, const char *format, const json_t *zone, const char *key,
	int64_t now, bool ahead)
{
	const json_t *at = json_object_get(zone, key);
	char span[LIVE_TEXT_SIZE];
	size_t used = strlen(text);
	int64_t away;

	if (!json_is_integer(at))
		return;
	away = ahead ? json_integer_value(at) - now : now - json_integer_value(at);
	snprintf(text + used, size - used, "%s%s%s%s", used ? ", " : "", format,
		away < 0 && ahead ? "PAST " : "",
		live_span_text(away < 0 && ahead ? -away : away, span));
}

/* Its ages: as many as have room, the less urgent go first. */
static void
ages_draw(const struct live_view *view, struct live_canvas *canvas, unsigned int row,
	unsigned int column, const json_t *zone)
{
	enum { TAKEN = 1, REFRESHED = 2, EXPIRES = 4 };
	static const unsigned int choices[] = {
		TAKEN | REFRESHED | EXPIRES, TAKEN | EXPIRES, EXPIRES};

	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		char text[256] = "";

		if (choices[i] & TAKEN)
			age_add(text, sizeof(text), "age ", zone, "taken_at", view->now, false);
		if (choices[i] & REFRESHED)
			age_add(text, sizeof(text), "refreshed ", zone, "refreshed_at", view->now,
				false);
		age_add(text, sizeof(text), "expires in ", zone, "expires_at", view->now, true);
		if (column + 1 + strlen(text) <= canvas->width) {
			live_put_right(canvas, row, canvas->width, LIVE_PLAIN, text);
			return;
		}
	}
}

static void
zone_draw(const struct live_view *view, struct live_canvas *canvas, unsigned int row,
	const json_t *zone)
{
	const char *name = live_string(zone, "zone"), *state = live_string(zone, "state");
	const json_t *serial = json_object_get(zone, "serial");
	unsigned int column = strlen(name) > 5 ? 6 + (unsigned int)strlen(name) : LABEL_WIDTH;
	char text[64];

	if (json_is_integer(serial))
		snprintf(text, sizeof(text), "%lld %s", (long long)json_integer_value(serial),
			state);
	else
		snprintf(text, sizeof(text), "%s", state);
	live_put(canvas, row, 0, LIVE_DIM, "zone");
	live_put(canvas, row, 5, LIVE_BOLD, "%s", name);
	live_put(canvas, row, column, state_style(state), "%s", text);
	ages_draw(view, canvas, row, column + (unsigned int)strlen(text), zone);
}

static unsigned int
zones_draw(const struct live_view *view, struct live_canvas *canvas, unsigned int row)
{
	const json_t *zone, *zones = json_object_get(view->zones, "zones");
	size_t i;

	json_array_foreach(zones, i, zone)
	{
		if (i == ZONES_SHOWN - 1 && json_array_size(zones) > ZONES_SHOWN) {
			live_put(canvas, row++, 5, LIVE_DIM, "and %zu more zones",
				json_array_size(zones) - i);
			break;
		}
		zone_draw(view, canvas, row++, zone);
	}
	return row;
}

/* ---- traffic ---- */

static double
share_of(double part, double whole)
{
	return whole > 0 ? 100 * part / whole : 0;
}

static double
row_rate(const struct live_figures *figures, enum live_which which, const char *name)
{
	const struct live_row *row = live_row(figures, which, name);

	return row ? row->rate : 0;
}

static void
octets_text(double rate, char text[static LIVE_TEXT_SIZE])
{
	static const char *const units[] = {"bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"};
	double bits = 8 * rate;
	unsigned int unit = 0;

	for (; bits >= 999.5 && unit < 4; unit++)
		bits /= 1000;
	snprintf(text, LIVE_TEXT_SIZE, "%.*f %s", unit && bits < 99.95 ? 1 : 0, bits, units[unit]);
}

static void
volume_draw(struct live_canvas *canvas, unsigned int row, const char *label, double rate,
	const char *rest)
{
	char number[LIVE_TEXT_SIZE];

	live_put(canvas, row, 0, LIVE_DIM, "%s", label);
	live_put_right(canvas, row, LABEL_WIDTH + 13, LIVE_BOLD, live_number_text(rate, number));
	live_put(canvas, row, LABEL_WIDTH + 15, LIVE_PLAIN, "%s", rest);
}

static unsigned int
traffic_draw(const struct live_view *view, struct live_canvas *canvas, unsigned int row)
{
	const struct live_figures *f = view->figures;
	double queries = live_rate(f, LIVE_QUERIES), replies = live_rate(f, LIVE_REPLIES);
	double drops = live_rate(f, LIVE_DROPS);
	char text[160], in[LIVE_TEXT_SIZE], out[LIVE_TEXT_SIZE];

	if (f->seconds == 0) {
		live_put(canvas, row, 0, LIVE_DIM, "rates come with the next reading");
		return row + 1;
	}
	octets_text(live_rate(f, LIVE_QUERY_OCTETS), in);
	octets_text(live_rate(f, LIVE_REPLY_OCTETS), out);
	snprintf(text, sizeof(text), "UDP/4 %.0f%%  UDP/6 %.0f%%  TCP %.1f%%  DO %.0f%%  %s",
		share_of(row_rate(f, LIVE_QUERIES, "udp ipv4"), queries),
		share_of(row_rate(f, LIVE_QUERIES, "udp ipv6"), queries),
		share_of(row_rate(f, LIVE_QUERIES, "tcp ipv4") +
				 row_rate(f, LIVE_QUERIES, "tcp ipv6"),
			queries),
		share_of(row_rate(f, LIVE_FLAGS, "do"), queries), in);
	volume_draw(canvas, row, "queries/s", queries, text);
	snprintf(text, sizeof(text), "TC=1 %.1f%%  slipped %.1f%%  %s",
		share_of(live_rate(f, LIVE_TRUNCATED), replies),
		share_of(row_rate(f, LIVE_ACTIONS, "slipped"), replies), out);
	volume_draw(canvas, row + 1, "replies/s", replies, text);
	live_number_text((double)live_total(f, LIVE_DROPS), in);
	snprintf(text, sizeof(text), "%s since the start", in);
	volume_draw(canvas, row + 2, "dropped/s", drops, text);
	return row + 3;
}

/* What limits are doing, where the node tells of floods. */
static unsigned int
limits_draw(const struct live_view *view, struct live_canvas *canvas, unsigned int row)
{
	const json_t *flood = view->flood;
	const char *mode = live_string(flood, "mode"), *step = live_string(flood, "step");
	const json_t *since = json_object_get(flood, "flood_since");
	char refused[LIVE_TEXT_SIZE], span[LIVE_TEXT_SIZE], text[160];
	const bool is_flood = json_is_true(json_object_get(flood, "flood"));
	unsigned int column = LABEL_WIDTH;

	if (!flood)
		return row;
	live_number_text(json_number_value(json_object_get(flood, "refused_per_second")), refused);
	live_span_text(view->now - json_integer_value(since), span);
	live_put(canvas, row, 0, LIVE_DIM, "limits");
	if (is_flood) {
		snprintf(text, sizeof(text), "FLOOD %s", span);
		live_text(canvas, row, column, LIVE_BAD, text);
		column += 2 + (unsigned int)strlen(text);
	}
	snprintf(text, sizeof(text), "%s  step %s  load %.0f%%  %s %s/s", mode, step,
		json_number_value(json_object_get(flood, "load_permille")) / 10,
		strcmp(mode, "observe") == 0 ? "would refuse" : "refused", refused);
	live_text(canvas, row, column, strcmp(step, "none") == 0 ? LIVE_PLAIN : LIVE_WARN, text);
	return row + 1;
}

/* ---- all of it ---- */

static void
help_draw(struct live_canvas *canvas)
{
	static const char *const lines[] = {
		"q        quit",
		"p        pause, and go on",
		"s        sort tables by rate, by total, by name",
		"z        heat of the next zone",
		"h        this help, and back",
		"",
		"queries/s  messages with QR=0, by transport and family; DO: DNSSEC wanted",
		"dropped/s  what got no reply, by reason; docs/statistics.md has them all",
		"gaps       queries for names that do not exist, by the NSEC range that they",
		"           fall into, in canonical order; each column is a neighbourhood",
		"           . : - = + * # % @   from little to the most, logarithmic",
		"hottest    the range begins behind the name that is shown",
		"limits     observe: nothing is held back; step: what overload has brought",
		"prefixes   share of all queries, and which part of its own got no answer",
	};

	for (unsigned int i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		live_put(canvas, 2 + i, 2, LIVE_PLAIN, "%s", lines[i]);
}

static void
bottom_draw(const struct live_view *view, struct live_canvas *canvas)
{
	if (view->trouble)
		live_put(canvas, canvas->height - 1, 0, LIVE_BAD, "%s", view->trouble);
	else if (view->keys)
		live_put(canvas, canvas->height - 1, 0, LIVE_DIM, "%s   sorted by %s", view->keys,
			live_sort_names[view->sort]);
}

/* Tables and what is hot share what is left, tables first. */
void
live_draw(const struct live_view *view, struct live_canvas *canvas)
{
	enum { HEAT_ROWS = 4, ROWS_MIN = 3, ROWS_MAX = 12 };
	unsigned int row = 1, last = canvas->height - (view->keys || view->trouble ? 1 : 0);
	unsigned int left, tables;

	title_draw(view, canvas);
	if (view->help) {
		help_draw(canvas);
		bottom_draw(view, canvas);
		return;
	}
	row = health_draw(view, canvas, row);
	row = zones_draw(view, canvas, row) + 1;
	row = traffic_draw(view, canvas, row);
	row = limits_draw(view, canvas, row) + 1;
	left = last > row ? last - row : 0;
	tables = left > HEAT_ROWS + 2 ? (left - HEAT_ROWS - 2) / 2 + 1 : left > 1 ? left - 1 : 0;
	tables = tables > ROWS_MAX ? ROWS_MAX : tables < ROWS_MIN ? ROWS_MIN : tables;
	row = live_tables_draw(view, canvas, row, tables) + 1;
	row = live_heat_draw(view, canvas, row);
	if (row + 1 < last)
		live_hot_draw(view, canvas, row, last - row);
	/* whatever ran over it */
	if (view->keys || view->trouble)
		live_put(canvas, canvas->height - 1, 0, LIVE_PLAIN, "%*s", (int)canvas->width, "");
	bottom_draw(view, canvas);
}
