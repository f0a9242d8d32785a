/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs on: lcore. SipHash-2-4 (Aumasson and Bernstein, 2012), word by word: a cookie's words are in
 * registers already, and libsodium's function wants them written to memory first. A test holds it
 * against libsodium's.
 */
#ifndef GUARD_SIPHASH_H
#define GUARD_SIPHASH_H

#include <rte_byteorder.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct siphash {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t
siphash_rotate(uint64_t word, unsigned int by)
{
	return word << by | word >> (64 - by);
}

static inline void
siphash_round(struct siphash *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = siphash_rotate(s->v1, 13) ^ s->v0;
	s->v3 = siphash_rotate(s->v3, 16) ^ s->v2;
	s->v0 = siphash_rotate(s->v0, 32);
	s->v2 += s->v1;
	s->v0 += s->v3;
	s->v1 = siphash_rotate(s->v1, 17) ^ s->v2;
	s->v3 = siphash_rotate(s->v3, 21) ^ s->v0;
	s->v2 = siphash_rotate(s->v2, 32);
}

static inline uint64_t
siphash_word(const uint8_t *octets)
{
	uint64_t word;

	memcpy(&word, octets, sizeof(word));
	return rte_le_to_cpu_64(word);
}

static inline void
siphash_take(struct siphash *s, uint64_t word)
{
	s->v3 ^= word;
	siphash_round(s);
	siphash_round(s);
	s->v0 ^= word;
}

static inline struct siphash
siphash_begin(const uint8_t key[static 16])
{
	uint64_t k0 = siphash_word(key), k1 = siphash_word(key + 8);

	return (struct siphash){k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d,
		k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573};
}

/**
 * The hash as a number whose little-endian octets are what libsodium writes.
 *
 * @param rest    what is left when all whole words are taken
 * @param length  of the whole input, octets
 */
static inline uint64_t
siphash_end(struct siphash *s, uint64_t rest, uint64_t length)
{
	siphash_take(s, rest | length << 56);
	s->v2 ^= 0xff;
	for (unsigned int i = 0; i < 4; i++)
		siphash_round(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

#endif
