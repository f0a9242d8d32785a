/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The answer function: from a message to a message, pure, over UDP and TCP (protocol rules: RFC
 * 1034 4.3.2, 4035 3.1, 6891, 8482, 8906, 9471, 9619; lib/exchange has those that no zone decides).
 *
 * Runs on: lcore, and anywhere else. No clock, no global, no allocation.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#include "exchange/exchange.h"
#include "image/image.h"
#include "ledger/ledger.h"
#include "limit/limit.h"

/**
 * All that a node answers from. It is published as a whole: immutable from then on, until the grace
 * period after its replacement has ended.
 */
struct engine_service {
	struct image_catalogue catalogue; /* no zone at all is answered SERVFAIL */
	struct exchange_self self;
	const struct limit_rules *limits; /* as long as the service; NULL: no limits */
	uint32_t generation;		  /* counts what was published */
};

/** What became of a message; each has one counter. */
enum engine_verdict {
	ENGINE_DROP_SHORT, /* no header */
	ENGINE_DROP_REPLY, /* QR=1: answering could loop */
	ENGINE_NXDOMAIN,
	ENGINE_NODATA,
	ENGINE_REFERRAL,
	ENGINE_POSITIVE,
	ENGINE_TRUNCATED, /* any of the four above that did not fit: TC=1 */
	ENGINE_FORMERR,
	ENGINE_SERVFAIL, /* no zone loaded */
	ENGINE_NOTIMP,
	ENGINE_REFUSED,
	ENGINE_NOTAUTH,
	ENGINE_BADVERS,
	ENGINE_BADCOOKIE,
	ENGINE_COOKIE, /* NOERROR to a query for a cookie alone, RFC 7873 5.4 */
	ENGINE_CHAOS,  /* who the node is, RFC 4892 */
	ENGINE_VERDICTS
};

/** A word for each verdict, as statistics print it: "nxdomain". */
extern const char *const engine_verdict_names[ENGINE_VERDICTS];

/**
 * Answer one message.
 *
 * @param reply         at least WIRE_UDP_SIZE_OWN octets, WIRE_TCP_SIZE_MAX over TCP; may not
 *                      overlap the message
 * @param reply_length  octets of the reply; 0 for the two drops
 */
enum engine_verdict engine_answer(const struct engine_service *service,
	const struct exchange_peer *peer, const uint8_t *message, size_t length, uint8_t *reply,
	size_t *reply_length);

/**
 * engine_answer(), and the query's line in the ledger.
 *
 * @param line  filled in but for client_port; the action is LEDGER_ANSWERED
 */
enum engine_verdict engine_answer_entered(const struct engine_service *service,
	const struct exchange_peer *peer, const uint8_t *message, size_t length, uint8_t *reply,
	size_t *reply_length, struct ledger_line *line);

/** Whether a service's limits are to be asked, by a thread that has a limiter. */
static inline bool
engine_is_limited(const struct engine_service *answers, const struct limiter *limiter)
{
	const struct limit_rules *rules = answers->limits;

	return limiter && rules && (rules->mode != LIMIT_OFF || rules->filter_count);
}

/** What a reply is to limits, by its verdict. Not for drops. */
enum limit_class engine_limit_class(enum engine_verdict verdict);

/**
 * engine_answer_entered(), and what the thread's limits make of it: the reply, or TC, or nothing.
 * Over TCP there are no limits: who asks is who it says.
 *
 * @param limiter  the calling thread's, after limit_tick() of this burst; NULL: no limits
 * @param line     its action says what became of the reply
 */
enum engine_verdict engine_answer_limited(const struct engine_service *service,
	struct limiter *limiter, const struct exchange_peer *peer, const uint8_t *message,
	size_t length, uint8_t *reply, size_t *reply_length, struct ledger_line *line);

#endif
