/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The thread that takes samples from the lcores to a child, which answers them again. A child that
 * dies or hangs is reported and started again, later each time; nothing waits for it.
 */
#include "auditor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

#include "audit/audit.h"
#include "base/counter.h"
#include "log.h"
#include "samples.h"
#include "server.h"

enum {
	ASKED_MAX = 32, /* questions on their way */
	TICK_MS = 100,
	PATIENCE_MS = 20000, /* for one answer, or to load the zones */
	DELAY_MIN_MS = 1000,
	DELAY_MAX_MS = 60000,
	QUERY_SHOWN_MAX = 512,
};

/* What the child is to compare with. */
struct target {
	uint32_t generation;
	unsigned int count, withheld_count;
	int records[IMAGE_CATALOGUE_MAX]; /* sealed memfds, one for each zone */
	struct zone_withheld withheld[IMAGE_CATALOGUE_MAX];
	struct exchange_self self;
};

struct auditor {
	struct server *server;
	pthread_t thread;
	atomic_bool stop;
	pthread_mutex_t lock;
	struct target wanted; /* under the lock, and whether it is new: then nobody else has it */
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
	struct samples *samples; /* read by anybody */
	/* written by the thread, read by anybody */
	_Atomic uint64_t same, different, unknown, outdated, restarts;
	atomic_bool fails; /* since it died, until it compares again */
};

