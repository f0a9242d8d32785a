/* SPDX-License-Identifier: BSD-3-Clause */
/* Interfaces, and what the kernel takes by ioctl. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "interface/interface.h"

int
interface_open(const char *name, enum interface_kind kind, struct why *why)
{
	/* an interface that was there before would stay when we are gone */
	const int flags = (kind == INTERFACE_TAP ? IFF_TAP : IFF_TUN) | IFF_NO_PI | IFF_TUN_EXCL;
	struct ifreq request = {.ifr_flags = (short)flags};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return why_errno(why, "/dev/net/tun");
	memcpy(request.ifr_name, name, strnlen(name, IFNAMSIZ - 1));
	/* no offload: the kernel hands out whole frames and verifies what it gets */
	if (ioctl(fd, TUNSETIFF, &request) == 0 && ioctl(fd, TUNSETOFFLOAD, 0) == 0)
		return fd;
	if (errno == EBUSY)
		why_set(why, EBUSY, "%s: there is such an interface already", name);
	else if (errno == EPERM)
		why_set(why, EPERM,
			"%s: no right to make an interface; be root, or have "
			"CAP_NET_ADMIN",
			name);
	else
		why_errno(why, "%s", name);
	close(fd);
	return -EIO;
}

/* Without IPv6 there is no such file, and an address that needs it tells. */
static void
ipv6_set(const char *name, const char *key, const char *value)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/%s", name, key);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		(void)!file_write_all(fd, value, strlen(value));
		close(fd);
	}
}

void
interface_duplicates_ignore(const char *name)
{
	ipv6_set(name, "accept_dad", "0");
}

void
interface_link_local_ignore(const char *name)
{
	/* IN6_ADDR_GEN_MODE_NONE */
	ipv6_set(name, "addr_gen_mode", "1");
}

static struct ifreq
request_of(const char *name)
{
	struct ifreq request = {.ifr_flags = 0};

	memcpy(request.ifr_name, name, strnlen(name, IFNAMSIZ - 1));
	return request;
}

int
interface_link_set(const char *name, const uint8_t mac[static 6], uint16_t mtu, struct why *why)
{
	int fd __attribute__((cleanup(close_fd))) = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = request_of(name);

	request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
	memcpy(request.ifr_hwaddr.sa_data, mac, 6);
	if (fd < 0 || ioctl(fd, SIOCSIFHWADDR, &request) < 0)
		return why_errno(why, "%s: MAC address", name);
	request = request_of(name);
	request.ifr_mtu = mtu;
	if (ioctl(fd, SIOCSIFMTU, &request) < 0)
		return why_errno(why, "%s: MTU of %u", name, mtu);
	return 0;
}

int
interface_up(const char *name, bool up, struct why *why)
{
	int fd __attribute__((cleanup(close_fd))) = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = request_of(name);

	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		return why_errno(why, "%s", name);
	request.ifr_flags = (short)(up ? request.ifr_flags | IFF_UP : request.ifr_flags & ~IFF_UP);
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return why_errno(why, "%s: %s", name, up ? "up" : "down");
	return 0;
}
