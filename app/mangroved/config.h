/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MANGROVED_CONFIG_H
#define MANGROVED_CONFIG_H

#include "packet/packet.h"
#include "worker/worker.h"
#include "zone/zone.h"

struct config_zone {
	char *file, *origin, *anchors, *at;
	enum zone_policy dnssec, zonemd;
	time_t at_time; /* 0: now */
};

struct config_port {
	char *device; /* as EAL's --vdev or -a takes it */
	uint16_t queues;
};

enum config_hugepages { CONFIG_HUGEPAGES_AUTO, CONFIG_HUGEPAGES_YES, CONFIG_HUGEPAGES_NO };

/** The configuration file; mangroved.yaml documents each key. */
struct config {
	char **addresses;
	unsigned int addresses_count;
	struct config_zone *zones;
	unsigned int zones_count;
	struct config_port *ports;
	unsigned int ports_count;
	unsigned int *lcores;
	unsigned int lcores_count;
	enum worker_idle idle;
	enum config_hugepages hugepages;
	unsigned int memory_mb;
	char *file_prefix, *variant, *drivers_config, *builder, *xdp_program;
	char **eal_extra;
	unsigned int eal_extra_count;
	struct packet_service service; /* from addresses */
};

/** Read and check a configuration. @return 0 or -errno: file, line and key */
int config_read(const char *path, struct config **config, struct why *why);

void config_free(struct config *config);

#endif
