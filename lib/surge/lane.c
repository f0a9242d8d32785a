/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs on: lcore. Queries out at their times, replies in and judged.
 *
 * Slots are taken in turn. The number of a query gives the slot, the slot the source port (its low
 * bits) and the id (its high bits, and how often the slot was taken before, as far as 16 bits go),
 * so that a reply leads back to it by one index, and one that is very late to nobody.
 */
#include <rte_branch_prediction.h>
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_memcpy.h>
#include <rte_prefetch.h>
#include <rte_ring.h>

#include "surge/surge_priv.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { BURST = 32, SWEEP_MAX = 256, AHEAD_LINES = 12 };

/* ---- clients apart from a flood ---- */

/* Whose losses and latencies are told. */
static inline bool
is_watched(const struct surge_lane *l, const struct surge_template *t)
{
	return likely(!l->apart) || t->client != 0;
}

static inline void
client_count(struct surge_lane *l, const struct surge_template *t, enum surge_end end)
{
	if (unlikely(l->apart) && t->client)
		counter_add(&l->counters.clients[end], 1);
}

/* From now on it asks with what it got. */
static inline void
cookie_keep(struct surge_lane *l, const struct surge_template *t, const uint8_t *message,
	size_t length, size_t fixed)
{
	if (unlikely(l->cookies != NULL) && t->client && length - fixed == WIRE_COOKIE_SERVER_SIZE)
		memcpy(l->cookies[t->client], message + fixed, WIRE_COOKIE_SERVER_SIZE);
}

static inline void
be16_add(uint8_t *at, uint16_t more)
{
	uint16_t word = htobe16((uint16_t)(be16_read(at) + more));

	memcpy(at, &word, sizeof(word));
}

/* Write the server's part of a cookie behind the client's, which ends the frame. */
static __rte_noinline void
cookie_append(const struct surge_template *t, const uint8_t *cookie, uint8_t *frame)
{
	enum { MORE = WIRE_COOKIE_SERVER_SIZE };
	uint8_t *end = frame + t->frame_length, *ip = frame + ETHER_SIZE;
	uint8_t *udp = frame + t->message_offset - UDP_SIZE;
	size_t length = (size_t)(end - udp) + MORE;
	uint16_t sum = 0;

	memcpy(end, cookie, MORE);
	be16_add(end - WIRE_COOKIE_CLIENT_SIZE - 6, MORE); /* RDLENGTH of the OPT */
	be16_add(end - WIRE_COOKIE_CLIENT_SIZE - 2, MORE); /* the option's length */
	be16_add(udp + 4, MORE);
	if (t->message_offset == IPV4_MESSAGE) {
		be16_add(ip + 2, MORE);
		memcpy(ip + 10, &sum, sizeof(sum));
		sum = (uint16_t)~sum_fold(sum_octets(ip, IPV4_SIZE));
		memcpy(ip + 10, &sum, sizeof(sum));
	} else {
		be16_add(ip + 4, MORE);
	}
	memset(udp + 6, 0, 2);
	sum = (uint16_t)~sum_fold(addresses_sum(frame, t->message_offset) + htobe16(17) +
				  htobe16((uint16_t)length) + sum_octets(udp, length));
	sum = sum ? sum : UINT16_MAX;
	memcpy(udp + 6, &sum, sizeof(sum));
}

/* @return octets of the frame */
static inline uint16_t
cookie_show(const struct surge_lane *l, const struct surge_template *t, uint8_t *frame)
{
	const uint8_t *cookie;

	if (likely(l->cookies == NULL) || !t->client || !t->bears_cookie)
		return t->frame_length;
	cookie = l->cookies[t->client];
	if (cookie[0] == 0)
		return t->frame_length;
	cookie_append(t, cookie, frame);
	return t->frame_length + WIRE_COOKIE_SERVER_SIZE;
}

/* ---- slots ---- */

static inline struct surge_slot *
slot_of(const struct surge_lane *l, uint64_t number)
{
	return &l->slots[number & ((1ull << l->slot_bits) - 1)];
}

static inline uint16_t
id_of(const struct surge_lane *l, uint64_t number)
{
	return (uint16_t)(number >> l->port_bits) ^ l->id_secret;
}

