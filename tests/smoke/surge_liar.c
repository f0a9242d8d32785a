/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A server that answers as the oracle does, but for one thing that is wrong in each reply: of
 * twenty in a row each is planted with another fault, and one is right. All lengths and sums are
 * right, but where that is the fault. It ends by SIGTERM.
 *
 * usage: surge_liar EAL-OPTIONS -- ZONEFILE
 */
#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "packet/packet.h"
#include "surge/surge.h"
#include "wire/wire.h"

enum { BURST = 32, POOL = 4095, DESCRIPTORS = 1024, LATE_FIRST = 100, LATE_MAX = 16, LATE_S = 5 };

enum lie {
	RIGHT,
	ID,
	QUESTION,
	RCODE,
	CONTENT,
	CUT,
	STUB,
	TWICE,
	ADDRESS,
	PORT,
	UDP_SUM,
	TC,
	DENIAL,
	LONG,
	FLAGS,
	DROPPED,
	IP_SUM,
	UDP_LENGTH,
	DESTINATION,
	LATE,
	LIES
};

struct liar {
	struct surge_model model;
	struct packet_service service;
	struct rte_mempool *pool;
	uint16_t port;
	uint64_t seen;
	/* replies held back, in their order */
	struct rte_mbuf *late[LATE_MAX];
	uint64_t late_at[LATE_MAX]; /* cycles: when they go */
	unsigned int late_count, late_sent;
};

static volatile sig_atomic_t stopped;

static void
stop(int signal)
{
	(void)signal;
	stopped = 1;
}

/* An NXDOMAIN for the name, out of what denies another of the same length. */
static size_t
denial_misplace(const struct liar *l, const uint8_t *frame, size_t frame_length,
	const struct packet_layout *layout, uint8_t *reply)
{
	uint8_t other[WORKLOAD_FRAME_MAX],
		*name = other + layout->message_offset + WIRE_HEADER_SIZE;
	const uint8_t *question = frame + layout->message_offset + WIRE_HEADER_SIZE;
	size_t length = 0;

	memcpy(other, frame, frame_length);
	for (uint8_t letter = 'a'; letter <= 'z'; letter++) {
		name[1] = letter;
		length = surge_model_answer(&l->model, other, frame_length, reply);
		memcpy(reply + WIRE_HEADER_SIZE, question, question[0] + 1u);
		if (!surge_denial_proves(reply, length))
			break;
	}
	return length;
}

/* What is wrong within the message. @return its length */
static size_t
message_lie(enum lie lie, uint8_t *message, size_t length)
{
	size_t end = WIRE_HEADER_SIZE;

	while (message[end])
		end += message[end] + 1u;
	end += 5;
	switch (lie) {
	case ID:
		message[0] ^= 0x80;
		return length;
	case QUESTION:
		message[WIRE_HEADER_SIZE + 1] ^= 0x20;
		return length;
	case RCODE:
		message[3] ^= WIRE_RCODE_NXDOMAIN ^ WIRE_RCODE_REFUSED;
		return length;
	case CONTENT: /* a bit of the SOA's TTL, behind root label, type and class */
		message[end + 8] ^= 1;
		return length;
	case CUT:
		return length - 20;
	case STUB:
		return WIRE_HEADER_SIZE - 4;
	case TC:
		message[2] |= WIRE_FLAG1_TC;
		return length;
	case LONG:
		memset(message + length, 0, 1400 - length);
		return 1400;
	case FLAGS:
		message[2] &= (uint8_t)~WIRE_FLAG1_AA;
		return length;
	default:
		return length;
	}
}

/* What is wrong with who sends it, before the sums are made. The frame is the query's still. */
static void
ends_lie(enum lie lie, uint8_t *frame, const struct packet_layout *layout)
{
	uint8_t *udp = frame + layout->udp_offset;

	if (lie == ADDRESS)
		udp[-1] ^= 1;
	else if (lie == PORT)
		wire_u16_patch(udp + 2, 5353);
	else if (lie == DESTINATION)
		wire_u16_patch(udp, 1023);
}

/* What is wrong with lengths and sums, which were right. */
static void
sums_lie(enum lie lie, uint8_t *frame, const struct packet_layout *layout)
{
	if (lie == UDP_SUM || (lie == IP_SUM && layout->ipv6))
		frame[layout->udp_offset + 6] ^= 1;
	else if (lie == IP_SUM)
		frame[layout->ip_offset + 10] ^= 1;
	else if (lie == UDP_LENGTH)
		frame[layout->udp_offset + 5] ^= 4;
}

