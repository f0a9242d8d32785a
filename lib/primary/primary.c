/* SPDX-License-Identifier: BSD-3-Clause */
/* All of it, up and down, and the zones that it hands out. */
#include "primary/primary.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "primary/primary_priv.h"
#include "tls/tls.h"

const char *const primary_count_names[PRIMARY_COUNTS] = {
	[PRIMARY_QUERIES] = "queries",
	[PRIMARY_QUERIES_REFUSED] = "queries_refused",
	[PRIMARY_NOTIFIES_ACCEPTED] = "notifies_accepted",
	[PRIMARY_NOTIFIES_REFUSED] = "notifies_refused",
	[PRIMARY_NOTIFIES_NOT_AUTH] = "notifies_not_auth",
	[PRIMARY_AXFR_STARTED] = "axfr_started",
	[PRIMARY_IXFR_STARTED] = "ixfr_started",
	[PRIMARY_IXFR_AS_AXFR] = "ixfr_as_axfr",
	[PRIMARY_IXFR_DATAGRAM] = "ixfr_datagram",
	[PRIMARY_IXFR_CURRENT] = "ixfr_current",
	[PRIMARY_TRANSFER_REFUSED] = "transfer_refused",
	[PRIMARY_TRANSFER_NOT_AUTH] = "transfer_not_auth",
	[PRIMARY_TRANSFER_NOT_READY] = "transfer_not_ready",
	[PRIMARY_TRANSFER_LIMITED] = "transfer_limited",
	[PRIMARY_TSIG_FAILED] = "tsig_failed",
	[PRIMARY_MALFORMED] = "malformed",
	[PRIMARY_NOTIFY_ANSWERS] = "notify_answers",
	[PRIMARY_DROPPED] = "dropped",
	[PRIMARY_DROPPED_RATE] = "dropped_rate",
	[PRIMARY_TRANSFER_DONE] = "transfer_done",
	[PRIMARY_TRANSFER_ABORTED] = "transfer_aborted",
	[PRIMARY_TRANSFER_OCTETS] = "transfer_octets",
	[PRIMARY_NOTIFY_SENT] = "notify_sent",
	[PRIMARY_NOTIFY_ACKNOWLEDGED] = "notify_acknowledged",
	[PRIMARY_NOTIFY_TURNED_DOWN] = "notify_turned_down",
	[PRIMARY_NOTIFY_GIVEN_UP] = "notify_given_up",
	[PRIMARY_TCP_ACCEPTED] = "tcp_accepted",
	[PRIMARY_TLS_ACCEPTED] = "tls_accepted",
	[PRIMARY_TLS_FAILED] = "tls_failed",
	[PRIMARY_CLOSED_LIMIT] = "closed_limit",
	[PRIMARY_CLOSED_TIMEOUT] = "closed_timeout",
	[PRIMARY_CLOSED_MISFRAMED] = "closed_misframed",
};

const char *const primary_notice_names[PRIMARY_NOTICE_GIVEN_UP + 1] = {
	[PRIMARY_NOTICE_NONE] = "none",
	[PRIMARY_NOTICE_SENT] = "sent",
	[PRIMARY_NOTICE_ACKNOWLEDGED] = "acknowledged",
	[PRIMARY_NOTICE_TURNED_DOWN] = "turned_down",
	[PRIMARY_NOTICE_GIVEN_UP] = "given_up",
};

const struct primary_limits primary_limits_default = {
	.connections = 100,
	.connections_per_prefix = 10,
	.transfers = 10,
	.transfers_per_prefix = 2,
	.octets_per_second = 16 << 20,
	.octets_per_second_per_transfer = 8 << 20,
	.idle_timeout_ms = 30000,
	.message_timeout_ms = 10000,
	.versions = 16,
	.datagrams_per_second = 1000,
};

enum { STRANGERS_SHARE = 10, TOLD_MAX = 2048 };

/* ---- small things ---- */

void
primary_tell(const struct primary *primary, bool is_bad, const char *format, ...)
{
	const struct primary_callbacks *callbacks = &primary->settings->callbacks;
	char line[TOLD_MAX];
	va_list arguments;

	if (!callbacks->told)
		return;
	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	callbacks->told(callbacks->context, is_bad, line);
}

struct primary_zone *
primary_zone_find(const struct primary *primary, const struct wire_name *origin)
{
	for (unsigned int i = 0; i < primary->zone_count; i++)
		if (wire_name_equal(&primary->zones[i]->origin, origin))
			return primary->zones[i];
	return NULL;
}

