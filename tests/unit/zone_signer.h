/* SPDX-License-Identifier: BSD-3-Clause */
/* Signs RRsets by ldns, as they are and as they should not be: for tests of verification. */
#ifndef ZONE_SIGNER_H
#define ZONE_SIGNER_H

#include <assert.h>
#include <ldns/ldns.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zone/zone.h"

enum { SIGNER_ZSK = 256, SIGNER_KSK = 257, SIGNER_REVOKED = 257 | 128 };

/* Text that grows; freed by the caller. */
struct text {
	char *octets;
	size_t length;
};

__attribute__((format(printf, 2, 3))) static inline void
text_add(struct text *text, const char *format, ...)
{
	va_list args;
	char *more;
	int length;

	va_start(args, format);
	length = vasprintf(&more, format, args);
	va_end(args);
	assert(length >= 0);
	text->octets = realloc(text->octets, text->length + (size_t)length + 1);
	assert(text->octets);
	memcpy(text->octets + text->length, more, (size_t)length + 1);
	text->length += (size_t)length;
	free(more);
}

/* A key of a zone. @param algorithm  8, 10, 13, 14, 15 */
static inline ldns_key *
signer_key(const char *owner, unsigned int algorithm, uint16_t flags)
{
	ldns_key *key = ldns_key_new_frm_algorithm((ldns_signing_algorithm)algorithm, 2048);
	ldns_rr *rr;

	assert(key);
	ldns_key_set_pubkey_owner(key, ldns_dname_new_frm_str(owner));
	ldns_key_set_flags(key, flags);
	ldns_key_set_inception(key, 1600000000);
	ldns_key_set_expiration(key, 1900000000);
	rr = ldns_key2rr(key);
	ldns_key_set_keytag(key, ldns_calc_keytag(rr));
	ldns_rr_free(rr);
	return key;
}

/* Its DNSKEY record, or a DS record of it, as a line of a master file. */
static inline void
signer_key_add(struct text *text, ldns_key *key, bool as_ds, unsigned int ttl)
{
	ldns_rr *rr = ldns_key2rr(key);
	char *line;

	assert(rr);
	ldns_rr_set_ttl(rr, ttl);
	if (as_ds) {
		ldns_rr *ds = ldns_key_rr2ds(rr, LDNS_SHA256);

		ldns_rr_free(rr);
		rr = ds;
	}
	line = ldns_rr2str(rr);
	text_add(text, "%s", line);
	free(line);
	ldns_rr_free(rr);
}

/* Add a signature over the RRset that `lines` are. */
static inline void
signer_signature_add(struct text *text, ldns_key *key, const char *lines)
{
	ldns_rr_list *rrset = ldns_rr_list_new(), *signatures;
	ldns_key_list *keys = ldns_key_list_new();
	char *signature;

	while (*lines) {
		char *line = strndup(lines, strcspn(lines, "\n"));
		ldns_rr *rr = NULL;
		ldns_status status = ldns_rr_new_frm_str(&rr, line, 0, NULL, NULL);

		assert(status == LDNS_STATUS_OK);
		ldns_rr2canonical(rr);
		ldns_rr_list_push_rr(rrset, rr);
		lines += strlen(line) + (lines[strlen(line)] == '\n');
		free(line);
	}
	ldns_rr_list_sort(rrset);
	ldns_key_list_push_key(keys, key);
	signatures = ldns_sign_public(rrset, keys);
	assert(signatures && ldns_rr_list_rr_count(signatures) == 1);
	signature = ldns_rr2str(ldns_rr_list_rr(signatures, 0));
	text_add(text, "%s", signature);
	free(signature);
	ldns_rr_list_deep_free(signatures);
	/* ldns_key_list_free() would free the key as well */
	free(keys->_keys);
	free(keys);
	ldns_rr_list_deep_free(rrset);
}

#endif
