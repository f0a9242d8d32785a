/* SPDX-License-Identifier: BSD-3-Clause */
/* One zone: what is due, and what becomes of a version that arrives. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "zones.h"

enum {
	/* a refresh that changes nothing is written down no oftener, in seconds */
	REFRESHED_SPACING = 60,
	/* the proof of what was opened from disk, after a builder that died: 2 s, and up to 64 */
	PROOF_RETRY_MS = 2000,
	PROOF_DOUBLINGS_MAX = 5,
};

/* ---- a version is taken, or refused ---- */

static void
accepted_say(const struct zone_entry *zone, const struct image_facts *facts,
	const struct builder_result *result)
{
	log_event(EVENT_ZONE_ACCEPTED,
		"zone accepted zone=%s serial=%u source=\"%s\" names=%u octets=%llu dnssec=%s "
		"zonemd=%s proven=%" PRIu64 " load_ms=%u verify_ms=%u compile_ms=%u prove_ms=%u",
		zone->name, facts->serial, zone->source, facts->node_count,
		(unsigned long long)facts->size, facts->dnssec ? "proven" : "unproven",
		facts->zonemd ? "proven" : "unproven", result->proven, result->load_ms,
		result->verify_ms, result->compile_ms, result->prove_ms);
	if (result->warning.text[0])
		log_event(EVENT_ZONE_WARNING, "%s", result->warning.text);
	if (zone->config->at_time)
		log_event(EVENT_ZONE_WARNING,
			"signatures are judged at a configured time zone=%s at=%s", zone->name,
			zone->config->at);
}

static void
current_fill(const struct zone_entry *zone, struct store_current *current)
{
	struct image_facts facts;

	image_facts(zone->image, &facts);
	*current = (struct store_current){.serial = facts.serial,
		.refreshed_at = zone->refreshed_at,
		.forced = zone->forced,
		.frozen = zone->frozen,
		.key_count = zone->key_count};
	memcpy(current->keys, zone->keys, sizeof(current->keys));
	snprintf(current->source, sizeof(current->source), "%s", zone->source);
}

/* Write what is served to disk, text and all. */
static void
keep_start(struct zone_entry *zone, struct builder_result *result)
{
	struct zone_job *job = zone->store ? zone_job_new(zone, ZONE_JOB_KEEP) : NULL;

	if (!job)
		return;
	job->kept = zone->image;
	job->text_fd = result->text_fd;
	result->text_fd = -1;
	job->version = (struct store_version){.taken_at = zone->taken_at,
		.record_count = result->record_count,
		.signature_count = result->signature_count,
		.answer_count = result->proven};
	snprintf(job->version.source, sizeof(job->version.source), "%s", zone->source);
	snprintf(job->version.anchor_tags, sizeof(job->version.anchor_tags), "%s",
		result->anchor_tags);
	current_fill(zone, &job->current);
	zone_job_start(job);
}

/* Write down that it was refreshed, frozen, forced. */
static void
note_start(struct zone_entry *zone)
{
	struct zone_job *job =
		zone->store && zone->image ? zone_job_new(zone, ZONE_JOB_CURRENT) : NULL;

	zone->note = false;
	if (!job)
		return;
	current_fill(zone, &job->current);
	zone_job_start(job);
}

/* Serve an image, which is the zone's from here on. */
static void
image_take(struct zone_entry *zone, struct image *image)
{
	struct image *old = zone->image;
	struct image_facts facts;

	image_facts(image, &facts);
	zone->image = image;
	zone->versions_taken++;
	zone->verified_at = facts.verified_at;
	if (zone->origin.length == 0) {
		zone->origin = facts.origin;
		wire_name_to_text(&zone->origin, zone->name);
	}
	zone_keys_look(zone);
	refresh_times_set(&zone->refresh, facts.refresh, facts.retry);
	zone_expiry_judge(zone);
	zones_publish(zone->zones, old);
	if (zone->zones->publishes)
		log_event(EVENT_ZONE_PUBLISHED, "zones published zone=%s serial=%u", zone->name,
			facts.serial);
}