void
primary_zone_serve(struct primary *primary, const struct wire_name *origin, bool serve)
{
	struct primary_zone *zone = primary_zone_find(primary, origin);

	if (zone)
		zone->may_serve = serve;
}

uint64_t
primary_count(const struct primary *primary, enum primary_count which)
{
	return counter_read(&primary->counts[which]);
}

bool
primary_notice_status(const struct primary *primary, const struct wire_name *origin,
	unsigned int secondary, struct primary_notice_status *status)
{
	const struct primary_zone *zone = primary_zone_find(primary, origin);
	const struct primary_notification *n;

	if (!zone || secondary >= primary->settings->secondary_count)
		return false;
	n = &zone->notifications[secondary];
	*status = (struct primary_notice_status){
		.secondary = &primary->settings->secondaries[secondary],
		.notice = n->notice,
		.serial = n->serial,
		.attempts = n->attempts,
	};
	return true;
}

/* ---- up and down ---- */

static void
tick(uv_timer_t *timer)
{
	struct primary *primary = timer->data;
	bool waits;

	primary_connections_sweep(primary);
	waits = primary_notified_flush(primary);
	if (!waits && primary->connection_count == 0)
		uv_timer_stop(&primary->tick);
}

void
primary_tick_need(struct primary *primary)
{
	if (!uv_is_active((uv_handle_t *)&primary->tick))
		uv_timer_start(&primary->tick, tick, PRIMARY_TICK_MS, PRIMARY_TICK_MS);
}

static void
timer_init(struct primary *primary, uv_timer_t *timer)
{
	uv_timer_init(primary->settings->loop, timer);
	timer->data = primary;
	primary->handle_count++;
}

void
primary_handle_closed(struct primary *primary)
{
	if (--primary->handle_count > 0 || !primary->is_closing)
		return;
	tls_context_free(primary->tls);
	free(primary);
}

static void
closed(uv_handle_t *handle)
{
	struct primary_socket *s = handle->data;

	primary_handle_closed(s->primary);
}

static void
timer_closed(uv_handle_t *handle)
{
	primary_handle_closed(handle->data);
}

static void
socket_close(struct primary_socket *s)
{
	if (s->uv.handle.type != UV_UNKNOWN_HANDLE)
		uv_close(&s->uv.handle, closed);
}

void
primary_free(struct primary *primary)
{
	if (!primary)
		return;
	primary->is_closing = true;
	primary_connections_close(primary);
	for (unsigned int i = 0; i < primary->zone_count; i++) {
		primary_notify_forget(primary, primary->zones[i]);
		primary_zone_free(primary->zones[i]);
	}
	primary->zone_count = 0;
	for (unsigned int i = 0; i < primary->socket_count; i++)
		socket_close(&primary->sockets[i]);
	socket_close(&primary->notify_ipv4);
	socket_close(&primary->notify_ipv6);
	publish_leave(primary->settings->slot, primary->settings->reader);
	uv_close((uv_handle_t *)&primary->tick, timer_closed);
	uv_close((uv_handle_t *)&primary->paced, timer_closed);
	uv_close((uv_handle_t *)&primary->notify, timer_closed);
}

static int
tls_prepare(struct primary *primary, struct why *why)
{
	const struct primary_settings *settings = primary->settings;

	for (unsigned int i = 0; i < settings->listener_count; i++)
		if (settings->listeners[i].tls)
			return tls_server_context(
				settings->certificate, settings->key, &primary->tls, why);
	return 0;
}

int
primary_start(const struct primary_settings *settings, struct primary **out, struct why *why)
{
	const struct primary_limits *limits = &settings->limits;
	uint64_t now_ms = uv_now(settings->loop);
	struct primary *primary = calloc(1, sizeof(*primary));
	int rc;

	if (!primary)
		return why_set(why, ENOMEM, "out of memory");
	primary->settings = settings;
	TAILQ_INIT(&primary->connections);
	TAILQ_INIT(&primary->transfers);
	TAILQ_INIT(&primary->waiting);
	primary_pace_init(&primary->pace, limits->octets_per_second, now_ms);
	primary_pace_init(&primary->datagrams, limits->datagrams_per_second, now_ms);
	primary_pace_init(
		&primary->strangers, limits->datagrams_per_second / STRANGERS_SHARE, now_ms);
	timer_init(primary, &primary->tick);
	timer_init(primary, &primary->paced);
	timer_init(primary, &primary->notify);
	publish_join(settings->slot, settings->reader);
	publish_offline(settings->slot, settings->reader);
	rc = tls_prepare(primary, why);
	if (rc == 0)
		rc = primary_sockets_open(primary, why);
	if (rc < 0) {
		primary_free(primary);
		return rc;
	}
	*out = primary;
	return 0;
}

