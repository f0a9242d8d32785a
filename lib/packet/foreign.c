/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs on: lcore. What kind of the kernel's traffic a frame is, as far as its first octets tell. */
#include "packet/packet.h"

#include "packet/packet_priv.h"

const char *const packet_class_names[PACKET_CLASSES] = {
	[PACKET_CLASS_NEIGHBOUR] = "neighbour",
	[PACKET_CLASS_ROUTING] = "routing",
	[PACKET_CLASS_TCP_DNS] = "tcp_dns",
	[PACKET_CLASS_TCP_SYN] = "tcp_syn",
	[PACKET_CLASS_TCP] = "tcp",
	[PACKET_CLASS_ICMP] = "icmp",
	[PACKET_CLASS_FRAGMENT] = "fragment",
	[PACKET_CLASS_OTHER] = "other",
};

enum { BGP_PORT = 179 };
/* RFC 5881 4, RFC 5883 5 */
enum { BFD_PORT = 3784, BFD_ECHO_PORT = 3785, BFD_MULTIHOP_PORT = 4784 };
/* RFC 4861 4: router solicitation to redirect */
enum { ND_FIRST = 133, ND_LAST = 137 };

static enum packet_class
tcp_class(const uint8_t *tcp, size_t room)
{
	uint16_t source, destination;

	if (room < TCP_FLAGS + 1)
		return PACKET_CLASS_TCP;
	/* whatever the port: a flood of these must not take those away that are connected */
	if ((tcp[TCP_FLAGS] & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		return PACKET_CLASS_TCP_SYN;
	source = be16_read(tcp + TCP_SOURCE);
	destination = be16_read(tcp + TCP_DESTINATION);
	if (source == BGP_PORT || destination == BGP_PORT)
		return PACKET_CLASS_ROUTING;
	return destination == PACKET_DNS_PORT ? PACKET_CLASS_TCP_DNS : PACKET_CLASS_TCP;
}

static enum packet_class
udp_class(const uint8_t *udp, size_t room)
{
	uint16_t port;

	if (room < UDP_SIZE)
		return PACKET_CLASS_OTHER;
	port = be16_read(udp + UDP_DESTINATION);
	return port == BFD_PORT || port == BFD_ECHO_PORT || port == BFD_MULTIHOP_PORT
		       ? PACKET_CLASS_ROUTING
		       : PACKET_CLASS_OTHER;
}

static enum packet_class
ipv4_class(const uint8_t *ip, size_t room)
{
	if (room < IPV4_SIZE)
		return PACKET_CLASS_OTHER;
	if ((be16_read(ip + IPV4_FRAGMENT) & IPV4_MF_AND_OFFSET) ||
		ip[0] != (4 << 4 | IPV4_SIZE / 4))
		return PACKET_CLASS_FRAGMENT;
	switch (ip[IPV4_PROTOCOL]) {
	case TCP_PROTOCOL:
		return tcp_class(ip + IPV4_SIZE, room - IPV4_SIZE);
	case UDP_PROTOCOL:
		return udp_class(ip + IPV4_SIZE, room - IPV4_SIZE);
	case ICMP_PROTOCOL:
		return PACKET_CLASS_ICMP;
	default:
		return PACKET_CLASS_OTHER;
	}
}

static enum packet_class
ipv6_class(const uint8_t *ip, size_t room)
{
	const uint8_t *payload = ip + IPV6_SIZE;

	if (room <= IPV6_SIZE)
		return PACKET_CLASS_OTHER;
	switch (ip[IPV6_NEXT_HEADER]) {
	case TCP_PROTOCOL:
		return tcp_class(payload, room - IPV6_SIZE);
	case UDP_PROTOCOL:
		return udp_class(payload, room - IPV6_SIZE);
	case ICMPV6_PROTOCOL:
		return payload[0] >= ND_FIRST && payload[0] <= ND_LAST ? PACKET_CLASS_NEIGHBOUR
								       : PACKET_CLASS_ICMP;
	default:
		/* a protocol of its own, as OSPF, is as rare here as an extension header */
		return PACKET_CLASS_FRAGMENT;
	}
}

enum packet_class
packet_foreign_class(const uint8_t *frame, size_t length)
{
	const uint8_t *ip;
	uint16_t type;
	size_t offset = packet_tags_skip(frame, length, &type);

	if (offset == 0)
		return PACKET_CLASS_OTHER;
	ip = frame + offset;
	switch (type) {
	case ETHER_TYPE_ARP:
		return PACKET_CLASS_NEIGHBOUR;
	case ETHER_TYPE_IPV4:
		return ipv4_class(ip, length - offset);
	case ETHER_TYPE_IPV6:
		return ipv6_class(ip, length - offset);
	default:
		return PACKET_CLASS_OTHER;
	}
}
