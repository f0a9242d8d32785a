/* SPDX-License-Identifier: BSD-3-Clause */
/* Includes the room's own header: blocks are encoded and clocks turned without threads or files. */
#include <cbor.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "capture/capture_priv.h"
#include "capture_world.h"
#include "hex.h"

static struct capture_settings
settings_of(void)
{
	return (struct capture_settings){
		.host = "node1",
		.generator = "test",
		.one_in = 1,
		.privacy = {.ipv4_prefix = 32, .ipv6_prefix = 128},
		.server_count = 1,
		.servers = {{.size = 4, .octets = {192, 0, 2, 53}}},
		.server_port = 53,
	};
}

static struct capture_record *
record_of(const struct ledger_line *line, struct capture_ring **ring)
{
	struct ledger_page page = {.count = 1, .lines = {*line}};
	uint64_t at = 0;

	*ring = capture_ring_make(1, 1 << 12);
	capture_offer(*ring, &page);
	return (struct capture_record *)capture_ring_next(*ring, &at);
}

Test(capture_block, encodes_a_query_as_the_rfc_has_it)
{
	/* { 0: {0: [1785628800, 250000]},
	 *   1: {0: 2, 1: 1, 2: 0, 3: 0, 4: 0, 5: 0, -1: 0, -2: 0},
	 *   2: {0: [h'c0000235', h'c6120007'], 1: [{0: 28, 1: 1}], 2: [h'03636f6d00'],
	 *       3: [{0: 0, 1: 53, 2: 0, 3: 3, 4: 15, 5: 0, 6: 0x5090, 7: 0, 8: 0, 13: 0, 14: 1232,
	 *            16: 3}]},
	 *   3: [{0: 0, 1: 1, 2: 4711, 3: 4660, 4: 0, 7: 0, 8: 21, 9: 100}] } */
	static const char expected[] =
		"a4 00 a1 00 82 1a 6a6e8880 1a 0003d090"
		"01 a8 0002 0101 0200 0300 0400 0500 2000 2100"
		"02 a4 00 82 44 c0000235 44 c6120007"
		"01 81 a2 00 181c 01 01"
		"02 81 45 03636f6d00"
		"03 81 ac 0000 011835 0200 0303 040f 0500 06195090 0700 0800 0d00 0e1904d0 1003"
		"03 81 a8 0000 0101 02191267 03191234 0400 0700 0815 091864";
	const struct capture_settings settings = settings_of();
	struct capture_block *block = capture_block_new(&settings);
	struct capture_ring *ring;
	struct ask ask;
	struct ledger_line line = ask_line(&ask, 0x1234, "\3com", 5);
	size_t size;
	uint8_t *octets = hex_octets(expected, &size);

	cr_assert(capture_block_add(
		block, record_of(&line, &ring), 1785628800 * INT64_C(1000000000) + 250000000));
	cr_assert_eq(capture_block_encode(block), size);
	cr_expect_arr_eq(block->octets, octets, size);
	free(octets);
	capture_ring_free(ring);
	capture_block_free(block);
}

Test(capture_block, tells_before_the_blocks_how_they_were_made)
{
	struct capture_settings settings = settings_of();
	uint8_t octets[2048];
	struct cbor_load_result result;
	cbor_item_t *item;
	size_t size;

	settings.one_in = 1000;
	settings.privacy =
		(struct capture_privacy){.ipv4_prefix = 24, .ipv6_prefix = 48, .pseudonyms = true};
	size = capture_preamble_encode(&settings, octets, sizeof(octets));
	size += capture_end_encode(octets + size, sizeof(octets) - size);
	item = cbor_load(octets, size, &result);
	cr_assert_eq(result.error.code, CBOR_ERR_NONE);
	cr_expect_eq(result.read, size);
	cr_expect_not_null(memmem(octets, size, "each 1000th query", 17));
	cr_expect_not_null(memmem(octets, size, "Crypto-PAn", 10));
	cr_expect_not_null(memmem(octets, size, "\6\030\030\7\030\060", 6), "prefixes");
	cr_expect_not_null(memmem(octets, size, "\5\3", 2), "storage-flags");
	cbor_decref(&item);
}

