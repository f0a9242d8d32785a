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

#include "zone/zone.h"

/**
 * Answer a message over UDP.
 *
 * @param zone   the only zone of the node; NULL: none is loaded
 * @param reply  at least WIRE_UDP_SIZE_OWN octets
 * @return  octets of the reply; 0: no reply is due
 */
size_t oracle_answer(
	const struct zone *zone, const uint8_t *message, size_t length, uint8_t *reply);

#endif
