/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "announce/announce.h"
#include "log.h"
#include "node.h"
#include "selfquery/selfquery.h"

enum {
	TURN_MS = 100,
	/* an alarm about drops, and one about a wrong answer, stays that long after the last */
	DROPS_ALARM_MS = 60 * 1000,
	HOLD_UP_MAX_FACTOR = 32,
	OVERDUE_RETRIES = 3,
	COMMAND_TIMEOUT_MS = 5000,
	COMMAND_RETRY_MS = 5000,
	COMMAND_REPEAT_MS = 60000,
};

static const struct {
	enum health_family health;
	enum announce_family announce;
	const char *name;
} families[] = {
	{HEALTH_IPV4, ANNOUNCE_IPV4, "ipv4"},
	{HEALTH_IPV6, ANNOUNCE_IPV6, "ipv6"},
};

enum { FAMILIES = sizeof(families) / sizeof(families[0]) };

/* Families that the node has addresses of. */
static unsigned int
families_served(const struct watch *watch)
{
	const struct packet_service *service = &watch->node->config->service;

	return (service->ipv4_count ? HEALTH_IPV4 : 0u) | (service->ipv6_count ? HEALTH_IPV6 : 0u);
}

/* ---- from health to announcement and log ---- */

static void
announcement_follow(struct watch *watch, unsigned int index)
{
	if (watch->announce && !watch->node->stopping)
		announce_set(watch->announce, families[index].announce,
			health_announces(watch->health, families[index].health));
}

static void
state_changed(void *data, enum health_family family, enum health_state old, enum health_state now,
	const char *why)
{
	struct watch *watch = data;

	for (unsigned int i = 0; i < FAMILIES; i++) {
		if (families[i].health != family || !(families_served(watch) & family))
			continue;
		watch->changed_at[i] = time(NULL);
		log_event(EVENT_HEALTH_STATE, "health family=%s state=%s was=%s: %s",
			families[i].name, health_state_names[now], health_state_names[old], why);
		announcement_follow(watch, i);
	}
}

static void
finding_changed(void *data, const struct health_finding *finding, bool here)
{
	bool wrong = health_severity_of(finding->reason) == HEALTH_WRONG;

	(void)data;
	if (!here)
		log_event(EVENT_FINDING_OVER, "over: %s subject=\"%s\"",
			health_reason_names[finding->reason], finding->subject);
	else if (wrong)
		log_event(EVENT_FINDING_WRONG, "wrong: %s subject=\"%s\": %s",
			health_reason_names[finding->reason], finding->subject, finding->evidence);
	else
		log_event(EVENT_FINDING_ALARM, "alarm: %s subject=\"%s\": %s",
			health_reason_names[finding->reason], finding->subject, finding->evidence);
}

/* Say or clear, by whether something is so. */
__attribute__((format(printf, 5, 6))) static void
find(struct watch *watch, bool is, enum health_reason reason, const char *subject,
	const char *format, ...)
{
	char evidence[HEALTH_EVIDENCE_MAX];
	va_list args;

	if (!is) {
		health_clear(watch->health, reason, subject, HEALTH_BOTH, clock_ms());
		return;
	}
	va_start(args, format);
	vsnprintf(evidence, sizeof(evidence), format, args);
	va_end(args);
	health_say(watch->health, reason, subject, HEALTH_BOTH, clock_ms(), "%s", evidence);
}

static void
announcement_reported(void *data, enum announce_family family, const char *fault)
{
	struct watch *watch = data;
	const char *name = families[family == ANNOUNCE_IPV6].name;

	find(watch, fault != NULL, HEALTH_ANNOUNCEMENT_FAILING, name, "%s", fault ? fault : "");
}

/* ---- zones ---- */

static void
primary_look(struct watch *watch, const struct zone_entry *zone, unsigned int index)
{
	const struct refresh_primary *primary = &zone->refresh.primaries[index];
	char subject[HEALTH_SUBJECT_MAX];

	snprintf(subject, sizeof(subject), "zone=%.60s primary=%.48s", zone->name,
		zone->config->primaries[index]);
	find(watch, primary->standing == REFRESH_FAILED, HEALTH_PRIMARY_FAILING, subject, "%s",
		zone->said[index]);
	find(watch, primary->standing == REFRESH_LAGGING, HEALTH_PRIMARY_LAGS, subject, "%s",
		zone->said[index]);
	find(watch, primary->standing == REFRESH_DISAGREES, HEALTH_PRIMARY_DISAGREES, subject,
		"serial %u with other content than that of others", primary->serial);
	find(watch, primary->standing == REFRESH_REFUSED, HEALTH_VERSION_REFUSED, subject, "%s",
		zone->said[index]);
}

