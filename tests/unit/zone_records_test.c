/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Zones out of records: all of them as AXFR brings them, differences as IXFR does, and whatever a
 * primary should not have sent; and back to text.
 */
#include <criterion/criterion.h>
#include <errno.h>

#include "oracle_zone.h"
#include "random_zone.h"

enum { BLOCK_MAX = 1 << 22 };

/* ---- blocks out of text ---- */

static struct zone_records
records_of(const struct zone *zone)
{
	size_t size = zone_records_size(zone);
	uint8_t *octets = malloc(size);
	struct wire_writer w = wire_writer_of(octets, size);

	cr_assert(octets);
	zone_records_write(zone, &w);
	cr_assert(!w.failed && w.offset == size);
	return (struct zone_records){octets, size};
}

static void
records_free(struct zone_records *records)
{
	free((void *)(uintptr_t)records->octets);
}

/* Lines of presentation form, in their order, as octets. */
static struct zone_records
block_of(const char *text)
{
	struct wire_writer w = wire_writer_of(malloc(BLOCK_MAX), BLOCK_MAX);
	char *lines = strdup(text), *rest = lines, *line;

	cr_assert(lines && w.message);
	while ((line = strsep(&rest, "\n")) != NULL) {
		size_t length;
		uint8_t *wire;
		ldns_rr *rr;

		if (*line == '\0')
			continue;
		cr_assert_eq(
			ldns_rr_new_frm_str(&rr, line, 0, NULL, NULL), LDNS_STATUS_OK, "%s", line);
		cr_assert_eq(ldns_rr2wire(&wire, rr, LDNS_SECTION_ANSWER, &length), LDNS_STATUS_OK);
		wire_write(&w, wire, length);
		free(wire);
		ldns_rr_free(rr);
	}
	free(lines);
	cr_assert(!w.failed);
	return (struct zone_records){w.message, w.offset};
}

static const struct zone_records none = {NULL, 0};

/* @return as zone_load_records(); on success the zone is compared with `expected`, a master file */
static int
apply(const char *base, const char *transfer, const char *expected, struct why *why)
{
	struct zone_records before = none, arrived = block_of(transfer);
	struct zone *zone = base ? zone_from_text(base) : NULL, *made = NULL;
	int rc;

	if (zone)
		before = records_of(zone);
	rc = zone_load_records("primary", &before, &arrived, NULL, &made, why);
	if (rc == 0 && expected) {
		struct zone *wanted = zone_from_text(expected);
		struct zone_records got = records_of(made), want = records_of(wanted);

		cr_expect_eq(made->serial, wanted->serial);
		cr_expect_eq(made->record_count, wanted->record_count);
		cr_expect_eq(got.length, want.length);
		if (got.length == want.length)
			cr_expect_arr_eq(got.octets, want.octets, want.length);
		records_free(&got);
		records_free(&want);
		zone_free(wanted);
	}
	zone_free(made);
	zone_free(zone);
	records_free(&before);
	records_free(&arrived);
	return rc;
}

/* ---- what is taken ---- */

#define SOA(serial) "test. 60 IN SOA ns.test. host.test. " #serial " 1800 900 604800 86400\n"
#define NS "test. 60 IN NS ns.test.\n"
#define A(host, last) #host ".test. 60 IN A 192.0.2." #last "\n"
#define V7 SOA(7) NS A(ns, 1) A(b, 2)