static inline uint16_t
port_of(const struct surge_lane *l, uint64_t number)
{
	return (uint16_t)(l->first_port + (l->index << l->port_bits) +
			  (number & ((1u << l->port_bits) - 1)));
}

/* @param port  less the first of this lane */
static inline struct surge_slot *
slot_find(const struct surge_lane *l, uint16_t port, uint16_t id)
{
	uint32_t number = (uint32_t)(uint16_t)(id ^ l->id_secret) << l->port_bits | port;

	return slot_of(l, number);
}

static __rte_noinline void
slot_expire(struct surge_lane *l, struct surge_slot *slot)
{
	double after = (double)slot->due - (double)l->run.start;
	uint64_t second = after > 0 ? (uint64_t)(after / (double)rte_get_tsc_hz()) : 0;

	if (slot->fate == SURGE_SILENT) {
		counter_add(&l->counters.silent, 1);
	} else {
		const struct surge_template *t = surge_template_at(l->templates, slot->line);

		l->in_flight--;
		counter_add(&l->counters.lost, 1);
		client_count(l, t, SURGE_END_LOST);
		if (is_watched(l, t))
			atomic_fetch_add_explicit(
				&l->lost_in[second < l->seconds ? second : l->seconds - 1], 1,
				memory_order_relaxed);
	}
	slot->fate = SURGE_LOST;
}

static inline bool
is_open(const struct surge_slot *slot)
{
	return slot->fate == SURGE_WAITING || slot->fate == SURGE_SILENT;
}

/* Pass by queries that have been answered, and those whose time is over. */
static inline void
slots_sweep(struct surge_lane *l, uint64_t now)
{
	for (unsigned int i = 0; i < SWEEP_MAX && l->oldest < l->next; i++) {
		struct surge_slot *slot = slot_of(l, l->oldest);

		if (is_open(slot)) {
			if (now < slot->due + l->run.timeout)
				return;
			slot_expire(l, slot);
		}
		l->oldest++;
	}
}

/* ---- queries ---- */

static inline void
frame_write(const struct surge_template *t, uint16_t port, uint16_t id, uint8_t *frame)
{
	uint8_t *message = frame + t->message_offset, *udp = message - UDP_SIZE;
	uint16_t id_be = htobe16(id), port_be = htobe16(port), sum;

	for (unsigned int i = 0; i + 1 < t->lines; i++)
		rte_mov64(frame + i * LINE_SIZE, t->frame + i * LINE_SIZE);
	memcpy(message, &id_be, sizeof(id_be));
	memcpy(udp, &port_be, sizeof(port_be));
	sum = (uint16_t)~sum_fold((uint64_t)t->query_sum + id_be + port_be);
	/* zero would say that there is none (RFC 768) */
	sum = sum ? sum : UINT16_MAX;
	memcpy(udp + 6, &sum, sizeof(sum));
}

void
surge_template_frame(
	const struct surge_template *template, uint16_t port, uint16_t id, uint8_t *frame)
{
	frame_write(template, port, id, frame);
}

static inline void
frame_make(const struct surge_lane *l, const struct surge_template *t, uint64_t number,
	struct rte_mbuf *mbuf, struct surge_slot *slot)
{
	uint16_t id = id_of(l, number);

	frame_write(t, port_of(l, number), id, rte_pktmbuf_mtod(mbuf, uint8_t *));
	mbuf->data_len = cookie_show(l, t, rte_pktmbuf_mtod(mbuf, uint8_t *));
	mbuf->pkt_len = mbuf->data_len;
	slot->line = l->line;
	slot->id = id;
	slot->fate = t->expected.length ? SURGE_WAITING : SURGE_SILENT;
}

/* Those that the ring had no room for are due still. */
static __rte_noinline void
queries_take_back(struct surge_lane *l, const double *dues, struct rte_mbuf **mbufs, uint16_t sent,
	uint16_t count)
{
	uint64_t first = l->next - (count - sent);

	l->line = slot_of(l, first)->line;
	l->due = dues[sent];
	for (uint64_t i = first; i < l->next; i++) {
		l->in_flight -= slot_of(l, i)->fate == SURGE_WAITING;
		slot_of(l, i)->fate = SURGE_UNUSED;
	}
	l->next = first;
	rte_pktmbuf_free_bulk(mbufs + sent, count - sent);
	counter_add(&l->counters.refused, 1);
}

