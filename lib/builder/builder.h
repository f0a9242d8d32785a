/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Zones are loaded, verified, compiled and proven in a child process, bounded in CPU time, memory
 * and wall time: a zone that makes a parser hang, crash or swell is a refused zone, never a sick
 * server.
 *
 * Control plane only.
 */
#ifndef BUILDER_BUILDER_H
#define BUILDER_BUILDER_H

#include <stdio.h>

#include "base/base.h"
#include "image/image.h"
#include "zone/zone.h"

struct builder_request {
	const char *program;	     /* path of mangrove-zone */
	const char *path;	     /* of the master file; what messages call the zone's source */
	const char *origin;	     /* presentation form; NULL: the owner of the SOA */
	struct zone_records base;    /* what differences apply to: image_records(); 0: none */
	struct zone_records records; /* what a primary sent; length 0: `path` is read */
	struct zone_verify_options verify;
	unsigned int cpu_seconds, wall_seconds; /* 0: BUILDER_*_DEFAULT */
	size_t memory_size; /* octets of address space; 0: BUILDER_MEMORY_DEFAULT */
};

enum { BUILDER_CPU_SECONDS_DEFAULT = 60, BUILDER_WALL_SECONDS_DEFAULT = 120 };
#define BUILDER_MEMORY_DEFAULT ((size_t)2 << 30)

/** What a builder made, and what it says of it. */
struct builder_result {
	struct image *image;
	int text_fd;	      /* sealed memfd: the zone as zone_text_write() has it, for reading */
	struct why warning;   /* the zone was taken with a reservation; text[0] == 0: none */
	char anchor_tags[64]; /* as in struct zone_verification */
	uint64_t signature_count, record_count, proven; /* proven: answers compared */
	unsigned int load_ms, verify_ms, compile_ms, prove_ms;
};

/**
 * Run a builder and open what it made. Waits for it, at most as long as its wall time; it and its
 * children are dead on return. Any thread may call it.
 *
 * @param result  the caller's on success: builder_result_free(); else untouched
 * @return 0; -ESTALE: the differences do not fit the base, so the whole zone is to be asked for;
 *         or -errno: what the builder found, or how it ended
 */
int builder_run(
	const struct builder_request *request, struct builder_result *result, struct why *why);

/** Free image and text; a caller who takes one over sets it to NULL or -1 before. */
void builder_result_free(struct builder_result *result);

/*
 * For the builder itself. It writes the image to standard output, the zone as text to
 * BUILDER_TEXT_FD, and in the end a report to standard error, or the reason why there is none.
 */
enum { BUILDER_TEXT_FD = 3, BUILDER_EXIT_MISFIT = 3 /* its exit code for -ESTALE */ };

/** Write the report of what was made: all of `result` but image and text. */
void builder_report(const struct builder_result *result, FILE *file);

/** A child that answers queries again from plain records: `mangrove-zone audit`. */
struct builder_auditor {
	pid_t pid;  /* 0: none runs */
	int socket; /* SOCK_SEQPACKET, never waits; lib/audit/audit.h says what goes through it */
};

/* Where a child finds the first descriptor that it inherits; the others follow. */
enum { BUILDER_INHERITED_FD = 3 };

/**
 * Start an auditor, bounded in memory. It dies with us.
 *
 * @param arguments  of the program, its name first, NULL last
 * @param fds        what it inherits, at most IMAGE_CATALOGUE_MAX, in this order; ours stay open
 */
int builder_auditor_start(const char *program, const char *const *arguments, const int *fds,
	unsigned int fd_count, size_t memory_size, struct builder_auditor *auditor,
	struct why *why);

/** End it, if one runs. @return its status, as of wait(2) */
int builder_auditor_stop(struct builder_auditor *auditor);

/**
 * For the builder itself, once it has read its files and before it parses them: become nobody if it
 * is root, drop capabilities, and start no process any more.
 */
int builder_confine(struct why *why);

#endif
