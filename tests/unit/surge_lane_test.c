/* SPDX-License-Identifier: BSD-3-Clause */
/* Lanes on net_ring, whose other end is played here: what is sent, and what becomes of replies. */
#include <pthread.h>
#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include "packet/packet.h"
#include "surge_world.h"

enum {
	LANES = 2,
	POOL = 4095,
	RING_SIZE = 1024,
	SLOT_BITS = 12,
	PORT_BITS = 4,
	FIRST_PORT = 20000
};

struct stage {
	struct surge_world world;
	struct rte_mempool *pool;
	struct rte_ring *in[LANES], *out[LANES]; /* as the lanes see them */
	struct surge_lane *lanes[LANES];
	struct surge_runner runner;
	atomic_bool stop, over;
	uint16_t port;
	/* the server's */
	uint64_t seen, waiting, most_waiting;
	bool slips; /* the flood gets TC */
	uint64_t asked, flooded, cookies, cookies_valid;
	struct rte_mbuf *held[RING_SIZE];
};

static void
eal_start(void)
{
	char *arguments[] = {"surge_lane", "--no-huge", "-m", "64", "--no-pci", "--no-telemetry",
		"--no-shconf", "--log-level=*:error", "--lcores=0"};

	cr_assert_geq(rte_eal_init(sizeof(arguments) / sizeof(arguments[0]), arguments), 0);
}

static struct surge_lane *
lane_new(struct stage *s, uint16_t index)
{
	struct surge_lane *l = aligned_alloc(64, (sizeof(*l) + 63) & ~63ul);

	cr_assert(l);
	*l = (struct surge_lane){.port_id = s->port,
		.queue_id = index,
		.index = index,
		.lane_count = LANES,
		.lanes = s->lanes,
		.pool = s->pool,
		.templates = &s->world.templates,
		.slot_bits = SLOT_BITS,
		.port_bits = PORT_BITS,
		.first_port = FIRST_PORT,
		.id_secret = 0x5a5a,
		.sample_each = 10,
		.seconds = 4};
	l->slots = calloc(1 << SLOT_BITS, sizeof(*l->slots));
	l->samples = calloc(1, sizeof(*l->samples));
	l->wrong = calloc(SURGE_WRONG_MAX, sizeof(*l->wrong));
	l->lost_in = calloc(l->seconds, sizeof(*l->lost_in));
	l->crossed = rte_ring_create(index ? "crossed1" : "crossed0", RING_SIZE, 0, RING_F_SC_DEQ);
	cr_assert(l->slots && l->samples && l->wrong && l->lost_in && l->crossed);
	return l;
}

