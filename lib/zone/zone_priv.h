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
