/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A query and its reply, but for what the zones say: malformed messages, refusals, who the node is
 * (RFC 4892, 5001), cookies (RFC 7873), EDNS options (RFC 6891, 7828, 8914, 9660).
 *
 * The engine and the oracle both begin and end an answer here, and share nothing else.
 *
 * Runs on: lcore, and anywhere else. No clock, no global, no allocation.
 */
#ifndef EXCHANGE_EXCHANGE_H
#define EXCHANGE_EXCHANGE_H

#include "guard/guard.h"
#include "wire/wire.h"

/** What a UDP query without a valid cookie gets, if it has a cookie at all (RFC 7873 5.2). */
enum exchange_cookies {
	EXCHANGE_COOKIES_ANSWER, /* its answer, and a cookie for the next time */
	EXCHANGE_COOKIES_DEMAND, /* BADCOOKIE and a cookie, no answer */
};

enum { EXCHANGE_TEXT_MAX = 255 }; /* a character-string, RFC 1035 3.3 */

/** What a node says of itself; immutable while it is published. */
struct exchange_self {
	/* id.server and hostname.bind; version.server and version.bind; length 0: not told */
	uint8_t identity_length, version_length, nsid_length;
	char identity[EXCHANGE_TEXT_MAX], version[EXCHANGE_TEXT_MAX];
	uint8_t nsid[WIRE_NSID_MAX];
	enum exchange_cookies cookies;
	struct guard_secrets secrets;
};

/** Who asks, how, and when. */
struct exchange_peer {
	const uint8_t *address; /* network order; not owned */
	uint8_t address_size;	/* 4 or 16 */
	enum wire_transport transport;
	uint16_t keepalive_timeout; /* TCP: what is told who asks, in units of 100 ms */
	uint32_t now;		    /* seconds since 1970, modulo 2^32 */
	bool slip; /* it gets TC in place of what a zone answers: come by TCP, or with a cookie */
};

/** A query in the middle of being answered. */
struct exchange {
	const struct exchange_self *self;
	const uint8_t *message;
	struct wire_query query;
	struct wire_reply_options options;
	bool cookie_is_valid;
	const char *text; /* the one answer in class CH; NULL: none */
	uint8_t text_length;
};

/**
 * Read and judge a message.
 *
 * @return  WIRE_ANSWER: the zones decide; else as wire_query_read(), where exchange_reply() has the
 *          reply for WIRE_REPLY
 */
enum wire_verdict exchange_begin(struct exchange *x, const struct exchange_self *self,
	const struct exchange_peer *peer, const uint8_t *message, size_t length);

/** Octets of the longest reply, OPT and what it will hold counted off. */
size_t exchange_room(const struct exchange *x);

/** Say which zone answers, to who asked for that. Before exchange_room(). */
void exchange_zone_say(struct exchange *x, const struct wire_name *origin, uint32_t serial);

/**
 * Write a reply without records of any zone: x->query.rcode says what.
 *
 * @param reply  at least WIRE_UDP_SIZE_OWN octets; may not overlap the message
 * @return  octets
 */
size_t exchange_reply(const struct exchange *x, uint8_t *reply);

/** exchange_reply() with an RCODE, and why. */
size_t exchange_refuse(
	struct exchange *x, enum wire_rcode rcode, enum wire_ede ede, uint8_t *reply);

/** End a reply that a zone filled. */
static inline void
exchange_opt_write(const struct exchange *x, struct wire_writer *w)
{
	wire_opt_write(w, &x->query, &x->options);
}

#endif
