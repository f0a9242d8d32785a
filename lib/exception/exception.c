/* SPDX-License-Identifier: BSD-3-Clause */
/* The thread between the lcores' rings and the kernel. Control plane. */
#include "exception/exception.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <string.h>
#include <time.h>

#include "base/counter.h"
#include "exception/bucket.h"
#include "exception/exception_priv.h"

enum {
	ROUND_FRAMES = LINK_BURST, /* of each class before others have a turn */
	TO_WIRE_RING_SIZE = 256,   /* what is more waits in the kernel's own queue */
	PAUSE_MS = 1,
	ETHER_OVERHEAD_SIZE = 22, /* and two tags */
};

struct exception {
	struct link link;
	bool virtio;
	uint16_t queue_count, first_queue; /* the first that has its turn in a round */
	struct exception_queue *queues;
	void *rings; /* their memory */
	struct rte_ring *to_wire;
	struct bucket buckets[PACKET_CLASSES];
	pthread_t thread;
	bool runs;
	atomic_bool stop;
	/* written by the thread, read by any */
	_Atomic uint64_t delivered[PACKET_CLASSES], refused[PACKET_CLASSES];
};

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* As many frames of a class as may go; what may not stays in the rings, until they are full. */
static unsigned int
class_serve(struct exception *e, enum packet_class class, uint64_t now)
{
	uint32_t allowed = RTE_MIN(bucket_fill(&e->buckets[class], now), (uint32_t)ROUND_FRAMES);
	struct rte_mbuf *mbufs[ROUND_FRAMES];
	unsigned int count = 0, delivered;

	for (uint16_t i = 0; i < e->queue_count && count < allowed; i++) {
		uint16_t queue = (uint16_t)((e->first_queue + i) % e->queue_count);

		count += rte_ring_sc_dequeue_burst(e->queues[queue].to_kernel[class],
			(void **)mbufs + count, allowed - count, NULL);
	}
	if (count == 0)
		return 0;
	bucket_spend(&e->buckets[class], count);
	delivered = e->virtio ? virtio_deliver(&e->link, mbufs, count)
			      : tap_deliver(&e->link, mbufs, count);
	counter_add(&e->delivered[class], delivered);
	counter_add(&e->refused[class], count - delivered);
	return count;
}

/* An lcore cannot wake this thread without a system call, so it looks again after a while. What the
 * kernel sends wakes it, unless the ring to the wire is full: then the lcore is waited for. */
static void
rest(const struct exception *e)
{
	const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000};
	struct pollfd kernel = {.fd = e->link.tap,
		.events = rte_ring_full(e->to_wire) || !e->link.blank ? 0 : POLLIN};

	/* an interface that somebody has removed is an error at once, for ever */
	if (poll(&kernel, 1, PAUSE_MS) > 0 && !(kernel.revents & POLLIN))
		nanosleep(&pause, NULL);
}

static void *
exception_run(void *argument)
{
	struct exception *e = argument;

	while (!atomic_load_explicit(&e->stop, memory_order_relaxed)) {
		uint64_t now = now_ns();
		unsigned int moved = 0;

		for (enum packet_class class = 0; class < PACKET_CLASSES; class ++)
			moved += class_serve(e, class, now);
		moved += e->virtio ? virtio_take(&e->link, e->to_wire)
				   : tap_take(&e->link, e->to_wire);
		e->first_queue = (uint16_t)((e->first_queue + 1) % e->queue_count);
		if (moved == 0)
			rest(e);
	}
	return NULL;
}

static struct rte_ring *
ring_place(void *memory, unsigned int size)
{
	return rte_ring_init(memory, "exception", size, RING_F_SP_ENQ | RING_F_SC_DEQ) == 0 ? memory
											    : NULL;
}

