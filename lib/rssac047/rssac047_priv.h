/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RSSAC047_RSSAC047_PRIV_H
#define RSSAC047_RSSAC047_PRIV_H

#include "rssac047/rssac047.h"

/** A version that is there and was not yet seen in our answers. */
struct pending {
	uint32_t serial;
	int64_t interval; /* when it was heard of */
};

struct rssac047 {
	char *path; /* NULL: none */
	uint32_t interval_seconds;
	int64_t interval; /* the last one: since 1970; 0: none yet */
	bool has_newest;
	uint32_t newest; /* serial that was ever heard of */
	unsigned int pending_count;
	struct pending pending[RSSAC047_PENDING_MAX]; /* the oldest first */
	unsigned int month_count;
	struct rssac047_month months[RSSAC047_MONTHS]; /* the oldest first */
};

/** RFC 1982: whether serial a is newer than b. */
static inline bool
serial_is_newer(uint32_t a, uint32_t b)
{
	return a != b && a - b < UINT32_C(1) << 31;
}

extern const char *const way_names[RSSAC047_WAYS];

enum { MONTH_TEXT_SIZE = 24 };

/** "2026-11" @return text */
const char *month_text(int32_t month, char text[static MONTH_TEXT_SIZE]);

#endif
