/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What observing costs: ns a query of observe_page(), over pages and names that are in the cache,
 * as they are when they were just answered. Types, names and clients are spread as in the root's
 * traffic: 60 % of names do not exist, few queries are for DNSKEY or bring a signal.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "observe/observe.h"
#include "wire/wire.h"

enum {
	PAGES = 64,
	ROUNDS = 32,
	PASSES = 301,
	NODES = 1440,
	LINES = PAGES * LEDGER_PAGE,
	MESSAGE = 64
};

static uint8_t messages[LINES][MESSAGE], clients[LINES][16];
static struct ledger_page pages[PAGES];

static void
line_make(struct ledger_line *line, unsigned int index)
{
	static const char *const names[] = {"\4home", "\5local", "\3lan", "\4corp", "\10internal"};
	static const uint16_t types[] = {1, 1, 1, 1, 28, 28, 2, 43, 1, 6, 65, 16};
	bool ipv6 = rand() % 4 == 0, nxdomain = rand() % 100 < 60;
	const char *name = names[rand() % 5];
	uint8_t *qname = messages[index] + WIRE_QUESTION_OFFSET;
	unsigned int rare = (unsigned int)rand() % 1000;

	memcpy(qname, "\3www", 4);
	memcpy(qname + 4, name, strlen(name));
	for (unsigned int i = 0; i < 16; i++)
		clients[index][i] = (uint8_t)rand();
	*line = (struct ledger_line){
		.query = messages[index],
		.reply = messages[index],
		.client = clients[index],
		.node = (uint32_t)(rand() % NODES),
		.qtype = types[rand() % 12],
		.reply_length = 1030,
		.rcode = nxdomain ? WIRE_RCODE_NXDOMAIN : 0,
		.qname_length = (uint8_t)(4 + strlen(name) + 1),
		.flags = (uint8_t)((ipv6 ? LEDGER_IPV6 : 0) | LEDGER_EDNS | LEDGER_DO),
	};
	if (rare < 10) {
		line->qtype = WIRE_TYPE_DNSKEY;
		line->qname_length = 1;
		line->rcode = 0;
	} else if (rare < 12) {
		memcpy(qname, "\10_ta-4f66", 10);
		line->qtype = 10;
		line->qname_length = 10;
		line->rcode = WIRE_RCODE_NXDOMAIN;
	}
}

static double
pass(struct observer *observer)
{
	struct timespec from, to;

	clock_gettime(CLOCK_MONOTONIC_RAW, &from);
	for (unsigned int i = 0; i < PAGES * ROUNDS; i++)
		observe_page(observer, &pages[i % PAGES]);
	clock_gettime(CLOCK_MONOTONIC_RAW, &to);
	return ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) /
	       (LINES * ROUNDS);
}

static int
order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int
main(void)
{
	const struct observe_settings settings = {.sample_one_in = 256,
		.networks_one_in = 64,
		.leak_networks_min = 20,
		.leak_queries_min = 50,
		.seed = 0x1234567890abcdef};
	struct observe_set *set = observe_set_new(&settings);
	struct observer *observer = set ? observe_set_add(set) : NULL;
	static double ns[PASSES];

	if (!observer)
		return 1;
	for (unsigned int i = 0; i < 2; i++)
		observer->views[i] = (struct observe_view){.ttl = 86400, .zone = 0};
	for (unsigned int i = 0; i < PAGES; i++) {
		pages[i].count = LEDGER_PAGE;
		pages[i].now = 1785600000;
		for (unsigned int k = 0; k < LEDGER_PAGE; k++)
			line_make(&pages[i].lines[k], i * LEDGER_PAGE + k);
	}
	for (unsigned int i = 0; i < PASSES; i++)
		ns[i] = pass(observer);
	qsort(ns, PASSES, sizeof(ns[0]), order);
	printf("observe_page: %.2f ns a query at best, %.2f in the median of %u passes; %zu KiB of "
	       "a thread\n",
		ns[0], ns[PASSES / 2], PASSES, sizeof(*observer) / 1024);
	observe_set_free(set);
	return 0;
}
