/* SPDX-License-Identifier: BSD-3-Clause */
/* The node asks itself: through an lcore's answer path that is stepped here, and through a socket.
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "image/image.h"
#include "selfquery/selfquery_priv.h"
#include "test_node.h"
#include "worker/burst.h"

enum { DEADLINE = 500, INTERVAL = 200, TICK = DEADLINE / 10, SERIAL = 2026010101 };

static const struct packet_service service = {
	.ipv4_count = 2,
	.ipv6_count = 1,
	.ipv4 = {{198, 18, 0, 53}, {198, 18, 0, 54}},
	.ipv6 = {{0x20, 0x01, 0x0d, 0xb8, [15] = 0x53}},
};

struct world {
	struct zone *zone;
	struct image *image;
	struct engine_service answers;
	struct worker worker;
	struct selfquery_lcore lcore;
	struct selfquery_zone facts;
	struct selfquery *selfquery;
	int64_t now;
	bool turns, answers_frames;
	void (*tamper)(struct inject_slot *slot);
	unsigned int outcomes[SELFQUERY_STOPPED + 1];
	struct selfquery_report last; /* that was not SELFQUERY_RIGHT */
};

static void
reported(void *data, const struct selfquery_report *report)
{
	struct world *w = data;

	w->outcomes[report->outcome]++;
	if (report->outcome != SELFQUERY_RIGHT)
		w->last = *report;
}

static void
image_make(struct world *w)
{
	struct zone_verification done = {0};
	struct why why;

	cr_assert_eq(
		zone_load("tests/golden/golden.zone", NULL, &w->zone, &why), 0, "%s", why.text);
	cr_assert_eq(image_compile(w->zone, &done, 0, &w->image, &why), 0, "%s", why.text);
	w->answers.self = test_self;
	w->answers.catalogue.count = 1;
	w->answers.catalogue.images[0] = w->image;
	image_catalogue_index(&w->answers.catalogue);
	w->facts = (struct selfquery_zone){wire_name_root, SERIAL, true};
}

static void
world_begin(struct world *w, const char *variant, uint16_t socket_port)
{
	struct selfquery_settings settings = {
		.service = &service,
		.lcores = &w->lcore,
		.lcore_count = socket_port == 0,
		.socket_port = socket_port,
		.interval_ms = INTERVAL,
		.deadline_ms = DEADLINE,
		.reported = reported,
		.data = w,
	};
	static const struct packet_service loopback = {.ipv4_count = 1, .ipv4 = {{127, 0, 0, 1}}};
	struct why why;

	memset(w, 0, sizeof(*w));
	image_make(w);
	w->worker.service = &service;
	w->worker.variant = worker_variant_choose(variant);
	w->worker.inject = inject_ring_make();
	cr_assert_not_null(w->worker.inject);
	w->lcore = (struct selfquery_lcore){3, w->worker.inject, &w->worker.rounds};
	w->turns = w->answers_frames = true;
	w->now = 100000;
	if (socket_port)
		settings.service = &loopback;
	cr_assert_eq(selfquery_new(&settings, &w->selfquery, &why), 0);
}

static void
world_end(struct world *w)
{
	selfquery_stop(w->selfquery);
	inject_ring_free(w->worker.inject);
	image_free(w->image);
	zone_free(w->zone);
}

/* Rounds of the lcore's loop */
static void
lcore_turn(struct world *w, unsigned int rounds)
{
	for (unsigned int i = 0; w->turns && i < rounds; i++) {
		struct inject_slot *slot = inject_waiting(w->worker.inject);

		if (slot && w->answers_frames) {
			worker_inject_serve(&w->worker, &w->answers, slot);
			if (w->tamper)
				w->tamper(slot);
		}
		w->worker.rounds++;
	}
}

static void
run(struct world *w, int64_t ms)
{
	for (int64_t end = w->now + ms; w->now < end; w->now += TICK) {
		selfquery_turn(w->selfquery, w->now);
		lcore_turn(w, INJECT_SLOTS);
	}
	selfquery_turn(w->selfquery, w->now);
}

static void
publish(struct world *w, const struct selfquery_zone *zones, unsigned int count)
{
	selfquery_expect(w->selfquery, zones, count);
	selfquery_settle(w->selfquery);
}

static void
outcomes_clear(struct world *w)
{
	memset(w->outcomes, 0, sizeof(w->outcomes));
}

