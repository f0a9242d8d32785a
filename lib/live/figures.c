/* SPDX-License-Identifier: BSD-3-Clause */
/* Replies become tables, two tables rates, two heats one. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "live/live_priv.h"

const char *const live_sort_names[LIVE_SORTS] = {
	[LIVE_BY_RATE] = "rate", [LIVE_BY_TOTAL] = "total", [LIVE_BY_NAME] = "name"};

static const char *const metrics[LIVE_TABLES] = {
	[LIVE_QUERIES] = "mangrove_queries_total",
	[LIVE_REPLIES] = "mangrove_replies_total",
	[LIVE_TRUNCATED] = "mangrove_replies_truncated_total",
	[LIVE_FLAGS] = "mangrove_queries_flag_total",
	[LIVE_RCODES] = "mangrove_replies_rcode_total",
	[LIVE_QTYPES] = "mangrove_queries_qtype_total",
	[LIVE_DROPS] = "mangrove_dropped_total",
	[LIVE_ACTIONS] = "mangrove_messages_action_total",
	[LIVE_QUERY_OCTETS] = "mangrove_query_size_bytes",
	[LIVE_REPLY_OCTETS] = "mangrove_reply_size_bytes",
};

const char *
live_string(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* ---- tables ---- */

static void
row_read(struct live_row *row, const json_t *value)
{
	const json_t *total = json_object_get(value, "value");
	const char *key;
	json_t *label;
	size_t used = 0;

	*row = (struct live_row){.total = 0};
	json_object_foreach(json_object_get(value, "labels"), key, label)
	{
		if (used < sizeof(row->name))
			used += (size_t)snprintf(row->name + used, sizeof(row->name) - used, "%s%s",
				used ? " " : "",
				json_is_string(label) ? json_string_value(label) : "?");
	}
	/* of a histogram: all that was seen together */
	if (!total)
		total = json_object_get(value, "sum");
	if (json_number_value(total) > 0)
		row->total = json_is_integer(total) ? (uint64_t)json_integer_value(total)
						    : (uint64_t)json_real_value(total);
}

void
live_read(struct live_figures *figures, const json_t *stats, const json_t *status, double at)
{
	const json_t *metric, *value;
	size_t i, k;

	*figures = (struct live_figures){
		.at = at, .pid = json_integer_value(json_object_get(status, "pid"))};
	json_array_foreach(json_object_get(stats, "metrics"), i, metric)
	{
		for (unsigned int which = 0; which < LIVE_TABLES; which++) {
			struct live_table *table = &figures->tables[which];

			if (strcmp(live_string(metric, "name"), metrics[which]) != 0)
				continue;
			json_array_foreach(json_object_get(metric, "values"), k, value)
			{
				if (table->count < LIVE_ROWS_MAX)
					row_read(&table->rows[table->count++], value);
			}
		}
	}
}

static const struct live_row *
row_find(const struct live_table *table, const char *name)
{
	for (unsigned int i = 0; i < table->count; i++)
		if (strcmp(table->rows[i].name, name) == 0)
			return &table->rows[i];
	return NULL;
}

void
live_rates(struct live_figures *now, const struct live_figures *before)
{
	double seconds = now->at - before->at;

	now->seconds = 0;
	if (before->at <= 0 || seconds <= 0 || now->pid != before->pid)
		return;
	now->seconds = seconds;
	for (unsigned int which = 0; which < LIVE_TABLES; which++) {
		struct live_table *table = &now->tables[which];

		for (unsigned int i = 0; i < table->count; i++) {
			struct live_row *row = &table->rows[i];
			const struct live_row *old = row_find(&before->tables[which], row->name);
			uint64_t was = old ? old->total : 0;

			row->rate = row->total > was ? (double)(row->total - was) / seconds : 0;
		}
	}
}

double
live_rate(const struct live_figures *figures, enum live_which which)
{
	const struct live_table *table = &figures->tables[which];
	double sum = 0;

	for (unsigned int i = 0; i < table->count; i++)
		sum += table->rows[i].rate;
	return sum;
}

uint64_t
live_total(const struct live_figures *figures, enum live_which which)
{
	const struct live_table *table = &figures->tables[which];
	uint64_t sum = 0;

	for (unsigned int i = 0; i < table->count; i++)
		sum += table->rows[i].total;
	return sum;
}

