/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include <arpa/inet.h>
#include <cyaml/cyaml.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const cyaml_strval_t policies[] = {
	{"require", ZONE_REQUIRE}, {"if-present", ZONE_IF_PRESENT}, {"off", ZONE_OFF}};
static const cyaml_strval_t idles[] = {
	{"spin", WORKER_IDLE_SPIN}, {"pause", WORKER_IDLE_PAUSE}, {"sleep", WORKER_IDLE_SLEEP}};
static const cyaml_strval_t hugepages[] = {{"auto", CONFIG_HUGEPAGES_AUTO},
	{"yes", CONFIG_HUGEPAGES_YES}, {"no", CONFIG_HUGEPAGES_NO}};

#define OPTIONAL_STRING(key, type, member)                                                         \
	CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, member, 1, 4096)
#define OPTIONAL_ENUM(key, type, member, words)                                                    \
	CYAML_FIELD_ENUM(key, CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL, type, member, words,        \
		CYAML_ARRAY_LEN(words))

static const cyaml_schema_field_t zone_fields[] = {
	CYAML_FIELD_STRING_PTR("file", CYAML_FLAG_POINTER, struct config_zone, file, 1, 4096),
	OPTIONAL_STRING("origin", struct config_zone, origin),
	OPTIONAL_STRING("anchors", struct config_zone, anchors),
	OPTIONAL_STRING("at", struct config_zone, at),
	OPTIONAL_ENUM("dnssec", struct config_zone, dnssec, policies),
	OPTIONAL_ENUM("zonemd", struct config_zone, zonemd, policies),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t port_fields[] = {
	CYAML_FIELD_STRING_PTR("device", CYAML_FLAG_POINTER, struct config_port, device, 1, 1024),
	CYAML_FIELD_UINT("queues", CYAML_FLAG_OPTIONAL, struct config_port, queues),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t text_entry = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 1, 1024)};
static const cyaml_schema_value_t lcore_entry = {
	CYAML_VALUE_UINT(CYAML_FLAG_DEFAULT, unsigned int)};
static const cyaml_schema_value_t zone_entry = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct config_zone, zone_fields)};
static const cyaml_schema_value_t port_entry = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct config_port, port_fields)};

static const cyaml_schema_field_t fields[] = {
	CYAML_FIELD_SEQUENCE("addresses", CYAML_FLAG_POINTER, struct config, addresses, &text_entry,
		1, 2 * PACKET_SERVICE_MAX),
	CYAML_FIELD_SEQUENCE("zones", CYAML_FLAG_POINTER, struct config, zones, &zone_entry, 1, 1),
	CYAML_FIELD_SEQUENCE("ports", CYAML_FLAG_POINTER, struct config, ports, &port_entry, 1, 16),
	CYAML_FIELD_SEQUENCE("lcores", CYAML_FLAG_POINTER, struct config, lcores, &lcore_entry, 1,
		WORKER_LCORES_MAX),
	OPTIONAL_ENUM("idle", struct config, idle, idles),
	OPTIONAL_ENUM("hugepages", struct config, hugepages, hugepages),
	CYAML_FIELD_UINT("memory_mb", CYAML_FLAG_OPTIONAL, struct config, memory_mb),
	OPTIONAL_STRING("file_prefix", struct config, file_prefix),
	OPTIONAL_STRING("variant", struct config, variant),
	OPTIONAL_STRING("drivers_config", struct config, drivers_config),
	OPTIONAL_STRING("builder", struct config, builder),
	OPTIONAL_STRING("xdp_program", struct config, xdp_program),
	CYAML_FIELD_SEQUENCE("eal_extra", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config,
		eal_extra, &text_entry, 0, 32),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct config, fields)};

