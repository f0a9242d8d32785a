/* SPDX-License-Identifier: BSD-3-Clause */
/* Control plane: the counters by names, in a report. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stats/stats_priv.h"

const uint16_t stats_edns_sizes[STATS_EDNS_SIZES] = {0, 512, 1232, 1408, 1472, 2048, 4096, 65535};

static const struct {
	const char *transport, *family;
} ways[STATS_WAYS] = {
	[STATS_UDP_IPV4] = {"udp", "ipv4"},
	[STATS_UDP_IPV6] = {"udp", "ipv6"},
	[STATS_TCP_IPV4] = {"tcp", "ipv4"},
	[STATS_TCP_IPV6] = {"tcp", "ipv6"},
};

/* IANA "DNS RCODEs" */
static const char *const rcode_names[STATS_RCODES] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",
	"NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE",
	"DSOTYPENI", [16] = "BADVERS", "BADKEY", "BADTIME", "BADMODE", "BADNAME", "BADALG",
	"BADTRUNC", "BADCOOKIE"};

/* IANA "DNS OpCodes" */
static const char *const opcode_names[STATS_OPCODES] = {
	"QUERY", "IQUERY", "STATUS", [4] = "NOTIFY", "UPDATE", "DSO"};

/* IANA "Resource Record (RR) TYPEs", those that are asked for */
static const char *const qtype_names[STATS_QTYPE_OTHER] = {
	[1] = "A",
	[2] = "NS",
	[5] = "CNAME",
	[6] = "SOA",
	[10] = "NULL",
	[12] = "PTR",
	[13] = "HINFO",
	[15] = "MX",
	[16] = "TXT",
	[17] = "RP",
	[18] = "AFSDB",
	[24] = "SIG",
	[25] = "KEY",
	[28] = "AAAA",
	[29] = "LOC",
	[33] = "SRV",
	[35] = "NAPTR",
	[36] = "KX",
	[37] = "CERT",
	[38] = "A6",
	[39] = "DNAME",
	[41] = "OPT",
	[42] = "APL",
	[43] = "DS",
	[44] = "SSHFP",
	[45] = "IPSECKEY",
	[46] = "RRSIG",
	[47] = "NSEC",
	[48] = "DNSKEY",
	[49] = "DHCID",
	[50] = "NSEC3",
	[51] = "NSEC3PARAM",
	[52] = "TLSA",
	[53] = "SMIMEA",
	[55] = "HIP",
	[59] = "CDS",
	[60] = "CDNSKEY",
	[61] = "OPENPGPKEY",
	[62] = "CSYNC",
	[63] = "ZONEMD",
	[64] = "SVCB",
	[65] = "HTTPS",
	[99] = "SPF",
	[108] = "EUI48",
	[109] = "EUI64",
	[249] = "TKEY",
	[250] = "TSIG",
	[251] = "IXFR",
	[252] = "AXFR",
	[253] = "MAILB",
	[254] = "MAILA",
	[255] = "ANY",
};

static const struct {
	enum ledger_flag flag;
	const char *name;
} flags[] = {
	{LEDGER_RD, "rd"},
	{LEDGER_EDNS, "edns"},
	{LEDGER_DO, "do"},
	{LEDGER_COOKIE, "cookie"},
	{LEDGER_COOKIE_VALID, "cookie_valid"},
};

/* A name of a registry, or its word and number. */
static const char *
named(const char *name, const char *word, unsigned int number, char text[static 24])
{
	if (name)
		return name;
	snprintf(text, 24, "%s%u", word, number);
	return text;
}

static void
ways_tell(const struct stats_counters *sum, struct report *report)
{
	for (unsigned int way = 0; way < STATS_WAYS; way++) {
		const char *transport = ways[way].transport, *family = ways[way].family;

		report_count(report, REPORT_QUERIES, stats_queries(sum, way), transport, family);
		report_count(report, REPORT_REPLIES, stats_replies(sum, way), transport, family);
		report_count(report, REPORT_TRUNCATED, stats_flag(sum, LEDGER_TC, way), transport,
			family);
	}
}

