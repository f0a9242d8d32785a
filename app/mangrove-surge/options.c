/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>

#include "values.h"

static const char help[] =
	"usage: mangrove-surge --zone FILE --device DEVICE [options]\n"
	"\n"
	"Asks a DNS server over a NIC of DPDK, and verifies every reply.\n"
	"\n"
	"The machine\n"
	"  --device DEVICE      a PCI address, or a virtual device with its arguments:\n"
	"                       net_memif0,role=client,id=0,socket=PATH,\n"
	"                       socket-abstract=no\n"
	"                       net_af_xdp0,iface=eth0; up to 4 of them\n"
	"  --queues N           of each device (1); a lane is a queue and its queries\n"
	"  --lcores LIST        CPUs that serve the lanes: 1,2 or 1-4 (the last CPU)\n"
	"  --drivers DIR        a file for each driver (drivers-config/)\n"
	"  --memory MB          for DPDK (512)    --hugepages  take them\n"
	"  --file-prefix NAME   one for each process of DPDK (mangrove-surge)\n"
	"  --eal ARGUMENT       handed on to DPDK; may be repeated\n"
	"\n"
	"What is asked\n"
	"  --zone FILE          that the server answers from; may be repeated. Queries\n"
	"                       are made from the first, answers expected from all\n"
	"  --or-zone FILE       another version of the first zone, whose answers are\n"
	"                       right as well: for a server that gets it, or had it,\n"
	"                       during a run\n"
	"  --workload NAME      one of those below, \"-do\" and \"-cookie\" behind it if\n"
	"                       each query is to have them (mix)\n"
	"  --mix FILE           shares of the mix (root-mix.json as installed)\n"
	"  --list FILE          instead: a query a line, \"name type\" and E (EDNS) or\n"
	"                       D (DO)\n"
	"  --pcap FILE          instead: the messages in UDP datagrams to port 53\n"
	"  --distinct N         queries that are prepared, and asked in turn (262144)\n"
	"  --seed N             of names, sources and all else (8198)\n"
	"  --edns, --dnssec-ok, --cookie, --mixed-case, --ipv6, --rd, --malformed PERCENT\n"
	"                       shares of all queries, instead of the workload's\n"
	"  --size OCTETS        EDNS size of each query\n"
	"\n"
	"A flood: the queries above are clients' then, which are counted apart\n"
	"  --flood NAME         a workload of other sources, evenly among the clients'\n"
	"  --flood-share PERCENT   of all queries (99)\n"
	"  --flood-sources4, --flood-sources6 PREFIX  (198.19.0.0/16, 2001:db8:8000::/42)\n"
	"  --flood-cookies      each of its queries has a forged cookie\n"
	"  --keep-cookies       clients ask again with the cookie that they were given\n"
	"  --calm SECONDS       before the runs clients ask alone, at their share\n"
	"\n"
	"Who asks whom\n"
	"  --server4 ADDRESS    (198.18.0.53) or no\n"
	"  --server6 ADDRESS    (2001:db8::53) or no\n"
	"  --sources4 PREFIX    each address in it asks as often (198.18.128.0/17)\n"
	"  --sources6 PREFIX    (2001:db8::/96)\n"
	"  --ports N            source ports of each lane, a power of two (256)\n"
	"  --first-port N       (16384)\n"
	"  --server-mac MAC     of the server, or of the router to it (02:00:00:00:00:53)\n"
	"  --client-mac MAC     (the device's)\n"
	"\n"
	"How fast; N may end in k or M, SECONDS in m, h or d\n"
	"  --rate N             queries a second, each at its time whether replies come\n"
	"                       or not\n"
	"  --ramp FROM:TO:STEP  one run at each rate\n"
	"  --search MOST        the highest rate that loses no more than is tolerated, up\n"
	"                       to this; then latency at 10, 50 and 90 % of it\n"
	"  --search-least N     give up below it (MOST / 1000)\n"
	"  --resolution PERCENT that the search may end within (2)\n"
	"  --tolerance PERCENT  loss that is tolerated (0)\n"
	"  --seconds SECONDS    of each run (10)\n"
	"  --queries N          end a run after so many\n"
	"  --window N           queries on their way at most, none: 0 (512 without a\n"
	"                       rate, else 0)\n"
	"  --timeout SECONDS    later is lost (1)\n"
	"\n"
	"Verification: endpoints, sums, question, size, flags, RCODE and all octets of\n"
	"every reply\n"
	"  --verify octets|header  header: leave out content, flags but QR and AA, for\n"
	"                       other servers (octets)\n"
	"  --examine-each N     decode one of N in full, ask the oracle again; 0: none\n"
	"                       (1024)\n"
	"  --signatures-each N  verify all signatures in one of N that are examined;\n"
	"                       0: none (0)\n"
	"  --at YYYYMMDDhhmmss  when they must be valid (now)\n"
	"  --identity TEXT, --server-version TEXT  what the server tells in class CH\n"
	"\n"
	"Reports\n"
	"  --json FILE          everything, for machines; - is standard output\n"
	"  --plot PREFIX        PREFIX-rate.png, PREFIX-latency.png, made by gnuplot\n"
	"  --wrong FILE         a pcap of the first wrong replies\n"
	"  --server-pid PID     CPU time and memory of the server and its children\n"
	"  --export FILE        write the queries as a pcap, for other generators, and\n"
	"                       stop\n"
	"  --interval SECONDS   of lines of progress (1)    --quiet  none of them\n"
	"  --help, --version\n"
	"\n"
	"Exit code: 0 all well, 1 wrong replies, more loss than is tolerated, or a\n"
	"failure, 2 wrong usage\n"
	"\n"
	"Workloads\n";

