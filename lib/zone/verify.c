/* SPDX-License-Identifier: BSD-3-Clause */
/* Trust anchors, keys and signatures (RFC 4034, 4035 5, 6840, 6605, 8080). */
#include "zone/zone_priv.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

enum {
	KEYS_MAX = 64,
	ANCHORS_MAX = 64,
	SIGNED_SIZE_MAX = 1 << 20,
	FLAG_ZONE = 0x0100, /* RFC 4034 2.1.1 */
	FLAG_REVOKE = 0x0080,
	FLAG_SEP = 0x0001,
};

struct key {
	const struct zone_rdata *rdata;
	uint16_t flags, tag;
	uint8_t algorithm;
	bool trusted;
};

struct anchor {
	struct zone_rdata rdata;
	uint16_t type; /* DS or DNSKEY */
};

struct verifying {
	const struct zone *zone;
	const struct zone_verify_options *options;
	struct zone_verification *done;
	struct arena *arena;
	const char *anchors_path;
	struct key keys[KEYS_MAX];
	struct anchor anchors[ANCHORS_MAX];
	unsigned int key_count, anchor_count;
	ldns_buffer *data, *signature;
};

static int
anchor_take(void *context, const struct zone_entry_record *record, struct why *why)
{
	struct verifying *v = context;
	struct anchor *anchor = &v->anchors[v->anchor_count];

	if (!wire_name_equal(record->owner, &v->zone->origin) ||
		(record->type != WIRE_TYPE_DS && record->type != WIRE_TYPE_DNSKEY))
		return 0;
	if (v->anchor_count == ANCHORS_MAX)
		return why_set(why, EINVAL, "%s:%u: more than %u trust anchors", v->anchors_path,
			record->line, ANCHORS_MAX);
	if (!zone_rdata_of(v->arena, record, &anchor->rdata))
		return why_set(why, EINVAL, "%s:%u: malformed", v->anchors_path, record->line);
	anchor->type = record->type;
	v->anchor_count++;
	return 0;
}

static int
anchors_read(struct verifying *v, struct why *why)
{
	uint8_t *own __attribute__((cleanup(free_memory))) = NULL;
	const uint8_t *text = v->options->anchors_text;
	size_t length = v->options->anchors_length;

	if (!text) {
		int rc = file_read(v->anchors_path, ZONE_FILE_SIZE_MAX, &own, &length, why);

		if (rc < 0)
			return rc;
		text = own;
	}
	/* the TTL of an anchor says nothing, so it may be missing */
	return zone_text_walk(v->anchors_path, text, length, NULL, 0, anchor_take, v, why);
}

static int
keys_read(struct verifying *v, const struct zone_rrset *dnskey, struct why *why)
{
	const struct wire_name *apex = &v->zone->origin;

	for (unsigned int i = 0; i < dnskey->count; i++) {
		const struct zone_rdata *rdata = &dnskey->rdata[i];
		struct key *key = &v->keys[v->key_count];

		if (rdata->length < 5 || v->key_count == KEYS_MAX)
			return zone_why(why, v->zone, rdata->line, apex, WIRE_TYPE_DNSKEY,
				v->key_count == KEYS_MAX ? "too many keys" : "too short");
		*key = (struct key){
			.rdata = rdata,
			.flags = (uint16_t)(rdata->octets[0] << 8 | rdata->octets[1]),
			.algorithm = rdata->octets[3],
			.tag = ldns_calc_keytag_raw(rdata->octets, rdata->length),
		};
		/* RFC 4034 2.1.2: protocol 3 */
		if ((key->flags & FLAG_ZONE) && rdata->octets[2] == 3)
			v->key_count++;
	}
	return 0;
}

/* RFC 4034 5.1.4: digest of the key's owner and RDATA. */
static bool
ds_matches(const struct verifying *v, const struct zone_rdata *ds, const struct key *key)
{
	const struct wire_name *owner = &v->zone->origin;
	uint8_t data[WIRE_NAME_MAX + UINT16_MAX], digest[EVP_MAX_MD_SIZE];
	const EVP_MD *type;
	unsigned int length;

	if (ds->length < 4 || (ds->octets[0] << 8 | ds->octets[1]) != key->tag ||
		ds->octets[2] != key->algorithm)
		return false;
	if (ds->octets[3] == 2)
		type = EVP_sha256();
	else if (ds->octets[3] == 4)
		type = EVP_sha384();
	else
		return false;
	memcpy(data, owner->octets, owner->length);
	memcpy(data + owner->length, key->rdata->octets, key->rdata->length);
	return EVP_Digest(data, (size_t)owner->length + key->rdata->length, digest, &length, type,
		       NULL) == 1 &&
	       length == ds->length - 4u && memcmp(digest, ds->octets + 4, length) == 0;
}

