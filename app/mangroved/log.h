/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MANGROVED_LOG_H
#define MANGROVED_LOG_H

#include <jansson.h>
#include <rte_log.h>

#include "base/why.h"
#include "event/event.h"

/** One type for each room that speaks here. */
extern int log_main, log_zone, log_port;

/** Counters when asked for, and what only --debug wants: one line a message, which is no event. */
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

/**
 * Something has happened: log_event(EVENT_ZONE_ACCEPTED, "zone accepted serial=%u", serial). A
 * journal gets it with its MESSAGE_ID, others as a line that ends with " event=zone_accepted". Any
 * thread but lcores.
 */
__attribute__((format(printf, 2, 3))) void log_event(enum event event, const char *format, ...);

/** Say what was left out of events that repeat themselves; once a second. */
void log_turn(void);

/** The last events of each kind, in order (docs/control.md). @return the caller's, or NULL */
json_t *log_events_json(void);

#endif