static const struct {
	const char *what, *base, *transfer, *expected;
} good[] = {
	{"all of a zone", NULL, SOA(7) NS A(ns, 1) A(b, 2) SOA(7), V7},
	{"all of it, in another order", NULL, SOA(7) A(b, 2) A(ns, 1) NS SOA(7), V7},
	{"all of it, some of it twice", NULL, SOA(7) A(b, 2) NS A(ns, 1) A(b, 2) SOA(7), V7},
	{"all of it, though there is a base", SOA(6) NS A(c, 3), SOA(7) NS A(ns, 1) A(b, 2) SOA(7),
		V7},
	{"all of it, in upper case", NULL,
		"TEST. 60 IN SOA NS.test. host.Test. 7 1800 900 604800 86400\n"
		"test. 60 IN NS ns.TEST.\n"
		"NS.TEST. 60 IN A 192.0.2.1\n" A(b, 2) SOA(7),
		V7},
	{"one step", V7, SOA(8) SOA(7) A(b, 2) SOA(8) A(c, 3) A(d, 4) SOA(8),
		SOA(8) NS A(ns, 1) A(c, 3) A(d, 4)},
	{"a step that only deletes", V7, SOA(8) SOA(7) A(b, 2) SOA(8) SOA(8), SOA(8) NS A(ns, 1)},
	{"a step that only adds", V7, SOA(8) SOA(7) SOA(8) A(c, 3) SOA(8),
		SOA(8) NS A(ns, 1) A(b, 2) A(c, 3)},
	{"a step of the SOA alone", V7, SOA(8) SOA(7) SOA(8) SOA(8), SOA(8) NS A(ns, 1) A(b, 2)},
	{"a TTL that changes", V7,
		SOA(8) SOA(7) A(b, 2) SOA(8) "b.test. 61 IN A 192.0.2.2\n" SOA(8),
		SOA(8) NS A(ns, 1) "b.test. 61 IN A 192.0.2.2\n"},
	{"steps that add, delete and add again", V7,
		SOA(10) SOA(7) A(b, 2) SOA(8) A(c, 3) SOA(8) A(c, 3) SOA(9) A(b, 2) SOA(9) A(b, 2)
			SOA(10) A(c, 3) SOA(10),
		SOA(10) NS A(ns, 1) A(c, 3)},
	{"a serial that wraps", SOA(4294967295) NS, SOA(1) SOA(4294967295) SOA(1) A(ns, 1) SOA(1),
		SOA(1) NS A(ns, 1)},
};

Test(zone_records, are_taken_as_axfr_and_ixfr_bring_them)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct why why = {0};
		int rc = apply(good[i].base, good[i].transfer, good[i].expected, &why);

		cr_expect_eq(rc, 0, "%s: %s", good[i].what, why.text);
	}
}

/* ---- what is not ---- */

