/* SPDX-License-Identifier: BSD-3-Clause */
/* Where fields are, and numbers in network order at any address: a frame may start anywhere. */
#ifndef PACKET_PACKET_PRIV_H
#define PACKET_PACKET_PRIV_H

#include <stddef.h>
#include <stdint.h>

/* IEEE 802.3 3.2, 802.1Q 9.3 */
enum {
	ETHER_ADDRESS_SIZE = 6,
	ETHER_SIZE = 14,
	ETHER_TYPE_OFFSET = 12,
	ETHER_GROUP_BIT = 1, /* in an address's first octet */
	TAG_SIZE = 4,
	TAGS_MAX = 2,
};

enum { ETHER_TYPE_IPV4 = 0x0800, ETHER_TYPE_ARP = 0x0806, ETHER_TYPE_IPV6 = 0x86dd };
enum { ETHER_TYPE_TAG = 0x8100, ETHER_TYPE_SERVICE_TAG = 0x88a8 };

/* RFC 791 3.1 */
enum {
	IPV4_SIZE = 20,
	IPV4_LENGTH = 2,
	IPV4_FRAGMENT = 6,
	IPV4_TTL = 8,
	IPV4_PROTOCOL = 9,
	IPV4_CHECKSUM = 10,
	IPV4_SOURCE = 12,
	IPV4_DESTINATION = 16,
	IPV4_ADDRESS_SIZE = 4,
	IPV4_DF = 0x4000,
	IPV4_MF_AND_OFFSET = 0x3fff,
};

/* RFC 8200 3 */
enum {
	IPV6_SIZE = 40,
	IPV6_LENGTH = 4,
	IPV6_NEXT_HEADER = 6,
	IPV6_HOP_LIMIT = 7,
	IPV6_SOURCE = 8,
	IPV6_DESTINATION = 24,
	IPV6_ADDRESS_SIZE = 16,
};

/* RFC 768 */
enum {
	UDP_SIZE = 8,
	UDP_SOURCE = 0,
	UDP_DESTINATION = 2,
	UDP_LENGTH = 4,
	UDP_CHECKSUM = 6,
	UDP_PROTOCOL = 17,
};

/* RFC 9293 3.1 */
enum {
	TCP_SOURCE = 0,
	TCP_DESTINATION = 2,
	TCP_FLAGS = 13,
	TCP_SYN = 0x02,
	TCP_ACK = 0x10,
	TCP_PROTOCOL = 6,
};

enum { ICMP_PROTOCOL = 1, ICMPV6_PROTOCOL = 58 };

static inline uint16_t
be16_read(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static inline void
be16_write(uint8_t *at, unsigned int value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* @return the offset behind the EtherType, tags left behind; 0: the frame ends before */
static inline size_t
packet_tags_skip(const uint8_t *frame, size_t length, uint16_t *type)
{
	size_t offset = ETHER_SIZE;

	if (length < offset)
		return 0;
	*type = be16_read(frame + ETHER_TYPE_OFFSET);
	for (unsigned int tags = 0; tags < TAGS_MAX; tags++) {
		if (*type != ETHER_TYPE_TAG && *type != ETHER_TYPE_SERVICE_TAG)
			break;
		if (length < offset + TAG_SIZE)
			return 0;
		offset += TAG_SIZE;
		*type = be16_read(frame + offset - 2);
	}
	return offset;
}

/* 0 stays 0, all else becomes 1..65535. */
static inline uint16_t
sum_fold(uint32_t sum)
{
	sum = (sum & UINT16_MAX) + (sum >> 16);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	return (uint16_t)sum;
}

#endif
