/* SPDX-License-Identifier: BSD-3-Clause */
/* What a flood looks like: heavy hitters in words, what limits make of them, how far shedding goes.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "limits_node.h"
#include "node.h"

enum { TOLD_MAX = 10 };

/* what makes up less than this of all queries is no flood's */
static const double told_share = 0.01;

static unsigned int
items_take(const struct limits *limits, enum sketch_kind kind,
	struct sketch_item items[static SKETCH_ENTRIES])
{
	struct sketch *sketches[LIMITS_THREADS_MAX];

	for (unsigned int i = 0; i < limits->thread_count; i++)
		sketches[i] = limits->threads[i].sketch;
	return sketch_tell(sketches, limits->thread_count, kind,
		limits->node->server.service->generation, items);
}

/* ---- words ---- */

static void
prefix_text(uint64_t key, char *text, size_t size)
{
	char address[INET6_ADDRSTRLEN];
	uint8_t octets[16];
	unsigned int length;
	bool ipv6 = sketch_prefix_of(key, octets, &length) == 16;

	inet_ntop(ipv6 ? AF_INET6 : AF_INET, octets, address, sizeof(address));
	snprintf(text, size, "%s/%u", address, length);
}

/* @return false: it is of another version of the zone */
static bool
node_text(const struct limits *limits, uint64_t key, char zone_text[static WIRE_NAME_TEXT_MAX],
	char text[static WIRE_NAME_TEXT_MAX])
{
	const struct image_catalogue *catalogue = &limits->node->server.service->catalogue;
	struct image_facts facts;
	struct wire_name name;
	uint32_t node;
	uint8_t zone;

	sketch_node_of(key, &zone, &node);
	if (zone >= catalogue->count)
		return false;
	image_facts(catalogue->images[zone], &facts);
	if (node >= facts.node_count)
		return false;
	image_node_name(catalogue->images[zone], node, &name);
	wire_name_to_text(&facts.origin, zone_text);
	wire_name_to_text(&name, text);
	return true;
}

/* @return NULL: nothing can be said of it */
static json_t *
item_json(const struct limits *limits, enum sketch_kind kind, const struct sketch_item *item)
{
	char zone[WIRE_NAME_TEXT_MAX], text[LIMITS_TEXT_MAX];

	switch (kind) {
	case SKETCH_PREFIXES:
		prefix_text(item->key, text, sizeof(text));
		return json_pack("{s:s}", "prefix", text);
	case SKETCH_NAMES:
	case SKETCH_GAPS:
		if (!node_text(limits, item->key, zone, text))
			return NULL;
		return json_pack(
			"{s:s, s:s}", "zone", zone, kind == SKETCH_GAPS ? "range" : "name", text);
	case SKETCH_SHAPES:
		sketch_shape_text(item->key, text);
		return json_pack("{s:s}", "shape", text);
	case SKETCH_KINDS:
		break;
	}
	return NULL;
}

static json_t *
items_json(const struct limits *limits, enum sketch_kind kind)
{
	struct sketch_item items[SKETCH_ENTRIES];
	unsigned int count = items_take(limits, kind, items);
	json_t *all = json_array();

	for (unsigned int i = 0; i < count && json_array_size(all) < TOLD_MAX; i++) {
		json_t *json =
			items[i].share < told_share ? NULL : item_json(limits, kind, &items[i]);

		if (!json)
			continue;
		json_object_set_new(json, "share", json_real(items[i].share));
		json_object_set_new(json, "refused", json_real(items[i].held));
		json_array_append_new(all, json);
	}
	return all;
}

void
limits_heaviest(
	const struct limits *limits, enum sketch_kind kind, char text[static LIMITS_TEXT_MAX])
{
	static const char *const keys[SKETCH_KINDS] = {[SKETCH_PREFIXES] = "prefix",
		[SKETCH_NAMES] = "name",
		[SKETCH_GAPS] = "range",
		[SKETCH_SHAPES] = "shape"};
	json_t *all = items_json(limits, kind);
	const char *word = json_string_value(json_object_get(json_array_get(all, 0), keys[kind]));

	snprintf(text, LIMITS_TEXT_MAX, "%s", word ? word : "");
	json_decref(all);
}

/* ---- sums ---- */

static json_t *
actions_json(const uint64_t counts[LEDGER_ACTIONS][LIMIT_CLASSES])
{
	json_t *json = json_object();

	for (unsigned int action = LEDGER_SLIPPED; action < LEDGER_ACTIONS; action++) {
		uint64_t sum = 0;

		for (unsigned int class = 0; class < LIMIT_CLASSES; class ++)
			sum += counts[action][class];
		json_object_set_new(
			json, ledger_action_names[action], json_integer((json_int_t)sum));
	}
	return json;
}

static json_t *
reasons_json(const struct limits_sums *sums)
{
	json_t *json = json_object();

	for (unsigned int i = LIMIT_NONE + 1; i < LIMIT_REASONS; i++)
		json_object_set_new(
			json, limit_reason_names[i], json_integer((json_int_t)sums->reasons[i]));
	return json;
}

static json_t *
threads_json(const struct limits *limits)
{
	json_t *all = json_array();

	for (unsigned int i = 0; i < limits->thread_count; i++) {
		const struct limit_ladder *ladder = limiter_ladder(limits->threads[i].limiter);

		json_array_append_new(
			all, json_pack("{s:s, s:s, s:I}", "thread", limits->threads[i].name, "step",
				     limit_step_names[atomic_load_explicit(
					     &ladder->step, memory_order_relaxed)],
				     "load_permille",
				     (json_int_t)atomic_load_explicit(
					     &ladder->load, memory_order_relaxed)));
	}
	return all;
}

void
limits_flood(struct node *node, const json_t *request, struct control_call *call)
{
	static const char *const modes[] = {
		[LIMIT_OFF] = "off", [LIMIT_OBSERVE] = "observe", [LIMIT_ENFORCE] = "enforce"};
	const struct limits *limits = &node->limits;
	struct limits_sums sums;

	(void)request;
	if (!node->up) {
		control_fail(call, CONTROL_REFUSED, "nothing is answered yet");
		return;
	}
	limits_sum(limits, &sums);
	control_reply(call,
		json_pack("{s:s, s:b, s:o, s:f, s:f, s:s, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, "
			  "s:o, s:o}",
			"mode", modes[node->config->limits.wishes.mode], "flood", limits->flood,
			"flood_since",
			limits->flood ? json_integer(limits->flood_since) : json_null(),
			"queries_per_second", limits->received_rate, "refused_per_second",
			limits->refused_rate, "step", limit_step_names[sums.step], "step_since",
			(json_int_t)limits->step_since, "load_permille", (json_int_t)sums.load,
			"threads", threads_json(limits), "enforced", actions_json(sums.done),
			"observed", actions_json(sums.would), "reasons", reasons_json(&sums),
			"prefixes", items_json(limits, SKETCH_PREFIXES), "ranges",
			items_json(limits, SKETCH_GAPS), "names", items_json(limits, SKETCH_NAMES),
			"shapes", items_json(limits, SKETCH_SHAPES)));
}