/* @param ring_size  of the rings to the server */
static struct stage *
stage_make(const char *workload, unsigned int ring_size)
{
	struct stage *s = calloc(1, sizeof(*s));
	struct workload_wishes wishes = workload_wishes_default();
	struct rte_eth_conf conf = {0};
	int port;

	cr_assert(s);
	eal_start();
	wishes.name = workload;
	wishes.count = 1000;
	surge_world_begin(&s->world, wishes);
	s->pool = rte_pktmbuf_pool_create("stage", POOL, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
	for (uint16_t i = 0; i < LANES; i++) {
		s->in[i] = rte_ring_create(i ? "in1" : "in0", RING_SIZE, 0, 0);
		s->out[i] = rte_ring_create(i ? "out1" : "out0", ring_size, 0, 0);
	}
	port = rte_eth_from_rings("stage", s->in, LANES, s->out, LANES, 0);
	cr_assert(s->pool && port >= 0);
	s->port = (uint16_t)port;
	cr_assert_eq(rte_eth_dev_configure(s->port, LANES, LANES, &conf), 0);
	for (uint16_t i = 0; i < LANES; i++) {
		cr_assert_eq(rte_eth_rx_queue_setup(s->port, i, RING_SIZE, 0, NULL, s->pool), 0);
		cr_assert_eq(rte_eth_tx_queue_setup(s->port, i, RING_SIZE, 0, NULL), 0);
	}
	cr_assert_eq(rte_eth_dev_start(s->port), 0);
	for (uint16_t i = 0; i < LANES; i++)
		s->runner.lanes[s->runner.count++] = s->lanes[i] = lane_new(s, i);
	s->runner.stop = &s->stop;
	return s;
}

static void
stage_end(struct stage *s)
{
	for (unsigned int i = 0; i < LANES; i++) {
		free(s->lanes[i]->slots);
		free(s->lanes[i]->samples);
		free(s->lanes[i]->wrong);
		free((void *)s->lanes[i]->lost_in);
		free(s->lanes[i]->cookies);
		free(s->lanes[i]);
	}
	surge_world_end(&s->world);
	rte_eth_dev_stop(s->port);
	rte_eal_cleanup();
	free(s);
}

/* What the server does with the reply to its nth query. @return what it sends of it: 0, 1 or 2 */
typedef unsigned int behaviour(
	struct stage *s, uint64_t number, uint8_t *frame, unsigned int *queue);

/* One flood query beside each of the world's, from sources of its own; clients keep cookies. */
static void
stage_flood(struct stage *s)
{
	struct workload_wishes wishes = workload_wishes_default();
	struct surge_world *w = &s->world;
	struct workload flood;
	struct why why;

	wishes.name = "nxdomain-do";
	wishes.count = w->work.count;
	wishes.ends.ipv4 = (struct workload_prefix){{198, 19}, 16};
	wishes.ends.ipv6 = (struct workload_prefix){{0x20, 0x01, 0x0d, 0xb8, 0x80}, 42};
	cr_assert_eq(workload_make(&flood, &wishes, w->zone, &why), 0, "%s", why.text);
	surge_templates_free(&w->templates);
	cr_assert_eq(surge_templates_make(&w->templates, &w->work, &flood, &w->model, NULL, &why),
		0, "%s", why.text);
	workload_free(&flood);
	cr_assert_eq(w->templates.clients, w->work.count);
	for (unsigned int i = 0; i < LANES; i++) {
		struct surge_lane *l = s->lanes[i];

		l->apart = true;
		l->cookies = calloc(w->templates.clients + 1, sizeof(*l->cookies));
		cr_assert(l->cookies);
	}
}

/* Who asks, and with what cookie. @return whether it is the flood */
static bool
query_look(struct stage *s, const uint8_t *frame, const struct packet_layout *layout)
{
	const uint8_t *source = frame + layout->source_offset;
	size_t size = layout->ipv6 ? 16 : 4;
	bool flood = layout->ipv6 ? source[4] == 0x80 : source[1] == 19;
	struct wire_query query;
	uint8_t fresh[WIRE_COOKIE_SIZE];

	s->asked++;
	s->flooded += flood;
	cr_assert_eq(wire_query_read(frame + layout->message_offset, layout->message_length,
			     WIRE_UDP, &query),
		WIRE_ANSWER);
	if (query.cookie && query.cookie_length == WIRE_COOKIE_SIZE) {
		s->cookies++;
		s->cookies_valid += guard_cookie_judge(&s->world.model.self.secrets, source, size,
			0, query.cookie, query.cookie_length, fresh);
	}
	return flood;
}

static void
reply_make(struct stage *s, struct rte_mbuf *mbuf)
{
	uint8_t *frame = rte_pktmbuf_mtod(mbuf, uint8_t *), reply[WIRE_UDP_SIZE_OWN];
	struct packet_layout layout;
	const struct packet_check check = {.ip = true, .udp = true};
	size_t length;

	cr_assert_eq(packet_classify(&s->world.work.service, check, frame, mbuf->data_len, &layout),
		PACKET_OURS);
	if (query_look(s, frame, &layout) && s->slips) {
		const struct exchange_peer peer = {.address = frame + layout.source_offset,
			.address_size = layout.ipv6 ? 16 : 4,
			.slip = true};

		length = oracle_answer(&s->world.model.zones, &s->world.model.self, &peer,
			frame + layout.message_offset, layout.message_length, reply);
	} else {
		length = surge_model_answer(&s->world.model, frame, mbuf->data_len, reply);
	}
	memcpy(frame + layout.message_offset, reply, length);
	length = packet_reply(frame, &layout, length, false);
	mbuf->data_len = (uint16_t)length;
	mbuf->pkt_len = (uint32_t)length;
}

static void
query_serve(struct stage *s, struct rte_mbuf *mbuf, unsigned int queue, behaviour *manner)
{
	unsigned int copies;

	reply_make(s, mbuf);
	copies = manner(s, s->seen++, rte_pktmbuf_mtod(mbuf, uint8_t *), &queue);
	if (copies > 1) {
		struct rte_mbuf *copy = rte_pktmbuf_copy(mbuf, s->pool, 0, UINT32_MAX);

		cr_assert(copy && rte_ring_enqueue(s->in[queue], copy) == 0);
	}
	if (copies == 0 || rte_ring_enqueue(s->in[queue], mbuf) != 0)
		rte_pktmbuf_free(mbuf);
}

static void *
lanes_run(void *argument)
{
	struct stage *s = argument;

	surge_runner_run(&s->runner);
	atomic_store(&s->over, true);
	return NULL;
}

/* Run both lanes against a server of that manner. */
static void
play(struct stage *s, behaviour *manner, struct surge_run run)
{
	pthread_t thread;
	void *mbuf;

	run.start = rte_rdtsc();
	run.duration = rte_get_tsc_hz() * 100;
	for (unsigned int i = 0; i < LANES; i++)
		s->lanes[i]->run = run;
	atomic_store(&s->over, false);
	cr_assert_eq(pthread_create(&thread, NULL, lanes_run, s), 0);
	while (!atomic_load(&s->over))
		for (unsigned int i = 0; i < LANES; i++)
			while (rte_ring_dequeue(s->out[i], &mbuf) == 0)
				query_serve(s, mbuf, i, manner);
	pthread_join(thread, NULL);
}

static uint64_t
sum_of(const struct stage *s, size_t offset)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < LANES; i++)
		sum += counter_read((const _Atomic uint64_t *)(const void
				*)((const uint8_t *)&s->lanes[i]->counters + offset));
	return sum;
}
#define SUM(s, counter) sum_of(s, offsetof(struct surge_counters, counter))
#define FAULTS(s, fault) sum_of(s, offsetof(struct surge_counters, faults[fault]))

