/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs on: lcore, but for making and freeing. */
#include <rte_branch_prediction.h>
#include <rte_cycles.h>
#include <stdlib.h>
#include <string.h>

#include "base/counter.h"
#include "capture/capture.h"
#include "wire/wire.h"

static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "no lock");

static inline size_t
record_size(unsigned int qname_length)
{
	return (sizeof(struct capture_record) + qname_length + 7) & ~(size_t)7;
}

struct capture_ring *
capture_ring_make(uint32_t one_in, size_t size)
{
	size_t whole = sizeof(struct capture_ring) + size + CAPTURE_RECORD_MAX;
	struct capture_ring *ring;

	whole = (whole + 63) & ~(size_t)63;
	ring = aligned_alloc(64, whole);
	if (!ring)
		return NULL;
	/* an lcore waits for no page */
	memset(ring, 0, whole);
	ring->one_in = ring->left = one_in;
	ring->size = ring->room = size;
	return ring;
}

void
capture_ring_free(struct capture_ring *ring)
{
	free(ring);
}

static inline uint16_t
be16(const uint8_t *octets)
{
	return (uint16_t)(octets[0] << 8 | octets[1]);
}

/* @return what the reply adds to a record's flags */
static inline uint8_t
reply_enter(struct capture_record *record, const struct ledger_line *line)
{
	const uint8_t *reply = line->reply;
	uint8_t flags = CAPTURE_REPLIED;

	record->reply_flags = be16(reply + 2);
	record->reply_length = line->reply_length;
	if (line->action == LEDGER_SLIPPED)
		record->reply_flags |= WIRE_FLAG1_TC << 8;
	/* where there is OPT in the query and anything at all behind the answer, OPT is there */
	if (line->flags & LEDGER_EDNS && be16(reply + 10) != 0)
		flags |= CAPTURE_REPLY_OPT;
	if (be16(reply + 4) == 0)
		flags |= CAPTURE_REPLY_NO_QUESTION;
	return flags;
}

static inline void
record_fill(struct capture_record *record, const struct ledger_line *line, uint64_t ticks)
{
	const uint8_t *question = line->query + WIRE_HEADER_SIZE;
	uint8_t flags = 0;

	record->ticks = ticks;
	record->query_flags = line->query_flags;
	record->qtype = line->qtype;
	record->query_length = line->query_length;
	record->edns_size = line->edns_size;
	record->client_port = line->client_port;
	record->ledger_flags = line->flags;
	record->rcode = line->rcode;
	record->edns_version = line->edns_version;
	record->opcode = (uint8_t)ledger_opcode(line);
	record->qname_length = line->qname_length;
	if (line->flags & LEDGER_IPV6)
		memcpy(record->client, line->client, 16);
	else
		memcpy(record->client, line->client, 4);
	record->reply_flags = record->reply_length = record->qclass = 0;
	/* a reply in the place of its query has the same ID and question */
	if (likely(line->qname_length)) {
		memcpy(record->qname, question, line->qname_length);
		record->qclass = be16(question + line->qname_length + 2);
	}
	if (unlikely(line->query_length < WIRE_HEADER_SIZE)) {
		record->flags = CAPTURE_MALFORMED;
		record->id = 0;
		return;
	}
	record->id = be16(line->query);
	if (unlikely(line->query_flags & WIRE_FLAG1_QR << 8))
		flags = CAPTURE_UNASKED;
	else if (likely(line->action <= LEDGER_SLIPPED && line->reply_length))
		flags = reply_enter(record, line);
	record->flags = flags;
}

/* @return whether a record of this size fits in */
static inline bool
room_look(struct capture_ring *ring, size_t size)
{
	if (likely(ring->at + size <= ring->room))
		return true;
	ring->room = atomic_load_explicit(&ring->taken, memory_order_acquire) + ring->size;
	return ring->at + size <= ring->room;
}

void
capture_take(struct capture_ring *ring, const struct ledger_page *page)
{
	uint64_t ticks = rte_rdtsc();
	unsigned int i;

	for (i = ring->left - 1; i < page->count; i += ring->one_in) {
		const struct ledger_line *line = &page->lines[i];
		size_t size = record_size(line->qname_length);

		if (unlikely(!room_look(ring, size))) {
			counter_add(&ring->dropped, 1);
			continue;
		}
		record_fill((struct capture_record *)(ring->octets + (ring->at & (ring->size - 1))),
			line, ticks);
		ring->at += size;
	}
	ring->left = i - page->count + 1;
	atomic_store_explicit(&ring->written, ring->at, memory_order_release);
}

void
capture_read(void *ring, const struct ledger_page *page)
{
	capture_offer(ring, page);
}

const struct capture_record *
capture_ring_next(const struct capture_ring *ring, uint64_t *at)
{
	const struct capture_record *record;

	if (*at == atomic_load_explicit(&ring->written, memory_order_acquire))
		return NULL;
	record = (const struct capture_record *)(ring->octets + (*at & (ring->size - 1)));
	*at += record_size(record->qname_length);
	return record;
}

void
capture_ring_release(struct capture_ring *ring, uint64_t at)
{
	atomic_store_explicit(&ring->taken, at, memory_order_release);
}
