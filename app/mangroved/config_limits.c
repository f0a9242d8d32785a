/* SPDX-License-Identifier: BSD-3-Clause */
/* What is not worth sending: the configuration's limits. */
#include <errno.h>

#include "config_priv.h"

enum {
	RATE_MAX = 1000000000, /* that is: no limit */
	PREFIXES_MIN = 1 << 10,
	PREFIXES_MAX = 1 << LIMIT_LINES_LOG2_MAX,
};

/* more than any machine's links */
#define OCTETS_MAX UINT64_C(1000000000000)

static const cyaml_strval_t modes[] = {{"off", CONFIG_LIMITS_OFF},
	{"observe", CONFIG_LIMITS_OBSERVE}, {"enforce", CONFIG_LIMITS_ENFORCE}};

const cyaml_schema_field_t config_limits_fields[] = {
	OPTIONAL_ENUM("mode", struct config_limits, mode, modes),
	OPTIONAL_NUMBER("prefix_ipv4", struct config_limits, prefix_ipv4),
	OPTIONAL_NUMBER("prefix_ipv6", struct config_limits, prefix_ipv6),
	OPTIONAL_NUMBER("answers_per_second", struct config_limits, answers_per_second),
	OPTIONAL_NUMBER("nxdomain_per_second", struct config_limits, nxdomain_per_second),
	OPTIONAL_NUMBER("errors_per_second", struct config_limits, errors_per_second),
	OPTIONAL_NUMBER("all_per_second", struct config_limits, all_per_second),
	OPTIONAL_NUMBER("octets_per_second", struct config_limits, octets_per_second),
	OPTIONAL_NUMBER("burst_ms", struct config_limits, burst_ms),
	CYAML_FIELD_UINT_PTR(
		"slip", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config_limits, slip),
	OPTIONAL_NUMBER("leak", struct config_limits, leak),
	OPTIONAL_LIST("exempt", struct config_limits, exempt, &config_text_entry, LIMIT_EXEMPT_MAX),
	OPTIONAL_ENUM("exempt_cookies", struct config_limits, exempt_cookies, config_switches),
	OPTIONAL_NUMBER("node_tc_per_second", struct config_limits, node_tc_per_second),
	OPTIONAL_NUMBER("node_errors_per_second", struct config_limits, node_errors_per_second),
	OPTIONAL_NUMBER("node_octets_per_second", struct config_limits, node_octets_per_second),
	OPTIONAL_NUMBER("spread", struct config_limits, spread),
	OPTIONAL_NUMBER("prefixes", struct config_limits, prefixes),
	CYAML_FIELD_END,
};

bool
config_limit_prefix_parse(const char *text, struct limit_prefix *prefix)
{
	struct exception_address address;

	if (!config_prefix_parse(text, &address))
		return false;
	*prefix = limit_prefix_make(
		address.octets, address.family == AF_INET6, address.prefix_length);
	return true;
}

static int
exempt_check(const struct config *config, struct limit_wishes *wishes, struct why *why)
{
	const struct config_limits *limits = &config->limits;

	for (unsigned int i = 0; i < limits->exempt_count; i++)
		if (!config_limit_prefix_parse(limits->exempt[i], &wishes->exempt[i]))
			return FAULT(config, why, config_key_of("limits.exempt[%u]", i).text,
				"\"%s\" is not an IP address with the length of its prefix",
				limits->exempt[i]);
	wishes->exempt_count = limits->exempt_count;
	return 0;
}

/* A prefix's queries come from many ports, which NICs and the kernel deal to all threads. */
static unsigned int
threads_answering(const struct config *config)
{
	return config->lcores_count ? config->lcores_count : config->sockets.threads;
}

static int
numbers_check(struct config *config, struct why *why)
{
	static const unsigned int slip_preset = 2;
	struct config_limits *l = &config->limits;
	const struct config_number numbers[] = {
		{"limits.prefix_ipv4", &l->prefix_ipv4, 24, 8, 32},
		{"limits.prefix_ipv6", &l->prefix_ipv6, 56, 16, 64},
		{"limits.answers_per_second", &l->answers_per_second, 200, 1, RATE_MAX},
		{"limits.nxdomain_per_second", &l->nxdomain_per_second, 500, 1, RATE_MAX},
		{"limits.errors_per_second", &l->errors_per_second, 50, 1, RATE_MAX},
		{"limits.all_per_second", &l->all_per_second, 0, 0, RATE_MAX},
		{"limits.octets_per_second", &l->octets_per_second, 500000, 1, RATE_MAX},
		{"limits.burst_ms", &l->burst_ms, 1000, 1, LIMIT_BURST_MS_MAX},
		{"limits.leak", &l->leak, 0, 0, LIMIT_LEAK_MAX},
		{"limits.node_tc_per_second", &l->node_tc_per_second, 100000, 1, RATE_MAX},
		{"limits.node_errors_per_second", &l->node_errors_per_second, 100000, 1, RATE_MAX},
		{"limits.spread", &l->spread, threads_answering(config), 1, LIMIT_SPREAD_MAX},
		{"limits.prefixes", &l->prefixes, 1 << 16, PREFIXES_MIN, PREFIXES_MAX},
	};
	int rc = config_numbers_check(config, numbers, sizeof(numbers) / sizeof(numbers[0]), why);

	if (rc == 0)
		rc = port_settings_bound(config->settings, why, "limits.slip",
			l->slip ? *l->slip : slip_preset, 0, LIMIT_SLIP_MAX);
	if (rc == 0)
		rc = port_settings_bound(config->settings, why, "limits.node_octets_per_second",
			l->node_octets_per_second, 0, OCTETS_MAX);
	if (rc < 0)
		return rc;
	config->limits.wishes.slip = l->slip ? *l->slip : slip_preset;
	return 0;
}

int
config_limits_check(struct config *config, struct why *why)
{
	static const enum limit_mode mode_of[] = {[CONFIG_LIMITS_OBSERVE] = LIMIT_OBSERVE,
		[CONFIG_LIMITS_OFF] = LIMIT_OFF,
		[CONFIG_LIMITS_ENFORCE] = LIMIT_ENFORCE};
	struct config_limits *l = &config->limits;
	struct limit_wishes *wishes = &l->wishes;
	struct limit_rules rules;
	int rc = numbers_check(config, why);

	if (rc < 0)
		return rc;
	wishes->mode = mode_of[l->mode];
	wishes->prefix_ipv4 = l->prefix_ipv4;
	wishes->prefix_ipv6 = l->prefix_ipv6;
	wishes->key_rate = l->answers_per_second;
	wishes->nxdomain_rate = l->nxdomain_per_second;
	wishes->error_rate = l->errors_per_second;
	wishes->all_rate = l->all_per_second;
	wishes->octet_rate = l->octets_per_second;
	wishes->burst_ms = l->burst_ms;
	wishes->leak = l->leak;
	wishes->exempt_cookies = l->exempt_cookies == CONFIG_YES;
	wishes->tc_budget = l->node_tc_per_second;
	wishes->error_budget = l->node_errors_per_second;
	wishes->octet_budget = l->node_octets_per_second;
	wishes->spread = l->spread;
	wishes->limiters = threads_answering(config);
	rc = exempt_check(config, wishes, why);
	if (rc < 0)
		return rc;
	/* all bounds were checked by their keys */
	return limit_rules_make(wishes, &rules, why);
}
