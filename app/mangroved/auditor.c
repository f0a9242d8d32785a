/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The thread that takes samples from the lcores to a child, which answers them again. A child that
 * dies or hangs is reported and started again, later each time; nothing waits for it.
 */
#include "auditor.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "audit/audit.h"
#include "log.h"
#include "server.h"

enum {
	ASKED_MAX = 32, /* questions on their way */
	TICK_MS = 100,
	PATIENCE_MS = 20000, /* for one answer, or to load the zones */
	DELAY_MIN_MS = 1000,
	DELAY_MAX_MS = 60000,
	QUERY_SHOWN_MAX = 512,
	ARGUMENTS_MAX = 3 + 3 * IMAGE_CATALOGUE_MAX,
};

/* What the child is to compare with: a zone of which serial. */
struct expected {
	const char *file;
	char origin[WIRE_NAME_TEXT_MAX], serial[16];
};

struct target {
	uint32_t generation;
	unsigned int count;
	struct expected zones[IMAGE_CATALOGUE_MAX];
	struct exchange_self self;
};

struct auditor {
	struct server *server;
	pthread_t thread;
	atomic_bool stop;
	pthread_mutex_t lock;
	struct target wanted; /* under the lock, and whether it is new */
	bool renewed;
	/* the thread's own */
	struct target target;
	struct builder_auditor child;
	bool is_ready; /* the child has told what it has */
	int64_t heard_ms, start_at_ms, complained_ms;
	unsigned int delay_ms;
	struct audit_question asked[ASKED_MAX];
	unsigned int asked_first, asked_count;
	struct audit_sample sample;
	struct audit_verdict verdict;
	/* written by the thread, read by anybody */
	_Atomic uint64_t same, different, unknown, outdated, restarts;
};

