/* SPDX-License-Identifier: BSD-3-Clause */
/* The TSIG record as octets, RFC 8945 4.2. */
#ifndef TSIG_TSIG_PRIV_H
#define TSIG_TSIG_PRIV_H

#include "tsig/tsig.h"

/* Octets of "other data": the server's time with BADTIME, else nothing (RFC 8945 4.2) */
enum { TSIG_TIME_SIZE = 6 };

/* TSIG errors, IANA "DNS RCODEs" */
enum { TSIG_ERROR_BADSIG = 16, TSIG_ERROR_BADKEY = 17, TSIG_ERROR_BADTIME = 18 };

struct tsig_record {
	size_t offset;			 /* where it begins in the message: its length without it */
	struct wire_name key, algorithm; /* folded */
	uint64_t time;
	uint16_t fudge;
	const uint8_t *mac; /* in the message */
	uint16_t mac_length;
	uint16_t original_id;
	uint16_t error;
	const uint8_t *other; /* in the message */
	uint16_t other_length;
};

struct tsig_kind {
	const char *text;    /* name in key files, and of the algorithm but for the last dot */
	const char *openssl; /* its digest */
	size_t size;	     /* of a whole MAC */
};

extern const struct tsig_kind tsig_kinds[TSIG_HMAC_SHA512 + 1];

/*
 * Find the TSIG record of a message: the last record, and the only one of its kind (RFC 8945 5.1).
 * @return TSIG_GOOD: it is there and can be read; TSIG_UNSIGNED; TSIG_MALFORMED
 */
enum tsig_verdict tsig_record_find(
	const uint8_t *message, size_t length, struct tsig_record *record);

/* Append one to a message, and count it. @return 0 or -ENOSPC, with nothing changed */
int tsig_record_append(
	const struct tsig_record *record, uint8_t *message, size_t *length, size_t size);

#endif
