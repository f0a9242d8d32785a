/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From what a primary sent to a zone: all of it (RFC 5936 2.2), or differences (RFC 1995 4).
 *
 * Differences are applied without a table to look records up in. All records of the base and of
 * every difference go into one list, numbered as they came, and are sorted; then equal records are
 * neighbours, in the order of what befell them, and must be added and deleted in turn.
 */
#include "zone/zone_priv.h"

#include <errno.h>
#include <string.h>

/* The transfer as it is read. */
struct arriving {
	struct zone_loading *l;
	struct wire_reader r;
	struct wire_record record; /* the latest; owner folded */
	size_t count;		   /* with it */
};

/* What makes one SOA another. */
struct soa {
	struct zone_rdata rdata;
	uint32_t ttl;
};

static bool
soa_equal(const struct soa *a, const struct soa *b)
{
	return a->ttl == b->ttl && zone_rdata_compare(&a->rdata, &b->rdata) == 0;
}

static int
arriving_why(const struct arriving *a, struct why *why, const char *what)
{
	return why_set(why, EINVAL, "%s: record %zu: %s", a->l->zone->path, a->count, what);
}

/* @return 1: there is one, 0: that was all, or -errno */
static int
record_next(struct arriving *a, struct why *why)
{
	if (a->r.offset == a->r.length)
		return 0;
	a->count++;
	wire_record_read(&a->r, &a->record);
	if (a->r.failed)
		return arriving_why(a, why, "malformed or cut short");
	wire_name_fold(&a->record.owner);
	return 1;
}

static int
record_why(const struct arriving *a, struct why *why, const char *what)
{
	return zone_why(why, a->l->zone, 0, &a->record.owner, a->record.type, "%s", what);
}

/*
 * Take the latest record into the list.
 *
 * @param is_known  it comes from a zone that was loaded before: its RDATA needs no reading
 */
static int
record_add(struct arriving *a, bool is_known, bool is_removal, struct why *why)
{
	struct arena *arena = a->l->zone->arena;
	const struct wire_record *record = &a->record;
	const struct zone_entry_record entry = {.owner = &record->owner,
		.ttl = record->ttl,
		.type = record->type,
		.class = record->class};
	struct zone_rdata rdata = {NULL, record->length, 0};
	struct zone_load_record *added;
	int rc = zone_loading_judge(a->l, &entry, why);

	if (rc < 0)
		return rc;
	/* RFC 2181 8 */
	if (record->ttl > INT32_MAX)
		return record_why(a, why, "its TTL is above 2147483647");
	if (is_known)
		rdata.octets = arena_copy(arena, record->rdata, record->length);
	if (is_known ? !zone_rdata_is_sound(record->type, &rdata)
		     : !zone_rdata_of_wire(arena, record, &rdata))
		return record_why(a, why, "its data is not of the form that this type has");
	rc = zone_loading_add(a->l, &entry, &rdata, why);
	if (rc < 0)
		return rc;
	added = &a->l->records[a->l->count - 1];
	added->rdata.line = (uint32_t)a->l->count;
	added->is_removal = is_removal;
	return 0;
}

/* The latest record, which is a SOA, as it can be compared. */
static int
soa_take(const struct arriving *a, struct soa *soa, struct why *why)
{
	soa->ttl = a->record.ttl;
	if (!zone_rdata_of_wire(a->l->zone->arena, &a->record, &soa->rdata))
		return record_why(a, why, "its data is not of the form that this type has");
	return 0;
}

static int
base_take(struct zone_loading *l, const struct zone_records *base, struct why *why)
{
	struct arriving a = {.l = l, .r = wire_reader_of(base->octets, base->length)};
	int rc;

	while ((rc = record_next(&a, why)) > 0) {
		rc = record_add(&a, true, false, why);
		if (rc < 0)
			break;
	}
	return rc;
}

/* ---- all of the zone ---- */

/* The first record was read: the SOA that closes it too. */
static int
whole_take(struct arriving *a, const struct soa *first, struct why *why)
{
	int rc = record_add(a, false, false, why);

	while (rc == 0) {
		struct soa soa = {.ttl = 0};

		rc = record_next(a, why);
		if (rc < 0)
			return rc;
		if (rc == 0)
			return arriving_why(a, why, "the last, and it is not the closing SOA");
		if (a->record.type != WIRE_TYPE_SOA) {
			rc = record_add(a, false, false, why);
			continue;
		}
		rc = soa_take(a, &soa, why);
		if (rc == 0 && !soa_equal(&soa, first))
			return record_why(a, why, "not the SOA that the transfer began with");
		if (rc == 0 && a->r.offset < a->r.length)
			return arriving_why(a, why, "the closing SOA, but more follows");
		return rc;
	}
	return rc;
}

/* ---- differences ---- */

