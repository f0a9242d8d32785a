/* SPDX-License-Identifier: BSD-3-Clause */
/* Small zones out of text, queries, and replies as text: for the tests of what answers. */
#ifndef ORACLE_ZONE_H
#define ORACLE_ZONE_H

#include <assert.h>
#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "zone/zone.h"

/* A signature that verifies nowhere; its key tag tells one from another. */
#define SIGNATURE(owner, ttl, type, tag)                                                           \
	owner " " ttl " IN RRSIG " type " 8 1 " ttl " 20300101000000 20200101000000 " tag          \
	      " test. QUJDRA==\n"

/* Load a zone from text; the test ends if that cannot be. */
static inline struct zone *
zone_from_text(const char *text)
{
	char path[] = "/tmp/mangrove-zone-XXXXXX";
	struct zone *zone = NULL;
	int fd = mkstemp(path);
	struct why why;
	int rc;

	if (fd < 0 || file_write_all(fd, text, strlen(text)) < 0)
		abort();
	close(fd);
	rc = zone_load(path, NULL, &zone, &why);
	unlink(path);
	if (rc < 0) {
		fprintf(stderr, "%s\n", why.text);
		abort();
	}
	return zone;
}

enum { QUERY_MAX = 12 + 255 + 4 + 11 };

/* @param udp_size  of the OPT; -1: no OPT. @return octets */
static inline size_t
query_make(uint8_t query[static QUERY_MAX], const struct wire_name *qname, uint16_t qtype,
	int udp_size, bool dnssec_ok)
{
	struct wire_writer w = wire_writer_of(query, QUERY_MAX);
	const uint8_t header[12] = {0xab, 0xcd, 0x01, 0x10, 0, 1, [11] = udp_size >= 0};

	wire_write(&w, header, sizeof(header));
	wire_write(&w, qname->octets, qname->length);
	wire_u16_write(&w, qtype);
	wire_u16_write(&w, WIRE_CLASS_IN);
	if (udp_size >= 0) {
		wire_u8_write(&w, 0);
		wire_u16_write(&w, WIRE_TYPE_OPT);
		wire_u16_write(&w, (uint16_t)udp_size);
		wire_u32_write(&w, dnssec_ok ? 0x8000 : 0);
		wire_u16_write(&w, 0);
	}
	assert(!w.failed);
	return w.offset;
}

static inline void
record_describe(char **at, const char *section, const ldns_rr *rr)
{
	char *owner = ldns_rdf2str(ldns_rr_owner(rr));
	char *type = ldns_rr_type2str(ldns_rr_get_type(rr));

	*at += sprintf(*at, "%s %s %u %s", section, owner, ldns_rr_ttl(rr), type);
	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		char *field = ldns_rdf2str(ldns_rr_rdf(rr, i));

		/* of a signature what it covers and its key tag, of a key its flags */
		if (!(strcmp(type, "RRSIG") == 0 && i != 0 && i != 6) &&
			!(strcmp(type, "DNSKEY") == 0 && i != 0))
			*at += sprintf(*at, " %s", field);
		free(field);
	}
	*at += sprintf(*at, "\n");
	free(owner);
	free(type);
}

static inline void
section_describe(char **at, const char *section, const ldns_rr_list *list)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++)
		record_describe(at, section, ldns_rr_list_rr(list, i));
}

/* A reply as ldns reads it: RCODE and flags, then a line for each record, OPT left out. */
static inline char *
reply_describe(const uint8_t *reply, size_t length)
{
	char *text = calloc(1, 1 << 16), *at = text, *rcode;
	ldns_pkt *packet;

	assert(text);
	if (ldns_wire2pkt(&packet, reply, length) != LDNS_STATUS_OK) {
		strcpy(text, "malformed\n");
		return text;
	}
	rcode = ldns_pkt_rcode2str(ldns_pkt_get_rcode(packet));
	at += sprintf(at, "%s%s%s\n", rcode, ldns_pkt_aa(packet) ? " AA" : "",
		ldns_pkt_tc(packet) ? " TC" : "");
	section_describe(&at, "an", ldns_pkt_answer(packet));
	section_describe(&at, "au", ldns_pkt_authority(packet));
	section_describe(&at, "ad", ldns_pkt_additional(packet));
	free(rcode);
	ldns_pkt_free(packet);
	return text;
}

#endif
