/* SPDX-License-Identifier: BSD-3-Clause */
/* The zone's records, as an image carries them for the control plane. */
#include "image/layout.h"

#include <errno.h>
#include <string.h>

static struct wire_reader
records_reader(const struct image_header *header)
{
	const uint8_t *block = (const uint8_t *)header;

	return wire_reader_of(block + header->sections[IMAGE_RECORDS].offset,
		header->sections[IMAGE_RECORDS].size);
}

const uint8_t *
image_records(const struct image *image, size_t *length)
{
	struct wire_reader r = records_reader((const struct image_header *)image->block);

	*length = r.length;
	return r.message;
}

bool
image_soa_read(const struct image_header *header, struct image_facts *facts)
{
	struct wire_reader r = records_reader(header);
	struct wire_record record;
	struct wire_name name;
	uint32_t serial;

	wire_record_read(&r, &record);
	if (r.failed || record.type != WIRE_TYPE_SOA ||
		!wire_name_equal(&record.owner, &header->origin))
		return false;
	r = wire_reader_of(record.rdata, record.length);
	wire_name_read(&r, &name);
	wire_name_read(&r, &name);
	serial = wire_u32_read(&r);
	facts->refresh = wire_u32_read(&r);
	facts->retry = wire_u32_read(&r);
	facts->expire = wire_u32_read(&r);
	wire_u32_read(&r);
	return !r.failed && r.offset == r.length && serial == header->serial;
}

static const char *
record_check(const struct image_header *header, const struct wire_record *record)
{
	struct wire_name folded = record->owner;

	wire_name_fold(&folded);
	if (memcmp(folded.octets, record->owner.octets, folded.length) != 0)
		return "its owner is not in lower case";
	if (record->class != WIRE_CLASS_IN)
		return "of another class than IN";
	if (record->type == WIRE_TYPE_RRSIG && record->length < 2)
		return "a signature of nothing";
	if (!wire_name_is_below(&record->owner, &header->origin))
		return "out of zone";
	return NULL;
}

int
image_records_check(const struct image_header *header, struct why *why)
{
	struct wire_reader r = records_reader(header);
	struct wire_record records[2];
	struct image_facts facts;

	if (!image_soa_read(header, &facts))
		return why_set(why, EINVAL, "records: the first is not the zone's SOA");
	for (size_t i = 0; r.offset < r.length; i++) {
		struct wire_record *record = &records[i & 1], *before = &records[(i & 1) ^ 1];
		const char *wrong = "cut short";

		wire_record_read(&r, record);
		if (!r.failed)
			wrong = record_check(header, record);
		if (!wrong && i > 0 && wire_record_compare(before, record) >= 0)
			wrong = "out of order";
		if (!wrong && i > 0 && record->type == WIRE_TYPE_SOA)
			wrong = "a second SOA";
		if (wrong)
			return why_set(why, EINVAL, "record %zu: %s", i, wrong);
	}
	return 0;
}
