/* SPDX-License-Identifier: BSD-3-Clause */
/* A node that tells all that it can, and clients of it. */
#ifndef TEST_NODE_H
#define TEST_NODE_H

#include "exchange/exchange.h"

enum { TEST_NOW = 1785628800 };

/* Tells who it is; makes cookies with one secret and accepts those of another. */
static const struct exchange_self test_self = {
	.identity_length = 5,
	.version_length = 8,
	.nsid_length = 7,
	.identity = "node1",
	.version = "Mangrove",
	.nsid = "node1.x",
	.secrets = {.count = 2, .secrets = {"0123456789abcde", "fedcba987654321"}},
};

static const uint8_t test_addresses[2][16] = {{198, 18, 0, 1}, {0x20, 1, 0x0d, 0xb8, [15] = 1}};

static inline struct exchange_peer
test_peer(bool ipv6, enum wire_transport transport)
{
	return (struct exchange_peer){
		.address = test_addresses[ipv6],
		.address_size = ipv6 ? 16 : 4,
		.transport = transport,
		.keepalive_timeout = 100,
		.now = TEST_NOW,
	};
}

#endif
