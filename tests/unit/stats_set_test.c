/* SPDX-License-Identifier: BSD-3-Clause */
/* Sums over writers, and heat that outlives the version of the zone that it was counted for. */
#include <criterion/criterion.h>

#include "image/image.h"
#include "oracle_zone.h"
#include "stats/stats.h"

#define APEX                                                                                       \
	". 86400 IN SOA a. b. 1 1800 900 604800 86400\n"                                           \
	". 518400 IN NS a.ns.example.\n"
#define CUT(name) name " 172800 IN NS a.ns.example.\n"

static struct image *
image_of(const char *text)
{
	struct zone *zone = zone_from_text(text);
	struct zone_verification done = {0};
	struct image *image;
	struct why why = {0};

	cr_assert_eq(image_compile(zone, &done, 0, &image, &why), 0, "%s", why.text);
	zone_free(zone);
	return image;
}

static void
prepare(struct stats_set *set, uint32_t generation, const struct image *image)
{
	struct image_catalogue catalogue = {.count = 1, .images = {image}};

	stats_set_prepare(set, generation, &catalogue);
}

static void
ask(struct stats *stats, uint32_t generation, uint32_t node, uint8_t rcode, unsigned int times)
{
	static const uint8_t client[4] = {198, 18, 0, 1};
	struct ledger_page page = {.generation = generation, .count = 1};

	page.lines[0] = (struct ledger_line){.client = client,
		.node = node,
		.qtype = 1,
		.query_length = 30,
		.reply_length = 100,
		.verdict = rcode ? ENGINE_NXDOMAIN : ENGINE_REFERRAL,
		.rcode = rcode};
	for (unsigned int i = 0; i < times; i++)
		stats_count(stats, &page);
}

static void
heat_expect(const struct stats_set *set, const char *name, uint64_t existing, uint64_t gap)
{
	struct stats_total *totals;
	unsigned int count = stats_set_heat(set, &totals), found = 0;

	for (unsigned int i = 0; i < count; i++)
		if (strcmp(totals[i].name, name) == 0) {
			cr_expect_eq(totals[i].existing, existing, "%s: %lu", name,
				(unsigned long)totals[i].existing);
			cr_expect_eq(totals[i].gap, gap, "%s: gap %lu", name,
				(unsigned long)totals[i].gap);
			found++;
		}
	cr_expect_eq(found, 1, "%s", name);
	free(totals);
}

Test(stats_set, adds_heat_up_by_name_over_versions_of_a_zone)
{
	/* node 1 is aaa., then it is aab., and aaa. is gone */
	struct image *first = image_of(APEX CUT("aaa.") CUT("com."));
	struct image *second = image_of(APEX CUT("aab.") CUT("com.") CUT("zw."));
	struct stats_set *set = stats_set_new(stats_seed_of(""));
	struct stats *a, *b;

	prepare(set, 1, first);
	a = stats_set_add(set, -1);
	b = stats_set_add(set, -1);
	ask(a, 1, 1, 0, 3);
	ask(b, 1, 2, 0, 5);
	ask(b, 1, 2, 3, 7);
	prepare(set, 2, second);
	/* both are in use while readers come over */
	ask(a, 1, 1, 0, 1);
	ask(b, 2, 1, 0, 10);
	ask(b, 2, 2, 0, 20);
	heat_expect(set, "aaa.", 4, 0);
	heat_expect(set, "aab.", 10, 0);
	heat_expect(set, "com.", 25, 7);
	/* what was counted for the first is added up now */
	prepare(set, 3, second);
	heat_expect(set, "aaa.", 4, 0);
	heat_expect(set, "com.", 25, 7);
	ask(a, 3, 3, 3, 2);
	prepare(set, 4, first);
	prepare(set, 5, first);
	heat_expect(set, "aaa.", 4, 0);
	heat_expect(set, "aab.", 10, 0);
	heat_expect(set, "com.", 25, 7);
	heat_expect(set, "zw.", 0, 2);
	heat_expect(set, "", 0, 0);
	/* behind the zone's last node, and a service that nothing was prepared for */
	ask(a, 5, 99, 3, 2);
	heat_expect(set, "", 0, 2);
	stats_set_free(set);
	image_free(first);
	image_free(second);
}

