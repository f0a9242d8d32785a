/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ZONE_ZONE_PRIV_H
#define ZONE_ZONE_PRIV_H

#include "zone/zone.h"

#include <ldns/ldns.h>

/** One record of a master file, as ldns read it. */
typedef int zone_record_taker(void *context, const ldns_rr *rr, uint32_t line, struct why *why);

/** Read a master file record by record. `origin` may be NULL. */
int zone_file_walk(const char *path, const struct wire_name *origin, zone_record_taker *take,
	void *context, struct why *why);

/** RDATA in wire form, its names lower case as RFC 4034 6.2 has it (but not NSEC's, RFC 6840 5.1).
 */
struct zone_rdata zone_rdata_of(struct arena *arena, const ldns_rr *rr, uint32_t line);

/** The owner of a record, folded. @return false: ldns gave something else than a name */
bool zone_owner_of(const ldns_rr *rr, struct wire_name *name);

/** "NSEC", "TYPE4711"; in one of a few static buffers of the calling thread. */
const char *zone_type_text(uint16_t type);

/** Order of RDATA (RFC 4034 6.3). */
int zone_rdata_compare(const struct zone_rdata *a, const struct zone_rdata *b);

/** The chain of NSEC records (verify_nsec.c). @return links, or -errno */
int zone_nsec_verify(const struct zone *zone, struct why *why);

/** ZONEMD (verify_zonemd.c). @return 1: proven, 0: there is none, or -errno */
int zone_zonemd_verify(const struct zone *zone, struct why *why);

/** Fill in `file:line: owner TYPE: reason`. @return -EINVAL */
__attribute__((format(printf, 6, 7))) int zone_why(struct why *why, const struct zone *zone,
	uint32_t line, const struct wire_name *owner, uint16_t type, const char *format, ...);

#endif
