/* SPDX-License-Identifier: BSD-3-Clause */
#include "wire/wire.h"

#include <string.h>

enum { EDNS_DO = 0x8000 };

struct record {
	size_t offset; /* of the owner name */
	bool owner_is_root;
	uint16_t type, class;
	uint32_t ttl;
	const uint8_t *rdata;
	uint16_t rdata_length;
};

/* A record of a query is read only to be judged: its owner may end in a pointer, which is not
 * followed. */
static void
owner_skip(struct wire_reader *r)
{
	size_t start = r->offset;
	uint8_t length;

	while ((length = wire_u8_read(r)) != 0) {
		if (length >= 0xc0) {
			wire_take(r, 1);
			break;
		}
		if (length > WIRE_LABEL_MAX)
			r->failed = true;
		wire_take(r, length);
		if (r->failed || r->offset - start >= WIRE_NAME_MAX) {
			r->failed = true;
			break;
		}
	}
}

static struct record
record_read(struct wire_reader *r)
{
	struct record record = {.offset = r->offset};

	owner_skip(r);
	record.owner_is_root = r->offset - record.offset == 1;
	record.type = wire_u16_read(r);
	record.class = wire_u16_read(r);
	record.ttl = wire_u32_read(r);
	record.rdata_length = wire_u16_read(r);
	record.rdata = wire_take(r, record.rdata_length);
	return record;
}

static bool
options_are_whole(const struct record *opt)
{
	struct wire_reader r = wire_reader_of(opt->rdata, opt->rdata_length);

	while (r.offset < r.length && !r.failed) {
		wire_u16_read(&r);
		wire_take(&r, wire_u16_read(&r));
	}
	return !r.failed;
}

static uint16_t
reply_size(uint16_t client_size)
{
	if (client_size < WIRE_UDP_SIZE_MIN)
		return WIRE_UDP_SIZE_MIN;
	return client_size < WIRE_UDP_SIZE_OWN ? client_size : WIRE_UDP_SIZE_OWN;
}

static void
edns_take(struct wire_query *query, const struct record *opt)
{
	query->edns = true;
	query->dnssec_ok = opt->ttl & EDNS_DO;
	query->udp_size = reply_size(opt->class);
}

/* RFC 8945 4.2: algorithm, time and fudge, MAC, original ID, error, other data; nothing behind. */
static bool
tsig_is_whole(struct wire_reader r, const struct record *tsig)
{
	struct wire_name key, algorithm;

	r.offset = tsig->offset;
	wire_name_read(&r, &key);
	if (r.failed || tsig->class != WIRE_CLASS_ANY || tsig->ttl != 0)
		return false;
	r = wire_reader_of(tsig->rdata, tsig->rdata_length);
	wire_name_read(&r, &algorithm);
	wire_take(&r, 8);
	wire_take(&r, wire_u16_read(&r));
	wire_take(&r, 4);
	wire_take(&r, wire_u16_read(&r));
	return !r.failed && r.offset == r.length;
}

struct sections {
	uint16_t qd, an, ns, ar;
	bool broken;	 /* FORMERR */
	bool opt_broken; /* FORMERR, and the reply has no OPT (RFC 6891 7) */
	uint8_t opt_count;
	uint8_t edns_version;
};

static void
additional_read(struct wire_reader *r, struct wire_query *query, struct sections *s)
{
	for (unsigned int i = 0; i < s->ar && !r->failed; i++) {
		struct record record = record_read(r);

		if (r->failed)
			return;
		if (record.type == WIRE_TYPE_OPT) {
			s->opt_count++;
			s->edns_version = (uint8_t)(record.ttl >> 16);
			if (!record.owner_is_root || !options_are_whole(&record))
				s->opt_broken = true;
			edns_take(query, &record);
		} else if (record.type == WIRE_TYPE_TSIG && i == s->ar - 1u &&
			   tsig_is_whole(*r, &record)) {
			query->tsig_offset = (uint16_t)record.offset;
			query->tsig_length = (uint16_t)(r->offset - record.offset);
		} else {
			s->broken = true;
		}
	}
}

