/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "stats/stats.h"

static const uint8_t client4[4] = {198, 18, 0, 1};
static const uint8_t client6[16] = {0x20, 0x01, 0x0d, 0xb8};

static struct ledger_line
line_usual(void)
{
	return (struct ledger_line){
		.client = client4,
		.node = 7,
		.qtype = 1,
		.query_length = 39,
		.reply_length = 720,
		.edns_size = 1232,
		.verdict = ENGINE_REFERRAL,
		.rcode = 0,
		.zone = 0,
		.flags = LEDGER_EDNS | LEDGER_DO,
		.action = LEDGER_ANSWERED,
		.qname_length = 13,
	};
}

static struct stats_counters
sum_of(const struct stats *stats)
{
	struct stats_counters sum = {.qtypes = {0}};

	stats_add(stats, &sum);
	return sum;
}

static void
count_one(struct stats *stats, struct ledger_line line)
{
	struct ledger_page page = {.now = 86400, .generation = 1, .count = 1, .lines = {line}};

	stats_count(stats, &page);
}

/* A heat table of a few nodes for zone 0 of a generation. */
static void
heat_set(struct stats *stats, unsigned int generation, struct stats_node *nodes, uint32_t count)
{
	struct stats_heat *heat = &stats->heats[generation % 2];

	heat->zones[0].first = 1;
	heat->zones[0].count = count;
	heat->nodes = nodes;
}

Test(stats_count, enters_a_usual_query_once_everywhere)
{
	struct stats *stats = stats_new(-1, stats_seed_of(""));
	struct stats_node nodes[10] = {0};
	static struct stats_counters sum, *c = &sum;

	heat_set(stats, 1, nodes, 9);
	count_one(stats, line_usual());
	sum = sum_of(stats);
	cr_expect_eq(c->verdicts[LEDGER_ANSWERED][ENGINE_REFERRAL][STATS_UDP_IPV4], 1);
	cr_expect_eq(c->outcomes[STATS_RCODE_0][LEDGER_EDNS | LEDGER_DO], 1);
	cr_expect_eq(c->query_sizes[STATS_UDP_IPV4][2], 1);
	cr_expect_eq(c->reply_sizes[STATS_UDP_IPV4][1 + 45], 1);
	cr_expect_eq(c->octets[STATS_UDP_IPV4].queries, 39);
	cr_expect_eq(c->octets[STATS_UDP_IPV4].replies, 720);
	cr_expect_eq(c->qtypes[1], 1);
	cr_expect_eq(c->edns[0][0][2], 1);
	cr_expect_eq(nodes[8].existing, 1);
	cr_expect_eq(nodes[8].gap, 0);
	stats->heats[1].nodes = &stats->nowhere;
	stats_free(stats);
}

