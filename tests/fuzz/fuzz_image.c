/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any image file. What a digest would stop is let through: the length that the header names and the
 * digest are made right first, so that the checks behind them are reached. An image that is taken
 * is asked from a block of exactly its size.
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
	}
	image_free(image);
	close(fd);
	free(block);
	return 0;
}
