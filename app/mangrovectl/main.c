/* SPDX-License-Identifier: BSD-3-Clause */
/* One command to the server, its reply for a person or a program. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/control.h"
#include "filter.h"
#include "incident.h"
#include "print.h"
#include "rssac002/rssac002.h"
#include "reading.h"
#include "top.h"
#include "wire/wire.h"

#define SOCKET_DEFAULT "/run/mangrove/control.sock"

static const char help[] =
	"usage: mangrovectl [options] COMMAND [ARGUMENT...]\n"
	"\n"
	"  status                    the server on one screen\n"
	"  top                       a live view; --once: one frame of it as text\n"
	"  health                    its state, and every reason with its evidence\n"
	"  events                    the last of each kind that the log had, a line each\n"
	"  configuration             as it acts, without secrets\n"
	"  bundle                    all that it tells, in one file, for an incident\n"
	"  stats [NAME]              figures that are not zero (docs/statistics.md), of\n"
	"                            all metrics or of those with NAME in their names\n"
	"  observe                   trust anchors, missing names, use of RFC 8198\n"
	"                            (docs/observatory.md)\n"
	"  heat                      which names and NSEC ranges are asked for most\n"
	"  clear                     a difference that the audit found was seen to\n"
	"  flood                     who asks what, and what limits make of it\n"
	"  filter list               what operators put in the way of floods\n"
	"  filter add ACTION         drop, tc or limit what --prefix, --range and --name\n"
	"                            say, for --seconds\n"
	"  filter remove ID          end a filter now\n"
	"  rssac047                  the published probe: pass or fail by the month\n"
	"  drain [ipv4|ipv6]         withdraw a healthy server, for maintenance\n"
	"  undrain [ipv4|ipv6]       end that\n"
	"  zone status [ZONE]        serial, source, times and primaries; all zones\n"
	"  zone refresh [ZONE]       ask the primaries now, take a newer version\n"
	"  zone transfer [ZONE]      transfer all of it now; --force: even if it is older\n"
	"  zone reload [ZONE]        read zone file and trust anchors again; all zones\n"
	"  zone freeze [ZONE]        take no other version until thawed\n"
	"  zone thaw [ZONE]          end that, or a rollback\n"
	"  zone history [ZONE]       versions on disk, and those that were refused\n"
	"  zone diff [ZONE] A B      what changed from serial A to serial B, in words\n"
	"  zone rollback [ZONE] A    serve serial A from disk, and freeze the zone\n"
	"  rssac002 merge DIR...     merge the files of nodes for a day; asks no server\n"
	"\n"
	"ZONE is \".\" where it is left out, unless all zones are meant.\n"
	"\n"
	"  -s, --socket PATH  of the server (" SOCKET_DEFAULT ")\n"
	"  --json             the reply as the server sent it (docs/control.md)\n"
	"  --check            health, status: tell the state by the exit code\n"
	"  --once             top: one frame of two readings, as text\n"
	"  --force            zone transfer: take a serial that is not newer\n"
	"  --prefix PREFIX    filter add: of clients, as 192.0.2.0/24\n"
	"  --range NAME       filter add: of names that do not exist, the gap at NAME\n"
	"  --name NAME        filter add: of names that exist, NAME and below\n"
	"  --rate NUMBER      filter add limit: replies a second that still go out\n"
	"  --seconds NUMBER   filter add: until it ends by itself (600)\n"
	"  --timeout SECONDS  how long to wait for the reply (10; 605 for what\n"
	"                     fetches or builds a zone)\n"
	"  --date YYYYMMDD, --service NAME, --output DIR\n"
	"                     rssac002 merge: of which day and service, as\n"
	"                     l.root-servers.net, and where to\n"
	"  --output FILE      bundle: where to (mangrove-IDENTITY-TIME.tar.xz)\n"
	"  --help, --version\n"
	"\n"
	"Exit code: 0 done, 1 refused or failed, 2 wrong usage, 3 no server to ask;\n"
	"with --check: 0 serving, 4 degraded or starting, 5 failing\n";

enum exit_code {
	EXIT_DONE = 0,
	EXIT_REFUSED = 1,
	EXIT_USAGE = 2,
	EXIT_UNREACHABLE = 3,
	EXIT_DEGRADED = 4,
	EXIT_FAILING = 5,
};

enum {
	OPTION_SOCKET = 's',
	OPTION_JSON = 256,
	OPTION_CHECK,
	OPTION_ONCE,
	OPTION_FORCE,
	OPTION_PREFIX,
	OPTION_RANGE,
	OPTION_NAME,
	OPTION_RATE,
	OPTION_SECONDS,
	OPTION_TIMEOUT,
	OPTION_DATE,
	OPTION_SERVICE,
	OPTION_OUTPUT,
	OPTION_HELP,
	OPTION_VERSION,
};

static const struct option long_options[] = {
	{"socket", required_argument, NULL, OPTION_SOCKET},
	{"json", no_argument, NULL, OPTION_JSON},
	{"check", no_argument, NULL, OPTION_CHECK},
	{"once", no_argument, NULL, OPTION_ONCE},
	{"force", no_argument, NULL, OPTION_FORCE},
	{"prefix", required_argument, NULL, OPTION_PREFIX},
	{"range", required_argument, NULL, OPTION_RANGE},
	{"name", required_argument, NULL, OPTION_NAME},
	{"rate", required_argument, NULL, OPTION_RATE},
	{"seconds", required_argument, NULL, OPTION_SECONDS},
	{"timeout", required_argument, NULL, OPTION_TIMEOUT},
	{"date", required_argument, NULL, OPTION_DATE},
	{"service", required_argument, NULL, OPTION_SERVICE},
	{"output", required_argument, NULL, OPTION_OUTPUT},
	{"help", no_argument, NULL, OPTION_HELP},
	{"version", no_argument, NULL, OPTION_VERSION},
	{0},
};

/* A little more than the server gives a command, so that its own answer is heard. */
enum {
	QUICK_MS = 10000,
	TOP_MS = 2000,
	SLOW_MS = CONTROL_CALL_MS + 5000,
	TIMEOUT_SECONDS_MAX = 86400
};

