/* SPDX-License-Identifier: BSD-3-Clause */
#include "incident.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/base.h"
#include "bundle/bundle.h"
#include "print.h"

enum { HOST_FILE_MAX = 4 << 20, NAME_SIZE = 192, PATH_SIZE = 64 };

/* What is asked for, and where its reply goes: as it came, and for a person. */
static const struct part {
	const char *command, *json, *text;
	print_reply *print; /* NULL: as the status */
	const char *what;
} parts[] = {
	{"status", "status.json", "status.txt", NULL, "who it is, how well, zones, rates"},
	{"health", "health.json", "health.txt", print_health, "state, every reason, its evidence"},
	{"zone status", "zones.json", "zones.txt", print_zone_status, "serials, times, primaries"},
	{"events", "events.json", "events.log", print_events, "the last events of each kind"},
	{"configuration", NULL, "config.yaml", print_configuration, "as it acts, without secrets"},
	{"stats", "stats.json", "stats.txt", print_stats, "all figures"},
	{"heat", "heat.json", "heat.txt", print_heat, "queries by name and by NSEC range"},
	{"flood", "flood.json", "flood.txt", print_flood, "who asks what, what limits do"},
	{"filter list", "filters.json", "filters.txt", print_filters, "what operators put in"},
	{"observe", "observe.json", "observe.txt", print_observe, "what only a root server sees"},
	{"rssac047", "rssac047.json", "rssac047.txt", print_rssac047, "the published probe"},
};

/* Of the host, or of the server's process there. */
static const struct {
	bool of_process;
	const char *path, *name;
} host_files[] = {
	{false, "/etc/os-release", "host/os-release"},
	{false, "/proc/version", "host/version"},
	{false, "/proc/cmdline", "host/cmdline"},
	{false, "/proc/cpuinfo", "host/cpuinfo"},
	{false, "/proc/meminfo", "host/meminfo"},
	{false, "/proc/loadavg", "host/loadavg"},
	{false, "/proc/uptime", "host/uptime"},
	{false, "/proc/interrupts", "host/interrupts"},
	{false, "/proc/net/softnet_stat", "host/softnet_stat"},
	{true, "status", "host/process-status"},
	{true, "limits", "host/process-limits"},
	{true, "net/dev", "host/process-net-dev"},
	{true, "net/snmp", "host/process-net-snmp"},
	{true, "net/snmp6", "host/process-net-snmp6"},
};

/* A bundle while it is made. */
struct making {
	const struct ask *ask;
	struct bundle *bundle;
	FILE *list; /* of the files, for README.txt */
	json_t *status;
	unsigned int files;
	struct why *why;
};

/* @return 0, or > 0 as incident_bundle() */
static int
add(struct making *making, const char *name, const void *data, size_t size)
{
	if (bundle_add(making->bundle, name, data, size, making->why) < 0)
		return 1;
	making->files++;
	return 0;
}

/* ---- replies ---- */

/* @return < 0: the server cannot be reached */
static int
ask_for(struct making *making, const char *command, const char *zone, json_t **reply)
{
	json_t *request = json_pack("{s:s, s:s*}", "command", command, "zone", zone);
	int rc = control_ask(
		making->ask->socket, request, making->ask->timeout_ms, reply, making->why);

	json_decref(request);
	return rc;
}

static bool
is_done(struct making *making, const json_t *reply, const char *what)
{
	if (json_is_true(json_object_get(reply, "ok")))
		return true;
	fprintf(making->list, "(no %s: %s)\n", what, text_of(reply, "error"));
	return false;
}

static int
json_add(struct making *making, const char *name, const json_t *json)
{
	char *text = json_dumps(json, JSON_INDENT(2));
	int rc = text ? add(making, name, text, strlen(text)) : 1;

	if (!text)
		why_set(making->why, ENOMEM, "out of memory");
	free(text);
	return rc;
}

static void
part_print(const struct making *making, const struct part *part, const json_t *reply)
{
	if (part->print)
		part->print(reply);
	else
		print_status(reply, making->ask);
}

