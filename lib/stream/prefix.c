/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "stream/stream_priv.h"

/* what a site gets, as BIND's limits of rates take it */
enum { PREFIX_IPV4_SIZE = 24 / 8, PREFIX_IPV6_SIZE = 56 / 8 };

int
stream_prefixes_init(struct stream_prefixes *prefixes, unsigned int count)
{
	unsigned int buckets = 64;

	while (buckets < count)
		buckets *= 2;
	prefixes->buckets = calloc(buckets, sizeof(struct stream_prefix *));
	prefixes->mask = buckets - 1;
	static_assert(sizeof(prefixes->secret) == crypto_shorthash_KEYBYTES, "SipHash's key");
	crypto_shorthash_keygen(prefixes->secret);
	return prefixes->buckets ? 0 : -ENOMEM;
}

void
stream_prefixes_free(struct stream_prefixes *prefixes)
{
	free(prefixes->buckets);
	prefixes->buckets = NULL;
}

/* The network's octets, and the family so that no two are the same. */
static uint64_t
key_of(const uint8_t *address, size_t size)
{
	uint8_t octets[8] = {(uint8_t)size};
	uint64_t key;

	memcpy(octets + 1, address, size == 4 ? PREFIX_IPV4_SIZE : PREFIX_IPV6_SIZE);
	memcpy(&key, octets, sizeof(key));
	return key;
}

static struct stream_prefix **
bucket_of(const struct stream_prefixes *prefixes, uint64_t key)
{
	uint64_t hash;

	static_assert(sizeof(hash) == crypto_shorthash_BYTES, "SipHash's result");
	crypto_shorthash((uint8_t *)&hash, (const uint8_t *)&key, sizeof(key), prefixes->secret);
	return &prefixes->buckets[hash & prefixes->mask];
}

struct stream_prefix *
stream_prefix_enter(struct stream_prefixes *prefixes, const uint8_t *address, size_t size)
{
	uint64_t key = key_of(address, size);
	struct stream_prefix **bucket = bucket_of(prefixes, key), *prefix = *bucket;

	while (prefix && prefix->key != key)
		prefix = prefix->next;
	if (!prefix) {
		prefix = calloc(1, sizeof(*prefix));
		if (!prefix)
			return NULL;
		prefix->key = key;
		prefix->next = *bucket;
		*bucket = prefix;
		for (unsigned int state = 0; state < CONNECTION_STATES; state++)
			TAILQ_INIT(&prefix->connections[state]);
	}
	prefix->count++;
	return prefix;
}

void
stream_prefix_leave(struct stream_prefixes *prefixes, struct stream_prefix *prefix)
{
	struct stream_prefix **at;

	if (--prefix->count)
		return;
	at = bucket_of(prefixes, prefix->key);
	while (*at != prefix)
		at = &(*at)->next;
	*at = prefix->next;
	free(prefix);
}
