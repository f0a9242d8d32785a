/* SPDX-License-Identifier: BSD-3-Clause */
/* Heat of whole zones: every name in canonical order, so that place is neighbourhood. */
#include <stdlib.h>
#include <string.h>

#include "statistics.h"
#include "wire/wire.h"

/* A name at its place: a gap is known by the name before it. */
struct place {
	struct wire_name name;
	const struct stats_total *total;
};

/* Zones one after the other; in each, canonical order (RFC 4034 6.1). */
static int
place_compare(const void *left, const void *right)
{
	const struct place *a = left, *b = right;
	int zones = strcmp(a->total->zone, b->total->zone);

	return zones ? zones : wire_name_compare(&a->name, &b->name);
}

static json_t *
zone_json(const struct place *places, unsigned int count)
{
	json_t *names = json_array(), *existing = json_array(), *gaps = json_array();

	for (unsigned int i = 0; i < count; i++) {
		const struct stats_total *total = places[i].total;

		json_array_append_new(names, json_string(total->name));
		json_array_append_new(existing, json_integer((json_int_t)total->existing));
		json_array_append_new(gaps, json_integer((json_int_t)total->gap));
	}
	return json_pack("{s:s, s:o, s:o, s:o}", "zone", places[0].total->zone, "names", names,
		"existing", existing, "gap", gaps);
}

static json_t *
zones_json(const struct place *places, unsigned int count)
{
	json_t *all = json_array();

	for (unsigned int first = 0, next; first < count; first = next) {
		const char *zone = places[first].total->zone;

		for (next = first + 1; next < count; next++)
			if (strcmp(places[next].total->zone, zone) != 0)
				break;
		json_array_append_new(all, zone_json(&places[first], next - first));
	}
	return all;
}

json_t *
statistics_heat_json(const struct statistics *statistics)
{
	struct stats_total *totals = NULL;
	struct place *places = NULL;
	unsigned int total_count = 0, count = 0;
	json_t *json = NULL;

	if (statistics->set)
		total_count = stats_set_heat(statistics->set, &totals);
	places = calloc(total_count + 1, sizeof(*places));
	/* [0] is of queries that no zone had a part in */
	for (unsigned int i = 1; i < total_count && places; i++) {
		places[count].total = &totals[i];
		count += wire_name_from_text(&places[count].name, totals[i].name);
	}
	if (places) {
		qsort(places, count, sizeof(*places), place_compare);
		json = json_pack("{s:o}", "zones", zones_json(places, count));
	}
	free(places);
	free(totals);
	return json;
}
