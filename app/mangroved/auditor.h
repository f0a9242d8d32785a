/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MANGROVED_AUDITOR_H
#define MANGROVED_AUDITOR_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/why.h"

struct capture_privacy;
struct server;
struct engine_service;
struct auditor;

/**
 * Audit what the lcores answer from now on, if the configuration says so and there are lcores. The
 * server has its workers, which do not run yet.
 *
 * @param auditor  the caller's: auditor_stop(); NULL: nothing to do
 */
int auditor_start(struct server *server, struct auditor **auditor, struct why *why);

/**
 * What is answered from has been replaced, or begins. The records of its images are copied, so they
 * may go at any time after.
 */
void auditor_renew(struct auditor *auditor, const struct engine_service *service);

struct auditor_counts {
	uint64_t different, restarts;
	bool fails; /* no child compares: it died, or cannot start */
};

/** What has been found so far; any thread. */
struct auditor_counts auditor_counts(const struct auditor *auditor);

/** Log what has been found so far. */
void auditor_log(struct auditor *auditor);

/** The last frames that came by, with clients' addresses as capture would write them. @return the
 * caller's; NULL: nothing is audited */
json_t *auditor_samples_json(struct auditor *auditor, const struct capture_privacy *privacy);

/** The workers have ended. NULL is fine for all of these. */
void auditor_stop(struct auditor *auditor);

#endif
