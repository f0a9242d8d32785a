/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames as a client's network card would bring them, and what comes back looked at as the client
 * would, and closer. Nothing here is shared with what answers but the sum.
 */
#include <errno.h>
#include <string.h>

#include "selfquery/selfquery_priv.h"

/* IEEE 802.3, RFC 791, RFC 8200, RFC 768: where fields are */
enum {
	ETHER_SIZE = 14,
	IPV4_SIZE = 20,
	IPV4_SOURCE = 12,
	IPV6_SIZE = 40,
	IPV6_SOURCE = 8,
	UDP_SIZE = 8,
	UDP_PROTOCOL = 17,
	HOPS = 64,
};

/* Locally administered (IEEE 802 8.2): the node, and who asks */
static const uint8_t macs[2][6] = {{2, 0, 0, 0, 0, 0x53}, {2, 0, 0, 0, 0, 1}};

static uint16_t
sum_finish(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* Of the UDP datagram and its pseudo-header: 0xffff if the checksum in it is right. */
static uint16_t
udp_sum(const uint8_t *ip, bool ipv6, const uint8_t *udp, uint16_t length)
{
	uint32_t sum = ipv6 ? packet_sum(ip + IPV6_SOURCE, 32) : packet_sum(ip + IPV4_SOURCE, 8);

	return sum_finish(sum + UDP_PROTOCOL + length + packet_sum(udp, length));
}

static void
ipv4_write(const struct frame_ends *ends, uint16_t udp_length, uint8_t *ip)
{
	const uint8_t head[IPV4_SOURCE] = {
		[0] = 0x45, [8] = HOPS, [9] = UDP_PROTOCOL, [6] = 0x40 /* DF */};

	memcpy(ip, head, sizeof(head));
	wire_u16_patch(ip + 2, (uint16_t)(IPV4_SIZE + udp_length));
	memcpy(ip + IPV4_SOURCE, ends->source, 4);
	memcpy(ip + IPV4_SOURCE + 4, ends->service, 4);
	wire_u16_patch(ip + 10, (uint16_t)~sum_finish(packet_sum(ip, IPV4_SIZE)));
}

static void
ipv6_write(const struct frame_ends *ends, uint16_t udp_length, uint8_t *ip)
{
	const uint8_t head[IPV6_SOURCE] = {[0] = 0x60, [6] = UDP_PROTOCOL, [7] = HOPS};

	memcpy(ip, head, sizeof(head));
	wire_u16_patch(ip + 4, udp_length);
	memcpy(ip + IPV6_SOURCE, ends->source, 16);
	memcpy(ip + IPV6_SOURCE + 16, ends->service, 16);
}

uint16_t
frame_make(const struct frame_ends *ends, const uint8_t *message, uint16_t message_length,
	uint8_t frame[static FRAME_SIZE_MAX])
{
	uint16_t udp_length = (uint16_t)(UDP_SIZE + message_length);
	uint8_t *ip = frame + ETHER_SIZE, *udp = ip + (ends->ipv6 ? IPV6_SIZE : IPV4_SIZE);

	memcpy(frame, macs, sizeof(macs));
	wire_u16_patch(frame + 12, ends->ipv6 ? 0x86dd : 0x0800);
	if (ends->ipv6)
		ipv6_write(ends, udp_length, ip);
	else
		ipv4_write(ends, udp_length, ip);
	wire_u16_patch(udp, ends->port);
	wire_u16_patch(udp + 2, PACKET_DNS_PORT);
	wire_u16_patch(udp + 4, udp_length);
	wire_u16_patch(udp + 6, 0);
	memcpy(udp + UDP_SIZE, message, message_length);
	wire_u16_patch(udp + 6, (uint16_t)~udp_sum(ip, ends->ipv6, udp, udp_length));
	/* zero would say that there is none (RFC 768) */
	if (udp[6] == 0 && udp[7] == 0)
		wire_u16_patch(udp + 6, UINT16_MAX);
	return (uint16_t)(udp + udp_length - frame);
}

static uint16_t
u16_at(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

/* @return what is wrong with the IP header, or NULL */
static const char *
ip_judge(const struct frame_ends *ends, const uint8_t *ip, uint16_t length)
{
	size_t size = ends->ipv6 ? 16 : 4;
	const uint8_t *source = ip + (ends->ipv6 ? IPV6_SOURCE : IPV4_SOURCE);

	if (memcmp(source, ends->service, size) != 0 ||
		memcmp(source + size, ends->source, size) != 0)
		return "IP addresses";
	if (ends->ipv6)
		return ip[0] != 0x60 || ip[6] != UDP_PROTOCOL || ip[7] == 0 ||
				       u16_at(ip + 4) != length - IPV6_SIZE
			       ? "IPv6 header"
			       : NULL;
	if (ip[0] != 0x45 || (u16_at(ip + 6) & 0x3fff) != 0 || ip[8] == 0 ||
		ip[9] != UDP_PROTOCOL || u16_at(ip + 2) != length)
		return "IPv4 header";
	return sum_finish(packet_sum(ip, IPV4_SIZE)) != 0xffff ? "IPv4 header checksum" : NULL;
}

/* @return what is wrong with the frame, or NULL */
static const char *
frame_judge(const struct frame_ends *ends, const uint8_t *frame, uint16_t length)
{
	uint16_t ip_size = ends->ipv6 ? IPV6_SIZE : IPV4_SIZE;
	const uint8_t *ip = frame + ETHER_SIZE, *udp = ip + ip_size;
	uint16_t udp_length = (uint16_t)(length - ETHER_SIZE - ip_size);
	const char *wrong;

	if (length < ETHER_SIZE + ip_size + UDP_SIZE)
		return "length of the frame";
	if (memcmp(frame, macs[1], 6) != 0 || memcmp(frame + 6, macs[0], 6) != 0 ||
		u16_at(frame + 12) != (ends->ipv6 ? 0x86dd : 0x0800))
		return "Ethernet header";
	wrong = ip_judge(ends, ip, (uint16_t)(length - ETHER_SIZE));
	if (wrong)
		return wrong;
	if (u16_at(udp) != PACKET_DNS_PORT || u16_at(udp + 2) != ends->port ||
		u16_at(udp + 4) != udp_length)
		return "UDP header";
	return u16_at(udp + 6) == 0 || udp_sum(ip, ends->ipv6, udp, udp_length) != 0xffff
		       ? "UDP checksum"
		       : NULL;
}

int
frame_check(const struct frame_ends *ends, const uint8_t *frame, uint16_t length,
	const uint8_t **message, uint16_t *message_length, struct why *why)
{
	uint16_t offset = (uint16_t)(ETHER_SIZE + (ends->ipv6 ? IPV6_SIZE : IPV4_SIZE) + UDP_SIZE);
	const char *wrong = frame_judge(ends, frame, length);

	if (wrong)
		return why_set(why, EBADMSG, "wrong %s in the reply's frame", wrong);
	*message = frame + offset;
	*message_length = (uint16_t)(length - offset);
	return 0;
}
