/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs on: lcore. What a frame is. Whose it is comes first, so that what belongs to the kernel gets
 * there even if we would not like it; what is wrong with it matters only in what is ours.
 */
#include "packet/packet.h"

#include <string.h>

#include "packet/packet_priv.h"

const char *const packet_verdict_names[PACKET_VERDICTS] = {
	[PACKET_OURS] = "ours",
	[PACKET_FOREIGN_ETHERTYPE] = "foreign_ethertype",
	[PACKET_FOREIGN_ADDRESS] = "foreign_address",
	[PACKET_FOREIGN_PROTOCOL] = "foreign_protocol",
	[PACKET_FOREIGN_PORT] = "foreign_port",
	[PACKET_FOREIGN_FRAGMENT] = "foreign_fragment",
	[PACKET_FOREIGN_OPTIONS] = "foreign_options",
	[PACKET_DROP_LENGTH] = "drop_length",
	[PACKET_DROP_IP_CHECKSUM] = "drop_ip_checksum",
	[PACKET_DROP_UDP_CHECKSUM] = "drop_udp_checksum",
	[PACKET_DROP_SOURCE] = "drop_source",
	[PACKET_DROP_SOURCE_PORT] = "drop_source_port",
	[PACKET_DROP_SHED] = "drop_shed",
};

/* IANA "IPv6 Extension Header Types" */
enum {
	NEXT_HOP_BY_HOP = 0,
	NEXT_ROUTING = 43,
	NEXT_FRAGMENT = 44,
	NEXT_ESP = 50,
	NEXT_AUTHENTICATION = 51,
	NEXT_DESTINATION = 60,
	NEXT_MOBILITY = 135,
	NEXT_HIP = 139,
	NEXT_SHIM6 = 140,
};

/* A frame in the middle of being judged. */
struct judging {
	const struct packet_service *service;
	const uint8_t *frame, *ip;
	size_t room; /* octets from `ip` to the frame's end */
	struct packet_check check;
	struct packet_layout *layout;
};

/* Octets of a datagram whose IP header says how many they are; 0: it says what cannot be. */
static unsigned int
udp_length_take(const struct judging *j, unsigned int header_size, unsigned int length)
{
	const uint8_t *udp = j->ip + header_size;

	if (length < UDP_SIZE || length > j->room - header_size)
		return 0;
	/* RFC 768 lets it be shorter; no resolver's is, and what followed would be nobody's */
	return be16_read(udp + UDP_LENGTH) == length ? length : 0;
}

/*
 * @param addresses  both, one behind the other, where RFC 768 and RFC 8200 8.1 want them summed
 * @param length  of the UDP datagram
 */
static bool
udp_checksum_is_right(
	const uint8_t *addresses, size_t addresses_size, const uint8_t *udp, unsigned int length)
{
	uint32_t sum = packet_sum(addresses, addresses_size) + packet_sum(udp, length);

	return sum_fold(sum + UDP_PROTOCOL + length) == UINT16_MAX;
}

static bool
is_service_ipv4(const struct packet_service *service, const uint8_t *address)
{
	for (unsigned int i = 0; i < service->ipv4_count; i++)
		if (memcmp(service->ipv4[i], address, IPV4_ADDRESS_SIZE) == 0)
			return true;
	return false;
}

static bool
is_service_ipv6(const struct packet_service *service, const uint8_t *address)
{
	for (unsigned int i = 0; i < service->ipv6_count; i++)
		if (memcmp(service->ipv6[i], address, IPV6_ADDRESS_SIZE) == 0)
			return true;
	return false;
}

/* RFC 1122 3.2.1.3: "this" network, loopback, multicast, reserved and limited broadcast. */
static bool
is_answerable_ipv4(const uint8_t *address)
{
	return address[0] != 0 && address[0] != 127 && address[0] < 224;
}