static void
count(_Atomic uint64_t *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

void
auditor_renew(struct auditor *auditor, const struct engine_service *service,
	const struct engine_service *old)
{
	struct target *wanted;

	if (!auditor)
		return;
	pthread_mutex_lock(&auditor->lock);
	wanted = &auditor->wanted;
	wanted->generation = service->generation;
	wanted->count = service->catalogue.count;
	wanted->self = service->self;
	for (unsigned int i = 0; i < wanted->count; i++) {
		struct expected *zone = &wanted->zones[i];
		struct image_facts facts;

		image_facts(service->catalogue.images[i], &facts);
		wire_name_to_text(&facts.origin, zone->origin);
		snprintf(zone->serial, sizeof(zone->serial), "%u", facts.serial);
		/* one that stays because its file was refused: the file is not what is served */
		zone->file = old && old->catalogue.images[i] == service->catalogue.images[i]
				     ? ""
				     : auditor->server->config->zones[i].file;
	}
	auditor->renewed = true;
	pthread_mutex_unlock(&auditor->lock);
}

/* ---- the child ---- */

static void
child_end(struct auditor *auditor)
{
	builder_auditor_stop(&auditor->child);
	auditor->is_ready = false;
	auditor->asked_count = 0;
}

/* It is no use any more: say so, and try again later. */
static void
child_fail(struct auditor *auditor, const char *reason)
{
	child_end(auditor);
	count(&auditor->restarts);
	auditor->delay_ms = auditor->delay_ms ? 2 * auditor->delay_ms : DELAY_MIN_MS;
	if (auditor->delay_ms > DELAY_MAX_MS)
		auditor->delay_ms = DELAY_MAX_MS;
	auditor->start_at_ms = clock_ms() + auditor->delay_ms;
	log_say(WARNING, log_zone, "audit: %s, tried again in %u ms\n", reason, auditor->delay_ms);
}

static void
child_start(struct auditor *auditor)
{
	const struct target *target = &auditor->target;
	const char *arguments[ARGUMENTS_MAX];
	char program[SERVER_PATH_MAX];
	unsigned int n = 0;
	struct why why;

	server_builder_path(auditor->server, program);
	arguments[n++] = program;
	arguments[n++] = "audit";
	for (unsigned int i = 0; i < target->count; i++) {
		arguments[n++] = target->zones[i].file;
		arguments[n++] = target->zones[i].origin;
		arguments[n++] = target->zones[i].serial;
	}
	arguments[n] = NULL;
	if (builder_auditor_start(program, arguments,
		    (size_t)auditor->server->config->builder_memory_mb << 20, &auditor->child,
		    &why) < 0) {
		child_fail(auditor, why.text);
		return;
	}
	auditor->heard_ms = clock_ms();
	/* a new socket takes that much at once */
	if (send(auditor->child.socket, &target->self, sizeof(target->self), MSG_NOSIGNAL) < 0)
		child_fail(auditor, "the auditor does not start");
}

/* @return false: it did not say that */
static bool
ready_hear(struct auditor *auditor, const uint8_t *said, size_t size)
{
	const struct target *target = &auditor->target;

	if (size != target->count)
		return false;
	for (unsigned int i = 0; i < target->count; i++)
		if (said[i] != AUDIT_ZONE_SAME)
			log_say(WARNING, log_zone,
				"zone not audited zone=%s serial=%s: its file is not what is "
				"served\n",
				target->zones[i].origin, target->zones[i].serial);
	auditor->is_ready = true;
	return true;
}

/* ---- differences ---- */

static void
hex_write(char *text, const uint8_t *octets, size_t length)
{
	sodium_bin2hex(text, 2 * AUDIT_MESSAGE_MAX + 1, octets, length);
}

/* At most one a second: what is wrong once is wrong for many. */
static void
difference_say(struct auditor *auditor, const struct audit_question *question)
{
	static char query[2 * AUDIT_MESSAGE_MAX + 1], reply[2 * AUDIT_MESSAGE_MAX + 1],
		right[2 * AUDIT_MESSAGE_MAX + 1];
	size_t shown =
		question->query_length < QUERY_SHOWN_MAX ? question->query_length : QUERY_SHOWN_MAX;
	int64_t now = clock_ms();

	if (auditor->complained_ms && now - auditor->complained_ms < 1000)
		return;
	auditor->complained_ms = now;
	hex_write(query, question->messages, shown);
	hex_write(reply, question->messages + question->query_length, question->reply_length);
	hex_write(right, auditor->verdict.expected, auditor->verdict.expected_length);
	log_say(ERR, log_zone, "audit: wrong answer query=%s answer=%s right=%s\n", query, reply,
		right);
}

/* @return false: that is no verdict */
static bool
verdict_hear(struct auditor *auditor, size_t size)
{
	const struct audit_verdict *verdict = &auditor->verdict;

	if (auditor->asked_count == 0 || size < offsetof(struct audit_verdict, expected) ||
		verdict->expected_length > AUDIT_MESSAGE_MAX)
		return false;
	if (verdict->outcome == AUDIT_DIFFERENT) {
		count(&auditor->different);
		difference_say(auditor, &auditor->asked[auditor->asked_first]);
	} else {
		count(verdict->outcome == AUDIT_SAME ? &auditor->same : &auditor->unknown);
	}
	auditor->asked_first = (auditor->asked_first + 1) % ASKED_MAX;
	auditor->asked_count--;
	auditor->delay_ms = 0;
	return true;
}

static void
child_hear(struct auditor *auditor)
{
	struct audit_verdict *verdict = &auditor->verdict;
	bool understood = true;
	ssize_t size;

	while (understood &&
		(size = recv(auditor->child.socket, verdict, sizeof(*verdict), 0)) > 0) {
		auditor->heard_ms = clock_ms();
		understood = auditor->is_ready
				     ? verdict_hear(auditor, (size_t)size)
				     : ready_hear(auditor, (const uint8_t *)verdict, (size_t)size);
	}
	if (!understood)
		child_fail(auditor, "the auditor says what it should not");
	else if (size == 0 || errno != EAGAIN)
		child_fail(auditor, "the auditor has died");
}

/* ---- samples ---- */

/* Make a question of a sample. @return false: it was none of our queries, or is too long */
static bool
question_make(const struct auditor *auditor, struct audit_question *question)
{
	const struct audit_sample *sample = &auditor->sample;
	const struct packet_check none = {.ip = false, .udp = false};
	struct packet_layout layout;
	size_t reply_length;

	if (packet_classify(&auditor->server->config->service, none, sample->query,
		    sample->query_length, &layout) != PACKET_OURS)
		return false;
	/* the reply stands where the query stood */
	reply_length = sample->reply_length > layout.message_offset
			       ? sample->reply_length - (size_t)layout.message_offset
			       : 0;
	if (layout.message_length > AUDIT_MESSAGE_MAX || reply_length > AUDIT_MESSAGE_MAX)
		return false;
	question->now = sample->now;
	question->query_length = layout.message_length;
	question->reply_length = (uint16_t)reply_length;
	question->address_size = layout.ipv6 ? 16 : 4;
	memcpy(question->address, sample->query + layout.source_offset, question->address_size);
	memcpy(question->messages, sample->query + layout.message_offset, layout.message_length);
	memcpy(question->messages + layout.message_length, sample->reply + layout.message_offset,
		reply_length);
	return true;
}

/* A drop may be for a checksum, which nobody looks at here: only what was answered is asked. */
static void
sample_ask(struct auditor *auditor)
{
	unsigned int at = (auditor->asked_first + auditor->asked_count) % ASKED_MAX;
	struct audit_question *question = &auditor->asked[at];
	size_t size;

	if (auditor->sample.generation != auditor->target.generation) {
		count(&auditor->outdated);
		return;
	}
	if (auditor->sample.reply_length == 0 || !question_make(auditor, question))
		return;
	size = offsetof(struct audit_question, messages) + question->query_length +
	       question->reply_length;
	if (auditor->asked_count == 0)
		auditor->heard_ms = clock_ms();
	if (send(auditor->child.socket, question, size, MSG_NOSIGNAL) == (ssize_t)size)
		auditor->asked_count++;
}

/* What an lcore kept; while there is no child, or it is busy, the ring fills and drops. */
static void
samples_ask(struct auditor *auditor)
{
	struct server *server = auditor->server;

	for (unsigned int i = 0; i < server->config->lcores_count; i++)
		while (auditor->asked_count < ASKED_MAX &&
			audit_ring_take(server->workers[i].audit, &auditor->sample))
			sample_ask(auditor);
}

/* ---- the thread ---- */

static void
target_take(struct auditor *auditor)
{
	bool renewed;

	pthread_mutex_lock(&auditor->lock);
	renewed = auditor->renewed;
	if (renewed)
		auditor->target = auditor->wanted;
	auditor->renewed = false;
	pthread_mutex_unlock(&auditor->lock);
	if (!renewed)
		return;
	child_end(auditor);
	auditor->start_at_ms = clock_ms();
}

static void
child_tend(struct auditor *auditor)
{
	int64_t now = clock_ms();

	if (auditor->child.pid == 0) {
		if (auditor->target.count && now >= auditor->start_at_ms)
			child_start(auditor);
	} else if ((!auditor->is_ready || auditor->asked_count) &&
		   now - auditor->heard_ms > PATIENCE_MS) {
		child_fail(auditor, "the auditor hangs");
	}
}

static void *
audit(void *argument)
{
	const struct timespec tick = {.tv_nsec = TICK_MS * 1000000L};
	struct auditor *auditor = argument;

	while (!atomic_load_explicit(&auditor->stop, memory_order_relaxed)) {
		struct pollfd waiting = {.fd = auditor->child.socket, .events = POLLIN};

		target_take(auditor);
		child_tend(auditor);
		if (auditor->is_ready)
			samples_ask(auditor);
		if (auditor->child.pid == 0) {
			nanosleep(&tick, NULL);
			continue;
		}
		waiting.fd = auditor->child.socket;
		if (poll(&waiting, 1, TICK_MS) > 0)
			child_hear(auditor);
	}
	child_end(auditor);
	return NULL;
}

int
auditor_start(struct server *server, struct auditor **auditor, struct why *why)
{
	const struct config *config = server->config;
	struct auditor *made;
	int error;

	*auditor = NULL;
	if (config->audit.enabled == CONFIG_NO || config->lcores_count == 0)
		return 0;
	made = calloc(1, sizeof(*made));
	if (!made)
		return why_set(why, ENOMEM, "out of memory");
	for (unsigned int i = 0; i < config->lcores_count; i++) {
		server->workers[i].audit = audit_ring_make(config->audit.one_in);
		if (!server->workers[i].audit) {
			free(made);
			return why_set(why, ENOMEM, "out of memory");
		}
	}
	made->server = server;
	pthread_mutex_init(&made->lock, NULL);
	auditor_renew(made, server->service, NULL);
	error = pthread_create(&made->thread, NULL, audit, made);
	if (error) {
		free(made);
		return why_set(why, error, "no thread for the audit: %s", strerror(error));
	}
	*auditor = made;
	return 0;
}

void
auditor_log(struct auditor *auditor)
{
	uint64_t dropped = 0;

	if (!auditor)
		return;
	for (unsigned int i = 0; i < auditor->server->config->lcores_count; i++)
		dropped += atomic_load_explicit(
			&auditor->server->workers[i].audit->dropped, memory_order_relaxed);
	log_say(INFO, log_zone,
		"audit: ok=%" PRIu64 " wrong=%" PRIu64 " unaudited=%" PRIu64 " outdated=%" PRIu64
		" dropped=%" PRIu64 " restarts=%" PRIu64 "\n",
		auditor->same, auditor->different, auditor->unknown, auditor->outdated, dropped,
		auditor->restarts);
}

void
auditor_stop(struct auditor *auditor)
{
	if (!auditor)
		return;
	atomic_store_explicit(&auditor->stop, true, memory_order_relaxed);
	pthread_join(auditor->thread, NULL);
	pthread_mutex_destroy(&auditor->lock);
	sodium_memzero(auditor, sizeof(*auditor));
	free(auditor);
}
