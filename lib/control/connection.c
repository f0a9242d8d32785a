/* SPDX-License-Identifier: BSD-3-Clause */
/* One client: a request is received, handled and answered, then the next. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "control/control_priv.h"

enum { RECEIVED_SIZE = CONTROL_LENGTH_SIZE + CONTROL_REQUEST_MAX };

static void message_next(struct connection *connection);

/* ---- the end ---- */

static void
handle_closed(uv_handle_t *handle)
{
	struct connection *connection = handle->data;
	struct control *control = connection->control;

	if (--connection->open_handles)
		return;
	free(connection->reply);
	free(connection->received);
	free(connection);
	control->connection_count--;
	control_release(control);
}

void
connection_close(struct connection *connection)
{
	if (connection->closing)
		return;
	connection->closing = true;
	*connection->link = connection->next;
	if (connection->next)
		connection->next->link = connection->link;
	if (connection->call)
		connection->call->connection = NULL;
	connection->call = NULL;
	uv_close((uv_handle_t *)&connection->pipe, handle_closed);
	uv_close((uv_handle_t *)&connection->timer, handle_closed);
}

static void
call_expired(uv_timer_t *timer)
{
	struct connection *connection = timer->data;

	connection->control->counters.timeouts++;
	connection->control->counters.failures++;
	/* whoever answers it later speaks to nobody */
	connection->call->connection = NULL;
	connection->call = NULL;
	connection_send(
		connection, message_failure(CONTROL_TIMEOUT, "no outcome yet; it may still come"));
}

static void
peer_too_slow(uv_timer_t *timer)
{
	struct connection *connection = timer->data;

	connection->control->counters.timeouts++;
	connection_close(connection);
}

static void
peer_idle(uv_timer_t *timer)
{
	connection_close(timer->data);
}

/* ---- replies ---- */

static void
reply_written(uv_write_t *write, int status)
{
	struct connection *connection = write->data;

	free(connection->reply);
	connection->reply = NULL;
	if (connection->closing)
		return;
	if (status < 0 || connection->last) {
		connection_close(connection);
		return;
	}
	message_next(connection);
}

void
connection_send(struct connection *connection, json_t *reply)
{
	size_t length;
	uv_buf_t buffers[2];

	connection->reply = reply ? json_dumps(reply, JSON_COMPACT) : NULL;
	json_decref(reply);
	length = connection->reply ? strlen(connection->reply) : 0;
	if (length > CONTROL_REPLY_MAX) {
		free(connection->reply);
		reply = message_failure(CONTROL_FAILED, "the reply is too large");
		connection->reply = reply ? json_dumps(reply, JSON_COMPACT) : NULL;
		json_decref(reply);
		length = connection->reply ? strlen(connection->reply) : 0;
	}
	if (!connection->reply) {
		connection_close(connection);
		return;
	}
	message_length_write(connection->reply_length, length);
	buffers[0] = uv_buf_init((char *)connection->reply_length, CONTROL_LENGTH_SIZE);
	buffers[1] = uv_buf_init(connection->reply, (unsigned int)length);
	connection->write.data = connection;
	uv_timer_start(&connection->timer, peer_too_slow, connection->control->options.reply_ms, 0);
	if (uv_write(&connection->write, (uv_stream_t *)&connection->pipe, buffers, 2,
		    reply_written) < 0)
		connection_close(connection);
}

/* What cannot be read in step any more ends the connection, with a word why. */
static void
refuse_malformed(struct connection *connection, const char *reason)
{
	connection->control->counters.malformed++;
	connection->last = true;
	uv_read_stop((uv_stream_t *)&connection->pipe);
	connection_send(connection, message_failure(CONTROL_BAD_REQUEST, reason));
}

/* ---- requests ---- */

static void
request_handle(struct connection *connection, json_t *request)
{
	struct control *control = connection->control;
	struct control_call *call = calloc(1, sizeof(*call));

	control->counters.requests++;
	if (!call) {
		json_decref(request);
		connection_close(connection);
		return;
	}
	*call = (struct control_call){.connection = connection,
		.request = request,
		.uid = connection->uid,
		.pid = connection->pid};
	connection->call = call;
	if (!json_is_string(json_object_get(request, "command"))) {
		control_fail(call, CONTROL_BAD_REQUEST, "a request has a string \"command\"");
		return;
	}
	uv_timer_start(&connection->timer, call_expired, connection->control->options.call_ms, 0);
	control->options.handler(control->options.context, request, call);
}

