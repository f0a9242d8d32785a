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

/** Records of one version as wire_record_read() reads them, the SOA first, in any order behind it.
 */
struct zonediff_records {
	const uint8_t *octets; /* not owned */
	size_t length;
};

/* More records are refused; so many a zone may have */
enum { ZONEDIFF_RECORDS_MAX = 1 << 20 };

/**
 * Compare.
 *
 * @param diff  "diff" of the reply to "zone diff" (docs/control.md); the caller's: json_decref()
 * @return 0; -EINVAL: octets that are no records, no SOA in front, or two zones; -ENOMEM
 */
int zonediff_make(const struct zonediff_records *before, const struct zonediff_records *after,
	json_t **diff, struct why *why);

/**
 * Say it in lines of at most 80 columns (names may be longer); keys and signatures are shortened.
 *
 * @return 0; -EINVAL: not what zonediff_make() made; -EIO
 */
int zonediff_print(const json_t *diff, FILE *to);

#endif