/* Each field in turn, at the bounds of what tells them apart. */
static const struct {
	const char *what;
	size_t offset; /* of the counter that has to be 1 */
	struct ledger_line line;
} singles[] = {
#define COUNTER(member) offsetof(struct stats_counters, member)
#define LINE(...)                                                                                  \
	{                                                                                          \
		.client = client6, .verdict = ENGINE_POSITIVE, __VA_ARGS__                         \
	}
	{"a query of 15 octets", COUNTER(query_sizes[0][0]), LINE(.query_length = 15)},
	{"of 16", COUNTER(query_sizes[0][1]), LINE(.query_length = 16)},
	{"of 287", COUNTER(query_sizes[0][17]), LINE(.query_length = 287)},
	{"of 288", COUNTER(query_sizes[0][18]), LINE(.query_length = 288)},
	{"of 65535", COUNTER(query_sizes[0][18]), LINE(.query_length = 65535)},
	{"a reply of 15 octets", COUNTER(reply_sizes[0][1]), LINE(.reply_length = 15)},
	{"of 4095", COUNTER(reply_sizes[0][256]), LINE(.reply_length = 4095)},
	{"of 4096", COUNTER(reply_sizes[0][257]), LINE(.reply_length = 4096)},
	{"of 65535", COUNTER(reply_sizes[0][257]), LINE(.reply_length = 65535)},
	{"none", COUNTER(reply_sizes[0][0]), LINE(.reply_length = 0)},
	{"none by limits", COUNTER(reply_sizes[0][0]),
		LINE(.reply_length = 99, .action = LEDGER_LIMITED)},
	{"none by limits has no RCODE", COUNTER(outcomes[STATS_NO_REPLY][0]),
		LINE(.reply_length = 99, .action = LEDGER_LIMITED, .rcode = 3)},
	{"slipped", COUNTER(outcomes[STATS_RCODE_0][LEDGER_TC]),
		LINE(.reply_length = 99, .action = LEDGER_SLIPPED, .flags = LEDGER_TC)},
	{"slipped is an action", COUNTER(verdicts[LEDGER_SLIPPED][ENGINE_POSITIVE][0]),
		LINE(.action = LEDGER_SLIPPED)},
	{"IPv6 over TCP", COUNTER(verdicts[0][ENGINE_POSITIVE][STATS_TCP_IPV6]),
		LINE(.flags = LEDGER_IPV6 | LEDGER_TCP)},
	{"BADCOOKIE", COUNTER(outcomes[STATS_RCODE_0 + 23][0]),
		LINE(.reply_length = 12, .rcode = 23)},
	{"an RCODE above", COUNTER(outcomes[STATS_RCODE_OTHER][0]),
		LINE(.reply_length = 12, .rcode = 24)},
	{"the highest RCODE", COUNTER(outcomes[STATS_RCODE_OTHER][0]),
		LINE(.reply_length = 12, .rcode = 255)},
	{"all flags", COUNTER(outcomes[STATS_RCODE_0][255]),
		LINE(.reply_length = 12, .flags = 255)},
	{"ANY", COUNTER(qtypes[255]), LINE(.qtype = 255)},
	{"a type above", COUNTER(qtypes[STATS_QTYPE_OTHER]), LINE(.qtype = 256)},
	{"type 65534", COUNTER(qtypes[STATS_QTYPE_OTHER]), LINE(.qtype = 65534)},
	{"no question", COUNTER(qtypes[STATS_QTYPE_NONE]), LINE(.qtype = LEDGER_NO_TYPE)},
	{"opcode 15", COUNTER(edns[15][0][0]), LINE(.query_flags = 15 << 11)},
	{"EDNS version 1", COUNTER(edns[0][1][1]),
		LINE(.flags = LEDGER_EDNS, .edns_version = 1, .edns_size = 512)},
	{"EDNS version 255", COUNTER(edns[0][2][1]),
		LINE(.flags = LEDGER_EDNS, .edns_version = 255, .edns_size = 512)},
	{"EDNS size 0", COUNTER(edns[0][0][1]), LINE(.flags = LEDGER_EDNS)},
	{"EDNS size 1", COUNTER(edns[0][0][1]), LINE(.flags = LEDGER_EDNS, .edns_size = 1)},
	{"512", COUNTER(edns[0][0][1]), LINE(.flags = LEDGER_EDNS, .edns_size = 512)},
	{"513", COUNTER(edns[0][0][2]), LINE(.flags = LEDGER_EDNS, .edns_size = 513)},
	{"1232", COUNTER(edns[0][0][2]), LINE(.flags = LEDGER_EDNS, .edns_size = 1232)},
	{"1233", COUNTER(edns[0][0][3]), LINE(.flags = LEDGER_EDNS, .edns_size = 1233)},
	{"1408", COUNTER(edns[0][0][3]), LINE(.flags = LEDGER_EDNS, .edns_size = 1408)},
	{"1472", COUNTER(edns[0][0][4]), LINE(.flags = LEDGER_EDNS, .edns_size = 1472)},
	{"2048", COUNTER(edns[0][0][5]), LINE(.flags = LEDGER_EDNS, .edns_size = 2048)},
	{"4096", COUNTER(edns[0][0][6]), LINE(.flags = LEDGER_EDNS, .edns_size = 4096)},
	{"4097", COUNTER(edns[0][0][7]), LINE(.flags = LEDGER_EDNS, .edns_size = 4097)},
	{"65535", COUNTER(edns[0][0][7]), LINE(.flags = LEDGER_EDNS, .edns_size = 65535)},
};

Test(stats_count, tells_lines_apart_by_each_field)
{
	for (size_t i = 0; i < sizeof(singles) / sizeof(singles[0]); i++) {
		struct stats *stats = stats_new(-1, stats_seed_of(""));
		static struct stats_counters counters;
		const _Atomic uint64_t *all = (const _Atomic uint64_t *)&counters;
		uint64_t sum = 0;

		count_one(stats, singles[i].line);
		counters = sum_of(stats);
		cr_expect_eq(all[singles[i].offset / sizeof(*all)], 1, "%s", singles[i].what);
		for (unsigned int k = 0; k < STATS_COUNTERS - 2 * STATS_WAYS; k++)
			sum += all[k];
		cr_expect_eq(sum, 6, "%s: in each table once", singles[i].what);
		stats_free(stats);
	}
}

