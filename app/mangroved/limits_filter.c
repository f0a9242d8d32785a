/* SPDX-License-Identifier: BSD-3-Clause */
/* Filters that operators put in at run time: what they say, where it is in a zone, and their end.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "limits_node.h"
#include "log.h"
#include "node.h"

/* ---- where a filter's name is ---- */

static const struct image *
zone_of(const struct image_catalogue *catalogue, const struct wire_name *name, unsigned int *index)
{
	const struct image *deepest = NULL;
	struct image_facts facts, best;

	for (unsigned int i = 0; i < catalogue->count; i++) {
		image_facts(catalogue->images[i], &facts);
		if (!wire_name_is_below(name, &facts.origin) ||
			(deepest && facts.origin.labels <= best.origin.labels))
			continue;
		deepest = catalogue->images[i];
		best = facts;
		*index = i;
	}
	return deepest;
}

/* @return false: no zone that is served has such a name, or such a gap */
static bool
place_find(const struct limits_filter *filter, const struct image_catalogue *catalogue,
	struct limit_filter *made)
{
	unsigned int index = 0;
	const struct image *image = zone_of(catalogue, &filter->name, &index);
	bool exists;

	if (!image)
		return false;
	exists = image_node_find(image, &filter->name, &made->node);
	made->by_place = true;
	made->gap = filter->gap;
	made->zone = (uint8_t)index;
	return exists || filter->gap;
}

static bool
filter_make(const struct limits *limits, const struct limits_filter *filter,
	const struct image_catalogue *catalogue, struct limit_filter *made)
{
	*made = (struct limit_filter){
		.prefix = filter->parsed,
		.action = (uint8_t)filter->action,
		.slot = (uint8_t)(filter - limits->filters),
		.price = limit_price(filter->rate, limits->node->config->limits.wishes.spread),
	};
	return filter->name.length == 0 || place_find(filter, catalogue, made);
}

void
limits_filters_resolve(
	struct limits *limits, const struct image_catalogue *catalogue, struct limit_rules *rules)
{
	for (unsigned int i = 0; i < LIMIT_FILTERS_MAX; i++) {
		struct limits_filter *filter = &limits->filters[i];
		struct limit_filter made;

		if (!filter->used)
			continue;
		filter->found = filter_make(limits, filter, catalogue, &made) &&
				limit_rules_filter(rules, &made, NULL) == 0;
	}
}

/* ---- words ---- */

static uint64_t
slot_count(const struct limits *limits, const struct limits_filter *filter)
{
	uint64_t count = 0;

	for (unsigned int i = 0; i < limits->thread_count; i++)
		count += counter_read(&limiter_counters(limits->threads[i].limiter)
					       ->filtered[filter - limits->filters]);
	return count;
}

static json_t *
filter_json(const struct limits *limits, const struct limits_filter *filter)
{
	char name[WIRE_NAME_TEXT_MAX];
	json_t *place =
		filter->name.length ? json_string(wire_name_to_text(&filter->name, name)) : NULL;
	json_t *json = json_pack("{s:I, s:s, s:I, s:I, s:b, s:I}", "id", (json_int_t)filter->id,
		"action", limit_filter_action_names[filter->action], "since",
		(json_int_t)filter->since, "until", (json_int_t)filter->until, "acts",
		filter->found, "count",
		(json_int_t)(slot_count(limits, filter) - filter->counted_before));

	json_object_set_new(
		json, "prefix", filter->prefix[0] ? json_string(filter->prefix) : json_null());
	json_object_set_new(json, "range", place && filter->gap ? json_incref(place) : json_null());
	json_object_set_new(json, "name", place && !filter->gap ? json_incref(place) : json_null());
	json_object_set_new(json, "rate",
		filter->action == LIMIT_FILTER_LIMIT ? json_integer(filter->rate) : json_null());
	json_decref(place);
	return json;
}

static void
filter_log(const struct limits *limits, const struct limits_filter *filter, const char *what)
{
	char name[WIRE_NAME_TEXT_MAX];

	log_event(EVENT_FILTER, "filter %s id=%u action=%s prefix=%s %s=%s count=%llu", what,
		filter->id, limit_filter_action_names[filter->action],
		filter->prefix[0] ? filter->prefix : "any", filter->gap ? "range" : "name",
		filter->name.length ? wire_name_to_text(&filter->name, name) : "any",
		(unsigned long long)(slot_count(limits, filter) - filter->counted_before));
}

bool
limits_filters_expire(struct limits *limits)
{
	int64_t now = clock_ms();
	bool any = false;

	for (unsigned int i = 0; i < LIMIT_FILTERS_MAX; i++) {
		struct limits_filter *filter = &limits->filters[i];

		if (!filter->used || filter->until_ms > now)
			continue;
		filter_log(limits, filter, "expired");
		filter->used = false;
		any = true;
	}
	return any;
}

/* ---- filter add ---- */

/* @return false: told already; a number that is left out stays */
static bool
number_take(const json_t *request, const char *key, json_int_t max, unsigned int *value,
	struct control_call *call)
{
	const json_t *number = json_object_get(request, key);

	if (!number)
		return true;
	if (!json_is_integer(number) || json_integer_value(number) < 1 ||
		json_integer_value(number) > max) {
		control_fail(call, CONTROL_BAD_REQUEST, "%s is not a number from 1 to %lld", key,
			(long long)max);
		return false;
	}
	*value = (unsigned int)json_integer_value(number);
	return true;
}

