/* SPDX-License-Identifier: BSD-3-Clause */
/* What of a zone's affairs has to wait, for a builder or the disk: in libuv's pool. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zones.h"

struct zone_job *
zone_job_new(struct zone_entry *zone, enum zone_job_kind kind)
{
	struct zone_job *job = calloc(1, sizeof(*job));

	if (!job) {
		zone_error(zone, "mangroved", "out of memory");
		return NULL;
	}
	job->zone = zone;
	job->kind = kind;
	job->text_fd = -1;
	job->result.text_fd = -1;
	job->store = zone->store;
	job->at = time(NULL);
	snprintf(job->source, sizeof(job->source), "%s", zone->source);
	return job;
}

static void
open_stored(struct zone_job *job)
{
	const struct server *server = job->zone->zones->server;
	const struct config *config = server->config;

	job->rc = store_open(config->state_directory, &job->zone->origin, config->versions,
		&job->store, &job->warning, &job->why);
	if (job->rc < 0)
		return;
	job->has_current = store_current(job->store, &job->current) == 0;
	if (!job->has_current)
		return;
	store_version_find(job->store, job->current.serial, &job->version);
	job->rc = store_image_open(job->store, job->current.serial, &job->result.image, &job->why);
}

static void
build(struct zone_job *job)
{
	if (job->kind == ZONE_JOB_STORED) {
		job->rc = store_text_path(
			job->store, job->serial, job->path, sizeof(job->path), &job->why);
		if (job->rc < 0)
			return;
	}
	job->rc = builder_run(&job->request, &job->result, &job->why);
}

static void
keep(struct zone_job *job)
{
	job->rc = store_put(job->store, job->kept, job->text_fd, &job->version, &job->why);
	if (job->rc == 0)
		job->rc = store_current_set(job->store, &job->current, &job->why);
}

static void
roll_back(struct zone_job *job)
{
	job->rc = store_version_find(job->store, job->serial, &job->version);
	if (job->rc < 0)
		why_set(&job->why, ENOENT, "serial %u is not kept", job->serial);
	else
		job->rc = store_image_open(job->store, job->serial, &job->result.image, &job->why);
}

static void
work(uv_work_t *request)
{
	struct zone_job *job = request->data;

	switch (job->kind) {
	case ZONE_JOB_OPEN:
		open_stored(job);
		break;
	case ZONE_JOB_FILE:
	case ZONE_JOB_STORED:
	case ZONE_JOB_BLOCK:
		build(job);
		break;
	case ZONE_JOB_KEEP:
		keep(job);
		break;
	case ZONE_JOB_REFUSED:
		job->rc = store_refused(job->store, job->serial, job->at, job->source,
			job->version.reason, &job->why);
		break;
	case ZONE_JOB_CURRENT:
		job->rc = store_current_set(job->store, &job->current, &job->why);
		break;
	case ZONE_JOB_ROLLBACK:
		roll_back(job);
		break;
	}
}

static void
worked(uv_work_t *request, int status)
{
	struct zone_job *job = request->data;

	if (status < 0)
		job->rc = why_set(&job->why, -status, "not done: %s", uv_strerror(status));
	zone_job_done(job);
}

/* A builder's request, but for what it reads. */
static void
request_make(struct zone_job *job)
{
	const struct zone_entry *zone = job->zone;
	const struct server *server = zone->zones->server;
	const struct config *config = server->config;
	const struct config_zone *wanted = zone->config;

	server_builder_path(server, job->program);
	job->request.program = job->program;
	job->request.path = job->path;
	job->request.origin = wanted->origin;
	job->request.verify = (struct zone_verify_options){
		.dnssec = wanted->dnssec,
		.zonemd = wanted->zonemd,
		.anchors = wanted->anchors,
		.at = wanted->at_time ? wanted->at_time : time(NULL),
	};
	job->request.cpu_seconds = config->builder_cpu_seconds;
	job->request.wall_seconds = config->builder_wall_seconds;
	job->request.memory_size = (size_t)config->builder_memory_mb << 20;
}

void
zone_job_start(struct zone_job *job)
{
	struct zone_entry *zone = job->zone;

	if (job->kind == ZONE_JOB_FILE || job->kind == ZONE_JOB_STORED ||
		job->kind == ZONE_JOB_BLOCK) {
		request_make(job);
		zone->activity = "building";
	}
	zone->busy = true;
	job->work.data = job;
	/* it fails for a missing function only */
	uv_queue_work(zone->zones->loop, &job->work, work, worked);
}

void
zone_job_free(struct zone_job *job)
{
	close_fd(&job->text_fd);
	builder_result_free(&job->result);
	free(job->block);
	free(job);
}
