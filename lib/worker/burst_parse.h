/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs on: lcore. The pipeline's reading of a usual query: headers, QNAME, OPT and cookie. */
#ifndef WORKER_BURST_PARSE_H
#define WORKER_BURST_PARSE_H

#include <rte_branch_prediction.h>
#include <rte_mbuf.h>

#include "image/answer.h"
#include "image/sum.h"
#include "worker/burst.h"
#include "worker/frame.h"
#include "worker/qname.h"
#include "worker/vector.h"

struct job {
	union label label;
	struct rte_mbuf *mbuf;
	uint8_t *frame, *message;
	const struct image_answer *answer; /* NULL: worker_answer_one() */
	uint64_t sum;			   /* of what of the query stays in the reply, not folded */
	uint64_t client;		   /* the source's first 8 octets, then as limits know it */
	uint32_t entry, key;
	uint32_t node;		     /* as in the ledger */
	uint16_t question_end, room; /* room: octets for the body */
	uint16_t qtype, query_length, edns_size;
	uint8_t shift;	      /* octets of QNAME before the last label */
	uint8_t label_length; /* 0: QNAME is the root */
	uint8_t edns, dnssec_ok, rd, ipv6;
	uint8_t opt_size; /* of the reply's OPT; 0: it has none */
	bool has_cookie;  /* the reply gets it from `cookie` */
	uint8_t flags;	  /* enum ledger_flag */
	uint8_t *cookie;  /* room for WIRE_COOKIE_SIZE octets, apart: few queries bring one */
};
static_assert(sizeof(struct job) <= 128, "two cache lines");

/* What of a query's frame matters further on. */
struct datagram {
	const uint8_t *addresses, *udp;
	unsigned int addresses_size, length; /* length: of the UDP datagram */
	uint64_t source; /* its first 8 octets; an IPv4 one is followed by ours */
};

static inline bool
ipv4_read(const struct worker_view *view, const uint8_t *ip, unsigned int room, struct datagram *d)
{
	const struct packet_service *service = view->service;
	unsigned int total = BE16(load16(ip + 2));
	uint32_t source = load32(ip + 12), destination = load32(ip + 16);
	bool ours = false;

	for (unsigned int i = 0; i < service->ipv4_count; i++) {
		uint32_t address = load32(service->ipv4[i]);

		ours |= address == destination;
		/* own addresses, and others that are not to be answered, are for the long way */
		if (unlikely(address == source))
			return false;
	}
	d->addresses = ip + 12;
	d->addresses_size = 8;
	d->source = load64(ip + 12);
	d->udp = ip + IPV4_SIZE;
	d->length = total - IPV4_SIZE;
	if (!view->trust_link && image_sum_fold(octets_sum(ip, IPV4_SIZE)) != UINT16_MAX)
		return false;
	/* version and IHL; no fragment; UDP; source in 1.0.0.0 to 126.255.255.255 or 128 to 223 */
	return ours & (ip[0] == 0x45) & ((load16(ip + 6) & BE16(0x3fff)) == 0) &
	       (ip[9] == UDP_PROTOCOL) & (ip[12] != 0) & (ip[12] != 127) & (ip[12] < 224) &
	       (total >= IPV4_SIZE + UDP_SIZE + SMALLEST_MESSAGE) & (total <= room);
}

static inline bool
ipv6_read(const struct worker_view *view, const uint8_t *ip, unsigned int room, struct datagram *d)
{
	const struct packet_service *service = view->service;
	unsigned int payload = BE16(load16(ip + 4));
	uint64_t source_high = load64(ip + 8), source_low = load64(ip + 16);
	uint64_t high = load64(ip + 24), low = load64(ip + 32);
	bool ours = false;

	for (unsigned int i = 0; i < service->ipv6_count; i++) {
		uint64_t first = load64(service->ipv6[i]), second = load64(service->ipv6[i] + 8);

		ours |= (first == high) & (second == low);
		if (unlikely((first == source_high) & (second == source_low)))
			return false;
	}
	d->addresses = ip + 8;
	d->addresses_size = 32;
	d->source = source_high;
	d->udp = ip + IPV6_SIZE;
	d->length = payload;
	/* version; UDP; not multicast, and none of ::, ::1, ::ffff:0:0/96 */
	return ours & (ip[0] >> 4 == 6) & (ip[6] == UDP_PROTOCOL) & (ip[8] != 0xff) &
	       (source_high != 0) & (payload >= UDP_SIZE + SMALLEST_MESSAGE) &
	       (payload + IPV6_SIZE <= room);
}

