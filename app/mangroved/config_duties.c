/* SPDX-License-Identifier: BSD-3-Clause */
/* What the node is to others (a primary, a route), and how it is looked after. */
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include "config_priv.h"
#include "transfer/transfer.h"

enum { COMMAND_ARGUMENTS_MAX = 31 };

static const cyaml_strval_t actions[] = {{"query", PRIMARY_MAY_QUERY},
	{"transfer", PRIMARY_MAY_TRANSFER}, {"notify", PRIMARY_MAY_NOTIFY}};

static const cyaml_schema_field_t access_fields[] = {
	TEXT("from", struct config_access, from),
	OPTIONAL_TEXT("key", struct config_access, key),
	CYAML_FIELD_FLAGS("allow", CYAML_FLAG_STRICT, struct config_access, allow, actions,
		CYAML_ARRAY_LEN(actions)),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t access_entry = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct config_access, access_fields)};

static const cyaml_schema_field_t secondary_fields[] = {
	TEXT("address", struct config_secondary, address),
	OPTIONAL_NUMBER("port", struct config_secondary, port),
	OPTIONAL_TEXT("key", struct config_secondary, key),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t secondary_entry = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct config_secondary, secondary_fields)};

static const cyaml_schema_field_t tls_fields[] = {
	OPTIONAL_NUMBER("port", struct config_transfer_tls, port),
	TEXT("certificate", struct config_transfer_tls, certificate),
	TEXT("key", struct config_transfer_tls, key),
	CYAML_FIELD_END,
};

const cyaml_schema_field_t config_transfer_fields[] = {
	OPTIONAL_LIST("addresses", struct config_transfer, addresses, &config_text_entry,
		CONFIG_TRANSFER_ADDRESSES_MAX),
	OPTIONAL_NUMBER("port", struct config_transfer, port),
	CYAML_FIELD_MAPPING_PTR("tls", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
		struct config_transfer, tls, tls_fields),
	OPTIONAL_LIST("access", struct config_transfer, access, &access_entry, CONFIG_ACCESS_MAX),
	OPTIONAL_LIST("secondaries", struct config_transfer, secondaries, &secondary_entry,
		CONFIG_SECONDARIES_MAX),
	OPTIONAL_NUMBER("transfers", struct config_transfer, transfers),
	OPTIONAL_NUMBER("transfers_per_prefix", struct config_transfer, transfers_per_prefix),
	OPTIONAL_NUMBER("connections", struct config_transfer, connections),
	OPTIONAL_NUMBER("connections_per_prefix", struct config_transfer, connections_per_prefix),
	OPTIONAL_NUMBER("message_timeout_ms", struct config_transfer, message_timeout_ms),
	OPTIONAL_NUMBER("rate_kib", struct config_transfer, rate_kib),
	CYAML_FIELD_END,
};

const cyaml_schema_field_t config_control_fields[] = {
	OPTIONAL_TEXT("socket", struct config_control, socket),
	OPTIONAL_TEXT("group", struct config_control, group),
	CYAML_FIELD_END,
};

const cyaml_schema_field_t config_fetch_fields[] = {
	OPTIONAL_NUMBER("connect_timeout_ms", struct config_fetch, connect_timeout_ms),
	OPTIONAL_NUMBER("progress_timeout_ms", struct config_fetch, progress_timeout_ms),
	OPTIONAL_NUMBER("total_timeout_seconds", struct config_fetch, total_timeout_seconds),
	OPTIONAL_NUMBER("size_mib", struct config_fetch, size_mib),
	CYAML_FIELD_END,
};

const cyaml_schema_field_t config_health_fields[] = {
	OPTIONAL_NUMBER("hold_up_seconds", struct config_health, hold_up_seconds),
	OPTIONAL_NUMBER("refresh_wait_seconds", struct config_health, refresh_wait_seconds),
	OPTIONAL_NUMBER("expire_warn_seconds", struct config_health, expire_warn_seconds),
	OPTIONAL_NUMBER("signature_warn_seconds", struct config_health, signature_warn_seconds),
	OPTIONAL_NUMBER("signature_fail_seconds", struct config_health, signature_fail_seconds),
	OPTIONAL_NUMBER("self_query_interval_ms", struct config_health, self_query_interval_ms),
	OPTIONAL_NUMBER("self_query_deadline_ms", struct config_health, self_query_deadline_ms),
	CYAML_FIELD_END,
};

