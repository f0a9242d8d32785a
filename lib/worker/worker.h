/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The lcore's work: a burst of received mbufs becomes a burst of replies, in place.
 */
#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "audit/audit.h"
#include "engine/engine.h"
#include "exception/exception.h"
#include "inject/inject.h"
#include "ledger/ledger.h"
#include "packet/packet.h"
#include "publish/publish.h"
#include "stats/stats.h"

struct rte_mbuf;

enum {
	WORKER_BURST = 32, /* a longer one stopped paying here */
	/* octets from a frame's start to its buffer's end: the longest reply, and what vectors read
	 * and write too far; a smaller buffer is answered frame by frame, or dropped if it is too
	 * small */
	WORKER_FRAME_ROOM = 1536,
};

/**
 * Packets by what became of them: each received one is in exactly one of `packet` (but PACKET_OURS)
 * or `engine`, which for a reply that limits hold back tells what it would have been. One writer,
 * the lcore; anybody reads.
 */
struct worker_counters {
	_Atomic uint64_t packet[PACKET_VERDICTS];
	_Atomic uint64_t engine[ENGINE_VERDICTS];
};

/** All that a burst is answered from; read only. */
struct worker_view {
	const struct engine_service *answers;
	const struct packet_service *service;
	struct limiter *limiter; /* of this lcore, after limit_tick(); NULL: no limits */
	uint32_t now;		 /* seconds since 1970, modulo 2^32 */
	bool verify_in_software; /* checksums of queries; false: the mbuf's flags are believed */
	bool trust_link;	 /* neither: the link never left this host */
	bool offload;		 /* the NIC fills in checksums of replies */
};

static_assert((int)WORKER_BURST <= (int)LEDGER_PAGE, "a burst is a page of the ledger");
static_assert((int)WORKER_BURST <= (int)STATS_BURST_MAX, "statistics know bursts as long");

/** How a burst's mbufs stand when it has been answered: replies, foreign ones, dropped ones. */
struct worker_sorted {
	uint16_t replies, foreign;
};

/**
 * Answer a burst.
 *
 * @param page   gets a line for each frame that was a query to us, in the order of the mbufs
 * @param mbufs  sorted on return; all stay the caller's
 * @param count  at most WORKER_BURST
 */
typedef struct worker_sorted worker_answer(const struct worker_view *view,
	struct worker_counters *counters, struct ledger_page *page, struct rte_mbuf **mbufs,
	uint16_t count);

/** One body compiled for several instruction sets; all give the same octets. */
struct worker_variant {
	const char *name; /* "plain", "avx2", "avx512" */
	worker_answer *answer;
};

/**
 * Choose a variant that this CPU can run.
 *
 * @param name  NULL: the best; else that one
 * @return  NULL: no such variant, or the CPU cannot run it
 */
const struct worker_variant *worker_variant_choose(const char *name);

enum { WORKER_QUEUES_MAX = 32, WORKER_LCORES_MAX = 128 };

/** What an lcore does while nothing comes. */
enum worker_idle {
	WORKER_IDLE_SLEEP, /* sleeps, longer by and by, up to WORKER_SLEEP_MAX_US */
	WORKER_IDLE_PAUSE, /* lets its hyper-thread's twin go first */
	WORKER_IDLE_SPIN,  /* asks again at once */
};

enum { WORKER_SLEEP_MAX_US = 200 };

/** A receive queue and the transmit queue of the same number. */
struct worker_queue {
	uint16_t port_id, queue_id;
	uint16_t burst;				      /* 1..WORKER_BURST */
	bool verify_in_software, trust_link, offload; /* see worker_view */
	struct exception_queue exception;
};

/** One for each lcore; lines are grouped by who writes them. */
struct worker {
	unsigned int index; /* among the readers of the slot */
	unsigned int queue_count;
	struct worker_queue queues[WORKER_QUEUES_MAX];
	struct publish_slot *slot;
	const struct packet_service *service;
	const struct worker_variant *variant;
	enum worker_idle idle;
	struct ledger_readers readers;
	struct limiter *limiter;    /* NULL: no limits */
	struct audit_ring *audit;   /* NULL: no self-audit */
	struct inject_ring *inject; /* NULL: control asks nothing */
	uint64_t tsc_ns;	    /* ns of a cycle, in 2^32 parts; worker_run() finds out */
	/* written by the lcore, read by anybody */
	_Alignas(64) struct worker_counters counters;
	_Atomic uint64_t received, sent, unsent;
	struct exception_counters exception;
	_Atomic uint64_t rounds; /* of the loop: counts up while the lcore turns */
	struct stats_bursts bursts;
	struct worker_counters injected; /* of frames that control put in; in no other counter */
	_Alignas(64) atomic_bool stop;	 /* written by control, read by the lcore */
};

/**
 * Answer the frame of inject_waiting(worker->inject) as if it had been received, with all checksums
 * in software, and put the reply back. The loop does one a round.
 */
void worker_inject_serve(
	struct worker *worker, const struct engine_service *answers, struct inject_slot *slot);

/**
 * The loop of an lcore, for rte_eal_remote_launch(). Ends soon after worker->stop is set, when it
 * has answered what had been received by then.
 */
int worker_run(void *worker);

#endif
