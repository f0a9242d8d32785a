/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

int
file_read(const char *path, size_t limit, uint8_t **data, size_t *size, struct why *why)
{
	int fd __attribute__((cleanup(close_fd))) = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t *buffer __attribute__((cleanup(free_memory))) = NULL;
	size_t length = 0, room = 1 << 16;

	if (fd < 0)
		return why_errno(why, "%s", path);
	for (;;) {
		uint8_t *larger;
		ssize_t got;

		if (!buffer || length == room) {
			room = buffer ? room * 2 : room;
			larger = realloc(buffer, room + 1);
			if (!larger)
				return why_set(why, ENOMEM, "%s: out of memory", path);
			buffer = larger;
		}
		got = read(fd, buffer + length, room - length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return why_errno(why, "%s", path);
		if (got == 0)
			break;
		length += (size_t)got;
		if (length > limit)
			return why_set(why, EFBIG, "%s: larger than %zu octets", path, limit);
	}
	buffer[length] = 0;
	*data = buffer;
	*size = length;
	buffer = NULL;
	return 0;
}

int
file_write_all(int fd, const void *data, size_t size)
{
	const uint8_t *next = data;

	while (size) {
		ssize_t written = write(fd, next, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		next += written;
		size -= (size_t)written;
	}
	return 0;
}
