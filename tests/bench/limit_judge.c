/* SPDX-License-Identifier: BSD-3-Clause */
/* What limits cost a query: prefixes and names like real ones, like a flood's, and refused ones. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "limit/judge.h"

enum { QUERIES = 1 << 16, ROUNDS = 200, BURST = 32, LINES_LOG2 = 16 };

static const struct limit_seed seed = {{0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9}};

/* As little as there is: the pipeline has it in its first cache. */
static struct fact {
	uint8_t client[4];
	uint16_t node;
	uint8_t class;
} facts[QUERIES];

static uint64_t
random_next(void)
{
	static uint64_t state = 20261128;

	state = state * 6364136223846793005 + 1442695040888963407;
	return state >> 16;
}

/* A number below `count`: uniform, or by Zipf's law. */
static uint32_t
pick(uint32_t count, bool zipf)
{
	double u = (double)(random_next() & 0xffffffff) / 4294967296.0;

	return zipf ? (uint32_t)(pow(count, u) - 1) : (uint32_t)(u * count);
}

static void
facts_make(uint32_t prefixes, bool zipf)
{
	static const uint8_t mix[] = {LIMIT_NXDOMAIN, LIMIT_NXDOMAIN, LIMIT_NXDOMAIN,
		LIMIT_REFERRAL, LIMIT_REFERRAL, LIMIT_NODATA, LIMIT_POSITIVE, LIMIT_NXDOMAIN};

	for (unsigned int i = 0; i < QUERIES; i++) {
		uint32_t prefix = pick(prefixes, zipf) * 2654435761u;
		uint8_t class = mix[random_next() % sizeof(mix)];

		memcpy(facts[i].client, &prefix, 4);
		facts[i].class = class;
		facts[i].node = (uint16_t)pick(1439, true);
	}
}

static inline void
ask_fill(struct limit_ask *ask, const struct fact *fact)
{
	ask->client = fact->client;
	ask->node = fact->node;
	ask->qtype = 1;
	ask->reply_length = fact->class == LIMIT_NXDOMAIN ? 1050 : 700;
	ask->zone = 0;
	ask->class = fact->class;
	ask->flags = 0;
}

static double
seconds(void)
{
	struct timespec now;

	/* of this thread: others may have the CPU meanwhile */
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* As the pipeline does. */
static inline bool
is_answered(struct limiter *limiter, const struct limit_rules *rules, const struct limit_ask *ask)
{
	uint16_t key = limit_what_key(ask->node, ask->zone, ask->class, ask->qtype);

	if (limiter->calm &&
		limit_passes(limiter, rules, ask->hash, ask->class, key, ask->reply_length)) {
		limiter->spent += ask->reply_length;
		return true;
	}
	return limit_judge(limiter, rules, ask) == LEDGER_ANSWERED;
}

/* Judge all, in bursts like those of an lcore. @return ns each, the best of all rounds */
static double
measure(struct limiter *limiter, const struct limit_rules *rules, double rate, double *refused)
{
	double best = 1e9;
	uint64_t clock = 1000000000, count = 0;

	for (unsigned int round = 0; round < ROUNDS; round++) {
		double begin = seconds(), took;

		for (unsigned int i = 0; i < QUERIES; i += BURST) {
			struct limit_ask asks[BURST];

			clock += (uint64_t)(BURST * 1e9 / rate);
			limit_tick(limiter, rules, clock, false);
			for (unsigned int k = 0; k < BURST; k++) {
				ask_fill(&asks[k], &facts[i + k]);
				limit_prefetch(limiter, rules, &asks[k]);
			}
			for (unsigned int k = 0; k < BURST; k++)
				count += !is_answered(limiter, rules, &asks[k]);
		}
		took = (seconds() - begin) * 1e9 / QUERIES;
		best = took < best ? took : best;
	}
	*refused = 100.0 * (double)count / ROUNDS / QUERIES;
	return best;
}

int
main(void)
{
	static const struct {
		const char *what;
		uint32_t prefixes;
		bool zipf;
		unsigned int key_rate;
		double rate;
		unsigned int filters;
		enum limit_mode mode;
	} runs[] = {
		{"off: what is judged is filled in", 20000, true, 100, 1e6, 0, LIMIT_OFF},
		{"20,000 prefixes by Zipf, none refused", 20000, true, 0, 1e6, 0, LIMIT_ENFORCE},
		{"20,000 prefixes by Zipf, 100/s", 20000, true, 100, 1e6, 0, LIMIT_ENFORCE},
		{"the same, observed", 20000, true, 100, 1e6, 0, LIMIT_OBSERVE},
		{"the same, 64 filters of others", 20000, true, 100, 1e6, 64, LIMIT_OBSERVE},
		{"10,000 prefixes alike, none refused", 10000, false, 0, 1e6, 0, LIMIT_ENFORCE},
		{"10,000 prefixes alike, 10 million/s, 5/s", 10000, false, 5, 1e7, 0,
			LIMIT_ENFORCE},
		{"1 million prefixes alike, 10 million/s", 1 << 20, false, 5, 1e7, 0,
			LIMIT_ENFORCE},
	};

	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		struct limit_wishes wishes = {
			.mode = runs[i].mode,
			.prefix_ipv4 = 24,
			.prefix_ipv6 = 56,
			.key_rate = runs[i].key_rate,
			.nxdomain_rate = 2 * runs[i].key_rate,
			.octet_rate = runs[i].key_rate * 2000,
			.burst_ms = 1000,
			.slip = 2,
			.spread = 1,
			.limiters = 1,
		};
		struct limiter *limiter = limiter_new(LINES_LOG2, -1, &seed);
		struct limit_rules rules;
		double ns, refused;

		if (!limiter || limit_rules_make(&wishes, &rules, NULL) < 0)
			return 1;
		for (unsigned int k = 0; k < runs[i].filters; k++) {
			static const uint8_t nobody[4] = {240, 0, 0, 1};
			struct limit_filter filter = {
				.prefix = limit_prefix_make(nobody, false, 32), .slot = (uint8_t)k};

			limit_rules_filter(&rules, &filter, NULL);
		}
		facts_make(runs[i].prefixes, runs[i].zipf);
		ns = measure(limiter, &rules, runs[i].rate, &refused);
		printf("%-44s %6.1f ns a query, %5.1f %% refused\n", runs[i].what, ns, refused);
		limiter_free(limiter);
	}
	return 0;
}