static void
only_right(const struct world *w)
{
	cr_expect_gt(w->outcomes[SELFQUERY_RIGHT], 0);
	for (unsigned int i = SELFQUERY_RIGHT + 1; i <= SELFQUERY_STOPPED; i++)
		cr_expect_eq(w->outcomes[i], 0, "%s: %s", w->last.subject, w->last.evidence);
}

Test(selfquery, of_a_right_node_is_right_in_each_variant)
{
	static const char *const variants[] = {"plain", "avx2", "avx512"};

	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
		struct world w;

		if (!worker_variant_choose(variants[i]))
			continue;
		world_begin(&w, variants[i], 0);
		run(&w, 2000);
		cr_expect_eq(w.worker.injected.engine[ENGINE_POSITIVE], 0, "nothing to ask for");
		cr_expect_not(selfquery_complete(w.selfquery, false));
		publish(&w, &w.facts, 1);
		run(&w, 2000);
		only_right(&w);
		/* 2 s of a round of 4 each 200 ms or a little more */
		cr_expect_geq(w.worker.injected.engine[ENGINE_POSITIVE], 16);
		cr_expect_leq(w.worker.injected.engine[ENGINE_POSITIVE], 22);
		cr_expect_geq(w.worker.injected.engine[ENGINE_NXDOMAIN], 16);
		cr_expect(selfquery_complete(w.selfquery, false));
		cr_expect(selfquery_complete(w.selfquery, true));
		world_end(&w);
	}
}

Test(selfquery, notices_an_old_version_and_accepts_both_while_they_change)
{
	struct selfquery_zone newer;
	struct world w;

	world_begin(&w, NULL, 0);
	newer = w.facts;
	newer.serial++;
	publish(&w, &w.facts, 1);
	run(&w, 1000);
	/* told of, but not yet published */
	selfquery_expect(w.selfquery, &newer, 1);
	run(&w, 1000);
	only_right(&w);
	/* asked before, answered after: as a lcore does that reads the pointer later */
	w.answers_frames = false;
	run(&w, INTERVAL + TICK);
	selfquery_settle(w.selfquery);
	w.answers_frames = true;
	lcore_turn(&w, INJECT_SLOTS);
	selfquery_turn(w.selfquery, w.now);
	only_right(&w);
	/* from now on the one that is published alone */
	run(&w, 1000);
	cr_expect_gt(w.outcomes[SELFQUERY_WRONG], 0);
	cr_expect_not_null(strstr(w.last.evidence, "serial 2026010101, not 2026010102"));
	world_end(&w);
}

Test(selfquery, reports_a_missing_reply_once_and_the_late_one_too)
{
	struct world w;

	world_begin(&w, NULL, 0);
	publish(&w, &w.facts, 1);
	run(&w, 1000);
	outcomes_clear(&w);
	w.answers_frames = false;
	run(&w, INTERVAL + DEADLINE + 2 * TICK);
	cr_expect_eq(w.outcomes[SELFQUERY_UNANSWERED], 4, "a round of two families");
	cr_expect_eq(w.outcomes[SELFQUERY_WRONG] + w.outcomes[SELFQUERY_STOPPED], 0);
	cr_expect_not_null(strstr(w.last.subject, "lcore cpu=3 query="));
	run(&w, 5000);
	cr_expect_eq(w.outcomes[SELFQUERY_UNANSWERED], 4);
	w.answers_frames = true;
	outcomes_clear(&w);
	run(&w, 1000);
	only_right(&w);
	world_end(&w);
}

Test(selfquery, sees_an_lcore_stop_within_a_second_and_turn_again)
{
	struct world w;

	world_begin(&w, NULL, 0);
	run(&w, 2000);
	w.turns = false;
	run(&w, DEADLINE - TICK);
	cr_expect_eq(w.outcomes[SELFQUERY_STOPPED], 0);
	run(&w, 2 * TICK);
	cr_expect_eq(w.outcomes[SELFQUERY_STOPPED], 1);
	cr_expect_str_eq(w.last.subject, "lcore cpu=3");
	cr_expect(w.last.ipv4 && w.last.ipv6);
	run(&w, 5000);
	cr_expect_eq(w.outcomes[SELFQUERY_STOPPED], 1);
	w.turns = true;
	run(&w, 2 * TICK);
	cr_expect_eq(w.outcomes[SELFQUERY_TURNS], 1);
	world_end(&w);
}

