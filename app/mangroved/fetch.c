/* SPDX-License-Identifier: BSD-3-Clause */
/* From a primary of the configuration to a transfer, and from its result to a zone's refresh. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "transfer/transfer.h"
#include "zones.h"

struct fetch {
	struct zone_entry *zone;
	unsigned int primary;
	struct transfer *transfer;
};

int
primaries_prepare(struct zones *zones, struct why *why)
{
	const struct config *config = zones->server->config;
	int rc = 0;

	for (unsigned int i = 0; i < config->primaries_count && rc == 0; i++) {
		const struct config_primary *primary = &config->primaries[i];
		struct primary_means *means = &zones->means[i];
		struct wire_name name;

		if (primary->key) {
			wire_name_from_text(&name, primary->key);
			wire_name_fold(&name);
			means->key = tsig_key_find(zones->keys, &name);
			if (!means->key)
				return why_set(why, ENOENT, "primaries[%u].key: %s has no key %s",
					i, config->tsig_keys, primary->key);
		}
		if (primary->tls) {
			const struct tls_peer peer = {
				primary->tls->name, primary->tls->ca, primary->tls->pin};

			rc = tls_client_context(&peer, &means->tls, why);
			if (rc < 0)
				why_prefix(why, "primaries[%u].tls", i);
		}
	}
	return rc;
}

void
primaries_forget(struct zones *zones)
{
	for (unsigned int i = 0; i < CONFIG_PRIMARIES_MAX; i++)
		tls_context_free(zones->means[i].tls);
}

static void
done_say(const struct zone_entry *zone, const char *primary, const struct transfer_result *result,
	const char *form)
{
	log_event(EVENT_ZONE_TRANSFERRED,
		"zone transferred zone=%s serial=%u primary=%s form=%s records=%" PRIu64
		" octets=%" PRIu64 " ms=%" PRId64,
		zone->name, result->serial, primary, form, result->record_count, result->octets,
		result->duration_ms);
	if (result->fell_back)
		log_event(EVENT_ZONE_WHOLE, "no differences zone=%s primary=%s: %s", zone->name,
			primary, result->ixfr.text);
}

static void
ended(void *context, const struct transfer_result *result)
{
	static const enum refresh_standing standings[] = {
		[TRANSFER_UP_TO_DATE] = REFRESH_CURRENT,
		[TRANSFER_OLDER] = REFRESH_LAGGING,
		[TRANSFER_DONE] = REFRESH_NEWER,
		[TRANSFER_FAILED] = REFRESH_FAILED,
	};
	struct fetch *fetch = context;
	struct zone_entry *zone = fetch->zone;
	unsigned int primary = fetch->primary;
	const char *form = result->form == TRANSFER_IXFR ? "IXFR" : "AXFR";
	char text[256];
	struct fetched fetched = {
		.standing = standings[result->outcome],
		.serial = result->serial,
		.block = result->outcome == TRANSFER_DONE ? result->records : NULL,
		.length = result->records_length,
		.differences = result->form == TRANSFER_IXFR,
		.text = text,
	};

	free(fetch);
	switch (result->outcome) {
	case TRANSFER_UP_TO_DATE:
		snprintf(text, sizeof(text), "up to date");
		break;
	case TRANSFER_OLDER:
		snprintf(text, sizeof(text), "has serial %u, older than ours", result->serial);
		break;
	case TRANSFER_DONE:
		snprintf(text, sizeof(text), "sent serial %u by %s", result->serial, form);
		done_say(zone, zone->config->primaries[primary], result, form);
		break;
	case TRANSFER_FAILED:
		snprintf(text, sizeof(text), "%.255s", result->why.text);
		break;
	}
	zone_fetched(zone, primary, &fetched);
}

int
fetch_start(struct zone_entry *zone, unsigned int primary, bool whole, bool anew, struct why *why)
{
	const struct config *config = zone->zones->server->config;
	unsigned int index = zone->config->primary_index[primary];
	const struct primary_means *means = &zone->zones->means[index];
	struct transfer_settings settings = {
		.primary = config->primaries[index].to,
		.source = config->primaries[index].from,
		.tls = means->tls,
		.key = means->key,
		.origin = zone->origin,
		.has_serial = zone->image != NULL,
		.whole = whole,
		.anew = anew,
		.limits = transfer_limits_default,
	};
	const struct config_fetch *bounds = &config->fetch;
	struct image_facts facts;

	settings.limits.connect_ms = bounds->connect_timeout_ms;
	settings.limits.progress_ms = bounds->progress_timeout_ms;
	settings.limits.total_ms = bounds->total_timeout_seconds * 1000;
	settings.limits.octets = (uint64_t)bounds->size_mib << 20;
	if (zone->image) {
		image_facts(zone->image, &facts);
		settings.serial = facts.serial;
	}
	zone->fetch = calloc(1, sizeof(*zone->fetch));
	if (!zone->fetch)
		return why_set(why, ENOMEM, "out of memory");
	zone->fetch->zone = zone;
	zone->fetch->primary = primary;
	zone->fetch->transfer = transfer_begin(zone->zones->loop, &settings, ended, zone->fetch);
	if (zone->fetch->transfer)
		return 0;
	free(zone->fetch);
	zone->fetch = NULL;
	return why_set(why, ENOMEM, "%s: out of memory or handles", config->primaries[index].name);
}

void
fetch_cancel(struct zone_entry *zone)
{
	if (!zone->fetch)
		return;
	transfer_cancel(zone->fetch->transfer);
	free(zone->fetch);
	zone->fetch = NULL;
}