/* Both families of a transport, which follow each other. */
static void
sizes_tell(const struct stats_counters *sum, enum stats_way way, struct report *report)
{
	uint64_t bounds[STATS_REPLY_SIZES], queries[STATS_QUERY_SIZES], replies[STATS_REPLY_SIZES];
	struct report_buckets asked = {STATS_QUERY_SIZES, bounds, queries, 0};
	struct report_buckets said = {STATS_REPLY_SIZES, bounds, replies, 0};

	for (unsigned int i = 0; i < STATS_REPLY_SIZES; i++) {
		bounds[i] = (i + 1) * STATS_STEP - 1;
		replies[i] = counter_read(&sum->reply_sizes[way][1 + i]) +
			     counter_read(&sum->reply_sizes[way + 1][1 + i]);
	}
	for (unsigned int i = 0; i < STATS_QUERY_SIZES; i++)
		queries[i] = counter_read(&sum->query_sizes[way][i]) +
			     counter_read(&sum->query_sizes[way + 1][i]);
	for (unsigned int i = way; i < way + 2; i++) {
		asked.sum += counter_read(&sum->octets[i].queries);
		said.sum += counter_read(&sum->octets[i].replies);
	}
	report_histogram(report, REPORT_QUERY_SIZE, &asked, ways[way].transport);
	report_histogram(report, REPORT_REPLY_SIZE, &said, ways[way].transport);
}

static uint64_t
verdict_sum(const struct stats_counters *sum, unsigned int action, unsigned int verdict)
{
	uint64_t all = 0;

	for (unsigned int way = 0; way < STATS_WAYS; way++)
		all += counter_read(&sum->verdicts[action][verdict][way]);
	return all;
}

static void
verdicts_tell(const struct stats_counters *sum, struct report *report)
{
	uint64_t by_verdict[ENGINE_VERDICTS] = {0}, by_action[LEDGER_ACTIONS] = {0};

	for (unsigned int action = 0; action < LEDGER_ACTIONS; action++)
		for (unsigned int verdict = 0; verdict < ENGINE_VERDICTS; verdict++) {
			uint64_t count = verdict_sum(sum, action, verdict);

			by_verdict[verdict] += count;
			by_action[action] += count;
		}
	for (unsigned int i = 0; i < ENGINE_VERDICTS; i++)
		report_count(report, REPORT_VERDICTS, by_verdict[i], engine_verdict_names[i]);
	for (unsigned int i = 0; i < LEDGER_ACTIONS; i++)
		report_count(report, REPORT_ACTIONS, by_action[i], ledger_action_names[i]);
	for (unsigned int i = 0; i < ENGINE_NXDOMAIN; i++)
		report_count(report, REPORT_DROPPED, by_verdict[i], engine_verdict_names[i]);
	for (unsigned int i = LEDGER_SLIPPED + 1; i < LEDGER_ACTIONS; i++)
		report_count(report, REPORT_DROPPED, by_action[i], ledger_action_names[i]);
}

static void
registries_tell(const struct stats_counters *sum, struct report *report)
{
	char text[24];

	for (unsigned int i = 0; i <= STATS_RCODES; i++) {
		uint64_t count = stats_rcode(sum, i);

		/* those that every node has, from the start; others when they come */
		if (i == STATS_RCODES ? count : count || i <= WIRE_RCODE_REFUSED)
			report_count(report, REPORT_RCODES, count,
				i == STATS_RCODES ? "other"
						  : named(rcode_names[i], "RCODE", i, text));
	}
	for (unsigned int i = 0; i < STATS_QTYPES; i++) {
		uint64_t count = counter_read(&sum->qtypes[i]);

		if (count)
			report_count(report, REPORT_QTYPES, count,
				i == STATS_QTYPE_OTHER	? "other"
				: i == STATS_QTYPE_NONE ? "none"
							: named(qtype_names[i], "TYPE", i, text));
	}
}

