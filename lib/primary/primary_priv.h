/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PRIMARY_PRIMARY_PRIV_H
#define PRIMARY_PRIMARY_PRIV_H

#include <sys/queue.h>

#include "base/counter.h"
#include "exchange/exchange.h"
#include "primary/primary.h"

/* ---- addresses and the access list (access.c), pure ---- */

/** Where somebody asks from; IPv4 as it is, also if a socket for both families says it mapped. */
struct primary_source {
	uint8_t size; /* 4 or 16 */
	uint8_t octets[16];
	uint16_t port;
};

struct primary_source primary_source_of(const struct sockaddr *address);

/** Whether two are of the network that a site gets: IPv4 /24, IPv6 /56. */
bool primary_source_is_near(const struct primary_source *a, const struct primary_source *b);

/** Whether whoever asks, signing with that key or not at all (NULL), may do it. */
bool primary_access_allows(const struct primary_access *list, unsigned int count,
	const struct primary_source *source, const struct tsig_key *key,
	enum primary_action action);

/** Whether there is anything that somebody at this address could be allowed, with the right key. */
bool primary_access_knows(
	const struct primary_access *list, unsigned int count, const struct primary_source *source);

/* ---- as fast as it may (pace.c), pure ---- */

/* A transfer writes while there is anything left, and owes what it wrote too much. */
struct primary_pace {
	uint64_t per_second;
	int64_t left;
	uint64_t at_ms;
};

enum { PRIMARY_PACE_BURST_MS = 100 }; /* what may be saved up */

void primary_pace_init(struct primary_pace *pace, uint64_t per_second, uint64_t now_ms);
bool primary_pace_may(struct primary_pace *pace, uint64_t now_ms);
void primary_pace_take(struct primary_pace *pace, size_t octets);

/* ---- records in memory (block.c, difference.c), pure ---- */

/** Records as wire_record_read() reads them, shared by zones and transfers. */
struct primary_block {
	unsigned int users;
	size_t length;
	uint8_t octets[];
};

/** @return a block with one user; NULL: no memory */
struct primary_block *primary_block_new(size_t length);
struct primary_block *primary_block_use(struct primary_block *block);
void primary_block_drop(struct primary_block *block); /* NULL is fine */

/**
 * What must go and what must come to make the records of one version those of another, as IXFR says
 * it: the old SOA, deletions, the new SOA, additions (RFC 1995 4). Both are as image_records() has
 * them.
 *
 * @param limit  of octets
 * @return 0; -ENOMEM; -E2BIG: it takes more; -EINVAL: records out of order
 */
int primary_difference(const struct primary_block *from, const struct primary_block *to,
	size_t limit, struct primary_block **difference);

/* ---- versions of a zone (zone.c) ---- */

/** How far a secondary has been told. */
struct primary_notification {
	enum primary_notice notice;
	uint32_t serial;
	unsigned int attempts;
	uint64_t next_ms; /* if PRIMARY_NOTICE_SENT: when it is sent again, or given up */
	uint16_t id;
	struct tsig_session session; /* key NULL: none is open */
	const char *complaint;	     /* about an answer that did not count */
};

enum { PRIMARY_SOURCES_MAX = 8 };

/** A NOTIFY that is accepted and not yet told. */
struct primary_notified {
	struct sockaddr_storage source;
	uint64_t told_ms; /* the last one of this source; 0: none yet */
	bool waits, has_serial;
	uint32_t serial;
};

struct primary_zone {
	struct wire_name origin; /* folded */
	bool is_there, is_expired, may_serve;
	uint32_t serial;
	size_t soa_length;	       /* of the record that comes first */
	struct primary_block *records; /* NULL: no version has been there */
	unsigned int difference_count;
	size_t difference_size; /* octets of all, at most those of the zone */
	/* oldest first; each ends where the next begins, the last one at serial */
	struct primary_step {
		uint32_t from;
		struct primary_block *difference;
	} steps[PRIMARY_VERSIONS_MAX];
	struct primary_notification *notifications; /* one for each secondary */
	struct primary_notified notified[PRIMARY_SOURCES_MAX];
};

/** @return NULL: no memory */
struct primary_zone *primary_zone_new(const struct wire_name *origin, unsigned int secondary_count);
void primary_zone_free(struct primary_zone *zone);

/**
 * Take a version, and keep the difference to the one before.
 *
 * @param records  becomes the zone's
 * @param versions of which differences are kept
 */
void primary_zone_advance(struct primary_zone *zone, struct primary_block *records, uint32_t serial,
	unsigned int versions);

