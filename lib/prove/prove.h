/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Proof of an image: every answer that it can give is compared, octet by octet, with the answer
 * that the oracle gives from the plain records.
 *
 * Control plane only; a builder runs it before it hands an image over.
 */
#ifndef PROVE_PROVE_H
#define PROVE_PROVE_H

#include <stdint.h>

#include "image/image.h"
#include "zone/zone.h"

/**
 * Compare all answers of an image with the oracle's: each name, empty non-terminals too, with each
 * type that it owns and some that it does not; names below each cut; names in each gap, at its
 * start, in its middle and at its end; without EDNS, with it, with DO; over UDP at the sizes around
 * those at which an answer changes, and over TCP.
 *
 * @param image     compiled from `zone`
 * @param compared  answers that were found equal; set also on failure
 * @return 0, or -EBADMSG: an answer differs; which, and in what
 */
int prove_image(
	const struct image *image, const struct zone *zone, uint64_t *compared, struct why *why);

#endif
