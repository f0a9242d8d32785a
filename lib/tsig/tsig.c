/* SPDX-License-Identifier: BSD-3-Clause */
/* Signing and verifying, RFC 8945 4.3 and 5. */
#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

#include "tsig/tsig_priv.h"

/* RFC 8945 5.3.1: so many messages of a series may go unsigned between two signed ones */
enum { UNSIGNED_MAX = 99 };
/* RFC 8945 5.2.2.1: no MAC is cut shorter */
enum { TRUNCATED_MIN = 10 };

const char *const tsig_verdict_names[TSIG_ERROR + 1] = {
	[TSIG_GOOD] = "good",
	[TSIG_UNSIGNED] = "not signed",
	[TSIG_MALFORMED] = "malformed TSIG",
	[TSIG_BADKEY] = "BADKEY",
	[TSIG_BADSIG] = "BADSIG",
	[TSIG_BADTIME] = "BADTIME",
	[TSIG_ERROR] = "TSIG error",
};

const struct tsig_kind tsig_kinds[TSIG_HMAC_SHA512 + 1] = {
	[TSIG_HMAC_SHA256] = {"hmac-sha256", "SHA256", 32},
	[TSIG_HMAC_SHA384] = {"hmac-sha384", "SHA384", 48},
	[TSIG_HMAC_SHA512] = {"hmac-sha512", "SHA512", 64},
};

void
tsig_session_begin(struct tsig_session *session, const struct tsig_key *key)
{
	*session = (struct tsig_session){.key = key};
}

void
tsig_session_end(struct tsig_session *session)
{
	EVP_MAC_CTX_free(session->digest);
	OPENSSL_cleanse(session, sizeof(*session));
}

/* ---- the MAC ---- */

/* What a MAC is made over is fed piece by piece; a failure is remembered and told at the end. */
struct mac {
	EVP_MAC_CTX *context;
	bool failed;
};

static struct mac
mac_begin(const struct tsig_key *key)
{
	OSSL_PARAM params[2] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
					(char *)tsig_kinds[key->algorithm].openssl, 0),
		OSSL_PARAM_construct_end()};
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	struct mac mac = {.context = hmac ? EVP_MAC_CTX_new(hmac) : NULL};

	EVP_MAC_free(hmac); /* the context keeps it */
	mac.failed = !mac.context ||
		     EVP_MAC_init(mac.context, key->secret, key->secret_length, params) != 1;
	return mac;
}

static void
mac_add(struct mac *mac, const uint8_t *octets, size_t count)
{
	if (!mac->failed && count && EVP_MAC_update(mac->context, octets, count) != 1)
		mac->failed = true;
}

static void
mac_add_u16(struct mac *mac, uint16_t value)
{
	const uint8_t octets[2] = {(uint8_t)(value >> 8), (uint8_t)value};

	mac_add(mac, octets, sizeof(octets));
}

static void
mac_add_u48(struct mac *mac, uint64_t value)
{
	mac_add_u16(mac, (uint16_t)(value >> 32));
	mac_add_u16(mac, (uint16_t)(value >> 16));
	mac_add_u16(mac, (uint16_t)value);
}

/* RFC 8945 4.3.2: the message as it was before the record came to it */
static void
mac_add_message(struct mac *mac, const uint8_t *message, const struct tsig_record *record)
{
	uint8_t header[WIRE_HEADER_SIZE];

	memcpy(header, message, sizeof(header));
	wire_u16_patch(header, record->original_id);
	mac_add(mac, header, sizeof(header));
	mac_add(mac, message + sizeof(header), record->offset - sizeof(header));
}

/* RFC 8945 4.3.3; of all but the first answer of a series the timers alone (5.3.1) */
static void
mac_add_variables(struct mac *mac, const struct tsig_record *record, bool timers_only)
{
	if (!timers_only) {
		mac_add(mac, record->key.octets, record->key.length);
		mac_add_u16(mac, WIRE_CLASS_ANY);
		mac_add_u16(mac, 0); /* TTL */
		mac_add_u16(mac, 0);
		mac_add(mac, record->algorithm.octets, record->algorithm.length);
	}
	mac_add_u48(mac, record->time);
	mac_add_u16(mac, record->fudge);
	if (timers_only)
		return;
	mac_add_u16(mac, record->error);
	mac_add_u16(mac, record->other_length);
	mac_add(mac, record->other, record->other_length);
}

