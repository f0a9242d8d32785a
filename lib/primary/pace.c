/* SPDX-License-Identifier: BSD-3-Clause */
/* As fast as it may, and no faster. */
#include "primary/primary_priv.h"

static int64_t
burst_of(const struct primary_pace *pace)
{
	uint64_t burst = pace->per_second * PRIMARY_PACE_BURST_MS / 1000;

	return burst ? (int64_t)burst : 1;
}

void
primary_pace_init(struct primary_pace *pace, uint64_t per_second, uint64_t now_ms)
{
	pace->per_second = per_second;
	pace->left = burst_of(pace);
	pace->at_ms = now_ms;
}

bool
primary_pace_may(struct primary_pace *pace, uint64_t now_ms)
{
	uint64_t passed_ms = now_ms - pace->at_ms, earned;

	/* after a day everything is paid */
	if (passed_ms > 86400 * 1000)
		passed_ms = 86400 * 1000;
	earned = pace->per_second * passed_ms / 1000;
	/* what is less than one octet is earned later, not lost */
	if (earned) {
		pace->left += (int64_t)earned;
		if (pace->left >= burst_of(pace))
			pace->left = burst_of(pace);
		pace->at_ms = now_ms;
	}
	return pace->left > 0;
}

void
primary_pace_take(struct primary_pace *pace, size_t octets)
{
	pace->left -= (int64_t)octets;
}
