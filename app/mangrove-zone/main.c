/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "options.h"
#include "rootlike.h"

static const char help[] =
	"usage: mangrove-zone check [options] ZONEFILE\n"
	"       mangrove-zone compile [options] --output IMAGE ZONEFILE\n"
	"       mangrove-zone show [options] ZONEFILE|IMAGE NAME TYPE\n"
	"       mangrove-zone print IMAGE\n"
	"       mangrove-zone diff [--json] ZONEFILE|IMAGE ZONEFILE|IMAGE\n"
	"       mangrove-zone fetch [options] --from PRIMARY --origin NAME --output FILE\n"
	"       mangrove-zone make [options] --output FILE|FOLDER\n"
	"       mangrove-zone build [options] ZONEFILE >IMAGE\n"
	"       mangrove-zone build [options] --base-size N SOURCE <RECORDS >IMAGE\n"
	"       mangrove-zone audit COUNT\n"
	"\n"
	"check    load and verify a zone\n"
	"compile  and write the image that a server answers from, once each of its\n"
	"         answers is proven: compared with what another implementation says\n"
	"show     the answer to a question, as text and octets\n"
	"print    the zone of an image, as a master file\n"
	"diff     what changed from the first to the second, in words; nothing is\n"
	"         verified\n"
	"fetch    a zone from a primary by AXFR, as a master file; nothing is verified\n"
	"         but that it is whole, and signed if --key is given: check does\n"
	"make     a root-like zone, signed with fresh keys, and its trust anchor beside\n"
	"         it\n"
	"build    as compile, on standard output: what mangroved runs as a child\n"
	"audit    answer queries of a socket again and compare: what mangroved runs as a\n"
	"         child\n"
	"\n"
	"  --origin NAME      the zone's name; else the owner of its first record, a SOA\n"
	"  --anchors FILE     trust anchors, DNSKEY or DS records\n"
	"                     (" ZONE_ANCHORS_DEFAULT ")\n"
	"  --dnssec POLICY    require (default), if-present, off\n"
	"  --zonemd POLICY    require (default), if-present, off\n"
	"  --at TIME          when signatures must be valid, YYYYMMDDhhmmss in UTC; else\n"
	"                     now\n"
	"  --json             check, diff: report for machines\n"
	"  -o, --output FILE  compile, make: where to; make: a folder gets root.zone\n"
	"                     and root.anchors, a file gets FILE.anchors beside it\n"
	"  --do               show: ask with DO=1\n"
	"  --size N           show: ask with EDNS and this size\n"
	"  --oracle           show: answer from the records, not from an image\n"
	"  --from PRIMARY     fetch: ADDRESS[@PORT], or for the root zone a public\n"
	"                     source, of those that had it in 2026 and may stop any day:\n"
	"                     {lax,iad}.xfr.dns.icann.org, {b,c,d,f,k}.root-servers.net\n"
	"  --key FILE:NAME    fetch: sign by TSIG, with this key of a file as tsig-keygen\n"
	"                     writes it\n"
	"  --tls-name NAME    fetch: over TLS, from a primary whose certificate has this\n"
	"                     name\n"
	"  --ca FILE          fetch: certificates of authorities for it; else the\n"
	"                     system's\n"
	"  --pin BASE64       fetch: over TLS, from a primary whose key has this SHA-256\n"
	"  --whole            fetch: no differences\n"
	"  --octets N         fetch: no more than so many (268435456)\n"
	"  --seconds N        fetch: no longer than that (120)\n"
	"  --serial N         make: else the day of --at, then 00; fetch: this version is\n"
	"                     here: only a newer one is fetched, and it may be written as\n"
	"                     differences\n"
	"  --tlds N           make: number of delegations (1438)\n"
	"  --seed N           make: the same seed makes the same names and servers (1)\n"
	"  --algorithm N      make: 8, RSA-2048 with SHA-256 (default), or 13, ECDSA\n"
	"                     P-256\n"
	"  --days N           make: how long signatures last after --at (13)\n"
	"  --base-size N      build: standard input has records in wire form, N octets of\n"
	"                     them a zone, then what a primary sent by AXFR or IXFR\n"
	"  --text-to FD       build: write the zone to this descriptor too, as a master\n"
	"                     file\n"
	"  --help, --version\n"
	"\n"
	"Exit code: 0 done, 1 the zone is refused or something failed, 2 wrong usage,\n"
	"3 build: the differences do not fit the zone that they are for\n";

