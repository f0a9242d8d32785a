/* SPDX-License-Identifier: BSD-3-Clause */
/* A query's octets, and the frame around them. */
#include <string.h>

#include "workload/workload_priv.h"

enum { PORT_LEAST = 1024, ETHER_IPV4 = 0x0800, ETHER_IPV6 = 0x86dd };

static uint16_t
cookie_size(const struct maker *m)
{
	return m->wishes->forged_at ? WIRE_COOKIE_SIZE : WIRE_COOKIE_CLIENT_SIZE;
}

/* A forged one is right in all but its hash, so that a server has to look at that. */
static void
cookie_write(struct maker *m, struct wire_writer *out)
{
	wire_u16_write(out, WIRE_OPTION_COOKIE);
	wire_u16_write(out, cookie_size(m));
	wire_u32_write(out, (uint32_t)next(m));
	wire_u32_write(out, (uint32_t)next(m));
	if (m->wishes->forged_at == 0)
		return;
	/* version 1 and three reserved octets: RFC 9018 4 */
	wire_u32_write(out, 0x01000000);
	wire_u32_write(out, m->wishes->forged_at);
	wire_u32_write(out, (uint32_t)next(m));
	wire_u32_write(out, (uint32_t)next(m));
}

size_t
message_write(struct maker *m, const struct wish *w, uint8_t message[static MESSAGE_MAX])
{
	struct wire_writer out = wire_writer_of(message, MESSAGE_MAX);
	struct wire_name qname = w->qname;

	for (size_t i = 0; w->mixed_case && i < qname.length; i++)
		if (qname.octets[i] >= 'a' && qname.octets[i] <= 'z' && (next(m) & 1))
			qname.octets[i] &= 0xdf;
	wire_u16_write(&out, (uint16_t)next(m));
	wire_u16_write(&out, w->rd ? WIRE_FLAG1_RD << 8 : 0);
	wire_u16_write(&out, 1);
	wire_u32_write(&out, 0);
	wire_u16_write(&out, w->edns);
	wire_write(&out, qname.octets, qname.length);
	wire_u16_write(&out, w->qtype);
	wire_u16_write(&out, w->qclass);
	if (w->edns) {
		wire_u8_write(&out, 0);
		wire_u16_write(&out, WIRE_TYPE_OPT);
		wire_u16_write(&out, w->size);
		wire_u32_write(&out, w->dnssec_ok ? 0x8000 : 0);
		wire_u16_write(&out, w->cookie ? 4 + cookie_size(m) : 0);
		if (w->cookie)
			cookie_write(m, &out);
	}
	return out.offset;
}

/* A source out of a prefix, never whom it asks. */
static void
source_choose(struct maker *m, const struct workload_prefix *prefix, size_t size,
	const uint8_t *service, uint8_t *address)
{
	memcpy(address, prefix->address, size);
	for (size_t i = prefix->bits / 8; i < size; i++) {
		uint8_t kept = i == prefix->bits / 8 ? (uint8_t) ~(0xff >> prefix->bits % 8) : 0;

		address[i] = (address[i] & kept) | ((uint8_t)next(m) & (uint8_t)~kept);
	}
	if (memcmp(address, service, size) == 0)
		address[size - 1] ^= 1;
}

size_t
frame_write(struct maker *m, bool ipv6, size_t length, uint8_t frame[static WORKLOAD_FRAME_MAX])
{
	const struct workload_ends *ends = &m->wishes->ends;
	struct packet_layout layout = {.ip_offset = 14, .ipv6 = ipv6};
	uint8_t *ip = frame + layout.ip_offset, *udp;

	layout.message_offset = (uint16_t)message_offset(ipv6);
	layout.udp_offset = (uint16_t)(layout.message_offset - 8);
	udp = frame + layout.udp_offset;
	/* packet_reply() exchanges both sides, so the frame is written turned around */
	memcpy(frame, ends->client_mac, 6);
	memcpy(frame + 6, ends->server_mac, 6);
	wire_u16_patch(frame + 12, ipv6 ? ETHER_IPV6 : ETHER_IPV4);
	if (ipv6) {
		memcpy(ip + 8, ends->service.ipv6[0], 16);
		source_choose(m, &ends->ipv6, 16, ends->service.ipv6[0], ip + 24);
	} else {
		memcpy(ip + 12, ends->service.ipv4[0], 4);
		source_choose(m, &ends->ipv4, 4, ends->service.ipv4[0], ip + 16);
	}
	wire_u16_patch(udp, PACKET_DNS_PORT);
	wire_u16_patch(udp + 2, (uint16_t)(PORT_LEAST + below(m, UINT16_MAX + 1 - PORT_LEAST)));
	return packet_reply(frame, &layout, length, false);
}
