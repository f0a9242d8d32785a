/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RSSAC002_RSSAC002_PRIV_H
#define RSSAC002_RSSAC002_PRIV_H

#include "rssac002/rssac002.h"

/** The metrics, each a file. */
enum rssac002_metric {
	RSSAC002_LOAD_TIME,
	RSSAC002_ZONE_SIZE,
	RSSAC002_TRAFFIC_VOLUME,
	RSSAC002_TRAFFIC_SIZES,
	RSSAC002_RCODE_VOLUME,
	RSSAC002_UNIQUE_SOURCES,
	RSSAC002_SKETCH, /* our own: what unique-sources are merged from */
	RSSAC002_METRICS
};

extern const char *const rssac002_metric_names[RSSAC002_METRICS];

/* keys of traffic-volume by way, of traffic-sizes by transport, of unique-sources */
extern const char *const rssac002_query_keys[STATS_WAYS], *const rssac002_reply_keys[STATS_WAYS];
extern const char *const rssac002_query_size_keys[2], *const rssac002_reply_size_keys[2];
extern const char *const rssac002_source_keys[STATS_SOURCES];

/** The path of a file. @return 0 or -ENAMETOOLONG */
int rssac002_path(const struct rssac002_place *place, int64_t day, enum rssac002_metric metric,
	char path[static RSSAC002_PATH_MAX], struct why *why);

/** Write a file whole or not at all; its folders are made. */
int rssac002_file_put(const char *path, const void *data, size_t size, struct why *why);

/** @return 0, -ENOENT, or what else is wrong with it */
int rssac002_state_read(
	const struct rssac002_place *place, struct rssac002_figures *figures, struct why *why);
int rssac002_state_write(const struct rssac002_place *place, const struct rssac002_figures *figures,
	struct why *why);

/** The version of a serial, made if there is room. @return NULL: there is none */
struct rssac002_version *rssac002_version_of(struct rssac002_figures *figures, uint32_t serial);

#endif
