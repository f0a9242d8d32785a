/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RFC 1034 4.3.2, 2308, 4035 3.1, 8482, 9471, step by step and from the records alone. The engine
 * gives the same octets, so where those leave a choice it is made here:
 *
 * - Order of refusals: a withheld zone or no zone at all SERVFAIL, name outside REFUSED, AXFR or
 * IXFR of a name that is not the apex NOTAUTH (RFC 5936 2.2.1), AXFR of the apex REFUSED. An IXFR
 * of the apex is answered by the SOA alone, without signatures (RFC 1995 2).
 * - The topmost cut on the way to QNAME decides; the only thing answered at a cut is its DS. DS of
 *   the apex is an ordinary type.
 * - ANY gets the RRset of fewest octets, names uncompressed and signatures not counted; of equals
 *   the lowest type. RRSIG gets one signature, the first of the lowest type that has any, with or
 *   without DO.
 * - Signatures go behind their RRset, all of them, with its TTL. In denials and referrals they and
 *   NSEC and DS are there with DO in a signed zone; positive answers have what the records have.
 * - A denial's SOA and its signatures have the lesser of the SOA's TTL and its last field (RFC 2308
 *   3); NSEC keeps its own. NXDOMAIN: first the NSEC against the wildcard, then the one against
 *   QNAME unless that is the same. An owner that lacks an NSEC leaves it out: no verified zone has
 *   one.
 * - Names in denials are written in full. Elsewhere they are compressed against the question's
 *   copy of the node's name and against what was written; in RDATA only those of NS, SOA, PTR and
 *   MX (RFC 3597 4).
 * - Additional data: A, then AAAA of each host, hosts in the order of the NS RRset, each RRset
 * whole or not at all, and nothing behind the first that does not fit. Referrals: hosts at or below
 * the cut first, all of them required, then the others in this zone; if the former have no address,
 *   the first RRset of the latter is required. NS of the apex: none required; signatures with DO if
 *   the host is neither a cut nor below one. No other answer has any.
 * - What is required and does not fit is TC=1 with nothing but question and OPT.
 */
#include "oracle/oracle.h"

#include <assert.h>

enum section { ANSWER, AUTHORITY, ADDITIONAL, SECTIONS };

enum {
	RECORD_FIXED_SIZE = 10, /* type, class, TTL, RDLENGTH: RFC 1035 3.2.1 */
};

/* Names that the compression table borrows; most answers have a few. */
struct names {
	struct names *next;
	unsigned int count;
	struct wire_name names[32];
};

/* A query in the middle of being answered. */
struct answering {
	const struct oracle_zones *zones;
	const struct zone *zone; /* the one that answers */
	struct exchange x;
	bool slip; /* TC in place of what the zone says */
	uint8_t *reply;
	struct wire_name qname; /* folded */
	struct wire_writer w;	/* ends where the OPT begins at the latest */
	unsigned int counts[SECTIONS];
	bool compress;
	struct wire_compression table;
	struct names *names;
};

/* ---- records ---- */

static const struct wire_name *
name_keep(struct answering *a, const struct wire_name *name)
{
	struct names *names = a->names;

	if (!names || names->count == sizeof(names->names) / sizeof(names->names[0])) {
		names = malloc(sizeof(*names));
		if (!names)
			abort();
		names->next = a->names;
		names->count = 0;
		a->names = names;
	}
	names->names[names->count] = *name;
	return &names->names[names->count++];
}

static void
names_free(struct answering *a)
{
	while (a->names) {
		struct names *next = a->names->next;

		free(a->names);
		a->names = next;
	}
}

static void
name_write(struct answering *a, const struct wire_name *name)
{
	if (!a->compress) {
		wire_write(&a->w, name->octets, name->length);
		return;
	}
	wire_name_write(&a->w, &a->table, name_keep(a, name));
}

