/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs on: lcore. The way of a frame that the pipeline leaves aside: tags, odd messages, errors. */
#include "worker/burst.h"

#include <rte_branch_prediction.h>
#include <rte_mbuf_core.h>
#include <rte_mbuf.h>
#include <string.h>

/* Which checksums nobody has looked at yet; false: one of them is known to be wrong. */
static bool
check_choose(const struct worker_view *view, const struct rte_mbuf *mbuf,
	struct packet_check *check, enum packet_verdict *verdict)
{
	uint64_t ip = mbuf->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK;
	uint64_t udp = mbuf->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK;

	*check = (struct packet_check){.ip = !view->trust_link, .udp = !view->trust_link};
	if (view->verify_in_software || view->trust_link)
		return true;
	if (ip == RTE_MBUF_F_RX_IP_CKSUM_BAD) {
		*verdict = PACKET_DROP_IP_CHECKSUM;
		return false;
	}
	if (udp == RTE_MBUF_F_RX_L4_CKSUM_BAD) {
		*verdict = PACKET_DROP_UDP_CHECKSUM;
		return false;
	}
	check->ip = ip != RTE_MBUF_F_RX_IP_CKSUM_GOOD;
	check->udp = udp != RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	return true;
}

static void
offload_request(struct rte_mbuf *mbuf, const struct packet_layout *layout)
{
	mbuf->ol_flags =
		layout->ipv6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM;
	mbuf->ol_flags |= RTE_MBUF_F_TX_UDP_CKSUM;
	mbuf->l2_len = layout->ip_offset;
	mbuf->l3_len = layout->udp_offset - layout->ip_offset;
}

static struct exchange_peer
peer_of(const struct worker_view *view, const uint8_t *frame, const struct packet_layout *layout)
{
	return (struct exchange_peer){
		.address = frame + layout->source_offset,
		.address_size = layout->ipv6 ? 16 : 4,
		.transport = WIRE_UDP,
		.now = view->now,
	};
}

static uint16_t
port_of(const uint8_t *frame, const struct packet_layout *layout)
{
	return (uint16_t)(frame[layout->udp_offset] << 8 | frame[layout->udp_offset + 1]);
}

enum worker_fate
worker_answer_one(const struct worker_view *view, struct worker_counters *counters,
	struct ledger_page *page, struct rte_mbuf *mbuf)
{
	uint8_t *frame = rte_pktmbuf_mtod(mbuf, uint8_t *), reply[WIRE_UDP_SIZE_OWN];
	enum packet_verdict verdict = PACKET_DROP_LENGTH;
	struct ledger_line *line = &page->lines[page->count];
	enum engine_verdict answered;
	struct packet_layout layout;
	struct packet_check check;
	struct exchange_peer peer;
	size_t length, room = mbuf->buf_len - mbuf->data_off;

	if (mbuf->nb_segs == 1 && check_choose(view, mbuf, &check, &verdict))
		verdict = packet_classify(view->service, check, frame, mbuf->data_len, &layout);
	/* a driver with buffers that small gives no room for the longest reply */
	if (verdict == PACKET_OURS && room < layout.message_offset + sizeof(reply))
		verdict = PACKET_DROP_LENGTH;
	if (verdict != PACKET_OURS) {
		counter_add(&counters->packet[verdict], 1);
		return packet_verdict_is_foreign(verdict) ? WORKER_FOREIGN : WORKER_DROPPED;
	}
	peer = peer_of(view, frame, &layout);
	answered = engine_answer_limited(view->answers, view->limiter, &peer,
		frame + layout.message_offset, layout.message_length, reply, &length, line);
	counter_add(&counters->engine[answered], 1);
	line->client_port = port_of(frame, &layout);
	page->count++;
	if (length == 0)
		return WORKER_DROPPED;
	if (unlikely(line->key_tags))
		ledger_query_keep(page, line);
	memcpy(frame + layout.message_offset, reply, length);
	line->reply = frame + layout.message_offset;
	/* the frame is turned around */
	line->client = frame + layout.source_offset + peer.address_size;
	mbuf->data_len = (uint16_t)packet_reply(frame, &layout, length, view->offload);
	mbuf->pkt_len = mbuf->data_len;
	mbuf->ol_flags = 0;
	if (view->offload)
		offload_request(mbuf, &layout);
	return WORKER_REPLY;
}