enum {
	OPTION_DEVICE = 256,
	OPTION_QUEUES,
	OPTION_LCORES,
	OPTION_DRIVERS,
	OPTION_MEMORY,
	OPTION_HUGEPAGES,
	OPTION_FILE_PREFIX,
	OPTION_EAL,
	OPTION_ZONE,
	OPTION_OR_ZONE,
	OPTION_WORKLOAD,
	OPTION_MIX,
	OPTION_LIST,
	OPTION_PCAP,
	OPTION_DISTINCT,
	OPTION_SEED,
	OPTION_EDNS,
	OPTION_DNSSEC_OK,
	OPTION_COOKIE,
	OPTION_MIXED_CASE,
	OPTION_IPV6,
	OPTION_RD,
	OPTION_MALFORMED,
	OPTION_SIZE,
	OPTION_FLOOD,
	OPTION_FLOOD_SHARE,
	OPTION_FLOOD_SOURCES4,
	OPTION_FLOOD_SOURCES6,
	OPTION_FLOOD_COOKIES,
	OPTION_KEEP_COOKIES,
	OPTION_CALM,
	OPTION_SERVER4,
	OPTION_SERVER6,
	OPTION_SOURCES4,
	OPTION_SOURCES6,
	OPTION_PORTS,
	OPTION_FIRST_PORT,
	OPTION_SERVER_MAC,
	OPTION_CLIENT_MAC,
	OPTION_RATE,
	OPTION_RAMP,
	OPTION_SEARCH,
	OPTION_SEARCH_LEAST,
	OPTION_RESOLUTION,
	OPTION_TOLERANCE,
	OPTION_SECONDS,
	OPTION_QUERIES,
	OPTION_WINDOW,
	OPTION_TIMEOUT,
	OPTION_VERIFY,
	OPTION_EXAMINE,
	OPTION_SIGNATURES,
	OPTION_AT,
	OPTION_IDENTITY,
	OPTION_SERVER_VERSION,
	OPTION_JSON,
	OPTION_PLOT,
	OPTION_WRONG,
	OPTION_EXPORT,
	OPTION_SERVER_PID,
	OPTION_INTERVAL,
	OPTION_QUIET,
	OPTION_HELP,
	OPTION_VERSION,
};