uint32_t
zone_serial(const struct zone_entry *zone)
{
	struct image_facts facts = {.serial = 0};

	if (zone->image)
		image_facts(zone->image, &facts);
	return facts.serial;
}

/* Two zones of one name: which of them answered would be chance. */
static int
origin_check(const struct zone_entry *zone, const struct image *image, struct why *why)
{
	const struct zones *zones = zone->zones;
	struct image_facts facts;
	char name[WIRE_NAME_TEXT_MAX];

	image_facts(image, &facts);
	for (unsigned int i = 0; i < zones->count; i++)
		if (&zones->entries[i] != zone && zones->entries[i].origin.length &&
			wire_name_equal(&zones->entries[i].origin, &facts.origin))
			return why_set(why, EEXIST, "%s: zones[%u] is the zone %s already",
				zone->config->file ? zone->config->file : zone->name, i,
				wire_name_to_text(&facts.origin, name));
	return 0;
}

/* RFC 1982: what goes back would be a surprise to everybody, its secondaries too. */
static int
serial_check(const struct zone_entry *zone, const struct zone_job *job, struct why *why)
{
	struct image_facts facts;

	image_facts(job->result.image, &facts);
	if (!zone->image || job->forced || !refresh_serial_newer(zone_serial(zone), facts.serial))
		return 0;
	return why_set(why, EINVAL,
		"%s: serial %u is older than %u, which is served; only the operator can take it",
		job->source, facts.serial, zone_serial(zone));
}

static void
refused(struct zone_entry *zone, struct zone_job *job)
{
	struct zone_job *note;

	/* a start that fails for it says so itself */
	if (!zone->zones->starting || zone->config->primaries_count)
		log_event(EVENT_ZONE_REFUSED, "%s: %s",
			zone->image ? "zone refused, the old one stays" : "zone refused",
			job->why.text);
	zone_error(zone, job->source, "%s", job->why.text);
	if (zone->zones->callbacks.judged)
		zone->zones->callbacks.judged(zone->zones->callbacks.context, zone, job->why.text);
	/* a file's serial is not known here */
	note = zone->store && job->serial ? zone_job_new(zone, ZONE_JOB_REFUSED) : NULL;
	if (!note)
		return;
	note->serial = job->serial;
	snprintf(note->source, sizeof(note->source), "%s", job->source);
	snprintf(note->version.reason, sizeof(note->version.reason), "%s", job->why.text);
	zone_job_start(note);
}

/* @return whether the version that was built is served now */
static bool
taken(struct zone_entry *zone, struct zone_job *job)
{
	struct image *image = job->result.image;
	struct image_facts facts;

	if (job->rc == 0)
		job->rc = origin_check(zone, image, &job->why);
	if (job->rc == 0)
		job->rc = serial_check(zone, job, &job->why);
	if (job->rc < 0)
		return false;
	image_facts(image, &facts);
	zone->forced = job->forced;
	zone->unproven = false;
	zone->prove_failures = 0;
	zone->taken_at = time(NULL);
	/* what primaries have to vouch for, a file does not keep from expiring */
	if (job->kind == ZONE_JOB_BLOCK || !zone->config->primaries_count || !zone->refreshed_at)
		zone->refreshed_at = zone->taken_at;
	snprintf(zone->source, sizeof(zone->source), "%s", job->source);
	snprintf(zone->anchor_tags, sizeof(zone->anchor_tags), "%s", job->result.anchor_tags);
	snprintf(zone->anchor_missing, sizeof(zone->anchor_missing), "%.*s",
		strstr(job->result.warning.text, "trust anchor") ? 159 : 0,
		job->result.warning.text);
	job->result.image = NULL;
	image_take(zone, image);
	accepted_say(zone, &facts, &job->result);
	if (zone->zones->callbacks.judged)
		zone->zones->callbacks.judged(zone->zones->callbacks.context, zone, NULL);
	return true;
}

/* ---- jobs that end ---- */

static void
store_fault_note(struct zone_entry *zone, const struct zone_job *job)
{
	zone->store_fails = job->rc < 0;
	if (job->rc == 0)
		return;
	log_event(EVENT_ZONE_UNKEPT, "not written, served from memory: %s", job->why.text);
	zone_error(zone, "state_directory", "%s", job->why.text);
}

