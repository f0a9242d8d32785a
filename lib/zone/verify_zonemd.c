/* SPDX-License-Identifier: BSD-3-Clause */
/* The digest over the whole zone (RFC 8976). */
#include "zone/zone_priv.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

enum { SCHEME_SIMPLE = 1, HASH_SHA384 = 1, HASH_SHA512 = 2, FIXED_SIZE = 6 };

static void
record_digest(EVP_MD_CTX *context, const struct wire_name *owner, uint16_t type, uint32_t ttl,
	const struct zone_rdata *rdata)
{
	uint8_t fixed[10];
	struct wire_writer w = wire_writer_of(fixed, sizeof(fixed));

	wire_u16_write(&w, type);
	wire_u16_write(&w, WIRE_CLASS_IN);
	wire_u32_write(&w, ttl);
	wire_u16_write(&w, rdata->length);
	EVP_DigestUpdate(context, owner->octets, owner->length);
	EVP_DigestUpdate(context, fixed, sizeof(fixed));
	EVP_DigestUpdate(context, rdata->octets, rdata->length);
}

struct signature {
	const struct zone_rdata *rdata;
	uint32_t ttl;
};

static int
signature_compare(const void *a, const void *b)
{
	return zone_rdata_compare(
		((const struct signature *)a)->rdata, ((const struct signature *)b)->rdata);
}

/* All RRSIGs of a name are one RRset of type RRSIG; that over ZONEMD is left out (RFC 8976 3.3.1).
 */
static void
signatures_digest(EVP_MD_CTX *context, const struct zone_node *node)
{
	struct signature *all;
	size_t count = 0;

	for (unsigned int i = 0; i < node->count; i++)
		count += node->rrsets[i].signature_count;
	if (!count)
		return;
	all = calloc(count, sizeof(*all));
	if (!all)
		abort();
	count = 0;
	for (unsigned int i = 0; i < node->count; i++) {
		const struct zone_rrset *rrset = &node->rrsets[i];

		if (node->place == ZONE_APEX && rrset->type == WIRE_TYPE_ZONEMD)
			continue;
		for (unsigned int k = 0; k < rrset->signature_count; k++)
			all[count++] = (struct signature){&rrset->signatures[k], rrset->ttl};
	}
	qsort(all, count, sizeof(*all), signature_compare);
	for (size_t i = 0; i < count; i++)
		record_digest(context, &node->name, WIRE_TYPE_RRSIG, all[i].ttl, all[i].rdata);
	free(all);
}

static void
node_digest(EVP_MD_CTX *context, const struct zone_node *node)
{
	bool signatures_done = false;

	for (unsigned int i = 0; i < node->count; i++) {
		const struct zone_rrset *rrset = &node->rrsets[i];

		if (rrset->type > WIRE_TYPE_RRSIG && !signatures_done) {
			signatures_digest(context, node);
			signatures_done = true;
		}
		if (node->place == ZONE_APEX && rrset->type == WIRE_TYPE_ZONEMD)
			continue;
		for (unsigned int k = 0; k < rrset->count; k++)
			record_digest(
				context, &node->name, rrset->type, rrset->ttl, &rrset->rdata[k]);
	}
	if (!signatures_done)
		signatures_digest(context, node);
}

static bool
digest_matches(const struct zone *zone, const struct zone_rdata *rdata, const EVP_MD *type)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned int length = 0;
	bool matches;

	if (!context || EVP_DigestInit_ex(context, type, NULL) != 1)
		abort();
	for (size_t i = 0; i < zone->node_count; i++)
		node_digest(context, &zone->nodes[i]);
	EVP_DigestFinal_ex(context, digest, &length);
	EVP_MD_CTX_free(context);
	matches = rdata->length - FIXED_SIZE == (int)length &&
		  memcmp(rdata->octets + FIXED_SIZE, digest, length) == 0;
	return matches;
}

/* RFC 8976 2.1 and 4: what holds for every ZONEMD record, whoever can compute its digest. */
static int
zonemd_judge(const struct zone *zone, const struct zone_rrset *zonemd, unsigned int index,
	struct why *why)
{
	const struct zone_rdata *rdata = &zonemd->rdata[index];
	struct wire_reader r = wire_reader_of(rdata->octets, rdata->length);
	uint32_t serial = wire_u32_read(&r);

	if (serial != zone->serial)
		return zone_why(why, zone, rdata->line, &zone->origin, WIRE_TYPE_ZONEMD,
			"serial %u, but the SOA has %u", serial, zone->serial);
	for (unsigned int k = 0; k < index; k++)
		if (memcmp(zonemd->rdata[k].octets + 4, rdata->octets + 4, 2) == 0)
			return zone_why(why, zone, rdata->line, &zone->origin, WIRE_TYPE_ZONEMD,
				"a second one of its scheme and hash");
	return 0;
}

int
zone_zonemd_verify(const struct zone *zone, struct why *why)
{
	const struct zone_rrset *zonemd = zone_rrset_find(&zone->nodes[0], WIRE_TYPE_ZONEMD);
	int proven = 0;

	for (unsigned int i = 0; zonemd && i < zonemd->count; i++) {
		int rc = zonemd_judge(zone, zonemd, i, why);

		if (rc < 0)
			return rc;
	}
	for (unsigned int i = 0; zonemd && i < zonemd->count; i++) {
		const struct zone_rdata *rdata = &zonemd->rdata[i];
		uint8_t scheme = rdata->octets[4], hash = rdata->octets[5];

		if (scheme != SCHEME_SIMPLE || (hash != HASH_SHA384 && hash != HASH_SHA512))
			continue;
		if (!digest_matches(zone, rdata, hash == HASH_SHA384 ? EVP_sha384() : EVP_sha512()))
			return zone_why(why, zone, rdata->line, &zone->origin, WIRE_TYPE_ZONEMD,
				"the digest is not that of the zone");
		proven = 1;
	}
	return proven;
}