/* How many may be sent now. */
static inline uint16_t
queries_due(const struct surge_lane *l, uint64_t now)
{
	uint64_t count = BURST, room;

	if (l->run.interval > 0) {
		double end = (double)(l->run.start + l->run.duration);
		double behind = ((double)now < end ? (double)now : end) - l->due;

		if (behind < 0)
			return 0;
		if (behind < l->run.interval * BURST)
			count = (uint64_t)(behind / l->run.interval) + 1;
	}
	if (l->run.window) {
		if (l->in_flight >= l->run.window)
			return 0;
		room = l->run.window - l->in_flight;
		count = room < count ? room : count;
	}
	/* the next may only take a slot that is done with */
	room = (1ull << l->slot_bits) - (l->next - l->oldest);
	count = room < count ? room : count;
	room = l->run.queries - l->next;
	return (uint16_t)(room < count ? room : count);
}

static inline void
line_pass(struct surge_lane *l, const struct surge_template *t)
{
	l->line += t->lines;
	if (unlikely(l->line == l->templates->line_count))
		l->line = 0;
}

/* The next to be sent. */
static inline const struct surge_template *
template_next(struct surge_lane *l)
{
	const struct surge_template *t = surge_template_at(l->templates, l->line);

	/* there is one, or nobody would be counted apart */
	while (unlikely(l->run.calm) && t->client == 0) {
		line_pass(l, t);
		t = surge_template_at(l->templates, l->line);
	}
	return t;
}

static inline unsigned int
queries_send(struct surge_lane *l, uint64_t now)
{
	uint16_t count = queries_due(l, now), sent;
	struct rte_mbuf *mbufs[BURST];
	double dues[BURST];
	uint64_t octets = 0, clients = 0; /* clients: a bit for each query */

	if (count == 0 || rte_pktmbuf_alloc_bulk(l->pool, mbufs, count) != 0)
		return 0;
	for (uint16_t i = 0; i < count; i++) {
		const struct surge_template *t = template_next(l);
		struct surge_slot *slot = slot_of(l, l->next);

		rte_prefetch0((const uint8_t *)t + AHEAD_LINES * LINE_SIZE);
		frame_make(l, t, l->next, mbufs[i], slot);
		octets += mbufs[i]->data_len;
		clients |= (uint64_t)(t->client != 0) << i;
		l->in_flight += t->expected.length != 0;
		dues[i] = l->due;
		slot->due = now;
		if (l->run.interval > 0) {
			slot->due = (uint64_t)l->due;
			l->due += l->run.interval;
		}
		l->next++;
		line_pass(l, t);
	}
	sent = rte_eth_tx_burst(l->port_id, l->queue_id, mbufs, count);
	if (unlikely(sent < count))
		queries_take_back(l, dues, mbufs, sent, count);
	counter_add(&l->counters.sent, sent);
	if (unlikely(l->apart)) {
		clients &= (1ull << sent) - 1;
		counter_add(&l->counters.clients[SURGE_END_SENT],
			(uint64_t)__builtin_popcountll(clients));
	}
	counter_add(&l->counters.sent_octets, octets * sent / count);
	return sent;
}

/* ---- replies ---- */

static __rte_noinline void
sample_fill(const struct surge_lane *l, struct surge_sample *sample, const struct surge_slot *slot,
	const uint8_t *frame, size_t length, enum surge_fault fault)
{
	sample->line = slot ? slot->line : UINT32_MAX;
	sample->length = (uint16_t)(length < SURGE_FRAME_MAX ? length : SURGE_FRAME_MAX);
	sample->id = slot ? slot->id : 0;
	sample->port = slot ? port_of(l, (uint64_t)(slot - l->slots)) : 0;
	sample->fault = fault;
	/* the kernel's page, no system call; and rare */
	clock_gettime(CLOCK_REALTIME, &sample->at);
	memcpy(sample->frame, frame, sample->length);
}

