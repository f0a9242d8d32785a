/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs on: lcore. */
#include "packet/packet.h"

#include <string.h>

#include "packet/packet_priv.h"

enum { HOPS = 64 }; /* IANA "IP TIME TO LIVE PARAMETER" */

static void
exchange(uint8_t *a, uint8_t *b, size_t size)
{
	uint8_t kept[IPV6_ADDRESS_SIZE];

	memcpy(kept, a, size);
	memcpy(a, b, size);
	memcpy(b, kept, size);
}

/* No fragments on the way, so the ID means nothing (RFC 6864 4.1). */
static void
ipv4_turn(uint8_t *ip, size_t length, bool offload)
{
	static const uint8_t head[IPV4_SOURCE] = {
		[0] = 4 << 4 | IPV4_SIZE / 4,
		[IPV4_FRAGMENT] = IPV4_DF >> 8,
		[IPV4_TTL] = HOPS,
		[IPV4_PROTOCOL] = UDP_PROTOCOL,
	};

	memcpy(ip, head, sizeof(head));
	be16_write(ip + IPV4_LENGTH, (unsigned int)length);
	exchange(ip + IPV4_SOURCE, ip + IPV4_DESTINATION, IPV4_ADDRESS_SIZE);
	if (!offload)
		be16_write(ip + IPV4_CHECKSUM, (uint16_t)~sum_fold(packet_sum(ip, IPV4_SIZE)));
}

/* Traffic class and flow label 0 (RFC 6437 3: the source may leave the label unset). */
static void
ipv6_turn(uint8_t *ip, size_t length)
{
	static const uint8_t head[IPV6_SOURCE] = {
		[0] = 6 << 4,
		[IPV6_NEXT_HEADER] = UDP_PROTOCOL,
		[IPV6_HOP_LIMIT] = HOPS,
	};

	memcpy(ip, head, sizeof(head));
	be16_write(ip + IPV6_LENGTH, (unsigned int)(length - IPV6_SIZE));
	exchange(ip + IPV6_SOURCE, ip + IPV6_DESTINATION, IPV6_ADDRESS_SIZE);
}

size_t
packet_reply(
	uint8_t *frame, const struct packet_layout *layout, size_t message_length, bool offload)
{
	uint8_t *ip = frame + layout->ip_offset, *udp = frame + layout->udp_offset;
	size_t length = UDP_SIZE + message_length;
	size_t ip_length = layout->udp_offset - layout->ip_offset + length;
	uint32_t sum;
	uint16_t checksum;

	exchange(frame, frame + ETHER_ADDRESS_SIZE, ETHER_ADDRESS_SIZE);
	if (layout->ipv6)
		ipv6_turn(ip, ip_length);
	else
		ipv4_turn(ip, ip_length, offload);
	exchange(udp + UDP_SOURCE, udp + UDP_DESTINATION, 2);
	be16_write(udp + UDP_LENGTH, (unsigned int)length);
	be16_write(udp + UDP_CHECKSUM, 0);
	sum = UDP_PROTOCOL + (uint32_t)length;
	if (layout->ipv6)
		sum += packet_sum(ip + IPV6_SOURCE, 2 * IPV6_ADDRESS_SIZE);
	else
		sum += packet_sum(ip + IPV4_SOURCE, 2 * IPV4_ADDRESS_SIZE);
	if (offload) {
		checksum = sum_fold(sum);
	} else {
		checksum = (uint16_t)~sum_fold(sum + packet_sum(udp, length));
		/* zero would say that there is none (RFC 768) */
		if (checksum == 0)
			checksum = UINT16_MAX;
	}
	be16_write(udp + UDP_CHECKSUM, checksum);
	return layout->ip_offset + ip_length;
}