static bool
key_is_anchored(const struct verifying *v, const struct key *key)
{
	for (unsigned int i = 0; i < v->anchor_count; i++) {
		const struct anchor *anchor = &v->anchors[i];

		if (anchor->type == WIRE_TYPE_DS
				? ds_matches(v, &anchor->rdata, key)
				: zone_rdata_compare(&anchor->rdata, key->rdata) == 0)
			return true;
	}
	return false;
}

static int
anchors_match(struct verifying *v, const struct zone_rrset *dnskey, struct why *why)
{
	char missing[64] = "";
	size_t used = 0, absent = 0;

	for (unsigned int i = 0; i < v->key_count; i++) {
		struct key *key = &v->keys[i];

		if (key->flags & FLAG_REVOKE)
			continue;
		key->trusted = key_is_anchored(v, key);
		if (key->trusted && used < sizeof(v->done->anchor_tags) - 8)
			used += (size_t)snprintf(
				v->done->anchor_tags + used, 8, "%s%u", used ? " " : "", key->tag);
		else if ((key->flags & FLAG_SEP) && absent < sizeof(missing) - 8)
			absent += (size_t)snprintf(
				missing + absent, 8, "%s%u", absent ? " " : "", key->tag);
	}
	if (used == 0)
		return zone_why(why, v->zone, dnskey->rdata[0].line, &v->zone->origin,
			WIRE_TYPE_DNSKEY, "no key matches a trust anchor in %s", v->anchors_path);
	if (absent)
		why_set(&v->done->warning, 0, "%s: no trust anchor for key %s of the zone",
			v->anchors_path, missing);
	return 0;
}

/* RFC 4034 3.1: the fields of an RRSIG before the signer's name */
struct rrsig {
	uint16_t covered, tag;
	uint8_t algorithm, labels;
	uint32_t original_ttl, expiration, inception;
	struct wire_name signer;
	const uint8_t *signature;
	size_t signature_length, fixed_length; /* fixed: what is signed of it */
};

static bool
rrsig_read(const struct zone_rdata *rdata, struct rrsig *sig)
{
	struct wire_reader r = wire_reader_of(rdata->octets, rdata->length);

	sig->covered = wire_u16_read(&r);
	sig->algorithm = wire_u8_read(&r);
	sig->labels = wire_u8_read(&r);
	sig->original_ttl = wire_u32_read(&r);
	sig->expiration = wire_u32_read(&r);
	sig->inception = wire_u32_read(&r);
	sig->tag = wire_u16_read(&r);
	wire_name_read(&r, &sig->signer);
	sig->fixed_length = r.offset;
	sig->signature_length = r.length - r.offset;
	sig->signature = wire_take(&r, sig->signature_length);
	return !r.failed && sig->signature_length > 0;
}

/* What makes a signature worthless whatever its octets are; NULL: nothing. */
static const char *
rrsig_judge(const struct verifying *v, const struct zone_node *node, const struct zone_rrset *rrset,
	const struct rrsig *sig)
{
	uint32_t at = (uint32_t)v->options->at;

	if (sig->labels != node->name.labels)
		return "its label count is not the owner's";
	if (!wire_name_equal(&sig->signer, &v->zone->origin))
		return "its signer is not the zone";
	/* RFC 4034 3.1.5: serial number arithmetic */
	if ((int32_t)(at - sig->inception) < 0)
		return "not yet valid at the time of verification";
	if ((int32_t)(sig->expiration - at) < 0)
		return "expired at the time of verification";
	if (rrset->ttl > sig->original_ttl)
		return "the TTL is above the original TTL";
	return NULL;
}

/* RFC 4034 3.1.8.1 */
static bool
data_fill(struct verifying *v, const struct zone_node *node, const struct zone_rrset *rrset,
	const struct rrsig *sig, const struct zone_rdata *rdata)
{
	ldns_buffer *b = v->data;

	ldns_buffer_clear(b);
	ldns_buffer_write(b, rdata->octets, sig->fixed_length);
	for (unsigned int i = 0; i < rrset->count; i++) {
		if (!ldns_buffer_available(b, WIRE_NAME_MAX + 10u + rrset->rdata[i].length))
			return false;
		ldns_buffer_write(b, node->name.octets, node->name.length);
		ldns_buffer_write_u16(b, rrset->type);
		ldns_buffer_write_u16(b, WIRE_CLASS_IN);
		ldns_buffer_write_u32(b, sig->original_ttl);
		ldns_buffer_write_u16(b, rrset->rdata[i].length);
		ldns_buffer_write(b, rrset->rdata[i].octets, rrset->rdata[i].length);
	}
	return true;
}

