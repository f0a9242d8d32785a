/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernel's side: link address, MTU, IP addresses, up. */
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "exception/exception_priv.h"

enum { NETLINK_SIZE = 4096 }; /* an acknowledgement repeats what it acknowledges */

static void
close_netlink(struct mnl_socket *const *netlink)
{
	if (*netlink)
		mnl_socket_close(*netlink);
}

/* Link-local addresses are ours alone: the MAC address is the port's. Without IPv6 there is no such
 * file, and an address that needs it tells. */
static void
duplicates_ignore(const char *interface)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/accept_dad", interface);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		(void)!file_write_all(fd, "0", 1);
		close(fd);
	}
}

static int
link_up(const struct exception_settings *settings, struct why *why)
{
	int fd __attribute__((cleanup(close_fd))) = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = {.ifr_hwaddr.sa_family = ARPHRD_ETHER};

	memcpy(request.ifr_name, settings->interface, strnlen(settings->interface, IFNAMSIZ - 1));
	memcpy(request.ifr_hwaddr.sa_data, settings->mac, sizeof(settings->mac));
	if (fd < 0 || ioctl(fd, SIOCSIFHWADDR, &request) < 0)
		return why_errno(why, "%s: MAC address", settings->interface);
	request.ifr_mtu = settings->mtu;
	if (ioctl(fd, SIOCSIFMTU, &request) < 0)
		return why_errno(why, "%s: MTU of %u", settings->interface, settings->mtu);
	duplicates_ignore(settings->interface);
	if (ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		return why_errno(why, "%s", settings->interface);
	request.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return why_errno(why, "%s: up", settings->interface);
	return 0;
}

/* @return 0 or -1 with errno */
static int
address_add(struct mnl_socket *netlink, unsigned int index, const struct exception_address *address)
{
	char buffer[NETLINK_SIZE];
	size_t size = address->family == AF_INET ? 4 : 16;
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct ifaddrmsg *body = mnl_nlmsg_put_extra_header(message, sizeof(*body));
	ssize_t length;

	message->nlmsg_type = RTM_NEWADDR;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
	*body = (struct ifaddrmsg){.ifa_family = address->family,
		.ifa_prefixlen = address->prefix_length,
		.ifa_index = index};
	mnl_attr_put(message, IFA_LOCAL, size, address->octets);
	mnl_attr_put(message, IFA_ADDRESS, size, address->octets);
	mnl_attr_put_u32(message, IFA_FLAGS, IFA_F_NODAD);
	if (mnl_socket_sendto(netlink, message, message->nlmsg_len) < 0)
		return -1;
	length = mnl_socket_recvfrom(netlink, buffer, sizeof(buffer));
	if (length < 0)
		return -1;
	return mnl_cb_run(buffer, (size_t)length, 0, mnl_socket_get_portid(netlink), NULL, NULL) < 0
		       ? -1
		       : 0;
}

/* Service addresses that stand among the others have a prefix of their own there. */
static bool
address_stands(const struct exception_settings *settings, uint8_t family, const uint8_t *octets)
{
	for (unsigned int i = 0; i < settings->address_count; i++)
		if (settings->addresses[i].family == family &&
			memcmp(settings->addresses[i].octets, octets, family == AF_INET ? 4 : 16) ==
				0)
			return true;
	return false;
}

static int
service_add(const struct exception_settings *settings, struct mnl_socket *netlink,
	unsigned int index, uint8_t family)
{
	const struct packet_service *service = settings->service;
	uint32_t count = family == AF_INET ? service->ipv4_count : service->ipv6_count;
	int rc = 0;

	for (uint32_t i = 0; i < count && rc == 0; i++) {
		struct exception_address address = {
			.family = family, .prefix_length = family == AF_INET ? 32 : 128};

		if (family == AF_INET)
			memcpy(address.octets, service->ipv4[i], 4);
		else
			memcpy(address.octets, service->ipv6[i], 16);
		if (!address_stands(settings, family, address.octets))
			rc = address_add(netlink, index, &address);
	}
	return rc;
}

int
interface_configure(const struct exception_settings *settings, struct why *why)
{
	struct mnl_socket *netlink __attribute__((cleanup(close_netlink))) = NULL;
	unsigned int index = if_nametoindex(settings->interface);
	int rc = link_up(settings, why);

	if (rc < 0)
		return rc;
	netlink = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!netlink || mnl_socket_bind(netlink, 0, MNL_SOCKET_AUTOPID) < 0)
		return why_errno(why, "%s: netlink", settings->interface);
	for (unsigned int i = 0; i < settings->address_count && rc == 0; i++)
		rc = address_add(netlink, index, &settings->addresses[i]);
	if (rc == 0)
		rc = service_add(settings, netlink, index, AF_INET);
	if (rc == 0)
		rc = service_add(settings, netlink, index, AF_INET6);
	return rc < 0 ? why_errno(why, "%s: addresses", settings->interface) : 0;
}