static void
rdata_write(struct answering *a, uint16_t type, const struct zone_rdata *rdata)
{
	struct wire_reader r = wire_reader_of(rdata->octets, rdata->length);
	unsigned int names = 0;

	if (type == WIRE_TYPE_MX)
		wire_u16_write(&a->w, wire_u16_read(&r));
	if (type == WIRE_TYPE_NS || type == WIRE_TYPE_PTR || type == WIRE_TYPE_MX)
		names = 1;
	if (type == WIRE_TYPE_SOA)
		names = 2;
	for (unsigned int i = 0; i < names; i++) {
		struct wire_name name;

		wire_name_read(&r, &name);
		name_write(a, &name);
	}
	assert(!r.failed); /* zone_load() read it */
	wire_write(&a->w, r.message + r.offset, r.length - r.offset);
}

static void
record_write(struct answering *a, const struct wire_name *owner, uint16_t type, uint32_t ttl,
	const struct zone_rdata *rdata)
{
	size_t length_at;

	name_write(a, owner);
	wire_u16_write(&a->w, type);
	wire_u16_write(&a->w, WIRE_CLASS_IN);
	wire_u32_write(&a->w, ttl);
	length_at = a->w.offset;
	wire_u16_write(&a->w, 0);
	rdata_write(a, type, rdata);
	if (!a->w.failed)
		wire_u16_patch(a->w.message + length_at, (uint16_t)(a->w.offset - (length_at + 2)));
}

/* Append an RRset, all of it. @return false: there is no room, and nothing was appended */
static bool
rrset_write(struct answering *a, enum section section, const struct wire_name *owner,
	const struct zone_rrset *rrset, uint32_t ttl, bool with_signatures)
{
	unsigned int signatures = with_signatures ? rrset->signature_count : 0;
	size_t mark = a->w.offset;

	for (unsigned int i = 0; i < rrset->count && !a->w.failed; i++)
		record_write(a, owner, rrset->type, ttl, &rrset->rdata[i]);
	for (unsigned int i = 0; i < signatures && !a->w.failed; i++)
		record_write(a, owner, WIRE_TYPE_RRSIG, ttl, &rrset->signatures[i]);
	if (a->w.failed) {
		wire_writer_rewind(&a->w, mark);
		return false;
	}
	a->counts[section] += rrset->count + signatures;
	return true;
}

/* ---- the frame of a reply ---- */

static void
reply_begin(struct answering *a, enum wire_rcode rcode, bool authoritative)
{
	a->x.query.rcode = rcode;
	wire_reply_begin(&a->w, &a->x.query, a->x.message);
	if (authoritative)
		a->w.message[2] |= WIRE_FLAG1_AA;
}

/* The name of a node stands at the end of QNAME, and is the first that others may point at. */
static void
compression_begin(struct answering *a, const struct wire_name *name)
{
	size_t before = wire_name_skip(&a->qname, a->qname.labels - name->labels);

	a->compress = true;
	wire_compression_add(&a->table, name, WIRE_QUESTION_OFFSET + before);
}

/* @param whole  false: something that is required did not fit */
static size_t
reply_end(struct answering *a, bool whole)
{
	whole = whole && !a->slip;
	if (!whole) {
		wire_writer_rewind(&a->w, WIRE_QUESTION_OFFSET + a->x.query.question_length);
		a->w.message[2] |= WIRE_FLAG1_TC;
	}
	for (unsigned int i = 0; i < SECTIONS; i++)
		wire_u16_patch(a->w.message + 6 + 2 * i, (uint16_t)(whole ? a->counts[i] : 0));
	a->w.size = a->x.query.size_max;
	exchange_opt_write(&a->x, &a->w);
	assert(!a->w.failed);
	return a->w.offset;
}

static size_t
refuse(struct answering *a, enum wire_rcode rcode, enum wire_ede ede)
{
	return exchange_refuse(&a->x, rcode, ede, a->reply);
}

/* ---- names in the zone ---- */

/* The last node that is not behind a name in canonical order; at least the apex. */
static const struct zone_node *
node_not_after(const struct zone *zone, const struct wire_name *name)
{
	size_t low = 0, high = zone->node_count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (wire_name_compare(&zone->nodes[middle].name, name) <= 0)
			low = middle;
		else
			high = middle;
	}
	return &zone->nodes[low];
}