/* What may follow a command. */
enum zone_operand { NO_ZONE, A_ZONE, ANY_ZONE, A_FAMILY, A_METRIC, A_FILTER, A_FILTER_ID };

struct command {
	const char *name;
	enum zone_operand zone;
	const char *serials[2]; /* keys of the request */
	print_reply *print;	/* NULL: those that ask more than once */
	bool slow;
};

static const struct command commands[] = {
	{"status", NO_ZONE, {NULL}, NULL, false},
	{"top", NO_ZONE, {NULL}, NULL, false},
	{"health", NO_ZONE, {NULL}, print_health, false},
	{"events", NO_ZONE, {NULL}, print_events, false},
	{"configuration", NO_ZONE, {NULL}, print_configuration, false},
	{"bundle", NO_ZONE, {NULL}, NULL, false},
	{"stats", A_METRIC, {NULL}, print_stats, false},
	{"observe", NO_ZONE, {NULL}, print_observe, false},
	{"rssac047", NO_ZONE, {NULL}, print_rssac047, false},
	{"heat", NO_ZONE, {NULL}, print_heat, false},
	{"clear", NO_ZONE, {NULL}, print_health, false},
	{"flood", NO_ZONE, {NULL}, print_flood, false},
	{"filter list", NO_ZONE, {NULL}, print_filters, false},
	{"filter add", A_FILTER, {NULL}, print_filter, false},
	{"filter remove", A_FILTER_ID, {NULL}, print_filter, false},
	{"drain", A_FAMILY, {NULL}, print_families, false},
	{"undrain", A_FAMILY, {NULL}, print_families, false},
	{"zone status", ANY_ZONE, {NULL}, print_zone_status, false},
	{"zone refresh", A_ZONE, {NULL}, print_zone_outcome, true},
	{"zone transfer", A_ZONE, {NULL}, print_zone_outcome, true},
	{"zone reload", ANY_ZONE, {NULL}, print_zone_reload, true},
	{"zone freeze", A_ZONE, {NULL}, print_zone_frozen, false},
	{"zone thaw", A_ZONE, {NULL}, print_zone_frozen, false},
	{"zone history", A_ZONE, {NULL}, print_zone_history, false},
	{"zone diff", A_ZONE, {"from", "to"}, print_zone_diff, true},
	{"zone rollback", A_ZONE, {"serial"}, print_zone_rollback, true},
};

