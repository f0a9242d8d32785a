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
	struct siphash s;
	uint64_t rest = 0, hashed, words[2];
	uint32_t ipv4;

	siphash_begin(&s, secret);
	siphash_take(&s, &client);
	siphash_take(&s, &head);
	if (address_size == sizeof(ipv4)) {
		memcpy(&ipv4, address, sizeof(ipv4));
		rest = rte_le_to_cpu_32(ipv4);
		siphash_end(&s, &rest, HASH_AT + sizeof(ipv4), &hashed);
		return hashed;
	}
	words[0] = siphash_word(address);
	words[1] = siphash_word(address + 8);
	siphash_take(&s, &words[0]);
	siphash_take(&s, &words[1]);
	siphash_end(&s, &rest, HASH_AT + 16, &hashed);
	return hashed;
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

/* ---- many at once ---- */

/* Words of eight claims of one family, beside each other. */
struct words8 {
	siphash_words8 client, head, given, address[2];
};

static void
words_load(struct words8 *w, const struct guard_claim *claims, unsigned int count, bool ipv6)
{
	memset(w, 0, sizeof(*w));
	for (unsigned int i = 0; i < count; i++) {
		uint32_t ipv4;

		w->client[i] = siphash_word(claims[i].cookie);
		w->head[i] = siphash_word(claims[i].cookie + VERSION_AT);
		w->given[i] = siphash_word(claims[i].cookie + HASH_AT);
		memcpy(&ipv4, claims[i].address, sizeof(ipv4));
		w->address[0][i] = ipv6 ? siphash_word(claims[i].address) : rte_le_to_cpu_32(ipv4);
		w->address[1][i] = ipv6 ? siphash_word(claims[i].address + 8) : 0;
	}
}

/* The program takes the clone that its CPU has the vectors for. */
#if defined(__x86_64__)
#define FOR_EACH_CPU __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#define FOR_EACH_CPU
#endif

/* A bit for each hash that is the one given. */
static FOR_EACH_CPU uint32_t
words_check(const struct words8 *w, const uint8_t *secret, bool ipv6)
{
	const siphash_words8 none = {0};
	siphash_words8 hashed;
	struct siphash8 s;
	uint32_t right = 0;

	siphash8_begin(&s, secret);
	siphash8_take(&s, &w->client);
	siphash8_take(&s, &w->head);
	if (ipv6) {
		siphash8_take(&s, &w->address[0]);
		siphash8_take(&s, &w->address[1]);
	}
	siphash8_end(&s, ipv6 ? &none : &w->address[0], HASH_AT + (ipv6 ? 16 : 4), &hashed);
	for (unsigned int i = 0; i < GUARD_CLAIMS; i++)
		right |= (uint32_t)(hashed[i] == w->given[i]) << i;
	return right;
}

uint32_t
guard_claims_judge(const struct guard_secrets *secrets, const struct guard_claim *claims,
	unsigned int count, bool ipv6, uint32_t now)
{
	uint32_t possible = 0, right = 0;
	struct words8 w;

	for (unsigned int i = 0; i < count; i++) {
		uint64_t head = siphash_word(claims[i].cookie + VERSION_AT);

		possible |=
			(uint32_t)((uint8_t)head == VERSION && time_is_right(time_of(head), now))
			<< i;
	}
	/* who forges cookies without looking needs no hash */
	if (possible == 0)
		return 0;
	words_load(&w, claims, count, ipv6);
	for (unsigned int i = 0; i < secrets->count; i++)
		right |= words_check(&w, secrets->secrets[i], ipv6);
	return right & possible;
}
