/* SPDX-License-Identifier: BSD-3-Clause */
/* A small zone, signed as it should be and in every way that it should not. */
#include <criterion/criterion.h>

#include "zone_signer.h"

enum { AT = 1750000000 };

/* The RRsets of the zone. */
enum part {
	SOA,
	NS,
	DNSKEY,
	APEX_NSEC,
	CUT_NS,
	CUT_DS,
	CUT_NSEC,
	GLUE,
	ENT_TXT,
	ENT_NSEC,
	HOST_A,
	HOST_NSEC,
	INSECURE_NS,
	INSECURE_NSEC,
	EXTRA, /* none, unless a test has one */
	PARTS
};

static const char *const plain[PARTS] = {
	[SOA] = "test. 3600 IN SOA ns.test. host.test. 7 1800 900 604800 86400\n",
	[NS] = "test. 3600 IN NS host.test.\n",
	[APEX_NSEC] = "test. 3600 IN NSEC cut.test. NS SOA RRSIG NSEC DNSKEY\n",
	[CUT_NS] = "cut.test. 3600 IN NS ns.cut.test.\n",
	[CUT_DS] = "cut.test. 3600 IN DS 1 8 2 "
		   "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n",
	[CUT_NSEC] = "cut.test. 3600 IN NSEC a.ent.test. NS DS RRSIG NSEC\n",
	[GLUE] = "ns.cut.test. 3600 IN A 192.0.2.1\n",
	[ENT_TXT] = "a.ent.test. 3600 IN TXT b\na.ent.test. 3600 IN TXT a\n",
	[ENT_NSEC] = "a.ent.test. 3600 IN NSEC host.test. TXT RRSIG NSEC\n",
	[HOST_A] = "host.test.\t777\tIN\tA\t192.0.2.2\nhost.test.\t777\tIN\tA\t192.0.2.3\n",
	[HOST_NSEC] = "host.test. 3600 IN NSEC insecure.test. A RRSIG NSEC\n",
	[INSECURE_NS] = "insecure.test. 3600 IN NS host.test.\n",
	[INSECURE_NSEC] = "insecure.test. 3600 IN NSEC test. NS RRSIG NSEC\n",
	[EXTRA] = "",
};

/* Who signs an RRset. */
enum by {
	AS_USUAL,
	NOBODY,
	ZSK,
	KSK,
	STRANGER,   /* a key that the zone does not have */
	EXPIRED,    /* the ZSK, but too early */
	NOT_YET,    /* the ZSK, but too late */
	FOR_ANOTHER /* the ZSK as if of another zone */
};

struct keys {
	ldns_key *ksk, *zsk, *stranger;
};

static struct keys
keys_make(unsigned int algorithm)
{
	return (struct keys){
		.ksk = signer_key("test.", algorithm, SIGNER_KSK),
		.zsk = signer_key("test.", algorithm, SIGNER_ZSK),
		.stranger = signer_key("test.", algorithm, SIGNER_ZSK),
	};
}

static void
keys_free(struct keys *keys)
{
	ldns_key_deep_free(keys->ksk);
	ldns_key_deep_free(keys->zsk);
	ldns_key_deep_free(keys->stranger);
}

static bool
part_is_signed(enum part part)
{
	return part != CUT_NS && part != GLUE && part != INSECURE_NS && part != EXTRA;
}

