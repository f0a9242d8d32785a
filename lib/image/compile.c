/* SPDX-License-Identifier: BSD-3-Clause */
/* Which answers a zone has: every one is composed here, once. */
#include "image/compose.h"
#include "image/layout.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "image/assemble.h"

struct compile {
	const struct zone *zone;
	const struct zone_node **leaves; /* by leaf number: the names that are not glue */
	struct image_parts *parts;	 /* what is made: tree, answers, types */
	struct image_composer c;
	/* beginnings of the common piece: SOA; and its RRSIGs; and the NSEC of the apex's wildcard
	 */
	struct {
		uint16_t length, count;
	} soa, soa_signed, soa_and_wildcard;
	uint32_t wildcard_leaf; /* the NSEC in the common piece */
};

static const struct zone_node *
nsec_owner(const struct compile *m, uint32_t leaf)
{
	return m->leaves[leaf];
}

static uint32_t
leaf_before(const struct compile *m, uint32_t encloser, uint32_t before)
{
	const struct radix_node *nodes = m->parts->tree.nodes;

	return before == encloser ? nodes[encloser].leaf : nodes[before].last_leaf;
}

/* The leaf whose NSEC denies the wildcard at an encloser (RFC 4035 3.1.3.2). */
static uint32_t
wildcard_leaf(const struct compile *m, uint32_t encloser)
{
	static const uint8_t asterisk[] = {1, '*'};
	bool found;
	uint32_t before = radix_child_before(&m->parts->tree, encloser, asterisk, &found);

	return leaf_before(m, encloser, before);
}

static void
nsec_write(struct compile *m, uint32_t leaf)
{
	const struct zone_node *owner = nsec_owner(m, leaf);
	const struct zone_rrset *nsec = zone_rrset_find(owner, WIRE_TYPE_NSEC);

	if (nsec)
		image_compose_rrset(&m->c, &owner->name, nsec, nsec->ttl, true);
}

static uint16_t
written(const struct compile *m)
{
	return (uint16_t)(m->c.w.offset - m->c.body);
}

/* RFC 2308 3: the TTL of a denial is the lesser of the SOA's own and its last field. */
static uint32_t
negative_ttl(const struct zone_rrset *soa)
{
	const uint8_t *minimum = soa->rdata[0].octets + soa->rdata[0].length - 4;
	struct wire_reader r = wire_reader_of(minimum, 4);
	uint32_t ttl = wire_u32_read(&r);

	return ttl < soa->ttl ? ttl : soa->ttl;
}

static int
common_compile(struct compile *m, struct why *why)
{
	const struct zone_node *apex = &m->zone->nodes[0];
	const struct zone_rrset *soa = zone_rrset_find(apex, WIRE_TYPE_SOA);
	struct image_composer *c = &m->c;

	image_compose_begin(c, &apex->name, false);
	image_compose_rrset(c, &apex->name, soa, negative_ttl(soa), false);
	m->soa.length = written(m);
	m->soa.count = c->counts[0];
	wire_writer_rewind(&c->w, c->body);
	c->counts[0] = 0;
	image_compose_rrset(c, &apex->name, soa, negative_ttl(soa), m->zone->is_signed);
	m->soa_signed.length = written(m);
	m->soa_signed.count = c->counts[0];
	m->wildcard_leaf = wildcard_leaf(m, 0);
	if (m->zone->is_signed)
		nsec_write(m, m->wildcard_leaf);
	m->soa_and_wildcard.length = written(m);
	m->soa_and_wildcard.count = c->counts[0];
	if (c->w.failed)
		return why_set(why, E2BIG, "the SOA and its signatures take more than a message");
	m->parts->store.common_size = written(m);
	m->parts->store.common =
		arena_copy(m->parts->arena, c->message + c->body, m->parts->store.common_size);
	return 0;
}

static struct image_verdict
denial(const struct compile *m, enum image_kind kind, bool dnssec_ok)
{
	bool with = dnssec_ok && m->zone->is_signed;

	return (struct image_verdict){
		.kind = kind,
		.authoritative = true,
		.head_length = with ? m->soa_signed.length : m->soa.length,
		.head_count = with ? m->soa_signed.count : m->soa.count,
	};
}

