/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two blocks of records, the first as long as the first two octets say. What is compared is
 * printed, and compared the other way round: then as much is added as was removed before.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "golden.h"
#include "zonediff/zonediff.h"

static json_int_t
number_of(const json_t *diff, const char *key)
{
	return json_integer_value(json_object_get(diff, key));
}

static void
print(const json_t *diff)
{
	char *text = NULL;
	size_t length;
	FILE *to = open_memstream(&text, &length);

	if (!to || zonediff_print(diff, to) < 0)
		abort();
	fclose(to);
	free(text);
}

static struct zonediff_records
block_of(const uint8_t *octets, size_t length)
{
	uint8_t *copy = malloc(length ? length : 1);

	if (!copy)
		abort();
	memcpy(copy, octets, length);
	return (struct zonediff_records){copy, length};
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct zonediff_records before, after;
	json_t *diff, *back;
	struct why why;
	size_t first;

	if (size < 2)
		return 0;
	first = (size_t)data[0] << 8 | data[1];
	first = first > size - 2 ? size - 2 : first;
	before = block_of(data + 2, first);
	after = block_of(data + 2 + first, size - 2 - first);
	if (zonediff_make(&before, &after, &diff, &why) == 0) {
		print(diff);
		if (zonediff_make(&after, &before, &back, &why) < 0 ||
			number_of(diff, "records_added") != number_of(back, "records_removed") ||
			number_of(diff, "signatures_added") !=
				number_of(back, "signatures_removed") ||
			json_array_size(json_object_get(diff, "delegations")) !=
				json_array_size(json_object_get(back, "delegations")))
			abort();
		json_decref(back);
		json_decref(diff);
	}
	free((void *)before.octets);
	free((void *)after.octets);
	return 0;
}
