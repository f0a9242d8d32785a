/* SPDX-License-Identifier: BSD-3-Clause */
#include "port/port_priv.h"

#include <errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <stdio.h>
#include <string.h>

/* A burst's worth of mbufs goes round in it many times before the pool's ring is touched. */
enum { MBUF_CACHE = 256 };

static const uint64_t tx_sums = RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM;

static uint64_t
rx_offloads(enum port_offload wanted)
{
	return (wanted & PORT_OFFLOAD_RX_IPV4_CHECKSUM ? RTE_ETH_RX_OFFLOAD_IPV4_CKSUM : 0) |
	       (wanted & PORT_OFFLOAD_RX_UDP_CHECKSUM ? RTE_ETH_RX_OFFLOAD_UDP_CKSUM : 0);
}

static uint64_t
tx_offloads(enum port_offload wanted, uint64_t capable)
{
	uint64_t offloads = 0;

	/* one without the other would leave half of the work undone */
	if ((wanted & PORT_OFFLOAD_TX_CHECKSUMS) && (capable & tx_sums) == tx_sums)
		offloads |= tx_sums;
	if (wanted & PORT_OFFLOAD_TX_FAST_FREE)
		offloads |= capable & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	return offloads;
}

static uint64_t
rss_hashes(enum port_rss wanted)
{
	return (wanted & PORT_RSS_IPV4 ? RTE_ETH_RSS_IPV4 : 0) |
	       (wanted & PORT_RSS_IPV4_UDP ? RTE_ETH_RSS_NONFRAG_IPV4_UDP : 0) |
	       (wanted & PORT_RSS_IPV6 ? RTE_ETH_RSS_IPV6 : 0) |
	       (wanted & PORT_RSS_IPV6_UDP ? RTE_ETH_RSS_NONFRAG_IPV6_UDP : 0);
}

static int
device_configure(struct port *port, const struct port_driver *driver,
	const struct rte_eth_dev_info *info, struct why *why)
{
	uint64_t hashes = rss_hashes(driver->rss) & info->flow_type_rss_offloads;
	struct rte_eth_conf conf = {0};
	int rc;

	conf.rxmode.offloads = rx_offloads(driver->offloads) & info->rx_offload_capa;
	conf.txmode.offloads = tx_offloads(driver->offloads, info->tx_offload_capa);
	port->offload = (conf.txmode.offloads & tx_sums) != 0;
	if (port->data_queue_count > 1 && hashes) {
		conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf.rx_adv_conf.rss_conf.rss_hf = hashes;
	}
	if (driver->control == PORT_CONTROL_ISOLATE) {
		rc = port_flow_isolate(port->id, why);
		if (rc < 0)
			return rc;
	}
	rc = rte_eth_dev_configure(port->id, port->queue_count, port->queue_count, &conf);
	if (rc < 0)
		return why_set(why, -rc, "configure: %s", strerror(-rc));
	return 0;
}

static int
queue_setup(struct port *port, const struct port_driver *driver, bool shared_pools, uint16_t queue,
	uint16_t rx, uint16_t tx, struct why *why)
{
	int socket = rte_eth_dev_socket_id(port->id);
	char name[RTE_MEMPOOL_NAMESIZE];
	int rc;

	snprintf(name, sizeof(name), "port%u-%u", port->id, queue);
	/* relaxed tail: a thread that lost its CPU half way through does not stop an lcore */
	port->pools[queue] = rte_pktmbuf_pool_create_by_ops(name, driver->mbufs, MBUF_CACHE, 0,
		RTE_MBUF_DEFAULT_BUF_SIZE, socket, shared_pools ? "ring_mt_rts" : NULL);
	if (!port->pools[queue])
		return why_set(why, ENOMEM, "queue %u: no memory for %u mbufs; raise memory_mb",
			queue, driver->mbufs);
	rc = rte_eth_rx_queue_setup(
		port->id, queue, rx, (unsigned int)socket, NULL, port->pools[queue]);
	if (rc == 0)
		rc = rte_eth_tx_queue_setup(port->id, queue, tx, (unsigned int)socket, NULL);
	if (rc < 0)
		return why_set(why, -rc, "queue %u: %s", queue, strerror(-rc));
	return 0;
}

static int
queues_setup(
	struct port *port, const struct port_driver *driver, bool shared_pools, struct why *why)
{
	uint16_t rx = driver->rx_descriptors, tx = driver->tx_descriptors;
	int rc = rte_eth_dev_adjust_nb_rx_tx_desc(port->id, &rx, &tx);