/* As long as a test machine may stop a thread. */
static uint64_t
long_timeout(void)
{
	return rte_get_tsc_hz() * 60;
}

/* Waited for, and longer than such a stop mostly is. */
static uint64_t
short_timeout(void)
{
	return rte_get_tsc_hz() * 3;
}

static uint64_t
wrong_sum(const struct stage *s)
{
	uint64_t sum = 0;

	for (enum surge_fault fault = SURGE_RIGHT + 1; fault < SURGE_FAULTS; fault++)
		sum += FAULTS(s, fault);
	return sum;
}

static unsigned int
rightly(struct stage *s, uint64_t number, uint8_t *frame, unsigned int *queue)
{
	(void)s;
	(void)number;
	(void)frame;
	(void)queue;
	return 1;
}

/* Slots are used several times over. */
Test(surge_lane, gets_each_answer_once)
{
	struct stage *s = stage_make("nxdomain-do", RING_SIZE);

	play(s, rightly,
		(struct surge_run){.queries = 20000, .window = 100, .timeout = long_timeout()});
	cr_expect_eq(SUM(s, sent), 40000);
	cr_expect_eq(SUM(s, answered), 40000);
	cr_expect_eq(SUM(s, lost), 0);
	cr_expect_eq(wrong_sum(s), 0);
	cr_expect_eq(surge_histogram_count(&s->lanes[0]->latency), 20000);
	cr_expect_gt(atomic_load(&s->lanes[0]->samples->written), 0);
	stage_end(s);
}

