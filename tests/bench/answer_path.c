/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an answer costs: real mbufs through net_ring, one lcore, checksums of queries verified and
 * of replies computed in software, one verdict counter a packet.
 *
 * A chunk of mbufs is filled and put on the ring before the clock starts; timed is receive, answer
 * and transmit of the chunk, in bursts of 32. A pass goes over all chunks twice, so that each is
 * answered once with its lines warm from writing, and once with each frame's lines and its mbuf's
 * flushed to memory, as a NIC without cache injection leaves them; chunks take turns. At once after
 * the first time the second would be 10 to 20 ns quicker, because the CPU remembers the chunk.
 * Printed are the mean of each chunk's best pass and the median of whole passes. A sample of the
 * replies is compared with the oracle's, outside of the timed part.
 */
#include <getopt.h>
#include <rte_eal.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "capture/capture.h"
#include "image/image.h"
#include "oracle/oracle.h"
#include "stats/stats.h"
#include "worker/burst.h"
#include "workload/workload.h"

/* "-cookie" and "-forged" are for a node that has secrets; the mix has its cookies of itself */
static const char *const workload_names[] = {"nxdomain", "nxdomain-do", "nxdomain-do-cookie",
	"nxdomain-do-forged", "referral", "referral-do", "ds-do", "mix", "mix-cookie", NULL};

enum { CHUNK = 1024, RING_SIZE = 2048, POOL = 4095, SAMPLE_EACH = 257, PASSES_MAX = 64 };

enum { CAPTURE_RING = 8 << 20, NOW = 1800000000 };

struct bench {
	struct zone *zone;
	struct engine_service answers;
	const struct worker_variant *variant;
	struct rte_mempool *pool;
	struct rte_ring *in, *out;
	uint16_t port;
	struct worker_view view;
	struct worker_counters counters;
	struct ledger_page page;
	struct ledger_readers readers;
	struct capture_ring *captured; /* NULL: nothing is */
	struct limit_rules rules;
	struct limiter *limiter;
	bool shed; /* the ladder's last step, and nobody is known */
	uint64_t compared, wrong;
};

enum lines { WARM, FLUSHED, LINES };

/* ns of a chunk, or for each query. */
struct times {
	uint64_t *best[LINES]; /* of each chunk */
	double passes[LINES][PASSES_MAX];
};

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_RAW, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* The lines that classification reads: the mbuf's first, and those that the query lies in. */
static void
lines_flush(const struct rte_mbuf *mbuf)
{
#ifdef __x86_64__
	const char *data = rte_pktmbuf_mtod(mbuf, const char *);

	for (int at = 0; at < mbuf->data_len; at += RTE_CACHE_LINE_SIZE)
		__builtin_ia32_clflush(data + at);
	__builtin_ia32_clflush(data + mbuf->data_len - 1);
	__builtin_ia32_clflush(mbuf);
#else
	(void)mbuf;
#endif
}

static void
chunk_fill(struct bench *b, const struct workload *work, size_t first, enum lines lines,
	struct rte_mbuf *mbufs[static CHUNK])
{
	if (rte_pktmbuf_alloc_bulk(b->pool, mbufs, CHUNK) != 0)
		abort();
	for (unsigned int i = 0; i < CHUNK; i++) {
		uint32_t at = work->offsets[first + i], length = work->offsets[first + i + 1] - at;

		memcpy(rte_pktmbuf_append(mbufs[i], (uint16_t)length), work->frames + at, length);
	}
	for (unsigned int i = 0; i < CHUNK && lines == FLUSHED; i++)
		lines_flush(mbufs[i]);
	rte_ring_enqueue_bulk(b->in, (void **)mbufs, CHUNK, NULL);
	/* flushes have ended before the clock starts */
	rte_mb();
}