static const struct option long_options[] = {
	{"device", required_argument, NULL, OPTION_DEVICE},
	{"queues", required_argument, NULL, OPTION_QUEUES},
	{"lcores", required_argument, NULL, OPTION_LCORES},
	{"drivers", required_argument, NULL, OPTION_DRIVERS},
	{"memory", required_argument, NULL, OPTION_MEMORY},
	{"hugepages", no_argument, NULL, OPTION_HUGEPAGES},
	{"file-prefix", required_argument, NULL, OPTION_FILE_PREFIX},
	{"eal", required_argument, NULL, OPTION_EAL},
	{"zone", required_argument, NULL, OPTION_ZONE},
	{"or-zone", required_argument, NULL, OPTION_OR_ZONE},
	{"workload", required_argument, NULL, OPTION_WORKLOAD},
	{"mix", required_argument, NULL, OPTION_MIX},
	{"list", required_argument, NULL, OPTION_LIST},
	{"pcap", required_argument, NULL, OPTION_PCAP},
	{"distinct", required_argument, NULL, OPTION_DISTINCT},
	{"seed", required_argument, NULL, OPTION_SEED},
	{"edns", required_argument, NULL, OPTION_EDNS},
	{"dnssec-ok", required_argument, NULL, OPTION_DNSSEC_OK},
	{"cookie", required_argument, NULL, OPTION_COOKIE},
	{"mixed-case", required_argument, NULL, OPTION_MIXED_CASE},
	{"ipv6", required_argument, NULL, OPTION_IPV6},
	{"rd", required_argument, NULL, OPTION_RD},
	{"malformed", required_argument, NULL, OPTION_MALFORMED},
	{"size", required_argument, NULL, OPTION_SIZE},
	{"flood", required_argument, NULL, OPTION_FLOOD},
	{"flood-share", required_argument, NULL, OPTION_FLOOD_SHARE},
	{"flood-sources4", required_argument, NULL, OPTION_FLOOD_SOURCES4},
	{"flood-sources6", required_argument, NULL, OPTION_FLOOD_SOURCES6},
	{"flood-cookies", no_argument, NULL, OPTION_FLOOD_COOKIES},
	{"keep-cookies", no_argument, NULL, OPTION_KEEP_COOKIES},
	{"calm", required_argument, NULL, OPTION_CALM},
	{"server4", required_argument, NULL, OPTION_SERVER4},
	{"server6", required_argument, NULL, OPTION_SERVER6},
	{"sources4", required_argument, NULL, OPTION_SOURCES4},
	{"sources6", required_argument, NULL, OPTION_SOURCES6},
	{"ports", required_argument, NULL, OPTION_PORTS},
	{"first-port", required_argument, NULL, OPTION_FIRST_PORT},
	{"server-mac", required_argument, NULL, OPTION_SERVER_MAC},
	{"client-mac", required_argument, NULL, OPTION_CLIENT_MAC},
	{"rate", required_argument, NULL, OPTION_RATE},
	{"ramp", required_argument, NULL, OPTION_RAMP},
	{"search", required_argument, NULL, OPTION_SEARCH},
	{"search-least", required_argument, NULL, OPTION_SEARCH_LEAST},
	{"resolution", required_argument, NULL, OPTION_RESOLUTION},
	{"tolerance", required_argument, NULL, OPTION_TOLERANCE},
	{"seconds", required_argument, NULL, OPTION_SECONDS},
	{"queries", required_argument, NULL, OPTION_QUERIES},
	{"window", required_argument, NULL, OPTION_WINDOW},
	{"timeout", required_argument, NULL, OPTION_TIMEOUT},
	{"verify", required_argument, NULL, OPTION_VERIFY},
	{"examine-each", required_argument, NULL, OPTION_EXAMINE},
	{"signatures-each", required_argument, NULL, OPTION_SIGNATURES},
	{"at", required_argument, NULL, OPTION_AT},
	{"identity", required_argument, NULL, OPTION_IDENTITY},
	{"server-version", required_argument, NULL, OPTION_SERVER_VERSION},
	{"json", required_argument, NULL, OPTION_JSON},
	{"plot", required_argument, NULL, OPTION_PLOT},
	{"wrong", required_argument, NULL, OPTION_WRONG},
	{"export", required_argument, NULL, OPTION_EXPORT},
	{"server-pid", required_argument, NULL, OPTION_SERVER_PID},
	{"interval", required_argument, NULL, OPTION_INTERVAL},
	{"quiet", no_argument, NULL, OPTION_QUIET},
	{"help", no_argument, NULL, OPTION_HELP},
	{"version", no_argument, NULL, OPTION_VERSION},
	{0},
};

static const char *
name_of(int option)
{
	for (const struct option *known = long_options; known->name; known++)
		if (known->val == option)
			return known->name;
	return "?";
}