static void
stored_build_start(struct zone_entry *zone, uint32_t serial)
{
	struct zone_job *job = zone_job_new(zone, ZONE_JOB_STORED);

	if (!job)
		return;
	job->serial = serial;
	zone_job_start(job);
}

static void
stored_take(struct zone_entry *zone, struct zone_job *job)
{
	const struct store_current *current = &job->current;
	struct image *image = job->result.image;

	zone->refreshed_at = current->refreshed_at;
	zone->forced = current->forced;
	zone->frozen = current->frozen;
	zone->key_count = current->key_count;
	memcpy(zone->keys, current->keys, sizeof(zone->keys));
	zone->taken_at = job->version.taken_at;
	snprintf(zone->source, sizeof(zone->source), "%s", current->source);
	snprintf(zone->anchor_tags, sizeof(zone->anchor_tags), "%s", job->version.anchor_tags);
	if (!image) {
		/* the text may be good */
		log_event(EVENT_STORED_UNUSABLE, "stored image not usable, built anew: %s",
			job->why.text);
		stored_build_start(zone, current->serial);
		return;
	}
	job->result.image = NULL;
	zone->unproven = zone->prove = true;
	image_take(zone, image);
	log_event(EVENT_ZONE_FROM_DISK,
		"zone from disk zone=%s serial=%u source=\"%s\" refreshed=%" PRId64, zone->name,
		current->serial, zone->source, zone->refreshed_at);
	zone->reload = zone->config->file && !zone->frozen;
	zones_started_tell(zone->zones, zone, 0, NULL);
}

static void
opened(struct zone_entry *zone, struct zone_job *job)
{
	zone->store = job->store;
	if (job->warning.text[0])
		log_event(EVENT_ZONE_WARNING, "%s", job->warning.text);
	if (!job->store) {
		zones_started_tell(zone->zones, zone, job->rc, &job->why);
		return;
	}
	if (job->has_current)
		stored_take(zone, job);
	else
		zone->reload = zone->config->file != NULL;
}

static void
file_built(struct zone_entry *zone, struct zone_job *job)
{
	uint32_t previous = zone_serial(zone);
	struct zone_event event = {.kind = ZONE_EVENT_RELOAD, .previous = previous};
	bool good = taken(zone, job);

	if (good)
		keep_start(zone, &job->result);
	else
		refused(zone, job);
	event.serial = zone_serial(zone);
	event.outcome = !good			   ? ZONE_REFUSED_VERSION
			: event.serial != previous ? ZONE_UPDATED
						   : ZONE_UP_TO_DATE;
	event.text = good ? zone->source : job->why.text;
	zone_event_tell(zone, &event);
	/* with primaries there is another way to a first version */
	if (good || !zone->config->primaries_count)
		zones_started_tell(zone->zones, zone, good ? 0 : job->rc, &job->why);
}

/* What is served on the word of an earlier proof, is not any more. */
static void
unproven_drop(struct zone_entry *zone)
{
	struct image *unproven = zone->image;

	zone->image = NULL;
	zone->standing = ZONE_EMPTY;
	zone->unproven = false;
	zones_publish(zone->zones, unproven);
}

/* What is served is good as far as anybody knows, and its proof is owed still. */
static void
proof_postpone(struct zone_entry *zone)
{
	unsigned int doublings = zone->prove_failures < PROOF_DOUBLINGS_MAX ? zone->prove_failures
									    : PROOF_DOUBLINGS_MAX;

	zone->prove_failures++;
	zone->prove = true;
	zone->prove_at_ms = clock_ms() + ((int64_t)PROOF_RETRY_MS << doublings);
	log_event(EVENT_PROOF_RETRIED, "proof is tried again in %d s zone=%s serial=%u",
		(PROOF_RETRY_MS << doublings) / 1000, zone->name, zone_serial(zone));
}