static void
count(_Atomic uint64_t *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* ---- what is compared with ---- */

static void
target_free(struct target *target)
{
	for (unsigned int i = 0; i < target->count; i++)
		close(target->records[i]);
	sodium_memzero(target, sizeof(*target));
}

/* Copied: the image may go before the child has ended. @return descriptor or -errno */
static int
records_copy(const struct image *image, struct why *why)
{
	int fd = memfd_create("mangrove-records", MFD_CLOEXEC | MFD_ALLOW_SEALING), rc;
	size_t length;
	const uint8_t *records = image_records(image, &length);

	if (fd < 0)
		return why_errno(why, "memfd");
	rc = file_write_all(fd, records, length);
	if (rc < 0)
		why_set(why, -rc, "memfd: %s", strerror(-rc));
	else if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		rc = why_errno(why, "memfd");
	if (rc == 0)
		return fd;
	close(fd);
	return rc;
}

/* On failure nothing is audited, until the next time. */
static int
target_make(struct target *target, const struct engine_service *service, struct why *why)
{
	const struct image_catalogue *catalogue = &service->catalogue;

	*target = (struct target){.generation = service->generation, .self = service->self};
	for (unsigned int i = 0; i < catalogue->count; i++) {
		int fd = records_copy(catalogue->images[i], why);

		if (fd < 0) {
			target_free(target);
			return fd;
		}
		target->records[target->count++] = fd;
	}
	target->withheld_count = catalogue->withheld_count;
	memcpy(target->withheld, catalogue->withheld,
		catalogue->withheld_count * sizeof(target->withheld[0]));
	return 0;
}

void
auditor_renew(struct auditor *auditor, const struct engine_service *service)
{
	struct target made;
	struct why why;

	if (!auditor)
		return;
	if (target_make(&made, service, &why) < 0)
		log_event(EVENT_AUDIT_FAULT, "audit: %s, nothing is audited", why.text);
	pthread_mutex_lock(&auditor->lock);
	if (auditor->renewed)
		target_free(&auditor->wanted);
	auditor->wanted = made;
	auditor->renewed = true;
	pthread_mutex_unlock(&auditor->lock);
	sodium_memzero(&made, sizeof(made));
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
	atomic_store_explicit(&auditor->fails, true, memory_order_relaxed);
	auditor->delay_ms = auditor->delay_ms ? 2 * auditor->delay_ms : DELAY_MIN_MS;
	if (auditor->delay_ms > DELAY_MAX_MS)
		auditor->delay_ms = DELAY_MAX_MS;
	auditor->start_at_ms = clock_ms() + auditor->delay_ms;
	log_event(EVENT_AUDIT_FAULT, "audit: %s, tried again in %u ms", reason, auditor->delay_ms);
}

static void
child_start(struct auditor *auditor)
{
	const struct target *target = &auditor->target;
	char program[SERVER_PATH_MAX], zones[16];
	const char *const arguments[] = {program, "audit", zones, NULL};
	int socket;
	struct why why;

	server_builder_path(auditor->server, program);
	snprintf(zones, sizeof(zones), "%u", target->count);
	if (builder_auditor_start(program, arguments, target->records, target->count,
		    (size_t)auditor->server->config->builder_memory_mb << 20, &auditor->child,
		    &why) < 0) {
		child_fail(auditor, why.text);
		return;
	}
	auditor->heard_ms = clock_ms();
	socket = auditor->child.socket;
	/* a new socket takes that much at once */
	if (send(socket, &target->self, sizeof(target->self), MSG_NOSIGNAL) < 0 ||
		send(socket, target->withheld, sizeof(target->withheld), MSG_NOSIGNAL) < 0)
		child_fail(auditor, "the auditor does not start");
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
	log_event(EVENT_AUDIT_DIFFERENCE, "audit: wrong answer query=%s answer=%s right=%s", query,
		reply, right);
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
		count(&auditor->same);
	}
	auditor->asked_first = (auditor->asked_first + 1) % ASKED_MAX;
	auditor->asked_count--;
	auditor->delay_ms = 0;
	atomic_store_explicit(&auditor->fails, false, memory_order_relaxed);
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
		understood = auditor->is_ready ? verdict_hear(auditor, (size_t)size) : size == 1;
		/* what comes first is that it has its zones */
		auditor->is_ready = understood;
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

	samples_keep(auditor->samples, &auditor->server->config->service, &auditor->sample);
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
	if (renewed) {
		target_free(&auditor->target);
		auditor->target = auditor->wanted;
	}
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
		if (auditor->target.count + auditor->target.withheld_count > 0 &&
			now >= auditor->start_at_ms)
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
	if (made)
		made->samples = samples_new();
	if (!made || !made->samples) {
		free(made);
		return why_set(why, ENOMEM, "out of memory");
	}
	for (unsigned int i = 0; i < config->lcores_count; i++) {
		server->workers[i].audit = audit_ring_make(config->audit.one_in);
		if (!server->workers[i].audit) {
			samples_free(made->samples);
			free(made);
			return why_set(why, ENOMEM, "out of memory");
		}
	}
	made->server = server;
	pthread_mutex_init(&made->lock, NULL);
	auditor_renew(made, server->service);
	error = pthread_create(&made->thread, NULL, audit, made);
	if (error) {
		target_free(&made->wanted);
		samples_free(made->samples);
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
		"audit: ok=%" PRIu64 " wrong=%" PRIu64 " outdated=%" PRIu64 " dropped=%" PRIu64
		" restarts=%" PRIu64 "\n",
		auditor->same, auditor->different, auditor->outdated, dropped, auditor->restarts);
}

struct auditor_counts
auditor_counts(const struct auditor *auditor)
{
	struct auditor_counts counts = {0, 0, false};

	if (auditor) {
		counts.different = counter_read(&auditor->different);
		counts.restarts = counter_read(&auditor->restarts);
		counts.fails = atomic_load_explicit(&auditor->fails, memory_order_relaxed);
	}
	return counts;
}

json_t *
auditor_samples_json(struct auditor *auditor, const struct capture_privacy *privacy)
{
	return auditor ? samples_json(auditor->samples, privacy) : NULL;
}

void
auditor_stop(struct auditor *auditor)
{
	if (!auditor)
		return;
	atomic_store_explicit(&auditor->stop, true, memory_order_relaxed);
	pthread_join(auditor->thread, NULL);
	target_free(&auditor->target);
	if (auditor->renewed)
		target_free(&auditor->wanted);
	pthread_mutex_destroy(&auditor->lock);
	samples_free(auditor->samples);
	sodium_memzero(auditor, sizeof(*auditor));
	free(auditor);
}