static void
part_add(struct text *text, const struct keys *keys, enum part part, const char *lines, enum by by)
{
	ldns_key *zsk = keys->zsk;

	if (by == AS_USUAL)
		by = part == DNSKEY ? KSK : part_is_signed(part) ? ZSK : NOBODY;
	text_add(text, "%s", lines);
	switch (by) {
	case AS_USUAL:
	case NOBODY:
		break;
	case ZSK:
		signer_signature_add(text, zsk, lines);
		break;
	case KSK:
		signer_signature_add(text, keys->ksk, lines);
		break;
	case STRANGER:
		signer_signature_add(text, keys->stranger, lines);
		break;
	case EXPIRED:
		ldns_key_set_expiration(zsk, AT - 1);
		signer_signature_add(text, zsk, lines);
		ldns_key_set_expiration(zsk, 1900000000);
		break;
	case NOT_YET:
		ldns_key_set_inception(zsk, AT + 1);
		signer_signature_add(text, zsk, lines);
		ldns_key_set_inception(zsk, 1600000000);
		break;
	case FOR_ANOTHER:
		ldns_rdf_deep_free(ldns_key_pubkey_owner(zsk));
		ldns_key_set_pubkey_owner(zsk, ldns_dname_new_frm_str("other."));
		signer_signature_add(text, zsk, lines);
		ldns_rdf_deep_free(ldns_key_pubkey_owner(zsk));
		ldns_key_set_pubkey_owner(zsk, ldns_dname_new_frm_str("test."));
		break;
	}
}

/* The zone with one RRset other than it should be. @param lines  NULL: it is as it should be */
static struct text
zone_make(const struct keys *keys, enum part changed, const char *lines, enum by by)
{
	struct text text = {0};

	for (enum part part = 0; part < PARTS; part++) {
		struct text dnskey = {0};
		const char *usual = plain[part];

		if (part == DNSKEY) {
			signer_key_add(&dnskey, keys->ksk, false, 3600);
			signer_key_add(&dnskey, keys->zsk, false, 3600);
			usual = dnskey.octets;
		}
		if (part == changed)
			part_add(&text, keys, part, lines ? lines : usual, by);
		else
			part_add(&text, keys, part, usual, AS_USUAL);
		free(dnskey.octets);
	}
	return text;
}

static struct text
anchor_of(ldns_key *key)
{
	struct text anchor = {0};

	signer_key_add(&anchor, key, true, 3600);
	return anchor;
}

/* Load and verify. @return 0 or -errno of either */
static int
verify_at(const struct text *text, const struct text *anchors, time_t at,
	struct zone_verification *done, struct why *why)
{
	const struct zone_verify_options options = {
		.dnssec = ZONE_REQUIRE,
		.zonemd = ZONE_OFF,
		.anchors = "anchors",
		.anchors_text = (const uint8_t *)(anchors->octets ? anchors->octets : ""),
		.anchors_length = anchors->length,
		.at = at,
	};
	struct zone *zone = NULL;
	int rc = zone_load_text(
		"zone", (const uint8_t *)text->octets, text->length, NULL, &zone, why);

	if (rc == 0)
		rc = zone_verify(zone, &options, done, why);
	zone_free(zone);
	return rc;
}

static int
verify(const struct text *text, ldns_key *anchor, struct zone_verification *done, struct why *why)
{
	struct text anchors = anchor_of(anchor);
	int rc = verify_at(text, &anchors, AT, done, why);

	free(anchors.octets);
	return rc;
}

static struct text
text_edit(const struct text *text, const char *from, const char *to)
{
	struct text edited = {0};
	const char *rest = text->octets;

	cr_assert(strstr(rest, from), "%s", from);
	for (const char *hit; (hit = strstr(rest, from)) != NULL; rest = hit + strlen(from))
		text_add(&edited, "%.*s%s", (int)(hit - rest), rest, to);
	text_add(&edited, "%s", rest);
	return edited;
}

/* ---- good zones ---- */

