/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SKETCH_SKETCH_PRIV_H
#define SKETCH_SKETCH_PRIV_H

#include "sketch/sketch.h"

enum { SKETCH_PREFIX_IPV4 = 24, SKETCH_PREFIX_IPV6 = 56 };

/* The lowest octet of a key says what it is, so that none is 0: no prefix reaches there. */
enum sketch_tag { SKETCH_TAG_IPV4 = 1, SKETCH_TAG_IPV6, SKETCH_TAG_NODE, SKETCH_TAG_SHAPE };

/* Lengths of labels: class 0 is none, class 1 up to the first bound, ... */
enum { SKETCH_LENGTHS = 8, SKETCH_LENGTH_BITS = 4 };

/* What the first label is made of */
enum sketch_content {
	SKETCH_NOTHING, /* the root */
	SKETCH_LETTERS,
	SKETCH_DIGITS,
	SKETCH_MIXED, /* letters, digits, hyphens, underscores */
	SKETCH_BINARY,
	SKETCH_CONTENTS
};

/* A shape: tag, then four bits of content, four of the count of labels, four for each label's class
 * from the top on. */
enum { SKETCH_CONTENT_AT = 8, SKETCH_COUNT_AT = 12, SKETCH_LABELS_AT = 16 };

#endif
