/* SPDX-License-Identifier: BSD-3-Clause */
/* Days of RSSAC002, and how long versions of the root zone took from heard of to served. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "log.h"
#include "node.h"

enum { HEARD_MAX = 16 };

struct statistics_day {
	struct rssac002 *rssac002;
	uv_timer_t timer;
	/* the root's versions that somebody told of lately, the oldest first */
	struct {
		uint32_t serial;
		int64_t at_ms;
	} heard[HEARD_MAX];
	unsigned int heard_count;
	bool is_served; /* a version of the root has been published */
	uint32_t served;
};

static int64_t
wall_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
turn(uv_timer_t *timer)
{
	struct statistics *statistics = timer->data;

	rssac002_turn(statistics->day->rssac002, statistics->set, time(NULL));
	uv_timer_start(timer, turn, rssac002_wait_ms(wall_ms()), 0);
}

static void
told(void *context, bool is_bad, const char *line)
{
	(void)context;
	log_event(is_bad ? EVENT_RSSAC002_FAULT : EVENT_RSSAC002, "%s", line);
}

int
statistics_day_begin(struct statistics *statistics, struct why *why)
{
	const struct config_rssac002 *config = statistics->node->config->statistics.rssac002;
	struct rssac002_settings settings = {.told = told};
	struct statistics_day *day;

	if (!config)
		return 0;
	day = calloc(1, sizeof(*day));
	if (!day)
		return why_set(why, ENOMEM, "out of memory");
	settings.place =
		(struct rssac002_place){.directory = config->directory, .service = config->service};
	settings.seed = stats_seed_of(config->seed ? config->seed : "");
	day->rssac002 = rssac002_new(&settings, time(NULL));
	if (!day->rssac002) {
		free(day);
		return why_set(why, ENOMEM, "out of memory");
	}
	statistics->day = day;
	uv_timer_init(&statistics->node->loop, &day->timer);
	day->timer.data = statistics;
	uv_timer_start(&day->timer, turn, rssac002_wait_ms(wall_ms()), 0);
	return 0;
}

static void
timer_closed(uv_handle_t *handle)
{
	struct statistics *statistics = handle->data;

	free(statistics->day);
	statistics->day = NULL;
}

void
statistics_day_end(struct statistics *statistics)
{
	struct statistics_day *day = statistics->day;

	if (!day)
		return;
	/* lcores and sockets have ended: the last of what they counted */
	rssac002_turn(day->rssac002, statistics->set, time(NULL));
	rssac002_free(day->rssac002);
	day->rssac002 = NULL;
	uv_close((uv_handle_t *)&day->timer, timer_closed);
}

/* ---- versions of the root ---- */

void
statistics_heard(struct statistics *statistics, const struct wire_name *origin, uint32_t serial)
{
	struct statistics_day *day = statistics->day;

	if (!day || origin->labels != 0)
		return;
	for (unsigned int i = 0; i < day->heard_count; i++)
		if (day->heard[i].serial == serial)
			return;
	if (day->heard_count == HEARD_MAX)
		memmove(&day->heard[0], &day->heard[1], --day->heard_count * sizeof(day->heard[0]));
	day->heard[day->heard_count].serial = serial;
	day->heard[day->heard_count++].at_ms = clock_ms();
}

/* Since when it is known that a version is there: told by NOTIFY, else when a primary was asked
 * that has it. @return below 0: not known */
static int64_t
load_seconds(const struct statistics_day *day, const struct zone_entry *zone, uint32_t serial)
{
	int64_t asked = 0;

	for (unsigned int i = 0; i < day->heard_count; i++)
		if (day->heard[i].serial == serial)
			return (clock_ms() - day->heard[i].at_ms + 500) / 1000;
	for (unsigned int i = 0; i < zone->config->primaries_count; i++)
		if (zone->refresh.primaries[i].serial == serial && zone->asked_at[i] > asked)
			asked = zone->asked_at[i];
	return asked ? time(NULL) - asked : -1;
}

void
statistics_published(struct statistics *statistics)
{
	struct statistics_day *day = statistics->day;
	const struct zone_entry *zone = zones_find(&statistics->node->zones, &wire_name_root);
	struct image_facts facts;
	size_t size;

	if (!day || !zone || !zone->image || zone->standing != ZONE_SERVED)
		return;
	image_facts(zone->image, &facts);
	if (day->is_served && day->served == facts.serial)
		return;
	image_records(zone->image, &size);
	/* what a start reads from disk was loaded before */
	rssac002_version(day->rssac002, facts.serial,
		day->is_served ? load_seconds(day, zone, facts.serial) : -1, size);
	day->is_served = true;
	day->served = facts.serial;
}

/* ---- what is told ---- */

bool
statistics_day_sources(
	const struct statistics *statistics, struct stats_sketch sketches[static STATS_SOURCES])
{
	const struct rssac002_figures *today;

	if (!statistics->day || !statistics->day->rssac002)
		return false;
	today = rssac002_today(statistics->day->rssac002);
	for (unsigned int i = 0; i < STATS_SOURCES; i++)
		stats_sketch_merge(&sketches[i], &today->sketches[i]);
	stats_set_sources(statistics->set, today->day, sketches);
	return true;
}

void
statistics_day_tell(const struct statistics *statistics, struct report *report)
{
	if (!statistics->day || !statistics->day->rssac002)
		return;
	for (unsigned int i = 0; i < RSSAC002_FAULTS; i++)
		report_count(report, REPORT_DAY_FAULTS,
			rssac002_fault_count(statistics->day->rssac002, i),
			rssac002_fault_names[i]);
}
