/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs on: lcore. On the ladder's last step, queries of sources that nobody knows are dropped
 * unread: after Ethernet, IP and ports, before checksums, names and answers. What could have a
 * valid cookie, and whatever is unusual, goes the usual way.
 */
#include <rte_branch_prediction.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include "limit/judge.h"
#include "worker/burst.h"
#include "worker/frame.h"
#include "worker/vector.h"

/* Whether a message ends without a cookie, or any other option. */
static inline bool
is_without_options(const uint8_t *message, unsigned int length)
{
	const uint8_t *opt = message + length - WIRE_OPT_SIZE;
	uint16_t arcount = load16(message + 10);

	if (arcount == 0)
		return true;
	return arcount == BE16(1) && length >= SMALLEST_MESSAGE + WIRE_OPT_SIZE && opt[0] == 0 &&
	       load16(opt + 1) == BE16(WIRE_TYPE_OPT) && load16(opt + 9) == 0;
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

/* @return the UDP header of a plain query to us; NULL: it is none, or unusual */
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

/* @param ask  its client is filled in. @return false: not to be shed */
static inline bool
is_candidate(const struct worker_view *view, const struct rte_mbuf *mbuf, struct limit_ask *ask)
{
	const uint8_t *frame = rte_pktmbuf_mtod(mbuf, const uint8_t *), *udp, *message;
	unsigned int size;
	bool ipv6;

	udp = udp_find(view, frame, mbuf->nb_segs == 1 ? mbuf->data_len : 0, &ipv6);
	if (!udp || load16(udp + 2) != BE16(PACKET_DNS_PORT))
		return false;
	message = udp + UDP_SIZE;
	size = BE16(load16(udp + 4));
	if (size < UDP_SIZE + SMALLEST_MESSAGE || udp + size > frame + mbuf->data_len ||
		(message[2] & (WIRE_FLAG1_QR | WIRE_FLAG1_OPCODE)) ||
		!is_without_options(message, size - UDP_SIZE))
		return false;
	ask->client = udp - (ipv6 ? 32 : 8);
	ask->flags = ipv6 ? LEDGER_IPV6 : 0;
	return true;
}

uint16_t
worker_shed(const struct worker_view *view, struct worker_counters *counters,
	struct rte_mbuf **mbufs, uint16_t count)
{
	struct rte_mbuf *shed[WORKER_BURST];
	struct limit_ask asks[WORKER_BURST];
	bool candidates[WORKER_BURST];
	uint16_t kept = 0, dropped = 0;

	for (unsigned int i = 0; i < count; i++)
		rte_prefetch0(rte_pktmbuf_mtod(mbufs[i], const uint8_t *));
	for (unsigned int i = 0; i < count; i++) {
		candidates[i] = is_candidate(view, mbufs[i], &asks[i]);
		/* an IPv4 address is followed by ours */
		if (likely(candidates[i]))
			asks[i].hash = limit_prefetch_word(view->limiter, view->answers->limits,
				asks[i].flags & LEDGER_IPV6,
				__builtin_bswap64(load64(asks[i].client)));
	}
	for (unsigned int i = 0; i < count; i++)
		if (candidates[i] && limit_shed_unread(view->limiter, asks[i].hash))
			shed[dropped++] = mbufs[i];
		else
			mbufs[kept++] = mbufs[i];
	for (unsigned int i = 0; i < dropped; i++)
		mbufs[kept + i] = shed[i];
	counter_add(&counters->packet[PACKET_DROP_SHED], dropped);
	return kept;
}