Test(surge_lane, judges_cookies_and_both_families)
{
	struct stage *s = stage_make("referral-do-cookie", RING_SIZE);

	play(s, rightly,
		(struct surge_run){.queries = 2000, .window = 100, .timeout = long_timeout()});
	cr_expect_eq(SUM(s, answered), 4000);
	cr_expect_eq(wrong_sum(s), 0);
	stage_end(s);
}

/* The lane that sent a query has its slot, whichever queue the reply comes by. */
static unsigned int
by_the_other_queue(struct stage *s, uint64_t number, uint8_t *frame, unsigned int *queue)
{
	(void)s;
	(void)frame;
	if (number % 2)
		*queue = !*queue;
	return 1;
}

Test(surge_lane, hands_over_what_is_another_lanes)
{
	struct stage *s = stage_make("single", RING_SIZE);

	play(s, by_the_other_queue,
		(struct surge_run){.queries = 5000, .window = 100, .timeout = long_timeout()});
	cr_expect_eq(SUM(s, answered), 10000);
	cr_expect_eq(SUM(s, crossed), 5000);
	cr_expect_eq(wrong_sum(s), 0);
	stage_end(s);
}

/* What was not sent for want of room is sent later, and nothing twice. */
Test(surge_lane, waits_for_room_in_the_ring)
{
	struct stage *s = stage_make("single", 32);

	play(s, rightly, (struct surge_run){.queries = 5000, .timeout = long_timeout()});
	cr_expect_eq(SUM(s, sent), 10000);
	cr_expect_eq(SUM(s, answered), 10000);
	cr_expect_eq(SUM(s, lost), 0);
	cr_expect_gt(SUM(s, refused), 0);
	stage_end(s);
}

static unsigned int
twice(struct stage *s, uint64_t number, uint8_t *frame, unsigned int *queue)
{
	(void)s;
	(void)frame;
	(void)queue;
	return number % 10 ? 1 : 2;
}

Test(surge_lane, tells_duplicates)
{
	struct stage *s = stage_make("single", RING_SIZE);

	play(s, twice,
		(struct surge_run){.queries = 1000, .window = 50, .timeout = long_timeout()});
	/* a copy of the last replies may still be on its way when the lanes are done */
	play(s, rightly,
		(struct surge_run){.queries = 100, .window = 50, .timeout = long_timeout()});
	cr_expect_eq(SUM(s, answered), 2200);
	cr_expect_eq(FAULTS(s, SURGE_FAULT_DUPLICATE), 200);
	cr_expect_eq(wrong_sum(s), 200);
	stage_end(s);
}

/* Another's query is not on its way; with a sum that fits. */
static unsigned int
id_changed(struct stage *s, uint64_t number, uint8_t *frame, unsigned int *queue)
{
	size_t at = frame[12] == 0x08 ? 42 : 62;

	(void)s;
	(void)queue;
	if (number % 10 == 0) {
		uint16_t sum;

		/* a swap of two words leaves the sum as it is: the id and the flags' */
		memcpy(&sum, frame + at, 2);
		memcpy(frame + at, frame + at + 2, 2);
		memcpy(frame + at + 2, &sum, 2);
	}
	return 1;
}

Test(surge_lane, tells_what_was_not_asked_and_misses_what_was)
{
	struct stage *s = stage_make("single", RING_SIZE);

	play(s, id_changed,
		(struct surge_run){.queries = 500, .window = 100, .timeout = short_timeout()});
	cr_expect_eq(SUM(s, answered), 900);
	cr_expect_eq(SUM(s, lost), 100);
	cr_expect_eq(wrong_sum(s), 100);
	cr_expect_eq(FAULTS(s, SURGE_FAULT_UNASKED) + FAULTS(s, SURGE_FAULT_QUESTION) +
			     FAULTS(s, SURGE_FAULT_ENDPOINT),
		100);
	stage_end(s);
}