/*
 * Answer and authority section of a query are empty, but for the SOA of an IXFR (RFC 1995 3); a
 * NOTIFY may carry the new SOA as its answer (RFC 1996 3.7).
 */
static void
sections_read(struct wire_reader *r, struct wire_query *query, struct sections *s)
{
	bool notify = (query->flags1 & WIRE_FLAG1_OPCODE) >> 3 == WIRE_OPCODE_NOTIFY;
	bool ixfr = query->question_length && query->qtype == WIRE_TYPE_IXFR;

	if (s->an > (notify ? 1 : 0) || s->ns > (ixfr ? 1 : 0))
		s->broken = true;
	for (unsigned int i = 0; i < (unsigned int)s->an + s->ns && !r->failed; i++) {
		struct record record = record_read(r);

		if (record.type == WIRE_TYPE_OPT)
			s->opt_broken = true;
		else if (record.type != WIRE_TYPE_SOA)
			s->broken = true;
	}
	additional_read(r, query, s);
	if (r->failed || r->offset != r->length)
		s->broken = true;
	/* an OPT was seen whole, or the octets ended inside of it */
	if (s->opt_count > 1 || (r->failed && s->opt_count == 0))
		s->opt_broken = true;
	if (s->opt_broken) {
		query->edns = false;
		query->dnssec_ok = false;
		query->udp_size = WIRE_UDP_SIZE_MIN;
	}
}

static enum wire_verdict
reply(struct wire_query *query, enum wire_rcode rcode)
{
	query->rcode = rcode;
	return WIRE_REPLY;
}

static void
question_read(struct wire_reader *r, struct wire_query *query)
{
	wire_name_read(r, &query->qname);
	query->qtype = wire_u16_read(r);
	query->qclass = wire_u16_read(r);
	if (!r->failed)
		query->question_length = (uint16_t)(r->offset - WIRE_QUESTION_OFFSET);
}

static bool
type_is_meta(uint16_t qtype)
{
	return qtype == WIRE_TYPE_OPT || qtype == WIRE_TYPE_TSIG || qtype == WIRE_TYPE_TKEY;
}

/* What is left to judge once the message is known to be well-formed. */
static enum wire_verdict
query_judge(struct wire_query *query, const struct sections *s)
{
	if (query->tsig_length)
		return reply(query, WIRE_RCODE_NOTAUTH);
	if (query->edns && s->edns_version > 0)
		return reply(query, WIRE_RCODE_BADVERS);
	if (s->qd == 0)
		return reply(query, WIRE_RCODE_FORMERR);
	if ((query->flags1 & WIRE_FLAG1_OPCODE) >> 3 == WIRE_OPCODE_NOTIFY)
		return reply(query, WIRE_RCODE_REFUSED);
	if (query->qclass != WIRE_CLASS_IN)
		return reply(query, WIRE_RCODE_REFUSED);
	if (type_is_meta(query->qtype))
		return reply(query, WIRE_RCODE_FORMERR);
	if (query->qtype == WIRE_TYPE_AXFR)
		return reply(query, WIRE_RCODE_NOTIMP);
	return WIRE_ANSWER;
}

enum wire_verdict
wire_query_read(const uint8_t *message, size_t length, struct wire_query *query)
{
	struct wire_reader r = wire_reader_of(message, length);
	struct sections s = {0};
	uint8_t opcode;

	if (length < WIRE_HEADER_SIZE || message[2] & WIRE_FLAG1_QR)
		return WIRE_DROP;
	*query = (struct wire_query){.flags1 = message[2], .udp_size = WIRE_UDP_SIZE_MIN};
	opcode = (query->flags1 & WIRE_FLAG1_OPCODE) >> 3;
	if (opcode != WIRE_OPCODE_QUERY && opcode != WIRE_OPCODE_NOTIFY)
		return reply(query, WIRE_RCODE_NOTIMP);
	wire_take(&r, 4);
	s.qd = wire_u16_read(&r);
	s.an = wire_u16_read(&r);
	s.ns = wire_u16_read(&r);
	s.ar = wire_u16_read(&r);
	if (s.qd > 1)
		return reply(query, WIRE_RCODE_FORMERR);
	if (s.qd == 1)
		question_read(&r, query);
	if (r.failed)
		return reply(query, WIRE_RCODE_FORMERR);
	sections_read(&r, query, &s);
	if (s.broken || s.opt_broken) {
		query->tsig_length = 0;
		return reply(query, WIRE_RCODE_FORMERR);
	}
	return query_judge(query, &s);
}

