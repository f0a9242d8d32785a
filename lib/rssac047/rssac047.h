/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * RSSAC047v2, 5: what a root server identity is measured by, of this node alone. Availability,
 * response latency, correctness and publication latency, each with its threshold, by the month.
 *
 *   month.c  figures of months, and whether they pass
 *   state.c  the same on disk, over restarts
 *   query.c  what is asked
 *   check.c  whether a reply is correct, RSSAC047v2 5.3
 *
 * No sockets and no clock: who asks brings the time. One thread, the control plane's.
 */
#ifndef RSSAC047_RSSAC047_H
#define RSSAC047_RSSAC047_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h"
#include "wire/wire.h"

enum rssac047_way {
	RSSAC047_IPV4_UDP,
	RSSAC047_IPV4_TCP,
	RSSAC047_IPV6_UDP,
	RSSAC047_IPV6_TCP,
	RSSAC047_WAYS
};

enum {
	RSSAC047_TIMEOUT_MS = 4000, /* 5.1 */
	RSSAC047_INTERVAL_SECONDS = 300,
	RSSAC047_UDP_SIZE = 1220, /* 5.3 */
	/* 5.1 to 5.4 */
	RSSAC047_AVAILABILITY_PERCENT = 96,
	RSSAC047_LATENCY_UDP_MS = 250,
	RSSAC047_LATENCY_TCP_MS = 500,
	RSSAC047_PUBLICATION_SECONDS = 65 * 60,

	RSSAC047_MONTHS = 13,	      /* that are kept, the present one included */
	RSSAC047_VERSIONS_MAX = 1024, /* of the root in a month; further ones are not counted */
	RSSAC047_PENDING_MAX = 32,
};

/** Figures of a month (UTC). */
struct rssac047_month {
	int32_t month; /* 12 * year + 0..11 */
	struct {
		uint32_t sent, answered;
		uint32_t latencies[RSSAC047_TIMEOUT_MS + 1]; /* answers by ms */
	} ways[RSSAC047_WAYS];
	uint32_t checked, correct;
	uint32_t versions, publication_seconds[RSSAC047_VERSIONS_MAX];
	uint32_t intervals, missed; /* in which was asked; in which nobody was there to ask */
	int64_t wrong_at;	    /* the last reply that was not correct; 0: none */
	char wrong[256];
};

struct rssac047;

/** @param path  of the state; NULL: it is not kept. @return NULL: no memory */
struct rssac047 *rssac047_new(const char *path, uint32_t interval_seconds);

/**
 * Read the state.
 *
 * @return 0, also if there is none yet; -errno: it is not what was written; nothing is taken
 */
int rssac047_read(struct rssac047 *r, struct why *why);

/** Write it, whole or not at all. @return 0 or -errno */
int rssac047_write(const struct rssac047 *r, struct why *why);

/** NULL is fine. */
void rssac047_free(struct rssac047 *r);

/** An interval begins in which all is asked once. */
void rssac047_begin(struct rssac047 *r, int64_t now);

/** @param answered  with RCODE 0, in time; else it is as if there had been no answer */
void rssac047_probed(struct rssac047 *r, enum rssac047_way way, bool answered, uint32_t latency_ms);

/** A reply was looked at. @param wrong  NULL: it is correct */
void rssac047_checked(struct rssac047 *r, const char *wrong, int64_t now);

/** There is a version of the root somewhere. What was there first of all is no news. */
void rssac047_heard(struct rssac047 *r, uint32_t serial, int64_t now);

/** The least serial of an interval's answers. */
void rssac047_seen(struct rssac047 *r, uint32_t serial, int64_t now);

/** The present month; NULL: nothing was ever measured. Lent. */
const struct rssac047_month *rssac047_now(const struct rssac047 *r);

/** As the command "rssac047" replies (docs/control.md). */
json_t *rssac047_json(const struct rssac047 *r, int64_t now);

/* ---- figures ---- */

enum rssac047_verdict { RSSAC047_NOTHING, RSSAC047_PASS, RSSAC047_FAIL };

enum { RSSAC047_METRICS = 2 * RSSAC047_WAYS + 2 };

/** One of the metrics that are reported for an identity. */
struct rssac047_metric {
	const char *name; /* RSSAC047v2's own: "IPv4 UDP Availability" */
	const char *unit; /* "%", "ms", "s" */
	enum rssac047_verdict verdict;
	double value; /* unless the verdict is RSSAC047_NOTHING */
	double threshold;
	uint32_t count; /* of measurements */
};

void rssac047_judge(const struct rssac047_month *month,
	struct rssac047_metric metrics[static RSSAC047_METRICS]);

/* ---- questions ---- */

enum { RSSAC047_QUERY_MAX = WIRE_HEADER_SIZE + WIRE_QUESTION_MAX + WIRE_OPT_SIZE + 4 };

struct rssac047_query {
	struct wire_name qname;
	uint16_t qtype, id, length;
	uint8_t message[RSSAC047_QUERY_MAX];
};

/** `. SOA`, with NSID as every query. @param random  any */
void rssac047_query_soa(struct rssac047_query *query, uint64_t random);

/**
 * A question for correctness: nine in ten of what is there (the apex's SOA, NS, DNSKEY, a TLD's NS
 * or DS, alike often), one in ten of a random TLD; with DO.
 *
 * @param records  of the root zone, as image_records() gives them
 * @param random   draws 64 random bits
 */
void rssac047_query_draw(struct rssac047_query *query, const uint8_t *records, size_t length,
	uint64_t (*random)(void *context), void *context);

/**
 * Look whether a message is the reply to a query.
 *
 * @param rcode   of it
 * @param tc      it is cut: ask again over TCP
 * @param serial  of the SOA in its answer; 0: there is none
 */
bool rssac047_reply_fits(const struct rssac047_query *query, const uint8_t *reply, size_t length,
	unsigned int *rcode, bool *tc, uint32_t *serial);

/**
 * Hold a reply with RCODE 0 or 3 against the zone, by the rules of 5.3. That its signatures are the
 * zone's, all of which were verified before it was published, stands for their validation.
 *
 * @return 0, or -EBADMSG and what is wrong
 */
int rssac047_check(const uint8_t *records, size_t records_length,
	const struct rssac047_query *query, const uint8_t *reply, size_t length, struct why *why);

#endif
