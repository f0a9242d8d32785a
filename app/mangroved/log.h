/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MANGROVED_LOG_H
#define MANGROVED_LOG_H

#include <rte_log.h>

#include "base/why.h"

/** One type for each room that speaks here. */
extern int log_main, log_zone, log_port;

/** log_say(NOTICE, log_zone, "zone accepted serial=%u\n", serial); one line a message */
#define log_say(level, type, ...) rte_log(RTE_LOG_##level, type, "mangrove: " __VA_ARGS__)

/**
 * Send all that rte_log() gets, DPDK's own messages too, to standard error; a journal that listens
 * there gets priorities. What DPDK complains of is held back until log_started(): a start that
 * fails ends with one line, which quotes the first complaint.
 *
 * @param level  of our own types, RTE_LOG_*; with RTE_LOG_DEBUG nothing is held back
 */
int log_open(unsigned int level, struct why *why);

void log_started(void);

/** Append DPDK's first complaint since log_open() to a reason, if there is one. */
void log_quote(struct why *why);

#endif