/* ---- options in groups, each a switch that fits a screen ---- */

static int
machine_take(struct options *o, int option, const char *text, struct why *why)
{
	switch (option) {
	case OPTION_DEVICE:
		return value_append(
			why, name_of(option), text, o->devices, &o->device_count, DEVICES_MAX);
	case OPTION_QUEUES:
		return value_small(why, name_of(option), text, 1, SURGE_LANES_MAX, &o->queues);
	case OPTION_LCORES:
		return value_cpus(why, name_of(option), text, o);
	case OPTION_DRIVERS:
		o->drivers = text;
		return 0;
	case OPTION_MEMORY:
		return value_small(why, name_of(option), text, 64, 1 << 20, &o->memory_mb);
	case OPTION_HUGEPAGES:
		o->hugepages = true;
		return 0;
	case OPTION_FILE_PREFIX:
		o->file_prefix = text;
		return 0;
	case OPTION_EAL:
		return value_append(why, name_of(option), text, o->eal_extra, &o->eal_extra_count,
			EAL_EXTRA_MAX);
	default:
		return 1;
	}
}

static int
shares_take(struct workload_shares *s, int option, const char *text, struct why *why)
{
	const struct {
		int option;
		double *share;
	} shares[] = {{OPTION_EDNS, &s->edns}, {OPTION_DNSSEC_OK, &s->dnssec_ok},
		{OPTION_COOKIE, &s->cookie}, {OPTION_MIXED_CASE, &s->mixed_case},
		{OPTION_IPV6, &s->ipv6}, {OPTION_RD, &s->rd}, {OPTION_MALFORMED, &s->malformed}};

	for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++)
		if (shares[i].option == option)
			return value_per_cent(why, name_of(option), text, shares[i].share);
	return 1;
}

static int
workload_take(struct options *o, int option, const char *text, struct why *why)
{
	struct workload_wishes *w = &o->workload;
	uint64_t number = 0;
	int rc;

	switch (option) {
	case OPTION_ZONE:
		return value_append(
			why, name_of(option), text, o->zones, &o->zone_count, ZONES_MAX);
	case OPTION_OR_ZONE:
		o->or_zone = text;
		return 0;
	case OPTION_WORKLOAD:
		w->name = text;
		return 0;
	case OPTION_MIX:
		w->mix = text;
		return 0;
	case OPTION_LIST:
		w->list = text;
		return 0;
	case OPTION_PCAP:
		w->capture = text;
		return 0;
	case OPTION_DISTINCT:
		return value_count(why, name_of(option), text, 1, WORKLOAD_COUNT_MAX, &w->count);
	case OPTION_SEED:
		return value_count(why, name_of(option), text, 0, UINT64_MAX, &w->seed);
	case OPTION_SIZE:
		rc = value_count(why, name_of(option), text, 1, UINT16_MAX, &number);
		w->size = (uint16_t)number;
		return rc;
	default:
		return shares_take(&w->shares, option, text, why);
	}
}

static int
flood_take(struct options *o, int option, const char *text, struct why *why)
{
	switch (option) {
	case OPTION_FLOOD:
		o->flood_name = text;
		return 0;
	case OPTION_FLOOD_SHARE:
		return value_per_cent(why, name_of(option), text, &o->flood_share);
	case OPTION_FLOOD_SOURCES4:
		return value_prefix(why, name_of(option), text, &o->flood_ipv4);
	case OPTION_FLOOD_SOURCES6:
		return value_prefix(why, name_of(option), text, &o->flood_ipv6);
	case OPTION_FLOOD_COOKIES:
		o->flood_cookies = true;
		return 0;
	case OPTION_KEEP_COOKIES:
		o->keep_cookies = true;
		return 0;
	case OPTION_CALM:
		return value_seconds(why, name_of(option), text, &o->calm);
	default:
		return 1;
	}
}

