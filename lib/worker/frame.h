/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs on: lcore. Sizes in the frame of a usual query. */
#ifndef WORKER_FRAME_H
#define WORKER_FRAME_H

#include <stdbool.h>

#include "wire/wire.h"

enum {
	ETHER_SIZE = 14,
	IPV4_SIZE = 20,
	IPV6_SIZE = 40,
	UDP_SIZE = 8,
	UDP_PROTOCOL = 17,
	SMALLEST_MESSAGE = WIRE_HEADER_SIZE + 1 + 4,
	OPT_MAX = 64, /* a longer OPT is unusual */
	COOKIE_OPTION_SIZE = 4 + WIRE_COOKIE_SIZE,
};

/* A product, as the CPU cannot foresee a branch on what comes next. */
static inline unsigned int
ip_size(bool ipv6)
{
	return IPV4_SIZE + ipv6 * (IPV6_SIZE - IPV4_SIZE);
}

/* Octets of an address. */
static inline unsigned int
address_size(bool ipv6)
{
	return 4 + ipv6 * 12;
}

/* Numbers as they are in memory */
#define BE16(value) ((uint16_t)((value) >> 8 | ((value)&0xff) << 8))

#endif
