/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether a reply is correct, RSSAC047v2 5.3, held against all records of the zone. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rssac047/rssac047_priv.h"

enum { RECORDS_MAX = 512, POOL = 1 << 17, RRSIG_FIXED = 18, SOA_FIXED = 20 };
enum section { ANSWER, AUTHORITY, ADDITIONAL, SECTIONS };

static const char *const section_names[SECTIONS] = {"Answer", "Authority", "Additional"};

/* A record of the reply; RDATA without compression, its names folded. */
struct record {
	struct wire_name owner; /* folded */
	enum section section;
	uint16_t type, covered; /* covered: by a RRSIG */
	uint32_t rdata, length; /* in the pool */
	uint32_t in_zone;	/* records of the zone that equal it */
	uint32_t set_size;	/* of its RRset, in the zone */
};

struct checked {
	const struct rssac047_query *query;
	uint8_t flags1, rcode;
	unsigned int count, sections[SECTIONS]; /* OPT is not among these */
	struct record records[RECORDS_MAX];
	size_t used;
	uint8_t pool[POOL];
	bool zone_has_ds;     /* at QNAME */
	unsigned int zone_ns; /* at QNAME */
};

/* ---- records ---- */

static void
name_take(struct wire_reader *r, struct wire_writer *w)
{
	struct wire_name name;

	wire_name_expand(r, &name);
	wire_name_fold(&name);
	if (!r->failed)
		wire_write(w, name.octets, name.length);
}

static void
octets_take(struct wire_reader *r, struct wire_writer *w, size_t count)
{
	const uint8_t *octets = wire_take(r, count);

	if (octets)
		wire_write(w, octets, count);
}

/* RDATA as RFC 4034 6.2 has it, of the types that a root zone has. @return false: malformed */
static bool
rdata_take(struct wire_reader *r, uint16_t type, size_t length, struct wire_writer *w)
{
	size_t end = r->offset + length;

	if (length > r->length - r->offset)
		return false;
	if (type == WIRE_TYPE_RRSIG)
		octets_take(r, w, RRSIG_FIXED);
	if (type == WIRE_TYPE_NS || type == WIRE_TYPE_SOA || type == WIRE_TYPE_NSEC ||
		type == WIRE_TYPE_RRSIG)
		name_take(r, w);
	if (type == WIRE_TYPE_SOA) {
		name_take(r, w);
		octets_take(r, w, SOA_FIXED);
	}
	if (r->failed || r->offset > end)
		return false;
	octets_take(r, w, end - r->offset);
	return !r->failed && !w->failed;
}

/* @return false: malformed, or more than a reply can be */
static bool
record_take(struct wire_reader *r, enum section section, struct checked *c)
{
	struct record *record = &c->records[c->count];
	struct wire_writer w = wire_writer_of(c->pool + c->used, POOL - c->used);
	uint16_t class, length;

	if (c->count == RECORDS_MAX)
		return false;
	*record = (struct record){.section = section, .rdata = (uint32_t)c->used};
	wire_name_expand(r, &record->owner);
	wire_name_fold(&record->owner);
	record->type = wire_u16_read(r);
	class = wire_u16_read(r);
	wire_u32_read(r);
	length = wire_u16_read(r);
	if (r->failed || !rdata_take(r, record->type, length, &w))
		return false;
	if (record->type == WIRE_TYPE_OPT)
		return true;
	if (class != WIRE_CLASS_IN)
		return false;
	record->length = (uint32_t)w.offset;
	if (record->type == WIRE_TYPE_RRSIG)
		record->covered = (uint16_t)(w.message[0] << 8 | w.message[1]);
	c->used += w.offset;
	c->sections[section]++;
	c->count++;
	return true;
}

static bool
reply_read(const uint8_t *reply, size_t length, struct checked *c)
{
	struct wire_reader r = wire_reader_of(reply, length);
	uint16_t counts[SECTIONS];

	wire_u16_read(&r);
	c->flags1 = wire_u8_read(&r);
	c->rcode = wire_u8_read(&r) & WIRE_FLAG2_RCODE;
	wire_u16_read(&r);
	for (unsigned int i = 0; i < SECTIONS; i++)
		counts[i] = wire_u16_read(&r);
	wire_take(&r, (size_t)c->query->qname.length + 4);
	for (unsigned int section = 0; section < SECTIONS; section++)
		for (unsigned int i = 0; i < counts[section]; i++)
			if (!record_take(&r, section, c))
				return false;
	return !r.failed && r.offset == r.length;
}

/* ---- the zone ---- */

static void
zone_record_hold(const struct wire_record *zone, struct checked *c)
{
	uint8_t octets[4096];
	struct wire_writer w = wire_writer_of(octets, sizeof(octets));
	struct wire_reader r = wire_reader_of(zone->rdata, zone->length);
	bool read = false, good = false;

	if (wire_name_equal(&zone->owner, &c->query->qname)) {
		c->zone_has_ds |= zone->type == WIRE_TYPE_DS;
		c->zone_ns += zone->type == WIRE_TYPE_NS;
	}
	for (unsigned int i = 0; i < c->count; i++) {
		struct record *record = &c->records[i];

		if (record->type != zone->type || !wire_name_equal(&record->owner, &zone->owner))
			continue;
		if (!read)
			good = rdata_take(&r, zone->type, zone->length, &w);
		read = true;
		record->set_size++;
		record->in_zone += good && w.offset == record->length &&
				   memcmp(octets, c->pool + record->rdata, record->length) == 0;
	}
}

