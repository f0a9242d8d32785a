/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs on: lcore. */
#include <string.h>

#include "guard/guard.h"
#include "guard/siphash.h"

/* RFC 9018 4: client cookie, version, three reserved octets, time, hash */
enum { VERSION_AT = 8, HASH_AT = 16, VERSION = 1 };

static_assert(WIRE_COOKIE_SIZE - HASH_AT == sizeof(uint64_t), "SipHash-2-4");

/* The hash is over all that stands before it, as two words, reserved octets as they are, and the
 * address. */
static uint64_t
hash(const uint8_t *secret, uint64_t client, uint64_t head, const uint8_t *address,
	size_t address_size)
{
	struct siphash s = siphash_begin(secret);
	uint32_t ipv4;

	siphash_take(&s, client);
	siphash_take(&s, head);
	if (address_size == sizeof(ipv4)) {
		memcpy(&ipv4, address, sizeof(ipv4));
		return siphash_end(&s, rte_le_to_cpu_32(ipv4), HASH_AT + sizeof(ipv4));
	}
	siphash_take(&s, siphash_word(address));
	siphash_take(&s, siphash_word(address + 8));
	return siphash_end(&s, 0, HASH_AT + 16);
}

/* The second word of a cookie has the time in its upper half, in network order. */
static uint32_t
time_of(uint64_t head)
{
	return rte_bswap32((uint32_t)(head >> 32));
}

static uint64_t
head_of(uint32_t now)
{
	return VERSION | (uint64_t)rte_bswap32(now) << 32;
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
cookie_write(uint8_t *cookie, uint64_t client, uint64_t head, uint64_t hashed)
{
	const uint64_t words[] = {
		rte_cpu_to_le_64(client), rte_cpu_to_le_64(head), rte_cpu_to_le_64(hashed)};

	memcpy(cookie, words, sizeof(words));
}

bool
guard_cookie_judge(const struct guard_secrets *secrets, const uint8_t *address, size_t address_size,
	uint32_t now, const uint8_t *cookie, size_t length,
	uint8_t reply_cookie[static WIRE_COOKIE_SIZE])
{
	uint64_t client = siphash_word(cookie), head = 0, given = 0;
	unsigned int secret = secrets->count;

	if (length == WIRE_COOKIE_SIZE) {
		head = siphash_word(cookie + VERSION_AT);
		given = siphash_word(cookie + HASH_AT);
	}
	/* words compare in one instruction: how much of a guess was right is not heard */
	if ((uint8_t)head == VERSION && time_is_right(time_of(head), now))
		for (secret = 0; secret < secrets->count; secret++)
			if (hash(secrets->secrets[secret], client, head, address, address_size) ==
				given)
				break;
	/* RFC 9018 5: what an older secret made is good, but the client gets one of the newest */
	if (secret == 0 && secrets->count &&
		(int32_t)(now - time_of(head)) <= GUARD_COOKIE_RENEW_AGE) {
		cookie_write(reply_cookie, client, head, given);
		return true;
	}
	head = head_of(now);
	given = hash(secrets->secrets[0], client, head, address, address_size);
	cookie_write(reply_cookie, client, head, given);
	return secret < secrets->count;
}
