/* SPDX-License-Identifier: BSD-3-Clause */
/* Workloads have the shares that were wished. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "oracle_zone.h"
#include "workload/workload.h"

enum { COUNT = 20000 };

static const char zone_text[] = ". 86400 IN SOA a. b. 7 1 1 1 86400\n"
				". 86400 IN NS ns.com.\n"
				"com. 86400 IN NS ns.com.\nns.com. 86400 IN A 192.0.2.1\n"
				"net. 86400 IN NS ns.com.\norg. 86400 IN NS ns.com.\n"
				"de. 86400 IN NS ns.com.\n";

static const char mix_path[] = "lib/workload/root-mix.json";

/* Per cent of the queries of a workload. */
struct found {
	double edns, dnssec_ok, cookie, ipv6, rd, drop, malformed, in_zone, root, one_label, chaos;
	uint16_t size_most;
	bool sources_right;
};

static void
query_look(struct found *f, const struct zone *zone, const uint8_t *message, size_t length)
{
	struct wire_query query;
	enum wire_verdict verdict = wire_query_read(message, length, WIRE_UDP, &query);
	struct wire_name tld;

	if (verdict == WIRE_DROP) {
		f->drop++;
		return;
	}
	f->malformed += verdict == WIRE_REPLY;
	f->edns += query.edns;
	f->dnssec_ok += query.dnssec_ok;
	f->cookie += query.cookie != NULL;
	f->rd += (query.flags1 & WIRE_FLAG1_RD) != 0;
	f->chaos += query.qclass == WIRE_CLASS_CH;
	f->size_most = query.edns_size > f->size_most ? query.edns_size : f->size_most;
	if (verdict == WIRE_REPLY)
		return;
	f->root += wire_name_is_root(&query.qname);
	f->one_label += query.qname.labels == 1;
	if (query.qname.labels) {
		wire_name_suffix(&tld, &query.qname, 1);
		wire_name_fold(&tld);
		f->in_zone += zone_find(zone, &tld) != NULL;
	}
}

static struct found
workload_look(struct workload_wishes wishes)
{
	static const uint8_t prefix6[12] = {0x20, 0x01, 0x0d, 0xb8};
	struct zone *zone = zone_from_text(zone_text);
	struct found f = {.sources_right = true};
	struct workload work;
	struct why why;
	double *const shares[] = {&f.edns, &f.dnssec_ok, &f.cookie, &f.ipv6, &f.rd, &f.drop,
		&f.malformed, &f.in_zone, &f.root, &f.one_label, &f.chaos};

	wishes.mix = mix_path;
	cr_assert_eq(workload_make(&work, &wishes, zone, &why), 0, "%s", why.text);
	for (size_t i = 0; i < work.count; i++) {
		const uint8_t *frame = work.frames + work.offsets[i];
		size_t length = work.offsets[i + 1] - work.offsets[i];
		const struct packet_check check = {.ip = true, .udp = true};
		struct packet_layout layout;
		const uint8_t *source;

		cr_assert_eq(packet_classify(&work.service, check, frame, length, &layout),
			PACKET_OURS, "query %zu", i);
		source = frame + layout.source_offset;
		f.sources_right &=
			layout.ipv6 ? memcmp(source, prefix6, 12) == 0
				    : source[0] == 198 && source[1] == 18 && source[2] >= 128;
		f.ipv6 += layout.ipv6;
		query_look(&f, zone, frame + layout.message_offset, layout.message_length);
	}
	for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++)
		*shares[i] *= 100.0 / (double)work.count;
	workload_free(&work);
	zone_free(zone);
	return f;
}

static struct workload_wishes
wishes_for(const char *name)
{
	struct workload_wishes wishes = workload_wishes_default();

	wishes.name = name;
	wishes.count = COUNT;
	return wishes;
}

/* Four standard deviations of a share out of COUNT, so that a seed hardly matters. */
#define EXPECT_SHARE(found, wanted)                                                                \
	cr_expect_float_eq(found, wanted, 4 * 50 / sqrt(COUNT), "%s: %.2f, not %.2f", #found,      \
		found, (double)(wanted))

