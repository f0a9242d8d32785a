/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernel's side: link address, MTU, IP addresses, up. */
#include <assert.h>
#include <string.h>
#include <sys/socket.h>

#include "exception/exception_priv.h"
#include "interface/interface.h"

enum { ADDRESSES_MAX = EXCEPTION_ADDRESSES_MAX + 2 * PACKET_SERVICE_MAX };

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

static struct interface_address
address_of(uint8_t family, uint8_t prefix_length, const uint8_t *octets)
{
	struct interface_address address = {.family = family, .prefix_length = prefix_length};

	memcpy(address.octets, octets, family == AF_INET ? 4 : 16);
	return address;
}

/* The service addresses, and those of the link. */
static unsigned int
addresses_gather(const struct exception_settings *settings,
	struct interface_address addresses[ADDRESSES_MAX])
{
	const struct packet_service *service = settings->service;
	unsigned int n = 0;

	assert(settings->address_count <= EXCEPTION_ADDRESSES_MAX);
	for (unsigned int i = 0; i < settings->address_count; i++)
		addresses[n++] = address_of(settings->addresses[i].family,
			settings->addresses[i].prefix_length, settings->addresses[i].octets);
	for (uint32_t i = 0; i < service->ipv4_count; i++)
		if (!address_stands(settings, AF_INET, service->ipv4[i]))
			addresses[n++] = address_of(AF_INET, 32, service->ipv4[i]);
	for (uint32_t i = 0; i < service->ipv6_count; i++)
		if (!address_stands(settings, AF_INET6, service->ipv6[i]))
			addresses[n++] = address_of(AF_INET6, 128, service->ipv6[i]);
	return n;
}

int
interface_configure(const struct exception_settings *settings, struct why *why)
{
	struct interface_address addresses[ADDRESSES_MAX];
	unsigned int count = addresses_gather(settings, addresses);
	int rc = interface_link_set(settings->interface, settings->mac, settings->mtu, why);

	if (rc < 0)
		return rc;
	/* link-local addresses are ours alone: the MAC address is the port's */
	interface_duplicates_ignore(settings->interface);
	rc = interface_up(settings->interface, true, why);
	return rc < 0 ? rc : interface_addresses_add(settings->interface, addresses, count, why);
}