/* OpenSSL wants ECDSA signatures as ASN.1, DNSSEC has two plain numbers (RFC 6605 4). */
static bool
signature_fill(struct verifying *v, const struct rrsig *sig)
{
	ldns_rdf rdf = {._size = sig->signature_length,
		._type = LDNS_RDF_TYPE_B64,
		._data = (void *)(uintptr_t)sig->signature};

	ldns_buffer_clear(v->signature);
	if (sig->algorithm == LDNS_ECDSAP256SHA256 || sig->algorithm == LDNS_ECDSAP384SHA384) {
		size_t length = sig->algorithm == LDNS_ECDSAP256SHA256 ? 64 : 96;

		if (sig->signature_length != length)
			return false;
		return ldns_convert_ecdsa_rrsig_rdf2asn1(v->signature, &rdf) == LDNS_STATUS_OK;
	}
	if (!ldns_buffer_available(v->signature, sig->signature_length))
		return false;
	ldns_buffer_write(v->signature, sig->signature, sig->signature_length);
	return true;
}

static bool
algorithm_is_taken(uint8_t algorithm)
{
	return algorithm == LDNS_RSASHA256 || algorithm == LDNS_RSASHA512 ||
	       algorithm == LDNS_ECDSAP256SHA256 || algorithm == LDNS_ECDSAP384SHA384 ||
	       algorithm == LDNS_ED25519 || algorithm == LDNS_ED448;
}

/*
 * RFC 5011 2.1: a revoked key signs the DNSKEY RRset, to show that its owner revoked it. That
 * signature is to be right, and proves nothing.
 */
static bool
key_may_sign(const struct key *key, uint16_t type)
{
	return key->trusted || (type == WIRE_TYPE_DNSKEY && (key->flags & FLAG_REVOKE));
}

/* @return NULL: good */
static const char *
signature_verify(struct verifying *v, const struct zone_node *node, const struct zone_rrset *rrset,
	const struct zone_rdata *rdata, const struct key **signer)
{
	const char *why = "no key of the zone has its tag and algorithm", *judged;
	struct rrsig sig;

	if (!rrsig_read(rdata, &sig))
		return "malformed";
	judged = rrsig_judge(v, node, rrset, &sig);
	if (judged)
		return judged;
	if (!algorithm_is_taken(sig.algorithm))
		return "its algorithm is not one that is verified here (8, 10, 13 to 16)";
	for (unsigned int i = 0; i < v->key_count; i++) {
		const struct key *key = &v->keys[i];

		if (!key_may_sign(key, rrset->type) || key->tag != sig.tag ||
			key->algorithm != sig.algorithm)
			continue;
		/* for each key that has the tag: there is one, but for rare collisions */
		if (!data_fill(v, node, rrset, &sig, rdata) || !signature_fill(v, &sig))
			return "the RRset or signature has no possible size";
		if (ldns_verify_rrsig_buffers_raw(ldns_buffer_begin(v->signature),
			    ldns_buffer_position(v->signature), v->data,
			    (unsigned char *)(uintptr_t)key->rdata->octets + 4,
			    key->rdata->length - 4u, sig.algorithm) == LDNS_STATUS_OK) {
			v->done->signature_count++;
			if (!v->done->earliest_expiry ||
				(int32_t)(sig.expiration - v->done->earliest_expiry) < 0)
				v->done->earliest_expiry = sig.expiration;
			*signer = key;
			return NULL;
		}
		why = "the signature is wrong";
	}
	return why;
}

/* Every signature that is there must be good, not just one: the zone is served as it is. */
static int
rrset_verify(struct verifying *v, const struct zone_node *node, const struct zone_rrset *rrset,
	struct why *why)
{
	if (rrset->signature_count == 0)
		return zone_why(
			why, v->zone, rrset->rdata[0].line, &node->name, rrset->type, "not signed");
	for (unsigned int i = 0; i < rrset->signature_count; i++) {
		const struct zone_rdata *rdata = &rrset->signatures[i];
		const struct key *signer;
		const char *wrong = signature_verify(v, node, rrset, rdata, &signer);

		if (wrong)
			return zone_why(why, v->zone, rdata->line, &node->name, WIRE_TYPE_RRSIG,
				"over %s: %s", zone_type_text(rrset->type), wrong);
	}
	return 0;
}

