/* SPDX-License-Identifier: BSD-3-Clause */
/* What concerns zones. */
#include <stdio.h>
#include <string.h>

#include "print.h"
#include "zonediff/zonediff.h"

/* ---- zone status ---- */

static void
proof_print(const json_t *zone)
{
	const bool dnssec = json_is_true(json_object_get(zone, "dnssec"));
	const bool zonemd = json_is_true(json_object_get(zone, "zonemd"));

	if (!dnssec && !zonemd)
		words_print("  proven      ", 14, "nothing");
	else if (!dnssec)
		words_print("  proven      ", 14, "ZONEMD");
	else
		words_print("  proven      ", 14, "DNSSEC by trust anchor %s%s",
			text_of(zone, "anchor_tags"), zonemd ? ", ZONEMD" : "");
}

static void
primary_print(const json_t *primary)
{
	char at[TIME_TEXT_SIZE];

	words_print(
		"  primary     ", 14, "%s: %s", text_of(primary, "name"), text_of(primary, "text"));
	if (json_is_integer(json_object_get(primary, "serial")))
		words_print("              ", 14, "serial %lld, asked %s",
			(long long)number_of(primary, "serial"),
			when_text(primary, "asked_at", at));
}

/* RFC 5011: a key that is not trusted may be, when it was seen for long enough. */
static void
key_print(const json_t *key)
{
	char seen[TIME_TEXT_SIZE], until[TIME_TEXT_SIZE];
	bool revoked = json_is_true(json_object_get(key, "revoked"));

	if (json_is_integer(json_object_get(key, "hold_down_until"))) {
		words_print("  key         ", 14,
			"%lld: not among the trust anchors, seen since %s",
			(long long)number_of(key, "tag"), when_text(key, "seen_at", seen));
		words_print("              ", 14, "hold-down ends %s",
			when_text(key, "hold_down_until", until));
		return;
	}
	words_print("  key         ", 14, "%lld: %s, seen since %s",
		(long long)number_of(key, "tag"), revoked ? "revoked" : "trusted",
		when_text(key, "seen_at", seen));
}

static void
operator_print(const json_t *zone)
{
	const bool frozen = json_is_true(json_object_get(zone, "frozen"));
	const bool forced = json_is_true(json_object_get(zone, "forced"));

	if (frozen || forced)
		words_print("  operator    ", 14, "%s%s%s", forced ? "chose this version" : "",
			forced && frozen ? ", " : "", frozen ? "froze the zone" : "");
}

static void
times_print(const json_t *zone)
{
	char text[TIME_TEXT_SIZE];

	words_print("  taken       ", 14, "%s", when_text(zone, "taken_at", text));
	words_print("  verified    ", 14, "%s", when_text(zone, "verified_at", text));
	words_print("  refreshed   ", 14, "%s", when_text(zone, "refreshed_at", text));
	words_print("  refresh due ", 14, "%s", when_text(zone, "refresh_due_at", text));
	words_print("  expires     ", 14, "%s", when_text(zone, "expires_at", text));
	words_print(
		"  signatures  ", 14, "until %s", when_text(zone, "signatures_expire_at", text));
}

static void
zone_print(const json_t *zone)
{
	const json_t *error = json_object_get(zone, "last_error"), *primary, *key;
	const char *activity = json_string_value(json_object_get(zone, "activity"));
	bool empty = !json_is_integer(json_object_get(zone, "serial"));
	char at[TIME_TEXT_SIZE];
	size_t i;

	if (empty)
		words_print("", 4, "zone %s: %s", text_of(zone, "zone"), text_of(zone, "state"));
	else
		words_print("", 4, "zone %s: %s, serial %lld", text_of(zone, "zone"),
			text_of(zone, "state"), (long long)number_of(zone, "serial"));
	if (activity)
		words_print("  activity    ", 14, "%s", activity);
	operator_print(zone);
	if (!empty) {
		words_print("  source      ", 14, "%s", text_of(zone, "source"));
		times_print(zone);
		proof_print(zone);
	}
	words_print("  held        ", 14, "%lld version%s", (long long)number_of(zone, "held"),
		number_of(zone, "held") == 1 ? "" : "s");
	json_array_foreach(json_object_get(zone, "keys"), i, key) key_print(key);
	json_array_foreach(json_object_get(zone, "primaries"), i, primary) primary_print(primary);
	if (json_is_object(error)) {
		words_print("  last error  ", 14, "%s: %s", text_of(error, "source"),
			text_of(error, "text"));
		words_print("              ", 14, "%s", when_text(error, "at", at));
	}
}

