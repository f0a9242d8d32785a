/* SPDX-License-Identifier: BSD-3-Clause */
/* What is asked of a zone, and who waits for what comes of it. */
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "zones.h"

/* ---- who waits ---- */

struct waiting {
	struct waiting *next;
	enum zone_event_kind kind;
	zone_waiter *waiter;
	void *context;
};

int
zone_wait(struct zone_entry *zone, enum zone_event_kind kind, zone_waiter *waiter, void *context)
{
	struct waiting *waiting = calloc(1, sizeof(*waiting));

	if (!waiting)
		return -ENOMEM;
	*waiting = (struct waiting){zone->waiting, kind, waiter, context};
	zone->waiting = waiting;
	return 0;
}

void
zone_event_tell(struct zone_entry *zone, const struct zone_event *event)
{
	struct waiting *waiting = zone->waiting, *next;

	zone->waiting = NULL;
	for (; waiting; waiting = next) {
		next = waiting->next;
		if (!event || waiting->kind == event->kind) {
			waiting->waiter(waiting->context, zone, event);
			free(waiting);
		} else {
			waiting->next = zone->waiting;
			zone->waiting = waiting;
		}
	}
}

void
zone_error(struct zone_entry *zone, const char *source, const char *format, ...)
{
	va_list args;

	zone->error_at = time(NULL);
	snprintf(zone->error_source, sizeof(zone->error_source), "%s", source);
	va_start(args, format);
	vsnprintf(zone->error_text, sizeof(zone->error_text), format, args);
	va_end(args);
}

/* ---- what is asked of a zone ---- */

void
zone_reload(struct zone_entry *zone)
{
	if (zone->config->file)
		zone->reload = true;
	else
		/* trust anchors may be others */
		zone->prove = zone->store && zone->image;
	zone_step(zone);
}

void
zone_refresh(struct zone_entry *zone, bool whole, bool force)
{
	zone->demanded = force;
	refresh_demand(&zone->refresh, whole, clock_ms());
	zone_step(zone);
}

static bool
address_equal(const struct sockaddr *a, const struct sockaddr_storage *b)
{
	if (a->sa_family != b->ss_family)
		return false;
	return a->sa_family == AF_INET
		       ? memcmp(&((const struct sockaddr_in *)a)->sin_addr,
				 &((const struct sockaddr_in *)b)->sin_addr, 4) == 0
		       : memcmp(&((const struct sockaddr_in6 *)a)->sin6_addr,
				 &((const struct sockaddr_in6 *)b)->sin6_addr, 16) == 0;
}

void
zone_notified(struct zone_entry *zone, const struct sockaddr *source)
{
	const struct config *config = zone->zones->server->config;
	int primary = -1;

	for (unsigned int i = 0; i < zone->config->primaries_count; i++)
		if (address_equal(source, &config->primaries[zone->config->primary_index[i]].to))
			primary = (int)i;
	refresh_notified(&zone->refresh, primary, clock_ms());
	zone_step(zone);
}

void
zone_freeze(struct zone_entry *zone, bool frozen)
{
	zone->frozen = frozen;
	if (!frozen)
		zone->forced = false;
	log_event(frozen ? EVENT_ZONE_FROZEN : EVENT_ZONE_THAWED, "zone %s zone=%s serial=%u",
		frozen ? "frozen" : "thawed", zone->name, zone_serial(zone));
	zone->note = true;
	if (!frozen)
		zone_refresh(zone, false, false);
	zone_step(zone);
}

bool
zone_rollback(struct zone_entry *zone, uint32_t serial)
{
	struct store_version version;

	if (!zone->store || store_version_find(zone->store, serial, &version) < 0 || !version.good)
		return false;
	zone->rollback = true;
	zone->rollback_serial = serial;
	zone_step(zone);
	return true;
}