Test(workload_shares, of_the_root_mix_are_those_of_its_file)
{
	struct found f = workload_look(wishes_for("mix"));

	EXPECT_SHARE(f.edns, 92);
	EXPECT_SHARE(f.dnssec_ok, 84);
	EXPECT_SHARE(f.cookie, 15);
	EXPECT_SHARE(f.ipv6, 25);
	EXPECT_SHARE(f.rd, 5);
	EXPECT_SHARE(f.in_zone, 43); /* referrals and DS */
	EXPECT_SHARE(f.root, 3);
	cr_expect_eq(f.drop, 0);
	cr_expect_eq(f.malformed, 0);
	cr_expect_eq(f.size_most, 4096);
	cr_expect(f.sources_right);
}

Test(workload_shares, are_as_wished_instead)
{
	struct workload_wishes wishes = wishes_for("mix");
	struct found f;

	wishes.shares = (struct workload_shares){60, 40, 20, -1, 70, 50, 0};
	wishes.size = 777;
	f = workload_look(wishes);
	EXPECT_SHARE(f.edns, 60);
	EXPECT_SHARE(f.dnssec_ok, 40);
	EXPECT_SHARE(f.cookie, 20);
	EXPECT_SHARE(f.ipv6, 70);
	EXPECT_SHARE(f.rd, 50);
	cr_expect_eq(f.size_most, 777);
}

Test(workload_shares, of_forged_cookies_are_of_a_time)
{
	struct workload_wishes wishes = wishes_for("nxdomain-cookie");
	struct zone *zone = zone_from_text(zone_text);
	/* version 1, reserved octets, the time: RFC 9018 4 */
	static const uint8_t head[] = {1, 0, 0, 0, 0x12, 0x34, 0x56, 0x78};
	struct workload work;
	struct why why;

	wishes.forged_at = 0x12345678;
	cr_assert_eq(workload_make(&work, &wishes, zone, &why), 0, "%s", why.text);
	for (size_t i = 0; i < work.count; i++) {
		const uint8_t *frame = work.frames + work.offsets[i];
		size_t at = frame[12] == 0x08 ? 42 : 62;
		struct wire_query query;

		cr_assert_eq(wire_query_read(frame + at, work.offsets[i + 1] - work.offsets[i] - at,
				     WIRE_UDP, &query),
			WIRE_ANSWER);
		cr_assert_eq(query.cookie_length, WIRE_COOKIE_SIZE);
		cr_assert_arr_eq(query.cookie + WIRE_COOKIE_CLIENT_SIZE, head, sizeof(head));
	}
	workload_free(&work);
	zone_free(zone);
}

Test(workload_shares, of_one_kind_are_pure)
{
	struct found f = workload_look(wishes_for("single"));

	cr_expect_eq(f.one_label, 100);
	cr_expect_eq(f.in_zone, 0);
	cr_expect_eq(f.edns, 0);
	f = workload_look(wishes_for("multi-do"));
	cr_expect_eq(f.one_label, 0);
	cr_expect_eq(f.in_zone, 0);
	cr_expect_eq(f.dnssec_ok, 100);
	f = workload_look(wishes_for("subdomain"));
	cr_expect_eq(f.in_zone, 100);
	cr_expect_eq(f.one_label, 0);
	f = workload_look(wishes_for("referral-do-cookie"));
	cr_expect_eq(f.in_zone, 100);
	EXPECT_SHARE(f.one_label, 50);
	cr_expect_eq(f.cookie, 100);
	cr_expect_eq(workload_look(wishes_for("priming")).root, 100);
	cr_expect_eq(workload_look(wishes_for("dnskey")).root, 100);
	cr_expect_eq(workload_look(wishes_for("ds")).one_label, 100);
	cr_expect_eq(workload_look(wishes_for("ch")).chaos, 100);
}

