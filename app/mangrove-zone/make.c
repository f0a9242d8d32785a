/* SPDX-License-Identifier: BSD-3-Clause */
/* make: a root-like zone, signed, and its trust anchor beside it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "options.h"
#include "rootlike.h"
#include "sign.h"

/* like the real zone's: a day in hand before, 13 days after */
enum { DAY = 86400 };

struct paths {
	char zone[4096], anchors[4096];
};

static int
paths_make(struct paths *paths, const char *output, struct why *why)
{
	size_t length = strlen(output);
	bool ends_as_folder = output[length - 1] == '/';
	struct stat st;

	if (length > sizeof(paths->zone) - 32)
		return why_set(
			why, ENAMETOOLONG, "--output: %zu octets are too long a name", length);
	if (!ends_as_folder && (stat(output, &st) < 0 || !S_ISDIR(st.st_mode))) {
		snprintf(paths->zone, sizeof(paths->zone), "%s", output);
		snprintf(paths->anchors, sizeof(paths->anchors), "%s.anchors", output);
		return 0;
	}
	if (mkdir(output, 0755) < 0 && errno != EEXIST)
		return why_errno(why, "%s", output);
	if (ends_as_folder)
		length--;
	snprintf(paths->zone, sizeof(paths->zone), "%.*s/root.zone", (int)length, output);
	snprintf(paths->anchors, sizeof(paths->anchors), "%.*s/root.anchors", (int)length, output);
	return 0;
}

static int
file_finish(FILE *file, const char *path, int rc, struct why *why)
{
	bool failed = ferror(file) != 0;

	if ((fclose(file) != 0 || failed) && rc == 0)
		rc = why_errno(why, "%s", path);
	if (rc < 0)
		unlink(path);
	return rc;
}

static int
plain_make(const struct options *options, char **plain, size_t *length, struct why *why)
{
	const struct rootlike_options rootlike = {
		.serial = options->serial, .tlds = options->tlds, .seed = options->seed};
	FILE *file = open_memstream(plain, length);
	int rc;

	if (!file)
		return why_errno(why, "memory as a file");
	rc = rootlike_write(&rootlike, file, why);
	if (fclose(file) != 0 && rc == 0)
		rc = why_errno(why, "memory as a file");
	return rc;
}

static int
zone_make(const struct options *options, const struct paths *paths, struct why *why)
{
	const struct sign_options sign = {
		.algorithm = options->algorithm,
		.inception = (uint32_t)(options->verify.at - DAY),
		.expiration = (uint32_t)(options->verify.at + (time_t)options->days * DAY),
		.dnskey_ttl = ROOTLIKE_TTL_DNSKEY,
	};
	char *plain __attribute__((cleanup(free_memory))) = NULL;
	FILE *zone, *anchors;
	size_t length;
	int rc = plain_make(options, &plain, &length, why);

	if (rc < 0)
		return rc;
	zone = fopen(paths->zone, "we");
	if (!zone)
		return why_errno(why, "%s", paths->zone);
	anchors = fopen(paths->anchors, "we");
	if (!anchors)
		return file_finish(zone, paths->zone, why_errno(why, "%s", paths->anchors), why);
	rc = sign_zone(plain, length, &sign, zone, anchors, why);
	rc = file_finish(anchors, paths->anchors, rc, why);
	return file_finish(zone, paths->zone, rc, why);
}

int
command_make(const struct options *options)
{
	struct options complete = *options;
	struct paths paths;
	struct why why;

	if (!options->output || !*options->output) {
		fputs("mangrove-zone: make needs --output; try --help\n", stderr);
		return 2;
	}
	if (!complete.serial) {
		char date[16];

		strftime(date, sizeof(date), "%Y%m%d00", gmtime(&options->verify.at));
		complete.serial = (uint32_t)strtoul(date, NULL, 10);
	}
	if (paths_make(&paths, options->output, &why) < 0 ||
		zone_make(&complete, &paths, &why) < 0) {
		fprintf(stderr, "%s\n", why.text);
		return 1;
	}
	printf("%s: serial %u, %u TLDs; trust anchor in %s\n", paths.zone, complete.serial,
		complete.tlds, paths.anchors);
	return 0;
}
