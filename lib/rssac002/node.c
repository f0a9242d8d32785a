/* SPDX-License-Identifier: BSD-3-Clause */
/* A node counts its day, and ends it. */
#include <errno.h>
#include <math.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rssac002/rssac002_priv.h"

enum {
	TURN_MS = 10000,
	STEP_SECONDS = 2, /* what a clock may slip back without a word */
};

const char *const rssac002_fault_names[RSSAC002_FAULTS] = {
	[RSSAC002_FAULT_WRITE] = "write",
	[RSSAC002_FAULT_STATE] = "state",
	[RSSAC002_FAULT_LOST] = "lost",
	[RSSAC002_FAULT_CLOCK] = "clock",
};

struct rssac002 {
	struct rssac002_settings settings;
	char directory[RSSAC002_PATH_MAX], service[RSSAC002_SERVICE_MAX];
	char mark[RSSAC002_MARK_SIZE];
	struct rssac002_figures today;
	struct rssac002_figures before; /* a day that is over and not written yet */
	bool is_before;
	struct stats_counters *seen, *sum; /* what is in the figures already; room for a sum */
	int64_t now, saved_at;
	int64_t clear_day; /* sketches of that day wait to be cleared; -1: none */
	uint64_t faults[RSSAC002_FAULTS];
	bool failing[RSSAC002_FAULTS]; /* said already */
};

/* ---- what is the matter ---- */

