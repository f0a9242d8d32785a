/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The yardstick: answers any query from plain records in the plainest way.
 *
 * It shares with the compiler nothing but the records and the wire format, so what both say is
 * right unless both are wrong in the same way. Slow; for tests, proofs and self-audit.
 */
#ifndef ORACLE_ORACLE_H
#define ORACLE_ORACLE_H

#include <stddef.h>
#include <stdint.h>

#include "exchange/exchange.h"
#include "zone/zone.h"

/** The zones of a node, in any order; none: none is loaded. Not owned. */
struct oracle_zones {
	unsigned int count;
	const struct zone *const *zones;
	unsigned int withheld_count;
	const struct zone_withheld *withheld;
};

/**
 * Answer a message.
 *
 * @param reply  at least WIRE_UDP_SIZE_OWN octets, WIRE_TCP_SIZE_MAX over TCP
 * @return  octets of the reply; 0: no reply is due
 */
size_t oracle_answer(const struct oracle_zones *zones, const struct exchange_self *self,
	const struct exchange_peer *peer, const uint8_t *message, size_t length, uint8_t *reply);

#endif