/* The proof of what was opened from disk has been repeated. */
static void
stored_built(struct zone_entry *zone, struct zone_job *job)
{
	struct zone_event event = {.kind = ZONE_EVENT_RELOAD, .previous = zone_serial(zone)};
	const struct zone_entry before = *zone;
	bool good;

	job->forced = true;
	good = taken(zone, job);
	if (good) {
		/* it is no newer for that */
		zone->refreshed_at = before.refreshed_at;
		zone->taken_at = before.taken_at;
		zone->forced = before.forced;
		if (zone_expiry_judge(zone))
			zones_publish(zone->zones, NULL);
		if (!before.image)
			keep_start(zone, &job->result);
	} else {
		refused(zone, job);
		/* not for a builder that died or had no time: then nothing is known to be wrong */
		if (before.unproven && (job->rc == -EINVAL || job->rc == -EBADMSG))
			unproven_drop(zone);
		else if (before.unproven)
			proof_postpone(zone);
		zone->reload = zone->config->file != NULL;
	}
	event.serial = zone_serial(zone);
	event.outcome = good ? ZONE_UP_TO_DATE : ZONE_REFUSED_VERSION;
	event.text = good ? zone->source : job->why.text;
	zone_event_tell(zone, &event);
	if (zone->image || (!zone->config->file && !zone->config->primaries_count))
		zones_started_tell(zone->zones, zone, job->rc, &job->why);
}

static void
block_built(struct zone_entry *zone, struct zone_job *job)
{
	uint32_t previous = zone_serial(zone);
	enum refresh_build outcome = REFRESH_TAKEN;

	if (taken(zone, job)) {
		zone->round_outcome = ZONE_UPDATED;
		zone->round_previous = previous;
		zone->demanded = false;
		keep_start(zone, &job->result);
	} else if (job->rc == -ESTALE && job->differences) {
		outcome = REFRESH_MISFIT;
		log_event(EVENT_DIFFERENCES_REFUSED,
			"differences do not fit, asking for the zone: %s", job->why.text);
	} else {
		outcome = REFRESH_TURNED_DOWN;
		zone->round_outcome = ZONE_REFUSED_VERSION;
		snprintf(zone->said[job->primary], sizeof(zone->said[0]), "refused: %.200s",
			job->why.text);
		refused(zone, job);
	}
	refresh_built(&zone->refresh, outcome, clock_ms());
	if (outcome == REFRESH_TAKEN)
		zones_started_tell(zone->zones, zone, 0, NULL);
}

static void
rolled_back(struct zone_entry *zone, struct zone_job *job)
{
	struct zone_event event = {.kind = ZONE_EVENT_ROLLBACK,
		.outcome = ZONE_FAILED,
		.serial = job->serial,
		.previous = zone_serial(zone),
		.text = job->why.text};
	struct image_facts facts;

	if (job->rc == 0) {
		image_facts(job->result.image, &facts);
		if (zone_signature_ended(zone, &facts, time(NULL)))
			job->rc = why_set(&job->why, EKEYEXPIRED,
				"serial %u: a signature has ended", job->serial);
	}
	if (job->rc == 0) {
		struct image *image = job->result.image;

		job->result.image = NULL;
		zone->forced = zone->frozen = zone->unproven = zone->prove = true;
		zone->taken_at = job->version.taken_at;
		snprintf(zone->source, sizeof(zone->source), "%s", job->version.source);
		image_take(zone, image);
		log_event(EVENT_ZONE_ROLLED_BACK,
			"zone rolled back and frozen zone=%s serial=%u was=%u", zone->name,
			job->serial, event.previous);
		event.outcome = ZONE_UPDATED;
		zone->note = true;
	} else {
		event.outcome = ZONE_REFUSED_VERSION;
	}
	zone_event_tell(zone, &event);
}

void
zone_job_done(struct zone_job *job)
{
	struct zone_entry *zone = job->zone;

	zone->busy = false;
	zone->activity = NULL;
	switch (zone->zones->stopping ? ZONE_JOB_CURRENT : job->kind) {
	case ZONE_JOB_OPEN:
		opened(zone, job);
		break;
	case ZONE_JOB_FILE:
		file_built(zone, job);
		break;
	case ZONE_JOB_STORED:
		stored_built(zone, job);
		break;
	case ZONE_JOB_BLOCK:
		block_built(zone, job);
		break;
	case ZONE_JOB_KEEP:
	case ZONE_JOB_REFUSED:
	case ZONE_JOB_CURRENT:
		store_fault_note(zone, job);
		break;
	case ZONE_JOB_ROLLBACK:
		rolled_back(zone, job);
		break;
	}
	zone_job_free(job);
	zone_step(zone);
}

