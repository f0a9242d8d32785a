/* SPDX-License-Identifier: BSD-3-Clause */
/* All zones together: their start, what is answered from, and its exchange. */
#include "zones.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "limits_node.h"
#include "log.h"

/* how often files are looked at: a change is served a second later */
enum { TICK_MS = 1000, WATCH_MS = 1000 };

struct zone_entry *
zones_find(struct zones *zones, const struct wire_name *origin)
{
	for (unsigned int i = 0; i < zones->count; i++)
		if (zones->entries[i].origin.length &&
			wire_name_equal(&zones->entries[i].origin, origin))
			return &zones->entries[i];
	return NULL;
}

static void
catalogue_fill(const struct zones *zones, struct image_catalogue *catalogue)
{
	for (unsigned int i = 0; i < zones->count; i++) {
		const struct zone_entry *zone = &zones->entries[i];

		if (zone->standing == ZONE_SERVED)
			catalogue->images[catalogue->count++] = zone->image;
		else if (zone->origin.length)
			catalogue->withheld[catalogue->withheld_count++] = (struct zone_withheld){
				.origin = zone->origin, .expired = zone->standing == ZONE_EXPIRED};
	}
	image_catalogue_index(catalogue);
}

static void
service_free(struct engine_service *service)
{
	if (!service)
		return;
	sodium_memzero(&service->self.secrets, sizeof(service->self.secrets));
	free((struct limit_rules *)service->limits);
	free(service);
}

static struct engine_service *
service_make(const struct zones *zones)
{
	const struct engine_service *old = zones->service;
	struct engine_service *made = calloc(1, sizeof(*made));
	struct why why;

	if (!made)
		return NULL;
	made->generation = old ? old->generation + 1 : 1;
	if (server_self_make(zones->server, &made->self, &why) < 0) {
		log_event(EVENT_COOKIES_REFUSED, "cookies: the old secrets stay: %s", why.text);
		made->self = old ? old->self : zones->server->config->self;
	}
	catalogue_fill(zones, &made->catalogue);
	made->limits = limits_rules_make(zones->server->limits, &made->catalogue);
	if (!made->limits) {
		service_free(made);
		return NULL;
	}
	return made;
}

static void
service_exchange(struct zones *zones, struct engine_service *made)
{
	const struct zones_callbacks *callbacks = &zones->callbacks;
	struct engine_service *old = zones->service;

	if (callbacks->publishing)
		callbacks->publishing(callbacks->context, made);
	publish_replace(&zones->server->slot, made);
	zones->service = made;
	zones->server->service = made;
	if (callbacks->published)
		callbacks->published(callbacks->context, made);
	service_free(old);
}

void
zones_publish(struct zones *zones, struct image *gone)
{
	struct engine_service *made = zones->publishes ? service_make(zones) : NULL;

	if (zones->publishes && !made) {
		/* what is served goes on being served, and so its images stay */
		log_event(EVENT_ZONE_UNPUBLISHED, "not published: out of memory");
		return;
	}
	if (made)
		service_exchange(zones, made);
	image_free(gone);
}

void
zones_publish_begin(struct zones *zones)
{
	zones->publishes = true;
	zones_publish(zones, NULL);
}

/* ---- start ---- */

void
zones_started_tell(struct zones *zones, struct zone_entry *zone, int rc, const struct why *why)
{
	bool all = true;

	if (zone)
		zone->started = true;
	for (unsigned int i = 0; i < zones->count; i++)
		all = all && zones->entries[i].started;
	if (!zones->starting || (rc == 0 && !all))
		return;
	zones->starting = false;
	uv_timer_stop(&zones->start_limit);
	zones->callbacks.started(zones->callbacks.context, rc, why);
}

/* Primaries that do not answer hold the start up no longer. */
static void
start_limit_reached(uv_timer_t *timer)
{
	struct zones *zones = timer->data;

	for (unsigned int i = 0; i < zones->count; i++)
		if (!zones->entries[i].started && zones->entries[i].config->primaries_count)
			zones_started_tell(zones, &zones->entries[i], 0, NULL);
}

static void
tick(uv_timer_t *timer)
{
	struct zones *zones = timer->data;
	bool changed = false;

	for (unsigned int i = 0; i < zones->count; i++) {
		struct zone_entry *zone = &zones->entries[i];

		changed |= zone->image && zone_expiry_judge(zone);
		if (zone->prove)
			zone_step(zone);
		if (zones->callbacks.changed)
			zones->callbacks.changed(zones->callbacks.context, zone);
	}
	if (changed)
		zones_publish(zones, NULL);
}