void
wire_reply_begin(struct wire_writer *w, const struct wire_query *query, const uint8_t *message)
{
	static const uint8_t no_counts[6];
	uint8_t kept = query->flags1 & (WIRE_FLAG1_OPCODE | WIRE_FLAG1_RD);

	wire_write(w, message, 2);
	wire_u8_write(w, WIRE_FLAG1_QR | kept);
	wire_u8_write(w, query->rcode & WIRE_FLAG2_RCODE);
	wire_u16_write(w, query->question_length ? 1 : 0);
	wire_write(w, no_counts, sizeof(no_counts));
	wire_write(w, message + WIRE_QUESTION_OFFSET, query->question_length);
}

static void
arcount_add(struct wire_writer *w, unsigned int count)
{
	uint8_t *at = w->message + 10;

	wire_u16_patch(at, (uint16_t)((at[0] << 8 | at[1]) + count));
}

void
wire_opt_write(struct wire_writer *w, const struct wire_query *query)
{
	if (!query->edns)
		return;
	wire_u8_write(w, 0);
	wire_u16_write(w, WIRE_TYPE_OPT);
	wire_u16_write(w, WIRE_UDP_SIZE_OWN);
	wire_u8_write(w, (uint8_t)(query->rcode >> 4));
	wire_u8_write(w, 0);
	wire_u16_write(w, query->dnssec_ok ? EDNS_DO : 0);
	wire_u16_write(w, 0);
	arcount_add(w, 1);
}

/* RFC 8945 5.2.1: an unknown key is told by an unsigned TSIG of its name, with BADKEY. */
static void
tsig_write(struct wire_writer *w, const struct wire_query *query, const uint8_t *message)
{
	struct wire_reader r = wire_reader_of(message, query->tsig_offset + query->tsig_length);
	struct wire_name key, algorithm;
	const uint8_t *time_and_fudge;

	r.offset = query->tsig_offset;
	wire_name_read(&r, &key);
	wire_take(&r, 10);
	wire_name_read(&r, &algorithm);
	time_and_fudge = wire_take(&r, 8);
	assert(!r.failed); /* wire_query_read() saw it whole */
	wire_write(w, key.octets, key.length);
	wire_u16_write(w, WIRE_TYPE_TSIG);
	wire_u16_write(w, WIRE_CLASS_ANY);
	wire_u32_write(w, 0);
	wire_u16_write(w, (uint16_t)(algorithm.length + 16));
	wire_write(w, algorithm.octets, algorithm.length);
	wire_write(w, time_and_fudge, 8);
	wire_u16_write(w, 0);
	wire_write(w, message, 2);
	wire_u16_write(w, WIRE_RCODE_BADKEY);
	wire_u16_write(w, 0);
}

size_t
wire_error_write(
	const struct wire_query *query, const uint8_t *message, uint8_t *reply, size_t room)
{
	struct wire_writer w =
		wire_writer_of(reply, room < query->udp_size ? room : query->udp_size);
	size_t mark;

	wire_reply_begin(&w, query, message);
	wire_opt_write(&w, query);
	mark = w.offset;
	if (query->tsig_length) {
		tsig_write(&w, query, message);
		if (w.failed)
			wire_writer_rewind(&w, mark);
		else
			arcount_add(&w, 1);
	}
	return w.offset;
}