enum {
	OPTION_OUTPUT = 'o',
	OPTION_ORIGIN = 256,
	OPTION_ANCHORS,
	OPTION_DNSSEC,
	OPTION_ZONEMD,
	OPTION_AT,
	OPTION_JSON,
	OPTION_DO,
	OPTION_SIZE,
	OPTION_ORACLE,
	OPTION_FROM,
	OPTION_KEY,
	OPTION_TLS_NAME,
	OPTION_CA,
	OPTION_PIN,
	OPTION_WHOLE,
	OPTION_OCTETS,
	OPTION_SECONDS,
	OPTION_SERIAL,
	OPTION_TLDS,
	OPTION_SEED,
	OPTION_ALGORITHM,
	OPTION_DAYS,
	OPTION_BASE_SIZE,
	OPTION_TEXT_TO,
	OPTION_HELP,
	OPTION_VERSION
};

static const struct option long_options[] = {
	{"origin", required_argument, NULL, OPTION_ORIGIN},
	{"anchors", required_argument, NULL, OPTION_ANCHORS},
	{"dnssec", required_argument, NULL, OPTION_DNSSEC},
	{"zonemd", required_argument, NULL, OPTION_ZONEMD},
	{"at", required_argument, NULL, OPTION_AT},
	{"json", no_argument, NULL, OPTION_JSON},
	{"output", required_argument, NULL, OPTION_OUTPUT},
	{"do", no_argument, NULL, OPTION_DO},
	{"size", required_argument, NULL, OPTION_SIZE},
	{"oracle", no_argument, NULL, OPTION_ORACLE},
	{"from", required_argument, NULL, OPTION_FROM},
	{"key", required_argument, NULL, OPTION_KEY},
	{"tls-name", required_argument, NULL, OPTION_TLS_NAME},
	{"ca", required_argument, NULL, OPTION_CA},
	{"pin", required_argument, NULL, OPTION_PIN},
	{"whole", no_argument, NULL, OPTION_WHOLE},
	{"octets", required_argument, NULL, OPTION_OCTETS},
	{"seconds", required_argument, NULL, OPTION_SECONDS},
	{"serial", required_argument, NULL, OPTION_SERIAL},
	{"tlds", required_argument, NULL, OPTION_TLDS},
	{"seed", required_argument, NULL, OPTION_SEED},
	{"algorithm", required_argument, NULL, OPTION_ALGORITHM},
	{"days", required_argument, NULL, OPTION_DAYS},
	{"base-size", required_argument, NULL, OPTION_BASE_SIZE},
	{"text-to", required_argument, NULL, OPTION_TEXT_TO},
	{"help", no_argument, NULL, OPTION_HELP},
	{"version", no_argument, NULL, OPTION_VERSION},
	{0},
};

static const struct command {
	const char *name;
	int (*run)(const struct options *options);
	int operands;
} commands[] = {
	{"check", command_check, 1},
	{"compile", command_compile, 1},
	{"show", command_show, 3},
	{"print", command_print, 1},
	{"diff", command_diff, 2},
	{"fetch", command_fetch, 0},
	{"make", command_make, 0},
	{"build", command_build, 1},
	{"audit", command_audit, 1},
};

/* mangroved hands a time on as "@seconds". */
static bool
time_read(time_t *at, const char *text)
{
	char *end;

	if (text[0] != '@')
		return zone_time_from_text(at, text);
	*at = strtoll(text + 1, &end, 10);
	return *end == '\0' && end != text + 1;
}

static bool
number_read(uint64_t *number, const char *text, uint64_t least, uint64_t most)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*number = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0' && *number >= least && *number <= most;
}

