/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * When which primary of a zone is asked, and when a version of the zone is taken: timers (RFC 1034
 * 4.3.5), NOTIFY (RFC 1996), quorum. Who transfers and builds is the caller's affair.
 *
 * A round asks primaries in turn until one has a newer version that is taken, or none is left. With
 * a quorum above one, that many must deliver the same content before it is built.
 *
 * Pure: time comes in, in milliseconds of clock_ms(). One thread.
 */
#ifndef REFRESH_REFRESH_H
#define REFRESH_REFRESH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	REFRESH_PRIMARIES_MAX = 16,
	REFRESH_DIGEST_SIZE = 32,
	/* seconds; what a SOA says beyond these is not believed */
	REFRESH_MIN = 1,
	REFRESH_MAX = 86400,
	REFRESH_UNKNOWN = 60, /* retry while no version of the zone is there */
	/* a burst of NOTIFY is one round, and no more begin than one in so many ms */
	REFRESH_NOTIFY_SPACING_MS = 500,
};

/** What a primary had, as far as anybody knows; for status and health. */
enum refresh_standing {
	REFRESH_UNASKED,
	REFRESH_CURRENT,   /* the same serial as ours */
	REFRESH_NEWER,	   /* a newer one, delivered */
	REFRESH_LAGGING,   /* an older serial than ours */
	REFRESH_FAILED,	   /* not reached, or its transfer broke */
	REFRESH_REFUSED,   /* delivered what was not taken */
	REFRESH_DISAGREES, /* other content than the quorum's, under its serial */
};

extern const char *const refresh_standing_names[REFRESH_DISAGREES + 1];

struct refresh_primary {
	enum refresh_standing standing;
	uint32_t serial;
	uint8_t content[REFRESH_DIGEST_SIZE]; /* if REFRESH_NEWER and the quorum is above one */
	bool asked;			      /* in this round */
	bool whole; /* AXFR whatever the serial: the differences did not fit, or the operator said
		       so */
};

enum refresh_step {
	REFRESH_WAIT,  /* until order.at_ms; -1: until something comes */
	REFRESH_ASK,   /* order.primary: its SOA, and the zone if it is newer */
	REFRESH_BUILD, /* what order.primary delivered */
	REFRESH_BUSY,  /* with what was ordered before */
};

struct refresh_order {
	enum refresh_step step;
	unsigned int primary;
	bool whole; /* no IXFR */
	bool anew;  /* whatever its serial */
	int64_t at_ms;
};

struct refresh {
	unsigned int primary_count, quorum;
	struct refresh_primary primaries[REFRESH_PRIMARIES_MAX];
	uint32_t refresh_s, retry_s; /* 0: no version is there */
	uint64_t random;	     /* of the jitter */
	/* a round */
	bool running, busy, again, reached;
	unsigned int first; /* who is asked first */
	int build;	    /* primary whose delivery is to be built; -1: none */
	int64_t began_ms;
	int64_t next_ms;       /* the next round */
	unsigned int failures; /* rounds in a row that reached nobody */
};

/**
 * @param quorum  1 to primary_count
 * @param seed    of the jitter
 */
void refresh_init(struct refresh *refresh, unsigned int primary_count, unsigned int quorum,
	uint64_t seed, int64_t now_ms);

/** What the SOA of the version that is served says; seconds. */
void refresh_times_set(struct refresh *refresh, uint32_t refresh_s, uint32_t retry_s);

/** What is to be done. REFRESH_ASK and REFRESH_BUILD are ordered once: their outcome is reported
 * by refresh_answered() and refresh_built(). */
struct refresh_order refresh_next(struct refresh *refresh, int64_t now_ms);

/** A NOTIFY came. @param primary  who sent it; -1: none of ours, but one who may */
void refresh_notified(struct refresh *refresh, int primary, int64_t now_ms);

/** The operator wants it now. @param whole  AXFR from whoever is asked, also for the same serial */
void refresh_demand(struct refresh *refresh, bool whole, int64_t now_ms);

/**
 * @param standing  REFRESH_CURRENT, REFRESH_NEWER, REFRESH_LAGGING or REFRESH_FAILED
 * @param content   refresh_content() of what it delivered; needed if the quorum is above one
 */
void refresh_answered(struct refresh *refresh, unsigned int primary, enum refresh_standing standing,
	uint32_t serial, const uint8_t *content);

enum refresh_build { REFRESH_TAKEN, REFRESH_TURNED_DOWN, REFRESH_MISFIT };

/** REFRESH_MISFIT: differences that do not fit what we have; the primary is asked for all of it. */
void refresh_built(struct refresh *refresh, enum refresh_build outcome, int64_t now_ms);

/**
 * Digest of what a whole transfer holds, whatever the order of its records and the case of its
 * owners.
 *
 * @param records  as wire_record_read() reads them, the closing SOA included
 * @return false: out of memory, or malformed
 */
bool refresh_content(
	const uint8_t *records, size_t length, uint8_t content[static REFRESH_DIGEST_SIZE]);

/** RFC 1982 3.2: whether serial `a` is newer than `b`; undefined distance counts as not. */
static inline bool
refresh_serial_newer(uint32_t a, uint32_t b)
{
	return a != b && (int32_t)(a - b) > 0;
}

#endif