/* Ports, length, checksum. */
static inline bool
udp_is_good(const struct worker_view *view, const struct rte_mbuf *mbuf, const struct datagram *d)
{
	uint16_t checksum = load16(d->udp + 6);
	bool good = (load16(d->udp + 2) == BE16(PACKET_DNS_PORT)) &
		    (BE16(load16(d->udp + 4)) == d->length) &
		    /* ports of old services are all among these, and no resolver is */
		    (BE16(load16(d->udp)) >= 64) & (checksum != 0);
	uint64_t sum;

	if (view->trust_link)
		return good;
	if (!view->verify_in_software) {
		uint64_t flags =
			mbuf->ol_flags & (RTE_MBUF_F_RX_L4_CKSUM_MASK | RTE_MBUF_F_RX_IP_CKSUM_BAD);

		return good & (flags == RTE_MBUF_F_RX_L4_CKSUM_GOOD);
	}
	sum = octets_sum(d->addresses, d->addresses_size + d->length) + BE16(UDP_PROTOCOL) +
	      BE16(d->length);
	return good & (image_sum_fold(sum) == UINT16_MAX);
}

/*
 * Find a cookie.
 *
 * @return false: malformed, or an option that the reply has to answer otherwise, or key tags, which
 *         have to be kept (RFC 8145 4.1; few queries for DNSKEY bring them)
 */
static inline bool
options_read(const uint8_t *options, unsigned int size, unsigned int qtype, const uint8_t **cookie,
	unsigned int *cookie_length)
{
	unsigned int at = 0;

	while (at + 4 <= size) {
		unsigned int code = BE16(load16(options + at));
		unsigned int length = BE16(load16(options + at + 2));

		if ((code == WIRE_OPTION_NSID) | (code == WIRE_OPTION_ZONEVERSION) |
			((code == WIRE_OPTION_KEY_TAG) & (qtype == WIRE_TYPE_DNSKEY)))
			return false;
		if (code == WIRE_OPTION_COOKIE && !*cookie) {
			*cookie = options + at + 4;
			*cookie_length = length;
		}
		at += 4 + length;
	}
	return at == size;
}

/* Judge a cookie, and make the reply's. @return false: malformed, or the client gets nothing else
 */
static inline bool
cookie_read(const struct worker_view *view, const struct datagram *d, struct job *job,
	const uint8_t *cookie, unsigned int length)
{
	const struct exchange_self *self = &view->answers->self;
	bool valid;

	if (length != WIRE_COOKIE_CLIENT_SIZE && (length < 16 || length > 40))
		return false;
	job->flags |= LEDGER_COOKIE;
	if (self->secrets.count == 0)
		return true;
	valid = guard_cookie_judge(&self->secrets, d->addresses, d->addresses_size / 2, view->now,
		cookie, length, job->cookie);
	job->has_cookie = true;
	job->opt_size += COOKIE_OPTION_SIZE;
	job->flags |= valid ? LEDGER_COOKIE_VALID : 0;
	return valid || self->cookies == EXCHANGE_COOKIES_ANSWER;
}

