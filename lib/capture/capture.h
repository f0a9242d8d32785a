/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Capture: queries and what became of them, in files of C-DNS (RFC 8618).
 *
 *   lcore, stream thread -- a page of the ledger --> its own struct capture_ring   (ring.c, hot)
 *   writer thread        <-- records --------------- all rings: encodes, compresses, writes
 *
 * Query and reply are one line of the ledger, so that nothing has to be paired. A ring that is full
 * drops records and counts them. A disk that is full, a directory that is gone and a clock that is
 * set back are reported once, counted and got over; those who answer never notice.
 */
#ifndef CAPTURE_CAPTURE_H
#define CAPTURE_CAPTURE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/counter.h"
#include "base/why.h"
#include "ledger/ledger.h"

/* ---- out of a thread that answers ---- */

enum capture_record_flag {
	CAPTURE_REPLIED = 1 << 0,   /* a reply went out */
	CAPTURE_REPLY_OPT = 1 << 1, /* with OPT */
	CAPTURE_REPLY_NO_QUESTION = 1 << 2,
	CAPTURE_MALFORMED = 1 << 3, /* shorter than a header */
	CAPTURE_UNASKED = 1 << 4,   /* a response (QR=1) that came as if it were a query */
};

/** A line of the ledger, copied. Its QNAME follows, in wire format and the case that it came in. */
struct capture_record {
	uint64_t ticks;			       /* rte_rdtsc() */
	uint16_t id, query_flags, reply_flags; /* octets 2 and 3 of a header, in host order */
	uint16_t qtype, qclass;
	uint16_t query_length, reply_length, edns_size, client_port;
	uint8_t flags;	      /* enum capture_record_flag */
	uint8_t ledger_flags; /* enum ledger_flag */
	uint8_t rcode, edns_version, opcode;
	uint8_t qname_length; /* octets that follow; 0: no question was read */
	uint8_t client[16];
	uint8_t qname[];
};
static_assert(sizeof(struct capture_record) == 48, "no holes");

enum { CAPTURE_RECORD_MAX = sizeof(struct capture_record) + 256 };

/**
 * A ring of records of one thread, each as long as its name needs. What begins before the end may
 * go beyond it, into room that is used for nothing else, so that a record lies in one piece.
 * Positions count octets since the start.
 */
struct capture_ring {
	uint32_t one_in; /* fixed */
	uint32_t left;	 /* the thread's: lines up to and with the next one kept, >= 1 */
	uint64_t size;	 /* a power of two */
	uint64_t at;	 /* the thread's: where the next record begins */
	uint64_t room;	 /* the thread's: what was free when it last looked ends here */
	_Alignas(64) _Atomic uint64_t written; /* by the thread; release, pairs with acquire in
						  capture_ring_next() */
	_Atomic uint64_t dropped;	       /* records, because it was full */
	_Atomic uint64_t strained;	     /* lines that were not looked at: the node shed load */
	_Alignas(64) _Atomic uint64_t taken; /* by the writer; release, pairs with acquire in
						capture_take() */
	_Alignas(64) uint8_t octets[];
};

/** @param size  octets, a power of two. @return NULL: no memory */
struct capture_ring *capture_ring_make(uint32_t one_in, size_t size);

/** NULL is fine. */
void capture_ring_free(struct capture_ring *ring);

/** Keep those lines of a page that it is the turn of. For capture_offer(). */
void capture_take(struct capture_ring *ring, const struct ledger_page *page);

/**
 * One line in `one_in` of all that a thread answers is kept, but while the node sheds load, when
 * lines are only counted. A page without one costs a subtraction. Runs on: lcore.
 */
static inline void
capture_offer(struct capture_ring *ring, const struct ledger_page *page)
{
	if (page->strained)
		counter_add(&ring->strained, page->count);
	else if (ring->left > page->count)
		ring->left -= page->count;
	else
		capture_take(ring, page);
}

/** capture_offer() as a struct ledger_reader has it. Runs on: lcore. */
void capture_read(void *ring, const struct ledger_page *page);

