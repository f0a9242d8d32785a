/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The node asks itself, on every way in, and holds the replies against what it should serve: each
 * lcore through its injection ring (the same classification, the same answer path), a node without
 * lcores through its own sockets; and it watches that each lcore turns.
 *
 * SOA of each zone, and a name that does not exist, in turn. A reply is looked at whole: the frame
 * turned around with right checksums, ID, question, flags, RCODE, serial, and for a signed zone the
 * NSEC that covers the name with an RRSIG beside it (RFC 4035 3.1.3.2).
 *
 * One thread, the control plane's. selfquery_turn() is all there is to call, but for the loop that
 * selfquery_start() makes of it.
 */
#ifndef SELFQUERY_SELFQUERY_H
#define SELFQUERY_SELFQUERY_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/base.h"
#include "inject/inject.h"
#include "packet/packet.h"
#include "wire/wire.h"

enum { SELFQUERY_ZONES_MAX = 16, SELFQUERY_SUBJECT_MAX = 128 };

/** An lcore, as far as it is asked. */
struct selfquery_lcore {
	unsigned int cpu;		/* its name in reports: "lcore cpu=3" */
	struct inject_ring *ring;	/* not owned */
	const _Atomic uint64_t *rounds; /* of its loop: counts up while it turns */
};

/** A zone that should be answered from. */
struct selfquery_zone {
	struct wire_name origin;
	uint32_t serial;
	bool is_signed;
};

enum selfquery_outcome {
	SELFQUERY_RIGHT,
	SELFQUERY_UNANSWERED, /* by the deadline; it may still come */
	SELFQUERY_WRONG,
	SELFQUERY_TURNS, /* the lcore does again */
	SELFQUERY_STOPPED,
};

struct selfquery_report {
	enum selfquery_outcome outcome;
	bool ipv4, ipv6; /* whom it concerns: one of them, or both for an lcore that stopped */
	/* the way in and the question: "lcore cpu=3 query=soa zone=.", "lcore cpu=3", "socket
	 * address=192.0.2.53 query=nxdomain zone=." */
	char subject[SELFQUERY_SUBJECT_MAX];
	char evidence[192]; /* in words; "" if right */
};

struct selfquery_settings {
	const struct packet_service *service; /* addresses to ask */
	const struct selfquery_lcore *lcores;
	unsigned int lcore_count;
	/* Ask through a socket each service address of this port; 0: do not. From the loopback or
	 * whatever the kernel chooses. */
	uint16_t socket_port;
	uint32_t interval_ms; /* between two rounds of questions */
	uint32_t deadline_ms; /* for a reply, and for an lcore to turn */
	/* Who the frames say they are from; zeros: 192.0.0.8, the IPv4 dummy address (RFC 7600),
	 * and 100::1 of the discard prefix (RFC 6666), which nobody has. */
	uint8_t source_ipv4[4], source_ipv6[16];
	/** Each reply, and each that is missing, once; each change of an lcore between turning and
	 * not. */
	void (*reported)(void *data, const struct selfquery_report *report);
	void *data;
};

struct selfquery;

/**
 * Make one that asks nothing until selfquery_settle().
 *
 * @param settings  copied; what it points to has to stay
 */
int selfquery_new(
	const struct selfquery_settings *settings, struct selfquery **selfquery, struct why *why);

/**
 * These zones will be published next: from now on both they and those before are right. Call it
 * before the publication, whatever thread does that.
 */
void selfquery_expect(
	struct selfquery *selfquery, const struct selfquery_zone *zones, unsigned int count);

/**
 * What was expected has been published: what is asked from now on is held against these zones
 * alone. Reports SELFQUERY_RIGHT for questions to zones that are not there any more.
 */
void selfquery_settle(struct selfquery *selfquery);

/** Take replies, judge deadlines and lcores, ask what is due. */
void selfquery_turn(struct selfquery *selfquery, int64_t now_ms);

/** A question of somebody else's. */
struct selfquery_guest {
	bool ipv6;
	const uint8_t *message;
	uint16_t length; /* at most SELFQUERY_GUEST_MAX */
	/** @param message  of the reply; NULL: it was dropped, or its frame was wrong */
	void (*heard)(void *data, const uint8_t *message, uint16_t length);
	void *data;
};

enum { SELFQUERY_GUEST_MAX = 256 };

/**
 * Ask it through an lcore, among our own questions; nothing is reported of it. The reply is heard
 * by selfquery_turn(), unless selfquery_stop() comes first.
 *
 * @return false: there is no such lcore or address, or no room
 */
bool selfquery_guest_ask(
	struct selfquery *selfquery, unsigned int lcore, const struct selfquery_guest *guest);

/** Whether a whole round of questions was answered rightly and in time, once, on every way in. */
bool selfquery_complete(const struct selfquery *selfquery, bool ipv6);

/** Let a loop turn it, ten times and more in a deadline. */
int selfquery_start(struct selfquery *selfquery, uv_loop_t *loop, struct why *why);

/** Ask nothing more; it is freed when the loop has closed its part of it. The rings stay until
 * their lcores have ended. NULL is fine. */
void selfquery_stop(struct selfquery *selfquery);

#endif