Test(zone_verify, takes_each_algorithm_of_the_day)
{
	static const unsigned int algorithms[] = {8, 10, 13, 14, 15, 16};

	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		struct keys keys = keys_make(algorithms[i]);
		struct text text = zone_make(&keys, PARTS, NULL, AS_USUAL);
		struct zone_verification done;
		struct why why = {0};

		cr_expect_eq(
			verify(&text, keys.ksk, &done, &why), 0, "%u: %s", algorithms[i], why.text);
		cr_expect(done.dnssec);
		cr_expect_not(done.zonemd);
		cr_expect_eq(done.signature_count, 11);
		cr_expect_eq(done.nsec_count, 5);
		cr_expect_eq(done.earliest_expiry, 1900000000);
		cr_expect_eq(atoi(done.anchor_tags), ldns_key_keytag(keys.ksk));
		cr_expect_str_eq(done.warning.text, "");
		free(text.octets);
		keys_free(&keys);
	}
}

Test(zone_verify, refuses_algorithms_with_sha1)
{
	static const unsigned int algorithms[] = {5, 7};

	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		struct keys keys = keys_make(algorithms[i]);
		struct text text = zone_make(&keys, PARTS, NULL, AS_USUAL);
		struct zone_verification done;
		struct why why = {0};

		cr_expect_lt(verify(&text, keys.ksk, &done, &why), 0);
		cr_expect(strstr(why.text, "its algorithm is not one"), "%s", why.text);
		free(text.octets);
		keys_free(&keys);
	}
}

Test(zone_verify, counts_time_in_serial_arithmetic)
{
	struct keys keys = keys_make(13);
	struct text anchors = anchor_of(keys.ksk), dates, text;
	struct zone_verification done;
	struct why why = {0};

	/* around the year 2106, where 32 bits of seconds begin anew */
	ldns_key_set_inception(keys.ksk, UINT32_MAX - 1000);
	ldns_key_set_inception(keys.zsk, UINT32_MAX - 1000);
	ldns_key_set_expiration(keys.ksk, 1000);
	ldns_key_set_expiration(keys.zsk, 1000);
	dates = zone_make(&keys, PARTS, NULL, AS_USUAL);
	/* ldns writes a date of 1969, which it does not read again */
	text = text_edit(&dates, "19691231234319", "4294966295");
	cr_expect_eq(verify_at(&text, &anchors, UINT32_MAX, &done, &why), 0, "%s", why.text);
	cr_expect_eq(verify_at(&text, &anchors, (time_t)UINT32_MAX + 1001, &done, &why), 0);
	cr_expect_lt(verify_at(&text, &anchors, (time_t)UINT32_MAX + 1002, &done, &why), 0);
	cr_expect_lt(verify_at(&text, &anchors, (time_t)UINT32_MAX - 1001, &done, &why), 0);
	free(anchors.octets);
	free(dates.octets);
	free(text.octets);
	keys_free(&keys);
}

/* ---- one RRset is wrong ---- */

