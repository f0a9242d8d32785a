/* SPDX-License-Identifier: BSD-3-Clause */
/* Records as rows that can be merged, and as text. */
#include <errno.h>
#include <ldns/ldns.h>
#include <stdio.h>
#include <string.h>

#include "zonediff/zonediff_priv.h"

static_assert((bool)0x100, "ldns' headers have made it a char");

/* RFC 1035 3.3.13: five numbers behind two names; RFC 4034 3.1: 18 octets before the signer */
enum { SOA_NUMBERS_SIZE = 20, RRSIG_FIXED_SIZE = 18 };

static int
rdata_compare(const struct row *a, const struct row *b)
{
	size_t length = a->length < b->length ? a->length : b->length;
	int order = memcmp(a->rdata, b->rdata, length);

	return order ? order : (int)a->length - (int)b->length;
}

static int
row_compare(const void *one, const void *other)
{
	const struct row *a = one, *b = other;
	int order = a->owner == b->owner ? 0 : wire_name_compare(a->owner, b->owner);

	if (order == 0)
		order = (int)a->type - (int)b->type;
	if (order == 0)
		order = (int)a->covered - (int)b->covered;
	return order ? order : rdata_compare(a, b);
}

/* RRSIGs lie by what they cover. */
static uint16_t
covered_of(const struct wire_record *record)
{
	if (record->type != WIRE_TYPE_RRSIG || record->length < RRSIG_FIXED_SIZE)
		return 0;
	return (uint16_t)(record->rdata[0] << 8 | record->rdata[1]);
}

static size_t
records_count(const struct zonediff_records *records)
{
	struct wire_reader r = wire_reader_of(records->octets, records->length);
	struct wire_record record;
	size_t count = 0;

	while (r.offset < r.length && count <= ZONEDIFF_RECORDS_MAX) {
		wire_record_read(&r, &record);
		if (r.failed)
			return 0;
		count++;
	}
	return count;
}

static int
soa_take(const struct wire_record *record, struct rows *rows, struct why *why)
{
	struct wire_reader r;

	if (record->type != WIRE_TYPE_SOA || record->length < SOA_NUMBERS_SIZE + 2)
		return why_set(why, EINVAL, "the first record is no SOA");
	r = wire_reader_of(record->rdata + record->length - SOA_NUMBERS_SIZE, SOA_NUMBERS_SIZE);
	rows->serial = wire_u32_read(&r);
	rows->origin = rows->rows[0].owner;
	return 0;
}

int
rows_read(struct arena *arena, const struct zonediff_records *records, struct rows *rows,
	struct why *why)
{
	struct wire_reader r = wire_reader_of(records->octets, records->length);
	const struct wire_name *owner = NULL;
	size_t count = records_count(records);
	int rc = 0;

	if (count == 0 || count > ZONEDIFF_RECORDS_MAX)
		return why_set(why, EINVAL, "no records, broken ones, or too many");
	*rows = (struct rows){
		.count = count, .rows = arena_take(arena, count * sizeof(*rows->rows))};
	for (size_t i = 0; i < count && rc == 0; i++) {
		struct wire_record record;

		wire_record_read(&r, &record);
		wire_name_fold(&record.owner);
		if (!owner || !wire_name_equal(owner, &record.owner))
			owner = arena_copy(arena, &record.owner, sizeof(record.owner));
		rows->rows[i] = (struct row){.owner = owner,
			.rdata = record.rdata,
			.ttl = record.ttl,
			.type = record.type,
			.length = record.length,
			.covered = covered_of(&record)};
		if (i == 0)
			rc = soa_take(&record, rows, why);
	}
	if (rc == 0)
		qsort(rows->rows, count, sizeof(*rows->rows), row_compare);
	return rc;
}

/* ---- text ---- */

char *
type_text(uint16_t type)
{
	return ldns_rr_type2str((ldns_rr_type)type);
}

/* RFC 3597 5 */
static char *
unknown_text(const struct row *row)
{
	size_t size = sizeof("\\# 65535 ") + 2 * (size_t)row->length;
	char *text = malloc(size);
	size_t used;

	if (!text)
		return NULL;
	used = (size_t)snprintf(text, size, "\\# %u ", row->length);
	for (size_t i = 0; i < row->length; i++, used += 2)
		snprintf(text + used, size - used, "%02x", row->rdata[i]);
	return text;
}

/* ldns reads a record, not RDATA alone. */
static ldns_rr *
row_rr(const struct row *row)
{
	uint8_t *octets __attribute__((cleanup(free_memory))) =
		malloc(1 + 10 + (size_t)row->length);
	struct wire_record record = {.owner = wire_name_root,
		.type = row->type,
		.class = WIRE_CLASS_IN,
		.length = row->length,
		.rdata = row->rdata};
	struct wire_writer w = wire_writer_of(octets, 1 + 10 + (size_t)row->length);
	ldns_rr *rr = NULL;
	size_t position = 0;

	if (!octets)
		return NULL;
	wire_record_write(&w, &record);
	if (w.failed || ldns_wire2rr(&rr, octets, w.offset, &position, LDNS_SECTION_ANSWER) !=
				LDNS_STATUS_OK)
		return NULL;
	return rr;
}

static ldns_status
rdata_print(ldns_buffer *buffer, const ldns_rr *rr)
{
	ldns_status status = LDNS_STATUS_OK;

	for (size_t i = 0; i < ldns_rr_rd_count(rr) && status == LDNS_STATUS_OK; i++) {
		if (i)
			ldns_buffer_printf(buffer, " ");
		status = ldns_rdf2buffer_str(buffer, ldns_rr_rdf(rr, i));
	}
	if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_DNSKEY)
		ldns_buffer_printf(buffer, " ; tag %u", ldns_calc_keytag(rr));
	return status;
}

char *
row_text(const struct row *row)
{
	ldns_rr *rr = row_rr(row);
	ldns_buffer *buffer = ldns_buffer_new(LDNS_MIN_BUFLEN);
	char *text = NULL;

	if (rr && buffer && rdata_print(buffer, rr) == LDNS_STATUS_OK)
		text = ldns_buffer_export2str(buffer);
	ldns_buffer_free(buffer);
	ldns_rr_free(rr);
	return text ? text : unknown_text(row);
}
