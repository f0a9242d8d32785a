/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <rte_ip.h>

#include "packet_frame.h"

static uint32_t
folded(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

Test(packet_sum, equals_the_naive_one_for_any_length_and_alignment)
{
	uint8_t octets[2100];
	unsigned int seed = 1071, state = seed;

	cr_log_info("seed %u", seed);
	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)rand_r(&state);
	for (size_t length = 0; length <= 2048; length += length < 300 ? 1 : 97)
		for (size_t offset = 0; offset < 9; offset++)
			cr_expect_eq(folded(packet_sum(octets + offset, length)),
				naive_sum(0, octets + offset, length), "%zu octets at %zu", length,
				offset);
}

Test(packet_sum, does_not_overflow_on_the_longest_datagram)
{
	uint8_t *octets = malloc(65535);

	cr_assert_not_null(octets);
	memset(octets, 0xff, 65535);
	cr_expect_eq(folded(packet_sum(octets, 65535)), naive_sum(0, octets, 65535));
	memset(octets, 0, 65535);
	cr_expect_eq(packet_sum(octets, 65535), 0);
	free(octets);
}

Test(packet_sum, carries_what_a_carry_brings)
{
	uint8_t octets[17 * 4];
	uint32_t last = 15; /* with it the sum of 32-bit words is 16 * 2^32 - 1 */

	memset(octets, 0xff, sizeof(octets));
	memcpy(octets + 16 * 4, &last, 4);
	cr_expect_eq(
		folded(packet_sum(octets, sizeof(octets))), naive_sum(0, octets, sizeof(octets)));
}

/* A query's frame with a message of another length in it, turned around. */
static struct frame
reply_make(const struct frame *query, size_t message_length, bool offload)
{
	struct frame f = *query;
	struct packet_layout l;
	uint8_t *block;

	cr_assert_eq(frame_classify(&f, &service, check_all, &l), PACKET_OURS);
	for (size_t i = 0; i < message_length; i++)
		f.octets[f.message + i] = (uint8_t)(i * i + 3);
	f.length = f.message + message_length;
	block = malloc(f.length + 1);
	cr_assert_not_null(block);
	memcpy(block + 1, f.octets, f.length);
	cr_expect_eq(packet_reply(block + 1, &l, message_length, offload), f.length);
	memcpy(f.octets, block + 1, f.length);
	free(block);
	return f;
}

/* The client's view: its own address is the service. */
static enum packet_verdict
client_judges(const struct frame *reply, unsigned int client_port)
{
	struct packet_service client = {.ipv4_count = 1, .ipv6_count = 1};
	struct frame f = *reply;
	struct packet_layout l = {0};
	enum packet_verdict verdict;

	memcpy(client.ipv4[0], client4, 4);
	memcpy(client.ipv6[0], client6, 16);
	cr_expect_eq(frame_get16(&f, f.udp), 53);
	cr_expect_eq(frame_get16(&f, f.udp + 2), client_port);
	/* both ports exchanged leave the sum as it is */
	frame_put16(&f, f.udp, client_port);
	frame_put16(&f, f.udp + 2, 53);
	verdict = frame_classify(&f, &client, check_all, &l);
	cr_expect_eq(l.message_length, f.length - f.message);
	cr_expect_eq(l.message_offset, f.message);
	return verdict;
}

Test(packet_reply, is_a_datagram_that_the_client_takes)
{
	for (unsigned int variant = 0; variant < 6; variant++) {
		struct frame query = frame_make(variant % 2, variant / 2, 33);

		for (size_t length = 12; length <= 1232; length += length < 64 ? 1 : 73) {
			struct frame reply = reply_make(&query, length, false);

			cr_expect_eq(
				client_judges(&reply, 4711), PACKET_OURS, "%zu octets", length);
			cr_expect_neq(frame_get16(&reply, reply.udp + 6), 0);
			cr_expect_eq(
				frame_get16(&reply, reply.udp + 6), frame_udp_checksum(&reply));
		}
	}
}

