/* SPDX-License-Identifier: BSD-3-Clause */
#include "health/health.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

enum { FAMILIES = 2 };

struct family {
	enum health_state state;
	int64_t since_ms;
	unsigned int awaited; /* 1 << enum health_step */
	bool was_announced, drained;
	bool is_good; /* nothing is wrong; meaningful while FAILING */
	int64_t good_since_ms;
	int64_t announced_ms; /* the last time */
	int64_t hold_ms;
	uint64_t failures;
};

struct health {
	struct health_settings settings;
	int64_t started_ms;
	struct family families[FAMILIES];
	unsigned int count;
	uint64_t unlisted;
	struct health_finding findings[HEALTH_FINDINGS_MAX];
};

const char *const health_reason_names[HEALTH_REASONS] = {
	[HEALTH_ZONE_EXPIRED] = "zone_expired",
	[HEALTH_SIGNATURE_HORIZON] = "signature_horizon",
	[HEALTH_AUDIT_DIFFERENCE] = "audit_difference",
	[HEALTH_SELF_QUERY_UNANSWERED] = "self_query_unanswered",
	[HEALTH_SELF_QUERY_WRONG] = "self_query_wrong",
	[HEALTH_LCORE_STOPPED] = "lcore_stopped",
	[HEALTH_EXPIRY_NEAR] = "expiry_near",
	[HEALTH_SIGNATURE_NEAR] = "signature_near",
	[HEALTH_REFRESH_OVERDUE] = "refresh_overdue",
	[HEALTH_CLOCK_UNSURE] = "clock_unsure",
	[HEALTH_PRIMARY_FAILING] = "primary_failing",
	[HEALTH_PRIMARY_DISAGREES] = "primary_disagrees",
	[HEALTH_PRIMARY_LAGS] = "primary_lags",
	[HEALTH_VERSION_REFUSED] = "version_refused",
	[HEALTH_ANCHOR_MISSING] = "anchor_missing",
	[HEALTH_STORE_FAILING] = "store_failing",
	[HEALTH_RECEIVE_DROPS] = "receive_drops",
	[HEALTH_OVERLOAD] = "overload",
	[HEALTH_AUDIT_FAILING] = "audit_failing",
	[HEALTH_ANNOUNCEMENT_FAILING] = "announcement_failing",
	[HEALTH_CAPTURE_FAILING] = "capture_failing",
};

const char *const health_state_names[HEALTH_STATES] = {
	[HEALTH_STARTING] = "starting",
	[HEALTH_SERVING] = "serving",
	[HEALTH_DEGRADED] = "degraded",
	[HEALTH_FAILING] = "failing",
};

enum health_severity
health_severity_of(enum health_reason reason)
{
	/* no default: the compiler asks for the severity of a new one */
	switch (reason) {
	case HEALTH_ZONE_EXPIRED:
	case HEALTH_SIGNATURE_HORIZON:
	case HEALTH_AUDIT_DIFFERENCE:
	case HEALTH_SELF_QUERY_UNANSWERED:
	case HEALTH_SELF_QUERY_WRONG:
	case HEALTH_LCORE_STOPPED:
		return HEALTH_WRONG;
	case HEALTH_EXPIRY_NEAR:
	case HEALTH_SIGNATURE_NEAR:
	case HEALTH_REFRESH_OVERDUE:
	case HEALTH_CLOCK_UNSURE:
	case HEALTH_PRIMARY_FAILING:
	case HEALTH_PRIMARY_DISAGREES:
	case HEALTH_PRIMARY_LAGS:
	case HEALTH_VERSION_REFUSED:
	case HEALTH_ANCHOR_MISSING:
	case HEALTH_STORE_FAILING:
	case HEALTH_RECEIVE_DROPS:
	case HEALTH_OVERLOAD:
	case HEALTH_AUDIT_FAILING:
	case HEALTH_ANNOUNCEMENT_FAILING:
	case HEALTH_CAPTURE_FAILING:
	case HEALTH_REASONS:
		break;
	}
	return HEALTH_ALARM;
}

/* ---- states ---- */

static const struct family *
family_of(const struct health *h, enum health_family family)
{
	assert(family == HEALTH_IPV4 || family == HEALTH_IPV6);
	return &h->families[family == HEALTH_IPV6];
}

static bool
state_is_announced(enum health_state state)
{
	return state == HEALTH_SERVING || state == HEALTH_DEGRADED;
}

