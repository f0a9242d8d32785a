/* SPDX-License-Identifier: BSD-3-Clause */
#include "provide.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "config_priv.h"
#include "log.h"
#include "node.h"

static void
notified(void *context, const struct wire_name *origin, const struct sockaddr *source,
	bool has_serial, uint32_t serial)
{
	struct node *node = context;
	struct zone_entry *zone = zones_find(&node->zones, origin);
	struct image_facts facts;

	if (!zone)
		return;
	/* a hint: what we have already need not be asked for */
	if (has_serial && zone->image) {
		image_facts(zone->image, &facts);
		if (facts.serial == serial)
			return;
	}
	if (has_serial)
		statistics_heard(&node->statistics, origin, serial);
	log_event(EVENT_NOTIFIED, "notified zone=%s serial=%u", zone->name, serial);
	zone_notified(zone, source);
}

static void
told(void *context, bool is_bad, const char *line)
{
	(void)context;
	log_event(is_bad ? EVENT_SECONDARY_FAULT : EVENT_SECONDARY, "%s", line);
}

static int
key_find(const struct node *node, const char *name, const char *where, unsigned int index,
	const struct tsig_key **key, struct why *why)
{
	struct wire_name wanted;

	*key = NULL;
	if (!name)
		return 0;
	if (wire_name_from_text(&wanted, name)) {
		wire_name_fold(&wanted);
		*key = tsig_key_find(node->keys, &wanted);
	}
	return *key ? 0
		    : why_set(why, ENOENT, "transfer.%s[%u].key: %s has no key %s", where, index,
			      node->config->tsig_keys, name);
}

static int
access_fill(struct primary_settings *settings, const struct node *node, struct why *why)
{
	const struct config_transfer *config = &node->config->transfer;

	for (unsigned int i = 0; i < config->access_count; i++) {
		const struct config_access *from = &config->access[i];
		struct primary_access *to = &settings->access[settings->access_count++];

		to->address_size = from->prefix.family == AF_UNSPEC ? 0
				   : from->prefix.family == AF_INET ? 4
								    : 16;
		to->prefix_length = from->prefix.prefix_length;
		memcpy(to->address, from->prefix.octets, sizeof(to->address));
		to->actions = from->allow;
		if (key_find(node, from->key, "access", i, &to->key, why) < 0)
			return -ENOENT;
	}
	return 0;
}

/* Primaries may notify from the addresses where they are asked, with their keys. */
static void
primaries_admit(struct primary_settings *settings, const struct node *node)
{
	const struct config *config = node->config;

	for (unsigned int i = 0; i < config->primaries_count; i++) {
		const struct sockaddr_storage *address = &config->primaries[i].to;
		struct primary_access *to;

		if (settings->access_count == PRIMARY_ACCESS_MAX)
			return;
		to = &settings->access[settings->access_count++];
		to->actions = PRIMARY_MAY_NOTIFY;
		to->key = node->zones.means[i].key;
		if (address->ss_family == AF_INET) {
			to->address_size = 4;
			to->prefix_length = 32;
			memcpy(to->address, &((const struct sockaddr_in *)address)->sin_addr, 4);
		} else {
			to->address_size = 16;
			to->prefix_length = 128;
			memcpy(to->address, &((const struct sockaddr_in6 *)address)->sin6_addr, 16);
		}
	}
}

static int
secondaries_fill(struct primary_settings *settings, const struct node *node, struct why *why)
{
	const struct config_transfer *config = &node->config->transfer;

	for (unsigned int i = 0; i < config->secondaries_count; i++) {
		struct primary_secondary *to = &settings->secondaries[settings->secondary_count++];

		to->address = config->secondaries[i].to;
		if (key_find(node, config->secondaries[i].key, "secondaries", i, &to->key, why) < 0)
			return -ENOENT;
	}
	return 0;
}

static void
listeners_fill(struct primary_settings *settings, const struct node *node)
{
	const struct config_transfer *config = &node->config->transfer;

	for (unsigned int i = 0; i < config->addresses_count; i++) {
		config_address_parse(config->addresses[i], config->port,
			&settings->listeners[settings->listener_count++].address);
		if (!config->tls)
			continue;
		settings->listeners[settings->listener_count].tls = true;
		config_address_parse(config->addresses[i], config->tls->port,
			&settings->listeners[settings->listener_count++].address);
	}
	if (config->tls) {
		settings->certificate = config->tls->certificate;
		settings->key = config->tls->key;
	}
}

int
provide_begin(struct provide *provide, struct node *node, struct why *why)
{
	const struct config_transfer *config = &node->config->transfer;
	struct primary_settings *settings = &provide->settings;
	int rc;

	if (config->addresses_count == 0 && config->secondaries_count == 0)
		return 0;
	*settings = (struct primary_settings){
		.loop = &node->loop,
		.slot = &node->server.slot,
		.reader = server_control_reader(&node->server),
		.keys = node->keys,
		.limits = primary_limits_default,
		.callbacks = {.context = node, .notified = notified, .told = told},
	};
	settings->limits.connections = config->connections;
	settings->limits.connections_per_prefix = config->connections_per_prefix;
	settings->limits.message_timeout_ms = config->message_timeout_ms;
	settings->limits.transfers = config->transfers;
	settings->limits.transfers_per_prefix = config->transfers_per_prefix;
	settings->limits.octets_per_second = (uint64_t)config->rate_kib << 10;
	settings->limits.octets_per_second_per_transfer = (uint64_t)config->rate_kib << 10;
	listeners_fill(settings, node);
	rc = access_fill(settings, node, why);
	if (rc == 0)
		rc = secondaries_fill(settings, node, why);
	if (rc < 0)
		return rc;
	primaries_admit(settings, node);
	return primary_start(settings, &provide->primary, why);
}

void
provide_published(struct provide *provide, const struct engine_service *service)
{
	struct why why;

	if (provide->primary && primary_publish(provide->primary, &service->catalogue, &why) < 0)
		log_event(EVENT_SECONDARIES_STALE, "secondaries get the old zones: %s", why.text);
}

void
provide_end(struct provide *provide)
{
	primary_free(provide->primary);
	provide->primary = NULL;
}

void
provide_log(const struct provide *provide)
{
	for (unsigned int i = 0; provide->primary && i < PRIMARY_COUNTS; i++) {
		uint64_t count = primary_count(provide->primary, i);

		if (count)
			log_say(INFO, log_main, "count transfer_%s=%" PRIu64 "\n",
				primary_count_names[i], count);
	}
}
