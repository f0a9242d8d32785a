/* SPDX-License-Identifier: BSD-3-Clause */
/* The chain of NSEC records over exactly the authoritative owners (RFC 4034 4, 4035 2.3). */
#include "zone/zone_priv.h"

#include <errno.h>
#include <string.h>

/* RFC 4034 4.1.2: windows of 256 types, each with as many octets as needed */
struct bitmap {
	uint8_t octets[256 * 34];
	size_t length;
};

static void
type_set(uint8_t windows[256][32], uint16_t type)
{
	windows[type >> 8][(type & 0xff) / 8] |= (uint8_t)(0x80 >> (type & 7));
}

static void
bitmap_of(const struct zone_node *node, struct bitmap *bitmap)
{
	uint8_t windows[256][32] = {{0}};

	for (unsigned int i = 0; i < node->count; i++) {
		uint16_t type = node->rrsets[i].type;

		/* glue at a cut is not the zone's (RFC 4035 2.3) */
		if (node->place == ZONE_CUT && type != WIRE_TYPE_NS && type != WIRE_TYPE_DS &&
			type != WIRE_TYPE_NSEC)
			continue;
		type_set(windows, type);
		if (node->rrsets[i].signature_count)
			type_set(windows, WIRE_TYPE_RRSIG);
	}
	bitmap->length = 0;
	for (unsigned int w = 0; w < 256; w++) {
		uint8_t used = 32;

		while (used && windows[w][used - 1] == 0)
			used--;
		if (!used)
			continue;
		bitmap->octets[bitmap->length++] = (uint8_t)w;
		bitmap->octets[bitmap->length++] = used;
		memcpy(bitmap->octets + bitmap->length, windows[w], used);
		bitmap->length += used;
	}
}

static int
link_verify(const struct zone *zone, const struct zone_node *node, const struct zone_node *next,
	struct why *why)
{
	const struct zone_rrset *nsec = zone_rrset_find(node, WIRE_TYPE_NSEC);
	char expected[WIRE_NAME_TEXT_MAX];
	const struct zone_rdata *rdata;
	struct bitmap bitmap;
	struct wire_reader r;
	struct wire_name name;

	if (!nsec)
		return zone_why(why, zone, node->rrsets[0].rdata[0].line, &node->name,
			WIRE_TYPE_NSEC, "missing from the chain");
	rdata = &nsec->rdata[0];
	if (nsec->count != 1)
		return zone_why(why, zone, nsec->rdata[1].line, &node->name, WIRE_TYPE_NSEC,
			"a second one");
	r = wire_reader_of(rdata->octets, rdata->length);
	wire_name_read(&r, &name);
	wire_name_fold(&name);
	if (r.failed || !wire_name_equal(&name, &next->name))
		return zone_why(why, zone, rdata->line, &node->name, WIRE_TYPE_NSEC,
			"the next name should be %.255s", wire_name_to_text(&next->name, expected));
	bitmap_of(node, &bitmap);
	if (bitmap.length != r.length - r.offset ||
		memcmp(bitmap.octets, r.message + r.offset, bitmap.length) != 0)
		return zone_why(why, zone, rdata->line, &node->name, WIRE_TYPE_NSEC,
			"its bitmap is not the types at this name");
	return 0;
}

int
zone_nsec_verify(const struct zone *zone, struct why *why)
{
	const struct zone_node *last = &zone->nodes[0]; /* the apex */
	int links = 1, rc;

	for (size_t i = 1; i < zone->node_count; i++) {
		const struct zone_node *node = &zone->nodes[i];

		if (node->place == ZONE_GLUE)
			continue;
		rc = link_verify(zone, last, node, why);
		if (rc < 0)
			return rc;
		last = node;
		links++;
	}
	rc = link_verify(zone, last, &zone->nodes[0], why);
	return rc < 0 ? rc : links;
}