Test(selfquery, blames_nobody_for_the_time_that_it_slept_itself)
{
	struct world w;

	world_begin(&w, NULL, 0);
	publish(&w, &w.facts, 1);
	run(&w, 1000);
	/* the whole machine stood still, and control comes first */
	w.now += 60000;
	selfquery_turn(w.selfquery, w.now);
	selfquery_turn(w.selfquery, w.now + 1);
	run(&w, 1000);
	only_right(&w);
	world_end(&w);
}

Test(selfquery, forgets_a_zone_that_is_not_served_any_more)
{
	struct selfquery_zone zones[2];
	struct world w;

	world_begin(&w, NULL, 0);
	zones[0] = zones[1] = w.facts;
	wire_name_from_text(&zones[1].origin, "Arpa.");
	publish(&w, zones, 2);
	run(&w, 1000);
	cr_expect_gt(w.outcomes[SELFQUERY_WRONG], 0, "arpa is not there");
	cr_expect_not(selfquery_complete(w.selfquery, true));
	outcomes_clear(&w);
	publish(&w, zones, 1);
	cr_expect_eq(w.outcomes[SELFQUERY_RIGHT], 2, "both kinds of question");
	run(&w, 1000);
	only_right(&w);
	cr_expect(selfquery_complete(w.selfquery, true));
	world_end(&w);
}

/* ---- a thread as an lcore ---- */

static void *
lcore_run(void *worker)
{
	worker_run(worker);
	return NULL;
}

static void
loop_stop(uv_timer_t *timer)
{
	uv_stop(timer->loop);
}

static void
loop_run(uv_loop_t *loop, uv_timer_t *limit, uint64_t ms)
{
	uv_timer_start(limit, loop_stop, ms, 0);
	uv_run(loop, UV_RUN_DEFAULT);
}

