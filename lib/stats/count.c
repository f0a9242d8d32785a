/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs on: lcore. Counts the lines of a page. */
#include <rte_branch_prediction.h>
#include <rte_common.h>
#include <string.h>

#include "stats/stats.h"

enum { DAY = 86400 };

static_assert(ENGINE_DROP_SHORT == 0 && ENGINE_DROP_REPLY == 1 && ENGINE_NXDOMAIN == 2,
	"what is no query comes first");
static_assert(LEDGER_ANSWERED == 0 && LEDGER_SLIPPED == 1, "what sends a reply comes first");

/* Class of an EDNS size, by size in steps of 16 octets, rounded up; see stats_edns_sizes[]. */
enum { EDNS_STEPS = 4096 / STATS_STEP };

/* [has EDNS]; a row is as long as the flag is shifted far */
static const uint8_t edns_classes[2][512] = {
	[1] = {[0 ... 512 / STATS_STEP] = 1,
		[512 / STATS_STEP + 1 ... 1232 / STATS_STEP] = 2,
		[1232 / STATS_STEP + 1 ... 1408 / STATS_STEP] = 3,
		[1408 / STATS_STEP + 1 ... 1472 / STATS_STEP] = 4,
		[1472 / STATS_STEP + 1 ... 2048 / STATS_STEP] = 5,
		[2048 / STATS_STEP + 1 ... EDNS_STEPS] = 6,
		[EDNS_STEPS + 1] = 7},
};

static inline unsigned int
at_most(unsigned int number, unsigned int limit)
{
	/* a branch, as it never is; the compiler would rather ask a vector unit */
	if (unlikely(number > limit))
		return limit;
	return number;
}

static inline unsigned int
edns_class(const struct ledger_line *line)
{
	unsigned int step = (line->edns_size + STATS_STEP - 1u) / STATS_STEP;

	return edns_classes[line->flags / LEDGER_EDNS % 2][at_most(step, EDNS_STEPS + 1)];
}

/* The finalizer of MurmurHash3: every bit of the input changes half of the output's. */
static inline uint64_t
mix(uint64_t word)
{
	word ^= word >> 33;
	word *= 0xff51afd7ed558ccd;
	word ^= word >> 33;
	word *= 0xc4ceb9fe1a85ec53;
	return word ^ word >> 33;
}

static __rte_noinline void
register_raise(_Atomic uint8_t *at, uint64_t hash)
{
	/* the index is no part of it */
	int rank = 1 + __builtin_ctzll(hash | 1ull << (64 - STATS_SKETCH_BITS));

	if (rank > atomic_load_explicit(at, memory_order_relaxed))
		atomic_store_explicit(at, (uint8_t)rank, memory_order_relaxed);
}

static inline void
sketch_enter(struct stats_sketch *sketch, uint64_t hash)
{
	_Atomic uint8_t *at = &sketch->registers[hash >> (64 - STATS_SKETCH_BITS)];
	uint8_t highest = atomic_load_explicit(at, memory_order_relaxed);

	/* Its rank is the number of its last zeros and one. Nearly none is higher: a register rises
	 * 51 times at most. */
	if (unlikely((hash & ((1ull << highest) - 1)) == 0))
		register_raise(at, hash);
}

/* An IPv4 address, or the network of an IPv6 one; without a branch, which nobody could foresee.
 * @return its hash */
static inline uint64_t
network_enter(struct stats_sketch *sketches, const struct stats_seed *seed, unsigned int ipv6,
	const uint8_t *address)
{
	uint32_t first, second;
	uint64_t hash;

	memcpy(&first, address, sizeof(first));
	memcpy(&second, address + sizeof(first) * ipv6, sizeof(second));
	hash = mix((first | (uint64_t)second << 32) ^ seed->words[0]);
	sketch_enter(&sketches[STATS_SOURCES_IPV4 +
			       (STATS_SOURCES_IPV6_AGGREGATE - STATS_SOURCES_IPV4) * ipv6],
		hash);
	return hash;
}

