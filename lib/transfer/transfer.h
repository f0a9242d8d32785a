/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * One fetch of a zone from one primary: its SOA (UDP, else TCP), and if that is newer, the
 * differences (IXFR, RFC 1995) or all of it (AXFR, RFC 5936), over TCP or TLS (RFC 9103), by TSIG
 * (RFC 8945) where there is a key. Bounded in octets, records and time.
 *
 * Everything happens on the caller's loop, in its thread, and nothing waits. What the records mean,
 * and whether they are true, is not judged here: only that they are a transfer of that zone.
 */
#ifndef TRANSFER_TRANSFER_H
#define TRANSFER_TRANSFER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

#include "base/base.h"
#include "tls/tls.h"
#include "tsig/tsig.h"
#include "wire/wire.h"

struct transfer_limits {
	unsigned int connect_ms; /* until TCP is there, and TLS; each try of UDP takes half of it */
	unsigned int progress_ms; /* until TRANSFER_PROGRESS_OCTETS more came, or the end */
	unsigned int total_ms;	  /* of the whole fetch */
	uint64_t octets;	  /* received, in all */
	uint64_t records;	  /* of one transfer */
};

/* A primary that gives less in progress_ms is slow enough to be no primary. */
enum { TRANSFER_PROGRESS_OCTETS = 512 };

/** 5 s, 10 s, 120 s; 256 MiB; 4 million records: some hundred times the root zone of 2026. */
extern const struct transfer_limits transfer_limits_default;

struct transfer_settings {
	struct sockaddr_storage primary; /* and port */
	struct sockaddr_storage source;	 /* ss_family AF_UNSPEC: what the kernel takes */
	struct tls_context *tls;	 /* of a client; NULL: plain TCP. Not owned, outlives it */
	const struct tsig_key *key;	 /* NULL: unsigned. Not owned, outlives it */
	struct wire_name origin;	 /* folded */
	bool has_serial;
	uint32_t serial; /* of the version that we have; if has_serial */
	bool whole;	 /* no IXFR */
	bool anew;	 /* whatever its serial: AXFR then if it is not newer */
	struct transfer_limits limits;
};

enum transfer_outcome {
	TRANSFER_UP_TO_DATE, /* its serial is ours */
	TRANSFER_OLDER,	     /* ours is newer, or the two cannot be compared (RFC 1982 3.2) */
	TRANSFER_DONE,
	TRANSFER_FAILED,
};

/** What of the two came; a primary may answer IXFR with all of the zone (RFC 1995 4). */
enum transfer_form { TRANSFER_AXFR, TRANSFER_IXFR };

struct transfer_result {
	enum transfer_outcome outcome;
	uint32_t serial; /* the primary's; unless TRANSFER_FAILED */

	/* if TRANSFER_DONE */
	enum transfer_form form;
	/**
	 * The records in order of arrival, as wire_record_read() reads them. AXFR: SOA, ..., the
	 * same SOA. IXFR: SOA new; once or more: SOA old, deletions, SOA next, additions; SOA new.
	 * Each SOA old has the serial of the SOA next before it, the first one that of ours.
	 * malloc'ed, and the receiver's to free().
	 */
	uint8_t *records;
	size_t records_length;
	uint64_t record_count;

	uint64_t octets; /* received: DNS messages with their lengths, without TLS, TCP or IP */
	int64_t duration_ms;
	bool fell_back;	 /* IXFR was tried first, and `ixfr` says what was wrong with it */
	struct why ixfr; /* if fell_back */
	struct why why;	 /* if TRANSFER_FAILED: primary, stage, what happened */
};

/**
 * Called once, from the loop, never from within transfer_begin(). The transfer is gone when it
 * returns, so that a next one may begin in it.
 */
typedef void transfer_callback(void *context, const struct transfer_result *result);

struct transfer;

/**
 * Begin; the outcome comes by the callback.
 *
 * @param settings  copied; has a primary, an origin and limits above 0
 * @return NULL: out of memory or handles
 */
struct transfer *transfer_begin(uv_loop_t *loop, const struct transfer_settings *settings,
	transfer_callback *callback, void *context);

/**
 * End it without a callback. NULL is fine. The loop has to turn once more for the handles to close,
 * before uv_loop_close().
 */
void transfer_cancel(struct transfer *transfer);

/**
 * Servers that give the root zone to everybody (RFC 8806 appendix A, and what operators found
 * since). None has promised to do so for ever, so configure several; each version is verified
 * anyway.
 */
struct transfer_public_source {
	const char *name;
	const char *addresses[2]; /* IPv4, IPv6; port 53 */
};

enum { TRANSFER_PUBLIC_SOURCES = 7 };
extern const struct transfer_public_source transfer_public_sources[TRANSFER_PUBLIC_SOURCES];

/** @return the one of that name, or NULL */
const struct transfer_public_source *transfer_public_source_find(const char *name);

#endif
