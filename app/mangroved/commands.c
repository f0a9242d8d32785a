/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "incident.h"
#include "log.h"
#include "node.h"
#include "zonediff/zonediff.h"

static json_t *
time_json(int64_t seconds)
{
	return seconds ? json_integer(seconds) : json_null();
}

static json_t *
text_json(const char *text)
{
	json_t *json = text[0] ? control_text(text) : NULL;

	return json ? json : json_null();
}

/* ---- a request's arguments ---- */

/* @return NULL: told already */
static struct zone_entry *
zone_of(struct node *node, const json_t *request, struct control_call *call)
{
	const char *text = json_string_value(json_object_get(request, "zone"));
	struct zone_entry *zone = NULL;
	struct wire_name name;

	if (!text) {
		control_fail(call, CONTROL_BAD_REQUEST, "no zone is named");
		return NULL;
	}
	if (wire_name_from_text(&name, text)) {
		wire_name_fold(&name);
		zone = zones_find(&node->zones, &name);
	}
	if (!zone)
		control_fail(call, CONTROL_UNKNOWN_ZONE, "%s: no such zone is configured", text);
	return zone;
}

/* @return false: told already */
static bool
serial_of(const json_t *request, const char *key, struct control_call *call, uint32_t *serial)
{
	const json_t *number = json_object_get(request, key);

	if (!json_is_integer(number) || json_integer_value(number) < 0 ||
		json_integer_value(number) > UINT32_MAX) {
		control_fail(call, CONTROL_BAD_REQUEST, "%s is no serial", key);
		return false;
	}
	*serial = (uint32_t)json_integer_value(number);
	return true;
}

/* ---- status ---- */

static const char *
standing_word(enum zone_standing standing)
{
	static const char *const words[] = {
		[ZONE_EMPTY] = "empty", [ZONE_SERVED] = "serving", [ZONE_EXPIRED] = "expired"};

	return words[standing];
}

static json_t *
zone_serial_json(const struct zone_entry *zone)
{
	struct image_facts facts;

	if (!zone->image)
		return json_null();
	image_facts(zone->image, &facts);
	return json_integer(facts.serial);
}

static json_t *
primaries_json(const struct zone_entry *zone)
{
	json_t *all = json_array();

	for (unsigned int i = 0; i < zone->config->primaries_count; i++) {
		const struct refresh_primary *primary = &zone->refresh.primaries[i];
		json_t *serial =
			primary->standing == REFRESH_UNASKED || primary->standing == REFRESH_FAILED
				? json_null()
				: json_integer(primary->serial);

		json_array_append_new(
			all, json_pack("{s:s, s:o, s:o, s:b, s:s, s:o}", "name",
				     zone->config->primaries[i], "serial", serial, "asked_at",
				     time_json(zone->asked_at[i]), "ok",
				     primary->standing == REFRESH_CURRENT ||
					     primary->standing == REFRESH_NEWER,
				     "standing", refresh_standing_names[primary->standing], "text",
				     text_json(zone->said[i])));
	}
	return all;
}

static json_t *
error_json(const struct zone_entry *zone)
{
	if (!zone->error_at)
		return json_null();
	return json_pack("{s:I, s:o, s:o}", "at", (json_int_t)zone->error_at, "source",
		text_json(zone->error_source), "text", text_json(zone->error_text));
}

static unsigned int
held_count(const struct zone_entry *zone)
{
	struct store_version *versions = NULL;
	unsigned int count = 0, good = 0;

	if (zone->store && store_history(zone->store, &versions, &count) == 0)
		for (unsigned int i = 0; i < count; i++)
			good += versions[i].good;
	free(versions);
	return good;
}

static json_t *
refresh_due_json(const struct zone_entry *zone)
{
	int64_t in_ms = zone->refresh.next_ms - clock_ms();

	if (zone->config->primaries_count == 0)
		return json_null();
	return json_integer(time(NULL) + (in_ms > 0 ? in_ms / 1000 : 0));
}

