/* SPDX-License-Identifier: BSD-3-Clause */
/* A right image is proven, and a wrong one is not, wherever it is wrong. */
#include <criterion/criterion.h>
#include <errno.h>

#include "image/answer.h"
#include "image/layout.h"
#include "oracle_zone.h"
#include "prove/prove.h"
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

/* ---- right ones ---- */

Test(prove, finds_nothing_wrong_in_what_the_compiler_makes, .timeout = 300)
{
	unsigned int count = getenv("MANGROVE_LONG") ? 400 : 40;
	uint64_t compared = 0, all = 0;

	for (uint64_t seed = 1; seed <= count; seed++) {
		const struct random_zone_options options = {.seed = seed,
			.origin = seed % 3 ? "." : "a-b.test.",
			.names = 40 + 40 * (seed % 5),
			.is_signed = seed % 2,
			.is_wide = seed % 5 == 0};
		char *text = random_zone_text(&options);
		struct zone *zone = zone_from_text(text);
		struct image *image = compile(zone);
		struct why why = {0};

		cr_expect_eq(prove_image(image, zone, &compared, &why), 0, "seed %llu: %s",
			(unsigned long long)seed, why.text);
		cr_expect_gt(compared, 7 * zone->node_count);
		all += compared;
		image_free(image);
		zone_free(zone);
		free(text);
	}
	fprintf(stderr, "%llu answers compared\n", (unsigned long long)all);
}

/* ---- an octet is wrong ---- */

struct flipping {
	struct zone *zone;
	struct image *image;
	struct random random;
	unsigned int count, unnoticed;
};

static struct flipping
flipping_begin(void)
{
	const char *seed = getenv("MANGROVE_SEED");
	struct flipping f = {.random = {seed ? strtoull(seed, NULL, 10) : 20260731}};
	struct why why = {0};

	fprintf(stderr, "seed %llu\n", (unsigned long long)f.random.state);
	cr_assert_eq(zone_load("tests/golden/golden.zone", NULL, &f.zone, &why), 0, "%s", why.text);
	f.image = compile(f.zone);
	return f;
}

static void
flipping_end(struct flipping *f)
{
	uint64_t compared;
	struct why why = {0};

	cr_expect_eq(prove_image(f->image, f->zone, &compared, &why), 0, "all was put back: %s",
		why.text);
	fprintf(stderr, "%u octets changed\n", f->count);
	cr_expect_gt(f->count, 100);
	image_free(f->image);
	zone_free(f->zone);
}

/*
 * Change an octet: an answer that shows it must be found wrong, not only a sum.
 *
 * @param one_in  so many octets are tried one by one
 */
static void
octets_flip(struct flipping *f, const uint8_t *octets, size_t length, uint32_t one_in,
	const char *what, size_t index)
{
	if (getenv("MANGROVE_LONG"))
		one_in = 1 + one_in / 50;
	for (size_t i = 0; i < length; i++) {
		uint8_t *octet = (uint8_t *)(uintptr_t)octets + i, was = *octet;
		uint64_t compared;
		struct why why = {0};
		int rc;

		if (random_below(&f->random, one_in))
			continue;
		*octet ^= (uint8_t)(1 + random_below(&f->random, 255));
		rc = prove_image(f->image, f->zone, &compared, &why);
		*octet = was;
		f->count++;
		cr_expect(rc == -EBADMSG && strstr(why.text, "is answered wrongly"),
			"%s %zu, octet %zu of %zu: %d, %s", what, index, i, length, rc, why.text);
	}
}

static size_t
answers_count(const struct image *image)
{
	const struct image_header *header = (const struct image_header *)image->block;

	return header->sections[IMAGE_ANSWERS].size / sizeof(struct image_answer);
}

Test(prove, finds_each_octet_of_a_body_that_is_wrong, .timeout = 300)
{
	struct flipping f = flipping_begin();

	octets_flip(&f, f.image->common,
		((const struct image_header *)f.image->block)->sections[IMAGE_COMMON].size, 5,
		"the common piece", 0);
	for (size_t i = 0; i < answers_count(f.image); i++)
		octets_flip(&f, f.image->block + f.image->answers[i].tail,
			f.image->answers[i].tail_length, 200, "answer", i);
	flipping_end(&f);
}