static void
zone_clocks_look(struct watch *watch, const struct zone_entry *zone)
{
	const struct config_health *config = &watch->node->config->health;
	const struct health_margins margins = {
		.expire_warn = config->expire_warn_seconds,
		.signature_warn = config->signature_warn_seconds,
		.signature_fail = config->signature_fail_seconds,
		.overdue_retries = OVERDUE_RETRIES,
	};
	struct image_facts facts;
	struct health_zone judged;

	image_facts(zone->image, &facts);
	judged = (struct health_zone){
		.name = zone->name,
		.serial = facts.serial,
		.refresh = facts.refresh,
		.retry = facts.retry,
		.expire = facts.expire,
		.refreshed_at = zone->config->primaries_count ? zone->refreshed_at : 0,
		.earliest_expiry = facts.dnssec ? facts.earliest_expiry : 0,
		.judged_at = zone->config->at_time,
	};
	health_zone_judge(watch->health, &judged, &margins, time(NULL),
		zone_clock_is_credible(zone), clock_ms());
}

static void
steps_look(struct watch *watch)
{
	const struct zones *zones = &watch->node->zones;
	bool all_served = zones->publishes, all_refreshed = true;

	for (unsigned int i = 0; i < zones->count; i++) {
		const struct zone_entry *zone = &zones->entries[i];

		all_served = all_served && zone->standing == ZONE_SERVED;
		all_refreshed = all_refreshed &&
				(zone->config->primaries_count == 0 || zone->rounds_ended > 0);
	}
	if (all_served)
		health_reach(watch->health, HEALTH_STEP_ZONES, HEALTH_BOTH, clock_ms());
	if (all_refreshed)
		health_reach(watch->health, HEALTH_STEP_REFRESH, HEALTH_BOTH, clock_ms());
}

void
watch_zone(struct watch *watch, const struct zone_entry *zone)
{
	if (!watch->health)
		return;
	if (zone->image)
		zone_clocks_look(watch, zone);
	for (unsigned int i = 0; i < zone->config->primaries_count; i++)
		primary_look(watch, zone, i);
	find(watch, zone->store_fails, HEALTH_STORE_FAILING, zone->name, "%s", zone->error_text);
	find(watch, zone->anchor_missing[0] != '\0', HEALTH_ANCHOR_MISSING, zone->name, "%s",
		zone->anchor_missing);
	steps_look(watch);
}

void
watch_judged(struct watch *watch, const struct zone_entry *zone, const char *text)
{
	if (watch->health)
		find(watch, text != NULL, HEALTH_VERSION_REFUSED, zone->name, "%s",
			text ? text : "");
}

/* ---- the node's own questions ---- */

static unsigned int
zones_asked(const struct engine_service *service, struct selfquery_zone asked[SELFQUERY_ZONES_MAX])
{
	const struct image_catalogue *catalogue = &service->catalogue;
	struct image_facts facts;

	for (unsigned int i = 0; i < catalogue->count; i++) {
		image_facts(catalogue->images[i], &facts);
		asked[i] = (struct selfquery_zone){.origin = facts.origin,
			.serial = facts.serial,
			.is_signed = facts.earliest_expiry != 0};
	}
	return catalogue->count;
}

void
watch_publishing(struct watch *watch, const struct engine_service *service)
{
	struct selfquery_zone asked[SELFQUERY_ZONES_MAX];

	if (watch->selfquery)
		selfquery_expect(watch->selfquery, asked, zones_asked(service, asked));
}

void
watch_published(struct watch *watch)
{
	if (watch->selfquery)
		selfquery_settle(watch->selfquery);
}