static int
ends_take(struct options *o, int option, const char *text, struct why *why)
{
	struct workload_ends *ends = &o->workload.ends;

	switch (option) {
	case OPTION_SERVER4:
	case OPTION_SERVER6:
		return value_server(why, name_of(option), text, &ends->service);
	case OPTION_SOURCES4:
		return value_prefix(why, name_of(option), text, &ends->ipv4);
	case OPTION_SOURCES6:
		return value_prefix(why, name_of(option), text, &ends->ipv6);
	case OPTION_PORTS:
		if (value_small(why, name_of(option), text, 1, SURGE_PORTS_MAX, &o->ports) < 0)
			return -EINVAL;
		return o->ports & (o->ports - 1)
			       ? value_fault(why, name_of(option), text, "a power of two")
			       : 0;
	case OPTION_FIRST_PORT:
		return value_small(why, name_of(option), text, 38, UINT16_MAX, &o->first_port);
	case OPTION_SERVER_MAC:
		return value_mac(why, name_of(option), text, ends->server_mac);
	case OPTION_CLIENT_MAC:
		o->client_mac = true;
		return value_mac(why, name_of(option), text, ends->client_mac);
	default:
		return 1;
	}
}

static int
speed_take(struct options *o, int option, const char *text, struct why *why)
{
	switch (option) {
	case OPTION_RATE:
		return value_rate(why, name_of(option), text, &o->rate);
	case OPTION_RAMP:
		return value_ramp(why, name_of(option), text, o);
	case OPTION_SEARCH:
		o->mode = MODE_SEARCH;
		return value_rate(why, name_of(option), text, &o->search_most);
	case OPTION_SEARCH_LEAST:
		return value_rate(why, name_of(option), text, &o->search_least);
	case OPTION_RESOLUTION:
		return value_per_cent(why, name_of(option), text, &o->resolution);
	case OPTION_TOLERANCE:
		return value_per_cent(why, name_of(option), text, &o->tolerance);
	case OPTION_SECONDS:
		return value_seconds(why, name_of(option), text, &o->seconds);
	case OPTION_QUERIES:
		return value_count(why, name_of(option), text, 1, UINT64_MAX / 2, &o->queries);
	case OPTION_WINDOW:
		return value_small(why, name_of(option), text, 0, SURGE_SLOTS_MAX, &o->window);
	case OPTION_TIMEOUT:
		return value_seconds(why, name_of(option), text, &o->timeout_s);
	default:
		return 1;
	}
}

static int
reports_take(struct options *o, int option, const char *text, struct why *why)
{
	switch (option) {
	case OPTION_VERIFY:
		return value_verify(why, name_of(option), text, &o->strictness);
	case OPTION_EXAMINE:
		return value_small(why, name_of(option), text, 0, UINT32_MAX, &o->examine_each);
	case OPTION_SIGNATURES:
		return value_small(why, name_of(option), text, 0, UINT32_MAX, &o->signatures_each);
	case OPTION_AT:
		return value_time(why, name_of(option), text, &o->at);
	case OPTION_IDENTITY:
		o->identity = text;
		return 0;
	case OPTION_SERVER_VERSION:
		o->version = text;
		return 0;
	case OPTION_JSON:
		o->json = text;
		return 0;
	case OPTION_PLOT:
		o->plot = text;
		return 0;
	case OPTION_WRONG:
		o->wrong = text;
		return 0;
	case OPTION_EXPORT:
		o->export = text;
		return 0;
	case OPTION_SERVER_PID:
		return value_small(why, name_of(option), text, 1, INT_MAX, &o->server_pid);
	case OPTION_INTERVAL:
		return value_seconds(why, name_of(option), text, &o->interval);
	case OPTION_QUIET:
		o->quiet = true;
		return 0;
	default:
		return 1;
	}
}

static int
option_take(struct options *o, int option, const char *text, struct why *why)
{
	static int (*const groups[])(
		struct options * o, int option, const char *text, struct why *why) = {
		machine_take, workload_take, flood_take, ends_take, speed_take, reports_take};
	int rc = 1;

	for (size_t i = 0; rc == 1 && i < sizeof(groups) / sizeof(groups[0]); i++)
		rc = groups[i](o, option, text, why);
	return rc;
}

/* ---- the whole ---- */

static void
help_print(void)
{
	fputs(help, stdout);
	for (const struct workload_kind *kind = workload_kinds; kind->name; kind++)
		printf("  %-10s %s\n", kind->name, kind->about);
}

