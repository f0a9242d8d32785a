/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What changed between two versions of a zone, in words: which delegations came, went, gained or
 * lost servers, DS or glue; what changed at the apex; how many signatures were renewed.
 *
 * Pure; any thread.
 */
#ifndef ZONEDIFF_ZONEDIFF_H
#define ZONEDIFF_ZONEDIFF_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/base.h"

struct zonediff;

/** Records of one version as wire_record_read() reads them, the SOA first, in any order behind it.
 */
struct zonediff_records {
	const uint8_t *octets; /* not owned, only read during the call */
	size_t length;
};

/**
 * Compare.
 *
 * @param diff  the caller's: zonediff_free()
 * @return 0, or -EINVAL: octets that are no records, no SOA in front, or two zones
 */
int zonediff_make(const struct zonediff_records *before, const struct zonediff_records *after,
	struct zonediff **diff, struct why *why);

/** NULL is fine. */
void zonediff_free(struct zonediff *diff);

/** As lines of text. @return 0, or -EIO */
int zonediff_print(const struct zonediff *diff, FILE *to);

/**
 * As an object, as "zone diff" answers it (docs/control.md). @return the caller's: json_decref();
 * NULL: out of memory
 */
json_t *zonediff_json(const struct zonediff *diff);

/** zonediff_print() of what zonediff_json() made, perhaps elsewhere. @return 0, -EINVAL or -EIO */
int zonediff_json_print(const json_t *diff, FILE *to);

#endif
