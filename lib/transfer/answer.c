/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests, and whether a message answers one. */
#include <errno.h>
#include <stdio.h>

#include "transfer/transfer_priv.h"

/* A SOA of which only the serial counts: two root names and five numbers (RFC 1995 3) */
enum { SOA_BARE = 2 + 20 };

size_t
transfer_request_write(
	const struct transfer_question *question, uint8_t message[static TRANSFER_REQUEST_MAX])
{
	struct wire_writer w = wire_writer_of(message, TRANSFER_REQUEST_MAX);
	uint8_t soa[SOA_BARE] = {0};
	struct wire_writer rdata = wire_writer_of(soa, sizeof(soa));
	bool is_ixfr = question->type == WIRE_TYPE_IXFR;

	wire_u16_write(&w, question->id);
	wire_u16_write(&w, 0); /* QUERY, nothing asked for */
	wire_u16_write(&w, 1);
	wire_u16_write(&w, 0);
	wire_u16_write(&w, is_ixfr);
	wire_u16_write(&w, 0);
	wire_write(&w, question->origin->octets, question->origin->length);
	wire_u16_write(&w, question->type);
	wire_u16_write(&w, WIRE_CLASS_IN);
	if (is_ixfr) {
		rdata.offset = 2;
		wire_u32_write(&rdata, question->serial);
		wire_record_write(&w, &(struct wire_record){
					      .owner = *question->origin,
					      .type = WIRE_TYPE_SOA,
					      .class = WIRE_CLASS_IN,
					      .length = SOA_BARE,
					      .rdata = soa,
				      });
	}
	return w.offset;
}

const char *
transfer_rcode_text(uint16_t rcode, char text[static TRANSFER_RCODE_TEXT_MAX])
{
	/* IANA "DNS RCODEs" that a header can hold */
	static const char *const names[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP",
		"REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE"};

	if (rcode < sizeof(names) / sizeof(names[0]))
		snprintf(text, TRANSFER_RCODE_TEXT_MAX, "%s", names[rcode]);
	else
		snprintf(text, TRANSFER_RCODE_TEXT_MAX, "RCODE %u", rcode);
	return text;
}

/* The question is the one that was asked, in any case of letters. */
static bool
question_fits(const struct transfer_question *question, struct wire_reader *r)
{
	struct wire_name qname;
	uint16_t type, class;

	wire_name_read(r, &qname);
	type = wire_u16_read(r);
	class = wire_u16_read(r);
	wire_name_fold(&qname);
	return !r->failed && type == question->type && class == WIRE_CLASS_IN &&
	       wire_name_equal(&qname, question->origin);
}

int
transfer_answer_read(const struct transfer_question *question, bool first, struct wire_reader *r,
	struct transfer_sections *sections, uint16_t *rcode, struct why *why)
{
	uint16_t id = wire_u16_read(r);
	uint8_t flags1 = wire_u8_read(r);
	uint8_t code = wire_u8_read(r) & WIRE_FLAG2_RCODE;
	uint16_t questions = wire_u16_read(r);
	char text[TRANSFER_RCODE_TEXT_MAX];

	sections->answers = wire_u16_read(r);
	sections->others = wire_u16_read(r);
	sections->others += wire_u16_read(r);
	if (r->failed)
		return why_set(why, EBADMSG, "a message shorter than its header");
	if (id != question->id)
		return why_set(why, ENOMSG, "an answer with ID %u to a request with ID %u", id,
			question->id);
	if (!(flags1 & WIRE_FLAG1_QR) || flags1 & WIRE_FLAG1_OPCODE)
		return why_set(why, ENOMSG, "a message that is no answer to a query");
	/* an error may come without the question; a further message of a transfer too */
	if (questions > 1 || (questions == 0 && first && code == 0))
		return why_set(why, ENOMSG, "an answer with %u questions", questions);
	if (questions == 1 && !question_fits(question, r))
		return why_set(why, ENOMSG, "an answer to another question");
	*rcode = code;
	if (code != WIRE_RCODE_NOERROR)
		return why_set(why, EPROTO, "the primary says %s", transfer_rcode_text(code, text));
	if (flags1 & WIRE_FLAG1_TC)
		return why_set(why, EMSGSIZE, "a truncated answer");
	return 0;
}

/* The serial stands behind two names. */
static bool
serial_read(const uint8_t *message, const struct transfer_raw *raw, uint32_t *serial)
{
	uint8_t rdata[TRANSFER_SOA_MAX];
	struct wire_writer w = wire_writer_of(rdata, sizeof(rdata));
	struct wire_reader r;

	if (!transfer_rdata_expand(message, raw, &w))
		return false;
	r = wire_reader_of(rdata, w.offset);
	r.offset = w.offset - 20;
	*serial = wire_u32_read(&r);
	return true;
}

int
transfer_soa_read(const struct transfer_question *question, const uint8_t *message, size_t length,
	uint32_t *serial, struct why *why)
{
	struct wire_reader r = wire_reader_of(message, length);
	struct transfer_sections sections;
	struct transfer_raw raw;
	uint16_t rcode;
	int rc = transfer_answer_read(question, true, &r, &sections, &rcode, why);

	if (rc < 0)
		return rc;
	/* RFC 5936 2.2.1 wants AA in a transfer too, but Knot's messages have none */
	if (!(message[2] & WIRE_FLAG1_AA))
		return why_set(why, EBADMSG, "an answer without authority (AA)");
	for (unsigned int i = 0; i < sections.answers; i++) {
		transfer_raw_read(&r, &raw);
		wire_name_fold(&raw.owner);
		if (r.failed)
			break;
		if (raw.type != WIRE_TYPE_SOA || raw.class != WIRE_CLASS_IN ||
			!wire_name_equal(&raw.owner, question->origin))
			continue;
		return serial_read(message, &raw, serial)
			       ? 0
			       : why_set(why, EBADMSG, "a malformed SOA");
	}
	return why_set(why, EBADMSG, "an answer without the zone's SOA");
}