/** What a transfer says: parts of blocks in order. */
struct primary_contents {
	unsigned int count;
	struct primary_part {
		struct primary_block *block; /* used */
		size_t length;		     /* from its beginning */
	} parts[PRIMARY_VERSIONS_MAX + 2];
};

void primary_contents_soa(struct primary_contents *contents, const struct primary_zone *zone);
void primary_contents_whole(struct primary_contents *contents, const struct primary_zone *zone);

/** @return false: that version is not known, or all of the zone is shorter; nothing is filled in */
bool primary_contents_differences(
	struct primary_contents *contents, const struct primary_zone *zone, uint32_t serial);
void primary_contents_drop(struct primary_contents *contents);

/* ---- messages (pack.c) ---- */

/** Names that stand in the message that is being packed; of the control plane, so one is enough. */
struct primary_names {
	struct wire_compression table;
	unsigned int count;
	struct wire_name names[WIRE_COMPRESSION_MAX + 1]; /* and one to be tried */
};

/** Begin a message: what is already in it (its question) can be pointed to. */
void primary_names_begin(struct primary_names *names, const struct wire_query *query);

/** How far into its contents a transfer is. */
struct primary_place {
	unsigned int part;
	size_t offset;
};

/**
 * Write records, compressed, until the message holds `enough` octets, or is full, or none is left.
 *
 * @return how many; 0: the next one fits no message, if any is left
 */
unsigned int primary_pack(const struct primary_contents *contents, struct primary_place *place,
	struct primary_names *names, size_t enough, struct wire_writer *w);

static inline bool
primary_place_is_end(const struct primary_contents *contents, const struct primary_place *place)
{
	return place->part == contents->count;
}

/* ---- a request, whatever way it came (request.c) ---- */

/** A transfer that is underway. */
struct primary_transfer;

struct primary_request {
	struct primary *primary;
	const struct sockaddr *address;
	struct primary_source source;
	enum wire_transport transport;
	uint8_t *message; /* changed: its TSIG goes */
	size_t length;
	uint8_t *reply; /* PRIMARY_REPLY_SIZE octets */
	size_t reply_length;
	struct primary_transfer *transfer; /* to be sent instead of a reply; the caller's */
	/* while it is judged */
	bool is_notified;
	const struct engine_service *service;
	struct exchange_peer peer;
	struct exchange x;
	struct tsig_session session;
};

enum { PRIMARY_REPLY_SIZE = WIRE_TCP_SIZE_MAX + TSIG_RECORD_MAX };

/** Octets that signing adds at most; 0 if it is not signed. */
size_t primary_signature_size(const struct tsig_session *session);

/** Answer it. Neither a reply nor a transfer: it gets none. */
void primary_request_answer(struct primary_request *request);

/** Whether so many transfers run that this one would be too many. */
bool primary_transfer_is_limited(
	const struct primary *primary, const struct primary_source *source);

/* ---- transfers (transfer.c) ---- */

struct primary_connection;

struct primary_transfer {
	TAILQ_ENTRY(primary_transfer) of_all;
	TAILQ_ENTRY(primary_transfer) of_waiting;
	struct primary *primary;
	struct primary_connection *connection;
	struct primary_source source;
	struct primary_contents contents;
	struct primary_place place;
	struct wire_name origin;
	uint32_t serial;
	const char *kind; /* for the log */
	/* of the request: what each message of the answer repeats */
	uint8_t head[WIRE_HEADER_SIZE + WIRE_QUESTION_MAX];
	struct wire_query query;
	struct wire_reply_options options;
	uint8_t nsid[WIRE_NSID_MAX];
	struct tsig_session session; /* key NULL: not signed */
	struct primary_pace pace;
	bool waits; /* for being allowed more octets */
	unsigned int messages;
	uint64_t octets, began_ms;
};

TAILQ_HEAD(primary_transfers, primary_transfer);

/**
 * Make one from a request. Its session goes over to the transfer.
 *
 * @param contents  goes over too, also if it fails
 * @return NULL: no memory
 */
struct primary_transfer *primary_transfer_new(struct primary_request *request,
	const struct primary_zone *zone, const char *kind, struct primary_contents *contents);

/** Build the next message. @return its octets; 0: it cannot be built, and the transfer fails */
size_t primary_transfer_next(struct primary_transfer *transfer, uint8_t *message, size_t size);

static inline bool
primary_transfer_is_done(const struct primary_transfer *transfer)
{
	return primary_place_is_end(&transfer->contents, &transfer->place);
}

/** Whether it may write now; if not it waits, and primary_connection_continue() comes later. */
bool primary_transfer_may(struct primary_transfer *transfer);

/** It is over. @param why  NULL: all was sent */
void primary_transfer_end(struct primary_transfer *transfer, const char *why);

