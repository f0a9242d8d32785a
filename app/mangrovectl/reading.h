/* SPDX-License-Identifier: BSD-3-Clause */
/** All that a server tells of itself at one time, for those who show it together. */
#ifndef MANGROVECTL_READING_H
#define MANGROVECTL_READING_H

#include "control/control.h"
#include "live/live.h"

/** Whom to ask, and how long to wait for each reply. */
struct ask {
	const char *socket;
	int timeout_ms;
};

struct reading {
	/* replies; NULL: the server does not know the command, or was not asked */
	json_t *status, *health, *zones, *stats, *heat, *flood;
	struct live_figures figures;
};

/**
 * Ask for all of it.
 *
 * @param reading  overwritten on success: reading_free()
 * @return 0; -errno: the server cannot be reached
 */
int reading_take(const struct ask *ask, struct reading *reading, struct why *why);

/** What is left is empty. */
void reading_free(struct reading *reading);

#endif
