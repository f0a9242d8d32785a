/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs on: lcore. The headers in front of a reply: the query's, turned around in place. */
#ifndef WORKER_BURST_TURN_H
#define WORKER_BURST_TURN_H

#include "image/sum.h"
#include "packet/packet.h"
#include "worker/frame.h"
#include "worker/vector.h"

/* Version 4, IHL 5; ID 0, DF (RFC 6864); TTL 64, UDP: in memory's order */
enum { IPV4_FIRST = 0x45, IPV4_THIRD = 0x40, IPV4_TTL = 64 | UDP_PROTOCOL << 8 };
/* Version 6, class and label 0; UDP, hop limit 64 */
enum { IPV6_FIRST = 0x60, IPV6_HOPS = UDP_PROTOCOL | 64 << 8 };

/* @param addresses  both, as they stand in the header */
static inline uint16_t
ipv4_checksum(uint64_t addresses, unsigned int total_length)
{
	uint64_t sum = IPV4_FIRST + IPV4_THIRD + IPV4_TTL + BE16(total_length) +
		       (addresses & UINT32_MAX) + (addresses >> 32);

	return (uint16_t)~image_sum_fold(sum);
}

#if defined(__AVX512BW__)
/*
 * Both families alike, as nobody could foresee which is next: the headers' words change places,
 * then what is always the same is put in, then what is not.
 *
 * @param udp_length, udp_checksum  the latter as it is to be stored
 * @param offload                   a NIC fills in the IPv4 header's checksum
 */
static inline void
frame_turn(uint8_t *frame, bool ipv6, unsigned int udp_length, uint16_t udp_checksum,
	const bool offload)
{
	/* [is IPv6]; where each word comes from: Ethernet's addresses, IP's, ports */
	static const _Alignas(64) uint16_t places[2][32] = {
		{3, 4, 5, 0, 1, 2, 6, 7, 8, 9, 10, 11, 12, 15, 16, 13, 14, 18, 17},
		{3, 4, 5, 0, 1, 2, 6, 7, 8, 9, 10, 19, 20, 21, 22, 23, 24, 25, 26, 11, 12, 13, 14,
			15, 16, 17, 18, 28, 27}};
	static const _Alignas(64)
		uint16_t fixed[2][32] = {{[7] = IPV4_FIRST, [10] = IPV4_THIRD, [11] = IPV4_TTL},
			{[7] = IPV6_FIRST, [10] = IPV6_HOPS}};
	static const __mmask32 are_fixed[2] = {
		1 << 7 | 1 << 9 | 1 << 10 | 1 << 11, 1 << 7 | 1 << 8 | 1 << 10};
	/* up to the end of UDP's header */
	static const __mmask32 are_ours[2] = {(1u << 21) - 1, (1u << 31) - 1};
	static const uint8_t length_at[2] = {16, 18}, checksum_at[2] = {24, 18};
	unsigned int length = udp_length + IPV4_SIZE * !ipv6;
	/* of no meaning for IPv6, and overwritten at once */
	uint16_t checksum = offload ? 0 : ipv4_checksum(load64(frame + 26), length);
	__m512i v = _mm512_loadu_si512(frame);

	v = _mm512_permutexvar_epi16(_mm512_load_si512(places[ipv6]), v);
	v = _mm512_mask_mov_epi16(v, are_fixed[ipv6], _mm512_load_si512(fixed[ipv6]));
	_mm512_mask_storeu_epi16(frame, are_ours[ipv6], v);
	store16(frame + checksum_at[ipv6], checksum);
	store16(frame + length_at[ipv6], BE16(length));
	store32(frame + ETHER_SIZE + ip_size(ipv6) + 4,
		BE16(udp_length) | (uint32_t)udp_checksum << 16);
}
#else
static inline void
ip_turn(uint8_t *ip, bool ipv6, unsigned int udp_length, const bool offload)
{
	if (ipv6) {
		uint64_t first = load64(ip + 8), second = load64(ip + 16);

		store64(ip,
			IPV6_FIRST | (uint64_t)BE16(udp_length) << 32 | (uint64_t)IPV6_HOPS << 48);
		store64(ip + 8, load64(ip + 24));
		store64(ip + 16, load64(ip + 32));
		store64(ip + 24, first);
		store64(ip + 32, second);
	} else {
		unsigned int length = udp_length + IPV4_SIZE;
		uint64_t both = load64(ip + 12);
		uint32_t checksum = offload ? 0 : ipv4_checksum(both, length);

		store64(ip, IPV4_FIRST | (uint64_t)BE16(length) << 16 | (uint64_t)IPV4_THIRD << 48);
		store32(ip + 8, IPV4_TTL | checksum << 16);
		store64(ip + 12, both << 32 | both >> 32);
	}
}

/**
 * @param udp_checksum  as it is to be stored
 * @param offload       a NIC fills in the IPv4 header's checksum
 */
static inline void
frame_turn(uint8_t *frame, bool ipv6, unsigned int udp_length, uint16_t udp_checksum,
	const bool offload)
{
	uint64_t low = load64(frame), destination = low << 16 >> 16;
	uint64_t source = low >> 48 | (uint64_t)load32(frame + 8) << 16;
	uint8_t *ip = frame + ETHER_SIZE, *udp = ip + ip_size(ipv6);

	store64(frame, source | destination << 48);
	store32(frame + 8, (uint32_t)(destination >> 16));
	ip_turn(ip, ipv6, udp_length, offload);
	store64(udp, BE16(PACKET_DNS_PORT) | (uint64_t)load16(udp) << 16 |
			     (uint64_t)BE16(udp_length) << 32 | (uint64_t)udp_checksum << 48);
}
#endif

#endif
