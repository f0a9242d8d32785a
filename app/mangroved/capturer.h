/* SPDX-License-Identifier: BSD-3-Clause */
/** Capture as the configuration wants it, and what is told of it. */
#ifndef MANGROVED_CAPTURER_H
#define MANGROVED_CAPTURER_H

#include <jansson.h>

#include "base/why.h"
#include "capture/capture.h"
#include "ledger/ledger.h"

struct config;
struct report;
struct capturer;

/**
 * Start the writer, if the configuration says so.
 *
 * @param capturer  the caller's: capturer_stop(); NULL: nothing to do
 */
int capturer_start(const struct config *config, struct capturer **capturer, struct why *why);

/** Let the ledger of one more thread be read. NULL is fine. */
int capturer_join(struct capturer *capturer, struct ledger_readers *readers, struct why *why);

/** How addresses are treated; NULL, where nothing is captured: /24 and /48. */
struct capture_privacy capturer_privacy(const struct capturer *capturer);

/** What the control socket says (docs/control.md). NULL: null */
json_t *capturer_json(const struct capturer *capturer);

/** NULL is fine. */
void capturer_tell(const struct capturer *capturer, struct report *report);

/**
 * What of capture a person should know of.
 *
 * @param missed  queries that are in no file since the start, though they should be; NULL capturer:
 * 0
 * @param why     filled in if files cannot be written
 * @return false: they can, or nothing is captured
 */
bool capturer_fails(const struct capturer *capturer, uint64_t *missed, struct why *why);

/** All threads that answer have ended. NULL is fine. */
void capturer_stop(struct capturer *capturer);

#endif
