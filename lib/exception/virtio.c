/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio-user before the kernel's vhost-net, after DPDK's "virtio_user as exception path": frames
 * go over rings in memory, and a thread of the kernel's copies them. Unproven: no kernel with
 * vhost-net was at hand.
 */
#include <errno.h>
#include <rte_bus.h>
#include <rte_dev.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <stdio.h>
#include <string.h>

#include "exception/exception_priv.h"

static const char vhost_path[] = "/dev/vhost-net";

enum { DESCRIPTORS = 256 };

static int
device_start(const struct link *link)
{
	struct rte_eth_conf conf = {0};
	int rc = rte_eth_dev_configure(link->port, 1, 1, &conf);

	if (rc == 0)
		rc = rte_eth_rx_queue_setup(
			link->port, 0, DESCRIPTORS, (unsigned int)SOCKET_ID_ANY, NULL, link->pool);
	if (rc == 0)
		rc = rte_eth_tx_queue_setup(
			link->port, 0, DESCRIPTORS, (unsigned int)SOCKET_ID_ANY, NULL);
	return rc == 0 ? rte_eth_dev_start(link->port) : rc;
}

int
virtio_open(struct link *link, const struct exception_settings *settings, struct why *why)
{
	const uint8_t *mac = settings->mac;
	char arguments[256];
	int rc;

	if (access(vhost_path, R_OK | W_OK) < 0)
		return why_errno(why, "%s: %s", settings->interface, vhost_path);
	snprintf(link->device, sizeof(link->device), "net_virtio_user_%s", settings->interface);
	snprintf(arguments, sizeof(arguments),
		"path=%s,queues=1,queue_size=%d,iface=%s,mac=%02x:%02x:%02x:%02x:%02x:%02x",
		vhost_path, DESCRIPTORS, settings->interface, mac[0], mac[1], mac[2], mac[3],
		mac[4], mac[5]);
	rc = rte_eal_hotplug_add("vdev", link->device, arguments);
	if (rc < 0) {
		link->device[0] = '\0';
		return why_set(why, -rc, "%s: virtio_user: %s", settings->interface, strerror(-rc));
	}
	rc = rte_eth_dev_get_port_by_name(link->device, &link->port);
	if (rc == 0)
		rc = device_start(link);
	return rc < 0 ? why_set(why, -rc, "%s: virtio_user: %s", settings->interface, strerror(-rc))
		      : 0;
}

unsigned int
virtio_deliver(struct link *link, struct rte_mbuf **mbufs, unsigned int count)
{
	uint16_t sent;

	/* nothing is asked of the kernel, whatever the NIC has said of a frame */
	for (unsigned int i = 0; i < count; i++)
		mbufs[i]->ol_flags = 0;
	sent = rte_eth_tx_burst(link->port, 0, mbufs, (uint16_t)count);
	rte_pktmbuf_free_bulk(mbufs + sent, count - sent);
	return sent;
}

unsigned int
virtio_take(struct link *link, struct rte_ring *ring)
{
	struct rte_mbuf *mbufs[LINK_BURST];
	unsigned int room = RTE_MIN(rte_ring_free_count(ring), (unsigned int)LINK_BURST);
	uint16_t count = rte_eth_rx_burst(link->port, 0, mbufs, (uint16_t)room);

	/* cannot be full: this thread alone puts in */
	return rte_ring_sp_enqueue_bulk(ring, (void **)mbufs, count, NULL);
}

void
virtio_close(struct link *link)
{
	if (!link->device[0])
		return;
	rte_eth_dev_stop(link->port);
	rte_eth_dev_close(link->port);
	rte_eal_hotplug_remove("vdev", link->device);
	link->device[0] = '\0';
}
