/* SPDX-License-Identifier: BSD-3-Clause */
/* Ports, lcores and sockets, in a report. */
#include <rte_ethdev.h>
#include <rte_mempool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/counter.h"
#include "server.h"
#include "statistics.h"

struct number {
	char text[16];
};

static struct number
number_of(unsigned int number)
{
	struct number text;

	snprintf(text.text, sizeof(text.text), "%u", number);
	return text;
}

/* ---- lcores ---- */

static void
lcore_tell(const struct server *server, unsigned int index, struct report *report)
{
	const struct worker *w = &server->workers[index];
	struct number cpu = number_of(server->config->lcores[index]);

	report_count(report, REPORT_LCORE_RECEIVED, counter_read(&w->received), cpu.text);
	report_count(report, REPORT_LCORE_SENT, counter_read(&w->sent), cpu.text);
	report_count(report, REPORT_LCORE_UNSENT, counter_read(&w->unsent), cpu.text);
	report_count(report, REPORT_LCORE_ROUNDS, counter_read(&w->rounds), cpu.text);
	stats_bursts_report(&w->bursts, cpu.text, report);
}

static void
lcores_tell(const struct server *server, struct report *report)
{
	uint64_t frames[PACKET_VERDICTS] = {0}, unsent = 0;

	for (unsigned int i = 0; i < server->workers_started; i++) {
		const struct worker *w = &server->workers[i];

		lcore_tell(server, i, report);
		unsent += counter_read(&w->unsent);
		for (unsigned int k = 0; k < PACKET_VERDICTS; k++)
			frames[k] += counter_read(&w->counters.packet[k]);
	}
	for (unsigned int i = PACKET_OURS + 1; i < PACKET_VERDICTS; i++) {
		report_count(report, REPORT_FRAMES, frames[i], packet_verdict_names[i]);
		if (!packet_verdict_is_foreign(i))
			report_count(report, REPORT_DROPPED, frames[i], packet_verdict_names[i]);
	}
	report_count(report, REPORT_DROPPED, unsent, "transmit_ring_full");
}

/* ---- the way to the kernel ---- */

static void
class_tell(const struct server *server, enum packet_class class, struct report *report)
{
	const char *name = packet_class_names[class];
	uint64_t passed = 0, limited = 0, delivered = 0, refused = 0;

	for (unsigned int i = 0; i < server->workers_started; i++) {
		passed += counter_read(&server->workers[i].exception.passed[class]);
		limited += counter_read(&server->workers[i].exception.limited[class]);
	}
	for (unsigned int i = 0; i < server->ports_started; i++) {
		if (!server->exceptions[i])
			continue;
		delivered += exception_delivered(server->exceptions[i], class);
		refused += exception_refused(server->exceptions[i], class);
	}
	report_count(report, REPORT_EXCEPTION, passed, name, "passed");
	report_count(report, REPORT_EXCEPTION, limited, name, "limited");
	report_count(report, REPORT_EXCEPTION, delivered, name, "delivered");
	report_count(report, REPORT_EXCEPTION, refused, name, "refused");
}

/* ---- ports ---- */

/* Frames behind the place where the next one will stand, the oldest last; looked at in sixteen
 * places of the ring. @return below 0: the driver cannot tell */
static int
transmit_waiting(uint16_t port, uint16_t queue)
{
	enum { PLACES = 16 };
	struct rte_eth_txq_info info;
	unsigned int full = 0;

	if (rte_eth_tx_queue_info_get(port, queue, &info) != 0 || info.nb_desc < PLACES)
		return -1;
	for (unsigned int i = 0; i < PLACES; i++) {
		int status = rte_eth_tx_descriptor_status(
			port, queue, (uint16_t)(i * info.nb_desc / PLACES));

		if (status < 0)
			return -1;
		full += status == RTE_ETH_TX_DESC_FULL;
	}
	return (int)(full * info.nb_desc / PLACES);
}