/* NXDOMAIN for names whose covering NSEC is that of `leaf`, below a closest encloser. */
static void
nxdomain_compile(struct compile *m, uint32_t slot, uint32_t encloser, uint32_t leaf, bool dnssec_ok)
{
	struct image_verdict verdict = denial(m, IMAGE_NXDOMAIN, dnssec_ok);
	uint32_t wildcard = wildcard_leaf(m, encloser);

	image_compose_begin(&m->c, &m->zone->origin, false);
	m->c.section = IMAGE_AUTHORITY_SECTION;
	if (dnssec_ok && m->zone->is_signed) {
		if (wildcard == m->wildcard_leaf) {
			verdict.head_length = m->soa_and_wildcard.length;
			verdict.head_count = m->soa_and_wildcard.count;
		} else {
			nsec_write(m, wildcard);
		}
		if (leaf != wildcard)
			nsec_write(m, leaf);
	}
	image_store_put(&m->parts->store, slot, &m->c, &verdict);
}

static void
nodata_compile(struct compile *m, uint32_t slot, uint32_t node, bool dnssec_ok, uint8_t marks)
{
	struct image_verdict verdict = denial(m, IMAGE_NODATA, dnssec_ok);

	verdict.marks = marks;
	image_compose_begin(&m->c, &m->zone->origin, false);
	m->c.section = IMAGE_AUTHORITY_SECTION;
	if (dnssec_ok && m->zone->is_signed)
		nsec_write(m, m->parts->tree.nodes[node].leaf);
	image_store_put(&m->parts->store, slot, &m->c, &verdict);
}

/* The addresses of one name server, each RRset a unit that is sent whole or not at all. */
static void
addresses_write(struct compile *m, const struct zone_node *host, bool with_signatures)
{
	static const uint16_t types[] = {WIRE_TYPE_A, WIRE_TYPE_AAAA};

	for (unsigned int i = 0; i < 2; i++) {
		const struct zone_rrset *rrset = zone_rrset_find(host, types[i]);

		if (!rrset)
			continue;
		image_compose_rrset(&m->c, &host->name, rrset, rrset->ttl, with_signatures);
		image_compose_cut(&m->c);
	}
}

static const struct zone_node *
host_find(const struct compile *m, const struct zone_rdata *ns)
{
	struct wire_reader r = wire_reader_of(ns->octets, ns->length);
	struct wire_name name;

	wire_name_read(&r, &name);
	if (!wire_name_is_below(&name, &m->zone->origin))
		return NULL;
	return zone_find(m->zone, &name);
}

/*
 * Glue in the order in which it may be left out: in-domain first, all of it required (RFC 9471).
 * A host that is no glue but a name of this zone has signatures, which go with it (RFC 4035 3.1.1).
 */
static void
glue_write(
	struct compile *m, const struct zone_node *cut, const struct zone_rrset *ns, bool dnssec_ok)
{
	struct image_composer *c = &m->c;
	bool any_in_domain;

	c->section = IMAGE_ADDITIONAL_SECTION;
	image_compose_cut(c);
	for (unsigned int i = 0; i < ns->count; i++) {
		const struct zone_node *host = host_find(m, &ns->rdata[i]);

		if (host && wire_name_is_below(&host->name, &cut->name))
			addresses_write(m, host, false);
	}
	any_in_domain = c->cut_count > 1;
	for (unsigned int i = 0; any_in_domain && i + 1 < c->cut_count; i++)
		c->cuts[i].length = 0;
	for (unsigned int i = 0; i < ns->count; i++) {
		const struct zone_node *host = host_find(m, &ns->rdata[i]);

		if (host && !wire_name_is_below(&host->name, &cut->name))
			addresses_write(m, host, dnssec_ok && host->place < ZONE_CUT);
	}
	/* without in-domain glue the first address of a sibling is required */
	if (!any_in_domain && c->cut_count > 1)
		c->cuts[0].length = 0;
}

/* Cuts that may not be used were marked by length 0; the last is the whole and needs no entry. */
static void
cuts_settle(struct image_composer *c)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i + 1 < c->cut_count; i++)
		if (c->cuts[i].length)
			c->cuts[kept++] = c->cuts[i];
	c->cut_count = kept;
}

