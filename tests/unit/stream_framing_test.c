/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <string.h>

#include "stream/stream_priv.h"

static const struct {
	const char *what;
	uint8_t octets[4];
	size_t size;
	enum stream_framing framing;
} fronts[] = {
	{"nothing", {0}, 0, STREAM_FRAMING_PART},
	{"half a length", {0}, 1, STREAM_FRAMING_PART},
	{"length 0", {0, 0}, 2, STREAM_FRAMING_ZERO_LENGTH},
	{"length 1", {0, 1}, 2, STREAM_FRAMING_SHORT},
	{"length 11", {0, 11}, 2, STREAM_FRAMING_SHORT},
	{"length 12", {0, 12}, 2, STREAM_FRAMING_PART},
	{"length 12, and two octets of it", {0, 12, 1, 2}, 4, STREAM_FRAMING_PART},
	{"length 4096", {0x10, 0}, 2, STREAM_FRAMING_PART},
	{"length 4097", {0x10, 1}, 2, STREAM_FRAMING_LONG},
	{"length 65535", {0xff, 0xff}, 2, STREAM_FRAMING_LONG},
};

Test(stream_framing, is_judged_by_the_length_alone)
{
	for (size_t i = 0; i < sizeof(fronts) / sizeof(fronts[0]); i++) {
		size_t length = 77;

		cr_expect_eq(stream_frame(fronts[i].octets, fronts[i].size, &length),
			fronts[i].framing, "%s", fronts[i].what);
		cr_expect_eq(length, 77, "%s: no message, no length", fronts[i].what);
	}
}

Test(stream_framing, ends_a_message_at_its_last_octet)
{
	static uint8_t octets[2 + STREAM_MESSAGE_MAX + 1];
	static const size_t lengths[] = {12, 13, 255, 256, STREAM_MESSAGE_MAX};

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		size_t length;

		wire_u16_patch(octets, (uint16_t)lengths[i]);
		cr_expect_eq(stream_frame(octets, lengths[i] + 1, &length), STREAM_FRAMING_PART);
		for (size_t more = 2; more <= 3; more++) {
			length = 0;
			cr_expect_eq(stream_frame(octets, lengths[i] + more, &length),
				STREAM_FRAMING_MESSAGE);
			cr_expect_eq(length, lengths[i]);
		}
	}
}

Test(stream_framing, gives_the_idle_less_time_the_more_there_are)
{
	unsigned int before = 10000;

	cr_expect_eq(stream_idle_ms(10000, 0, 1000), 10000);
	cr_expect_eq(stream_idle_ms(10000, 500, 1000), 10000);
	cr_expect_eq(stream_idle_ms(10000, 700, 1000), 5500);
	cr_expect_eq(stream_idle_ms(10000, 900, 1000), STREAM_IDLE_MIN_MS);
	cr_expect_eq(stream_idle_ms(10000, 1000, 1000), STREAM_IDLE_MIN_MS);
	for (unsigned int count = 0; count <= 1000; count++) {
		unsigned int now = stream_idle_ms(10000, count, 1000);

		cr_assert_leq(now, before, "%u connections", count);
		before = now;
	}
	/* shorter than the least: it stays what was asked for; the least limit */
	cr_expect_eq(stream_idle_ms(200, 1000, 1000), 200);
	cr_expect_eq(stream_idle_ms(10000, 0, 1), 10000);
	cr_expect_eq(stream_idle_ms(10000, 1, 1), STREAM_IDLE_MIN_MS);
	cr_expect_eq(stream_idle_ms(3600000, UINT32_MAX, UINT32_MAX), STREAM_IDLE_MIN_MS);
}

Test(stream_framing, tells_keepalive_in_tenths_and_zero_under_pressure)
{
	cr_expect_eq(stream_keepalive(10000, 0, 1000), 100);
	cr_expect_eq(stream_keepalive(10000, 700, 1000), 55);
	cr_expect_eq(stream_keepalive(10000, 899, 1000), 12);
	cr_expect_eq(stream_keepalive(10000, 900, 1000), 0);
	cr_expect_eq(stream_keepalive(99, 0, 1000), 0);
	cr_expect_eq(stream_keepalive(36000000, 0, 1000), UINT16_MAX);
}

/* What differs in which networks it counts. */
static const struct {
	const char *what;
	uint8_t one[16], other[16];
	size_t one_size, other_size;
	bool same;
} networks[] = {
	{"one IPv4 /24", {198, 18, 0, 1}, {198, 18, 0, 254}, 4, 4, true},
	{"two IPv4 /24", {198, 18, 0, 1}, {198, 18, 1, 1}, 4, 4, false},
	{"one IPv6 /56", {0x20, 1, 0xd, 0xb8, 0, 0, 0, 1}, {0x20, 1, 0xd, 0xb8, 0, 0, 0, 2}, 16, 16,
		true},
	{"two IPv6 /56", {0x20, 1, 0xd, 0xb8, 0, 0, 1, 1}, {0x20, 1, 0xd, 0xb8, 0, 0, 2, 1}, 16, 16,
		false},
	{"the octets of one in the other family", {1, 2, 3}, {1, 2, 3}, 4, 16, false},
};

Test(stream_framing, counts_connections_of_a_network)
{
	struct stream_prefixes prefixes;

	cr_assert_eq(stream_prefixes_init(&prefixes, 1), 0);
	for (size_t i = 0; i < sizeof(networks) / sizeof(networks[0]); i++) {
		struct stream_prefix *one =
			stream_prefix_enter(&prefixes, networks[i].one, networks[i].one_size);
		struct stream_prefix *other =
			stream_prefix_enter(&prefixes, networks[i].other, networks[i].other_size);

		cr_expect_eq(one == other, networks[i].same, "%s", networks[i].what);
		cr_expect_eq(one->count, networks[i].same ? 2 : 1, "%s", networks[i].what);
		stream_prefix_leave(&prefixes, one);
		stream_prefix_leave(&prefixes, other);
	}
	stream_prefixes_free(&prefixes);
}

Test(stream_framing, forgets_networks_without_connections)
{
	enum { NETWORKS = 5000 };
	static struct stream_prefix *entered[NETWORKS];
	struct stream_prefixes prefixes;

	cr_assert_eq(stream_prefixes_init(&prefixes, 100), 0);
	for (unsigned int round = 0; round < 2; round++) {
		for (unsigned int i = 0; i < NETWORKS; i++) {
			const uint8_t address[4] = {10, (uint8_t)(i >> 8), (uint8_t)i, 1};

			entered[i] = stream_prefix_enter(&prefixes, address, 4);
			cr_assert_eq(entered[i]->count, 1);
		}
		for (unsigned int i = 0; i < NETWORKS; i++)
			stream_prefix_leave(&prefixes, entered[(i * 7) % NETWORKS]);
	}
	for (unsigned int i = 0; i <= prefixes.mask; i++)
		cr_assert_null(prefixes.buckets[i]);
	stream_prefixes_free(&prefixes);
}
