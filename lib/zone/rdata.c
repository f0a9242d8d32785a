/* SPDX-License-Identifier: BSD-3-Clause */
/* RDATA in canonical form, and whether it is what its type says. */
#include "zone/zone_priv.h"

#include <string.h>

/*
 * RDATA that code here or in rooms above takes apart: some octets, some names, then so many octets
 * at least. ldns checks that for what is written out, but not for the form of RFC 3597 (`\# 2
 * 0a0b`).
 */
static const struct form {
	uint16_t type;
	uint8_t before, names, after;
	bool ends; /* `after` octets and no more */
} forms[] = {
	{WIRE_TYPE_A, 4, 0, 0, true},	     /* RFC 1035 3.4.1 */
	{WIRE_TYPE_AAAA, 16, 0, 0, true},    /* RFC 3596 2.2 */
	{WIRE_TYPE_NS, 0, 1, 0, true},	     /* RFC 1035 3.3.11 */
	{WIRE_TYPE_PTR, 0, 1, 0, true},	     /* RFC 1035 3.3.12 */
	{WIRE_TYPE_SOA, 0, 2, 20, true},     /* RFC 1035 3.3.13 */
	{WIRE_TYPE_MX, 2, 1, 0, true},	     /* RFC 1035 3.3.9 */
	{WIRE_TYPE_SRV, 6, 1, 0, true},	     /* RFC 2782 */
	{WIRE_TYPE_TXT, 0, 0, 1, false},     /* RFC 1035 3.3.14 */
	{WIRE_TYPE_DS, 4, 0, 1, false},	     /* RFC 4034 5.1 */
	{WIRE_TYPE_RRSIG, 18, 1, 1, false},  /* RFC 4034 3.1 */
	{WIRE_TYPE_NSEC, 0, 1, 3, false},    /* RFC 4034 4.1 */
	{WIRE_TYPE_DNSKEY, 4, 0, 1, false},  /* RFC 4034 2.1 */
	{WIRE_TYPE_ZONEMD, 6, 0, 12, false}, /* RFC 8976 2.2 */
};

bool
zone_rdata_is_sound(uint16_t type, const struct zone_rdata *rdata)
{
	struct wire_reader r = wire_reader_of(rdata->octets, rdata->length);
	struct wire_name name;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		const struct form *form = &forms[i];

		if (form->type != type)
			continue;
		wire_take(&r, form->before);
		for (unsigned int k = 0; k < form->names; k++)
			wire_name_read(&r, &name);
		wire_take(&r, form->after);
		return !r.failed && (!form->ends || r.offset == r.length);
	}
	return true;
}

/* RFC 4034 6.2 item 3; without HINFO, which has no names, and NSEC (RFC 6840 5.1) */
static bool
names_are_folded(uint16_t type)
{
	static const uint8_t types[] = {LDNS_RR_TYPE_NS, LDNS_RR_TYPE_MD, LDNS_RR_TYPE_MF,
		LDNS_RR_TYPE_CNAME, LDNS_RR_TYPE_SOA, LDNS_RR_TYPE_MB, LDNS_RR_TYPE_MG,
		LDNS_RR_TYPE_MR, LDNS_RR_TYPE_PTR, LDNS_RR_TYPE_MINFO, LDNS_RR_TYPE_MX,
		LDNS_RR_TYPE_RP, LDNS_RR_TYPE_AFSDB, LDNS_RR_TYPE_RT, LDNS_RR_TYPE_SIG,
		LDNS_RR_TYPE_PX, LDNS_RR_TYPE_NXT, LDNS_RR_TYPE_SRV, LDNS_RR_TYPE_NAPTR,
		LDNS_RR_TYPE_KX, LDNS_RR_TYPE_DNAME, LDNS_RR_TYPE_RRSIG};

	return type <= UINT8_MAX && memchr(types, type, sizeof(types)) != NULL;
}

bool
zone_rdata_of(struct arena *arena, const struct zone_entry_record *record, struct zone_rdata *rdata)
{
	bool fold = names_are_folded(record->type);
	size_t length = 0, at = 0;
	uint8_t *octets;

	for (size_t i = 0; i < ldns_rr_rd_count(record->rr); i++)
		length += ldns_rdf_size(ldns_rr_rdf(record->rr, i));
	if (length > UINT16_MAX)
		return false;
	octets = arena_take(arena, length);
	for (size_t i = 0; i < ldns_rr_rd_count(record->rr); i++) {
		const ldns_rdf *rdf = ldns_rr_rdf(record->rr, i);
		size_t size = ldns_rdf_size(rdf);

		memcpy(octets + at, ldns_rdf_data(rdf), size);
		/* length octets of labels are below 'A' */
		for (size_t k = 0;
			fold && ldns_rdf_get_type(rdf) == LDNS_RDF_TYPE_DNAME && k < size; k++)
			if (octets[at + k] >= 'A' && octets[at + k] <= 'Z')
				octets[at + k] |= 0x20;
		at += size;
	}
	*rdata = (struct zone_rdata){octets, (uint16_t)length, record->line};
	return zone_rdata_is_sound(record->type, rdata);
}

/* Whether ldns read those very octets: it follows compression pointers, which may not be there. */
static bool
octets_are_the_same(const ldns_rr *rr, const struct wire_record *record)
{
	size_t at = 0;

	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		const ldns_rdf *rdf = ldns_rr_rdf(rr, i);
		size_t size = ldns_rdf_size(rdf);

		if (size > record->length - at ||
			memcmp(record->rdata + at, ldns_rdf_data(rdf), size) != 0)
			return false;
		at += size;
	}
	return at == record->length;
}

bool
zone_rdata_of_wire(struct arena *arena, const struct wire_record *record, struct zone_rdata *rdata)
{
	struct zone_entry_record entry = {.type = record->type};
	uint8_t octets[1 + 10 + UINT16_MAX];
	struct wire_writer w = wire_writer_of(octets, sizeof(octets));
	struct wire_record alone = *record;
	size_t at = 0;
	bool good;

	alone.owner = wire_name_root;
	wire_record_write(&w, &alone);
	if (ldns_wire2rr(&entry.rr, octets, w.offset, &at, LDNS_SECTION_ANSWER) != LDNS_STATUS_OK)
		return false;
	good = octets_are_the_same(entry.rr, record) && zone_rdata_of(arena, &entry, rdata);
	ldns_rr_free(entry.rr);
	return good;
}

int
zone_rdata_compare(const struct zone_rdata *a, const struct zone_rdata *b)
{
	size_t shorter = a->length < b->length ? a->length : b->length;
	int order = memcmp(a->octets, b->octets, shorter);

	return order ? order : a->length - b->length;
}
