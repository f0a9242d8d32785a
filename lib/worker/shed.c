/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs on: lcore. On the ladder's last step, what comes from sources that nobody knows is dropped
 * unread: after Ethernet, IP and ports, before checksums, names and answers. Only who shows a valid
 * cookie goes the usual way, and frames that are no plain UDP to us; cookies are judged by eight.
 */
#include <rte_branch_prediction.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include "limit/judge.h"
#include "worker/burst.h"
#include "worker/frame.h"
#include "worker/qname.h"
#include "worker/vector.h"

enum { OPTIONS_MAX = 8 }; /* a cookie behind more of them is not looked for */

/* @return the whole cookie in a query's OPT; NULL: there is none, or the message is unusual */
static inline const uint8_t *
cookie_find(const uint8_t *message, unsigned int length)
{
	/* one question, no answer, no authority, OPT */
	const uint64_t wanted = BE16(1) | (uint64_t)BE16(1) << 48;
	unsigned int end, last, at;

	if (length < SMALLEST_MESSAGE || load64(message + 4) != wanted ||
		!qname_walk(message, length, &end, &last))
		return NULL;
	at = end + 4 + WIRE_OPT_SIZE;
	if (at > length || message[end + 4] != 0 ||
		load16(message + end + 5) != BE16(WIRE_TYPE_OPT))
		return NULL;
	for (unsigned int i = 0; i < OPTIONS_MAX && at + 4 <= length; i++) {
		unsigned int size = BE16(load16(message + at + 2));

		if (load16(message + at) == BE16(WIRE_OPTION_COOKIE))
			return size == WIRE_COOKIE_SIZE && at + 4 + size <= length
				       ? message + at + 4
				       : NULL;
		at += 4 + size;
	}
	return NULL;
}

static inline bool
is_service4(const struct packet_service *service, const uint8_t *address)
{
	bool ours = false;

	for (unsigned int i = 0; i < service->ipv4_count; i++)
		ours |= load32(service->ipv4[i]) == load32(address);
	return ours;
}

static inline bool
is_service6(const struct packet_service *service, const uint8_t *address)
{
	bool ours = false;

	for (unsigned int i = 0; i < service->ipv6_count; i++)
		ours |= load64(service->ipv6[i]) == load64(address) &&
			load64(service->ipv6[i] + 8) == load64(address + 8);
	return ours;
}

/* @return the UDP header of a plain datagram to us; NULL: it is none */
static inline const uint8_t *
udp_find(const struct worker_view *view, const uint8_t *frame, unsigned int length, bool *ipv6)
{
	const uint8_t *ip = frame + ETHER_SIZE;
	uint16_t ether_type = load16(frame + 12);

	if (ether_type == BE16(0x0800) &&
		length >= ETHER_SIZE + IPV4_SIZE + UDP_SIZE + SMALLEST_MESSAGE && ip[0] == 0x45 &&
		(load16(ip + 6) & BE16(0x3fff)) == 0 && ip[9] == UDP_PROTOCOL &&
		is_service4(view->service, ip + 16)) {
		*ipv6 = false;
		return ip + IPV4_SIZE;
	}
	if (ether_type == BE16(0x86dd) &&
		length >= ETHER_SIZE + IPV6_SIZE + UDP_SIZE + SMALLEST_MESSAGE && ip[0] >> 4 == 6 &&
		ip[6] == UDP_PROTOCOL && is_service6(view->service, ip + 24)) {
		*ipv6 = true;
		return ip + IPV6_SIZE;
	}
	return NULL;
}

struct suspect {
	const uint8_t *message, *client;
	unsigned int length;
	bool ipv6;
};

