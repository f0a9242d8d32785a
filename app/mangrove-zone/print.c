/* SPDX-License-Identifier: BSD-3-Clause */
/* print: the zone that an image was made of, as a master file. */
#include <stdio.h>

#include "image/image.h"
#include "options.h"

static int
image_print(const struct image *image, const char *name, struct why *why)
{
	const struct zone_records none = {NULL, 0};
	struct zone_records records = {.octets = image_records(image, &records.length)};
	struct zone *zone;
	int rc = zone_load_records(name, &records, &none, NULL, &zone, why);

	if (rc < 0)
		return rc;
	zone_text_write(zone, stdout);
	zone_free(zone);
	return fflush(stdout) != 0 || ferror(stdout) ? why_errno(why, "writing the zone") : 0;
}

int
command_print(const struct options *options)
{
	struct image *image;
	struct why why;
	int rc = image_open_path(options->operands[0], &image, &why);

	if (rc == 0) {
		rc = image_print(image, options->operands[0], &why);
		image_free(image);
	}
	return rc < 0 ? command_failed(options, &why) : 0;
}
