/* SPDX-License-Identifier: BSD-3-Clause */
/* Queries as no client should send them. */
#include <string.h>

#include "workload/workload_priv.h"

enum { COUNT_OFFSET = 4, TRAILING = 5 };

/* Behind the question, if there is more: EDNS's root label. */
static size_t
question_end(const uint8_t *message, size_t length)
{
	size_t at = WIRE_QUESTION_OFFSET;

	while (at < length && message[at])
		at += message[at] + 1u;
	return at + 5;
}

static size_t
cut_to(size_t length, size_t most)
{
	return length < most ? length : most;
}

size_t
message_break(struct maker *m, uint8_t *message, size_t length)
{
	size_t end = question_end(message, length);

	switch (below(m, 11)) {
	case 0: /* shorter than a header: nobody answers that */
		return cut_to(length, WIRE_HEADER_SIZE - 5);
	case 1: /* a header that promises a question */
		return cut_to(length, WIRE_HEADER_SIZE);
	case 2: /* ends in the question */
		return cut_to(length, end - 3);
	case 3:
		wire_u16_patch(message + COUNT_OFFSET, 2);
		return length;
	case 4:
		wire_u16_patch(message + COUNT_OFFSET, 0);
		return length;
	case 5: /* a label type that there is not (RFC 6891 5) */
		message[WIRE_QUESTION_OFFSET] = 0x41;
		return length;
	case 6: /* a pointer to itself */
		message[WIRE_QUESTION_OFFSET] = 0xc0;
		message[WIRE_QUESTION_OFFSET + 1] = WIRE_QUESTION_OFFSET;
		return length;
	case 7: /* an opcode that is not implemented */
		message[2] |= 3 << 3;
		return length;
	case 8: /* a reply: nobody answers that either */
		message[2] |= WIRE_FLAG1_QR;
		return length;
	case 9: /* more than was announced */
		memset(message + length, 0xa5, TRAILING);
		return length + TRAILING;
	default: /* another version of EDNS, or no OPT where one is counted */
		if (end + WIRE_OPT_SIZE <= length)
			message[end + 6] = 1;
		else
			wire_u16_patch(message + WIRE_HEADER_SIZE - 2, 1);
		return length;
	}
}
