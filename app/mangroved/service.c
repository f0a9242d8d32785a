/* SPDX-License-Identifier: BSD-3-Clause */
/* From zone files, and what the configuration says of the node, to what is answered from. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "server.h"

static void
zone_accepted_say(const struct config_zone *zone, const struct image *image)
{
	char name[WIRE_NAME_TEXT_MAX];
	struct image_facts facts;

	image_facts(image, &facts);
	wire_name_to_text(&facts.origin, name);
	log_say(NOTICE, log_zone,
		"zone accepted zone=%s serial=%u names=%u octets=%llu dnssec=%s zonemd=%s\n", name,
		facts.serial, facts.node_count, (unsigned long long)facts.size,
		facts.dnssec ? "proven" : "unproven", facts.zonemd ? "proven" : "unproven");
	if (zone->at_time)
		log_say(WARNING, log_zone,
			"signatures are judged at a configured time zone=%s at=%s\n", name,
			zone->at);
}

static int
zone_build(const struct server *server, const struct config_zone *zone, struct image **image,
	struct why *why)
{
	const struct config *config = server->config;
	char program[SERVER_PATH_MAX];
	const struct builder_request request = {
		.program = program,
		.path = zone->file,
		.origin = zone->origin,
		.verify =
			{
				.dnssec = zone->dnssec,
				.zonemd = zone->zonemd,
				.anchors = zone->anchors,
				.at = zone->at_time ? zone->at_time : time(NULL),
			},
		.cpu_seconds = config->builder_cpu_seconds,
		.wall_seconds = config->builder_wall_seconds,
		.memory_size = (size_t)config->builder_memory_mb << 20,
	};
	struct builder_result made;
	int rc;

	server_builder_path(server, program);
	rc = builder_run(&request, &made, why);
	if (rc < 0)
		return rc;
	*image = made.image;
	made.image = NULL;
	zone_accepted_say(zone, *image);
	if (made.warning.text[0])
		log_say(WARNING, log_zone, "%s\n", made.warning.text);
	builder_result_free(&made);
	return 0;
}

/* Two zones of one name: which of them answered would be chance. */
static int
origin_check(
	const struct image_catalogue *catalogue, const struct config_zone *zone, struct why *why)
{
	struct image_facts facts, other;
	char name[WIRE_NAME_TEXT_MAX];

	image_facts(catalogue->images[catalogue->count - 1], &facts);
	for (unsigned int i = 0; i + 1 < catalogue->count; i++) {
		image_facts(catalogue->images[i], &other);
		if (wire_name_equal(&other.origin, &facts.origin))
			return why_set(why, EEXIST, "%s: zones[%u] is the zone %s already",
				zone->file, i, wire_name_to_text(&facts.origin, name));
	}
	return 0;
}

/* Build a zone; where that fails, go on with the image that is served. */
static int
zone_take(const struct server *server, unsigned int index, const struct engine_service *old,
	struct engine_service *service, struct why *why)
{
	const struct config_zone *zone = &server->config->zones[index];
	struct image_catalogue *catalogue = &service->catalogue;
	struct image *image;
	int rc = zone_build(server, zone, &image, why);

	if (rc < 0 && !old)
		return rc;
	if (rc < 0)
		log_say(ERR, log_zone, "zone refused, the old one stays: %s\n", why->text);
	catalogue->images[catalogue->count++] = rc < 0 ? old->catalogue.images[index] : image;
	return origin_check(catalogue, zone, why);
}

static int
self_make(const struct server *server, struct exchange_self *self, struct why *why)
{
	const struct config *config = server->config;

	*self = config->self;
	if (config->cookies.secrets)
		return guard_secrets_read(config->cookies.secrets, &self->secrets, why);
	self->secrets = server->secrets;
	return 0;
}

int
server_service_build(const struct server *server, const struct engine_service *old,
	struct engine_service **service, struct why *why)
{
	struct engine_service *made = calloc(1, sizeof(*made));
	int rc;

	if (!made)
		return why_set(why, ENOMEM, "out of memory");
	made->generation = old ? old->generation + 1 : 1;
	rc = self_make(server, &made->self, why);
	if (rc < 0 && old) {
		log_say(ERR, log_main, "cookies: the old secrets stay: %s\n", why->text);
		made->self = old->self;
		rc = 0;
	}
	for (unsigned int i = 0; i < server->config->zones_count && rc == 0; i++)
		rc = zone_take(server, i, old, made, why);
	if (rc < 0) {
		server_service_free(made, old);
		return rc;
	}
	image_catalogue_index(&made->catalogue);
	*service = made;
	return 0;
}

void
server_service_free(struct engine_service *service, const struct engine_service *kept)
{
	if (!service)
		return;
	for (unsigned int i = 0; i < service->catalogue.count; i++) {
		const struct image *image = service->catalogue.images[i];

		if (!kept || kept->catalogue.images[i] != image)
			image_free((struct image *)(uintptr_t)image);
	}
	sodium_memzero(&service->self.secrets, sizeof(service->self.secrets));
	free(service);
}