/* libcyaml tells what and where in several lines: they become one. */
static void
complaint_keep(cyaml_log_t level, void *context, const char *format, va_list args)
{
	struct why *why = context;
	char line[256];

	(void)level;
	vsnprintf(line, sizeof(line), format, args);
	line[strcspn(line, "\n")] = '\0';
	if (strlen(why->text) + strlen(line) + 3 < sizeof(why->text)) {
		if (why->text[0])
			strcat(why->text, "; ");
		strcat(why->text, strncmp(line, "Load: ", 6) == 0 ? line + 6 : line);
	}
}

static int
address_take(struct packet_service *service, const char *text, struct why *why)
{
	uint8_t octets[16];

	if (inet_pton(AF_INET, text, octets) == 1) {
		if (service->ipv4_count == PACKET_SERVICE_MAX)
			return why_set(
				why, EINVAL, "addresses: more than %u of IPv4", PACKET_SERVICE_MAX);
		memcpy(service->ipv4[service->ipv4_count++], octets, 4);
		return 0;
	}
	if (inet_pton(AF_INET6, text, octets) != 1)
		return why_set(why, EINVAL, "addresses: \"%s\" is not an IP address", text);
	if (service->ipv6_count == PACKET_SERVICE_MAX)
		return why_set(why, EINVAL, "addresses: more than %u of IPv6", PACKET_SERVICE_MAX);
	memcpy(service->ipv6[service->ipv6_count++], octets, 16);
	return 0;
}

static int
config_check(struct config *config, struct why *why)
{
	struct wire_name origin;

	for (unsigned int i = 0; i < config->addresses_count; i++)
		if (address_take(&config->service, config->addresses[i], why) < 0)
			return -EINVAL;
	for (unsigned int i = 0; i < config->zones_count; i++) {
		struct config_zone *zone = &config->zones[i];

		if (zone->at && !zone_time_from_text(&zone->at_time, zone->at))
			return why_set(
				why, EINVAL, "zones: at: \"%s\" is not YYYYMMDDhhmmss", zone->at);
		if (zone->origin && !wire_name_from_text(&origin, zone->origin))
			return why_set(
				why, EINVAL, "zones: origin: \"%s\" is not a name", zone->origin);
	}
	for (unsigned int i = 0; i < config->ports_count; i++) {
		struct config_port *port = &config->ports[i];

		port->queues = port->queues ? port->queues : 1;
		if (port->queues > WORKER_QUEUES_MAX)
			return why_set(why, EINVAL, "ports: queues: %u is more than %u",
				port->queues, WORKER_QUEUES_MAX);
	}
	if (config->variant && !worker_variant_choose(config->variant))
		return why_set(why, EINVAL, "variant: \"%s\" is unknown or not for this CPU",
			config->variant);
	config->memory_mb = config->memory_mb ? config->memory_mb : 256;
	if (config->memory_mb < 64 || config->memory_mb > 1 << 20)
		return why_set(
			why, EINVAL, "memory_mb: %u is not in 64..1048576", config->memory_mb);
	return 0;
}

int
config_read(const char *path, struct config **config, struct why *why)
{
	struct why complaints = {.text = ""};
	const cyaml_config_t how = {
		.log_fn = complaint_keep,
		.log_ctx = &complaints,
		.log_level = CYAML_LOG_WARNING,
		.mem_fn = cyaml_mem,
	};
	struct config *read = NULL;
	cyaml_err_t error;
	int rc;

	if (access(path, R_OK) < 0)
		return why_errno(why, "%s", path);
	error = cyaml_load_file(path, &how, &schema, (cyaml_data_t **)&read, NULL);
	if (error != CYAML_OK)
		return why_set(why, EINVAL, "%s: %s", path,
			complaints.text[0] ? complaints.text : cyaml_strerror(error));
	rc = config_check(read, why);
	if (rc < 0) {
		why_prefix(why, "%s", path);
		config_free(read);
		return rc;
	}
	*config = read;
	return 0;
}

void
config_free(struct config *config)
{
	const cyaml_config_t how = {.mem_fn = cyaml_mem};

	if (config)
		cyaml_free(&how, &schema, config, 0);
}
