/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <rte_log.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const cyaml_strval_t idles[] = {
	{"spin", WORKER_IDLE_SPIN}, {"pause", WORKER_IDLE_PAUSE}, {"sleep", WORKER_IDLE_SLEEP}};
static const cyaml_strval_t cookie_policies[] = {
	{"answer", EXCHANGE_COOKIES_ANSWER}, {"demand", EXCHANGE_COOKIES_DEMAND}};
static const cyaml_strval_t exception_kinds[] = {
	{"tap", EXCEPTION_TAP}, {"virtio_user", EXCEPTION_VIRTIO_USER}};
static const cyaml_strval_t hugepages[] = {{"auto", CONFIG_HUGEPAGES_AUTO},
	{"yes", CONFIG_HUGEPAGES_YES}, {"no", CONFIG_HUGEPAGES_NO}};
const cyaml_strval_t config_switches[2] = {{"yes", CONFIG_YES}, {"no", CONFIG_NO}};
static const cyaml_strval_t levels[] = {{"error", RTE_LOG_ERR}, {"warning", RTE_LOG_WARNING},
	{"notice", RTE_LOG_NOTICE}, {"info", RTE_LOG_INFO}, {"debug", RTE_LOG_DEBUG}};

enum { EAL_EXTRA_MAX = 32 };

enum { CONNECTIONS = 20000 };

/* DPDK's own, and a queue's pool of 8192 mbufs with its rings */
enum { MEMORY_MB = 96, MEMORY_MB_QUEUE = 32 };

static const cyaml_schema_value_t cpu_entry = {CYAML_VALUE_UINT(CYAML_FLAG_DEFAULT, unsigned int)};

const cyaml_schema_value_t config_text_entry = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 1, CONFIG_TEXT_MAX)};

static const cyaml_schema_field_t exception_fields[] = {
	OPTIONAL_ENUM("kind", struct config_exception, kind, exception_kinds),
	CYAML_FIELD_STRING_PTR("interface", CYAML_FLAG_POINTER, struct config_exception, interface,
		1, IFNAMSIZ - 1),
	CYAML_FIELD_SEQUENCE("addresses", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
		struct config_exception, addresses, &config_text_entry, 0, EXCEPTION_ADDRESSES_MAX),
	CYAML_FIELD_END,
};

#define RATE(key, class) OPTIONAL_NUMBER(key, struct config_rates, of[class])

