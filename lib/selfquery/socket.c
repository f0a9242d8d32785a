/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "selfquery/selfquery_priv.h"

int
socket_open(bool ipv6, const uint8_t *address, uint16_t port)
{
	struct sockaddr_in6 to6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct sockaddr_in to4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int rc;

	if (fd < 0)
		return -errno;
	memcpy(&to6.sin6_addr, address, ipv6 ? 16 : 4);
	memcpy(&to4.sin_addr, address, 4);
	rc = ipv6 ? connect(fd, (const struct sockaddr *)&to6, sizeof(to6))
		  : connect(fd, (const struct sockaddr *)&to4, sizeof(to4));
	if (rc == 0)
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}