/**
 * The next record of a ring, lent until capture_ring_release(). On the writer thread.
 *
 * @param at  the position of it, moved on; begins with `taken`
 * @return NULL: there is none
 */
const struct capture_record *capture_ring_next(const struct capture_ring *ring, uint64_t *at);

/** All before a position may be overwritten. */
void capture_ring_release(struct capture_ring *ring, uint64_t at);

/* ---- the writer ---- */

enum capture_compression { CAPTURE_ZSTD, CAPTURE_XZ, CAPTURE_PLAIN };

/** What is kept of a client's address. */
struct capture_privacy {
	unsigned int ipv4_prefix, ipv6_prefix; /* bits, 1 to 32 and 128 */
	bool pseudonyms; /* addresses that share a prefix have pseudonyms that do */
	uint8_t key[16]; /* of these */
};

/**
 * What is kept of an address.
 *
 * @param kept  at least 16 octets
 * @return how many octets are kept: what the prefix covers, its last bits zero
 */
size_t capture_privacy_apply(
	const struct capture_privacy *privacy, bool ipv6, const uint8_t *address, uint8_t *kept);

/** When a record was made; both clocks and the counter are read at once. */
struct capture_moment {
	uint64_t ticks;
	int64_t monotonic_ns, real_ns;
};

enum capture_event {
	CAPTURE_FILE_DONE, /* and has its name */
	CAPTURE_FAULT,	   /* nothing is written until CAPTURE_RESUMED */
	CAPTURE_RESUMED,
	CAPTURE_CLOCK_STEPPED,
	CAPTURE_DROPPING, /* a ring was full */
	CAPTURE_EVENTS
};

enum { CAPTURE_RINGS_MAX = 256, CAPTURE_SERVERS_MAX = 16, CAPTURE_ITEMS_MAX = 10000 };

struct capture_settings {
	const char *directory;
	const char *host;      /* who captures; part of the files' names, and in them */
	const char *generator; /* name and version of the program */
	uint32_t one_in;
	size_t ring_size; /* octets of each thread, a power of two */
	unsigned int rotate_seconds;
	uint64_t rotate_size; /* octets as written; a file has a block more at most */
	enum capture_compression compression;
	struct capture_privacy privacy;
	/* the service addresses; a family that has but one has it in each item */
	unsigned int server_count;
	struct capture_server {
		uint8_t size, octets[16];
	} servers[CAPTURE_SERVERS_MAX];
	uint16_t server_port; /* 0: not the same for all */
	/* told on the writer's thread, one line without a line feed: facts as key=value */
	void (*say)(void *context, enum capture_event event, const char *text);
	void *context;
	void (*now)(struct capture_moment *moment); /* NULL: the system's clocks */
};

/** One writer, many readers. */
struct capture_counts {
	uint64_t records;  /* that were put into blocks */
	uint64_t dropped;  /* by full rings */
	uint64_t strained; /* queries that were left out while the node shed load */
	uint64_t lost;	   /* records of blocks that could not be written */
	uint64_t blocks, files, octets;
	uint64_t faults;      /* times that writing began to fail */
	uint64_t clock_steps; /* of more than half a second */
	bool failing;
};

struct capture;

/**
 * Start the writer. A directory that is not there is no error: it may come.
 *
 * @param settings  copied, but for the texts, which outlive the capture
 */
int capture_start(
	const struct capture_settings *settings, struct capture **capture, struct why *why);

/** A ring for one more thread. @return the capture's; NULL: no memory, or too many */
struct capture_ring *capture_ring_add(struct capture *capture);

/** Write all that there is, end the thread and free it with its rings, whose threads have ended.
 * NULL is fine. */
void capture_stop(struct capture *capture);

/** How it treats addresses; fixed. */
const struct capture_privacy *capture_privacy_of(const struct capture *capture);

/** Any thread. */
void capture_counts(const struct capture *capture, struct capture_counts *counts);

/** Whether nothing can be written at present. Any thread. @param why  filled in if so */
bool capture_fails(struct capture *capture, struct why *why);

#endif
