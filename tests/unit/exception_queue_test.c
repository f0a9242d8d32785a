/* SPDX-License-Identifier: BSD-3-Clause */
/* The lcore's end, without lcores: rings and mbufs need no running EAL. */
#include <criterion/criterion.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include "base/counter.h"
#include "exception/exception.h"

enum { FRAME_SIZE = 64, FRAMES = 200 };

struct frame {
	struct rte_mbuf mbuf;
	uint8_t octets[FRAME_SIZE];
};

static struct frame frames[FRAMES];

static struct rte_ring *
ring_make(unsigned int size)
{
	struct rte_ring *ring =
		aligned_alloc(RTE_CACHE_LINE_SIZE, (size_t)rte_ring_get_memsize(size));

	rte_ring_init(ring, "test", size, RING_F_SP_ENQ | RING_F_SC_DEQ);
	return ring;
}

static struct exception_queue
queue_make(void)
{
	struct exception_queue queue = {.to_wire = ring_make(EXCEPTION_RING_SIZE)};

	for (unsigned int i = 0; i < PACKET_CLASSES; i++)
		queue.to_kernel[i] = ring_make(EXCEPTION_RING_SIZE);
	return queue;
}

static void
queue_free(struct exception_queue *queue)
{
	for (unsigned int i = 0; i < PACKET_CLASSES; i++)
		free(queue->to_kernel[i]);
	free(queue->to_wire);
}

/* ARP is PACKET_CLASS_NEIGHBOUR, LLDP PACKET_CLASS_OTHER */
static struct rte_mbuf *
frame_make(unsigned int index, bool arp)
{
	struct frame *f = &frames[index];

	memset(f, 0, sizeof(*f));
	f->octets[12] = arp ? 0x08 : 0x88;
	f->octets[13] = arp ? 0x06 : 0xcc;
	f->mbuf = (struct rte_mbuf){.buf_addr = f->octets,
		.buf_len = FRAME_SIZE,
		.nb_segs = 1,
		.data_len = FRAME_SIZE,
		.pkt_len = FRAME_SIZE};
	return &f->mbuf;
}

Test(exception_queue, keeps_classes_apart_and_in_order)
{
	struct exception_queue queue = queue_make();
	struct exception_counters counters = {.to_wire = 0};
	struct rte_mbuf *mbufs[6];
	void *out[6];

	for (unsigned int i = 0; i < 6; i++)
		mbufs[i] = frame_make(i, i % 3 == 0);
	cr_assert_eq(exception_offer(&queue, &counters, mbufs, 6), 6);
	cr_expect_eq(counter_read(&counters.passed[PACKET_CLASS_NEIGHBOUR]), 2);
	cr_expect_eq(counter_read(&counters.passed[PACKET_CLASS_OTHER]), 4);
	cr_assert_eq(
		rte_ring_dequeue_burst(queue.to_kernel[PACKET_CLASS_NEIGHBOUR], out, 6, NULL), 2);
	cr_expect(out[0] == &frames[0].mbuf && out[1] == &frames[3].mbuf);
	cr_assert_eq(rte_ring_dequeue_burst(queue.to_kernel[PACKET_CLASS_OTHER], out, 6, NULL), 4);
	cr_expect(out[0] == &frames[1].mbuf && out[3] == &frames[5].mbuf);
	queue_free(&queue);
}

/* Each frame is either in a ring, or the caller's still; the sum of the counters says so. */
Test(exception_queue, gives_back_what_a_flood_leaves_no_room_for)
{
	struct exception_queue queue = queue_make();
	struct exception_counters counters = {.to_wire = 0};
	struct rte_mbuf *mbufs[FRAMES];
	const unsigned int room = EXCEPTION_RING_SIZE - 1;
	uint16_t kept = 0;

	for (unsigned int i = 0; i < FRAMES; i++)
		mbufs[i] = frame_make(i, i >= FRAMES - 2);
	for (unsigned int i = 0; i < FRAMES; i += 20)
		kept += exception_offer(&queue, &counters, mbufs + i, 20);
	cr_expect_eq(kept, room + 2);
	cr_expect_eq(counter_read(&counters.passed[PACKET_CLASS_OTHER]), room);
	cr_expect_eq(counter_read(&counters.limited[PACKET_CLASS_OTHER]), FRAMES - 2 - room);
	/* the flood came first, and took nothing from others */
	cr_expect_eq(counter_read(&counters.passed[PACKET_CLASS_NEIGHBOUR]), 2);
	cr_expect_eq(counter_read(&counters.limited[PACKET_CLASS_NEIGHBOUR]), 0);
	/* the last 20: two ARP are kept, which came last */
	for (unsigned int i = FRAMES - 20; i < FRAMES; i++)
		cr_expect_eq(mbufs[i] >= &frames[FRAMES - 2].mbuf, i < FRAMES - 18, "%u", i);
	queue_free(&queue);
}

Test(exception_queue, takes_nothing_where_there_is_no_exception_path)
{
	struct exception_queue queue = {.to_wire = NULL};
	struct exception_counters counters = {.to_wire = 0}, zero = {.to_wire = 0};
	struct rte_mbuf *mbuf = frame_make(0, true);

	cr_expect_eq(exception_offer(&queue, &counters, &mbuf, 1), 0);
	cr_expect(mbuf == &frames[0].mbuf);
	cr_expect_arr_eq(&counters, &zero, sizeof(zero));
}

Test(exception_queue, hands_out_what_the_kernel_sends)
{
	struct exception_queue queue = queue_make();
	struct rte_mbuf *out[4];

	for (unsigned int i = 0; i < 5; i++)
		rte_ring_sp_enqueue(queue.to_wire, frame_make(i, true));
	cr_expect_eq(exception_take(&queue, out, 4), 4);
	cr_expect(out[0] == &frames[0].mbuf && out[3] == &frames[3].mbuf);
	cr_expect_eq(exception_take(&queue, out, 4), 1);
	cr_expect_eq(exception_take(&queue, out, 4), 0);
	queue_free(&queue);
}
