/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A traffic generator: lanes that send prepared queries at a rate, each at its time whether replies
 * come or not, and hold every reply against what the oracle says.
 *
 * What is expected is known beforehand, so a reply is right if its length and the hash of its
 * octets behind the id are those of the template that it answers. Which one that is, source port
 * and id tell: they are the index of a slot in the lane's table of queries on their way. Nothing
 * is shared by two lanes but the templates, which nobody writes.
 */
#ifndef SURGE_SURGE_H
#define SURGE_SURGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/base.h"
#include "base/counter.h"
#include "oracle/oracle.h"
#include "wire/wire.h"
#include "workload/workload.h"

struct rte_mempool;
struct rte_ring;

/* ---- latency ---- */

/* Each octave in 32 parts, so that a value is known to 3 %. */
enum { SURGE_PART_BITS = 5, SURGE_BUCKETS = (64 - SURGE_PART_BITS + 1) << SURGE_PART_BITS };

/** How often which duration was seen; any unit. One writer, any readers. */
struct surge_histogram {
	_Atomic uint64_t counts[SURGE_BUCKETS];
	_Atomic uint64_t most;
};

static inline unsigned int
surge_histogram_bucket(uint64_t value)
{
	unsigned int shift;

	if (value < 1u << SURGE_PART_BITS)
		return (unsigned int)value;
	shift = 63u - SURGE_PART_BITS - (unsigned int)__builtin_clzll(value);
	return ((shift + 1) << SURGE_PART_BITS) +
	       (unsigned int)((value >> shift) & ((1u << SURGE_PART_BITS) - 1));
}

static inline void
surge_histogram_add(struct surge_histogram *h, uint64_t value)
{
	counter_add(&h->counts[surge_histogram_bucket(value)], 1);
	if (value > counter_read(&h->most))
		atomic_store_explicit(&h->most, value, memory_order_relaxed);
}

/** Add what `from` has to `to`, less what `since` has (NULL: nothing). */
void surge_histogram_sum(struct surge_histogram *to, const struct surge_histogram *from,
	const struct surge_histogram *since);

/** The largest value of the bucket that the quantile (0..1) falls into, never above the largest
 * that was seen; 0: empty. */
uint64_t surge_histogram_quantile(const struct surge_histogram *h, double quantile);

uint64_t surge_histogram_count(const struct surge_histogram *h);

/** The largest value that falls into a bucket. */
uint64_t surge_histogram_bound(unsigned int bucket);

/* ---- what can be wrong with a reply, the first that applies ---- */

enum surge_fault {
	SURGE_RIGHT,
	SURGE_FAULT_LENGTH,    /* lengths of frame, IP, UDP contradict each other, or no header */
	SURGE_FAULT_CHECKSUM,  /* of IPv4 or UDP */
	SURGE_FAULT_UNASKED,   /* no such query is on its way, or it may not be answered */
	SURGE_FAULT_ENDPOINT,  /* not from whom, or not to whom */
	SURGE_FAULT_QUESTION,  /* not as it was sent */
	SURGE_FAULT_DUPLICATE, /* has been answered before */
	SURGE_FAULT_SIZE,      /* longer than the client said it can take */
	SURGE_FAULT_TC,	       /* set or clear wrongly */
	SURGE_FAULT_RCODE,
	SURGE_FAULT_FLAGS,
	SURGE_FAULT_MALFORMED, /* it does not end where its records do */
	SURGE_FAULT_DENIAL,    /* an NXDOMAIN whose NSEC records do not cover the name */
	SURGE_FAULT_CONTENT,   /* anything else that differs from what the oracle says */
	SURGE_FAULT_SIGNATURE, /* one of a sample's does not verify */
	SURGE_FAULTS
};

/** A word for each, as reports print it. */
extern const char *const surge_fault_names[SURGE_FAULTS];

/* ---- templates ---- */

/** How replies are held against the oracle's. */
enum surge_strictness {
	SURGE_OCTETS, /* every octet */
	SURGE_HEADER, /* another server's: endpoints, question, size, RCODE, QR and AA */
};

/** What a reply must be. */
struct surge_expectation {
	uint64_t hash;		/* XXH3 of the octets behind the id, server cookie left out */
	uint16_t length;	/* of the message; 0: silence is right */
	uint16_t hashed_length; /* octets of it before the server's cookie */
	uint8_t flags1, rcode;	/* first octet of flags, low four bits of RCODE */
	bool denial;		/* an NXDOMAIN with DO */
};

/** A query's frame, and what its reply must be. */
struct surge_template {
	struct surge_expectation expected;
	struct surge_expectation other; /* right as well; length 0: there is none */
	uint16_t reply_sum; /* of the expected UDP checksum, but for port, id, cookie; machine order
			     */
	uint16_t query_sum; /* likewise of the query */
	uint16_t frame_length, message_offset;
	uint16_t question_length;	   /* octets that the reply repeats; 0: none */
	uint16_t size_max;		   /* of the reply, as the client says */
	uint16_t slip_length, slip_hashed; /* of TC in its place, by limits; 0: no such thing */
	uint64_t slip_hash;
	uint32_t client;   /* that asks it, from 1 on; 0: none, it is of a flood */
	uint8_t lines;	   /* of 64 octets, to the next template */
	bool bears_cookie; /* a client's cookie stands at its end, room for the server's behind */
	uint8_t gap[2];
	uint8_t frame[]; /* id 0 and source port 0; room up to a whole line */
};
static_assert(sizeof(struct surge_template) == 64, "one line, so that the frame begins the next");