static bool
action_take(const json_t *request, struct limits_filter *filter, struct control_call *call)
{
	const char *word = json_string_value(json_object_get(request, "action"));

	for (unsigned int i = 0; word && i <= LIMIT_FILTER_LIMIT; i++)
		if (strcmp(word, limit_filter_action_names[i]) == 0) {
			filter->action = i;
			return true;
		}
	control_fail(call, CONTROL_BAD_REQUEST, "action is none of drop, tc, limit");
	return false;
}

static bool
prefix_take(const json_t *request, struct limits_filter *filter, struct control_call *call)
{
	const char *text = json_string_value(json_object_get(request, "prefix"));

	if (!json_object_get(request, "prefix"))
		return true;
	if (!text || strlen(text) >= sizeof(filter->prefix) ||
		!config_limit_prefix_parse(text, &filter->parsed) || filter->parsed.length == 0) {
		control_fail(call, CONTROL_BAD_REQUEST,
			"prefix is not an IP address with the length of its prefix");
		return false;
	}
	snprintf(filter->prefix, sizeof(filter->prefix), "%s", text);
	return true;
}

static bool
name_take(const json_t *request, const char *key, bool gap, struct limits_filter *filter,
	struct control_call *call)
{
	const char *text = json_string_value(json_object_get(request, key));

	if (!json_object_get(request, key))
		return true;
	if (!text || !wire_name_from_text(&filter->name, text)) {
		control_fail(call, CONTROL_BAD_REQUEST, "%s is no name", key);
		return false;
	}
	wire_name_fold(&filter->name);
	filter->gap = gap;
	return true;
}

/* @return false: told already */
static bool
filter_take(const json_t *request, struct limits_filter *filter, struct control_call *call)
{
	unsigned int seconds = LIMITS_FILTER_SECONDS;

	if (!action_take(request, filter, call) || !prefix_take(request, filter, call) ||
		!name_take(request, "range", true, filter, call) ||
		!name_take(request, "name", false, filter, call) ||
		!number_take(request, "rate", 1000000000, &filter->rate, call) ||
		!number_take(request, "seconds", LIMITS_FILTER_SECONDS_MAX, &seconds, call))
		return false;
	if (json_object_get(request, "range") && json_object_get(request, "name")) {
		control_fail(call, CONTROL_BAD_REQUEST, "either range or name");
		return false;
	}
	if (!filter->prefix[0] && filter->name.length == 0) {
		control_fail(call, CONTROL_BAD_REQUEST, "neither prefix nor range nor name");
		return false;
	}
	if ((filter->action == LIMIT_FILTER_LIMIT) != (filter->rate != 0)) {
		control_fail(call, CONTROL_BAD_REQUEST, "rate goes with limit, and limit needs it");
		return false;
	}
	filter->since = time(NULL);
	filter->until = filter->since + seconds;
	filter->until_ms = clock_ms() + (int64_t)seconds * 1000;
	return true;
}

void
limits_filter_add(struct node *node, const json_t *request, struct control_call *call)
{
	struct limits *limits = &node->limits;
	struct limits_filter taken = {.used = true}, *filter = limits->filters;
	struct limit_filter made;

	if (!node->up) {
		control_fail(call, CONTROL_REFUSED, "nothing is answered yet");
		return;
	}
	if (!filter_take(request, &taken, call))
		return;
	while (filter < limits->filters + LIMIT_FILTERS_MAX && filter->used)
		filter++;
	if (filter == limits->filters + LIMIT_FILTERS_MAX) {
		control_fail(
			call, CONTROL_REFUSED, "there are %d filters already", LIMIT_FILTERS_MAX);
		return;
	}
	if (taken.name.length && !place_find(&taken, &node->server.service->catalogue, &made)) {
		control_fail(call, CONTROL_REFUSED, "no zone that is served has that name");
		return;
	}
	taken.id = ++limits->filter_ids;
	*filter = taken;
	filter->counted_before = slot_count(limits, filter);
	zones_publish(&node->zones, NULL);
	filter_log(limits, filter, "added");
	control_reply(call, json_pack("{s:o}", "filter", filter_json(limits, filter)));
}

/* ---- filter list, filter remove ---- */

void
limits_filter_remove(struct node *node, const json_t *request, struct control_call *call)
{
	struct limits *limits = &node->limits;
	unsigned int id = 0;

	if (!number_take(request, "id", UINT32_MAX, &id, call))
		return;
	for (unsigned int i = 0; i < LIMIT_FILTERS_MAX; i++) {
		struct limits_filter *filter = &limits->filters[i];
		json_t *json;

		if (!filter->used || filter->id != id)
			continue;
		filter_log(limits, filter, "removed");
		json = filter_json(limits, filter);
		filter->used = false;
		zones_publish(&node->zones, NULL);
		control_reply(call, json_pack("{s:o}", "filter", json));
		return;
	}
	control_fail(call, CONTROL_REFUSED, "there is no filter %u", id);
}

void
limits_filter_list(struct node *node, const json_t *request, struct control_call *call)
{
	json_t *all = json_array();

	(void)request;
	for (unsigned int i = 0; i < LIMIT_FILTERS_MAX; i++)
		if (node->limits.filters[i].used)
			json_array_append_new(
				all, filter_json(&node->limits, &node->limits.filters[i]));
	control_reply(call, json_pack("{s:o}", "filters", all));
}
