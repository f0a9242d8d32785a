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
};

static_assert((int)ENGINE_NXDOMAIN + IMAGE_NODATA == ENGINE_NODATA &&
		      (int)ENGINE_NXDOMAIN + IMAGE_REFERRAL == ENGINE_REFERRAL &&
		      (int)ENGINE_NXDOMAIN + IMAGE_POSITIVE == ENGINE_POSITIVE,
	"a kind of answer is a verdict");

static enum engine_verdict
verdict_of(enum wire_rcode rcode)
{
	switch (rcode) {
	case WIRE_RCODE_NOERROR:
		return ENGINE_NODATA;
	case WIRE_RCODE_NXDOMAIN:
		return ENGINE_NXDOMAIN;
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
	}
	return ENGINE_SERVFAIL;
}

/* A query in the middle of being answered. */
struct answering {
	const struct image_catalogue *catalogue;
	const uint8_t *message;
	struct wire_query query;
	uint8_t *reply;
	size_t reply_length;
};

static enum engine_verdict
refuse(struct answering *a, enum wire_rcode rcode)
{
	a->query.rcode = rcode;
	a->reply_length = wire_error_write(&a->query, a->message, a->reply, a->query.udp_size);
	return verdict_of(rcode);
}

/* RFC 1034 4.3.2 step 2: the deepest zone that encloses the name. */
static const struct image *
zone_choose(const struct image_catalogue *catalogue, const struct wire_name *qname)
{
	const struct image *deepest = NULL;

	for (unsigned int i = 0; i < catalogue->count; i++) {
		const struct image *image = catalogue->images[i];

		if (wire_name_is_below(qname, &image->origin) &&
			(!deepest || image->origin.labels > deepest->origin.labels))
			deepest = image;
	}
	return deepest;
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
	size_t limit = a->query.udp_size - (a->query.edns ? WIRE_OPT_SIZE : 0);
	size_t length = (size_t)answer->head_length + answer->tail_length, room;
	struct wire_writer w = wire_writer_of(a->reply, a->query.udp_size);
	unsigned int pointer_count = answer->pointer_count;
	uint8_t arcount[2] = {answer->header[8], answer->header[9]};
	enum engine_verdict verdict = ENGINE_NXDOMAIN + answer->kind;

	wire_reply_begin(&w, &a->query, a->message);
	room = limit - w.offset;
	a->reply[2] |= answer->header[0];
	a->reply[3] = answer->header[1];
	if (length > room) {
		const struct image_cut *cut = image_cut_find(image, answer, room);

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
	wire_opt_write(&w, &a->query);
	a->reply_length = w.offset;
	return verdict;
}

static enum engine_verdict
query_answer(struct answering *a)
{
	struct wire_name qname = a->query.qname;
	const struct image_answer *answer;
	const struct image *image;
	struct radix_place place;
	size_t shift;

	if (a->catalogue->count == 0)
		return refuse(a, WIRE_RCODE_SERVFAIL);
	wire_name_fold(&qname);
	image = zone_choose(a->catalogue, &qname);
	if (!image)
		return refuse(a, WIRE_RCODE_REFUSED);
	/* RFC 1995: only a zone is transferred */
	if (a->query.qtype == WIRE_TYPE_IXFR && qname.labels != image->origin.labels)
		return refuse(a, WIRE_RCODE_NOTAUTH);
	radix_find(&image->radix, &qname, &place);
	answer = answer_choose(image, &a->query, &place);
	shift = wire_name_skip(&qname, qname.labels - place.labels);
	return emit(a, image, answer, (unsigned int)shift);
}

enum engine_verdict
engine_answer(const struct image_catalogue *catalogue, const uint8_t *message, size_t length,
	uint8_t *reply, size_t *reply_length)
{
	struct answering a = {.catalogue = catalogue, .message = message, .reply = reply};
	enum engine_verdict verdict;

	switch (wire_query_read(message, length, &a.query)) {
	case WIRE_DROP:
		verdict = length < WIRE_HEADER_SIZE ? ENGINE_DROP_SHORT : ENGINE_DROP_REPLY;
		break;
	case WIRE_REPLY:
		verdict = refuse(&a, a.query.rcode);
		break;
	case WIRE_ANSWER:
		verdict = query_answer(&a);
		break;
	default:
		__builtin_unreachable();
	}
	*reply_length = a.reply_length;
	return verdict;
}