static const cyaml_schema_field_t rate_fields[] = {
	RATE("neighbour", PACKET_CLASS_NEIGHBOUR),
	RATE("routing", PACKET_CLASS_ROUTING),
	RATE("tcp_dns", PACKET_CLASS_TCP_DNS),
	RATE("tcp_syn", PACKET_CLASS_TCP_SYN),
	RATE("tcp", PACKET_CLASS_TCP),
	RATE("icmp", PACKET_CLASS_ICMP),
	RATE("fragment", PACKET_CLASS_FRAGMENT),
	RATE("other", PACKET_CLASS_OTHER),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t port_fields[] = {
	TEXT("device", struct config_port, device),
	OPTIONAL_NUMBER("queues", struct config_port, queues),
	CYAML_FIELD_SEQUENCE("lcores", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config_port,
		lcores, &cpu_entry, 1, CONFIG_LCORES_MAX),
	CYAML_FIELD_MAPPING_PTR("exception", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
		struct config_port, exception, exception_fields),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t audit_fields[] = {
	OPTIONAL_ENUM("enabled", struct config_audit, enabled, config_switches),
	OPTIONAL_NUMBER("one_in", struct config_audit, one_in),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t sockets_fields[] = {
	OPTIONAL_ENUM("tcp", struct config_sockets, tcp, config_switches),
	OPTIONAL_ENUM("udp", struct config_sockets, udp, config_switches),
	OPTIONAL_NUMBER("port", struct config_sockets, port),
	OPTIONAL_NUMBER("threads", struct config_sockets, threads),
	CYAML_FIELD_SEQUENCE("cpus", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
		struct config_sockets, cpus, &cpu_entry, 1, STREAM_THREADS_MAX),
	OPTIONAL_NUMBER("tcp_connections", struct config_sockets, connections),
	OPTIONAL_NUMBER(
		"tcp_connections_per_prefix", struct config_sockets, connections_per_prefix),
	OPTIONAL_NUMBER("tcp_idle_timeout_ms", struct config_sockets, idle_timeout_ms),
	OPTIONAL_NUMBER("tcp_message_timeout_ms", struct config_sockets, message_timeout_ms),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t cookies_fields[] = {
	OPTIONAL_TEXT("secrets", struct config_cookies, secrets),
	OPTIONAL_ENUM("policy", struct config_cookies, policy, cookie_policies),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t port_entry = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct config_port, port_fields)};

static const cyaml_schema_field_t fields[] = {
	CYAML_FIELD_SEQUENCE("addresses", CYAML_FLAG_POINTER, struct config, addresses,
		&config_text_entry, 1, 2 * PACKET_SERVICE_MAX),
	CYAML_FIELD_SEQUENCE("zones", CYAML_FLAG_POINTER, struct config, zones, &config_zone_entry,
		1, IMAGE_CATALOGUE_MAX),
	CYAML_FIELD_SEQUENCE("ports", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config,
		ports, &port_entry, 1, CONFIG_PORTS_MAX),
	CYAML_FIELD_SEQUENCE("lcores", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config,
		lcores, &cpu_entry, 1, CONFIG_LCORES_MAX),
	OPTIONAL_TEXT("state_directory", struct config, state_directory),
	OPTIONAL_NUMBER("versions", struct config, versions),
	OPTIONAL_TEXT("tsig_keys", struct config, tsig_keys),
	OPTIONAL_LIST(
		"primaries", struct config, primaries, &config_primary_entry, CONFIG_PRIMARIES_MAX),
	CYAML_FIELD_MAPPING(
		"transfer", CYAML_FLAG_OPTIONAL, struct config, transfer, config_transfer_fields),
	CYAML_FIELD_MAPPING(
		"fetch", CYAML_FLAG_OPTIONAL, struct config, fetch, config_fetch_fields),
	CYAML_FIELD_MAPPING(
		"control", CYAML_FLAG_OPTIONAL, struct config, control, config_control_fields),
	CYAML_FIELD_MAPPING(
		"health", CYAML_FLAG_OPTIONAL, struct config, health, config_health_fields),
	CYAML_FIELD_MAPPING(
		"announce", CYAML_FLAG_OPTIONAL, struct config, announce, config_announce_fields),
	CYAML_FIELD_MAPPING("audit", CYAML_FLAG_OPTIONAL, struct config, audit, audit_fields),
	CYAML_FIELD_MAPPING(
		"limits", CYAML_FLAG_OPTIONAL, struct config, limits, config_limits_fields),
	CYAML_FIELD_MAPPING("sockets", CYAML_FLAG_OPTIONAL, struct config, sockets, sockets_fields),
	CYAML_FIELD_MAPPING("exception_rates", CYAML_FLAG_OPTIONAL, struct config, exception_rates,
		rate_fields),
	CYAML_FIELD_MAPPING("statistics", CYAML_FLAG_OPTIONAL, struct config, statistics,
		config_statistics_fields),
	CYAML_FIELD_MAPPING(
		"observe", CYAML_FLAG_OPTIONAL, struct config, observe, config_observe_fields),
	CYAML_FIELD_MAPPING_PTR("capture", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config,
		capture, config_capture_fields),
	CYAML_FIELD_MAPPING_PTR("rssac047", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config,
		rssac047, config_rssac047_fields),
	OPTIONAL_ENUM("idle", struct config, idle, idles),
	TEXT_OR_NONE("identity", struct config, identity),
	TEXT_OR_NONE("version", struct config, version),
	TEXT_OR_NONE("nsid", struct config, nsid),
	CYAML_FIELD_MAPPING("cookies", CYAML_FLAG_OPTIONAL, struct config, cookies, cookies_fields),
	OPTIONAL_ENUM("hugepages", struct config, hugepages, hugepages),
	OPTIONAL_NUMBER("memory_mb", struct config, memory_mb),
	OPTIONAL_TEXT("file_prefix", struct config, file_prefix),
	OPTIONAL_TEXT("variant", struct config, variant),
	OPTIONAL_ENUM("log_level", struct config, log_level, levels),
	OPTIONAL_TEXT("drivers_config", struct config, drivers_config),
	OPTIONAL_TEXT("xdp_program", struct config, xdp_program),
	OPTIONAL_TEXT("builder", struct config, builder),
	OPTIONAL_NUMBER("builder_cpu_seconds", struct config, builder_cpu_seconds),
	OPTIONAL_NUMBER("builder_wall_seconds", struct config, builder_wall_seconds),
	OPTIONAL_NUMBER("builder_memory_mb", struct config, builder_memory_mb),
	CYAML_FIELD_SEQUENCE("eal_extra", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config,
		eal_extra, &config_text_entry, 0, EAL_EXTRA_MAX),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct config, fields)};

struct config_key
config_key_of(const char *format, ...)
{
	struct config_key key;
	va_list args;

	va_start(args, format);
	vsnprintf(key.text, sizeof(key.text), format, args);
	va_end(args);
	return key;
}

/* @return whether one of the `count` addresses of `size` octets is the same */
static bool
address_known(const void *addresses, size_t count, const void *address, size_t size)
{
	for (size_t i = 0; i < count; i++)
		if (memcmp((const uint8_t *)addresses + i * size, address, size) == 0)
			return true;
	return false;
}

static int
address_take(struct config *config, unsigned int index, struct why *why)
{
	struct packet_service *service = &config->service;
	const char *text = config->addresses[index];
	struct config_key key = config_key_of("addresses[%u]", index);
	uint8_t octets[16];
	bool ipv4 = inet_pton(AF_INET, text, octets) == 1;

	if (!ipv4 && inet_pton(AF_INET6, text, octets) != 1)
		return FAULT(config, why, key.text, "\"%s\" is not an IP address", text);
	if ((ipv4 ? service->ipv4_count : service->ipv6_count) == PACKET_SERVICE_MAX)
		return FAULT(config, why, key.text, "more than %u of IPv%c", PACKET_SERVICE_MAX,
			ipv4 ? '4' : '6');
	if (ipv4 ? address_known(service->ipv4, service->ipv4_count, octets, 4)
		 : address_known(service->ipv6, service->ipv6_count, octets, 16))
		return FAULT(config, why, key.text, "\"%s\" stands there twice", text);
	if (ipv4)
		memcpy(service->ipv4[service->ipv4_count++], octets, 4);
	else
		memcpy(service->ipv6[service->ipv6_count++], octets, 16);
	return 0;
}

/* "198.18.0.2/24" */
bool
config_prefix_parse(const char *text, struct exception_address *address)
{
	char copy[INET6_ADDRSTRLEN + 1], *end;
	const char *slash = strchr(text, '/');
	unsigned long length;

	if (!slash || slash - text >= (ptrdiff_t)sizeof(copy) || slash[1] < '0' || slash[1] > '9')
		return false;
	snprintf(copy, sizeof(copy), "%.*s", (int)(slash - text), text);
	address->family = AF_INET;
	if (inet_pton(AF_INET, copy, address->octets) != 1) {
		address->family = AF_INET6;
		if (inet_pton(AF_INET6, copy, address->octets) != 1)
			return false;
	}
	length = strtoul(slash + 1, &end, 10);
	address->prefix_length = (uint8_t)length;
	return *end == '\0' && length <= (address->family == AF_INET ? 32 : 128);
}

static int
exception_check(const struct config *config, unsigned int index, struct why *why)
{
	struct config_exception *exception = config->ports[index].exception;

	if (!exception)
		return 0;
	if (strpbrk(exception->interface, "/ %"))
		return FAULT(config, why,
			config_key_of("ports[%u].exception.interface", index).text,
			"\"%s\" is not an interface's name", exception->interface);
	for (unsigned int i = 0; i < index; i++)
		if (config->ports[i].exception &&
			strcmp(config->ports[i].exception->interface, exception->interface) == 0)
			return FAULT(config, why,
				config_key_of("ports[%u].exception.interface", index).text,
				"\"%s\" is that of ports[%u] already", exception->interface, i);
	for (unsigned int i = 0; i < exception->addresses_count; i++)
		if (!config_prefix_parse(exception->addresses[i], &exception->parsed[i]))
			return FAULT(config, why,
				config_key_of("ports[%u].exception.addresses[%u]", index, i).text,
				"\"%s\" is not an IP address with the length of its prefix",
				exception->addresses[i]);
	return 0;
}

static int
rates_check(struct config *config, struct why *why)
{
	static const uint32_t presets[PACKET_CLASSES] = {
		[PACKET_CLASS_NEIGHBOUR] = 2000,
		[PACKET_CLASS_ROUTING] = 10000,
		[PACKET_CLASS_TCP_DNS] = 50000,
		[PACKET_CLASS_TCP_SYN] = 5000,
		[PACKET_CLASS_TCP] = 10000,
		[PACKET_CLASS_ICMP] = 1000,
		[PACKET_CLASS_FRAGMENT] = 1000,
		[PACKET_CLASS_OTHER] = 1000,
	};

	for (unsigned int class = 0; class < PACKET_CLASSES; class ++) {
		uint32_t *rate = &config->exception_rates.of[class];

		if (*rate == 0)
			*rate = presets[class];
		if (port_settings_bound(config->settings, why,
			    config_key_of("exception_rates.%s", packet_class_names[class]).text,
			    *rate, 1, EXCEPTION_RATE_MAX) < 0)
			return -EINVAL;
	}
	return 0;
}

/* @return the index of a CPU in config->lcores, or -1 */
static int
lcore_of_cpu(const struct config *config, unsigned int cpu)
{
	for (unsigned int i = 0; i < config->lcores_count; i++)
		if (config->lcores[i] == cpu)
			return (int)i;
	return -1;
}

static int
cpu_check(const struct config *config, const char *key, unsigned int cpu, struct why *why)
{
	cpu_set_t allowed;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0)
		CPU_ZERO(&allowed);
	if (cpu >= CPU_SETSIZE || !CPU_ISSET(cpu, &allowed))
		return FAULT(config, why, key, "there is no CPU %u, or it is not for us", cpu);
	return 0;
}

static int
lcores_check(const struct config *config, struct why *why)
{
	if (!config->lcores_count != !config->ports_count)
		return FAULT(config, why, config->lcores_count ? "lcores" : "ports",
			"ports need lcores, and lcores ports");
	for (unsigned int i = 0; i < config->lcores_count; i++) {
		struct config_key key = config_key_of("lcores[%u]", i);
		unsigned int cpu = config->lcores[i];

		if (cpu_check(config, key.text, cpu, why) < 0)
			return -EINVAL;
		if (lcore_of_cpu(config, cpu) != (int)i)
			return FAULT(config, why, key.text, "CPU %u stands there twice", cpu);
	}
	return 0;
}

static int
sockets_check(struct config *config, struct why *why)
{
	struct config_sockets *sockets = &config->sockets;

	if (sockets->tcp == CONFIG_NO && sockets->udp == CONFIG_NO && config->ports_count == 0)
		return FAULT(config, why, "sockets", "neither tcp nor udp, and there are no ports");
	for (unsigned int i = 0; i < sockets->cpus_count; i++)
		if (cpu_check(config, config_key_of("sockets.cpus[%u]", i).text, sockets->cpus[i],
			    why) < 0)
			return -EINVAL;
	if (sockets->threads == 0)
		sockets->threads = sockets->cpus_count ? sockets->cpus_count : 1;
	if (sockets->cpus_count && sockets->cpus_count != sockets->threads)
		return FAULT(config, why, "sockets.cpus", "%u CPUs for %u threads",
			sockets->cpus_count, sockets->threads);
	return 0;
}

static int
port_check(const struct config *config, unsigned int index, struct why *why)
{
	struct config_port *port = &config->ports[index];
	size_t name = strcspn(port->device, ",");

	/* a PCI address has colons; what has neither would be DPDK's to complain about, later */
	if (strncmp(port->device, "net_", 4) != 0 && !memchr(port->device, ':', name))
		return FAULT(config, why, config_key_of("ports[%u].device", index).text,
			"\"%s\" is neither a PCI address nor a virtual device of DPDK",
			port->device);
	for (unsigned int i = 0; i < index; i++)
		if (strcspn(config->ports[i].device, ",") == name &&
			memcmp(config->ports[i].device, port->device, name) == 0)
			return FAULT(config, why, config_key_of("ports[%u].device", index).text,
				"%.*s is ports[%u] already", (int)name, port->device, i);
	for (unsigned int i = 0; i < port->lcores_count; i++)
		if (lcore_of_cpu(config, port->lcores[i]) < 0)
			return FAULT(config, why,
				config_key_of("ports[%u].lcores[%u]", index, i).text,
				"CPU %u is not one of lcores", port->lcores[i]);
	if (!port->queues)
		port->queues = (uint16_t)(port->lcores_count ? port->lcores_count : 1);
	return port_settings_bound(config->settings, why,
		config_key_of("ports[%u].queues", index).text, port->queues, 1, WORKER_QUEUES_MAX);
}

unsigned int
config_queue_lcore(const struct config *config, unsigned int port, unsigned int queue)
{
	const struct config_port *own = &config->ports[port];
	unsigned int before = 0;

	if (own->lcores_count)
		return (unsigned int)lcore_of_cpu(config, own->lcores[queue % own->lcores_count]);
	for (unsigned int i = 0; i < port; i++)
		before += config->ports[i].lcores_count ? 0 : config->ports[i].queues;
	return (before + queue) % config->lcores_count;
}

/* Each lcore has something to do, and not too much of it. */
static int
queues_check(const struct config *config, struct why *why)
{
	unsigned int count[WORKER_LCORES_MAX] = {0};

	for (unsigned int i = 0; i < config->ports_count; i++)
		for (unsigned int queue = 0; queue < config->ports[i].queues; queue++)
			count[config_queue_lcore(config, i, queue)]++;
	for (unsigned int i = 0; i < config->lcores_count; i++)
		if (count[i] == 0 || count[i] > WORKER_QUEUES_MAX)
			return FAULT(config, why, config_key_of("lcores[%u]", i).text,
				"CPU %u would serve %u queues; 1 to %u are possible",
				config->lcores[i], count[i], WORKER_QUEUES_MAX);
	return 0;
}

static unsigned int
queues_total(const struct config *config)
{
	unsigned int total = 0;

	for (unsigned int i = 0; i < config->ports_count; i++)
		/* one may be added for control traffic */
		total += config->ports[i].queues + (config->ports[i].exception ? 1 : 0);
	return total;
}

int
config_numbers_check(const struct config *config, const struct config_number *numbers, size_t count,
	struct why *why)
{
	for (size_t i = 0; i < count; i++) {
		if (*numbers[i].value == 0)
			*numbers[i].value = numbers[i].preset;
		if (port_settings_bound(config->settings, why, numbers[i].key, *numbers[i].value,
			    numbers[i].min, numbers[i].max) < 0)
			return -EINVAL;
	}
	return 0;
}

static int
numbers_check(struct config *config, struct why *why)
{
	unsigned int memory = MEMORY_MB + MEMORY_MB_QUEUE * queues_total(config);
	unsigned int possible = stream_connections_possible();
	unsigned int preset = possible < CONNECTIONS ? possible : CONNECTIONS;
	struct config_sockets *sockets = &config->sockets;
	const struct config_number numbers[] = {
		{"memory_mb", &config->memory_mb, memory, 64, 1 << 20},
		{"builder_cpu_seconds", &config->builder_cpu_seconds, 60, 1, 3600},
		{"builder_wall_seconds", &config->builder_wall_seconds, 120, 1, 7200},
		{"builder_memory_mb", &config->builder_memory_mb, 2048, 64, 1 << 20},
		{"versions", &config->versions, STORE_KEEP_DEFAULT, 1, STORE_KEEP_MAX},
		{"audit.one_in", &config->audit.one_in, 10000, 1, 1 << 30},
		{"sockets.port", &sockets->port, PACKET_DNS_PORT, 1, UINT16_MAX},
		{"sockets.threads", &sockets->threads, 1, 1, STREAM_THREADS_MAX},
		{"sockets.tcp_connections", &sockets->connections, preset, 1, possible},
		{"sockets.tcp_connections_per_prefix", &sockets->connections_per_prefix,
			(sockets->connections ? sockets->connections : preset) / 10 + 1, 1,
			possible},
		{"sockets.tcp_idle_timeout_ms", &sockets->idle_timeout_ms, 10000, 100, 3600000},
		{"sockets.tcp_message_timeout_ms", &sockets->message_timeout_ms, 5000, 100, 600000},
		{"log_level", &config->log_level, RTE_LOG_INFO, 0, RTE_LOG_DEBUG},
	};

	return config_numbers_check(config, numbers, sizeof(numbers) / sizeof(numbers[0]), why);
}

static int
names_check(const struct config *config, struct why *why)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_-";

	/* it becomes part of a path */
	if (config->file_prefix &&
		(config->file_prefix[strspn(config->file_prefix, letters)] != '\0' ||
			strlen(config->file_prefix) > 64))
		return FAULT(config, why, "file_prefix",
			"\"%s\" has more than 64 characters, or others than letters, digits, "
			"\"_\" and \"-\"",
			config->file_prefix);
	if (config->variant && !worker_variant_choose(config->variant))
		return FAULT(config, why, "variant", "\"%s\" is unknown, or not for this CPU",
			config->variant);
	return 0;
}

