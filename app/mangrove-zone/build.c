/* SPDX-License-Identifier: BSD-3-Clause */
/* build, and what it shares with the others: a zone is loaded, verified, compiled and proven. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "builder/builder.h"
#include "image/image.h"
#include "options.h"
#include "prove/prove.h"

/* A base and differences as large as an image may be: a bound, not a size to expect. */
enum { INPUT_SIZE_MAX = 2 * IMAGE_SIZE_MAX };

/* All that is read before rights are given up. */
struct input {
	uint8_t *octets, *anchors;
	size_t length, anchors_length;
};

static int
input_read(const struct options *options, struct input *input, struct why *why)
{
	const char *path = options->has_base ? "/dev/stdin" : options->operands[0];
	const char *anchors = options->verify.anchors;
	int rc = file_read(path, options->has_base ? INPUT_SIZE_MAX : ZONE_FILE_SIZE_MAX,
		&input->octets, &input->length, why);

	if (rc == 0 && options->verify.dnssec != ZONE_OFF)
		rc = file_read(anchors ? anchors : ZONE_ANCHORS_DEFAULT, ZONE_FILE_SIZE_MAX,
			&input->anchors, &input->anchors_length, why);
	return rc;
}

static int
input_load(const struct options *options, const struct input *input, struct zone **zone,
	struct why *why)
{
	const struct wire_name *origin = options->has_origin ? &options->origin : NULL;
	const char *name = options->operands[0];
	struct zone_records base, transfer;

	if (!options->has_base)
		return zone_load_text(name, input->octets, input->length, origin, zone, why);
	if (options->base_size > input->length)
		return why_set(why, EINVAL, "%s: fewer records than promised", name);
	base = (struct zone_records){input->octets, options->base_size};
	transfer = (struct zone_records){input->octets + base.length, input->length - base.length};
	return zone_load_records(name, &base, &transfer, origin, zone, why);
}

static int
zone_load_verified(const struct options *options, const struct input *input,
	struct prepared *prepared, struct why *why)
{
	struct zone_verify_options verify = options->verify;
	int64_t began = clock_ms(), loaded;
	int rc = 0;

	if (!verify.anchors)
		verify.anchors = ZONE_ANCHORS_DEFAULT;
	verify.anchors_text = input->anchors;
	verify.anchors_length = input->anchors_length;
	/* all files are read now: what comes of them needs no rights */
	if (options->is_builder)
		rc = builder_confine(why);
	if (rc == 0)
		rc = input_load(options, input, &prepared->zone, why);
	if (rc != 0)
		return rc;
	loaded = clock_ms();
	rc = zone_verify(prepared->zone, &verify, &prepared->done, why);
	if (rc < 0)
		zone_free(prepared->zone);
	prepared->load_ms = (unsigned int)(loaded - began);
	prepared->verify_ms = (unsigned int)(clock_ms() - loaded);
	return rc;
}

int
zone_prepare(const struct options *options, struct prepared *prepared, struct why *why)
{
	struct input input = {.octets = NULL};
	int rc = input_read(options, &input, why);

	if (rc == 0)
		rc = zone_load_verified(options, &input, prepared, why);
	free(input.octets);
	free(input.anchors);
	return rc;
}

int
zone_compile(const struct options *options, const struct prepared *prepared, struct image **image,
	struct builder_result *made, struct why *why)
{
	const struct zone_verification *done = &prepared->done;
	int64_t began = clock_ms(), compiled;
	int rc = image_compile(prepared->zone, done, options->verify.at, image, why);

	if (rc < 0)
		return rc;
	compiled = clock_ms();
	*made = (struct builder_result){
		.text_fd = -1,
		.warning = done->warning,
		.signature_count = done->signature_count,
		.record_count = prepared->zone->record_count,
		.load_ms = prepared->load_ms,
		.verify_ms = prepared->verify_ms,
		.compile_ms = (unsigned int)(compiled - began),
	};
	memcpy(made->anchor_tags, done->anchor_tags, sizeof(made->anchor_tags));
	rc = prove_image(*image, prepared->zone, &made->proven, why);
	if (rc < 0)
		image_free(*image);
	made->prove_ms = (unsigned int)(clock_ms() - compiled);
	return rc;
}

static int
text_write(const struct options *options, const struct zone *zone, struct why *why)
{
	FILE *file = options->text_fd ? fdopen(options->text_fd, "w") : NULL;
	bool failed;

	if (options->text_fd == 0)
		return 0;
	if (!file)
		return why_errno(why, "writing the zone");
	zone_text_write(zone, file);
	failed = ferror(file);
	if (fclose(file) != 0 || failed)
		return why_errno(why, "writing the zone");
	return 0;
}

static int
build(const struct options *options, struct builder_result *made, struct why *why)
{
	struct prepared prepared = {.zone = NULL};
	struct image *image = NULL;
	int rc = zone_prepare(options, &prepared, why);

	if (rc != 0)
		return rc;
	rc = zone_compile(options, &prepared, &image, made, why);
	if (rc == 0) {
		rc = image_write(image, STDOUT_FILENO);
		if (rc < 0)
			why_set(why, -rc, "writing the image: %s", strerror(-rc));
		image_free(image);
	}
	if (rc == 0)
		rc = text_write(options, prepared.zone, why);
	zone_free(prepared.zone);
	return rc;
}

int
command_build(const struct options *options)
{
	struct builder_result made;
	struct why why;
	int rc = build(options, &made, &why);

	if (rc == -ESTALE) {
		fprintf(stderr, "%s\n", why.text);
		return BUILDER_EXIT_MISFIT;
	}
	if (rc < 0)
		return command_failed(options, &why);
	builder_report(&made, stderr);
	return 0;
}
