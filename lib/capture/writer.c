/* SPDX-License-Identifier: BSD-3-Clause */
/* The writer's thread: rings, a block, a file. */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/counter.h"
#include "capture/capture_priv.h"

enum {
	LOOK_MS = 20, /* a ring of the default size takes 5 million records a second meanwhile */
	RELEASE_RECORDS = 256,
};
#define SECONDS(n) ((n)*INT64_C(1000000000))
static const int64_t block_age_ns = SECONDS(10), /* what a crash would take */
	retry_ns = SECONDS(1), dropping_told_ns = SECONDS(60);

struct capture {
	struct capture_settings settings;
	struct capture_ring *rings[CAPTURE_RINGS_MAX];
	_Atomic unsigned int ring_count; /* release, pairs with acquire in rings_drain() */
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	/* under the mutex */
	bool stop;
	struct why fault;
	/* the thread's own */
	struct capture_clock clock;
	struct capture_block *block;
	struct capture_file file;
	int64_t block_begun_ns, retry_at_ns, dropping_told_at_ns;
	uint64_t dropped_entered, strained_entered; /* in blocks */
	uint64_t dropped_told;			    /* to people */
	/* its counters */
	_Atomic uint64_t records, lost, blocks, files, octets, faults, clock_steps;
	atomic_bool failing;
};

__attribute__((format(printf, 3, 4))) static void
say(const struct capture *c, enum capture_event event, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	c->settings.say(c->settings.context, event, text);
}

/* What all threads left out. */
struct omitted {
	uint64_t dropped, strained;
};

static struct omitted
omitted_sum(const struct capture *c)
{
	unsigned int count = atomic_load_explicit(&c->ring_count, memory_order_acquire);
	struct omitted sum = {0};

	for (unsigned int i = 0; i < count; i++) {
		sum.dropped += counter_read(&c->rings[i]->dropped);
		sum.strained += counter_read(&c->rings[i]->strained);
	}
	return sum;
}

/* ---- faults, each told once ---- */

static bool
is_failing(const struct capture *c)
{
	return atomic_load_explicit(&c->failing, memory_order_relaxed);
}

static void
fault(struct capture *c, const struct capture_moment *now, const struct why *why)
{
	c->retry_at_ns = now->monotonic_ns + retry_ns;
	if (is_failing(c))
		return;
	pthread_mutex_lock(&c->mutex);
	c->fault = *why;
	pthread_mutex_unlock(&c->mutex);
	atomic_store_explicit(&c->failing, true, memory_order_relaxed);
	counter_add(&c->faults, 1);
	say(c, CAPTURE_FAULT, "capture cannot write reason=\"%s\"", why->text);
}

static void
works(struct capture *c)
{
	if (!is_failing(c))
		return;
	atomic_store_explicit(&c->failing, false, memory_order_relaxed);
	say(c, CAPTURE_RESUMED, "capture writes again lost=%" PRIu64, counter_read(&c->lost));
}

/* ---- the file ---- */

/* The file was removed, or the directory: what was in it is lost. */
static void
file_lose(struct capture *c)
{
	counter_add(&c->lost, c->file.items);
	capture_file_abandon(&c->file);
}

static int
file_end(struct capture *c, struct why *why)
{
	int rc;

	if (c->file.fd < 0)
		return 0;
	rc = capture_file_close(&c->file, why);
	if (rc == -ENOENT)
		file_lose(c);
	if (rc < 0)
		return rc;
	counter_add(&c->files, 1);
	say(c, CAPTURE_FILE_DONE, "capture file=%s items=%" PRIu64 " octets=%" PRIu64, c->file.name,
		c->file.items, c->file.size);
	return 0;
}

static int
block_write(struct capture *c, const struct capture_moment *now, struct why *why)
{
	struct omitted omitted = omitted_sum(c);
	uint64_t size_before;
	size_t size;
	int rc = c->file.ended ? file_end(c, why) : 0;

	if (rc == 0 && c->file.fd < 0) {
		struct capture_moment begun = *now;

		/* a file is named by its first query */
		if (c->block->count)
			begun.real_ns = c->block->items[0].time_ns;
		rc = capture_file_open(&c->file, &begun, why);
	}
	if (rc < 0)
		return rc;
	c->block->statistics.dropped = omitted.dropped - c->dropped_entered;
	c->block->statistics.strained = omitted.strained - c->strained_entered;
	size = capture_block_encode(c->block);
	size_before = c->file.size;
	rc = capture_file_append(&c->file, c->block->octets, size, why);
	if (rc < 0)
		return rc;
	c->dropped_entered = omitted.dropped;
	c->strained_entered = omitted.strained;
	c->file.items += c->block->count;
	counter_add(&c->blocks, 1);
	counter_add(&c->octets, c->file.size - size_before);
	return 0;
}