/* Who owns the NSEC that matches or covers a name: glue has none. */
static const struct zone_node *
nsec_owner(const struct zone *zone, const struct wire_name *name)
{
	const struct zone_node *node = node_not_after(zone, name);

	while (node->place == ZONE_GLUE)
		node--;
	return node;
}

/* RFC 4592 2.2.2: a name exists if it owns records or if one below it does. */
static bool
name_exists(const struct zone *zone, const struct wire_name *name)
{
	const struct zone_node *node = node_not_after(zone, name);

	if (wire_name_equal(&node->name, name))
		return true;
	node++;
	return node < zone->nodes + zone->node_count && wire_name_is_below(&node->name, name);
}

/* The topmost cut at or above a name, or NULL. */
static const struct zone_node *
cut_find(const struct zone *zone, const struct wire_name *name)
{
	for (unsigned int labels = zone->origin.labels + 1u; labels <= name->labels; labels++) {
		const struct zone_node *node;
		struct wire_name ancestor;

		wire_name_suffix(&ancestor, name, labels);
		node = zone_find(zone, &ancestor);
		if (node && node->place == ZONE_CUT)
			return node;
	}
	return NULL;
}

/* "*" below the closest encloser of a name that does not exist. */
static void
wildcard_find(struct wire_name *wildcard, const struct zone *zone, const struct wire_name *name)
{
	struct wire_name encloser = *name;

	while (!name_exists(zone, &encloser))
		wire_name_suffix(&encloser, &encloser, encloser.labels - 1u);
	/* shorter than the name: that has a label more, and no label is shorter than this one */
	*wildcard = (struct wire_name){.octets = {1, '*'}};
	for (unsigned int i = 0; i < encloser.length; i++)
		wildcard->octets[2 + i] = encloser.octets[i];
	wildcard->length = (uint8_t)(2 + encloser.length);
	wildcard->labels = (uint8_t)(1 + encloser.labels);
}

/* The owner of a name server's addresses, if it is in this zone. */
static const struct zone_node *
host_find(const struct zone *zone, const struct zone_rdata *ns)
{
	struct wire_reader r = wire_reader_of(ns->octets, ns->length);
	struct wire_name name;

	wire_name_read(&r, &name);
	assert(!r.failed);
	return wire_name_is_below(&name, &zone->origin) ? zone_find(zone, &name) : NULL;
}

/* ---- denials ---- */

static uint32_t
denial_ttl(const struct zone_rrset *soa)
{
	struct wire_reader r = wire_reader_of(soa->rdata->octets, soa->rdata->length);
	uint32_t minimum;

	r.offset = r.length - 4;
	minimum = wire_u32_read(&r);
	return minimum < soa->ttl ? minimum : soa->ttl;
}

static bool
nsec_write(struct answering *a, const struct zone_node *owner)
{
	const struct zone_rrset *nsec = zone_rrset_find(owner, WIRE_TYPE_NSEC);

	return !nsec || rrset_write(a, AUTHORITY, &owner->name, nsec, nsec->ttl, true);
}

static bool
proves_denials(const struct answering *a)
{
	return a->x.query.dnssec_ok && a->zone->is_signed;
}

static bool
soa_write(struct answering *a)
{
	const struct zone_node *apex = &a->zone->nodes[0];
	const struct zone_rrset *soa = zone_rrset_find(apex, WIRE_TYPE_SOA);

	return rrset_write(a, AUTHORITY, &apex->name, soa, denial_ttl(soa), proves_denials(a));
}

/* RFC 4035 3.1.3.1; of an empty non-terminal, the NSEC that spans it. */
static size_t
nodata_answer(struct answering *a)
{
	bool whole;

	reply_begin(a, WIRE_RCODE_NOERROR, true);
	whole = soa_write(a);
	if (proves_denials(a))
		whole = whole && nsec_write(a, nsec_owner(a->zone, &a->qname));
	return reply_end(a, whole);
}

