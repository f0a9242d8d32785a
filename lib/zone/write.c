/* SPDX-License-Identifier: BSD-3-Clause */
/* From a zone to a master file. */
#include "zone/zone_priv.h"

#include <openssl/evp.h>
#include <string.h>

/*
 * The fields of RDATA, a letter each: b, s, l numbers of one, two, four octets; T a type; t a time
 * (RFC 4034 3.2); n a name; 4, 6 an address; q character-strings, h and B the rest in hexadecimal
 * and in base 64, M a bitmap of types. Other types, and what is not of that form, are written as
 * octets (RFC 3597 5).
 */
static const struct {
	uint16_t type;
	const char *fields;
} presentations[] = {
	{WIRE_TYPE_A, "4"},
	{WIRE_TYPE_AAAA, "6"},
	{WIRE_TYPE_NS, "n"},
	{WIRE_TYPE_PTR, "n"},
	{WIRE_TYPE_SOA, "nnlllll"},
	{WIRE_TYPE_MX, "sn"},
	{WIRE_TYPE_SRV, "sssn"},
	{WIRE_TYPE_TXT, "q"},
	{WIRE_TYPE_DS, "sbbh"},
	{WIRE_TYPE_RRSIG, "TbblttsnB"},
	{WIRE_TYPE_NSEC, "nM"},
	{WIRE_TYPE_DNSKEY, "sbbB"},
	{WIRE_TYPE_ZONEMD, "lbbh"},
};

/* The longest is a bitmap of all types there are, " TYPE65535" each; a name or two before it. */
enum { TEXT_MAX = 12 * (UINT16_MAX + 1) + 3 * WIRE_NAME_TEXT_MAX };

struct writing {
	FILE *file;
	char *at; /* next character of `text` */
	char text[TEXT_MAX];
};

__attribute__((format(printf, 2, 3))) static void
put(struct writing *w, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	w->at += vsnprintf(w->at, (size_t)(w->text + sizeof(w->text) - w->at), format, args);
	va_end(args);
}

static void
hex_put(struct writing *w, const uint8_t *octets, size_t length)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < length; i++) {
		*w->at++ = digits[octets[i] >> 4];
		*w->at++ = digits[octets[i] & 15];
	}
	*w->at = '\0';
}

static void
name_put(struct writing *w, struct wire_reader *r)
{
	struct wire_name name;
	char text[WIRE_NAME_TEXT_MAX];

	wire_name_read(r, &name);
	if (!r->failed)
		put(w, "%s", wire_name_to_text(&name, text));
}

static void
time_put(struct writing *w, uint32_t at)
{
	time_t seconds = at;
	struct tm tm;

	gmtime_r(&seconds, &tm);
	w->at += strftime(w->at, 16, "%Y%m%d%H%M%S", &tm);
}

static void
string_put(struct writing *w, struct wire_reader *r)
{
	uint8_t length = wire_u8_read(r);
	const uint8_t *octets = wire_take(r, length);

	*w->at++ = '"';
	for (unsigned int i = 0; octets && i < length; i++) {
		if (octets[i] < ' ' || octets[i] >= 0x7f)
			put(w, "\\%03u", octets[i]);
		else if (octets[i] == '"' || octets[i] == '\\')
			put(w, "\\%c", octets[i]);
		else
			*w->at++ = (char)octets[i];
	}
	*w->at++ = '"';
	*w->at = '\0';
}

/* RFC 4034 4.1.2. What would be read back as another bitmap is a failure: another form, type 0. */
static void
bitmap_put(struct writing *w, struct wire_reader *r)
{
	const char *blank = "";
	int last = -1;

	while (r->offset < r->length && !r->failed) {
		uint8_t window = wire_u8_read(r), length = wire_u8_read(r);
		const uint8_t *octets = wire_take(r, length);

		if (!octets || length == 0 || length > 32 || window <= last ||
			octets[length - 1] == 0 || (window == 0 && octets[0] & 0x80)) {
			r->failed = true;
			return;
		}
		for (unsigned int bit = 0; bit < 8u * length; bit++) {
			if (!(octets[bit / 8] & 0x80 >> bit % 8))
				continue;
			put(w, "%s%s", blank, zone_type_text((uint16_t)(window << 8 | bit)));
			blank = " ";
		}
		last = window;
	}
}

