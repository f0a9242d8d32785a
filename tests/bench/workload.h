/* SPDX-License-Identifier: BSD-3-Clause */
/** Queries as frames, made from a seed, a zone's TLDs and the root mix. For benchmarks. */
#ifndef BENCH_WORKLOAD_H
#define BENCH_WORKLOAD_H

#include <stddef.h>
#include <stdint.h>

#include "packet/packet.h"
#include "zone/zone.h"

struct workload {
	uint8_t *frames;   /* one behind the other */
	uint32_t *offsets; /* of each, and the end */
	size_t count;
	struct packet_service service; /* whom they are addressed to */
};

/** Names of workloads that workload_make() knows, NULL last; "-cookie" is for a node that has
 * secrets. */
extern const char *const workload_names[];

/**
 * Make `count` frames.
 *
 * @param mix_path  root-mix.json
 * @return 0 or -errno
 */
int workload_make(struct workload *work, const char *name, const struct zone *zone,
	const char *mix_path, size_t count, uint64_t seed, struct why *why);

void workload_free(struct workload *work);

#endif
