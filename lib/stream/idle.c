/* SPDX-License-Identifier: BSD-3-Clause */
#include "stream/stream_priv.h"

unsigned int
stream_idle_ms(unsigned int idle_max_ms, unsigned int count, unsigned int limit)
{
	uint64_t percent = (uint64_t)count * 100 / limit, range;

	if (percent <= STREAM_EASE_PERCENT || idle_max_ms <= STREAM_IDLE_MIN_MS)
		return idle_max_ms;
	if (percent >= STREAM_PRESS_PERCENT)
		return STREAM_IDLE_MIN_MS;
	range = idle_max_ms - STREAM_IDLE_MIN_MS;
	return idle_max_ms - (unsigned int)(range * (percent - STREAM_EASE_PERCENT) /
					    (STREAM_PRESS_PERCENT - STREAM_EASE_PERCENT));
}

uint16_t
stream_keepalive(unsigned int idle_max_ms, unsigned int count, unsigned int limit)
{
	unsigned int units = stream_idle_ms(idle_max_ms, count, limit) / 100;

	if ((uint64_t)count * 100 / limit >= STREAM_PRESS_PERCENT)
		return 0;
	return units < UINT16_MAX ? (uint16_t)units : UINT16_MAX;
}
