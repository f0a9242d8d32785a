/* SPDX-License-Identifier: BSD-3-Clause */
#include "sign.h"

#include <errno.h>
#include <ldns/ldns.h>

enum { RSA_BITS = 2048, FLAGS_ZSK = 256, FLAGS_KSK = 257 };

static int
ldns_why(struct why *why, const char *what, ldns_status status)
{
	return why_set(why, EINVAL, "%s: %s", what, ldns_get_errorstr_by_id(status));
}

/* @return NULL: it could not be made */
static ldns_key *
key_make(const struct sign_options *options, const ldns_rdf *owner, uint16_t flags)
{
	ldns_key *key =
		ldns_key_new_frm_algorithm((ldns_signing_algorithm)options->algorithm, RSA_BITS);
	ldns_rr *rr;

	if (!key)
		return NULL;
	ldns_key_set_pubkey_owner(key, ldns_rdf_clone(owner));
	ldns_key_set_flags(key, flags);
	ldns_key_set_inception(key, options->inception);
	ldns_key_set_expiration(key, options->expiration);
	rr = ldns_key2rr(key);
	if (!rr) {
		ldns_key_deep_free(key);
		return NULL;
	}
	ldns_key_set_keytag(key, ldns_calc_keytag(rr));
	ldns_rr_free(rr);
	return key;
}

static int
keys_make(const struct sign_options *options, ldns_dnssec_zone *zone, ldns_key_list *keys,
	FILE *anchors, struct why *why)
{
	const uint16_t flags[] = {FLAGS_KSK, FLAGS_ZSK};

	for (unsigned int i = 0; i < 2; i++) {
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): it was read */
		ldns_key *key = key_make(options, ldns_dnssec_name_name(zone->soa), flags[i]);
		ldns_rr *rr;

		if (!key || !ldns_key_list_push_key(keys, key))
			return why_set(why, ENOMEM, "no key of algorithm %u can be made",
				options->algorithm);
		rr = ldns_key2rr(key);
		if (!rr)
			return why_set(why, ENOMEM, "out of memory");
		ldns_rr_set_ttl(rr, options->dnskey_ttl);
		if (flags[i] == FLAGS_KSK)
			ldns_rr_print(anchors, rr);
		if (ldns_dnssec_zone_add_rr(zone, rr) != LDNS_STATUS_OK) {
			ldns_rr_free(rr);
			return why_set(why, ENOMEM, "out of memory");
		}
	}
	return 0;
}

/* ldns signs ZONEMD with all keys; the root zone's is signed by the ZSK. */
static void
zonemd_signature_drop(ldns_dnssec_zone *zone, const ldns_key *ksk)
{
	ldns_dnssec_rrsets *zonemd = ldns_dnssec_zone_find_rrset(
		zone, ldns_dnssec_name_name(zone->soa), LDNS_RR_TYPE_ZONEMD);
	ldns_dnssec_rrs **at = zonemd ? &zonemd->signatures : NULL;

	while (at && *at) {
		ldns_dnssec_rrs *signature = *at;

		if (ldns_rdf2native_int16(ldns_rr_rrsig_keytag(signature->rr)) !=
			ldns_key_keytag(ksk)) {
			at = &signature->next;
			continue;
		}
		*at = signature->next;
		ldns_rr_free(signature->rr);
		free(signature);
	}
}

static int
zone_read(const char *plain, size_t length, ldns_dnssec_zone **zone, struct why *why)
{
	FILE *file = fmemopen((void *)(uintptr_t)plain, length, "r");
	ldns_status status;
	int line = 0;

	if (!file)
		return why_errno(why, "memory as a file");
	status = ldns_dnssec_zone_new_frm_fp_l(zone, file, NULL, 0, LDNS_RR_CLASS_IN, &line);
	fclose(file);
	if (status != LDNS_STATUS_OK)
		return why_set(why, EINVAL, "the plain zone, line %d: %s", line,
			ldns_get_errorstr_by_id(status));
	return 0;
}

int
sign_zone(const char *plain, size_t length, const struct sign_options *options, FILE *zone,
	FILE *anchors, struct why *why)
{
	ldns_rr_list *added = ldns_rr_list_new();
	ldns_key_list *keys = ldns_key_list_new();
	ldns_dnssec_zone *signing = NULL;
	ldns_status status = LDNS_STATUS_MEM_ERR;
	int rc = zone_read(plain, length, &signing, why);

	if (rc == 0)
		rc = keys_make(options, signing, keys, anchors, why);
	if (rc == 0) {
		status = ldns_dnssec_zone_sign_flg(signing, added, keys,
			ldns_dnssec_default_replace_signatures, NULL,
			LDNS_SIGN_WITH_ZONEMD_SIMPLE_SHA384);
		if (status != LDNS_STATUS_OK)
			rc = ldns_why(why, "signing", status);
	}
	if (rc == 0) {
		zonemd_signature_drop(signing, ldns_key_list_key(keys, 0));
		ldns_dnssec_zone_print(zone, signing);
	}
	ldns_dnssec_zone_deep_free(signing);
	ldns_rr_list_free(added);
	ldns_key_list_free(keys);
	return rc;
}
