/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Frames: Ethernet, 802.1Q and 802.1ad tags, IPv4, IPv6, UDP. Which are ours, and how a query's
 * frame becomes its reply's.
 *
 * Runs on: lcore. Pure; needs no running EAL.
 */
#ifndef PACKET_PACKET_H
#define PACKET_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Why a frame is ours, somebody else's, or nobody's. */
enum packet_verdict {
	PACKET_OURS, /* a whole UDP datagram to port 53 of a service address */
	/* the exception path's: whole and right, but not for us to answer */
	PACKET_FOREIGN_ETHERTYPE, /* neither IPv4 nor IPv6: ARP, LLDP, ... */
	PACKET_FOREIGN_ADDRESS,
	PACKET_FOREIGN_PROTOCOL, /* TCP, ICMP, OSPF, ... */
	PACKET_FOREIGN_PORT,
	PACKET_FOREIGN_FRAGMENT,
	PACKET_FOREIGN_OPTIONS, /* IPv4 options or IPv6 extension headers */
	/* dropped */
	PACKET_DROP_LENGTH,	  /* lengths of frame, IP and UDP contradict each other */
	PACKET_DROP_IP_CHECKSUM,  /* RFC 791 3.1 */
	PACKET_DROP_UDP_CHECKSUM, /* RFC 7720 2; zero over IPv6, RFC 8200 8.1 */
	PACKET_DROP_SOURCE, /* a source that must not be answered: multicast, loopback, own, ... */
	PACKET_DROP_SOURCE_PORT, /* 0 and old services that would answer the answer: 7, 13, 17, 19,
				    37 */
	PACKET_DROP_SHED,	 /* dropped unread, by whoever sheds load: never judged so here */
	PACKET_VERDICTS
};

/** A word for each verdict, as statistics print it: "drop_udp_checksum". */
extern const char *const packet_verdict_names[PACKET_VERDICTS];

/** Kinds of the kernel's traffic, none of which may crowd out another. */
enum packet_class {
	PACKET_CLASS_NEIGHBOUR, /* ARP, ND */
	PACKET_CLASS_ROUTING,	/* connected BGP; BFD */
	PACKET_CLASS_TCP_DNS,	/* connected */
	PACKET_CLASS_TCP_SYN,	/* wants to connect, to whatever port */
	PACKET_CLASS_TCP,
	PACKET_CLASS_ICMP,
	PACKET_CLASS_FRAGMENT, /* and IPv4 options, IPv6 extension headers */
	PACKET_CLASS_OTHER,
	PACKET_CLASSES
};

/** A word for each class, as statistics print it: "tcp_syn". */
extern const char *const packet_class_names[PACKET_CLASSES];

enum { PACKET_DNS_PORT = 53, PACKET_SERVICE_MAX = 8 };

/** The service addresses, in network order. */
struct packet_service {
	uint32_t ipv4_count, ipv6_count;
	uint8_t ipv4[PACKET_SERVICE_MAX][4];
	uint8_t ipv6[PACKET_SERVICE_MAX][16];
};

/** Where things are in a frame that is ours; offsets from its first octet. */
struct packet_layout {
	uint16_t ip_offset, source_offset, udp_offset, message_offset;
	uint16_t message_length;
	bool ipv6;
};

/** What to check of a query's checksums. */
struct packet_check {
	bool ip, udp;
};

/**
 * Judge a frame.
 *
 * @param check   checksums that are not known to be right already
 * @param layout  filled in if the verdict is PACKET_OURS
 */
enum packet_verdict packet_classify(const struct packet_service *service, struct packet_check check,
	const uint8_t *frame, size_t length, struct packet_layout *layout);

/** Whether the exception path gets such a frame. */
static inline bool
packet_verdict_is_foreign(enum packet_verdict verdict)
{
	return verdict >= PACKET_FOREIGN_ETHERTYPE && verdict <= PACKET_FOREIGN_OPTIONS;
}

/** Tell what kind of traffic a frame is that is foreign; any octets are fine. */
enum packet_class packet_foreign_class(const uint8_t *frame, size_t length);

/**
 * Turn the query's frame into the reply's: addresses and ports exchanged, tags kept, lengths, DF
 * and hop limit set. The message stands at its place already, `message_length` octets of it.
 *
 * @param offload  true: the NIC fills in the IPv4 header checksum and, over the pseudo-header sum
 * left in its field, the UDP checksum; false: both are computed here
 * @return  octets of the frame
 */
size_t packet_reply(
	uint8_t *frame, const struct packet_layout *layout, size_t message_length, bool offload);

/** Whether a source port may be answered: not 0, nor an old service that would answer the answer.
 */
bool packet_port_is_answerable(uint16_t port);

/** Ones-complement sum of octets as big-endian 16-bit words (RFC 1071), not folded further than 32
 * bits. */
uint32_t packet_sum(const uint8_t *octets, size_t length);

#endif