static int
rings_make(struct exception *e, struct why *why)
{
	size_t each = (size_t)rte_ring_get_memsize(EXCEPTION_RING_SIZE);
	size_t last = (size_t)rte_ring_get_memsize(TO_WIRE_RING_SIZE);
	uint8_t *memory;

	e->queues = calloc(e->queue_count, sizeof(*e->queues));
	e->rings = rte_zmalloc(
		"exception", each * PACKET_CLASSES * e->queue_count + last, RTE_CACHE_LINE_SIZE);
	if (!e->queues || !e->rings)
		return why_set(why, ENOMEM, "no memory for the exception path; raise memory_mb");
	memory = e->rings;
	for (uint16_t i = 0; i < e->queue_count; i++)
		for (unsigned int class = 0; class < PACKET_CLASSES; class ++, memory += each)
			e->queues[i].to_kernel[class] = ring_place(memory, EXCEPTION_RING_SIZE);
	e->to_wire = ring_place(memory, TO_WIRE_RING_SIZE);
	e->queues[e->queue_count - 1].to_wire = e->to_wire;
	return 0;
}

static int
interface_make(struct exception *e, const struct exception_settings *settings, struct why *why)
{
	struct exception_settings fitting = *settings;
	uint16_t room = (uint16_t)(rte_pktmbuf_data_room_size(settings->pool) -
				   RTE_PKTMBUF_HEADROOM - ETHER_OVERHEAD_SIZE);
	int rc;

	fitting.mtu = RTE_MIN(settings->mtu, room);
	rc = e->virtio ? virtio_open(&e->link, settings, why)
		       : tap_open(&e->link, settings->interface, why);
	return rc < 0 ? rc : interface_configure(&fitting, why);
}

int
exception_start(
	const struct exception_settings *settings, struct exception **exception, struct why *why)
{
	struct exception *e = calloc(1, sizeof(*e));
	uint64_t now = now_ns();
	int rc;

	if (!e)
		return why_set(why, ENOMEM, "out of memory");
	e->link = (struct link){.tap = -1, .pool = settings->pool};
	e->virtio = settings->kind == EXCEPTION_VIRTIO_USER;
	e->queue_count = settings->queue_count;
	for (unsigned int class = 0; class < PACKET_CLASSES; class ++)
		e->buckets[class] = bucket_of(settings->rates[class], now);
	rc = rings_make(e, why);
	if (rc == 0)
		rc = interface_make(e, settings, why);
	if (rc < 0)
		goto fail;
	rc = pthread_create(&e->thread, NULL, exception_run, e);
	if (rc != 0) {
		rc = why_set(why, rc, "no thread for the exception path: %s", strerror(rc));
		goto fail;
	}
	e->runs = true;
	pthread_setname_np(e->thread, "mgv-exception");
	*exception = e;
	return 0;
fail:
	exception_stop(e);
	return rc;
}

struct exception_queue
exception_queue_of(const struct exception *e, uint16_t queue)
{
	return e->queues[queue];
}

uint64_t
exception_delivered(const struct exception *e, enum packet_class class)
{
	return counter_read(&e->delivered[class]);
}

uint64_t
exception_refused(const struct exception *e, enum packet_class class)
{
	return counter_read(&e->refused[class]);
}

static void
ring_drain(struct rte_ring *ring)
{
	void *mbuf;

	while (rte_ring_sc_dequeue(ring, &mbuf) == 0)
		rte_pktmbuf_free(mbuf);
}

void
exception_stop(struct exception *e)
{
	if (!e)
		return;
	atomic_store_explicit(&e->stop, true, memory_order_relaxed);
	if (e->runs)
		pthread_join(e->thread, NULL);
	tap_close(&e->link);
	virtio_close(&e->link);
	if (e->queues && e->rings) {
		for (uint16_t i = 0; i < e->queue_count; i++)
			for (unsigned int class = 0; class < PACKET_CLASSES; class ++)
				ring_drain(e->queues[i].to_kernel[class]);
		ring_drain(e->to_wire);
	}
	rte_free(e->rings);
	free(e->queues);
	free(e);
}
