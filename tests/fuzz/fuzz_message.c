/* SPDX-License-Identifier: BSD-3-Clause */
/* Any message to the answer function: no harm, and the oracle's octets. */
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "golden.h"
#include "oracle/oracle.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *message = golden_copy(data, size), *reply = malloc(WIRE_UDP_SIZE_OWN);
	uint8_t expected[WIRE_UDP_SIZE_OWN];
	size_t length, expected_length;

	engine_answer(golden_catalogue(), message, size, reply, &length);
	expected_length = oracle_answer(golden_zone(), message, size, expected);
	if (length != expected_length || memcmp(reply, expected, length) != 0)
		abort();
	free(message);
	free(reply);
	return 0;
}
