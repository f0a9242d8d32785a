/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>

#include "capture_world.h"

enum { RING = 1 << 16 };

static struct ask asks[LEDGER_PAGE];
static struct ledger_page page;

/* A page whose lines have consecutive IDs. */
static void
page_make(unsigned int count, uint16_t first)
{
	page.count = count;
	for (unsigned int i = 0; i < count; i++)
		page.lines[i] = ask_line(&asks[i], (uint16_t)(first + i), "\3com", 5);
}

Test(capture_ring, keeps_each_nth_line_over_pages_of_any_length)
{
	static const uint32_t rates[] = {1, 2, 3, 7, 31, 32, 33, 64, 1000};

	for (unsigned int r = 0; r < sizeof(rates) / sizeof(rates[0]); r++) {
		struct capture_ring *ring = capture_ring_make(rates[r], RING);
		uint32_t offered = 0, kept = 0;
		uint64_t at = 0;

		srand(r);
		while (offered < 20000) {
			const struct capture_record *record;
			unsigned int count = (unsigned int)rand() % (LEDGER_PAGE + 1);

			page_make(count, (uint16_t)offered);
			capture_offer(ring, &page);
			offered += count;
			while ((record = capture_ring_next(ring, &at))) {
				kept++;
				cr_assert_eq(record->id, (uint16_t)(kept * rates[r] - 1), "1 in %u",
					rates[r]);
			}
			capture_ring_release(ring, at);
		}
		cr_expect_eq(kept, offered / rates[r], "1 in %u: %u", rates[r], kept);
		cr_expect_eq(ring->dropped, 0);
		capture_ring_free(ring);
	}
}

Test(capture_ring, copies_what_a_line_says)
{
	struct capture_ring *ring = capture_ring_make(1, RING);
	const struct capture_record *record;
	uint64_t at = 0;

	page.count = 1;
	page.lines[0] = ask_line(&asks[0], 0x1234, "\3WwW\7example", 13);
	capture_offer(ring, &page);
	record = capture_ring_next(ring, &at);
	cr_assert_not_null(record);
	cr_expect_eq(record->id, 0x1234);
	cr_expect_eq(record->query_flags, 0x0100);
	cr_expect_eq(record->reply_flags, 0x8503);
	cr_expect_eq(record->qtype, 28);
	cr_expect_eq(record->qclass, 1);
	cr_expect_eq(record->query_length, 29);
	cr_expect_eq(record->reply_length, 100);
	cr_expect_eq(record->edns_size, 1232);
	cr_expect_eq(record->client_port, 4711);
	cr_expect_eq(record->rcode, 3);
	cr_expect_eq(record->flags, CAPTURE_REPLIED | CAPTURE_REPLY_OPT);
	cr_expect_arr_eq(record->client, "\306\022\0\007", 4);
	cr_expect_arr_eq(record->qname, "\3WwW\7example", 13);
	cr_expect_null(capture_ring_next(ring, &at));
	capture_ring_free(ring);
}

Test(capture_ring, knows_what_was_not_answered_and_what_was_no_query)
{
	static const struct {
		const char *what;
		uint8_t action, flags;
		uint16_t query_length, query_flags, reply_length;
	} kinds[] = {
		{"answered", LEDGER_ANSWERED, CAPTURE_REPLIED | CAPTURE_REPLY_OPT, 21, 0, 80},
		{"slipped", LEDGER_SLIPPED, CAPTURE_REPLIED | CAPTURE_REPLY_OPT, 21, 0, 80},
		{"limited", LEDGER_LIMITED, 0, 21, 0, 80},
		{"shed", LEDGER_SHED, 0, 21, 0, 80},
		{"filtered", LEDGER_FILTERED, 0, 21, 0, 80},
		{"dropped", LEDGER_ANSWERED, 0, 21, 0, 0},
		{"a response", LEDGER_ANSWERED, CAPTURE_UNASKED, 21, 0x8000, 0},
		{"short", LEDGER_ANSWERED, CAPTURE_MALFORMED, 11, 0, 0},
		{"empty", LEDGER_ANSWERED, CAPTURE_MALFORMED, 0, 0, 0},
	};
	struct capture_ring *ring = capture_ring_make(1, RING);
	uint64_t at = 0;

	for (unsigned int i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct capture_record *record;

		page_make(1, 1);
		page.lines[0].action = kinds[i].action;
		page.lines[0].query_length = kinds[i].query_length;
		page.lines[0].query_flags = kinds[i].query_flags;
		page.lines[0].reply_length = kinds[i].reply_length;
		if (kinds[i].query_length < 12)
			page.lines[0].qname_length = 0;
		capture_offer(ring, &page);
		record = capture_ring_next(ring, &at);
		cr_assert_not_null(record);
		cr_expect_eq(record->flags, kinds[i].flags, "%s: %x", kinds[i].what, record->flags);
		if (kinds[i].action == LEDGER_SLIPPED)
			cr_expect(record->reply_flags & 0x0200, "TC");
	}
	capture_ring_free(ring);
}

