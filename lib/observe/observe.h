/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What only a root server sees, out of the ledger's lines: which trust anchors resolvers have (RFC
 * 8145) and how DNSKEY answers fare; which missing top-level names are asked for; whether networks
 * make use of NSEC records that they have (RFC 8198).
 *
 *   lcore, stream thread -- a page of the ledger --> its own struct observer  (page.c, hot)
 *   control plane        <-- merged while they are written ---------------    (set.c, tell.c)
 *
 * Who asks is kept as bits of a keyed hash, and nothing of it is told but numbers of networks. A
 * network is an IPv4 /24 or an IPv6 /56. What figures mean is in docs/observatory.md.
 */
#ifndef OBSERVE_OBSERVE_H
#define OBSERVE_OBSERVE_H

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image/image.h"
#include "ledger/ledger.h"

enum {
	OBSERVE_WORDS = 8, /* of a label: 64 octets */
	OBSERVE_WAYS = 16,
	OBSERVE_LEAK_BUCKETS = 64,
	OBSERVE_SIGNAL_BUCKETS = 4,
	OBSERVE_NETWORKS = 512, /* 0.3 MB of a thread; twice as many were too much for 64 of them */
	OBSERVE_RANGES = 64,	/* of each network */
	OBSERVE_NODES_MAX = 0xffff,	      /* those of later nodes are not looked at */
	OBSERVE_SIGNALS_A_PAGE = LEDGER_KEPT, /* a flood of signals costs no more than this */
	OBSERVE_DAY_SECONDS = 86400, /* names and trust anchors are counted by the day (UTC) */
};

/* ---- the most frequent labels ---- */

/** A label, lower case: its length, its octets, zeros. */
struct observe_label {
	uint64_t words[OBSERVE_WORDS];
};

/**
 * Space-Saving (Metwally et al. 2005) over the labels whose hash leads here. A label that comes
 * when all ways are taken replaces the one with the least count, and inherits that count as its
 * error: it was asked at most `counts` and at least `counts - errors` times, and what was asked
 * more than 1/16 of all that came here is here.
 */
struct observe_bucket {
	_Atomic uint32_t sequence; /* odd while labels change */
	_Atomic uint32_t day;
	_Atomic uint64_t counts[OBSERVE_WAYS], errors[OBSERVE_WAYS];
	/* each network that asked sets one of 64 bits: at least so many networks did */
	_Atomic uint64_t networks[OBSERVE_WAYS];
	_Atomic uint64_t labels[OBSERVE_WAYS][OBSERVE_WORDS]; /* [0] is 0: a free way */
};

/** Count a label. Runs on: lcore. @param bucket_count  a power of two */
void observe_label_enter(struct observe_bucket *buckets, unsigned int bucket_count, uint32_t day,
	const struct observe_label *label, uint64_t hash, uint64_t network);

/* ---- networks and ranges ---- */

/**
 * What a network asked in a window that is as long as the TTL of NSEC records, in which a second
 * query into the same range is a repeat of what an earlier reply had proven.
 *
 * Who sees less of two things than there is room for must choose, and all threads choose alike: of
 * the networks that share an entry, and the ranges that share a slot, the one of the lowest hash
 * stays. So what threads counted can be added up as if one of them had seen all.
 */
struct observe_network {
	_Atomic uint32_t sequence; /* odd while another network moves in */
	_Atomic uint32_t without_do;
	_Atomic uint32_t with_do;
	_Atomic uint64_t window;		 /* observe_window() */
	_Atomic uint64_t key;			 /* hash of the network; 0: none */
	_Atomic uint32_t ranges[OBSERVE_RANGES]; /* node + 1, and in the low half how often */
};

/* what no line has as its zone: neither an image's index, nor none */
enum { OBSERVE_NO_ROOT = LEDGER_NO_ZONE - 1 };
static_assert((int)OBSERVE_NO_ROOT >= (int)IMAGE_CATALOGUE_MAX, "no image's index");

/** What is right for lines of a generation. */
struct observe_view {
	uint32_t names; /* counts changes of the zone's names, which give nodes other numbers */
	uint32_t ttl;	/* of the root's NSEC records; 0: it has none */
	uint8_t zone;	/* the root's index, or OBSERVE_NO_ROOT */
};

static inline uint64_t
observe_window(const struct observe_view *view, uint32_t now)
{
	return (uint64_t)view->names << 32 | now / view->ttl;
}

/** Count a query for a name that does not exist. Runs on: lcore. @param key  not 0 */
void observe_network_enter(struct observe_network *networks, uint64_t window, uint64_t key,
	uint32_t node, bool dnssec_ok);

/* ---- a thread's own ---- */

enum observe_way { OBSERVE_UDP, OBSERVE_TCP, OBSERVE_WAYS_IN };

enum {
	OBSERVE_STEP = 16,
	OBSERVE_SIZES = 129,	/* 0-15, 16-31, ..., the last one takes what is longer: 2048 */
	OBSERVE_EDNS_SIZES = 8, /* none, then up to observe_edns_sizes[] */
};