/* ---- connections (connection.c) ---- */

TAILQ_HEAD(primary_connections, primary_connection);

void primary_connection_accept(uv_stream_t *listener, int status);

/** Write the next message of its transfer. */
void primary_connection_continue(struct primary_connection *connection);

/** Close those that wait for too long. */
void primary_connections_sweep(struct primary *primary);
void primary_connections_close(struct primary *primary);

/* ---- datagrams (datagram.c) ---- */

void primary_datagram_offer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer);
void primary_datagram_take(uv_udp_t *socket, ssize_t count, const uv_buf_t *buffer,
	const struct sockaddr *source, unsigned int flags);

/* ---- NOTIFY (notify.c) ---- */

/* RFC 1996 3.6 leaves the times to us: twice as long each time */
enum { PRIMARY_NOTIFY_ATTEMPTS = 9, PRIMARY_NOTIFY_DELAY_MAX_MS = 60000 };

/** How long an answer is awaited after so many attempts; pure. */
unsigned int primary_notify_delay_ms(unsigned int attempts);

/** A version is there that secondaries do not know. */
void primary_notify_begin(struct primary *primary, struct primary_zone *zone);
void primary_notify_forget(const struct primary *primary, struct primary_zone *zone);
void primary_notify_answered(uv_udp_t *socket, ssize_t count, const uv_buf_t *buffer,
	const struct sockaddr *source, unsigned int flags);
void primary_notify_due(uv_timer_t *timer);

/** One came in and is accepted: it waits for primary_notified_flush(). */
void primary_notified_take(struct primary_zone *zone, const struct sockaddr *source,
	const struct wire_request *request);

/** Tell of those that wait, unless their source was told of just now. @return whether any is left
 */
bool primary_notified_flush(struct primary *primary);

/* ---- all of it (primary.c, open.c) ---- */

enum {
	PRIMARY_ZONES_MAX = 2 * IMAGE_CATALOGUE_MAX,
	PRIMARY_TICK_MS = 100,
	PRIMARY_PACE_MS = 10,
	PRIMARY_BACKLOG = 128,
};

struct primary_socket {
	struct primary *primary;
	bool is_tls;
	union {
		uv_handle_t handle;
		uv_udp_t udp;
		uv_tcp_t tcp;
	} uv;
};

struct primary {
	const struct primary_settings *settings;
	struct tls_context *tls;   /* NULL: no listener has it */
	unsigned int handle_count; /* that libuv has not let go */
	bool is_closing;
	unsigned int socket_count;
	struct primary_socket sockets[2 * PRIMARY_LISTENERS_MAX];
	/* NOTIFY goes out here; sockets[i].uv.handle.type UV_UNKNOWN_HANDLE: none of that family */
	struct primary_socket notify_ipv4, notify_ipv6;
	uv_timer_t tick;   /* runs while there are connections, or a NOTIFY to be told */
	uv_timer_t paced;  /* runs while a transfer waits */
	uv_timer_t notify; /* until the next NOTIFY is due */
	unsigned int zone_count;
	struct primary_zone *zones[PRIMARY_ZONES_MAX];
	unsigned int connection_count, transfer_count;
	struct primary_connections connections; /* those that did nothing for longest come first */
	struct primary_transfers transfers, waiting;
	struct primary_pace pace;		  /* of all transfers */
	struct primary_pace datagrams, strangers; /* a datagram counts as one octet */
	struct primary_names names;
	uint8_t input[PRIMARY_MESSAGE_SIZE]; /* a datagram */
	uint8_t raw[16384];		     /* what came for TLS */
	uint8_t output[2 + PRIMARY_REPLY_SIZE];
	_Atomic uint64_t counts[PRIMARY_COUNTS];
};

static inline void
primary_counted(struct primary *primary, enum primary_count which)
{
	counter_add(&primary->counts[which], 1);
}

/** @return NULL: none of ours */
struct primary_zone *primary_zone_find(
	const struct primary *primary, const struct wire_name *origin);

/** Let the tick run as long as it is needed. */
void primary_tick_need(struct primary *primary);

/** A line for the log. */
__attribute__((format(printf, 3, 4))) void primary_tell(
	const struct primary *primary, bool is_bad, const char *format, ...);

enum { PRIMARY_SOURCE_TEXT_MAX = 64 };
const char *primary_source_text(
	const struct primary_source *source, char text[static PRIMARY_SOURCE_TEXT_MAX]);

/** Open the sockets and begin to listen. */
int primary_sockets_open(struct primary *primary, struct why *why);

/** Of uv_close(): the last one frees the primary. */
void primary_handle_closed(struct primary *primary);

#endif