Test(packet_reply, exchanges_addresses_and_ports_and_keeps_tags)
{
	for (unsigned int variant = 0; variant < 6; variant++) {
		struct frame q = frame_make(variant % 2, variant / 2, 33);
		struct frame r = reply_make(&q, 50, false);
		size_t size = q.ipv6 ? 16 : 4;
		size_t source = q.ip + (q.ipv6 ? 8 : 12), destination = source + size;

		cr_expect_arr_eq(r.octets, q.octets + 6, 6);
		cr_expect_arr_eq(r.octets + 6, q.octets, 6);
		cr_expect_arr_eq(r.octets + 12, q.octets + 12, q.ip - 12);
		cr_expect_arr_eq(r.octets + source, q.octets + destination, size);
		cr_expect_arr_eq(r.octets + destination, q.octets + source, size);
		cr_expect_eq(frame_get16(&r, r.udp), 53);
		cr_expect_eq(frame_get16(&r, r.udp + 2), 4711);
		cr_expect_eq(frame_get16(&r, r.udp + 4), 58);
	}
}

Test(packet_reply, has_an_ip_header_of_its_own)
{
	static const uint8_t head4[] = {0x45, 0, 0, 78, 0, 0, 0x40, 0, 64, 17};
	static const uint8_t head6[] = {0x60, 0, 0, 0, 0, 58, 17, 64};
	struct frame q4 = frame_make(false, 0, 33), q6 = frame_make(true, 0, 33);
	struct frame r4 = reply_make(&q4, 50, false), r6 = reply_make(&q6, 50, false);

	cr_expect_arr_eq(r4.octets + r4.ip, head4, sizeof(head4));
	cr_expect_arr_eq(r6.octets + r6.ip, head6, sizeof(head6));
}

/* DPDK's word on what a NIC wants to find. */
Test(packet_reply, leaves_to_the_nic_what_it_fills_in)
{
	for (unsigned int variant = 0; variant < 6; variant++) {
		struct frame q = frame_make(variant % 2, variant / 2, 33);
		struct frame r = reply_make(&q, 151, true);
		struct frame whole = reply_make(&q, 151, false);
		union {
			struct rte_ipv4_hdr ipv4;
			struct rte_ipv6_hdr ipv6;
			uint8_t octets[40];
		} header;
		uint16_t expected, found;

		memcpy(header.octets, r.octets + r.ip, r.udp - r.ip);
		expected = r.ipv6 ? rte_ipv6_phdr_cksum(&header.ipv6, 0)
				  : rte_ipv4_phdr_cksum(&header.ipv4, 0);
		memcpy(&found, r.octets + r.udp + 6, 2);
		cr_expect_eq(found, expected);
		cr_expect_eq(frame_get16(&r, r.udp + 6), frame_pseudo_sum(&r));
		memcpy(r.octets + r.udp + 6, whole.octets + whole.udp + 6, 2);
		if (!r.ipv6) {
			cr_expect_eq(frame_get16(&r, r.ip + 10), 0);
			memcpy(r.octets + r.ip + 10, whole.octets + whole.ip + 10, 2);
		}
		cr_expect_arr_eq(r.octets, whole.octets, whole.length);
	}
}

Test(packet_reply, never_says_that_there_is_no_checksum)
{
	for (unsigned int ipv6 = 0; ipv6 < 2; ipv6++) {
		struct frame q = frame_make(ipv6, 0, 33), r = reply_make(&q, 33, false);
		struct packet_layout l;

		cr_assert_eq(frame_classify(&q, &service, check_all, &l), PACKET_OURS);
		/* what the checksum is goes into the message: then it becomes zero */
		frame_put16(&r, r.message, 0);
		frame_put16(&r, r.message, frame_udp_checksum(&r));
		memcpy(q.octets + q.message, r.octets + r.message, 33);
		packet_reply(q.octets, &l, 33, false);
		cr_expect_eq(frame_get16(&q, q.udp + 6), 0xffff);
	}
}