static void
address_put(struct writing *w, const uint8_t *octets)
{
	if (octets)
		put(w, "%u.%u.%u.%u", octets[0], octets[1], octets[2], octets[3]);
}

static void
address6_put(struct writing *w, const uint8_t *octets)
{
	for (unsigned int i = 0; octets && i < 16; i += 2)
		put(w, "%s%x", i ? ":" : "", octets[i] << 8 | octets[i + 1]);
}

static void
field_put(struct writing *w, char field, struct wire_reader *r)
{
	size_t left = r->length - r->offset;

	switch (field) {
	case 'b':
		put(w, "%u", wire_u8_read(r));
		return;
	case 's':
		put(w, "%u", wire_u16_read(r));
		return;
	case 'l':
		put(w, "%u", wire_u32_read(r));
		return;
	case 'T':
		put(w, "%s", zone_type_text(wire_u16_read(r)));
		return;
	case 't':
		time_put(w, wire_u32_read(r));
		return;
	case 'n':
		name_put(w, r);
		return;
	case '4':
		address_put(w, wire_take(r, 4));
		return;
	case '6':
		address6_put(w, wire_take(r, 16));
		return;
	case 'q':
		string_put(w, r);
		return;
	case 'h':
		hex_put(w, wire_take(r, left), left);
		return;
	case 'B':
		w->at += EVP_EncodeBlock((unsigned char *)w->at, wire_take(r, left), (int)left);
		return;
	case 'M':
		bitmap_put(w, r);
		return;
	}
}

static const char *
fields_find(uint16_t type)
{
	for (size_t i = 0; i < sizeof(presentations) / sizeof(presentations[0]); i++)
		if (presentations[i].type == type)
			return presentations[i].fields;
	return NULL;
}

/* @return false: it is not of that form */
static bool
fields_put(struct writing *w, const char *fields, const struct zone_rdata *rdata)
{
	struct wire_reader r = wire_reader_of(rdata->octets, rdata->length);

	while (*fields && !r.failed) {
		*w->at++ = ' ';
		field_put(w, *fields, &r);
		/* as many strings as there are */
		if (*fields != 'q' || r.offset == r.length)
			fields++;
	}
	return !r.failed && r.offset == r.length;
}

static void
rdata_put(struct writing *w, uint16_t type, const struct zone_rdata *rdata)
{
	const char *fields = fields_find(type);
	char *start = w->at;

	if (fields && fields_put(w, fields, rdata))
		return;
	w->at = start;
	put(w, " \\# %u ", rdata->length);
	hex_put(w, rdata->octets, rdata->length);
}

static void
rrset_put(struct writing *w, const struct wire_name *owner, const struct zone_rrset *rrset)
{
	size_t count = (size_t)rrset->count + rrset->signature_count;
	char name[WIRE_NAME_TEXT_MAX];

	wire_name_to_text(owner, name);
	for (size_t i = 0; i < count; i++) {
		uint16_t type = i < rrset->count ? rrset->type : WIRE_TYPE_RRSIG;

		w->at = w->text;
		put(w, "%s %u IN %s", name, rrset->ttl, zone_type_text(type));
		rdata_put(w, type, &rrset->rdata[i]);
		*w->at++ = '\n';
		fwrite(w->text, 1, (size_t)(w->at - w->text), w->file);
	}
}

void
zone_text_write(const struct zone *zone, FILE *file)
{
	const struct zone_node *apex = &zone->nodes[0];
	struct arena *arena = arena_new();
	struct writing *w = arena_take(arena, sizeof(*w));

	w->file = file;
	rrset_put(w, &apex->name, zone_rrset_find(apex, WIRE_TYPE_SOA));
	for (size_t n = 0; n < zone->node_count; n++)
		for (unsigned int i = 0; i < zone->nodes[n].count; i++)
			if (n != 0 || apex->rrsets[i].type != WIRE_TYPE_SOA)
				rrset_put(w, &zone->nodes[n].name, &zone->nodes[n].rrsets[i]);
	arena_free(arena);
}
