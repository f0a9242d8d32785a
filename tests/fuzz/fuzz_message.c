/* SPDX-License-Identifier: BSD-3-Clause */
/* Any message to the answer function, over UDP and TCP: no harm, and the oracle's octets. */
#include <stdlib.h>
#include <string.h>

#include "../unit/test_node.h"
#include "engine/engine.h"
#include "golden.h"
#include "oracle/oracle.h"

static void
agree(const uint8_t *message, size_t size, enum wire_transport transport)
{
	const struct exchange_peer peer = test_peer(size & 1, transport);
	const struct zone *zone = golden_zone();
	const struct oracle_zones zones = {1, &zone};
	size_t room = transport == WIRE_UDP ? WIRE_UDP_SIZE_OWN : WIRE_TCP_SIZE_MAX;
	uint8_t *reply = malloc(room), *expected = malloc(room);
	size_t length, expected_length;

	engine_answer(golden_service(), &peer, message, size, reply, &length);
	expected_length =
		oracle_answer(&zones, &golden_service()->self, &peer, message, size, expected);
	if (length != expected_length || memcmp(reply, expected, length) != 0)
		abort();
	free(reply);
	free(expected);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *message = golden_copy(data, size);

	agree(message, size, WIRE_UDP);
	agree(message, size, WIRE_TCP);
	free(message);
	return 0;
}
