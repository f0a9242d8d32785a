/* SPDX-License-Identifier: BSD-3-Clause */
/* The TSIG record in a message: found, read, appended. */
#include <errno.h>

#include "tsig/tsig_priv.h"

/* Of the header: RFC 1035 4.1.1 */
enum { QDCOUNT_OFFSET = 4, ARCOUNT_OFFSET = 10 };

static uint64_t
u48_read(struct wire_reader *r)
{
	uint64_t high = wire_u16_read(r);

	return high << 32 | wire_u32_read(r);
}

static void
u48_write(struct wire_writer *w, uint64_t value)
{
	wire_u16_write(w, (uint16_t)(value >> 32));
	wire_u32_write(w, (uint32_t)value);
}

/* Names of other records do not matter here: only where they end. */
static void
name_pass(struct wire_reader *r)
{
	for (;;) {
		uint8_t length = wire_u8_read(r);

		if (length >= 0xc0) {
			wire_u8_read(r);
			return;
		}
		if (length > WIRE_LABEL_MAX)
			r->failed = true;
		if (r->failed || length == 0)
			return;
		wire_take(r, length);
	}
}

/* Pass a record. @return its type */
static uint16_t
record_pass(struct wire_reader *r)
{
	uint16_t type;

	name_pass(r);
	type = wire_u16_read(r);
	wire_take(r, 6);
	wire_take(r, wire_u16_read(r));
	return type;
}

/* Read the record at record->offset, to the end of the message. */
static bool
record_read(const uint8_t *message, size_t length, struct tsig_record *record)
{
	struct wire_reader r = wire_reader_of(message, length);
	uint16_t class;
	uint32_t ttl;

	r.offset = record->offset;
	wire_name_expand(&r, &record->key);
	wire_u16_read(&r);
	class = wire_u16_read(&r);
	ttl = wire_u32_read(&r);
	wire_u16_read(&r);
	wire_name_read(&r, &record->algorithm);
	record->time = u48_read(&r);
	record->fudge = wire_u16_read(&r);
	record->mac_length = wire_u16_read(&r);
	record->mac = wire_take(&r, record->mac_length);
	record->original_id = wire_u16_read(&r);
	record->error = wire_u16_read(&r);
	record->other_length = wire_u16_read(&r);
	record->other = wire_take(&r, record->other_length);
	wire_name_fold(&record->key);
	wire_name_fold(&record->algorithm);
	return !r.failed && r.offset == length && class == WIRE_CLASS_ANY && ttl == 0;
}

enum tsig_verdict
tsig_record_find(const uint8_t *message, size_t length, struct tsig_record *record)
{
	struct wire_reader r = wire_reader_of(message, length);
	unsigned int questions, records, additional, found = 0, last = 0;

	wire_take(&r, QDCOUNT_OFFSET);
	questions = wire_u16_read(&r);
	records = wire_u16_read(&r);
	records += wire_u16_read(&r);
	additional = wire_u16_read(&r);
	records += additional;
	for (unsigned int i = 0; i < questions && !r.failed; i++) {
		name_pass(&r);
		wire_take(&r, 4);
	}
	for (unsigned int i = 1; i <= records && !r.failed; i++) {
		size_t offset = r.offset;

		if (record_pass(&r) != WIRE_TYPE_TSIG)
			continue;
		record->offset = offset;
		found++;
		last = i;
	}
	if (r.failed || r.offset != length)
		return TSIG_MALFORMED;
	if (found == 0)
		return TSIG_UNSIGNED;
	if (found > 1 || last != records || additional == 0)
		return TSIG_MALFORMED;
	return record_read(message, length, record) ? TSIG_GOOD : TSIG_MALFORMED;
}

int
tsig_record_append(const struct tsig_record *record, uint8_t *message, size_t *length, size_t size)
{
	struct wire_writer w = wire_writer_of(message, size);
	uint16_t count = (uint16_t)(message[ARCOUNT_OFFSET] << 8 | message[ARCOUNT_OFFSET + 1]);
	size_t rdlength;

	w.offset = *length;
	wire_write(&w, record->key.octets, record->key.length);
	wire_u16_write(&w, WIRE_TYPE_TSIG);
	wire_u16_write(&w, WIRE_CLASS_ANY);
	wire_u32_write(&w, 0);
	rdlength = w.offset;
	wire_u16_write(&w, 0);
	wire_write(&w, record->algorithm.octets, record->algorithm.length);
	u48_write(&w, record->time);
	wire_u16_write(&w, record->fudge);
	wire_u16_write(&w, record->mac_length);
	wire_write(&w, record->mac, record->mac_length);
	wire_u16_write(&w, record->original_id);
	wire_u16_write(&w, record->error);
	wire_u16_write(&w, record->other_length);
	wire_write(&w, record->other, record->other_length);
	if (w.failed)
		return -ENOSPC;
	wire_u16_patch(message + rdlength, (uint16_t)(w.offset - rdlength - 2));
	wire_u16_patch(message + ARCOUNT_OFFSET, (uint16_t)(count + 1));
	*length = w.offset;
	return 0;
}