/* ns that a load from a frame takes, one after the other: whether flushing does anything here. */
static double
line_ns(struct bench *b, const struct workload *work, enum lines lines)
{
	struct rte_mbuf *mbufs[CHUNK];
	const volatile uint64_t nothing = 0; /* which the compiler must not know */
	uint64_t start, took, next = 0, mask = nothing;

	chunk_fill(b, work, 0, lines, mbufs);
	start = now_ns();
	for (unsigned int i = 0; i < CHUNK; i++) {
		/* the buffer follows its mbuf; each address waits for the load before */
		const volatile uint8_t *buffer = (const uint8_t *)(mbufs[i] + 1);

		next = buffer[RTE_PKTMBUF_HEADROOM + next] & mask;
	}
	took = now_ns() - start;
	rte_ring_dequeue_bulk(b->in, (void **)mbufs, CHUNK, NULL);
	rte_pktmbuf_free_bulk(mbufs, CHUNK);
	return (double)took / CHUNK;
}

/* Not inlined: tests/bench/instructions counts what happens in here. */
static __rte_noinline uint64_t
chunk_answer(struct bench *b, unsigned int count)
{
	struct rte_mbuf *mbufs[WORKER_BURST];
	unsigned int done = 0;
	uint64_t start;

	/* a writer's thread that keeps up */
	if (b->captured)
		capture_ring_release(b->captured, b->captured->at);
	start = now_ns();
	while (done < count) {
		uint16_t received = rte_eth_rx_burst(b->port, 0, mbufs, WORKER_BURST);
		uint16_t replies, kept;

		if (b->view.limiter)
			limit_tick(b->view.limiter, &b->rules, now_ns(), b->shed);
		kept = b->shed ? worker_shed(&b->view, &b->counters, mbufs, received) : received;
		replies = b->variant->answer(&b->view, &b->counters, &b->page, mbufs, kept).replies;

		ledger_read(&b->readers, &b->page);
		rte_eth_tx_burst(b->port, 0, mbufs, replies);
		if (replies < received)
			rte_pktmbuf_free_bulk(mbufs + replies, received - replies);
		done += received;
	}
	return now_ns() - start;
}

/* Compare with the oracle, and the frame with what a client would accept. */
static void
reply_check(struct bench *b, const struct workload *work, size_t index, const struct rte_mbuf *mbuf)
{
	const uint8_t *query = work->frames + work->offsets[index];
	const uint8_t *frame = rte_pktmbuf_mtod(mbuf, const uint8_t *);
	size_t query_length = work->offsets[index + 1] - work->offsets[index], length;
	uint8_t expected[WIRE_UDP_SIZE_OWN], turned[2048];
	struct packet_layout layout;
	struct packet_check check = {.ip = true, .udp = true};
	const struct zone *zone = b->zone;
	const struct oracle_zones zones = {1, &zone};
	struct exchange_peer peer;

	b->compared++;
	if (packet_classify(b->view.service, check, query, query_length, &layout) != PACKET_OURS)
		abort();
	peer = (struct exchange_peer){.address = query + layout.source_offset,
		.address_size = layout.ipv6 ? 16 : 4,
		.now = b->view.now};
	length = oracle_answer(&zones, &b->answers.self, &peer, query + layout.message_offset,
		layout.message_length, expected);
	if (mbuf->data_len != layout.message_offset + length ||
		memcmp(frame + layout.message_offset, expected, length) != 0) {
		b->wrong++;
		return;
	}
	/* the slow way's frame, checksums included */
	memcpy(turned, query, layout.message_offset);
	memcpy(turned + layout.message_offset, expected, length);
	length = packet_reply(turned, &layout, length, false);
	if (memcmp(turned, frame, length) != 0)
		b->wrong++;
}

static void
chunk_drain(struct bench *b, const struct workload *work, size_t first, bool check)
{
	struct rte_mbuf *mbufs[CHUNK];
	unsigned int count = rte_ring_dequeue_burst(b->out, (void **)mbufs, CHUNK, NULL);

	/* nothing was dropped, so replies stand in the order of their queries */
	for (size_t i = (SAMPLE_EACH - first % SAMPLE_EACH) % SAMPLE_EACH; check && i < count;
		i += SAMPLE_EACH)
		reply_check(b, work, first + i, mbufs[i]);
	rte_pktmbuf_free_bulk(mbufs, count);
}

