/* SPDX-License-Identifier: BSD-3-Clause */
/* From single records to nodes and RRsets in canonical order. */
#include "zone/zone_priv.h"

#include <errno.h>
#include <string.h>

static const char *
refusal(uint16_t type, const struct wire_name *owner)
{
	if (type == WIRE_TYPE_NSEC3 || type == WIRE_TYPE_NSEC3PARAM)
		return "zones with NSEC3 are not served";
	if (type == WIRE_TYPE_CNAME || type == WIRE_TYPE_DNAME)
		return "this type of record is not served";
	/* RFC 6895 3.1: 0 is reserved */
	if (type == 0 || type == WIRE_TYPE_OPT || (type >= WIRE_TYPE_TKEY && type <= WIRE_TYPE_ANY))
		return "no record of a zone has this type";
	if (owner->octets[0] == 1 && owner->octets[1] == '*')
		return "wildcards are not served";
	return NULL;
}

void
zone_loading_begin(struct zone_loading *l, const char *path, const struct wire_name *origin)
{
	struct arena *arena = arena_new();

	*l = (struct zone_loading){.zone = arena_take(arena, sizeof(struct zone))};
	l->zone->arena = arena;
	l->zone->path = arena_copy(arena, path, strlen(path) + 1);
	if (origin) {
		l->zone->origin = *origin;
		wire_name_fold(&l->zone->origin);
		l->has_origin = true;
	}
}

int
zone_loading_judge(struct zone_loading *l, const struct zone_entry_record *record, struct why *why)
{
	const char *refused = refusal(record->type, record->owner);

	if (record->class != WIRE_CLASS_IN)
		refused = "another class than IN";
	if (refused)
		return zone_why(
			why, l->zone, record->line, record->owner, record->type, "%s", refused);
	if (!l->has_origin) {
		if (record->type != WIRE_TYPE_SOA)
			return zone_why(why, l->zone, record->line, record->owner, record->type,
				"the first record must be the SOA, or the zone's name be given");
		l->zone->origin = *record->owner;
		l->has_origin = true;
	}
	if (!wire_name_is_below(record->owner, &l->zone->origin))
		refused = "out of zone";
	else if (record->type == WIRE_TYPE_SOA && !wire_name_equal(record->owner, &l->zone->origin))
		refused = "a SOA below the apex";
	else if (l->count == ZONE_RECORDS_MAX)
		refused = "one record more than a zone may have";
	return refused ? zone_why(why, l->zone, record->line, record->owner, record->type, "%s",
				 refused)
		       : 0;
}

int
zone_loading_add(struct zone_loading *l, const struct zone_entry_record *entry,
	const struct zone_rdata *rdata, struct why *why)
{
	struct zone_load_record record = {
		.type = entry->type, .covered = entry->type, .ttl = entry->ttl, .rdata = *rdata};

	if (!l->last_owner || !wire_name_equal(l->last_owner, entry->owner))
		l->last_owner = arena_copy(l->zone->arena, entry->owner, sizeof(*entry->owner));
	record.owner = l->last_owner;
	if (record.type == WIRE_TYPE_RRSIG)
		record.covered = (uint16_t)(rdata->octets[0] << 8 | rdata->octets[1]);
	if (l->count == l->room) {
		size_t room = l->room ? 2 * l->room : 4096;
		struct zone_load_record *larger = realloc(l->records, room * sizeof(*larger));

		if (!larger)
			return why_set(why, ENOMEM, "%s: out of memory", l->zone->path);
		l->records = larger;
		l->room = room;
	}
	l->records[l->count++] = record;
	return 0;
}

static int
text_record_take(void *context, const struct zone_entry_record *entry, struct why *why)
{
	struct zone_loading *l = context;
	struct zone_rdata rdata = {NULL, 0, 0};
	int rc = zone_loading_judge(l, entry, why);

	if (rc < 0)
		return rc;
	if (!zone_rdata_of(l->zone->arena, entry, &rdata))
		return zone_why(why, l->zone, entry->line, entry->owner, entry->type,
			"its data is not of the form that this type has");
	return zone_loading_add(l, entry, &rdata, why);
}

