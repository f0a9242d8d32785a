/* SPDX-License-Identifier: BSD-3-Clause */
/* Control plane: what was seen, in JSON (docs/control.md, docs/observatory.md). */
#include <stdlib.h>
#include <string.h>

#include "base/counter.h"
#include "observe/observe_priv.h"
#include "wire/wire.h"

enum { SETS_MAX = 32, LEAKS_MAX = 50, TAG_DIGITS = 4 };

static json_t *
number_json(uint64_t number)
{
	return json_integer((json_int_t)number);
}

/* Sum a counter that stands at the same place in each observer. */
static uint64_t
sum(const struct observe_set *set, size_t offset)
{
	uint64_t total = 0;

	for (unsigned int i = 0; i < set->count; i++)
		total += counter_read(
			(const _Atomic uint64_t *)((const uint8_t *)&set->observers[i]->counters +
						   offset));
	return total;
}

#define SUM(set, member) sum(set, offsetof(struct observe_counters, member))

/* ---- labels ---- */

static json_t *
networks_json(uint64_t networks)
{
	double estimate = observe_networks_estimate(networks);

	/* all bits are set by many more */
	return estimate < 0 ? json_null() : json_integer((json_int_t)(estimate + 0.5));
}

static json_t *
total_json(const struct observe_total *total)
{
	return json_pack("{s:I, s:I, s:i, s:o}", "queries", (json_int_t)total->count,
		"queries_at_least", (json_int_t)(total->count - total->error), "networks_at_least",
		__builtin_popcountll(total->networks), "networks", networks_json(total->networks));
}

/* "_ta-4f66-9728" as numbers */
static json_t *
tags_json(const struct observe_label *label)
{
	const char *octets = (const char *)label->words, *at = octets + sizeof("_ta-");
	const char *end = octets + 1 + octets[0];
	json_t *tags = json_array();

	for (; at + TAG_DIGITS <= end; at += TAG_DIGITS + 1) {
		char text[TAG_DIGITS + 1] = {0};

		memcpy(text, at, TAG_DIGITS);
		json_array_append_new(tags, json_integer(strtol(text, NULL, 16)));
	}
	return tags;
}

static unsigned int
labels_merge(const struct observe_set *set, size_t offset, unsigned int bucket_count, uint32_t day,
	struct observe_total **totals)
{
	const struct observe_bucket *buckets[OBSERVE_WRITERS_MAX];

	for (unsigned int i = 0; i < set->count; i++)
		buckets[i] = (const struct observe_bucket *)((const uint8_t *)set->observers[i] +
							     offset);
	return observe_labels_merge(buckets, set->count, bucket_count, day, totals);
}

static json_t *
signals_json(const struct observe_set *set, enum observe_signal kind, uint32_t day)
{
	size_t offset = offsetof(struct observer, signals) +
			((size_t)(day % 2) * OBSERVE_SIGNALS + kind) * OBSERVE_SIGNAL_BUCKETS *
				sizeof(struct observe_bucket);
	struct observe_total *totals;
	unsigned int count = labels_merge(set, offset, OBSERVE_SIGNAL_BUCKETS, day, &totals);
	json_t *sets = json_array();

	for (unsigned int i = 0; i < count && i < SETS_MAX; i++) {
		json_t *json = total_json(&totals[i]);

		json_object_set_new(json, "tags", tags_json(&totals[i].label));
		json_array_append_new(sets, json);
	}
	free(totals);
	return sets;
}

static bool
leak_is_public(const struct observe_settings *settings, const struct observe_total *total)
{
	return (uint32_t)__builtin_popcountll(total->networks) >= settings->leak_networks_min &&
	       total->count - total->error >= settings->leak_queries_min;
}

static json_t *
leak_json(const struct observe_total *total)
{
	const uint8_t *octets = (const uint8_t *)total->label.words;
	struct wire_name name = {.length = (uint8_t)(octets[0] + 2), .labels = 1};
	char text[WIRE_NAME_TEXT_MAX];
	json_t *json = total_json(total);

	memcpy(name.octets, octets, octets[0] + 1u);
	json_object_set_new(json, "name", json_string(wire_name_to_text(&name, text)));
	return json;
}

static json_t *
leaks_json(const struct observe_set *set, uint32_t day)
{
	size_t offset = offsetof(struct observer, leaks) +
			(size_t)(day % 2) * OBSERVE_LEAK_BUCKETS * sizeof(struct observe_bucket);
	struct observe_total *totals;
	unsigned int count = labels_merge(set, offset, OBSERVE_LEAK_BUCKETS, day, &totals);
	unsigned int hidden = 0;
	json_t *names = json_array();

	for (unsigned int i = 0; i < count; i++) {
		if (!leak_is_public(&set->settings, &totals[i]))
			hidden++;
		else if (json_array_size(names) < LEAKS_MAX)
			json_array_append_new(names, leak_json(&totals[i]));
	}
	free(totals);
	return json_pack("{s:o, s:i}", "names", names, "held_back", hidden);
}

