/* SPDX-License-Identifier: BSD-3-Clause */
/* A server on one screen: who, how well and why, zones and their ages, rates, drops. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "print.h"
#include "reading.h"

enum { MOMENT_MS = 500, REASONS_SHOWN = 4, DROPS_SHOWN = 4 };

/* ---- who ---- */

static void
self_print(const json_t *status)
{
	const json_t *addresses = json_object_get(status, "addresses"), *address;
	char since[TIME_TEXT_SIZE], text[512] = "";
	size_t used = 0, i;

	words_print("", 8, "mangroved %s, %s, process %lld: %s", text_of(status, "version"),
		text_of(status, "identity"), (long long)number_of(status, "pid"),
		text_of(status, "state"));
	words_print("  started     ", 14, "%s", when_text(status, "started_at", since));
	json_array_foreach(addresses, i, address)
	{
		if (used < sizeof(text) && json_is_string(address))
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s",
				i ? " " : "", json_string_value(address));
	}
	words_print("  addresses   ", 14, "%s", text);
}

/* ---- how well ---- */

static void
family_print(const json_t *health, const char *heading, const char *name)
{
	const json_t *family = json_object_get(json_object_get(health, "families"), name);
	const json_t *announced = json_object_get(family, "announced");
	char since[TIME_TEXT_SIZE];

	if (family)
		words_print(heading, 14, "%s%s%s, %s", text_of(family, "state"),
			json_is_true(announced)	   ? ", announced"
			: json_is_false(announced) ? ", not announced"
						   : "",
			json_is_true(json_object_get(family, "drained")) ? ", drained" : "",
			when_text(family, "since", since));
}

static void
health_print(const json_t *health)
{
	const json_t *reasons = json_object_get(health, "reasons"), *reason;
	size_t i;

	family_print(health, "  IPv4        ", "ipv4");
	family_print(health, "  IPv6        ", "ipv6");
	json_array_foreach(reasons, i, reason)
	{
		if (i == REASONS_SHOWN) {
			words_print("  why         ", 14, "and %zu more: mangrovectl health",
				json_array_size(reasons) - i);
			break;
		}
		words_print("  why         ", 14, "%s: %s, %s: %s", text_of(reason, "state"),
			text_of(reason, "kind"), text_of(reason, "subject"),
			text_of(reason, "evidence"));
	}
}

/* ---- zones ---- */

static void
zone_print(const json_t *zone)
{
	char at[TIME_TEXT_SIZE];

	if (!json_is_integer(json_object_get(zone, "serial"))) {
		words_print("  zone        ", 14, "%s %s", text_of(zone, "zone"),
			text_of(zone, "state"));
		return;
	}
	words_print("  zone        ", 14, "%s %s, serial %lld", text_of(zone, "zone"),
		text_of(zone, "state"), (long long)number_of(zone, "serial"));
	/* a reply to "status" alone has no times */
	if (json_object_get(zone, "taken_at"))
		words_print("              ", 14, "taken %s", when_text(zone, "taken_at", at));
	if (json_is_integer(json_object_get(zone, "refreshed_at")))
		words_print(
			"              ", 14, "refreshed %s", when_text(zone, "refreshed_at", at));
	if (json_is_integer(json_object_get(zone, "expires_at")))
		words_print("              ", 14, "expires %s", when_text(zone, "expires_at", at));
}

/* ---- traffic ---- */

static void
volume_print(const char *heading, const struct live_figures *figures, enum live_which which)
{
	char rate[LIVE_TEXT_SIZE], total[LIVE_TEXT_SIZE];

	live_number_text(live_rate(figures, which), rate);
	live_number_text((double)live_total(figures, which), total);
	if (figures->seconds > 0)
		words_print(heading, 14, "%s/s, %s since the start", rate, total);
	else
		words_print(heading, 14, "%s since the start", total);
}

static void
drops_print(struct live_figures *figures)
{
	struct live_table *drops = &figures->tables[LIVE_DROPS];
	char total[LIVE_TEXT_SIZE];

	volume_print("  dropped     ", figures, LIVE_DROPS);
	live_sort(drops, LIVE_BY_TOTAL);
	for (unsigned int i = 0; i < drops->count && i < DROPS_SHOWN && drops->rows[i].total; i++)
		words_print("              ", 14, "%s %s", drops->rows[i].name,
			live_number_text((double)drops->rows[i].total, total));
}

static void
capture_print(const json_t *capture)
{
	if (!json_is_object(capture))
		return;
	words_print("  capture     ", 14,
		"%s%s: %lld queries in %lld files; %lld dropped, %lld lost",
		text_of(capture, "directory"),
		json_is_true(json_object_get(capture, "failing")) ? " cannot be written" : "",
		(long long)number_of(capture, "queries"), (long long)number_of(capture, "files"),
		(long long)number_of(capture, "dropped"), (long long)number_of(capture, "lost"));
}

void
print_status(const json_t *status, const struct ask *ask)
{
	const struct timespec moment = {.tv_nsec = MOMENT_MS * 1000000L};
	struct reading first, second;
	const json_t *zones = status, *zone;
	struct why why;
	size_t i;

	self_print(status);
	if (reading_take(ask, &first, &why) < 0)
		return;
	nanosleep(&moment, NULL);
	if (reading_take(ask, &second, &why) < 0)
		second = (struct reading){.figures = first.figures};
	live_rates(&second.figures, &first.figures);
	health_print(first.health);
	if (first.zones)
		zones = first.zones;
	json_array_foreach(json_object_get(zones, "zones"), i, zone) zone_print(zone);
	if (first.stats) {
		volume_print("  queries     ", &second.figures, LIVE_QUERIES);
		volume_print("  replies     ", &second.figures, LIVE_REPLIES);
		drops_print(&second.figures);
	}
	capture_print(json_object_get(status, "capture"));
	reading_free(&first);
	reading_free(&second);
}
