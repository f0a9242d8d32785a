/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the command socket share. */
#ifndef CONTROL_CONTROL_PRIV_H
#define CONTROL_CONTROL_PRIV_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "control/control.h"

enum { CONTROL_LENGTH_SIZE = 4 };

struct connection;

struct control {
	uv_pipe_t listener;
	struct control_counters counters;
	struct control_options options; /* its strings are not kept */
	struct sockaddr_un address;
	dev_t device; /* of our socket's file, so that no other one is removed */
	ino_t inode;
	gid_t group;
	bool has_group, closing, listener_open;
	unsigned int connection_count;	/* all that are not freed */
	struct connection *connections; /* those that are open */
};

struct control_call {
	struct connection *connection; /* NULL: gone, or given up */
	json_t *request;
	uid_t uid;
	pid_t pid;
};

struct connection {
	struct control *control;
	struct connection *next, **link; /* of control->connections */
	uv_pipe_t pipe;
	uv_timer_t timer;
	uv_write_t write;
	uint8_t *received; /* CONTROL_LENGTH_SIZE + CONTROL_REQUEST_MAX octets */
	size_t received_length;
	struct control_call *call; /* that waits for its reply */
	uint8_t reply_length[CONTROL_LENGTH_SIZE];
	char *reply; /* that is being written */
	uid_t uid;
	pid_t pid;
	bool closing, last; /* last: to be closed after the reply */
	unsigned int open_handles;
};

/* ---- message.c: octets ---- */

enum message_state { MESSAGE_PART, MESSAGE_WHOLE, MESSAGE_BAD_LENGTH };

/** What stands at the front of the octets. @param length  of the JSON, if it is whole */
enum message_state message_front(const uint8_t *octets, size_t size, size_t max, size_t *length);

void message_length_write(uint8_t octets[static CONTROL_LENGTH_SIZE], size_t length);

/** Parse a request. @return the caller's: json_decref(); NULL: `why` says why */
json_t *message_parse(const uint8_t *octets, size_t length, struct why *why);

/** {"ok": false, ...}; text that is no UTF-8 becomes it. NULL: out of memory. */
json_t *message_failure(const char *code, const char *text);

/* ---- access.c: who gets in ---- */

/** Make, bind and restrict the socket. @return descriptor or -errno */
int access_listen(struct control *control, const struct control_options *options, struct why *why);

/** Remove the socket's file if it is ours. */
void access_remove(const struct control *control);

/** Whether the peer may give commands; who it is comes out either way. */
bool access_granted(const struct control *control, int fd, uid_t *uid, pid_t *pid);

/* ---- connection.c ---- */

/** Take a connection that waits at the listener. */
void connection_accept(struct control *control);

void connection_close(struct connection *connection);

/** Send a reply; steals it. */
void connection_send(struct connection *connection, json_t *reply);

/* ---- control.c ---- */

/** Free a control that was closed, if nothing of it is open any more. */
void control_release(struct control *control);

#endif
