/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Limits of the node that runs: a limiter and a sketch for each thread that answers, the rules that
 * are published, filters that operators put in, and what floods look like. All on the loop's
 * thread.
 */
#ifndef MANGROVED_LIMITS_NODE_H
#define MANGROVED_LIMITS_NODE_H

#include <jansson.h>
#include <uv.h>

#include "config.h"
#include "control/control.h"
#include "report/report.h"
#include "sketch/sketch.h"

struct node;

enum { LIMITS_TEXT_MAX = 2 * WIRE_NAME_TEXT_MAX, LIMITS_TARGET_MAX = 4 * LIMITS_TEXT_MAX + 64 };

enum {
	LIMITS_THREADS_MAX = WORKER_LCORES_MAX + STREAM_THREADS_MAX,
	LIMITS_FILTER_SECONDS = 600,
	LIMITS_FILTER_SECONDS_MAX = 7 * 86400,
};

/** What an operator put in; it ends by itself. */
struct limits_filter {
	bool used;
	unsigned int id;
	char prefix[INET6_ADDRSTRLEN + 8]; /* "": any */
	struct wire_name name;		   /* length 0: any */
	bool gap;			   /* what does not exist around the name, else it */
	bool found;			   /* it acts: its place is in a zone that is served */
	enum limit_filter_action action;
	unsigned int rate; /* a second, of the node */
	struct limit_prefix parsed;
	int64_t since, until;	 /* seconds since 1970 */
	int64_t until_ms;	 /* of clock_ms() */
	uint64_t counted_before; /* by its slot, for others before it */
};

/** A thread's own. */
struct limits_thread {
	char name[32]; /* "cpu 3", "socket 0" */
	struct limiter *limiter;
	struct sketch *sketch;
};

/** Sums over all threads. */
struct limits_sums {
	uint64_t done[LEDGER_ACTIONS][LIMIT_CLASSES], would[LEDGER_ACTIONS][LIMIT_CLASSES];
	uint64_t reasons[LIMIT_REASONS];
	uint64_t exempted, leaked, lines_made, lines_driven, known;
	uint64_t filtered[LIMIT_FILTERS_MAX];
	enum limit_step step; /* the highest */
	unsigned int load;    /* per mille, the highest */
};

struct limits {
	struct node *node;
	struct limit_seed seed;
	unsigned int lines_log2;
	unsigned int thread_count;
	struct limits_thread threads[LIMITS_THREADS_MAX];
	struct limits_filter filters[LIMIT_FILTERS_MAX];
	unsigned int filter_ids;
	uv_timer_t tick;
	/* what the last look saw */
	int64_t looked_ms;
	uint64_t received, refused;
	double received_rate, refused_rate; /* a second */
	enum limit_step step;
	int64_t step_since; /* seconds since 1970 */
	/* the flood that goes on */
	unsigned int looks_high, looks_low;
	bool flood;
	int64_t flood_since;
	uint64_t flood_received, flood_refused; /* when it began */
	double flood_peak, flood_peak_received; /* a second: refused, received */
	char flood_target[LIMITS_TARGET_MAX];	/* in words, at the peak */
};

/** Begin, before anything is published and threads start. */
int limits_begin(struct limits *limits, struct node *node, struct why *why);

/** Threads have ended. */
void limits_end(struct limits *limits);

/**
 * What a thread needs that is about to start; its pages are sampled by one more of its readers.
 *
 * @param numa_node  below 0: any
 */
int limits_thread_add(struct limits *limits, const char *name, int numa_node,
	struct ledger_readers *readers, struct limiter **limiter, struct why *why);

/** The rules to publish with a catalogue. @return malloc'ed, the service's; NULL: no memory */
struct limit_rules *limits_rules_make(
	struct limits *limits, const struct image_catalogue *catalogue);

void limits_sum(const struct limits *limits, struct limits_sums *sums);

/** Tell of refusals and of the ladder. */
void limits_tell(const struct limits *limits, struct report *report);

/* ---- filters (limits_filter.c) ---- */

/** Fill in all that have a place there, or need none. */
void limits_filters_resolve(
	struct limits *limits, const struct image_catalogue *catalogue, struct limit_rules *rules);

/** End those whose time is over. @return whether there were any */
bool limits_filters_expire(struct limits *limits);

/* ---- what is asked (docs/control.md) ---- */

void limits_filter_add(struct node *node, const json_t *request, struct control_call *call);
void limits_filter_remove(struct node *node, const json_t *request, struct control_call *call);
void limits_filter_list(struct node *node, const json_t *request, struct control_call *call);
void limits_flood(struct node *node, const json_t *request, struct control_call *call);

/* ---- words for heavy hitters (limits_flood.c) ---- */

/** The heaviest of a kind, for the log: "198.51.100.0/24"; "": none. */
void limits_heaviest(
	const struct limits *limits, enum sketch_kind kind, char text[static LIMITS_TEXT_MAX]);

#endif
