/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs on: lcore. The answer function for any message; lib/worker has a faster one for the usual.
 */
#include "engine/engine.h"

#include <string.h>

#include "image/answer.h"
#include "radix/radix.h"

const char *const engine_verdict_names[ENGINE_VERDICTS] = {
	[ENGINE_DROP_SHORT] = "drop_short",
	[ENGINE_DROP_REPLY] = "drop_reply",
	[ENGINE_NXDOMAIN] = "nxdomain",
	[ENGINE_NODATA] = "nodata",
	[ENGINE_REFERRAL] = "referral",
	[ENGINE_POSITIVE] = "positive",
	[ENGINE_TRUNCATED] = "truncated",
	[ENGINE_FORMERR] = "formerr",
	[ENGINE_SERVFAIL] = "servfail",
	[ENGINE_NOTIMP] = "notimp",
	[ENGINE_REFUSED] = "refused",
	[ENGINE_NOTAUTH] = "notauth",
	[ENGINE_BADVERS] = "badvers",
	[ENGINE_BADCOOKIE] = "badcookie",
	[ENGINE_COOKIE] = "cookie",
	[ENGINE_CHAOS] = "chaos",
};

static_assert((int)ENGINE_NXDOMAIN + IMAGE_NODATA == ENGINE_NODATA &&
		      (int)ENGINE_NXDOMAIN + IMAGE_REFERRAL == ENGINE_REFERRAL &&
		      (int)ENGINE_NXDOMAIN + IMAGE_POSITIVE == ENGINE_POSITIVE,
	"a kind of answer is a verdict");

/* Of a reply that no zone had a part in. */
static enum engine_verdict
verdict_of(const struct exchange *x)
{
	switch (x->query.rcode) {
	case WIRE_RCODE_NOERROR:
		return x->text ? ENGINE_CHAOS : ENGINE_COOKIE;
	case WIRE_RCODE_FORMERR:
		return ENGINE_FORMERR;
	case WIRE_RCODE_SERVFAIL:
		return ENGINE_SERVFAIL;
	case WIRE_RCODE_NOTIMP:
		return ENGINE_NOTIMP;
	case WIRE_RCODE_REFUSED:
		return ENGINE_REFUSED;
	case WIRE_RCODE_NOTAUTH:
	case WIRE_RCODE_BADKEY:
		return ENGINE_NOTAUTH;
	case WIRE_RCODE_BADVERS:
		return ENGINE_BADVERS;
	case WIRE_RCODE_BADCOOKIE:
		return ENGINE_BADCOOKIE;
	case WIRE_RCODE_NXDOMAIN:
		break;
	}
	return ENGINE_SERVFAIL;
}

/* A query in the middle of being answered. */
struct answering {
	const struct engine_service *service;
	struct exchange x;
	uint8_t *reply;
	size_t reply_length;
	bool slip;
	uint8_t zone; /* what answered, as in the ledger */
	uint32_t node;
};

static enum engine_verdict
refuse(struct answering *a, enum wire_rcode rcode, enum wire_ede ede)
{
	a->reply_length = exchange_refuse(&a->x, rcode, ede, a->reply);
	return verdict_of(&a->x);
}

/* A zone that encloses a name: one of the two, or neither. */
struct choice {
	const struct wire_name *origin; /* NULL: neither */
	const struct image *image;
	const struct zone_withheld *withheld;
	unsigned int index; /* in the catalogue, of an image */
};

static struct choice
zone_at(const struct image_catalogue *catalogue, unsigned int index)
{
	struct choice zone = {.index = index};

	if (index < catalogue->count) {
		zone.image = catalogue->images[index];
		zone.origin = &zone.image->origin;
	} else {
		zone.withheld = &catalogue->withheld[index - catalogue->count];
		zone.origin = &zone.withheld->origin;
	}
	return zone;
}

/*
 * RFC 1034 4.3.2 step 2: the deepest zone that encloses the name. DS of an apex is its parent's, if
 * that is here too (RFC 4035 3.1.4.1).
 */
static struct choice
zone_choose(const struct image_catalogue *catalogue, const struct wire_name *qname, uint16_t qtype)
{
	struct choice deepest = {.origin = NULL}, own = {.origin = NULL};

	for (unsigned int i = 0; i < catalogue->count + catalogue->withheld_count; i++) {
		struct choice zone = zone_at(catalogue, i);

		if (!wire_name_is_below(qname, zone.origin))
			continue;
		if (qtype == WIRE_TYPE_DS && zone.origin->labels == qname->labels)
			own = zone;
		else if (!deepest.origin || zone.origin->labels > deepest.origin->labels)
			deepest = zone;
	}
	return deepest.origin ? deepest : own;
}