/* The oldest of that severity. */
static const struct health_finding *
finding_of(const struct health *h, enum health_severity severity, unsigned int families)
{
	for (unsigned int i = 0; i < h->count; i++)
		if (h->findings[i].families & families &&
			health_severity_of(h->findings[i].reason) == severity)
			return &h->findings[i];
	return NULL;
}

/* How long a family that fails now has to be good before it is announced again. */
static int64_t
hold_choose(const struct health *h, const struct family *f, int64_t now)
{
	int64_t least = (int64_t)h->settings.hold_up_seconds * 1000;
	int64_t most = (int64_t)h->settings.hold_up_max_seconds * 1000;

	if (f->hold_ms == 0 || now - f->announced_ms >= most)
		return least;
	if (2 * f->hold_ms <= most)
		return 2 * f->hold_ms;
	return most > least ? most : least;
}

static enum health_state
state_choose(struct health *h, struct family *f, unsigned int bit, int64_t now)
{
	if (finding_of(h, HEALTH_WRONG, bit)) {
		f->is_good = false;
		return HEALTH_FAILING;
	}
	if (f->state == HEALTH_FAILING) {
		if (!f->is_good)
			f->good_since_ms = now;
		f->is_good = true;
		if (f->was_announced && now - f->good_since_ms < f->hold_ms)
			return HEALTH_FAILING;
	}
	if (f->awaited)
		return HEALTH_STARTING;
	return finding_of(h, HEALTH_ALARM, bit) ? HEALTH_DEGRADED : HEALTH_SERVING;
}

static const char *
change_explain(const struct health *h, const struct family *f, unsigned int bit,
	enum health_state to, struct why *why)
{
	const struct health_finding *finding = NULL;

	if (to == HEALTH_FAILING)
		finding = finding_of(h, HEALTH_WRONG, bit);
	else if (to == HEALTH_DEGRADED)
		finding = finding_of(h, HEALTH_ALARM, bit);
	if (finding)
		why_set(why, 0, "%s of %s: %s", health_reason_names[finding->reason],
			finding->subject, finding->evidence);
	else if (to == HEALTH_STARTING)
		why_set(why, 0, "good, but not ready");
	else if (f->state == HEALTH_FAILING)
		why_set(why, 0, "good for %lld s",
			(long long)(f->was_announced ? f->hold_ms / 1000 : 0));
	else
		why_set(why, 0, f->state == HEALTH_STARTING ? "ready" : "good again");
	return why->text;
}

static void
family_judge(struct health *h, unsigned int index, int64_t now)
{
	struct family *f = &h->families[index];
	unsigned int bit = 1U << index;
	enum health_state old = f->state, state = state_choose(h, f, bit, now);
	struct why why;

	if (state == old)
		return;
	change_explain(h, f, bit, state, &why);
	if (state == HEALTH_FAILING && state_is_announced(old)) {
		f->hold_ms = hold_choose(h, f, now);
		f->failures++;
	}
	if (state_is_announced(state) && !state_is_announced(old)) {
		f->announced_ms = now;
		f->was_announced = true;
	}
	f->state = state;
	f->since_ms = now;
	h->settings.state_changed(h->settings.data, (enum health_family)bit, old, state, why.text);
}

static void
judge(struct health *h, int64_t now)
{
	for (unsigned int i = 0; i < FAMILIES; i++)
		family_judge(h, i, now);
}

struct health *
health_new(const struct health_settings *settings, int64_t now)
{
	struct health *h = calloc(1, sizeof(*h));

	if (!h)
		abort();
	h->settings = *settings;
	h->started_ms = now;
	for (unsigned int i = 0; i < FAMILIES; i++) {
		h->families[i].awaited = (1U << HEALTH_STEPS) - 1;
		h->families[i].since_ms = now;
	}
	return h;
}

void
health_free(struct health *h)
{
	free(h);
}

void
health_reach(struct health *h, enum health_step step, unsigned int families, int64_t now)
{
	for (unsigned int i = 0; i < FAMILIES; i++)
		if (families & 1U << i)
			h->families[i].awaited &= ~(1U << step);
	judge(h, now);
}

void
health_turn(struct health *h, int64_t now)
{
	if (now - h->started_ms >= (int64_t)h->settings.refresh_wait_seconds * 1000)
		for (unsigned int i = 0; i < FAMILIES; i++)
			h->families[i].awaited &= ~(1U << HEALTH_STEP_REFRESH);
	judge(h, now);
}

void
health_drain(struct health *h, unsigned int families, bool drained, int64_t now)
{
	for (unsigned int i = 0; i < FAMILIES; i++)
		if (families & 1U << i)
			h->families[i].drained = drained;
	judge(h, now);
}