static void
referral_compile(struct compile *m, uint32_t slot, const struct zone_node *cut, bool dnssec_ok)
{
	const struct zone_rrset *ns = zone_rrset_find(cut, WIRE_TYPE_NS);
	const struct zone_rrset *ds = zone_rrset_find(cut, WIRE_TYPE_DS);
	const struct zone_rrset *nsec = zone_rrset_find(cut, WIRE_TYPE_NSEC);
	const struct zone_rrset *proof = ds ? ds : nsec;
	struct image_composer *c = &m->c;
	uint32_t ds_slot = slot - IMAGE_SLOT_MAIN + IMAGE_SLOT_DS;
	struct image_verdict verdict = {.kind = IMAGE_REFERRAL};
	size_t ns_length;

	image_compose_begin(c, &cut->name, true);
	c->section = IMAGE_AUTHORITY_SECTION;
	image_compose_rrset(c, &cut->name, ns, ns->ttl, false);
	ns_length = written(m);
	if (dnssec_ok && m->zone->is_signed && proof)
		image_compose_rrset(c, &cut->name, proof, proof->ttl, true);
	glue_write(m, cut, ns, dnssec_ok);
	cuts_settle(c);
	image_store_put(&m->parts->store, slot, c, &verdict);
	if (!ds)
		return;
	verdict = (struct image_verdict){.kind = IMAGE_POSITIVE, .authoritative = true};
	image_compose_begin(c, &cut->name, true);
	image_compose_rrset(c, &cut->name, ds, ds->ttl, dnssec_ok);
	image_store_put(&m->parts->store, ds_slot, c, &verdict);
	image_store_share(&m->parts->store, ds_slot, slot, ns_length);
}

static void
cut_compile(struct compile *m, uint32_t node)
{
	const struct zone_node *cut = m->leaves[m->parts->tree.nodes[node].leaf];
	uint32_t slot = node * IMAGE_SLOTS;

	for (unsigned int dnssec_ok = 0; dnssec_ok < 2; dnssec_ok++) {
		referral_compile(m, slot + IMAGE_SLOT_MAIN + dnssec_ok, cut, dnssec_ok);
		if (!zone_rrset_find(cut, WIRE_TYPE_DS))
			nodata_compile(m, slot + IMAGE_SLOT_DS + dnssec_ok, node, dnssec_ok, 0);
	}
}

static void
positive_compile(struct compile *m, const struct zone_node *node, uint16_t qtype,
	const struct zone_rrset *rrset, bool with_signatures)
{
	struct image_verdict verdict = {.kind = IMAGE_POSITIVE, .authoritative = true};
	uint32_t index = image_store_reserve(&m->parts->store, 1);
	struct image_composer *c = &m->c;

	image_compose_begin(c, &node->name, true);
	if (qtype == WIRE_TYPE_RRSIG)
		image_compose_signature(c, &node->name, rrset, 0);
	else
		image_compose_rrset(c, &node->name, rrset, rrset->ttl, with_signatures);
	if (qtype == WIRE_TYPE_NS && node->place == ZONE_APEX) {
		c->section = IMAGE_ADDITIONAL_SECTION;
		image_compose_cut(c);
		for (unsigned int i = 0; i < rrset->count; i++) {
			const struct zone_node *host = host_find(m, &rrset->rdata[i]);

			if (host)
				addresses_write(m, host, with_signatures && host->place < ZONE_CUT);
		}
		cuts_settle(c);
	}
	image_store_put(&m->parts->store, index, c, &verdict);
}

static void
type_compile(struct compile *m, const struct zone_node *node, uint16_t qtype,
	const struct zone_rrset *rrset)
{
	bool sign = qtype != WIRE_TYPE_IXFR && qtype != WIRE_TYPE_RRSIG;

	image_parts_type_add(m->parts, qtype, (uint32_t)m->parts->store.count);
	positive_compile(m, node, qtype, rrset, false);
	positive_compile(m, node, qtype, rrset, sign);
}

/* RFC 8482: one RRset of few octets answers ANY. */
static const struct zone_rrset *
smallest_rrset(const struct zone_node *node)
{
	const struct zone_rrset *smallest = NULL;
	size_t least = SIZE_MAX;

	for (unsigned int i = 0; i < node->count; i++) {
		const struct zone_rrset *rrset = &node->rrsets[i];
		size_t size = 0;

		for (unsigned int k = 0; k < rrset->count; k++)
			size += node->name.length + 10u + rrset->rdata[k].length;
		if (size < least) {
			least = size;
			smallest = rrset;
		}
	}
	return smallest;
}

static void
types_compile(struct compile *m, const struct zone_node *node)
{
	const struct zone_rrset *with_signature = NULL;

	for (unsigned int i = 0; i < node->count; i++) {
		const struct zone_rrset *rrset = &node->rrsets[i];

		type_compile(m, node, rrset->type, rrset);
		if (!with_signature && rrset->signature_count)
			with_signature = rrset;
	}
	type_compile(m, node, WIRE_TYPE_ANY, smallest_rrset(node));
	if (with_signature)
		type_compile(m, node, WIRE_TYPE_RRSIG, with_signature);
	if (node->place == ZONE_APEX)
		type_compile(m, node, WIRE_TYPE_IXFR, zone_rrset_find(node, WIRE_TYPE_SOA));
}

