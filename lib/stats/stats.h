/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Statistics of queries: what each thread that answers counts, and the sums over all of them.
 *
 *   lcore, stream thread -- a page of the ledger --> its own struct stats   (count.c, hot)
 *   control plane        <-- sums, read while they are written -----------   (sum.c and others)
 *
 * A thread writes its own counters alone, with plain loads and stores; whoever reads them adds them
 * up and stops nobody. To touch few cache lines a query, counters are joint: one says at once what
 * RCODE a reply had, and which flags query and reply had. What an operator wants to know one by one
 * is a sum over them. Usual queries are counted in fewer places still (struct stats_usual), from
 * which all others follow.
 */
#ifndef STATS_STATS_H
#define STATS_STATS_H

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/counter.h"
#include "engine/engine.h"
#include "image/image.h"
#include "ledger/ledger.h"

/** How a query came: the low bits of a line's flags. */
enum stats_way { STATS_UDP_IPV4, STATS_UDP_IPV6, STATS_TCP_IPV4, STATS_TCP_IPV6, STATS_WAYS };
static_assert(
	STATS_UDP_IPV6 == (int)LEDGER_IPV6 && STATS_TCP_IPV4 == (int)LEDGER_TCP, "ways are flags");

enum {
	STATS_STEP = 16, /* octets; RSSAC002 3.4 counts sizes so */
	/* 0-15, 16-31, ..., the last one takes whatever is longer: 288 and 4096 */
	STATS_QUERY_SIZES = 19,
	STATS_REPLY_SIZES = 257,

	/* outcomes: no reply went out; then RCODEs 0, 1, ... up to BADCOOKIE, 23; then all above */
	STATS_NO_REPLY = 0,
	STATS_RCODE_0 = 1,
	STATS_RCODES = 24,
	STATS_RCODE_OTHER = STATS_RCODE_0 + STATS_RCODES,
	STATS_OUTCOMES,
	STATS_FLAGS = 1 << 8, /* enum ledger_flag */

	STATS_QTYPE_OTHER = 256, /* all types above 255 */
	STATS_QTYPE_NONE,	 /* no question was read */
	STATS_QTYPES,

	STATS_OPCODES = 16,
	STATS_EDNS_VERSIONS = 3, /* 0, 1, all above */
	STATS_EDNS_SIZES = 8,	 /* none, then up to stats_edns_sizes[] */

	STATS_BURST_MAX = 32,
	STATS_CYCLES = 40, /* bursts that took up to 2^n cycles; the last one: or longer */
};

/** The largest EDNS size of each class, in octets; class 0 is of queries without EDNS. */
extern const uint16_t stats_edns_sizes[STATS_EDNS_SIZES];

/**
 * What is counted of queries. Nothing but counters, so that sums are made of them as an array.
 * Messages that are none of a client (shorter than a header, or QR=1) are in `verdicts` alone.
 */
struct stats_counters {
	/* each line is in one of these */
	_Atomic uint64_t verdicts[LEDGER_ACTIONS][ENGINE_VERDICTS][STATS_WAYS];
	/* each query is in one of each of these */
	_Atomic uint64_t outcomes[STATS_OUTCOMES][STATS_FLAGS];
	_Atomic uint64_t query_sizes[STATS_WAYS][STATS_QUERY_SIZES];
	_Atomic uint64_t qtypes[STATS_QTYPES];
	_Atomic uint64_t edns[STATS_OPCODES][STATS_EDNS_VERSIONS][STATS_EDNS_SIZES];
	/* [0]: no reply went out */
	_Atomic uint64_t reply_sizes[STATS_WAYS][1 + STATS_REPLY_SIZES];
	struct stats_octets {
		_Atomic uint64_t queries, replies;
	} octets[STATS_WAYS];
};
enum { STATS_COUNTERS = sizeof(struct stats_counters) / sizeof(uint64_t) };

enum {
	/* octets, exclusive: longer messages are not usual */
	STATS_USUAL_QUERY = 320,
	STATS_USUAL_REPLY = 1280,
};