static json_t *
day_json(const struct observe_set *set, uint32_t day, uint32_t now)
{
	int64_t from = (int64_t)day * OBSERVE_DAY_SECONDS, until = from + OBSERVE_DAY_SECONDS;
	bool complete = from >= set->since && until <= now;

	return json_pack("{s:I, s:b, s:o, s:o, s:o}", "from", (json_int_t)from, "complete",
		complete, "signal_queries", signals_json(set, OBSERVE_SIGNAL_QUERY, day),
		"signal_options", signals_json(set, OBSERVE_SIGNAL_OPTION, day), "leaks",
		leaks_json(set, day));
}

/* ---- since the start ---- */

static json_t *
signal_counts_json(const struct observe_set *set)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "queries",
		number_json(SUM(set, signals[OBSERVE_SIGNAL_QUERY])), "queries_malformed",
		number_json(SUM(set, malformed[OBSERVE_SIGNAL_QUERY])), "queries_passed_over",
		number_json(SUM(set, passed_over)), "options",
		number_json(SUM(set, signals[OBSERVE_SIGNAL_OPTION])), "options_malformed",
		number_json(SUM(set, malformed[OBSERVE_SIGNAL_OPTION])), "options_seen",
		number_json(SUM(set, options_seen)), "options_unseen",
		number_json(SUM(set, options_unseen)));
}

static json_t *
dnskey_way_json(const struct observe_set *set, enum observe_way way)
{
	json_t *edns = json_array(), *sizes = json_array();

	for (unsigned int i = 0; i < OBSERVE_EDNS_SIZES; i++)
		json_array_append_new(edns, json_pack("[i, o]", observe_edns_sizes[i],
						    number_json(SUM(set, edns[way][i]))));
	for (unsigned int i = 0; i < OBSERVE_SIZES; i++) {
		uint64_t count = SUM(set, sizes[way][i]);

		if (count)
			json_array_append_new(
				sizes, json_pack("[o, o]",
					       i + 1 < OBSERVE_SIZES
						       ? json_integer((i + 1) * OBSERVE_STEP - 1)
						       : json_null(),
					       number_json(count)));
	}
	return json_pack("{s:o, s:o, s:o, s:o}", "queries", number_json(SUM(set, dnskey[way])),
		"dnssec_ok", number_json(SUM(set, dnssec_ok[way])), "edns_sizes", edns,
		"reply_sizes", sizes);
}

static json_t *
dnskey_json(const struct observe_set *set)
{
	return json_pack("{s:o, s:o, s:o}", "udp", dnskey_way_json(set, OBSERVE_UDP), "tcp",
		dnskey_way_json(set, OBSERVE_TCP), "truncated", number_json(SUM(set, truncated)));
}

/* ---- networks ---- */

static json_t *
window_json(const struct observe_set *set, const struct observe_view *view, uint64_t window,
	uint32_t now)
{
	const struct observe_network *networks[OBSERVE_WRITERS_MAX];
	int64_t from = (int64_t)(uint32_t)window * view->ttl, until = from + view->ttl;
	bool complete = from >= set->since && until <= now;
	struct observe_aggressive all;
	json_t *classes = json_object();

	for (unsigned int i = 0; i < set->count; i++)
		networks[i] = set->observers[i]->networks[window % 2];
	observe_networks_merge(networks, set->count, window, &all);
	for (unsigned int i = 0; i < OBSERVE_USE_CLASSES; i++)
		json_object_set_new(classes, observe_use_names[i], number_json(all.networks[i]));
	return json_pack("{s:I, s:I, s:b, s:o, s:o, s:o}", "from", (json_int_t)from, "until",
		(json_int_t)until, "complete", complete, "networks", classes, "asked",
		number_json(all.asked), "repeats", number_json(all.repeats));
}

static json_t *
aggressive_json(const struct observe_set *set, uint32_t now)
{
	const struct observe_view *view = &set->views[set->generation % 2];
	json_t *windows = json_array();

	if (view->ttl) {
		uint64_t window = observe_window(view, now);

		json_array_append_new(windows, window_json(set, view, window, now));
		if (set->since < (int64_t)(uint32_t)window * view->ttl)
			json_array_append_new(windows, window_json(set, view, window - 1, now));
	}
	return json_pack("{s:I, s:I, s:o}", "nsec_ttl", (json_int_t)view->ttl, "networks_one_in",
		(json_int_t)set->settings.networks_one_in, "windows", windows);
}

json_t *
observe_set_json(const struct observe_set *set, uint32_t now)
{
	const struct observe_settings *settings = &set->settings;
	uint32_t today = now / OBSERVE_DAY_SECONDS;
	json_t *days = json_array();

	json_array_append_new(days, day_json(set, today, now));
	if (set->since < (int64_t)today * OBSERVE_DAY_SECONDS)
		json_array_append_new(days, day_json(set, today - 1, now));
	return json_pack("{s:I, s:o, s:o, s:o, s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "since",
		(json_int_t)set->since, "queries", number_json(SUM(set, queries)), "sampled",
		number_json(SUM(set, sampled)), "sampled_leaks",
		number_json(SUM(set, sampled_leaks)), "sample_one_in",
		(json_int_t)settings->sample_one_in, "leak_networks_min",
		(json_int_t)settings->leak_networks_min, "leak_queries_min",
		(json_int_t)settings->leak_queries_min, "signals", signal_counts_json(set),
		"dnskey", dnskey_json(set), "days", days, "aggressive", aggressive_json(set, now));
}
