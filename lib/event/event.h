/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Events: what the node tells of itself, a line each. One table names them all; a name and a number
 * stay what they are for good, since operators' scripts and alarms go by them (docs/operations.md
 * has the same table, and a test compares the two).
 *
 * A log of events keeps the last ones of each kind for whoever asks later, and leaves out what
 * repeats itself too often. It has no lock and no clock of its own, and writes nothing: its caller
 * does. Never on lcores: what can happen with each query is a counter.
 */
#ifndef EVENT_EVENT_H
#define EVENT_EVENT_H

#include <stdbool.h>
#include <stdint.h>

/** As syslog(3) counts. */
enum event_level { EVENT_ERROR = 3, EVENT_WARNING = 4, EVENT_NOTICE = 5, EVENT_INFO = 6 };

/** Which part of the node speaks. */
enum event_room { EVENT_MAIN, EVENT_ZONE, EVENT_PORT, EVENT_ROOMS };

/** EVENT(number, enumerator, name, level, room, what it says); none is ever given another meaning.
 */
#define EVENT_TABLE(EVENT)                                                                         \
	EVENT(1, READY, "ready", NOTICE, MAIN, "queries are answered from now on")                 \
	EVENT(2, STOPPING, "stopping", NOTICE, MAIN, "a signal ends the node")                     \
	EVENT(3, NO_PORTS, "no_ports", NOTICE, MAIN, "sockets answer alone")                       \
	EVENT(4, RELOAD, "reload", NOTICE, ZONE, "SIGHUP: files are read anew")                    \
	EVENT(5, COMMAND, "command", NOTICE, MAIN, "an operator's command that changes something") \
	EVENT(6, REPEATED, "repeated", NOTICE, MAIN, "how many more of an event were left out")    \
	EVENT(7, COOKIES_REFUSED, "cookies_refused", ERROR, MAIN,                                  \
		"new cookie secrets cannot be read; the old ones stay")                            \
	EVENT(16, HEALTH_STATE, "health_state", NOTICE, MAIN, "a family's state changed")          \
	EVENT(17, FINDING_WRONG, "finding_wrong", ERROR, MAIN, "a finding that withdraws")         \
	EVENT(18, FINDING_ALARM, "finding_alarm", WARNING, MAIN, "a finding that only degrades")   \
	EVENT(19, FINDING_OVER, "finding_over", NOTICE, MAIN, "a finding has ended")               \
	EVENT(32, ZONE_ACCEPTED, "zone_accepted", NOTICE, ZONE,                                    \
		"a version was verified and proven")                                               \
	EVENT(33, ZONE_REFUSED, "zone_refused", ERROR, ZONE, "a version was not")                  \
	EVENT(34, ZONE_PUBLISHED, "zone_published", NOTICE, ZONE, "a version is answered from")    \
	EVENT(35, ZONE_UNPUBLISHED, "zone_unpublished", ERROR, ZONE,                               \
		"no memory to publish: the old versions stay")                                     \
	EVENT(36, ZONE_EXPIRED, "zone_expired", ERROR, ZONE, "its names get SERVFAIL")             \
	EVENT(37, ZONE_FROM_DISK, "zone_from_disk", NOTICE, ZONE, "a start took what was kept")    \
	EVENT(38, ZONE_WARNING, "zone_warning", WARNING, ZONE, "a version is taken with a doubt")  \
	EVENT(39, ZONE_UNKEPT, "zone_unkept", ERROR, ZONE, "a version cannot be written to disk")  \
	EVENT(40, ZONE_ROLLED_BACK, "zone_rolled_back", NOTICE, ZONE,                              \
		"an operator chose an old version")                                                \
	EVENT(41, ZONE_FROZEN, "zone_frozen", NOTICE, ZONE, "it takes no other version")           \
	EVENT(42, ZONE_THAWED, "zone_thawed", NOTICE, ZONE, "it does again")                       \
	EVENT(43, ZONE_FILE_CHANGED, "zone_file_changed", NOTICE, ZONE,                            \
		"a watched file changed and is read anew")                                         \
	EVENT(44, ZONE_TRANSFERRED, "zone_transferred", INFO, ZONE, "a transfer has come")         \
	EVENT(45, ZONE_WHOLE, "zone_whole", INFO, ZONE, "a primary had no differences")            \
	EVENT(46, DIFFERENCES_REFUSED, "differences_refused", WARNING, ZONE,                       \
		"differences do not fit; the whole zone is asked for")                             \
	EVENT(47, PRIMARY_FAULT, "primary_fault", WARNING, ZONE, "a primary gave nothing to take") \
	EVENT(48, NOTIFIED, "notified", INFO, ZONE, "a NOTIFY told of another serial")             \
	EVENT(49, STORED_UNUSABLE, "stored_unusable", WARNING, ZONE,                               \
		"a kept image cannot be used, and is built anew")                                  \
	EVENT(50, PROOF_RETRIED, "proof_retried", WARNING, ZONE,                                   \
		"a builder died; it is tried again")                                               \
	EVENT(51, SECONDARY, "secondary", INFO, ZONE, "a secondary has the zone or knows of it")   \
	EVENT(52, SECONDARY_FAULT, "secondary_fault", WARNING, ZONE,                               \
		"a secondary could not be served or told")                                         \
	EVENT(53, SECONDARIES_STALE, "secondaries_stale", ERROR, ZONE,                             \
		"secondaries get the old versions")                                                \
	EVENT(64, AUDIT_DIFFERENCE, "audit_difference", ERROR, ZONE, "an answer was wrong")        \
	EVENT(65, AUDIT_FAULT, "audit_fault", WARNING, ZONE, "answers are not audited")            \
	EVENT(80, FLOOD_BEGUN, "flood_begun", WARNING, MAIN,                                       \
		"what is attacked, by whom, how fast")                                             \
	EVENT(81, FLOOD_ENDED, "flood_ended", NOTICE, MAIN,                                        \
		"how long, the peak, and which share was refused")                                 \
	EVENT(82, SHEDDING, "shedding", WARNING, MAIN,                                             \
		"load is shed, by another step than before")                                       \
	EVENT(83, FILTER, "filter", NOTICE, MAIN,                                                  \
		"a filter was added, was removed or has expired")                                  \
	EVENT(96, CAPTURE_FILE, "capture_file", INFO, MAIN, "a file of C-DNS is done")             \
	EVENT(97, CAPTURE_FAULT, "capture_fault", ERROR, MAIN, "capture cannot write")             \
	EVENT(98, CAPTURE_RESUMED, "capture_resumed", NOTICE, MAIN, "it can again")                \
	EVENT(99, CAPTURE_CLOCK, "capture_clock", WARNING, MAIN, "the clock was set")              \
	EVENT(100, CAPTURE_DROPPING, "capture_dropping", WARNING, MAIN, "a ring is full")          \
	EVENT(112, RSSAC002, "rssac002", NOTICE, MAIN, "a day's files can be written again")       \
	EVENT(113, RSSAC002_FAULT, "rssac002_fault", ERROR, MAIN,                                  \
		"a day's files or figures are lost, wrong or not written")                         \
	EVENT(114, PROBE_UNANSWERED, "probe_unanswered", WARNING, MAIN,                            \
		"the probe of RSSAC047 gets no reply")                                             \
	EVENT(115, PROBE_ANSWERED, "probe_answered", NOTICE, MAIN, "it does again")                \
	EVENT(116, PROBE_WRONG, "probe_wrong", ERROR, MAIN, "a reply to the probe was wrong")      \
	EVENT(117, PROBE_FAULT, "probe_fault", WARNING, MAIN, "its figures cannot be written")     \
	EVENT(118, PROBE_ANEW, "probe_anew", ERROR, MAIN,                                          \
		"its figures cannot be read, and begin anew")                                      \
	EVENT(128, PORT_UP, "port_up", INFO, PORT, "a port is set up")                             \
	EVENT(129, PORT_WARNING, "port_warning", WARNING, PORT,                                    \
		"what a flood on this port may do to the kernel's traffic")                        \
	EVENT(130, XDP_DETACHED, "xdp_detached", WARNING, PORT,                                    \
		"the program of a node that died was in the way")