	if (rc < 0)
		return why_set(why, -rc, "descriptors: %s", strerror(-rc));
	for (uint16_t queue = 0; queue < port->queue_count && rc == 0; queue++)
		rc = queue_setup(port, driver, shared_pools, queue, rx, tx, why);
	return rc;
}

static int
device_start(
	const struct port *port, const struct port_driver *driver, bool exception, struct why *why)
{
	int rc = rte_eth_dev_start(port->id);

	if (rc < 0)
		return why_set(why, -rc, "start: %s", strerror(-rc));
	/* ND and the routing protocols speak to groups; what knows no filter brings them anyway */
	if (exception)
		rte_eth_allmulticast_enable(port->id);
	if (!driver->promiscuous)
		return 0;
	rc = rte_eth_promiscuous_enable(port->id);
	return rc < 0 && rc != -ENOTSUP ? why_set(why, -rc, "promiscuous: %s", strerror(-rc)) : 0;
}

/* The queue of control traffic gets what rules give it, and no share of the rest. */
static int
data_queues_spread(const struct port *port, uint16_t table_size, struct why *why)
{
	struct rte_eth_rss_reta_entry64 table[RTE_ETH_RSS_RETA_SIZE_512 / RTE_ETH_RETA_GROUP_SIZE];
	int rc;

	if (port->data_queue_count == 1 || table_size == 0)
		return 0;
	if (table_size > RTE_ETH_RSS_RETA_SIZE_512)
		return why_set(why, E2BIG, "RSS: a table of %u entries", table_size);
	for (uint16_t i = 0; i < table_size; i++) {
		table[i / RTE_ETH_RETA_GROUP_SIZE].mask = UINT64_MAX;
		table[i / RTE_ETH_RETA_GROUP_SIZE].reta[i % RTE_ETH_RETA_GROUP_SIZE] =
			i % port->data_queue_count;
	}
	rc = rte_eth_dev_rss_reta_update(port->id, table, table_size);
	return rc < 0 ? why_set(why, -rc, "RSS: %s", strerror(-rc)) : 0;
}

static int
control_protect(struct port *port, const struct port_driver *driver,
	const struct packet_service *service, const struct rte_eth_dev_info *info, struct why *why)
{
	int rc;

	switch (driver->control) {
	case PORT_CONTROL_NONE:
	case PORT_CONTROL_XDP:
		return 0;
	case PORT_CONTROL_FLOW:
		rc = data_queues_spread(port, info->reta_size, why);
		if (rc == 0)
			port_flow_control(port);
		return rc;
	case PORT_CONTROL_ISOLATE:
		return port_flow_queries(
			port, service, rss_hashes(driver->rss) & info->flow_type_rss_offloads, why);
	}
	return 0;
}

int
port_start(uint16_t id, const struct port_driver *driver, const struct port_wishes *wishes,
	struct port *port, struct why *why)
{
	uint16_t queue_count =
		(uint16_t)(wishes->queue_count + (driver->control == PORT_CONTROL_FLOW ? 1 : 0));
	struct rte_eth_dev_info info;
	int rc;

	*port = (struct port){.id = id,
		.data_queue_count = wishes->queue_count,
		.queue_count = queue_count,
		.burst = driver->burst,
		.checksum = driver->checksum};
	rc = rte_eth_dev_info_get(id, &info);
	if (rc < 0)
		return why_set(why, -rc, "%s", strerror(-rc));
	if (queue_count > info.max_rx_queues || queue_count > info.max_tx_queues)
		return why_set(why, EINVAL, "%u queues wanted, the device has %u", queue_count,
			RTE_MIN(info.max_rx_queues, info.max_tx_queues));
	rc = device_configure(port, driver, &info, why);
	if (rc == 0)
		rc = queues_setup(port, driver, wishes->exception, why);
	if (rc == 0)
		rc = device_start(port, driver, wishes->exception, why);
	if (rc == 0)
		rc = control_protect(port, driver, wishes->service, &info, why);
	if (rc < 0)
		port_stop(port);
	return rc;
}

void
port_stop(struct port *port)
{
	rte_eth_dev_stop(port->id);
	rte_eth_dev_close(port->id);
	for (uint16_t queue = 0; queue < port->queue_count; queue++)
		rte_mempool_free(port->pools[queue]);
	*port = (struct port){0};
}