/* Of eleven ways two are to be met by silence. */
Test(workload_shares, of_malformed_queries_are_as_wished)
{
	struct workload_wishes wishes = wishes_for("mix");
	struct found f;

	wishes.shares.malformed = 50;
	f = workload_look(wishes);
	EXPECT_SHARE(f.drop, 50.0 * 2 / 11);
	cr_expect(f.malformed > 25 && f.malformed < 42, "%f", f.malformed);
}

Test(workload_shares, are_the_other_familys_if_one_is_not_asked)
{
	struct workload_wishes wishes = wishes_for("mix");

	wishes.ends.service.ipv6_count = 0;
	cr_expect_eq(workload_look(wishes).ipv6, 0);
	wishes.ends.service.ipv6_count = 1;
	wishes.ends.service.ipv4_count = 0;
	cr_expect_eq(workload_look(wishes).ipv6, 100);
}

Test(workload_shares, come_again_with_the_seed)
{
	struct zone *zone = zone_from_text(zone_text);
	struct workload_wishes wishes = wishes_for("mix");
	struct workload a, b, c;
	struct why why;

	wishes.mix = mix_path;
	cr_assert_eq(workload_make(&a, &wishes, zone, &why), 0);
	cr_assert_eq(workload_make(&b, &wishes, zone, &why), 0);
	wishes.seed++;
	cr_assert_eq(workload_make(&c, &wishes, zone, &why), 0);
	cr_expect_eq(a.offsets[COUNT], b.offsets[COUNT]);
	cr_expect_arr_eq(a.frames, b.frames, a.offsets[COUNT]);
	cr_expect(a.offsets[COUNT] != c.offsets[COUNT] ||
		  memcmp(a.frames, c.frames, a.offsets[COUNT]) != 0);
	workload_free(&a);
	workload_free(&b);
	workload_free(&c);
	zone_free(zone);
}

static void
file_make(char path[static 32], const void *octets, size_t length)
{
	int fd;

	strcpy(path, "/tmp/mangrove-list-XXXXXX");
	fd = mkstemp(path);
	cr_assert(fd >= 0 && file_write_all(fd, octets, length) == 0);
	close(fd);
}

Test(workload_shares, of_a_list_are_its_lines)
{
	static const char list[] =
		"# asked by hand\nexample.com. A\n. NS D\ncom DS E\n\nx. TYPE65\n";
	struct workload_wishes wishes = wishes_for("mix");
	char path[32];
	struct found f;

	file_make(path, list, sizeof(list) - 1);
	wishes.list = path;
	f = workload_look(wishes);
	unlink(path);
	cr_expect_eq(f.root, 25);
	cr_expect_eq(f.in_zone, 50);
	cr_expect_eq(f.edns, 50);
	cr_expect_eq(f.dnssec_ok, 25);
}

static const struct {
	const char *list, *why;
} bad_lists[] = {
	{"a..b A\n", ":1: a..b is no name"},
	{"a. A\nb.\n", ":2: (nothing) is no type"},
	{"a. NOSUCH\n", ":1: NOSUCH is no type"},
	{"a. TYPE65536\n", ":1: TYPE65536 is no type"},
	{"a. A X\n", ":1: X is neither E nor D"},
	{"# nothing\n", ": no query in it"},
};

Test(workload_shares, of_a_list_that_is_wrong_are_refused)
{
	for (size_t i = 0; i < sizeof(bad_lists) / sizeof(bad_lists[0]); i++) {
		struct workload_wishes wishes = wishes_for("mix");
		struct workload work;
		char path[32];
		struct why why;

		file_make(path, bad_lists[i].list, strlen(bad_lists[i].list));
		wishes.list = path;
		cr_expect_lt(workload_make(&work, &wishes, NULL, &why), 0);
		cr_expect_str_eq(why.text + strlen(path), bad_lists[i].why, "%s", why.text);
		unlink(path);
	}
}

