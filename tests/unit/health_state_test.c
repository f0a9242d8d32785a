/* SPDX-License-Identifier: BSD-3-Clause */
#include "health_note.h"

static const struct {
	enum health_reason reason;
	enum health_severity severity;
	const char *name;
} reasons[] = {
	{HEALTH_ZONE_EXPIRED, HEALTH_WRONG, "zone_expired"},
	{HEALTH_SIGNATURE_HORIZON, HEALTH_WRONG, "signature_horizon"},
	{HEALTH_AUDIT_DIFFERENCE, HEALTH_WRONG, "audit_difference"},
	{HEALTH_SELF_QUERY_UNANSWERED, HEALTH_WRONG, "self_query_unanswered"},
	{HEALTH_SELF_QUERY_WRONG, HEALTH_WRONG, "self_query_wrong"},
	{HEALTH_LCORE_STOPPED, HEALTH_WRONG, "lcore_stopped"},
	{HEALTH_EXPIRY_NEAR, HEALTH_ALARM, "expiry_near"},
	{HEALTH_SIGNATURE_NEAR, HEALTH_ALARM, "signature_near"},
	{HEALTH_REFRESH_OVERDUE, HEALTH_ALARM, "refresh_overdue"},
	{HEALTH_CLOCK_UNSURE, HEALTH_ALARM, "clock_unsure"},
	{HEALTH_PRIMARY_FAILING, HEALTH_ALARM, "primary_failing"},
	{HEALTH_PRIMARY_DISAGREES, HEALTH_ALARM, "primary_disagrees"},
	{HEALTH_PRIMARY_LAGS, HEALTH_ALARM, "primary_lags"},
	{HEALTH_VERSION_REFUSED, HEALTH_ALARM, "version_refused"},
	{HEALTH_ANCHOR_MISSING, HEALTH_ALARM, "anchor_missing"},
	{HEALTH_STORE_FAILING, HEALTH_ALARM, "store_failing"},
	{HEALTH_RECEIVE_DROPS, HEALTH_ALARM, "receive_drops"},
	{HEALTH_OVERLOAD, HEALTH_ALARM, "overload"},
	{HEALTH_AUDIT_FAILING, HEALTH_ALARM, "audit_failing"},
	{HEALTH_ANNOUNCEMENT_FAILING, HEALTH_ALARM, "announcement_failing"},
	{HEALTH_CAPTURE_FAILING, HEALTH_ALARM, "capture_failing"},
};

enum { REASONS = sizeof(reasons) / sizeof(reasons[0]) };

static const unsigned int family_sets[] = {HEALTH_IPV4, HEALTH_IPV6, HEALTH_BOTH};
static const enum health_family families[] = {HEALTH_IPV4, HEALTH_IPV6};

Test(health_state, only_wrongness_withdraws_and_only_the_families_that_it_concerns)
{
	cr_assert_eq(REASONS, HEALTH_REASONS);
	for (unsigned int i = 0; i < REASONS; i++)
		for (unsigned int j = 0; j < 3; j++) {
			bool is_wrong = reasons[i].severity == HEALTH_WRONG;
			struct note note;

			cr_expect_eq(health_severity_of(reasons[i].reason), reasons[i].severity);
			cr_expect_str_eq(health_reason_names[reasons[i].reason], reasons[i].name);
			note_serve(&note, 0);
			health_say(
				note.health, reasons[i].reason, "it", family_sets[j], 5, "%d", 7);
			for (unsigned int k = 0; k < 2; k++) {
				bool concerned = family_sets[j] & families[k];

				cr_expect_eq(health_state(note.health, families[k]),
					!concerned ? HEALTH_SERVING
					: is_wrong ? HEALTH_FAILING
						   : HEALTH_DEGRADED,
					"%s", reasons[i].name);
				cr_expect_eq(health_announces(note.health, families[k]),
					!concerned || !is_wrong);
				cr_expect_eq(health_failures(note.health, families[k]),
					concerned && is_wrong);
			}
			cr_expect_eq(note.changes, family_sets[j] == HEALTH_BOTH ? 2 : 1);
			cr_expect_not_null(strstr(note.why, reasons[i].name));
			cr_expect_not_null(strstr(note.why, "it: 7"));
			health_free(note.health);
		}
}

