/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Zones are loaded, verified and compiled in a child process, bounded in CPU time, memory and wall
 * time: a zone that makes a parser hang, crash or swell is a refused zone, never a sick server.
 *
 * Control plane only.
 */
#ifndef BUILDER_BUILDER_H
#define BUILDER_BUILDER_H

#include "base/base.h"
#include "image/image.h"
#include "zone/zone.h"

struct builder_request {
	const char *program; /* path of mangrove-zone */
	const char *path;    /* of the master file */
	const char *origin;  /* presentation form; NULL: the owner of the SOA */
	struct zone_verify_options verify;
	unsigned int cpu_seconds, wall_seconds; /* 0: BUILDER_*_DEFAULT */
	size_t memory_size; /* octets of address space; 0: BUILDER_MEMORY_DEFAULT */
};

enum { BUILDER_CPU_SECONDS_DEFAULT = 60, BUILDER_WALL_SECONDS_DEFAULT = 120 };
#define BUILDER_MEMORY_DEFAULT ((size_t)2 << 30)

/**
 * Run a builder and open what it made. Waits for it, at most as long as its wall time; it and its
 * children are dead on return. Any thread may call it.
 *
 * @param image    the caller's: image_free()
 * @param warning  filled in when the zone was taken with a reservation; text[0] == 0: none
 * @return 0, or -errno: what the builder found, or how it ended
 */
int builder_run(const struct builder_request *request, struct image **image, struct why *warning,
	struct why *why);

/** A child that answers queries again from plain records: `mangrove-zone audit`. */
struct builder_auditor {
	pid_t pid;  /* 0: none runs */
	int socket; /* SOCK_SEQPACKET, never waits; lib/audit/audit.h says what goes through it */
};

/**
 * Start an auditor, bounded in memory. It dies with us.
 *
 * @param arguments  of the program, its name first, NULL last
 */
int builder_auditor_start(const char *program, const char *const *arguments, size_t memory_size,
	struct builder_auditor *auditor, struct why *why);

/** End it, if one runs. @return its status, as of wait(2) */
int builder_auditor_stop(struct builder_auditor *auditor);

/**
 * For the builder itself, once it has read its files and before it parses them: become nobody if it
 * is root, drop capabilities, and start no process any more.
 */
int builder_confine(struct why *why);

#endif
