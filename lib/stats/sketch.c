/* SPDX-License-Identifier: BSD-3-Clause */
/* Control plane: what a sketch of sources has seen. */
#include <math.h>
#include <sodium.h>
#include <string.h>

#include "stats/stats.h"

enum { RANKS = 64 - STATS_SKETCH_BITS + 1 }; /* the highest */

/* Ertl's tau and sigma: what registers at either end of their range add, as series that end where a
 * double does not grow any more. */
static double
tau(double x)
{
	double y = 1, z = 1 - x, before;

	if (x <= 0 || x >= 1)
		return 0;
	do {
		x = sqrt(x);
		before = z;
		y /= 2;
		z -= (1 - x) * (1 - x) * y;
	} while (z < before);
	return z / 3;
}

static double
sigma(double x)
{
	double y = 1, z = x, before;

	if (x >= 1)
		return INFINITY;
	do {
		x *= x;
		before = z;
		z += x * y;
		y *= 2;
	} while (z > before);
	return z;
}

double
stats_sketch_estimate(const struct stats_sketch *sketch)
{
	const double m = STATS_REGISTERS;
	unsigned int counts[RANKS + 1] = {0};
	double z;

	for (unsigned int i = 0; i < STATS_REGISTERS; i++) {
		uint8_t rank = atomic_load_explicit(&sketch->registers[i], memory_order_relaxed);

		counts[rank < RANKS ? rank : RANKS]++;
	}
	if (counts[0] == STATS_REGISTERS)
		return 0;
	z = m * tau(1 - counts[RANKS] / m);
	for (unsigned int rank = RANKS - 1; rank >= 1; rank--)
		z = (z + counts[rank]) / 2;
	z += m * sigma(counts[0] / m);
	return m * m / (2 * M_LN2 * z);
}

void
stats_sketch_merge(struct stats_sketch *sketch, const struct stats_sketch *other)
{
	enum { CHUNK = 256 };

	static_assert(STATS_REGISTERS % CHUNK == 0, "chunks are whole");
	/* copies, of which the compiler takes sixteen at a time; what is read while it is written
	 * is merged by the next reader */
	for (unsigned int at = 0; at < STATS_REGISTERS; at += CHUNK) {
		uint8_t ours[CHUNK], theirs[CHUNK];

		memcpy(ours, (const void *)&sketch->registers[at], CHUNK);
		memcpy(theirs, (const void *)&other->registers[at], CHUNK);
		for (unsigned int i = 0; i < CHUNK; i++)
			ours[i] = theirs[i] > ours[i] ? theirs[i] : ours[i];
		memcpy((void *)&sketch->registers[at], ours, CHUNK);
	}
}

struct stats_seed
stats_seed_of(const char *text)
{
	struct stats_seed seed;

	crypto_generichash(
		(uint8_t *)&seed, sizeof(seed), (const uint8_t *)text, strlen(text), NULL, 0);
	return seed;
}
