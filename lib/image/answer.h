/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Runs on: lcore. The inside of an image, as the engine and the burst pipeline read it.
 *
 * An answer is a header, the client's question, and a body in two parts: the head, which is a
 * beginning of the zone's one common piece (SOA, its RRSIG, the NSEC that denies the apex's
 * wildcard, its RRSIG), and the tail, which is the answer's own. A body is made for a question that
 * is exactly the node's name; with P octets of labels in front, every compression pointer in it
 * grows by P, whether it points into the question or into the body.
 */
#ifndef IMAGE_ANSWER_H
#define IMAGE_ANSWER_H

#include "image/image.h"
#include "radix/radix.h"

enum image_kind { IMAGE_NXDOMAIN, IMAGE_NODATA, IMAGE_REFERRAL, IMAGE_POSITIVE, IMAGE_KINDS };

/* What the vector path leaves to the engine: not every question that leads here has this answer. */
enum { IMAGE_MARK_WALK = 1 };

/* A body that is too long for any message has this tail_length, and no cut that is shorter. */
enum { IMAGE_TAIL_ENDLESS = UINT16_MAX };

/* All sums are ones-complement sums of 16-bit words in this machine's order (RFC 1071 2.B). */
struct image_answer {
	uint8_t header[10];  /* octets 2 to 11 of the message: flags and counts, OPT not counted */
	uint16_t header_sum; /* of these */
	uint16_t body_sum;   /* of head and tail, as if they began at an even offset */
	uint16_t weight;     /* what an even body's sum grows by with each octet of P, mod 65535 */
	uint16_t head_length, tail_length;
	uint32_t tail;	/* offset in the image, a multiple of IMAGE_LINE or within a shared tail */
	uint32_t extra; /* offset in the image of its image_extra; 0: neither pointers nor cuts */
	uint8_t kind, marks;
	uint16_t pointer_count;
};
static_assert(sizeof(struct image_answer) == 32, "two in a cache line");

/* Where a pointer stands, counted from the body's start, and its value for P = 0 */
struct image_pointer {
	uint16_t offset, value;
};

/* A shorter version of the answer: the body's first octets. */
struct image_cut {
	uint16_t length; /* of head and tail */
	uint16_t sum, weight;
	uint16_t arcount;
	uint16_t pointer_count;
};

/** Follows in memory: cuts by rising length, the first the least that may be sent; then pointers.
 */
struct image_extra {
	uint16_t cut_count, spare;
	struct image_cut cuts[];
};

enum {
	IMAGE_LINE = 64,     /* tails start on cache lines */
	IMAGE_SLACK = 128,   /* octets that may be read behind them: copied by pairs of lines */
	IMAGE_SLOTS = 8,     /* answers of each node */
	IMAGE_SLOT_GAP = 0,  /* NXDOMAIN behind this node, before its next sibling; + DO */
	IMAGE_SLOT_MAIN = 2, /* referral of a cut, else NODATA; + DO */
	IMAGE_SLOT_DS = 4,   /* DS at a cut; + DO */
	IMAGE_SLOT_FIRST_GAP = 6, /* NXDOMAIN before its first child; + DO */
};

/** A type that a node owns, or a question that it answers likewise (ANY, RRSIG, IXFR). */
struct image_type {
	uint16_t type, spare;
	uint32_t answer; /* index; + DO */
};

struct image {
	const uint8_t *block; /* offsets count from here */
	struct radix radix;
	const struct image_answer *answers; /* IMAGE_SLOTS for each node, then those of types */
	const uint32_t *type_first;	    /* by node, one more than there are nodes */
	const struct image_type *types;
	const uint8_t *common; /* what heads are beginnings of */
	struct wire_name origin;
	uint32_t serial;
	size_t size;
};

static inline const struct image_answer *
image_slot(const struct image *image, uint32_t node, unsigned int slot)
{
	return &image->answers[(size_t)node * IMAGE_SLOTS + slot];
}

/** The answer to a type at a node that is no cut, or NULL: NODATA. */
static inline const struct image_answer *
image_type_find(const struct image *image, uint32_t node, uint16_t type, bool dnssec_ok)
{
	for (uint32_t i = image->type_first[node]; i < image->type_first[node + 1]; i++)
		if (image->types[i].type == type)
			return &image->answers[image->types[i].answer + dnssec_ok];
	return NULL;
}

static inline const struct image_extra *
image_extra_of(const struct image *image, const struct image_answer *answer)
{
	return (const struct image_extra *)(image->block + answer->extra);
}

static inline const struct image_pointer *
image_pointers_of(const struct image_extra *extra)
{
	return (const struct image_pointer *)&extra->cuts[extra->cut_count];
}

/** The longest version of an answer that fits, or NULL: TC=1. */
static inline const struct image_cut *
image_cut_find(const struct image *image, const struct image_answer *answer, size_t room)
{
	const struct image_extra *extra = image_extra_of(image, answer);

	if (answer->extra == 0)
		return NULL;
	for (unsigned int i = extra->cut_count; i-- > 0;)
		if (extra->cuts[i].length <= room)
			return &extra->cuts[i];
	return NULL;
}

#endif
