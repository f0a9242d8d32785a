/* SPDX-License-Identifier: BSD-3-Clause */
/* IP addresses of interfaces, by netlink. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

#include "interface/interface.h"

enum { NETLINK_SIZE = 4096 }; /* an acknowledgement repeats what it acknowledges */

static void
close_netlink(struct mnl_socket *const *netlink)
{
	if (*netlink)
		mnl_socket_close(*netlink);
}

/* @return 0 or -1 with errno */
static int
address_tell(struct mnl_socket *netlink, uint16_t type, uint16_t flags, unsigned int index,
	const struct interface_address *address)
{
	char buffer[NETLINK_SIZE];
	size_t size = address->family == AF_INET ? 4 : 16;
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct ifaddrmsg *body = mnl_nlmsg_put_extra_header(message, sizeof(*body));
	ssize_t length;

	message->nlmsg_type = type;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	*body = (struct ifaddrmsg){.ifa_family = address->family,
		.ifa_prefixlen = address->prefix_length,
		.ifa_index = index};
	mnl_attr_put(message, IFA_LOCAL, size, address->octets);
	mnl_attr_put(message, IFA_ADDRESS, size, address->octets);
	mnl_attr_put_u32(message, IFA_FLAGS,
		address->without_route ? IFA_F_NODAD | IFA_F_NOPREFIXROUTE : IFA_F_NODAD);
	if (mnl_socket_sendto(netlink, message, message->nlmsg_len) < 0)
		return -1;
	length = mnl_socket_recvfrom(netlink, buffer, sizeof(buffer));
	if (length < 0)
		return -1;
	return mnl_cb_run(buffer, (size_t)length, 0, mnl_socket_get_portid(netlink), NULL, NULL) < 0
		       ? -1
		       : 0;
}

/* @param fine  the errno that says that it is so already */
static int
addresses_tell(const char *name, uint16_t type, uint16_t flags, int fine,
	const struct interface_address *addresses, unsigned int count, struct why *why)
{
	struct mnl_socket *netlink __attribute__((cleanup(close_netlink))) = NULL;
	unsigned int index = if_nametoindex(name);
	int rc = 0;

	if (index == 0)
		return why_errno(why, "%s", name);
	netlink = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!netlink || mnl_socket_bind(netlink, 0, MNL_SOCKET_AUTOPID) < 0)
		return why_errno(why, "%s: netlink", name);
	/* all of them, whatever becomes of one: what is to be withdrawn must not stay for another
	 */
	for (unsigned int i = 0; i < count; i++)
		if (address_tell(netlink, type, flags, index, &addresses[i]) < 0 && errno != fine)
			rc = why_errno(why, "%s: addresses", name);
	return rc;
}

int
interface_addresses_add(const char *name, const struct interface_address *addresses,
	unsigned int count, struct why *why)
{
	return addresses_tell(
		name, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, EEXIST, addresses, count, why);
}

int
interface_addresses_remove(const char *name, const struct interface_address *addresses,
	unsigned int count, struct why *why)
{
	return addresses_tell(name, RTM_DELADDR, 0, EADDRNOTAVAIL, addresses, count, why);
}
