/* SPDX-License-Identifier: BSD-3-Clause */
/* Limits for people: what a flood looks like, and the filters against it. */
#include <stdio.h>
#include <string.h>

#include "print.h"

/* ---- filters ---- */

static void
filter_print(const json_t *filter)
{
	const char *prefix = json_string_value(json_object_get(filter, "prefix"));
	const char *range = json_string_value(json_object_get(filter, "range"));
	const char *name = json_string_value(json_object_get(filter, "name"));
	char until[TIME_TEXT_SIZE], rate[48] = "";

	if (json_is_integer(json_object_get(filter, "rate")))
		snprintf(rate, sizeof(rate), " to %lld/s", (long long)number_of(filter, "rate"));
	words_print("", 4, "filter %lld: %s%s%s%s%s%s%s%s%s", (long long)number_of(filter, "id"),
		text_of(filter, "action"), rate, prefix ? ", from " : "", prefix ? prefix : "",
		range ? ", names that do not exist around " : "", range ? range : "",
		name ? ", names at or below " : "", name ? name : "",
		json_is_false(json_object_get(filter, "acts")) ? ", without effect" : "");
	words_print("    until     ", 14, "%s", when_text(filter, "until", until));
	words_print("    held      ", 14, "%lld replies", (long long)number_of(filter, "count"));
}

void
print_filter(const json_t *reply)
{
	filter_print(json_object_get(reply, "filter"));
}

void
print_filters(const json_t *reply)
{
	const json_t *filters = json_object_get(reply, "filters"), *filter;
	size_t i;

	if (json_array_size(filters) == 0)
		puts("no filters");
	json_array_foreach(filters, i, filter) filter_print(filter);
}

/* ---- floods ---- */

static double
real_of(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

/* The heaviest of a kind: how much of all queries, how many of these get no answer, and what. */
static void
heavy_print(const json_t *reply, const char *heading, const char *list, const char *key)
{
	const json_t *items = json_object_get(reply, list), *item;
	char share[64];
	size_t i;

	if (json_array_size(items) == 0)
		return;
	printf("%s\n", heading);
	json_array_foreach(items, i, item)
	{
		snprintf(share, sizeof(share), "  %5.1f %%  refused %3.0f %%  ",
			100 * real_of(item, "share"), 100 * real_of(item, "refused"));
		words_print(share, 26, "%s", text_of(item, key));
	}
}

/* Counters that are not 0: "slipped 17, limited 17". */
static void
counts_print(const json_t *reply, const char *heading, const char *list)
{
	json_t *counts = json_object_get(reply, list);
	char text[1024] = "";
	size_t used = 0;

	for (void *at = json_object_iter(counts); at; at = json_object_iter_next(counts, at)) {
		long long count = json_integer_value(json_object_iter_value(at));

		if (count && used < sizeof(text))
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s %lld",
				used ? ", " : "", json_object_iter_key(at), count);
	}
	if (used)
		words_print(heading, 14, "%s", text);
}

void
print_flood(const json_t *reply)
{
	char since[TIME_TEXT_SIZE];

	if (json_is_true(json_object_get(reply, "flood")))
		words_print("", 4, "a flood since %s", time_text(reply, "flood_since", since));
	else
		puts("no flood");
	words_print("  queries     ", 14, "%.0f a second", real_of(reply, "queries_per_second"));
	words_print("  refused     ", 14, "%.0f a second; limits: %s",
		real_of(reply, "refused_per_second"), text_of(reply, "mode"));
	words_print("  shedding    ", 14, "%s since %s, load %.1f %%", text_of(reply, "step"),
		time_text(reply, "step_since", since),
		(double)number_of(reply, "load_permille") / 10);
	counts_print(reply, "  enforced    ", "enforced");
	counts_print(reply, "  observed    ", "observed");
	counts_print(reply, "  because of  ", "reasons");
	heavy_print(reply, "clients", "prefixes", "prefix");
	heavy_print(reply, "names that do not exist, by the name before them", "ranges", "range");
	heavy_print(reply, "names that exist", "names", "name");
	heavy_print(reply, "shapes of names: lengths of labels", "shapes", "shape");
}
