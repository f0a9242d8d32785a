/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs on: lcore. */
#include <string.h>

#include "guard/guard.h"
#include "guard/siphash.h"

/* RFC 9018 4: client cookie, version, three reserved octets, time, hash */
enum { VERSION_AT = 8, TIME_AT = 12, HASH_AT = 16, VERSION = 1, ADDRESS_MAX = 16 };

static_assert(WIRE_COOKIE_SIZE - HASH_AT == sizeof(uint64_t), "SipHash-2-4");

/* The hash is over all that stands before it, reserved octets as they are, and the address; as it
 * stands in memory. */
static uint64_t
hash(const uint8_t *secret, const uint8_t *cookie, const uint8_t *address, size_t address_size)
{
	uint8_t input[HASH_AT + ADDRESS_MAX];

	memcpy(input, cookie, HASH_AT);
	if (address_size == 4) {
		memcpy(input + HASH_AT, address, 4);
		return rte_cpu_to_le_64(siphash(secret, input, HASH_AT + 4));
	}
	memcpy(input + HASH_AT, address, ADDRESS_MAX);
	return rte_cpu_to_le_64(siphash(secret, input, sizeof(input)));
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
	uint64_t right;

	memcpy(cookie + VERSION_AT, head, sizeof(head));
	memcpy(cookie + TIME_AT, made, sizeof(made));
	right = hash(secrets->secrets[0], cookie, address, address_size);
	memcpy(cookie + HASH_AT, &right, sizeof(right));
}

bool
guard_cookie_judge(const struct guard_secrets *secrets, const uint8_t *address, size_t address_size,
	uint32_t now, const uint8_t *cookie, size_t length,
	uint8_t reply_cookie[static WIRE_COOKIE_SIZE])
{
	unsigned int secret = secrets->count;
	uint64_t given;

	if (length == WIRE_COOKIE_SIZE && cookie[VERSION_AT] == VERSION &&
		time_is_right(time_of(cookie), now)) {
		memcpy(&given, cookie + HASH_AT, sizeof(given));
		/* words compare in one instruction: how much of a guess was right is not heard */
		for (secret = 0; secret < secrets->count; secret++)
			if (hash(secrets->secrets[secret], cookie, address, address_size) == given)
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