static void
zone_hold(const uint8_t *records, size_t length, struct checked *c)
{
	struct wire_reader r = wire_reader_of(records, length);

	while (r.offset < r.length && !r.failed) {
		struct wire_record record;

		wire_record_read(&r, &record);
		wire_name_fold(&record.owner);
		if (!r.failed)
			zone_record_hold(&record, c);
	}
}

/* ---- judging ---- */

static int
wrong(const struct checked *c, struct why *why, const char *what, const struct wire_name *owner,
	unsigned int type, const char *where)
{
	char qname[WIRE_NAME_TEXT_MAX], text[WIRE_NAME_TEXT_MAX];

	wire_name_to_text(&c->query->qname, qname);
	wire_name_to_text(owner, text);
	return why_set(why, EBADMSG, "qname=%.60s qtype=%u: %s: %.60s type %u in %s", qname,
		c->query->qtype, what, text, type, where);
}

static unsigned int
set_count(const struct checked *c, enum section section, const struct wire_name *owner,
	uint16_t type, uint16_t covered)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < c->count; i++) {
		const struct record *record = &c->records[i];

		count += record->section == section && record->type == type &&
			 record->covered == covered && wire_name_equal(&record->owner, owner);
	}
	return count;
}

/* All records are the zone's; RRsets are whole, once; signatures stand beside what they sign. */
static int
records_check(const struct checked *c, struct why *why)
{
	for (unsigned int i = 0; i < c->count; i++) {
		const struct record *record = &c->records[i];
		const char *where = section_names[record->section];

		if (record->in_zone == 0)
			return wrong(
				c, why, "not in the zone", &record->owner, record->type, where);
		if (record->type != WIRE_TYPE_RRSIG && set_count(c, record->section, &record->owner,
							       record->type, 0) != record->set_size)
			return wrong(
				c, why, "not the whole RRset", &record->owner, record->type, where);
		if (record->type == WIRE_TYPE_RRSIG &&
			set_count(c, record->section, &record->owner, record->covered, 0) == 0)
			return wrong(c, why, "signs nothing there", &record->owner, record->covered,
				where);
	}
	return 0;
}

static int
signed_check(const struct checked *c, enum section section, const struct wire_name *owner,
	uint16_t type, struct why *why)
{
	if (set_count(c, section, owner, type, 0) == 0)
		return wrong(c, why, "missing", owner, type, section_names[section]);
	if (set_count(c, section, owner, WIRE_TYPE_RRSIG, type) == 0)
		return wrong(c, why, "not signed", owner, type, section_names[section]);
	return 0;
}

static int
empty_check(const struct checked *c, enum section section, struct why *why)
{
	for (unsigned int i = 0; i < c->count; i++)
		if (c->records[i].section == section)
			return wrong(c, why, "should be empty", &c->records[i].owner,
				c->records[i].type, section_names[section]);
	return 0;
}

static int
aa_check(const struct checked *c, bool wanted, struct why *why)
{
	if (!(c->flags1 & WIRE_FLAG1_AA) == !wanted)
		return 0;
	return wrong(c, why, wanted ? "AA is not set" : "AA is set", &c->query->qname,
		c->query->qtype, "the header");
}

static const uint8_t *
nsec_types(const struct checked *c, const struct record *nsec, struct wire_name *next, size_t *size)
{
	struct wire_reader r = wire_reader_of(c->pool + nsec->rdata, nsec->length);

	wire_name_read(&r, next);
	*size = r.length - r.offset;
	return r.message + r.offset;
}

/* RFC 4034 4.1.2, window 0 */
static bool
nsec_has(const uint8_t *types, size_t size, uint16_t type)
{
	return size > 2 && types[0] == 0 && types[1] > type / 8 && size > 2u + type / 8 &&
	       types[2 + type / 8] & 0x80 >> type % 8;
}

static int
unsigned_cut_check(const struct checked *c, struct why *why)
{
	const struct wire_name *qname = &c->query->qname;
	int rc = signed_check(c, AUTHORITY, qname, WIRE_TYPE_NSEC, why);

	for (unsigned int i = 0; i < c->count && rc == 0; i++) {
		const struct record *record = &c->records[i];
		const uint8_t *types;
		struct wire_name next;
		size_t size;

		if (record->type != WIRE_TYPE_NSEC || !wire_name_equal(&record->owner, qname))
			continue;
		types = nsec_types(c, record, &next, &size);
		if (nsec_has(types, size, WIRE_TYPE_DS))
			rc = wrong(
				c, why, "has DS in its types", qname, WIRE_TYPE_NSEC, "Authority");
	}
	return rc;
}

