/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs on: lcore. One writer and one reader for each ring, so that nobody waits for anybody. */
#include <rte_mbuf.h>
#include <rte_ring.h>

#include "base/counter.h"
#include "exception/exception.h"

uint16_t
exception_offer(const struct exception_queue *queue, struct exception_counters *counters,
	struct rte_mbuf **mbufs, uint16_t count)
{
	uint16_t kept = 0;

	if (!queue->to_kernel[0])
		return 0;
	for (uint16_t i = 0; i < count; i++) {
		struct rte_mbuf *mbuf = mbufs[i];
		enum packet_class class = packet_foreign_class(
			rte_pktmbuf_mtod(mbuf, const uint8_t *), mbuf->data_len);

		if (rte_ring_sp_enqueue(queue->to_kernel[class], mbuf) < 0) {
			counter_add(&counters->limited[class], 1);
			continue;
		}
		counter_add(&counters->passed[class], 1);
		mbufs[i] = mbufs[kept];
		mbufs[kept++] = mbuf;
	}
	return kept;
}

uint16_t
exception_take(const struct exception_queue *queue, struct rte_mbuf **mbufs, uint16_t count)
{
	return (uint16_t)rte_ring_sc_dequeue_burst(queue->to_wire, (void **)mbufs, count, NULL);
}
