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

/** Eight hashes at once, on whatever vectors the CPU has. */
typedef uint64_t siphash_words8 __attribute__((vector_size(64)));

/*
 * The same for one word and for eight:
 *
 *   NAME_begin()  from a key
 *   NAME_take()   a word of the input
 *   NAME_end()    the hash, as numbers whose little-endian octets are what libsodium writes; `rest`
 *                 is what is left when all whole words are taken, `length` octets that of all
 */
/* NOLINTBEGIN(bugprone-macro-parentheses): WORD is a type */
#define SIPHASH_ROTATE(word, by) ((word) << (by) | (word) >> (64 - (by)))
#define SIPHASH_FOR(NAME, WORD)                                                                    \
	struct NAME {                                                                              \
		WORD v0, v1, v2, v3;                                                               \
	};                                                                                         \
                                                                                                   \
	static inline void NAME##_round(struct NAME *s)                                            \
	{                                                                                          \
		s->v0 += s->v1;                                                                    \
		s->v2 += s->v3;                                                                    \
		s->v1 = SIPHASH_ROTATE(s->v1, 13) ^ s->v0;                                         \
		s->v3 = SIPHASH_ROTATE(s->v3, 16) ^ s->v2;                                         \
		s->v0 = SIPHASH_ROTATE(s->v0, 32);                                                 \
		s->v2 += s->v1;                                                                    \
		s->v0 += s->v3;                                                                    \
		s->v1 = SIPHASH_ROTATE(s->v1, 17) ^ s->v2;                                         \
		s->v3 = SIPHASH_ROTATE(s->v3, 21) ^ s->v0;                                         \
		s->v2 = SIPHASH_ROTATE(s->v2, 32);                                                 \
	}                                                                                          \
                                                                                                   \
	static inline void NAME##_begin(struct NAME *s, const uint8_t key[static 16])              \
	{                                                                                          \
		uint64_t k0 = siphash_word(key), k1 = siphash_word(key + 8);                       \
                                                                                                   \
		s->v0 = (WORD){0} + (k0 ^ 0x736f6d6570736575);                                     \
		s->v1 = (WORD){0} + (k1 ^ 0x646f72616e646f6d);                                     \
		s->v2 = (WORD){0} + (k0 ^ 0x6c7967656e657261);                                     \
		s->v3 = (WORD){0} + (k1 ^ 0x7465646279746573);                                     \
	}                                                                                          \
                                                                                                   \
	static inline void NAME##_take(struct NAME *s, const WORD *word)                           \
	{                                                                                          \
		s->v3 ^= *word;                                                                    \
		NAME##_round(s);                                                                   \
		NAME##_round(s);                                                                   \
		s->v0 ^= *word;                                                                    \
	}                                                                                          \
                                                                                                   \
	static inline void NAME##_end(                                                             \
		struct NAME *s, const WORD *rest, uint64_t length, WORD *hash)                     \
	{                                                                                          \
		WORD last = *rest | length << 56;                                                  \
                                                                                                   \
		NAME##_take(s, &last);                                                             \
		s->v2 ^= 0xff;                                                                     \
		for (unsigned int i = 0; i < 4; i++)                                               \
			NAME##_round(s);                                                           \
		*hash = s->v0 ^ s->v1 ^ s->v2 ^ s->v3;                                             \
	}
/* NOLINTEND(bugprone-macro-parentheses) */

static inline uint64_t
siphash_word(const uint8_t *octets)
{
	uint64_t word;

	memcpy(&word, octets, sizeof(word));
	return rte_le_to_cpu_64(word);
}

SIPHASH_FOR(siphash, uint64_t)
SIPHASH_FOR(siphash8, siphash_words8)

#endif
