/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * RSSAC002, "RSSAC Advisory on Measurements of the Root Server System": a day's figures of a node
 * as the published YAML files have them (version 5), and files of many nodes merged into those of
 * the service.
 *
 *   DIRECTORY/2026/05/traffic-volume/l-root-20260501-traffic-volume.yaml
 *
 * A day is one of UTC. What was counted survives a restart in DIRECTORY/state, written anew each
 * minute. Control plane, one thread; files are small, and written at once.
 */
#ifndef RSSAC002_RSSAC002_H
#define RSSAC002_RSSAC002_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "stats/stats.h"

enum {
	RSSAC002_PATH_MAX = 4096,
	RSSAC002_SERVICE_MAX = 256,
	RSSAC002_RCODES = 4096,	    /* RFC 6891 6.1.3: twelve bits */
	RSSAC002_VERSIONS_MAX = 64, /* of the zone in a day; further ones are not told */
	RSSAC002_SAVE_SECONDS = 60,
	RSSAC002_DAY_SECONDS = 86400,
	RSSAC002_MARK_SIZE = 17, /* 16 hexadecimal digits */
};

/** What a day's files say. */
struct rssac002_figures {
	int64_t day; /* since 1970 */
	uint64_t queries[STATS_WAYS], replies[STATS_WAYS];
	/* [0] over UDP, [1] over TCP */
	uint64_t query_sizes[2][STATS_QUERY_SIZES], reply_sizes[2][STATS_REPLY_SIZES];
	uint64_t rcodes[RSSAC002_RCODES];
	uint32_t version_count;
	struct rssac002_version {
		uint32_t serial;
		uint32_t load_seconds; /* from heard of to served */
		uint64_t size;	       /* octets in wire format */
		uint8_t has_load, has_size;
	} versions[RSSAC002_VERSIONS_MAX];
	uint64_t sources[STATS_SOURCES]; /* estimated */
	struct stats_sketch sketches[STATS_SOURCES];
	/* what tells the sketches' seed from another; "": there are no sketches */
	char mark[RSSAC002_MARK_SIZE];
};

/* ---- files ---- */

struct rssac002_place {
	const char *directory;
	const char *service; /* "l.root-servers.net" */
};

/** Write the files of a day. @return 0 or -errno: the first that failed; others are written. */
int rssac002_write(const struct rssac002_place *place, const struct rssac002_figures *figures,
	struct why *why);

/**
 * Read the files of a day, as anybody's, not only our own. A file that is not there has no figures.
 *
 * @param found  how many files were there
 */
int rssac002_read(const struct rssac002_place *place, int64_t day, struct rssac002_figures *figures,
	unsigned int *found, struct why *why);

/**
 * Merge the files of nodes into those of their service: sums; of load times the 95th percentile;
 * of sources the estimate of their union, which needs every node's sketches, of one seed.
 *
 * @param nodes  directories, at least one
 */
int rssac002_merge(const char *const *nodes, unsigned int count, int64_t day,
	const struct rssac002_place *output, struct why *why);

/** "20260501" to a day since 1970. @return false: it is none */
bool rssac002_day_read(const char *text, int64_t *day);

/* ---- a node ---- */

enum rssac002_fault {
	RSSAC002_FAULT_WRITE, /* a day's files could not be written; tried again */
	RSSAC002_FAULT_STATE, /* nor what survives a restart */
	RSSAC002_FAULT_LOST,  /* a day's files could not be written for a whole day */
	RSSAC002_FAULT_CLOCK, /* the clock stepped back */
	RSSAC002_FAULTS
};

extern const char *const rssac002_fault_names[RSSAC002_FAULTS];

struct rssac002_settings {
	struct rssac002_place place;
	struct stats_seed seed; /* of the writers' sketches */
	/* A line for the log. */
	void (*told)(void *context, bool is_bad, const char *line);
	void *context;
};

struct rssac002;

/**
 * Begin, or go on where a state file ended; the files of a day that is over by now are written.
 *
 * @param settings  strings are copied
 * @param now       seconds since 1970
 * @return NULL: no memory
 */
struct rssac002 *rssac002_new(const struct rssac002_settings *settings, int64_t now);

/**
 * Count up to now; at the first call of a day end the one before. What writers have counted only
 * grows, and their sketches of the day before the last are made ready for the next.
 */
void rssac002_turn(struct rssac002 *rssac002, struct stats_set *set, int64_t now);

/** A version of the root zone is served. @param load_seconds  below 0: not known */
void rssac002_version(
	struct rssac002 *rssac002, uint32_t serial, int64_t load_seconds, uint64_t size);

/** How many milliseconds to wait until rssac002_turn(): ten seconds, or until midnight. */
uint64_t rssac002_wait_ms(int64_t now_ms);

/** What is known of the day so far. */
const struct rssac002_figures *rssac002_today(const struct rssac002 *rssac002);

uint64_t rssac002_fault_count(const struct rssac002 *rssac002, enum rssac002_fault fault);

/** Write the state, and end. NULL is fine. */
void rssac002_free(struct rssac002 *rssac002);

#endif