static __rte_noinline void
sample_put(struct surge_lane *l, const struct surge_slot *slot, const uint8_t *frame, size_t length)
{
	struct surge_ring *ring = l->samples;
	uint32_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);

	l->until_sample = l->sample_each;
	/* pairs with the examiner's release of a place */
	if (written - atomic_load_explicit(&ring->taken, memory_order_acquire) == SURGE_SAMPLES) {
		counter_add(&l->counters.unsampled, 1);
		return;
	}
	sample_fill(l, &ring->samples[written % SURGE_SAMPLES], slot, frame, length, SURGE_RIGHT);
	atomic_store_explicit(&ring->written, written + 1, memory_order_release);
}

static __rte_noinline void
wrong_keep(struct surge_lane *l, const struct surge_slot *slot, const uint8_t *frame, size_t length,
	enum surge_fault fault)
{
	uint32_t count = atomic_load_explicit(&l->wrong_count, memory_order_relaxed);

	counter_add(&l->counters.faults[fault], 1);
	if (count == SURGE_WRONG_MAX)
		return;
	sample_fill(l, &l->wrong[count], slot, frame, length, fault);
	atomic_store_explicit(&l->wrong_count, count + 1, memory_order_release);
}

/* A reply to a query whose reply is awaited; @param slip  it is TC by limits */
static inline void
query_end(struct surge_lane *l, const struct surge_template *t, enum surge_fault fault, bool slip)
{
	struct surge_counters *c = &l->counters;

	l->in_flight--;
	counter_add(fault != SURGE_RIGHT ? &c->spoiled : slip ? &c->slipped : &c->answered, 1);
	client_count(l, t,
		fault != SURGE_RIGHT ? SURGE_END_SPOILED
		: slip		     ? SURGE_END_SLIPPED
				     : SURGE_END_ANSWERED);
}

/* Whether limits of the server's put it in the answer's place. */
static bool
is_slip(const struct surge_lane *l, const struct surge_template *t, const uint8_t *message,
	size_t length)
{
	return l->apart && t->slip_length == length && length != 0 &&
	       reply_hash(message, t->slip_hashed) == t->slip_hash;
}

/* Judge a reply whose lengths and sums are right by the slot that it leads to. */
static enum surge_fault
reply_judge(struct surge_lane *l, struct surge_slot *slot, uint16_t id, const uint8_t *frame,
	size_t at, size_t length)
{
	const struct surge_template *t = surge_template_at(l->templates, slot->line);
	bool known = slot->fate != SURGE_UNUSED && slot->id == id, slip;
	enum surge_fault fault;

	if (!known || slot->fate == SURGE_SILENT || t->expected.length == 0)
		return SURGE_FAULT_UNASKED;
	if (at != t->message_offset || !endpoints_right(t, frame))
		return SURGE_FAULT_ENDPOINT;
	slip = is_slip(l, t, frame + at, length);
	fault = slip ? SURGE_RIGHT
		     : surge_fault_find(t, l->strictness, frame + at, length, t->frame + at);
	/* another's reply leaves the query waiting for its own */
	if (fault == SURGE_FAULT_QUESTION)
		return slot->fate == SURGE_WAITING ? fault : SURGE_FAULT_UNASKED;
	if (slot->fate == SURGE_ANSWERED)
		return SURGE_FAULT_DUPLICATE;
	if (slot->fate == SURGE_WAITING) {
		query_end(l, t, fault, slip);
	} else if (fault == SURGE_RIGHT) {
		counter_add(&l->counters.late, 1);
		client_count(l, t, SURGE_END_LATE);
	}
	if (fault == SURGE_RIGHT)
		cookie_keep(l, t, frame + at, length,
			slip ? t->slip_hashed : t->expected.hashed_length);
	slot->fate = SURGE_ANSWERED;
	return fault;
}

/* Offset of the message in a frame that may be a reply; 0: not one. */
static inline size_t
message_find(const uint8_t *frame, size_t length)
{
	const uint8_t *ip = frame + ETHER_SIZE;

	if (length < IPV4_MESSAGE + 2)
		return 0;
	if (frame[12] == 0x08 && frame[13] == 0x00)
		return ip[0] == 0x45 && ip[9] == 17 && (be16_read(ip + 6) & 0x3fff) == 0
			       ? IPV4_MESSAGE
			       : 0;
	return frame[12] == 0x86 && frame[13] == 0xdd && length >= IPV6_MESSAGE + 2 &&
			       ip[0] >> 4 == 6 && ip[6] == 17
		       ? IPV6_MESSAGE
		       : 0;
}