static json_t *
zone_json(const struct zone_entry *zone)
{
	struct image_facts facts = {.serial = 0};
	json_t *json;

	if (zone->image)
		image_facts(zone->image, &facts);
	json = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "zone", zone->name, "state",
		standing_word(zone->standing), "serial", zone_serial_json(zone), "source",
		text_json(zone->source), "taken_at", time_json(zone->taken_at), "verified_at",
		time_json(zone->verified_at), "refreshed_at", time_json(zone->refreshed_at),
		"refresh_due_at", refresh_due_json(zone));
	json_object_set_new(json, "expires_at",
		time_json(zone->refreshed_at && zone->config->primaries_count
				  ? zone->refreshed_at + facts.expire
				  : 0));
	json_object_set_new(json, "signatures_expire_at", time_json(facts.earliest_expiry));
	json_object_set_new(json, "dnssec", json_boolean(facts.dnssec));
	json_object_set_new(json, "zonemd", json_boolean(facts.zonemd));
	json_object_set_new(json, "anchor_tags", text_json(zone->anchor_tags));
	json_object_set_new(json, "keys", zone_keys_json(zone));
	json_object_set_new(json, "frozen", json_boolean(zone->frozen));
	json_object_set_new(json, "forced", json_boolean(zone->forced));
	json_object_set_new(json, "activity", text_json(zone->activity ? zone->activity : ""));
	json_object_set_new(json, "held", json_integer(held_count(zone)));
	json_object_set_new(json, "primaries", primaries_json(zone));
	json_object_set_new(json, "last_error", error_json(zone));
	return json;
}

json_t *
commands_zones_json(const struct node *node)
{
	json_t *all = json_array();

	for (unsigned int i = 0; i < node->zones.count; i++)
		json_array_append_new(all, zone_json(&node->zones.entries[i]));
	return all;
}

static void
zone_status(struct node *node, const json_t *request, struct control_call *call)
{
	const struct zone_entry *zone;

	if (!json_object_get(request, "zone")) {
		control_reply(call, json_pack("{s:o}", "zones", commands_zones_json(node)));
		return;
	}
	zone = zone_of(node, request, call);
	if (zone)
		control_reply(call, json_pack("{s:[o]}", "zones", zone_json(zone)));
}

static json_t *
addresses_json(const struct config *config)
{
	json_t *all = json_array();

	for (unsigned int i = 0; i < config->addresses_count; i++)
		json_array_append_new(all, json_string(config->addresses[i]));
	return all;
}

json_t *
commands_status_json(const struct node *node)
{
	const struct exchange_self *self = &node->config->self;
	json_t *all = json_array();

	for (unsigned int i = 0; i < node->zones.count; i++) {
		const struct zone_entry *zone = &node->zones.entries[i];

		json_array_append_new(all,
			json_pack("{s:s, s:o, s:s}", "zone", zone->name, "serial",
				zone_serial_json(zone), "state", standing_word(zone->standing)));
	}
	return json_pack("{s:s, s:o, s:i, s:I, s:s%, s:o, s:s, s:o, s:o}", "version",
		MANGROVE_VERSION, "build", incident_build_json(), "pid", (int)getpid(),
		"started_at", (json_int_t)node->started_at, "identity",
		(const char *)self->identity, (size_t)self->identity_length, "addresses",
		addresses_json(node->config), "state", watch_state_word(&node->watch), "zones", all,
		"capture", capturer_json(node->server.capturer));
}

static void
status(struct node *node, const json_t *request, struct control_call *call)
{
	(void)request;
	control_reply(call, commands_status_json(node));
}

/* All figures (docs/statistics.md) */
static void
stats_ask(struct node *node, const json_t *request, struct control_call *call)
{
	const char *name = json_string_value(json_object_get(request, "name"));
	json_t *json = statistics_json(&node->statistics, name);

	if (json && name && json_array_size(json) == 0) {
		json_decref(json);
		control_fail(call, CONTROL_BAD_REQUEST, "no metric has %s in its name", name);
	} else if (json)
		control_reply(call, json_pack("{s:o}", "metrics", json));
	else
		control_fail(call, CONTROL_FAILED, "out of memory");
}

static void
heat_ask(struct node *node, const json_t *request, struct control_call *call)
{
	json_t *json = statistics_heat_json(&node->statistics);

	(void)request;
	if (json)
		control_reply(call, json);
	else
		control_fail(call, CONTROL_FAILED, "out of memory");
}

static void
health_ask(struct node *node, const json_t *request, struct control_call *call)
{
	(void)request;
	control_reply(call, watch_json(&node->watch));
}

static void
clear_ask(struct node *node, const json_t *request, struct control_call *call)
{
	(void)request;
	watch_audit_clear(&node->watch);
	control_reply(call, watch_json(&node->watch));
}

