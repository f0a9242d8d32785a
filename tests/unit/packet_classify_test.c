/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>

#include "packet_frame.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *
word(enum packet_verdict verdict)
{
	return packet_verdict_names[verdict];
}

Test(packet_classify, has_a_word_for_each_verdict)
{
	for (unsigned int i = 0; i < PACKET_VERDICTS; i++) {
		cr_assert_not_null(packet_verdict_names[i], "%u", i);
		for (unsigned int k = 0; k < i; k++)
			cr_expect_str_neq(packet_verdict_names[i], packet_verdict_names[k]);
	}
}

Test(packet_classify, takes_a_query_behind_any_tags_and_says_where_it_is)
{
	for (unsigned int variant = 0; variant < 6; variant++) {
		for (size_t length = 0; length < 70; length++) {
			struct frame f = frame_make(variant % 2, variant / 2, length);
			struct packet_layout l = {0};

			cr_assert_eq(frame_classify(&f, &service, check_all, &l), PACKET_OURS);
			cr_expect_eq(l.ip_offset, f.ip);
			cr_expect_eq(l.udp_offset, f.udp);
			cr_expect_eq(l.message_offset, f.message);
			cr_expect_eq(l.message_length, length);
			cr_expect_eq(l.ipv6, f.ipv6);
		}
	}
}

Test(packet_classify, takes_a_query_to_the_last_service_address)
{
	struct frame f4 = frame_make(false, 0, 20), f6 = frame_make(true, 0, 20);

	memcpy(f4.octets + f4.ip + 16, service.ipv4[1], 4);
	frame_sign(&f4);
	memcpy(f6.octets + f6.ip + 24, service.ipv6[1], 16);
	frame_sign(&f6);
	cr_expect_eq(frame_judge(&f4), PACKET_OURS);
	cr_expect_eq(frame_judge(&f6), PACKET_OURS);
}

Test(packet_classify, takes_nothing_when_there_is_no_service_address)
{
	static const struct packet_service none;
	struct frame f4 = frame_make(false, 0, 20), f6 = frame_make(true, 0, 20);
	struct packet_layout l;

	cr_expect_eq(frame_classify(&f4, &none, check_all, &l), PACKET_FOREIGN_ADDRESS);
	cr_expect_eq(frame_classify(&f6, &none, check_all, &l), PACKET_FOREIGN_ADDRESS);
}

Test(packet_classify, counts_the_service_addresses)
{
	struct packet_service one = service;
	struct frame f4 = frame_make(false, 0, 20), f6 = frame_make(true, 0, 20);
	struct packet_layout l;

	memcpy(f4.octets + f4.ip + 16, service.ipv4[1], 4);
	memcpy(f6.octets + f6.ip + 24, service.ipv6[1], 16);
	one.ipv4_count = one.ipv6_count = 1;
	cr_expect_eq(frame_classify(&f4, &one, check_all, &l), PACKET_FOREIGN_ADDRESS);
	cr_expect_eq(frame_classify(&f6, &one, check_all, &l), PACKET_FOREIGN_ADDRESS);
}

/* As soon as a frame shows whose it is, its end is not our concern. */
Test(packet_classify, leaves_short_frames_to_those_whose_they_are)
{
	struct frame f = frame_make(false, 0, 0);

	frame_put16(&f, 12, 0x0806);
	f.length = 14;
	cr_expect_eq(frame_judge(&f), PACKET_FOREIGN_ETHERTYPE);
	f = frame_make(false, 1, 0);
	frame_put16(&f, 16, 0x0806);
	f.length = 18;
	cr_expect_eq(frame_judge(&f), PACKET_FOREIGN_ETHERTYPE);
	f = frame_make(false, 0, 0);
	f.octets[f.ip + 9] = 6;
	f.length = 34;
	cr_expect_eq(frame_judge(&f), PACKET_FOREIGN_PROTOCOL);
	f = frame_make(true, 0, 0);
	f.octets[f.ip + 6] = 6;
	f.length = 54;
	cr_expect_eq(frame_judge(&f), PACKET_FOREIGN_PROTOCOL);
}