/** Templates one behind the other, in lines of 64 octets. */
struct surge_templates {
	uint8_t *lines;
	uint32_t line_count;
	size_t count, silent;
	uint32_t clients; /* templates that are not of a flood */
};

static inline const struct surge_template *
surge_template_at(const struct surge_templates *t, uint32_t line)
{
	return (const struct surge_template *)(const void *)(t->lines + (size_t)line * 64);
}

/** Of all queries, those that are not of a flood. */
static inline double
surge_clients_share(const struct surge_templates *t)
{
	return (double)t->clients / (double)t->count;
}

/** What the oracle needs. */
struct surge_model {
	struct oracle_zones zones;
	struct exchange_self self;
};

/**
 * Make templates of a workload, each with the oracle's answer to it.
 *
 * @param flood  queries that come evenly among the others; NULL: none
 * @param other  what is right as well: another version of a zone, which may replace the first while
 *               a run goes on; NULL: nothing
 * @return 0 or -errno
 */
int surge_templates_make(struct surge_templates *templates, const struct workload *work,
	const struct workload *flood, const struct surge_model *model,
	const struct surge_model *other, struct why *why);

/** Write the frame of a query from that port with that id; sums are right.
 *
 * @param frame  as long as the template's, and up to 63 octets more are written */
void surge_template_frame(
	const struct surge_template *template, uint16_t port, uint16_t id, uint8_t *frame);

/** Set from which MAC address all queries come. */
void surge_templates_mac_set(struct surge_templates *templates, const uint8_t mac[static 6]);

void surge_templates_free(struct surge_templates *templates);

/**
 * What the oracle answers to a query's frame.
 *
 * @param reply  at least WIRE_UDP_SIZE_OWN octets
 * @return octets; 0: none is due
 */
size_t surge_model_answer(
	const struct surge_model *model, const uint8_t *frame, size_t length, uint8_t *reply);

/* ---- lanes ---- */

enum { SURGE_FRAME_MAX = 1600, SURGE_SAMPLES = 256, SURGE_WRONG_MAX = 64, SURGE_LANES_MAX = 64 };
enum { SURGE_SLOTS_MIN = 1 << 12, SURGE_SLOTS_MAX = 1 << 22, SURGE_PORTS_MAX = 4096 };

/** A reply kept for others to look at. */
struct surge_sample {
	uint32_t line; /* of its template; UINT32_MAX: it belongs to none */
	uint16_t length;
	uint16_t id, port; /* of the query */
	enum surge_fault fault;
	struct timespec at;
	uint8_t frame[SURGE_FRAME_MAX];
};

/** Samples on their way from a lane to the control thread; full: dropped and counted. */
struct surge_ring {
	_Atomic uint32_t written, taken;
	struct surge_sample samples[SURGE_SAMPLES];
};

/** Of clients apart from a flood: what their queries came to. */
enum surge_end {
	SURGE_END_SENT,
	SURGE_END_ANSWERED,
	SURGE_END_SLIPPED,
	SURGE_END_LOST,
	SURGE_END_LATE,
	SURGE_END_SPOILED,
	SURGE_ENDS
};

struct surge_counters {
	_Atomic uint64_t sent, sent_octets;
	_Atomic uint64_t answered; /* in time and right */
	_Atomic uint64_t lost;	   /* not answered in time, at all or rightly */
	_Atomic uint64_t late;	   /* right, but after the query was counted as lost */
	_Atomic uint64_t silent;   /* not answered, and rightly so */
	_Atomic uint64_t spoiled;  /* answered in time, but wrongly */
	_Atomic uint64_t slipped; /* met by TC, since limits of the server's held the answer back */
	_Atomic uint64_t received, received_octets;
	_Atomic uint64_t other;	    /* frames that are no UDP from port 53 to ours: ARP, ND, ... */
	_Atomic uint64_t crossed;   /* handed to the lane that had sent the query */
	_Atomic uint64_t refused;   /* times that the transmit ring was full */
	_Atomic uint64_t unsampled; /* samples that found the ring full */
	_Atomic uint64_t rcodes[16];
	_Atomic uint64_t faults[SURGE_FAULTS];
	_Atomic uint64_t clients[SURGE_ENDS]; /* part of the above */
};

/** A query on its way, or what became of it. */
enum surge_fate { SURGE_UNUSED, SURGE_WAITING, SURGE_SILENT, SURGE_ANSWERED, SURGE_LOST };

struct surge_slot {
	uint64_t due;  /* cycles: when it was to be sent */
	uint32_t line; /* of its template */
	uint16_t id;
	uint8_t fate;
};

