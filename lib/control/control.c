/* SPDX-License-Identifier: BSD-3-Clause */
/* The server as its owner sees it. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "control/control_priv.h"

void
control_release(struct control *control)
{
	if (control->closing && !control->listener_open && control->connection_count == 0)
		free(control);
}

static void
listener_closed(uv_handle_t *handle)
{
	struct control *control = handle->data;

	control->listener_open = false;
	control_release(control);
}

static void
client_waits(uv_stream_t *listener, int status)
{
	if (status == 0)
		connection_accept(listener->data);
}

static void
options_take(struct control_options *own, const struct control_options *options)
{
	*own = *options;
	own->path = own->group = NULL;
	own->request_ms = own->request_ms ? own->request_ms : CONTROL_REQUEST_MS;
	own->idle_ms = own->idle_ms ? own->idle_ms : CONTROL_IDLE_MS;
	own->reply_ms = own->reply_ms ? own->reply_ms : CONTROL_REPLY_MS;
	own->call_ms = own->call_ms ? own->call_ms : CONTROL_CALL_MS;
}

int
control_open(uv_loop_t *loop, const struct control_options *options, struct control **control,
	struct why *why)
{
	struct control *made = calloc(1, sizeof(*made));
	int fd, rc;

	if (!made)
		return why_set(why, ENOMEM, "%s: out of memory", options->path);
	options_take(&made->options, options);
	fd = access_listen(made, options, why);
	if (fd < 0) {
		free(made);
		return fd;
	}
	uv_pipe_init(loop, &made->listener, 0);
	made->listener.data = made;
	made->listener_open = true;
	rc = uv_pipe_open(&made->listener, fd);
	if (rc < 0)
		close(fd);
	else
		rc = uv_listen((uv_stream_t *)&made->listener, CONTROL_CLIENTS_MAX, client_waits);
	if (rc < 0) {
		why_set(why, -rc, "%s: %s", options->path, strerror(-rc));
		control_close(made);
		return rc;
	}
	*control = made;
	return 0;
}

void
control_close(struct control *control)
{
	if (!control || control->closing)
		return;
	control->closing = true;
	access_remove(control);
	while (control->connections)
		connection_close(control->connections);
	uv_close((uv_handle_t *)&control->listener, listener_closed);
}

void
control_counters(const struct control *control, struct control_counters *counters)
{
	*counters = control->counters;
}

void
control_call_peer(const struct control_call *call, uid_t *uid, pid_t *pid)
{
	*uid = call->uid;
	*pid = call->pid;
}

/* The call is over; its reply goes to its client if that is still there. */
static void
call_end(struct control_call *call, json_t *reply)
{
	struct connection *connection = call->connection;

	json_decref(call->request);
	free(call);
	if (!connection) {
		json_decref(reply);
		return;
	}
	connection->call = NULL;
	connection_send(connection, reply);
}

void
control_reply(struct control_call *call, json_t *reply)
{
	if (!reply)
		reply = json_object();
	if (reply && !json_object_get(reply, "ok"))
		json_object_set_new(reply, "ok", json_true());
	if (call->connection && !json_is_true(json_object_get(reply, "ok")))
		call->connection->control->counters.failures++;
	call_end(call, reply);
}

void
control_fail(struct control_call *call, const char *code, const char *format, ...)
{
	char text[sizeof(((struct why *)NULL)->text)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (call->connection)
		call->connection->control->counters.failures++;
	call_end(call, message_failure(code, text));
}
