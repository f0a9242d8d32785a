/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <ldns/ldns.h>

#include "surge/surge_priv.h"

struct surge_keys {
	ldns_rr_list *keys;
	time_t at;
};

static ldns_rr *
key_make(const struct zone *zone, const struct zone_rrset *keys, const struct zone_rdata *rdata)
{
	uint8_t octets[UINT16_MAX];
	struct wire_writer w = wire_writer_of(octets, sizeof(octets));
	const struct wire_record record = {.owner = zone->origin,
		.type = WIRE_TYPE_DNSKEY,
		.class = WIRE_CLASS_IN,
		.ttl = keys->ttl,
		.length = rdata->length,
		.rdata = rdata->octets};
	ldns_rr *rr = NULL;
	size_t at = 0;

	wire_record_write(&w, &record);
	if (w.failed ||
		ldns_wire2rr(&rr, octets, w.offset, &at, LDNS_SECTION_ANSWER) != LDNS_STATUS_OK)
		return NULL;
	return rr;
}

int
surge_keys_new(struct surge_keys **keys, const struct zone *zone, time_t at, struct why *why)
{
	const struct zone_rrset *rrset = zone_rrset_find(&zone->nodes[0], WIRE_TYPE_DNSKEY);
	struct surge_keys *made;

	if (!rrset)
		return why_set(why, EINVAL, "%s: it has no DNSKEY to verify with", zone->path);
	made = calloc(1, sizeof(*made));
	if (!made)
		return why_set(why, ENOMEM, "no memory");
	made->keys = ldns_rr_list_new();
	made->at = at;
	for (uint16_t i = 0; i < rrset->count; i++) {
		ldns_rr *key = key_make(zone, rrset, &rrset->rdata[i]);

		if (!key) {
			surge_keys_free(made);
			return why_set(why, EINVAL, "%s: a DNSKEY is malformed", zone->path);
		}
		ldns_rr_list_push_rr(made->keys, key);
	}
	*keys = made;
	return 0;
}

void
surge_keys_free(struct surge_keys *keys)
{
	if (keys)
		ldns_rr_list_deep_free(keys->keys);
	free(keys);
}

static int
signature_verify(struct surge_keys *keys, const ldns_pkt *packet, ldns_pkt_section section,
	const ldns_rr *signature, struct why *why)
{
	ldns_rr_type covered = ldns_rdf2rr_type(ldns_rr_rrsig_typecovered(signature));
	ldns_rr_list *good = ldns_rr_list_new();
	ldns_rr_list *rrset = ldns_pkt_rr_list_by_name_and_type(
		packet, ldns_rr_owner(signature), covered, section);
	ldns_status status = LDNS_STATUS_CRYPTO_BOGUS;

	if (rrset)
		status = ldns_verify_rrsig_keylist_time(
			rrset, signature, keys->keys, keys->at, good);
	ldns_rr_list_deep_free(rrset);
	ldns_rr_list_free(good);
	if (status == LDNS_STATUS_OK)
		return 0;
	return why_set(why, EINVAL, "the signature of an RRset of type %u: %s", covered,
		ldns_get_errorstr_by_id(status));
}

/* @return how many were verified, or -errno */
static int
section_verify(
	struct surge_keys *keys, const ldns_pkt *packet, ldns_pkt_section section, struct why *why)
{
	const ldns_rr_list *records = section == LDNS_SECTION_ANSWER ? ldns_pkt_answer(packet)
								     : ldns_pkt_authority(packet);
	int count = 0;

	for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(records, i);
		int rc;

		if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_RRSIG)
			continue;
		rc = signature_verify(keys, packet, section, rr, why);
		if (rc < 0)
			return rc;
		count++;
	}
	return count;
}

int
surge_signatures_verify(
	struct surge_keys *keys, const uint8_t *message, size_t length, struct why *why)
{
	ldns_pkt *packet = NULL;
	int answers, authorities = 0;

	if (ldns_wire2pkt(&packet, message, length) != LDNS_STATUS_OK)
		return why_set(why, EINVAL, "ldns cannot read it");
	answers = section_verify(keys, packet, LDNS_SECTION_ANSWER, why);
	if (answers >= 0)
		authorities = section_verify(keys, packet, LDNS_SECTION_AUTHORITY, why);
	ldns_pkt_free(packet);
	if (answers < 0 || authorities < 0)
		return answers < 0 ? answers : authorities;
	return answers + authorities;
}
