/* SPDX-License-Identifier: BSD-3-Clause */
/* The two clocks of a zone: since the last refresh, and until the first signature ends. */
#include <inttypes.h>

#include "health/health.h"

enum { CLOCK_SLACK_SECONDS = 60 }; /* two nodes' clocks differ by less */

/* What is judged, and by when. */
struct judging {
	struct health *health;
	const struct health_zone *zone;
	int64_t now_ms;
};

/* @return whether `reason` holds, so that a caller can say why */
static bool
holds(const struct judging *j, enum health_reason reason, bool is)
{
	if (!is)
		health_clear(j->health, reason, j->zone->name, HEALTH_BOTH, j->now_ms);
	return is;
}

/* @param age  seconds since the last refresh, or -1: it does not matter, or cannot be told */
static void
expiry_judge(const struct judging *j, const struct health_margins *margins, int64_t age)
{
	const struct health_zone *zone = j->zone;
	int64_t left = (int64_t)zone->expire - age;
	int64_t overdue = (int64_t)zone->refresh + (int64_t)margins->overdue_retries * zone->retry;

	if (holds(j, HEALTH_ZONE_EXPIRED, age >= 0 && left <= 0))
		health_say(j->health, HEALTH_ZONE_EXPIRED, zone->name, HEALTH_BOTH, j->now_ms,
			"serial=%" PRIu32 " refreshed %" PRId64 " s ago, SOA EXPIRE is %" PRIu32
			" s",
			zone->serial, age, zone->expire);
	if (holds(j, HEALTH_EXPIRY_NEAR, age >= 0 && left > 0 && left <= margins->expire_warn))
		health_say(j->health, HEALTH_EXPIRY_NEAR, zone->name, HEALTH_BOTH, j->now_ms,
			"serial=%" PRIu32 " expires in %" PRId64 " s unless a primary answers",
			zone->serial, left);
	if (holds(j, HEALTH_REFRESH_OVERDUE, age > overdue))
		health_say(j->health, HEALTH_REFRESH_OVERDUE, zone->name, HEALTH_BOTH, j->now_ms,
			"serial=%" PRIu32 " refreshed %" PRId64 " s ago, REFRESH is %" PRIu32
			" s and RETRY %" PRIu32 " s",
			zone->serial, age, zone->refresh, zone->retry);
}

/* @param left  seconds until the earliest RRSIG expires */
static void
signatures_judge(
	const struct judging *j, const struct health_margins *margins, bool judged, int64_t left)
{
	const struct health_zone *zone = j->zone;
	bool ends = judged && left <= margins->signature_fail;

	if (holds(j, HEALTH_SIGNATURE_HORIZON, ends))
		health_say(j->health, HEALTH_SIGNATURE_HORIZON, zone->name, HEALTH_BOTH, j->now_ms,
			"serial=%" PRIu32 " earliest RRSIG expires in %" PRId64
			" s, the margin is %" PRIu32 " s",
			zone->serial, left, margins->signature_fail);
	if (holds(j, HEALTH_SIGNATURE_NEAR, judged && !ends && left <= margins->signature_warn))
		health_say(j->health, HEALTH_SIGNATURE_NEAR, zone->name, HEALTH_BOTH, j->now_ms,
			"serial=%" PRIu32 " earliest RRSIG expires in %" PRId64 " s", zone->serial,
			left);
}

void
health_zone_judge(struct health *health, const struct health_zone *zone,
	const struct health_margins *margins, int64_t now_seconds, bool clock_is_sure,
	int64_t now_ms)
{
	const struct judging j = {.health = health, .zone = zone, .now_ms = now_ms};
	int64_t age = now_seconds - zone->refreshed_at;
	bool behind = zone->refreshed_at && age < -CLOCK_SLACK_SECONDS;
	bool is_sure = clock_is_sure && !behind;
	int64_t judged_at = zone->judged_at ? zone->judged_at : now_seconds;

	if (age < 0)
		age = 0;
	if (holds(&j, HEALTH_CLOCK_UNSURE, !is_sure))
		health_say(health, HEALTH_CLOCK_UNSURE, zone->name, HEALTH_BOTH, now_ms,
			behind ? "the clock stands before the last refresh: neither expiry nor "
				 "signatures are judged"
			       : "nobody vouches for the clock: neither expiry nor signatures are "
				 "judged");
	expiry_judge(&j, margins, zone->refreshed_at && is_sure ? age : -1);
	signatures_judge(&j, margins, zone->earliest_expiry && (is_sure || zone->judged_at),
		/* RFC 4034 3.1.5: serial number arithmetic */
		(int32_t)(zone->earliest_expiry - (uint32_t)judged_at));
}
