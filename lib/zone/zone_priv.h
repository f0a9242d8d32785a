/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ZONE_ZONE_PRIV_H
#define ZONE_ZONE_PRIV_H

#include "zone/zone.h"

#include <ldns/ldns.h>

/* Octets of an entry: far above the longest RDATA that ldns reads as text. */
enum { ZONE_ENTRY_HEAD = 32, ZONE_ENTRY_MAX = 60000 };

/** A cursor over the entries of a master file. */
struct zone_entries {
	const char *path; /* for messages */
	const uint8_t *at, *end;
	uint32_t line;	     /* of `at`, from 1 */
	uint32_t first_line; /* of the entry */
	bool is_indented;    /* it begins with a blank: no owner name */
	bool is_blank;	     /* one is due before the next octet */
	size_t length;
	char *text; /* the entry: fields with one blank between, no comments, no parentheses */
	char room[ZONE_ENTRY_HEAD + ZONE_ENTRY_MAX + 1];
};

/** Go to the next entry. @return 1: there it is, 0: the file has ended, or -errno */
int zone_entry_next(struct zone_entries *entries, struct why *why);

/** One record of a master file; lent to a zone_record_taker for the call. */
struct zone_entry_record {
	const struct wire_name *owner; /* folded */
	uint32_t ttl;
	uint16_t type, class;
	uint32_t line;
	ldns_rr *rr; /* its RDATA; the rest of it is made up */
};

typedef int zone_record_taker(
	void *context, const struct zone_entry_record *record, struct why *why);

/** A record on its way into a zone. */
struct zone_load_record {
	const struct wire_name *owner;
	struct zone_rdata rdata;
	uint32_t ttl;
	uint16_t type;
	uint16_t covered; /* of an RRSIG, else the type itself: what RRset it belongs to */
	bool is_removal;  /* of an incremental transfer */
};

/** A zone in the making. */
struct zone_loading {
	struct zone *zone;
	struct zone_load_record *records; /* malloc'ed */
	size_t count, room;
	bool has_origin;
	struct wire_name *last_owner; /* neighbours mostly share it */
};

void zone_loading_begin(struct zone_loading *l, const char *path, const struct wire_name *origin);

/** Whether a record may be in the zone, as far as can be told without its RDATA. @return 0 or
 * -errno */
int zone_loading_judge(
	struct zone_loading *l, const struct zone_entry_record *record, struct why *why);

/** Append a record that was judged; its RDATA is sound, canonical and in the zone's arena. */
int zone_loading_add(struct zone_loading *l, const struct zone_entry_record *entry,
	const struct zone_rdata *rdata, struct why *why);

/** Canonical order by owner, RRset covered, RRSIGs last, RDATA. */
int zone_load_record_compare(const struct zone_load_record *a, const struct zone_load_record *b);

/** Sort by zone_load_record_compare(), equal ones by line. */
void zone_loading_sort(struct zone_loading *l);

/** Records that repeat are one (RFC 2181 5); the first in the file stays. They are sorted. */
void zone_loading_dedupe(struct zone_loading *l);

/** Make the zone of sorted records that do not repeat; rc < 0: only free. @return 0 or -errno */
int zone_loading_end(struct zone_loading *l, int rc, struct zone **zone, struct why *why);

/** Make what zone_find() looks into. */
void zone_index_build(struct zone *zone);

/**
 * Read a master file record by record.
 *
 * @param origin  NULL: the root
 * @param ttl     of the records before any that states one; -1: then it is an error
 */
int zone_text_walk(const char *path, const uint8_t *text, size_t length,
	const struct wire_name *origin, int64_t ttl, zone_record_taker *take, void *context,
	struct why *why);

/** RDATA in wire form, its names lower case as RFC 4034 6.2 has it. @return false: it is not what
 * its type says */
bool zone_rdata_of(
	struct arena *arena, const struct zone_entry_record *record, struct zone_rdata *rdata);

/** The same of RDATA in wire form, uncompressed, as ldns reads it. */
bool zone_rdata_of_wire(
	struct arena *arena, const struct wire_record *record, struct zone_rdata *rdata);

/** Whether RDATA has the octets, names and length that its type says. */
bool zone_rdata_is_sound(uint16_t type, const struct zone_rdata *rdata);

/** A mnemonic or "TYPE4711". @return false: neither */
bool zone_type_from_text(uint16_t *type, const char *text);

/** "NSEC", "TYPE4711"; in one of a few static buffers of the calling thread. */
const char *zone_type_text(uint16_t type);

/** Order of RDATA (RFC 4034 6.3). */
int zone_rdata_compare(const struct zone_rdata *a, const struct zone_rdata *b);

/** The chain of NSEC records (verify_nsec.c). @return links, or -errno */
int zone_nsec_verify(const struct zone *zone, struct why *why);

/** ZONEMD (verify_zonemd.c). @return 1: proven, 0: there is none, or -errno */
int zone_zonemd_verify(const struct zone *zone, struct why *why);

/** Fill in `file:line: owner TYPE: reason`; line 0 is left out. @return -EINVAL */
__attribute__((format(printf, 6, 7))) int zone_why(struct why *why, const struct zone *zone,
	uint32_t line, const struct wire_name *owner, uint16_t type, const char *format, ...);

#endif