static const struct {
	const char *what, *base, *transfer;
	int rc;
	const char *why;
} bad[] = {
	{"a SOA alone", V7, SOA(8), -EINVAL, "primary: record 1: the only one: no zone"},
	{"no SOA first", NULL, NS SOA(7) SOA(7), -EINVAL,
		"primary: test. NS: a transfer begins with a SOA"},
	{"cut short", NULL, SOA(7) NS A(ns, 1), -EINVAL,
		"primary: record 3: the last, and it is not the closing SOA"},
	{"another SOA in the middle", NULL, SOA(7) NS SOA(8) A(ns, 1) SOA(7), -EINVAL,
		"primary: test. SOA: not the SOA that the transfer began with"},
	{"another SOA at the end", NULL, SOA(7) NS A(ns, 1) SOA(8), -EINVAL,
		"primary: test. SOA: not the SOA that the transfer began with"},
	{"the closing SOA has another TTL", NULL,
		SOA(7) NS "test. 61 IN SOA ns.test. host.test. 7 1800 900 604800 86400\n", -EINVAL,
		"primary: test. SOA: not the SOA that the transfer began with"},
	{"records behind the closing SOA", NULL, SOA(7) NS SOA(7) A(ns, 1), -EINVAL,
		"primary: record 3: the closing SOA, but more follows"},
	{"nothing but the SOA", NULL, SOA(7) SOA(7), -EINVAL, "primary: no NS at the apex"},
	{"out of zone", NULL, SOA(7) NS "a.tesu. 60 IN A 192.0.2.1\n" SOA(7), -EINVAL,
		"primary: a.tesu. A: out of zone"},
	{"another class", NULL, SOA(7) NS "a.test. 60 CH A 192.0.2.1\n" SOA(7), -EINVAL,
		"primary: a.test. A: another class than IN"},
	{"what is not served", NULL, SOA(7) NS "*.test. 60 IN A 192.0.2.1\n" SOA(7), -EINVAL,
		"primary: *.test. A: wildcards are not served"},
	{"type 0", NULL, SOA(7) NS "b.test. 60 IN TYPE0 \\# 1 00\n" SOA(7), -EINVAL,
		"primary: b.test. TYPE0: no record of a zone has this type"},
	{"TTLs that differ", NULL, SOA(7) NS A(b, 2) "b.test. 61 IN A 192.0.2.3\n" SOA(7), -EINVAL,
		"primary: b.test. A: TTL 61, but another record of the same RRset (A) has 60"},
	{"a repeated record with another TTL", NULL,
		SOA(7) NS A(b, 2) "b.test. 61 IN A 192.0.2.2\n" SOA(7), -EINVAL, NULL},
	{"a signature of nothing", NULL, SOA(7) NS SIGNATURE("b.test.", "60", "A", "1") SOA(7),
		-EINVAL, "primary: b.test. RRSIG: it covers A, which is not there"},
	{"a TTL of more than 31 bits", NULL, SOA(7) NS "b.test. 2147483648 IN A 192.0.2.3\n" SOA(7),
		-EINVAL, "primary: b.test. A: its TTL is above 2147483647"},

	{"differences without a base", NULL, SOA(8) SOA(7) A(b, 2) SOA(8) SOA(8), -ESTALE,
		"primary: differences, and no version that they apply to"},
	{"differences for another serial", V7, SOA(9) SOA(8) A(b, 2) SOA(9) SOA(9), -ESTALE,
		"primary: test. SOA: the differences do not fit: they delete it, and it is not "
		"there"},
	{"differences for another SOA of that serial", V7,
		SOA(8) "test. 60 IN SOA nt.test. host.test. 7 1800 900 604800 86400\n" A(b, 2)
			SOA(8) SOA(8),
		-ESTALE, NULL},
	{"steps with a gap", V7, SOA(10) SOA(7) SOA(8) SOA(9) SOA(10) SOA(10), -ESTALE, NULL},
	{"deletes what is not there", V7, SOA(8) SOA(7) A(c, 3) SOA(8) SOA(8), -ESTALE,
		"primary: c.test. A: the differences do not fit: they delete it, and it is not "
		"there"},
	{"deletes it twice", V7, SOA(8) SOA(7) A(b, 2) A(b, 2) SOA(8) SOA(8), -ESTALE, NULL},
	{"deletes it with another TTL", V7,
		SOA(8) SOA(7) "b.test. 61 IN A 192.0.2.2\n" SOA(8) SOA(8), -ESTALE, NULL},
	{"adds what is there", V7, SOA(8) SOA(7) SOA(8) A(b, 2) SOA(8), -ESTALE,
		"primary: b.test. A: the differences do not fit: they add it, and it is there "
		"already"},
	{"adds it with another TTL", V7, SOA(8) SOA(7) SOA(8) "b.test. 61 IN A 192.0.2.2\n" SOA(8),
		-ESTALE, NULL},
	{"adds it twice", V7, SOA(8) SOA(7) SOA(8) A(c, 3) A(c, 3) SOA(8), -ESTALE, NULL},
	{"ends while it deletes", V7, SOA(8) SOA(7) A(b, 2), -EINVAL,
		"primary: record 3: the last, in the middle of differences"},
	{"ends while it adds", V7, SOA(8) SOA(7) A(b, 2) SOA(8) A(c, 3), -EINVAL,
		"primary: record 5: the last, in the middle of differences"},
	{"ends before the last version", V7, SOA(9) SOA(7) A(b, 2) SOA(8) A(c, 3) SOA(8), -EINVAL,
		NULL},
	{"closes with another SOA", V7, SOA(8) SOA(7) A(b, 2) SOA(8) A(c, 3) SOA(9), -EINVAL,
		"primary: test. SOA: not the SOA that the transfer began with"},
	{"more behind the differences", V7, SOA(8) SOA(7) A(b, 2) SOA(8) SOA(8) A(c, 3), -EINVAL,
		"primary: record 5: the closing SOA, but more follows"},
	{"deletes the NS of the apex", V7, SOA(8) SOA(7) NS SOA(8) SOA(8), -EINVAL,
		"primary: no NS at the apex"},
	{"differences out of zone", V7, SOA(8) SOA(7) SOA(8) "a.tesu. 60 IN A 192.0.2.1\n" SOA(8),
		-EINVAL, "primary: a.tesu. A: out of zone"},
};

