/* SPDX-License-Identifier: BSD-3-Clause */
/* A token bucket: so many frames a second, and a tenth of a second's worth and one at once. */
#ifndef EXCEPTION_BUCKET_H
#define EXCEPTION_BUCKET_H

#include <stdint.h>

struct bucket {
	uint32_t rate; /* frames a second; up to EXCEPTION_RATE_MAX */
	uint64_t last_ns;
	uint64_t level; /* in frames x 1e9, so that nothing is lost to rounding */
};

/** A full one. */
struct bucket bucket_of(uint32_t rate, uint64_t now_ns);

/** Let time pass. @return frames that may go now */
uint32_t bucket_fill(struct bucket *bucket, uint64_t now_ns);

/** Take out what went, not more than there is. */
void bucket_spend(struct bucket *bucket, uint32_t frames);

#endif
