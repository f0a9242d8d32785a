/* SPDX-License-Identifier: BSD-3-Clause */
/* Files of RSSAC002, ours or others', are read. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "rssac002/rssac002_priv.h"

enum { FILE_MAX = 1 << 20, KEY_MAX = 128 };

struct file {
	const char *path;
	enum rssac002_metric metric;
	struct rssac002_figures *figures;
	bool has_metric;
	struct why *why;
};

static int
wrong(const struct file *file, const char *key, const char *what)
{
	return why_set(file->why, EINVAL, "%s: %s: %s", file->path, key, what);
}

static bool
number_read(const char *text, uint64_t *number)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*number = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0';
}

/* @return the index of `key` among `count`; -1: it is none of them */
static int
key_find(const char *const *keys, int count, const char *key)
{
	for (int i = 0; i < count; i++)
		if (strcmp(keys[i], key) == 0)
			return i;
	return -1;
}

/* "0-15", "4096-" */
static int
bin_take(const struct file *file, uint64_t *bins, unsigned int count, const char *key,
	uint64_t number)
{
	char *end;
	unsigned long long first = strtoull(key, &end, 10);
	uint64_t last;

	if (end == key || *end != '-' || first % STATS_STEP != 0)
		return wrong(file, key, "no range of sizes");
	if (end[1] != '\0' && (!number_read(end + 1, &last) || last != first + STATS_STEP - 1))
		return wrong(file, key, "no range of 16 octets");
	/* who has further ranges counts them where we count all of these */
	bins[first / STATS_STEP < count ? first / STATS_STEP : count - 1] += number;
	return 0;
}

static int
sizes_take(const struct file *file, const char *parent, const char *key, uint64_t number)
{
	struct rssac002_figures *f = file->figures;
	int transport = key_find(rssac002_query_size_keys, 2, parent);

	if (transport >= 0)
		return bin_take(file, f->query_sizes[transport], STATS_QUERY_SIZES, key, number);
	transport = key_find(rssac002_reply_size_keys, 2, parent);
	if (transport >= 0)
		return bin_take(file, f->reply_sizes[transport], STATS_REPLY_SIZES, key, number);
	return wrong(file, parent, "unknown key");
}

static int
version_take(const struct file *file, const char *key, uint64_t number)
{
	struct rssac002_version *version;
	uint64_t serial;

	if (!number_read(key, &serial) || serial > UINT32_MAX)
		return wrong(file, key, "no serial");
	version = rssac002_version_of(file->figures, (uint32_t)serial);
	if (!version)
		return wrong(file, key, "too many serials");
	if (file->metric == RSSAC002_LOAD_TIME) {
		version->load_seconds = number < UINT32_MAX ? (uint32_t)number : UINT32_MAX;
		version->has_load = true;
	} else {
		version->size = number;
		version->has_size = true;
	}
	return 0;
}

static int
volume_take(const struct file *file, const char *key, uint64_t number)
{
	int way = key_find(rssac002_query_keys, STATS_WAYS, key);

	if (way >= 0) {
		file->figures->queries[way] = number;
		return 0;
	}
	way = key_find(rssac002_reply_keys, STATS_WAYS, key);
	if (way < 0)
		return wrong(file, key, "unknown key");
	file->figures->replies[way] = number;
	return 0;
}

static int
sketch_take(const struct file *file, const char *key, const char *value)
{
	int which = key_find(rssac002_source_keys, STATS_SOURCES, key);
	uint8_t registers[STATS_REGISTERS];
	size_t length;

	if (strcmp(key, "seed") == 0) {
		if (strlen(value) != RSSAC002_MARK_SIZE - 1)
			return wrong(file, key, "no mark of a seed");
		memcpy(file->figures->mark, value, RSSAC002_MARK_SIZE);
		return 0;
	}
	if (which < 0)
		return wrong(file, key, "unknown key");
	if (sodium_base642bin(registers, sizeof(registers), value, strlen(value), NULL, &length,
		    NULL, sodium_base64_VARIANT_ORIGINAL) != 0 ||
		length != sizeof(registers))
		return wrong(file, key, "no sketch");
	memcpy(file->figures->sketches[which].registers, registers, sizeof(registers));
	return 0;
}

static int
number_take(const struct file *file, const char *parent, const char *key, uint64_t number)
{
	uint64_t rcode;
	int which;

	switch (file->metric) {
	case RSSAC002_LOAD_TIME:
	case RSSAC002_ZONE_SIZE:
		return version_take(file, key, number);
	case RSSAC002_TRAFFIC_VOLUME:
		return volume_take(file, key, number);
	case RSSAC002_TRAFFIC_SIZES:
		return sizes_take(file, parent, key, number);
	case RSSAC002_RCODE_VOLUME:
		if (!number_read(key, &rcode) || rcode >= RSSAC002_RCODES)
			return wrong(file, key, "no RCODE");
		file->figures->rcodes[rcode] = number;
		return 0;
	case RSSAC002_UNIQUE_SOURCES:
		which = key_find(rssac002_source_keys, STATS_SOURCES, key);
		if (which < 0)
			return wrong(file, key, "unknown key");
		file->figures->sources[which] = number;
		return 0;
	case RSSAC002_SKETCH:
	case RSSAC002_METRICS:
		break;
	}
	return wrong(file, key, "unknown key");
}

