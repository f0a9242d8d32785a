/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Whether the node may be asked: a state for each address family, made of findings that others
 * report. Pure: no clock, no file, no log of its own. One thread, the control plane's.
 *
 * Only wrongness fails, and a family that fails is withdrawn (RFC 4786 4.4): better no answer than
 * a wrong one. All else is an alarm: to withdraw for it would move a flood to the next node, and
 * from there to the one after that.
 *
 * Times are milliseconds of clock_ms(), those of zones seconds since 1970; the caller brings both.
 */
#ifndef HEALTH_HEALTH_H
#define HEALTH_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

/** Address families, as a set. */
enum health_family { HEALTH_IPV4 = 1, HEALTH_IPV6 = 2, HEALTH_BOTH = 3 };

enum health_severity {
	HEALTH_ALARM, /* degraded: a person should look */
	HEALTH_WRONG, /* failing: the family is withdrawn */
};

/** What can be the matter; each has a severity, health_severity_of(). */
enum health_reason {
	HEALTH_ZONE_EXPIRED,	  /* SOA EXPIRE after the last refresh, RFC 1034 4.3.5 */
	HEALTH_SIGNATURE_HORIZON, /* the earliest RRSIG expires, RFC 4035 5.3.1 */
	HEALTH_AUDIT_DIFFERENCE,  /* an answer was not what the plain records say */
	HEALTH_SELF_QUERY_UNANSWERED,
	HEALTH_SELF_QUERY_WRONG,
	HEALTH_LCORE_STOPPED, /* it does not turn any more */
	HEALTH_EXPIRY_NEAR,   /* less is left than the margin for a warning */
	HEALTH_SIGNATURE_NEAR,
	HEALTH_REFRESH_OVERDUE, /* REFRESH and some RETRYs have gone by */
	HEALTH_CLOCK_UNSURE,	/* signatures and expiry cannot be judged by this clock */
	HEALTH_PRIMARY_FAILING,
	HEALTH_PRIMARY_DISAGREES,
	HEALTH_PRIMARY_LAGS,
	HEALTH_VERSION_REFUSED,
	HEALTH_ANCHOR_MISSING, /* a KSK of the zone is not among the trust anchors */
	HEALTH_STORE_FAILING,
	HEALTH_RECEIVE_DROPS,
	HEALTH_OVERLOAD,
	HEALTH_AUDIT_FAILING,	     /* nobody compares answers */
	HEALTH_ANNOUNCEMENT_FAILING, /* the routing daemon is not told */
	HEALTH_CAPTURE_FAILING,	     /* queries are missing in C-DNS files */
	HEALTH_REASONS
};

/** A word for each reason, as logs and statistics print it: "zone_expired". */
extern const char *const health_reason_names[HEALTH_REASONS];

enum health_severity health_severity_of(enum health_reason reason);

enum health_state {
	HEALTH_STARTING, /* not yet announced: a step is awaited */
	HEALTH_SERVING,
	HEALTH_DEGRADED, /* announced, and an alarm */
	HEALTH_FAILING,	 /* withdrawn, or not yet good for long enough */
	HEALTH_STATES
};

extern const char *const health_state_names[HEALTH_STATES];

/** What has to be reached once, in any order, before a family is announced the first time. */
enum health_step {
	HEALTH_STEP_ZONES,	/* verified and published */
	HEALTH_STEP_SELF_QUERY, /* answered, on every way in */
	HEALTH_STEP_REFRESH,	/* once; waited for no longer than the settings say */
	HEALTH_STEPS
};

enum { HEALTH_SUBJECT_MAX = 128, HEALTH_EVIDENCE_MAX = 256, HEALTH_FINDINGS_MAX = 512 };

/** Something that is the matter, with whom, since when. */
struct health_finding {
	enum health_reason reason;
	unsigned int families;		  /* enum health_family; never 0 */
	int64_t since_ms;		  /* said first */
	int64_t said_ms;		  /* said last */
	char subject[HEALTH_SUBJECT_MAX]; /* a zone, an lcore, a primary: as who says it names it */
	char evidence[HEALTH_EVIDENCE_MAX]; /* as said last */
};

