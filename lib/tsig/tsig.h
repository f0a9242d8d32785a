/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * TSIG (RFC 8945): messages between two servers that share a secret, signed and verified, single
 * ones and the series that a transfer is.
 *
 * Control plane; pure but for reading key files.
 */
#ifndef TSIG_TSIG_H
#define TSIG_TSIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h"
#include "wire/wire.h"

enum { TSIG_SECRET_MAX = 128, TSIG_MAC_MAX = 64, TSIG_KEYS_MAX = 64, TSIG_FUDGE = 300 };

/* Octets that tsig_sign() adds at most: names of key and algorithm, fixed part, MAC, other data */
enum { TSIG_RECORD_MAX = 2 * WIRE_NAME_MAX + 10 + 16 + TSIG_MAC_MAX + 6 };

enum tsig_algorithm { TSIG_HMAC_SHA256, TSIG_HMAC_SHA384, TSIG_HMAC_SHA512 };

struct tsig_key {
	struct wire_name name; /* folded */
	enum tsig_algorithm algorithm;
	uint8_t secret[TSIG_SECRET_MAX];
	size_t secret_length;
};

struct tsig_keys {
	unsigned int count;
	struct tsig_key keys[TSIG_KEYS_MAX];
};

/**
 * Read a key file in the form that tsig-keygen writes:
 * `key "name" { algorithm hmac-sha256; secret "base64"; };`, any number of them, with comments
 * behind # or //. A file that others than its owner and group can read, or others than its owner
 * can write, is refused; so is a key that stands there twice, a secret shorter than 16 octets, an
 * unknown algorithm: file, line and key are named.
 *
 * @param keys  the caller's: tsig_keys_free(), which wipes them
 */
int tsig_keys_read(const char *path, struct tsig_keys **keys, struct why *why);
void tsig_keys_free(struct tsig_keys *keys);

/** @return the key of that name (folded), or NULL */
const struct tsig_key *tsig_key_find(const struct tsig_keys *keys, const struct wire_name *name);

/** A conversation: a request, and the one or many messages that answer it. */
struct tsig_session {
	const struct tsig_key *key;  /* not owned; outlives the session */
	uint8_t mac[TSIG_MAC_MAX];   /* the last one sent or received */
	size_t mac_length;	     /* 0: nothing signed yet */
	bool in_series;		     /* the first answer is through (RFC 8945 5.3.1) */
	unsigned int unsigned_count; /* answers since the last signed one */
	void *digest;		     /* of unsigned answers since; owned: tsig_session_end() */
	uint16_t error;		     /* what the other side's TSIG was answered with; 0 */
	uint64_t time;		     /* as it said, seconds since 1970; with BADTIME the server's */
};

/** Of a client: before the request is signed. A server's begins with tsig_request_verify(). */
void tsig_session_begin(struct tsig_session *session, const struct tsig_key *key);

/** Wipe it. One that is all zeros is fine. */
void tsig_session_end(struct tsig_session *session);

/**
 * Sign a message and append the record: a client's request, or a server's answers, each of them.
 *
 * @param size  room; TSIG_RECORD_MAX octets behind the message are enough
 * @param now   seconds since 1970
 * @return 0; -ENOSPC: no room, and nothing is changed; -EIO: OpenSSL gives no HMAC
 */
int tsig_sign(
	struct tsig_session *session, uint64_t now, uint8_t *message, size_t *length, size_t size);

enum tsig_verdict {
	TSIG_GOOD,
	TSIG_UNSIGNED, /* no TSIG record */
	TSIG_MALFORMED,
	TSIG_BADKEY,
	TSIG_BADSIG,
	TSIG_BADTIME,
	TSIG_ERROR, /* the server says in the record what it did not like: session->error */
};

extern const char *const tsig_verdict_names[TSIG_ERROR + 1];

/**
 * Server: verify a request. The key is found by its name.
 *
 * @param session  begun here, with TSIG_GOOD and TSIG_BADTIME with its key, else with none; the
 *                 caller ends it
 * @param length   if TSIG_GOOD, without the record on return, and the message's ARCOUNT too; else
 *                 the message is as it was. The ID stays as received: a reply repeats that one
 */
enum tsig_verdict tsig_request_verify(struct tsig_session *session, const struct tsig_keys *keys,
	uint64_t now, uint8_t *message, size_t *length);

/**
 * Client: verify an answer, each of a series in turn. Once a signed one is through
 * (session->in_series), unsigned ones are TSIG_UNSIGNED up to 99 in a row, and TSIG_BADSIG from
 * there; the caller sees to it that the last one is TSIG_GOOD. TSIG_UNSIGNED before is an answer
 * that nobody vouches for.
 *
 * @param length  if TSIG_GOOD, without the record on return, and ARCOUNT too
 */
enum tsig_verdict tsig_answer_verify(
	struct tsig_session *session, uint64_t now, uint8_t *message, size_t *length);

/**
 * Server: append the TSIG of an error reply (RFC 8945 5.3.2), as TSIG_BADKEY, TSIG_BADSIG
 * (unsigned), TSIG_BADTIME (signed, with our time). The message is a reply without records.
 *
 * @param session  as tsig_request_verify() left it
 * @param request  likewise: with its TSIG record
 * @return as tsig_sign(); -EINVAL: another verdict, or not such a request
 */
int tsig_error_append(struct tsig_session *session, enum tsig_verdict verdict, uint64_t now,
	const uint8_t *request, size_t request_length, uint8_t *message, size_t *length,
	size_t size);

#endif