int
zone_load_record_compare(const struct zone_load_record *a, const struct zone_load_record *b)
{
	int order = a->owner == b->owner ? 0 : wire_name_compare(a->owner, b->owner);

	if (order == 0)
		order = a->covered - b->covered;
	if (order == 0)
		order = (a->type == WIRE_TYPE_RRSIG) - (b->type == WIRE_TYPE_RRSIG);
	return order ? order : zone_rdata_compare(&a->rdata, &b->rdata);
}

static int
record_line_compare(const void *left, const void *right)
{
	const struct zone_load_record *a = left, *b = right;
	int order = zone_load_record_compare(a, b);

	return order ? order : (a->rdata.line > b->rdata.line) - (a->rdata.line < b->rdata.line);
}

void
zone_loading_sort(struct zone_loading *l)
{
	if (l->count)
		qsort(l->records, l->count, sizeof(*l->records), record_line_compare);
}

void
zone_loading_dedupe(struct zone_loading *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->count; i++) {
		const struct zone_load_record *last = kept ? &l->records[kept - 1] : NULL;

		if (last && zone_load_record_compare(last, &l->records[i]) == 0 &&
			last->ttl == l->records[i].ttl)
			continue;
		l->records[kept++] = l->records[i];
	}
	l->count = kept;
}

static int
ttl_why(const struct zone *zone, const struct zone_load_record *first,
	const struct zone_load_record *other, struct why *why)
{
	const char *type = zone_type_text(first->covered);

	/* not all records have lines */
	if (first->rdata.line)
		return zone_why(why, zone, other->rdata.line, first->owner, other->type,
			"TTL %u, but line %u has %u for the same RRset (%s)", other->ttl,
			first->rdata.line, first->ttl, type);
	return zone_why(why, zone, 0, first->owner, other->type,
		"TTL %u, but another record of the same RRset (%s) has %u", other->ttl, type,
		first->ttl);
}

static int
rrset_build(struct zone_loading *l, struct zone_rrset *rrset,
	const struct zone_load_record *records, size_t count, struct why *why)
{
	struct zone_rdata *rdata = arena_take(l->zone->arena, count * sizeof(*rdata));
	const struct zone_load_record *first = &records[0];
	size_t plain = 0;

	while (plain < count && records[plain].type != WIRE_TYPE_RRSIG)
		plain++;
	if (plain == 0)
		return zone_why(why, l->zone, first->rdata.line, first->owner, first->type,
			"it covers %s, which is not there", zone_type_text(first->covered));
	if (plain > UINT16_MAX || count - plain > UINT16_MAX)
		return zone_why(why, l->zone, first->rdata.line, first->owner, first->type,
			"too many records");
	for (size_t i = 0; i < count; i++) {
		rdata[i] = records[i].rdata;
		if (records[i].ttl != first->ttl)
			return ttl_why(l->zone, first, &records[i], why);
	}
	*rrset = (struct zone_rrset){
		.type = first->type,
		.ttl = first->ttl,
		.count = (uint16_t)plain,
		.signature_count = (uint16_t)(count - plain),
		.rdata = rdata,
		.signatures = rdata + plain,
	};
	return 0;
}

static int
node_build(struct zone_loading *l, struct zone_node *node, const struct zone_load_record *records,
	size_t count, struct why *why)
{
	struct zone_rrset *rrsets = arena_take(l->zone->arena, count * sizeof(*rrsets));
	size_t i = 0;
	int rc;

	*node = (struct zone_node){.name = *records[0].owner, .rrsets = rrsets};
	while (i < count) {
		size_t end = i + 1;

		while (end < count && records[end].covered == records[i].covered)
			end++;
		rc = rrset_build(l, &rrsets[node->count++], records + i, end - i, why);
		if (rc < 0)
			return rc;
		i = end;
	}
	return 0;
}

/* Names below a cut follow it in canonical order. */
static void
places_find(struct zone *zone, struct zone_node *nodes)
{
	const struct zone_node *cut = NULL;

	for (size_t i = 0; i < zone->node_count; i++) {
		if (cut && wire_name_is_below(&nodes[i].name, &cut->name)) {
			nodes[i].place = ZONE_GLUE;
			continue;
		}
		if (i == 0) {
			nodes[i].place = ZONE_APEX;
		} else if (zone_rrset_find(&nodes[i], WIRE_TYPE_NS)) {
			nodes[i].place = ZONE_CUT;
			cut = &nodes[i];
		} else {
			nodes[i].place = ZONE_AUTHORITATIVE;
		}
	}
}

