/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any image file. What a digest would stop is let through: the length that the header names and the
 * digest are made right first, so that the checks behind them are reached. An image that is taken
 * is asked from a block of exactly its size, and its records are read.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "golden.h"
#include "image/layout.h"

static void
repair(uint8_t *block, size_t size)
{
	struct image_header *header = (struct image_header *)block;

	if (size < sizeof(*header))
		return;
	header->size = size;
	image_digest(block, size, header->digest);
}

static void
records_walk(const struct image *image)
{
	struct wire_reader r = {.message = image_records(image, &r.length)};
	struct wire_record record;

	do
		wire_record_read(&r, &record);
	while (r.offset < r.length && !r.failed);
	if (r.failed)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image_handle handle = {0};
	struct image *image = NULL;
	struct why why;
	uint8_t *block;
	char path[32];
	int fd;

	if (posix_memalign((void **)&block, 64, size ? size : 1) != 0)
		abort();
	memcpy(block, data, size);
	repair(block, size);
	fd = golden_file(block, size, path);
	if (image_open(fd, "fuzz", &image, &why) == 0) {
		image_view(&handle, block);
		golden_ask_all(&handle.image);
		records_walk(&handle.image);
	}
	image_free(image);
	close(fd);
	free(block);
	return 0;
}