/* ---- rounds of refresh ---- */

static void
round_end(struct zone_entry *zone)
{
	struct zone_event event = {
		.kind = ZONE_EVENT_ROUND,
		.outcome = zone->round_outcome,
		.serial = zone_serial(zone),
		.previous = zone->round_previous,
		.text = zone->round_outcome == ZONE_FAILED ||
					zone->round_outcome == ZONE_REFUSED_VERSION
				? zone->error_text
				: zone->source,
	};

	zone->round = false;
	zone->rounds_ended++;
	zone->demanded = false;
	if (zone->held_back)
		for (unsigned int i = 0; i < zone->refresh.primary_count; i++)
			if (refresh_serial_newer(zone->refresh.primaries[i].serial, event.serial))
				event.serial = zone->refresh.primaries[i].serial;
	for (unsigned int i = 0; i < REFRESH_PRIMARIES_MAX; i++) {
		free(zone->block[i]);
		zone->block[i] = NULL;
	}
	zone_event_tell(zone, &event);
	zones_started_tell(zone->zones, zone, 0, NULL);
}

/* A primary says that ours is the newest: that is as good as a transfer. */
static void
current_note(struct zone_entry *zone)
{
	int64_t now = time(NULL), before = zone->refreshed_at;

	if (zone->round_outcome == ZONE_FAILED)
		zone->round_outcome = ZONE_UP_TO_DATE;
	zone->refreshed_at = now;
	if (zone->image && zone_expiry_judge(zone))
		zones_publish(zone->zones, NULL);
	zone->note = now - before >= REFRESHED_SPACING;
}

void
zone_fetched(struct zone_entry *zone, unsigned int primary, const struct fetched *fetched)
{
	uint8_t content[REFRESH_DIGEST_SIZE];
	enum refresh_standing standing = fetched->standing;
	const char *name = zone->config->primaries[primary];

	zone->fetch = NULL;
	zone->activity = NULL;
	zone->asked_at[primary] = time(NULL);
	snprintf(zone->said[primary], sizeof(zone->said[0]), "%s", fetched->text);
	if (standing == REFRESH_NEWER && zone->frozen && !zone->demanded) {
		zone->held_back = true;
		zone->round_outcome = ZONE_HELD_BACK;
		snprintf(zone->said[primary], sizeof(zone->said[0]), "newer, held back: frozen");
		free(fetched->block);
		standing = REFRESH_CURRENT;
	} else if (standing == REFRESH_NEWER) {
		if (zone->refresh.quorum > 1 &&
			!refresh_content(fetched->block, fetched->length, content))
			standing = REFRESH_FAILED;
		free(zone->block[primary]);
		zone->block[primary] = fetched->block;
		zone->block_length[primary] = fetched->length;
		zone->differences = fetched->differences;
	} else if (standing == REFRESH_CURRENT) {
		current_note(zone);
	} else {
		log_event(EVENT_PRIMARY_FAULT, "primary %s zone=%s primary=%s: %s",
			refresh_standing_names[standing], zone->name, name, fetched->text);
		zone_error(zone, name, "%s", fetched->text);
	}
	refresh_answered(&zone->refresh, primary, standing, fetched->serial, content);
	if (zone->zones->callbacks.changed)
		zone->zones->callbacks.changed(zone->zones->callbacks.context, zone);
	/* by the loop: a primary that fails at once is no deeper call */
	uv_timer_start(&zone->timer, zone_timer_fired, 0, 0);
}