Test(selfquery, is_answered_by_an_lcore_that_sleeps_and_tells_when_it_has_ended)
{
	struct publish_slot slot;
	pthread_t thread;
	uv_timer_t limit;
	uv_loop_t loop;
	struct world w;
	struct why why;

	world_begin(&w, NULL, 0);
	cr_assert_eq(publish_init(&slot, 1), 0);
	publish_replace(&slot, &w.answers);
	w.worker.slot = &slot;
	w.worker.idle = WORKER_IDLE_SLEEP;
	cr_assert_eq(pthread_create(&thread, NULL, lcore_run, &w.worker), 0);
	uv_loop_init(&loop);
	uv_timer_init(&loop, &limit);
	cr_assert_eq(selfquery_start(w.selfquery, &loop, &why), 0);
	publish(&w, &w.facts, 1);
	loop_run(&loop, &limit, 1500);
	only_right(&w);
	cr_expect_geq(w.outcomes[SELFQUERY_RIGHT], 12);
	cr_expect(selfquery_complete(w.selfquery, false) && selfquery_complete(w.selfquery, true));
	/* as one that hangs looks from outside */
	atomic_store(&w.worker.stop, true);
	pthread_join(thread, NULL);
	loop_run(&loop, &limit, 1000);
	cr_expect_eq(w.outcomes[SELFQUERY_STOPPED], 1);
	cr_expect_eq(w.outcomes[SELFQUERY_UNANSWERED], 4);
	selfquery_stop(w.selfquery);
	w.selfquery = NULL;
	uv_close((uv_handle_t *)&limit, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	cr_expect_eq(uv_loop_close(&loop), 0);
	publish_free(&slot);
	world_end(&w);
}

/* ---- replies that are not right ---- */

static uint32_t tampered_bit;

static void
bit_flip(struct inject_slot *slot)
{
	uint8_t *frame = slot->buffer + slot->mbuf.data_off;

	frame[tampered_bit / 8] ^= (uint8_t)(1 << tampered_bit % 8);
}

static void
reply_drop(struct inject_slot *slot)
{
	slot->replied = false;
}

static void
frame_cut(struct inject_slot *slot)
{
	slot->mbuf.data_len--;
}

Test(selfquery, notices_each_flipped_bit_of_a_frame)
{
	struct world w;

	world_begin(&w, NULL, 0);
	publish(&w, &w.facts, 1);
	w.tamper = bit_flip;
	/* the shortest reply is longer */
	for (tampered_bit = 0; tampered_bit < 8 * 90; tampered_bit++) {
		unsigned int octet = tampered_bit / 8;

		/* of IPv6 only, which has no checksum of its own: traffic class, flow label and hop
		 * limit are whatever the node likes */
		bool is_open = (octet >= 15 && octet <= 17) || octet == 21;

		outcomes_clear(&w);
		run(&w, INTERVAL + 2 * TICK);
		cr_expect_gt(w.outcomes[SELFQUERY_WRONG], 0, "bit %u", tampered_bit);
		cr_expect(w.outcomes[SELFQUERY_RIGHT] == 0 || is_open, "bit %u", tampered_bit);
	}
	world_end(&w);
}

Test(selfquery, notices_a_dropped_query_and_a_frame_that_was_cut)
{
	struct world w;

	world_begin(&w, NULL, 0);
	publish(&w, &w.facts, 1);
	w.tamper = reply_drop;
	run(&w, 2000);
	cr_expect_eq(w.outcomes[SELFQUERY_RIGHT], 0);
	cr_expect_gt(w.outcomes[SELFQUERY_UNANSWERED], 0);
	cr_expect_str_eq(w.last.evidence, "dropped");
	outcomes_clear(&w);
	w.tamper = frame_cut;
	run(&w, 2000);
	cr_expect_eq(w.outcomes[SELFQUERY_RIGHT], 0);
	cr_expect_gt(w.outcomes[SELFQUERY_WRONG], 0);
	world_end(&w);
}

struct guest_heard {
	unsigned int replies, nothing;
	uint16_t length;
	uint8_t message[64];
};

static void
guest_heard(void *data, const uint8_t *message, uint16_t length)
{
	struct guest_heard *heard = data;

	heard->replies += message != NULL;
	heard->nothing += message == NULL;
	heard->length = length;
	if (message)
		memcpy(heard->message, message, length < 64 ? length : 64);
}

Test(selfquery, asks_for_somebody_else_and_reports_nothing_of_it)
{
	static const uint8_t message[] = {0xab, 0xcd, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 1};
	struct guest_heard heard = {0};
	struct selfquery_guest guest = {.message = message,
		.length = sizeof(message),
		.heard = guest_heard,
		.data = &heard};
	struct world w;

	world_begin(&w, NULL, 0);
	cr_expect_not(selfquery_guest_ask(w.selfquery, 1, &guest), "there is one lcore");
	for (unsigned int i = 0; i < 2; i++) {
		guest.ipv6 = i;
		cr_expect(selfquery_guest_ask(w.selfquery, 0, &guest));
		run(&w, 2 * TICK);
		cr_expect_eq(heard.replies, i + 1);
		cr_expect_eq(memcmp(heard.message, message, 2), 0);
		cr_expect_gt(heard.length, sizeof(message));
	}
	/* beside our own questions */
	publish(&w, &w.facts, 1);
	for (unsigned int i = 0; i < 40; i++) {
		selfquery_guest_ask(w.selfquery, 0, &guest);
		run(&w, TICK);
	}
	run(&w, 4 * TICK);
	cr_expect_eq(heard.replies, 42);
	only_right(&w);
	/* dropped, cut, and late */
	w.tamper = reply_drop;
	selfquery_guest_ask(w.selfquery, 0, &guest);
	run(&w, 2 * TICK);
	w.tamper = frame_cut;
	selfquery_guest_ask(w.selfquery, 0, &guest);
	run(&w, 2 * TICK);
	cr_expect_eq(heard.nothing, 2);
	w.tamper = NULL;
	w.answers_frames = false;
	run(&w, 2 * DEADLINE);
	outcomes_clear(&w);
	selfquery_guest_ask(w.selfquery, 0, &guest);
	run(&w, 2 * DEADLINE);
	cr_expect_eq(heard.replies + heard.nothing, 44, "nobody has answered");
	for (unsigned int i = SELFQUERY_RIGHT; i <= SELFQUERY_STOPPED; i++)
		cr_expect_eq(w.outcomes[i], 0, "%s", w.last.subject);
	/* and no more than there is room for */
	for (unsigned int i = 0; i < 2 * INJECT_SLOTS; i++)
		selfquery_guest_ask(w.selfquery, 0, &guest);
	cr_expect_not(selfquery_guest_ask(w.selfquery, 0, &guest));
	world_end(&w);
}

/* offset: an octet of the message, from its end if negative; the question is one of the root */
static const struct {
	const char *what;
	enum question_kind kind;
	int offset;
	uint8_t flip;
	const char *why;
} tamperings[] = {
	{"the ID", QUESTION_SOA, 1, 1, "ID of another"},
	{"RCODE", QUESTION_SOA, 3, 2, "RCODE 2, not 0"},
	{"RCODE of what is not there", QUESTION_NXDOMAIN, 3, 3, "RCODE 0, not 3"},
	{"AA", QUESTION_SOA, 2, 4, "flags"},
	{"QR", QUESTION_SOA, 2, 0x80, "flags"},
	{"AD", QUESTION_SOA, 3, 0x20, "flags"},
	{"CD", QUESTION_SOA, 3, 0x10, "flags"},
	{"QDCOUNT", QUESTION_SOA, 5, 3, "repeat the question"},
	{"QTYPE", QUESTION_SOA, 14, 1, "repeat the question"},
	{"QCLASS", QUESTION_SOA, 16, 1, "repeat the question"},
	{"letter case of QNAME", QUESTION_NXDOMAIN, 13, 0x20, "repeat the question"},
	{"ANCOUNT", QUESTION_SOA, 7, 1, "malformed"},
	{"NSCOUNT", QUESTION_NXDOMAIN, 9, 1, "malformed"},
	{"type of the SOA", QUESTION_SOA, 19, 1, "0 SOA"},
	{"its length", QUESTION_SOA, 27, 1, "malformed"},
};

static size_t
answer_make(const struct world *w, const struct question *q, uint8_t reply[static 1400])
{
	struct exchange_peer peer = test_peer(false, WIRE_UDP);
	size_t length;

	engine_answer(&w->answers, &peer, q->message, q->length, reply, &length);
	return length;
}

static struct expectation
expectation_of(const struct selfquery_zone *zone)
{
	struct expectation e = {.epoch = 2, .count = 1};

	e.sets[0] = (struct expected){.from = 1, .until = UINT64_MAX, .count = 1};
	e.sets[0].zones[0] = *zone;
	return e;
}

Test(selfquery_reply, is_wrong_if_any_part_of_it_is)
{
	struct world w;
	struct expectation e;

	world_begin(&w, NULL, 0);
	e = expectation_of(&w.facts);
	for (size_t i = 0; i < sizeof(tamperings) / sizeof(tamperings[0]); i++) {
		struct question q = {.epoch = 2};
		uint8_t reply[1400];
		struct why why;
		size_t length;

		cr_assert(question_make(&q, tamperings[i].kind, &w.facts.origin, 0x123456789));
		length = answer_make(&w, &q, reply);
		cr_expect_eq(reply_check(&q, &e, reply, length, &why), 0, "%s: %s",
			tamperings[i].what, why.text);
		reply[tamperings[i].offset] ^= tamperings[i].flip;
		cr_expect_lt(reply_check(&q, &e, reply, length, &why), 0, "%s", tamperings[i].what);
		cr_expect_not_null(strstr(why.text, tamperings[i].why), "%s: %s",
			tamperings[i].what, why.text);
	}
	world_end(&w);
}

Test(selfquery_reply, of_any_length_is_read_within_its_bounds)
{
	struct world w;
	struct expectation e;

	world_begin(&w, NULL, 0);
	e = expectation_of(&w.facts);
	for (enum question_kind kind = QUESTION_SOA; kind <= QUESTION_NXDOMAIN; kind++) {
		struct question q = {.epoch = 2};
		uint8_t reply[1400];
		struct why why;
		size_t length;

		cr_assert(question_make(&q, kind, &w.facts.origin, 0x123456789));
		length = answer_make(&w, &q, reply);
		for (size_t cut = 0; cut < length; cut++) {
			uint8_t *block = malloc(cut ? cut : 1);

			memcpy(block, reply, cut);
			cr_expect_lt(reply_check(&q, &e, block, cut, &why), 0, "%zu", cut);
			free(block);
		}
		reply[length] = 0;
		cr_expect_lt(reply_check(&q, &e, reply, length + 1, &why), 0);
	}
	world_end(&w);
}

Test(selfquery_reply, needs_a_signed_proof_of_a_signed_zone_only)
{
	struct question signed_one = {.epoch = 2}, other = {.epoch = 2};
	struct expectation e;
	uint8_t reply[1400];
	struct why why;
	struct world w;
	size_t length;

	world_begin(&w, NULL, 0);
	e = expectation_of(&w.facts);
	cr_assert(question_make(&signed_one, QUESTION_NXDOMAIN, &w.facts.origin, 0));
	/* "pppp": behind another name than "aaaa", with the latter's proof */
	cr_assert(question_make(&other, QUESTION_NXDOMAIN, &w.facts.origin, UINT64_MAX));
	length = answer_make(&w, &signed_one, reply);
	cr_expect_eq(reply_check(&signed_one, &e, reply, length, &why), 0, "%s", why.text);
	memcpy(reply, other.message, 2);
	memcpy(reply + 12, other.message + 12, 17);
	cr_expect_lt(reply_check(&other, &e, reply, length, &why), 0);
	cr_expect_not_null(strstr(why.text, "no NSEC"), "%s", why.text);
	e.sets[0].zones[0].is_signed = false;
	cr_expect_eq(reply_check(&other, &e, reply, length, &why), 0, "%s", why.text);
	world_end(&w);
}

Test(selfquery_question, has_no_name_below_an_origin_that_is_too_long)
{
	struct wire_name origin;
	struct question q;
	char text[256] = "";

	for (unsigned int i = 0; i < 15; i++)
		strcat(text, "fifteen.letters.");
	cr_assert(wire_name_from_text(&origin, text));
	cr_expect_eq(origin.length, 241);
	cr_expect(question_make(&q, QUESTION_SOA, &origin, 1));
	cr_expect_not(question_make(&q, QUESTION_NXDOMAIN, &origin, 1));
}

/* ---- sockets ---- */

static int
server_open(uint16_t *port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	cr_assert(fd >= 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, size), 0);
	getsockname(fd, (struct sockaddr *)&address, &size);
	*port = ntohs(address.sin_port);
	return fd;
}