static const struct {
	const char *what;
	enum part part;
	const char *lines;
	enum by by;
	const char *why;
} wrong[] = {
	{"SOA without a signature", SOA, NULL, NOBODY, "test. SOA: not signed"},
	{"apex NS without a signature", NS, NULL, NOBODY, "test. NS: not signed"},
	{"DNSKEY without a signature", DNSKEY, NULL, NOBODY,
		"test. DNSKEY: not signed by a key that matches a trust anchor: no signature"},
	{"DNSKEY signed by the ZSK alone", DNSKEY, NULL, ZSK,
		"test. DNSKEY: not signed by a key that matches a trust anchor: no key"},
	{"DS without a signature", CUT_DS, NULL, NOBODY, "cut.test. DS: not signed"},
	{"NSEC without a signature", HOST_NSEC, NULL, NOBODY, "host.test. NSEC: not signed"},
	{"A without a signature", HOST_A, NULL, NOBODY, "host.test. A: not signed"},
	{"signed by a stranger", HOST_A, NULL, STRANGER,
		"host.test. RRSIG: over A: no key of the zone has its tag and algorithm"},
	{"expired", HOST_A, NULL, EXPIRED,
		"host.test. RRSIG: over A: expired at the time of verification"},
	{"not yet valid", HOST_A, NULL, NOT_YET,
		"host.test. RRSIG: over A: not yet valid at the time of verification"},
	{"of another signer", HOST_A, NULL, FOR_ANOTHER,
		"host.test. RRSIG: over A: its signer is not the zone"},
	{"a signature over a delegation", CUT_NS, NULL, ZSK,
		"cut.test. RRSIG: over NS, which is not the zone's to sign"},
	{"a signature over glue", GLUE, NULL, ZSK,
		"ns.cut.test. RRSIG: over A, which is not the zone's to sign"},
	{"a missing NSEC", HOST_NSEC, "", NOBODY, "host.test. NSEC: missing from the chain"},
	{"a missing apex NSEC", APEX_NSEC, "", NOBODY, "test. NSEC: missing from the chain"},
	{"the chain leaves a name out", CUT_NSEC,
		"cut.test. 3600 IN NSEC host.test. NS DS RRSIG NSEC\n", AS_USUAL,
		"cut.test. NSEC: the next name should be a.ent.test."},
	{"the chain has an empty non-terminal", CUT_NSEC,
		"cut.test. 3600 IN NSEC ent.test. NS DS RRSIG NSEC\n", AS_USUAL,
		"cut.test. NSEC: the next name should be a.ent.test."},
	{"the chain has glue", CUT_NSEC, "cut.test. 3600 IN NSEC ns.cut.test. NS DS RRSIG NSEC\n",
		AS_USUAL, "cut.test. NSEC: the next name should be a.ent.test."},
	{"the chain is not closed", INSECURE_NSEC,
		"insecure.test. 3600 IN NSEC cut.test. NS RRSIG NSEC\n", AS_USUAL,
		"insecure.test. NSEC: the next name should be test."},
	{"a bitmap lacks a type", HOST_NSEC, "host.test. 3600 IN NSEC insecure.test. RRSIG NSEC\n",
		AS_USUAL, "host.test. NSEC: its bitmap is not the types at this name"},
	{"a bitmap has a type too many", INSECURE_NSEC,
		"insecure.test. 3600 IN NSEC test. NS DS RRSIG NSEC\n", AS_USUAL,
		"insecure.test. NSEC: its bitmap is not the types at this name"},
	{"a bitmap has a window too many", HOST_NSEC,
		"host.test. 3600 IN NSEC insecure.test. A RRSIG NSEC TYPE65280\n", AS_USUAL,
		"host.test. NSEC: its bitmap is not the types at this name"},
	{"two NSEC records", HOST_NSEC,
		"host.test. 3600 IN NSEC insecure.test. A RRSIG NSEC\n"
		"host.test. 3600 IN NSEC test. A RRSIG NSEC\n",
		AS_USUAL, "host.test. NSEC: a second one"},
	{"a name without NSEC", EXTRA, "x.test. 3600 IN A 192.0.2.9\n", ZSK,
		"insecure.test. NSEC: the next name should be x.test."},
	{"TXT below a cut", EXTRA, "x.cut.test. 3600 IN TXT x\n", NOBODY,
		"x.cut.test. TXT: neither authoritative nor glue"},
	{"TXT at a cut", EXTRA, "cut.test. 3600 IN TXT x\n", NOBODY,
		"cut.test. TXT: neither authoritative nor glue"},
	{"DS below a cut", EXTRA,
		"x.cut.test. 3600 IN DS 1 8 2 "
		"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n",
		NOBODY, "x.cut.test. DS: neither authoritative nor glue"},
	{"a new authoritative record", EXTRA, "test. 3600 IN TXT x\n", NOBODY,
		"test. TXT: not signed"},
	{"a record more in a signed RRset", EXTRA, "host.test. 777 IN A 192.0.2.4\n", NOBODY,
		"host.test. RRSIG: over A: the signature is wrong"},
	{"a second, broken signature", EXTRA,
		"host.test. 777 IN RRSIG A 13 2 777 20300101000000 20200101000000 1 test. QUJD\n",
		NOBODY, "host.test. RRSIG: over A: no key of the zone has its tag and algorithm"},
};