Test(packet_classify, drops_every_frame_that_is_cut_but_takes_padding)
{
	for (unsigned int variant = 0; variant < 6; variant++) {
		struct frame f = frame_make(variant % 2, variant / 2, 20);
		size_t whole = f.length;

		for (f.length = 0; f.length < whole; f.length++)
			cr_expect_eq(frame_judge(&f), PACKET_DROP_LENGTH, "variant %u, %zu octets",
				variant, f.length);
		f.length = whole + 1;
		cr_expect_eq(frame_judge(&f), PACKET_OURS);
		f.length = whole + 46;
		cr_expect_eq(frame_judge(&f), PACKET_OURS);
	}
}

/* One 16-bit field set to a value; checksums made right again. */
static const struct {
	const char *what;
	bool ipv6;
	enum { AT_FRAME, AT_IP, AT_UDP } base;
	unsigned int offset, value;
	enum packet_verdict verdict;
} fields[] = {
	{"ARP", false, AT_FRAME, 12, 0x0806, PACKET_FOREIGN_ETHERTYPE},
	{"a length for an EtherType", false, AT_FRAME, 12, 48, PACKET_FOREIGN_ETHERTYPE},
	{"MPLS", true, AT_FRAME, 12, 0x8847, PACKET_FOREIGN_ETHERTYPE},
	{"IPv6 behind IPv4's EtherType", true, AT_FRAME, 12, 0x0800, PACKET_FOREIGN_ETHERTYPE},
	{"IPv4 behind IPv6's EtherType, short", false, AT_FRAME, 12, 0x86dd,
		PACKET_FOREIGN_ETHERTYPE},
	{"to a group of stations", false, AT_FRAME, 0, 0x0300, PACKET_FOREIGN_ADDRESS},
	{"to a group of stations", true, AT_FRAME, 0, 0x0300, PACKET_FOREIGN_ADDRESS},
	{"to all stations", true, AT_FRAME, 0, 0xffff, PACKET_FOREIGN_ADDRESS},
	{"from a group of stations", false, AT_FRAME, 6, 0x0300, PACKET_DROP_SOURCE},
	{"from a group of stations", true, AT_FRAME, 6, 0x0300, PACKET_DROP_SOURCE},
	{"IHL 4", false, AT_IP, 0, 0x4400, PACKET_DROP_LENGTH},
	{"IHL 6", false, AT_IP, 0, 0x4600, PACKET_FOREIGN_OPTIONS},
	{"IHL 15", false, AT_IP, 0, 0x4f00, PACKET_FOREIGN_OPTIONS},
	{"total length 0", false, AT_IP, 2, 0, PACKET_DROP_LENGTH},
	{"total length of less than a header", false, AT_IP, 2, 19, PACKET_DROP_LENGTH},
	{"total length of a header", false, AT_IP, 2, 20, PACKET_DROP_LENGTH},
	{"total length of half a UDP header", false, AT_IP, 2, 27, PACKET_DROP_LENGTH},
	{"total length one too small", false, AT_IP, 2, 47, PACKET_DROP_LENGTH},
	{"total length one too large", false, AT_IP, 2, 49, PACKET_DROP_LENGTH},
	{"total length 65535", false, AT_IP, 2, 65535, PACKET_DROP_LENGTH},
	{"DF", false, AT_IP, 6, 0x4000, PACKET_OURS},
	{"the reserved flag", false, AT_IP, 6, 0x8000, PACKET_OURS},
	{"MF: the first fragment", false, AT_IP, 6, 0x2000, PACKET_FOREIGN_FRAGMENT},
	{"offset 1", false, AT_IP, 6, 1, PACKET_FOREIGN_FRAGMENT},
	{"the last offset", false, AT_IP, 6, 0x1fff, PACKET_FOREIGN_FRAGMENT},
	{"TCP", false, AT_IP, 8, 0x4006, PACKET_FOREIGN_PROTOCOL},
	{"ICMP", false, AT_IP, 8, 0x4001, PACKET_FOREIGN_PROTOCOL},
	{"TTL 0", false, AT_IP, 8, 0x0011, PACKET_OURS},
	{"payload length 0: a jumbogram", true, AT_IP, 4, 0, PACKET_DROP_LENGTH},
	{"payload length of half a UDP header", true, AT_IP, 4, 7, PACKET_DROP_LENGTH},
	{"payload length one too small", true, AT_IP, 4, 27, PACKET_DROP_LENGTH},
	{"payload length one too large", true, AT_IP, 4, 29, PACKET_DROP_LENGTH},
	{"hop-by-hop options", true, AT_IP, 6, 0x0040, PACKET_FOREIGN_OPTIONS},
	{"routing header", true, AT_IP, 6, 0x2b40, PACKET_FOREIGN_OPTIONS},
	{"fragment header", true, AT_IP, 6, 0x2c40, PACKET_FOREIGN_FRAGMENT},
	{"destination options", true, AT_IP, 6, 0x3c40, PACKET_FOREIGN_OPTIONS},
	{"AH", true, AT_IP, 6, 0x3340, PACKET_FOREIGN_OPTIONS},
	{"ESP", true, AT_IP, 6, 0x3240, PACKET_FOREIGN_OPTIONS},
	{"TCP", true, AT_IP, 6, 0x0640, PACKET_FOREIGN_PROTOCOL},
	{"ICMPv6", true, AT_IP, 6, 0x3a40, PACKET_FOREIGN_PROTOCOL},
	{"no next header", true, AT_IP, 6, 0x3b40, PACKET_FOREIGN_PROTOCOL},
	{"port 52", false, AT_UDP, 2, 52, PACKET_FOREIGN_PORT},
	{"port 54", true, AT_UDP, 2, 54, PACKET_FOREIGN_PORT},
	{"port 53 in the wrong order", false, AT_UDP, 2, 53 << 8, PACKET_FOREIGN_PORT},
	{"UDP length 0", false, AT_UDP, 4, 0, PACKET_DROP_LENGTH},
	{"UDP length 7", true, AT_UDP, 4, 7, PACKET_DROP_LENGTH},
	{"UDP length one too small", false, AT_UDP, 4, 27, PACKET_DROP_LENGTH},
	{"UDP length one too large", true, AT_UDP, 4, 29, PACKET_DROP_LENGTH},
};

