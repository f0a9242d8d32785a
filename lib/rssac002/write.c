/* SPDX-License-Identifier: BSD-3-Clause */
/* A day's figures as files. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "rssac002/rssac002_priv.h"

const char *const rssac002_metric_names[RSSAC002_METRICS] = {
	[RSSAC002_LOAD_TIME] = "load-time",
	[RSSAC002_ZONE_SIZE] = "zone-size",
	[RSSAC002_TRAFFIC_VOLUME] = "traffic-volume",
	[RSSAC002_TRAFFIC_SIZES] = "traffic-sizes",
	[RSSAC002_RCODE_VOLUME] = "rcode-volume",
	[RSSAC002_UNIQUE_SOURCES] = "unique-sources",
	[RSSAC002_SKETCH] = "unique-sources-sketch",
};
const char *const rssac002_query_keys[STATS_WAYS] = {
	[STATS_UDP_IPV4] = "dns-udp-queries-received-ipv4",
	[STATS_UDP_IPV6] = "dns-udp-queries-received-ipv6",
	[STATS_TCP_IPV4] = "dns-tcp-queries-received-ipv4",
	[STATS_TCP_IPV6] = "dns-tcp-queries-received-ipv6",
};
const char *const rssac002_reply_keys[STATS_WAYS] = {
	[STATS_UDP_IPV4] = "dns-udp-responses-sent-ipv4",
	[STATS_UDP_IPV6] = "dns-udp-responses-sent-ipv6",
	[STATS_TCP_IPV4] = "dns-tcp-responses-sent-ipv4",
	[STATS_TCP_IPV6] = "dns-tcp-responses-sent-ipv6",
};
const char *const rssac002_query_size_keys[2] = {"udp-request-sizes", "tcp-request-sizes"};
const char *const rssac002_reply_size_keys[2] = {"udp-response-sizes", "tcp-response-sizes"};
const char *const rssac002_source_keys[STATS_SOURCES] = {
	[STATS_SOURCES_IPV4] = "num-sources-ipv4",
	[STATS_SOURCES_IPV6] = "num-sources-ipv6",
	[STATS_SOURCES_IPV6_AGGREGATE] = "num-sources-ipv6-aggregate",
};

static struct tm
date_of(int64_t day)
{
	time_t seconds = (time_t)day * RSSAC002_DAY_SECONDS;
	struct tm date;

	gmtime_r(&seconds, &date);
	return date;
}

bool
rssac002_day_read(const char *text, int64_t *day)
{
	struct tm date = {0};
	char again[16];
	int year, month, of_month;
	time_t seconds;

	if (strlen(text) != 8 || strspn(text, "0123456789") != 8 ||
		sscanf(text, "%4d%2d%2d", &year, &month, &of_month) != 3)
		return false;
	date = (struct tm){.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = of_month};
	seconds = timegm(&date);
	/* a 31st of April is told by that it comes out as another day */
	strftime(again, sizeof(again), "%Y%m%d", &date);
	if (seconds < 0 || strcmp(again, text) != 0)
		return false;
	*day = seconds / RSSAC002_DAY_SECONDS;
	return true;
}

/* "l-root" of l.root-servers.net, as published files are named; other names with their dots as
 * hyphens. */
static void
service_short(const char *service, char text[static RSSAC002_SERVICE_MAX])
{
	static const char root[] = ".root-servers.net";
	size_t length = strlen(service);

	if (length > 0 && service[length - 1] == '.')
		length--;
	if (length > sizeof(root) - 1 &&
		strncmp(service + length - (sizeof(root) - 1), root, sizeof(root) - 1) == 0) {
		snprintf(text, RSSAC002_SERVICE_MAX, "%.*s-root",
			(int)(length - (sizeof(root) - 1)), service);
		return;
	}
	snprintf(text, RSSAC002_SERVICE_MAX, "%.*s", (int)length, service);
	for (char *at = text; *at; at++)
		if (*at == '.')
			*at = '-';
}

