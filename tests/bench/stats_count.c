/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What counting costs: ns a query of stats_count(), over pages that are in the cache, as they are
 * when they were just filled. Clients, names and sizes are spread as in the root's traffic; the
 * counters compete for the cache with nothing else, so that the whole answer path, measured with
 * and without, has the last word. And what telling costs: ms from the counters of 64 threads to
 * Prometheus' text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "report/report.h"
#include "stats/stats.h"

enum { PAGES = 64, PASSES = 4000, NODES = 1440, CLIENTS = PAGES * LEDGER_PAGE, THREADS = 64 };

static uint8_t clients[CLIENTS][16];
static struct ledger_page pages[PAGES];

static void
line_make(struct ledger_line *line, const uint8_t *client)
{
	static const uint16_t types[] = {1, 1, 1, 1, 28, 28, 2, 43, 48, 6, 65, 16};
	static const uint16_t sizes[] = {1232, 1232, 1232, 4096, 512};
	bool ipv6 = rand() % 4 == 0, edns = rand() % 100 < 92, nxdomain = rand() % 100 < 60;

	*line = (struct ledger_line){
		.client = client,
		.node = (uint32_t)(rand() % NODES),
		.qtype = types[rand() % 12],
		.query_length = (uint16_t)(28 + rand() % 40),
		.reply_length = (uint16_t)(nxdomain ? 1020 + rand() % 48 : 300 + rand() % 500),
		.edns_size = edns ? sizes[rand() % 5] : 0,
		.verdict = nxdomain ? ENGINE_NXDOMAIN : ENGINE_REFERRAL,
		.rcode = nxdomain ? 3 : 0,
		.flags = (uint8_t)((ipv6 ? LEDGER_IPV6 : 0) | (edns ? LEDGER_EDNS : 0) |
				   (edns && rand() % 100 < 90 ? LEDGER_DO : 0) |
				   (edns && rand() % 100 < 15 ? LEDGER_COOKIE : 0)),
	};
}

static double
pass(struct stats *stats)
{
	struct timespec from, to;

	clock_gettime(CLOCK_MONOTONIC_RAW, &from);
	for (unsigned int i = 0; i < PAGES; i++)
		stats_count(stats, &pages[i]);
	clock_gettime(CLOCK_MONOTONIC_RAW, &to);
	return ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) /
	       (PAGES * LEDGER_PAGE);
}

static double
ms_since(const struct timespec *from)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_RAW, &now);
	return (double)(now.tv_sec - from->tv_sec) * 1e3 +
	       (double)(now.tv_nsec - from->tv_nsec) / 1e6;
}

/* Sum, sources, report and text, as a scrape has it. @return octets of text */
static size_t
scrape(const struct stats_set *set, const struct stats_bursts *bursts)
{
	struct stats_counters *sum = calloc(1, sizeof(*sum));
	struct stats_sketch *sketches = calloc(STATS_SOURCES, sizeof(*sketches));
	struct report *report = report_new();
	char *text = NULL, cpu[16];
	size_t size;

	stats_set_sum(set, sum);
	stats_set_sources(set, 0, sketches);
	stats_set_report(set, sum, sketches, report);
	for (unsigned int i = 0; i < THREADS; i++) {
		snprintf(cpu, sizeof(cpu), "%u", i);
		stats_bursts_report(bursts, cpu, report);
	}
	size = report_text(report, &text);
	free(text);
	free(sum);
	free(sketches);
	report_free(report);
	return size;
}

static void
tell_measure(void)
{
	struct stats_set *set = stats_set_new(stats_seed_of("bench"));
	struct stats_bursts *bursts = calloc(1, sizeof(*bursts));
	struct timespec from;
	double best = 1e9;
	size_t size = 0;

	for (unsigned int i = 0; i < THREADS; i++) {
		struct stats *stats = stats_set_add(set, -1);

		for (unsigned int k = 0; k < PAGES; k++)
			stats_count(stats, &pages[k]);
	}
	for (unsigned int i = 0; i < 20; i++) {
		double ms;

		clock_gettime(CLOCK_MONOTONIC_RAW, &from);
		size = scrape(set, bursts);
		ms = ms_since(&from);
		best = ms < best ? ms : best;
	}
	printf("a report of %u threads: %.2f ms at best for %zu KiB of text; %.1f MiB of memory in "
	       "all\n",
		THREADS, best, size / 1024, (double)stats_set_size(set) / (1 << 20));
	free(bursts);
	stats_set_free(set);
}

int
main(void)
{
	struct stats *stats = stats_new(-1, stats_seed_of("bench"));
	double best = 1e9, sum = 0;

	if (!stats)
		return 1;
	stats->heats[0].zones[0].first = 1;
	stats->heats[0].zones[0].count = NODES;
	stats->heats[0].nodes = calloc(NODES + 1, sizeof(struct stats_node));
	for (unsigned int i = 0; i < CLIENTS; i++)
		for (unsigned int k = 0; k < 16; k++)
			clients[i][k] = (uint8_t)rand();
	for (unsigned int i = 0; i < PAGES; i++) {
		pages[i].count = LEDGER_PAGE;
		for (unsigned int k = 0; k < LEDGER_PAGE; k++)
			line_make(&pages[i].lines[k], clients[i * LEDGER_PAGE + k]);
	}
	for (unsigned int i = 0; i < PASSES; i++) {
		double ns = pass(stats);

		sum += ns;
		best = ns < best ? ns : best;
	}
	printf("stats_count: %.1f ns a query at best, %.1f in the mean of %u passes; %zu KiB of a "
	       "thread\n",
		best, sum / PASSES, PASSES, sizeof(*stats) / 1024);
	tell_measure();
	return 0;
}
