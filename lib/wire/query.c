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

/* RFC 7873 5.2.2: a client's part alone, or with a server's of 8 to 32 octets */
static bool
cookie_length_is_right(uint16_t length)
{
	return length == WIRE_COOKIE_CLIENT_SIZE || (length >= 16 && length <= 40);
}

/* Take one option. @return false: malformed. Unknown ones are ignored (RFC 6891 6.1.2). */
static bool
option_take(struct wire_query *query, uint16_t code, const uint8_t *octets, uint16_t length)
{
	switch (code) {
	case WIRE_OPTION_NSID:
		query->wants_nsid = true;
		return true;
	case WIRE_OPTION_COOKIE:
		/* RFC 7873 5.2: only the first one counts */
		if (query->cookie)
			return true;
		query->cookie = octets;
		query->cookie_length = length;
		return cookie_length_is_right(length);
	case WIRE_OPTION_KEEPALIVE:
		/* RFC 7828 3.2.1: over UDP it is ignored */
		query->wants_keepalive = query->transport == WIRE_TCP;
		return query->transport == WIRE_UDP || length == 0;
	case WIRE_OPTION_KEY_TAG:
		query->key_tags = true;
		return true;
	case WIRE_OPTION_ZONEVERSION:
		query->wants_zone_version = true;
		return length == 0;
	default:
		return true;
	}
}