Test(packet_classify, judges_each_field)
{
	for (size_t i = 0; i < COUNT(fields); i++) {
		struct frame f = frame_make(fields[i].ipv6, 0, 20);
		const size_t bases[] = {0, f.ip, f.udp};
		uint8_t protocol;

		frame_put16(&f, bases[fields[i].base] + fields[i].offset, fields[i].value);
		protocol = f.octets[f.ip + (f.ipv6 ? 6 : 9)];
		if (protocol == 17 && frame_get16(&f, f.udp + 4) == 28)
			frame_sign(&f);
		cr_expect_eq(frame_judge(&f), fields[i].verdict, "%s: %s, not %s", fields[i].what,
			word(frame_judge(&f)), word(fields[i].verdict));
	}
}

Test(packet_classify, leaves_a_third_tag_to_others)
{
	struct frame f = frame_make(false, 2, 20);

	memmove(f.octets + 16, f.octets + 12, f.length - 12);
	f.length += 4;
	cr_expect_eq(frame_judge(&f), PACKET_FOREIGN_ETHERTYPE);
}

Test(packet_classify, takes_tags_of_either_kind_in_any_order)
{
	static const unsigned int kinds[] = {0x8100, 0x88a8};

	for (unsigned int i = 0; i < 4; i++) {
		struct frame f = frame_make(i % 2, 2, 20);

		frame_put16(&f, 12, kinds[i % 2]);
		frame_put16(&f, 16, kinds[i / 2]);
		cr_expect_eq(frame_judge(&f), PACKET_OURS);
	}
	for (unsigned int i = 0; i < 2; i++) {
		struct frame f = frame_make(false, 1, 20);

		frame_put16(&f, 12, kinds[i]);
		cr_expect_eq(frame_judge(&f), PACKET_OURS);
		frame_put16(&f, 12, 0x9100);
		cr_expect_eq(frame_judge(&f), PACKET_FOREIGN_ETHERTYPE);
	}
}

/* What is not ours is not dropped, however wrong it is otherwise. */
Test(packet_classify, asks_whose_it_is_before_what_is_wrong_with_it)
{
	for (unsigned int ipv6 = 0; ipv6 < 2; ipv6++) {
		struct frame f = frame_make(ipv6, 0, 20);

		f.octets[f.message] ^= 1; /* the checksum is wrong */
		memset(f.octets + f.ip + (ipv6 ? 8 : 12), 0xff, 4);
		frame_put16(&f, f.udp, 0);
		frame_put16(&f, f.udp + 4, 3);
		cr_expect_eq(frame_judge(&f), PACKET_DROP_LENGTH);
		frame_put16(&f, f.udp + 2, 123);
		cr_expect_eq(frame_judge(&f), PACKET_FOREIGN_PORT);
		f.octets[f.ip + (ipv6 ? 6 : 9)] = ipv6 ? 58 : 1;
		cr_expect_eq(frame_judge(&f), PACKET_FOREIGN_PROTOCOL);
		f.octets[f.udp - 1] += 2;
		cr_expect_eq(frame_judge(&f), PACKET_FOREIGN_ADDRESS);
	}
}

