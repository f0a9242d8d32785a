/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Limits: which replies are not worth sending. A reflected flood names its victim as the source of
 * queries, so what goes to one prefix is bounded, by what it is and by its octets; an overloaded
 * node sheds in an order that is written down.
 *
 *   rules     what an operator wants, in the units of the hot path; immutable, published (rules.c)
 *   limiter   one for each thread that answers by UDP, which alone writes it (limiter.c, judge.c)
 *   ladder    how far the thread goes in shedding, and the way back (ladder.c)
 *
 * Each limit is a leaky bucket that holds time: what a reply costs is the time that must pass until
 * the next one like it, so all buckets of a prefix leak alike and one subtraction serves them all.
 * A reply that is refused costs nothing; over any time t a bucket lets through rate * t and one
 * burst.
 */
#ifndef LIMIT_LIMIT_H
#define LIMIT_LIMIT_H

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/counter.h"
#include "base/why.h"
#include "ledger/ledger.h"

enum limit_mode {
	LIMIT_OFF,
	LIMIT_OBSERVE, /* counts what it would do; every reply goes out */
	LIMIT_ENFORCE,
};

/** What a reply is. The first four in the order of image answers and engine verdicts. */
enum limit_class {
	LIMIT_NXDOMAIN, /* the node is the one whose NSEC record covers the name */
	LIMIT_NODATA,
	LIMIT_REFERRAL,
	LIMIT_POSITIVE,
	LIMIT_CUT,   /* TC=1 by its size */
	LIMIT_ERROR, /* FORMERR, REFUSED, ... */
	LIMIT_CLASSES
};
extern const char *const limit_class_names[LIMIT_CLASSES];

/** Which limit struck first. */
enum limit_reason {
	LIMIT_NONE,
	LIMIT_BY_KEY,	    /* the same answer, or a denial by the same NSEC record, to a prefix */
	LIMIT_BY_NXDOMAIN,  /* all NXDOMAIN to a prefix */
	LIMIT_BY_ERRORS,    /* all errors to a prefix */
	LIMIT_BY_ALL,	    /* all answers to a prefix */
	LIMIT_BY_OCTETS,    /* all octets to a prefix */
	LIMIT_BY_TC_BUDGET, /* of the node, from here on */
	LIMIT_BY_ERROR_BUDGET,
	LIMIT_BY_EGRESS,
	LIMIT_BY_LADDER,
	LIMIT_BY_FILTER,
	LIMIT_REASONS
};
extern const char *const limit_reason_names[LIMIT_REASONS];

enum {
	LIMIT_TICKS = 16384, /* a second, in the units of buckets */
	LIMIT_FRACTION = 256,
	LIMIT_DEBT_MAX = UINT16_MAX, /* 4 seconds */
	LIMIT_BURST_MS_MAX = 3000,
	LIMIT_SLIP_MAX = 15,
	LIMIT_LEAK_MAX = 255,
	LIMIT_EXEMPT_MAX = 64,
	LIMIT_FILTERS_MAX = 64,
	LIMIT_SPREAD_MAX = 256,
	LIMIT_LINES_LOG2_MIN = 4,
	LIMIT_LINES_LOG2_MAX = 20,
	LIMIT_KNOWN_SECONDS = 12 * 3600, /* a source stays known so long, or twice that */
};

/** Addresses that share their first `length` bits. IPv4 ones are in the upper half of words[0]. */
struct limit_prefix {
	uint64_t words[2]; /* host order; no bit is set behind the length */
	uint8_t length;
	bool ipv6;
};

/** @param address  4 or 16 octets; bits behind `length` are cleared */
struct limit_prefix limit_prefix_make(const uint8_t *address, bool ipv6, unsigned int length);

/* ---- rules ---- */

