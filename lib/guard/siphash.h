/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs on: lcore. SipHash-2-4 (Aumasson and Bernstein, 2012) of the two lengths that cookies have.
 * libsodium's takes any length behind a call; with the length known the compiler unrolls it all. A
 * test holds it against libsodium's.
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

/** The hash as a number whose little-endian octets are what libsodium writes. */
static inline uint64_t
siphash(const uint8_t key[static 16], const uint8_t *octets, const size_t length)
{
	uint64_t k0 = siphash_word(key), k1 = siphash_word(key + 8), last = 0;
	struct siphash s = {k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d,
		k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573};
	size_t at;

	for (at = 0; at + 8 <= length; at += 8)
		siphash_take(&s, siphash_word(octets + at));
	memcpy(&last, octets + at, length - at);
	siphash_take(&s, rte_le_to_cpu_64(last) | (uint64_t)length << 56);
	s.v2 ^= 0xff;
	for (unsigned int i = 0; i < 4; i++)
		siphash_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

#endif
