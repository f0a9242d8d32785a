/* SPDX-License-Identifier: BSD-3-Clause */
/* On the ladder's last step: what is dropped unread, and what is not. */
#include <rte_mbuf.h>

#include "limit_world.h"
#include "packet_frame.h"
#include "worker/burst.h"

static const uint8_t stranger4[4] = {203, 0, 113, 7};
static const struct guard_secrets secrets = {.count = 1, .secrets = {"a fixed secret"}};

struct mbuf {
	struct rte_mbuf mbuf;
	uint8_t buffer[2048];
};

/* A query without EDNS from the clients of packet_frame.h, or with the end given. */
static struct frame
query_make(bool ipv6, unsigned int tags, const char *opt, size_t opt_length)
{
	static const uint8_t question[] = {1, 'a', 0, 0, 1, 0, 1};
	struct frame f = frame_make(ipv6, tags, 12 + sizeof(question) + opt_length);
	uint8_t *message = f.octets + f.message;

	memset(message, 0, 12);
	message[5] = 1;
	message[11] = opt_length != 0;
	memcpy(message + 12, question, sizeof(question));
	memcpy(message + 12 + sizeof(question), opt, opt_length);
	frame_sign(&f);
	return f;
}

static const char plain_opt[] = "\0\0\x29\x04\xd0\0\0\x80\0\0\0";
static const char cookie_opt[] = "\0\0\x29\x04\xd0\0\0\x80\0\0\x0c\0\x0a\0\x08"
				 "12345678";

/* The last step, with the prefix of client4 known and no other. */
static struct world
strained_world(void)
{
	struct limit_wishes wishes = wishes_none();
	struct world w;

	wishes.exempt_cookies = true;
	w = world_make(&wishes, 10);
	become_known(&w, client4);
	overload(&w, 4000);
	cr_assert_eq(step_of(limiter_ladder(w.limiter)), LIMIT_STEP_KNOWN);
	return w;
}

static bool
is_shed(const struct world *w, const struct frame *f)
{
	static struct mbuf m;
	struct engine_service answers = {.limits = &w->rules, .self.secrets = secrets};
	struct worker_view view = {
		.answers = &answers, .service = &service, .limiter = w->limiter, .now = 1800000000};
	struct worker_counters counters = {.packet = {0}};
	struct rte_mbuf *mbufs[1] = {&m.mbuf};
	uint16_t kept;

	m.mbuf = (struct rte_mbuf){.buf_addr = m.buffer,
		.buf_len = sizeof(m.buffer),
		.nb_segs = 1,
		.data_len = (uint16_t)f->length,
		.pkt_len = (uint32_t)f->length};
	memcpy(m.buffer, f->octets, f->length);
	kept = worker_shed(&view, &counters, mbufs, 1);
	cr_assert_eq(counters.packet[PACKET_DROP_SHED], 1u - kept);
	cr_assert_eq(mbufs[0], &m.mbuf);
	return kept == 0;
}

/* Behind `padding` empty options (RFC 7830), the cookie that client6 has, or one like it. */
static struct frame
cookie_make(unsigned int padding, bool forged)
{
	uint8_t opt[11 + 4 * 16 + 4 + WIRE_COOKIE_SIZE] = {0, 0, 41, 0x04, 0xd0, 0, 0, 0x80};
	uint8_t *at = opt + 11;
	struct frame f = query_make(true, 0, "", 0);

	for (unsigned int i = 0; i < padding; i++, at += 4)
		at[1] = 12;
	at[1] = WIRE_OPTION_COOKIE;
	at[3] = WIRE_COOKIE_SIZE;
	memcpy(at + 4, "12345678", 8);
	guard_cookie_judge(&secrets, f.octets + f.ip + 8, 16, 1800000000 - 60, at + 4, 8, at + 4);
	at[4 + WIRE_COOKIE_SIZE - 1] ^= forged;
	opt[10] = (uint8_t)(at + 4 + WIRE_COOKIE_SIZE - opt - 11);
	return query_make(true, 0, (const char *)opt, 11 + opt[10]);
}