/**
 * What is counted of queries that are answered as asked: opcode QUERY, EDNS version 0, an RCODE
 * that goes with the verdict. Sizes are exact, so that octets follow from them.
 */
struct stats_usual {
	_Atomic uint64_t verdicts[ENGINE_VERDICTS][STATS_FLAGS];
	_Atomic uint64_t query_lengths[STATS_WAYS][STATS_USUAL_QUERY];
	_Atomic uint64_t reply_lengths[STATS_WAYS][STATS_USUAL_REPLY];
	_Atomic uint64_t asked[STATS_QTYPE_OTHER][STATS_EDNS_SIZES]; /* by QTYPE, and EDNS size */
};

/* ---- unique sources ---- */

/*
 * HyperLogLog (Flajolet et al. 2007) with the estimator of Ertl (2017), which needs no table of
 * corrections: registers of an octet, a standard error of 1.04 / sqrt(2^14) = 0.8 %.
 */
enum { STATS_SKETCH_BITS = 14, STATS_REGISTERS = 1 << STATS_SKETCH_BITS };

/** The sources of a day that RSSAC002 wants counted. */
enum stats_sources {
	STATS_SOURCES_IPV4,
	STATS_SOURCES_IPV6,
	STATS_SOURCES_IPV6_AGGREGATE, /* by /64 */
	STATS_SOURCES
};

struct stats_sketch {
	_Alignas(uint64_t) _Atomic uint8_t registers[STATS_REGISTERS];
};

/** About how many different sources a sketch has seen. */
double stats_sketch_estimate(const struct stats_sketch *sketch);

/** Take into `sketch` what `other` has seen. */
void stats_sketch_merge(struct stats_sketch *sketch, const struct stats_sketch *other);

/** Of a cluster, so that its nodes' sketches can be merged, and nobody else can aim at registers.
 */
struct stats_seed {
	uint64_t words[2];
};

/** @param text  any; the same gives the same seed */
struct stats_seed stats_seed_of(const char *text);

/** Enter one source. Runs on: lcore. */
void stats_sketch_enter(struct stats_sketch *sketches, const struct stats_seed *seed, bool ipv6,
	const uint8_t *address);

/* ---- a thread's own ---- */

enum { STATS_ZONES = LEDGER_NO_ZONE + 1 }; /* whatever a line may say */

/**
 * Heat: queries by the name of the zone that they led to (what exists), or the gap behind it (what
 * does not). Made for one generation of the service; two are in use while one replaces the other.
 */
struct stats_heat {
	uint32_t generation;
	struct {
		uint32_t first, count; /* of `nodes`; first is at least 1 */
	} zones[STATS_ZONES];
	struct stats_node {
		union {
			struct {
				_Atomic uint64_t existing, gap;
			};
			_Atomic uint64_t either[2]; /* [does not exist] */
		};
	} * nodes;   /* [0]: what belongs to none */
	size_t size; /* octets of these */
};

/** A writer's. Never moves; its thread alone writes it, but for `heats` not in use. */
struct stats {
	_Alignas(64) struct stats_usual usual;
	_Alignas(64) struct stats_counters others;		     /* of what is not usual */
	_Alignas(64) struct stats_sketch sketches[2][STATS_SOURCES]; /* of days, in turn */
	_Alignas(64) struct stats_heat heats[2];		     /* of generations, in turn */
	struct stats_seed seed;
	struct stats_node nowhere; /* what heats begin with */
	int numa_node;
};

/** What an lcore counts of its bursts; one writer. */
struct stats_bursts {
	_Atomic uint64_t lengths[STATS_BURST_MAX + 1]; /* bursts by how many frames were received */
	_Atomic uint64_t cycles[STATS_CYCLES];	       /* bursts by how long they took */
	_Atomic uint64_t cycles_sum;
};

/** Count a page. A struct ledger_reader of the thread that fills it. Runs on: lcore. */
void stats_count(void *stats, const struct ledger_page *page);

