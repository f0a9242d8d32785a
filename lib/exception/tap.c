/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_mbuf.h>
#include <rte_ring.h>

#include "exception/exception_priv.h"
#include "interface/interface.h"

enum { ETHER_HEADER_SIZE = 14 };

int
tap_open(struct link *link, const char *interface, struct why *why)
{
	int fd = interface_open(interface, INTERFACE_TAP, why);

	if (fd < 0)
		return fd;
	link->tap = fd;
	return 0;
}

unsigned int
tap_deliver(struct link *link, struct rte_mbuf **mbufs, unsigned int count)
{
	unsigned int delivered = 0;

	for (unsigned int i = 0; i < count; i++)
		if (write(link->tap, rte_pktmbuf_mtod(mbufs[i], const void *),
			    mbufs[i]->data_len) == mbufs[i]->data_len)
			delivered++;
	rte_pktmbuf_free_bulk(mbufs, count);
	return delivered;
}

unsigned int
tap_take(struct link *link, struct rte_ring *ring)
{
	unsigned int taken = 0;

	while (taken < LINK_BURST && !rte_ring_full(ring)) {
		struct rte_mbuf *mbuf = link->blank ? link->blank : rte_pktmbuf_alloc(link->pool);
		ssize_t length = -1;

		link->blank = mbuf;
		if (mbuf)
			length = read(link->tap, rte_pktmbuf_mtod(mbuf, void *),
				rte_pktmbuf_tailroom(mbuf));
		if (length < ETHER_HEADER_SIZE)
			break;
		mbuf->data_len = (uint16_t)length;
		mbuf->pkt_len = (uint32_t)length;
		/* cannot be full: this thread alone puts in */
		rte_ring_sp_enqueue(ring, mbuf);
		link->blank = NULL;
		taken++;
	}
	return taken;
}

void
tap_close(struct link *link)
{
	close_fd(&link->tap);
	link->tap = -1;
	rte_pktmbuf_free(link->blank);
}
