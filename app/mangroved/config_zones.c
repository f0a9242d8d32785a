/* SPDX-License-Identifier: BSD-3-Clause */
/* Which zones there are, and where they come from. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "config_priv.h"

static const cyaml_strval_t policies[] = {
	{"require", ZONE_REQUIRE}, {"if-present", ZONE_IF_PRESENT}, {"off", ZONE_OFF}};

static const cyaml_strval_t wishes[] = {{"no", CONFIG_UNWANTED}, {"yes", CONFIG_WANTED}};

static const cyaml_schema_field_t zone_fields[] = {
	OPTIONAL_TEXT("file", struct config_zone, file),
	OPTIONAL_TEXT("origin", struct config_zone, origin),
	OPTIONAL_TEXT("anchors", struct config_zone, anchors),
	OPTIONAL_TEXT("at", struct config_zone, at),
	OPTIONAL_ENUM("dnssec", struct config_zone, dnssec, policies),
	OPTIONAL_ENUM("zonemd", struct config_zone, zonemd, policies),
	OPTIONAL_LIST("primaries", struct config_zone, primaries, &config_text_entry,
		REFRESH_PRIMARIES_MAX),
	OPTIONAL_NUMBER("quorum", struct config_zone, quorum),
	OPTIONAL_ENUM("watch", struct config_zone, watch, wishes),
	CYAML_FIELD_END,
};

const cyaml_schema_value_t config_zone_entry = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct config_zone, zone_fields)};

static const cyaml_schema_field_t tls_fields[] = {
	OPTIONAL_TEXT("name", struct config_primary_tls, name),
	OPTIONAL_TEXT("ca", struct config_primary_tls, ca),
	OPTIONAL_TEXT("pin", struct config_primary_tls, pin),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t primary_fields[] = {
	TEXT("name", struct config_primary, name),
	TEXT("address", struct config_primary, address),
	OPTIONAL_NUMBER("port", struct config_primary, port),
	OPTIONAL_TEXT("source", struct config_primary, source),
	OPTIONAL_TEXT("key", struct config_primary, key),
	CYAML_FIELD_MAPPING_PTR("tls", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
		struct config_primary, tls, tls_fields),
	CYAML_FIELD_END,
};

const cyaml_schema_value_t config_primary_entry = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct config_primary, primary_fields)};

/* RFC 1035 4.2, RFC 7858 3.1 */
enum { PORT_DNS = 53, PORT_TLS = 853 };

bool
config_address_parse(const char *text, unsigned int port, struct sockaddr_storage *address)
{
	struct sockaddr_in *ipv4 = (struct sockaddr_in *)address;
	struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)address;

	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, text, &ipv4->sin_addr) == 1) {
		ipv4->sin_family = AF_INET;
		ipv4->sin_port = htons((uint16_t)port);
		return true;
	}
	if (inet_pton(AF_INET6, text, &ipv6->sin6_addr) == 1) {
		ipv6->sin6_family = AF_INET6;
		ipv6->sin6_port = htons((uint16_t)port);
		return true;
	}
	return false;
}

int
config_key_check(const struct config *config, const char *key, const char *name, struct why *why)
{
	struct wire_name parsed;

	if (!name)
		return 0;
	if (!config->tsig_keys)
		return FAULT(config, why, key, "\"%s\", but tsig_keys names no file", name);
	return wire_name_from_text(&parsed, name)
		       ? 0
		       : FAULT(config, why, key, "\"%s\" is not a name", name);
}

static int
primary_addresses_check(const struct config *config, unsigned int index, struct why *why)
{
	struct config_primary *primary = &config->primaries[index];

	if (!config_address_parse(primary->address, primary->port, &primary->to))
		return FAULT(config, why, config_key_of("primaries[%u].address", index).text,
			"\"%s\" is not an IP address", primary->address);
	if (!primary->source)
		return 0;
	if (!config_address_parse(primary->source, 0, &primary->from) ||
		primary->from.ss_family != primary->to.ss_family)
		return FAULT(config, why, config_key_of("primaries[%u].source", index).text,
			"\"%s\" is not an IP address of the primary's family", primary->source);
	return 0;
}