/** What an operator wants of the whole node; 0: no such limit. */
struct limit_wishes {
	enum limit_mode mode;
	unsigned int prefix_ipv4, prefix_ipv6; /* bits; 8..32 and 16..64 */
	/* a second, of one client prefix */
	unsigned int key_rate, nxdomain_rate, error_rate, all_rate, octet_rate;
	unsigned int burst_ms; /* what a quiet prefix may have at once: so much of its rates */
	unsigned int slip;     /* one in so many refused replies goes out as TC; 0: none */
	unsigned int leak;     /* one in so many goes out whole; 0: none */
	bool exempt_cookies;   /* valid ones */
	unsigned int exempt_count;
	struct limit_prefix exempt[LIMIT_EXEMPT_MAX];
	/* a second, of the whole node */
	uint64_t tc_budget, error_budget, octet_budget;
	unsigned int spread;   /* threads that the traffic of one prefix reaches; at least 1 */
	unsigned int limiters; /* threads that the node's budgets are dealt to; at least 1 */
};

enum limit_filter_action { LIMIT_FILTER_DROP, LIMIT_FILTER_TC, LIMIT_FILTER_LIMIT };
extern const char *const limit_filter_action_names[3];

/** What an operator put in the way of a flood: a prefix, a place in a zone, or both. */
struct limit_filter {
	struct limit_prefix prefix; /* length 0: any address of both families */
	bool by_place;
	bool gap;	/* names that do not exist behind the node, else the node itself */
	uint8_t zone;	/* with by_place: as in the ledger */
	uint8_t action; /* enum limit_filter_action */
	uint8_t slot;	/* its counter; below LIMIT_FILTERS_MAX, of no other filter */
	uint32_t node;
	uint32_t price; /* LIMIT_FILTER_LIMIT: limit_price() of its rate */
};

/** Wishes and filters as the hot path reads them; immutable while published. */
struct limit_rules {
	enum limit_mode mode;
	uint64_t masks[2]; /* of the first 64 bits; [is IPv6] */
	/* ticks / LIMIT_FRACTION that a reply costs; 0: no limit */
	uint32_t key_price, nxdomain_price, error_price, all_price;
	uint32_t octet_price; /* ticks / 2^16 that an octet costs */
	uint32_t burst;	      /* ticks: no bucket may hold more */
	uint8_t slip, leak;
	bool exempt_cookies;
	/* of one limiter: a second; UINT64_MAX: no limit */
	uint64_t tc_budget, error_budget, octet_budget;
	unsigned int exempt_count, filter_count;
	/* filters that can concern an address by its first octet, a place by its low bits */
	uint64_t filter_octets[4], filter_nodes[4];
	struct limit_prefix exempt[LIMIT_EXEMPT_MAX];
	struct limit_filter filters[LIMIT_FILTERS_MAX];
};

/** Check wishes and turn them into rules without filters. @return 0, or -EINVAL */
int limit_rules_make(const struct limit_wishes *wishes, struct limit_rules *rules, struct why *why);

/** Take in a filter. @return 0; -ENOSPC; -EINVAL: it would concern everything */
int limit_rules_filter(
	struct limit_rules *rules, const struct limit_filter *filter, struct why *why);

/** Ticks / LIMIT_FRACTION from one reply to the next at a node's rate over so many threads. */
uint32_t limit_price(uint64_t rate, unsigned int spread);

/* ---- the ladder ---- */

enum limit_step {
	LIMIT_STEP_NONE,
	LIMIT_STEP_SAMPLES,    /* no samples are taken for statistics and audit */
	LIMIT_STEP_UNKNOWN,    /* sources never seen in calm times get TC in place of answers */
	LIMIT_STEP_COOKIELESS, /* and known ones without a valid cookie a quarter of their limits */
	LIMIT_STEP_KNOWN,      /* unknown ones get nothing */
	LIMIT_STEPS
};
extern const char *const limit_step_names[LIMIT_STEPS];

enum {
	LIMIT_LOOK_TICKS = LIMIT_TICKS / 10, /* the ladder is looked at so often */
	LIMIT_LOAD_UP = 900,		     /* per mille from which on it is too much */
	LIMIT_LOAD_DOWN = 600,		     /* per mille up to which it is calm */
	LIMIT_LOOKS_UP = 5,		     /* such looks in a row: a step up, after 0.5 s */
	LIMIT_LOOKS_DOWN = 50,		     /* a step down, after 5 s */
};

