/* SPDX-License-Identifier: BSD-3-Clause */
/* A transfer's records, taken message by message: RFC 5936 2.2, RFC 1995 4. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "transfer/transfer_priv.h"

/* A record without its owner and RDATA: RFC 1035 3.2.1 */
enum { RECORD_FIXED = 10, BLOCK_SIZE_FIRST = 64 << 10 };

void
transfer_block_begin(struct transfer_block *block, const struct transfer_question *question,
	const struct transfer_limits *limits)
{
	*block = (struct transfer_block){
		.question = *question,
		.octets_max = limits->octets,
		.records_max = limits->records,
	};
}

void
transfer_block_end(struct transfer_block *block)
{
	free(block->octets);
	block->octets = NULL;
	block->length = block->size = 0;
}

/* ---- storing ---- */

static int
room_make(struct transfer_block *block, size_t count, struct why *why)
{
	size_t size = block->size ? block->size : BLOCK_SIZE_FIRST;
	uint8_t *larger;

	if (count > block->octets_max || block->length > block->octets_max - count)
		return why_set(
			why, EFBIG, "more than %" PRIu64 " octets of records", block->octets_max);
	while (size - block->length < count)
		size *= 2;
	if (size == block->size)
		return 0;
	larger = realloc(block->octets, size);
	if (!larger)
		return why_set(why, ENOMEM, "out of memory for %zu octets of records", size);
	block->octets = larger;
	block->size = size;
	return 0;
}

/* Append a record. @param rdata  where its RDATA stands then, until the next one is appended */
static int
record_append(struct transfer_block *block, const uint8_t *message, const struct transfer_raw *raw,
	struct wire_reader *rdata, struct why *why)
{
	size_t room = raw->owner.length + RECORD_FIXED + raw->length + TRANSFER_RDATA_GROWTH;
	struct wire_writer w;
	size_t begin;
	int rc;

	if (block->count >= block->records_max)
		return why_set(why, EFBIG, "more than %" PRIu64 " records", block->records_max);
	rc = room_make(block, room, why);
	if (rc < 0)
		return rc;
	w = wire_writer_of(block->octets + block->length, room);
	wire_write(&w, raw->owner.octets, raw->owner.length);
	wire_u16_write(&w, raw->type);
	wire_u16_write(&w, raw->class);
	wire_u32_write(&w, raw->ttl);
	wire_u16_write(&w, 0);
	begin = w.offset;
	if (!transfer_rdata_expand(message, raw, &w) || w.offset - begin > UINT16_MAX)
		return why_set(why, EBADMSG, "malformed RDATA of type %u", raw->type);
	wire_u16_patch(w.message + begin - 2, (uint16_t)(w.offset - begin));
	*rdata = wire_reader_of(w.message + begin, w.offset - begin);
	block->length += w.offset;
	block->count++;
	return 0;
}

/* ---- the order of SOAs ---- */

/* Names folded, so that two spellings of one SOA are the same. */
static int
soa_read(const struct transfer_raw *raw, struct wire_reader *rdata, struct transfer_soa *soa,
	struct why *why)
{
	struct wire_writer w = wire_writer_of(soa->rdata, sizeof(soa->rdata));
	struct wire_name name;
	const uint8_t *numbers;

	for (unsigned int i = 0; i < 2; i++) {
		wire_name_read(rdata, &name);
		wire_name_fold(&name);
		wire_write(&w, name.octets, name.length);
	}
	soa->ttl = raw->ttl;
	soa->serial = wire_u32_read(rdata);
	numbers = wire_take(rdata, 16);
	wire_u32_write(&w, soa->serial);
	if (!numbers || rdata->offset != rdata->length)
		return why_set(why, EBADMSG, "a malformed SOA");
	wire_write(&w, numbers, 16);
	soa->length = (uint16_t)w.offset;
	return 0;
}

static bool
soa_same(const struct transfer_soa *a, const struct transfer_soa *b)
{
	return a->ttl == b->ttl && a->length == b->length &&
	       memcmp(a->rdata, b->rdata, a->length) == 0;
}

/* The SOA that closes a transfer is the one that opened it (RFC 5936 2.2). */
static int
closing_check(struct transfer_block *block, const struct transfer_soa *soa, struct why *why)
{
	if (!soa_same(soa, &block->newest))
		return why_set(why, EBADMSG,
			"the SOA that closes it (serial %u) is not the one that opened it (serial "
			"%u)",
			soa->serial, block->newest.serial);
	block->place = TRANSFER_AT_END;
	return 0;
}

static int
soa_second(struct transfer_block *block, const struct transfer_soa *soa, struct why *why)
{
	/* all of a zone that has nothing but its SOA; the same serial is no difference */
	if (block->question.type == WIRE_TYPE_AXFR || soa->serial == block->newest.serial)
		return closing_check(block, soa, why);
	if (soa->serial != block->question.serial)
		return why_set(why, EBADMSG,
			"differences that begin at serial %u, not at the %u asked for", soa->serial,
			block->question.serial);
	block->form = TRANSFER_IXFR;
	block->reached = soa->serial;
	block->place = TRANSFER_IN_DELETED;
	return 0;
}

/* Behind deletions: the SOA that they lead to; it is newer, and not beyond the newest. */
static int
soa_next(struct transfer_block *block, const struct transfer_soa *soa, struct why *why)
{
	if (!transfer_serial_newer(soa->serial, block->reached) ||
		transfer_serial_newer(soa->serial, block->newest.serial))
		return why_set(why, EBADMSG,
			"differences from serial %u to %u, in a transfer of serial %u",
			block->reached, soa->serial, block->newest.serial);
	block->reached = soa->serial;
	block->place = TRANSFER_IN_ADDED;
	return 0;
}

