/* SPDX-License-Identifier: BSD-3-Clause */
/* Any message to a primary, the first octet says how it came: judged, and never two ways. */
#include <stdlib.h>
#include <string.h>

#include "golden.h"
#include "wire/wire.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum wire_transport transport;
	enum wire_verdict verdict;
	struct wire_request request;
	struct wire_query query;
	uint8_t *message;

	if (size == 0)
		return 0;
	transport = data[0] & 1 ? WIRE_TCP : WIRE_UDP;
	/* exactly as large as it is, so that one octet too far is seen */
	message = malloc(size);
	memcpy(message, data + 1, size - 1);
	message = realloc(message, size > 1 ? size - 1 : 1);
	verdict = wire_query_read(message, size - 1, transport, &query);
	if (verdict != WIRE_DROP) {
		enum wire_rcode rcode = wire_request_read(message, size - 1, &query, &request);

		if (request.kind != WIRE_REQUEST_NONE &&
			(rcode != WIRE_RCODE_NOERROR || !query.question_length))
			abort();
		if (request.kind == WIRE_REQUEST_IXFR && !request.has_serial)
			abort();
	}
	free(message);
	return 0;
}