/* The DNSKEY RRset: signed by a key that is anchored; then all of its keys are trusted. */
static int
dnskey_verify(struct verifying *v, const struct zone_rrset *dnskey, struct why *why)
{
	const struct zone_node *apex = &v->zone->nodes[0];
	const char *wrong = "no signature";
	bool good = false;

	for (unsigned int i = 0; i < dnskey->signature_count && !good; i++) {
		const struct key *signer = NULL;
		const char *wrong_here =
			signature_verify(v, apex, dnskey, &dnskey->signatures[i], &signer);

		if (wrong_here)
			wrong = wrong_here;
		else
			good = signer->trusted;
	}
	if (!good)
		return zone_why(why, v->zone, dnskey->rdata[0].line, &apex->name, WIRE_TYPE_DNSKEY,
			"not signed by a key that matches a trust anchor: %s", wrong);
	for (unsigned int i = 0; i < v->key_count; i++)
		if (!(v->keys[i].flags & FLAG_REVOKE))
			v->keys[i].trusted = true;
	v->done->signature_count = 0;
	return 0;
}

static bool
rrset_is_authoritative(const struct zone_node *node, uint16_t type)
{
	if (node->place == ZONE_CUT)
		return type == WIRE_TYPE_DS || type == WIRE_TYPE_NSEC;
	return node->place != ZONE_GLUE;
}

static int
node_verify(struct verifying *v, const struct zone_node *node, struct why *why)
{
	int rc = 0;

	for (unsigned int i = 0; i < node->count && rc == 0; i++) {
		const struct zone_rrset *rrset = &node->rrsets[i];

		if (rrset_is_authoritative(node, rrset->type))
			rc = rrset_verify(v, node, rrset, why);
		else if (rrset->signature_count)
			rc = zone_why(why, v->zone, rrset->signatures[0].line, &node->name,
				WIRE_TYPE_RRSIG, "over %s, which is not the zone's to sign",
				zone_type_text(rrset->type));
		else if (rrset->type != WIRE_TYPE_NS && rrset->type != WIRE_TYPE_A &&
			 rrset->type != WIRE_TYPE_AAAA)
			rc = zone_why(why, v->zone, rrset->rdata[0].line, &node->name, rrset->type,
				"neither authoritative nor glue");
	}
	return rc;
}

static int
signatures_verify(struct verifying *v, const struct zone_rrset *dnskey, struct why *why)
{
	int rc = keys_read(v, dnskey, why);

	if (rc == 0)
		rc = anchors_read(v, why);
	if (rc == 0)
		rc = anchors_match(v, dnskey, why);
	if (rc == 0)
		rc = dnskey_verify(v, dnskey, why);
	for (size_t i = 0; i < v->zone->node_count && rc == 0; i++)
		rc = node_verify(v, &v->zone->nodes[i], why);
	return rc;
}

static int
dnssec_verify(struct verifying *v, struct why *why)
{
	const struct zone *zone = v->zone;
	const struct zone_rrset *dnskey = zone_rrset_find(&zone->nodes[0], WIRE_TYPE_DNSKEY);
	int rc;

	if (!dnskey && v->options->dnssec == ZONE_IF_PRESENT)
		return 0;
	if (!dnskey)
		return zone_why(
			why, zone, 0, &zone->origin, WIRE_TYPE_DNSKEY, "the zone is not signed");
	v->arena = arena_new();
	v->data = ldns_buffer_new(SIGNED_SIZE_MAX);
	v->signature = ldns_buffer_new(UINT16_MAX);
	rc = v->data && v->signature ? signatures_verify(v, dnskey, why)
				     : why_set(why, ENOMEM, "%s: out of memory", zone->path);
	if (rc == 0)
		rc = zone_nsec_verify(zone, why);
	if (rc >= 0) {
		v->done->nsec_count = (size_t)rc;
		v->done->dnssec = true;
		rc = 0;
	}
	ldns_buffer_free(v->data);
	ldns_buffer_free(v->signature);
	arena_free(v->arena);
	return rc;
}

int
zone_verify(const struct zone *zone, const struct zone_verify_options *options,
	struct zone_verification *done, struct why *why)
{
	struct verifying v = {
		.zone = zone,
		.options = options,
		.done = done,
		.anchors_path = options->anchors ? options->anchors : ZONE_ANCHORS_DEFAULT,
	};
	int rc = 0;

	memset(done, 0, sizeof(*done));
	if (options->dnssec != ZONE_OFF)
		rc = dnssec_verify(&v, why);
	if (rc < 0 || options->zonemd == ZONE_OFF)
		return rc;
	rc = zone_zonemd_verify(zone, why);
	if (rc == 0 && options->zonemd == ZONE_REQUIRE)
		return zone_why(why, zone, 0, &zone->origin, WIRE_TYPE_ZONEMD,
			"the zone has no ZONEMD that can be verified");
	if (rc < 0)
		return rc;
	done->zonemd = rc == 1;
	if (!done->zonemd && zone_rrset_find(&zone->nodes[0], WIRE_TYPE_ZONEMD) &&
		!done->warning.text[0])
		zone_why(&done->warning, zone, 0, &zone->origin, WIRE_TYPE_ZONEMD,
			"of no scheme and hash that can be verified");
	return 0;
}