Test(zone_verify, refuses_and_names_the_first_thing_wrong)
{
	struct keys keys = keys_make(13);

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct text text = zone_make(&keys, wrong[i].part, wrong[i].lines, wrong[i].by);
		struct zone_verification done;
		struct why why = {0};
		int rc = verify(&text, keys.ksk, &done, &why);

		cr_expect_lt(rc, 0, "%s", wrong[i].what);
		cr_expect(strstr(why.text, wrong[i].why), "%s\n  got: %s\n wanted: %s",
			wrong[i].what, why.text, wrong[i].why);
		cr_expect_eq(strncmp(why.text, "zone:", 5), 0, "%s", why.text);
		free(text.octets);
	}
	keys_free(&keys);
}

/* ---- the text is changed after it was signed ---- */

static const struct {
	const char *from, *to, *why; /* why NULL: still good */
} edits[] = {
	{"host.test.\t777\t", "host.test.\t778\t",
		"host.test. RRSIG: over A: the TTL is above the original TTL"},
	/* RFC 4035 5.3.3: lower is what caches make of it, and nothing is proven wrong */
	{"host.test.\t777\t", "host.test.\t776\t", NULL},
	{"A 13 2 777", "A 13 1 777",
		"host.test. RRSIG: over A: its label count is not the owner's"},
	{"A 13 2 777", "A 13 3 777",
		"host.test. RRSIG: over A: its label count is not the owner's"},
	{"A 13 2 777", "A 13 2 778", "host.test. RRSIG: over A: the signature is wrong"},
	{"A 13 2 777", "A 14 2 777",
		"host.test. RRSIG: over A: no key of the zone has its tag and algorithm"},
	{"A 13 2 777", "A 5 2 777", "host.test. RRSIG: over A: its algorithm is not one"},
	{"192.0.2.2", "192.0.2.5", "host.test. RRSIG: over A: the signature is wrong"},
	{"host.test. 7 1800", "host.test. 8 1800", "test. RRSIG: over SOA: the signature is wrong"},
	{"DS 1 8 2 00", "DS 1 8 2 01", "cut.test. RRSIG: over DS: the signature is wrong"},
	{"cut.test. 3600 IN NSEC", "cut.test. 3600 IN TXT x\ncut.test. 3600 IN NSEC",
		"cut.test. TXT: neither authoritative nor glue"},
	{"NSEC cut.test.", "NSEC CUT.test.", "test. RRSIG: over NSEC: the signature is wrong"},
	{"NS host.test.", "NS HOST.Test.", NULL},
};

Test(zone_verify, refuses_what_was_changed_after_signing)
{
	struct keys keys = keys_make(13);
	struct text text = zone_make(&keys, PARTS, NULL, AS_USUAL);

	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		struct text edited = text_edit(&text, edits[i].from, edits[i].to);
		struct zone_verification done;
		struct why why = {0};
		int rc = verify(&edited, keys.ksk, &done, &why);

		if (edits[i].why)
			cr_expect(rc < 0 && strstr(why.text, edits[i].why),
				"%s\n  got: %s\n wanted: %s", edits[i].to, why.text, edits[i].why);
		else
			cr_expect_eq(rc, 0, "%s: %s", edits[i].to, why.text);
		free(edited.octets);
	}
	free(text.octets);
	keys_free(&keys);
}

/* ---- trust anchors ---- */