Test(packet_classify, finds_every_single_wrong_bit_that_a_checksum_covers)
{
	for (unsigned int ipv6 = 0; ipv6 < 2; ipv6++) {
		struct frame f = frame_make(ipv6, 0, 33);

		for (size_t bit = 8 * f.ip; bit < 8 * f.length; bit++) {
			enum packet_verdict verdict;

			f.octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
			verdict = frame_judge(&f);
			f.octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
			/* traffic class, flow label and hop limit are in no checksum */
			if (ipv6 && (bit / 8 < f.ip + 4 || bit / 8 == f.ip + 7))
				continue;
			cr_expect_neq(verdict, PACKET_OURS, "bit %zu", bit);
		}
	}
}

Test(packet_classify, checks_only_the_checksums_that_it_is_told_to)
{
	struct frame f4 = frame_make(false, 0, 20), f6 = frame_make(true, 0, 20);
	struct packet_check only_ip = {.ip = true}, only_udp = {.udp = true}, none = {false};
	struct packet_layout l;

	f4.octets[f4.message] ^= 1;
	f6.octets[f6.message] ^= 1;
	cr_expect_eq(frame_classify(&f4, &service, check_all, &l), PACKET_DROP_UDP_CHECKSUM);
	cr_expect_eq(frame_classify(&f6, &service, check_all, &l), PACKET_DROP_UDP_CHECKSUM);
	cr_expect_eq(frame_classify(&f4, &service, only_ip, &l), PACKET_OURS);
	cr_expect_eq(frame_classify(&f6, &service, none, &l), PACKET_OURS);
	f4 = frame_make(false, 0, 20);
	f4.octets[f4.ip + 8]++;
	cr_expect_eq(frame_classify(&f4, &service, check_all, &l), PACKET_DROP_IP_CHECKSUM);
	cr_expect_eq(frame_classify(&f4, &service, only_udp, &l), PACKET_OURS);
}

Test(packet_classify, takes_a_missing_checksum_over_ipv4_only)
{
	struct frame f4 = frame_make(false, 0, 20), f6 = frame_make(true, 0, 20);
	struct packet_check none = {false};
	struct packet_layout l;

	frame_put16(&f4, f4.udp + 6, 0);
	frame_put16(&f6, f6.udp + 6, 0);
	cr_expect_eq(frame_judge(&f4), PACKET_OURS);
	cr_expect_eq(frame_judge(&f6), PACKET_DROP_UDP_CHECKSUM);
	cr_expect_eq(frame_classify(&f6, &service, none, &l), PACKET_DROP_UDP_CHECKSUM);
}

Test(packet_classify, takes_a_checksum_that_came_out_as_zero)
{
	for (unsigned int ipv6 = 0; ipv6 < 2; ipv6++) {
		struct frame f = frame_make(ipv6, 0, 20);
		uint32_t sum;

		/* what the checksum is goes into the message: then it becomes zero */
		frame_put16(&f, f.message, 0);
		sum = frame_udp_checksum(&f);
		frame_put16(&f, f.message, sum);
		frame_sign(&f);
		cr_assert_eq(frame_get16(&f, f.udp + 6), 0xffff);
		cr_expect_eq(frame_judge(&f), PACKET_OURS);
	}
}

static const struct {
	uint8_t address[4];
	enum packet_verdict verdict;
} sources4[] = {
	{{0, 0, 0, 0}, PACKET_DROP_SOURCE},
	{{0, 255, 255, 255}, PACKET_DROP_SOURCE},
	{{1, 0, 0, 0}, PACKET_OURS},
	{{126, 255, 255, 255}, PACKET_OURS},
	{{127, 0, 0, 0}, PACKET_DROP_SOURCE},
	{{127, 255, 255, 255}, PACKET_DROP_SOURCE},
	{{128, 0, 0, 0}, PACKET_OURS},
	{{223, 255, 255, 255}, PACKET_OURS},
	{{224, 0, 0, 0}, PACKET_DROP_SOURCE},
	{{239, 255, 255, 255}, PACKET_DROP_SOURCE},
	{{240, 0, 0, 0}, PACKET_DROP_SOURCE},
	{{255, 255, 255, 255}, PACKET_DROP_SOURCE},
	{{198, 18, 0, 53}, PACKET_DROP_SOURCE},
	{{198, 18, 0, 54}, PACKET_DROP_SOURCE},
	{{198, 18, 0, 55}, PACKET_OURS},
};