/* @param port  that it is to, less the first of this lane; none of them: beyond the lane's */
static __rte_noinline void
reply_unexpected(struct surge_lane *l, const uint8_t *frame, size_t frame_length, size_t at,
	uint16_t port, uint64_t now)
{
	size_t length = reply_length(frame, frame_length, at);
	struct surge_slot *slot = NULL;
	enum surge_fault fault = SURGE_FAULT_UNASKED;
	uint64_t answered = counter_read(&l->counters.answered), due = 0;

	if (length == 0) {
		fault = SURGE_FAULT_LENGTH;
	} else if (!checksums_right(frame, at, length, l->strictness == SURGE_HEADER)) {
		fault = SURGE_FAULT_CHECKSUM;
	} else if (port < 1u << l->port_bits) {
		slot = slot_find(l, port, be16_read(frame + at));
		due = slot->due;
		fault = reply_judge(l, slot, be16_read(frame + at), frame, at, length);
	}
	if (fault != SURGE_RIGHT) {
		wrong_keep(l, slot, frame, frame_length, fault);
		return;
	}
	counter_add(&l->counters.rcodes[frame[at + 3] & WIRE_FLAG2_RCODE], 1);
	if (counter_read(&l->counters.answered) != answered &&
		is_watched(l, surge_template_at(l->templates, slot->line)))
		surge_histogram_add(&l->latency, now > due ? now - due : 0);
}

/* All that must be right, in the order of what costs least. The UDP checksum is that of octets that
 * are known by their hash, so nothing needs to be summed. */
static inline bool
reply_right(const struct surge_template *t, const uint8_t *frame, size_t frame_length, size_t at)
{
	const uint8_t *ip = frame + ETHER_SIZE, *message = frame + at, *udp = message - UDP_SIZE;
	size_t length = t->expected.length;
	uint64_t sum = (uint64_t)t->reply_sum + word_read(udp + 2) + word_read(udp + 6) +
		       word_read(message);

	if (at != t->message_offset || frame_length < at + length ||
		be16_read(udp + 4) != length + UDP_SIZE || !endpoints_right(t, frame))
		return false;
	if (at == IPV4_MESSAGE ? be16_read(ip + 2) != IPV4_SIZE + UDP_SIZE + length ||
					 sum_fold(sum_octets(ip, IPV4_SIZE)) != UINT16_MAX
			       : be16_read(ip + 4) != UDP_SIZE + length)
		return false;
	if (unlikely(t->expected.hashed_length != length)) {
		uint16_t cookie = sum_fold(sum_octets(
			message + t->expected.hashed_length, length - t->expected.hashed_length));

		sum += t->expected.hashed_length & 1 ? sum_swap(cookie) : cookie;
	}
	return sum_fold(sum) == UINT16_MAX && word_read(udp + 6) != 0 &&
	       XXH3_64bits(message + 2, t->expected.hashed_length - 2u) == t->expected.hash;
}

static inline void
reply_take(struct surge_lane *l, const uint8_t *frame, size_t length, size_t at, uint16_t port,
	uint64_t now)
{
	struct surge_slot *slot = slot_find(l, port, be16_read(frame + at));
	const struct surge_template *t = surge_template_at(l->templates, slot->line);

	if (unlikely(slot->fate != SURGE_WAITING || slot->id != be16_read(frame + at) ||
		     !reply_right(t, frame, length, at))) {
		reply_unexpected(l, frame, length, at, port, now);
		return;
	}
	slot->fate = SURGE_ANSWERED;
	query_end(l, t, SURGE_RIGHT, false);
	counter_add(&l->counters.rcodes[frame[at + 3] & WIRE_FLAG2_RCODE], 1);
	cookie_keep(l, t, frame + at, t->expected.length, t->expected.hashed_length);
	if (is_watched(l, t))
		surge_histogram_add(&l->latency, now > slot->due ? now - slot->due : 0);
	if (unlikely(--l->until_sample == 0))
		sample_put(l, slot, frame, length);
}