/** The largest EDNS size of each class; [0] is of queries without EDNS. */
extern const uint16_t observe_edns_sizes[OBSERVE_EDNS_SIZES];

/** Signals: `_ta-4f66` as a name, RFC 8145 5, or in an EDNS option, RFC 8145 4. */
enum observe_signal { OBSERVE_SIGNAL_QUERY, OBSERVE_SIGNAL_OPTION, OBSERVE_SIGNALS };

struct observe_counters {
	_Atomic uint64_t queries, sampled, sampled_leaks;
	_Atomic uint64_t signals[OBSERVE_SIGNALS], malformed[OBSERVE_SIGNALS], passed_over;
	/* queries for the root's DNSKEY */
	_Atomic uint64_t dnskey[OBSERVE_WAYS_IN], dnssec_ok[OBSERVE_WAYS_IN], truncated;
	_Atomic uint64_t edns[OBSERVE_WAYS_IN][OBSERVE_EDNS_SIZES];
	_Atomic uint64_t sizes[OBSERVE_WAYS_IN][OBSERVE_SIZES]; /* of replies */
	/* of those with EDNS: options were looked at, or their key tags passed over in a flood */
	_Atomic uint64_t options_seen, options_unseen;
};

/** One writer, its thread; read by the control plane meanwhile. Never moves. */
struct observer {
	/* fixed before the thread starts; a view before its generation is published */
	struct observe_view views[2]; /* of generations, in turn */
	uint64_t seed, network_limit;
	uint32_t sample_one_in;
	/* the thread's own */
	_Alignas(64) uint32_t countdown;
	uint64_t random;
	struct observe_counters counters;
	struct observe_bucket signals[2][OBSERVE_SIGNALS][OBSERVE_SIGNAL_BUCKETS]; /* [day % 2] */
	struct observe_bucket leaks[2][OBSERVE_LEAK_BUCKETS];
	_Alignas(64) struct observe_network networks[2][OBSERVE_NETWORKS]; /* [window % 2] */
};

/** Look at a page. A struct ledger_reader of the thread that fills it. Runs on: lcore. */
void observe_page(void *observer, const struct ledger_page *page);

/* ---- all of them: control plane, one thread ---- */

struct observe_settings {
	uint32_t sample_one_in;	  /* bursts whose names are looked at */
	uint32_t networks_one_in; /* networks whose repeats are looked at */
	/* a missing name is told if at least so many networks asked for it, so often */
	uint32_t leak_networks_min; /* 1..OBSERVE_LEAK_NETWORKS_MAX */
	uint32_t leak_queries_min;  /* estimated, error taken off */
	uint64_t seed;		    /* random, so that nobody knows who is looked at */
};

enum { OBSERVE_WRITERS_MAX = 256, OBSERVE_LEAK_NETWORKS_MAX = 48 };

struct observe_set;

/** @return NULL: no memory */
struct observe_set *observe_set_new(const struct observe_settings *settings);

/** With its observers, whose threads have ended. NULL is fine. */
void observe_set_free(struct observe_set *set);

/** @return the set's; NULL: no memory, or too many */
struct observer *observe_set_add(struct observe_set *set);

/** A service is about to be published, the one after the one that is served. */
void observe_set_prepare(
	struct observe_set *set, uint32_t generation, const struct image_catalogue *catalogue);

/** All that there is to tell, as the command "observe" replies (docs/control.md). */
json_t *observe_set_json(const struct observe_set *set, uint32_t now);

/* ---- parts of that ---- */

/** A label, all threads' together. */
struct observe_total {
	struct observe_label label;
	uint64_t count, error, networks;
};

/**
 * Merge buckets of a day.
 *
 * @param buckets  of each thread, `bucket_count` of them
 * @param totals   malloc'ed, the caller's to free; the highest count first
 * @return how many
 */
unsigned int observe_labels_merge(const struct observe_bucket *const *buckets,
	unsigned int thread_count, unsigned int bucket_count, uint32_t day,
	struct observe_total **totals);

/** About how many networks asked, from their bits; below 0: too many for these. */
double observe_networks_estimate(uint64_t networks);

enum observe_use {
	OBSERVE_USES,	   /* at most a tenth of its queries were repeats */
	OBSERVE_MIXED,	   /* between: several resolvers, or not all of them */
	OBSERVE_USES_NOT,  /* half and more */
	OBSERVE_NO_DNSSEC, /* it gets no NSEC records: most queries come without DO */
	OBSERVE_TOO_LITTLE,
	OBSERVE_USE_CLASSES
};

extern const char *const observe_use_names[OBSERVE_USE_CLASSES];

enum { OBSERVE_ASKED_MIN = 16 }; /* queries of a network before it is judged */

struct observe_aggressive {
	uint64_t networks[OBSERVE_USE_CLASSES];
	uint64_t asked, repeats; /* into the ranges looked at, with DO */
};

/** Merge networks of a window, OBSERVE_NETWORKS of each thread. */
void observe_networks_merge(const struct observe_network *const *networks,
	unsigned int thread_count, uint64_t window, struct observe_aggressive *sum);

#endif