static void
drain(struct node *node, const json_t *request, struct control_call *call, bool drained)
{
	const json_t *family = json_object_get(request, "family");
	const char *name = json_string_value(family);
	unsigned int which = HEALTH_BOTH;

	if (family && (!name || (strcmp(name, "ipv4") != 0 && strcmp(name, "ipv6") != 0))) {
		control_fail(call, CONTROL_BAD_REQUEST, "family is neither ipv4 nor ipv6");
		return;
	}
	if (name)
		which = strcmp(name, "ipv4") == 0 ? HEALTH_IPV4 : HEALTH_IPV6;
	control_reply(call, watch_drain(&node->watch, which, drained));
}

static void
drain_ask(struct node *node, const json_t *request, struct control_call *call)
{
	drain(node, request, call, true);
}

static void
undrain_ask(struct node *node, const json_t *request, struct control_call *call)
{
	drain(node, request, call, false);
}

/* ---- what ends later ---- */

/* Who waits for the end of something that was begun for zones, and what has ended so far. */
struct waiting {
	struct control_call *call;
	unsigned int open;
	json_t *zones;
	char failure[512];
};

static const char *
outcome_word(enum zone_outcome outcome)
{
	switch (outcome) {
	case ZONE_UP_TO_DATE:
		return "up-to-date";
	case ZONE_UPDATED:
		return "updated";
	case ZONE_HELD_BACK:
		return "held-back";
	case ZONE_REFUSED_VERSION:
		return "refused";
	case ZONE_FAILED:
		return "failed";
	}
	return "failed";
}

static bool
is_failure(const struct zone_event *event)
{
	return !event || event->outcome == ZONE_REFUSED_VERSION || event->outcome == ZONE_FAILED;
}

static json_t *
event_json(const struct zone_entry *zone, const struct zone_event *event)
{
	json_t *json = json_pack("{s:s, s:s, s:I, s:o}", "zone", zone->name, "outcome",
		outcome_word(event->outcome), "serial", (json_int_t)event->serial, "source",
		text_json(event->text));

	if (event->outcome == ZONE_UPDATED && event->previous)
		json_object_set_new(json, "previous", json_integer(event->previous));
	if (event->kind == ZONE_EVENT_ROLLBACK)
		json_object_set_new(json, "frozen", json_true());
	return json;
}

static void
one_ended(void *context, const struct zone_entry *zone, const struct zone_event *event)
{
	struct control_call *call = context;

	if (!event)
		control_fail(call, CONTROL_FAILED, "%s: the server stops", zone->name);
	else if (is_failure(event))
		control_fail(call,
			event->outcome == ZONE_REFUSED_VERSION ? CONTROL_REFUSED : CONTROL_FAILED,
			"%s", event->text[0] ? event->text : "nothing came of it");
	else
		control_reply(call, event_json(zone, event));
}

static void
many_end(struct waiting *waiting)
{
	json_t *reply;

	if (--waiting->open)
		return;
	reply = json_pack("{s:o}", "zones", waiting->zones);
	if (waiting->failure[0]) {
		json_object_set_new(reply, "ok", json_false());
		json_object_set_new(reply, "code", json_string(CONTROL_REFUSED));
		json_object_set_new(reply, "error", text_json(waiting->failure));
	}
	control_reply(waiting->call, reply);
	free(waiting);
}

static void
many_ended(void *context, const struct zone_entry *zone, const struct zone_event *event)
{
	struct waiting *waiting = context;
	const char *reason = !event	      ? "the server stops"
			     : event->text[0] ? event->text
					      : "nothing came of it";
	json_t *json;

	if (is_failure(event)) {
		json = json_pack(
			"{s:s, s:b, s:o}", "zone", zone->name, "ok", 0, "error", text_json(reason));
		if (!waiting->failure[0])
			snprintf(waiting->failure, sizeof(waiting->failure), "zone %.64s: %.400s",
				zone->name, reason);
	} else {
		json = event_json(zone, event);
		json_object_set_new(json, "ok", json_true());
	}
	json_array_append_new(waiting->zones, json);
	many_end(waiting);
}

static void
wait_for(struct zone_entry *zone, enum zone_event_kind kind, struct control_call *call)
{
	if (zone_wait(zone, kind, one_ended, call) < 0)
		control_fail(call, CONTROL_FAILED, "out of memory");
}