static int
double_compare(const void *a, const void *b)
{
	return (*(const double *)a > *(const double *)b) -
	       (*(const double *)a < *(const double *)b);
}

static void
chunk_run(struct bench *b, const struct workload *work, size_t chunk, unsigned int pass,
	enum lines lines, struct times *times)
{
	struct rte_mbuf *mbufs[CHUNK];
	uint64_t took, *best = &times->best[lines][chunk];

	chunk_fill(b, work, chunk * CHUNK, lines, mbufs);
	took = chunk_answer(b, CHUNK);
	/* what is shed has no reply */
	chunk_drain(b, work, chunk * CHUNK, pass == 0 && !b->shed);
	if (pass == 0 || took < *best)
		*best = took;
	times->passes[lines][pass] += (double)took / (double)work->count;
}

static double
best_mean(const struct times *times, enum lines lines, size_t chunks)
{
	double sum = 0;

	for (size_t i = 0; i < chunks; i++)
		sum += (double)times->best[lines][i];
	return sum / (double)(chunks * CHUNK);
}

static void
workload_run(struct bench *b, const struct workload *work, const char *name, unsigned int passes)
{
	size_t chunks = work->count / CHUNK;
	struct times times = {
		.best = {calloc(chunks, sizeof(uint64_t)), calloc(chunks, sizeof(uint64_t))}};
	double best[LINES], median[LINES];

	if (!times.best[WARM] || !times.best[FLUSHED])
		abort();
	for (unsigned int pass = 0; pass < passes; pass++)
		for (unsigned int round = 0; round < LINES; round++)
			for (size_t chunk = 0; chunk < chunks; chunk++)
				chunk_run(b, work, chunk, pass, (chunk + round) % LINES, &times);
	for (enum lines i = WARM; i < LINES; i++) {
		best[i] = best_mean(&times, i, chunks);
		qsort(times.passes[i], passes, sizeof(times.passes[i][0]), double_compare);
		median[i] = times.passes[i][passes / 2];
		free(times.best[i]);
	}
	printf("%-18s %-7s %8.1f %8.1f %8.1f %8.1f %8.1f %8.1f %8.2f %8llu %5llu\n", name,
		b->variant->name, best[WARM], median[WARM], best[FLUSHED], median[FLUSHED],
		best[FLUSHED] - best[WARM], median[FLUSHED] - median[WARM], 1000 / best[WARM],
		(unsigned long long)b->compared, (unsigned long long)b->wrong);
	fflush(stdout);
}

/* Without this the columns of flushed lines would mean nothing. */
static void
flushing_print(struct bench *b, const struct workload *work)
{
	static bool done;
	double warm, flushed;

	if (done)
		return;
	done = true;
	warm = line_ns(b, work, WARM);
	flushed = line_ns(b, work, FLUSHED);
	printf("# a load from a frame takes %.1f ns when warm, %.1f ns when flushed%s\n", warm,
		flushed, flushed < 2 * warm ? ": flushing does nothing here" : "");
}

/* As in a pool that has been in use: buffers one after the other in memory would be foreseen by the
 * CPU, which hides that they are flushed. */
static void
pool_shuffle(struct rte_mempool *pool)
{
	static struct rte_mbuf *mbufs[POOL];
	uint64_t random = 8198;

	if (rte_pktmbuf_alloc_bulk(pool, mbufs, POOL) != 0)
		abort();
	for (size_t i = POOL - 1; i > 0; i--) {
		struct rte_mbuf *swapped = mbufs[i];
		size_t other;

		random = random * 6364136223846793005 + 1442695040888963407;
		other = (random >> 33) % (i + 1);
		mbufs[i] = mbufs[other];
		mbufs[other] = swapped;
	}
	for (size_t i = 0; i < POOL; i++)
		rte_pktmbuf_free(mbufs[i]);
}