static int
config_check(struct config *config, struct why *why)
{
	int rc = names_check(config, why);

	if (rc == 0)
		rc = config_self_take(config, why);
	for (unsigned int i = 0; i < config->addresses_count && rc == 0; i++)
		rc = address_take(config, i, why);
	if (rc == 0)
		rc = config_zones_check(config, why);
	if (rc == 0)
		rc = lcores_check(config, why);
	for (unsigned int i = 0; i < config->ports_count && rc == 0; i++)
		rc = port_check(config, i, why);
	for (unsigned int i = 0; i < config->ports_count && rc == 0; i++)
		rc = exception_check(config, i, why);
	if (rc == 0)
		rc = rates_check(config, why);
	if (rc == 0)
		rc = queues_check(config, why);
	if (rc == 0)
		rc = sockets_check(config, why);
	if (rc == 0)
		rc = config_duties_check(config, why);
	if (rc == 0)
		rc = config_statistics_check(config, why);
	if (rc == 0)
		rc = config_observe_check(config, why);
	if (rc == 0)
		rc = config_limits_check(config, why);
	if (rc == 0)
		rc = config_capture_check(config, why);
	return rc < 0 ? rc : numbers_check(config, why);
}

int
config_read(const char *path, struct config **config, struct why *why)
{
	struct port_settings *settings;
	struct config *read;
	int rc = port_settings_read(path, &schema, &settings, why);

	if (rc < 0)
		return rc;
	read = port_settings_values(settings);
	read->settings = settings;
	rc = config_check(read, why);
	if (rc < 0) {
		config_free(read);
		return rc;
	}
	*config = read;
	return 0;
}

int
config_text(const struct config *config, char **text, size_t *size, struct why *why)
{
	static char removed[] = "(removed)";
	struct config shown = *config;
	struct config_rssac002 rssac002;

	/* all other secrets are in files of their own, of which the names are told */
	if (config->statistics.rssac002 && config->statistics.rssac002->seed) {
		rssac002 = *config->statistics.rssac002;
		rssac002.seed = removed;
		shown.statistics.rssac002 = &rssac002;
	}
	return port_settings_text(config->settings, &shown, text, size, why);
}

void
config_free(struct config *config)
{
	if (config)
		port_settings_free(config->settings);
}