Test(zone_verify, takes_anchors_in_either_form_and_ignores_others)
{
	struct keys keys = keys_make(13);
	struct text text = zone_make(&keys, PARTS, NULL, AS_USUAL);
	struct zone_verification done;
	struct why why = {0};

	for (int as_ds = 0; as_ds < 2; as_ds++) {
		struct text anchors = {0};

		text_add(&anchors, "; a comment\n. IN DS 1 8 2 00010203\nother. IN A 192.0.2.1\n");
		signer_key_add(&anchors, keys.stranger, as_ds, 1);
		signer_key_add(&anchors, keys.ksk, as_ds, 1);
		cr_expect_eq(verify_at(&text, &anchors, AT, &done, &why), 0, "%s", why.text);
		cr_expect_eq(atoi(done.anchor_tags), ldns_key_keytag(keys.ksk));
		free(anchors.octets);
	}
	free(text.octets);
	keys_free(&keys);
}

Test(zone_verify, refuses_when_no_anchor_matches)
{
	struct keys keys = keys_make(13);
	struct text text = zone_make(&keys, PARTS, NULL, AS_USUAL), none = {0}, bad = {0};
	struct text ds = anchor_of(keys.ksk);
	struct zone_verification done;
	struct why why = {0};

	cr_expect_lt(verify(&text, keys.stranger, &done, &why), 0);
	cr_expect(strstr(why.text, "test. DNSKEY: no key matches a trust anchor in anchors"), "%s",
		why.text);
	cr_expect_lt(verify_at(&text, &none, AT, &done, &why), 0);
	cr_expect(strstr(why.text, "no key matches a trust anchor in anchors"), "%s", why.text);
	/* right but for the last octet of the digest */
	ds.octets[strcspn(ds.octets, "\n") - 1] ^= 1;
	cr_expect_lt(verify_at(&text, &ds, AT, &done, &why), 0);
	text_add(&bad, "test. IN DS 1 8 2\n");
	cr_expect_lt(verify_at(&text, &bad, AT, &done, &why), 0);
	cr_expect_eq(strncmp(why.text, "anchors:1: test. DS: ", 21), 0, "%s", why.text);
	free(ds.octets);
	free(bad.octets);
	free(text.octets);
	keys_free(&keys);
}

/* The DNSKEY RRset with a further key in it, signed by the KSK and, if wanted, by that key. */
static struct text
zone_with_key(const struct keys *keys, ldns_key *further, bool signs)
{
	struct text dnskey = {0}, text, signature = {0};

	signer_key_add(&dnskey, keys->ksk, false, 3600);
	signer_key_add(&dnskey, keys->zsk, false, 3600);
	signer_key_add(&dnskey, further, false, 3600);
	text = zone_make(keys, DNSKEY, dnskey.octets, KSK);
	if (signs) {
		signer_signature_add(&signature, further, dnskey.octets);
		text_add(&text, "%s", signature.octets);
	}
	free(signature.octets);
	free(dnskey.octets);
	return text;
}

Test(zone_verify, warns_of_a_key_signing_key_without_an_anchor)
{
	struct keys keys = keys_make(13);
	ldns_key *next = signer_key("test.", 13, SIGNER_KSK);
	struct text text = zone_with_key(&keys, next, false);
	struct zone_verification done;
	struct why why = {0};
	char wanted[128];

	cr_expect_eq(verify(&text, keys.ksk, &done, &why), 0, "%s", why.text);
	snprintf(wanted, sizeof(wanted), "anchors: no trust anchor for key %u of the zone",
		ldns_key_keytag(next));
	cr_expect_str_eq(done.warning.text, wanted);
	free(text.octets);
	ldns_key_deep_free(next);
	keys_free(&keys);
}