Test(zone_records, are_refused_where_they_make_no_zone_or_do_not_fit)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct why why = {0};
		int rc = apply(bad[i].base, bad[i].transfer, NULL, &why);

		cr_expect_eq(rc, bad[i].rc, "%s: %d, %s", bad[i].what, rc, why.text);
		if (bad[i].why)
			cr_expect_str_eq(why.text, bad[i].why, "%s: %s", bad[i].what, why.text);
	}
}

Test(zone_records, are_refused_where_the_zone_is_another_than_asked_for)
{
	struct zone_records arrived = block_of(SOA(7) NS SOA(7));
	struct wire_name origin;
	struct zone *zone;
	struct why why = {0};

	wire_name_from_text(&origin, "tesu");
	cr_expect_eq(zone_load_records("primary", &none, &arrived, &origin, &zone, &why), -EINVAL);
	cr_expect_str_eq(why.text, "primary: test. SOA: out of zone");
	records_free(&arrived);
}

/* RDATA that is not what its type says, between the SOAs of a transfer. */
static const struct {
	const char *what;
	uint16_t type;
	const char *rdata;
	size_t length;
	bool passes_as_base; /* nobody reads it, and it was refused when it came */
} unsound[] = {
	{"an address too short", WIRE_TYPE_A, "123", 3},
	{"an address too long", WIRE_TYPE_A, "12345", 5},
	{"an address of nothing", WIRE_TYPE_A, "", 0},
	{"a name that is cut", WIRE_TYPE_NS, "\3ab", 3},
	{"a name with more behind", WIRE_TYPE_NS, "\0\0", 2},
	{"a name that is a pointer", WIRE_TYPE_NS, "\300\0", 2},
	{"a name that ends in a pointer", WIRE_TYPE_NS, "\1a\300\0", 4},
	{"a string that is cut", WIRE_TYPE_TXT, "\3ab", 3, true},
	{"no string", WIRE_TYPE_TXT, "", 0},
	{"a DS without digest", WIRE_TYPE_DS, "\0\1\10\2", 4},
	{"a signature that covers half a type", WIRE_TYPE_RRSIG, "\0", 1},
};

Test(zone_records, are_refused_where_their_data_is_not_of_their_type)
{
	for (size_t i = 0; i < sizeof(unsound) / sizeof(unsound[0]); i++) {
		struct zone_records soa = block_of(SOA(7)), ns = block_of(NS);
		struct wire_record record = {.type = unsound[i].type,
			.class = WIRE_CLASS_IN,
			.ttl = 60,
			.length = (uint16_t)unsound[i].length,
			.rdata = (const uint8_t *)unsound[i].rdata};
		uint8_t octets[1024];
		struct wire_writer w = wire_writer_of(octets, sizeof(octets));
		struct zone_records all;
		struct zone *zone;
		struct why why = {0};

		wire_name_from_text(&record.owner, "x.test");
		wire_write(&w, soa.octets, soa.length);
		wire_write(&w, ns.octets, ns.length);
		wire_record_write(&w, &record);
		/* as a base, too, where the SOA does not come again */
		all = (struct zone_records){octets, w.offset};
		if (!unsound[i].passes_as_base)
			cr_expect_eq(zone_load_records("primary", &all, &none, NULL, &zone, &why),
				-EINVAL, "%s", unsound[i].what);
		wire_write(&w, soa.octets, soa.length);
		all.length = w.offset;
		cr_expect_eq(zone_load_records("primary", &none, &all, NULL, &zone, &why), -EINVAL,
			"%s", unsound[i].what);
		cr_expect(strstr(why.text, "its data is not of the form that this type has"),
			"%s: %s", unsound[i].what, why.text);
		records_free(&soa);
		records_free(&ns);
	}
}

Test(zone_records, are_refused_where_they_end_within_a_record)
{
	struct zone_records all = block_of(SOA(7) NS A(ns, 1) SOA(7));

	for (size_t length = 0; length < all.length; length++) {
		uint8_t *copy = malloc(length + (length == 0));
		const struct zone_records part = {copy, length};
		struct zone *zone;
		struct why why = {0};

		cr_assert(copy);
		memcpy(copy, all.octets, length);
		cr_expect_eq(
			zone_load_records("primary", &none, &part, NULL, &zone, &why), -EINVAL);
		free(copy);
	}
	records_free(&all);
}

