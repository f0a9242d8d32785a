/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The command socket: each message is four octets of length (big-endian) and as many of JSON, an
 * object; requests one way, one reply to each in turn the other way (docs/control.md).
 *
 * The server lives on one loop, and all of its functions are called on that loop's thread; none
 * waits. Only root, the server's own user and members of one group get in (SO_PEERCRED and
 * SO_PEERGROUPS, beside the socket's mode). A client that is slow, silent or broken is closed. The
 * program ignores SIGPIPE, which libuv's writes may raise.
 */
#ifndef CONTROL_CONTROL_H
#define CONTROL_CONTROL_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

#include "base/base.h"

/* Octets of JSON in a message; clients at a time; depth of what is nested in a request */
enum {
	CONTROL_REQUEST_MAX = 64 << 10,
	CONTROL_REPLY_MAX = 64 << 20,
	CONTROL_CLIENTS_MAX = 16,
	CONTROL_DEPTH_MAX = 16,
};

/* Milliseconds, where the options say nothing */
enum {
	CONTROL_REQUEST_MS = 5000,
	CONTROL_IDLE_MS = 60000,
	CONTROL_REPLY_MS = 10000,
	CONTROL_CALL_MS = 600000,
};

/** The codes of failures, "code" in a reply. */
#define CONTROL_BAD_REQUEST "bad-request"	  /* no object, no "command", a wrong argument */
#define CONTROL_UNKNOWN_COMMAND "unknown-command" /* of this server */
#define CONTROL_UNKNOWN_ZONE "unknown-zone"	  /* not configured here */
#define CONTROL_UNKNOWN_SERIAL "unknown-serial"	  /* not held */
#define CONTROL_REFUSED "refused"		  /* by the zone's proof or a rule */
#define CONTROL_FAILED "failed"			  /* tried, without success */
#define CONTROL_BUSY "busy"			  /* the same is under way, or too many clients */
#define CONTROL_TIMEOUT "timeout"		  /* no outcome in CONTROL_CALL_MS */

struct control;

/** One request that wants one reply. */
struct control_call;

/**
 * Answer a request, now or later: exactly one control_reply() or control_fail() for each call, also
 * if the client or the server is gone by then.
 *
 * @param request  an object with a string "command"; borrowed until the reply
 */
typedef void control_handler(void *context, const json_t *request, struct control_call *call);

struct control_options {
	const char *path;  /* of the socket; a stale one is replaced */
	const char *group; /* who gets in beside root and our own user; NULL: nobody */
	control_handler *handler;
	void *context;
	/* 0: CONTROL_*_MS */
	unsigned int request_ms; /* a request from its first octet to its last */
	unsigned int idle_ms;	 /* a connection without a request */
	unsigned int reply_ms;	 /* a reply until it is taken */
	unsigned int call_ms;	 /* a call until its reply */
};

struct control_counters {
	uint64_t accepted, refused; /* connections; refused: not allowed, or too many */
	uint64_t requests, failures;
	uint64_t malformed, timeouts; /* connections closed for that */
};

/**
 * Listen. The socket's mode is 0660, its group the configured one.
 *
 * @param control  the caller's: control_close()
 * @return 0 or -errno; -EADDRINUSE: somebody listens there already
 */
int control_open(uv_loop_t *loop, const struct control_options *options, struct control **control,
	struct why *why);

/**
 * Stop listening, remove the socket, close all clients. Its memory goes when the loop has closed
 * the last handle; calls that wait for their reply may get it later. NULL is fine.
 */
void control_close(struct control *control);

void control_counters(const struct control *control, struct control_counters *counters);

/** Who asks, for the log. */
void control_call_peer(const struct control_call *call, uid_t *uid, pid_t *pid);

/**
 * Done: `reply` (stolen; an object or NULL) gets "ok": true, unless it says "ok" itself. The call
 * is gone on return.
 */
void control_reply(struct control_call *call, json_t *reply);

/** A text, which may be no UTF-8 or cut in a character. @return the caller's; NULL: no memory */
json_t *control_text(const char *text);

/** Not done. @param code  one of CONTROL_*  The call is gone on return. */
__attribute__((format(printf, 3, 4))) void control_fail(
	struct control_call *call, const char *code, const char *format, ...);

/**
 * Client: ask once, and wait.
 *
 * @param timeout_ms  for all of it
 * @param reply       an object, the caller's: json_decref(); "ok" says whether it was done
 * @return 0; -errno: no server there (-ENOENT, -ECONNREFUSED), none that lets us in (-EACCES), no
 *         reply (-ETIMEDOUT, -ECONNRESET) or none that can be read (-EBADMSG)
 */
int control_ask(
	const char *path, const json_t *request, int timeout_ms, json_t **reply, struct why *why);

#endif