Test(capture_ring, drops_and_counts_when_it_is_full_and_goes_on_when_it_is_not)
{
	struct capture_ring *ring = capture_ring_make(1, RING);
	const struct capture_record *record;
	const unsigned int size = 56, fit = RING / size;
	uint64_t at = 0;

	for (unsigned int round = 0; round < 5; round++) {
		unsigned int kept = 0;

		for (unsigned int i = 0; i < fit / LEDGER_PAGE + 2; i++) {
			page_make(LEDGER_PAGE, (uint16_t)(i * LEDGER_PAGE));
			capture_offer(ring, &page);
		}
		cr_expect_eq(
			ring->dropped, (round + 1) * ((fit / LEDGER_PAGE + 2) * LEDGER_PAGE - fit));
		/* the oldest stay */
		while ((record = capture_ring_next(ring, &at)))
			cr_assert_eq(record->id, kept++);
		cr_expect_eq(kept, fit, "%u", kept);
		capture_ring_release(ring, at);
	}
	capture_ring_free(ring);
}

Test(capture_ring, only_counts_while_the_node_sheds_load)
{
	struct capture_ring *ring = capture_ring_make(3, RING);
	uint64_t at = 0;

	page_make(LEDGER_PAGE, 0);
	page.strained = true;
	capture_offer(ring, &page);
	cr_expect_null(capture_ring_next(ring, &at));
	cr_expect_eq(ring->strained, LEDGER_PAGE);
	page.strained = false;
	capture_offer(ring, &page);
	/* the count goes on where it was */
	cr_expect_eq(capture_ring_next(ring, &at)->id, 2);
	capture_ring_free(ring);
}

static struct capture_ring *shared;

enum { OFFERED_PAGES = 30000 };

static void *
pages_offer(void *unused)
{
	(void)unused;
	for (unsigned int i = 0; i < OFFERED_PAGES; i++) {
		char name[256];
		uint8_t length = (uint8_t)(1 + i % 254);

		memset(name, (int)i, sizeof(name));
		page.count = 1;
		page.lines[0] = ask_line(&asks[0], (uint16_t)i, name, length);
		capture_offer(shared, &page);
	}
	return NULL;
}

Test(capture_ring, a_reader_beside_the_writer_sees_whole_records_in_order)
{
	uint64_t at = 0, seen = 0, before = 0;
	pthread_t writer;

	shared = capture_ring_make(1, RING);
	pthread_create(&writer, NULL, pages_offer, NULL);
	while (seen + shared->dropped < OFFERED_PAGES) {
		const struct capture_record *record = capture_ring_next(shared, &at);
		uint64_t number;

		if (!record)
			continue;
		/* IDs are modulo 2^16: more than that are not dropped in one piece */
		number = before + (uint16_t)(record->id - (uint16_t)before);
		before = number + 1;
		cr_assert_eq(record->qname_length, 1 + number % 254);
		for (unsigned int i = 0; i < record->qname_length; i++)
			cr_assert_eq(record->qname[i], (uint8_t)number);
		seen++;
		capture_ring_release(shared, at);
	}
	pthread_join(writer, NULL);
	cr_expect_gt(seen, 0);
	capture_ring_free(shared);
}