Test(stats_count, counts_messages_that_are_no_queries_as_dropped_alone)
{
	for (unsigned int verdict = ENGINE_DROP_SHORT; verdict <= ENGINE_DROP_REPLY; verdict++) {
		struct stats *stats = stats_new(-1, stats_seed_of(""));
		static struct stats_counters counters;
		const _Atomic uint64_t *all = (const _Atomic uint64_t *)&counters;
		struct ledger_line line = {.client = client4,
			.verdict = (uint8_t)verdict,
			.node = LEDGER_NO_NODE,
			.zone = LEDGER_NO_ZONE,
			.qtype = LEDGER_NO_TYPE,
			.query_length = 5};
		uint64_t sum = 0;

		count_one(stats, line);
		counters = sum_of(stats);
		cr_expect_eq(counters.verdicts[0][verdict][0], 1);
		for (unsigned int k = 0; k < STATS_COUNTERS; k++)
			sum += all[k];
		cr_expect_eq(sum, 1);
		cr_expect_eq(stats_sketch_estimate(&stats->sketches[1][STATS_SOURCES_IPV4]), 0);
		stats_free(stats);
	}
}

Test(stats_count, keeps_heat_of_gaps_and_names_apart_and_within_bounds)
{
	struct stats *stats = stats_new(-1, stats_seed_of(""));
	struct stats_node nodes[3] = {0};
	struct ledger_line line = line_usual();

	heat_set(stats, 1, nodes, 2);
	line.node = 1;
	line.rcode = 3;
	count_one(stats, line);
	cr_expect_eq(nodes[2].gap, 1);
	/* behind the last one, of another zone, of none */
	line.node = 2;
	count_one(stats, line);
	line.node = 1;
	line.zone = 15;
	count_one(stats, line);
	line.zone = LEDGER_NO_ZONE;
	line.node = LEDGER_NO_NODE;
	count_one(stats, line);
	cr_expect_eq(nodes[0].gap, 3);
	cr_expect_eq(nodes[1].gap + nodes[1].existing + nodes[2].existing, 0);
	stats->heats[1].nodes = &stats->nowhere;
	stats_free(stats);
}

Test(stats_count, enters_sources_into_the_day_of_the_page)
{
	struct stats *stats = stats_new(-1, stats_seed_of(""));
	struct ledger_page page = {.now = 2 * 86400 - 1, .count = 1, .lines = {line_usual()}};

	stats_count(stats, &page);
	page.now++;
	page.lines[0].client = client6;
	page.lines[0].flags |= LEDGER_IPV6;
	stats_count(stats, &page);
	for (unsigned int day = 0; day < 2; day++)
		for (unsigned int which = 0; which < STATS_SOURCES; which++) {
			bool seen = (which == STATS_SOURCES_IPV4) == (day == 1);

			cr_expect_eq(lround(stats_sketch_estimate(&stats->sketches[day][which])),
				seen ? 1 : 0, "day %u, %u", day, which);
		}
	stats_free(stats);
}

/* xorshift64: the seed is printed by who fails */
static uint64_t
random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

Test(stats_count, estimates_sources_within_four_standard_errors)
{
	static const unsigned int counts[] = {1, 10, 1000, 20000, 40000, 80000, 500000, 3000000};
	const double error = 4 * 1.04 / sqrt(STATS_REGISTERS);
	struct stats *stats = stats_new(-1, stats_seed_of("a seed"));
	struct stats_sketch *sketches = stats->sketches[0];
	unsigned int seen = 0;

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		double estimates[STATS_SOURCES];

		for (; seen < counts[i]; seen++) {
			uint8_t address4[4] = {(uint8_t)(seen >> 24), (uint8_t)(seen >> 16),
				(uint8_t)(seen >> 8), (uint8_t)seen};
			uint8_t address6[16] = {0x20, 0x01, 0x0d, 0xb8};

			/* sixteen addresses of each /64 */
			memcpy(address6 + 4, &(uint32_t){seen / 16}, 4);
			address6[15] = seen % 16;
			/* each twice, which is once */
			for (unsigned int k = 0; k < 2; k++) {
				stats_sketch_enter(sketches, &stats->seed, false, address4);
				stats_sketch_enter(sketches, &stats->seed, true, address6);
			}
		}
		for (unsigned int k = 0; k < STATS_SOURCES; k++)
			estimates[k] = stats_sketch_estimate(&sketches[k]);
		cr_expect_float_eq(estimates[STATS_SOURCES_IPV4] / seen, 1, error, "%u: %f", seen,
			estimates[STATS_SOURCES_IPV4]);
		cr_expect_float_eq(estimates[STATS_SOURCES_IPV6] / seen, 1, error, "%u: %f", seen,
			estimates[STATS_SOURCES_IPV6]);
		cr_expect_float_eq(estimates[STATS_SOURCES_IPV6_AGGREGATE] / ceil(seen / 16.0), 1,
			error, "%u: %f", seen, estimates[STATS_SOURCES_IPV6_AGGREGATE]);
	}
	stats_free(stats);
}

