/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The names of a zone, down to its cuts, as an immutable tree: exact match, closest encloser and
 * the owner of the covering NSEC out of one descent.
 *
 * A level of the tree is a label (RFC 4034 6.1 orders names label by label from the right). Nodes
 * are numbered level by level, so that siblings follow each other in canonical order: the node
 * below which, or behind which, a name would stand is a number that comes out of the search itself.
 * The apex's level, which in the root zone is every TLD, has an index by the first octets of the
 * label (radix/wide.h).
 *
 * Nothing here is written after radix_build(): any lcore reads without locks.
 */
#ifndef RADIX_RADIX_H
#define RADIX_RADIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h"
#include "wire/wire.h"

/* leaf of a place before the first owner: cannot be, as the apex is the first */
#define RADIX_NONE UINT32_MAX

/** A name, or an empty non-terminal (RFC 4592 2.2.2). */
struct radix_node {
	uint32_t first_child, child_count; /* siblings are numbered in a row */
	uint32_t parent;		   /* of the apex: itself */
	uint32_t label;	    /* offset of its first label in radix.labels: a length, then octets */
	uint32_t leaf;	    /* its own leaf; of an empty non-terminal: the leaf before it */
	uint32_t last_leaf; /* the last leaf of its subtree, its own included */
	uint32_t is_cut;    /* a delegation: nothing below is in the tree */
	uint32_t is_empty;  /* an empty non-terminal */
};
static_assert(sizeof(struct radix_node) == 32, "half a cache line");

/* The apex's index needs labels of at most this many octets, and fewer of them than 2^16 - 1. */
enum { RADIX_WIDE_LABEL = 32, RADIX_WIDE_KEYS = 32, RADIX_WIDE_NODES_MAX = UINT16_MAX - 1 };
enum { RADIX_WIDE_ENTRIES = 2 << 16, RADIX_WIDE_CROWDED = UINT16_MAX };

/** The tree; all arrays lie in memory that the caller keeps. */
struct radix {
	uint32_t node_count; /* the apex is node 0, its children are 1, 2, ... */
	uint32_t leaf_count;
	uint32_t labels_size;
	uint32_t origin_labels; /* labels of the zone's own name */
	const struct radix_node *nodes;
	const uint8_t *labels;
	/*
	 * The apex's index, or all NULL. entries: by the first two octets of a label, and again by
	 * the two after "xn--"; low half: the last node before those that begin so, high half: how
	 * many begin so, or RADIX_WIDE_CROWDED. keys, wide_labels, wide_lengths: by node; [0] sorts
	 * before all.
	 */
	const uint32_t *entries;
	const uint32_t *keys; /* the four octets behind those two, big-endian; RADIX_WIDE_KEYS more
				 follow */
	const uint8_t (*wide_labels)[RADIX_WIDE_LABEL]; /* zero-padded */
	const uint8_t *wide_lengths;
};

/** An owner name to build from. */
struct radix_owner {
	const struct wire_name *name; /* folded; borrowed for the time of the build */
	bool is_cut;
};

/**
 * Build a tree.
 *
 * @param owners  in canonical order, without duplicates; [0] is the apex; names below cuts left
 * out. Leaf number i is owners[i].
 * @param tree    its arrays live in `arena`
 */
void radix_build(
	struct arena *arena, const struct radix_owner *owners, uint32_t count, struct radix *tree);

/** Where a name is, or would be. */
struct radix_place {
	bool found;	 /* the name is in the tree, or at or below a cut that is */
	bool is_cut;	 /* found: `node` is a cut at or above the name */
	uint32_t node;	 /* found: the name's or the cut's node; else the closest encloser */
	uint32_t before; /* not found: the sibling just before; the closest encloser itself if there
			    is none */
	uint32_t leaf;	 /* its own, or the owner of the covering NSEC (RFC 4035 3.1.3.2) */
	uint32_t labels; /* of the node's name, the root label not counted */
};

/**
 * Find a name, or the gap that it falls into. Cannot fail or wait.
 *
 * @param qname  folded; at or below the zone's own name
 */
void radix_find(const struct radix *tree, const struct wire_name *qname, struct radix_place *place);

/** The child of `parent` that sorts last among those not after a label, or `parent` itself. */
uint32_t radix_child_before(
	const struct radix *tree, uint32_t parent, const uint8_t *label, bool *found);

/**
 * Check arrays that come from outside: every index in range, siblings in order, the index complete.
 * After it radix_find() and radix/wide.h stay in bounds for any name.
 *
 * @return 0 or -EINVAL
 */
int radix_check(const struct radix *tree, struct why *why);

#endif
