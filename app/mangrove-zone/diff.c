/* SPDX-License-Identifier: BSD-3-Clause */
/* diff: what changed between two versions of a zone, each a master file or an image. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "image/image.h"
#include "options.h"
#include "zonediff/zonediff.h"

/* Nothing is verified: to compare is also how one finds out why a version was refused. */
static int
version_open(const struct options *options, const char *path, struct image **image, struct why *why)
{
	const struct zone_verification none = {.dnssec = false};
	struct zone *zone;
	int rc = image_open_path(path, image, why);

	/* else it may be a zone; but not where it is an image and a bad one */
	if (rc == 0 || !strstr(why->text, "not an image"))
		return rc;
	rc = zone_load(path, options->has_origin ? &options->origin : NULL, &zone, why);
	if (rc < 0)
		return rc;
	rc = image_compile(zone, &none, options->verify.at, image, why);
	zone_free(zone);
	return rc;
}

static int
images_compare(
	const struct image *before, const struct image *after, json_t **diff, struct why *why)
{
	struct zonediff_records old, new;

	old.octets = image_records(before, &old.length);
	new.octets = image_records(after, &new.length);
	return zonediff_make(&old, &new, diff, why);
}

static int
diff_show(const struct options *options, const json_t *diff)
{
	if (!options->json)
		return zonediff_print(diff, stdout) < 0;
	if (json_dumpf(diff, stdout, JSON_INDENT(2)) < 0)
		return 1;
	return puts("") < 0;
}

int
command_diff(const struct options *options)
{
	struct image *before = NULL, *after = NULL;
	json_t *diff = NULL;
	struct why why;
	int rc = version_open(options, options->operands[0], &before, &why);

	if (rc == 0)
		rc = version_open(options, options->operands[1], &after, &why);
	if (rc == 0)
		rc = images_compare(before, after, &diff, &why);
	image_free(before);
	image_free(after);
	if (rc < 0) {
		fprintf(stderr, "%s\n", why.text);
		return 1;
	}
	rc = diff_show(options, diff);
	json_decref(diff);
	return rc;
}
