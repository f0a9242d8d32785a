/* SPDX-License-Identifier: BSD-3-Clause */
/* Two clocks beside each other: SOA EXPIRE since the last refresh, and the signature horizon. */
#include "health_note.h"

enum {
	NOW = 1785628800,
	REFRESH = 1800,
	RETRY = 900,
	EXPIRE = 604800,
	DAY = 86400,
	OVERDUE = REFRESH + 2 * RETRY,
};

static const struct health_margins margins = {
	.expire_warn = 2 * DAY,
	.signature_warn = 5 * DAY,
	.signature_fail = 3600,
	.overdue_retries = 2,
};

#define IS(reason) (1U << HEALTH_##reason)

/* age: seconds since the last refresh, -1: no primary; ends: seconds until the first RRSIG expires,
 * INT32_MIN: unsigned */
static const struct {
	const char *what;
	int32_t age, ends;
	bool sure;
	int32_t judged; /* at that time from now; 0: now */
	unsigned int findings;
	enum health_state state;
} rows[] = {
	{"fresh", 0, 12 * DAY, true, 0, 0, HEALTH_SERVING},
	{"as old as it may get", OVERDUE, 12 * DAY, true, 0, 0, HEALTH_SERVING},
	{"overdue", OVERDUE + 1, 12 * DAY, true, 0, IS(REFRESH_OVERDUE), HEALTH_DEGRADED},
	{"before the warning", EXPIRE - 2 * DAY - 1, 12 * DAY, true, 0, IS(REFRESH_OVERDUE),
		HEALTH_DEGRADED},
	{"at the warning", EXPIRE - 2 * DAY, 12 * DAY, true, 0,
		IS(REFRESH_OVERDUE) | IS(EXPIRY_NEAR), HEALTH_DEGRADED},
	{"one second left", EXPIRE - 1, 12 * DAY, true, 0, IS(REFRESH_OVERDUE) | IS(EXPIRY_NEAR),
		HEALTH_DEGRADED},
	{"expired", EXPIRE, 12 * DAY, true, 0, IS(REFRESH_OVERDUE) | IS(ZONE_EXPIRED),
		HEALTH_FAILING},
	{"long expired", 100 * DAY, 12 * DAY, true, 0, IS(REFRESH_OVERDUE) | IS(ZONE_EXPIRED),
		HEALTH_FAILING},
	{"a file never expires", -1, 12 * DAY, true, 0, 0, HEALTH_SERVING},
	{"signatures before the warning", 0, 5 * DAY + 1, true, 0, 0, HEALTH_SERVING},
	{"signatures at the warning", 0, 5 * DAY, true, 0, IS(SIGNATURE_NEAR), HEALTH_DEGRADED},
	{"signatures before the margin", 0, 3601, true, 0, IS(SIGNATURE_NEAR), HEALTH_DEGRADED},
	{"signatures at the margin", 0, 3600, true, 0, IS(SIGNATURE_HORIZON), HEALTH_FAILING},
	{"signatures of the past", 0, -DAY, true, 0, IS(SIGNATURE_HORIZON), HEALTH_FAILING},
	{"a file whose signatures end", -1, 0, true, 0, IS(SIGNATURE_HORIZON), HEALTH_FAILING},
	{"unsigned", 0, INT32_MIN, true, 0, 0, HEALTH_SERVING},
	{"both clocks have run down", EXPIRE, 0, true, 0,
		IS(REFRESH_OVERDUE) | IS(ZONE_EXPIRED) | IS(SIGNATURE_HORIZON), HEALTH_FAILING},
	{"refreshed each day, never signed again", 60, 0, true, 0, IS(SIGNATURE_HORIZON),
		HEALTH_FAILING},
	{"judged for another time", 0, -100 * DAY, true, -110 * DAY, 0, HEALTH_SERVING},
	{"judged for another time, at its end", 0, -100 * DAY, true, -100 * DAY,
		IS(SIGNATURE_HORIZON), HEALTH_FAILING},
	{"judged for another time, expired", EXPIRE, -100 * DAY, true, -110 * DAY,
		IS(REFRESH_OVERDUE) | IS(ZONE_EXPIRED), HEALTH_FAILING},
	{"nobody vouches for the clock", EXPIRE, -DAY, false, 0, IS(CLOCK_UNSURE), HEALTH_DEGRADED},
	{"a clock that is a little late", -30, 12 * DAY, true, 0, 0, HEALTH_SERVING},
	{"a clock before the last refresh", -DAY, 12 * DAY, true, 0, IS(CLOCK_UNSURE),
		HEALTH_DEGRADED},
};

static struct health_zone
zone_of(size_t row)
{
	return (struct health_zone){
		.name = ".",
		.serial = 2026073102,
		.refresh = REFRESH,
		.retry = RETRY,
		.expire = EXPIRE,
		.refreshed_at = rows[row].age == -1 ? 0 : NOW - rows[row].age,
		.earliest_expiry =
			rows[row].ends == INT32_MIN ? 0 : (uint32_t)(NOW + rows[row].ends),
		.judged_at = rows[row].judged ? NOW + rows[row].judged : 0,
	};
}

static unsigned int
findings_of(const struct note *note)
{
	const struct health_finding *finding;
	unsigned int set = 0;

	for (unsigned int i = 0; (finding = health_finding(note->health, i)); i++) {
		cr_expect_str_eq(finding->subject, ".");
		cr_expect_eq(finding->families, HEALTH_BOTH);
		set |= 1U << finding->reason;
	}
	return set;
}

Test(health_zone, is_judged_by_both_clocks)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct health_zone zone = zone_of(i);
		struct note note;

		note_serve(&note, 0);
		health_zone_judge(note.health, &zone, &margins, NOW, rows[i].sure, 1);
		cr_expect_eq(findings_of(&note), rows[i].findings, "%s: %x", rows[i].what,
			findings_of(&note));
		cr_expect_eq(
			health_state(note.health, HEALTH_IPV4), rows[i].state, "%s", rows[i].what);
		health_free(note.health);
	}
}

Test(health_zone, that_is_good_again_clears_what_was_found)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct health_zone zone = zone_of(i), good = zone_of(0);
		struct note note;

		note_serve(&note, 0);
		health_zone_judge(note.health, &zone, &margins, NOW, rows[i].sure, 1);
		health_zone_judge(note.health, &good, &margins, NOW, true, 2);
		cr_expect_eq(findings_of(&note), 0, "%s", rows[i].what);
		health_turn(note.health, HOLD_UP * 1000 + 2);
		cr_expect_eq(
			health_state(note.health, HEALTH_IPV6), HEALTH_SERVING, "%s", rows[i].what);
		health_free(note.health);
	}
}

Test(health_zone, of_a_store_is_judged_before_anything_is_announced)
{
	struct health_zone zone = zone_of(6); /* expired while nobody ran */
	struct note note;

	note_begin(&note, 0);
	health_zone_judge(note.health, &zone, &margins, NOW, true, 0);
	health_reach(note.health, HEALTH_STEP_ZONES, HEALTH_BOTH, 0);
	health_reach(note.health, HEALTH_STEP_SELF_QUERY, HEALTH_BOTH, 1);
	health_turn(note.health, REFRESH_WAIT * 1000);
	cr_expect_eq(health_state(note.health, HEALTH_IPV4), HEALTH_FAILING);
	zone.refreshed_at = NOW;
	health_zone_judge(note.health, &zone, &margins, NOW, true, REFRESH_WAIT * 1000 + 1);
	cr_expect_eq(health_state(note.health, HEALTH_IPV4), HEALTH_SERVING);
	health_free(note.health);
}