static const struct {
	uint8_t address[16];
	enum packet_verdict verdict;
} sources6[] = {
	{{0}, PACKET_DROP_SOURCE},
	{{[15] = 1}, PACKET_DROP_SOURCE},
	{{[15] = 2}, PACKET_OURS},
	{{[14] = 1, [15] = 1}, PACKET_OURS},
	{{[0] = 1, [15] = 1}, PACKET_OURS},
	{{[10] = 0xff, [11] = 0xff, [12] = 198, [13] = 18, [15] = 1}, PACKET_DROP_SOURCE},
	{{[10] = 0xff, [11] = 0xfe, [12] = 198, [13] = 18, [15] = 1}, PACKET_OURS},
	{{0xfe, 0x80, [15] = 1}, PACKET_OURS},
	{{0xfe, 0xff, [15] = 1}, PACKET_OURS},
	{{0xff, 0, [15] = 1}, PACKET_DROP_SOURCE},
	{{0xff, 0x0e, [15] = 1}, PACKET_DROP_SOURCE},
	{{0x20, 0x01, 0x0d, 0xb8, [15] = 0x53}, PACKET_DROP_SOURCE},
	{{0x20, 0x01, 0x0d, 0xb8, [15] = 0x54}, PACKET_DROP_SOURCE},
	{{0x20, 0x01, 0x0d, 0xb8, [15] = 0x55}, PACKET_OURS},
};

Test(packet_classify, drops_sources_that_must_not_be_answered)
{
	for (size_t i = 0; i < COUNT(sources4); i++) {
		struct frame f = frame_make(false, 0, 20);

		memcpy(f.octets + f.ip + 12, sources4[i].address, 4);
		frame_sign(&f);
		cr_expect_eq(frame_judge(&f), sources4[i].verdict, "row %zu", i);
	}
	for (size_t i = 0; i < COUNT(sources6); i++) {
		struct frame f = frame_make(true, 0, 20);

		memcpy(f.octets + f.ip + 8, sources6[i].address, 16);
		frame_sign(&f);
		cr_expect_eq(frame_judge(&f), sources6[i].verdict, "row %zu", i);
	}
}

Test(packet_classify, drops_source_ports_of_services_that_answer_answers)
{
	static const unsigned int ports[] = {0, 7, 13, 17, 19, 37};

	for (unsigned int ipv6 = 0; ipv6 < 2; ipv6++) {
		struct frame f = frame_make(ipv6, 0, 20);

		for (unsigned int port = 0; port <= 65535; port += port < 64 ? 1 : 13) {
			bool listed = false;

			for (size_t i = 0; i < COUNT(ports); i++)
				listed |= ports[i] == port;
			frame_put16(&f, f.udp, port);
			frame_sign(&f);
			cr_expect_eq(frame_judge(&f),
				listed ? PACKET_DROP_SOURCE_PORT : PACKET_OURS, "port %u", port);
		}
	}
}

Test(packet_classify, survives_any_octets)
{
	unsigned int seed = 20260731, state = seed;

	cr_log_info("seed %u", seed);
	for (unsigned int i = 0; i < 100000; i++) {
		struct frame f = frame_make(i % 2, i / 2 % 3, i % 64);
		struct packet_layout l;

		for (unsigned int k = 0; k < 1 + i % 5; k++)
			f.octets[(unsigned int)rand_r(&state) % f.length] = (uint8_t)rand_r(&state);
		if (i % 3 == 0)
			f.length = (unsigned int)rand_r(&state) % (f.length + 1);
		if (frame_classify(&f, &service, (struct packet_check){false}, &l) != PACKET_OURS)
			continue;
		cr_assert(l.ip_offset < l.udp_offset && l.udp_offset + 8 == l.message_offset);
		cr_assert(l.message_offset + (size_t)l.message_length <= f.length);
	}
}