static void
question_reported(void *data, const struct selfquery_report *report)
{
	static const struct {
		enum health_reason reason;
		bool wrong;
	} kinds[] = {
		[SELFQUERY_UNANSWERED] = {HEALTH_SELF_QUERY_UNANSWERED, true},
		[SELFQUERY_WRONG] = {HEALTH_SELF_QUERY_WRONG, true},
		[SELFQUERY_STOPPED] = {HEALTH_LCORE_STOPPED, true},
	};
	struct watch *watch = data;
	unsigned int of = (report->ipv4 ? HEALTH_IPV4 : 0u) | (report->ipv6 ? HEALTH_IPV6 : 0u);
	int64_t now = clock_ms();

	switch (report->outcome) {
	case SELFQUERY_RIGHT:
		health_clear(watch->health, HEALTH_SELF_QUERY_UNANSWERED, report->subject, of, now);
		health_clear(watch->health, HEALTH_SELF_QUERY_WRONG, report->subject, of, now);
		break;
	case SELFQUERY_TURNS:
		health_clear(watch->health, HEALTH_LCORE_STOPPED, report->subject, of, now);
		break;
	case SELFQUERY_UNANSWERED:
	case SELFQUERY_WRONG:
	case SELFQUERY_STOPPED:
		health_say(watch->health, kinds[report->outcome].reason, report->subject, of, now,
			"%s", report->evidence);
		break;
	}
}

/* ---- what is looked at again and again ---- */

/* Whether each image that was served when the audit found a difference has been replaced by one
 * that was built, or opened, since. Whose fault it was is not known: it may have been any of them.
 * To publish the same images again (cookie secrets, another zone's expiry) is no cure. */
static bool
images_are_new(const struct watch *watch)
{
	const struct zones *zones = &watch->node->zones;

	for (unsigned int i = 0; i < zones->count; i++)
		if (zones->entries[i].standing == ZONE_SERVED &&
			zones->entries[i].versions_taken == watch->audit_taken[i])
			return false;
	return true;
}

static void
audit_look(struct watch *watch)
{
	const struct zones *zones = &watch->node->zones;
	struct auditor_counts counts = auditor_counts(watch->node->server.auditor);

	if (counts.different > watch->audit_different) {
		watch->audit_wrong = true;
		for (unsigned int i = 0; i < zones->count; i++)
			watch->audit_taken[i] = zones->entries[i].versions_taken;
	} else if (watch->audit_wrong && images_are_new(watch)) {
		watch->audit_wrong = false;
	}
	watch->audit_different = counts.different;
	find(watch, watch->audit_wrong, HEALTH_AUDIT_DIFFERENCE, "audit",
		"%" PRIu64 " answers were not what the records say; the log has one of them",
		counts.different);
	find(watch, counts.fails, HEALTH_AUDIT_FAILING, "audit",
		"the auditor was started again %" PRIu64 " times", counts.restarts);
}

void
watch_audit_clear(struct watch *watch)
{
	watch->audit_wrong = false;
	if (watch->timer_runs)
		audit_look(watch);
}

/* @return whether a counter has grown of late; `last` and `grew_ms` are what is remembered of it */
static bool
has_grown(uint64_t count, uint64_t *last, int64_t *grew_ms)
{
	int64_t now = clock_ms();

	if (count > *last)
		*grew_ms = now;
	if (*grew_ms && now - *grew_ms > DROPS_ALARM_MS)
		*grew_ms = 0;
	*last = count;
	return *grew_ms != 0;
}

/* More comes than is taken, or goes out: an alarm, and never a reason to withdraw. */
static void
drops_look(struct watch *watch)
{
	uint64_t missed = server_port_missed(&watch->node->server);
	uint64_t unsent = server_unsent(&watch->node->server);
	enum limit_step step = watch->node->limits.step;

	find(watch, has_grown(missed, &watch->port_missed, &watch->missed_ms), HEALTH_RECEIVE_DROPS,
		"ports", "%" PRIu64 " frames were dropped at full receive queues since the start",
		missed);
	find(watch, has_grown(unsent, &watch->unsent, &watch->unsent_ms), HEALTH_OVERLOAD, "ports",
		"%" PRIu64 " replies found no room in transmit queues since the start", unsent);
	/* samples alone are missed by nobody who asks */
	find(watch, step >= LIMIT_STEP_UNKNOWN, HEALTH_OVERLOAD, "shedding",
		"load leads as far as step %s", limit_step_names[step]);
}

static void
capture_look(struct watch *watch)
{
	struct why why = {.text = ""};
	uint64_t missed;
	bool fails = capturer_fails(watch->node->server.capturer, &missed, &why);

	find(watch, fails, HEALTH_CAPTURE_FAILING, "files", "%s", why.text);
	find(watch, has_grown(missed, &watch->uncaptured, &watch->uncaptured_ms),
		HEALTH_CAPTURE_FAILING, "queries",
		"%" PRIu64 " are missing in C-DNS files since the start", missed);
}

