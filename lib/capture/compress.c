/* SPDX-License-Identifier: BSD-3-Clause */
/* A block at a time, each a frame (zstd) or a stream (xz) of its own: programs read one behind the
 * other as if they were one, and there is no state that a full disk could spoil. */
#include <lzma.h>
#include <string.h>
#include <zstd.h>

#include "capture/capture_priv.h"

enum {
	ZSTD_LEVEL = 3,
	XZ_LEVEL = 2, /* 17 MiB; a block is no longer than what it looks back to */
};

const char *const capture_suffixes[] = {
	[CAPTURE_ZSTD] = ".zst", [CAPTURE_XZ] = ".xz", [CAPTURE_PLAIN] = ""};

size_t
capture_compress_bound(enum capture_compression compression, size_t size)
{
	switch (compression) {
	case CAPTURE_ZSTD:
		return ZSTD_compressBound(size);
	case CAPTURE_XZ:
		return lzma_stream_buffer_bound(size);
	case CAPTURE_PLAIN:
		return size;
	}
	__builtin_unreachable();
}

size_t
capture_compress(enum capture_compression compression, const uint8_t *octets, size_t size,
	uint8_t *frame, size_t room)
{
	size_t used = 0;

	switch (compression) {
	case CAPTURE_ZSTD:
		used = ZSTD_compress(frame, room, octets, size, ZSTD_LEVEL);
		return ZSTD_isError(used) ? 0 : used;
	case CAPTURE_XZ:
		return lzma_easy_buffer_encode(XZ_LEVEL, LZMA_CHECK_CRC64, NULL, octets, size,
			       frame, &used, room) == LZMA_OK
			       ? used
			       : 0;
	case CAPTURE_PLAIN:
		memcpy(frame, octets, size);
		return size;
	}
	__builtin_unreachable();
}