static void
gaps_compile(struct compile *m, uint32_t node)
{
	const struct radix_node *at = &m->parts->tree.nodes[node];
	uint32_t slot = node * IMAGE_SLOTS;

	for (unsigned int dnssec_ok = 0; dnssec_ok < 2; dnssec_ok++) {
		uint32_t behind = slot + IMAGE_SLOT_GAP + dnssec_ok;
		uint32_t first = slot + IMAGE_SLOT_FIRST_GAP + dnssec_ok;

		if (node != 0)
			nxdomain_compile(m, behind, at->parent, at->last_leaf, dnssec_ok);
		if (!at->is_cut)
			nxdomain_compile(m, first, node, at->leaf, dnssec_ok);
		/* the apex has no sibling, and nothing is below a cut: no question leads there */
		if (node == 0)
			m->parts->store.answers[behind] = m->parts->store.answers[first];
		if (at->is_cut)
			m->parts->store.answers[first] = m->parts->store.answers[behind];
	}
}

static void
node_compile(struct compile *m, uint32_t node)
{
	const struct radix_node *at = &m->parts->tree.nodes[node];
	uint32_t slot = node * IMAGE_SLOTS;

	image_parts_types_begin(m->parts, node);
	gaps_compile(m, node);
	if (at->is_cut) {
		cut_compile(m, node);
		return;
	}
	for (unsigned int dnssec_ok = 0; dnssec_ok < 2; dnssec_ok++) {
		uint32_t main = slot + IMAGE_SLOT_MAIN + dnssec_ok;

		nodata_compile(m, main, node, dnssec_ok, IMAGE_MARK_WALK);
		m->parts->store.answers[slot + IMAGE_SLOT_DS + dnssec_ok] =
			m->parts->store.answers[main];
	}
	if (!at->is_empty)
		types_compile(m, m->leaves[at->leaf]);
}

static uint32_t
tree_compile(struct compile *m)
{
	const struct zone *zone = m->zone;
	struct arena *arena = m->parts->arena;
	struct radix_owner *owners = arena_take(arena, zone->node_count * sizeof(*owners));
	uint32_t count = 0;

	m->leaves = arena_take(arena, zone->node_count * sizeof(struct zone_node *));
	for (size_t i = 0; i < zone->node_count; i++) {
		const struct zone_node *node = &zone->nodes[i];

		if (node->place == ZONE_GLUE)
			continue;
		m->leaves[count] = node;
		owners[count++] = (struct radix_owner){
			.name = &node->name, .is_cut = node->place == ZONE_CUT};
	}
	radix_build(arena, owners, count, &m->parts->tree);
	return m->parts->tree.node_count;
}

static int
records_compile(struct compile *m, struct why *why)
{
	size_t size = zone_records_size(m->zone);
	struct wire_writer w;
	uint8_t *octets;

	if (size > IMAGE_SIZE_MAX)
		return why_set(
			why, EFBIG, "the zone's records take more than %u octets", IMAGE_SIZE_MAX);
	octets = arena_take(m->parts->arena, size);
	w = wire_writer_of(octets, size);
	zone_records_write(m->zone, &w);
	m->parts->records = octets;
	m->parts->records_size = size;
	return 0;
}

int
image_compile(const struct zone *zone, const struct zone_verification *done, time_t verified_at,
	struct image **image, struct why *why)
{
	struct image_parts parts = {.arena = arena_new()};
	struct compile *m = arena_take(parts.arena, sizeof(*m));
	uint32_t node_count;
	int rc;

	m->zone = zone;
	m->parts = &parts;
	node_count = tree_compile(m);
	rc = common_compile(m, why);
	if (rc == 0)
		rc = records_compile(m, why);
	if (rc < 0)
		goto out;
	image_store_reserve(&parts.store, node_count * IMAGE_SLOTS);
	image_parts_types_reserve(&parts, node_count);
	for (uint32_t node = 0; node < node_count; node++)
		node_compile(m, node);
	image_parts_types_begin(&parts, node_count);
	rc = image_assemble(&parts, zone, done, verified_at, image, why);
out:
	image_store_free(&parts.store);
	arena_free(parts.arena);
	return rc;
}