static bool
reply_make(const struct liar *l, struct rte_mbuf *mbuf, enum lie lie)
{
	uint8_t *frame = rte_pktmbuf_mtod(mbuf, uint8_t *), reply[WIRE_UDP_SIZE_OWN];
	const struct packet_check check = {.ip = true, .udp = true};
	struct packet_layout layout;
	size_t length;

	if (packet_classify(&l->service, check, frame, mbuf->data_len, &layout) != PACKET_OURS)
		return false;
	length = lie == DENIAL ? denial_misplace(l, frame, mbuf->data_len, &layout, reply)
			       : surge_model_answer(&l->model, frame, mbuf->data_len, reply);
	memcpy(frame + layout.message_offset, reply, length);
	length = message_lie(lie, frame + layout.message_offset, length);
	ends_lie(lie, frame, &layout);
	length = packet_reply(frame, &layout, length, false);
	sums_lie(lie, frame, &layout);
	mbuf->data_len = (uint16_t)length;
	mbuf->pkt_len = (uint32_t)length;
	return true;
}

static void
reply_send(const struct liar *l, struct rte_mbuf *mbuf)
{
	if (rte_eth_tx_burst(l->port, 0, &mbuf, 1) == 0)
		rte_pktmbuf_free(mbuf);
}

static void
query_serve(struct liar *l, struct rte_mbuf *mbuf)
{
	enum lie lie = (enum lie)(l->seen % LIES);
	struct rte_mbuf *copy;

	/* those that come too late must come before the last is lost */
	if (lie == LATE && (l->seen >= LATE_FIRST || l->late_count == LATE_MAX))
		lie = RIGHT;
	l->seen++;
	if (lie == DROPPED || !reply_make(l, mbuf, lie)) {
		rte_pktmbuf_free(mbuf);
		return;
	}
	if (lie == LATE) {
		l->late_at[l->late_count] = rte_rdtsc() + LATE_S * rte_get_tsc_hz();
		l->late[l->late_count++] = mbuf;
		return;
	}
	copy = lie == TWICE ? rte_pktmbuf_copy(mbuf, l->pool, 0, UINT32_MAX) : NULL;
	reply_send(l, mbuf);
	if (copy)
		reply_send(l, copy);
}

static void
late_send(struct liar *l)
{
	while (l->late_sent < l->late_count && rte_rdtsc() >= l->late_at[l->late_sent])
		reply_send(l, l->late[l->late_sent++]);
}

static bool
port_open(struct liar *l)
{
	struct rte_eth_conf conf = {0};

	if (rte_eth_dev_count_avail() != 1)
		return false;
	l->port = (uint16_t)rte_eth_find_next(0);
	l->pool = rte_pktmbuf_pool_create(
		"liar", POOL, BURST, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	return l->pool && rte_eth_dev_configure(l->port, 1, 1, &conf) == 0 &&
	       rte_eth_rx_queue_setup(l->port, 0, DESCRIPTORS, 0, NULL, l->pool) == 0 &&
	       rte_eth_tx_queue_setup(l->port, 0, DESCRIPTORS, 0, NULL) == 0 &&
	       rte_eth_dev_start(l->port) == 0;
}

int
main(int argc, char **argv)
{
	static struct liar liar = {.model = {.self = {.secrets = {.count = 1}}}};
	int used = rte_eal_init(argc, argv);
	struct zone *zone;
	const struct zone *zones[1];
	struct why why;

	if (used < 0 || argc - used != 2)
		rte_exit(2, "usage: surge_liar EAL-OPTIONS -- ZONEFILE\n");
	if (zone_load(argv[used + 1], NULL, &zone, &why) < 0)
		rte_exit(1, "%s\n", why.text);
	zones[0] = zone;
	liar.model.zones.count = 1;
	liar.model.zones.zones = zones;
	liar.service = workload_wishes_default().ends.service;
	if (!port_open(&liar))
		rte_exit(1, "the device does not start\n");
	signal(SIGTERM, stop);
	puts("ready");
	fflush(stdout);
	while (!stopped) {
		struct rte_mbuf *mbufs[BURST];
		uint16_t count = rte_eth_rx_burst(liar.port, 0, mbufs, BURST);

		for (uint16_t i = 0; i < count; i++)
			query_serve(&liar, mbufs[i]);
		late_send(&liar);
		if (count == 0)
			rte_delay_us_sleep(100);
	}
	rte_eth_dev_stop(liar.port);
	rte_eth_dev_close(liar.port);
	rte_eal_cleanup();
	zone_free(zone);
	return 0;
}