Test(health_state, starts_when_all_steps_are_reached_in_any_order)
{
	static const enum health_step orders[][HEALTH_STEPS] = {
		{HEALTH_STEP_ZONES, HEALTH_STEP_SELF_QUERY, HEALTH_STEP_REFRESH},
		{HEALTH_STEP_REFRESH, HEALTH_STEP_SELF_QUERY, HEALTH_STEP_ZONES},
		{HEALTH_STEP_SELF_QUERY, HEALTH_STEP_REFRESH, HEALTH_STEP_ZONES},
	};

	for (size_t i = 0; i < 3; i++) {
		struct note note;

		note_begin(&note, 0);
		for (unsigned int step = 0; step < HEALTH_STEPS; step++) {
			cr_expect_eq(health_state(note.health, HEALTH_IPV4), HEALTH_STARTING);
			cr_expect_not(health_announces(note.health, HEALTH_IPV4));
			cr_expect(health_awaited(note.health, HEALTH_IPV4) & 1U << orders[i][step]);
			health_reach(note.health, orders[i][step], HEALTH_IPV4, 1);
		}
		cr_expect_eq(health_state(note.health, HEALTH_IPV4), HEALTH_SERVING);
		cr_expect_eq(health_state(note.health, HEALTH_IPV6), HEALTH_STARTING);
		cr_expect_eq(note.changes, 1);
		health_free(note.health);
	}
}

Test(health_state, waits_for_a_refresh_no_longer_than_it_should)
{
	struct note note;

	note_begin(&note, 5000);
	health_reach(note.health, HEALTH_STEP_ZONES, HEALTH_BOTH, 5000);
	health_reach(note.health, HEALTH_STEP_SELF_QUERY, HEALTH_BOTH, 5000);
	health_say(note.health, HEALTH_PRIMARY_FAILING, "192.0.2.1", HEALTH_BOTH, 6000, "silent");
	health_turn(note.health, 5000 + REFRESH_WAIT * 1000 - 1);
	cr_expect_eq(health_state(note.health, HEALTH_IPV4), HEALTH_STARTING);
	health_turn(note.health, 5000 + REFRESH_WAIT * 1000);
	cr_expect_eq(health_state(note.health, HEALTH_IPV4), HEALTH_DEGRADED);
	cr_expect(health_announces(note.health, HEALTH_IPV6));
	health_free(note.health);
}

Test(health_state, fails_before_it_was_ready_and_is_ready_at_once_when_it_is_good)
{
	struct note note;

	note_begin(&note, 0);
	health_reach(note.health, HEALTH_STEP_ZONES, HEALTH_BOTH, 0);
	health_say(note.health, HEALTH_ZONE_EXPIRED, ".", HEALTH_BOTH, 1, "stored long ago");
	cr_expect_eq(health_state(note.health, HEALTH_IPV4), HEALTH_FAILING);
	cr_expect_eq(note.old, HEALTH_STARTING);
	health_reach(note.health, HEALTH_STEP_SELF_QUERY, HEALTH_BOTH, 2);
	cr_expect_eq(health_state(note.health, HEALTH_IPV4), HEALTH_FAILING);
	health_clear(note.health, HEALTH_ZONE_EXPIRED, ".", HEALTH_BOTH, 3);
	cr_expect_eq(health_state(note.health, HEALTH_IPV4), HEALTH_STARTING);
	health_reach(note.health, HEALTH_STEP_REFRESH, HEALTH_BOTH, 4);
	cr_expect_eq(health_state(note.health, HEALTH_IPV4), HEALTH_SERVING);
	cr_expect_eq(health_failures(note.health, HEALTH_IPV4), 0);
	health_free(note.health);
}

