/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Queries as frames: made from a seed, a zone's TLDs and shares as root-mix.json has them, or read
 * from a list or a capture. For benchmarks and mangrove-surge.
 *
 * Control plane only; needs no EAL.
 */
#ifndef WORKLOAD_WORKLOAD_H
#define WORKLOAD_WORKLOAD_H

#include <stddef.h>
#include <stdint.h>

#include "packet/packet.h"
#include "zone/zone.h"

enum { WORKLOAD_FRAME_MAX = 512, WORKLOAD_COUNT_MAX = 1 << 24 };

/** Names of the workloads, each with its meaning; "mix" is root-mix.json or a file like it. NULL
 * ends them. */
struct workload_kind {
	const char *name, *about;
};
extern const struct workload_kind workload_kinds[];

/** Per cent of all queries; negative: as the workload has it. */
struct workload_shares {
	double edns, dnssec_ok, cookie, mixed_case, ipv6, rd;
	double malformed; /* no workload has any of itself */
};

/** An address and the bits of it that stay. */
struct workload_prefix {
	uint8_t address[16];
	unsigned int bits;
};

/** Who asks whom. */
struct workload_ends {
	/* one address of each family, or none: then the other family's shares are all */
	struct packet_service service;
	struct workload_prefix ipv4, ipv6; /* of the sources, each of them as likely */
	uint8_t server_mac[6], client_mac[6];
};

struct workload_wishes {
	const char *name;    /* a workload's, and "-do" and "-cookie" behind it: in each query */
	const char *mix;     /* root-mix.json */
	const char *list;    /* instead: a query a line, "name type" and "E" (EDNS) or "D" (DO) */
	const char *capture; /* instead: the messages in a pcap's UDP datagrams to port 53 */
	size_t count;	     /* of a list or capture that is shorter: they come again */
	uint64_t seed;
	uint16_t size; /* EDNS; 0: as the workload has it */
	/* cookies have a server's part too, of that time (seconds since 1970), which no server
	 * made; 0: only the client's */
	uint32_t forged_at;
	struct workload_shares shares;
	struct workload_ends ends;
};

struct workload {
	uint8_t *frames;   /* one behind the other */
	uint32_t *offsets; /* of each, and the end */
	size_t count;
	struct packet_service service; /* whom they are addressed to */
};

/** Wishes for a workload between the addresses for benchmarking (RFC 2544, 3849): 198.18.0.53 and
 * 2001:db8::53 are asked. */
struct workload_wishes workload_wishes_default(void);

/**
 * Make the frames. IDs and source ports are random, checksums right.
 *
 * @param zone  has the TLDs, unless there is a list or a capture
 * @return 0 or -errno
 */
int workload_make(struct workload *work, const struct workload_wishes *wishes,
	const struct zone *zone, struct why *why);

void workload_free(struct workload *work);

#endif
