/* SPDX-License-Identifier: BSD-3-Clause */
#include "stream/stream_priv.h"

enum stream_framing
stream_frame(const uint8_t *octets, size_t size, size_t *length)
{
	size_t announced;

	if (size < STREAM_LENGTH_SIZE)
		return STREAM_FRAMING_PART;
	announced = (size_t)octets[0] << 8 | octets[1];
	/* judged by the length alone: what cannot be a query need not arrive first */
	if (announced == 0)
		return STREAM_FRAMING_ZERO_LENGTH;
	if (announced < WIRE_HEADER_SIZE)
		return STREAM_FRAMING_SHORT;
	if (announced > STREAM_MESSAGE_MAX)
		return STREAM_FRAMING_LONG;
	if (size - STREAM_LENGTH_SIZE < announced)
		return STREAM_FRAMING_PART;
	*length = announced;
	return STREAM_FRAMING_MESSAGE;
}
