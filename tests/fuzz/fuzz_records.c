/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any block of records, as a primary might send it or as a base: refused, or loaded; then text and
 * records of the zone load to the same zone. The first octet says which, and what it applies to.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "golden.h"
#include "wire/wire.h"

enum { WITH_BASE = 1, AS_BASE = 2 };

/* What differences apply to: seeds.py has some that do. */
static const char base_text[] = "test. 60 IN SOA a. b. 7 1 2 3 4\n"
				"test. 60 IN NS a.test.\n"
				"a.test. 60 IN A 192.0.2.1\n"
				"b.test. 60 IN TXT \"b\"\n";

static struct zone_records
records_of(const struct zone *zone)
{
	size_t size = zone_records_size(zone);
	uint8_t *octets = malloc(size);
	struct wire_writer w = wire_writer_of(octets, size);

	zone_records_write(zone, &w);
	if (w.failed || w.offset != size)
		abort();
	return (struct zone_records){octets, size};
}

static struct zone_records
base_of(uint8_t how)
{
	struct zone_records records = {NULL, 0};
	struct zone *zone;
	struct why why;

	if (!(how & WITH_BASE))
		return records;
	if (zone_load_text("base", (const uint8_t *)base_text, sizeof(base_text) - 1, NULL, &zone,
		    &why) < 0)
		abort();
	records = records_of(zone);
	zone_free(zone);
	return records;
}

static void
expect_equal(const struct zone *zone, struct zone *again)
{
	struct zone_records was = records_of(zone), is = records_of(again);

	if (was.length != is.length || memcmp(was.octets, is.octets, was.length) != 0)
		abort();
	free((void *)(uintptr_t)was.octets);
	free((void *)(uintptr_t)is.octets);
	zone_free(again);
}

static void
round_trips(const struct zone *zone)
{
	static const struct zone_records none;
	struct zone_records records = records_of(zone);
	struct zone *again;
	struct why why;
	size_t length;
	char *text;
	FILE *file = open_memstream(&text, &length);

	if (zone_load_records("again", &records, &none, NULL, &again, &why) < 0)
		abort();
	expect_equal(zone, again);
	free((void *)(uintptr_t)records.octets);
	zone_text_write(zone, file);
	fclose(file);
	if (zone_load_text("text", (const uint8_t *)text, length, NULL, &again, &why) < 0) {
		fprintf(stderr, "%s\n%s", why.text, text);
		abort();
	}
	expect_equal(zone, again);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t how = size ? data[0] : 0, *copy;
	struct zone_records base, given;
	struct zone *zone;
	struct why why;

	if (size == 0)
		return 0;
	copy = golden_copy(data + 1, size - 1);
	given = (struct zone_records){copy, size - 1};
	base = base_of(how);
	if (zone_load_records("given", how & AS_BASE ? &given : &base,
		    how & AS_BASE ? &(struct zone_records){NULL, 0} : &given, NULL, &zone,
		    &why) == 0) {
		/* a base is not looked at as closely: it was when it came */
		if (!(how & AS_BASE))
			round_trips(zone);
		zone_free(zone);
	}
	free((void *)(uintptr_t)base.octets);
	free(copy);
	return 0;
}