static void
queues_tell(const struct port *port, const char *name, struct report *report)
{
	for (uint16_t i = 0; i < port->queue_count; i++) {
		struct number queue = number_of(i);
		int waiting = rte_eth_rx_queue_count(port->id, i);
		int unsent = transmit_waiting(port->id, i);

		if (waiting >= 0)
			report_gauge(report, REPORT_PORT_RECEIVE_RING, waiting, name, queue.text);
		if (unsent >= 0)
			report_gauge(report, REPORT_PORT_TRANSMIT_RING, unsent, name, queue.text);
		report_gauge(report, REPORT_MBUFS, port->pools[i]->size, name, queue.text);
		report_gauge(report, REPORT_MBUFS_USED, rte_mempool_in_use_count(port->pools[i]),
			name, queue.text);
	}
}

static void
extended_tell(const struct port *port, const char *name, struct report *report)
{
	int count = rte_eth_xstats_get(port->id, NULL, 0);
	struct rte_eth_xstat_name *names = NULL;
	struct rte_eth_xstat *values = NULL;

	if (count <= 0)
		return;
	names = calloc((size_t)count, sizeof(*names));
	values = calloc((size_t)count, sizeof(*values));
	if (names && values &&
		rte_eth_xstats_get_names(port->id, names, (unsigned int)count) == count &&
		rte_eth_xstats_get(port->id, values, (unsigned int)count) == count)
		for (int i = 0; i < count; i++)
			report_gauge(report, REPORT_PORT_EXTENDED, (double)values[i].value, name,
				names[values[i].id].name);
	free(names);
	free(values);
}

static void
port_tell(const struct port *port, struct report *report)
{
	char name[RTE_ETH_NAME_MAX_LEN];
	struct rte_eth_stats stats;

	if (rte_eth_dev_get_name_by_port(port->id, name) < 0)
		return;
	queues_tell(port, name, report);
	extended_tell(port, name, report);
	if (rte_eth_stats_get(port->id, &stats) < 0)
		return;
	report_count(report, REPORT_PORT_RECEIVED_BYTES, stats.ibytes, name);
	report_count(report, REPORT_PORT_SENT_BYTES, stats.obytes, name);
	report_count(report, REPORT_PORT_RECEIVED, stats.ipackets, name);
	report_count(report, REPORT_PORT_SENT, stats.opackets, name);
	report_count(report, REPORT_PORT_MISSED, stats.imissed, name);
	report_count(report, REPORT_PORT_ERRORS, stats.ierrors, name, "receive");
	report_count(report, REPORT_PORT_ERRORS, stats.oerrors, name, "send");
	report_count(report, REPORT_PORT_UNBUFFERED, stats.rx_nombuf, name);
}

/* ---- sockets ---- */

static void
sockets_tell(const struct stream *stream, struct report *report)
{
	for (unsigned int i = 0; i < STREAM_COUNTS; i++)
		report_count(
			report, REPORT_SOCKETS, stream_count(stream, i), stream_count_names[i]);
	report_count(
		report, REPORT_DROPPED, stream_count(stream, STREAM_UDP_UNSENT), "socket_unsent");
	report_count(report, REPORT_DROPPED, stream_count(stream, STREAM_UDP_DROP_SOURCE_PORT),
		"socket_source_port");
	report_count(report, REPORT_DROPPED, stream_count(stream, STREAM_UDP_DROP_LONG),
		"socket_too_long");
}

void
statistics_server_tell(const struct server *server, struct report *report)
{
	if (server->workers_started)
		lcores_tell(server, report);
	for (unsigned int class = 0; class < PACKET_CLASSES && server->workers_started; class ++)
		class_tell(server, class, report);
	for (unsigned int i = 0; i < server->ports_started; i++)
		port_tell(&server->ports[i], report);
	if (server->ports_started)
		report_count(
			report, REPORT_DROPPED, server_port_missed(server), "receive_ring_full");
	if (server->stream)
		sockets_tell(server->stream, report);
}
