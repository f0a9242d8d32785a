/* SPDX-License-Identifier: BSD-3-Clause */
/* check, compile and build: a zone file is loaded, verified and made an image. */
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "builder/builder.h"
#include "image/image.h"
#include "options.h"

int
zone_prepare(const struct options *options, struct zone **zone, struct zone_verification *done,
	struct why *why)
{
	const char *path = options->operands[0];
	uint8_t *text __attribute__((cleanup(free_memory))) = NULL;
	uint8_t *anchors __attribute__((cleanup(free_memory))) = NULL;
	struct zone_verify_options verify = options->verify;
	size_t length;
	int rc = file_read(path, ZONE_FILE_SIZE_MAX, &text, &length, why);

	if (!verify.anchors)
		verify.anchors = ZONE_ANCHORS_DEFAULT;
	if (rc == 0 && verify.dnssec != ZONE_OFF)
		rc = file_read(
			verify.anchors, ZONE_FILE_SIZE_MAX, &anchors, &verify.anchors_length, why);
	verify.anchors_text = anchors;
	/* all files are read now: what comes of them needs no rights */
	if (rc == 0 && options->is_builder)
		rc = builder_confine(why);
	if (rc == 0)
		rc = zone_load_text(path, text, length,
			options->has_origin ? &options->origin : NULL, zone, why);
	if (rc != 0)
		return rc;
	rc = zone_verify(*zone, &verify, done, why);
	if (rc < 0)
		zone_free(*zone);
	return rc;
}

static int
failed(const struct options *options, const struct why *why)
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
	struct zone_verification done;
	char name[WIRE_NAME_TEXT_MAX];
	struct zone *zone;
	struct why why;

	if (zone_prepare(options, &zone, &done, &why) != 0)
		return failed(options, &why);
	wire_name_to_text(&zone->origin, name);
	if (options->json)
		report_json(zone, &done, name);
	else
		report_text(zone, &done, name);
	zone_free(zone);
	return 0;
}

static int
image_make(const struct options *options, struct image **image, struct why *why)
{
	struct zone_verification done;
	struct zone *zone;
	int rc = zone_prepare(options, &zone, &done, why);

	if (rc != 0)
		return rc;
	if (done.warning.text[0])
		fprintf(stderr, "%s\n", done.warning.text);
	rc = image_compile(zone, &done, options->verify.at, image, why);
	zone_free(zone);
	return rc;
}

int
command_build(const struct options *options)
{
	struct image *image;
	struct why why;
	int rc;

	if (image_make(options, &image, &why) != 0)
		return failed(options, &why);
	rc = image_write(image, STDOUT_FILENO);
	if (rc < 0)
		fprintf(stderr, "writing the image: %s\n", strerror(-rc));
	image_free(image);
	return rc < 0;
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
	struct image *image;
	struct image_facts facts;
	struct why why;
	int rc;

	if (!options->output) {
		fputs("mangrove-zone: compile needs --output; try --help\n", stderr);
		return 2;
	}
	if (image_make(options, &image, &why) != 0)
		return failed(options, &why);
	rc = image_save(image, options->output, &why);
	image_facts(image, &facts);
	if (rc == 0)
		printf("%s: serial %u, %u names, %llu octets\n", options->output, facts.serial,
			facts.node_count, (unsigned long long)facts.size);
	image_free(image);
	return rc < 0 ? failed(options, &why) : 0;
}