int
rssac002_path(const struct rssac002_place *place, int64_t day, enum rssac002_metric metric,
	char path[static RSSAC002_PATH_MAX], struct why *why)
{
	struct tm date = date_of(day);
	char name[RSSAC002_SERVICE_MAX];
	int length;

	service_short(place->service, name);
	length = snprintf(path, RSSAC002_PATH_MAX, "%s/%04d/%02d/%s/%s-%04d%02d%02d-%s.yaml",
		place->directory, date.tm_year + 1900, date.tm_mon + 1,
		rssac002_metric_names[metric], name, date.tm_year + 1900, date.tm_mon + 1,
		date.tm_mday, rssac002_metric_names[metric]);
	return length < RSSAC002_PATH_MAX
		       ? 0
		       : why_set(why, ENAMETOOLONG, "%s: the path is too long", place->directory);
}

static int
folders_make(const char *path, struct why *why)
{
	char folder[RSSAC002_PATH_MAX];

	snprintf(folder, sizeof(folder), "%s", path);
	for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(folder, 0755) < 0 && errno != EEXIST)
			return why_errno(why, "%s", folder);
		*slash = '/';
	}
	return 0;
}

int
rssac002_file_put(const char *path, const void *data, size_t size, struct why *why)
{
	char fresh[RSSAC002_PATH_MAX + 8];
	int fd, rc = folders_make(path, why);

	if (rc < 0)
		return rc;
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return why_errno(why, "%s", fresh);
	rc = file_write_all(fd, data, size);
	if (rc == 0 && fsync(fd) < 0)
		rc = -errno;
	if (close(fd) < 0 && rc == 0)
		rc = -errno;
	if (rc == 0 && rename(fresh, path) < 0)
		rc = -errno;
	if (rc == 0)
		return 0;
	unlink(fresh);
	return why_set(why, -rc, "%s: %s", path, strerror(-rc));
}

/* ---- one function for each file: what follows the common head ---- */

static void
versions_put(FILE *to, const char *key, const struct rssac002_figures *f, bool load)
{
	unsigned int count = 0;

	for (uint32_t i = 0; i < f->version_count; i++) {
		const struct rssac002_version *version = &f->versions[i];

		if (!(load ? version->has_load : version->has_size))
			continue;
		if (count++ == 0)
			fprintf(to, "%s:\n", key);
		fprintf(to, "  %010" PRIu32 ": %" PRIu64 "\n", version->serial,
			load ? version->load_seconds : version->size);
	}
	if (count == 0)
		fprintf(to, "%s: {}\n", key);
}

static void
sizes_put(FILE *to, const char *key, const uint64_t *sizes, unsigned int count)
{
	bool begun = false;

	for (unsigned int i = 0; i < count; i++) {
		if (sizes[i] == 0)
			continue;
		if (!begun)
			fprintf(to, "%s:\n", key);
		begun = true;
		if (i + 1 < count)
			fprintf(to, "  %u-%u: %" PRIu64 "\n", i * STATS_STEP,
				(i + 1) * STATS_STEP - 1, sizes[i]);
		else
			fprintf(to, "  %u-: %" PRIu64 "\n", i * STATS_STEP, sizes[i]);
	}
	if (!begun)
		fprintf(to, "%s: {}\n", key);
}

static void
volume_put(FILE *to, const struct rssac002_figures *f)
{
	for (unsigned int way = 0; way < STATS_WAYS; way++)
		fprintf(to, "%s: %" PRIu64 "\n", rssac002_query_keys[way], f->queries[way]);
	for (unsigned int way = 0; way < STATS_WAYS; way++)
		fprintf(to, "%s: %" PRIu64 "\n", rssac002_reply_keys[way], f->replies[way]);
}