/* The rest of an IPv6 address. */
static inline void
host_enter(struct stats_sketch *sketches, const struct stats_seed *seed, uint64_t network,
	const uint8_t *address)
{
	uint64_t low;

	memcpy(&low, address + 8, sizeof(low));
	sketch_enter(&sketches[STATS_SOURCES_IPV6], mix((low ^ seed->words[1]) + network));
}

void
stats_sketch_enter(struct stats_sketch *sketches, const struct stats_seed *seed, bool ipv6,
	const uint8_t *address)
{
	uint64_t network = network_enter(sketches, seed, ipv6, address);

	if (ipv6)
		host_enter(sketches, seed, network, address);
}

static inline void
node_count(struct stats_heat *heat, const struct ledger_line *line)
{
	uint32_t first = heat->zones[line->zone].first, count = heat->zones[line->zone].count;
	struct stats_node *node = &heat->nodes[line->node < count ? first + line->node : 0];

	/* an index, as a branch nobody could foresee */
	counter_add(&node->either[line->rcode == WIRE_RCODE_NXDOMAIN], 1);
}

/* Types above 255 are rare. */
static inline unsigned int
qtype_class(unsigned int qtype)
{
	if (likely(qtype < STATS_QTYPE_OTHER))
		return qtype;
	return qtype == LEDGER_NO_TYPE ? STATS_QTYPE_NONE : STATS_QTYPE_OTHER;
}

/* RCODEs that go with verdicts; what has none is not usual. */
enum { NO_RCODE = UINT8_MAX };
static const uint8_t usual_rcodes[ENGINE_VERDICTS] = {
	[ENGINE_DROP_SHORT] = NO_RCODE,
	[ENGINE_DROP_REPLY] = NO_RCODE,
	[ENGINE_NXDOMAIN] = WIRE_RCODE_NXDOMAIN,
	[ENGINE_FORMERR] = WIRE_RCODE_FORMERR,
	[ENGINE_SERVFAIL] = WIRE_RCODE_SERVFAIL,
	[ENGINE_NOTIMP] = WIRE_RCODE_NOTIMP,
	[ENGINE_REFUSED] = WIRE_RCODE_REFUSED,
	[ENGINE_NOTAUTH] = WIRE_RCODE_NOTAUTH,
	[ENGINE_BADVERS] = WIRE_RCODE_BADVERS,
	[ENGINE_BADCOOKIE] = WIRE_RCODE_BADCOOKIE,
};

static inline bool
is_usual(const struct ledger_line *line)
{
	return ((line->action | ledger_opcode(line) | line->edns_version) == 0) &
	       (line->rcode == usual_rcodes[line->verdict]) & (line->qtype < STATS_QTYPE_OTHER) &
	       (line->query_length < STATS_USUAL_QUERY) &
	       (line->reply_length - 1u < STATS_USUAL_REPLY - 1u);
}

static inline void
usual_count(struct stats_usual *u, const struct ledger_line *line)
{
	unsigned int way = line->flags % STATS_WAYS;

	counter_add(&u->verdicts[line->verdict][line->flags], 1);
	counter_add(&u->query_lengths[way][line->query_length], 1);
	counter_add(&u->reply_lengths[way][line->reply_length], 1);
	counter_add(&u->asked[line->qtype][edns_class(line)], 1);
}

/* @return false: it is no query of a client */
static __rte_noinline bool
other_count(struct stats_counters *c, const struct ledger_line *line)
{
	unsigned int way = line->flags % STATS_WAYS;
	unsigned int replied = (line->action <= LEDGER_SLIPPED) & (line->reply_length != 0);
	unsigned int length = line->reply_length & -replied;
	unsigned int outcome = at_most(STATS_RCODE_0 + line->rcode, STATS_RCODE_OTHER) & -replied;
	unsigned int asked = at_most(line->query_length / STATS_STEP, STATS_QUERY_SIZES - 1);
	unsigned int size = at_most(length / STATS_STEP, STATS_REPLY_SIZES - 1) + replied;
	unsigned int version = at_most(line->edns_version, STATS_EDNS_VERSIONS - 1);

	counter_add(&c->verdicts[line->action][line->verdict][way], 1);
	if (line->verdict < ENGINE_NXDOMAIN)
		return false;
	counter_add(&c->outcomes[outcome][line->flags], 1);
	counter_add(&c->query_sizes[way][asked], 1);
	counter_add(&c->reply_sizes[way][size], 1);
	counter_add(&c->octets[way].queries, line->query_length);
	counter_add(&c->octets[way].replies, length);
	counter_add(&c->qtypes[qtype_class(line->qtype)], 1);
	counter_add(&c->edns[ledger_opcode(line) % STATS_OPCODES][version][edns_class(line)], 1);
	return true;
}

