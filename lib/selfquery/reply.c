/* SPDX-License-Identifier: BSD-3-Clause */
/* What is asked, and what a right reply to it looks like. */
#include <errno.h>
#include <string.h>

#include "selfquery/selfquery_priv.h"

enum { NONSENSE_LENGTH = 16 }; /* of a label that nobody has */

const char *const question_kind_names[] = {
	[QUESTION_SOA] = "soa",
	[QUESTION_NXDOMAIN] = "nxdomain",
};

/* A label of random letters in front of the origin. */
static void
nonsense_make(struct wire_name *qname, const struct wire_name *origin, uint64_t random)
{
	qname->octets[0] = NONSENSE_LENGTH;
	for (unsigned int i = 0; i < NONSENSE_LENGTH; i++, random >>= 4)
		qname->octets[1 + i] = (uint8_t)('a' + (random & 15));
	memcpy(qname->octets + 1 + NONSENSE_LENGTH, origin->octets, origin->length);
	qname->length = (uint8_t)(1 + NONSENSE_LENGTH + origin->length);
	qname->labels = (uint8_t)(1 + origin->labels);
}

bool
question_make(struct question *question, enum question_kind kind, const struct wire_name *origin,
	uint64_t random)
{
	struct wire_writer w = wire_writer_of(question->message, sizeof(question->message));
	bool dnssec = kind == QUESTION_NXDOMAIN;
	const uint8_t counts[8] = {0, 1, [7] = dnssec};

	question->kind = kind;
	question->id = (uint16_t)(random >> 48);
	question->origin = *origin;
	wire_name_fold(&question->origin);
	question->qname = question->origin;
	if (dnssec) {
		if (origin->length + 1 + NONSENSE_LENGTH > WIRE_NAME_MAX ||
			origin->labels == WIRE_LABELS_MAX)
			return false;
		nonsense_make(&question->qname, &question->origin, random);
	}
	wire_u16_write(&w, question->id);
	wire_u16_write(&w, 0);
	wire_write(&w, counts, sizeof(counts));
	wire_write(&w, question->qname.octets, question->qname.length);
	wire_u16_write(&w, WIRE_TYPE_SOA);
	wire_u16_write(&w, WIRE_CLASS_IN);
	if (dnssec) {
		wire_u8_write(&w, 0);
		wire_u16_write(&w, WIRE_TYPE_OPT);
		wire_u16_write(&w, WIRE_UDP_SIZE_OWN);
		wire_u32_write(&w, 0x8000); /* DO, RFC 3225 3 */
		wire_u16_write(&w, 0);
	}
	question->length = (uint16_t)w.offset;
	return true;
}

/* ---- records of a reply ---- */

struct record {
	struct wire_name owner; /* folded */
	uint16_t type;
	struct wire_reader rdata; /* at its first octet, of the whole message */
	size_t end;
};

static void
record_read(struct wire_reader *r, struct record *record)
{
	uint16_t length;

	wire_name_expand(r, &record->owner);
	wire_name_fold(&record->owner);
	record->type = wire_u16_read(r);
	wire_u16_read(r); /* the class, or what an OPT has there */
	wire_u32_read(r);
	length = wire_u16_read(r);
	record->rdata = *r;
	wire_take(r, length);
	record->end = r->offset;
}

/* What a proof consists of. */
struct found {
	unsigned int soas, nsecs, soa_signatures, nsec_signatures;
	uint32_t serial;
};

static void
soa_take(struct record *record, struct found *found, bool *failed)
{
	struct wire_name name;

	wire_name_expand(&record->rdata, &name);
	wire_name_expand(&record->rdata, &name);
	found->serial = wire_u32_read(&record->rdata);
	wire_take(&record->rdata, 16);
	*failed |= record->rdata.failed || record->rdata.offset != record->end;
	found->soas++;
}

/* RFC 4035 5.4: before the name, and the next one behind it; the last one's next is the apex. */
static void
nsec_take(const struct question *q, struct record *record, struct found *found, bool *failed)
{
	struct wire_name next;

	wire_name_expand(&record->rdata, &next);
	wire_name_fold(&next);
	*failed |= record->rdata.failed || record->rdata.offset > record->end;
	if (!*failed && wire_name_compare(&record->owner, &q->qname) < 0 &&
		(wire_name_equal(&next, &q->origin) || wire_name_compare(&q->qname, &next) < 0))
		found->nsecs++;
}

static void
record_take(const struct question *q, struct record *record, struct found *found, bool *failed)
{
	uint16_t covered;

	if (record->type == WIRE_TYPE_SOA && wire_name_equal(&record->owner, &q->origin))
		soa_take(record, found, failed);
	if (record->type == WIRE_TYPE_NSEC)
		nsec_take(q, record, found, failed);
	if (record->type == WIRE_TYPE_RRSIG) {
		covered = wire_u16_read(&record->rdata);
		found->soa_signatures += covered == WIRE_TYPE_SOA;
		found->nsec_signatures += covered == WIRE_TYPE_NSEC;
	}
}

/* ---- the reply ---- */

/* RFC 1035 4.1.1 */
struct header {
	uint16_t id, counts[4];
	uint8_t flags1, flags2;
};

