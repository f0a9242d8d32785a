/* SPDX-License-Identifier: BSD-3-Clause */
/* From zone files to a catalogue of images. */
#include <errno.h>
#include <stdlib.h>

#include "log.h"
#include "server.h"

static int
zone_build(const struct server *server, const struct config_zone *zone, struct image **image,
	struct why *why)
{
	const struct config *config = server->config;
	char program[SERVER_PATH_MAX], name[WIRE_NAME_TEXT_MAX];
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
	struct image_facts facts;
	struct why warning;
	int rc;

	server_builder_path(server, program);
	rc = builder_run(&request, image, &warning, why);
	if (rc < 0)
		return rc;
	image_facts(*image, &facts);
	wire_name_to_text(&facts.origin, name);
	log_say(NOTICE, log_zone,
		"zone accepted zone=%s serial=%u names=%u octets=%llu dnssec=%s zonemd=%s\n", name,
		facts.serial, facts.node_count, (unsigned long long)facts.size,
		facts.dnssec ? "proven" : "unproven", facts.zonemd ? "proven" : "unproven");
	if (zone->at_time)
		log_say(WARNING, log_zone,
			"signatures are judged at a configured time zone=%s at=%s\n", name,
			zone->at);
	if (warning.text[0])
		log_say(WARNING, log_zone, "%s\n", warning.text);
	return 0;
}

int
server_catalogue_build(
	const struct server *server, struct image_catalogue **catalogue, struct why *why)
{
	struct image_catalogue *made = calloc(1, sizeof(*made));

	if (!made)
		return why_set(why, ENOMEM, "out of memory");
	for (unsigned int i = 0; i < server->config->zones_count; i++) {
		struct image *image;
		int rc = zone_build(server, &server->config->zones[i], &image, why);

		if (rc < 0) {
			server_catalogue_free(made);
			return rc;
		}
		made->images[made->count++] = image;
	}
	*catalogue = made;
	return 0;
}

void
server_catalogue_free(const struct image_catalogue *catalogue)
{
	if (!catalogue)
		return;
	for (unsigned int i = 0; i < catalogue->count; i++)
		image_free((struct image *)(uintptr_t)catalogue->images[i]);
	free((void *)(uintptr_t)catalogue);
}
