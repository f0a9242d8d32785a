/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What telling costs a node of 64 lcores that serves a zone: ms from their counters to Prometheus'
 * text, ms of a scrape of /metrics by curl over HTTP on loopback, CPU time of both, and memory of
 * all that counts and observes. Sizes, types and names are random, so that hardly any counter is
 * zero. Usage: scrape_bench ZONEFILE
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "http/http.h"
#include "image/image.h"
#include "observe/observe.h"
#include "report/report.h"
#include "sketch/sketch.h"
#include "stats/stats.h"
#include "zone/zone.h"

enum { THREADS = 64, PAGES = 2048, SCRAPES = 200, PORTS = 20 };

/* the root's names, in two versions */
enum { HEAT_MAX = 2 * 1500 * sizeof(struct stats_node) };
static_assert(sizeof(struct stats) + HEAT_MAX + sizeof(struct observer) + sizeof(struct sketch) <=
		      1 << 20,
	"64 threads take 64 MiB at most");

static struct stats_set *set;
static struct stats_bursts bursts;
static struct ledger_page page;
static uint8_t clients[LEDGER_PAGE][16];

/* A burst of queries; of the root's zone, so that heat is counted. */
static void
page_fill(uint32_t node_count)
{
	page.count = LEDGER_PAGE;
	page.generation = 1;
	for (unsigned int i = 0; i < LEDGER_PAGE; i++) {
		bool nxdomain = rand() % 2;

		for (unsigned int k = 0; k < 16; k++)
			clients[i][k] = (uint8_t)rand();
		page.lines[i] = (struct ledger_line){
			.client = clients[i],
			.node = (uint32_t)(rand() % node_count),
			.qtype = (uint16_t)(rand() % 70),
			.query_length = (uint16_t)(17 + rand() % 270),
			.reply_length = (uint16_t)(12 + rand() % 1221),
			.edns_size = (uint16_t)(rand() % 4097),
			.verdict = nxdomain ? ENGINE_NXDOMAIN : ENGINE_REFERRAL,
			.rcode = nxdomain ? 3 : 0,
			.flags = (uint8_t)rand(),
			.action = rand() % 8 ? LEDGER_ANSWERED : LEDGER_LIMITED,
		};
	}
}

static bool
threads_add(uint32_t node_count)
{
	for (unsigned int i = 0; i < THREADS; i++) {
		struct stats *stats = stats_set_add(set, -1);

		if (!stats)
			return false;
		for (unsigned int k = 0; k < PAGES; k++) {
			page_fill(node_count);
			stats_count(stats, &page);
		}
	}
	for (unsigned int i = 0; i < 100000; i++)
		stats_burst_count(&bursts, (unsigned int)rand() % 33, (uint64_t)rand() % (1 << 20));
	return true;
}

/* As mangroved tells of its lcores. */
static void
lcores_tell(struct report *report)
{
	static const enum report_which counters[] = {
		REPORT_LCORE_RECEIVED, REPORT_LCORE_SENT, REPORT_LCORE_UNSENT, REPORT_LCORE_ROUNDS};
	char cpu[16];

	for (unsigned int i = 0; i < THREADS; i++) {
		snprintf(cpu, sizeof(cpu), "%u", i);
		for (unsigned int k = 0; k < sizeof(counters) / sizeof(counters[0]); k++)
			report_count(report, counters[k], (uint64_t)rand() * (uint64_t)rand(), cpu);
		stats_bursts_report(&bursts, cpu, report);
	}
}

/* Sum, sources, report and text: all of it anew each time, as nothing is kept. */
static void
metrics_answer(void *context, struct http_reply *reply)
{
	struct stats_counters *sum = calloc(1, sizeof(*sum));
	struct stats_sketch *sketches = calloc(STATS_SOURCES, sizeof(*sketches));
	struct report *report = report_new();

	(void)context;
	if (sum && sketches && report) {
		stats_set_sum(set, sum);
		stats_set_sources(set, 0, sketches);
		stats_set_report(set, sum, sketches, report);
		lcores_tell(report);
		reply->length = report_text(report, &reply->body);
	}
	free(sum);
	free(sketches);
	report_free(report);
	reply->type = "text/plain; version=0.0.4; charset=utf-8";
	reply->status = reply->length ? 200 : 503;
}