/* The MAC that goes on in a session: over the last MAC, or where unsigned answers left it */
static struct mac
mac_resume(struct tsig_session *session)
{
	struct mac mac;

	if (session->digest) {
		mac = (struct mac){.context = session->digest};
		session->digest = NULL;
		return mac;
	}
	mac = mac_begin(session->key);
	if (session->mac_length) {
		mac_add_u16(&mac, (uint16_t)session->mac_length);
		mac_add(&mac, session->mac, session->mac_length);
	}
	return mac;
}

/* @return false: OpenSSL failed */
static bool
mac_end(struct mac *mac, uint8_t octets[static TSIG_MAC_MAX])
{
	size_t length;

	if (!mac->failed && EVP_MAC_final(mac->context, octets, &length, TSIG_MAC_MAX) != 1)
		mac->failed = true;
	EVP_MAC_CTX_free(mac->context);
	return !mac->failed;
}

/* Message, whose ARCOUNT does not count the record, and the record's variables */
static bool
mac_of(struct tsig_session *session, const uint8_t *message, const struct tsig_record *record,
	uint8_t octets[static TSIG_MAC_MAX])
{
	struct mac mac = mac_resume(session);

	mac_add_message(&mac, message, record);
	mac_add_variables(&mac, record, session->in_series);
	return mac_end(&mac, octets);
}

/* ---- signing ---- */

static struct wire_name
algorithm_name(enum tsig_algorithm algorithm)
{
	struct wire_name name;

	wire_name_from_text(&name, tsig_kinds[algorithm].text);
	return name;
}

/* Make the MAC of a record that has all else, and append it. */
static int
record_sign(struct tsig_session *session, struct tsig_record *record, uint8_t *message,
	size_t *length, size_t size)
{
	uint8_t mac[TSIG_MAC_MAX];
	size_t mac_length = tsig_kinds[session->key->algorithm].size;
	bool is_answer = session->mac_length > 0;
	/* uncompressed names, fixed parts of record and RDATA */
	size_t added = (size_t)record->key.length + 10 + record->algorithm.length + 16 +
		       mac_length + record->other_length;

	if (*length < WIRE_HEADER_SIZE || added > size || *length > size - added)
		return -ENOSPC;
	if (!mac_of(session, message, record, mac))
		return -EIO;
	memcpy(session->mac, mac, mac_length);
	session->mac_length = mac_length;
	record->mac = session->mac;
	record->mac_length = (uint16_t)mac_length;
	session->in_series = is_answer;
	return tsig_record_append(record, message, length, size);
}

int
tsig_sign(struct tsig_session *session, uint64_t now, uint8_t *message, size_t *length, size_t size)
{
	struct tsig_record record = {
		.offset = *length,
		.key = session->key->name,
		.algorithm = algorithm_name(session->key->algorithm),
		.time = now,
		.fudge = TSIG_FUDGE,
		.original_id = (uint16_t)(message[0] << 8 | message[1]),
	};

	return record_sign(session, &record, message, length, size);
}

/* ---- verifying ---- */

static void
arcount_add(uint8_t *message, int change)
{
	uint16_t count = (uint16_t)(message[10] << 8 | message[11]);

	wire_u16_patch(message + 10, (uint16_t)(count + change));
}

/* RFC 8945 5.2.2.1: whole, or cut to no less than half and ten octets */
static bool
mac_length_is_possible(const struct tsig_key *key, size_t length)
{
	size_t size = tsig_kinds[key->algorithm].size;

	return length <= size && length >= size / 2 && length >= TRUNCATED_MIN;
}

/*
 * The MAC, then the time (RFC 8945 5.2): an answer with BADTIME repeats the request's time, so that
 * the time is not asked of one with an error.
 */
static enum tsig_verdict
record_verify(struct tsig_session *session, uint64_t now, uint8_t *message,
	const struct tsig_record *record)
{
	uint8_t mac[TSIG_MAC_MAX];
	bool good;

	if (!mac_length_is_possible(session->key, record->mac_length))
		return TSIG_MALFORMED;
	arcount_add(message, -1);
	good = mac_of(session, message, record, mac) &&
	       CRYPTO_memcmp(mac, record->mac, record->mac_length) == 0;
	arcount_add(message, 1);
	OPENSSL_cleanse(mac, sizeof(mac));
	if (!good)
		return TSIG_BADSIG;
	memcpy(session->mac, record->mac, record->mac_length);
	session->mac_length = record->mac_length;
	session->time = record->time;
	if (record->error != 0)
		return TSIG_ERROR;
	if (record->time > now + record->fudge || now > record->time + record->fudge)
		return TSIG_BADTIME;
	return TSIG_GOOD;
}

static bool
key_fits(const struct tsig_key *key, const struct tsig_record *record)
{
	struct wire_name algorithm = algorithm_name(key->algorithm);

	return wire_name_equal(&key->name, &record->key) &&
	       wire_name_equal(&algorithm, &record->algorithm);
}