/* An option whose value is a number. */
static bool
number_take(struct options *options, int option, const char *value)
{
	uint64_t number;

	switch (option) {
	case OPTION_SIZE:
		if (!number_read(&number, value, 1, UINT16_MAX))
			return false;
		options->size = (uint16_t)number;
		return true;
	case OPTION_SERIAL:
		if (!number_read(&number, value, 1, UINT32_MAX))
			return false;
		options->serial = (uint32_t)number;
		return true;
	case OPTION_TLDS:
		if (!number_read(&number, value, ROOTLIKE_TLDS_MIN, ROOTLIKE_TLDS_MAX))
			return false;
		options->tlds = (unsigned int)number;
		return true;
	case OPTION_SEED:
		return number_read(&options->seed, value, 0, UINT64_MAX);
	case OPTION_ALGORITHM:
		if (strcmp(value, "8") != 0 && strcmp(value, "13") != 0)
			return false;
		options->algorithm = value[0] == '8' ? 8 : 13;
		return true;
	case OPTION_DAYS:
		/* serial number arithmetic ends at 68 years */
		if (!number_read(&number, value, 0, 20000))
			return false;
		options->days = (unsigned int)number;
		return true;
	case OPTION_BASE_SIZE:
		if (!number_read(&number, value, 0, IMAGE_SIZE_MAX))
			return false;
		options->has_base = true;
		options->base_size = (size_t)number;
		return true;
	case OPTION_OCTETS:
		return number_read(&options->fetch.octets, value, 1, UINT32_MAX);
	case OPTION_SECONDS:
		if (!number_read(&number, value, 1, 86400))
			return false;
		options->fetch.seconds = (unsigned int)number;
		return true;
	case OPTION_TEXT_TO:
		if (!number_read(&number, value, 1, INT_MAX))
			return false;
		options->text_fd = (int)number;
		return true;
	}
	return false;
}

/* From whom a zone is fetched. @return false: another option */
static bool
fetch_take(struct fetch_options *fetch, int option, const char *value)
{
	switch (option) {
	case OPTION_FROM:
		fetch->from = value;
		return true;
	case OPTION_KEY:
		fetch->key = value;
		return true;
	case OPTION_TLS_NAME:
		fetch->tls.name = value;
		return true;
	case OPTION_CA:
		fetch->tls.ca = value;
		return true;
	case OPTION_PIN:
		fetch->tls.pin = value;
		return true;
	case OPTION_WHOLE:
		fetch->whole = true;
		return true;
	}
	return false;
}

static bool
option_take(struct options *options, int option, const char *value)
{
	switch (option) {
	case OPTION_ORIGIN:
		options->has_origin = wire_name_from_text(&options->origin, value);
		return options->has_origin;
	case OPTION_ANCHORS:
		options->verify.anchors = value;
		return true;
	case OPTION_DNSSEC:
		return zone_policy_from_text(&options->verify.dnssec, value);
	case OPTION_ZONEMD:
		return zone_policy_from_text(&options->verify.zonemd, value);
	case OPTION_AT:
		return time_read(&options->verify.at, value);
	case OPTION_JSON:
		options->json = true;
		return true;
	case OPTION_OUTPUT:
		options->output = value;
		return true;
	case OPTION_DO:
		options->dnssec_ok = true;
		return true;
	case OPTION_ORACLE:
		options->oracle = true;
		return true;
	}
	return fetch_take(&options->fetch, option, value) || number_take(options, option, value);
}

static int
wrong_usage(const char *reason)
{
	fprintf(stderr, "mangrove-zone: %s; try --help\n", reason);
	return 2;
}

int
main(int argc, char **argv)
{
	struct options options = {
		.verify = {.at = time(NULL)}, .tlds = 1438, .days = 13, .seed = 1, .algorithm = 8};
	const struct command *command = NULL;
	int option, index = 0;

	while ((option = getopt_long(argc, argv, "o:", long_options, &index)) != -1) {
		if (option == OPTION_HELP)
			return fputs(help, stdout) < 0;
		if (option == OPTION_VERSION)
			return puts("mangrove-zone " MANGROVE_VERSION) < 0;
		if (option == '?')
			return 2;
		if (!option_take(&options, option, optarg)) {
			fprintf(stderr, "mangrove-zone: --%s: bad value \"%s\"\n",
				long_options[index].name, optarg ? optarg : "");
			return 2;
		}
	}
	if (optind == argc)
		return wrong_usage("no command");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, argv[optind]) == 0)
			command = &commands[i];
	if (!command)
		return wrong_usage("no such command");
	options.is_builder = command->run == command_build;
	if (!options.is_builder && (options.has_base || options.text_fd))
		return wrong_usage("--base-size and --text-to are for build");
	options.operands = argv + optind + 1;
	options.operand_count = argc - optind - 1;
	if (options.operand_count != command->operands)
		return wrong_usage("wrong number of operands");
	if (sodium_init() < 0)
		return 1;
	return command->run(&options);
}