struct options {
	const char *socket;
	bool json, check, once, force;
	int timeout_ms; /* 0: as the command needs */
	const char *date, *service, *output;
	struct filter_options filter;
};

static int
wrong_usage(const char *reason, const char *what)
{
	fprintf(stderr, "mangrovectl: %s%s; try --help\n", reason, what);
	return EXIT_USAGE;
}

static bool
number_read(unsigned long long *number, const char *text, unsigned long long most)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*number = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0' && *number <= most;
}

/* ---- the request ---- */

/* @return the command whose words the operands begin with, and how many those are; NULL: none */
static const struct command *
command_find(char *const *operands, int count, int *words)
{
	char name[64];

	for (*words = 1; *words <= 2 && *words <= count; (*words)++) {
		snprintf(name, sizeof(name), "%s%s%s", operands[0], *words == 2 ? " " : "",
			*words == 2 ? operands[1] : "");
		for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
			if (strcmp(commands[i].name, name) == 0)
				return &commands[i];
	}
	return NULL;
}

static bool
zone_set(json_t *request, const char *zone)
{
	char text[WIRE_NAME_TEXT_MAX];
	struct wire_name name;

	if (!wire_name_from_text(&name, zone))
		return false;
	wire_name_fold(&name);
	json_object_set_new(request, "zone", json_string(wire_name_to_text(&name, text)));
	return true;
}

/* @return exit code */
static int
filter_take(const struct options *options, const struct command *command, char *const *operands,
	int count, json_t *request)
{
	unsigned long long id;
	const char *wrong;

	if (count != 1)
		return wrong_usage("one operand is needed for ", command->name);
	if (command->zone == A_FILTER)
		return filter_request(&options->filter, operands[0], request, &wrong)
			       ? EXIT_DONE
			       : wrong_usage(wrong, operands[0]);
	if (!number_read(&id, operands[0], UINT32_MAX) || id == 0)
		return wrong_usage("no filter's number: ", operands[0]);
	json_object_set_new(request, "id", json_integer((json_int_t)id));
	return EXIT_DONE;
}

/* The operands behind the command's words. @return exit code */
static int
operands_take(const struct command *command, char *const *operands, int count, json_t *request)
{
	int serials = !!command->serials[0] + !!command->serials[1];
	int first = count - serials;
	unsigned long long serial;

	if (first < 0)
		return wrong_usage("a serial is missing for ", command->name);
	if (first > 1 || (first == 1 && command->zone == NO_ZONE))
		return wrong_usage("too many operands for ", command->name);
	if (command->zone == A_METRIC) {
		if (first == 1)
			json_object_set_new(request, "name", json_string(operands[0]));
	} else if (command->zone == A_FAMILY && first == 1) {
		if (strcmp(operands[0], "ipv4") != 0 && strcmp(operands[0], "ipv6") != 0)
			return wrong_usage("neither ipv4 nor ipv6: ", operands[0]);
		json_object_set_new(request, "family", json_string(operands[0]));
	} else if (first == 1 || command->zone == A_ZONE) {
		if (!zone_set(request, first == 1 ? operands[0] : "."))
			return wrong_usage("no name of a zone: ", operands[0]);
	}
	for (int i = 0; i < serials; i++) {
		if (!number_read(&serial, operands[first + i], UINT32_MAX))
			return wrong_usage("no serial: ", operands[first + i]);
		json_object_set_new(request, command->serials[i], json_integer((json_int_t)serial));
	}
	return EXIT_DONE;
}