/* ---- findings ---- */

static void
finding_tell(const struct health *h, const struct health_finding *finding, bool here)
{
	if (h->settings.finding_changed)
		h->settings.finding_changed(h->settings.data, finding, here);
}

static struct health_finding *
finding_find(struct health *h, enum health_reason reason, const char *subject)
{
	for (unsigned int i = 0; i < h->count; i++)
		if (h->findings[i].reason == reason &&
			strncmp(h->findings[i].subject, subject, HEALTH_SUBJECT_MAX - 1) == 0)
			return &h->findings[i];
	return NULL;
}

static void
finding_remove(struct health *h, struct health_finding *finding)
{
	struct health_finding gone = *finding;
	size_t behind = (size_t)(h->findings + h->count - finding) - 1;

	memmove(finding, finding + 1, behind * sizeof(*finding));
	h->count--;
	finding_tell(h, &gone, false);
}

/* Room for another: wrongness takes the place of the newest alarm. */
static struct health_finding *
finding_room(struct health *h, enum health_reason reason)
{
	unsigned int i = h->count;

	if (h->count < HEALTH_FINDINGS_MAX)
		return &h->findings[h->count++];
	h->unlisted++;
	while (health_severity_of(reason) == HEALTH_WRONG && i-- > 0)
		if (health_severity_of(h->findings[i].reason) == HEALTH_ALARM) {
			finding_remove(h, &h->findings[i]);
			return &h->findings[h->count++];
		}
	return NULL;
}

/* So much is wrong that one more makes no difference, but for whom it concerns. */
static void
finding_merge(struct health *h, enum health_reason reason, unsigned int families)
{
	if (health_severity_of(reason) == HEALTH_WRONG)
		h->findings[HEALTH_FINDINGS_MAX - 1].families |= families;
}

void
health_say(struct health *h, enum health_reason reason, const char *subject, unsigned int families,
	int64_t now, const char *evidence, ...)
{
	struct health_finding *finding = finding_find(h, reason, subject);
	unsigned int before = finding ? finding->families : 0;
	va_list args;

	assert(families != 0 && (families & ~(unsigned int)HEALTH_BOTH) == 0);
	if (!finding) {
		finding = finding_room(h, reason);
		if (!finding) {
			finding_merge(h, reason, families);
			judge(h, now);
			return;
		}
		*finding = (struct health_finding){.reason = reason, .since_ms = now};
		snprintf(finding->subject, sizeof(finding->subject), "%s", subject);
	}
	finding->families |= families;
	finding->said_ms = now;
	va_start(args, evidence);
	vsnprintf(finding->evidence, sizeof(finding->evidence), evidence, args);
	va_end(args);
	if (finding->families != before)
		finding_tell(h, finding, true);
	judge(h, now);
}

void
health_clear(struct health *h, enum health_reason reason, const char *subject,
	unsigned int families, int64_t now)
{
	struct health_finding *finding = finding_find(h, reason, subject);

	if (!finding)
		return;
	if (finding->families & ~families)
		finding->families &= ~families;
	else
		finding_remove(h, finding);
	judge(h, now);
}

void
health_forget(struct health *h, const char *subject, int64_t now)
{
	for (enum health_reason reason = 0; reason < HEALTH_REASONS; reason++)
		health_clear(h, reason, subject, HEALTH_BOTH, now);
}

/* ---- asking ---- */

enum health_state
health_state(const struct health *h, enum health_family family)
{
	return family_of(h, family)->state;
}

int64_t
health_since_ms(const struct health *h, enum health_family family)
{
	return family_of(h, family)->since_ms;
}

bool
health_announces(const struct health *h, enum health_family family)
{
	const struct family *f = family_of(h, family);

	return state_is_announced(f->state) && !f->drained;
}

int64_t
health_held_ms(const struct health *h, enum health_family family, int64_t now)
{
	const struct family *f = family_of(h, family);
	int64_t left = f->good_since_ms + f->hold_ms - now;

	return f->state == HEALTH_FAILING && f->is_good && f->was_announced && left > 0 ? left : 0;
}

unsigned int
health_awaited(const struct health *h, enum health_family family)
{
	return family_of(h, family)->awaited;
}

uint64_t
health_failures(const struct health *h, enum health_family family)
{
	return family_of(h, family)->failures;
}

const struct health_finding *
health_finding(const struct health *h, unsigned int index)
{
	return index < h->count ? &h->findings[index] : NULL;
}

uint64_t
health_unlisted(const struct health *h)
{
	return h->unlisted;
}
