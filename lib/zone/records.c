/* SPDX-License-Identifier: BSD-3-Clause */
/* From a zone to a block of records. */
#include "zone/zone_priv.h"

/* What stands between owner and RDATA: type, class, TTL, RDLENGTH (RFC 1035 3.2.1). */
enum { RECORD_FIXED_SIZE = 10 };

size_t
zone_records_size(const struct zone *zone)
{
	size_t size = 0;

	for (size_t n = 0; n < zone->node_count; n++) {
		const struct zone_node *node = &zone->nodes[n];

		for (unsigned int i = 0; i < node->count; i++) {
			const struct zone_rrset *rrset = &node->rrsets[i];
			size_t count = (size_t)rrset->count + rrset->signature_count;

			/* the signatures follow in memory */
			for (size_t k = 0; k < count; k++)
				size += node->name.length + RECORD_FIXED_SIZE +
					rrset->rdata[k].length;
		}
	}
	return size;
}

static void
rrset_write(const struct zone_node *node, const struct zone_rrset *rrset, struct wire_writer *w)
{
	struct wire_record record = {.owner = node->name,
		.type = rrset->type,
		.class = WIRE_CLASS_IN,
		.ttl = rrset->ttl};
	size_t count = (size_t)rrset->count + rrset->signature_count;

	for (size_t i = 0; i < count; i++) {
		if (i == rrset->count)
			record.type = WIRE_TYPE_RRSIG;
		record.length = rrset->rdata[i].length;
		record.rdata = rrset->rdata[i].octets;
		wire_record_write(w, &record);
	}
}

void
zone_records_write(const struct zone *zone, struct wire_writer *w)
{
	const struct zone_node *apex = &zone->nodes[0];

	rrset_write(apex, zone_rrset_find(apex, WIRE_TYPE_SOA), w);
	for (size_t n = 0; n < zone->node_count; n++)
		for (unsigned int i = 0; i < zone->nodes[n].count; i++)
			if (n != 0 || apex->rrsets[i].type != WIRE_TYPE_SOA)
				rrset_write(&zone->nodes[n], &zone->nodes[n].rrsets[i], w);
}
