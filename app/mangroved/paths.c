/* SPDX-License-Identifier: BSD-3-Clause */
/* Where our own files are: installed, or in the folder of a build. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "server.h"

static void
path_find(const struct server *server, const char *configured, const char *const *places,
	char path[static SERVER_PATH_MAX])
{
	if (configured) {
		snprintf(path, SERVER_PATH_MAX, "%s", configured);
		return;
	}
	/* the first one stays if none is there, so that an error names the usual place */
	for (unsigned int i = 0; places[i]; i++) {
		char found[PATH_MAX];

		snprintf(path, SERVER_PATH_MAX, "%.400s/%s", server->directory, places[i]);
		if (realpath(path, found)) {
			snprintf(path, SERVER_PATH_MAX, "%.*s", SERVER_PATH_MAX - 1, found);
			return;
		}
	}
	snprintf(path, SERVER_PATH_MAX, "%.400s/%s", server->directory, places[0]);
}

void
server_builder_path(const struct server *server, char path[static SERVER_PATH_MAX])
{
	static const char *const places[] = {
		"mangrove-zone", "../mangrove-zone/mangrove-zone", NULL};

	path_find(server, server->config->builder, places, path);
}

void
server_xdp_path(const struct server *server, char path[static SERVER_PATH_MAX])
{
	static const char *const places[] = {
		"../lib/mangrove/mangrove_xdp.o", "../../lib/port/mangrove_xdp.o", NULL};

	path_find(server, server->config->xdp_program, places, path);
}

void
server_drivers_path(const struct server *server, char path[static SERVER_PATH_MAX])
{
	static const char *const places[] = {
		"../share/mangrove/drivers-config", "../../drivers-config", NULL};

	path_find(server, server->config->drivers_config, places, path);
}