void
stats_count(void *context, const struct ledger_page *page)
{
	struct stats *stats = context;
	struct stats_heat *heat = &stats->heats[page->generation % 2];
	struct stats_sketch *sketches = stats->sketches[page->now / DAY % 2];
	const struct stats_seed seed = stats->seed;
	uint64_t networks[LEDGER_PAGE];
	const uint8_t *clients[LEDGER_PAGE];
	unsigned int count = page->count, ipv6_count = 0;

	for (unsigned int i = 0; i < count; i++) {
		const struct ledger_line *line = &page->lines[i];
		unsigned int ipv6 = (line->flags & LEDGER_IPV6) != 0;

		if (likely(is_usual(line)))
			usual_count(&stats->usual, line);
		else if (!other_count(&stats->others, line))
			continue;
		node_count(heat, line);
		networks[ipv6_count] = network_enter(sketches, &seed, ipv6, line->client);
		clients[ipv6_count] = line->client;
		ipv6_count += ipv6;
	}
	for (unsigned int i = 0; i < ipv6_count; i++)
		host_enter(sketches, &seed, networks[i], clients[i]);
}

/* ---- for readers ---- */

/* Whatever is added is of nobody else: a sum is its reader's. */
static void
sum_add(_Atomic uint64_t *sum, uint64_t count)
{
	if (count)
		counter_add(sum, count);
}

static void
usual_lengths_add(const struct stats_usual *u, unsigned int way, struct stats_counters *sum)
{
	for (unsigned int length = 0; length < STATS_USUAL_QUERY; length++) {
		uint64_t count = counter_read(&u->query_lengths[way][length]);
		unsigned int size = length / STATS_STEP;

		sum_add(&sum->query_sizes[way][at_most(size, STATS_QUERY_SIZES - 1)], count);
		sum_add(&sum->octets[way].queries, count * length);
	}
	for (unsigned int length = 0; length < STATS_USUAL_REPLY; length++) {
		uint64_t count = counter_read(&u->reply_lengths[way][length]);

		sum_add(&sum->reply_sizes[way][1 + length / STATS_STEP], count);
		sum_add(&sum->octets[way].replies, count * length);
	}
}

void
stats_add(const struct stats *stats, struct stats_counters *sum)
{
	const _Atomic uint64_t *others = (const _Atomic uint64_t *)&stats->others;
	const struct stats_usual *u = &stats->usual;
	_Atomic uint64_t *to = (_Atomic uint64_t *)sum;

	for (unsigned int i = 0; i < STATS_COUNTERS; i++)
		sum_add(&to[i], counter_read(&others[i]));
	for (unsigned int verdict = ENGINE_NXDOMAIN; verdict < ENGINE_VERDICTS; verdict++)
		for (unsigned int flags = 0; flags < STATS_FLAGS; flags++) {
			uint64_t count = counter_read(&u->verdicts[verdict][flags]);

			sum_add(&sum->verdicts[LEDGER_ANSWERED][verdict][flags % STATS_WAYS],
				count);
			sum_add(&sum->outcomes[STATS_RCODE_0 + usual_rcodes[verdict]][flags],
				count);
		}
	for (unsigned int way = 0; way < STATS_WAYS; way++)
		usual_lengths_add(u, way, sum);
	for (unsigned int qtype = 0; qtype < STATS_QTYPE_OTHER; qtype++)
		for (unsigned int size = 0; size < STATS_EDNS_SIZES; size++) {
			uint64_t count = counter_read(&u->asked[qtype][size]);

			sum_add(&sum->qtypes[qtype], count);
			sum_add(&sum->edns[0][0][size], count);
		}
}