/* One step: SOA and records that go, SOA and records that come; the SOA that goes was read. */
static int
step_take(struct arriving *a, struct soa *reached, struct why *why)
{
	bool is_removal = true;
	int rc = record_add(a, false, true, why);

	while (rc == 0) {
		rc = record_next(a, why);
		if (rc < 0)
			return rc;
		if (rc == 0)
			return arriving_why(a, why, "the last, in the middle of differences");
		/* the SOA behind the records that come begins what follows */
		if (a->record.type == WIRE_TYPE_SOA && !is_removal)
			return 0;
		rc = 0;
		if (a->record.type == WIRE_TYPE_SOA) {
			is_removal = false;
			rc = soa_take(a, reached, why);
		}
		if (rc == 0)
			rc = record_add(a, false, is_removal, why);
	}
	return rc;
}

/* Two SOAs were read: that of the version which all steps lead to, and that of the first step. */
static int
differences_take(struct arriving *a, const struct soa *last, struct why *why)
{
	struct soa reached = {.ttl = 0}, closing = {.ttl = 0};
	int rc;

	do {
		rc = step_take(a, &reached, why);
		if (rc < 0)
			return rc;
	} while (!soa_equal(&reached, last));
	rc = soa_take(a, &closing, why);
	if (rc == 0 && !soa_equal(&closing, last))
		return record_why(a, why, "not the SOA that the transfer began with");
	if (rc == 0 && a->r.offset < a->r.length)
		return arriving_why(a, why, "the closing SOA, but more follows");
	return rc;
}

static int
misfit(const struct zone_loading *l, const struct zone_load_record *record, struct why *why)
{
	zone_why(why, l->zone, 0, record->owner, record->type,
		"the differences do not fit: they %s",
		record->is_removal ? "delete it, and it is not there"
				   : "add it, and it is there already");
	return -ESTALE;
}

/* What befell each record, in turn; those that are there in the end stay. */
static int
differences_settle(struct zone_loading *l, struct why *why)
{
	const struct zone_load_record *there = NULL;
	size_t kept = 0;

	for (size_t i = 0; i < l->count; i++) {
		struct zone_load_record *record = &l->records[i];
		bool is_next =
			i + 1 == l->count || zone_load_record_compare(record, record + 1) != 0;

		if (record->is_removal ? !there || there->ttl != record->ttl : there != NULL)
			return misfit(l, record, why);
		there = record->is_removal ? NULL : record;
		if (is_next && there) {
			l->records[kept] = *there;
			l->records[kept++].rdata.line = 0;
		}
		if (is_next)
			there = NULL;
	}
	l->count = kept;
	return 0;
}

/* ---- either ---- */

static int
transfer_take(struct zone_loading *l, const struct zone_records *base,
	const struct zone_records *transfer, struct why *why)
{
	struct arriving a = {.l = l, .r = wire_reader_of(transfer->octets, transfer->length)},
			second;
	struct soa first = {.ttl = 0}, other = {.ttl = 0};
	int rc = record_next(&a, why);

	if (rc < 0)
		return rc;
	if (a.record.type != WIRE_TYPE_SOA)
		return record_why(&a, why, "a transfer begins with a SOA");
	rc = soa_take(&a, &first, why);
	if (rc < 0)
		return rc;
	second = a;
	rc = record_next(&second, why);
	if (rc < 0)
		return rc;
	if (rc == 0)
		return arriving_why(&a, why, "the only one: no zone");
	if (second.record.type != WIRE_TYPE_SOA)
		return whole_take(&a, &first, why);
	rc = soa_take(&second, &other, why);
	if (rc < 0 || soa_equal(&first, &other))
		return rc < 0 ? rc : whole_take(&a, &first, why);
	if (base->length == 0)
		return why_set(why, ESTALE, "%s: differences, and no version that they apply to",
			l->zone->path);
	rc = base_take(l, base, why);
	if (rc == 0)
		rc = differences_take(&second, &first, why);
	if (rc == 0) {
		zone_loading_sort(l);
		rc = differences_settle(l, why);
	}
	return rc;
}

static void
lines_clear(struct zone_loading *l)
{
	for (size_t i = 0; i < l->count; i++)
		l->records[i].rdata.line = 0;
}

int
zone_load_records(const char *name, const struct zone_records *base,
	const struct zone_records *transfer, const struct wire_name *origin, struct zone **zone,
	struct why *why)
{
	struct zone_loading l;
	int rc;

	zone_loading_begin(&l, name, origin);
	rc = transfer->length ? transfer_take(&l, base, transfer, why) : base_take(&l, base, why);
	if (rc == 0) {
		lines_clear(&l);
		zone_loading_sort(&l);
		zone_loading_dedupe(&l);
	}
	return zone_loading_end(&l, rc, zone, why);
}