/* ---- the reply ---- */

static int
health_code(const json_t *reply)
{
	const char *state = text_of(reply, "state");

	if (strcmp(state, "serving") == 0)
		return EXIT_DONE;
	return strcmp(state, "failing") == 0 ? EXIT_FAILING : EXIT_DEGRADED;
}

static int
reply_show(const struct command *command, const struct options *options, const json_t *reply)
{
	bool ok = json_is_true(json_object_get(reply, "ok"));

	if (options->json) {
		json_dumpf(reply, stdout, JSON_INDENT(2));
		putchar('\n');
	} else if (!command->print) {
		if (ok)
			print_status(reply, &(struct ask){options->socket, QUICK_MS});
	} else if (ok || json_object_get(reply, "zones")) {
		command->print(reply);
	}
	if (!ok && !options->json)
		words_put(stderr, "mangrovectl: ", 4, text_of(reply, "error"));
	if (!ok)
		return EXIT_REFUSED;
	return options->check ? health_code(reply) : EXIT_DONE;
}

static int
command_run(const struct command *command, const struct options *options, const json_t *request)
{
	int timeout_ms = command->slow ? SLOW_MS : QUICK_MS;
	json_t *reply = NULL;
	struct why why;
	int code;

	if (options->timeout_ms)
		timeout_ms = options->timeout_ms;
	if (control_ask(options->socket, request, timeout_ms, &reply, &why) < 0) {
		fprintf(stderr, "mangrovectl: %s\n", why.text);
		return EXIT_UNREACHABLE;
	}
	code = reply_show(command, options, reply);
	json_decref(reply);
	return fflush(stdout) < 0 ? EXIT_REFUSED : code;
}

/* ---- what asks no server ---- */

static int
rssac002_run(const struct options *options, char *const *nodes, int count)
{
	const struct rssac002_place output = {options->output, options->service};
	struct why why;
	int64_t day;

	if (count == 0)
		return wrong_usage("no directories to merge", "");
	if (!options->date || !options->service || !options->output)
		return wrong_usage("rssac002 merge needs --date, --service and --output", "");
	if (!rssac002_day_read(options->date, &day))
		return wrong_usage("--date: no day: ", options->date);
	if (rssac002_merge((const char *const *)nodes, (unsigned int)count, day, &output, &why) ==
		0)
		return EXIT_DONE;
	fprintf(stderr, "mangrovectl: %s\n", why.text);
	return EXIT_REFUSED;
}

static int
top_show(const struct options *options)
{
	const struct ask ask = {
		options->socket, options->timeout_ms ? options->timeout_ms : TOP_MS};
	struct why why;
	int rc = top_run(&ask, options->once, &why);

	if (rc)
		fprintf(stderr, "mangrovectl: %s\n", why.text);
	if (rc)
		return rc < 0 ? EXIT_UNREACHABLE : EXIT_REFUSED;
	return fflush(stdout) < 0 ? EXIT_REFUSED : EXIT_DONE;
}

static int
bundle_show(const struct options *options)
{
	const struct ask ask = {
		options->socket, options->timeout_ms ? options->timeout_ms : QUICK_MS};
	struct why why;
	int rc = incident_bundle(&ask, options->output, &why);

	if (rc)
		fprintf(stderr, "mangrovectl: %s\n", why.text);
	if (rc)
		return rc < 0 ? EXIT_UNREACHABLE : EXIT_REFUSED;
	return fflush(stdout) < 0 ? EXIT_REFUSED : EXIT_DONE;
}

