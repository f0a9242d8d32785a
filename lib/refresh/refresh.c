/* SPDX-License-Identifier: BSD-3-Clause */
#include "refresh/refresh.h"

#include <string.h>

const char *const refresh_standing_names[REFRESH_DISAGREES + 1] = {
	[REFRESH_UNASKED] = "unasked",
	[REFRESH_CURRENT] = "current",
	[REFRESH_NEWER] = "newer",
	[REFRESH_LAGGING] = "lagging",
	[REFRESH_FAILED] = "failed",
	[REFRESH_REFUSED] = "refused",
	[REFRESH_DISAGREES] = "disagrees",
};

void
refresh_init(struct refresh *refresh, unsigned int primary_count, unsigned int quorum,
	uint64_t seed, int64_t now_ms)
{
	*refresh = (struct refresh){
		.primary_count = primary_count,
		.quorum = quorum,
		.random = seed,
		.build = -1,
		.next_ms = now_ms,
	};
}

static uint32_t
bounded(uint32_t seconds)
{
	if (seconds < REFRESH_MIN)
		return REFRESH_MIN;
	return seconds > REFRESH_MAX ? REFRESH_MAX : seconds;
}

void
refresh_times_set(struct refresh *refresh, uint32_t refresh_s, uint32_t retry_s)
{
	refresh->refresh_s = bounded(refresh_s);
	refresh->retry_s = bounded(retry_s);
}

/* Up to a tenth earlier, so that nodes which started together do not ask together. */
static int64_t
jittered(struct refresh *refresh, uint32_t seconds)
{
	int64_t ms = (int64_t)seconds * 1000;

	/* Knuth's linear congruence: nothing here is a secret */
	refresh->random = refresh->random * 6364136223846793005u + 1442695040888963407u;
	return ms - (int64_t)((refresh->random >> 33) % (uint64_t)(ms / 10 + 1));
}

static void
round_begin(struct refresh *refresh, int64_t now_ms)
{
	refresh->running = true;
	refresh->again = false;
	refresh->reached = false;
	refresh->build = -1;
	refresh->began_ms = now_ms;
	for (unsigned int i = 0; i < refresh->primary_count; i++)
		refresh->primaries[i].asked = false;
}

/* Those who delivered something else under the same serial. */
static void
disagreement_mark(struct refresh *refresh, unsigned int primary)
{
	const struct refresh_primary *own = &refresh->primaries[primary];

	for (unsigned int i = 0; i < refresh->primary_count; i++) {
		struct refresh_primary *other = &refresh->primaries[i];

		if (other->asked && other->standing == REFRESH_NEWER &&
			other->serial == own->serial &&
			memcmp(other->content, own->content, sizeof(own->content)) != 0)
			other->standing = REFRESH_DISAGREES;
	}
}

static bool
delivered(const struct refresh_primary *primary)
{
	return primary->asked &&
	       (primary->standing == REFRESH_NEWER || primary->standing == REFRESH_DISAGREES);
}

/* Deliveries that did not make a quorum: who of them is wrong, nobody knows. @return whether there
 * are any */
static bool
undecided_mark(struct refresh *refresh)
{
	bool any = false;

	for (unsigned int i = 0; i < refresh->primary_count; i++) {
		if (!delivered(&refresh->primaries[i]))
			continue;
		any = true;
		disagreement_mark(refresh, i);
	}
	return any;
}

/* @param good  somebody was reached who is not behind us, or a version was taken */
static void
round_end(struct refresh *refresh, bool good, int64_t now_ms)
{
	uint32_t seconds = good && refresh->refresh_s ? refresh->refresh_s : refresh->retry_s;

	refresh->running = false;
	refresh->first = 0;
	refresh->failures = good ? 0 : refresh->failures + 1;
	if (seconds == 0)
		/* nothing to serve yet: soon at first */
		seconds = refresh->failures < 6 ? 1u << refresh->failures : REFRESH_UNKNOWN;
	refresh->next_ms = now_ms + jittered(refresh, seconds);
	if (refresh->again && refresh->began_ms + REFRESH_NOTIFY_SPACING_MS < refresh->next_ms)
		refresh->next_ms = refresh->began_ms + REFRESH_NOTIFY_SPACING_MS;
}