/* ---- publication ---- */

/* What a catalogue makes of the zones: prepared whole, then taken whole. */
struct incoming {
	unsigned int count;
	struct {
		struct primary_zone *zone;
		bool is_new, is_there, is_expired;
		struct primary_block *records; /* NULL: as they are */
		uint32_t serial;
	} zones[PRIMARY_ZONES_MAX];
};

static bool
incoming_add(const struct primary *primary, struct incoming *in, const struct wire_name *origin)
{
	struct primary_zone *zone = primary_zone_find(primary, origin);
	unsigned int i = in->count;

	in->zones[i].is_new = !zone;
	if (!zone)
		zone = primary_zone_new(origin, primary->settings->secondary_count);
	in->zones[i].zone = zone;
	in->zones[i].is_there = in->zones[i].is_expired = false;
	in->zones[i].records = NULL;
	in->count += zone != NULL;
	return zone != NULL;
}

static bool
incoming_image(const struct primary *primary, struct incoming *in, const struct image *image)
{
	struct image_facts facts;
	const uint8_t *records;
	const struct primary_block *known;
	unsigned int i = in->count;
	size_t length;

	image_facts(image, &facts);
	if (!incoming_add(primary, in, &facts.origin))
		return false;
	in->zones[i].is_there = true;
	in->zones[i].serial = facts.serial;
	records = image_records(image, &length);
	known = in->zones[i].zone->records;
	if (known && known->length == length && memcmp(known->octets, records, length) == 0)
		return true;
	in->zones[i].records = primary_block_new(length);
	if (!in->zones[i].records)
		return false;
	memcpy(in->zones[i].records->octets, records, length);
	return true;
}

static void
incoming_drop(struct incoming *in)
{
	for (unsigned int i = 0; i < in->count; i++) {
		primary_block_drop(in->zones[i].records);
		if (in->zones[i].is_new)
			primary_zone_free(in->zones[i].zone);
	}
}

static void
incoming_take(struct primary *primary, struct incoming *in)
{
	unsigned int versions = primary->settings->limits.versions;

	primary->zone_count = in->count;
	for (unsigned int i = 0; i < in->count; i++) {
		struct primary_zone *zone = in->zones[i].zone;

		primary->zones[i] = zone;
		zone->is_there = in->zones[i].is_there;
		zone->is_expired = in->zones[i].is_expired;
		if (in->zones[i].records)
			primary_zone_advance(zone, in->zones[i].records, in->zones[i].serial,
				versions < PRIMARY_VERSIONS_MAX ? versions : PRIMARY_VERSIONS_MAX);
	}
	/* when all are in their places: the timer asks all of them */
	for (unsigned int i = 0; i < in->count; i++)
		if (in->zones[i].records)
			primary_notify_begin(primary, in->zones[i].zone);
}

static void
forgotten_free(const struct primary *primary, const struct incoming *in)
{
	for (unsigned int z = 0; z < primary->zone_count; z++) {
		bool is_kept = false;

		for (unsigned int i = 0; i < in->count; i++)
			is_kept |= in->zones[i].zone == primary->zones[z];
		if (is_kept)
			continue;
		primary_notify_forget(primary, primary->zones[z]);
		primary_zone_free(primary->zones[z]);
	}
}

int
primary_publish(struct primary *primary, const struct image_catalogue *catalogue, struct why *why)
{
	struct incoming in = {.count = 0};
	bool good = true;

	for (unsigned int i = 0; i < catalogue->count && good; i++)
		good = incoming_image(primary, &in, catalogue->images[i]);
	for (unsigned int i = 0; i < catalogue->withheld_count && good; i++) {
		good = incoming_add(primary, &in, &catalogue->withheld[i].origin);
		if (good)
			in.zones[in.count - 1].is_expired = catalogue->withheld[i].expired;
	}
	if (!good) {
		incoming_drop(&in);
		return why_set(why, ENOMEM, "out of memory for zones to be handed out");
	}
	forgotten_free(primary, &in);
	incoming_take(primary, &in);
	return 0;
}