/* @return false: not to be shed */
static inline bool
suspect_read(const struct worker_view *view, const struct rte_mbuf *mbuf, struct suspect *s)
{
	const uint8_t *frame = rte_pktmbuf_mtod(mbuf, const uint8_t *), *udp;
	unsigned int size;

	if (mbuf->nb_segs != 1 || mbuf->buf_len - mbuf->data_off < WORKER_FRAME_ROOM)
		return false;
	udp = udp_find(view, frame, mbuf->data_len, &s->ipv6);
	if (!udp || load16(udp + 2) != BE16(PACKET_DNS_PORT))
		return false;
	size = BE16(load16(udp + 4));
	if (size < UDP_SIZE || udp + size > frame + mbuf->data_len)
		return false;
	s->message = udp + UDP_SIZE;
	s->length = size - UDP_SIZE;
	s->client = udp - 2 * address_size(s->ipv6);
	return true;
}

/* Cookies of one family that wait for being judged together. */
struct claims {
	struct guard_claim claims[GUARD_CLAIMS];
	uint8_t of[GUARD_CLAIMS]; /* place in the burst */
	unsigned int count;
};

static void
claims_judge(const struct worker_view *view, struct claims *c, bool ipv6, bool *kept)
{
	uint32_t right = guard_claims_judge(
		&view->answers->self.secrets, c->claims, c->count, ipv6, view->now);

	for (unsigned int i = 0; i < c->count; i++)
		kept[c->of[i]] = right >> i & 1;
	c->count = 0;
}

/* Who of those that are not kept proves who it is. */
static void
cookies_judge(
	const struct worker_view *view, const struct suspect *suspects, uint16_t count, bool *kept)
{
	struct claims by_family[2] = {{.count = 0}, {.count = 0}};

	for (unsigned int i = 0; i < count; i++) {
		const struct suspect *s = &suspects[i];
		const uint8_t *cookie;
		struct claims *c;

		if (kept[i])
			continue;
		cookie = cookie_find(s->message, s->length);
		if (!cookie)
			continue;
		c = &by_family[s->ipv6];
		c->of[c->count] = (uint8_t)i;
		c->claims[c->count++] = (struct guard_claim){s->client, cookie};
		if (c->count == GUARD_CLAIMS)
			claims_judge(view, c, s->ipv6, kept);
	}
	for (unsigned int i = 0; i < 2; i++)
		if (by_family[i].count)
			claims_judge(view, &by_family[i], i, kept);
}

uint16_t
worker_shed(const struct worker_view *view, struct worker_counters *counters,
	struct rte_mbuf **mbufs, uint16_t count)
{
	const struct limit_rules *rules = view->answers->limits;
	struct rte_mbuf *shed[WORKER_BURST];
	struct suspect suspects[WORKER_BURST];
	uint64_t hashes[WORKER_BURST];
	bool kept[WORKER_BURST];
	uint16_t left = 0, dropped = 0;

	for (unsigned int i = 0; i < count; i++)
		rte_prefetch0(rte_pktmbuf_mtod(mbufs[i], const uint8_t *));
	for (unsigned int i = 0; i < count; i++) {
		struct suspect *s = &suspects[i];

		kept[i] = !suspect_read(view, mbufs[i], s);
		/* an IPv4 address is followed by ours */
		if (likely(!kept[i]))
			hashes[i] = limit_prefetch_word(view->limiter, rules, s->ipv6,
				__builtin_bswap64(load64(s->client)));
	}
	for (unsigned int i = 0; i < count; i++)
		kept[i] = kept[i] || limit_known_has(view->limiter, hashes[i]);
	if (rules->exempt_cookies)
		cookies_judge(view, suspects, count, kept);
	for (unsigned int i = 0; i < count; i++)
		if (kept[i])
			mbufs[left++] = mbufs[i];
		else
			shed[dropped++] = mbufs[i];
	for (unsigned int i = 0; i < dropped; i++)
		mbufs[left + i] = shed[i];
	limit_shed_count(view->limiter, dropped);
	counter_add(&counters->packet[PACKET_DROP_SHED], dropped);
	return left;
}