Test(health_state, fails_at_once_and_comes_back_when_it_was_good_for_long_enough)
{
	struct note note;

	note_serve(&note, 0);
	health_say(note.health, HEALTH_LCORE_STOPPED, "lcore 1", HEALTH_BOTH, 1000, "600 ms");
	cr_expect_eq(health_state(note.health, HEALTH_IPV4), HEALTH_FAILING);
	health_clear(note.health, HEALTH_LCORE_STOPPED, "lcore 1", HEALTH_BOTH, 2000);
	cr_expect_eq(health_held_ms(note.health, HEALTH_IPV4, 2000), HOLD_UP * 1000);
	cr_expect_eq(health_since_ms(note.health, HEALTH_IPV4), 1000);
	health_turn(note.health, 2000 + HOLD_UP * 1000 - 1);
	cr_expect_eq(health_state(note.health, HEALTH_IPV4), HEALTH_FAILING);
	cr_expect_eq(health_held_ms(note.health, HEALTH_IPV4, 2000 + HOLD_UP * 1000 - 1), 1);
	/* wrong again: it begins anew */
	health_say(note.health, HEALTH_LCORE_STOPPED, "lcore 1", HEALTH_IPV4, 11000, "600 ms");
	cr_expect_eq(health_held_ms(note.health, HEALTH_IPV4, 11000), 0);
	health_clear(note.health, HEALTH_LCORE_STOPPED, "lcore 1", HEALTH_BOTH, 11500);
	health_turn(note.health, 12000);
	cr_expect_eq(health_state(note.health, HEALTH_IPV4), HEALTH_FAILING);
	cr_expect_eq(health_state(note.health, HEALTH_IPV6), HEALTH_SERVING);
	health_turn(note.health, 11500 + HOLD_UP * 1000);
	cr_expect_eq(health_state(note.health, HEALTH_IPV4), HEALTH_SERVING);
	cr_expect_eq(health_failures(note.health, HEALTH_IPV4), 1);
	health_free(note.health);
}

/* Fail, be good, come back after `hold` seconds, not a moment earlier. @return when */
static int64_t
flap(struct note *note, int64_t now, int64_t hold)
{
	health_say(note->health, HEALTH_SELF_QUERY_WRONG, "x", HEALTH_IPV4, now, "REFUSED");
	cr_expect_eq(health_state(note->health, HEALTH_IPV4), HEALTH_FAILING);
	health_clear(note->health, HEALTH_SELF_QUERY_WRONG, "x", HEALTH_IPV4, now);
	health_turn(note->health, now + hold * 1000 - 1);
	cr_expect_eq(health_state(note->health, HEALTH_IPV4), HEALTH_FAILING, "%d s", (int)hold);
	health_turn(note->health, now + hold * 1000);
	cr_expect_eq(health_state(note->health, HEALTH_IPV4), HEALTH_SERVING, "%d s", (int)hold);
	return now + hold * 1000;
}

Test(health_state, is_held_back_longer_each_time_that_it_fails_soon_after)
{
	struct note note;
	int64_t now = 1000;

	note_serve(&note, 0);
	for (int64_t hold = HOLD_UP; hold <= HOLD_UP_MAX; hold *= 2)
		now = flap(&note, now + 1000, hold);
	now = flap(&note, now + 1000, HOLD_UP_MAX);
	now = flap(&note, now + 1000, HOLD_UP_MAX);
	/* good for that long: as if it had never been */
	flap(&note, now + (int64_t)HOLD_UP_MAX * 1000, HOLD_UP);
	health_free(note.health);
}

Test(health_state, is_drained_by_the_operator_whatever_its_state)
{
	struct note note;

	note_serve(&note, 0);
	health_drain(note.health, HEALTH_IPV6, true, 1);
	cr_expect(health_announces(note.health, HEALTH_IPV4));
	cr_expect_not(health_announces(note.health, HEALTH_IPV6));
	cr_expect_eq(health_state(note.health, HEALTH_IPV6), HEALTH_SERVING);
	health_drain(note.health, HEALTH_IPV6, false, 2);
	cr_expect(health_announces(note.health, HEALTH_IPV6));
	health_free(note.health);
}

