/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef UNIT_LEDGER_CHECK_H
#define UNIT_LEDGER_CHECK_H

#include <criterion/criterion.h>

#include "engine/engine.h"

/* The engine's word for a reply agrees with the reply. */
static inline bool
verdict_is_right(enum engine_verdict verdict, const uint8_t *reply, size_t length)
{
	unsigned int rcode = length ? reply[3] & WIRE_FLAG2_RCODE : 0;

	if (length == 0)
		return verdict == ENGINE_DROP_SHORT || verdict == ENGINE_DROP_REPLY;
	if (reply[2] & WIRE_FLAG1_TC)
		return verdict == ENGINE_TRUNCATED;
	switch (verdict) {
	case ENGINE_NXDOMAIN:
		return rcode == WIRE_RCODE_NXDOMAIN;
	case ENGINE_NODATA:
		return rcode == 0 && reply[2] & WIRE_FLAG1_AA && reply[7] == 0;
	case ENGINE_REFERRAL:
		return rcode == 0 && !(reply[2] & WIRE_FLAG1_AA) && reply[9] > 0;
	case ENGINE_POSITIVE:
		return rcode == 0 && reply[2] & WIRE_FLAG1_AA && reply[7] > 0;
	case ENGINE_FORMERR:
		return rcode == WIRE_RCODE_FORMERR;
	case ENGINE_SERVFAIL:
		return rcode == WIRE_RCODE_SERVFAIL;
	case ENGINE_NOTIMP:
		return rcode == WIRE_RCODE_NOTIMP;
	case ENGINE_REFUSED:
		return rcode == WIRE_RCODE_REFUSED;
	case ENGINE_NOTAUTH:
		return rcode == WIRE_RCODE_NOTAUTH;
	case ENGINE_BADVERS:
	case ENGINE_COOKIE:
		return rcode == 0;
	case ENGINE_CHAOS:
		return rcode == 0 && reply[2] & WIRE_FLAG1_AA && reply[7] == 1;
	case ENGINE_BADCOOKIE:
		return rcode == (WIRE_RCODE_BADCOOKIE & WIRE_FLAG2_RCODE);
	case ENGINE_DROP_SHORT:
	case ENGINE_DROP_REPLY:
	case ENGINE_TRUNCATED:
	case ENGINE_VERDICTS:
		return false;
	}
	return false;
}

/* What the ledger says of a query is what the two messages say. */
static inline void
line_check(const char *what, const struct engine_service *service, const struct exchange_peer *peer,
	const struct ledger_line *line, const uint8_t *message, size_t length, const uint8_t *reply,
	size_t reply_length)
{
	bool from_zone = line->verdict >= ENGINE_NXDOMAIN && line->verdict <= ENGINE_POSITIVE;

	cr_assert_eq(line->query, message);
	cr_assert_eq(line->query_length, (uint16_t)length);
	cr_assert_eq(line->reply_length, reply_length);
	cr_assert_eq(line->client, peer->address);
	cr_assert_eq(!!(line->flags & LEDGER_IPV6), peer->address_size == 16);
	cr_assert_eq(!!(line->flags & LEDGER_TCP), peer->transport == WIRE_TCP);
	cr_assert_eq(line->action, LEDGER_ANSWERED);
	if (reply_length == 0)
		return;
	cr_assert_eq(line->query_flags, message[2] << 8 | message[3]);
	cr_assert_eq(line->rcode & WIRE_FLAG2_RCODE, reply[3] & WIRE_FLAG2_RCODE);
	cr_assert_eq(line->rcode > WIRE_FLAG2_RCODE,
		line->verdict == ENGINE_BADVERS || line->verdict == ENGINE_BADCOOKIE);
	cr_assert_eq(!!(line->flags & LEDGER_TC), !!(reply[2] & WIRE_FLAG1_TC));
	cr_assert_eq(line->qname_length != 0, reply[5] == 1);
	cr_assert(line->qname_length || line->qtype == LEDGER_NO_TYPE);
	if (line->verdict != ENGINE_TRUNCATED) {
		cr_assert_eq(from_zone, line->zone != LEDGER_NO_ZONE, "%s", what);
		cr_assert_eq(from_zone, line->node != LEDGER_NO_NODE);
	}
	if (from_zone)
		cr_assert_lt(line->zone, service->catalogue.count);
}

#endif
