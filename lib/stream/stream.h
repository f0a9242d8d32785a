/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DNS over TCP (RFC 7766, 7828, 9210) and UDP on the kernel's sockets: beside the lcores, which
 * leave TCP, fragments and extension headers to the kernel, or alone, without any NIC queue (RFC
 * 8806).
 *
 * Each thread has a loop, sockets of its own on the same addresses (SO_REUSEPORT), and a share of
 * the limits; nothing is shared but the published service. Control plane calls only.
 */
#ifndef STREAM_STREAM_H
#define STREAM_STREAM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "engine/engine.h"
#include "ledger/ledger.h"
#include "packet/packet.h"
#include "publish/publish.h"

enum {
	STREAM_THREADS_MAX = 64,
	/* of a query: the longest name, every EDNS option there is and padding take a quarter (RFC
	 * 8467 4.1); what is longer costs memory and means nothing */
	STREAM_MESSAGE_MAX = 4096,
	STREAM_BACKLOG = 4096, /* of connections not yet accepted, and of TCP Fast Open's */
};

struct stream_settings {
	const struct packet_service *service; /* the addresses; outlives the stream */
	uint16_t port;
	bool tcp, udp;
	unsigned int thread_count;
	const unsigned int *cpus; /* one for each thread; NULL: wherever the caller may run */
	struct publish_slot *slot;
	unsigned int reader_first;	      /* thread i is reader reader_first + i of the slot */
	const struct ledger_readers *readers; /* one for each thread; NULL: nobody reads */
	struct limiter *const *limiters;      /* for UDP, one for each thread; NULL: no limits */
	/* each divided by the number of threads, which the kernel deals connections to evenly */
	unsigned int connections, connections_per_prefix; /* IPv4 /24, IPv6 /56 */
	unsigned int idle_timeout_ms;			  /* while there are few connections */
	unsigned int message_timeout_ms; /* from a message's first octet to its last */
};

/**
 * What happened. A connection that was accepted is closed for one reason; a datagram received is
 * dropped, or what the engine made of it is counted; a reply is sent or unsent.
 */
enum stream_count {
	STREAM_TCP_ACCEPTED,
	STREAM_TCP_CLOSED_CLIENT,	/* it had no more to ask */
	STREAM_TCP_CLOSED_RESET,	/* it, or the network, broke off */
	STREAM_TCP_CLOSED_IDLE,		/* it asked nothing for long */
	STREAM_TCP_CLOSED_SLOW_MESSAGE, /* a message took too long from first to last octet */
	STREAM_TCP_CLOSED_SLOW_READER,	/* it did not take its answers */
	STREAM_TCP_CLOSED_ZERO_LENGTH,
	STREAM_TCP_CLOSED_SHORT, /* a length below a header's */
	STREAM_TCP_CLOSED_LONG,	 /* a length above STREAM_MESSAGE_MAX */
	STREAM_TCP_CLOSED_REPLY, /* QR=1: it is no client */
	STREAM_TCP_CLOSED_LIMIT_TOTAL,
	STREAM_TCP_CLOSED_LIMIT_PREFIX,
	STREAM_TCP_CLOSED_MEMORY, /* answers that nobody takes fill what is set aside for them */
	STREAM_TCP_CLOSED_STOP,
	STREAM_UDP_RECEIVED,
	STREAM_UDP_SENT,
	STREAM_UDP_UNSENT,
	STREAM_UDP_DROP_SOURCE_PORT, /* as PACKET_DROP_SOURCE_PORT */
	STREAM_UDP_DROP_LONG,
	STREAM_COUNTS
};

/** A word for each, as statistics print it: "tcp_closed_idle". */
extern const char *const stream_count_names[STREAM_COUNTS];

/** One writer, its thread; anybody reads. */
struct stream_counters {
	_Atomic uint64_t counts[STREAM_COUNTS];
	_Atomic uint64_t engine[2][ENGINE_VERDICTS]; /* [enum wire_transport] */
};

struct stream;

/** How many connections this process may have open, by RLIMIT_NOFILE's hard limit. */
unsigned int stream_connections_possible(void);

/**
 * Open all sockets, and start the threads.
 *
 * @param stream  the caller's: stream_stop()
 */
int stream_start(const struct stream_settings *settings, struct stream **stream, struct why *why);

/**
 * Accept no more, answer what was received, close, and end within STREAM_STOP_MAX_MS. NULL is fine.
 * Counters can still be read.
 */
void stream_stop(struct stream *stream);

enum { STREAM_STOP_MAX_MS = 2000 };

/** Of a stopped one. NULL is fine. */
void stream_free(struct stream *stream);

/** Sums over the threads. */
uint64_t stream_count(const struct stream *stream, enum stream_count which);
uint64_t stream_count_engine(
	const struct stream *stream, enum wire_transport transport, enum engine_verdict verdict);

#endif
