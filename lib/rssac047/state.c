/* SPDX-License-Identifier: BSD-3-Clause */
/* Figures of months on disk: JSON, replaced as a whole. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rssac047/rssac047_priv.h"

enum { FORMAT = 1, SIZE_MAX_READ = 16 << 20, YEAR_MAX = 9999, INTERVAL_MAX = INT32_MAX };

/* ---- writing ---- */

static json_t *
way_write(const struct rssac047_month *month, unsigned int way)
{
	json_t *latencies = json_array();

	for (unsigned int ms = 0; ms <= RSSAC047_TIMEOUT_MS; ms++)
		if (month->ways[way].latencies[ms])
			json_array_append_new(
				latencies, json_pack("[i, I]", ms,
						   (json_int_t)month->ways[way].latencies[ms]));
	return json_pack(
		"{s:I, s:o}", "sent", (json_int_t)month->ways[way].sent, "latencies", latencies);
}

static json_t *
month_write(const struct rssac047_month *month)
{
	json_t *ways = json_object(), *publication = json_array();

	for (unsigned int way = 0; way < RSSAC047_WAYS; way++)
		json_object_set_new(ways, way_names[way], way_write(month, way));
	for (unsigned int i = 0; i < month->versions; i++)
		json_array_append_new(publication, json_integer(month->publication_seconds[i]));
	return json_pack("{s:i, s:o, s:I, s:I, s:o, s:I, s:I, s:I, s:s}", "month", month->month,
		"ways", ways, "checked", (json_int_t)month->checked, "correct",
		(json_int_t)month->correct, "publication_seconds", publication, "intervals",
		(json_int_t)month->intervals, "missed", (json_int_t)month->missed, "wrong_at",
		(json_int_t)month->wrong_at, "wrong", month->wrong);
}

static json_t *
state_write(const struct rssac047 *r)
{
	json_t *months = json_array(), *pending = json_array();

	for (unsigned int i = 0; i < r->month_count; i++)
		json_array_append_new(months, month_write(&r->months[i]));
	for (unsigned int i = 0; i < r->pending_count; i++)
		json_array_append_new(pending, json_pack("[I, I]", (json_int_t)r->pending[i].serial,
						       (json_int_t)r->pending[i].interval));
	return json_pack("{s:i, s:I, s:I, s:o, s:o, s:o}", "format", FORMAT, "interval_seconds",
		(json_int_t)r->interval_seconds, "interval", (json_int_t)r->interval, "newest",
		r->has_newest ? json_integer(r->newest) : json_null(), "pending", pending, "months",
		months);
}

static int
text_write(const char *path, const char *text, struct why *why)
{
	int fd __attribute__((cleanup(close_fd))) =
		open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || file_write_all(fd, text, strlen(text)) < 0 || fsync(fd) < 0)
		return why_errno(why, "%s", path);
	return 0;
}

int
rssac047_write(const struct rssac047 *r, struct why *why)
{
	char *path = NULL, *text;
	json_t *json;
	int rc;

	if (!r->path)
		return 0;
	json = state_write(r);
	text = json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(json);
	if (!text || asprintf(&path, "%s.new", r->path) < 0) {
		free(text);
		return why_set(why, ENOMEM, "out of memory");
	}
	rc = text_write(path, text, why);
	if (rc == 0 && rename(path, r->path) < 0)
		rc = why_errno(why, "%s", r->path);
	free(text);
	free(path);
	return rc;
}

/* ---- reading ---- */

/* @return false: it is none, or out of bounds */
static bool
number_read(const json_t *json, int64_t most, int64_t *number)
{
	if (!json_is_integer(json) || json_integer_value(json) < 0 ||
		json_integer_value(json) > most)
		return false;
	*number = json_integer_value(json);
	return true;
}

static bool
u32_read(const json_t *object, const char *key, uint32_t *number)
{
	int64_t value;

	if (!number_read(json_object_get(object, key), UINT32_MAX, &value))
		return false;
	*number = (uint32_t)value;
	return true;
}

static bool
way_read(const json_t *json, struct rssac047_month *month, unsigned int way)
{
	const json_t *latencies = json_object_get(json, "latencies"), *entry;
	int64_t ms, count;
	uint64_t answered = 0;
	size_t i;

	if (!u32_read(json, "sent", &month->ways[way].sent) || !json_is_array(latencies))
		return false;
	json_array_foreach(latencies, i, entry)
	{
		if (!number_read(json_array_get(entry, 0), RSSAC047_TIMEOUT_MS, &ms) ||
			!number_read(json_array_get(entry, 1), UINT32_MAX, &count))
			return false;
		month->ways[way].latencies[ms] = (uint32_t)count;
		answered += (uint64_t)count;
	}
	month->ways[way].answered = (uint32_t)answered;
	return answered <= month->ways[way].sent;
}