/* An address of a name server that stands in Authority. */
static bool
glue_is_there(const struct checked *c)
{
	for (unsigned int i = 0; i < c->count; i++) {
		const struct record *ns = &c->records[i];
		struct wire_reader r = wire_reader_of(c->pool + ns->rdata, ns->length);
		struct wire_name host;

		if (ns->section != AUTHORITY || ns->type != WIRE_TYPE_NS)
			continue;
		wire_name_read(&r, &host);
		if (set_count(c, ADDITIONAL, &host, WIRE_TYPE_A, 0) ||
			set_count(c, ADDITIONAL, &host, WIRE_TYPE_AAAA, 0))
			return true;
	}
	return false;
}

static int
referral_check(const struct checked *c, struct why *why)
{
	const struct wire_name *qname = &c->query->qname;
	int rc = aa_check(c, false, why);

	if (rc == 0)
		rc = empty_check(c, ANSWER, why);
	if (rc == 0 && set_count(c, AUTHORITY, qname, WIRE_TYPE_NS, 0) == 0)
		rc = wrong(c, why, "missing", qname, WIRE_TYPE_NS, "Authority");
	if (rc == 0 && c->zone_has_ds)
		rc = signed_check(c, AUTHORITY, qname, WIRE_TYPE_DS, why);
	else if (rc == 0)
		rc = unsigned_cut_check(c, why);
	if (rc == 0 && !glue_is_there(c))
		rc = wrong(c, why, "no address of any", qname, WIRE_TYPE_NS, "Additional");
	return rc;
}

/* DS of a TLD, NS and DNSKEY and SOA of the apex. */
static int
authoritative_check(const struct checked *c, struct why *why)
{
	const struct wire_name *qname = &c->query->qname;
	uint16_t qtype = c->query->qtype;
	int rc = aa_check(c, true, why);

	if (rc == 0)
		rc = signed_check(c, ANSWER, qname, qtype, why);
	if (rc == 0 && (qtype != WIRE_TYPE_SOA || c->sections[AUTHORITY] == 0))
		rc = empty_check(c, AUTHORITY, why);
	else if (rc == 0)
		rc = signed_check(c, AUTHORITY, qname, WIRE_TYPE_NS, why);
	if (rc == 0 && (qtype == WIRE_TYPE_DS || qtype == WIRE_TYPE_DNSKEY))
		rc = empty_check(c, ADDITIONAL, why);
	return rc;
}

/* RFC 4035 5.4: before the name, and the next behind it; the last one's next is the apex. */
static bool
nsec_covers(const struct checked *c, const struct record *nsec)
{
	struct wire_name qname = c->query->qname, next;
	size_t size;

	nsec_types(c, nsec, &next, &size);
	wire_name_fold(&qname);
	return wire_name_compare(&nsec->owner, &qname) < 0 &&
	       (wire_name_is_root(&next) || wire_name_compare(&qname, &next) < 0);
}

static int
negative_check(const struct checked *c, struct why *why)
{
	int rc = aa_check(c, true, why);
	bool covered = false;

	if (rc == 0)
		rc = empty_check(c, ANSWER, why);
	if (rc == 0)
		rc = signed_check(c, AUTHORITY, &wire_name_root, WIRE_TYPE_SOA, why);
	if (rc == 0)
		rc = signed_check(c, AUTHORITY, &wire_name_root, WIRE_TYPE_NSEC, why);
	for (unsigned int i = 0; i < c->count && rc == 0; i++) {
		const struct record *record = &c->records[i];

		if (record->section != AUTHORITY || record->type != WIRE_TYPE_NSEC)
			continue;
		covered |= nsec_covers(c, record);
		rc = signed_check(c, AUTHORITY, &record->owner, WIRE_TYPE_NSEC, why);
	}
	if (rc == 0 && !covered)
		rc = wrong(c, why, "not covered by any", &c->query->qname, WIRE_TYPE_NSEC,
			"Authority");
	return rc < 0 ? rc : empty_check(c, ADDITIONAL, why);
}

static int
judge(const struct checked *c, struct why *why)
{
	int rc = records_check(c, why);

	if (rc < 0)
		return rc;
	/* by what the reply is, not by what was expected */
	if (c->rcode == WIRE_RCODE_NXDOMAIN)
		return negative_check(c, why);
	if (c->query->qtype == WIRE_TYPE_NS && !wire_name_is_root(&c->query->qname))
		return referral_check(c, why);
	return authoritative_check(c, why);
}

int
rssac047_check(const uint8_t *records, size_t records_length, const struct rssac047_query *query,
	const uint8_t *reply, size_t length, struct why *why)
{
	struct checked *c = calloc(1, sizeof(*c));
	int rc;

	if (!c)
		return why_set(why, ENOMEM, "out of memory");
	c->query = query;
	if (reply_read(reply, length, c)) {
		zone_hold(records, records_length, c);
		rc = judge(c, why);
	} else {
		rc = wrong(c, why, "malformed", &query->qname, query->qtype, "the reply");
	}
	free(c);
	return rc;
}