Test(stats_count, merges_sketches_as_if_one_had_seen_all)
{
	struct stats *a = stats_new(-1, stats_seed_of("s")), *b = stats_new(-1, stats_seed_of("s")),
		     *both = stats_new(-1, stats_seed_of("s"));
	uint64_t state = 88172645463325252;

	for (unsigned int i = 0; i < 200000; i++) {
		uint32_t word = (uint32_t)random_next(&state);
		uint8_t address[4];

		memcpy(address, &word, 4);
		stats_sketch_enter((i % 3 ? a : b)->sketches[0], &a->seed, false, address);
		stats_sketch_enter(both->sketches[0], &a->seed, false, address);
	}
	stats_sketch_merge(&a->sketches[0][0], &b->sketches[0][0]);
	cr_expect_arr_eq(&a->sketches[0][0], &both->sketches[0][0], sizeof(a->sketches[0][0]));
	stats_free(a);
	stats_free(b);
	stats_free(both);
}

Test(stats_count, sorts_bursts_by_powers_of_two)
{
	struct stats_bursts bursts = {0};

	for (unsigned int i = 0; i < 6; i++)
		stats_burst_count(&bursts, i, (uint64_t[]){0, 1, 2, 3, 4, UINT64_MAX}[i]);
	cr_expect_eq(bursts.cycles[0], 2, "up to 1");
	cr_expect_eq(bursts.cycles[1], 1, "up to 2");
	cr_expect_eq(bursts.cycles[2], 2, "up to 4");
	cr_expect_eq(bursts.cycles[STATS_CYCLES - 1], 1);
	cr_expect_eq(bursts.lengths[5], 1);
	cr_expect_eq(bursts.cycles_sum, UINT64_MAX + 10);
}

/* On both sides of what is usual. */
static void
line_make_usual(struct ledger_line *line)
{
	line->action = LEDGER_ANSWERED;
	line->query_flags &= (uint16_t) ~(15 << 11);
	line->edns_version = 0;
	line->rcode = line->rcode % 8 ? 0 : 3;
	line->query_length %= STATS_USUAL_QUERY + 10;
	line->reply_length %= STATS_USUAL_REPLY + 10;
	line->qtype %= STATS_QTYPE_OTHER + 2;
}

/* One line for each message, and each in one place of each table: the ways out add up to what came
 * in. */
Test(stats_count, conserves_every_line)
{
	struct stats *stats = stats_new(-1, stats_seed_of(""));
	static struct stats_counters sum, *c = &sum;
	uint64_t state = 0x9e3779b97f4a7c15, lines = 0, queries = 0, replies = 0, octets = 0,
		 sums[8] = {0}, asked = 0;

	for (unsigned int round = 0; round < 20000; round++) {
		struct ledger_page page = {.generation = round, .now = round * 100};

		page.count = random_next(&state) % (LEDGER_PAGE + 1);
		for (unsigned int i = 0; i < page.count; i++) {
			struct ledger_line *line = &page.lines[i];

			for (size_t k = 0; k + 8 <= sizeof(*line); k += 8)
				memcpy((uint8_t *)line + k, &(uint64_t){random_next(&state)}, 8);
			line->client = client6;
			line->verdict %= ENGINE_VERDICTS;
			line->action %= LEDGER_ACTIONS;
			if (random_next(&state) % 2)
				line_make_usual(line);
			if (line->verdict < ENGINE_NXDOMAIN)
				line->reply_length = 0;
			lines++;
			queries += line->verdict >= ENGINE_NXDOMAIN;
			octets += line->verdict >= ENGINE_NXDOMAIN ? line->query_length : 0;
			replies += line->reply_length && line->action <= LEDGER_SLIPPED;
		}
		stats_count(stats, &page);
	}
	sum = sum_of(stats);
#define SUM(at, table)                                                                             \
	for (size_t k = 0; k < sizeof(table) / 8; k++)                                             \
		sums[at] += ((const _Atomic uint64_t *)(table))[k];
	SUM(0, c->verdicts);
	SUM(1, c->outcomes);
	SUM(2, c->query_sizes);
	SUM(3, c->qtypes);
	SUM(4, c->edns);
	SUM(5, c->reply_sizes);
	SUM(6, c->outcomes[STATS_NO_REPLY]);
	cr_expect_eq(sums[0], lines);
	for (unsigned int i = 1; i <= 5; i++)
		cr_expect_eq(sums[i], queries, "table %u", i);
	cr_expect_eq(sums[6], queries - replies);
	for (unsigned int way = 0; way < STATS_WAYS; way++)
		sums[7] += c->reply_sizes[way][0];
	cr_expect_eq(sums[7], queries - replies);
	for (unsigned int way = 0; way < STATS_WAYS; way++)
		asked += c->octets[way].queries;
	cr_expect_eq(asked, octets);
	stats_free(stats);
}
