/* SPDX-License-Identifier: BSD-3-Clause */
/* Queries out of a capture: the messages alone; who asks whom is made anew. */
#include <errno.h>
#include <pcap/pcap.h>
#include <string.h>

#include "workload/workload_priv.h"

enum { IPV4_SIZE = 20, IPV6_SIZE = 40, UDP_SIZE = 8, PROTOCOL_UDP = 17, TAGS_MAX = 2 };

/* Go to the IP header. @return false: not a frame of a kind that is known */
static bool
link_skip(struct wire_reader *r, int link)
{
	uint16_t type;

	if (link == DLT_RAW)
		return true;
	if (link != DLT_EN10MB && link != DLT_LINUX_SLL)
		return false;
	wire_take(r, link == DLT_EN10MB ? 12 : 14);
	type = wire_u16_read(r);
	for (unsigned int i = 0; i < TAGS_MAX && (type == 0x8100 || type == 0x88a8); i++) {
		wire_take(r, 2);
		type = wire_u16_read(r);
	}
	return type == 0x0800 || type == 0x86dd;
}

/* Go to the UDP header. @return false: no whole UDP datagram */
static bool
ip_skip(struct wire_reader *r, bool *ipv6)
{
	const uint8_t *ip = wire_take(r, 1);
	unsigned int options;

	if (!ip)
		return false;
	*ipv6 = ip[0] >> 4 == 6;
	if (!wire_take(r, (*ipv6 ? IPV6_SIZE : IPV4_SIZE) - 1))
		return false;
	if (*ipv6)
		return ip[6] == PROTOCOL_UDP;
	options = (ip[0] & 0xf) * 4u;
	return ip[0] >> 4 == 4 && ip[9] == PROTOCOL_UDP && options >= IPV4_SIZE &&
	       ((ip[6] << 8 | ip[7]) & 0x3fff) == 0 && wire_take(r, options - IPV4_SIZE);
}

static int
frame_read(struct maker *m, const uint8_t *frame, size_t length, int link, struct why *why)
{
	struct wire_reader r = wire_reader_of(frame, length);
	struct given *given;
	const uint8_t *message;
	uint16_t port, size;
	bool ipv6;

	if (!link_skip(&r, link) || !ip_skip(&r, &ipv6))
		return 0;
	wire_u16_read(&r);
	port = wire_u16_read(&r);
	size = wire_u16_read(&r);
	wire_u16_read(&r);
	/* an id at least, for a reply to be known by */
	if (r.failed || port != PACKET_DNS_PORT || size < UDP_SIZE + 2 ||
		size > UDP_SIZE + MESSAGE_MAX)
		return 0;
	message = wire_take(&r, size - UDP_SIZE);
	if (!message)
		return 0;
	given = given_add(m);
	if (!given)
		return why_set(why, ENOMEM, "no memory");
	given->message = malloc(size - UDP_SIZE);
	if (!given->message)
		return why_set(why, ENOMEM, "no memory");
	memcpy(given->message, message, size - UDP_SIZE);
	given->length = size - UDP_SIZE;
	given->ipv6 = ipv6;
	return 0;
}

int
capture_read(struct maker *m, struct why *why)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *capture = pcap_open_offline(m->wishes->capture, error);
	struct pcap_pkthdr *header;
	const u_char *frame;
	int rc = 0, got = 1;

	if (!capture)
		return why_set(why, EINVAL, "%s", error);
	while (rc == 0 && m->given_count < WORKLOAD_COUNT_MAX &&
		(got = pcap_next_ex(capture, &header, &frame)) == 1)
		rc = frame_read(m, frame, header->caplen, pcap_datalink(capture), why);
	if (rc == 0 && got == PCAP_ERROR)
		rc = why_set(why, EINVAL, "%s: %s", m->wishes->capture, pcap_geterr(capture));
	else if (rc == 0 && m->given_count == 0)
		rc = why_set(why, EINVAL, "%s: no datagram to port 53 in it", m->wishes->capture);
	pcap_close(capture);
	return rc;
}
