/* SPDX-License-Identifier: BSD-3-Clause */
/* Zones made up at random as blocks of records, in the order in which images have them. */
#ifndef PRIMARY_RECORDS_H
#define PRIMARY_RECORDS_H

#include <criterion/criterion.h>

#include "primary/primary_priv.h"
#include "random_zone.h"

enum { MADE_MAX = 4000, MADE_RDATA_MAX = 40 };

/* A record that is no SOA; `covered` orders signatures behind what they cover. */
struct made_record {
	struct wire_name owner;
	uint16_t type, covered;
	uint32_t ttl;
	uint16_t length;
	uint8_t rdata[MADE_RDATA_MAX];
};

struct made_zone {
	uint32_t serial;
	unsigned int count;
	struct made_record records[MADE_MAX];
};

/* The order, said another way than where it is used: by a key of octets. */
static inline int
made_compare(const void *left, const void *right)
{
	const struct made_record *a = left, *b = right;
	int order = wire_name_compare(&a->owner, &b->owner);

	if (order)
		return order;
	if (a->covered != b->covered) {
		/* the apex's SOA stands first, and its signatures next to it */
		if (a->covered == WIRE_TYPE_SOA || b->covered == WIRE_TYPE_SOA)
			return a->covered == WIRE_TYPE_SOA ? -1 : 1;
		return a->covered < b->covered ? -1 : 1;
	}
	if ((a->type == WIRE_TYPE_RRSIG) != (b->type == WIRE_TYPE_RRSIG))
		return a->type == WIRE_TYPE_RRSIG ? 1 : -1;
	for (unsigned int i = 0; i < a->length && i < b->length; i++)
		if (a->rdata[i] != b->rdata[i])
			return a->rdata[i] < b->rdata[i] ? -1 : 1;
	return a->length - b->length;
}

static inline struct made_record
made_record(struct random *random, unsigned int names)
{
	static const uint16_t types[] = {WIRE_TYPE_NS, WIRE_TYPE_A, WIRE_TYPE_DS, WIRE_TYPE_MX,
		WIRE_TYPE_TXT, WIRE_TYPE_RRSIG};
	struct made_record record = {.type = types[random_below(random, 6)],
		.ttl = 3600 * (1 + random_below(random, 2))};
	char text[64];

	snprintf(text, sizeof(text), "n%u.%s", random_below(random, names),
		random_percent(random, 30) ? "sub.example." : "example.");
	if (random_percent(random, 2))
		snprintf(text, sizeof(text), "example.");
	wire_name_from_text(&record.owner, text);
	record.covered = record.type;
	if (record.type == WIRE_TYPE_NS || record.type == WIRE_TYPE_MX) {
		struct wire_name target;
		unsigned int before = record.type == WIRE_TYPE_MX ? 2 : 0;

		snprintf(text, sizeof(text), "ns%u.example.", random_below(random, 5));
		wire_name_from_text(&target, text);
		memcpy(record.rdata + before, target.octets, target.length);
		record.length = (uint16_t)(before + target.length);
		return record;
	}
	if (record.type == WIRE_TYPE_RRSIG) {
		record.covered = random_percent(random, 50) ? WIRE_TYPE_SOA : WIRE_TYPE_DS;
		record.rdata[1] = (uint8_t)record.covered;
	}
	record.length = (uint16_t)(4 + random_below(random, MADE_RDATA_MAX - 4));
	record.rdata[2] = (uint8_t)random_below(random, 4);
	return record;
}

/* Sort, and drop what repeats but for its TTL. */
static inline void
made_sort(struct made_zone *zone)
{
	unsigned int kept = 0;

	qsort(zone->records, zone->count, sizeof(zone->records[0]), made_compare);
	for (unsigned int i = 0; i < zone->count; i++)
		if (kept == 0 || made_compare(&zone->records[kept - 1], &zone->records[i]) != 0)
			zone->records[kept++] = zone->records[i];
	zone->count = kept;
}

static inline void
made_soa_write(uint32_t serial, struct wire_writer *w)
{
	struct wire_name origin, server, mailbox;
	uint8_t rdata[64];
	struct wire_writer r = wire_writer_of(rdata, sizeof(rdata));
	struct wire_record soa = {
		.type = WIRE_TYPE_SOA, .class = WIRE_CLASS_IN, .ttl = 86400, .rdata = rdata};

	wire_name_from_text(&origin, "example.");
	wire_name_from_text(&server, "ns1.example.");
	wire_name_from_text(&mailbox, "admin.example.");
	soa.owner = origin;
	wire_write(&r, server.octets, server.length);
	wire_write(&r, mailbox.octets, mailbox.length);
	wire_u32_write(&r, serial);
	for (unsigned int i = 0; i < 4; i++)
		wire_u32_write(&r, 3600);
	soa.length = (uint16_t)r.offset;
	wire_record_write(w, &soa);
}

static inline struct primary_block *
made_block(const struct made_zone *zone)
{
	size_t size = ((size_t)zone->count + 1) * 512;
	uint8_t *octets = malloc(size);
	struct wire_writer w = wire_writer_of(octets, size);
	struct primary_block *block;

	made_soa_write(zone->serial, &w);
	for (unsigned int i = 0; i < zone->count; i++) {
		const struct made_record *made = &zone->records[i];
		const struct wire_record record = {.owner = made->owner,
			.type = made->type,
			.class = WIRE_CLASS_IN,
			.ttl = made->ttl,
			.length = made->length,
			.rdata = made->rdata};

		wire_record_write(&w, &record);
	}
	cr_assert(!w.failed);
	block = primary_block_new(w.offset);
	memcpy(block->octets, octets, w.offset);
	free(octets);
	return block;
}

static inline void
made_grow(struct made_zone *zone, struct random *random, unsigned int count)
{
	for (unsigned int i = 0; i < count && zone->count < MADE_MAX; i++)
		zone->records[zone->count++] = made_record(random, 200);
	made_sort(zone);
}

/* The next version: some records go, some change their TTL, some come. */
static inline void
made_edit(struct made_zone *zone, struct random *random, unsigned int percent)
{
	unsigned int kept = 0, count = zone->count;

	for (unsigned int i = 0; i < count; i++) {
		if (random_percent(random, percent))
			continue;
		zone->records[kept] = zone->records[i];
		if (random_percent(random, percent))
			zone->records[kept].ttl += 1;
		kept++;
	}
	zone->count = kept;
	made_grow(zone, random, count * percent / 100);
	zone->serial++;
}

#endif