enum tsig_verdict
tsig_request_verify(struct tsig_session *session, const struct tsig_keys *keys, uint64_t now,
	uint8_t *message, size_t *length)
{
	struct tsig_record record;
	enum tsig_verdict verdict = tsig_record_find(message, *length, &record);
	const struct tsig_key *key;

	tsig_session_begin(session, NULL);
	if (verdict != TSIG_GOOD)
		return verdict;
	key = tsig_key_find(keys, &record.key);
	if (!key || !key_fits(key, &record))
		return TSIG_BADKEY;
	session->key = key;
	verdict = record_verify(session, now, message, &record);
	/* an error is nothing that a request could tell */
	if (verdict == TSIG_ERROR)
		verdict = TSIG_MALFORMED;
	if (verdict == TSIG_GOOD) {
		*length = record.offset;
		arcount_add(message, -1);
	} else if (verdict != TSIG_BADTIME) {
		tsig_session_begin(session, NULL);
	}
	return verdict;
}

/* The digest of the next signed answer goes over this one too. */
static enum tsig_verdict
unsigned_take(struct tsig_session *session, const uint8_t *message, size_t length)
{
	struct mac mac;

	if (!session->in_series)
		return TSIG_UNSIGNED;
	if (session->unsigned_count >= UNSIGNED_MAX)
		return TSIG_BADSIG;
	mac = mac_resume(session);
	mac_add(&mac, message, length);
	session->digest = mac.context;
	session->unsigned_count++;
	return mac.failed ? TSIG_BADSIG : TSIG_UNSIGNED;
}

/* What the server did not like; with BADKEY and BADSIG it could not sign that (RFC 8945 5.3.2). */
static enum tsig_verdict
error_take(struct tsig_session *session, const struct tsig_record *record)
{
	struct wire_reader r = wire_reader_of(record->other, record->other_length);

	session->error = record->error;
	if (record->error == TSIG_ERROR_BADTIME && record->other_length == TSIG_TIME_SIZE) {
		session->time = (uint64_t)wire_u16_read(&r) << 32;
		session->time |= wire_u32_read(&r);
	}
	return TSIG_ERROR;
}

enum tsig_verdict
tsig_answer_verify(struct tsig_session *session, uint64_t now, uint8_t *message, size_t *length)
{
	struct tsig_record record;
	enum tsig_verdict verdict = tsig_record_find(message, *length, &record);

	if (verdict == TSIG_UNSIGNED)
		return unsigned_take(session, message, *length);
	if (verdict != TSIG_GOOD)
		return verdict;
	if (record.mac_length == 0 &&
		(record.error == TSIG_ERROR_BADKEY || record.error == TSIG_ERROR_BADSIG))
		return error_take(session, &record);
	if (!key_fits(session->key, &record))
		return TSIG_BADKEY;
	verdict = record_verify(session, now, message, &record);
	if (verdict == TSIG_ERROR)
		return error_take(session, &record);
	if (verdict != TSIG_GOOD)
		return verdict;
	session->in_series = true;
	session->unsigned_count = 0;
	*length = record.offset;
	arcount_add(message, -1);
	return TSIG_GOOD;
}

/* ---- error replies ---- */

int
tsig_error_append(struct tsig_session *session, enum tsig_verdict verdict, uint64_t now,
	const uint8_t *request, size_t request_length, uint8_t *message, size_t *length,
	size_t size)
{
	struct wire_writer w;
	struct tsig_record record;
	uint8_t other[TSIG_TIME_SIZE];

	if (tsig_record_find(request, request_length, &record) != TSIG_GOOD)
		return -EINVAL;
	record.offset = *length;
	record.original_id = (uint16_t)(message[0] << 8 | message[1]);
	record.mac_length = 0;
	record.other_length = 0;
	if (verdict == TSIG_BADKEY || verdict == TSIG_BADSIG) {
		record.error = verdict == TSIG_BADKEY ? TSIG_ERROR_BADKEY : TSIG_ERROR_BADSIG;
		return tsig_record_append(&record, message, length, size);
	}
	if (verdict != TSIG_BADTIME || !session->key)
		return -EINVAL;
	w = wire_writer_of(other, sizeof(other));
	wire_u16_write(&w, (uint16_t)(now >> 32));
	wire_u32_write(&w, (uint32_t)now);
	record.error = TSIG_ERROR_BADTIME;
	record.other = other;
	record.other_length = sizeof(other);
	return record_sign(session, &record, message, length, size);
}
