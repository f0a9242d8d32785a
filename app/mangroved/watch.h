/* SPDX-License-Identifier: BSD-3-Clause */
/** Whether the node may be asked: what its parts report, its own questions, and the announcement.
 */
#ifndef MANGROVED_WATCH_H
#define MANGROVED_WATCH_H

#include <jansson.h>
#include <uv.h>

#include "base/why.h"
#include "config.h"
#include "health/health.h"
#include "selfquery/selfquery.h"

struct announce;
struct engine_service;
struct node;
struct zone_entry;

struct watch {
	struct node *node;
	struct health *health;
	struct selfquery_lcore lcores[CONFIG_LCORES_MAX];
	struct selfquery *selfquery; /* NULL: before the node is up */
	struct announce *announce;   /* NULL: nobody is told */
	uv_timer_t timer;
	bool timer_runs;
	/* as seen last */
	uint64_t audit_different, port_missed, unsent, uncaptured;
	int64_t missed_ms, unsent_ms, uncaptured_ms; /* when they grew; 0: not */
	bool audit_wrong; /* a difference was found, and neither a person nor new images followed */
	unsigned int audit_taken[IMAGE_CATALOGUE_MAX]; /* of each zone: versions_taken then */
	unsigned int drained;  /* enum health_family: an operator wants them withdrawn */
	int64_t changed_at[2]; /* states of IPv4 and IPv6, seconds since 1970 */
	void (*stopped)(struct node *node);
};

/** Judge from now on. Nothing is announced yet. */
int watch_begin(struct watch *watch, struct node *node, struct why *why);

/** Lcores and sockets are up: ask them. */
int watch_up(struct watch *watch, struct why *why);

/** What is answered from is exchanged: before and after. */
void watch_publishing(struct watch *watch, const struct engine_service *service);
void watch_published(struct watch *watch);

/** Look at a zone again. */
void watch_zone(struct watch *watch, const struct zone_entry *zone);

/** A version of a zone was refused (text), or taken (NULL). */
void watch_judged(struct watch *watch, const struct zone_entry *zone, const char *text);

/** An operator has looked at what the audit found: it is no reason to withdraw any more. */
void watch_audit_clear(struct watch *watch);

/** Withdraw all; `stopped` is called on the loop when whoever is told has been. */
void watch_withdraw(struct watch *watch, void (*stopped)(struct node *node));

/** Ask no more: lcores and sockets are about to stop. */
void watch_down(struct watch *watch);

/** The loop has ended. */
void watch_free(struct watch *watch);

/** "starting", "serving", "degraded", "failing": the worse of both families. */
const char *watch_state_word(const struct watch *watch);

/** As the command "health" replies (docs/control.md). */
json_t *watch_json(const struct watch *watch);

/**
 * Withdraw families though they are healthy, or end that.
 *
 * @param which  enum health_family
 * @return as the commands "drain" and "undrain" reply
 */
json_t *watch_drain(struct watch *watch, unsigned int which, bool drained);

#endif