Test(capture_block, is_full_when_items_or_names_are_and_fits_its_buffer_then)
{
	const struct capture_settings settings = settings_of();
	struct capture_block *block = capture_block_new(&settings);
	struct cbor_load_result result;
	struct capture_ring *ring;
	struct ask ask;
	char name[256] = "";
	struct ledger_line line = ask_line(&ask, 1, "\3com", 5);
	struct capture_record *record = record_of(&line, &ring);
	uint32_t count = 0;
	cbor_item_t *item;
	size_t size;

	while (capture_block_add(block, record, count))
		count++;
	cr_expect_eq(count, CAPTURE_ITEMS_MAX);
	cr_expect_eq(block->names.count, 1);
	cr_expect_eq(block->signatures.count, 1);
	capture_ring_free(ring);

	/* all different, and as long as can be */
	capture_block_clear(block);
	for (count = 0;; count++) {
		bool added;

		snprintf(name, sizeof(name), "%0200u", count);
		line = ask_line(&ask, (uint16_t)count, name, 255);
		memcpy(ask.client, &count, sizeof(count));
		line.qtype = (uint16_t)count;
		line.flags |= count % 2 ? LEDGER_IPV6 : 0;
		record = record_of(&line, &ring);
		added = capture_block_add(block, record, (int64_t)count << 40);
		capture_ring_free(ring);
		if (!added)
			break;
	}
	cr_expect_eq(count, CAPTURE_NAMES_SIZE / 255);
	size = capture_block_encode(block);
	cr_expect_lt(size, CAPTURE_BLOCK_SIZE);
	item = cbor_load(block->octets, size, &result);
	cr_expect_eq(result.error.code, CBOR_ERR_NONE);
	cr_expect_eq(result.read, size);
	cbor_decref(&item);
	/* and with short names, so that items are what there is most of */
	capture_block_clear(block);
	for (count = 0; count < CAPTURE_ITEMS_MAX; count++) {
		snprintf(name, sizeof(name), "%u", count);
		line = ask_line(&ask, 0xffff, name, 6);
		memcpy(ask.client, &count, sizeof(count));
		line.qtype = (uint16_t)count;
		line.flags |= LEDGER_IPV6;
		record = record_of(&line, &ring);
		cr_assert(capture_block_add(block, record, (int64_t)count << 40));
		capture_ring_free(ring);
	}
	cr_expect_lt(capture_block_encode(block), CAPTURE_BLOCK_SIZE);
	capture_block_free(block);
}

Test(capture_block, counts_what_is_no_item)
{
	const struct capture_settings settings = settings_of();
	struct capture_block *block = capture_block_new(&settings);
	struct capture_record record = {.flags = CAPTURE_MALFORMED};

	cr_assert(capture_block_add(block, &record, 1));
	record.flags = CAPTURE_UNASKED;
	cr_assert(capture_block_add(block, &record, 1));
	record.flags = 0;
	cr_assert(capture_block_add(block, &record, 1));
	cr_expect_eq(block->count, 1);
	cr_expect_eq(block->statistics.malformed, 1);
	cr_expect_eq(block->statistics.unmatched_responses, 1);
	cr_expect_eq(block->statistics.unmatched_queries, 1);
	cr_expect_eq(block->statistics.messages, 2);
	capture_block_free(block);
}

/* ---- addresses ---- */

static unsigned int
bits_shared(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
	unsigned int i = 0;

	while (i < bits && !(((a[i / 8] ^ b[i / 8]) >> (7 - i % 8)) & 1))
		i++;
	return i;
}