#define COMMAND(name)                                                                              \
	OPTIONAL_LIST(                                                                             \
		#name, struct config_announce, name, &config_text_entry, COMMAND_ARGUMENTS_MAX)

const cyaml_schema_field_t config_announce_fields[] = {
	OPTIONAL_TEXT("interface", struct config_announce, interface),
	OPTIONAL_NUMBER("prefix_ipv4", struct config_announce, prefix_ipv4),
	OPTIONAL_NUMBER("prefix_ipv6", struct config_announce, prefix_ipv6),
	COMMAND(up_ipv4),
	COMMAND(down_ipv4),
	COMMAND(up_ipv6),
	COMMAND(down_ipv6),
	CYAML_FIELD_END,
};

static int
access_check(const struct config *config, unsigned int index, struct why *why)
{
	struct config_access *access = &config->transfer.access[index];

	access->prefix.family = AF_UNSPEC;
	if (strcmp(access->from, "any") != 0 && !config_prefix_parse(access->from, &access->prefix))
		return FAULT(config, why, config_key_of("transfer.access[%u].from", index).text,
			"\"%s\" is neither \"any\" nor an IP address with the length of its "
			"prefix",
			access->from);
	return config_key_check(
		config, config_key_of("transfer.access[%u].key", index).text, access->key, why);
}

static int
secondary_check(const struct config *config, unsigned int index, struct why *why)
{
	struct config_secondary *secondary = &config->transfer.secondaries[index];

	if (secondary->port == 0)
		secondary->port = PACKET_DNS_PORT;
	if (!config_address_parse(secondary->address, secondary->port, &secondary->to))
		return FAULT(config, why,
			config_key_of("transfer.secondaries[%u].address", index).text,
			"\"%s\" is not an IP address", secondary->address);
	if (port_settings_bound(config->settings, why,
		    config_key_of("transfer.secondaries[%u].port", index).text, secondary->port, 1,
		    UINT16_MAX) < 0)
		return -EINVAL;
	return config_key_check(config, config_key_of("transfer.secondaries[%u].key", index).text,
		secondary->key, why);
}

/* The sockets of the node's zones are on service addresses; these have to be others. */
static bool
is_service(const struct packet_service *service, const struct sockaddr_storage *address)
{
	const void *octets =
		address->ss_family == AF_INET
			? (const void *)&((const struct sockaddr_in *)address)->sin_addr
			: &((const struct sockaddr_in6 *)address)->sin6_addr;
	bool found = false;

	for (unsigned int i = 0; i < service->ipv4_count && address->ss_family == AF_INET; i++)
		found |= memcmp(service->ipv4[i], octets, 4) == 0;
	for (unsigned int i = 0; i < service->ipv6_count && address->ss_family == AF_INET6; i++)
		found |= memcmp(service->ipv6[i], octets, 16) == 0;
	return found;
}

static int
transfer_addresses_check(const struct config *config, struct why *why)
{
	const struct config_transfer *transfer = &config->transfer;

	for (unsigned int i = 0; i < transfer->addresses_count; i++) {
		struct config_key key = config_key_of("transfer.addresses[%u]", i);
		struct sockaddr_storage address;

		if (!config_address_parse(transfer->addresses[i], transfer->port, &address))
			return FAULT(config, why, key.text, "\"%s\" is not an IP address",
				transfer->addresses[i]);
		if (transfer->port == config->sockets.port &&
			is_service(&config->service, &address))
			return FAULT(config, why, key.text,
				"\"%s\" is a service address: transfers need another, or another "
				"port",
				transfer->addresses[i]);
	}
	return 0;
}

static int
transfer_check(struct config *config, struct why *why)
{
	struct config_transfer *transfer = &config->transfer;
	int rc = transfer_addresses_check(config, why);

	for (unsigned int i = 0; i < transfer->access_count && rc == 0; i++)
		rc = access_check(config, i, why);
	for (unsigned int i = 0; i < transfer->secondaries_count && rc == 0; i++)
		rc = secondary_check(config, i, why);
	return rc;
}

static int
numbers_check(struct config *config, struct why *why)
{
	struct config_transfer *transfer = &config->transfer;
	struct config_fetch *fetch = &config->fetch;
	struct config_health *health = &config->health;
	unsigned int day = 86400;
	struct config_number numbers[] = {
		{"transfer.port", &transfer->port, PACKET_DNS_PORT, 1, UINT16_MAX},
		{"transfer.transfers", &transfer->transfers, 10, 1, 1000},
		{"transfer.transfers_per_prefix", &transfer->transfers_per_prefix, 2, 1, 1000},
		{"transfer.connections", &transfer->connections, 100, 1, 1000},
		{"transfer.connections_per_prefix", &transfer->connections_per_prefix, 10, 1, 1000},
		{"transfer.message_timeout_ms", &transfer->message_timeout_ms,
			primary_limits_default.message_timeout_ms, 100, 600000},
		{"transfer.rate_kib", &transfer->rate_kib, 16384, 16, 1 << 22},
		{"fetch.connect_timeout_ms", &fetch->connect_timeout_ms,
			transfer_limits_default.connect_ms, 10, 60000},
		{"fetch.progress_timeout_ms", &fetch->progress_timeout_ms,
			transfer_limits_default.progress_ms, 10, 600000},
		{"fetch.total_timeout_seconds", &fetch->total_timeout_seconds,
			transfer_limits_default.total_ms / 1000, 1, 3600},
		{"fetch.size_mib", &fetch->size_mib,
			(unsigned int)(transfer_limits_default.octets >> 20), 1, 1024},
		{"health.hold_up_seconds", &health->hold_up_seconds, 10, 1, day},
		{"health.refresh_wait_seconds", &health->refresh_wait_seconds, 10, 1, day},
		{"health.expire_warn_seconds", &health->expire_warn_seconds, 3 * day, 1, 365 * day},
		{"health.signature_warn_seconds", &health->signature_warn_seconds, 5 * day, 1,
			365 * day},
		{"health.signature_fail_seconds", &health->signature_fail_seconds, 3600, 1,
			365 * day},
		{"health.self_query_interval_ms", &health->self_query_interval_ms, 250, 10, 60000},
		{"health.self_query_deadline_ms", &health->self_query_deadline_ms, 500, 10, 60000},
		{"transfer.tls.port", transfer->tls ? &transfer->tls->port : &(unsigned int){0},
			853, 1, UINT16_MAX},
	};

	return config_numbers_check(config, numbers, sizeof(numbers) / sizeof(numbers[0]), why);
}

int
config_duties_check(struct config *config, struct why *why)
{
	const struct config_announce *announce = &config->announce;
	int rc = numbers_check(config, why);

	if (rc == 0)
		rc = transfer_check(config, why);
	if (rc < 0)
		return rc;
	if (announce->interface &&
		(strlen(announce->interface) >= IFNAMSIZ || strpbrk(announce->interface, "/ %")))
		return FAULT(config, why, "announce.interface", "\"%s\" is not an interface's name",
			announce->interface);
	if (port_settings_bound(config->settings, why, "announce.prefix_ipv4",
		    announce->prefix_ipv4, 0, 32) < 0 ||
		port_settings_bound(config->settings, why, "announce.prefix_ipv6",
			announce->prefix_ipv6, 0, 128) < 0)
		return -EINVAL;
	if (!announce->up_ipv4_count != !announce->down_ipv4_count)
		return FAULT(config, why, "announce", "up_ipv4 and down_ipv4 go together");
	if (!announce->up_ipv6_count != !announce->down_ipv6_count)
		return FAULT(config, why, "announce", "up_ipv6 and down_ipv6 go together");
	return 0;
}