static void
refresh_or_transfer(struct node *node, const json_t *request, struct control_call *call, bool whole)
{
	struct zone_entry *zone = zone_of(node, request, call);

	if (!zone)
		return;
	if (zone->config->primaries_count == 0) {
		control_fail(call, CONTROL_REFUSED, "%s has no primaries", zone->name);
		return;
	}
	wait_for(zone, ZONE_EVENT_ROUND, call);
	zone_refresh(zone, whole, json_is_true(json_object_get(request, "force")));
}

static void
zone_refresh_ask(struct node *node, const json_t *request, struct control_call *call)
{
	refresh_or_transfer(node, request, call, false);
}

static void
zone_transfer_ask(struct node *node, const json_t *request, struct control_call *call)
{
	refresh_or_transfer(node, request, call, true);
}

static bool
can_reload(const struct zone_entry *zone)
{
	return zone->config->file || (zone->store && zone->image);
}

static void
reload_all(struct node *node, struct control_call *call)
{
	struct waiting *waiting = calloc(1, sizeof(*waiting));

	if (!waiting) {
		control_fail(call, CONTROL_FAILED, "out of memory");
		return;
	}
	*waiting = (struct waiting){.call = call, .open = 1, .zones = json_array()};
	for (unsigned int i = 0; i < node->zones.count; i++) {
		struct zone_entry *zone = &node->zones.entries[i];

		if (!can_reload(zone) ||
			zone_wait(zone, ZONE_EVENT_RELOAD, many_ended, waiting) < 0)
			continue;
		waiting->open++;
		zone_reload(zone);
	}
	many_end(waiting);
}

static void
zone_reload_ask(struct node *node, const json_t *request, struct control_call *call)
{
	struct zone_entry *zone;
	struct waiting *waiting;

	if (!json_object_get(request, "zone")) {
		reload_all(node, call);
		return;
	}
	zone = zone_of(node, request, call);
	if (!zone)
		return;
	if (!can_reload(zone)) {
		control_fail(call, CONTROL_REFUSED, "%s has no file, and nothing is kept of it",
			zone->name);
		return;
	}
	waiting = calloc(1, sizeof(*waiting));
	if (!waiting || zone_wait(zone, ZONE_EVENT_RELOAD, many_ended, waiting) < 0) {
		free(waiting);
		control_fail(call, CONTROL_FAILED, "out of memory");
		return;
	}
	*waiting = (struct waiting){.call = call, .open = 1, .zones = json_array()};
	zone_reload(zone);
}

/* ---- freeze, history, diff, rollback ---- */

static void
freeze(struct node *node, const json_t *request, struct control_call *call, bool frozen)
{
	struct zone_entry *zone = zone_of(node, request, call);

	if (!zone)
		return;
	zone_freeze(zone, frozen);
	control_reply(call, json_pack("{s:s, s:b, s:o}", "zone", zone->name, "frozen", frozen,
				    "serial", zone_serial_json(zone)));
}

static void
zone_freeze_ask(struct node *node, const json_t *request, struct control_call *call)
{
	freeze(node, request, call, true);
}

static void
zone_thaw_ask(struct node *node, const json_t *request, struct control_call *call)
{
	freeze(node, request, call, false);
}

/* @return false: told already */
static bool
is_kept(const struct zone_entry *zone, struct control_call *call)
{
	if (zone->store)
		return true;
	control_fail(call, CONTROL_REFUSED, "nothing is kept: state_directory is not configured");
	return false;
}

static void
zone_history(struct node *node, const json_t *request, struct control_call *call)
{
	struct zone_entry *zone = zone_of(node, request, call);
	struct store_current current;
	json_t *serial;

	if (!zone || !is_kept(zone, call))
		return;
	serial = store_current(zone->store, &current) == 0 ? json_integer(current.serial)
							   : json_null();
	control_reply(call, json_pack("{s:s, s:o, s:o}", "zone", zone->name, "current", serial,
				    "versions", store_history_json(zone->store)));
}

/* Two versions compared, which waits for the disk. */
struct comparison {
	uv_work_t work;
	struct control_call *call;
	struct zone_entry *zone;
	uint32_t from, to;
	json_t *diff;
	int rc;
	struct why why;
};

