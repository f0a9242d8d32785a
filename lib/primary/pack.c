/* SPDX-License-Identifier: BSD-3-Clause */
/* Records into messages, names compressed. */
#include <string.h>

#include "primary/primary_priv.h"

void
primary_names_begin(struct primary_names *names, const struct wire_query *query)
{
	struct wire_name *qname = &names->names[0];

	names->table.count = 0;
	names->count = 0;
	if (!query->question_length)
		return;
	*qname = query->qname;
	wire_name_fold(qname);
	/* names must not come out in the case that somebody asked in (RFC 5936 3.4) */
	if (memcmp(qname->octets, query->qname.octets, qname->length) != 0)
		return;
	wire_compression_add(&names->table, qname, WIRE_QUESTION_OFFSET);
	if (names->table.count)
		names->count = 1;
}

/* Write the next name of a reader. It is kept if the table refers to it from now on. */
static void
name_pack(struct primary_names *names, struct wire_reader *r, struct wire_writer *w)
{
	struct wire_name *name = &names->names[names->count];
	unsigned int known = names->table.count;

	wire_name_read(r, name);
	wire_name_write(w, &names->table, name);
	if (names->table.count > known)
		names->count++;
}

/* How many names stand in an RDATA that may be compressed (RFC 3597 4: those of RFC 1035), and
 * behind how many octets. */
struct shape {
	uint8_t before, names;
};

static struct shape
shape_of(uint16_t type)
{
	switch (type) {
	case WIRE_TYPE_NS:
	case WIRE_TYPE_CNAME:
	case WIRE_TYPE_PTR:
		return (struct shape){0, 1};
	case WIRE_TYPE_SOA:
		return (struct shape){0, 2};
	case WIRE_TYPE_MX:
		return (struct shape){2, 1};
	default:
		return (struct shape){0, 0};
	}
}

static void
rdata_pack(struct primary_names *names, const struct wire_record *record, struct wire_writer *w)
{
	struct wire_reader r = wire_reader_of(record->rdata, record->length);
	struct shape shape = shape_of(record->type);
	size_t at = w->offset;

	wire_u16_write(w, record->length);
	if (wire_take(&r, shape.before))
		wire_write(w, record->rdata, shape.before);
	for (unsigned int i = 0; i < shape.names; i++)
		name_pack(names, &r, w);
	if (r.failed)
		w->failed = true;
	else
		wire_write(w, r.message + r.offset, r.length - r.offset);
	if (!w->failed)
		wire_u16_patch(w->message + at, (uint16_t)(w->offset - at - 2));
}

/* @return how many octets of `from` were written, 0 if they do not fit */
static size_t
record_pack(struct primary_names *names, struct wire_reader from, struct wire_writer *w)
{
	unsigned int known = names->table.count, kept = names->count;
	size_t mark = w->offset;
	struct wire_reader owner = from;
	struct wire_record record;

	wire_record_read(&from, &record);
	name_pack(names, &owner, w);
	wire_u16_write(w, record.type);
	wire_u16_write(w, record.class);
	wire_u32_write(w, record.ttl);
	rdata_pack(names, &record, w);
	if (!from.failed && !w->failed)
		return from.offset;
	wire_writer_rewind(w, mark);
	names->table.count = (uint16_t)known;
	names->count = kept;
	return 0;
}

unsigned int
primary_pack(const struct primary_contents *contents, struct primary_place *place,
	struct primary_names *names, size_t enough, struct wire_writer *w)
{
	unsigned int count = 0;

	/* an unsigned number of 16 bits counts them */
	while (!primary_place_is_end(contents, place) && w->offset < enough && count < UINT16_MAX) {
		const struct primary_part *part = &contents->parts[place->part];
		struct wire_reader from = wire_reader_of(part->block->octets, part->length);
		size_t done;

		from.offset = place->offset;
		done = record_pack(names, from, w);
		if (done == 0)
			break;
		count++;
		place->offset = done;
		if (done == part->length) {
			place->part++;
			place->offset = 0;
		}
	}
	return count;
}