enum event {
#define EVENT_ENUMERATE(number, enumerator, ...) EVENT_##enumerator,
	EVENT_TABLE(EVENT_ENUMERATE)
#undef EVENT_ENUMERATE
		EVENTS
};

struct event_kind {
	const char *name; /* "zone_accepted" */
	uint16_t number;
	enum event_level level;
	enum event_room room;
	const char *what;
};

extern const struct event_kind event_kinds[EVENTS];

/** A word for each level: "warning". */
const char *event_level_name(enum event_level level);

enum { EVENT_ID_SIZE = 33 };

/** The MESSAGE_ID of journald: 128 bits as hexadecimal digits, the last four of them the number. */
void event_id(enum event event, char id[static EVENT_ID_SIZE]);

/* ---- a log ---- */

enum {
	EVENT_KEPT = 64,	 /* the last of each kind */
	EVENT_TEXT_MAX = 1024,	 /* octets that are kept of a line */
	EVENT_BURST = 100,	 /* of each kind go through ... */
	EVENT_WINDOW_MS = 60000, /* ... in so long */
};

struct event_note {
	uint64_t sequence;
	int64_t at_ms; /* since 1970 */
	enum event event;
	char *text;
};

struct event_log;

/** @return NULL: no memory */
struct event_log *event_log_new(void);

/** NULL is fine. */
void event_log_free(struct event_log *log);

/**
 * An event has happened.
 *
 * @param at_ms   since 1970, for those who read it later
 * @param now_ms  of a clock that nobody sets
 * @return false: there were too many like it; it is counted and not kept, and not to be written
 */
bool event_log_note(
	struct event_log *log, enum event event, int64_t at_ms, int64_t now_ms, const char *text);

/**
 * Whether more of an event were left out than was told, in a window that is over.
 *
 * @return how many of `event`; 0: none of any
 */
uint64_t event_log_left_out(struct event_log *log, int64_t now_ms, enum event *event);

/** Tell all that is kept, in the order in which it happened. @return 0 or -ENOMEM */
int event_log_tell(const struct event_log *log,
	void (*tell)(void *context, const struct event_note *note), void *context);

#endif