Test(zone_verify, lets_a_revoked_key_sign_its_own_revocation_only)
{
	struct keys keys = keys_make(13);
	ldns_key *revoked = signer_key("test.", 13, SIGNER_REVOKED);
	struct text text = zone_with_key(&keys, revoked, true), broken, misused = {0};
	struct zone_verification done;
	char tag[32], other_tag[32];
	struct why why = {0};

	cr_expect_eq(verify(&text, keys.ksk, &done, &why), 0, "%s", why.text);
	cr_expect_str_eq(done.warning.text, "", "a revoked key needs no anchor");
	cr_expect_lt(verify(&text, revoked, &done, &why), 0, "and is none");
	/* its signature must be right all the same */
	snprintf(tag, sizeof(tag), " %u test. ", ldns_key_keytag(revoked));
	snprintf(other_tag, sizeof(other_tag), " %u test. QUJD", ldns_key_keytag(revoked));
	broken = text_edit(&text, tag, other_tag);
	cr_expect_lt(verify(&broken, keys.ksk, &done, &why), 0);
	cr_expect(strstr(why.text, "test. RRSIG: over DNSKEY: "), "%s", why.text);
	/* and it signs nothing else */
	text_add(&misused, "%s", text.octets);
	signer_signature_add(&misused, revoked, plain[SOA]);
	cr_expect_lt(verify(&misused, keys.ksk, &done, &why), 0);
	cr_expect(strstr(why.text, "test. RRSIG: over SOA: no key of the zone has its tag"), "%s",
		why.text);
	free(misused.octets);
	free(broken.octets);
	free(text.octets);
	ldns_key_deep_free(revoked);
	keys_free(&keys);
}

/* ---- policies ---- */

Test(zone_verify, does_as_the_policy_says)
{
	static const char unsigned_zone[] =
		"test. 3600 IN SOA ns.test. host.test. 7 1800 900 604800 86400\n"
		"test. 3600 IN NS host.test.\nhost.test. 60 IN A 192.0.2.1\n";
	struct zone_verify_options options = {.zonemd = ZONE_OFF, .at = AT};
	struct zone_verification done;
	struct why why = {0};
	struct zone *zone;

	cr_assert_eq(zone_load_text("zone", (const uint8_t *)unsigned_zone,
			     sizeof(unsigned_zone) - 1, NULL, &zone, &why),
		0);
	cr_expect_not(zone->is_signed);
	options.dnssec = ZONE_REQUIRE;
	cr_expect_lt(zone_verify(zone, &options, &done, &why), 0);
	cr_expect_str_eq(why.text, "zone: test. DNSKEY: the zone is not signed");
	options.dnssec = ZONE_IF_PRESENT;
	cr_expect_eq(zone_verify(zone, &options, &done, &why), 0);
	cr_expect_not(done.dnssec);
	options.dnssec = ZONE_OFF;
	cr_expect_eq(zone_verify(zone, &options, &done, &why), 0);
	options.zonemd = ZONE_REQUIRE;
	cr_expect_lt(zone_verify(zone, &options, &done, &why), 0);
	cr_expect_str_eq(
		why.text, "zone: test. ZONEMD: the zone has no ZONEMD that can be verified");
	options.zonemd = ZONE_IF_PRESENT;
	cr_expect_eq(zone_verify(zone, &options, &done, &why), 0);
	zone_free(zone);
}

Test(zone_verify, refuses_wrong_signatures_where_they_are_optional_and_ignores_them_where_off)
{
	struct keys keys = keys_make(13);
	struct text text = zone_make(&keys, HOST_A, NULL, EXPIRED), anchors = anchor_of(keys.ksk);
	struct zone_verify_options options = {
		.dnssec = ZONE_IF_PRESENT,
		.zonemd = ZONE_OFF,
		.anchors_text = (const uint8_t *)anchors.octets,
		.anchors_length = anchors.length,
		.at = AT,
	};
	struct zone_verification done;
	struct why why = {0};
	struct zone *zone;

	cr_assert_eq(zone_load_text(
			     "zone", (const uint8_t *)text.octets, text.length, NULL, &zone, &why),
		0);
	cr_expect_lt(zone_verify(zone, &options, &done, &why), 0);
	options.dnssec = ZONE_OFF;
	cr_expect_eq(zone_verify(zone, &options, &done, &why), 0);
	zone_free(zone);
	free(text.octets);
	free(anchors.octets);
	keys_free(&keys);
}
