/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Interfaces of the kernel that live as long as their descriptor is open, killed or not, and what
 * the kernel is told of them. Control plane; the kernel answers at once.
 */
#ifndef INTERFACE_INTERFACE_H
#define INTERFACE_INTERFACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"

struct interface_address {
	uint8_t family; /* AF_INET or AF_INET6 */
	uint8_t prefix_length;
	bool without_route; /* to the prefix by this interface */
	uint8_t octets[16];
};

enum interface_kind { INTERFACE_TAP, INTERFACE_TUN };

/**
 * Make an interface, down and without addresses, that goes when the descriptor is closed.
 *
 * @return the descriptor, not blocking: frames (TAP) or packets (TUN) go in and out; or -errno: one
 *         of that name is there already, or the right is missing
 */
int interface_open(const char *name, enum interface_kind kind, struct why *why);

/** Set the link address and the MTU. @return 0 or -errno */
int interface_link_set(
	const char *name, const uint8_t mac[static 6], uint16_t mtu, struct why *why);

/** Trust that nobody else has our IPv6 addresses: no duplicate address detection (RFC 4862 5.4). */
void interface_duplicates_ignore(const char *name);

/** No link-local IPv6 address of its own. */
void interface_link_local_ignore(const char *name);

/** Bring it up or down. The kernel drops IPv6 addresses of what goes down. @return 0 or -errno */
int interface_up(const char *name, bool up, struct why *why);

/** Add addresses. One that is there already is fine. @return 0 or -errno */
int interface_addresses_add(const char *name, const struct interface_address *addresses,
	unsigned int count, struct why *why);

/** Take addresses away. One that is not there is fine. @return 0 or -errno */
int interface_addresses_remove(const char *name, const struct interface_address *addresses,
	unsigned int count, struct why *why);

#endif
