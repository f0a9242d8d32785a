/* SPDX-License-Identifier: BSD-3-Clause */
/* Records of a message, and RDATA whose names are compressed. */
#include "transfer/transfer_priv.h"

/*
 * How the RDATA is laid out of the types in which names may be compressed: those of RFC 1035, and
 * those that RFC 3597 4 tells receivers to expand. n: a name; s: a character-string; a digit, or a
 * letter from A for 10: so many octets; *: the rest.
 */
static const struct {
	uint16_t type;
	const char *layout;
} layouts[] = {
	{WIRE_TYPE_NS, "n"},
	{3, "n"}, /* MD */
	{4, "n"}, /* MF */
	{WIRE_TYPE_CNAME, "n"},
	{WIRE_TYPE_SOA, "nnK"},
	{7, "n"}, /* MB */
	{8, "n"}, /* MG */
	{9, "n"}, /* MR */
	{WIRE_TYPE_PTR, "n"},
	{14, "nn"}, /* MINFO */
	{WIRE_TYPE_MX, "2n"},
	{17, "nn"},  /* RP */
	{18, "2n"},  /* AFSDB */
	{21, "2n"},  /* RT */
	{24, "In*"}, /* SIG */
	{26, "2nn"}, /* PX */
	{30, "n*"},  /* NXT */
	{WIRE_TYPE_SRV, "6n"},
	{35, "4sssn"}, /* NAPTR */
	{36, "2n"},    /* KX */
	{WIRE_TYPE_DNAME, "n"},
};

static const char *
layout_of(uint16_t type)
{
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
		if (layouts[i].type == type)
			return layouts[i].layout;
	return "*";
}

void
transfer_raw_read(struct wire_reader *r, struct transfer_raw *raw)
{
	wire_name_expand(r, &raw->owner);
	raw->type = wire_u16_read(r);
	raw->class = wire_u16_read(r);
	raw->ttl = wire_u32_read(r);
	raw->length = wire_u16_read(r);
	raw->offset = r->offset;
	wire_take(r, raw->length);
}

static void
octets_copy(struct wire_reader *r, struct wire_writer *w, size_t count)
{
	const uint8_t *octets = wire_take(r, count);

	if (octets)
		wire_write(w, octets, count);
}

static void
part_expand(char part, struct wire_reader *r, struct wire_writer *w)
{
	struct wire_name name;

	if (part == 'n') {
		wire_name_expand(r, &name);
		if (!r->failed)
			wire_write(w, name.octets, name.length);
	} else if (part == 's') {
		uint8_t length = wire_u8_read(r);

		wire_u8_write(w, length);
		octets_copy(r, w, length);
	} else if (part == '*') {
		octets_copy(r, w, r->length - r->offset);
	} else {
		octets_copy(r, w, (size_t)(part >= 'A' ? part - 'A' + 10 : part - '0'));
	}
}

bool
transfer_rdata_expand(const uint8_t *message, const struct transfer_raw *raw, struct wire_writer *w)
{
	/* pointers lead backwards, so that nothing behind the RDATA is ever needed */
	struct wire_reader r = wire_reader_of(message, raw->offset + raw->length);

	r.offset = raw->offset;
	for (const char *part = layout_of(raw->type); *part; part++)
		part_expand(*part, &r, w);
	return !r.failed && !w->failed && r.offset == r.length;
}
