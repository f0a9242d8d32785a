/* SPDX-License-Identifier: BSD-3-Clause */
/** The published probe of RSSAC047, at the node's own addresses (docs/observatory.md). */
#ifndef MANGROVED_PROBE_H
#define MANGROVED_PROBE_H

#include <uv.h>

#include "control/control.h"
#include "rssac047/rssac047.h"
#include "zones.h"

struct node;

enum { PROBE_TICKETS = 16 };

/** All on the loop's thread. */
struct probe {
	struct node *node;
	struct rssac047 *figures; /* NULL: nothing is probed */
	uv_timer_t timer;	  /* to the next interval, or while an answer is awaited */
	uv_poll_t poll;
	bool runs, polls;
	int fd; /* -1: none */
	/* the interval at hand: each way, then a question for correctness */
	unsigned int step, turn;
	bool has_serial, failed;
	uint32_t least_serial;
	bool unanswered[RSSAC047_WAYS]; /* as said last */
	/* the question at hand */
	struct rssac047_query query;
	enum rssac047_way way;
	uint32_t generation; /* of what was served when it was asked */
	uint64_t asked_ns;
	bool again;	    /* it was cut: over TCP, then */
	unsigned int asked; /* counts */
	/* of frames, so that one that comes late is not taken for the next question's */
	struct probe_ticket {
		struct probe *probe;
		unsigned int asked;
	} tickets[PROBE_TICKETS];
	size_t received; /* over TCP */
	uint8_t octets[2 + WIRE_TCP_SIZE_MAX];
};

/** Read what was measured before, and probe from the next interval on, if the configuration wants
 * it. Lcores and sockets are up. */
int probe_begin(struct probe *probe, struct node *node, struct why *why);

/** Whether there is another version of a zone. */
void probe_zone(struct probe *probe, const struct zone_entry *zone);

/** The command "rssac047" (docs/control.md). */
void probe_ask(struct node *node, const json_t *request, struct control_call *call);

/** Before lcores and sockets end. */
void probe_end(struct probe *probe);

#endif
