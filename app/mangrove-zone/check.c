/* SPDX-License-Identifier: BSD-3-Clause */
/* check and compile: a zone file is loaded and verified, and made an image. */
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "image/image.h"
#include "options.h"

int
command_failed(const struct options *options, const struct why *why)
{
	if (options->json) {
		json_t *report = json_pack("{s:b, s:s}", "ok", 0, "error", why->text);

		json_dumpf(report, stdout, JSON_INDENT(2));
		puts("");
		json_decref(report);
	} else {
		fprintf(stderr, "%s\n", why->text);
	}
	return 1;
}

static void
report_json(const struct zone *zone, const struct zone_verification *done, const char *name)
{
	json_t *report = json_pack("{s:b, s:s, s:I, s:I, s:I, s:b, s:b, s:I, s:I, s:I, s:s, s:s}",
		"ok", 1, "zone", name, "serial", (json_int_t)zone->serial, "records",
		(json_int_t)zone->record_count, "names", (json_int_t)zone->node_count, "dnssec",
		done->dnssec, "zonemd", done->zonemd, "signatures",
		(json_int_t)done->signature_count, "nsec", (json_int_t)done->nsec_count,
		"earliest_expiry", (json_int_t)done->earliest_expiry, "anchors", done->anchor_tags,
		"warning", done->warning.text);

	json_dumpf(report, stdout, JSON_INDENT(2));
	puts("");
	json_decref(report);
}

static void
report_text(const struct zone *zone, const struct zone_verification *done, const char *name)
{
	time_t expiry = done->earliest_expiry;
	char until[32] = "";

	strftime(until, sizeof(until), "%Y-%m-%dT%H:%M:%SZ", gmtime(&expiry));
	printf("zone %s serial %u: %zu records, %zu names\n", name, zone->serial,
		zone->record_count, zone->node_count);
	if (done->dnssec)
		printf("DNSSEC: %zu signatures good until %s, chain of %zu NSEC closed, anchors "
		       "%s\n",
			done->signature_count, until, done->nsec_count, done->anchor_tags);
	else
		puts("DNSSEC: not proven");
	puts(done->zonemd ? "ZONEMD: the digest is right" : "ZONEMD: not proven");
	if (done->warning.text[0])
		printf("warning: %s\n", done->warning.text);
}

int
command_check(const struct options *options)
{
	char name[WIRE_NAME_TEXT_MAX];
	struct prepared prepared;
	struct why why;

	if (zone_prepare(options, &prepared, &why) != 0)
		return command_failed(options, &why);
	wire_name_to_text(&prepared.zone->origin, name);
	if (options->json)
		report_json(prepared.zone, &prepared.done, name);
	else
		report_text(prepared.zone, &prepared.done, name);
	zone_free(prepared.zone);
	return 0;
}

/* Whole or not at all: written beside, then renamed. */
static int
image_save(const struct image *image, const char *path, struct why *why)
{
	char beside[4096];
	int fd, rc;

	if (snprintf(beside, sizeof(beside), "%s.new", path) >= (int)sizeof(beside))
		return why_set(why, 36, "%s: the path is too long", path);
	fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return why_errno(why, "%s", beside);
	rc = image_write(image, fd);
	if (rc < 0)
		why_set(why, -rc, "%s: %s", beside, strerror(-rc));
	else if (fsync(fd) < 0)
		rc = why_errno(why, "%s", beside);
	close(fd);
	if (rc == 0 && rename(beside, path) < 0)
		rc = why_errno(why, "%s", path);
	if (rc < 0)
		unlink(beside);
	return rc;
}

int
command_compile(const struct options *options)
{
	struct builder_result made;
	struct prepared prepared;
	struct image_facts facts;
	struct image *image;
	struct why why;
	int rc;

	if (!options->output) {
		fputs("mangrove-zone: compile needs --output; try --help\n", stderr);
		return 2;
	}
	if (zone_prepare(options, &prepared, &why) < 0)
		return command_failed(options, &why);
	if (prepared.done.warning.text[0])
		fprintf(stderr, "%s\n", prepared.done.warning.text);
	rc = zone_compile(options, &prepared, &image, &made, &why);
	zone_free(prepared.zone);
	if (rc < 0)
		return command_failed(options, &why);
	rc = image_save(image, options->output, &why);
	image_facts(image, &facts);
	if (rc == 0)
		printf("%s: serial %u, %u names, %llu octets, %llu answers proven\n",
			options->output, facts.serial, facts.node_count,
			(unsigned long long)facts.size, (unsigned long long)made.proven);
	image_free(image);
	return rc < 0 ? command_failed(options, &why) : 0;
}