/* Another lane's: it has the slot. @return false: it stays here */
static __rte_noinline bool
frame_cross(struct surge_lane *l, uint16_t port, struct rte_mbuf *mbuf)
{
	uint16_t lane = (uint16_t)(port - l->first_port) >> l->port_bits;

	if (port < l->first_port || lane >= l->lane_count || lane == l->index ||
		rte_ring_enqueue(l->lanes[lane]->crossed, mbuf) != 0)
		return false;
	counter_add(&l->counters.crossed, 1);
	return true;
}

/* @return whether the mbuf is still the caller's */
static inline bool
frame_take(struct surge_lane *l, struct rte_mbuf *mbuf, uint64_t now)
{
	const uint8_t *frame = rte_pktmbuf_mtod(mbuf, const uint8_t *);
	size_t length = mbuf->data_len, at = message_find(frame, length);
	uint16_t port, own;

	if (unlikely(at == 0)) {
		counter_add(&l->counters.other, 1);
		return true;
	}
	port = be16_read(frame + at - UDP_SIZE + 2);
	own = (uint16_t)(port - l->first_port - (l->index << l->port_bits));
	if (likely(own < 1u << l->port_bits))
		reply_take(l, frame, length, at, own, now);
	else if (frame_cross(l, port, mbuf))
		return false;
	else
		reply_unexpected(l, frame, length, at, own, now);
	return true;
}

static inline void
burst_take(struct surge_lane *l, struct rte_mbuf **mbufs, unsigned int count, uint64_t now)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < count; i++)
		if (likely(frame_take(l, mbufs[i], now)))
			mbufs[kept++] = mbufs[i];
	rte_pktmbuf_free_bulk(mbufs, kept);
}

static inline unsigned int
replies_receive(struct surge_lane *l, uint64_t now)
{
	struct rte_mbuf *mbufs[BURST];
	unsigned int count = rte_eth_rx_burst(l->port_id, l->queue_id, mbufs, BURST), crossed = 0;

	if (count) {
		uint64_t octets = 0;

		for (unsigned int i = 0; i < count; i++)
			octets += mbufs[i]->data_len;
		counter_add(&l->counters.received, count);
		counter_add(&l->counters.received_octets, octets);
		burst_take(l, mbufs, count, now);
	}
	if (l->lane_count > 1) {
		crossed = rte_ring_dequeue_burst(l->crossed, (void **)mbufs, BURST, NULL);
		burst_take(l, mbufs, crossed, now);
	}
	return count + crossed;
}

/* ---- a run ---- */

static void
run_begin(struct surge_lane *l)
{
	l->until_sample = l->sample_each ? l->sample_each : UINT64_MAX;
	l->due = (double)l->run.start;
	l->run.queries += l->next;
}

/* At a rate, all that is due within the time is sent, if that is possible soon after it: the kernel
 * may have stopped this thread. @return whether queries are still to be sent */
static inline bool
is_sending(const struct surge_lane *l, uint64_t now)
{
	const struct surge_run *run = &l->run;

	if (l->next >= run->queries)
		return false;
	if (run->interval > 0)
		return l->due < (double)(run->start + run->duration) &&
		       (int64_t)(now - run->start) < (int64_t)(run->duration + run->grace);
	return (int64_t)(now - run->start) < (int64_t)run->duration;
}

static inline bool
lane_turn(struct surge_lane *l, bool stopped)
{
	uint64_t now = rte_rdtsc();
	bool sending = !stopped && is_sending(l, now);

	replies_receive(l, now);
	if (sending) {
		queries_send(l, now);
		l->ended = now;
	}
	slots_sweep(l, now);
	return sending;
}

int
surge_runner_run(void *argument)
{
	const struct surge_runner *runner = argument;
	bool busy = true;

	for (unsigned int i = 0; i < runner->count; i++)
		run_begin(runner->lanes[i]);
	while (busy) {
		bool stopped = atomic_load_explicit(runner->stop, memory_order_relaxed);

		busy = false;
		for (unsigned int i = 0; i < runner->count; i++) {
			struct surge_lane *l = runner->lanes[i];

			busy |= lane_turn(l, stopped) || l->oldest < l->next;
		}
	}
	return 0;
}
