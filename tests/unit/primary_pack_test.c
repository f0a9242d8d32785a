/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>

#include "primary_records.h"

static struct primary_names names;

static struct wire_query
query_of(const char *qname)
{
	struct wire_query query = {.qtype = WIRE_TYPE_AXFR, .qclass = WIRE_CLASS_IN};

	wire_name_from_text(&query.qname, qname);
	query.question_length = (uint16_t)(query.qname.length + 4);
	return query;
}

/* Write header and question as a message has them. */
static void
message_begin(struct wire_writer *w, const struct wire_query *query)
{
	static const uint8_t header[WIRE_HEADER_SIZE];

	w->offset = 0;
	wire_write(w, header, sizeof(header));
	wire_write(w, query->qname.octets, query->qname.length);
	wire_u16_write(w, query->qtype);
	wire_u16_write(w, query->qclass);
	primary_names_begin(&names, query);
}

static void
name_expand(struct wire_reader *r, struct wire_writer *plain)
{
	struct wire_name name;

	wire_name_expand(r, &name);
	wire_write(plain, name.octets, name.length);
}

/* Append a record of a message without compression. */
static void
record_expand(struct wire_reader *r, struct wire_writer *plain)
{
	uint16_t type, length;
	size_t at, end;

	name_expand(r, plain);
	type = wire_u16_read(r);
	wire_u16_write(plain, type);
	wire_write(plain, wire_take(r, 6), 6);
	length = wire_u16_read(r);
	end = r->offset + length;
	at = plain->offset;
	wire_u16_write(plain, 0);
	if (type == WIRE_TYPE_MX)
		wire_write(plain, wire_take(r, 2), 2);
	if (type == WIRE_TYPE_NS || type == WIRE_TYPE_MX || type == WIRE_TYPE_SOA)
		name_expand(r, plain);
	if (type == WIRE_TYPE_SOA)
		name_expand(r, plain);
	wire_write(plain, wire_take(r, end - r->offset), end - r->offset);
	wire_u16_patch(plain->message + at, (uint16_t)(plain->offset - at - 2));
}

Test(primary_pack, fills_messages_that_say_all_records_in_order)
{
	static struct made_zone made = {.serial = 5};
	static uint8_t message[WIRE_TCP_SIZE_MAX], plain_octets[1 << 20];
	struct random random = {11};
	struct wire_name origin;
	struct primary_zone *zone;
	struct primary_contents contents;
	struct primary_place place = {0};
	struct wire_query query = query_of("example.");
	struct wire_writer plain = wire_writer_of(plain_octets, sizeof(plain_octets));
	unsigned int messages = 0;
	size_t size = 0;

	wire_name_from_text(&origin, "example.");
	zone = primary_zone_new(&origin, 0);
	made_grow(&made, &random, 3000);
	primary_zone_advance(zone, made_block(&made), made.serial, 4);
	primary_contents_whole(&contents, zone);
	while (!primary_place_is_end(&contents, &place)) {
		struct wire_writer w = wire_writer_of(message, sizeof(message));
		struct wire_reader r;
		unsigned int count;

		message_begin(&w, &query);
		r = wire_reader_of(message, 0);
		r.offset = w.offset;
		count = primary_pack(&contents, &place, &names, PRIMARY_TRANSFER_SIZE, &w);
		cr_assert_gt(count, 0);
		cr_expect_lt(w.offset, PRIMARY_TRANSFER_SIZE + 512);
		if (!primary_place_is_end(&contents, &place))
			cr_expect_geq(w.offset, PRIMARY_TRANSFER_SIZE);
		r.length = w.offset;
		for (unsigned int i = 0; i < count; i++)
			record_expand(&r, &plain);
		cr_expect(!r.failed);
		cr_expect_eq(r.offset, w.offset);
		size += w.offset;
		messages++;
	}
	cr_expect_gt(messages, 3);
	cr_assert_eq(plain.offset, zone->records->length + zone->soa_length);
	cr_expect(memcmp(plain_octets, zone->records->octets, zone->records->length) == 0);
	cr_expect(memcmp(plain_octets + zone->records->length, zone->records->octets,
			  zone->soa_length) == 0);
	cr_expect_lt(size, plain.offset * 4 / 5, "names are not compressed");
	primary_contents_drop(&contents);
	primary_zone_free(zone);
}

Test(primary_pack, leaves_out_whole_what_does_not_fit)
{
	static struct made_zone made = {.serial = 5};
	uint8_t message[1024];
	struct random random = {12};
	struct wire_name origin;
	struct primary_zone *zone;
	struct primary_contents contents;
	struct wire_query query = query_of("example.");

	wire_name_from_text(&origin, "example.");
	zone = primary_zone_new(&origin, 0);
	made_grow(&made, &random, 100);
	primary_zone_advance(zone, made_block(&made), made.serial, 4);
	primary_contents_whole(&contents, zone);
	for (size_t size = 25; size <= sizeof(message); size++) {
		struct wire_writer w = wire_writer_of(message, size);
		struct primary_place place = {0};
		struct wire_reader r;
		unsigned int count;
		uint8_t plain_octets[4096];
		struct wire_writer plain = wire_writer_of(plain_octets, sizeof(plain_octets));

		message_begin(&w, &query);
		r = wire_reader_of(message, 0);
		r.offset = w.offset;
		count = primary_pack(&contents, &place, &names, SIZE_MAX, &w);
		cr_expect(!w.failed);
		cr_expect_eq(count == 0, place.offset == 0);
		r.length = w.offset;
		for (unsigned int i = 0; i < count; i++)
			record_expand(&r, &plain);
		cr_expect_eq(r.offset, w.offset);
		cr_expect_eq(plain.offset, place.offset);
		cr_expect(memcmp(plain_octets, zone->records->octets, plain.offset) == 0);
	}
	primary_contents_drop(&contents);
	primary_zone_free(zone);
}

Test(primary_pack, does_not_hand_out_names_in_the_case_that_was_asked)
{
	static struct made_zone made = {.serial = 5};
	uint8_t message[1024];
	struct wire_name origin;
	struct primary_zone *zone;
	struct primary_contents contents;
	struct primary_place place = {0};
	struct wire_query query = query_of("eXample.");
	struct wire_writer w = wire_writer_of(message, sizeof(message));
	struct wire_reader r;
	struct wire_name name;

	wire_name_from_text(&origin, "example.");
	zone = primary_zone_new(&origin, 0);
	primary_zone_advance(zone, made_block(&made), made.serial, 4);
	primary_contents_soa(&contents, zone);
	message_begin(&w, &query);
	r = wire_reader_of(message, sizeof(message));
	r.offset = w.offset;
	cr_assert_eq(primary_pack(&contents, &place, &names, SIZE_MAX, &w), 1);
	wire_name_expand(&r, &name);
	cr_expect(memcmp(name.octets, origin.octets, origin.length) == 0);
	primary_contents_drop(&contents);
	primary_zone_free(zone);
}