static bool
options_take(struct wire_query *query, const struct record *opt)
{
	struct wire_reader r = wire_reader_of(opt->rdata, opt->rdata_length);

	while (r.offset < r.length && !r.failed) {
		uint16_t code = wire_u16_read(&r), length = wire_u16_read(&r);
		const uint8_t *octets = wire_take(&r, length);

		if (!r.failed && !option_take(query, code, octets, length))
			return false;
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
	query->edns_size = opt->class;
	query->edns_version = (uint8_t)(opt->ttl >> 16);
	query->dnssec_ok = opt->ttl & EDNS_DO;
	if (query->transport == WIRE_UDP)
		query->size_max = reply_size(opt->class);
}

static void
edns_forget(struct wire_query *query)
{
	query->edns = query->dnssec_ok = false;
	query->edns_size = query->edns_version = 0;
	query->wants_nsid = query->wants_zone_version = query->wants_keepalive = false;
	query->cookie = NULL;
	if (query->transport == WIRE_UDP)
		query->size_max = WIRE_UDP_SIZE_MIN;
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
			edns_take(query, &record);
			if (!record.owner_is_root || !options_take(query, &record))
				s->opt_broken = true;
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
	if (s->opt_broken)
		edns_forget(query);
}

static enum wire_verdict
reply(struct wire_query *query, enum wire_rcode rcode, enum wire_ede ede)
{
	query->rcode = rcode;
	query->ede = ede;
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
		return reply(query, WIRE_RCODE_NOTAUTH, WIRE_EDE_NONE);
	if (query->edns && query->edns_version > 0)
		return reply(query, WIRE_RCODE_BADVERS, WIRE_EDE_NONE);
	if (s->qd == 0)
		return reply(query, query->cookie ? WIRE_RCODE_NOERROR : WIRE_RCODE_FORMERR,
			WIRE_EDE_NONE);
	if ((query->flags1 & WIRE_FLAG1_OPCODE) >> 3 == WIRE_OPCODE_NOTIFY)
		return reply(query, WIRE_RCODE_REFUSED, WIRE_EDE_PROHIBITED);
	if (query->qclass == WIRE_CLASS_CH)
		return WIRE_ANSWER;
	if (query->qclass != WIRE_CLASS_IN)
		return reply(query, WIRE_RCODE_REFUSED, WIRE_EDE_NOT_SUPPORTED);
	if (type_is_meta(query->qtype))
		return reply(query, WIRE_RCODE_FORMERR, WIRE_EDE_NONE);
	if (query->qtype == WIRE_TYPE_AXFR && query->transport == WIRE_UDP)
		return reply(query, WIRE_RCODE_NOTIMP, WIRE_EDE_NOT_SUPPORTED);
	return WIRE_ANSWER;
}

enum wire_verdict
wire_query_read(const uint8_t *message, size_t length, enum wire_transport transport,
	struct wire_query *query)
{
	struct wire_reader r = wire_reader_of(message, length);
	struct sections s = {0};
	uint8_t opcode;

	if (length < WIRE_HEADER_SIZE || message[2] & WIRE_FLAG1_QR)
		return WIRE_DROP;
	*query = (struct wire_query){.flags1 = message[2],
		.transport = transport,
		.ede = WIRE_EDE_NONE,
		.size_max = transport == WIRE_TCP ? WIRE_TCP_SIZE_MAX : WIRE_UDP_SIZE_MIN};
	opcode = (query->flags1 & WIRE_FLAG1_OPCODE) >> 3;
	if (opcode != WIRE_OPCODE_QUERY && opcode != WIRE_OPCODE_NOTIFY)
		return reply(query, WIRE_RCODE_NOTIMP, WIRE_EDE_NONE);
	wire_take(&r, 4);
	s.qd = wire_u16_read(&r);
	s.an = wire_u16_read(&r);
	s.ns = wire_u16_read(&r);
	s.ar = wire_u16_read(&r);
	if (s.qd > 1)
		return reply(query, WIRE_RCODE_FORMERR, WIRE_EDE_NONE);
	if (s.qd == 1)
		question_read(&r, query);
	if (r.failed)
		return reply(query, WIRE_RCODE_FORMERR, WIRE_EDE_NONE);
	sections_read(&r, query, &s);
	if (s.broken || s.opt_broken) {
		query->tsig_length = 0;
		return reply(query, WIRE_RCODE_FORMERR, WIRE_EDE_NONE);
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

/* Octets of an option's value, 0 if the reply does not have it; codes in the order of writing. */
struct option {
	enum wire_option code;
	uint16_t length;
	uint8_t octets[6]; /* unless they stand elsewhere */
	const uint8_t *elsewhere;
};

enum { OPTIONS = 5, OPTION_HEAD_SIZE = 4 };

static void
options_list(const struct wire_query *query, const struct wire_reply_options *o,
	struct option list[static OPTIONS])
{
	bool ede = query->ede != WIRE_EDE_NONE;

	list[0] = (struct option){WIRE_OPTION_NSID, o->nsid_length, {0}, o->nsid};
	list[1] = (struct option){WIRE_OPTION_COOKIE, o->cookie_length, {0}, o->cookie};
	list[2] = (struct option){WIRE_OPTION_KEEPALIVE, o->keepalive ? 2 : 0, {0}, NULL};
	wire_u16_patch(list[2].octets, o->keepalive_timeout);
	/* RFC 8914 2: no text, which is for people and takes room */
	list[3] = (struct option){WIRE_OPTION_EDE, ede ? 2 : 0, {0}, NULL};
	wire_u16_patch(list[3].octets, (uint16_t)query->ede);
	/* RFC 9660 2.1: the zone's labels, type 0 (its SOA's serial), the serial */
	list[4] = (struct option){
		WIRE_OPTION_ZONEVERSION, o->zone_version ? 6 : 0, {o->zone_labels, 0}, NULL};
	wire_u16_patch(list[4].octets + 2, (uint16_t)(o->zone_serial >> 16));
	wire_u16_patch(list[4].octets + 4, (uint16_t)o->zone_serial);
}

static size_t
options_size(const struct option list[static OPTIONS])
{
	size_t size = 0;

	for (unsigned int i = 0; i < OPTIONS; i++)
		if (list[i].length)
			size += OPTION_HEAD_SIZE + (size_t)list[i].length;
	return size;
}

size_t
wire_opt_size(const struct wire_query *query, const struct wire_reply_options *options)
{
	struct option list[OPTIONS];

	if (!query->edns)
		return 0;
	options_list(query, options, list);
	return WIRE_OPT_SIZE + options_size(list);
}

void
wire_opt_write(struct wire_writer *w, const struct wire_query *query,
	const struct wire_reply_options *options)
{
	struct option list[OPTIONS];

	if (!query->edns)
		return;
	options_list(query, options, list);
	wire_u8_write(w, 0);
	wire_u16_write(w, WIRE_TYPE_OPT);
	wire_u16_write(w, WIRE_UDP_SIZE_OWN);
	wire_u8_write(w, (uint8_t)(query->rcode >> 4));
	wire_u8_write(w, 0);
	wire_u16_write(w, query->dnssec_ok ? EDNS_DO : 0);
	wire_u16_write(w, (uint16_t)options_size(list));
	for (unsigned int i = 0; i < OPTIONS; i++) {
		const struct option *option = &list[i];

		if (option->length == 0)
			continue;
		wire_u16_write(w, (uint16_t)option->code);
		wire_u16_write(w, option->length);
		wire_write(
			w, option->elsewhere ? option->elsewhere : option->octets, option->length);
	}
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
wire_error_write(const struct wire_query *query, const struct wire_reply_options *options,
	const uint8_t *message, uint8_t *reply)
{
	struct wire_writer w = wire_writer_of(
		reply, query->size_max < WIRE_UDP_SIZE_OWN ? query->size_max : WIRE_UDP_SIZE_OWN);
	size_t mark;

	wire_reply_begin(&w, query, message);
	wire_opt_write(&w, query, options);
	assert(!w.failed); /* WIRE_NSID_MAX */
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
