/* SPDX-License-Identifier: BSD-3-Clause */
/* Statistics for a person: what is not zero, each metric under its help. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "print.h"

static void
labels_put(const json_t *labels, char *text, size_t size)
{
	const char *key;
	json_t *value;
	size_t used = 0;

	text[0] = '\0';
	json_object_foreach((json_t *)labels, key, value)
	{
		if (used < size)
			used += (size_t)snprintf(text + used, size - used, "%s%s=%s",
				used ? " " : "", key, json_string_value(value));
	}
}

/* The bound that half of what was seen, or nearly all of it, lies within. */
static const json_t *
bound_of(const json_t *buckets, json_int_t count, unsigned int percent)
{
	json_int_t below = 0;
	const json_t *bucket;
	size_t i;

	json_array_foreach(buckets, i, bucket)
	{
		below += json_integer_value(json_array_get(bucket, 1));
		if (below * 100 >= count * percent)
			return json_array_get(bucket, 0);
	}
	return NULL;
}

static void
bound_put(const char *word, const json_t *bound)
{
	if (json_is_integer(bound))
		printf(" %s<=%" JSON_INTEGER_FORMAT, word, json_integer_value(bound));
	else
		printf(" %s=beyond", word);
}

static void
histogram_put(const char *labels, const json_t *value)
{
	const json_t *buckets = json_object_get(value, "buckets"), *bucket;
	json_int_t count = 0;
	size_t i;

	json_array_foreach(buckets, i, bucket) count +=
		json_integer_value(json_array_get(bucket, 1));
	if (count == 0)
		return;
	printf("  %-40s count=%" JSON_INTEGER_FORMAT " mean=%.1f", labels, count,
		(double)number_of(value, "sum") / (double)count);
	bound_put("half", bound_of(buckets, count, 50));
	bound_put("p99", bound_of(buckets, count, 99));
	putchar('\n');
}

static bool
is_zero(const json_t *value)
{
	return json_object_get(value, "buckets")
		       ? false
		       : json_number_value(json_object_get(value, "value")) == 0;
}

static void
value_put(const json_t *value)
{
	const json_t *number = json_object_get(value, "value");
	char labels[256];

	labels_put(json_object_get(value, "labels"), labels, sizeof(labels));
	for (char *at = labels; *at; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			*at = '?';
	if (json_object_get(value, "buckets"))
		histogram_put(labels, value);
	else if (json_is_integer(number))
		printf("  %-40s %" JSON_INTEGER_FORMAT "\n", labels, json_integer_value(number));
	else
		printf("  %-40s %.15g\n", labels, json_real_value(number));
}

void
print_stats(const json_t *reply)
{
	const json_t *metric, *value;
	size_t i, k;

	json_array_foreach(json_object_get(reply, "metrics"), i, metric)
	{
		bool named = false;

		json_array_foreach(json_object_get(metric, "values"), k, value)
		{
			if (is_zero(value))
				continue;
			if (!named)
				printf("%s (%s)\n", text_of(metric, "name"),
					text_of(metric, "unit"));
			named = true;
			value_put(value);
		}
	}
}

/* ---- heat ---- */

enum { HOTTEST = 20 };

struct hot {
	const char *name;
	json_int_t count;
};

static int
hotter_first(const void *left, const void *right)
{
	const struct hot *a = left, *b = right;

	return a->count != b->count ? (a->count < b->count ? 1 : -1) : strcmp(a->name, b->name);
}

static void
hottest_put(const json_t *zone, const char *key, const char *heading)
{
	const json_t *names = json_object_get(zone, "names"), *counts = json_object_get(zone, key);
	size_t count = json_array_size(names);
	struct hot *all = calloc(count + 1, sizeof(*all));
	json_int_t sum = 0;

	for (size_t i = 0; i < count && all; i++) {
		const char *name = json_string_value(json_array_get(names, i));

		all[i] = (struct hot){
			name ? name : "?", json_integer_value(json_array_get(counts, i))};
		sum += all[i].count;
	}
	if (all)
		qsort(all, count, sizeof(*all), hotter_first);
	printf("  %s: %" JSON_INTEGER_FORMAT "\n", heading, sum);
	for (size_t i = 0; i < count && i < HOTTEST && all && all[i].count; i++) {
		char number[32];

		snprintf(number, sizeof(number), "%14" JSON_INTEGER_FORMAT "  ", all[i].count);
		words_print(number, 16, "%s", all[i].name);
	}
	free(all);
}

void
print_heat(const json_t *reply)
{
	const json_t *zone;
	size_t i;

	json_array_foreach(json_object_get(reply, "zones"), i, zone)
	{
		words_print("", 4, "zone %s, %zu names", text_of(zone, "zone"),
			json_array_size(json_object_get(zone, "names")));
		hottest_put(zone, "gap", "queries for what does not exist, behind");
		hottest_put(zone, "existing", "queries for what exists, at or below");
	}
}