static const struct image_answer *
answer_choose(
	const struct image *image, const struct wire_query *query, const struct radix_place *place)
{
	unsigned int dnssec_ok = query->dnssec_ok;
	const struct image_answer *answer;

	if (place->is_cut) {
		/* DS lives at the parent (RFC 4035 3.1.4.1); all else is the child's */
		bool at_cut = place->labels == query->qname.labels;
		unsigned int slot =
			at_cut && query->qtype == WIRE_TYPE_DS ? IMAGE_SLOT_DS : IMAGE_SLOT_MAIN;

		return image_slot(image, place->node, slot + dnssec_ok);
	}
	if (!place->found && place->before != place->node)
		return image_slot(image, place->before, IMAGE_SLOT_GAP + dnssec_ok);
	if (!place->found)
		return image_slot(image, place->node, IMAGE_SLOT_FIRST_GAP + dnssec_ok);
	answer = image_type_find(image, place->node, query->qtype, dnssec_ok);
	return answer ? answer : image_slot(image, place->node, IMAGE_SLOT_MAIN + dnssec_ok);
}

static void
body_write(struct wire_writer *w, const struct image *image, const struct image_answer *answer,
	size_t length, unsigned int pointer_count, unsigned int shift)
{
	uint8_t *body = w->message + w->offset;
	size_t head = length < answer->head_length ? length : answer->head_length;
	const struct image_pointer *pointers;

	wire_write(w, image->common, head);
	wire_write(w, image->block + answer->tail, length - head);
	if (pointer_count == 0 || shift == 0)
		return;
	pointers = image_pointers_of(image_extra_of(image, answer));
	for (unsigned int i = 0; i < pointer_count; i++)
		wire_u16_patch(body + pointers[i].offset, (uint16_t)(pointers[i].value + shift));
}

static enum engine_verdict
emit(struct answering *a, const struct image *image, const struct image_answer *answer,
	unsigned int shift)
{
	const struct wire_query *query = &a->x.query;
	size_t length = (size_t)answer->head_length + answer->tail_length, room;
	struct wire_writer w = wire_writer_of(a->reply, query->size_max);
	unsigned int pointer_count = answer->pointer_count;
	uint8_t arcount[2] = {answer->header[8], answer->header[9]};
	enum engine_verdict verdict = ENGINE_NXDOMAIN + answer->kind;

	exchange_zone_say(&a->x, &image->origin, image->serial);
	wire_reply_begin(&w, query, a->x.message);
	room = exchange_room(&a->x) - w.offset;
	a->reply[2] |= answer->header[0];
	a->reply[3] = answer->header[1];
	if (length > room || a->slip) {
		const struct image_cut *cut = a->slip ? NULL : image_cut_find(image, answer, room);

		if (!cut) {
			a->reply[2] |= WIRE_FLAG1_TC;
			verdict = ENGINE_TRUNCATED;
			goto written;
		}
		length = cut->length;
		pointer_count = cut->pointer_count;
		wire_u16_patch(arcount, cut->arcount);
	}
	memcpy(a->reply + 6, answer->header + 4, 4);
	memcpy(a->reply + 10, arcount, 2);
	body_write(&w, image, answer, length, pointer_count, shift);
written:
	exchange_opt_write(&a->x, &w);
	a->reply_length = w.offset;
	return verdict;
}

static enum engine_verdict
query_answer(struct answering *a)
{
	const struct image_catalogue *catalogue = &a->service->catalogue;
	const struct wire_query *query = &a->x.query;
	struct wire_name qname = query->qname;
	const struct image_answer *answer;
	const struct image *image;
	struct radix_place place;
	struct choice choice;
	size_t shift;

	wire_name_fold(&qname);
	choice = zone_choose(catalogue, &qname, query->qtype);
	image = choice.image;
	if (choice.withheld)
		return refuse(a, WIRE_RCODE_SERVFAIL,
			choice.withheld->expired ? WIRE_EDE_INVALID_DATA : WIRE_EDE_NOT_READY);
	if (catalogue->count == 0)
		return refuse(a, WIRE_RCODE_SERVFAIL, WIRE_EDE_NOT_READY);
	if (!image)
		return refuse(a, WIRE_RCODE_REFUSED, WIRE_EDE_NOT_AUTHORITATIVE);
	/* RFC 1995, 5936 2.2.1: only a zone is transferred; AXFR comes here over TCP alone */
	if ((query->qtype == WIRE_TYPE_IXFR || query->qtype == WIRE_TYPE_AXFR) &&
		qname.labels != image->origin.labels)
		return refuse(a, WIRE_RCODE_NOTAUTH, WIRE_EDE_NOT_AUTHORITATIVE);
	if (query->qtype == WIRE_TYPE_AXFR)
		return refuse(a, WIRE_RCODE_REFUSED, WIRE_EDE_PROHIBITED);
	radix_find(&image->radix, &qname, &place);
	answer = answer_choose(image, query, &place);
	a->zone = (uint8_t)choice.index;
	a->node = place.found || place.is_cut || place.before == place.node ? place.node
									    : place.before;
	shift = wire_name_skip(&qname, qname.labels - place.labels);
	return emit(a, image, answer, (unsigned int)shift);
}

