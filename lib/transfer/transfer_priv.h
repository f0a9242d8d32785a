/* SPDX-License-Identifier: BSD-3-Clause */
/* What a fetch is made of: messages and records, which are pure, and the two ways to a primary. */
#ifndef TRANSFER_TRANSFER_PRIV_H
#define TRANSFER_TRANSFER_PRIV_H

#include "transfer/transfer.h"

/* ---- messages (answer.c) ---- */

/* A request: header, question, a SOA with the serial, TSIG */
enum {
	TRANSFER_REQUEST_MAX =
		WIRE_HEADER_SIZE + WIRE_QUESTION_MAX + WIRE_NAME_MAX + 10 + 22 + TSIG_RECORD_MAX,
};

/** What was asked, which an answer has to fit. */
struct transfer_question {
	const struct wire_name *origin; /* folded; not owned */
	uint16_t id;
	uint16_t type;	 /* SOA, IXFR or AXFR */
	bool has_serial; /* only what is newer than `serial` is wanted; always with IXFR */
	uint32_t serial; /* of the version that we have */
};

/** Write a request, without TSIG. @return its length */
size_t transfer_request_write(
	const struct transfer_question *question, uint8_t message[static TRANSFER_REQUEST_MAX]);

/** Records in the sections of an answer that fits. */
struct transfer_sections {
	unsigned int answers, others;
};

/**
 * Read header and question of an answer.
 *
 * @param first  it must repeat the question; later ones of a series may leave it out
 * @param r      at the answer section afterwards
 * @param rcode  the answer's, if it is an answer to this question at all
 * @return 0 if that is NOERROR; -ENOMSG: it answers something else; -EMSGSIZE: it is truncated;
 *         -EPROTO: another RCODE; -EBADMSG
 */
int transfer_answer_read(const struct transfer_question *question, bool first,
	struct wire_reader *r, struct transfer_sections *sections, uint16_t *rcode,
	struct why *why);

/** The serial in an answer to a SOA query. @return 0 or -errno, as transfer_answer_read() */
int transfer_soa_read(const struct transfer_question *question, const uint8_t *message,
	size_t length, uint32_t *serial, struct why *why);

/* "REFUSED", or "RCODE 77" */
enum { TRANSFER_RCODE_TEXT_MAX = 16 };
const char *transfer_rcode_text(uint16_t rcode, char text[static TRANSFER_RCODE_TEXT_MAX]);

/* ---- records (rdata.c, block.c) ---- */

/** A record as it stands in a message: `rdata` may hold compressed names. */
struct transfer_raw {
	struct wire_name owner;
	uint16_t type, class;
	uint32_t ttl;
	size_t offset, length; /* of the RDATA */
};

void transfer_raw_read(struct wire_reader *r, struct transfer_raw *raw);

/**
 * Write RDATA with the names in it expanded, for the types in which they may be compressed (RFC
 * 1035, RFC 3597 4).
 *
 * @return false: malformed; or, if w->failed, no room
 */
bool transfer_rdata_expand(
	const uint8_t *message, const struct transfer_raw *raw, struct wire_writer *w);

/* Names that RDATA of those types has at most: it grows by so much when they are expanded */
enum { TRANSFER_RDATA_GROWTH = 2 * WIRE_NAME_MAX };

/* A SOA's RDATA: two names, five numbers */
enum { TRANSFER_SOA_MAX = 2 * WIRE_NAME_MAX + 20 };

/** Where in a transfer the next record stands. */
enum transfer_place {
	TRANSFER_AT_FIRST,   /* the SOA that opens it */
	TRANSFER_AT_SECOND,  /* which tells AXFR from IXFR */
	TRANSFER_IN_ZONE,    /* AXFR */
	TRANSFER_IN_DELETED, /* IXFR, behind a SOA old */
	TRANSFER_IN_ADDED,   /* IXFR, behind a SOA next */
	TRANSFER_AT_END,
};

struct transfer_soa {
	uint32_t ttl, serial;
	uint16_t length;
	uint8_t rdata[TRANSFER_SOA_MAX]; /* names expanded and folded */
};

/** A transfer as it comes in, message by message. */
struct transfer_block {
	struct transfer_question question;
	uint64_t octets_max, records_max;

	enum transfer_place place;
	enum transfer_form form;
	unsigned int message_count;
	struct transfer_soa newest; /* of the opening SOA */
	uint32_t reached;	    /* IXFR: serial of the last SOA */
	uint8_t *octets;	    /* owned: transfer_block_end() */
	size_t length, size;
	uint64_t count;
};

enum transfer_fed {
	TRANSFER_FED_MORE,
	TRANSFER_FED_END,   /* complete */
	TRANSFER_FED_STALE, /* block->newest is not newer than what we have, and nothing follows */
	TRANSFER_FED_BROKEN,
};

/** @param question  copied; its origin stays the caller's */
void transfer_block_begin(struct transfer_block *block, const struct transfer_question *question,
	const struct transfer_limits *limits);

/** Free it. One that is all zeros is fine. */
void transfer_block_end(struct transfer_block *block);

/**
 * Take the next message, its TSIG verified and gone.
 *
 * @param rcode  as transfer_answer_read()
 */
enum transfer_fed transfer_block_feed(struct transfer_block *block, const uint8_t *message,
	size_t length, uint16_t *rcode, struct why *why);

/** RFC 1982 3.2: whether serial `a` is newer than `b`; undefined distance counts as not. */
static inline bool
transfer_serial_newer(uint32_t a, uint32_t b)
{
	return a != b && a - b < 1u << 31;
}

/* ---- the ways to a primary (channel.c, datagram.c) ---- */

/** A connection to a primary, TCP or TLS, for messages. */
struct transfer_channel;

struct transfer_channel_events {
	void (*opened)(void *context);
	/** @param message  its own octets, which the callee may alter */
	void (*arrived)(void *context, uint8_t *message, size_t length);
	/** Octets of messages came in: also parts of one. */
	void (*progressed)(void *context, size_t count);
	/** It is gone: closed by the other side if `why` says so, or failed. The last event. */
	void (*ended)(void *context, const struct why *why);
};

/**
 * Connect. Events come from the loop, never from within.
 *
 * @param events  not owned
 * @return NULL, with the reason
 */
struct transfer_channel *transfer_channel_open(uv_loop_t *loop,
	const struct transfer_settings *settings, const struct transfer_channel_events *events,
	void *context, struct why *why);

/** Send a message of at most TRANSFER_REQUEST_MAX octets. @return 0 or -errno */
int transfer_channel_send(
	struct transfer_channel *channel, const uint8_t *message, size_t length, struct why *why);

/** Let go of it: no event comes any more. NULL is fine. */
void transfer_channel_close(struct transfer_channel *channel);

/** A UDP socket connected to a primary. */
struct transfer_datagram;

struct transfer_datagram_events {
	void (*arrived)(void *context, uint8_t *message, size_t length);
	/** What the network said, such as that nobody listens; it may still work later. */
	void (*failed)(void *context, const struct why *why);
};

struct transfer_datagram *transfer_datagram_open(uv_loop_t *loop,
	const struct transfer_settings *settings, const struct transfer_datagram_events *events,
	void *context, struct why *why);
int transfer_datagram_send(
	struct transfer_datagram *datagram, const uint8_t *message, size_t length, struct why *why);
void transfer_datagram_close(struct transfer_datagram *datagram);

#endif