/* Our own files are installed, or in the folder of a build. */
static void
file_find(char found[static PATH_MAX], const char *installed, const char *built)
{
	const char *const places[] = {built, installed};
	char program[PATH_MAX] = "", path[2 * PATH_MAX];

	if (readlink("/proc/self/exe", program, sizeof(program) - 1) < 0)
		program[0] = '\0';
	dirname(program);
	for (unsigned int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", program, places[i]);
		if (realpath(path, found))
			return;
	}
	snprintf(found, PATH_MAX, "%.3000s/%s", program, installed);
}

static int
flood_check(const struct options *o, struct why *why)
{
	double clients = (double)o->workload.count * (1 - o->flood_share / 100);

	if (!o->flood_name)
		return o->calm > 0 || o->flood_cookies
			       ? why_set(why, EINVAL, "--calm and --flood-cookies need --flood")
			       : 0;
	if (o->mode == MODE_FIXED && o->rate == 0)
		return why_set(why, EINVAL, "--flood needs a rate: it does not wait for replies");
	if (clients < 1 || o->flood_share == 0)
		return why_set(why, EINVAL,
			"--flood-share %g of %zu queries leaves no flood, or nobody beside it",
			o->flood_share, o->workload.count);
	return 0;
}

static int
options_check(struct options *o, struct why *why)
{
	const struct packet_service *service = &o->workload.ends.service;
	unsigned int lanes = o->device_count * o->queues;

	if (o->zone_count == 0 || (o->device_count == 0 && !o->export))
		return why_set(why, EINVAL, "--zone and --device are needed");
	if (o->workload.list && o->workload.capture)
		return why_set(why, EINVAL, "--list and --pcap are two workloads");
	if (service->ipv4_count + service->ipv6_count == 0)
		return why_set(why, EINVAL, "--server4 no and --server6 no leave nobody to ask");
	if (lanes > SURGE_LANES_MAX || o->first_port + lanes * o->ports > UINT16_MAX + 1u)
		return why_set(why, EINVAL,
			"%u lanes with %u ports each, from %u: that is beyond 65535", lanes,
			o->ports, o->first_port);
	if (o->mode == MODE_SEARCH && o->search_least == 0)
		o->search_least = o->search_most / 1000 > 1 ? o->search_most / 1000 : 1;
	if (o->mode == MODE_SEARCH && o->search_least > o->search_most)
		return why_set(why, EINVAL, "--search-least is above --search");
	if (o->mode != MODE_FIXED && o->rate > 0)
		return why_set(why, EINVAL, "--rate, --ramp and --search are three ways to run");
	return flood_check(o, why);
}

static struct options
options_default(void)
{
	return (struct options){
		.queues = 1,
		.memory_mb = 512,
		.file_prefix = "mangrove-surge",
		.workload = workload_wishes_default(),
		.flood_share = 99,
		.flood_ipv4 = {{198, 19}, 16},
		.flood_ipv6 = {{0x20, 0x01, 0x0d, 0xb8, 0x80}, 42},
		.ports = 256,
		.first_port = 16384,
		.resolution = 2,
		.seconds = 10,
		.timeout_s = 1,
		.queries = UINT64_MAX / 2,
		.window = UINT_MAX,
		.examine_each = 1024,
		.at = time(NULL),
		.interval = 1,
	};
}

int
options_read(struct options *o, int argc, char **argv, struct why *why)
{
	int option, rc;

	*o = options_default();
	while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		if (option == '?')
			return why_set(why, EINVAL, "try --help");
		if (option == OPTION_HELP || option == 'h') {
			help_print();
			return 1;
		}
		if (option == OPTION_VERSION) {
			puts("mangrove-surge " MANGROVE_VERSION);
			return 1;
		}
		rc = option_take(o, option, optarg, why);
		if (rc < 0)
			return rc;
	}
	if (optind != argc)
		return why_set(why, EINVAL, "%.100s: unexpected; try --help", argv[optind]);
	if (o->window == UINT_MAX)
		o->window = o->rate > 0 || o->mode != MODE_FIXED ? 0 : 512;
	file_find(o->mix, "../share/mangrove/root-mix.json", "../../lib/workload/root-mix.json");
	if (!o->workload.mix)
		o->workload.mix = o->mix;
	file_find(o->drivers_found, "../share/mangrove/drivers-config", "../../drivers-config");
	if (!o->drivers)
		o->drivers = o->drivers_found;
	return options_check(o, why);
}