static void
edns_tell(const struct stats_counters *sum, struct report *report)
{
	static const char *const versions[STATS_EDNS_VERSIONS + 1] = {"0", "1", "other", "none"};
	uint64_t opcodes[STATS_OPCODES] = {0}, by_version[STATS_EDNS_VERSIONS + 1] = {0};
	uint64_t sizes[STATS_EDNS_SIZES] = {0};
	char text[24];

	for (unsigned int opcode = 0; opcode < STATS_OPCODES; opcode++)
		for (unsigned int version = 0; version < STATS_EDNS_VERSIONS; version++)
			for (unsigned int size = 0; size < STATS_EDNS_SIZES; size++) {
				uint64_t count = counter_read(&sum->edns[opcode][version][size]);

				opcodes[opcode] += count;
				by_version[size ? version : STATS_EDNS_VERSIONS] += count;
				sizes[size] += count;
			}
	for (unsigned int i = 0; i < STATS_OPCODES; i++)
		if (opcodes[i] || i == 0)
			report_count(report, REPORT_OPCODES, opcodes[i],
				named(opcode_names[i], "OPCODE", i, text));
	for (unsigned int i = 0; i <= STATS_EDNS_VERSIONS; i++)
		report_count(report, REPORT_EDNS, by_version[i], versions[i]);
	for (unsigned int i = 1; i < STATS_EDNS_SIZES; i++)
		report_count(report, REPORT_EDNS_SIZES, sizes[i],
			named(NULL, "", stats_edns_sizes[i], text));
}

static void
flags_tell(const struct stats_counters *sum, struct report *report)
{
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		uint64_t count = 0;

		for (unsigned int way = 0; way < STATS_WAYS; way++)
			count += stats_flag(sum, flags[i].flag, way);
		report_count(report, REPORT_QUERY_FLAGS, count, flags[i].name);
	}
}

static void
heat_tell(const struct stats_set *set, struct report *report)
{
	struct stats_total *totals;
	unsigned int count = stats_set_heat(set, &totals);

	for (unsigned int i = 0; i < count; i++) {
		if (totals[i].existing)
			report_count(report, REPORT_NAME_QUERIES, totals[i].existing,
				totals[i].zone, totals[i].name);
		if (totals[i].gap)
			report_count(report, REPORT_GAP_QUERIES, totals[i].gap, totals[i].zone,
				totals[i].name);
	}
	free(totals);
}

void
stats_set_report(const struct stats_set *set, const struct stats_counters *sum,
	const struct stats_sketch sketches[static STATS_SOURCES], struct report *report)
{
	static const char *const kinds[STATS_SOURCES] = {"ipv4", "ipv6", "ipv6_aggregate"};

	ways_tell(sum, report);
	sizes_tell(sum, STATS_UDP_IPV4, report);
	sizes_tell(sum, STATS_TCP_IPV4, report);
	verdicts_tell(sum, report);
	registries_tell(sum, report);
	edns_tell(sum, report);
	flags_tell(sum, report);
	heat_tell(set, report);
	for (unsigned int i = 0; i < STATS_SOURCES; i++)
		report_gauge(report, REPORT_SOURCES, round(stats_sketch_estimate(&sketches[i])),
			kinds[i]);
	report_gauge(report, REPORT_STATISTICS_BYTES, (double)stats_set_size(set));
}

void
stats_bursts_report(const struct stats_bursts *bursts, const char *cpu, struct report *report)
{
	uint64_t bounds[STATS_CYCLES], lengths[STATS_BURST_MAX + 1], cycles[STATS_CYCLES];
	struct report_buckets buckets = {STATS_BURST_MAX + 1, bounds, lengths, 0};

	for (unsigned int i = 0; i <= STATS_BURST_MAX; i++) {
		bounds[i] = i;
		lengths[i] = counter_read(&bursts->lengths[i]);
		buckets.sum += i * lengths[i];
	}
	report_histogram(report, REPORT_LCORE_BURST_FRAMES, &buckets, cpu);
	buckets = (struct report_buckets){
		STATS_CYCLES, bounds, cycles, counter_read(&bursts->cycles_sum)};
	for (unsigned int i = 0; i < STATS_CYCLES; i++) {
		bounds[i] = 1ull << i;
		cycles[i] = counter_read(&bursts->cycles[i]);
	}
	report_histogram(report, REPORT_LCORE_BURST_CYCLES, &buckets, cpu);
}
