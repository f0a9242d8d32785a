/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SELFQUERY_SELFQUERY_PRIV_H
#define SELFQUERY_SELFQUERY_PRIV_H

#include "selfquery/selfquery.h"

/* ---- zones that are right, and when ---- */

enum { EXPECTED_MAX = 8 };

/** Zones that replies may be of, to whatever was on its way between these two moments. */
struct expected {
	uint64_t from, until; /* of the epoch; UINT64_MAX: still */
	unsigned int count;
	struct selfquery_zone zones[SELFQUERY_ZONES_MAX];
};

struct expectation {
	uint64_t epoch; /* counts changes */
	unsigned int count;
	struct expected sets[EXPECTED_MAX]; /* the oldest first */
};

/* ---- questions and replies ---- */

enum question_kind { QUESTION_SOA, QUESTION_NXDOMAIN };

extern const char *const question_kind_names[];

enum { QUESTION_SIZE_MAX = WIRE_HEADER_SIZE + WIRE_QUESTION_MAX + WIRE_OPT_SIZE };

struct question {
	enum question_kind kind;
	struct wire_name origin, qname; /* folded */
	uint64_t epoch;			/* when it was asked */
	uint16_t id;
	uint16_t length;
	uint8_t message[QUESTION_SIZE_MAX];
};

static_assert((int)SELFQUERY_GUEST_MAX <= (int)QUESTION_SIZE_MAX, "a guest has room");

/** @return false: no name fits below the origin */
bool question_make(struct question *question, enum question_kind kind,
	const struct wire_name *origin, uint64_t random);

/**
 * Hold a reply against a question.
 *
 * @return 0, or -EBADMSG and why
 */
int reply_check(const struct question *question, const struct expectation *expectation,
	const uint8_t *reply, size_t length, struct why *why);

/* ---- frames ---- */

enum { FRAME_SIZE_MAX = 14 + 40 + 8 + QUESTION_SIZE_MAX };

/** Who asks whom. */
struct frame_ends {
	bool ipv6;
	uint8_t source[16], service[16];
	uint16_t port;
};

/** @return octets */
uint16_t frame_make(const struct frame_ends *ends, const uint8_t *message, uint16_t message_length,
	uint8_t frame[static FRAME_SIZE_MAX]);

/**
 * Look at a frame that should be a reply.
 *
 * @param message  of the reply, in the frame
 * @return 0, or -EBADMSG and why
 */
int frame_check(const struct frame_ends *ends, const uint8_t *frame, uint16_t length,
	const uint8_t **message, uint16_t *message_length, struct why *why);

/* ---- sockets ---- */

/** @return a socket that is connected and does not wait, or -errno */
int socket_open(bool ipv6, const uint8_t *address, uint16_t port);

#endif