static void
turn(uv_timer_t *timer)
{
	struct watch *watch = timer->data;

	audit_look(watch);
	drops_look(watch);
	capture_look(watch);
	for (unsigned int i = 0; i < FAMILIES; i++)
		if (watch->selfquery &&
			(selfquery_complete(watch->selfquery, families[i].health == HEALTH_IPV6) ||
				!(families_served(watch) & families[i].health)))
			health_reach(watch->health, HEALTH_STEP_SELF_QUERY, families[i].health,
				clock_ms());
	health_turn(watch->health, clock_ms());
	log_turn();
}

/* ---- from start to end ---- */

static int
announcement_begin(struct watch *watch, struct why *why)
{
	const struct config_announce *config = &watch->node->config->announce;
	struct announce_settings settings = {
		.interface = config->interface,
		.service = &watch->node->config->service,
		.up = {{config->up_ipv4, config->up_ipv4_count},
			{config->up_ipv6, config->up_ipv6_count}},
		.down = {{config->down_ipv4, config->down_ipv4_count},
			{config->down_ipv6, config->down_ipv6_count}},
		.prefix_length = {(uint8_t)config->prefix_ipv4, (uint8_t)config->prefix_ipv6},
		.timeout_ms = COMMAND_TIMEOUT_MS,
		.retry_ms = COMMAND_RETRY_MS,
		.repeat_ms = COMMAND_REPEAT_MS,
		.reported = announcement_reported,
		.data = watch,
	};

	if (!config->interface && !config->up_ipv4_count && !config->up_ipv6_count)
		return 0;
	return announce_start(&watch->node->loop, &settings, &watch->announce, why);
}

int
watch_begin(struct watch *watch, struct node *node, struct why *why)
{
	const struct config_health *config = &node->config->health;
	const struct health_settings settings = {
		.hold_up_seconds = config->hold_up_seconds,
		.hold_up_max_seconds = config->hold_up_seconds * HOLD_UP_MAX_FACTOR,
		.refresh_wait_seconds = config->refresh_wait_seconds,
		.state_changed = state_changed,
		.finding_changed = finding_changed,
		.data = watch,
	};

	watch->node = node;
	for (unsigned int i = 0; i < FAMILIES; i++)
		watch->changed_at[i] = time(NULL);
	watch->health = health_new(&settings, clock_ms());
	return announcement_begin(watch, why);
}

int
watch_up(struct watch *watch, struct why *why)
{
	struct node *node = watch->node;
	const struct config *config = node->config;
	struct selfquery_lcore *lcores = watch->lcores;
	struct selfquery_settings settings = {
		.service = &config->service,
		.lcores = lcores,
		.lcore_count = node->server.workers_started,
		.socket_port = config->lcores_count == 0 && config->sockets.udp == CONFIG_YES
				       ? (uint16_t)config->sockets.port
				       : 0,
		.interval_ms = config->health.self_query_interval_ms,
		.deadline_ms = config->health.self_query_deadline_ms,
		.reported = question_reported,
		.data = watch,
	};
	int rc;

	for (unsigned int i = 0; i < node->server.workers_started; i++)
		lcores[i] = (struct selfquery_lcore){.cpu = config->lcores[i],
			.ring = node->server.workers[i].inject,
			.rounds = &node->server.workers[i].rounds};
	rc = selfquery_new(&settings, &watch->selfquery, why);
	if (rc < 0)
		return rc;
	watch_publishing(watch, node->zones.service);
	watch_published(watch);
	rc = selfquery_start(watch->selfquery, &node->loop, why);
	if (rc < 0)
		return rc;
	uv_timer_init(&node->loop, &watch->timer);
	watch->timer.data = watch;
	watch->timer_runs = true;
	uv_timer_start(&watch->timer, turn, 0, TURN_MS);
	return 0;
}

static void
withdrawn(void *data)
{
	struct watch *watch = data;

	watch->stopped(watch->node);
}

void
watch_withdraw(struct watch *watch, void (*stopped)(struct node *node))
{
	struct announce *announce = watch->announce;

	watch->stopped = stopped;
	watch->announce = NULL;
	if (announce)
		announce_stop(announce, withdrawn, watch);
	else
		stopped(watch->node);
}

void
watch_down(struct watch *watch)
{
	selfquery_stop(watch->selfquery);
	watch->selfquery = NULL;
	if (watch->timer_runs)
		uv_close((uv_handle_t *)&watch->timer, NULL);
	watch->timer_runs = false;
}

void
watch_free(struct watch *watch)
{
	health_free(watch->health);
	watch->health = NULL;
}

/* ---- what is told ---- */