/** Count a burst of at most STATS_BURST_MAX frames. Runs on: lcore. */
static inline void
stats_burst_count(struct stats_bursts *bursts, unsigned int length, uint64_t cycles)
{
	/* 2^n cycles are of class n, one more of n + 1 */
	unsigned int class = cycles < 2 ? 0 : 64 - (unsigned int)__builtin_clzll(cycles - 1);

	counter_add(&bursts->lengths[length], 1);
	counter_add(&bursts->cycles[class < STATS_CYCLES ? class : STATS_CYCLES - 1], 1);
	counter_add(&bursts->cycles_sum, cycles);
}

/**
 * Make a writer's counters.
 *
 * @param node  NUMA node where its thread runs; below 0: any
 * @return NULL: no memory
 */
struct stats *stats_new(int node, struct stats_seed seed);

/** NULL is fine. */
void stats_free(struct stats *stats);

/* ---- all of them: control plane, one thread ---- */

enum {
	STATS_WRITERS_MAX = 256,
	STATS_HEAT_NODES_MAX = 8192,  /* of all zones; those that come too late have no heat */
	STATS_HEAT_NAMES_MAX = 65536, /* that were ever in a zone; further ones are in [0] */
};

struct stats_set;
struct report;

/** @return NULL: no memory */
struct stats_set *stats_set_new(struct stats_seed seed);

/** With its writers, whose threads have ended. NULL is fine. */
void stats_set_free(struct stats_set *set);

/**
 * Add a writer: what it has to be told is stats_count()'s context.
 *
 * @param node  NUMA node; below 0: any
 * @return the set's; NULL: no memory, or too many
 */
struct stats *stats_set_add(struct stats_set *set, int node);

/**
 * Make room for the heat of a service that is about to be published, the one after the one that is
 * served; what was counted for the one before that is added up.
 */
void stats_set_prepare(
	struct stats_set *set, uint32_t generation, const struct image_catalogue *catalogue);

/** Add what a writer has counted to a sum. */
void stats_add(const struct stats *stats, struct stats_counters *sum);

/** Add up all writers' counters. @param sum  overwritten */
void stats_set_sum(const struct stats_set *set, struct stats_counters *sum);

/** Merge the sketches of a day into `sketches`. @param day  since 1970 */
void stats_set_sources(const struct stats_set *set, int64_t day,
	struct stats_sketch sketches[static STATS_SOURCES]);

/** A day is over for good: its sketches are made ready for the day after the next. */
void stats_set_sources_clear(struct stats_set *set, int64_t day);

/** A name that queries led to, or that stands before the gap that they fell into. */
struct stats_total {
	const char *zone, *name; /* presentation form; [0]: "" */
	uint64_t existing, gap;
};

/**
 * Add up the heat of all names that were ever in a zone.
 *
 * @param totals  malloc'ed, the caller's to free; the names in it are lent until the next
 *                stats_set_prepare(); [0] is of queries that no zone had a part in
 * @return how many; 0: no memory
 */
unsigned int stats_set_heat(const struct stats_set *set, struct stats_total **totals);

/** Octets that all of it takes. */
size_t stats_set_size(const struct stats_set *set);

/** Tell of queries: counters, heat, sources of a day. */
void stats_set_report(const struct stats_set *set, const struct stats_counters *sum,
	const struct stats_sketch sketches[static STATS_SOURCES], struct report *report);

/** Tell of an lcore's bursts. @param cpu  as a label */
void stats_bursts_report(const struct stats_bursts *bursts, const char *cpu, struct report *report);

/** Queries of a way, out of a sum: all but what is no query. */
uint64_t stats_queries(const struct stats_counters *sum, enum stats_way way);
/** Replies of a way. */
uint64_t stats_replies(const struct stats_counters *sum, enum stats_way way);
/** Replies with an RCODE, up to STATS_RCODES (others). */
uint64_t stats_rcode(const struct stats_counters *sum, unsigned int rcode);
/** Queries with a flag of the ledger; LEDGER_TC: replies. */
uint64_t stats_flag(const struct stats_counters *sum, enum ledger_flag flag, enum stats_way way);

#endif