static bool
block_is_empty(const struct capture_block *block)
{
	return block->statistics.messages + block->statistics.malformed == 0;
}

/*
 * Write the block.
 *
 * @param must  it has to be empty afterwards: what cannot be written is lost. Else it stays for the
 *              next time.
 */
static void
block_put(struct capture *c, const struct capture_moment *now, bool must)
{
	struct why why;
	int rc;

	if (block_is_empty(c->block))
		return;
	if (is_failing(c) && now->monotonic_ns < c->retry_at_ns) {
		rc = -EAGAIN;
	} else {
		rc = block_write(c, now, &why);
		if (rc == -ENOENT && c->file.fd >= 0) {
			/* only the file may be gone */
			file_lose(c);
			rc = block_write(c, now, &why);
		}
		if (rc < 0)
			fault(c, now, &why);
		else
			works(c);
	}
	if (rc < 0 && !must)
		return;
	if (rc < 0)
		counter_add(&c->lost, c->block->count);
	capture_block_clear(c->block);
	c->block_begun_ns = now->monotonic_ns;
}

/* End the file, with what there is for it. */
static void
file_put(struct capture *c, const struct capture_moment *now, bool must)
{
	struct why why;

	block_put(c, now, must);
	if (file_end(c, &why) < 0)
		fault(c, now, &why);
}

static bool
file_is_due(const struct capture *c, const struct capture_moment *now)
{
	const struct capture_settings *settings = &c->settings;

	if (c->file.fd < 0 || (is_failing(c) && now->monotonic_ns < c->retry_at_ns))
		return false;
	return c->file.size >= settings->rotate_size ||
	       now->monotonic_ns - c->file.begun_ns >= SECONDS(settings->rotate_seconds);
}

/* ---- the rings ---- */

static void
record_take(
	struct capture *c, const struct capture_record *record, const struct capture_moment *now)
{
	int64_t time_ns = capture_clock_time(&c->clock, record->ticks);

	if (block_is_empty(c->block))
		c->block_begun_ns = now->monotonic_ns;
	if (!capture_block_add(c->block, record, time_ns)) {
		block_put(c, now, true);
		if (file_is_due(c, now))
			file_put(c, now, false);
		capture_block_add(c->block, record, time_ns);
	}
	counter_add(&c->records, 1);
}

/* No more than a ring holds, or the others would never have their turn. */
static void
ring_drain(struct capture *c, struct capture_ring *ring, const struct capture_moment *now)
{
	uint64_t at = atomic_load_explicit(&ring->taken, memory_order_relaxed),
		 end = at + ring->size;
	const struct capture_record *record;
	unsigned int count = 0;

	while (at < end && (record = capture_ring_next(ring, &at))) {
		record_take(c, record, now);
		if (++count % RELEASE_RECORDS == 0)
			capture_ring_release(ring, at);
	}
	capture_ring_release(ring, at);
}

static void
rings_drain(struct capture *c, const struct capture_moment *now)
{
	unsigned int count = atomic_load_explicit(&c->ring_count, memory_order_acquire);

	for (unsigned int i = 0; i < count; i++)
		ring_drain(c, c->rings[i], now);
}

static void
dropping_tell(struct capture *c, const struct capture_moment *now)
{
	uint64_t dropped = omitted_sum(c).dropped;

	if (dropped == c->dropped_told || now->monotonic_ns < c->dropping_told_at_ns)
		return;
	say(c, CAPTURE_DROPPING, "capture ring full dropped=%" PRIu64, dropped);
	c->dropped_told = dropped;
	c->dropping_told_at_ns = now->monotonic_ns + dropping_told_ns;
}

/* ---- the thread ---- */