static void
versions_compare(uv_work_t *work)
{
	struct comparison *c = work->data;
	struct image *images[2] = {NULL, NULL};
	struct zonediff_records records[2];

	c->rc = store_image_open(c->zone->store, c->from, &images[0], &c->why);
	if (c->rc == 0)
		c->rc = store_image_open(c->zone->store, c->to, &images[1], &c->why);
	for (unsigned int i = 0; i < 2 && c->rc == 0; i++)
		records[i].octets = image_records(images[i], &records[i].length);
	if (c->rc == 0)
		c->rc = zonediff_make(&records[0], &records[1], &c->diff, &c->why);
	image_free(images[0]);
	image_free(images[1]);
}

static void
versions_compared(uv_work_t *work, int status)
{
	struct comparison *c = work->data;

	(void)status;
	if (c->rc == 0)
		control_reply(
			c->call, json_pack("{s:s, s:o}", "zone", c->zone->name, "diff", c->diff));
	else if (c->rc == -ENOENT)
		control_fail(c->call, CONTROL_UNKNOWN_SERIAL, "%s", c->why.text);
	else
		control_fail(c->call, CONTROL_FAILED, "%s", c->why.text);
	c->zone->compared--;
	free(c);
}

static void
zone_diff(struct node *node, const json_t *request, struct control_call *call)
{
	struct zone_entry *zone = zone_of(node, request, call);
	struct comparison *c;
	uint32_t from, to;

	if (!zone || !is_kept(zone, call) || !serial_of(request, "from", call, &from) ||
		!serial_of(request, "to", call, &to))
		return;
	c = calloc(1, sizeof(*c));
	if (!c) {
		control_fail(call, CONTROL_FAILED, "out of memory");
		return;
	}
	*c = (struct comparison){
		.work = {.data = c}, .call = call, .zone = zone, .from = from, .to = to};
	zone->compared++;
	uv_queue_work(&node->loop, &c->work, versions_compare, versions_compared);
}

static void
zone_rollback_ask(struct node *node, const json_t *request, struct control_call *call)
{
	struct zone_entry *zone = zone_of(node, request, call);
	uint32_t serial;

	if (!zone || !is_kept(zone, call) || !serial_of(request, "serial", call, &serial))
		return;
	if (zone->rollback) {
		control_fail(call, CONTROL_BUSY, "%s: a rollback is under way", zone->name);
		return;
	}
	if (!zone_rollback(zone, serial)) {
		control_fail(call, CONTROL_UNKNOWN_SERIAL, "%s: serial %u is not held", zone->name,
			serial);
		return;
	}
	wait_for(zone, ZONE_EVENT_ROLLBACK, call);
}

/* ---- all of them ---- */

static const struct {
	const char *name;
	void (*handle)(struct node *node, const json_t *request, struct control_call *call);
	bool changes; /* something, which the log tells with who wanted it */
} commands[] = {
	{"status", status, false},
	{"health", health_ask, false},
	{"stats", stats_ask, false},
	{"observe", observatory_ask, false},
	{"rssac047", probe_ask, false},
	{"heat", heat_ask, false},
	{"events", incident_events, false},
	{"configuration", incident_configuration, false},
	{"samples", incident_samples, false},
	{"clear", clear_ask, true},
	{"flood", limits_flood, false},
	{"filter list", limits_filter_list, false},
	{"filter add", limits_filter_add, true},
	{"filter remove", limits_filter_remove, true},
	{"drain", drain_ask, true},
	{"undrain", undrain_ask, true},
	{"zone status", zone_status, false},
	{"zone refresh", zone_refresh_ask, true},
	{"zone transfer", zone_transfer_ask, true},
	{"zone reload", zone_reload_ask, true},
	{"zone freeze", zone_freeze_ask, true},
	{"zone thaw", zone_thaw_ask, true},
	{"zone history", zone_history, false},
	{"zone diff", zone_diff, false},
	{"zone rollback", zone_rollback_ask, true},
};

void
commands_handle(void *context, const json_t *request, struct control_call *call)
{
	const char *name = json_string_value(json_object_get(request, "command"));
	uid_t uid;
	pid_t pid;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, name) != 0)
			continue;
		if (commands[i].changes) {
			control_call_peer(call, &uid, &pid);
			log_event(EVENT_COMMAND, "command=\"%s\" uid=%u pid=%d", name, uid, pid);
		}
		commands[i].handle(context, request, call);
		return;
	}
	control_fail(call, CONTROL_UNKNOWN_COMMAND, "no such command");
}