static struct header
header_read(struct wire_reader *r)
{
	struct header h = {.id = wire_u16_read(r)};

	h.flags1 = wire_u8_read(r);
	h.flags2 = wire_u8_read(r);
	for (unsigned int i = 0; i < 4; i++)
		h.counts[i] = wire_u16_read(r);
	return h;
}

static int
header_check(
	const struct question *q, const struct header *h, struct wire_reader *r, struct why *why)
{
	size_t size = (size_t)q->qname.length + 4;
	const uint8_t *question = wire_take(r, size);
	unsigned int rcode = h->flags2 & WIRE_FLAG2_RCODE,
		     wanted = q->kind == QUESTION_SOA ? WIRE_RCODE_NOERROR : WIRE_RCODE_NXDOMAIN;

	if (h->id != q->id)
		return why_set(why, EBADMSG, "the reply has the ID of another query");
	if (rcode != wanted)
		return why_set(why, EBADMSG, "RCODE %u, not %u", rcode, wanted);
	if ((h->flags1 & ~WIRE_FLAG1_TC) != (WIRE_FLAG1_QR | WIRE_FLAG1_AA) ||
		h->flags2 & ~WIRE_FLAG2_RCODE)
		return why_set(why, EBADMSG, "flags 0x%02x%02x", h->flags1, h->flags2);
	if (h->counts[0] != 1 || !question ||
		memcmp(question, q->message + WIRE_HEADER_SIZE, size) != 0)
		return why_set(why, EBADMSG, "the reply does not repeat the question");
	return 0;
}

/* Read each record to the end of the message. */
static int
records_check(const struct question *q, const struct header *h, struct wire_reader *r,
	struct found *found, struct why *why)
{
	unsigned int last = (unsigned int)h->counts[1] + h->counts[2] + h->counts[3];
	unsigned int asked = q->kind == QUESTION_SOA ? h->counts[1] : 0;
	bool failed = false;

	for (unsigned int i = 0; i < last && !failed; i++) {
		/* the SOA has to be in the section that the question is about */
		bool counts = q->kind == QUESTION_SOA
				      ? i < asked
				      : i >= h->counts[1] &&
						i < (unsigned int)h->counts[1] + h->counts[2];
		struct record record;

		record_read(r, &record);
		failed = r->failed;
		if (!failed && counts)
			record_take(q, &record, found, &failed);
	}
	if (failed || r->offset != r->length)
		return why_set(why, EBADMSG, "the reply is malformed");
	if (q->kind == QUESTION_NXDOMAIN && h->counts[1])
		return why_set(why, EBADMSG, "an answer to a name that does not exist");
	return 0;
}

/* Was this zone to be served while the question was on its way, as the reply has it? */
static int
zone_check(const struct question *q, const struct expectation *expectation,
	const struct found *found, struct why *why)
{
	const struct selfquery_zone *zone = NULL;

	for (unsigned int i = 0; i < expectation->count; i++) {
		const struct expected *set = &expectation->sets[i];

		if (set->until < q->epoch)
			continue;
		for (unsigned int j = 0; j < set->count; j++) {
			if (!wire_name_equal(&set->zones[j].origin, &q->origin))
				continue;
			zone = &set->zones[j];
			if (found->soas == 1 && zone->serial == found->serial &&
				(q->kind == QUESTION_SOA || !zone->is_signed ||
					(found->nsecs && found->soa_signatures &&
						found->nsec_signatures)))
				return 0;
		}
	}
	if (!zone)
		return 0; /* it came and went meanwhile */
	if (found->soas != 1)
		return why_set(why, EBADMSG, "%u SOA records", found->soas);
	if (found->serial != zone->serial)
		return why_set(why, EBADMSG, "serial %u, not %u", found->serial, zone->serial);
	return why_set(why, EBADMSG, "no NSEC covers the name, or it is not signed");
}

/* While a set without the zone is right, so is any answer to it. */
static bool
zone_may_be_gone(const struct question *q, const struct expectation *expectation)
{
	for (unsigned int i = 0; i < expectation->count; i++) {
		const struct expected *set = &expectation->sets[i];
		bool has = false;

		for (unsigned int j = 0; j < set->count; j++)
			has |= wire_name_equal(&set->zones[j].origin, &q->origin);
		if (set->until >= q->epoch && !has)
			return true;
	}
	/* nobody remembers what was right that long ago */
	return expectation->count == 0 || expectation->sets[0].from > q->epoch;
}

int
reply_check(const struct question *q, const struct expectation *expectation, const uint8_t *reply,
	size_t length, struct why *why)
{
	struct wire_reader r = wire_reader_of(reply, length);
	struct header h = header_read(&r);
	struct found found = {0};
	int rc;

	if (zone_may_be_gone(q, expectation))
		return 0;
	rc = header_check(q, &h, &r, why);
	/* some zone's signatures are that long; then there is nothing to look at */
	if (rc < 0 || h.flags1 & WIRE_FLAG1_TC)
		return rc;
	rc = records_check(q, &h, &r, &found, why);
	return rc < 0 ? rc : zone_check(q, expectation, &found, why);
}