static void
port_make(struct bench *b)
{
	struct rte_eth_conf conf = {0};
	int port;

	b->pool = rte_pktmbuf_pool_create("bench", POOL, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
	b->in = rte_ring_create("in", RING_SIZE, 0, RING_F_SP_ENQ | RING_F_SC_DEQ);
	b->out = rte_ring_create("out", RING_SIZE, 0, RING_F_SP_ENQ | RING_F_SC_DEQ);
	port = rte_eth_from_rings("bench", &b->in, 1, &b->out, 1, 0);
	if (!b->pool || port < 0)
		rte_exit(EXIT_FAILURE, "no memory\n");
	pool_shuffle(b->pool);
	b->port = (uint16_t)port;
	rte_eth_dev_configure(b->port, 1, 1, &conf);
	rte_eth_rx_queue_setup(b->port, 0, CHUNK, 0, NULL, b->pool);
	rte_eth_tx_queue_setup(b->port, 0, CHUNK, 0, NULL);
	if (rte_eth_dev_start(b->port) < 0)
		rte_exit(EXIT_FAILURE, "net_ring does not start\n");
}

struct wishes {
	const char *zone, *mix, *workload, *variant, *features;
	size_t queries;
	unsigned int passes;
};

static void
wishes_read(struct wishes *w, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "z:m:w:v:n:p:f:")) != -1) {
		if (option == 'z')
			w->zone = optarg;
		else if (option == 'm')
			w->mix = optarg;
		else if (option == 'w')
			w->workload = optarg;
		else if (option == 'v')
			w->variant = optarg;
		else if (option == 'f')
			w->features = optarg;
		else if (option == 'n')
			w->queries = strtoul(optarg, NULL, 10);
		else if (option == 'p')
			w->passes = (unsigned int)strtoul(optarg, NULL, 10);
	}
	w->queries -= w->queries % CHUNK;
	if (!w->zone || !w->mix || w->passes < 1 || w->passes > PASSES_MAX || w->queries < CHUNK)
		rte_exit(2,
			"usage: answer_path EAL-OPTIONS -- -z ZONEFILE -m root-mix.json "
			"[-w WORKLOAD] [-v VARIANT] [-n QUERIES] [-p PASSES] [-f FEATURES]\n"
			"FEATURES: of \"stats,capture,sampled,limits,shed\", or \"none\"; what is "
			"not named is off\n");
}

/* Limits enforced, at rates that the queries, which come from one prefix, do not reach. */
static struct limiter *
limits_begin(struct bench *b)
{
	static const struct limit_seed seed = {{0x243f6a8885a308d3, 0x13198a2e03707345}};
	const struct limit_wishes wishes = {.mode = LIMIT_ENFORCE,
		.prefix_ipv4 = 24,
		.prefix_ipv6 = 56,
		.key_rate = 1000000000,
		.nxdomain_rate = 1000000000,
		.error_rate = 1000000000,
		.all_rate = 1000000000,
		.octet_rate = 4000000000,
		.burst_ms = 2000,
		.slip = 2,
		.exempt_cookies = true,
		.octet_budget = 100000000000,
		.spread = 1,
		.limiters = 1};
	struct why why;

	if (limit_rules_make(&wishes, &b->rules, &why) < 0)
		rte_exit(EXIT_FAILURE, "%s\n", why.text);
	b->answers.limits = &b->rules;
	return limiter_new(14, -1, &seed);
}

/* Overload, as fast as the clock is told. */
static void
ladder_climb(struct bench *b)
{
	uint64_t begin = now_ns() - 5000000000;

	for (uint64_t ms = 0; ms < 5000; ms++)
		limit_tick(b->limiter, &b->rules, begin + ms * 1000000, true);
	b->shed = true;
}