void
print_zone_status(const json_t *reply)
{
	const json_t *zone;
	size_t i;

	json_array_foreach(json_object_get(reply, "zones"), i, zone) zone_print(zone);
}

/* ---- outcomes ---- */

void
print_zone_outcome(const json_t *reply)
{
	const char *outcome = text_of(reply, "outcome");
	const char *source = json_string_value(json_object_get(reply, "source"));

	if (json_is_integer(json_object_get(reply, "previous")))
		words_print("", 4, "zone %s: %s, serial %lld after %lld%s%s",
			text_of(reply, "zone"), outcome, (long long)number_of(reply, "serial"),
			(long long)number_of(reply, "previous"), source ? ", from " : "",
			source ? source : "");
	else
		words_print("", 4, "zone %s: %s, serial %lld%s%s", text_of(reply, "zone"), outcome,
			(long long)number_of(reply, "serial"), source ? ", from " : "",
			source ? source : "");
}

void
print_zone_reload(const json_t *reply)
{
	const json_t *zone;
	size_t i;

	json_array_foreach(json_object_get(reply, "zones"), i, zone)
	{
		if (json_is_true(json_object_get(zone, "ok")))
			print_zone_outcome(zone);
		else
			words_print("", 4, "zone %s: failed: %s", text_of(zone, "zone"),
				text_of(zone, "error"));
	}
}

void
print_zone_frozen(const json_t *reply)
{
	words_print("", 4, "zone %s: %s", text_of(reply, "zone"),
		json_is_true(json_object_get(reply, "frozen"))
			? "frozen; no other version is taken until \"zone thaw\""
			: "thawed");
}

void
print_zone_rollback(const json_t *reply)
{
	words_print("", 4, "zone %s: serial %lld is served instead of %lld; %s",
		text_of(reply, "zone"), (long long)number_of(reply, "serial"),
		(long long)number_of(reply, "previous"), "the zone is frozen until \"zone thaw\"");
}

/* ---- zone history, zone diff ---- */

static void
version_print(const json_t *version, const json_t *current)
{
	char heading[32], taken[TIME_TEXT_SIZE], until[TIME_TEXT_SIZE];
	const bool good = json_is_true(json_object_get(version, "good"));
	const bool is_current = good && json_is_integer(current) &&
				json_integer_value(current) == number_of(version, "serial");

	snprintf(heading, sizeof(heading), "%s %10lld  ", is_current ? "*" : " ",
		(long long)number_of(version, "serial"));
	words_print(heading, 14, "%s, %s", time_text(version, "taken_at", taken),
		good ? text_of(version, "source") : "refused");
	if (!good) {
		words_print("              ", 14, "from %s: %s", text_of(version, "source"),
			text_of(version, "reason"));
		return;
	}
	time_text(version, "signatures_expire_at", until);
	words_print("              ", 14, "%s%s%s%s",
		json_is_true(json_object_get(version, "dnssec")) ? "DNSSEC, " : "",
		json_is_true(json_object_get(version, "zonemd")) ? "ZONEMD, " : "",
		until[0] == '-' ? "unsigned" : "signed until ", until[0] == '-' ? "" : until);
	if (number_of(version, "image_size") == 0)
		words_print("              ", 14, "the image was damaged and set aside");
	if (number_of(version, "zone_size") == 0)
		words_print("              ", 14, "there is no text of it");
}

void
print_zone_history(const json_t *reply)
{
	const json_t *version, *versions = json_object_get(reply, "versions");
	size_t i;

	words_print("", 4, "zone %s: %zu version%s, * is served", text_of(reply, "zone"),
		json_array_size(versions), json_array_size(versions) == 1 ? "" : "s");
	json_array_foreach(versions, i, version)
		version_print(version, json_object_get(reply, "current"));
}

void
print_zone_diff(const json_t *reply)
{
	if (zonediff_print(json_object_get(reply, "diff"), stdout) < 0)
		fputs("mangrovectl: the server's difference cannot be read\n", stderr);
}