/* Handle what has been received; if it is no whole request, wait for more. */
static void
message_next(struct connection *connection)
{
	size_t length = 0;
	struct why why;
	json_t *request;

	switch (message_front(
		connection->received, connection->received_length, CONTROL_REQUEST_MAX, &length)) {
	case MESSAGE_PART:
		uv_timer_start(&connection->timer,
			connection->received_length ? peer_too_slow : peer_idle,
			connection->received_length ? connection->control->options.request_ms
						    : connection->control->options.idle_ms,
			0);
		return;
	case MESSAGE_BAD_LENGTH:
		refuse_malformed(connection, "the length of a request is 1 to 65536 octets");
		return;
	case MESSAGE_WHOLE:
		break;
	}
	request = message_parse(connection->received + CONTROL_LENGTH_SIZE, length, &why);
	length += CONTROL_LENGTH_SIZE;
	connection->received_length -= length;
	memmove(connection->received, connection->received + length, connection->received_length);
	if (request)
		request_handle(connection, request);
	else
		refuse_malformed(connection, why.text);
}

static void
receive_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct connection *connection = handle->data;

	(void)suggested;
	/* no room is ENOBUFS: a client that sends on and on while it owes us patience */
	*buffer = uv_buf_init((char *)connection->received + connection->received_length,
		(unsigned int)(RECEIVED_SIZE - connection->received_length));
}

static void
received(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
	struct connection *connection = stream->data;
	bool first = connection->received_length == 0;
	size_t length;

	(void)buffer;
	if (count < 0) {
		connection_close(connection);
		return;
	}
	connection->received_length += (size_t)count;
	/* while a reply is on its way, or waited for, requests only gather */
	if (count == 0 || connection->call || connection->reply)
		return;
	/* the time of a request counts from its first octet, and no further one prolongs it */
	if (!first && message_front(connection->received, connection->received_length,
			      CONTROL_REQUEST_MAX, &length) == MESSAGE_PART)
		return;
	message_next(connection);
}

/* ---- the beginning ---- */

static struct connection *
connection_new(struct control *control)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	uv_loop_t *loop = control->listener.loop;

	if (!connection)
		return NULL;
	connection->received = malloc(RECEIVED_SIZE);
	if (!connection->received) {
		free(connection);
		return NULL;
	}
	connection->control = control;
	uv_pipe_init(loop, &connection->pipe, 0);
	uv_timer_init(loop, &connection->timer);
	connection->pipe.data = connection->timer.data = connection;
	connection->open_handles = 2;
	connection->next = control->connections;
	connection->link = &control->connections;
	if (connection->next)
		connection->next->link = &connection->next;
	control->connections = connection;
	control->connection_count++;
	return connection;
}

/* One that does not get in hears why, if it listens at once, and is closed. */
static void
turn_away(struct connection *connection, const char *code, const char *text)
{
	json_t *reply = message_failure(code, text);
	char *dump = reply ? json_dumps(reply, JSON_COMPACT) : NULL;

	connection->control->counters.refused++;
	if (dump) {
		uint8_t length[CONTROL_LENGTH_SIZE];
		uv_buf_t buffers[2] = {uv_buf_init((char *)length, sizeof(length)),
			uv_buf_init(dump, (unsigned int)strlen(dump))};

		message_length_write(length, strlen(dump));
		uv_try_write((uv_stream_t *)&connection->pipe, buffers, 2);
	}
	free(dump);
	json_decref(reply);
	connection_close(connection);
}

void
connection_accept(struct control *control)
{
	bool full = control->connection_count >= CONTROL_CLIENTS_MAX;
	struct connection *connection = connection_new(control);
	uv_os_fd_t fd;

	if (!connection)
		return;
	if (uv_accept((uv_stream_t *)&control->listener, (uv_stream_t *)&connection->pipe) < 0 ||
		uv_fileno((const uv_handle_t *)&connection->pipe, &fd) < 0) {
		connection_close(connection);
		return;
	}
	if (!access_granted(control, fd, &connection->uid, &connection->pid)) {
		turn_away(connection, CONTROL_REFUSED, "you are not among those who may ask");
		return;
	}
	if (full) {
		turn_away(connection, CONTROL_BUSY, "too many clients");
		return;
	}
	control->counters.accepted++;
	uv_timer_start(&connection->timer, peer_idle, connection->control->options.idle_ms, 0);
	if (uv_read_start((uv_stream_t *)&connection->pipe, receive_room, received) < 0)
		connection_close(connection);
}
