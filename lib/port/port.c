/* SPDX-License-Identifier: BSD-3-Clause */
#include "port/port.h"

#include <errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <stdio.h>
#include <string.h>

enum { MBUF_CACHE = 128 };

static const uint64_t wanted_rss = RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_NONFRAG_IPV4_UDP |
				   RTE_ETH_RSS_IPV6 | RTE_ETH_RSS_NONFRAG_IPV6_UDP;

static int
queues_setup(struct port *port, const struct port_driver *driver, struct why *why)
{
	int socket = rte_eth_dev_socket_id(port->id);
	uint16_t rx = driver->rx_descriptors, tx = driver->tx_descriptors;
	int rc = rte_eth_dev_adjust_nb_rx_tx_desc(port->id, &rx, &tx);

	for (uint16_t queue = 0; queue < port->queue_count && rc == 0; queue++) {
		rc = rte_eth_rx_queue_setup(
			port->id, queue, rx, (unsigned int)socket, NULL, port->pool);
		if (rc == 0)
			rc = rte_eth_tx_queue_setup(
				port->id, queue, tx, (unsigned int)socket, NULL);
	}
	if (rc < 0)
		return why_set(why, -rc, "port %u: queues: %s", port->id, strerror(-rc));
	return 0;
}

static int
device_configure(struct port *port, const struct port_driver *driver,
	const struct rte_eth_dev_info *info, struct why *why)
{
	const uint64_t sums = RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM;
	struct rte_eth_conf conf = {0};
	int rc;

	port->offload = driver->offload && (info->tx_offload_capa & sums) == sums;
	if (port->offload)
		conf.txmode.offloads = sums;
	if (driver->checksum == PORT_CHECKSUM_NIC)
		conf.rxmode.offloads =
			info->rx_offload_capa &
			(RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM);
	if (port->queue_count > 1 && (info->flow_type_rss_offloads & wanted_rss)) {
		conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf.rx_adv_conf.rss_conf.rss_hf = info->flow_type_rss_offloads & wanted_rss;
	}
	rc = rte_eth_dev_configure(port->id, port->queue_count, port->queue_count, &conf);
	if (rc < 0)
		return why_set(why, -rc, "port %u: %s", port->id, strerror(-rc));
	return 0;
}

int
port_start(uint16_t id, const struct port_driver *driver, uint16_t queue_count, struct port *port,
	struct why *why)
{
	struct rte_eth_dev_info info;
	char name[RTE_MEMPOOL_NAMESIZE];
	int rc;

	*port = (struct port){.id = id, .queue_count = queue_count};
	rc = rte_eth_dev_info_get(id, &info);
	if (rc < 0)
		return why_set(why, -rc, "port %u: %s", id, strerror(-rc));
	if (queue_count > info.max_rx_queues || queue_count > info.max_tx_queues)
		return why_set(why, EINVAL, "port %u: %u queues wanted, the device has %u", id,
			queue_count, RTE_MIN(info.max_rx_queues, info.max_tx_queues));
	snprintf(name, sizeof(name), "port%u", id);
	port->pool = rte_pktmbuf_pool_create(name, driver->mbufs, MBUF_CACHE, 0,
		RTE_MBUF_DEFAULT_BUF_SIZE, rte_eth_dev_socket_id(id));
	if (!port->pool)
		return why_set(why, ENOMEM, "port %u: no memory for %u mbufs", id, driver->mbufs);
	rc = device_configure(port, driver, &info, why);
	if (rc == 0)
		rc = queues_setup(port, driver, why);
	if (rc < 0)
		return rc;
	rc = rte_eth_dev_start(id);
	if (rc < 0)
		return why_set(why, -rc, "port %u: start: %s", id, strerror(-rc));
	return 0;
}

void
port_stop(struct port *port)
{
	rte_eth_dev_stop(port->id);
	rte_eth_dev_close(port->id);
	rte_mempool_free(port->pool);
}