/* Read an OPT that takes up the rest of the message; `limit` becomes the reply's. */
static inline bool
opt_read(const struct worker_view *view, const struct datagram *d, const uint8_t *opt,
	unsigned int length, struct job *job, unsigned int *limit)
{
	unsigned int size = BE16(load16(opt + 3)), cookie_length = 0;
	const uint8_t *cookie = NULL;

	/* owner, type, version; the high part of an RCODE means nothing in a query */
	if ((length < WIRE_OPT_SIZE) | (length > OPT_MAX) | (opt[0] != 0) |
		(load16(opt + 1) != BE16(WIRE_TYPE_OPT)) | (opt[6] != 0) |
		(BE16(load16(opt + 9)) != length - WIRE_OPT_SIZE))
		return false;
	job->edns_size = (uint16_t)size;
	size = size < WIRE_UDP_SIZE_MIN ? WIRE_UDP_SIZE_MIN : size;
	*limit = (size < WIRE_UDP_SIZE_OWN ? size : WIRE_UDP_SIZE_OWN) - WIRE_OPT_SIZE;
	job->dnssec_ok = opt[7] >> 7;
	job->flags |= (uint8_t)(LEDGER_EDNS | job->dnssec_ok * LEDGER_DO);
	if (length == WIRE_OPT_SIZE)
		return true;
	if (!options_read(opt + WIRE_OPT_SIZE, length - WIRE_OPT_SIZE, job->qtype, &cookie,
		    &cookie_length))
		return false;
	if (!cookie)
		return true;
	if (!cookie_read(view, d, job, cookie, cookie_length))
		return false;
	*limit -= job->has_cookie ? COOKIE_OPTION_SIZE : 0;
	return true;
}

static inline bool
type_is_usual(unsigned int qtype)
{
	/* TKEY, TSIG, IXFR, AXFR and OPT have rules of their own */
	return (qtype - WIRE_TYPE_TKEY > 3u) & (qtype != WIRE_TYPE_OPT);
}

/* Ones-complement zero, from which sums are subtracted. */
static const uint64_t sum_zero = (uint64_t)UINT16_MAX << 40;

static inline bool
message_read(const struct worker_view *view, struct job *job, const struct datagram *d)
{
	/* octets 2 to 9 of the header: QR and opcode 0, one question, no answer, no authority */
	const uint64_t fixed = 0xffffffffffff00f8, wanted = (uint64_t)BE16(1) << 16;
	const uint8_t *message = job->message;
	unsigned int length = d->length - UDP_SIZE, end, last, limit = WIRE_UDP_SIZE_MIN;
	uint16_t arcount = load16(message + 10);
	uint64_t rest_sum = 0;

	if (((load64(message + 2) & fixed) != wanted) | ((arcount & ~BE16(1)) != 0) ||
		!qname_walk(message, length, &end, &last))
		return false;
	job->qtype = BE16(load16(message + end));
	if (load16(message + end + 2) != BE16(WIRE_CLASS_IN) || !type_is_usual(job->qtype))
		return false;
	end += 4;
	job->edns = arcount != 0;
	job->dnssec_ok = 0;
	job->opt_size = job->edns * WIRE_OPT_SIZE;
	job->has_cookie = false;
	job->rd = message[2] & WIRE_FLAG1_RD;
	job->flags = (uint8_t)(job->ipv6 * LEDGER_IPV6 | job->rd * LEDGER_RD);
	job->edns_size = 0;
	job->query_length = (uint16_t)length;
	if (job->edns) {
		if (!opt_read(view, d, message + end, length - end, job, &limit))
			return false;
		rest_sum = image_sum_at(octets_sum(message + end, length - end), end);
	} else if (end != length) {
		return false;
	}
	job->question_end = (uint16_t)end;
	job->room = (uint16_t)(limit - end);
	job->shift = (uint8_t)(last - WIRE_QUESTION_OFFSET);
	job->label_length = message[last];
	label_load(&job->label, message + last + 1, job->label_length);
	/* the checksum is the complement of the rest */
	job->sum = sum_zero - load16(d->udp + 6) - load16(message + 2) - BE16(1) - arcount -
		   rest_sum - 2ull * BE16(d->length);
	return true;
}

#endif
