/* SPDX-License-Identifier: BSD-3-Clause */
#include "image/compose.h"

#include <stdio.h>
#include <string.h>

#include "image/sum.h"

void
image_compose_begin(struct image_composer *c, const struct wire_name *qname, bool compress)
{
	c->w = wire_writer_of(c->message, sizeof(c->message));
	c->compression.count = 0;
	c->compress = compress;
	memset(c->counts, 0, sizeof(c->counts));
	c->section = IMAGE_ANSWER_SECTION;
	c->pointer_count = c->cut_count = c->name_count = 0;
	c->w.offset = WIRE_QUESTION_OFFSET;
	wire_write(&c->w, qname->octets, qname->length);
	wire_u32_write(&c->w, 0);
	c->body = c->w.offset;
	c->names[c->name_count++] = *qname;
	wire_compression_add(&c->compression, &c->names[0], WIRE_QUESTION_OFFSET);
}

/* Note where the name that was just written ends in a pointer, if it does. */
static void
pointer_note(struct image_composer *c, size_t start)
{
	size_t at = start;

	if (c->w.failed)
		return;
	while (c->message[at] != 0 && c->message[at] < 0xc0)
		at += 1u + c->message[at];
	if (c->message[at] == 0)
		return;
	if (c->pointer_count == IMAGE_POINTERS_MAX) {
		c->w.failed = true;
		return;
	}
	c->pointers[c->pointer_count++] = (struct image_pointer){
		.offset = (uint16_t)(at - c->body),
		.value = (uint16_t)(c->message[at] << 8 | c->message[at + 1]),
	};
}

static void
name_write(struct image_composer *c, const struct wire_name *name)
{
	size_t start = c->w.offset;

	if (!c->compress || c->name_count == IMAGE_NAMES_MAX) {
		wire_write(&c->w, name->octets, name->length);
		return;
	}
	c->names[c->name_count] = *name;
	wire_name_write(&c->w, &c->compression, &c->names[c->name_count++]);
	pointer_note(c, start);
}

/* RFC 3597 4: only names in RDATA of the types of RFC 1035 are compressed. */
static void
rdata_write(struct image_composer *c, uint16_t type, const struct zone_rdata *rdata)
{
	struct wire_reader r = wire_reader_of(rdata->octets, rdata->length);
	unsigned int name_count = type == WIRE_TYPE_SOA ? 2 : 1;
	struct wire_name name;

	if (type != WIRE_TYPE_NS && type != WIRE_TYPE_SOA && type != WIRE_TYPE_PTR &&
		type != WIRE_TYPE_MX) {
		wire_write(&c->w, rdata->octets, rdata->length);
		return;
	}
	if (type == WIRE_TYPE_MX)
		wire_u16_write(&c->w, wire_u16_read(&r));
	while (name_count--) {
		wire_name_read(&r, &name);
		name_write(c, &name);
	}
	if (r.failed)
		c->w.failed = true;
	else
		wire_write(&c->w, r.message + r.offset, r.length - r.offset);
}

static void
record_write(struct image_composer *c, const struct wire_name *owner, uint16_t type, uint32_t ttl,
	const struct zone_rdata *rdata)
{
	size_t length_at;

	name_write(c, owner);
	wire_u16_write(&c->w, type);
	wire_u16_write(&c->w, WIRE_CLASS_IN);
	wire_u32_write(&c->w, ttl);
	length_at = c->w.offset;
	wire_u16_write(&c->w, 0);
	rdata_write(c, type, rdata);
	if (!c->w.failed)
		wire_u16_patch(c->message + length_at, (uint16_t)(c->w.offset - length_at - 2));
	c->counts[c->section]++;
}

void
image_compose_rrset(struct image_composer *c, const struct wire_name *owner,
	const struct zone_rrset *rrset, uint32_t ttl, bool with_signatures)
{
	for (unsigned int i = 0; i < rrset->count; i++)
		record_write(c, owner, rrset->type, ttl, &rrset->rdata[i]);
	for (unsigned int i = 0; with_signatures && i < rrset->signature_count; i++)
		record_write(c, owner, WIRE_TYPE_RRSIG, ttl, &rrset->signatures[i]);
}

void
image_compose_signature(struct image_composer *c, const struct wire_name *owner,
	const struct zone_rrset *rrset, unsigned int index)
{
	record_write(c, owner, WIRE_TYPE_RRSIG, rrset->ttl, &rrset->signatures[index]);
}

/* The body's sum grows by one in a low octet with each octet of P, once for each pointer. */
static uint16_t
weight_of(const struct image_pointer *pointers, unsigned int count)
{
	static const uint8_t steps[2][2] = {{0, 1}, {1, 0}};
	uint64_t sum = 0;
	uint16_t step;

	for (unsigned int i = 0; i < count; i++) {
		memcpy(&step, steps[pointers[i].offset & 1], sizeof(step));
		sum += step;
	}
	return (uint16_t)(sum % UINT16_MAX);
}

