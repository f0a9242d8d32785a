/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ZONEDIFF_ZONEDIFF_PRIV_H
#define ZONEDIFF_ZONEDIFF_PRIV_H

#include "wire/wire.h"
#include "zonediff/zonediff.h"

/** A record, its owner shared with its neighbours'. */
struct row {
	const struct wire_name *owner; /* folded */
	const uint8_t *rdata;
	uint32_t ttl;
	uint16_t type, length;
	uint16_t covered; /* RRSIG: the type that it signs; else 0 */
};

struct rows {
	size_t count;
	struct row *rows; /* by owner (canonical), type, covered type, RDATA */
	const struct wire_name *origin;
	uint32_t serial;
};

/** Read and sort; all of it lives in the arena. @return 0 or -EINVAL */
int rows_read(struct arena *arena, const struct zonediff_records *records, struct rows *rows,
	struct why *why);

/** RDATA in presentation form, DNSKEY with its tag behind it; malloc'ed. NULL: out of memory. */
char *row_text(const struct row *row);

/** A type's mnemonic, or TYPE123; malloc'ed. NULL: out of memory. */
char *type_text(uint16_t type);

#endif