/* ---- zones made up at random ---- */

static struct zone *
zone_reload(const struct zone *zone)
{
	struct zone *again = NULL;
	struct why why = {0};
	size_t length;
	char *text;
	FILE *file = open_memstream(&text, &length);

	cr_assert(file);
	zone_text_write(zone, file);
	fclose(file);
	cr_assert_eq(zone_load_text("written", (const uint8_t *)text, length, NULL, &again, &why),
		0, "%s", why.text);
	free(text);
	return again;
}

static void
zones_expect_equal(const struct zone *a, const struct zone *b)
{
	struct zone_records left = records_of(a), right = records_of(b);

	cr_assert(wire_name_equal(&a->origin, &b->origin));
	cr_assert_eq(a->serial, b->serial);
	cr_assert_eq(a->is_signed, b->is_signed);
	cr_assert_eq(a->record_count, b->record_count);
	cr_assert_eq(left.length, right.length);
	cr_assert_arr_eq(left.octets, right.octets, right.length);
	records_free(&left);
	records_free(&right);
}

static struct zone *
zone_random(uint64_t seed)
{
	const struct random_zone_options options = {.seed = seed,
		.origin = seed % 3 ? "." : "a-b.test.",
		.names = 30 + 20 * (seed % 4),
		.is_signed = seed % 2};
	char *text = random_zone_text(&options);
	struct zone *zone = zone_from_text(text);

	free(text);
	return zone;
}

Test(zone_records, of_a_zone_make_that_zone)
{
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct zone *zone = zone_random(seed), *again, *reloaded = zone_reload(zone);
		struct zone_records records = records_of(zone);
		struct why why = {0};

		cr_assert_eq(zone_load_records("records", &records, &none, NULL, &again, &why), 0,
			"seed %llu: %s", (unsigned long long)seed, why.text);
		zones_expect_equal(zone, again);
		zones_expect_equal(zone, reloaded);
		records_free(&records);
		zone_free(again);
		zone_free(reloaded);
		zone_free(zone);
	}
}

static bool
record_is_in(const struct zone_records *records, const uint8_t *octets, size_t length)
{
	struct wire_reader r = wire_reader_of(records->octets, records->length);

	while (r.offset < r.length) {
		size_t at = r.offset;
		struct wire_record record;

		wire_record_read(&r, &record);
		if (r.offset - at == length && memcmp(records->octets + at, octets, length) == 0)
			return true;
	}
	return false;
}

/* Records that a version has and the other has not. */
static void
differences_write(
	struct wire_writer *w, const struct zone_records *from, const struct zone_records *to)
{
	struct wire_reader r = wire_reader_of(from->octets, from->length);

	while (r.offset < r.length) {
		size_t at = r.offset;
		struct wire_record record;

		wire_record_read(&r, &record);
		if (record.type != WIRE_TYPE_SOA &&
			!record_is_in(to, from->octets + at, r.offset - at))
			wire_write(w, from->octets + at, r.offset - at);
	}
}

static size_t
soa_length(const struct zone_records *records)
{
	struct wire_reader r = wire_reader_of(records->octets, records->length);
	struct wire_record record;

	wire_record_read(&r, &record);
	return r.offset;
}