/* @param parent  the key of the mapping that it stands in; "": the file's own */
static int
pair_take(struct file *file, const char *parent, const char *key, const char *value)
{
	static const char *const heads[] = {"version", "service", "start-period", "end-period"};
	uint64_t number;

	if (!*parent && strcmp(key, "metric") == 0) {
		file->has_metric = strcmp(value, rssac002_metric_names[file->metric]) == 0;
		return file->has_metric ? 0 : wrong(file, key, "another metric");
	}
	if (!*parent && key_find(heads, 4, key) >= 0)
		return 0;
	if (file->metric == RSSAC002_SKETCH)
		return sketch_take(file, key, value);
	if (!number_read(value, &number))
		return wrong(file, key, "no number");
	return number_take(file, parent, key, number);
}

/* Where in a file's two levels of mappings a parser is. */
struct walk {
	unsigned int depth; /* of mappings */
	bool has_key;
	char parent[KEY_MAX], key[KEY_MAX];
};

static int
scalar_take(struct file *file, struct walk *walk, const char *text)
{
	if (walk->depth == 0)
		return wrong(file, "file", "no mapping");
	if (walk->has_key) {
		walk->has_key = false;
		return pair_take(file, walk->parent, walk->key, text);
	}
	if (strlen(text) >= KEY_MAX)
		return wrong(file, "key", "too long");
	snprintf(walk->key, sizeof(walk->key), "%s", text);
	walk->has_key = true;
	return 0;
}

static int
event_take(struct file *file, struct walk *walk, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return scalar_take(file, walk, (const char *)event->data.scalar.value);
	case YAML_MAPPING_START_EVENT:
		if (walk->depth == 2 || (walk->depth == 1 && !walk->has_key))
			return wrong(file, walk->key, "nested too deep");
		if (walk->depth++ == 1)
			memcpy(walk->parent, walk->key, sizeof(walk->parent));
		walk->has_key = false;
		return 0;
	case YAML_MAPPING_END_EVENT:
		walk->depth--;
		walk->parent[0] = '\0';
		return 0;
	case YAML_SEQUENCE_START_EVENT:
	case YAML_ALIAS_EVENT:
		return wrong(file, walk->key, "neither a mapping nor a value");
	default:
		return 0;
	}
}

static int
yaml_read(struct file *file, const uint8_t *data, size_t size)
{
	struct walk walk = {.depth = 0};
	yaml_parser_t parser;
	yaml_event_t event;
	bool ended = false;
	int rc = 0;

	if (!yaml_parser_initialize(&parser))
		return why_set(file->why, ENOMEM, "out of memory");
	yaml_parser_set_input_string(&parser, data, size);
	while (rc == 0 && !ended) {
		if (!yaml_parser_parse(&parser, &event)) {
			rc = why_set(file->why, EINVAL, "%s:%zu: %s", file->path,
				parser.problem_mark.line + 1,
				parser.problem ? parser.problem : "no YAML");
			break;
		}
		ended = event.type == YAML_STREAM_END_EVENT;
		rc = event_take(file, &walk, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return rc == 0 && !file->has_metric ? wrong(file, "metric", "is missing") : rc;
}

static int
metric_read(const struct rssac002_place *place, int64_t day, enum rssac002_metric metric,
	struct rssac002_figures *figures, unsigned int *found, struct why *why)
{
	char path[RSSAC002_PATH_MAX];
	uint8_t *data __attribute__((cleanup(free_memory))) = NULL;
	struct file file = {.path = path, .metric = metric, .figures = figures, .why = why};
	size_t size;
	int rc = rssac002_path(place, day, metric, path, why);

	if (rc < 0)
		return rc;
	rc = file_read(path, FILE_MAX, &data, &size, why);
	if (rc == -ENOENT || rc == -ENOTDIR)
		return 0;
	if (rc == 0)
		rc = yaml_read(&file, data, size);
	*found += rc == 0;
	return rc;
}

int
rssac002_read(const struct rssac002_place *place, int64_t day, struct rssac002_figures *figures,
	unsigned int *found, struct why *why)
{
	int rc = 0;

	memset(figures, 0, sizeof(*figures));
	figures->day = day;
	*found = 0;
	for (unsigned int metric = 0; metric < RSSAC002_METRICS && rc == 0; metric++)
		rc = metric_read(place, day, metric, figures, found, why);
	return rc;
}