Test(worker_shed, drops_unknown_sources_unless_they_have_a_valid_cookie)
{
	struct world w = strained_world();
	struct frame known = query_make(false, 0, "", 0), unknown = known, f;

	memcpy(unknown.octets + unknown.ip + 12, stranger4, 4);
	cr_expect_not(is_shed(&w, &known), "a known source");
	cr_expect(is_shed(&w, &unknown));
	f = query_make(true, 0, "", 0);
	cr_expect(is_shed(&w, &f), "nobody knows an IPv6 source");
	f = query_make(true, 0, plain_opt, sizeof(plain_opt) - 1);
	cr_expect(is_shed(&w, &f), "EDNS alone proves nothing");
	f = query_make(true, 0, cookie_opt, sizeof(cookie_opt) - 1);
	cr_expect(is_shed(&w, &f), "a client's part of a cookie proves nothing");
	for (unsigned int padding = 0; padding < 8; padding++) {
		f = cookie_make(padding, false);
		cr_expect_not(is_shed(&w, &f), "a valid cookie behind %u options", padding);
		f = cookie_make(padding, true);
		cr_expect(is_shed(&w, &f), "a forged cookie behind %u options", padding);
	}
	f = cookie_make(8, false);
	cr_expect(is_shed(&w, &f), "nobody looks that far");
	f = cookie_make(0, false);
	for (size_t cut = 1; cut <= 28; cut++) {
		f.octets[f.udp + 5]--;
		cr_expect(is_shed(&w, &f), "a cookie that is cut by %zu", cut);
	}
	limiter_free(w.limiter);
}

Test(worker_shed, leaves_alone_what_is_no_plain_datagram_to_us)
{
	struct world w = strained_world();
	struct frame usual = query_make(true, 0, "", 0), f;

	f = query_make(true, 1, "", 0);
	cr_expect_not(is_shed(&w, &f), "a tag");
	f = usual;
	f.octets[f.ip + 24 + 15] ^= 1;
	cr_expect_not(is_shed(&w, &f), "another address");
	f = usual;
	f.octets[f.ip + 6] = 6;
	cr_expect_not(is_shed(&w, &f), "TCP");
	f = usual;
	frame_put16(&f, f.udp + 2, 179);
	cr_expect_not(is_shed(&w, &f), "another port");
	f = usual;
	f.octets[f.message + 2] = 0x80;
	cr_expect(is_shed(&w, &f), "a reply is no query, but a plain datagram");
	f = usual;
	f.octets[f.message + 5] = 9;
	cr_expect(is_shed(&w, &f), "nine questions");
	f = query_make(false, 0, "", 0);
	memcpy(f.octets + f.ip + 12, stranger4, 4);
	cr_expect(is_shed(&w, &f));
	frame_put16(&f, f.ip + 6, 0x2000);
	cr_expect_not(is_shed(&w, &f), "a fragment");
	f = usual;
	for (size_t length = 0; length < usual.length; length++) {
		f.length = length;
		cr_expect_not(is_shed(&w, &f), "cut to %zu", length);
	}
	limiter_free(w.limiter);
}

Test(worker_shed, keeps_the_order_of_the_rest_and_loses_none)
{
	static struct mbuf frames[WORKER_BURST];
	struct world w = strained_world();
	struct engine_service answers = {.limits = &w.rules};
	struct worker_view view = {.answers = &answers, .service = &service, .limiter = w.limiter};
	struct worker_counters counters = {.packet = {0}};
	struct rte_mbuf *mbufs[WORKER_BURST];
	unsigned int seen = 0;
	uint16_t kept;

	for (unsigned int i = 0; i < WORKER_BURST; i++) {
		struct frame f = query_make(i % 3 == 0, 0, "", 0);

		frames[i].mbuf = (struct rte_mbuf){.buf_addr = frames[i].buffer,
			.buf_len = sizeof(frames[i].buffer),
			.nb_segs = 1,
			.data_len = (uint16_t)f.length,
			.pkt_len = (uint32_t)f.length};
		memcpy(frames[i].buffer, f.octets, f.length);
		mbufs[i] = &frames[i].mbuf;
	}
	kept = worker_shed(&view, &counters, mbufs, WORKER_BURST);
	cr_expect_eq(kept, WORKER_BURST - (WORKER_BURST + 2) / 3);
	for (unsigned int i = 1; i < kept; i++)
		cr_expect_lt(mbufs[i - 1], mbufs[i]);
	for (unsigned int i = 0; i < WORKER_BURST; i++)
		seen |= 1u << ((struct mbuf *)mbufs[i] - frames);
	cr_expect_eq(seen, UINT32_MAX);
	cr_expect_eq(counters.packet[PACKET_DROP_SHED], WORKER_BURST - kept);
	limiter_free(w.limiter);
}