/* The same zone a version later: each record but those of the apex goes or stays by chance. */
static struct zone *
zone_edit(struct random *random, const struct zone *zone, uint32_t serial)
{
	struct zone *edited;
	struct why why = {0};
	size_t length;
	char *text, *written, *line, *rest;
	FILE *file = open_memstream(&text, &length);

	zone_text_write(zone, file);
	fclose(file);
	rest = text;
	file = open_memstream(&written, &length);
	fprintf(file, "%s", "");
	while ((line = strsep(&rest, "\n")) != NULL) {
		char owner[WIRE_NAME_TEXT_MAX];
		unsigned int ttl;

		if (sscanf(line, "%1020s %u", owner, &ttl) != 2)
			continue;
		if (strstr(line, " IN SOA "))
			fprintf(file, "%s %u IN SOA a. b. %u 1 2 3 4\n", owner, ttl, serial);
		else if (strstr(line, " IN RRSIG ") || strstr(line, " IN NS ") ||
			 random_percent(random, 85))
			fprintf(file, "%s\n", line);
		if (random_percent(random, 10))
			fprintf(file, "new%u.%s 7 IN TXT \"%u\"\n", random_below(random, 5), owner,
				random_below(random, 3));
	}
	fclose(file);
	/* a signature may have lost its RRset, or a name have become too long: then as it was */
	if (zone_load_text("edited", (const uint8_t *)written, length, NULL, &edited, &why) < 0) {
		file = open_memstream(&rest, &length);
		zone_text_write(zone, file);
		fclose(file);
		line = strstr(rest, "\n");
		free(written);
		cr_assert_geq(asprintf(&written, "%.*s 60 IN SOA a. b. %u 1 2 3 4\n%s",
				      (int)strcspn(rest, " "), rest, serial, line + 1),
			0);
		free(rest);
		cr_assert_eq(zone_load_text("edited", (const uint8_t *)written, strlen(written),
				     NULL, &edited, &why),
			0, "%s", why.text);
	}
	free(written);
	free(text);
	return edited;
}

enum { STEPS = 4 };

static void
chain_apply(uint64_t seed)
{
	struct random random = {.state = seed | 1ull << 60};
	struct zone *versions[STEPS + 1] = {zone_random(2 * seed)}, *made;
	struct zone_records records[STEPS + 1] = {records_of(versions[0])}, last;
	struct wire_writer w = wire_writer_of(malloc(BLOCK_MAX), BLOCK_MAX);
	struct zone_records transfer;
	struct why why = {0};

	for (unsigned int i = 1; i <= STEPS; i++) {
		versions[i] = zone_edit(&random, versions[i - 1], i + 100);
		records[i] = records_of(versions[i]);
	}
	last = records[STEPS];
	wire_write(&w, last.octets, soa_length(&last));
	for (unsigned int i = 1; i <= STEPS; i++) {
		wire_write(&w, records[i - 1].octets, soa_length(&records[i - 1]));
		differences_write(&w, &records[i - 1], &records[i]);
		wire_write(&w, records[i].octets, soa_length(&records[i]));
		differences_write(&w, &records[i], &records[i - 1]);
	}
	wire_write(&w, last.octets, soa_length(&last));
	cr_assert(!w.failed);
	transfer = (struct zone_records){w.message, w.offset};
	cr_assert_eq(zone_load_records("chain", &records[0], &transfer, NULL, &made, &why), 0,
		"seed %llu: %s", (unsigned long long)seed, why.text);
	zones_expect_equal(made, versions[STEPS]);
	zone_free(made);
	/* and to no other version */
	cr_expect_eq(
		zone_load_records("chain", &records[1], &transfer, NULL, &made, &why), -ESTALE);
	for (unsigned int i = 0; i <= STEPS; i++) {
		records_free(&records[i]);
		zone_free(versions[i]);
	}
	free(w.message);
}

Test(zone_records, differences_of_versions_lead_from_the_first_to_the_last)
{
	const char *seed = getenv("MANGROVE_SEED");
	uint64_t first = seed ? strtoull(seed, NULL, 10) : 1;

	fprintf(stderr, "seed %llu\n", (unsigned long long)first);
	for (uint64_t i = first; i < first + 20; i++)
		chain_apply(i);
}

Test(zone_records, of_the_root_zone_make_that_zone)
{
	const char *path = getenv("MANGROVE_ROOT_ZONE");
	struct zone *zone, *again, *reloaded;
	struct zone_records records;
	struct why why = {0};

	if (!path)
		cr_skip_test("no MANGROVE_ROOT_ZONE");
	cr_assert_eq(zone_load(path, NULL, &zone, &why), 0, "%s", why.text);
	records = records_of(zone);
	cr_assert_eq(zone_load_records("records", &records, &none, NULL, &again, &why), 0, "%s",
		why.text);
	reloaded = zone_reload(zone);
	zones_expect_equal(zone, again);
	zones_expect_equal(zone, reloaded);
	records_free(&records);
	zone_free(again);
	zone_free(reloaded);
	zone_free(zone);
}
