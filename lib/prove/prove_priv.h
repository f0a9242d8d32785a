/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PROVE_PROVE_PRIV_H
#define PROVE_PROVE_PRIV_H

#include "prove/prove.h"

#include "engine/engine.h"
#include "oracle/oracle.h"

enum { PROVE_QUERY_MAX = WIRE_HEADER_SIZE + WIRE_QUESTION_MAX + WIRE_OPT_SIZE };

/** An image and the zone that it was made of, asked the same. */
struct proving {
	struct engine_service service;
	const struct zone *zone;
	struct oracle_zones zones;
	uint64_t compared;
	uint8_t query[PROVE_QUERY_MAX];
	uint8_t reply[WIRE_TCP_SIZE_MAX], expected[WIRE_TCP_SIZE_MAX];
};

/**
 * Ask a question in every way that may change the answer: without EDNS, with it and with DO, over
 * TCP, over UDP, and there with each size at which less fits, from above and below.
 *
 * @param name  any case
 * @return 0 or -EBADMSG
 */
int prove_ask(struct proving *p, const struct wire_name *name, uint16_t type, struct why *why);

/** Ask once, over TCP with DO: for names whose answer others were asked for in every way. */
int prove_ask_once(struct proving *p, const struct wire_name *name, uint16_t type, struct why *why);

/** The sums that checksums of datagrams are made of. @return 0 or -EBADMSG */
int prove_sums(const struct image *image, struct why *why);

#endif