static bool
month_read(const json_t *json, struct rssac047_month *month)
{
	const json_t *publication = json_object_get(json, "publication_seconds"), *entry;
	const char *wrong = json_string_value(json_object_get(json, "wrong"));
	int64_t number;
	size_t i;

	if (!number_read(json_object_get(json, "month"), 12 * YEAR_MAX, &number) || !wrong ||
		!json_is_array(publication) || json_array_size(publication) > RSSAC047_VERSIONS_MAX)
		return false;
	month->month = (int32_t)number;
	for (unsigned int way = 0; way < RSSAC047_WAYS; way++)
		if (!way_read(json_object_get(json_object_get(json, "ways"), way_names[way]), month,
			    way))
			return false;
	json_array_foreach(publication, i, entry)
	{
		if (!number_read(entry, UINT32_MAX, &number))
			return false;
		month->publication_seconds[month->versions++] = (uint32_t)number;
	}
	snprintf(month->wrong, sizeof(month->wrong), "%s", wrong);
	return u32_read(json, "checked", &month->checked) &&
	       u32_read(json, "correct", &month->correct) && month->correct <= month->checked &&
	       u32_read(json, "intervals", &month->intervals) &&
	       u32_read(json, "missed", &month->missed) &&
	       number_read(json_object_get(json, "wrong_at"), INT64_MAX, &month->wrong_at);
}

static bool
months_read(const json_t *json, struct rssac047 *r)
{
	const json_t *months = json_object_get(json, "months"), *entry;
	size_t i;

	if (!json_is_array(months) || json_array_size(months) > RSSAC047_MONTHS)
		return false;
	json_array_foreach(months, i, entry)
	{
		if (!month_read(entry, &r->months[i]) ||
			(i && r->months[i].month <= r->months[i - 1].month))
			return false;
		r->month_count++;
	}
	return true;
}

static bool
pending_read(const json_t *json, struct rssac047 *r)
{
	const json_t *pending = json_object_get(json, "pending"), *entry;
	int64_t serial, interval;
	size_t i;

	if (!json_is_array(pending) || json_array_size(pending) > RSSAC047_PENDING_MAX)
		return false;
	json_array_foreach(pending, i, entry)
	{
		if (!number_read(json_array_get(entry, 0), UINT32_MAX, &serial) ||
			!number_read(json_array_get(entry, 1), INTERVAL_MAX, &interval))
			return false;
		r->pending[r->pending_count++] =
			(struct pending){.serial = (uint32_t)serial, .interval = interval};
	}
	return true;
}

static bool
state_read(const json_t *json, struct rssac047 *r)
{
	uint32_t seconds;

	r->has_newest = u32_read(json, "newest", &r->newest);
	if (json_integer_value(json_object_get(json, "format")) != FORMAT ||
		!number_read(json_object_get(json, "interval"), INTERVAL_MAX, &r->interval) ||
		!u32_read(json, "interval_seconds", &seconds) || !pending_read(json, r))
		return false;
	/* intervals of another length are not counted from */
	if (seconds != r->interval_seconds) {
		r->interval = 0;
		r->pending_count = 0;
	}
	return months_read(json, r);
}

int
rssac047_read(struct rssac047 *r, struct why *why)
{
	struct rssac047 *read = rssac047_new(NULL, r->interval_seconds);
	json_error_t error = {.line = 1};
	uint8_t *text = NULL;
	json_t *json = NULL;
	size_t size;
	int rc = -ENOENT;

	if (read && r->path)
		rc = file_read(r->path, SIZE_MAX_READ, &text, &size, why);
	if (rc == 0) {
		json = json_loadb((const char *)text, size, JSON_REJECT_DUPLICATES, &error);
		if (!json || !state_read(json, read))
			rc = why_set(
				why, EINVAL, "%s:%d: not what was written", r->path, error.line);
	}
	if (rc == 0) {
		read->path = r->path;
		*r = *read;
		read->path = NULL;
	}
	json_decref(json);
	free(text);
	rssac047_free(read);
	return rc == -ENOENT ? 0 : rc;
}