static int
primary_check(const struct config *config, unsigned int index, struct why *why)
{
	struct config_primary *primary = &config->primaries[index];

	for (unsigned int i = 0; i < index; i++)
		if (strcmp(config->primaries[i].name, primary->name) == 0)
			return FAULT(config, why, config_key_of("primaries[%u].name", index).text,
				"\"%s\" is that of primaries[%u] already", primary->name, i);
	if (primary->port == 0)
		primary->port = primary->tls ? PORT_TLS : PORT_DNS;
	if (port_settings_bound(config->settings, why,
		    config_key_of("primaries[%u].port", index).text, primary->port, 1,
		    UINT16_MAX) < 0)
		return -EINVAL;
	/* RFC 9103 9.3.1: who does not say whom it is would be anybody */
	if (primary->tls && !primary->tls->pin && !(primary->tls->ca && primary->tls->name))
		return FAULT(config, why, config_key_of("primaries[%u].tls", index).text,
			"needs a pin, or a ca with the name in the certificate");
	if (config_key_check(
		    config, config_key_of("primaries[%u].key", index).text, primary->key, why) < 0)
		return -EINVAL;
	return primary_addresses_check(config, index, why);
}

/* @return the index of a primary, or -1 */
static int
primary_find(const struct config *config, const char *name)
{
	for (unsigned int i = 0; i < config->primaries_count; i++)
		if (strcmp(config->primaries[i].name, name) == 0)
			return (int)i;
	return -1;
}

static int
zone_primaries_check(const struct config *config, unsigned int index, struct why *why)
{
	struct config_zone *zone = &config->zones[index];

	for (unsigned int i = 0; i < zone->primaries_count; i++) {
		struct config_key key = config_key_of("zones[%u].primaries[%u]", index, i);
		int found = primary_find(config, zone->primaries[i]);

		if (found < 0)
			return FAULT(config, why, key.text, "\"%s\" is none of primaries",
				zone->primaries[i]);
		zone->primary_index[i] = (unsigned int)found;
		for (unsigned int k = 0; k < i; k++)
			if (zone->primary_index[k] == zone->primary_index[i])
				return FAULT(config, why, key.text, "\"%s\" stands there twice",
					zone->primaries[i]);
	}
	if (zone->quorum == 0)
		zone->quorum = 1;
	if (zone->quorum > 1 && zone->quorum > zone->primaries_count)
		return FAULT(config, why, config_key_of("zones[%u].quorum", index).text,
			"%u of %u primaries", zone->quorum, zone->primaries_count);
	return 0;
}

static int
zone_check(const struct config *config, unsigned int index, struct why *why)
{
	struct config_zone *zone = &config->zones[index];

	if (zone->at && !zone_time_from_text(&zone->at_time, zone->at))
		return FAULT(config, why, config_key_of("zones[%u].at", index).text,
			"\"%s\" is not YYYYMMDDhhmmss", zone->at);
	if (zone->origin && !wire_name_from_text(&zone->name, zone->origin))
		return FAULT(config, why, config_key_of("zones[%u].origin", index).text,
			"\"%s\" is not a name", zone->origin);
	wire_name_fold(&zone->name);
	if (!zone->file && zone->primaries_count == 0)
		return FAULT(config, why, config_key_of("zones[%u]", index).text,
			"has neither a file nor primaries");
	/* primaries are asked for a zone by its name, and what is kept lies under it */
	if (!zone->origin && (zone->primaries_count || config->state_directory))
		return FAULT(config, why, config_key_of("zones[%u]", index).text,
			"has %s, so it needs its origin",
			zone->primaries_count ? "primaries" : "a state_directory");
	if (zone->watch == CONFIG_WANTED && !zone->file)
		return FAULT(config, why, config_key_of("zones[%u].watch", index).text,
			"there is no file to watch");
	for (unsigned int i = 0; i < index; i++)
		if (zone->origin && config->zones[i].origin &&
			wire_name_equal(&config->zones[i].name, &zone->name))
			return FAULT(config, why, config_key_of("zones[%u].origin", index).text,
				"\"%s\" is that of zones[%u] already", zone->origin, i);
	return zone_primaries_check(config, index, why);
}

int
config_zones_check(struct config *config, struct why *why)
{
	int rc = 0;

	for (unsigned int i = 0; i < config->primaries_count && rc == 0; i++)
		rc = primary_check(config, i, why);
	for (unsigned int i = 0; i < config->zones_count && rc == 0; i++)
		rc = zone_check(config, i, why);
	return rc;
}
