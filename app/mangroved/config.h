/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MANGROVED_CONFIG_H
#define MANGROVED_CONFIG_H

#include <sys/socket.h>

#include "capture/capture.h"
#include "exception/exception.h"
#include "exchange/exchange.h"
#include "limit/limit.h"
#include "packet/packet.h"
#include "port/settings.h"
#include "primary/primary.h"
#include "refresh/refresh.h"
#include "store/store.h"
#include "stream/stream.h"
#include "worker/worker.h"
#include "zone/zone.h"

enum { CONFIG_PORTS_MAX = 16, CONFIG_LCORES_MAX = WORKER_LCORES_MAX - 1 };

enum {
	CONFIG_PRIMARIES_MAX = 64,
	CONFIG_SECONDARIES_MAX = 64,
	CONFIG_ACCESS_MAX = 256,
	CONFIG_TRANSFER_ADDRESSES_MAX = 8,
};

/* what is left out is the first */
enum config_switch { CONFIG_YES, CONFIG_NO };
enum config_wish { CONFIG_UNWANTED, CONFIG_WANTED };

struct config_zone {
	char *file, *origin, *anchors, *at;
	enum zone_policy dnssec, zonemd;
	char **primaries; /* names of config->primaries */
	unsigned int primaries_count, quorum;
	enum config_wish watch; /* the file: a change is a reload */
	time_t at_time;		/* 0: now */
	struct wire_name name;	/* from origin, folded; length 0: whatever the file says */
	unsigned int primary_index[REFRESH_PRIMARIES_MAX];
};

/** How a primary proves who it is over TLS (RFC 9103). */
struct config_primary_tls {
	char *name; /* in its certificate */
	char *ca;   /* file of certificates */
	char *pin;  /* SHA-256 of its public key, base64 */
};

struct config_primary {
	char *name, *address, *source, *key;
	unsigned int port;
	struct config_primary_tls *tls;	  /* NULL: plain TCP */
	struct sockaddr_storage to, from; /* from.ss_family AF_UNSPEC: whatever the kernel takes */
};

/** What is asked of the node as a primary of others, by whom. */
struct config_access {
	char *from;	    /* an address with the length of its prefix, or "any" */
	char *key;	    /* NULL: none is needed */
	unsigned int allow; /* enum primary_action; 0: nothing, and no later entry is looked at */
	struct exception_address prefix; /* family AF_UNSPEC: any */
};

struct config_secondary {
	char *address, *key;
	unsigned int port;
	struct sockaddr_storage to;
};

struct config_transfer_tls {
	unsigned int port;
	char *certificate, *key; /* PEM files */
};

struct config_transfer {
	char **addresses; /* none: nobody is listened to */
	unsigned int addresses_count;
	unsigned int port;
	struct config_transfer_tls *tls; /* NULL: none */
	struct config_access *access;
	unsigned int access_count;
	struct config_secondary *secondaries;
	unsigned int secondaries_count;
	unsigned int transfers, transfers_per_prefix, connections, connections_per_prefix;
	unsigned int message_timeout_ms;
	unsigned int rate_kib; /* a second, in all */
};

struct config_control {
	char *socket, *group; /* socket NULL: none */
};

/** Bounds of a transfer from a primary. */
struct config_fetch {
	unsigned int connect_timeout_ms, progress_timeout_ms, total_timeout_seconds, size_mib;
};

struct config_health {
	unsigned int hold_up_seconds, refresh_wait_seconds;
	unsigned int expire_warn_seconds, signature_warn_seconds, signature_fail_seconds;
	unsigned int self_query_interval_ms, self_query_deadline_ms;
};