struct health_settings {
	/* After it failed, a family has to be good for that long before it is announced again, and
	 * twice as long each time that it fails soon after, up to the maximum (RFC 4786 4.4: route
	 * flap). A family that was never announced need not. */
	uint32_t hold_up_seconds, hold_up_max_seconds;
	uint32_t refresh_wait_seconds; /* HEALTH_STEP_REFRESH is taken as reached then */
	/**
	 * A family changed its state. It may be announced if it is SERVING or DEGRADED, and has to
	 * be withdrawn at once if not.
	 *
	 * @param why  in words: the worst finding, or what was waited for
	 */
	void (*state_changed)(void *data, enum health_family family, enum health_state old,
		enum health_state now, const char *why);
	/** A finding came, concerns another family too, or went; NULL: nobody wants to know. Not
	 * when only its evidence changed. */
	void (*finding_changed)(void *data, const struct health_finding *finding, bool here);
	void *data; /* of both; state_changed() may say and clear findings, the other may not */
};

struct health;

/** @return  every step is awaited, nothing is the matter; aborts when memory is out */
struct health *health_new(const struct health_settings *settings, int64_t now_ms);

/** NULL is fine. */
void health_free(struct health *health);

/** A step is reached, for these families. Steps stay reached. */
void health_reach(
	struct health *health, enum health_step step, unsigned int families, int64_t now_ms);

/**
 * Something is the matter. To say it again of the same subject adds families and replaces the
 * evidence; it costs a search, so it may be said each second.
 *
 * @param evidence  in words, with figures
 */
__attribute__((format(printf, 6, 7))) void health_say(struct health *health,
	enum health_reason reason, const char *subject, unsigned int families, int64_t now_ms,
	const char *evidence, ...);

/** It is not, or no more, for these families. */
void health_clear(struct health *health, enum health_reason reason, const char *subject,
	unsigned int families, int64_t now_ms);

/** The subject is gone (a zone, a primary that is not configured any more), with all findings. */
void health_forget(struct health *health, const char *subject, int64_t now_ms);

/** Let time pass: waits that end now. Call it each second or so. */
void health_turn(struct health *health, int64_t now_ms);

/**
 * The operator wants families withdrawn, or no more; their state is what it is nevertheless, so
 * that nobody is told: ask health_announces() afterwards.
 */
void health_drain(struct health *health, unsigned int families, bool drained, int64_t now_ms);

enum health_state health_state(const struct health *health, enum health_family family);

/** When it came into that state. */
int64_t health_since_ms(const struct health *health, enum health_family family);

/** Whether to announce: SERVING or DEGRADED, and not drained. */
bool health_announces(const struct health *health, enum health_family family);

/** Milliseconds until a family that is good again, but held back, is announced; 0: it is not held
 * back. */
int64_t health_held_ms(const struct health *health, enum health_family family, int64_t now_ms);

/** Steps that a family awaits, as a set of 1 << enum health_step. */
unsigned int health_awaited(const struct health *health, enum health_family family);

/** How many times a family was withdrawn because it failed. */
uint64_t health_failures(const struct health *health, enum health_family family);

/**
 * Findings, the oldest first.
 *
 * @param index  from 0
 * @return NULL: no more; else good until the next call that is not const
 */
const struct health_finding *health_finding(const struct health *health, unsigned int index);

/** Alarms that found no room, since the start: wrongness takes an alarm's place. */
uint64_t health_unlisted(const struct health *health);

/* ---- clocks of a zone ---- */

/** What is known of a zone that is served. */
struct health_zone {
	const char *name; /* the findings' subject */
	uint32_t serial;
	uint32_t refresh, retry, expire; /* of its SOA, seconds */
	int64_t refreshed_at;	  /* when a primary last said that this is the newest; seconds since
				     1970; 0: it has no primary, and so does not expire */
	uint32_t earliest_expiry; /* of all RRSIGs, seconds since 1970; 0: unsigned */
	int64_t judged_at; /* signatures are judged for that time, not the present; 0: for the
			      present */
};

/** How much must be left, in seconds. */
struct health_margins {
	uint32_t expire_warn;			 /* of SOA EXPIRE */
	uint32_t signature_warn, signature_fail; /* of the earliest RRSIG */
	uint32_t overdue_retries; /* a refresh is overdue when so many RETRYs followed REFRESH */
};

/**
 * Judge a zone by its two clocks, SOA EXPIRE and the signature horizon, and say and clear what
 * follows of it: ZONE_EXPIRED, SIGNATURE_HORIZON, EXPIRY_NEAR, SIGNATURE_NEAR, REFRESH_OVERDUE,
 * CLOCK_UNSURE. A clock that stands before the last refresh is not believed: then neither is
 * judged, which is said.
 *
 * @param clock_is_sure  whether somebody (NTP) vouches for the clock, if the operator wants that;
 *                       false holds back the judgement, so that it may not stay so for long
 */
void health_zone_judge(struct health *health, const struct health_zone *zone,
	const struct health_margins *margins, int64_t now_seconds, bool clock_is_sure,
	int64_t now_ms);

#endif