/* A file was changed, or replaced; one that is gone is no news. */
static void
file_changed(uv_fs_poll_t *poll, int status, const uv_stat_t *before, const uv_stat_t *now)
{
	struct zone_entry *zone = poll->data;

	(void)before;
	(void)now;
	if (status < 0 || zone->zones->starting)
		return;
	log_event(EVENT_ZONE_FILE_CHANGED, "%s changed, zone loaded anew zone=%s",
		poll == &zone->file_watch ? zone->config->file : "trust anchors", zone->name);
	zone_reload(zone);
}

static void
watches_begin(struct zone_entry *zone)
{
	const struct config_zone *config = zone->config;

	uv_fs_poll_init(zone->zones->loop, &zone->file_watch);
	uv_fs_poll_init(zone->zones->loop, &zone->anchors_watch);
	zone->file_watch.data = zone->anchors_watch.data = zone;
	if (zone->zones->check_only)
		return;
	if (config->watch == CONFIG_WANTED)
		uv_fs_poll_start(&zone->file_watch, file_changed, config->file, WATCH_MS);
	if (config->dnssec != ZONE_OFF)
		uv_fs_poll_start(&zone->anchors_watch, file_changed,
			config->anchors ? config->anchors : ZONE_ANCHORS_DEFAULT, WATCH_MS);
}

static void
entry_begin(struct zones *zones, unsigned int index)
{
	struct zone_entry *zone = &zones->entries[index];
	const struct config_zone *config = &zones->server->config->zones[index];
	uint64_t seed;

	zone->zones = zones;
	zone->index = index;
	zone->config = config;
	zone->name[0] = '\0';
	if (config->origin) {
		zone->origin = config->name;
		wire_name_to_text(&zone->origin, zone->name);
	}
	randombytes_buf(&seed, sizeof(seed));
	refresh_init(&zone->refresh, config->primaries_count, config->quorum, seed, clock_ms());
	uv_timer_init(zones->loop, &zone->timer);
	zone->timer.data = zone;
	/* what is kept comes first */
	zone->reload =
		config->file && (zones->check_only || !zones->server->config->state_directory);
	uv_timer_start(&zone->timer, zone_timer_fired, 0, 0);
	watches_begin(zone);
}

int
zones_start(struct zones *zones, struct server *server, const struct tsig_keys *keys,
	uv_loop_t *loop, const struct zones_callbacks *callbacks, bool check_only, struct why *why)
{
	struct exchange_self self;
	int rc = server_self_make(server, &self, why);

	sodium_memzero(&self.secrets, sizeof(self.secrets));
	if (rc < 0)
		return rc;
	*zones = (struct zones){.server = server,
		.keys = keys,
		.loop = loop,
		.callbacks = *callbacks,
		.count = server->config->zones_count,
		.check_only = check_only,
		.starting = true};
	rc = primaries_prepare(zones, why);
	if (rc < 0) {
		zones->count = 0;
		return rc;
	}
	uv_timer_init(loop, &zones->tick);
	uv_timer_init(loop, &zones->start_limit);
	zones->tick.data = zones;
	zones->start_limit.data = zones;
	for (unsigned int i = 0; i < zones->count; i++)
		entry_begin(zones, i);
	uv_timer_start(&zones->tick, tick, TICK_MS, TICK_MS);
	uv_timer_start(&zones->start_limit, start_limit_reached,
		server->config->health.refresh_wait_seconds * 1000ull, 0);
	return 0;
}

/* ---- end ---- */

void
zones_stop(struct zones *zones)
{
	zones->stopping = true;
	uv_close((uv_handle_t *)&zones->tick, NULL);
	uv_close((uv_handle_t *)&zones->start_limit, NULL);
	for (unsigned int i = 0; i < zones->count; i++) {
		fetch_cancel(&zones->entries[i]);
		uv_close((uv_handle_t *)&zones->entries[i].timer, NULL);
		uv_close((uv_handle_t *)&zones->entries[i].file_watch, NULL);
		uv_close((uv_handle_t *)&zones->entries[i].anchors_watch, NULL);
	}
}

bool
zones_busy(const struct zones *zones)
{
	for (unsigned int i = 0; i < zones->count; i++)
		if (zones->entries[i].busy || zones->entries[i].compared)
			return true;
	return false;
}

void
zones_free(struct zones *zones)
{
	for (unsigned int i = 0; i < zones->count; i++) {
		struct zone_entry *zone = &zones->entries[i];

		for (unsigned int k = 0; k < REFRESH_PRIMARIES_MAX; k++)
			free(zone->block[k]);
		image_free(zone->image);
		store_close(zone->store);
		zone_event_tell(zone, NULL);
	}
	primaries_forget(zones);
	service_free(zones->service);
	zones->service = NULL;
}
