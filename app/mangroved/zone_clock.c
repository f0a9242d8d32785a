/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether the clock is believed, and what it says of a zone: served, or expired. */
#include <inttypes.h>
#include <time.h>

#include "log.h"
#include "zones.h"

enum {
	/* a clock that far behind the last refresh is not believed, nor one from before this was
	 * written: 2026-11-01 */
	CLOCK_SLACK = 300,
	CLOCK_LEAST = 1793491200,
};

bool
zone_signature_ended(const struct zone_entry *zone, const struct image_facts *facts, int64_t now)
{
	int64_t at = zone->config->at_time ? zone->config->at_time : now;

	/* RFC 4034 3.1.5: serial number arithmetic */
	return facts->dnssec && facts->earliest_expiry &&
	       (int32_t)((uint32_t)at - facts->earliest_expiry) >= 0;
}

bool
zone_clock_is_credible(const struct zone_entry *zone)
{
	int64_t now = time(NULL);

	return now >= CLOCK_LEAST && now + CLOCK_SLACK >= zone->refreshed_at;
}

bool
zone_expiry_judge(struct zone_entry *zone)
{
	enum zone_standing before = zone->standing;
	int64_t now = time(NULL);
	struct image_facts facts;
	bool outdated;

	image_facts(zone->image, &facts);
	/* what is kept is served by its own rules until the clock is set; then RFC 1034 4.3.5, for
	 * what others are the truth of */
	outdated = zone->config->primaries_count && zone->refreshed_at &&
		   now >= zone->refreshed_at + facts.expire;
	zone->standing = zone_clock_is_credible(zone) &&
					 (outdated || zone_signature_ended(zone, &facts, now))
				 ? ZONE_EXPIRED
				 : ZONE_SERVED;
	if (zone->standing == before)
		return false;
	if (zone->standing == ZONE_EXPIRED)
		log_event(EVENT_ZONE_EXPIRED,
			"zone expired, its names get SERVFAIL zone=%s serial=%u refreshed=%" PRId64
			" expire=%u",
			zone->name, facts.serial, zone->refreshed_at, facts.expire);
	return true;
}