static void
turn(struct capture *c)
{
	struct capture_moment now;
	int64_t step;

	c->settings.now(&now);
	step = capture_clock_turn(&c->clock, &now);
	if (step) {
		counter_add(&c->clock_steps, 1);
		say(c, CAPTURE_CLOCK_STEPPED, "clock stepped seconds=%.1f: a new capture file",
			(double)step / 1e9);
		/* the times in a file are of one clock */
		file_put(c, &now, true);
	}
	rings_drain(c, &now);
	if (now.monotonic_ns - c->block_begun_ns >= block_age_ns)
		block_put(c, &now, false);
	if (file_is_due(c, &now))
		file_put(c, &now, false);
	dropping_tell(c, &now);
}

/* @return false: it is time to end */
static bool
wait_a_little(struct capture *c)
{
	struct timespec until;
	bool stop;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += LOOK_MS * 1000000L;
	until.tv_sec += until.tv_nsec / SECONDS(1);
	until.tv_nsec %= SECONDS(1);
	pthread_mutex_lock(&c->mutex);
	while (!c->stop && pthread_cond_timedwait(&c->wake, &c->mutex, &until) == 0)
		;
	stop = c->stop;
	pthread_mutex_unlock(&c->mutex);
	return !stop;
}

static void *
run(void *argument)
{
	struct capture *c = argument;
	struct capture_moment now;

	while (wait_a_little(c))
		turn(c);
	/* nobody fills rings any more; a disk that was full gets a last chance */
	turn(c);
	c->settings.now(&now);
	c->retry_at_ns = now.monotonic_ns;
	file_put(c, &now, true);
	return NULL;
}

static void
capture_free(struct capture *c)
{
	for (unsigned int i = 0; i < c->ring_count; i++)
		capture_ring_free(c->rings[i]);
	capture_block_free(c->block);
	capture_file_free(&c->file);
	pthread_cond_destroy(&c->wake);
	pthread_mutex_destroy(&c->mutex);
	free(c);
}

static void
wake_init(struct capture *c)
{
	pthread_condattr_t attributes;

	pthread_mutex_init(&c->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&c->wake, &attributes);
	pthread_condattr_destroy(&attributes);
}

int
capture_start(const struct capture_settings *settings, struct capture **capture, struct why *why)
{
	struct capture *c = calloc(1, sizeof(*c));
	struct capture_moment now;
	bool has_memory;
	int rc;

	if (!c)
		return why_set(why, ENOMEM, "out of memory");
	c->settings = *settings;
	if (!c->settings.now)
		c->settings.now = capture_moment_read;
	wake_init(c);
	c->block = capture_block_new(&c->settings);
	has_memory = capture_file_init(&c->file, &c->settings) && c->block;
	c->settings.now(&now);
	capture_clock_begin(&c->clock, &now);
	rc = has_memory ? pthread_create(&c->thread, NULL, run, c) : ENOMEM;
	if (rc != 0) {
		capture_free(c);
		return why_set(why, rc, "capture does not start: %s", strerror(rc));
	}
	*capture = c;
	return 0;
}

struct capture_ring *
capture_ring_add(struct capture *c)
{
	unsigned int count = atomic_load_explicit(&c->ring_count, memory_order_relaxed);
	struct capture_ring *ring;

	if (count == CAPTURE_RINGS_MAX)
		return NULL;
	ring = capture_ring_make(c->settings.one_in, c->settings.ring_size);
	if (!ring)
		return NULL;
	c->rings[count] = ring;
	atomic_store_explicit(&c->ring_count, count + 1, memory_order_release);
	return ring;
}

void
capture_stop(struct capture *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&c->mutex);
	c->stop = true;
	pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->mutex);
	pthread_join(c->thread, NULL);
	capture_free(c);
}

const struct capture_privacy *
capture_privacy_of(const struct capture *capture)
{
	return &capture->settings.privacy;
}

void
capture_counts(const struct capture *c, struct capture_counts *counts)
{
	struct omitted omitted = omitted_sum(c);

	*counts = (struct capture_counts){
		.records = counter_read(&c->records),
		.dropped = omitted.dropped,
		.strained = omitted.strained,
		.lost = counter_read(&c->lost),
		.blocks = counter_read(&c->blocks),
		.files = counter_read(&c->files),
		.octets = counter_read(&c->octets),
		.faults = counter_read(&c->faults),
		.clock_steps = counter_read(&c->clock_steps),
		.failing = is_failing(c),
	};
}

bool
capture_fails(struct capture *c, struct why *why)
{
	if (!is_failing(c))
		return false;
	pthread_mutex_lock(&c->mutex);
	*why = c->fault;
	pthread_mutex_unlock(&c->mutex);
	return true;
}
