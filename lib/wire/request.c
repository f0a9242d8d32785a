/* SPDX-License-Identifier: BSD-3-Clause */
/* AXFR, IXFR and NOTIFY: what a query is for servers. */
#include "wire/wire.h"

/* The header's counts of records before the additional ones. */
struct counts {
	uint16_t an, ns;
};

static struct counts
counts_read(const uint8_t *message, size_t length)
{
	struct wire_reader r = wire_reader_of(message, length);
	struct counts counts;

	r.offset = 6;
	counts.an = wire_u16_read(&r);
	counts.ns = wire_u16_read(&r);
	return counts;
}

/* The SOA behind the question: of that zone, whole, and nothing in its RDATA behind it. */
static bool
serial_read(const uint8_t *message, size_t length, const struct wire_query *query, uint32_t *serial)
{
	struct wire_reader r = wire_reader_of(message, length);
	struct wire_name qname = query->qname, owner, name;
	uint16_t type, class, rdata_length;
	size_t end;

	r.offset = WIRE_QUESTION_OFFSET + query->question_length;
	wire_name_expand(&r, &owner);
	type = wire_u16_read(&r);
	class = wire_u16_read(&r);
	wire_u32_read(&r);
	rdata_length = wire_u16_read(&r);
	end = r.offset + rdata_length;
	wire_name_expand(&r, &name);
	wire_name_expand(&r, &name);
	*serial = wire_u32_read(&r);
	wire_take(&r, 16);
	wire_name_fold(&qname);
	wire_name_fold(&owner);
	return !r.failed && r.offset == end && type == WIRE_TYPE_SOA && class == query->qclass &&
	       wire_name_equal(&owner, &qname);
}

static enum wire_rcode
notify_read(const uint8_t *message, size_t length, const struct wire_query *query,
	struct wire_request *request)
{
	if (query->qtype != WIRE_TYPE_SOA)
		return WIRE_RCODE_FORMERR;
	if (query->qclass != WIRE_CLASS_IN)
		return WIRE_RCODE_NOTAUTH;
	if (counts_read(message, length).an > 0) {
		if (!serial_read(message, length, query, &request->serial))
			return WIRE_RCODE_FORMERR;
		request->has_serial = true;
	}
	request->kind = WIRE_REQUEST_NOTIFY;
	return WIRE_RCODE_NOERROR;
}

static enum wire_rcode
ixfr_read(const uint8_t *message, size_t length, const struct wire_query *query,
	struct wire_request *request)
{
	if (counts_read(message, length).ns != 1 ||
		!serial_read(message, length, query, &request->serial))
		return WIRE_RCODE_FORMERR;
	request->has_serial = true;
	request->kind = WIRE_REQUEST_IXFR;
	return WIRE_RCODE_NOERROR;
}

enum wire_rcode
wire_request_read(const uint8_t *message, size_t length, const struct wire_query *query,
	struct wire_request *request)
{
	uint8_t opcode = (query->flags1 & WIRE_FLAG1_OPCODE) >> 3;

	*request = (struct wire_request){.kind = WIRE_REQUEST_NONE};
	if (!query->question_length || query->tsig_length)
		return WIRE_RCODE_NOERROR;
	/* a well-formed one is refused by wire_query_read(), which knows of nobody who may */
	if (opcode == WIRE_OPCODE_NOTIFY && query->rcode == WIRE_RCODE_REFUSED)
		return notify_read(message, length, query, request);
	if (opcode != WIRE_OPCODE_QUERY || query->rcode != WIRE_RCODE_NOERROR ||
		query->qclass != WIRE_CLASS_IN)
		return WIRE_RCODE_NOERROR;
	if (query->qtype == WIRE_TYPE_IXFR)
		return ixfr_read(message, length, query, request);
	if (query->qtype == WIRE_TYPE_AXFR)
		request->kind = WIRE_REQUEST_AXFR;
	return WIRE_RCODE_NOERROR;
}
