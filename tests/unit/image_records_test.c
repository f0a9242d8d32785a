/* SPDX-License-Identifier: BSD-3-Clause */
/* The records that an image carries: all of the zone, in order, and checked when it is opened. */
#include <criterion/criterion.h>
#include <sys/mman.h>

#include "image/layout.h"
#include "oracle_zone.h"
#include "random_zone.h"

static struct image *
compile(const struct zone *zone)
{
	struct zone_verification done = {0};
	struct image *image;
	struct why why = {0};

	cr_assert_eq(image_compile(zone, &done, 0, &image, &why), 0, "%s", why.text);
	return image;
}

/* ---- all of them ---- */

static void
record_expect(struct wire_reader *r, const struct zone_node *node, uint16_t type, uint32_t ttl,
	const struct zone_rdata *rdata)
{
	struct wire_record record;

	wire_record_read(r, &record);
	cr_assert(!r->failed);
	cr_assert(wire_name_equal(&record.owner, &node->name));
	cr_assert_eq(record.type, type);
	cr_assert_eq(record.class, WIRE_CLASS_IN);
	cr_assert_eq(record.ttl, ttl);
	cr_assert_eq(record.length, rdata->length);
	cr_assert_arr_eq(record.rdata, rdata->octets, rdata->length);
}

static void
rrset_expect(struct wire_reader *r, const struct zone_node *node, const struct zone_rrset *rrset)
{
	for (unsigned int i = 0; i < rrset->count; i++)
		record_expect(r, node, rrset->type, rrset->ttl, &rrset->rdata[i]);
	for (unsigned int i = 0; i < rrset->signature_count; i++)
		record_expect(r, node, WIRE_TYPE_RRSIG, rrset->ttl, &rrset->signatures[i]);
}

static void
records_expect(const struct image *image, const struct zone *zone)
{
	const struct zone_node *apex = &zone->nodes[0];
	struct wire_reader r = {.message = image_records(image, &r.length)};

	rrset_expect(&r, apex, zone_rrset_find(apex, WIRE_TYPE_SOA));
	for (size_t n = 0; n < zone->node_count; n++)
		for (unsigned int i = 0; i < zone->nodes[n].count; i++)
			if (n != 0 || apex->rrsets[i].type != WIRE_TYPE_SOA)
				rrset_expect(&r, &zone->nodes[n], &zone->nodes[n].rrsets[i]);
	cr_expect_eq(r.offset, r.length);
}

/* The same image out of a file. */
static struct image *
reopen(const struct image *image)
{
	int fd = memfd_create("image", MFD_CLOEXEC);
	struct image *opened;
	struct why why = {0};

	cr_assert(fd >= 0);
	cr_assert_eq(image_write(image, fd), 0);
	cr_assert_eq(image_open(fd, "image", &opened, &why), 0, "%s", why.text);
	close(fd);
	return opened;
}

Test(image_records, are_those_of_the_zone)
{
	for (unsigned int seed = 1; seed <= 20; seed++) {
		const struct random_zone_options options = {.seed = seed,
			.origin = seed & 1 ? "." : "example.test.",
			.names = 60,
			.is_signed = (seed & 2) != 0};
		char *text = random_zone_text(&options);
		struct zone *zone = zone_from_text(text);
		struct image *image = compile(zone), *opened = reopen(image);

		records_expect(image, zone);
		records_expect(opened, zone);
		image_free(opened);
		image_free(image);
		zone_free(zone);
		free(text);
	}
}

Test(image_records, give_the_timers_of_the_soa)
{
	struct zone *zone = zone_from_text("test. 60 IN SOA ns.test. host.test. 7 1 2 3 4\n"
					   "test. 60 IN NS ns.test.\n");
	struct image *image = compile(zone);
	struct image_facts facts;

	image_facts(image, &facts);
	cr_expect_eq(facts.serial, 7);
	cr_expect_eq(facts.refresh, 1);
	cr_expect_eq(facts.retry, 2);
	cr_expect_eq(facts.expire, 3);
	image_free(image);
	zone_free(zone);
}

Test(image_records, are_on_pages_of_their_own)
{
	struct zone *zone = zone_from_text("test. 60 IN SOA ns.test. host.test. 7 1 2 3 4\n"
					   "test. 60 IN NS ns.test.\n");
	struct image *image = compile(zone);
	size_t length;
	const uint8_t *records = image_records(image, &length);

	cr_expect_eq((uintptr_t)records % IMAGE_PAGE, 0);
	image_free(image);
	zone_free(zone);
}

/* ---- others ---- */