/* Some are held back until all are lost. */
static unsigned int
held(struct stage *s, uint64_t number, uint8_t *frame, unsigned int *queue)
{
	(void)queue;
	if (number % 10 == 0 && s->waiting < RING_SIZE / 2) {
		uint16_t length = frame[12] == 0x08 ? (uint16_t)(14 + (frame[16] << 8 | frame[17]))
						    : (uint16_t)(54 + (frame[18] << 8 | frame[19]));
		struct rte_mbuf *copy = rte_pktmbuf_alloc(s->pool);

		cr_assert(copy);
		memcpy(rte_pktmbuf_append(copy, length), frame, length);
		s->held[s->waiting++] = copy;
		return 0;
	}
	return 1;
}

Test(surge_lane, counts_late_replies_apart)
{
	struct stage *s = stage_make("nxdomain", RING_SIZE);

	play(s, held,
		(struct surge_run){.queries = 500, .window = 400, .timeout = short_timeout()});
	cr_expect_eq(SUM(s, lost), 100);
	cr_expect_eq(SUM(s, answered), 900);
	cr_expect_eq(atomic_load(&s->lanes[0]->lost_in[0]) + atomic_load(&s->lanes[1]->lost_in[0]) +
			     atomic_load(&s->lanes[0]->lost_in[1]) +
			     atomic_load(&s->lanes[1]->lost_in[1]) +
			     atomic_load(&s->lanes[0]->lost_in[2]) +
			     atomic_load(&s->lanes[1]->lost_in[2]) +
			     atomic_load(&s->lanes[0]->lost_in[3]) +
			     atomic_load(&s->lanes[1]->lost_in[3]),
		100);
	for (uint64_t i = 0; i < s->waiting; i++)
		cr_assert_eq(rte_ring_enqueue(s->in[0], s->held[i]), 0);
	play(s, rightly,
		(struct surge_run){.queries = 1000, .window = 50, .timeout = long_timeout()});
	cr_expect_eq(SUM(s, late), 100);
	cr_expect_eq(SUM(s, lost), 100);
	cr_expect_eq(wrong_sum(s), 0);
	stage_end(s);
}

/* The server keeps what it got until no more comes. */
static unsigned int
counted(struct stage *s, uint64_t number, uint8_t *frame, unsigned int *queue)
{
	uint64_t sent = SUM(s, sent), answered = SUM(s, answered);

	(void)number;
	(void)frame;
	(void)queue;
	if (sent - answered > s->most_waiting)
		s->most_waiting = sent - answered;
	return 1;
}

Test(surge_lane, keeps_to_its_window)
{
	struct stage *s = stage_make("single", RING_SIZE);

	play(s, counted,
		(struct surge_run){.queries = 5000, .window = 20, .timeout = long_timeout()});
	cr_expect_eq(SUM(s, answered), 10000);
	/* both lanes', read while they go on: answered may be read a burst too late */
	cr_expect_leq(s->most_waiting, 2 * (20 + 32));
	stage_end(s);
}

/* At a rate each query has its time, however late it is sent. */
Test(surge_lane, measures_from_the_time_that_a_query_is_due)
{
	struct stage *s = stage_make("single", RING_SIZE);
	uint64_t hz = rte_get_tsc_hz(), started = rte_rdtsc();

	play(s, rightly,
		(struct surge_run){.queries = 1000,
			.interval = (double)hz / 10000,
			.timeout = long_timeout()});
	cr_expect_eq(SUM(s, answered), 2000);
	cr_expect_geq(rte_rdtsc() - started, hz / 10000 * 999);
	/* all of them are due at once: the last waits for all before it */
	play(s, rightly,
		(struct surge_run){.queries = 1000, .interval = 1e-3, .timeout = long_timeout()});
	cr_expect_eq(SUM(s, answered), 4000);
	cr_expect_gt(counter_read(&s->lanes[0]->latency.most),
		surge_histogram_quantile(&s->lanes[0]->latency, .1));
	stage_end(s);
}