/* @return exit code: whether options go with the command */
static int
options_fit(const struct options *options, const struct command *command)
{
	const bool is_top = strcmp(command->name, "top") == 0;
	const bool is_bundle = strcmp(command->name, "bundle") == 0;

	if (options->check && command->print != print_health &&
		strcmp(command->name, "status") != 0)
		return wrong_usage("--check is for health and status, not for ", command->name);
	if (options->force && strcmp(command->name, "zone transfer") != 0)
		return wrong_usage("--force is for zone transfer, not for ", command->name);
	if (options->once && !is_top)
		return wrong_usage("--once is for top, not for ", command->name);
	if (options->json && is_top)
		return wrong_usage("--json is not for top: stats and heat have it", "");
	if (options->json && is_bundle)
		return wrong_usage("--json is not for bundle, which is a file", "");
	if (options->output && !is_bundle)
		return wrong_usage("--output is for bundle, not for ", command->name);
	if (filter_is_given(&options->filter) && command->zone != A_FILTER)
		return wrong_usage("options of filter add, not of ", command->name);
	return EXIT_DONE;
}

static int
options_run(const struct options *options, char *const *operands, int count)
{
	const struct command *command;
	json_t *request;
	int words, code;

	if (count == 0)
		return wrong_usage("no command", "");
	if (count >= 2 && strcmp(operands[0], "rssac002") == 0 && strcmp(operands[1], "merge") == 0)
		return rssac002_run(options, operands + 2, count - 2);
	command = command_find(operands, count, &words);
	if (!command)
		return wrong_usage("no such command: ", operands[0]);
	code = options_fit(options, command);
	if (code != EXIT_DONE)
		return code;
	request = json_pack("{s:s}", "command", command->name);
	if (!request)
		return EXIT_REFUSED;
	if (options->force)
		json_object_set_new(request, "force", json_true());
	if (command->zone == A_FILTER || command->zone == A_FILTER_ID)
		code = filter_take(options, command, operands + words, count - words, request);
	else
		code = operands_take(command, operands + words, count - words, request);
	if (code == EXIT_DONE)
		code = strcmp(command->name, "top") == 0 ? top_show(options)
		       : strcmp(command->name, "bundle") == 0
			       ? bundle_show(options)
			       : command_run(command, options, request);
	json_decref(request);
	return code;
}

int
main(int argc, char **argv)
{
	struct options options = {.socket = SOCKET_DEFAULT};
	unsigned long long seconds;
	int option;

	while ((option = getopt_long(argc, argv, "s:", long_options, NULL)) != -1) {
		switch (option) {
		case OPTION_SOCKET:
			options.socket = optarg;
			break;
		case OPTION_JSON:
			options.json = true;
			break;
		case OPTION_CHECK:
			options.check = true;
			break;
		case OPTION_ONCE:
			options.once = true;
			break;
		case OPTION_FORCE:
			options.force = true;
			break;
		case OPTION_TIMEOUT:
			if (!number_read(&seconds, optarg, TIMEOUT_SECONDS_MAX) || seconds == 0)
				return wrong_usage("--timeout: bad value: ", optarg);
			options.timeout_ms = (int)seconds * 1000;
			break;
		case OPTION_DATE:
			options.date = optarg;
			break;
		case OPTION_SERVICE:
			options.service = optarg;
			break;
		case OPTION_OUTPUT:
			options.output = optarg;
			break;
		case OPTION_PREFIX:
			options.filter.prefix = optarg;
			break;
		case OPTION_RANGE:
			options.filter.range = optarg;
			break;
		case OPTION_NAME:
			options.filter.name = optarg;
			break;
		case OPTION_RATE:
			if (!number_read(&options.filter.rate, optarg, UINT32_MAX) ||
				options.filter.rate == 0)
				return wrong_usage("--rate: bad value: ", optarg);
			break;
		case OPTION_SECONDS:
			if (!number_read(&options.filter.seconds, optarg, UINT32_MAX) ||
				options.filter.seconds == 0)
				return wrong_usage("--seconds: bad value: ", optarg);
			break;
		case OPTION_HELP:
			return fputs(help, stdout) < 0;
		case OPTION_VERSION:
			return puts("mangrovectl " MANGROVE_VERSION) < 0;
		default:
			return EXIT_USAGE;
		}
	}
	return options_run(&options, argv + optind, argc - optind);
}
