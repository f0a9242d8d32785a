/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What capture costs whoever answers: ns a query of capture_offer(), over pages that are in the
 * cache, as they are when they were just filled. The ring is long and its memory is not in the
 * cache, as it is in service: it is emptied by this thread, or by another one that reads it.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "capture/capture.h"

enum { PAGES = 64, PASSES = 4000, RING = 8 << 20, MESSAGE = 64, QNAMES = 5 };

static struct ledger_page pages[PAGES];
static uint8_t messages[PAGES * LEDGER_PAGE][2][MESSAGE], clients[PAGES * LEDGER_PAGE][16];
static atomic_bool done;

static void
line_make(struct ledger_line *line, unsigned int i)
{
	static const uint8_t lengths[QNAMES] = {5, 12, 17, 24, 38};

	*line = (struct ledger_line){
		.query = messages[i][0],
		.reply = messages[i][1],
		.client = clients[i],
		.qtype = 1,
		.query_length = 50,
		.reply_length = 700,
		.edns_size = 1232,
		.flags = (uint8_t)(LEDGER_EDNS | LEDGER_DO | (rand() % 4 ? 0 : LEDGER_IPV6)),
		.qname_length = lengths[rand() % QNAMES],
	};
}

static void *
drain(void *ring)
{
	struct capture_ring *r = ring;
	uint64_t at = 0;

	while (!atomic_load_explicit(&done, memory_order_relaxed)) {
		while (capture_ring_next(r, &at))
			;
		capture_ring_release(r, at);
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
	return NULL;
}

static double
pass(struct capture_ring *ring)
{
	struct timespec from, to;

	clock_gettime(CLOCK_MONOTONIC_RAW, &from);
	for (unsigned int i = 0; i < PAGES; i++)
		capture_offer(ring, &pages[i]);
	clock_gettime(CLOCK_MONOTONIC_RAW, &to);
	return ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) /
	       (PAGES * LEDGER_PAGE);
}

static int
measure(uint32_t one_in, bool beside)
{
	struct capture_ring *ring = capture_ring_make(one_in, RING);
	double best = 1e9, sum = 0;
	pthread_t reader;

	if (!ring)
		return 1;
	atomic_store(&done, false);
	if (beside && pthread_create(&reader, NULL, drain, ring) != 0)
		return 1;
	for (unsigned int i = 0; i < PASSES; i++) {
		double ns;

		if (!beside)
			capture_ring_release(ring, ring->at);
		/* as long as the other thread needs, or nothing is kept and that is quick */
		while (beside && ring->at - atomic_load(&ring->taken) > RING / 2)
			nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
		ns = pass(ring);
		sum += ns;
		best = ns < best ? ns : best;
	}
	atomic_store(&done, true);
	if (beside)
		pthread_join(reader, NULL);
	printf("capture_offer: 1 in %u, %s: %.2f ns a query at best, %.2f in the mean of %u "
	       "passes; "
	       "dropped %llu\n",
		one_in, beside ? "read by another thread" : "read by nobody", best, sum / PASSES,
		PASSES, (unsigned long long)ring->dropped);
	capture_ring_free(ring);
	return 0;
}

static void
say(void *context, enum capture_event event, const char *text)
{
	(void)context;
	if (event == CAPTURE_FAULT)
		fprintf(stderr, "%s\n", text);
}

/* How many the writer's thread takes, with names and clients that come again and again. */
static int
writer_measure(enum capture_compression compression, const char *word, const char *directory)
{
	const struct capture_settings settings = {
		.directory = directory,
		.host = "bench",
		.generator = "bench",
		.one_in = 1,
		.ring_size = RING,
		.rotate_seconds = 3600,
		.rotate_size = 1 << 30,
		.compression = compression,
		.privacy = {.ipv4_prefix = 32, .ipv6_prefix = 128},
		.say = say,
	};
	struct capture_counts counts;
	struct timespec from, to;
	struct capture *capture;
	struct capture_ring *ring;
	struct why why;
	double seconds;

	if (capture_start(&settings, &capture, &why) < 0)
		return 1;
	ring = capture_ring_add(capture);
	if (!ring)
		return 1;
	clock_gettime(CLOCK_MONOTONIC, &from);
	do {
		if (ring->at - atomic_load(&ring->taken) < RING / 2)
			pass(ring);
		else
			nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
		clock_gettime(CLOCK_MONOTONIC, &to);
		seconds = (double)(to.tv_sec - from.tv_sec) +
			  (double)(to.tv_nsec - from.tv_nsec) / 1e9;
	} while (seconds < 3);
	capture_counts(capture, &counts);
	printf("writer: %s: %.0f queries a second, %.1f octets a query\n", word,
		(double)counts.records / seconds, (double)counts.octets / (double)counts.records);
	capture_stop(capture);
	return 0;
}

static void
messages_make(void)
{
	for (unsigned int i = 0; i < PAGES * LEDGER_PAGE; i++) {
		for (unsigned int k = 0; k < 16; k++)
			clients[i][k] = (uint8_t)rand();
		/* IDs and the letters of names are random */
		for (unsigned int k = 0; k < MESSAGE; k++)
			messages[i][0][k] = (uint8_t)('a' + rand() % 26);
	}
}

int
main(int argc, char **argv)
{
	int rc = 0;

	messages_make();
	for (unsigned int i = 0; i < PAGES; i++) {
		pages[i].count = LEDGER_PAGE;
		for (unsigned int k = 0; k < LEDGER_PAGE; k++)
			line_make(&pages[i].lines[k], i * LEDGER_PAGE + k);
	}
	for (unsigned int beside = 0; beside < 2; beside++) {
		rc |= measure(1, beside);
		rc |= measure(10, beside);
		rc |= measure(1000, beside);
	}
	/* into a directory, if one is named */
	if (argc > 1) {
		rc |= writer_measure(CAPTURE_ZSTD, "zstd", argv[1]);
		rc |= writer_measure(CAPTURE_XZ, "xz", argv[1]);
		rc |= writer_measure(CAPTURE_PLAIN, "none", argv[1]);
	}
	return rc;
}