static double
ms_now(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int
ms_order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* @param cpu_ms  of this process, of all of them */
static void
ms_print(const char *what, double ms[static SCRAPES], double cpu_ms)
{
	qsort(ms, SCRAPES, sizeof(*ms), ms_order);
	printf("%s: p50 %.2f ms, p99 %.2f, worst %.2f of %d; CPU time %.2f ms each\n", what,
		ms[SCRAPES / 2], ms[SCRAPES * 99 / 100], ms[SCRAPES - 1], SCRAPES,
		cpu_ms / SCRAPES);
}

static void
report_measure(void)
{
	double ms[SCRAPES], cpu_ms = ms_now(CLOCK_PROCESS_CPUTIME_ID);

	for (unsigned int i = 0; i < SCRAPES; i++) {
		struct http_reply reply = {.status = 0};
		double from = ms_now(CLOCK_MONOTONIC_RAW);

		metrics_answer(NULL, &reply);
		ms[i] = ms_now(CLOCK_MONOTONIC_RAW) - from;
		free(reply.body);
		if (i == 0)
			printf("text of %u threads: %zu KiB\n", THREADS, reply.length / 1024);
	}
	ms_print("from counters to text", ms, ms_now(CLOCK_PROCESS_CPUTIME_ID) - cpu_ms);
}

/* A zone as it is served, so that queries are told by name. @return NULL: it cannot be read */
static struct image *
zone_serve(const char *path)
{
	struct zone_verification done = {.warning = {.text = ""}};
	struct image_catalogue catalogue = {.count = 1};
	struct image *image = NULL;
	struct zone *zone = NULL;
	struct why why;

	if (zone_load(path, NULL, &zone, &why) < 0 ||
		image_compile(zone, &done, 0, &image, &why) < 0)
		fprintf(stderr, "%s\n", why.text);
	zone_free(zone);
	catalogue.images[0] = image;
	if (image)
		stats_set_prepare(set, 1, &catalogue);
	return image;
}

/* A port that nobody has. */
static struct http *
listen_somewhere(struct http_settings *settings, unsigned int *port)
{
	struct sockaddr_in *address = (struct sockaddr_in *)&settings->address;
	struct http *http = NULL;
	struct why why;

	*address = (struct sockaddr_in){
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	for (unsigned int i = 0; i < PORTS && !http; i++) {
		*port = 20000 + (unsigned int)rand() % 20000;
		address->sin_port = htons((uint16_t)*port);
		if (http_start(settings, &http, &why) < 0)
			http = NULL;
	}
	return http;
}

/* curl's own clock: from its start to the last octet, a connection each time. */
static bool
curl_measure(unsigned int port)
{
	double ms[SCRAPES], seconds, cpu_ms = ms_now(CLOCK_PROCESS_CPUTIME_ID);
	unsigned int status;
	char command[160];

	snprintf(command, sizeof(command),
		"curl -s -o /dev/null -w '%%{http_code} %%{time_total}' "
		"http://127.0.0.1:%u/metrics",
		port);
	for (unsigned int i = 0; i < SCRAPES; i++) {
		FILE *curl = popen(command, "r");

		if (!curl)
			return false;
		if (fscanf(curl, "%u %lf", &status, &seconds) != 2)
			status = 0;
		pclose(curl);
		if (status != 200)
			return false;
		ms[i] = seconds * 1e3;
	}
	ms_print("a scrape by curl", ms, ms_now(CLOCK_PROCESS_CPUTIME_ID) - cpu_ms);
	return true;
}

static void
memory_print(void)
{
	const double mib = 1 << 20;
	double counters = (double)stats_set_size(set) / mib,
	       observers = THREADS * sizeof(struct observer) / mib,
	       sketches = THREADS * sizeof(struct sketch) / mib;

	printf("memory of %u threads: counters %.1f MiB, observers %.1f, heavy hitters %.1f; in "
	       "all %.1f\n",
		THREADS, counters, observers, sketches, counters + observers + sketches);
}

int
main(int argc, char **argv)
{
	const struct http_path path = {"/metrics", metrics_answer, NULL};
	struct http_settings settings = {.paths = &path, .path_count = 1};
	struct image_facts facts;
	struct image *image;
	struct http *http;
	unsigned int port;
	bool good;

	set = stats_set_new(stats_seed_of("bench"));
	image = argc == 2 && set ? zone_serve(argv[1]) : NULL;
	if (!image)
		return 1;
	image_facts(image, &facts);
	if (!threads_add(facts.node_count))
		return 1;
	report_measure();
	http = listen_somewhere(&settings, &port);
	if (!http)
		return 1;
	good = curl_measure(port);
	http_stop(http);
	memory_print();
	stats_set_free(set);
	image_free(image);
	return good ? 0 : 1;
}