Test(capture_privacy, keeps_what_a_prefix_covers)
{
	static const struct {
		unsigned int prefix;
		bool ipv6;
		size_t size;
		const char *kept;
	} cuts[] = {
		{32, false, 4, "\xff\xff\xff\xff"},
		{31, false, 4, "\xff\xff\xff\xfe"},
		{24, false, 3, "\xff\xff\xff"},
		{20, false, 3, "\xff\xff\xf0"},
		{1, false, 1, "\x80"},
		{48, true, 6, "\xff\xff\xff\xff\xff\xff"},
		{49, true, 7, "\xff\xff\xff\xff\xff\xff\x80"},
	};
	uint8_t address[16], kept[16];

	memset(address, 0xff, sizeof(address));
	for (unsigned int i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		struct capture_privacy privacy = {
			.ipv4_prefix = cuts[i].prefix, .ipv6_prefix = cuts[i].prefix};

		cr_expect_eq(capture_privacy_apply(&privacy, cuts[i].ipv6, address, kept),
			cuts[i].size, "/%u", cuts[i].prefix);
		cr_expect_arr_eq(kept, cuts[i].kept, cuts[i].size, "/%u", cuts[i].prefix);
	}
}

Test(capture_privacy, pseudonyms_share_the_prefixes_that_addresses_share)
{
	struct capture_privacy privacy = {.ipv4_prefix = 32,
		.ipv6_prefix = 128,
		.pseudonyms = true,
		.key = "0123456789abcde"};
	unsigned int same = 0;

	srand(1);
	for (unsigned int i = 0; i < 2000; i++) {
		bool ipv6 = i % 2;
		unsigned int bits = ipv6 ? 128 : 32, share = (unsigned int)rand() % bits;
		uint8_t a[16], b[16], x[16], y[16];

		for (unsigned int k = 0; k < 16; k++)
			a[k] = (uint8_t)rand();
		memcpy(b, a, sizeof(b));
		b[share / 8] ^= (uint8_t)(0x80 >> share % 8);
		if (share / 8 < 15)
			b[share / 8 + 1] = (uint8_t)rand();
		cr_assert_eq(capture_privacy_apply(&privacy, ipv6, a, x), bits / 8);
		cr_assert_eq(capture_privacy_apply(&privacy, ipv6, b, y), bits / 8);
		cr_expect_eq(bits_shared(x, y, bits), share);
		same += bits_shared(a, x, bits) >= 16;
	}
	cr_expect_lt(same, 10, "%u pseudonyms are like their addresses", same);
}

Test(capture_privacy, clients_of_one_prefix_are_one_address)
{
	struct capture_settings settings = settings_of();

	settings.privacy.ipv4_prefix = 24;
	for (unsigned int pseudonyms = 0; pseudonyms < 2; pseudonyms++) {
		struct capture_block *block;

		settings.privacy.pseudonyms = pseudonyms;
		block = capture_block_new(&settings);
		for (unsigned int i = 0; i < 512; i++) {
			struct capture_record record = {.client = {198, 18, i / 256, i % 256}};

			cr_assert(capture_block_add(block, &record, 1));
			cr_expect_eq(block->items[i].address, 1 + i / 256);
		}
		/* and the server's own */
		cr_expect_eq(block->addresses.count, 3);
		capture_block_free(block);
	}
}

/* ---- time ---- */

Test(capture_clock, makes_times_of_ticks_and_sees_a_step)
{
	struct capture_moment now = {.ticks = 1000, .monotonic_ns = 5, .real_ns = 1000000000};
	struct capture_clock clock;

	capture_clock_begin(&clock, &now);
	/* 3 ticks a nanosecond */
	for (unsigned int i = 0; i < 100; i++) {
		now.ticks += 60000000;
		now.monotonic_ns += 20000000;
		now.real_ns += 20000100;
		cr_assert_eq(capture_clock_turn(&clock, &now), 0);
	}
	cr_expect_eq(capture_clock_time(&clock, now.ticks), now.real_ns);
	cr_expect_lt(llabs(capture_clock_time(&clock, now.ticks - 3000) - (now.real_ns - 1000)), 3);
	cr_expect_lt(llabs(capture_clock_time(&clock, now.ticks + 3000) - (now.real_ns + 1000)), 3);
	now.real_ns -= INT64_C(3600000000000);
	cr_expect_eq(capture_clock_turn(&clock, &now), INT64_C(-3600000000000));
	cr_expect_eq(capture_clock_turn(&clock, &now), 0);
	cr_expect_eq(capture_clock_time(&clock, now.ticks), now.real_ns);
}
