/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MANGROVE_SURGE_OPTIONS_H
#define MANGROVE_SURGE_OPTIONS_H

#include <limits.h>
#include <stdbool.h>

#include "surge/surge.h"

enum { DEVICES_MAX = 4, CPUS_MAX = 64, ZONES_MAX = 8, EAL_EXTRA_MAX = 16 };

enum mode { MODE_FIXED, MODE_RAMP, MODE_SEARCH };

/** What the command line wishes. */
struct options {
	/* the machine */
	const char *devices[DEVICES_MAX];
	unsigned int device_count, queues, memory_mb;
	unsigned int cpus[CPUS_MAX], cpu_count;
	const char *drivers, *file_prefix, *eal_extra[EAL_EXTRA_MAX];
	unsigned int eal_extra_count;
	bool hugepages;
	/* what is asked */
	const char *zones[ZONES_MAX], *or_zone;
	unsigned int zone_count;
	struct workload_wishes workload;
	const char *flood_name; /* NULL: no flood */
	double flood_share;	/* per cent of all queries */
	struct workload_prefix flood_ipv4, flood_ipv6;
	bool flood_cookies, keep_cookies;
	bool client_mac;		/* given; else the port's own */
	unsigned int ports, first_port; /* source ports of a lane */
	/* how fast */
	enum mode mode;
	double calm; /* seconds without the flood at the start */
	double rate, ramp_from, ramp_to, ramp_step, search_most, search_least, resolution;
	double seconds, timeout_s, tolerance; /* the last a share */
	uint64_t queries;
	unsigned int window;
	/* verification */
	enum surge_strictness strictness;
	unsigned int examine_each, signatures_each;
	time_t at;
	const char *identity, *version;
	/* reports */
	const char *json, *plot, *wrong, *export;
	double interval;
	unsigned int server_pid;
	bool quiet;
	char mix[PATH_MAX], drivers_found[PATH_MAX];
};

/**
 * Read the command line.
 *
 * @return 0; -EINVAL: wrong usage; 1: help or version was asked for and printed
 */
int options_read(struct options *options, int argc, char **argv, struct why *why);

#endif