static uint64_t
clients_sum(const struct stage *s, enum surge_end end)
{
	return sum_of(s, offsetof(struct surge_counters, clients[end]));
}

Test(surge_lane, counts_clients_apart_from_a_flood_that_gets_tc)
{
	struct stage *s = stage_make("referral-do", RING_SIZE);

	stage_flood(s);
	s->slips = true;
	play(s, rightly,
		(struct surge_run){.queries = 4000, .window = 100, .timeout = long_timeout()});
	cr_expect_eq(s->asked, 8000);
	cr_expect_eq(s->flooded, 4000);
	cr_expect_eq(SUM(s, answered), 4000);
	cr_expect_eq(SUM(s, slipped), 4000);
	cr_expect_eq(clients_sum(s, SURGE_END_SENT), 4000);
	cr_expect_eq(clients_sum(s, SURGE_END_ANSWERED), 4000);
	cr_expect_eq(clients_sum(s, SURGE_END_SLIPPED), 0);
	cr_expect_eq(wrong_sum(s), 0);
	cr_expect_eq(surge_histogram_count(&s->lanes[0]->latency), 2000, "clients' alone");
	stage_end(s);
}

static unsigned int
to_clients_alone(struct stage *s, uint64_t number, uint8_t *frame, unsigned int *queue)
{
	(void)s;
	(void)number;
	(void)queue;
	/* it is a reply by now: to whom */
	return frame[12] == 0x08 ? frame[14 + 17] != 19 : frame[14 + 28] != 0x80;
}

Test(surge_lane, tells_losses_by_the_second_of_clients_alone)
{
	struct stage *s = stage_make("referral-do", RING_SIZE);
	uint32_t lost = 0;

	stage_flood(s);
	play(s, to_clients_alone,
		(struct surge_run){.queries = 500, .window = 1000, .timeout = short_timeout()});
	cr_expect_eq(SUM(s, lost), 500);
	cr_expect_eq(clients_sum(s, SURGE_END_LOST), 0);
	cr_expect_eq(clients_sum(s, SURGE_END_ANSWERED), 500);
	for (unsigned int i = 0; i < LANES; i++)
		for (unsigned int j = 0; j < s->lanes[i]->seconds; j++)
			lost += s->lanes[i]->lost_in[j];
	cr_expect_eq(lost, 0);
	stage_end(s);
}

Test(surge_lane, lets_clients_alone_ask_in_calm_times)
{
	struct stage *s = stage_make("single", RING_SIZE);

	stage_flood(s);
	play(s, rightly,
		(struct surge_run){
			.queries = 3000, .window = 100, .timeout = long_timeout(), .calm = true});
	cr_expect_eq(s->asked, 6000);
	cr_expect_eq(s->flooded, 0);
	cr_expect_eq(clients_sum(s, SURGE_END_ANSWERED), 6000);
	stage_end(s);
}

/* Each lane's clients get a cookie of their own with the first answer. */
Test(surge_lane, asks_again_with_the_cookie_that_it_got)
{
	struct stage *s = stage_make("referral-do-cookie", RING_SIZE);

	stage_flood(s);
	play(s, rightly,
		(struct surge_run){
			.queries = 3000, .window = 100, .timeout = long_timeout(), .calm = true});
	cr_expect_eq(SUM(s, answered), 6000);
	cr_expect_eq(wrong_sum(s), 0);
	cr_expect_eq(s->cookies, 4000, "%lu: all but the first 1000 of each lane", s->cookies);
	cr_expect_eq(s->cookies_valid, s->cookies);
	stage_end(s);
}