const struct live_row *
live_row(const struct live_figures *figures, enum live_which which, const char *name)
{
	return row_find(&figures->tables[which], name);
}

static int
by_name(const void *left, const void *right)
{
	const struct live_row *a = left, *b = right;

	return strcmp(a->name, b->name);
}

static int
by_total(const void *left, const void *right)
{
	const struct live_row *a = left, *b = right;

	return a->total != b->total ? (a->total < b->total ? 1 : -1) : by_name(a, b);
}

static int
by_rate(const void *left, const void *right)
{
	const struct live_row *a = left, *b = right;

	return a->rate != b->rate ? (a->rate < b->rate ? 1 : -1) : by_total(a, b);
}

void
live_sort(struct live_table *table, enum live_sort sort)
{
	qsort(table->rows, table->count, sizeof(table->rows[0]),
		sort == LIVE_BY_NAME	? by_name
		: sort == LIVE_BY_TOTAL ? by_total
					: by_rate);
}

/* ---- heat ---- */

static const json_t *
heat_zone(const json_t *reply, const char *name)
{
	const json_t *zone;
	size_t i;

	json_array_foreach(json_object_get(reply, "zones"), i, zone)
	{
		if (strcmp(live_string(zone, "zone"), name) == 0)
			return zone;
	}
	return NULL;
}

static double
number_at(const json_t *array, size_t index)
{
	return json_number_value(json_array_get(array, index));
}

bool
live_heat_make(struct live_heat *heat, const json_t *now, const json_t *before, unsigned int index,
	double seconds)
{
	const json_t *zones = json_object_get(now, "zones"), *zone, *names, *gaps, *old;
	size_t zone_count = json_array_size(zones), old_at = 0, old_count;

	*heat = (struct live_heat){.count = 0};
	if (zone_count == 0)
		return false;
	zone = json_array_get(zones, index % zone_count);
	names = json_object_get(zone, "names");
	gaps = json_object_get(zone, "gap");
	old = heat_zone(before, live_string(zone, "zone"));
	old_count = json_array_size(json_object_get(old, "names"));
	heat->zone = live_string(zone, "zone");
	heat->count = (unsigned int)json_array_size(names);
	heat->names = calloc(heat->count + 1, sizeof(*heat->names));
	heat->rates = calloc(heat->count + 1, sizeof(*heat->rates));
	if (!heat->names || !heat->rates || heat->count == 0) {
		live_heat_free(heat);
		return false;
	}
	for (unsigned int i = 0; i < heat->count; i++) {
		const char *name = json_string_value(json_array_get(names, i));
		const char *old_name =
			json_string_value(json_array_get(json_object_get(old, "names"), old_at));
		double gap = number_at(gaps, i);

		heat->names[i] = name ? name : "?";
		/* names only come, and keep their order: what is not there yet was not counted */
		if (old_at < old_count && old_name && strcmp(heat->names[i], old_name) == 0)
			gap -= number_at(json_object_get(old, "gap"), old_at++);
		heat->rates[i] = gap > 0 ? gap / (old && seconds > 0 ? seconds : 1) : 0;
	}
	return true;
}

void
live_heat_free(struct live_heat *heat)
{
	free(heat->names);
	free(heat->rates);
	*heat = (struct live_heat){.count = 0};
}

double
live_heat_levels(const struct live_heat *heat, unsigned int width, uint8_t *levels)
{
	double places[LIVE_WIDTH_MAX] = {0}, most = 0;

	if (width > LIVE_WIDTH_MAX)
		width = LIVE_WIDTH_MAX;
	for (unsigned int i = 0; i < width; i++) {
		/* with fewer gaps than places a gap is several places wide */
		unsigned int first = (unsigned int)((uint64_t)i * heat->count / width);
		unsigned int end = (unsigned int)((uint64_t)(i + 1) * heat->count / width);

		for (unsigned int k = first; k < (end > first ? end : first + 1); k++)
			places[i] += heat->rates[k];
		most = places[i] > most ? places[i] : most;
	}
	for (unsigned int i = 0; i < width; i++)
		levels[i] =
			places[i] <= 0
				? 0
				: (uint8_t)(1 + (LIVE_LEVELS - 2) * log1p(places[i]) / log1p(most));
	return most;
}