/* Behind additions: where the next differences begin, or the end */
static int
soa_old(struct transfer_block *block, const struct transfer_soa *soa, struct why *why)
{
	if (block->reached == block->newest.serial)
		return closing_check(block, soa, why);
	if (soa->serial != block->reached)
		return why_set(why, EBADMSG,
			"differences from serial %u behind those that end at serial %u",
			soa->serial, block->reached);
	block->place = TRANSFER_IN_DELETED;
	return 0;
}

static int
soa_take(struct transfer_block *block, const struct transfer_soa *soa, struct why *why)
{
	switch (block->place) {
	case TRANSFER_AT_FIRST:
		block->newest = *soa;
		block->place = TRANSFER_AT_SECOND;
		return 0;
	case TRANSFER_AT_SECOND:
		return soa_second(block, soa, why);
	case TRANSFER_IN_ZONE:
		return closing_check(block, soa, why);
	case TRANSFER_IN_DELETED:
		return soa_next(block, soa, why);
	case TRANSFER_IN_ADDED:
		return soa_old(block, soa, why);
	case TRANSFER_AT_END:
		break;
	}
	return why_set(why, EBADMSG, "records behind the SOA that closes it");
}

/* ---- messages ---- */

/* Those that are of messages, not of zones: IANA "RR TYPEs", QTYPEs and Meta-TYPEs */
static bool
type_is_meta(uint16_t type)
{
	return type == 0 || type == WIRE_TYPE_OPT || (type >= WIRE_TYPE_TKEY && type <= 255);
}

static int
record_check(const struct transfer_block *block, const struct transfer_raw *raw, struct why *why)
{
	struct wire_name folded = raw->owner;
	char owner[WIRE_NAME_TEXT_MAX], origin[WIRE_NAME_TEXT_MAX];

	wire_name_fold(&folded);
	wire_name_to_text(&folded, owner);
	wire_name_to_text(block->question.origin, origin);
	if (block->place == TRANSFER_AT_END)
		return why_set(why, EBADMSG, "records behind the SOA that closes it");
	if (raw->class != WIRE_CLASS_IN)
		return why_set(why, EBADMSG, "%.200s: a record of class %u", owner, raw->class);
	if (!wire_name_is_below(&folded, block->question.origin))
		return why_set(why, EBADMSG, "%.200s: not in the zone %.200s", owner, origin);
	if (type_is_meta(raw->type))
		return why_set(why, EBADMSG, "%.200s: type %u is of no record of a zone", owner,
			raw->type);
	if (raw->type == WIRE_TYPE_SOA && !wire_name_equal(&folded, block->question.origin))
		return why_set(why, EBADMSG, "%.200s: a SOA that is not the zone's", owner);
	if (raw->type != WIRE_TYPE_SOA && block->place == TRANSFER_AT_FIRST)
		return why_set(why, EBADMSG, "it does not begin with the zone's SOA");
	return 0;
}

static int
record_take(struct transfer_block *block, const uint8_t *message, struct wire_reader *r,
	struct why *why)
{
	struct transfer_soa soa;
	struct transfer_raw raw;
	struct wire_reader rdata;
	int rc;

	transfer_raw_read(r, &raw);
	if (r->failed)
		return why_set(why, EBADMSG, "a malformed record");
	rc = record_check(block, &raw, why);
	if (rc == 0)
		rc = record_append(block, message, &raw, &rdata, why);
	if (rc < 0)
		return rc;
	if (raw.type == WIRE_TYPE_SOA) {
		rc = soa_read(&raw, &rdata, &soa, why);
		return rc == 0 ? soa_take(block, &soa, why) : rc;
	}
	if (block->place == TRANSFER_AT_SECOND)
		block->place = TRANSFER_IN_ZONE;
	return 0;
}

/* RFC 1995 4: nothing newer is one SOA; whatever follows such a one is not wanted. */
static bool
is_stale(const struct transfer_block *block)
{
	return block->question.has_serial && block->place == TRANSFER_AT_SECOND &&
	       !transfer_serial_newer(block->newest.serial, block->question.serial);
}

static enum transfer_fed
answers_take(struct transfer_block *block, const uint8_t *message, struct wire_reader *r,
	const struct transfer_sections *sections, struct why *why)
{
	struct transfer_raw raw;

	for (unsigned int i = 0; i < sections->answers; i++) {
		if (record_take(block, message, r, why) < 0)
			return TRANSFER_FED_BROKEN;
		if (is_stale(block))
			return TRANSFER_FED_STALE;
	}
	for (unsigned int i = 0; i < sections->others && !r->failed; i++)
		transfer_raw_read(r, &raw);
	if (r->failed || r->offset != r->length) {
		why_set(why, EBADMSG, "a malformed message");
		return TRANSFER_FED_BROKEN;
	}
	return block->place == TRANSFER_AT_END ? TRANSFER_FED_END : TRANSFER_FED_MORE;
}

enum transfer_fed
transfer_block_feed(struct transfer_block *block, const uint8_t *message, size_t length,
	uint16_t *rcode, struct why *why)
{
	struct wire_reader r = wire_reader_of(message, length);
	struct transfer_sections sections;

	*rcode = WIRE_RCODE_NOERROR;
	if (transfer_answer_read(
		    &block->question, block->message_count == 0, &r, &sections, rcode, why) < 0)
		return TRANSFER_FED_BROKEN;
	block->message_count++;
	if (sections.answers == 0) {
		why_set(why, EBADMSG, "a message without records");
		return TRANSFER_FED_BROKEN;
	}
	return answers_take(block, message, &r, &sections, why);
}
