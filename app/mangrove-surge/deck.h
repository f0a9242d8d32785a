/* SPDX-License-Identifier: BSD-3-Clause */
/* DPDK, ports, lanes and the lcores that serve them. */
#ifndef MANGROVE_SURGE_DECK_H
#define MANGROVE_SURGE_DECK_H

#include "options.h"
#include "port/port.h"

struct deck {
	struct port ports[DEVICES_MAX];
	unsigned int port_count;
	struct surge_lane *lanes[SURGE_LANES_MAX];
	unsigned int lane_count;
	struct surge_runner runners[CPUS_MAX];
	unsigned int runner_count; /* lcores 1 to this */
	struct surge_templates templates;
	struct surge_model model, other; /* other.zones.count 0: there is none */
	struct surge_examiner *examiner;
	atomic_bool stop;
	char runtime[PATH_MAX]; /* files of EAL, to be removed */
};

/** Start EAL as the options say. @return 0, -EINVAL for what the options got wrong, or -errno */
int deck_eal_start(struct deck *deck, const struct options *options, struct why *why);
void deck_eal_stop(struct deck *deck);

/** Start the ports and wait for their links. The templates, which are there, get the first port's
 * MAC address unless another is wished. @return 0 or -errno */
int deck_ports_start(struct deck *deck, const struct options *options, struct why *why);

/** Make the lanes, whose templates are there. @return 0 or -errno */
int deck_lanes_make(struct deck *deck, const struct options *options, struct why *why);

/** Stop the ports and free all but EAL's. */
void deck_free(struct deck *deck);

#endif