/* How many delivered what this one did. */
static unsigned int
agreeing(const struct refresh *refresh, unsigned int primary)
{
	const struct refresh_primary *own = &refresh->primaries[primary];
	unsigned int count = 0;

	for (unsigned int i = 0; i < refresh->primary_count; i++) {
		const struct refresh_primary *other = &refresh->primaries[i];

		count += other->asked && other->standing == REFRESH_NEWER &&
			 other->serial == own->serial &&
			 memcmp(other->content, own->content, sizeof(own->content)) == 0;
	}
	return count;
}

/* Who is asked next in this round: the one who sent NOTIFY, then in order. @return -1: none */
static int
unasked(const struct refresh *refresh)
{
	if (!refresh->primaries[refresh->first].asked)
		return (int)refresh->first;
	for (unsigned int i = 0; i < refresh->primary_count; i++)
		if (!refresh->primaries[i].asked)
			return (int)i;
	return -1;
}

struct refresh_order
refresh_next(struct refresh *refresh, int64_t now_ms)
{
	struct refresh_order order = {.step = REFRESH_WAIT, .at_ms = -1};
	int next;

	if (refresh->busy)
		return (struct refresh_order){.step = REFRESH_BUSY, .at_ms = -1};
	if (refresh->primary_count == 0)
		return order;
	if (!refresh->running) {
		if (now_ms < refresh->next_ms) {
			order.at_ms = refresh->next_ms;
			return order;
		}
		round_begin(refresh, now_ms);
	}
	if (refresh->build >= 0) {
		order.step = REFRESH_BUILD;
		order.primary = (unsigned int)refresh->build;
		refresh->busy = true;
		return order;
	}
	next = unasked(refresh);
	if (next < 0) {
		round_end(refresh, !undecided_mark(refresh) && refresh->reached, now_ms);
		order.at_ms = refresh->next_ms;
		return order;
	}
	order.step = REFRESH_ASK;
	order.primary = (unsigned int)next;
	/* contents are compared whole */
	order.anew = refresh->primaries[next].whole;
	order.whole = order.anew || refresh->quorum > 1;
	refresh->busy = true;
	return order;
}

void
refresh_notified(struct refresh *refresh, int primary, int64_t now_ms)
{
	int64_t soon = refresh->began_ms + REFRESH_NOTIFY_SPACING_MS;

	if (refresh->running) {
		refresh->again = true;
		return;
	}
	if (primary >= 0 && (unsigned int)primary < refresh->primary_count)
		refresh->first = (unsigned int)primary;
	if (refresh->began_ms == 0 || soon < now_ms)
		soon = now_ms;
	if (soon < refresh->next_ms)
		refresh->next_ms = soon;
}

void
refresh_demand(struct refresh *refresh, bool whole, int64_t now_ms)
{
	for (unsigned int i = 0; i < refresh->primary_count && whole; i++)
		refresh->primaries[i].whole = true;
	if (refresh->running)
		refresh->again = true;
	else
		refresh->next_ms = now_ms;
}

void
refresh_answered(struct refresh *refresh, unsigned int primary, enum refresh_standing standing,
	uint32_t serial, const uint8_t *content)
{
	struct refresh_primary *answering = &refresh->primaries[primary];

	refresh->busy = false;
	answering->asked = true;
	answering->standing = standing;
	if (standing != REFRESH_FAILED) {
		answering->serial = serial;
		answering->whole = false;
	}
	if (standing == REFRESH_CURRENT)
		refresh->reached = true;
	if (standing != REFRESH_NEWER)
		return;
	if (content)
		memcpy(answering->content, content, sizeof(answering->content));
	if (refresh->quorum == 1 || agreeing(refresh, primary) >= refresh->quorum) {
		disagreement_mark(refresh, primary);
		refresh->build = (int)primary;
	}
}

void
refresh_built(struct refresh *refresh, enum refresh_build outcome, int64_t now_ms)
{
	struct refresh_primary *builder = &refresh->primaries[refresh->build];

	refresh->busy = false;
	refresh->build = -1;
	switch (outcome) {
	case REFRESH_TAKEN:
		builder->standing = REFRESH_CURRENT;
		round_end(refresh, true, now_ms);
		break;
	case REFRESH_TURNED_DOWN:
		builder->standing = REFRESH_REFUSED;
		break;
	case REFRESH_MISFIT:
		builder->whole = true;
		builder->asked = false;
		builder->standing = REFRESH_UNASKED;
		break;
	}
}
