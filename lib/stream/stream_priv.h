/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef STREAM_STREAM_PRIV_H
#define STREAM_STREAM_PRIV_H

#include <sys/queue.h>
#include <sys/socket.h>
#include <uv.h>

#include "base/counter.h"
#include "stream/stream.h"

/* ---- framing, pure ---- */

/** What stands at the front of received octets (RFC 1035 4.2.2). */
enum stream_framing {
	STREAM_FRAMING_MESSAGE, /* a whole one */
	STREAM_FRAMING_PART,	/* of one, or nothing */
	STREAM_FRAMING_ZERO_LENGTH,
	STREAM_FRAMING_SHORT,
	STREAM_FRAMING_LONG,
	STREAM_FRAMING_REPLY, /* a whole one, but of a server: never by stream_frame() */
};

enum { STREAM_LENGTH_SIZE = 2 };

/** @param length  of the message behind its length, if there is a whole one */
enum stream_framing stream_frame(const uint8_t *octets, size_t size, size_t *length);

/* ---- idle timeouts, pure ---- */

/* RFC 7766 6.2.3, RFC 9210 4.4: long while there are few connections, short when limits are near */
enum { STREAM_IDLE_MIN_MS = 1000, STREAM_EASE_PERCENT = 50, STREAM_PRESS_PERCENT = 90 };

/** How long a connection may be idle, with `count` of at most `limit` open. */
unsigned int stream_idle_ms(unsigned int idle_max_ms, unsigned int count, unsigned int limit);

/** What edns-tcp-keepalive tells of it, in units of 100 ms; 0: please close (RFC 7828 3.2.2). */
uint16_t stream_keepalive(unsigned int idle_max_ms, unsigned int count, unsigned int limit);

/* ---- connections by where they come from ---- */

/** What a connection waits for; each state has its own timeout, counted from its beginning. */
enum connection_state {
	CONNECTION_IDLE,    /* for a query */
	CONNECTION_READING, /* for the rest of one */
	CONNECTION_WRITING, /* for the client to take answers; nothing is read meanwhile */
	CONNECTION_STATES
};

TAILQ_HEAD(connections, connection);

/** The connections of a network; the longest in a state come first. */
struct stream_prefix {
	uint64_t key;
	struct stream_prefix *next; /* of the same bucket */
	unsigned int count;
	struct connections connections[CONNECTION_STATES];
};

struct stream_prefixes {
	struct stream_prefix **buckets;
	unsigned int mask;
	uint8_t secret[16]; /* or clients would choose their bucket */
};

/** @param count  of networks that are expected. @return 0 or -ENOMEM */
int stream_prefixes_init(struct stream_prefixes *prefixes, unsigned int count);
void stream_prefixes_free(struct stream_prefixes *prefixes);

/** Enter a connection from an address of 4 or 16 octets. @return its prefix; NULL: no memory */
struct stream_prefix *stream_prefix_enter(
	struct stream_prefixes *prefixes, const uint8_t *address, size_t size);

/** The last connection that leaves takes the prefix with it. */
void stream_prefix_leave(struct stream_prefixes *prefixes, struct stream_prefix *prefix);

/* ---- a thread ---- */

enum {
	STREAM_SOCKETS_MAX = 2 * PACKET_SERVICE_MAX,
	STREAM_INPUT_SIZE = 16 << 10, /* read at once: some 400 queries */
	/* answers written at once, before the one that goes beyond it */
	STREAM_OUTPUT_FULL = 64 << 10,
	STREAM_OUTPUT_SIZE = STREAM_OUTPUT_FULL + STREAM_LENGTH_SIZE + WIRE_TCP_SIZE_MAX,
	STREAM_QUEUE_MAX = 64 << 20, /* octets that wait for clients to take them, of a thread */
	STREAM_WRITE_TIMEOUT_MS = 10000,
	STREAM_SWEEP_MS = 100,
	STREAM_UDP_BURST = 64,
};

struct stream_udp; /* a burst's buffers */

struct stream_socket {
	struct stream_thread *thread;
	int fd;
	bool starved; /* a connection waits for memory */
	union {
		uv_handle_t handle;
		uv_tcp_t tcp;
		uv_poll_t poll;
	} uv;
};

/** Lines are grouped by who writes them; all but the counters is the thread's own while it runs. */
struct stream_thread {
	const struct stream_settings *settings;
	unsigned int reader; /* of the slot */
	uv_loop_t loop;
	uv_async_t stop;
	uv_timer_t sweep;
	pthread_t id;
	bool opened, started;
	unsigned int listener_count, udp_count;
	struct stream_socket listeners[STREAM_SOCKETS_MAX], udp_sockets[STREAM_SOCKETS_MAX];
	unsigned int connection_count, connections_max, per_prefix_max;
	struct connections connections[CONNECTION_STATES];
	struct stream_prefixes prefixes;
	size_t queued;	 /* octets kept for connections in CONNECTION_WRITING */
	uint64_t events; /* tells whether a round of the loop did anything */
	struct stream_udp *udp;
	struct ledger_readers readers;
	struct limiter *limiter; /* NULL: no limits */
	struct ledger_page page;
	uint8_t *input; /* a part kept of a message, and what is read behind it */
	uint8_t *output;
	_Alignas(64) struct stream_counters counters;
};

static inline void
stream_counted(struct stream_thread *thread, enum stream_count which)
{
	counter_add(&thread->counters.counts[which], 1);
}

static inline const struct engine_service *
stream_service_enter(const struct stream_thread *thread)
{
	publish_online(thread->settings->slot, thread->reader);
	return publish_read(thread->settings->slot);
}

/** A thread waits only outside, or no service could be replaced. */
static inline void
stream_service_leave(const struct stream_thread *thread)
{
	publish_offline(thread->settings->slot, thread->reader);
}

/** Begin a page of what a service answers. */
static inline void
stream_page_begin(struct stream_thread *thread, const struct engine_service *service, uint32_t now)
{
	thread->page.now = now;
	thread->page.generation = service->generation;
	thread->page.strained = false;
	thread->page.count = 0;
}

/** The next line; what is behind it may not be reused before the page is read. */
static inline struct ledger_line *
stream_page_line(struct stream_thread *thread)
{
	return &thread->page.lines[thread->page.count++];
}

static inline void
stream_page_read(struct stream_thread *thread)
{
	if (thread->page.count)
		ledger_read(&thread->readers, &thread->page);
	thread->page.count = 0;
}

/** Open the sockets of a thread, not yet watched. */
int stream_sockets_open(struct stream_thread *thread, struct why *why);

/** Tell whether another process has one of the addresses and ports. */
int stream_sockets_probe(const struct stream_settings *settings, struct why *why);

/** Make what a thread needs; undone by stream_thread_free(), also if it fails. */
int stream_thread_init(struct stream_thread *thread, struct why *why);
void *stream_thread_run(void *thread);
void stream_thread_free(struct stream_thread *thread);

/** A connection waits to be accepted: a uv_connection_cb. */
void stream_connection_accept(uv_stream_t *listener, int status);

/** Close those that were in their state for too long. */
void stream_connections_sweep(struct stream_thread *thread);

/** Close all connections but those in CONNECTION_WRITING, and these too if `all`. */
void stream_connections_close(struct stream_thread *thread, bool all);

/** @return NULL: no memory */
struct stream_udp *stream_udp_new(void);

/** Datagrams are there: a uv_poll_cb. */
void stream_udp_ready(uv_poll_t *poll, int status, int events);

#endif