/* Each query is captured, or one in 1,000. */
static void
capture_begin(struct bench *b, uint32_t one_in)
{
	b->captured = capture_ring_make(one_in, CAPTURE_RING);
	if (!b->captured)
		rte_exit(EXIT_FAILURE, "no memory for capture\n");
	b->readers.readers[b->readers.count++] = (struct ledger_reader){capture_read, b->captured};
}

/* What a node has on, beside answering. */
static void
features_begin(struct bench *b, const char *features)
{
	if (strstr(features, "stats")) {
		struct stats *stats = stats_new(-1, stats_seed_of("bench"));

		if (!stats)
			rte_exit(EXIT_FAILURE, "no memory for statistics\n");
		b->readers.readers[b->readers.count++] = (struct ledger_reader){stats_count, stats};
	}
	if (strstr(features, "capture"))
		capture_begin(b, 1);
	else if (strstr(features, "sampled"))
		capture_begin(b, 1000);
	if (strstr(features, "limits")) {
		b->limiter = limits_begin(b);
		if (!b->limiter)
			rte_exit(EXIT_FAILURE, "no memory for limits\n");
		if (strstr(features, "shed"))
			ladder_climb(b);
	}
	printf("# on: checksums verified and written, verdicts counted, ledger%s%s%s\n",
		strstr(features, "stats") ? ", statistics" : "",
		!b->captured		   ? ""
		: b->captured->one_in == 1 ? ", each query captured"
					   : ", one query in 1,000 captured",
		b->limiter ? ", limits enforced" : "");
}

int
main(int argc, char **argv)
{
	struct wishes w = {.queries = 1 << 20, .passes = 5, .features = "stats,limits"};
	struct zone_verification done = {.warning = {.text = ""}};
	int used = rte_eal_init(argc, argv);
	struct bench b = {.compared = 0};
	struct image *image;
	struct why why;

	if (used < 0)
		return 1;
	optind = 1;
	wishes_read(&w, argc - used, argv + used);
	b.variant = worker_variant_choose(w.variant);
	if (!b.variant || zone_load(w.zone, NULL, &b.zone, &why) < 0 ||
		image_compile(b.zone, &done, 0, &image, &why) < 0)
		rte_exit(EXIT_FAILURE, "%s\n", b.variant ? why.text : "no such variant");
	b.answers.catalogue = (struct image_catalogue){.count = 1, .images = {image}};
	image_catalogue_index(&b.answers.catalogue);
	port_make(&b);
	features_begin(&b, w.features);
	printf("ns for a query, lines warm and flushed; Mqps of the best with warm lines\n"
	       "%-18s %-7s %8s %8s %8s %8s %8s %8s %8s %8s %5s\n",
		"workload", "variant", "warm", "median", "flushed", "median", "more", "median",
		"Mqps", "compared", "wrong");
	for (const char *const *name = workload_names; *name; name++) {
		struct workload_wishes wishes = workload_wishes_default();
		bool forged = strstr(*name, "-forged");
		struct workload work;

		if (w.workload && strcmp(w.workload, *name) != 0)
			continue;
		wishes.name = strncmp(*name, "mix", 3) == 0 ? "mix"
			      : forged			    ? "nxdomain-do-cookie"
							    : *name;
		wishes.forged_at = forged ? NOW : 0;
		wishes.mix = w.mix;
		wishes.count = w.queries;
		if (workload_make(&work, &wishes, b.zone, &why) < 0)
			rte_exit(EXIT_FAILURE, "%s\n", why.text);
		/* no secret, no cookies: those of the mix's clients are then ignored */
		b.answers.self.secrets = (struct guard_secrets){
			.count = forged || strstr(*name, "-cookie"), .secrets = {"a fixed secret"}};
		b.view = (struct worker_view){.answers = &b.answers,
			.service = &work.service,
			.limiter = b.limiter,
			.now = NOW,
			.verify_in_software = true};
		flushing_print(&b, &work);
		workload_run(&b, &work, *name, w.passes);
		workload_free(&work);
	}
	image_free(image);
	zone_free(b.zone);
	rte_eal_cleanup();
	return b.wrong ? 1 : 0;
}
