/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs on: lcore. */
#include <sodium.h>
#include <string.h>

#include "guard/guard.h"

/* RFC 9018 4: client cookie, version, three reserved octets, time, hash */
enum { VERSION_AT = 8, TIME_AT = 12, HASH_AT = 16, VERSION = 1, ADDRESS_MAX = 16 };

static_assert(GUARD_SECRET_SIZE == crypto_shorthash_KEYBYTES &&
		      WIRE_COOKIE_SIZE - HASH_AT == crypto_shorthash_BYTES,
	"SipHash-2-4");

/* The hash is over all that stands before it, reserved octets as they are, and the address. */
static void
hash(const uint8_t *secret, const uint8_t *cookie, const uint8_t *address, size_t address_size,
	uint8_t out[static crypto_shorthash_BYTES])
{
	uint8_t input[HASH_AT + ADDRESS_MAX];

	memcpy(input, cookie, HASH_AT);
	memcpy(input + HASH_AT, address, address_size);
	crypto_shorthash(out, input, HASH_AT + address_size, secret);
}

static uint32_t
time_of(const uint8_t *cookie)
{
	const uint8_t *at = cookie + TIME_AT;

	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Serial number arithmetic (RFC 1982): the seconds are modulo 2^32. @return false: too old, or
 * from a future that no clock of the cluster has reached */
static bool
time_is_right(uint32_t made, uint32_t now)
{
	int32_t age = (int32_t)(now - made);

	return age <= GUARD_COOKIE_AGE_MAX && age >= -GUARD_COOKIE_AHEAD_MAX;
}

static void
make(const struct guard_secrets *secrets, const uint8_t *address, size_t address_size, uint32_t now,
	uint8_t *cookie)
{
	const uint8_t head[4] = {VERSION};
	const uint8_t made[4] = {
		(uint8_t)(now >> 24), (uint8_t)(now >> 16), (uint8_t)(now >> 8), (uint8_t)now};

	memcpy(cookie + VERSION_AT, head, sizeof(head));
	memcpy(cookie + TIME_AT, made, sizeof(made));
	hash(secrets->secrets[0], cookie, address, address_size, cookie + HASH_AT);
}

bool
guard_cookie_judge(const struct guard_secrets *secrets, const uint8_t *address, size_t address_size,
	uint32_t now, const uint8_t *cookie, size_t length,
	uint8_t reply_cookie[static WIRE_COOKIE_SIZE])
{
	uint8_t right[crypto_shorthash_BYTES];
	unsigned int secret = secrets->count;

	if (length == WIRE_COOKIE_SIZE && cookie[VERSION_AT] == VERSION &&
		time_is_right(time_of(cookie), now))
		for (secret = 0; secret < secrets->count; secret++) {
			hash(secrets->secrets[secret], cookie, address, address_size, right);
			/* in constant time: how much of a guess was right is not to be heard */
			if (sodium_memcmp(right, cookie + HASH_AT, sizeof(right)) == 0)
				break;
		}
	/* RFC 9018 5: what an older secret made is good, but the client gets one of the newest */
	if (secret == 0 && (int32_t)(now - time_of(cookie)) <= GUARD_COOKIE_RENEW_AGE) {
		memcpy(reply_cookie, cookie, WIRE_COOKIE_SIZE);
		return true;
	}
	memcpy(reply_cookie, cookie, WIRE_COOKIE_CLIENT_SIZE);
	make(secrets, address, address_size, now, reply_cookie);
	return secret < secrets->count;
}