Test(health_findings, are_kept_by_reason_and_subject_with_the_last_evidence)
{
	const struct health_finding *finding;
	struct note note;

	note_serve(&note, 0);
	health_say(note.health, HEALTH_PRIMARY_FAILING, "a", HEALTH_IPV4, 10, "first");
	health_say(note.health, HEALTH_PRIMARY_FAILING, "b", HEALTH_BOTH, 20, "other");
	health_say(note.health, HEALTH_PRIMARY_FAILING, "a", HEALTH_IPV4, 30, "second");
	cr_expect_eq(note.came, 2);
	health_say(note.health, HEALTH_PRIMARY_FAILING, "a", HEALTH_IPV6, 40, "third");
	cr_expect_eq(note.came, 3, "another family");
	finding = health_finding(note.health, 0);
	cr_expect_str_eq(finding->subject, "a");
	cr_expect_str_eq(finding->evidence, "third");
	cr_expect_eq(finding->since_ms, 10);
	cr_expect_eq(finding->said_ms, 40);
	cr_expect_eq(finding->families, HEALTH_BOTH);
	health_clear(note.health, HEALTH_PRIMARY_FAILING, "a", HEALTH_IPV4, 50);
	cr_expect_eq(note.went, 0);
	cr_expect_eq(health_finding(note.health, 0)->families, HEALTH_IPV6);
	health_clear(note.health, HEALTH_PRIMARY_LAGS, "a", HEALTH_BOTH, 50);
	health_say(note.health, HEALTH_PRIMARY_LAGS, "a", HEALTH_BOTH, 60, "two serials");
	health_forget(note.health, "a", 70);
	cr_expect_eq(note.went, 2);
	cr_expect_str_eq(health_finding(note.health, 0)->subject, "b");
	cr_expect_null(health_finding(note.health, 1));
	health_free(note.health);
}

Test(health_findings, are_bounded_and_wrongness_finds_room_among_alarms)
{
	char subject[32];
	struct note note;

	note_serve(&note, 0);
	for (unsigned int i = 0; i < HEALTH_FINDINGS_MAX + 1; i++) {
		snprintf(subject, sizeof(subject), "primary %u", i);
		health_say(note.health, HEALTH_PRIMARY_FAILING, subject, HEALTH_IPV4, i, "silent");
	}
	cr_expect_eq(health_unlisted(note.health), 1);
	cr_expect_null(health_finding(note.health, HEALTH_FINDINGS_MAX));
	for (unsigned int i = 0; i < HEALTH_FINDINGS_MAX; i++) {
		snprintf(subject, sizeof(subject), "lcore %u", i);
		health_say(note.health, HEALTH_LCORE_STOPPED, subject, HEALTH_IPV4, 1000, "stuck");
		cr_expect_eq(health_state(note.health, HEALTH_IPV4), HEALTH_FAILING);
	}
	cr_expect_null(note_find(&note, HEALTH_PRIMARY_FAILING));
	cr_expect_eq(health_state(note.health, HEALTH_IPV6), HEALTH_SERVING);
	health_say(note.health, HEALTH_LCORE_STOPPED, "one more", HEALTH_IPV6, 1000, "stuck");
	cr_expect_eq(health_state(note.health, HEALTH_IPV6), HEALTH_FAILING);
	health_free(note.health);
}

Test(health_findings, of_long_subjects_and_evidence_are_cut_and_still_found)
{
	char subject[300], evidence[600];
	struct note note;

	memset(subject, 's', sizeof(subject));
	subject[sizeof(subject) - 1] = '\0';
	memset(evidence, 'e', sizeof(evidence));
	evidence[sizeof(evidence) - 1] = '\0';
	note_serve(&note, 0);
	health_say(note.health, HEALTH_ZONE_EXPIRED, subject, HEALTH_BOTH, 1, "%s", evidence);
	health_say(note.health, HEALTH_ZONE_EXPIRED, subject, HEALTH_BOTH, 1, "%s", evidence);
	cr_expect_null(health_finding(note.health, 1));
	health_clear(note.health, HEALTH_ZONE_EXPIRED, subject, HEALTH_BOTH, 2);
	cr_expect_null(health_finding(note.health, 0));
	health_free(note.health);
}
