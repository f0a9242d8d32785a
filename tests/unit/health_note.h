/* SPDX-License-Identifier: BSD-3-Clause */
/* A health whose changes are noted, for its tests. */
#ifndef HEALTH_NOTE_H
#define HEALTH_NOTE_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "health/health.h"

enum { HOLD_UP = 10, HOLD_UP_MAX = 60, REFRESH_WAIT = 20 };

struct note {
	struct health *health;
	unsigned int changes, came, went;
	enum health_family family;
	enum health_state old, now;
	char why[512];
};

static void
state_note(void *data, enum health_family family, enum health_state old, enum health_state now,
	const char *why)
{
	struct note *note = data;

	note->changes++;
	note->family = family;
	note->old = old;
	note->now = now;
	snprintf(note->why, sizeof(note->why), "%s", why);
}

static void
finding_note(void *data, const struct health_finding *finding, bool here)
{
	struct note *note = data;

	cr_expect_neq(finding->families, 0);
	note->came += here;
	note->went += !here;
}

static inline void
note_begin(struct note *note, int64_t now)
{
	const struct health_settings settings = {
		.hold_up_seconds = HOLD_UP,
		.hold_up_max_seconds = HOLD_UP_MAX,
		.refresh_wait_seconds = REFRESH_WAIT,
		.state_changed = state_note,
		.finding_changed = finding_note,
		.data = note,
	};

	memset(note, 0, sizeof(*note));
	note->health = health_new(&settings, now);
}

/* All steps are reached: both families serve. */
static inline void
note_serve(struct note *note, int64_t now)
{
	note_begin(note, now);
	for (enum health_step step = 0; step < HEALTH_STEPS; step++)
		health_reach(note->health, step, HEALTH_BOTH, now);
	cr_assert_eq(health_state(note->health, HEALTH_IPV4), HEALTH_SERVING);
	cr_assert_eq(health_state(note->health, HEALTH_IPV6), HEALTH_SERVING);
	note->changes = 0;
}

static inline const struct health_finding *
note_find(const struct note *note, enum health_reason reason)
{
	const struct health_finding *finding;

	for (unsigned int i = 0; (finding = health_finding(note->health, i)); i++)
		if (finding->reason == reason)
			return finding;
	return NULL;
}

#endif