/* RFC 4035 3.1.3.2 */
static size_t
nxdomain_answer(struct answering *a)
{
	bool whole;

	reply_begin(a, WIRE_RCODE_NXDOMAIN, true);
	whole = soa_write(a);
	if (proves_denials(a)) {
		const struct zone_node *against_wildcard, *against_qname;
		struct wire_name wildcard;

		wildcard_find(&wildcard, a->zone, &a->qname);
		against_wildcard = nsec_owner(a->zone, &wildcard);
		against_qname = nsec_owner(a->zone, &a->qname);
		whole = whole && nsec_write(a, against_wildcard);
		if (against_qname != against_wildcard)
			whole = whole && nsec_write(a, against_qname);
	}
	return reply_end(a, whole);
}

/* ---- referrals ---- */

/* What came of appending addresses. */
struct appended {
	unsigned int rrsets;
	bool all; /* false: the next one did not fit, and nothing more may follow */
};

/* RFC 4035 3.1.1: a host that is no glue but a name of this zone brings its signatures. */
static void
addresses_write(struct answering *a, const struct zone_node *host, struct appended *done)
{
	static const uint16_t types[] = {WIRE_TYPE_A, WIRE_TYPE_AAAA};
	bool authoritative = host->place == ZONE_APEX || host->place == ZONE_AUTHORITATIVE;

	for (unsigned int i = 0; i < 2 && done->all; i++) {
		const struct zone_rrset *rrset = zone_rrset_find(host, types[i]);

		if (!rrset)
			continue;
		done->all = rrset_write(a, ADDITIONAL, &host->name, rrset, rrset->ttl,
			authoritative && a->x.query.dnssec_ok);
		done->rrsets += done->all;
	}
}

static struct appended
glue_write(struct answering *a, const struct zone_node *cut, const struct zone_rrset *ns,
	bool in_domain)
{
	struct appended done = {.all = true};

	for (unsigned int i = 0; i < ns->count; i++) {
		const struct zone_node *host = host_find(a->zone, &ns->rdata[i]);

		if (host && wire_name_is_below(&host->name, &cut->name) == in_domain)
			addresses_write(a, host, &done);
	}
	return done;
}

/* RFC 4035 3.1.4: NS first, then what says whether the child is signed. */
static bool
delegation_write(struct answering *a, const struct zone_node *cut, const struct zone_rrset *ns)
{
	const struct zone_rrset *ds = zone_rrset_find(cut, WIRE_TYPE_DS);

	if (!rrset_write(a, AUTHORITY, &cut->name, ns, ns->ttl, false))
		return false;
	if (!proves_denials(a))
		return true;
	if (ds)
		return rrset_write(a, AUTHORITY, &cut->name, ds, ds->ttl, true);
	return nsec_write(a, cut);
}

static size_t
referral_answer(struct answering *a, const struct zone_node *cut)
{
	const struct zone_rrset *ns = zone_rrset_find(cut, WIRE_TYPE_NS);
	struct appended required, spare;
	bool whole;

	reply_begin(a, WIRE_RCODE_NOERROR, false);
	compression_begin(a, &cut->name);
	whole = delegation_write(a, cut, ns);
	if (!whole)
		return reply_end(a, false);
	required = glue_write(a, cut, ns, true);
	if (!required.all)
		return reply_end(a, false);
	spare = glue_write(a, cut, ns, false);
	/* a resolver that got no address at all could not go on */
	whole = spare.all || spare.rrsets > 0 || required.rrsets > 0;
	return reply_end(a, whole);
}

/* ---- positive answers ---- */

static size_t
rrset_answer(struct answering *a, const struct zone_node *node, const struct zone_rrset *rrset,
	bool with_signatures)
{
	bool whole;

	reply_begin(a, WIRE_RCODE_NOERROR, true);
	compression_begin(a, &node->name);
	whole = rrset_write(a, ANSWER, &node->name, rrset, rrset->ttl, with_signatures);
	return reply_end(a, whole);
}

