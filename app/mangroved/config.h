/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MANGROVED_CONFIG_H
#define MANGROVED_CONFIG_H

#include "exception/exception.h"
#include "exchange/exchange.h"
#include "packet/packet.h"
#include "port/settings.h"
#include "stream/stream.h"
#include "worker/worker.h"
#include "zone/zone.h"

enum { CONFIG_PORTS_MAX = 16, CONFIG_LCORES_MAX = WORKER_LCORES_MAX - 1 };

struct config_zone {
	char *file, *origin, *anchors, *at;
	enum zone_policy dnssec, zonemd;
	time_t at_time; /* 0: now */
};

/** The kernel's side of a port. */
struct config_exception {
	enum exception_kind kind;
	char *interface;
	char **addresses; /* with prefix lengths, beside the service addresses */
	unsigned int addresses_count;
	struct exception_address parsed[EXCEPTION_ADDRESSES_MAX];
};

/** Frames a second of each class. */
struct config_rates {
	uint32_t of[PACKET_CLASSES];
};

struct config_port {
	char *device; /* as EAL's --vdev or -a takes it */
	uint16_t queues;
	unsigned int *lcores; /* CPUs; none: all of the configuration's */
	unsigned int lcores_count;
	struct config_exception *exception; /* NULL: none */
};

struct config_cookies {
	char *secrets; /* NULL: made at the start */
	enum exchange_cookies policy;
};

enum config_switch { CONFIG_YES, CONFIG_NO };

/** TCP and UDP on the kernel's sockets. */
struct config_sockets {
	enum config_switch tcp, udp;
	unsigned int port, threads;
	unsigned int *cpus; /* one for each thread; none: wherever control runs */
	unsigned int cpus_count;
	unsigned int connections, connections_per_prefix;
	unsigned int idle_timeout_ms, message_timeout_ms;
};

/** One in so many pairs of query and reply is answered again from plain records. */
struct config_audit {
	enum config_switch enabled;
	unsigned int one_in;
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
	unsigned int *lcores; /* CPUs */
	unsigned int lcores_count;
	struct config_rates exception_rates;
	enum worker_idle idle;
	enum config_hugepages hugepages;
	unsigned int memory_mb;
	char *file_prefix, *variant, *drivers_config, *xdp_program;
	unsigned int log_level; /* RTE_LOG_* */
	char *builder;
	unsigned int builder_cpu_seconds, builder_wall_seconds, builder_memory_mb;
	char **eal_extra;
	unsigned int eal_extra_count;
	char *identity, *version, *nsid; /* NULL: the default, "": not told */
	struct config_cookies cookies;
	struct config_sockets sockets;
	struct config_audit audit;
	struct exchange_self self;	/* from these; without secrets */
	struct packet_service service;	/* from addresses */
	struct port_settings *settings; /* owns all of this, and knows its lines */
};

/** Read and check a configuration. @return 0 or -errno: file, line and key */
int config_read(const char *path, struct config **config, struct why *why);

/** NULL is fine. */
void config_free(struct config *config);

/** Fill in config->self. @return 0 or -EINVAL */
int config_self_take(struct config *config, struct why *why);

/** Which of config->lcores serves a queue. */
unsigned int config_queue_lcore(const struct config *config, unsigned int port, unsigned int queue);

#endif