static __attribute__((format(printf, 3, 4))) void
tell(const struct rssac002 *r, bool is_bad, const char *format, ...)
{
	char line[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	r->settings.told(r->settings.context, is_bad, line);
}

/* Said once, and once more when it is over. */
static void
outcome_take(struct rssac002 *r, enum rssac002_fault fault, int rc, const struct why *why)
{
	if (rc < 0) {
		r->faults[fault]++;
		if (!r->failing[fault])
			tell(r, true, "rssac002: %s", why->text);
	} else if (r->failing[fault]) {
		tell(r, false, "rssac002: written again");
	}
	r->failing[fault] = rc < 0;
}

uint64_t
rssac002_fault_count(const struct rssac002 *rssac002, enum rssac002_fault fault)
{
	return rssac002->faults[fault];
}

/* ---- a day's figures ---- */

/* @return how much a counter has grown since the last turn */
static uint64_t
grown(const struct rssac002 *r, const _Atomic uint64_t *counter)
{
	size_t offset = (size_t)((const uint8_t *)counter - (const uint8_t *)r->sum);

	return counter_read(counter) -
	       counter_read((const _Atomic uint64_t *)((const uint8_t *)r->seen + offset));
}

static void
way_add(struct rssac002 *r, unsigned int way)
{
	struct rssac002_figures *f = &r->today;
	unsigned int transport = way >= STATS_TCP_IPV4;

	for (unsigned int i = 0; i < STATS_QUERY_SIZES; i++) {
		uint64_t count = grown(r, &r->sum->query_sizes[way][i]);

		f->queries[way] += count;
		f->query_sizes[transport][i] += count;
	}
	for (unsigned int i = 0; i < STATS_REPLY_SIZES; i++) {
		uint64_t count = grown(r, &r->sum->reply_sizes[way][1 + i]);

		f->replies[way] += count;
		f->reply_sizes[transport][i] += count;
	}
}

static void
today_add(struct rssac002 *r, const struct stats_set *set)
{
	struct stats_counters *sum = r->sum;

	stats_set_sum(set, sum);
	for (unsigned int way = 0; way < STATS_WAYS; way++)
		way_add(r, way);
	/* an RCODE above those is none that we send */
	for (unsigned int rcode = 0; rcode < STATS_RCODES; rcode++)
		for (unsigned int flags = 0; flags < STATS_FLAGS; flags++)
			r->today.rcodes[rcode] +=
				grown(r, &sum->outcomes[STATS_RCODE_0 + rcode][flags]);
	r->sum = r->seen;
	r->seen = sum;
	stats_set_sources(set, r->today.day, r->today.sketches);
	for (unsigned int i = 0; i < STATS_SOURCES; i++)
		r->today.sources[i] =
			(uint64_t)llround(stats_sketch_estimate(&r->today.sketches[i]));
}

struct rssac002_version *
rssac002_version_of(struct rssac002_figures *figures, uint32_t serial)
{
	for (uint32_t i = 0; i < figures->version_count; i++)
		if (figures->versions[i].serial == serial)
			return &figures->versions[i];
	if (figures->version_count == RSSAC002_VERSIONS_MAX)
		return NULL;
	figures->versions[figures->version_count] = (struct rssac002_version){.serial = serial};
	return &figures->versions[figures->version_count++];
}

void
rssac002_version(struct rssac002 *rssac002, uint32_t serial, int64_t load_seconds, uint64_t size)
{
	struct rssac002_version *version = rssac002_version_of(&rssac002->today, serial);

	if (!version)
		return;
	version->size = size;
	version->has_size = true;
	/* published again, it was loaded at the first time */
	if (load_seconds < 0 || version->has_load)
		return;
	version->load_seconds = load_seconds < UINT32_MAX ? (uint32_t)load_seconds : UINT32_MAX;
	version->has_load = true;
}

const struct rssac002_figures *
rssac002_today(const struct rssac002 *rssac002)
{
	return &rssac002->today;
}

/* ---- the end of a day ---- */

static void
before_write(struct rssac002 *r)
{
	struct why why;
	int rc;

	if (!r->is_before)
		return;
	rc = rssac002_write(&r->settings.place, &r->before, &why);
	outcome_take(r, RSSAC002_FAULT_WRITE, rc, &why);
	r->is_before = rc < 0;
}

static void
day_begin(struct rssac002 *r, int64_t day)
{
	memset(&r->today, 0, sizeof(r->today));
	r->today.day = day;
	memcpy(r->today.mark, r->mark, sizeof(r->mark));
}

/* A day that has files was left by a clock that was wrong: it goes on from what they say, or they
 * would be written again without it. */
static void
day_resume(struct rssac002 *r, int64_t day)
{
	unsigned int found;
	struct why why;

	if (rssac002_read(&r->settings.place, day, &r->today, &found, &why) < 0) {
		r->faults[RSSAC002_FAULT_STATE]++;
		tell(r, true, "rssac002: what was counted of a day before is lost: %s", why.text);
		day_begin(r, day);
	}
	if (memcmp(r->today.mark, r->mark, sizeof(r->mark)) != 0)
		memset(r->today.sketches, 0, sizeof(r->today.sketches));
	memcpy(r->today.mark, r->mark, sizeof(r->mark));
}

static void
day_end(struct rssac002 *r, int64_t next)
{
	if (r->is_before) {
		r->faults[RSSAC002_FAULT_LOST]++;
		tell(r, true, "rssac002: the files of a day could not be written, it is lost");
	}
	r->before = r->today;
	r->is_before = true;
	r->clear_day = r->today.day;
	/* as days follow each other, whatever has the next one's files wrote them too early */
	if (next == r->before.day + 1)
		day_begin(r, next);
	else
		day_resume(r, next);
	before_write(r);
}

/* ---- turns ---- */

static void
state_save(struct rssac002 *r)
{
	struct why why;
	int rc = rssac002_state_write(&r->settings.place, &r->today, &why);

	outcome_take(r, RSSAC002_FAULT_STATE, rc, &why);
	r->saved_at = r->now;
}

static void
clock_judge(struct rssac002 *r, int64_t now)
{
	if (now < r->now - STEP_SECONDS) {
		r->faults[RSSAC002_FAULT_CLOCK]++;
		tell(r, true, "rssac002: the clock stepped back by %lld s",
			(long long)(r->now - now));
		r->saved_at = now;
	}
	r->now = now;
}

void
rssac002_turn(struct rssac002 *r, struct stats_set *set, int64_t now)
{
	int64_t day = now / RSSAC002_DAY_SECONDS;

	clock_judge(r, now);
	if (r->clear_day >= 0 && (r->clear_day - day) % 2 != 0)
		stats_set_sources_clear(set, r->clear_day);
	r->clear_day = -1;
	today_add(r, set);
	/* A day that was ended is not begun again: a clock that steps back over midnight counts
	 * into the day at hand until it comes there again. It was wrong before if that is far. */
	if (day > r->today.day || day < r->today.day - 1)
		day_end(r, day);
	else
		before_write(r);
	if (now - r->saved_at >= RSSAC002_SAVE_SECONDS)
		state_save(r);
}

uint64_t
rssac002_wait_ms(int64_t now_ms)
{
	const int64_t day_ms = RSSAC002_DAY_SECONDS * 1000LL;
	int64_t left = day_ms - now_ms % day_ms;

	return (uint64_t)(left < TURN_MS ? left : TURN_MS);
}

/* ---- start and end ---- */

/* What identifies a seed and does not tell it. */
static void
mark_make(const struct stats_seed *seed, char mark[static RSSAC002_MARK_SIZE])
{
	uint8_t digest[16];

	crypto_generichash(digest, sizeof(digest), (const uint8_t *)seed, sizeof(*seed), NULL, 0);
	sodium_bin2hex(mark, RSSAC002_MARK_SIZE, digest, RSSAC002_MARK_SIZE / 2);
}

static void
state_take(struct rssac002 *r, int64_t day)
{
	struct why why;
	int rc = rssac002_state_read(&r->settings.place, &r->today, &why);

	if (rc < 0) {
		day_begin(r, day);
		if (rc != -ENOENT) {
			r->faults[RSSAC002_FAULT_STATE]++;
			tell(r, true, "rssac002: what was counted today before is lost: %s",
				why.text);
		}
		return;
	}
	if (memcmp(r->today.mark, r->mark, sizeof(r->mark)) != 0) {
		/* what another seed sketched does not go on; the rest does */
		memset(r->today.sketches, 0, sizeof(r->today.sketches));
		memcpy(r->today.mark, r->mark, sizeof(r->mark));
		tell(r, true, "rssac002: the seed was changed, sources of today are lost");
	}
	if (day > r->today.day || day < r->today.day - 1) {
		day_end(r, day);
		/* no writer has counted for that day */
		r->clear_day = -1;
	}
}

struct rssac002 *
rssac002_new(const struct rssac002_settings *settings, int64_t now)
{
	struct rssac002 *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->seen = calloc(1, sizeof(*r->seen));
	r->sum = calloc(1, sizeof(*r->sum));
	r->settings = *settings;
	snprintf(r->directory, sizeof(r->directory), "%s", settings->place.directory);
	snprintf(r->service, sizeof(r->service), "%s", settings->place.service);
	r->settings.place.directory = r->directory;
	r->settings.place.service = r->service;
	r->now = r->saved_at = now;
	r->clear_day = -1;
	mark_make(&settings->seed, r->mark);
	if (!r->seen || !r->sum) {
		free(r->seen);
		free(r->sum);
		free(r);
		return NULL;
	}
	state_take(r, now / RSSAC002_DAY_SECONDS);
	/* tells at once whether the directory is one to write to */
	state_save(r);
	return r;
}

void
rssac002_free(struct rssac002 *r)
{
	if (!r)
		return;
	before_write(r);
	state_save(r);
	free(r->seen);
	free(r->sum);
	free(r);
}