Test(prove, finds_each_header_that_is_wrong, .timeout = 300)
{
	struct flipping f = flipping_begin();
	uint32_t apex_gap = IMAGE_SLOT_GAP;

	for (size_t i = 0; i < answers_count(f.image); i++) {
		uint32_t node = (uint32_t)(i / IMAGE_SLOTS), slot = i % IMAGE_SLOTS & ~1u;
		const struct radix_node *at =
			node < f.image->radix.node_count ? &f.image->radix.nodes[node] : NULL;

		/* what no question leads to: behind the apex, below a cut, and DS of no cut */
		if (at && ((node == 0 && slot == apex_gap) ||
				  (at->is_cut && slot == IMAGE_SLOT_FIRST_GAP) ||
				  (!at->is_cut && slot == IMAGE_SLOT_DS)))
			continue;
		/* RCODE, and the counts behind that of questions */
		octets_flip(&f, f.image->answers[i].header + 1, 1, 5, "flags of answer", i);
		octets_flip(&f, f.image->answers[i].header + 4, 6, 5, "counts of answer", i);
	}
	flipping_end(&f);
}

Test(prove, finds_sums_that_are_wrong, .timeout = 300)
{
	struct flipping f = flipping_begin();

	for (size_t i = 0; i < answers_count(f.image); i++) {
		struct image_answer *answer =
			(struct image_answer *)(uintptr_t)&f.image->answers[i];
		uint16_t *fields[] = {&answer->body_sum, &answer->weight};
		uint16_t *field = fields[i & 1];
		uint64_t compared;
		struct why why = {0};

		*field ^= 0x0101;
		cr_expect_eq(prove_image(f.image, f.zone, &compared, &why), -EBADMSG);
		cr_expect(strstr(why.text, "the sums of answer"), "%s", why.text);
		*field ^= 0x0101;
		f.count++;
	}
	flipping_end(&f);
}

/* ---- a zone that is another ---- */

#define ZONE(serial, records)                                                                      \
	"test. 60 IN SOA ns.test. host.test. " serial " 1800 900 604800 86400\n"                   \
	"test. 60 IN NS ns.test.\n"                                                                \
	"ns.test. 60 IN A 192.0.2.1\n" records
#define CUT                                                                                        \
	"cut.test. 60 IN NS ns.cut.test.\n"                                                        \
	"ns.cut.test. 60 IN A 192.0.2.2\n"

static const struct {
	const char *what, *made_of, *right, *why;
} others[] = {
	{"the serial", ZONE("1", CUT), ZONE("2", CUT), "test. TYPE1 "},
	{"an address", ZONE("1", "a.test. 60 IN A 192.0.2.3\n"),
		ZONE("1", "a.test. 60 IN A 192.0.2.4\n"), "a.test. TYPE1 "},
	{"a TTL", ZONE("1", "a.test. 60 IN A 192.0.2.3\n"),
		ZONE("1", "a.test. 61 IN A 192.0.2.3\n"), "a.test. TYPE1 "},
	{"a name that is missing", ZONE("1", ""), ZONE("1", "a.test. 60 IN A 192.0.2.3\n"),
		"a.test. TYPE1 "},
	{"a name too many", ZONE("1", "x.test. 60 IN TXT x\n"), ZONE("1", ""),
		"not proven: 3 names, but the zone has 2"},
	{"a type too many",
		ZONE("1", "ns.test. 60 IN TYPE65280 \\# 30 "
			  "0000000000000000000000000000000000000000000000000000000000"
			  "00\n"),
		ZONE("1", ""), "not proven: answers for 7 types, but the zone has 6"},
	{"a type that is missing", ZONE("1", "a.test. 60 IN A 192.0.2.3\n"),
		ZONE("1", "a.test. 60 IN A 192.0.2.3\na.test. 60 IN TYPE65280 \\# 1 00\n"),
		"a.test. TYPE255 "},
	{"a delegation that is missing", ZONE("1", ""), ZONE("1", CUT), "cut.test. TYPE1 "},
	{"glue that is missing", ZONE("1", "cut.test. 60 IN NS ns.cut.test.\n"), ZONE("1", CUT),
		"cut.test. TYPE1 "},
	{"an empty non-terminal that is missing", ZONE("1", "b.test. 60 IN A 192.0.2.3\n"),
		ZONE("1", "a.b.test. 60 IN A 192.0.2.3\nb.test. 60 IN A 192.0.2.3\n"),
		"a.b.test. TYPE1 "},
};

Test(prove, finds_an_image_of_another_zone)
{
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct zone *made_of = zone_from_text(others[i].made_of);
		struct zone *right = zone_from_text(others[i].right);
		struct image *image = compile(made_of);
		struct why why = {0};
		uint64_t compared;

		cr_expect_eq(prove_image(image, made_of, &compared, &why), 0, "%s", why.text);
		cr_expect_eq(
			prove_image(image, right, &compared, &why), -EBADMSG, "%s", others[i].what);
		if (others[i].why)
			cr_expect(strstr(why.text, others[i].why), "%s: %s", others[i].what,
				why.text);
		image_free(image);
		zone_free(right);
		zone_free(made_of);
	}
}