/** How far shedding goes. One writer; anybody reads what is atomic. */
struct limit_ladder {
	_Atomic uint32_t step;		     /* enum limit_step */
	_Atomic uint64_t taken[LIMIT_STEPS]; /* how often each step was stepped on */
	_Atomic uint32_t load;		     /* per mille, of the last look */
	unsigned int high, low;		     /* looks in a row */
};

/** Per mille of what a thread can take. */
struct limit_load {
	unsigned int queue;  /* the share of bursts that came full: more were waiting */
	unsigned int egress; /* what was wanted of the octets' budget */
};

/**
 * Look at the load once. Octets alone lead no further than to LIMIT_STEP_UNKNOWN: their budget is
 * kept by itself, known sources first; only what costs time is worth dropping all others. Pure.
 */
void limit_ladder_look(struct limit_ladder *ladder, struct limit_load load);

/* ---- the limiter ---- */

/** Against collisions that are aimed at; random. */
struct limit_seed {
	uint64_t words[2];
};

/** A query whose answer is known, and not yet written. */
struct limit_ask {
	const uint8_t *client; /* 4 or 16 octets in network order */
	uint64_t hash;	       /* by limit_prefetch() */
	uint32_t node;	       /* as in the ledger */
	uint16_t qtype;	       /* tells positive answers of a name apart */
	uint16_t reply_length; /* DNS octets, about */
	uint8_t zone, class;   /* enum limit_class */
	uint8_t flags;	       /* enum ledger_flag: LEDGER_IPV6, _TCP and _COOKIE_VALID count */
};

/** What became of replies that were not simply sent. */
struct limit_counters {
	_Atomic uint64_t done[LEDGER_ACTIONS][LIMIT_CLASSES];  /* [LEDGER_ANSWERED]: in spite of a
								  limit: exempt or leaked */
	_Atomic uint64_t would[LEDGER_ACTIONS][LIMIT_CLASSES]; /* the same, when only observed */
	_Atomic uint64_t reasons[LIMIT_REASONS];	       /* of both */
	_Atomic uint64_t exempted, leaked;
	_Atomic uint64_t lines_made; /* prefixes that got a line */
	_Atomic uint64_t
		lines_driven;	/* of these: in place of one that had something in its buckets */
	_Atomic uint64_t known; /* prefixes that became known */
	_Atomic uint64_t filtered[LIMIT_FILTERS_MAX]; /* by the filter's slot */
};

struct limiter; /* limit_priv.h */

/**
 * @param lines_log2  how many client prefixes it remembers, 64 octets each
 * @param numa_node   where its thread runs; below 0: any
 * @return  NULL: no memory
 */
struct limiter *limiter_new(unsigned int lines_log2, int numa_node, const struct limit_seed *seed);

/** NULL is fine. */
void limiter_free(struct limiter *limiter);

/** Octets that it takes, from start to end. */
size_t limiter_size(unsigned int lines_log2);

const struct limit_counters *limiter_counters(const struct limiter *limiter);
/** Its step LIMIT_STEP_SAMPLES is for the thread to take, in every mode. */
const struct limit_ladder *limiter_ladder(const struct limiter *limiter);

/**
 * Begin a burst: budgets fill, the ladder is looked at. Runs on: lcore.
 *
 * @param now_ns  of a clock that never goes back
 * @param full    the burst was as long as one can be: more wait in the queue
 */
void limit_tick(
	struct limiter *limiter, const struct limit_rules *rules, uint64_t now_ns, bool full);

/** Hash the client, and fetch its first line. Runs on: lcore. */
void limit_prefetch(
	const struct limiter *limiter, const struct limit_rules *rules, struct limit_ask *ask);

/**
 * What is to be done with a reply. Runs on: lcore.
 *
 * @return LEDGER_SLIPPED: question, TC and OPT alone go out; the last three: nothing goes out
 */
enum ledger_action limit_judge(
	struct limiter *limiter, const struct limit_rules *rules, const struct limit_ask *ask);

#endif
