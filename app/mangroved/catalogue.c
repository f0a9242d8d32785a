/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server.h"

void
server_path(const struct server *server, const char *configured, const char *name,
	char path[static 512])
{
	snprintf(path, 512, "%s", configured ? configured : "");
	if (configured)
		return;
	/* installed beside us, or in the build's neighbouring folder */
	snprintf(path, 512, "%s/%s", server->directory, name);
	if (access(path, R_OK) < 0)
		snprintf(path, 512, "%s/../%s/%s", server->directory, name, name);
	if (access(path, R_OK) < 0)
		snprintf(path, 512, "%s/../../lib/port/%s", server->directory, name);
}

static int
zone_build(const struct server *server, const struct config_zone *zone, struct image **image,
	struct why *why)
{
	char program[512];
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
	};
	char name[WIRE_NAME_TEXT_MAX];
	struct image_facts facts;
	struct why warning;
	int rc;

	server_path(server, server->config->builder, "mangrove-zone", program);
	rc = builder_run(&request, image, &warning, why);
	if (rc < 0)
		return rc;
	image_facts(*image, &facts);
	wire_name_to_text(&facts.origin, name);
	SERVER_LOG(NOTICE,
		"zone accepted zone=%s serial=%u names=%u octets=%llu dnssec=%s zonemd=%s\n", name,
		facts.serial, facts.node_count, (unsigned long long)facts.size,
		facts.dnssec ? "proven" : "unproven", facts.zonemd ? "proven" : "unproven");
	if (zone->at_time)
		SERVER_LOG(WARNING, "signatures are judged at a configured time at=%s\n", zone->at);
	if (warning.text[0])
		SERVER_LOG(WARNING, "%s\n", warning.text);
	return 0;
}

int
server_catalogue_build(
	const struct server *server, struct image_catalogue **catalogue, struct why *why)
{
	struct image_catalogue *made = calloc(1, sizeof(*made));

	if (!made)
		return why_set(why, 12, "out of memory");
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