/* RFC 4291 2.5.2, 2.5.3, 2.5.5.2 and 2.7: ::, ::1, IPv4-mapped, multicast. */
static bool
is_answerable_ipv6(const uint8_t *address)
{
	static const uint8_t unspecified[15], mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (address[0] == 0xff || memcmp(address, mapped, sizeof(mapped)) == 0)
		return false;
	return memcmp(address, unspecified, sizeof(unspecified)) != 0 || address[15] > 1;
}

/* echo, daytime, qotd, chargen, time: each would answer our answer */
bool
packet_port_is_answerable(uint16_t port)
{
	return port != 0 && port != 7 && port != 13 && port != 17 && port != 19 && port != 37;
}

static bool
is_answerable_ethernet(const struct judging *j)
{
	return !(j->frame[ETHER_ADDRESS_SIZE] & ETHER_GROUP_BIT);
}

static enum packet_verdict
ours(const struct judging *j, unsigned int header_size, unsigned int udp_length)
{
	*j->layout = (struct packet_layout){
		.ip_offset = (uint16_t)(j->ip - j->frame),
		.source_offset = (uint16_t)(j->ip - j->frame +
					    (header_size == IPV6_SIZE ? IPV6_SOURCE : IPV4_SOURCE)),
		.udp_offset = (uint16_t)(j->ip - j->frame + header_size),
		.message_offset = (uint16_t)(j->ip - j->frame + header_size + UDP_SIZE),
		.message_length = (uint16_t)(udp_length - UDP_SIZE),
		.ipv6 = header_size == IPV6_SIZE,
	};
	return PACKET_OURS;
}

static enum packet_verdict
ipv4_owner(const struct judging *j)
{
	const uint8_t *ip = j->ip;

	/* sent to a group of stations: turned around it would come from one */
	if (j->frame[0] & ETHER_GROUP_BIT || !is_service_ipv4(j->service, ip + IPV4_DESTINATION))
		return PACKET_FOREIGN_ADDRESS;
	if (ip[IPV4_PROTOCOL] != UDP_PROTOCOL)
		return PACKET_FOREIGN_PROTOCOL;
	if (be16_read(ip + IPV4_FRAGMENT) & IPV4_MF_AND_OFFSET)
		return PACKET_FOREIGN_FRAGMENT;
	if ((ip[0] & 0x0f) > IPV4_SIZE / 4)
		return PACKET_FOREIGN_OPTIONS;
	if ((ip[0] & 0x0f) < IPV4_SIZE / 4 || j->room < IPV4_SIZE + UDP_SIZE)
		return PACKET_DROP_LENGTH;
	if (be16_read(ip + IPV4_SIZE + UDP_DESTINATION) != PACKET_DNS_PORT)
		return PACKET_FOREIGN_PORT;
	return PACKET_OURS;
}

static enum packet_verdict
ipv4_classify(const struct judging *j)
{
	const uint8_t *ip = j->ip, *udp = ip + IPV4_SIZE;
	enum packet_verdict verdict;
	unsigned int total, length;

	if (j->room < IPV4_SIZE)
		return PACKET_DROP_LENGTH;
	if (ip[0] >> 4 != 4)
		return PACKET_FOREIGN_ETHERTYPE;
	verdict = ipv4_owner(j);
	if (verdict != PACKET_OURS)
		return verdict;
	total = be16_read(ip + IPV4_LENGTH);
	if (total < IPV4_SIZE)
		return PACKET_DROP_LENGTH;
	length = udp_length_take(j, IPV4_SIZE, total - IPV4_SIZE);
	if (length == 0)
		return PACKET_DROP_LENGTH;
	if (j->check.ip && sum_fold(packet_sum(ip, IPV4_SIZE)) != UINT16_MAX)
		return PACKET_DROP_IP_CHECKSUM;
	/* zero: the sender made none (RFC 768) */
	if (j->check.udp && be16_read(udp + UDP_CHECKSUM) != 0 &&
		!udp_checksum_is_right(ip + IPV4_SOURCE, 2 * IPV4_ADDRESS_SIZE, udp, length))
		return PACKET_DROP_UDP_CHECKSUM;
	if (!is_answerable_ethernet(j) || !is_answerable_ipv4(ip + IPV4_SOURCE) ||
		is_service_ipv4(j->service, ip + IPV4_SOURCE))
		return PACKET_DROP_SOURCE;
	if (!packet_port_is_answerable(be16_read(udp + UDP_SOURCE)))
		return PACKET_DROP_SOURCE_PORT;
	return ours(j, IPV4_SIZE, length);
}

