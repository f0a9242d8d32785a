/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What counting costs: ns a query of stats_count(), over pages that are in the cache, as they are
 * when they were just filled. Clients, names and sizes are spread as in the root's traffic; the
 * counters compete for the cache with nothing else, so that the whole answer path, measured with
 * and without, has the last word. What telling costs: scrape.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "stats/stats.h"

enum { PAGES = 64, PASSES = 4000, NODES = 1440, CLIENTS = PAGES * LEDGER_PAGE };

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
	return 0;
}
