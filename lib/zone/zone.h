/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A zone as plain records: loaded from a master file, in canonical order, and verified.
 *
 * Control plane only. A zone is immutable once loaded, so any number of threads may read it.
 */
#ifndef ZONE_ZONE_H
#define ZONE_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "base/base.h"
#include "wire/wire.h"

/** RDATA in wire form, uncompressed, names in it lower-cased where RFC 4034 6.2 says so. */
struct zone_rdata {
	const uint8_t *octets;
	uint16_t length;
	uint32_t line; /* of the master file */
};

/** An RRset with the RRSIGs that cover it. RRSIG itself is never the type of one. */
struct zone_rrset {
	uint16_t type;
	uint32_t ttl; /* seconds; of its RRSIGs too */
	uint16_t count, signature_count;
	const struct zone_rdata *rdata; /* canonical order (RFC 4034 6.3), no duplicates */
	const struct zone_rdata
		*signatures; /* RDATA of RRSIG, canonical order; behind the others */
};

/** Where a name lies. */
enum zone_place {
	ZONE_APEX,
	ZONE_AUTHORITATIVE,
	ZONE_CUT,  /* owns NS and is not the apex */
	ZONE_GLUE, /* below a cut */
};

/** An owner name; empty non-terminals are not among them. */
struct zone_node {
	struct wire_name name; /* lower case */
	enum zone_place place;
	uint16_t count;
	const struct zone_rrset *rrsets; /* by type */
};

struct zone {
	struct arena *arena; /* owns everything below */
	const char *path;    /* of the master file, for messages */
	struct wire_name origin;
	uint32_t serial;
	bool is_signed; /* the apex has DNSKEY; then every authoritative owner has NSEC once
			   verified */
	size_t node_count;
	size_t record_count;
	const struct zone_node *nodes; /* canonical order (RFC 4034 6.1); [0] is the apex */
	const uint32_t *index;	       /* of zone_find(): hash to node number + 1, 0 is free */
	uint32_t index_mask;
};

/** A zone that a node has and may not answer from: its names get SERVFAIL. */
struct zone_withheld {
	struct wire_name origin; /* folded */
	bool expired;		 /* false: no version of it is there yet */
};

/* A master file or a zone larger than this is refused: far above any root zone to come. */
enum { ZONE_FILE_SIZE_MAX = 64 << 20, ZONE_RECORDS_MAX = 1 << 20 };

/**
 * Load a master file (RFC 1035 5). Records that repeat are dropped. Refused, with file, line, owner
 * and type: another class than IN, a record out of zone, no SOA or a second one, TTLs that differ
 * within an RRset, a signature without its RRset or with another TTL, what the engine does not
 * answer (NSEC3, DNAME, CNAME, wildcards), $INCLUDE, and any entry that can be read in two ways.
 *
 * @param origin  what relative names are relative to, and the zone's name;
 *                NULL: the root, and the owner of the first record, a SOA
 * @param zone    the caller's, zone_free()
 */
int zone_load(
	const char *path, const struct wire_name *origin, struct zone **zone, struct why *why);

/** zone_load() of a file that is in memory; `path` is for messages. */
int zone_load_text(const char *path, const uint8_t *text, size_t length,
	const struct wire_name *origin, struct zone **zone, struct why *why);

/** Octets that zone_records_write() writes. */
size_t zone_records_size(const struct zone *zone);

/**
 * Write all records of a zone as wire_record_read() reads them: the SOA first, then in canonical
 * order by owner, RRset and RDATA, RRSIGs behind the RRset that they cover.
 */
void zone_records_write(const struct zone *zone, struct wire_writer *w);

/** A block of records as wire_record_read() reads them. Length 0: none. */
struct zone_records {
	const uint8_t *octets;
	size_t length;
};

/**
 * Load a zone from records: what zone_load() refuses is refused, and the same is dropped.
 *
 * @param name      of the source, for messages
 * @param base      a whole zone, each record once, as zone_records_write() writes them
 * @param transfer  what a primary sent, in order of arrival and without compression: the form of
 *                  AXFR (RFC 5936 2.2) or of IXFR (RFC 1995 4), whose differences are applied to
 *                  the base; none: the base is the zone
 * @param origin    the zone's name; NULL: the owner of the first record, a SOA
 * @param zone      the caller's, zone_free(); it borrows nothing
 * @return 0; -ESTALE: the differences do not fit the base (another serial, or they delete what is
 *         not there or add what is there already); or -EINVAL: malformed, or no zone that is served
 */
int zone_load_records(const char *name, const struct zone_records *base,
	const struct zone_records *transfer, const struct wire_name *origin, struct zone **zone,
	struct why *why);

/**
 * Write a zone as a master file: absolute names, TTL, class and type in each line, one record a
 * line, in the order of zone_records_write(). Loading it gives the same zone.
 */
void zone_text_write(const struct zone *zone, FILE *file);

/** Free a zone and all of its records. NULL is fine. */
void zone_free(struct zone *zone);

/** @return the node that owns `name` (folded), or NULL */
const struct zone_node *zone_find(const struct zone *zone, const struct wire_name *name);

/** @return the RRset of that type at a node, or NULL */
const struct zone_rrset *zone_rrset_find(const struct zone_node *node, uint16_t type);

/** How much of a proof is wanted. */
enum zone_policy {
	ZONE_REQUIRE,	 /* missing or wrong: refused */
	ZONE_IF_PRESENT, /* missing: taken; wrong: refused */
	ZONE_OFF,	 /* not looked at */
};

/** @return false: not one of "require", "if-present", "off" */
bool zone_policy_from_text(enum zone_policy *policy, const char *text);

struct zone_verify_options {
	enum zone_policy dnssec, zonemd;
	const char *anchors;	     /* file of DNSKEY or DS records; NULL: ZONE_ANCHORS_DEFAULT */
	const uint8_t *anchors_text; /* that file's octets; NULL: it is read */
	size_t anchors_length;
	time_t at; /* signatures must be valid then */
};

/* of Debian's package dns-root-data */
#define ZONE_ANCHORS_DEFAULT "/usr/share/dns/root.key"

/** What a verification did, for logs and --json. */
struct zone_verification {
	bool dnssec, zonemd;	  /* proven */
	size_t signature_count;	  /* RRSIGs verified */
	size_t nsec_count;	  /* links of the closed chain */
	uint32_t earliest_expiry; /* of all RRSIGs, seconds since 1970; 0: unsigned */
	char anchor_tags[64];	  /* key tags of the anchors that matched, "20326 38696" */
	struct why warning;	  /* text[0] == 0: none */
};

/**
 * Verify a zone completely: trust anchors, DNSKEY RRset, every RRSIG (TTLs included), the NSEC
 * chain over exactly the authoritative owners with every bitmap, ZONEMD (RFC 8976).
 *
 * @return 0, or -errno with the first thing wrong: file and line where known, owner, type
 */
int zone_verify(const struct zone *zone, const struct zone_verify_options *options,
	struct zone_verification *done, struct why *why);

/** Read "YYYYMMDDhhmmss" (UTC). @return false: not such a time */
bool zone_time_from_text(time_t *at, const char *text);

#endif