static enum packet_verdict
ipv6_owner(const struct judging *j)
{
	const uint8_t *ip = j->ip;

	if (j->frame[0] & ETHER_GROUP_BIT || !is_service_ipv6(j->service, ip + IPV6_DESTINATION))
		return PACKET_FOREIGN_ADDRESS;
	switch (ip[IPV6_NEXT_HEADER]) {
	case UDP_PROTOCOL:
		break;
	case NEXT_FRAGMENT:
		return PACKET_FOREIGN_FRAGMENT;
	case NEXT_HOP_BY_HOP:
	case NEXT_ROUTING:
	case NEXT_ESP:
	case NEXT_AUTHENTICATION:
	case NEXT_DESTINATION:
	case NEXT_MOBILITY:
	case NEXT_HIP:
	case NEXT_SHIM6:
		return PACKET_FOREIGN_OPTIONS;
	default:
		return PACKET_FOREIGN_PROTOCOL;
	}
	if (j->room < IPV6_SIZE + UDP_SIZE)
		return PACKET_DROP_LENGTH;
	if (be16_read(ip + IPV6_SIZE + UDP_DESTINATION) != PACKET_DNS_PORT)
		return PACKET_FOREIGN_PORT;
	return PACKET_OURS;
}

static enum packet_verdict
ipv6_classify(const struct judging *j)
{
	const uint8_t *ip = j->ip, *udp = ip + IPV6_SIZE;
	enum packet_verdict verdict;
	unsigned int length;

	if (j->room < IPV6_SIZE)
		return PACKET_DROP_LENGTH;
	if (ip[0] >> 4 != 6)
		return PACKET_FOREIGN_ETHERTYPE;
	verdict = ipv6_owner(j);
	if (verdict != PACKET_OURS)
		return verdict;
	length = udp_length_take(j, IPV6_SIZE, be16_read(ip + IPV6_LENGTH));
	if (length == 0)
		return PACKET_DROP_LENGTH;
	/* RFC 8200 8.1: zero is wrong, whoever checks the others */
	if (be16_read(udp + UDP_CHECKSUM) == 0)
		return PACKET_DROP_UDP_CHECKSUM;
	if (j->check.udp &&
		!udp_checksum_is_right(ip + IPV6_SOURCE, 2 * IPV6_ADDRESS_SIZE, udp, length))
		return PACKET_DROP_UDP_CHECKSUM;
	if (!is_answerable_ethernet(j) || !is_answerable_ipv6(ip + IPV6_SOURCE) ||
		is_service_ipv6(j->service, ip + IPV6_SOURCE))
		return PACKET_DROP_SOURCE;
	if (!packet_port_is_answerable(be16_read(udp + UDP_SOURCE)))
		return PACKET_DROP_SOURCE_PORT;
	return ours(j, IPV6_SIZE, length);
}

enum packet_verdict
packet_classify(const struct packet_service *service, struct packet_check check,
	const uint8_t *frame, size_t length, struct packet_layout *layout)
{
	struct judging j = {.service = service, .frame = frame, .check = check, .layout = layout};
	uint16_t type;
	size_t offset = packet_tags_skip(frame, length, &type);

	if (offset == 0)
		return PACKET_DROP_LENGTH;
	j.ip = frame + offset;
	j.room = length - offset;
	if (type == ETHER_TYPE_IPV4)
		return ipv4_classify(&j);
	if (type == ETHER_TYPE_IPV6)
		return ipv6_classify(&j);
	return PACKET_FOREIGN_ETHERTYPE;
}