/* RFC 9609: the priming query, and its like for other zones. */
static size_t
apex_ns_answer(struct answering *a, const struct zone_node *apex, const struct zone_rrset *ns)
{
	struct appended done = {.all = true};

	reply_begin(a, WIRE_RCODE_NOERROR, true);
	compression_begin(a, &apex->name);
	if (!rrset_write(a, ANSWER, &apex->name, ns, ns->ttl, a->x.query.dnssec_ok))
		return reply_end(a, false);
	for (unsigned int i = 0; i < ns->count; i++) {
		const struct zone_node *host = host_find(a->zone, &ns->rdata[i]);

		if (host)
			addresses_write(a, host, &done);
	}
	return reply_end(a, true);
}

static size_t
rrset_size(const struct zone_node *node, const struct zone_rrset *rrset)
{
	size_t size = 0;

	for (unsigned int i = 0; i < rrset->count; i++)
		size += node->name.length + RECORD_FIXED_SIZE + rrset->rdata[i].length;
	return size;
}

/* RFC 8482 4.1 */
static size_t
any_answer(struct answering *a, const struct zone_node *node)
{
	const struct zone_rrset *smallest = &node->rrsets[0];

	for (unsigned int i = 1; i < node->count; i++)
		if (rrset_size(node, &node->rrsets[i]) < rrset_size(node, smallest))
			smallest = &node->rrsets[i];
	return rrset_answer(a, node, smallest, a->x.query.dnssec_ok);
}

/* RFC 8482 7 */
static size_t
rrsig_answer(struct answering *a, const struct zone_node *node)
{
	for (unsigned int i = 0; i < node->count; i++) {
		const struct zone_rrset *rrset = &node->rrsets[i];
		struct zone_rrset signature = {
			.type = WIRE_TYPE_RRSIG,
			.ttl = rrset->ttl,
			.count = 1,
			.rdata = rrset->signatures,
		};

		if (rrset->signature_count > 0)
			return rrset_answer(a, node, &signature, false);
	}
	return nodata_answer(a);
}

static size_t
node_answer(struct answering *a, const struct zone_node *node)
{
	const struct zone_rrset *rrset;

	if (a->x.query.qtype == WIRE_TYPE_ANY)
		return any_answer(a, node);
	if (a->x.query.qtype == WIRE_TYPE_RRSIG)
		return rrsig_answer(a, node);
	rrset = zone_rrset_find(node, a->x.query.qtype);
	if (!rrset)
		return nodata_answer(a);
	if (a->x.query.qtype == WIRE_TYPE_NS)
		return apex_ns_answer(a, node, rrset); /* elsewhere NS would make it a cut */
	return rrset_answer(a, node, rrset, a->x.query.dnssec_ok);
}

/* ---- the question ---- */

/* RFC 4035 3.1.4.1: DS is the parent's, and nothing else at a cut is. */
static size_t
cut_answer(struct answering *a, const struct zone_node *cut)
{
	const struct zone_rrset *ds = zone_rrset_find(cut, WIRE_TYPE_DS);

	if (a->x.query.qtype != WIRE_TYPE_DS || !wire_name_equal(&cut->name, &a->qname))
		return referral_answer(a, cut);
	return ds ? rrset_answer(a, cut, ds, a->x.query.dnssec_ok) : nodata_answer(a);
}

static size_t
ixfr_answer(struct answering *a)
{
	const struct zone_node *apex = &a->zone->nodes[0];

	return rrset_answer(a, apex, zone_rrset_find(apex, WIRE_TYPE_SOA), false);
}

/* The zone of that very name that may not be answered from, or NULL. */
static const struct zone_withheld *
withheld_find(const struct answering *a, const struct wire_name *name)
{
	for (unsigned int i = 0; i < a->zones->withheld_count; i++)
		if (wire_name_equal(&a->zones->withheld[i].origin, name))
			return &a->zones->withheld[i];
	return NULL;
}

/*
 * RFC 1034 4.3.2 step 2: the zone that is the nearest ancestor. DS of an apex is asked of the
 * parent (RFC 4035 3.1.4.1), and of the zone itself only where the parent is not here.
 */
