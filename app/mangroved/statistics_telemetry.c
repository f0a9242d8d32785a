/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Single values over DPDK's telemetry socket, which takes no sign but letters and digits in keys
 * and 16 KiB in a reply: lines of text, page by page. On the telemetry thread.
 */
#include <errno.h>
#include <pthread.h>
#include <rte_telemetry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node.h"

enum { PAGE_LINES = 96, NAME_ROOM = 1200 };
static_assert(PAGE_LINES * (RTE_TEL_MAX_STRING_LEN + 3) < 16384 - 256, "a reply of telemetry");

/* A command cannot be taken back: it outlives the node. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct statistics_share *shared; /* NULL: nothing to tell */

struct page {
	unsigned long number;
	struct rte_tel_data *reply, *lines;
};

/* "mangrove_queries_total{transport=udp,family=ipv4} 4711"; what JSON would have to escape is left
 * out. @return false: too long for telemetry */
static bool
line_make(char *name, double value, char line[static RTE_TEL_MAX_STRING_LEN])
{
	char *to = name;

	for (const char *from = name; *from; from++)
		if (*from != '"' && *from != '\\')
			*to++ = *from;
	*to = '\0';
	return snprintf(line, RTE_TEL_MAX_STRING_LEN, "%s %.15g", name, value) <
	       RTE_TEL_MAX_STRING_LEN;
}

static void
page_fill(void *context, const struct report *report)
{
	struct page *page = context;
	char name[NAME_ROOM], line[RTE_TEL_MAX_STRING_LEN];
	unsigned int count = 0;
	double value;

	while (report_scalar(report, count, name, sizeof(name), &value)) {
		/* a name that is too long leaves its place empty, so that pages do not move */
		if (!line_make(name, value, line))
			snprintf(line, sizeof(line), "too long");
		if (count++ / PAGE_LINES == page->number)
			rte_tel_data_add_array_string(page->lines, line);
	}
	rte_tel_data_add_dict_u64(page->reply, "page", page->number);
	rte_tel_data_add_dict_u64(page->reply, "pages", (count + PAGE_LINES - 1) / PAGE_LINES);
	rte_tel_data_add_dict_container(page->reply, "values", page->lines, 0);
	page->lines = NULL;
}

static int
metrics_answer(const char *command, const char *parameters, struct rte_tel_data *reply)
{
	struct page page = {
		.number = parameters ? strtoul(parameters, NULL, 10) : 0, .reply = reply};

	(void)command;
	page.lines = rte_tel_data_alloc();
	if (!page.lines)
		return -ENOMEM;
	rte_tel_data_start_dict(reply);
	rte_tel_data_start_array(page.lines, RTE_TEL_STRING_VAL);
	pthread_mutex_lock(&lock);
	if (shared)
		statistics_share_read(shared, page_fill, &page);
	pthread_mutex_unlock(&lock);
	if (page.lines)
		rte_tel_data_free(page.lines);
	return 0;
}

void
statistics_telemetry_begin(struct statistics *statistics)
{
	static bool registered;

	pthread_mutex_lock(&lock);
	shared = statistics->share;
	pthread_mutex_unlock(&lock);
	if (!registered)
		rte_telemetry_register_cmd("/mangrove/metrics", metrics_answer,
			"All single values of docs/statistics.md. Parameter: page, from 0");
	registered = true;
}

void
statistics_telemetry_end(void)
{
	pthread_mutex_lock(&lock);
	shared = NULL;
	pthread_mutex_unlock(&lock);
}