/* The last that came is answered first. */
static void
server_answer(const struct world *w, int fd)
{
	struct {
		uint8_t query[512];
		size_t length;
		struct sockaddr_in from;
	} asked[INJECT_SLOTS];
	unsigned int count = 0;

	while (count < INJECT_SLOTS) {
		socklen_t size = sizeof(asked[0].from);
		ssize_t length = recvfrom(fd, asked[count].query, 512, 0,
			(struct sockaddr *)&asked[count].from, &size);

		if (length < 0)
			break;
		asked[count++].length = (size_t)length;
	}
	while (count-- > 0) {
		struct exchange_peer peer = test_peer(false, WIRE_UDP);
		uint8_t reply[WIRE_UDP_SIZE_OWN];
		size_t length;

		engine_answer(&w->answers, &peer, asked[count].query, asked[count].length, reply,
			&length);
		sendto(fd, reply, length, 0, (struct sockaddr *)&asked[count].from,
			sizeof(asked[count].from));
	}
}

Test(selfquery_socket, asks_and_hears_replies_in_any_order_and_gives_up_what_is_lost)
{
	struct world w;
	uint16_t port;
	int fd = server_open(&port);

	world_begin(&w, NULL, port);
	publish(&w, &w.facts, 1);
	for (unsigned int i = 0; i < 40; i++, w.now += TICK) {
		selfquery_turn(w.selfquery, w.now);
		server_answer(&w, fd);
	}
	only_right(&w);
	cr_expect_geq(w.outcomes[SELFQUERY_RIGHT], 14);
	cr_expect(selfquery_complete(w.selfquery, false));
	cr_expect_not(selfquery_complete(w.selfquery, true), "nobody is asked");
	outcomes_clear(&w);
	for (unsigned int i = 0; i < 40; i++, w.now += TICK)
		selfquery_turn(w.selfquery, w.now);
	cr_expect_geq(w.outcomes[SELFQUERY_UNANSWERED], 4);
	cr_expect_eq(w.outcomes[SELFQUERY_WRONG], 0);
	cr_expect_str_eq(w.last.subject, "socket address=127.0.0.1 query=nxdomain zone=.");
	/* nobody listens, then somebody does again */
	close(fd);
	for (unsigned int i = 0; i < 40; i++, w.now += TICK)
		selfquery_turn(w.selfquery, w.now);
	cr_expect_eq(w.outcomes[SELFQUERY_RIGHT], 0);
	world_end(&w);
}