static const struct zone *
zone_choose(const struct answering *a, const struct zone_withheld **withheld)
{
	*withheld = NULL;
	for (unsigned int up = 0; up <= a->qname.labels; up++) {
		struct wire_name ancestor;

		wire_name_suffix(&ancestor, &a->qname, a->qname.labels - up);
		if (up > 0 || a->x.query.qtype != WIRE_TYPE_DS)
			*withheld = withheld_find(a, &ancestor);
		if (*withheld)
			return NULL;
		for (unsigned int i = 0; i < a->zones->count; i++)
			if (wire_name_equal(&a->zones->zones[i]->origin, &ancestor) &&
				!(up == 0 && a->x.query.qtype == WIRE_TYPE_DS))
				return a->zones->zones[i];
	}
	for (unsigned int i = 0; i < a->zones->count; i++)
		if (wire_name_equal(&a->zones->zones[i]->origin, &a->qname))
			return a->zones->zones[i];
	*withheld = withheld_find(a, &a->qname);
	return NULL;
}

static size_t
name_answer(struct answering *a)
{
	const struct zone_node *node = cut_find(a->zone, &a->qname);

	if (node)
		return cut_answer(a, node);
	node = zone_find(a->zone, &a->qname);
	if (node)
		return node_answer(a, node);
	if (name_exists(a->zone, &a->qname))
		return nodata_answer(a);
	return nxdomain_answer(a);
}

static uint32_t
serial_of(const struct zone *zone)
{
	const struct zone_rdata *soa = zone_rrset_find(&zone->nodes[0], WIRE_TYPE_SOA)->rdata;
	struct wire_reader r = wire_reader_of(soa->octets, soa->length);

	/* serial, refresh, retry, expire, minimum: RFC 1035 3.3.13 */
	r.offset = r.length - 20;
	return wire_u32_read(&r);
}

static bool
is_transfer(uint16_t qtype)
{
	return qtype == WIRE_TYPE_AXFR || qtype == WIRE_TYPE_IXFR;
}

static size_t
query_answer(struct answering *a)
{
	const struct zone_withheld *withheld;

	a->qname = a->x.query.qname;
	wire_name_fold(&a->qname);
	a->zone = zone_choose(a, &withheld);
	if (withheld)
		return refuse(a, WIRE_RCODE_SERVFAIL,
			withheld->expired ? WIRE_EDE_INVALID_DATA : WIRE_EDE_NOT_READY);
	if (a->zones->count == 0)
		return refuse(a, WIRE_RCODE_SERVFAIL, WIRE_EDE_NOT_READY);
	if (!a->zone)
		return refuse(a, WIRE_RCODE_REFUSED, WIRE_EDE_NOT_AUTHORITATIVE);
	if (is_transfer(a->x.query.qtype) && !wire_name_equal(&a->qname, &a->zone->origin))
		return refuse(a, WIRE_RCODE_NOTAUTH, WIRE_EDE_NOT_AUTHORITATIVE);
	if (a->x.query.qtype == WIRE_TYPE_AXFR)
		return refuse(a, WIRE_RCODE_REFUSED, WIRE_EDE_PROHIBITED);
	/* not before: a refusal is not from any zone's version (RFC 9660 3.2) */
	exchange_zone_say(&a->x, &a->zone->origin, serial_of(a->zone));
	a->w = wire_writer_of(a->reply, exchange_room(&a->x));
	if (a->x.query.qtype == WIRE_TYPE_IXFR)
		return ixfr_answer(a);
	return name_answer(a);
}

size_t
oracle_answer(const struct oracle_zones *zones, const struct exchange_self *self,
	const struct exchange_peer *peer, const uint8_t *message, size_t length, uint8_t *reply)
{
	struct answering a = {.zones = zones, .slip = peer->slip, .reply = reply};

	switch (exchange_begin(&a.x, self, peer, message, length)) {
	case WIRE_DROP:
		return 0;
	case WIRE_REPLY:
		return exchange_reply(&a.x, reply);
	case WIRE_ANSWER:
		break;
	}
	length = query_answer(&a);
	names_free(&a);
	return length;
}