static void
ask(struct zone_entry *zone, const struct refresh_order *order)
{
	struct why why;

	if (!zone->round) {
		zone->round = true;
		zone->held_back = false;
		zone->round_outcome = ZONE_FAILED;
	}
	zone->activity = "asking";
	if (fetch_start(zone, order->primary, order->whole, order->anew, &why) < 0) {
		const struct fetched failed = {.standing = REFRESH_FAILED, .text = why.text};

		zone_fetched(zone, order->primary, &failed);
	}
}

static void
block_build_start(struct zone_entry *zone, unsigned int primary)
{
	struct zone_job *job = zone_job_new(zone, ZONE_JOB_BLOCK);
	struct wire_reader r;
	struct wire_record soa;

	if (!job) {
		refresh_built(&zone->refresh, REFRESH_TURNED_DOWN, clock_ms());
		return;
	}
	job->primary = primary;
	job->forced = zone->demanded;
	job->block = zone->block[primary];
	zone->block[primary] = NULL;
	job->differences = zone->differences;
	snprintf(job->source, sizeof(job->source), "primary %s %s",
		zone->config->primaries[primary], zone->differences ? "IXFR" : "AXFR");
	snprintf(job->path, sizeof(job->path), "%s", job->source);
	job->request.records = (struct zone_records){job->block, zone->block_length[primary]};
	if (zone->image)
		job->request.base.octets = image_records(zone->image, &job->request.base.length);
	r = wire_reader_of(job->block, zone->block_length[primary]);
	wire_record_read(&r, &soa);
	/* serial, refresh, retry, expire, minimum: RFC 1035 3.3.13 */
	if (!r.failed && soa.length > 20) {
		r = wire_reader_of(soa.rdata, soa.length);
		r.offset = soa.length - 20u;
		job->serial = wire_u32_read(&r);
	}
	zone_job_start(job);
}

static void
refresh_go_on(struct zone_entry *zone)
{
	struct refresh_order order = refresh_next(&zone->refresh, clock_ms());
	int64_t ms;

	switch (order.step) {
	case REFRESH_ASK:
		ask(zone, &order);
		break;
	case REFRESH_BUILD:
		block_build_start(zone, order.primary);
		break;
	case REFRESH_WAIT:
		if (zone->round)
			round_end(zone);
		if (order.at_ms >= 0) {
			ms = order.at_ms - clock_ms();
			/* libuv's clock is its own */
			uv_update_time(zone->zones->loop);
			uv_timer_start(
				&zone->timer, zone_timer_fired, ms > 0 ? (uint64_t)ms : 0, 0);
		}
		break;
	case REFRESH_BUSY:
		break;
	}
}

/* ---- what is due ---- */

void
zone_timer_fired(uv_timer_t *timer)
{
	zone_step(timer->data);
}

static void
file_build_start(struct zone_entry *zone)
{
	struct zone_job *job = zone_job_new(zone, ZONE_JOB_FILE);

	if (!job)
		return;
	snprintf(job->path, sizeof(job->path), "%s", zone->config->file);
	snprintf(job->source, sizeof(job->source), "file %s", zone->config->file);
	zone_job_start(job);
}

void
zone_step(struct zone_entry *zone)
{
	const struct config *config = zone->zones->server->config;
	struct zone_job *job;

	if (zone->zones->stopping || zone->busy || zone->fetch)
		return;
	if (zone->zones->check_only && !zone->reload) {
		zones_started_tell(zone->zones, zone, 0, NULL);
	} else if (config->state_directory && !zone->store && !zone->zones->check_only) {
		job = zone->started ? NULL : zone_job_new(zone, ZONE_JOB_OPEN);
		if (job)
			zone_job_start(job);
	} else if (zone->rollback) {
		zone->rollback = false;
		job = zone_job_new(zone, ZONE_JOB_ROLLBACK);
		if (job) {
			job->serial = zone->rollback_serial;
			zone_job_start(job);
		}
	} else if (zone->note) {
		note_start(zone);
	} else if (zone->reload) {
		zone->reload = false;
		file_build_start(zone);
	} else if (zone->prove && clock_ms() >= zone->prove_at_ms && zone_clock_is_credible(zone)) {
		zone->prove = false;
		stored_build_start(zone, zone_serial(zone));
	} else {
		refresh_go_on(zone);
	}
}