struct config_announce {
	char *interface;		       /* NULL: none */
	unsigned int prefix_ipv4, prefix_ipv6; /* announced around an address; 0: it alone */
	char **up_ipv4, **down_ipv4, **up_ipv6, **down_ipv6; /* programs with their arguments */
	unsigned int up_ipv4_count, down_ipv4_count, up_ipv6_count, down_ipv6_count;
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

/** TCP and UDP on the kernel's sockets. */
struct config_sockets {
	enum config_switch tcp, udp;
	unsigned int port, threads;
	unsigned int *cpus; /* one for each thread; none: wherever control runs */
	unsigned int cpus_count;
	unsigned int connections, connections_per_prefix;
	unsigned int idle_timeout_ms, message_timeout_ms;
};

/* what is left out is the first */
enum config_limits_mode { CONFIG_LIMITS_OBSERVE, CONFIG_LIMITS_OFF, CONFIG_LIMITS_ENFORCE };

/** Which replies are not worth sending. */
struct config_limits {
	enum config_limits_mode mode;
	unsigned int prefix_ipv4, prefix_ipv6;
	unsigned int answers_per_second, nxdomain_per_second, errors_per_second, all_per_second,
		octets_per_second;
	unsigned int burst_ms, *slip, leak; /* slip NULL: the default, as 0 is another */
	char **exempt;
	unsigned int exempt_count;
	enum config_switch exempt_cookies;
	unsigned int node_tc_per_second, node_errors_per_second;
	uint64_t node_octets_per_second; /* 0: no budget */
	unsigned int spread, prefixes;
	struct limit_wishes wishes; /* from these */
};

/** One in so many pairs of query and reply is answered again from plain records. */
struct config_audit {
	enum config_switch enabled;
	unsigned int one_in;
};

/** Where figures can be asked for. */
struct config_http {
	char *address; /* NULL: loopback */
	unsigned int port;
};

/** Each day's figures as files. */
struct config_rssac002 {
	char *directory, *service;
	char *seed; /* of sketches; NULL: "" */
};

/** What is looked at in queries beside figures. */
struct config_observe {
	enum config_switch enabled;
	unsigned int sample_one_in, networks_one_in;
	unsigned int leak_networks_min, leak_queries_min;
};

/** The published probe, at this node. */
struct config_rssac047 {
	unsigned int interval_seconds;
};

struct config_statistics {
	struct config_http *http;	  /* NULL: none */
	struct config_rssac002 *rssac002; /* NULL: none */
};

enum config_clients { CONFIG_CLIENTS_ADDRESSES, CONFIG_CLIENTS_PSEUDONYMS };

/** Queries and what became of them, in files of C-DNS. */
struct config_capture {
	char *directory;
	unsigned int one_in, rotate_seconds, rotate_mib, ring_kib;
	enum capture_compression compression;
	enum config_clients clients;
	char *pseudonym_key; /* file; NULL: made at the start */
	unsigned int ipv4_prefix, ipv6_prefix;
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
	struct config_statistics statistics;
	struct config_observe observe;
	struct config_limits limits;
	struct config_capture *capture;	  /* NULL: none */
	struct config_rssac047 *rssac047; /* NULL: nothing is probed */
	char *state_directory;		  /* NULL: nothing is kept */
	unsigned int versions;		  /* of each zone that stay there */
	char *tsig_keys;		  /* file; NULL: there are none */
	struct config_primary *primaries;
	unsigned int primaries_count;
	struct config_transfer transfer;
	struct config_fetch fetch;
	struct config_control control;
	struct config_health health;
	struct config_announce announce;
	struct exchange_self self;	/* from these; without secrets */
	struct packet_service service;	/* from addresses */
	struct port_settings *settings; /* owns all of this, and knows its lines */
};

/** Read and check a configuration. @return 0 or -errno: file, line and key */
int config_read(const char *path, struct config **config, struct why *why);

/**
 * The configuration as it acts, without secrets, as YAML.
 *
 * @param text  malloc'ed, the caller's; no zero octet ends it
 */
int config_text(const struct config *config, char **text, size_t *size, struct why *why);

/** NULL is fine. */
void config_free(struct config *config);

/** Fill in config->self. @return 0 or -EINVAL */
int config_self_take(struct config *config, struct why *why);

/** "192.0.2.0/24" or "2001:db8::/32". @return false: not one */
bool config_limit_prefix_parse(const char *text, struct limit_prefix *prefix);

/** Which of config->lcores serves a queue. */
unsigned int config_queue_lcore(const struct config *config, unsigned int port, unsigned int queue);

#endif
