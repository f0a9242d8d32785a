/* SPDX-License-Identifier: BSD-3-Clause */
/** The last frames that the self-audit looked at, for whoever asks what traffic is like. */
#ifndef MANGROVED_SAMPLES_H
#define MANGROVED_SAMPLES_H

#include <jansson.h>

#include "audit/audit.h"
#include "capture/capture.h"
#include "packet/packet.h"

enum { SAMPLES_MAX = 256 };

struct samples;

/** @return NULL: no memory */
struct samples *samples_new(void);

/** NULL is fine. */
void samples_free(struct samples *samples);

/** Keep a frame and its reply in place of the oldest, if it is a query of ours. Any thread. */
void samples_keep(struct samples *samples, const struct packet_service *service,
	const struct audit_sample *sample);

/**
 * All of them, the oldest first, with clients' addresses as capture would write them
 * (docs/control.md). Any thread.
 *
 * @return the caller's
 */
json_t *samples_json(struct samples *samples, const struct capture_privacy *privacy);

#endif