/* How bad a state is: of two families the worse one is the node's. */
static unsigned int
badness(enum health_state state)
{
	static const unsigned int order[HEALTH_STATES] = {[HEALTH_SERVING] = 0,
		[HEALTH_DEGRADED] = 1,
		[HEALTH_STARTING] = 2,
		[HEALTH_FAILING] = 3};

	return order[state];
}

const char *
watch_state_word(const struct watch *watch)
{
	enum health_state worst = HEALTH_SERVING;

	for (unsigned int i = 0; i < FAMILIES && watch->health; i++) {
		enum health_state state = health_state(watch->health, families[i].health);

		if (families_served(watch) & families[i].health && badness(state) > badness(worst))
			worst = state;
	}
	return health_state_names[watch->health ? worst : HEALTH_STARTING];
}

static json_t *
reason_json(const struct health_finding *finding)
{
	const char *family = finding->families == HEALTH_IPV4	? "ipv4"
			     : finding->families == HEALTH_IPV6 ? "ipv6"
								: NULL;
	bool wrong = health_severity_of(finding->reason) == HEALTH_WRONG;
	/* what came from outside may be no UTF-8 */
	json_t *evidence = json_string(finding->evidence);

	return json_pack("{s:s, s:s, s:s, s:s?, s:I, s:o}", "kind",
		health_reason_names[finding->reason], "state",
		health_state_names[wrong ? HEALTH_FAILING : HEALTH_DEGRADED], "subject",
		finding->subject, "family", family, "since",
		(json_int_t)(time(NULL) - (clock_ms() - finding->since_ms) / 1000), "evidence",
		evidence ? evidence : json_string(""));
}

static json_t *
announced_json(const struct watch *watch, unsigned int index)
{
	if (!watch->announce)
		return json_null();
	return json_boolean(health_announces(watch->health, families[index].health) &&
			    announce_is_settled(watch->announce, families[index].announce));
}

static json_t *
family_json(const struct watch *watch, unsigned int index)
{
	enum health_family family = families[index].health;
	json_t *announced = json_null();

	if (watch->announce)
		announced = json_boolean(
			health_announces(watch->health, family) &&
			announce_is_settled(watch->announce, families[index].announce));
	return json_pack("{s:s, s:I, s:o}", "state",
		health_state_names[health_state(watch->health, family)], "since",
		(json_int_t)watch->changed_at[index], "announced", announced);
}

/* What the start waits for. */
static json_t *
awaited_json(const struct watch *watch)
{
	static const char *const words[HEALTH_STEPS] = {
		[HEALTH_STEP_ZONES] = "zones",
		[HEALTH_STEP_SELF_QUERY] = "an answer to its own question",
		[HEALTH_STEP_REFRESH] = "a primary",
	};

	for (unsigned int i = 0; i < FAMILIES; i++)
		for (unsigned int step = 0; step < HEALTH_STEPS; step++)
			if (families_served(watch) & families[i].health &&
				health_awaited(watch->health, families[i].health) & 1u << step)
				return json_string(words[step]);
	return json_null();
}

json_t *
watch_json(const struct watch *watch)
{
	json_t *reasons = json_array(), *states = json_object();
	const struct health_finding *finding;
	int64_t since = 0;

	for (unsigned int i = 0; (finding = health_finding(watch->health, i)); i++)
		json_array_append_new(reasons, reason_json(finding));
	for (unsigned int i = 0; i < FAMILIES; i++) {
		if (!(families_served(watch) & families[i].health))
			continue;
		json_object_set_new(states, families[i].name, family_json(watch, i));
		since = watch->changed_at[i] > since ? watch->changed_at[i] : since;
	}
	return json_pack("{s:s, s:I, s:o, s:o, s:o}", "state", watch_state_word(watch), "since",
		(json_int_t)since, "waits_for", awaited_json(watch), "families", states, "reasons",
		reasons);
}

json_t *
watch_drain(struct watch *watch, unsigned int which, bool drained)
{
	json_t *states = json_object();

	watch->drained = drained ? watch->drained | which : watch->drained & ~which;
	health_drain(watch->health, which, drained, clock_ms());
	for (unsigned int i = 0; i < FAMILIES; i++) {
		if (!(families_served(watch) & which & families[i].health))
			continue;
		/* no state changes by that */
		announcement_follow(watch, i);
		json_object_set_new(states, families[i].name,
			json_pack("{s:o, s:b}", "announced", announced_json(watch, i), "drained",
				drained));
	}
	return json_pack("{s:o}", "families", states);
}
