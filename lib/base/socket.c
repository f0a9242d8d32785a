/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/base.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

int
socket_stale_remove(const char *path, struct why *why)
{
	int fd __attribute__((cleanup(close_fd))) = -1;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct stat st;

	if (strlen(path) >= sizeof(address.sun_path))
		return why_set(why, ENAMETOOLONG, "%s: a socket's path has at most %zu octets",
			path, sizeof(address.sun_path) - 1);
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : why_errno(why, "%s", path);
	if (!S_ISSOCK(st.st_mode))
		return why_set(why, EEXIST, "%s: it is there, and no socket", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return why_errno(why, "socket");
	/* who listens on a socket of another type refuses otherwise: EPROTOTYPE */
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 ||
		errno != ECONNREFUSED)
		return why_set(why, EADDRINUSE, "%s: somebody listens there already", path);
	if (unlink(path) < 0)
		return why_errno(why, "%s", path);
	return 0;
}
