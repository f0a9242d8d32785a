/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The answer function: from a message to a message, pure, over UDP (protocol rules: RFC 1034 4.3.2,
 * 4035 3.1, 6891, 8482, 8906, 9471, 9619).
 *
 * Runs on: lcore, and anywhere else. No clock, no global, no allocation.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#include "image/image.h"

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
	ENGINE_VERDICTS
};

/** A word for each verdict, as statistics print it: "nxdomain". */
extern const char *const engine_verdict_names[ENGINE_VERDICTS];

/**
 * Answer one message.
 *
 * @param catalogue     zones; none at all is answered SERVFAIL
 * @param reply         at least WIRE_UDP_SIZE_OWN octets; may not overlap the message
 * @param reply_length  octets of the reply; 0 for the two drops
 */
enum engine_verdict engine_answer(const struct image_catalogue *catalogue, const uint8_t *message,
	size_t length, uint8_t *reply, size_t *reply_length);

#endif