Test(stats_set, counts_without_heat_before_anything_is_published)
{
	struct stats_set *set = stats_set_new(stats_seed_of(""));
	struct stats *stats = stats_set_add(set, -1);

	ask(stats, 7, 0, 0, 3);
	heat_expect(set, "", 3, 0);
	stats_set_free(set);
}

Test(stats_set, leaves_zones_beyond_its_bound_without_heat)
{
	static char text[STATS_HEAT_NODES_MAX * 40];
	struct image *large, *small = image_of(APEX CUT("com."));
	struct stats_set *set = stats_set_new(stats_seed_of(""));
	struct image_catalogue catalogue = {.count = 2};
	struct ledger_page page = {.generation = 1, .count = 1};
	struct stats *stats;
	size_t used = (size_t)snprintf(text, sizeof(text), APEX);
	size_t size;

	for (unsigned int i = 0; i < STATS_HEAT_NODES_MAX; i++)
		used += (size_t)snprintf(
			text + used, sizeof(text) - used, "x%u. 1 IN NS a.x1.\n", i);
	large = image_of(text);
	catalogue.images[0] = large;
	catalogue.images[1] = small;
	stats_set_prepare(set, 1, &catalogue);
	stats = stats_set_add(set, -1);
	ask(stats, 1, 1, 0, 2);
	heat_expect(set, "", 2, 0);
	page.lines[0] = (struct ledger_line){
		.client = (const uint8_t *)text, .zone = 1, .node = 1, .verdict = ENGINE_REFERRAL};
	stats_count(stats, &page);
	heat_expect(set, "com.", 1, 0);
	size = stats_set_size(set);
	cr_expect_lt(size, sizeof(struct stats) + (1 << 20));
	stats_set_free(set);
	image_free(large);
	image_free(small);
}

Test(stats_set, sums_over_all_writers)
{
	struct stats_set *set = stats_set_new(stats_seed_of(""));
	struct stats_counters *sum = calloc(1, sizeof(*sum));

	for (unsigned int i = 0; i < STATS_WRITERS_MAX; i++) {
		struct stats *stats = stats_set_add(set, -1);

		cr_assert(stats);
		ask(stats, 1, 0, i % 2 ? 3 : 0, i);
	}
	cr_expect_null(stats_set_add(set, -1), "one too many");
	stats_set_sum(set, sum);
	cr_expect_eq(stats_queries(sum, STATS_UDP_IPV4), 255 * 256 / 2);
	cr_expect_eq(stats_replies(sum, STATS_UDP_IPV4), 255 * 256 / 2);
	cr_expect_eq(stats_queries(sum, STATS_TCP_IPV6), 0);
	cr_expect_eq(stats_rcode(sum, 0) + stats_rcode(sum, 3), 255 * 256 / 2);
	cr_expect_eq(stats_rcode(sum, 3), 128 * 128);
	free(sum);
	stats_set_free(set);
}

Test(stats_set, keeps_days_of_sources_apart_and_makes_room_for_the_next)
{
	struct stats_set *set = stats_set_new(stats_seed_of(""));
	struct stats_sketch *sketches = calloc(STATS_SOURCES, sizeof(*sketches));
	struct stats *stats = stats_set_add(set, -1);

	for (uint32_t i = 0; i < 100; i++)
		stats_sketch_enter(
			stats->sketches[i < 60], &stats->seed, false, (const uint8_t *)&i);
	stats_set_sources(set, 20001, sketches);
	cr_expect_float_eq(stats_sketch_estimate(&sketches[0]), 60, 2);
	/* what a state file held, and what came since */
	stats_set_sources(set, 20002, sketches);
	cr_expect_float_eq(stats_sketch_estimate(&sketches[0]), 100, 3);
	stats_set_sources_clear(set, 20001);
	memset(sketches, 0, STATS_SOURCES * sizeof(*sketches));
	stats_set_sources(set, 20003, sketches);
	cr_expect_eq(stats_sketch_estimate(&sketches[0]), 0);
	free(sketches);
	stats_set_free(set);
}
