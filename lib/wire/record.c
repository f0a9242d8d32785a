/* SPDX-License-Identifier: BSD-3-Clause */
/* Records and names of zones and transfers. */
#include <string.h>

#include "wire/wire.h"

void
wire_record_read(struct wire_reader *r, struct wire_record *record)
{
	wire_name_read(r, &record->owner);
	record->type = wire_u16_read(r);
	record->class = wire_u16_read(r);
	record->ttl = wire_u32_read(r);
	record->length = wire_u16_read(r);
	record->rdata = wire_take(r, record->length);
}

void
wire_record_write(struct wire_writer *w, const struct wire_record *record)
{
	wire_write(w, record->owner.octets, record->owner.length);
	wire_u16_write(w, record->type);
	wire_u16_write(w, record->class);
	wire_u32_write(w, record->ttl);
	wire_u16_write(w, record->length);
	wire_write(w, record->rdata, record->length);
}

/* Append a label, its length octet in front. @return false: the name is too long */
static bool
label_append(struct wire_name *name, const uint8_t *label)
{
	size_t size = (size_t)label[0] + 1;

	/* the root label needs an octet too */
	if (name->length + size + 1 > WIRE_NAME_MAX)
		return false;
	memcpy(name->octets + name->length, label, size);
	name->length = (uint8_t)(name->length + size);
	name->labels++;
	return true;
}

/* Go where a pointer shows: before `*limit`, which then is where it shows. */
static bool
pointer_follow(struct wire_reader *at, uint8_t high, size_t *limit)
{
	size_t target = (size_t)(high & 0x3f) << 8 | wire_u8_read(at);

	if (at->failed || target >= *limit)
		return false;
	*limit = target;
	at->offset = target;
	return true;
}

void
wire_name_expand(struct wire_reader *r, struct wire_name *name)
{
	struct wire_reader at = *r;
	size_t limit = r->offset;
	bool moved = false;

	name->length = 0;
	name->labels = 0;
	for (;;) {
		uint8_t length = wire_u8_read(&at);
		bool good = !at.failed;

		if (good && length >= 0xc0) {
			good = pointer_follow(&at, length, &limit);
			/* behind the first pointer the name ends where it stands */
			if (good && !moved)
				r->offset += name->length + 2u;
			moved = true;
		} else if (good && length > WIRE_LABEL_MAX) {
			good = false;
		} else if (good && length > 0) {
			const uint8_t *label = wire_take(&at, length);

			good = label && label_append(name, label - 1);
		} else if (good) {
			name->octets[name->length++] = 0;
			break;
		}
		if (!good) {
			*name = wire_name_root;
			r->failed = true;
			return;
		}
	}
	if (!moved)
		r->offset = at.offset;
	if (r->failed)
		*name = wire_name_root;
}

/* What RRset a record belongs to. */
static uint16_t
type_covered(const struct wire_record *record)
{
	return record->type == WIRE_TYPE_RRSIG && record->length >= 2
		       ? (uint16_t)(record->rdata[0] << 8 | record->rdata[1])
		       : record->type;
}

static int
rdata_compare(const struct wire_record *a, const struct wire_record *b)
{
	int order = memcmp(a->rdata, b->rdata, a->length < b->length ? a->length : b->length);

	return order ? order : a->length - b->length;
}

int
wire_record_compare(const struct wire_record *a, const struct wire_record *b)
{
	uint16_t left = type_covered(a), right = type_covered(b);
	int order = wire_name_compare(&a->owner, &b->owner);

	if (order == 0)
		order = (right == WIRE_TYPE_SOA) - (left == WIRE_TYPE_SOA);
	if (order == 0)
		order = left - right;
	if (order == 0)
		order = (a->type == WIRE_TYPE_RRSIG) - (b->type == WIRE_TYPE_RRSIG);
	return order ? order : rdata_compare(a, b);
}