/* What a terminal would get, as a file. */
static int
text_add(struct making *making, const struct part *part, const json_t *reply)
{
	char *text = NULL;
	size_t size = 0;
	FILE *terminal = stdout, *stream = open_memstream(&text, &size);
	int rc;

	if (!stream) {
		why_set(making->why, ENOMEM, "out of memory");
		return 1;
	}
	/* glibc lets standard output be another stream */
	stdout = stream;
	part_print(making, part, reply);
	stdout = terminal;
	rc = fclose(stream) == 0 ? add(making, part->text, text, size) : 1;
	free(text);
	return rc;
}

static int
part_take(struct making *making, const struct part *part)
{
	json_t *reply = NULL;
	int rc = ask_for(making, part->command, NULL, &reply);

	if (rc == 0 && is_done(making, reply, part->text)) {
		fprintf(making->list, "%-24s %s\n", part->text, part->what);
		rc = text_add(making, part, reply);
		if (rc == 0 && part->json)
			rc = json_add(making, part->json, reply);
	}
	json_decref(reply);
	return rc;
}

static void
histories_print(const json_t *reply)
{
	const json_t *zone;
	size_t i;

	json_array_foreach(json_object_get(reply, "zones"), i, zone) print_zone_history(zone);
}

/* Versions that came and went, of each zone. */
static int
history_take(struct making *making)
{
	static const struct part history = {.text = "history.txt", .print = histories_print};
	const json_t *zones = json_object_get(making->status, "zones"), *zone;
	json_t *all = json_array(), *together = json_pack("{s:O}", "zones", all);
	int rc = 0;
	size_t i;

	json_array_foreach(zones, i, zone)
	{
		json_t *reply = NULL;

		rc = ask_for(making, "zone history", text_of(zone, "zone"), &reply);
		if (rc < 0)
			break;
		if (is_done(making, reply, "history.txt"))
			json_array_append(all, reply);
		json_decref(reply);
	}
	if (rc == 0 && json_array_size(all) > 0) {
		fprintf(making->list, "%-24s %s\n", history.text, "versions on disk, and refused");
		rc = text_add(making, &history, together);
		if (rc == 0)
			rc = json_add(making, "history.json", together);
	}
	json_decref(all);
	json_decref(together);
	return rc;
}

static int
samples_take(struct making *making)
{
	json_t *reply = NULL;
	char *octets = NULL;
	size_t size;
	int rc = ask_for(making, "samples", NULL, &reply);

	if (rc == 0 && is_done(making, reply, "samples.pcap")) {
		octets = incident_pcap(reply, &size);
		rc = octets ? add(making, "samples.pcap", octets, size) : 1;
		if (!octets)
			why_set(making->why, ENOMEM, "out of memory");
		fprintf(making->list,
			"%-24s the last %zu queries of one in %lld that lcores answered, clients'\n"
			"%-24s addresses %s /%lld and /%lld\n",
			"samples.pcap", json_array_size(json_object_get(reply, "samples")),
			(long long)number_of(reply, "one_in"), "",
			json_is_true(json_object_get(reply, "pseudonyms")) ? "are pseudonyms of"
									   : "cut to",
			(long long)number_of(reply, "ipv4_prefix"),
			(long long)number_of(reply, "ipv6_prefix"));
	}
	free(octets);
	json_decref(reply);
	return rc;
}

/* ---- the host ---- */

static int
host_file_take(struct making *making, const char *path, const char *name)
{
	uint8_t *data __attribute__((cleanup(free_memory))) = NULL;
	struct why missing;
	size_t size;

	if (file_read(path, HOST_FILE_MAX, &data, &size, &missing) == 0)
		return add(making, name, data, size);
	fprintf(making->list, "(no %s: %s)\n", name, missing.text);
	return 0;
}

