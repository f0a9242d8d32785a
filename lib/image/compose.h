/* SPDX-License-Identifier: BSD-3-Clause */
/* Writing one answer, and keeping all of them. */
#ifndef IMAGE_COMPOSE_H
#define IMAGE_COMPOSE_H

#include "image/answer.h"

/* octets that grow; offsets into them stay */
struct image_pile {
	uint8_t *octets;
	size_t size, room;
};

/* What 64 KiB of the shortest records can hold */
enum { IMAGE_POINTERS_MAX = 16384, IMAGE_CUTS_MAX = 8192, IMAGE_NAMES_MAX = 16384 };

/** One answer in the making: a message whose question is exactly a node's name. */
struct image_composer {
	struct wire_writer w;
	struct wire_compression compression;
	bool compress; /* denials are not: their bodies then stand behind any question as they are
			*/
	uint16_t counts[3];
	unsigned int section; /* index into counts that records go to */
	size_t body;	      /* where it starts */
	struct image_pointer pointers[IMAGE_POINTERS_MAX];
	struct image_cut cuts[IMAGE_CUTS_MAX];
	unsigned int pointer_count, cut_count, name_count;
	struct wire_name names[IMAGE_NAMES_MAX]; /* what the compression table borrows */
	uint8_t message[UINT16_MAX];
};

enum { IMAGE_ANSWER_SECTION, IMAGE_AUTHORITY_SECTION, IMAGE_ADDITIONAL_SECTION };

/** All answers made so far. */
struct image_store {
	struct image_answer *answers;
	size_t count, room;
	struct image_pile bodies, extras;
	const uint8_t *common; /* see image/answer.h */
	uint16_t common_size;
};

/** Begin an answer for a question of this name. */
void image_compose_begin(struct image_composer *c, const struct wire_name *qname, bool compress);

/** Append an RRset, and its signatures if wanted, to the current section, with this TTL. */
void image_compose_rrset(struct image_composer *c, const struct wire_name *owner,
	const struct zone_rrset *rrset, uint32_t ttl, bool with_signatures);

/** Append only signature number `index` of an RRset. */
void image_compose_signature(struct image_composer *c, const struct wire_name *owner,
	const struct zone_rrset *rrset, unsigned int index);

/** What is written so far may be sent without what follows. */
void image_compose_cut(struct image_composer *c);

/** What an answer is besides its records. */
struct image_verdict {
	enum image_kind kind;
	bool authoritative;
	uint8_t marks;
	uint16_t head_length; /* of the common piece that comes before what was composed */
	uint16_t head_count;  /* records in it */
};

/**
 * Keep a composed answer.
 *
 * @param index  of a slot made by image_store_reserve()
 */
void image_store_put(struct image_store *store, uint32_t index, const struct image_composer *c,
	const struct image_verdict *verdict);

/** Make `count` more answers, all zero. @return index of the first */
uint32_t image_store_reserve(struct image_store *store, uint32_t count);

/** Let `index` use the octets of another answer's tail if its own are among them. */
void image_store_share(struct image_store *store, uint32_t index, uint32_t other, size_t offset);

void image_store_free(struct image_store *store);

#endif