static const struct {
	const char *mix, *why;
} bad_mixes[] = {
	{"{", ":1: string or '}' expected near end of file"},
	{"{}", ": parts: there are none"},
	{"{\"parts\": [{\"kind\": \"odd\", \"share\": 1}]}", ": parts: odd is no kind"},
	{"{\"parts\": [{\"kind\": \"ds\"}]}", ": parts: ds: it takes a share"},
	{"{\"parts\": [{\"kind\": \"apex\", \"share\": 1, \"type\": \"Q\"}]}",
		": parts: Q is no type"},
	{"{\"parts\": [{\"kind\": \"ds\", \"share\": 1}]}",
		": nxdomain_types: it is missing or empty"},
};

Test(workload_shares, of_a_mix_that_is_wrong_are_refused)
{
	struct zone *zone = zone_from_text(zone_text);

	for (size_t i = 0; i < sizeof(bad_mixes) / sizeof(bad_mixes[0]); i++) {
		struct workload_wishes wishes = wishes_for("mix");
		struct workload work;
		char path[32];
		struct why why;

		file_make(path, bad_mixes[i].mix, strlen(bad_mixes[i].mix));
		wishes.mix = path;
		cr_expect_lt(workload_make(&work, &wishes, zone, &why), 0);
		cr_expect_str_eq(why.text + strlen(path), bad_mixes[i].why, "%s", why.text);
		unlink(path);
	}
	zone_free(zone);
}

Test(workload_shares, of_an_unknown_workload_are_refused)
{
	static const char *const names[] = {"odd", "mix-odd", "-do", "", "singl", "singles"};
	struct zone *zone = zone_from_text(zone_text);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct workload_wishes wishes = wishes_for(names[i]);
		struct workload work;
		struct why why;

		wishes.mix = mix_path;
		cr_expect_lt(workload_make(&work, &wishes, zone, &why), 0, "%s", names[i]);
	}
	zone_free(zone);
}

/* A capture of one frame of each kind of link: two queries, what is none, and a cut one. */
Test(workload_shares, of_a_capture_are_its_messages)
{
	static const uint8_t header[24] = {
		0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, [16] = 0xff, 0xff, [20] = 1};
	struct zone *zone = zone_from_text(zone_text);
	struct workload_wishes wishes = wishes_for("single-do");
	struct workload work, again;
	uint8_t file[8192];
	size_t used = sizeof(header);
	char path[32];
	struct why why;

	wishes.count = 10;
	cr_assert_eq(workload_make(&work, &wishes, zone, &why), 0);
	memcpy(file, header, sizeof(header));
	for (size_t i = 0; i < work.count; i++) {
		uint32_t length = work.offsets[i + 1] - work.offsets[i];
		/* the last was cut when it was captured */
		uint32_t kept = i + 1 < work.count ? length : length - 1;
		const uint32_t record[4] = {0, 0, kept, length};

		memcpy(file + used, record, sizeof(record));
		memcpy(file + used + sizeof(record), work.frames + work.offsets[i], kept);
		used += sizeof(record) + kept;
	}
	/* no query: to another port */
	file[24 + 16 + (file[24 + 16 + 12] == 0x08 ? 36 : 56) + 1] = 54;
	file_make(path, file, used);
	wishes.capture = path;
	wishes.count = 1;
	cr_assert_eq(workload_make(&again, &wishes, zone, &why), 0, "%s", why.text);
	unlink(path);
	cr_expect_eq(again.count, 8);
	for (size_t i = 0; i < again.count; i++) {
		const uint8_t *was = work.frames + work.offsets[i + 1];
		const uint8_t *is = again.frames + again.offsets[i];
		size_t at = was[12] == 0x08 ? 42 : 62;

		cr_expect_eq(again.offsets[i + 1] - again.offsets[i],
			work.offsets[i + 2] - work.offsets[i + 1]);
		cr_expect_arr_eq(is + at, was + at, work.offsets[i + 2] - work.offsets[i + 1] - at);
	}
	workload_free(&work);
	workload_free(&again);
	zone_free(zone);
}
