/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pseudonyms as in Crypto-PAn (Xu, Fan, Ammar, Moon 2002; one of those that RSSAC040 recommends):
 * each bit is flipped or not by a secret function of the bits before it, so two addresses that
 * share a prefix, and no more, have pseudonyms that do. The secret function is SipHash-2-4.
 */
#include <sodium.h>
#include <string.h>

#include "capture/capture_priv.h"

static_assert(crypto_shorthash_KEYBYTES == sizeof(((struct capture_privacy *)0)->key), "SipHash");

/* All before a bit, and which one: what the secret function sees. */
struct before {
	uint8_t ipv6, bit;
	uint8_t prefix[16];
};
static_assert(sizeof(struct before) == 18, "no holes");

/* Zero all bits of an address from one on. */
static void
bits_clear(uint8_t *address, size_t size, unsigned int from)
{
	size_t octet = from / 8;

	if (octet >= size)
		return;
	address[octet] &= (uint8_t) ~(0xff >> from % 8);
	memset(address + octet + 1, 0, size - octet - 1);
}

/* Only the bits that are kept: a hash each. */
static void
pseudonym_make(const uint8_t key[static 16], bool ipv6, unsigned int bits, const uint8_t *address,
	uint8_t *pseudonym)
{
	struct before before = {.ipv6 = ipv6};
	uint64_t hash;

	for (unsigned int bit = 0; bit < bits; bit++) {
		uint8_t mask = (uint8_t)(0x80 >> bit % 8);

		before.bit = (uint8_t)bit;
		crypto_shorthash((unsigned char *)&hash, (const unsigned char *)&before,
			sizeof(before), key);
		pseudonym[bit / 8] |= (uint8_t)((address[bit / 8] & mask) ^ (hash & 1 ? mask : 0));
		before.prefix[bit / 8] |= address[bit / 8] & mask;
	}
}

size_t
capture_privacy_apply(
	const struct capture_privacy *privacy, bool ipv6, const uint8_t *address, uint8_t *kept)
{
	unsigned int bits = ipv6 ? privacy->ipv6_prefix : privacy->ipv4_prefix;
	size_t size = (bits + 7) / 8;

	if (privacy->pseudonyms) {
		memset(kept, 0, size);
		pseudonym_make(privacy->key, ipv6, bits, address, kept);
		return size;
	}
	memcpy(kept, address, size);
	bits_clear(kept, size, bits);
	return size;
}