static int
nodes_build(struct zone_loading *l, struct why *why)
{
	struct zone *zone = l->zone;
	struct zone_node *nodes = arena_take(zone->arena, (l->count + 1) * sizeof(*nodes));
	size_t i = 0;
	int rc;

	while (i < l->count) {
		size_t end = i + 1;

		while (end < l->count &&
			wire_name_equal(l->records[end].owner, l->records[i].owner))
			end++;
		rc = node_build(l, &nodes[zone->node_count++], l->records + i, end - i, why);
		if (rc < 0)
			return rc;
		i = end;
	}
	zone->nodes = nodes;
	zone_index_build(zone);
	zone->record_count = l->count;
	places_find(zone, nodes);
	return 0;
}

static uint32_t
soa_serial(const struct zone_rdata *soa)
{
	struct wire_reader r = wire_reader_of(soa->octets, soa->length);

	/* serial, refresh, retry, expire, minimum: RFC 1035 3.3.13 */
	wire_take(&r, soa->length - 20u);
	return wire_u32_read(&r);
}

static int
apex_check(struct zone *zone, struct why *why)
{
	const struct zone_node *apex = &zone->nodes[0];
	const struct zone_rrset *soa;

	if (zone->node_count == 0 || !wire_name_equal(&apex->name, &zone->origin))
		return why_set(why, EINVAL, "%s: no SOA", zone->path);
	soa = zone_rrset_find(apex, WIRE_TYPE_SOA);
	if (!soa)
		return why_set(why, EINVAL, "%s: no SOA", zone->path);
	if (soa->count != 1)
		return zone_why(why, zone, soa->rdata[1].line, &apex->name, WIRE_TYPE_SOA,
			"a second SOA, serial %u; the first has %u", soa_serial(&soa->rdata[1]),
			soa_serial(&soa->rdata[0]));
	if (!zone_rrset_find(apex, WIRE_TYPE_NS))
		return why_set(why, EINVAL, "%s: no NS at the apex", zone->path);
	zone->serial = soa_serial(&soa->rdata[0]);
	zone->is_signed = zone_rrset_find(apex, WIRE_TYPE_DNSKEY) != NULL;
	return 0;
}

int
zone_loading_end(struct zone_loading *l, int rc, struct zone **zone, struct why *why)
{
	if (rc == 0)
		rc = nodes_build(l, why);
	if (rc == 0)
		rc = apex_check(l->zone, why);
	free(l->records);
	if (rc < 0)
		arena_free(l->zone->arena);
	else
		*zone = l->zone;
	return rc;
}

int
zone_load_text(const char *path, const uint8_t *text, size_t length, const struct wire_name *origin,
	struct zone **zone, struct why *why)
{
	struct zone_loading l;
	int rc;

	zone_loading_begin(&l, path, origin);
	rc = zone_text_walk(path, text, length, l.has_origin ? &l.zone->origin : NULL, -1,
		text_record_take, &l, why);
	if (rc == 0) {
		zone_loading_sort(&l);
		zone_loading_dedupe(&l);
	}
	return zone_loading_end(&l, rc, zone, why);
}

int
zone_load(const char *path, const struct wire_name *origin, struct zone **zone, struct why *why)
{
	uint8_t *text __attribute__((cleanup(free_memory))) = NULL;
	size_t length;
	int rc = file_read(path, ZONE_FILE_SIZE_MAX, &text, &length, why);

	return rc < 0 ? rc : zone_load_text(path, text, length, origin, zone, why);
}

void
zone_free(struct zone *zone)
{
	if (zone)
		arena_free(zone->arena);
}

const struct zone_rrset *
zone_rrset_find(const struct zone_node *node, uint16_t type)
{
	for (unsigned int i = 0; i < node->count; i++)
		if (node->rrsets[i].type == type)
			return &node->rrsets[i];
	return NULL;
}