static int
host_take(struct making *making)
{
	long long pid = (long long)number_of(making->status, "pid");
	int rc = 0;

	fprintf(making->list, "%-24s %s\n", "host/", "what the kernel says of host and process");
	for (size_t i = 0; i < sizeof(host_files) / sizeof(host_files[0]) && rc == 0; i++) {
		char path[PATH_SIZE];

		if (host_files[i].of_process)
			snprintf(path, sizeof(path), "/proc/%lld/%s", pid, host_files[i].path);
		else
			snprintf(path, sizeof(path), "%s", host_files[i].path);
		rc = host_file_take(making, path, host_files[i].name);
	}
	return rc;
}

/* ---- all of it ---- */

/* "mangrove-node1.example-20261128T155012Z": who and when, in what any file system takes */
static void
name_make(const struct making *making, time_t at, char name[static NAME_SIZE])
{
	const char *identity = text_of(making->status, "identity");
	char when[32] = "";
	struct tm tm;

	if (gmtime_r(&at, &tm))
		strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &tm);
	snprintf(name, NAME_SIZE, "mangrove-%.100s-%s", identity[0] ? identity : "node", when);
	for (char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && *c != '-' && *c != '.')
			*c = '_';
}

static void
list_begin(const struct making *making, const char *name)
{
	const json_t *build = json_object_get(making->status, "build");

	fprintf(making->list, "%s\n\nmangroved %s, DPDK \"%s\", compiler \"%s\"\n%s", name,
		text_of(making->status, "version"), text_of(build, "dpdk"),
		text_of(build, "compiler"),
		"written by mangrovectl " MANGROVE_VERSION "\n\n"
		"Beside each text for people is the reply that it shows, as JSON\n"
		"(docs/control.md). Times are UTC. No secrets are in here: TSIG keys, cookie\n"
		"secrets, private keys of TLS and keys of pseudonyms stay in their files, of\n"
		"which config.yaml has the names; what the configuration itself has of them\n"
		"is \"(removed)\".\n\n");
}

static int
list_add(struct making *making, char *const *text, const size_t *size)
{
	int rc = fclose(making->list);

	making->list = NULL;
	return rc == 0 ? add(making, "README.txt", *text, *size) : 1;
}

static int
all_take(struct making *making)
{
	int rc = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && rc == 0; i++)
		rc = part_take(making, &parts[i]);
	if (rc == 0)
		rc = history_take(making);
	if (rc == 0)
		rc = samples_take(making);
	return rc == 0 ? host_take(making) : rc;
}

static int
bundle_make(struct making *making, const char *output)
{
	char *text __attribute__((cleanup(free_memory))) = NULL;
	char name[NAME_SIZE], path[NAME_SIZE + 16];
	time_t at = time(NULL);
	size_t size, written;
	int rc;

	name_make(making, at, name);
	snprintf(path, sizeof(path), "%s.tar.xz", name);
	making->list = open_memstream(&text, &size);
	if (!making->list || bundle_new(name, at, &making->bundle, making->why) < 0)
		return 1;
	list_begin(making, name);
	rc = all_take(making);
	if (rc == 0)
		rc = list_add(making, &text, &size);
	if (rc == 0 &&
		bundle_write(making->bundle, output ? output : path, &written, making->why) < 0)
		rc = 1;
	if (rc == 0)
		printf("%s: %u files, %zu octets\n", output ? output : path, making->files,
			written);
	return rc;
}

int
incident_bundle(const struct ask *ask, const char *output, struct why *why)
{
	struct making making = {.ask = ask, .why = why};
	int rc;

	why_set(why, ENOMEM, "out of memory");
	rc = ask_for(&making, "status", NULL, &making.status);
	if (rc == 0 && !json_is_true(json_object_get(making.status, "ok"))) {
		why_set(why, EPROTO, "%s", text_of(making.status, "error"));
		rc = 1;
	}
	if (rc == 0)
		rc = bundle_make(&making, output);
	if (making.list)
		fclose(making.list);
	bundle_free(making.bundle);
	json_decref(making.status);
	return rc;
}