/** What a run asks of a lane. */
struct surge_run {
	double interval;   /* cycles between two queries; 0: as fast as the window lets */
	uint64_t start;	   /* cycles: the first query's time */
	uint64_t duration; /* cycles */
	uint64_t grace;	   /* cycles behind it, for queries that were due in it */
	uint64_t queries;  /* at most */
	uint64_t timeout;  /* cycles */
	uint32_t window;   /* queries on their way at most; 0: any */
	bool calm;	   /* clients alone, no flood */
};

/** One transmit and receive queue, its queries on their way, its figures. */
struct surge_lane {
	/* fixed before it runs */
	uint16_t port_id, queue_id;
	uint16_t index, lane_count; /* all lanes' ports follow each other */
	struct surge_lane *const *lanes;
	struct rte_mempool *pool;
	const struct surge_templates *templates;
	struct surge_slot *slots;
	unsigned int slot_bits, port_bits; /* log2 of slots, of source ports */
	uint16_t first_port;		   /* of all lanes */
	uint16_t id_secret;
	enum surge_strictness strictness;
	uint32_t sample_each; /* 0: never */
	/* Clients are counted apart from a flood, against which a server has limits: losses by the
	 * second and latencies are theirs alone, and TC is no fault. */
	bool apart;
	/* what clients got from the server, by their number; the first octet of a server's part is
	 * its version, never 0: none yet. NULL: nobody keeps any */
	uint8_t (*cookies)[WIRE_COOKIE_SERVER_SIZE];
	struct rte_ring *crossed; /* frames that other lanes received, for this one */
	struct surge_ring *samples;
	struct surge_sample *wrong; /* SURGE_WRONG_MAX of them */
	/* the lane's own */
	uint64_t next, oldest; /* numbers of queries */
	uint64_t in_flight;    /* that replies are due to */
	uint64_t until_sample;
	uint32_t line; /* of the next query */
	_Atomic uint32_t wrong_count;
	_Atomic uint32_t *lost_in; /* second of the run that the query was due in */
	uint32_t seconds;	   /* of them */
	struct surge_run run;
	double due;	/* of the next query */
	uint64_t ended; /* cycles: when it sent no more */
	struct surge_counters counters;
	struct surge_histogram latency; /* cycles from a query's time to its reply */
};

/** Lanes that one lcore serves. */
struct surge_runner {
	struct surge_lane *lanes[SURGE_LANES_MAX];
	unsigned int count;
	atomic_bool *stop; /* send no more */
};

/** Send, receive and verify until the run is over and all replies are there or lost. For
 * rte_eal_remote_launch(). @param runner  struct surge_runner @return 0 */
int surge_runner_run(void *runner);

/** Whether source ports and slots of a lane are set so that each slot has a port and an id. */
static inline bool
surge_lane_fits(unsigned int slot_bits, unsigned int port_bits)
{
	return slot_bits >= port_bits && slot_bits - port_bits <= 16;
}

/* ---- a closer look, by the control thread ---- */

struct surge_examiner;

/**
 * Prepare to examine samples.
 *
 * @param model  not owned; with the keys of its first zone signatures are verified
 * @param other  right as well, not owned; NULL: nothing
 * @param each   of so many samples one has its signatures verified; 0: none
 * @param at     when they must be valid
 */
int surge_examiner_new(struct surge_examiner **examiner, const struct surge_model *model,
	const struct surge_model *other, enum surge_strictness strictness, unsigned int each,
	time_t at, struct why *why);
void surge_examiner_free(struct surge_examiner *examiner);

/**
 * Decode a reply, compare it with the oracle's answer to the query, verify what it denies and, of
 * some, its signatures.
 *
 * @param template  that it was sent from
 * @param why       what is wrong
 */
enum surge_fault surge_examine(struct surge_examiner *examiner,
	const struct surge_template *template, const struct surge_sample *sample, struct why *why);

/** How many signatures were verified. */
uint64_t surge_examiner_verified(const struct surge_examiner *examiner);

/**
 * Whether the NSEC records of an NXDOMAIN's authority section deny the name and the wildcard at its
 * closest encloser (RFC 4035 3.1.3.2).
 *
 * @param message  any octets
 */
bool surge_denial_proves(const uint8_t *message, size_t length);

/**
 * What is wrong with a reply to a known query. Runs on: lcore.
 *
 * @param message  the reply
 * @param query    its message
 */
enum surge_fault surge_fault_find(const struct surge_template *template,
	enum surge_strictness strictness, const uint8_t *message, size_t length,
	const uint8_t *query);

/* ---- the highest rate without loss (RFC 2544 26.1) ---- */

/** A binary search; rates in queries a second. */
struct surge_search {
	double least, low, high; /* nothing below is tried; passed, 0: none; failed, or the most */
	double resolution;	 /* share of the rate that it may end within */
	double rate;		 /* to try next */
	bool high_failed, over;
};

/** Begin with `most`. */
void surge_search_begin(struct surge_search *search, double least, double most, double resolution);

/** Tell what became of search->rate; then search->rate is the next, or search->over and the highest
 * that passed, 0: none. */
void surge_search_tell(struct surge_search *search, bool passed);

#endif
