/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration: what is looked at beside figures, and what is asked for it. */
#include "config_priv.h"
#include "observe/observe.h"
#include "rssac047/rssac047.h"

const cyaml_schema_field_t config_observe_fields[] = {
	OPTIONAL_ENUM("enabled", struct config_observe, enabled, config_switches),
	OPTIONAL_NUMBER("sample_one_in", struct config_observe, sample_one_in),
	OPTIONAL_NUMBER("networks_one_in", struct config_observe, networks_one_in),
	OPTIONAL_NUMBER("leak_networks_min", struct config_observe, leak_networks_min),
	OPTIONAL_NUMBER("leak_queries_min", struct config_observe, leak_queries_min),
	CYAML_FIELD_END,
};

const cyaml_schema_field_t config_rssac047_fields[] = {
	OPTIONAL_NUMBER("interval_seconds", struct config_rssac047, interval_seconds),
	CYAML_FIELD_END,
};

int
config_observe_check(struct config *config, struct why *why)
{
	struct config_observe *o = &config->observe;
	unsigned int unused = 0;
	const struct config_number numbers[] = {
		{"observe.sample_one_in", &o->sample_one_in, 256, 1, 1000000},
		{"observe.networks_one_in", &o->networks_one_in, 64, 1, 1000000},
		{"observe.leak_networks_min", &o->leak_networks_min, 20, 1,
			OBSERVE_LEAK_NETWORKS_MAX},
		{"observe.leak_queries_min", &o->leak_queries_min, 50, 1, 1000000000},
		{"rssac047.interval_seconds",
			config->rssac047 ? &config->rssac047->interval_seconds : &unused,
			RSSAC047_INTERVAL_SECONDS, 2, 3600},
	};

	return config_numbers_check(config, numbers, sizeof(numbers) / sizeof(numbers[0]), why);
}