/* @param a  service and reply are set */
static enum engine_verdict
message_answer(struct answering *a, const struct exchange_peer *peer, const uint8_t *message,
	size_t length)
{
	switch (exchange_begin(&a->x, &a->service->self, peer, message, length)) {
	case WIRE_DROP:
		return length < WIRE_HEADER_SIZE ? ENGINE_DROP_SHORT : ENGINE_DROP_REPLY;
	case WIRE_REPLY:
		a->reply_length = exchange_reply(&a->x, a->reply);
		return verdict_of(&a->x);
	case WIRE_ANSWER:
		return query_answer(a);
	}
	__builtin_unreachable();
}

enum engine_verdict
engine_answer(const struct engine_service *service, const struct exchange_peer *peer,
	const uint8_t *message, size_t length, uint8_t *reply, size_t *reply_length)
{
	struct answering a = {.service = service, .reply = reply};
	enum engine_verdict verdict = message_answer(&a, peer, message, length);

	*reply_length = a.reply_length;
	return verdict;
}

static uint8_t
flags_of(const struct answering *a)
{
	const struct wire_query *query = &a->x.query;

	return (uint8_t)((query->flags1 & WIRE_FLAG1_RD ? LEDGER_RD : 0) |
			 (query->edns ? LEDGER_EDNS : 0) | (query->dnssec_ok ? LEDGER_DO : 0) |
			 (query->cookie ? LEDGER_COOKIE : 0) |
			 (a->x.cookie_is_valid ? LEDGER_COOKIE_VALID : 0) |
			 (a->reply[2] & WIRE_FLAG1_TC ? LEDGER_TC : 0));
}

/* A message that got a reply was read. */
static void
replied_enter(struct ledger_line *line, const struct answering *a)
{
	const struct wire_query *query = &a->x.query;

	line->flags |= flags_of(a);
	/* NXDOMAIN is the zone's, and in the header; the others' upper part is in OPT */
	line->rcode = (uint8_t)(query->rcode | (a->reply[3] & WIRE_FLAG2_RCODE));
	line->edns_size = query->edns_size;
	line->edns_version = query->edns_version;
	if (query->question_length) {
		line->qtype = query->qtype;
		line->key_tags = query->key_tags && query->qtype == WIRE_TYPE_DNSKEY;
		line->qname_length = query->qname.length;
	}
}

enum engine_verdict
engine_answer_entered(const struct engine_service *service, const struct exchange_peer *peer,
	const uint8_t *message, size_t length, uint8_t *reply, size_t *reply_length,
	struct ledger_line *line)
{
	struct answering a = {.service = service,
		.reply = reply,
		.slip = peer->slip,
		.zone = LEDGER_NO_ZONE,
		.node = LEDGER_NO_NODE};
	enum engine_verdict verdict = message_answer(&a, peer, message, length);

	*line = (struct ledger_line){.query = message,
		.reply = reply,
		.client = peer->address,
		.node = a.node,
		.qtype = LEDGER_NO_TYPE,
		.query_length = (uint16_t)length,
		.reply_length = (uint16_t)a.reply_length,
		.verdict = (uint8_t)verdict,
		.zone = a.zone,
		.flags = (uint8_t)((peer->address_size == 16 ? LEDGER_IPV6 : 0) |
				   (peer->transport == WIRE_TCP ? LEDGER_TCP : 0))};
	if (length >= WIRE_HEADER_SIZE)
		line->query_flags = (uint16_t)(message[2] << 8 | message[3]);
	if (a.reply_length)
		replied_enter(line, &a);
	*reply_length = a.reply_length;
	return verdict;
}
