/* SPDX-License-Identifier: BSD-3-Clause */
#include "statistics.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "node.h"

enum { DAY = 86400 };

/* jemalloc's, where it is the allocator */
extern int mallctl(const char *name, void *old, size_t *old_size, void *new, size_t new_size)
	__attribute__((weak));

int
statistics_begin(struct statistics *statistics, struct node *node, struct why *why)
{
	const struct config_rssac002 *rssac002 = node->config->statistics.rssac002;
	int rc;

	*statistics = (struct statistics){.node = node};
	statistics->sum = calloc(1, sizeof(*statistics->sum));
	statistics->set =
		stats_set_new(stats_seed_of(rssac002 && rssac002->seed ? rssac002->seed : ""));
	if (!statistics->sum || !statistics->set)
		return why_set(why, ENOMEM, "out of memory");
	node->server.stats = statistics->set;
	rc = statistics_share_begin(statistics, why);
	if (rc == 0)
		rc = statistics_day_begin(statistics, why);
	if (rc == 0)
		rc = statistics_http_begin(statistics, why);
	if (rc == 0 && node->server.eal_runs)
		statistics_telemetry_begin(statistics);
	return rc;
}

void
statistics_publishing(struct statistics *statistics, const struct engine_service *service)
{
	if (statistics->set)
		stats_set_prepare(statistics->set, service->generation, &service->catalogue);
}

void
statistics_end(struct statistics *statistics)
{
	statistics_share_close(statistics->share);
	statistics_telemetry_end();
	statistics_http_end(statistics);
	statistics_share_end(statistics);
	statistics_day_end(statistics);
	stats_set_free(statistics->set);
	free(statistics->sum);
	statistics->set = NULL;
	statistics->sum = NULL;
}

/* ---- the report ---- */

static void
queries_tell(struct statistics *statistics, struct report *report)
{
	struct stats_sketch *sketches = calloc(STATS_SOURCES, sizeof(*sketches));

	if (!sketches)
		return;
	stats_set_sum(statistics->set, statistics->sum);
	if (!statistics_day_sources(statistics, sketches))
		stats_set_sources(statistics->set, time(NULL) / DAY, sketches);
	stats_set_report(statistics->set, statistics->sum, sketches, report);
	free(sketches);
}

/* A time that there may not be. */
static void
time_tell(struct report *report, enum report_which which, int64_t at, const char *zone)
{
	if (at)
		report_gauge(report, which, (double)at, zone);
}

static void
zone_tell(const struct zone_entry *zone, struct report *report)
{
	struct image_facts facts;

	report_gauge(report, REPORT_ZONE_SERVED, zone->standing == ZONE_SERVED, zone->name);
	if (!zone->image)
		return;
	image_facts(zone->image, &facts);
	report_gauge(report, REPORT_ZONE_SERIAL, facts.serial, zone->name);
	report_gauge(report, REPORT_ZONE_IMAGE_BYTES, (double)facts.size, zone->name);
	report_gauge(report, REPORT_ZONE_NAMES, facts.node_count, zone->name);
	time_tell(report, REPORT_ZONE_TAKEN, zone->taken_at, zone->name);
	time_tell(report, REPORT_ZONE_REFRESHED, zone->refreshed_at, zone->name);
	time_tell(report, REPORT_ZONE_SIGNATURES_EXPIRE, facts.earliest_expiry, zone->name);
	if (zone->refreshed_at && zone->config->primaries_count)
		report_gauge(report, REPORT_ZONE_EXPIRES,
			(double)(zone->refreshed_at + facts.expire), zone->name);
}

static void
health_tell(const struct watch *watch, struct report *report)
{
	static const struct {
		enum health_family family;
		const char *name;
	} families[] = {{HEALTH_IPV4, "ipv4"}, {HEALTH_IPV6, "ipv6"}};
	const struct packet_service *service = &watch->node->config->service;
	unsigned int findings[HEALTH_REASONS] = {0};
	const struct health_finding *finding;

	for (unsigned int i = 0; i < 2; i++) {
		enum health_family family = families[i].family;
		const char *name = families[i].name;

		if ((family == HEALTH_IPV4 ? service->ipv4_count : service->ipv6_count) == 0)
			continue;
		for (unsigned int state = 0; state < HEALTH_STATES; state++)
			report_gauge(report, REPORT_FAMILY_STATE,
				health_state(watch->health, family) == state, name,
				health_state_names[state]);
		report_gauge(report, REPORT_FAMILY_ANNOUNCED,
			health_announces(watch->health, family), name);
		report_count(report, REPORT_FAMILY_FAILURES, health_failures(watch->health, family),
			name);
	}
	for (unsigned int i = 0; (finding = health_finding(watch->health, i)); i++)
		findings[finding->reason]++;
	for (unsigned int i = 0; i < HEALTH_REASONS; i++)
		report_gauge(report, REPORT_FINDINGS, findings[i], health_reason_names[i]);
}

/* @return octets, by jemalloc's name for them; below 0: it is not the allocator */
static double
allocator_size(const char *name)
{
	size_t value = 0, size = sizeof(value);

	if (!mallctl || mallctl(name, &value, &size, NULL, 0) != 0)
		return -1;
	return (double)value;
}

static void
process_tell(const struct node *node, struct report *report)
{
	uint64_t epoch = 1;
	struct timespec cpu;
	unsigned long resident;
	FILE *file = fopen("/proc/self/statm", "re");

	if (file && fscanf(file, "%*u %lu", &resident) == 1)
		report_gauge(report, REPORT_PROCESS_RESIDENT,
			(double)resident * (double)sysconf(_SC_PAGESIZE));
	if (file)
		fclose(file);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	report_gauge(report, REPORT_PROCESS_CPU, (double)cpu.tv_sec + (double)cpu.tv_nsec / 1e9);
	report_gauge(report, REPORT_PROCESS_START, (double)node->started_at);
	report_gauge(report, REPORT_BUILD, 1, MANGROVE_VERSION);
	if (!mallctl)
		return;
	/* what it knows is as old as its epoch */
	mallctl("epoch", NULL, NULL, &epoch, sizeof(epoch));
	report_gauge(report, REPORT_ALLOCATED, allocator_size("stats.allocated"));
	report_gauge(report, REPORT_ALLOCATOR_RESIDENT, allocator_size("stats.resident"));
}

struct report *
statistics_report(struct statistics *statistics)
{
	const struct node *node = statistics->node;
	struct report *report = report_new();

	if (!report)
		return NULL;
	if (statistics->set)
		queries_tell(statistics, report);
	statistics_day_tell(statistics, report);
	if (node->up)
		statistics_server_tell(&node->server, report);
	limits_tell(&node->limits, report);
	for (unsigned int i = 0; i < node->zones.count; i++)
		zone_tell(&node->zones.entries[i], report);
	if (node->watch.health)
		health_tell(&node->watch, report);
	report_count(report, REPORT_AUDIT_DIFFERENT,
		node->server.auditor ? auditor_counts(node->server.auditor).different : 0);
	capturer_tell(node->server.capturer, report);
	process_tell(node, report);
	return report;
}

json_t *
statistics_json(struct statistics *statistics, const char *name)
{
	struct report *report = statistics_report(statistics);
	json_t *json = report ? report_json(report) : NULL;

	report_free(report);
	for (size_t i = json_array_size(json); name && i-- > 0;)
		if (!strstr(json_string_value(json_object_get(json_array_get(json, i), "name")),
			    name))
			json_array_remove(json, i);
	return json;
}
