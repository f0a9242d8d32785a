/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a client may send to the command socket: message after message until one is malformed, as a
 * server takes them. A request that is taken is an object, and its failure a reply that parses.
 */
#include <stdlib.h>
#include <string.h>

#include "control/control_priv.h"
#include "golden.h"

static void
request_take(const uint8_t *octets, size_t length)
{
	struct why why = {0};
	json_t *request = message_parse(octets, length, &why), *failure;
	const char *command;

	if (!request) {
		if (!why.text[0])
			abort();
		return;
	}
	if (!json_is_object(request))
		abort();
	command = json_string_value(json_object_get(request, "command"));
	failure = message_failure(CONTROL_UNKNOWN_COMMAND, command ? command : "\xff");
	if (!json_is_false(json_object_get(failure, "ok")) ||
		!json_is_string(json_object_get(failure, "error")))
		abort();
	json_decref(failure);
	json_decref(request);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t length, offset = 0;

	while (message_front(data + offset, size - offset, CONTROL_REQUEST_MAX, &length) ==
		MESSAGE_WHOLE) {
		uint8_t *octets = malloc(length);

		if (!octets)
			abort();
		memcpy(octets, data + offset + CONTROL_LENGTH_SIZE, length);
		request_take(octets, length);
		free(octets);
		offset += CONTROL_LENGTH_SIZE + length;
	}
	return 0;
}
