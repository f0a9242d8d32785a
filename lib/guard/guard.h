/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Who asks: DNS cookies (RFC 7873) in the format that the servers of an anycast cluster share
 * (RFC 9018).
 */
#ifndef GUARD_GUARD_H
#define GUARD_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h"
#include "wire/wire.h"

/* RFC 9018 5: rolling over takes two at a time, three where one roll begins before the last ended
 */
enum { GUARD_SECRETS_MAX = 3, GUARD_SECRET_SIZE = 16 };

/** What cookies are made and checked with; immutable while it is published. */
struct guard_secrets {
	unsigned int count; /* 0: no cookies */
	/* [0] makes cookies, all check them */
	uint8_t secrets[GUARD_SECRETS_MAX][GUARD_SECRET_SIZE];
};

/**
 * Read secrets from a file: a line each of 32 hexadecimal digits; "#" begins a comment. The file
 * must not be readable for others. Control plane.
 *
 * @return 0, or -errno: file and line, never what stands there
 */
int guard_secrets_read(const char *path, struct guard_secrets *secrets, struct why *why);

/** One secret that nobody else has, for a node without a cluster. Control plane. */
void guard_secrets_make(struct guard_secrets *secrets);

/* RFC 9018 4.3, in seconds: how old a cookie may be, how far ahead another node's clock may go, and
 * from which age on a client gets a new one */
enum { GUARD_COOKIE_AGE_MAX = 3600, GUARD_COOKIE_AHEAD_MAX = 300, GUARD_COOKIE_RENEW_AGE = 1800 };

/**
 * Judge a query's cookie, and make the reply's: the same while it is young, else a fresh one.
 * Pure; runs on lcores too.
 *
 * @param address       of the client, 4 or 16 octets in network order
 * @param now           seconds since 1970, modulo 2^32
 * @param cookie        as received; `length` is 8, or 16 to 40 (RFC 7873 4)
 * @param reply_cookie  filled in either way
 * @return  whether the client proved that it gets what is sent to its address
 */
bool guard_cookie_judge(const struct guard_secrets *secrets, const uint8_t *address,
	size_t address_size, uint32_t now, const uint8_t *cookie, size_t length,
	uint8_t reply_cookie[static WIRE_COOKIE_SIZE]);

/** A client and the cookie that it shows, both lent. */
struct guard_claim {
	const uint8_t *address; /* 4 or 16 octets in network order */
	const uint8_t *cookie;	/* WIRE_COOKIE_SIZE octets */
};

enum { GUARD_CLAIMS = 8 };

/**
 * Which of up to GUARD_CLAIMS clients, all of one family, proved what guard_cookie_judge() wants to
 * see proven, in a fraction of its time each. Pure; runs on lcores.
 *
 * @return a bit for each, the first the lowest
 */
uint32_t guard_claims_judge(const struct guard_secrets *secrets, const struct guard_claim *claims,
	unsigned int count, bool ipv6, uint32_t now);

#endif