/* Records that stand in the place of `test. SOA, test. NS`; the digest is made right. */
static const struct {
	const char *what;
	struct {
		const char *owner;
		uint16_t type, class;
		const char *rdata;
		size_t length;
	} records[3];
	const char *why;
} others[] = {
	{"no records at all", {{0}}, "records: the first is not the zone's SOA"},
	{"the SOA is not the first", {{"test", WIRE_TYPE_NS, 1, "\1a", 3}},
		"records: the first is not the zone's SOA"},
	{"another serial",
		{{"test", WIRE_TYPE_SOA, 1, "\0\0\0\0\0\10\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4", 22}},
		"records: the first is not the zone's SOA"},
	{"another zone's SOA",
		{{"tess", WIRE_TYPE_SOA, 1, "\0\0\0\0\0\7\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4", 22}},
		"records: the first is not the zone's SOA"},
	{"a SOA that is too long",
		{{"test", WIRE_TYPE_SOA, 1, "\0\0\0\0\0\7\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0", 23}},
		"records: the first is not the zone's SOA"},
#define GOOD                                                                                       \
	{                                                                                          \
		"test", WIRE_TYPE_SOA, 1, "\0\0\0\0\0\7\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4", 22       \
	}
	{"the SOA alone", {GOOD}, NULL},
	{"a second SOA",
		{GOOD, {"test", WIRE_TYPE_SOA, 1, "\0\0\0\0\0\7\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\5",
			       22}},
		"record 1: a second SOA"},
	{"a repeated record",
		{GOOD, {"test", WIRE_TYPE_NS, 1, "", 1}, {"test", WIRE_TYPE_NS, 1, "", 1}},
		"record 2: out of order"},
	{"RDATA out of order",
		{GOOD, {"test", WIRE_TYPE_NS, 1, "\1b", 3}, {"test", WIRE_TYPE_NS, 1, "\1a", 3}},
		"record 2: out of order"},
	{"RDATA in order",
		{GOOD, {"test", WIRE_TYPE_NS, 1, "\1a", 3}, {"test", WIRE_TYPE_NS, 1, "\1b", 3}},
		NULL},
	{"owners out of order",
		{GOOD, {"b.test", WIRE_TYPE_A, 1, "1234", 4},
			{"a.test", WIRE_TYPE_A, 1, "1234", 4}},
		"record 2: out of order"},
	{"a signature before its RRset",
		{GOOD, {"test", WIRE_TYPE_RRSIG, 1, "\0\2", 2}, {"test", WIRE_TYPE_NS, 1, "", 1}},
		"record 2: out of order"},
	{"a signature behind its RRset",
		{GOOD, {"test", WIRE_TYPE_NS, 1, "", 1}, {"test", WIRE_TYPE_RRSIG, 1, "\0\2", 2}},
		NULL},
	{"a signature of nothing", {GOOD, {"test", WIRE_TYPE_RRSIG, 1, "\0", 1}},
		"record 1: a signature of nothing"},
	{"another class", {GOOD, {"test", WIRE_TYPE_NS, 3, "", 1}},
		"record 1: of another class than IN"},
	{"out of zone", {GOOD, {"a.tess", WIRE_TYPE_A, 1, "1234", 4}}, "record 1: out of zone"},
	{"an upper case owner", {GOOD, {"A.test", WIRE_TYPE_A, 1, "1234", 4}},
		"record 1: its owner is not in lower case"},
};

static size_t
others_write(size_t index, struct wire_writer *w)
{
	for (size_t i = 0; i < 3 && others[index].records[i].owner; i++) {
		struct wire_record record = {
			.type = others[index].records[i].type,
			.class = others[index].records[i].class,
			.ttl = 60,
			.length = (uint16_t)others[index].records[i].length,
			.rdata = (const uint8_t *)others[index].records[i].rdata,
		};

		cr_assert(wire_name_from_text(&record.owner, others[index].records[i].owner));
		wire_record_write(w, &record);
	}
	cr_assert(!w->failed);
	return w->offset;
}

/* Open an image with other octets in the place of its records. */
static int
open_changed(const struct image *image, const uint8_t *octets, size_t size, struct why *why)
{
	const struct image_header *was = (const struct image_header *)image->block;
	size_t before = was->sections[IMAGE_RECORDS].offset, all = before + size + IMAGE_SLACK;
	uint8_t *block = aligned_alloc(IMAGE_PAGE, (all + IMAGE_PAGE) & ~(size_t)(IMAGE_PAGE - 1));
	struct image_header *header = (struct image_header *)block;
	int fd = memfd_create("image", MFD_CLOEXEC), rc;
	struct image *opened = NULL;

	cr_assert(block && fd >= 0);
	memcpy(block, image->block, before);
	memset(block + before, 0, all - before);
	memcpy(block + before, octets, size);
	header->size = all;
	header->sections[IMAGE_RECORDS].size = (uint32_t)size;
	image_digest(block, all, header->digest);
	cr_assert_eq(file_write_all(fd, block, all), 0);
	rc = image_open(fd, "image", &opened, why);
	image_free(opened);
	close(fd);
	free(block);
	return rc;
}

Test(image_records, are_refused_where_they_are_not_as_promised)
{
	struct zone *zone = zone_from_text("test. 60 IN SOA ns.test. host.test. 7 1 2 3 4\n"
					   "test. 60 IN NS ns.test.\n");
	struct image *image = compile(zone);

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		uint8_t octets[1024];
		struct wire_writer w = wire_writer_of(octets, sizeof(octets));
		size_t size = others_write(i, &w);
		struct why why = {0};
		int rc = open_changed(image, octets, size, &why);

		cr_expect_eq(rc, others[i].why ? -EINVAL : 0, "%s: %s", others[i].what, why.text);
		if (others[i].why && rc < 0)
			cr_expect_str_eq(why.text + strlen("image: "), others[i].why, "%s: %s",
				others[i].what, why.text);
	}
	image_free(image);
	zone_free(zone);
}

Test(image_records, are_refused_where_they_end_within_a_record)
{
	struct zone *zone = zone_from_text("test. 60 IN SOA ns.test. host.test. 7 1 2 3 4\n"
					   "test. 60 IN NS ns.test.\n"
					   "a.test. 60 IN A 192.0.2.1\n");
	struct image *image = compile(zone);
	unsigned int whole = 0;
	size_t length;
	const uint8_t *records = image_records(image, &length);

	for (size_t size = 0; size <= length; size++) {
		struct why why = {0};

		whole += open_changed(image, records, size, &why) == 0;
	}
	cr_expect_eq(whole, 3, "behind each record, not %u", whole);
	image_free(image);
	zone_free(zone);
}