static void
all_sizes_put(FILE *to, const struct rssac002_figures *f)
{
	for (unsigned int i = 0; i < 2; i++) {
		sizes_put(to, rssac002_query_size_keys[i], f->query_sizes[i], STATS_QUERY_SIZES);
		sizes_put(to, rssac002_reply_size_keys[i], f->reply_sizes[i], STATS_REPLY_SIZES);
	}
}

static void
rcodes_put(FILE *to, const struct rssac002_figures *f)
{
	for (unsigned int i = 0; i < RSSAC002_RCODES; i++)
		if (f->rcodes[i])
			fprintf(to, "%u: %" PRIu64 "\n", i, f->rcodes[i]);
}

static void
sources_put(FILE *to, const struct rssac002_figures *f)
{
	for (unsigned int i = 0; i < STATS_SOURCES; i++)
		fprintf(to, "%s: %" PRIu64 "\n", rssac002_source_keys[i], f->sources[i]);
}

static void
sketches_put(FILE *to, const struct rssac002_figures *f)
{
	char text[sodium_base64_ENCODED_LEN(STATS_REGISTERS, sodium_base64_VARIANT_ORIGINAL)];

	fprintf(to, "seed: \"%s\"\n", f->mark);
	for (unsigned int i = 0; i < STATS_SOURCES; i++) {
		sodium_bin2base64(text, sizeof(text), (const uint8_t *)f->sketches[i].registers,
			STATS_REGISTERS, sodium_base64_VARIANT_ORIGINAL);
		fprintf(to, "%s: \"%s\"\n", rssac002_source_keys[i], text);
	}
}

static void
metric_put(FILE *to, const struct rssac002_place *place, const struct rssac002_figures *f,
	enum rssac002_metric metric)
{
	struct tm date = date_of(f->day);

	fprintf(to,
		"---\nversion: rssac002v5\nservice: %s\nstart-period: %04d-%02d-%02dT00:00:00Z\n"
		"metric: %s\n",
		place->service, date.tm_year + 1900, date.tm_mon + 1, date.tm_mday,
		rssac002_metric_names[metric]);
	switch (metric) {
	case RSSAC002_LOAD_TIME:
		versions_put(to, "time", f, true);
		break;
	case RSSAC002_ZONE_SIZE:
		versions_put(to, "size", f, false);
		break;
	case RSSAC002_TRAFFIC_VOLUME:
		volume_put(to, f);
		break;
	case RSSAC002_TRAFFIC_SIZES:
		all_sizes_put(to, f);
		break;
	case RSSAC002_RCODE_VOLUME:
		rcodes_put(to, f);
		break;
	case RSSAC002_UNIQUE_SOURCES:
		sources_put(to, f);
		break;
	case RSSAC002_SKETCH:
		sketches_put(to, f);
		break;
	case RSSAC002_METRICS:
		break;
	}
}

static int
metric_write(const struct rssac002_place *place, const struct rssac002_figures *f,
	enum rssac002_metric metric, struct why *why)
{
	char path[RSSAC002_PATH_MAX], *text = NULL;
	size_t size = 0;
	int rc = rssac002_path(place, f->day, metric, path, why);
	FILE *to;

	if (rc < 0)
		return rc;
	to = open_memstream(&text, &size);
	if (!to)
		return why_set(why, ENOMEM, "out of memory");
	metric_put(to, place, f, metric);
	rc = fclose(to) == 0 ? rssac002_file_put(path, text, size, why)
			     : why_set(why, ENOMEM, "out of memory");
	free(text);
	return rc;
}

int
rssac002_write(
	const struct rssac002_place *place, const struct rssac002_figures *figures, struct why *why)
{
	int first = 0;

	for (unsigned int metric = 0; metric < RSSAC002_METRICS; metric++) {
		struct why fault;
		int rc;

		if (metric == RSSAC002_SKETCH && !figures->mark[0])
			continue;
		rc = metric_write(place, figures, metric, &fault);
		if (rc < 0 && first == 0) {
			first = rc;
			why_set(why, -rc, "%s", fault.text);
		}
	}
	return first;
}