void
image_compose_cut(struct image_composer *c)
{
	size_t length = c->w.offset - c->body;

	/* later ones are too long for any datagram anyway */
	if (c->w.failed || c->cut_count == IMAGE_CUTS_MAX)
		return;
	c->cuts[c->cut_count++] = (struct image_cut){
		.length = (uint16_t)length,
		.sum = image_sum(c->message + c->body, length),
		.weight = weight_of(c->pointers, c->pointer_count),
		.arcount = c->counts[IMAGE_ADDITIONAL_SECTION],
		.pointer_count = (uint16_t)c->pointer_count,
	};
}

static void *
larger(void *memory, size_t size)
{
	void *grown = realloc(memory, size);

	if (!grown) {
		fprintf(stderr, "out of memory (%zu octets)\n", size);
		abort();
	}
	return grown;
}

static size_t
pile_add(struct image_pile *pile, const void *octets, size_t size, size_t alignment)
{
	size_t offset = (pile->size + alignment - 1) & ~(alignment - 1);

	if (offset + size > pile->room) {
		pile->room = 2 * (offset + size);
		pile->octets = larger(pile->octets, pile->room);
	}
	if (offset > pile->size)
		memset(pile->octets + pile->size, 0, offset - pile->size);
	if (size)
		memcpy(pile->octets + offset, octets, size);
	pile->size = offset + size;
	return offset;
}

uint32_t
image_store_reserve(struct image_store *store, uint32_t count)
{
	size_t first = store->count;

	if (first + count > store->room) {
		store->room = 2 * (first + count);
		store->answers = larger(store->answers, store->room * sizeof(*store->answers));
	}
	store->count += count;
	memset(store->answers + first, 0, count * sizeof(*store->answers));
	return (uint32_t)first;
}

static void
header_fill(
	struct image_answer *answer, const uint16_t counts[3], const struct image_verdict *verdict)
{
	uint8_t *header = answer->header;

	header[0] = WIRE_FLAG1_QR | (verdict->authoritative ? WIRE_FLAG1_AA : 0);
	header[1] = verdict->kind == IMAGE_NXDOMAIN ? WIRE_RCODE_NXDOMAIN : WIRE_RCODE_NOERROR;
	wire_u16_patch(header + 2, 1);
	wire_u16_patch(header + 4, counts[0]);
	wire_u16_patch(header + 6, (uint16_t)(counts[1] + verdict->head_count));
	wire_u16_patch(header + 8, counts[2]);
	answer->header_sum = image_sum(header, sizeof(answer->header));
}

/* UINT32_MAX: none; made an offset in the image when the sections are laid out */
static uint32_t
extra_put(struct image_store *store, const struct image_composer *c)
{
	struct image_extra extra = {.cut_count = (uint16_t)c->cut_count};
	size_t offset;

	if (c->cut_count == 0 && c->pointer_count == 0)
		return UINT32_MAX;
	offset = pile_add(&store->extras, &extra, sizeof(extra), 4);
	pile_add(&store->extras, c->cuts, c->cut_count * sizeof(c->cuts[0]), 1);
	pile_add(&store->extras, c->pointers, c->pointer_count * sizeof(c->pointers[0]), 1);
	return (uint32_t)offset;
}

void
image_store_put(struct image_store *store, uint32_t index, const struct image_composer *c,
	const struct image_verdict *verdict)
{
	struct image_answer *answer = &store->answers[index];
	const uint8_t *tail = c->message + c->body;
	size_t length = c->w.failed ? 0 : c->w.offset - c->body;
	uint64_t head_sum = image_sum(store->common, verdict->head_length);
	uint64_t tail_sum = image_sum_at(image_sum(tail, length), verdict->head_length);

	*answer = (struct image_answer){
		.body_sum = image_sum_fold(head_sum + tail_sum),
		.weight = weight_of(c->pointers, c->pointer_count),
		.head_length = verdict->head_length,
		.tail_length = (uint16_t)length,
		.tail = (uint32_t)pile_add(&store->bodies, tail, length, IMAGE_LINE),
		.extra = extra_put(store, c),
		.kind = (uint8_t)verdict->kind,
		.marks = verdict->marks,
		.pointer_count = (uint16_t)c->pointer_count,
	};
	if (c->w.failed)
		answer->tail_length = IMAGE_TAIL_ENDLESS;
	header_fill(answer, c->counts, verdict);
}

void
image_store_share(struct image_store *store, uint32_t index, uint32_t other, size_t offset)
{
	struct image_answer *answer = &store->answers[index];
	const struct image_answer *with = &store->answers[other];
	const uint8_t *octets = store->bodies.octets;

	if (with->tail_length == IMAGE_TAIL_ENDLESS ||
		offset + answer->tail_length > with->tail_length)
		return;
	if (memcmp(octets + answer->tail, octets + with->tail + offset, answer->tail_length) != 0)
		return;
	/* the own tail was the last to be put, or this would leave a hole */
	store->bodies.size = answer->tail;
	answer->tail = with->tail + (uint32_t)offset;
}

void
image_store_free(struct image_store *store)
{
	free(store->answers);
	free(store->bodies.octets);
	free(store->extras.octets);
}
