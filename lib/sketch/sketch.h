/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Heavy hitters: which client prefixes, names, gaps and shapes of names make up the traffic of a
 * thread, in memory that does not grow (Space-Saving: Metwally, Agrawal, El Abbadi 2005). The
 * thread samples its own ledger; whoever wants to see a flood adds up all threads' tables while
 * they are written.
 *
 *   read.c  hot: a page of the ledger into the tables
 *   tell.c  cold: the tables of all threads as one list, and words for shapes
 */
#ifndef SKETCH_SKETCH_H
#define SKETCH_SKETCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/ledger.h"

enum sketch_kind {
	SKETCH_PREFIXES, /* of clients: /24, /56 */
	SKETCH_NAMES,	 /* what exists: by the node that answered */
	SKETCH_GAPS,	 /* what does not: by the node whose NSEC record covers it */
	SKETCH_SHAPES,	 /* of QNAMEs: how many labels of about what length */
	SKETCH_KINDS
};

enum {
	SKETCH_ENTRIES = 64, /* what makes up more than a 64th is in the table for sure */
	SKETCH_SAMPLES_PER_SECOND = 2000, /* at most, about */
	SKETCH_HALVE_SECONDS = 8,	  /* what was counted before weighs half from then on */
	SKETCH_SHAPE_LABELS = 8,	  /* from the top; whatever is below is one more */
	SKETCH_SHAPE_TEXT_MAX = 128,
};

/**
 * One writer. An entry that is taken over keeps the count of what it had before, so a reader that
 * sees the new key beside the old count is wrong by one sample only: no lock is needed. Words are
 * stored and read by others one by one; plain to their writer, who looks through all by vectors.
 */
struct sketch_table {
	uint64_t keys[SKETCH_ENTRIES];	 /* 0: free */
	uint32_t counts[SKETCH_ENTRIES]; /* queries, about; the least of them too many */
	uint32_t helds[SKETCH_ENTRIES];	 /* of these, since it is there: not answered */
	uint32_t total;
};

/** What a thread samples; it alone writes it. */
struct sketch {
	struct sketch_table tables[SKETCH_KINDS];
	_Atomic uint32_t generation; /* of the nodes */
	uint32_t second, halved;
	uint32_t lines, one_in,
		skip; /* of this second; a sample stands for so many; before the next */
	uint32_t random;
};

/** @return NULL: no memory */
struct sketch *sketch_new(void);

/** NULL is fine. */
void sketch_free(struct sketch *sketch);

/** Sample a page. A struct ledger_reader of the thread that fills it. Runs on: lcore. */
void sketch_read(void *sketch, const struct ledger_page *page);

/** One of the heavy hitters, over all threads. */
struct sketch_item {
	uint64_t key;
	double share, held; /* of all queries; of its own: those not answered, 0 to 1 */
};

/**
 * Add up the tables of all threads. Control plane; stops nobody.
 *
 * @param generation  whose nodes are wanted, for SKETCH_NAMES and SKETCH_GAPS
 * @param items       the heaviest first; room for SKETCH_ENTRIES
 * @return how many
 */
unsigned int sketch_tell(struct sketch *const *sketches, unsigned int count, enum sketch_kind kind,
	uint32_t generation, struct sketch_item items[static SKETCH_ENTRIES]);

/* What keys mean */

/** @return octets of the address: 4 or 16; those behind the prefix are 0 */
unsigned int sketch_prefix_of(uint64_t key, uint8_t address[static 16], unsigned int *length);

void sketch_node_of(uint64_t key, uint8_t *zone, uint32_t *node);

/** "letters 8-15 . 3": what the first label is made of, then the labels' lengths. */
void sketch_shape_text(uint64_t key, char text[static SKETCH_SHAPE_TEXT_MAX]);

#endif
