/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What a node tells of itself in figures: one table of metrics, and a report of their values that
 * is printed for Prometheus, for the control socket or for rte_telemetry. All get the same names,
 * units and values, because all are made of the same report. docs/statistics.md has the table for
 * people; a test compares the two.
 *
 * A report is one thread's at a time. Memory that is out makes it incomplete, which its renderings
 * say; nothing aborts.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum report_kind {
	REPORT_COUNTER, /* never falls while the process lives */
	REPORT_GAUGE,
	REPORT_HISTOGRAM,
};

enum { REPORT_LABELS_MAX = 3 };

/** Name and unit follow Prometheus: base units, a counter ends in _total. */
struct report_metric {
	const char *name, *unit; /* "mangrove_queries_total", "queries" */
	enum report_kind kind;
	const char *labels[REPORT_LABELS_MAX]; /* NULL: no more */
	const char *rssac002;		       /* where RSSAC002 has it; NULL: nowhere */
	const char *help;
};

enum report_which {
	/* queries and replies */
	REPORT_QUERIES,
	REPORT_REPLIES,
	REPORT_QUERY_SIZE,
	REPORT_REPLY_SIZE,
	REPORT_RCODES,
	REPORT_VERDICTS,
	REPORT_ACTIONS,
	REPORT_QTYPES,
	REPORT_OPCODES,
	REPORT_EDNS,
	REPORT_EDNS_SIZES,
	REPORT_QUERY_FLAGS,
	REPORT_TRUNCATED,
	REPORT_DROPPED,
	REPORT_NAME_QUERIES,
	REPORT_GAP_QUERIES,
	REPORT_SOURCES,
	REPORT_LIMIT_REPLIES,
	REPORT_LIMIT_REASONS,
	REPORT_LIMIT_PREFIXES,
	REPORT_SHED_STEP,
	/* lcores, ports, sockets */
	REPORT_LCORE_RECEIVED,
	REPORT_LCORE_SENT,
	REPORT_LCORE_UNSENT,
	REPORT_LCORE_ROUNDS,
	REPORT_LCORE_BURST_FRAMES,
	REPORT_LCORE_BURST_CYCLES,
	REPORT_FRAMES,
	REPORT_EXCEPTION,
	REPORT_SOCKETS,
	REPORT_PORT_RECEIVED_BYTES,
	REPORT_PORT_SENT_BYTES,
	REPORT_PORT_RECEIVED,
	REPORT_PORT_SENT,
	REPORT_PORT_MISSED,
	REPORT_PORT_ERRORS,
	REPORT_PORT_UNBUFFERED,
	REPORT_PORT_EXTENDED,
	REPORT_PORT_RECEIVE_RING,
	REPORT_PORT_TRANSMIT_RING,
	REPORT_MBUFS,
	REPORT_MBUFS_USED,
	/* zones and health */
	REPORT_ZONE_SERVED,
	REPORT_ZONE_SERIAL,
	REPORT_ZONE_TAKEN,
	REPORT_ZONE_REFRESHED,
	REPORT_ZONE_EXPIRES,
	REPORT_ZONE_SIGNATURES_EXPIRE,
	REPORT_ZONE_IMAGE_BYTES,
	REPORT_ZONE_NAMES,
	REPORT_FAMILY_STATE,
	REPORT_FAMILY_ANNOUNCED,
	REPORT_FAMILY_FAILURES,
	REPORT_FINDINGS,
	REPORT_AUDIT_DIFFERENT,
	REPORT_CAPTURE_QUERIES,
	REPORT_CAPTURE_BYTES,
	REPORT_CAPTURE_FILES,
	REPORT_CAPTURE_FAILING,
	/* the process */
	REPORT_BUILD,
	REPORT_ALLOCATED,
	REPORT_ALLOCATOR_RESIDENT,
	REPORT_STATISTICS_BYTES,
	REPORT_DAY_FAULTS,
	REPORT_PROCESS_START,
	REPORT_PROCESS_RESIDENT,
	REPORT_PROCESS_CPU,
	REPORT_METRICS
};

extern const struct report_metric report_metrics[REPORT_METRICS];

struct report;

/** @return an empty one; NULL: no memory */
struct report *report_new(void);

/** NULL is fine. */
void report_free(struct report *report);

/**
 * Tell a value. What follows are strings, the values of the metric's labels, as many as it has;
 * they are copied.
 */
void report_count(struct report *report, enum report_which which, uint64_t value, ...);
void report_gauge(struct report *report, enum report_which which, double value, ...);

/** How often each size, up to and with a bound, was seen. */
struct report_buckets {
	unsigned int count;
	const uint64_t *bounds; /* of all but the last bucket, which has whatever is larger */
	const uint64_t *counts; /* of each bucket alone */
	uint64_t sum;		/* of all that was seen */
};

void report_histogram(
	struct report *report, enum report_which which, const struct report_buckets *buckets, ...);

/**
 * Print a report in Prometheus' text format.
 *
 * @param text  malloc'ed, the caller's to free; ends in a zero octet
 * @return its length; 0: no memory, `text` is NULL
 */
size_t report_text(const struct report *report, char **text);

/**
 * Print a report as JSON (docs/control.md): an array of metrics.
 *
 * @return NULL: no memory
 */
json_t *report_json(const struct report *report);

/**
 * Walk over values that are one number each, as "mangrove_queries_total{transport="udp"}".
 *
 * @param index  from 0
 * @param name   filled in, cut at `size`
 * @return false: there is no such value
 */
bool report_scalar(
	const struct report *report, unsigned int index, char *name, size_t size, double *value);

#endif
