/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The node as a primary of others (RFC 8806's publisher), and as one that is told of new versions:
 * AXFR (RFC 5936) and IXFR (RFC 1995) out, NOTIFY (RFC 1996) in and out, over UDP, TCP and TLS (RFC
 * 9103), by access lists and TSIG (RFC 8945).
 *
 * It has listeners of its own, on addresses for management; what is asked there beside transfers is
 * answered as the lcores answer it. All of it happens on the caller's loop, in small bites: a
 * transfer writes one message of it in a turn, and no faster than it may.
 */
#ifndef PRIMARY_PRIMARY_H
#define PRIMARY_PRIMARY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

#include "base/base.h"
#include "image/image.h"
#include "publish/publish.h"
#include "tsig/tsig.h"

enum {
	PRIMARY_LISTENERS_MAX = 16,
	PRIMARY_ACCESS_MAX = 256,
	PRIMARY_SECONDARIES_MAX = 64,
	PRIMARY_CONNECTIONS_MAX = 1024,
	PRIMARY_VERSIONS_MAX = 64,    /* whose differences to the next are kept, of a zone */
	PRIMARY_MESSAGE_SIZE = 4096,  /* of a request; a longer one is no question to a primary */
	PRIMARY_TRANSFER_SIZE = 16384 /* of a transfer's message, about: as far as pointers reach */
};

struct primary_listener {
	struct sockaddr_storage address; /* and port: 53, 853 */
	bool tls;			 /* else UDP and TCP */
};

/** What somebody may do; a transfer wants the SOA asked, so who may transfer may query. */
enum primary_action {
	PRIMARY_MAY_QUERY = 1,
	PRIMARY_MAY_TRANSFER = 2,
	PRIMARY_MAY_NOTIFY = 4,
};

/**
 * An entry of the access list. The first one that fits the address and the key, and allows what is
 * asked or denies all, decides; what no entry fits is refused.
 */
struct primary_access {
	uint8_t address_size;  /* 4, 16, or 0: any address */
	uint8_t prefix_length; /* bits */
	uint8_t address[16];
	const struct tsig_key *key; /* the request is signed with it; NULL: by any or none */
	unsigned int actions;	    /* enum primary_action; 0: denied */
};

/** Who is told of new versions. */
struct primary_secondary {
	struct sockaddr_storage address; /* and port */
	const struct tsig_key *key;	 /* NULL: not signed */
};

struct primary_limits {
	unsigned int connections, connections_per_prefix; /* IPv4 /24, IPv6 /56 */
	unsigned int transfers, transfers_per_prefix;	  /* at a time */
	uint64_t octets_per_second, octets_per_second_per_transfer;
	unsigned int idle_timeout_ms;	   /* until the next request */
	unsigned int message_timeout_ms;   /* for the rest of one, for TLS' handshake, for an answer
					      to be taken */
	unsigned int versions;		   /* whose differences are kept, <= PRIMARY_VERSIONS_MAX */
	unsigned int datagrams_per_second; /* of those who may something; of strangers a tenth */
};

/** A sensible set of them. */
extern const struct primary_limits primary_limits_default;

/** What is told to whoever made it; all called on the loop. Any may be NULL. */
struct primary_callbacks {
	void *context;
	/**
	 * A NOTIFY was accepted, and is acknowledged already. No more than one in
	 * PRIMARY_NOTIFY_SPACING_MS for a zone and source; a burst's last one is told at its end.
	 *
	 * @param origin      folded; of a zone in the catalogue, maybe of one that is withheld
	 * @param has_serial  it says which serial there is (a hint: nobody signs it by DNSSEC)
	 */
	void (*notified)(void *context, const struct wire_name *origin,
		const struct sockaddr *source, bool has_serial, uint32_t serial);
	/**
	 * Something happened that is worth a line in the log: a transfer ended, a secondary was
	 * told or could not be. `line` is "event key=value ...", and good during the call.
	 *
	 * @param is_bad  an operator may want to look
	 */
	void (*told)(void *context, bool is_bad, const char *line);
};

enum { PRIMARY_NOTIFY_SPACING_MS = 100 };

/** Outlives the primary, with all that it points to. */
struct primary_settings {
	uv_loop_t *loop;
	struct publish_slot *slot; /* what queries are answered from */
	unsigned int reader; /* ours, of the slot; the loop's thread is offline but to answer */
	unsigned int listener_count, access_count, secondary_count;
	struct primary_listener listeners[PRIMARY_LISTENERS_MAX];
	struct primary_access access[PRIMARY_ACCESS_MAX];
	struct primary_secondary secondaries[PRIMARY_SECONDARIES_MAX];
	const char *certificate, *key; /* paths, PEM; needed if a listener has TLS */
	const struct tsig_keys *keys;  /* NULL: none */
	struct primary_limits limits;
	struct primary_callbacks callbacks;
};

/** What happened. A message received is one of the first group; the rest stand alone. */
enum primary_count {
	PRIMARY_QUERIES,	 /* ordinary ones, answered as the lcores do */
	PRIMARY_QUERIES_REFUSED, /* by the access list */
	PRIMARY_NOTIFIES_ACCEPTED,
	PRIMARY_NOTIFIES_REFUSED,  /* by the access list */
	PRIMARY_NOTIFIES_NOT_AUTH, /* a zone that is none of ours */
	PRIMARY_AXFR_STARTED,
	PRIMARY_IXFR_STARTED,	  /* answered by differences */
	PRIMARY_IXFR_AS_AXFR,	  /* answered by the whole zone */
	PRIMARY_IXFR_DATAGRAM,	  /* answered by differences in a reply over UDP */
	PRIMARY_IXFR_CURRENT,	  /* answered by our SOA: nothing is newer, or UDP is too small */
	PRIMARY_TRANSFER_REFUSED, /* by the access list */
	PRIMARY_TRANSFER_NOT_AUTH,
	PRIMARY_TRANSFER_NOT_READY, /* no version of the zone, or none that may be handed out */
	PRIMARY_TRANSFER_LIMITED,   /* as many as may run do */
	PRIMARY_TSIG_FAILED,	    /* unknown key, wrong signature or time */
	PRIMARY_MALFORMED,
	PRIMARY_NOTIFY_ANSWERS, /* to ours */
	PRIMARY_DROPPED,	/* no DNS, no request, or not from where an answer is awaited */
	PRIMARY_DROPPED_RATE,	/* datagrams above the limit */
	PRIMARY_TRANSFER_DONE,
	PRIMARY_TRANSFER_ABORTED, /* the client went, or did not take it */
	PRIMARY_TRANSFER_OCTETS,
	PRIMARY_NOTIFY_SENT, /* repetitions too */
	PRIMARY_NOTIFY_ACKNOWLEDGED,
	PRIMARY_NOTIFY_TURNED_DOWN, /* answered, but not by NOERROR */
	PRIMARY_NOTIFY_GIVEN_UP,    /* never answered */
	PRIMARY_TCP_ACCEPTED,
	PRIMARY_TLS_ACCEPTED,
	PRIMARY_TLS_FAILED,   /* no handshake, or broken off within a record */
	PRIMARY_CLOSED_LIMIT, /* connections to make room for another, idle ones first */
	PRIMARY_CLOSED_TIMEOUT,
	PRIMARY_CLOSED_MISFRAMED, /* what came in is no DNS over TCP */
	PRIMARY_COUNTS
};

/** A word for each, as statistics print it: "axfr_started". */
extern const char *const primary_count_names[PRIMARY_COUNTS];

struct primary;

/**
 * Open the listeners. Nothing is handed out before primary_publish(). The process ignores SIGPIPE,
 * as libuv wants it.
 *
 * @param primary  the caller's: primary_free()
 */
int primary_start(
	const struct primary_settings *settings, struct primary **primary, struct why *why);

/**
 * Close all. Its memory goes when the loop has told of the last handle, so the loop runs once more
 * before it is closed itself. NULL is fine.
 */
void primary_free(struct primary *primary);

/**
 * Take the zones that are served from now on, and tell the secondaries of what is new. Records are
 * copied: the images may go afterwards. Differences to what was there are computed and kept; who is
 * being sent an older version gets all of it.
 *
 * A zone that is withheld keeps its differences and is not handed out; one that is not in the
 * catalogue at all is forgotten.
 *
 * @return 0 or -ENOMEM: the zones are as before
 */
int primary_publish(
	struct primary *primary, const struct image_catalogue *catalogue, struct why *why);

/** Whether a zone may be handed out, true at first: false lets transfers of it fail (SERVFAIL). */
void primary_zone_serve(struct primary *primary, const struct wire_name *origin, bool serve);

/** Any thread. */
uint64_t primary_count(const struct primary *primary, enum primary_count which);

/** How far a secondary is with a zone, as far as its answers to NOTIFY say. */
enum primary_notice {
	PRIMARY_NOTICE_NONE,
	PRIMARY_NOTICE_SENT,
	PRIMARY_NOTICE_ACKNOWLEDGED,
	PRIMARY_NOTICE_TURNED_DOWN,
	PRIMARY_NOTICE_GIVEN_UP
};

extern const char *const primary_notice_names[PRIMARY_NOTICE_GIVEN_UP + 1];

struct primary_notice_status {
	const struct primary_secondary *secondary;
	enum primary_notice notice;
	uint32_t serial; /* that it was told of */
	unsigned int attempts;
};

/** @return false: no such zone or secondary; on the loop */
bool primary_notice_status(const struct primary *primary, const struct wire_name *origin,
	unsigned int secondary, struct primary_notice_status *status);

#endif
