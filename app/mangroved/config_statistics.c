/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration: statistics. */
#include <errno.h>
#include <string.h>

#include "config_priv.h"

enum { HTTP_PORT = 9153 };

static const cyaml_schema_field_t http_fields[] = {
	OPTIONAL_TEXT("address", struct config_http, address),
	OPTIONAL_NUMBER("port", struct config_http, port),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t rssac002_fields[] = {
	TEXT("directory", struct config_rssac002, directory),
	TEXT("service", struct config_rssac002, service),
	OPTIONAL_TEXT("seed", struct config_rssac002, seed),
	CYAML_FIELD_END,
};

const cyaml_schema_field_t config_statistics_fields[] = {
	CYAML_FIELD_MAPPING_PTR("http", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
		struct config_statistics, http, http_fields),
	CYAML_FIELD_MAPPING_PTR("rssac002", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
		struct config_statistics, rssac002, rssac002_fields),
	CYAML_FIELD_END,
};

static int
http_check(const struct config *config, struct why *why)
{
	struct config_http *http = config->statistics.http;
	struct sockaddr_storage address;

	if (!http)
		return 0;
	if (http->port == 0)
		http->port = HTTP_PORT;
	if (!config_address_parse(
		    http->address ? http->address : CONFIG_HTTP_ADDRESS, http->port, &address))
		return FAULT(config, why, "statistics.http.address", "\"%s\" is not an IP address",
			http->address);
	return port_settings_bound(
		config->settings, why, "statistics.http.port", http->port, 1, UINT16_MAX);
}

static int
rssac002_check(const struct config *config, struct why *why)
{
	const struct config_rssac002 *rssac002 = config->statistics.rssac002;

	if (!rssac002)
		return 0;
	if (rssac002->service[0] == '.' || !strchr(rssac002->service, '.') ||
		strpbrk(rssac002->service, "/ \t\n:#"))
		return FAULT(config, why, "statistics.rssac002.service",
			"\"%s\" is not the name of a service", rssac002->service);
	return 0;
}

int
config_statistics_check(struct config *config, struct why *why)
{
	int rc = http_check(config, why);

	return rc < 0 ? rc : rssac002_check(config, why);
}
