/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests over TCP and TLS, one at a time: while one is answered nothing is read. */
#include <string.h>

#include "primary/primary_priv.h"
#include "tls/tls.h"

enum { LENGTH_SIZE = 2 };

struct primary_connection {
	uv_tcp_t tcp; /* first: what libuv hands back is the connection */
	TAILQ_ENTRY(primary_connection) of_all;
	struct primary *primary;
	struct sockaddr_storage address;
	struct primary_source source;
	struct tls *tls;		   /* NULL: plain TCP */
	struct primary_transfer *transfer; /* NULL: none is underway */
	bool writes, has_ended;		   /* the client sends nothing any more */
	uint64_t since_ms;		   /* in its state */
	size_t used;			   /* of input: not answered yet */
	uint8_t input[LENGTH_SIZE + PRIMARY_MESSAGE_SIZE];
};

/* Octets on their way to the kernel. */
struct unsent {
	uv_write_t request; /* first */
	uint8_t octets[];
};

static void serve(struct primary_connection *c);

static bool
is_closing(const struct primary_connection *c)
{
	return uv_is_closing((const uv_handle_t *)&c->tcp);
}

static void
since_now(struct primary_connection *c)
{
	c->since_ms = uv_now(c->primary->settings->loop);
	TAILQ_REMOVE(&c->primary->connections, c, of_all);
	TAILQ_INSERT_TAIL(&c->primary->connections, c, of_all);
}

static void
closed(uv_handle_t *handle)
{
	struct primary_connection *c = (struct primary_connection *)handle;
	struct primary *primary = c->primary;

	free(c);
	primary_handle_closed(primary);
}

/* What may not wait: a peer that does not take it does without. */
static void
tls_goodbye(struct primary_connection *c)
{
	uint8_t *octets = c->primary->raw;
	uv_buf_t buffer;
	size_t size;

	if (tls_state(c->tls) != TLS_HANDSHAKE)
		tls_close(c->tls);
	size = tls_take(c->tls, octets, sizeof(c->primary->raw));
	buffer = uv_buf_init((char *)octets, (unsigned int)size);
	if (size && !c->writes)
		(void)uv_try_write((uv_stream_t *)&c->tcp, &buffer, 1);
	tls_free(c->tls);
	c->tls = NULL;
}

static void
connection_close(struct primary_connection *c, const char *why)
{
	if (c->transfer)
		primary_transfer_end(c->transfer, why);
	c->transfer = NULL;
	if (c->tls)
		tls_goodbye(c);
	TAILQ_REMOVE(&c->primary->connections, c, of_all);
	c->primary->connection_count--;
	uv_close((uv_handle_t *)&c->tcp, closed);
}

static void
tls_failed_close(struct primary_connection *c)
{
	primary_counted(c->primary, PRIMARY_TLS_FAILED);
	connection_close(c, "tls");
}

/* ---- out ---- */

static void
written(uv_write_t *request, int status)
{
	struct primary_connection *c = (struct primary_connection *)request->handle;

	free(request);
	if (is_closing(c))
		return;
	c->writes = false;
	since_now(c);
	if (status < 0) {
		connection_close(c, "reset");
		return;
	}
	if (c->transfer && !primary_transfer_is_done(c->transfer)) {
		primary_connection_continue(c);
		return;
	}
	if (c->transfer)
		primary_transfer_end(c->transfer, NULL);
	c->transfer = NULL;
	serve(c);
}

static void
unsent_write(struct primary_connection *c, struct unsent *unsent, size_t size)
{
	uv_buf_t buffer;

	if (!unsent) {
		connection_close(c, "out_of_memory");
		return;
	}
	buffer = uv_buf_init((char *)unsent->octets, (unsigned int)size);
	if (uv_write(&unsent->request, (uv_stream_t *)&c->tcp, &buffer, 1, written) < 0) {
		free(unsent);
		connection_close(c, "reset");
		return;
	}
	uv_read_stop((uv_stream_t *)&c->tcp);
	c->writes = true;
	since_now(c);
}

/* All that TLS has to say. */
static void
tls_flush(struct primary_connection *c)
{
	size_t size = tls_pending(c->tls);
	struct unsent *unsent = malloc(sizeof(*unsent) + size);

	if (unsent)
		size = tls_take(c->tls, unsent->octets, size);
	unsent_write(c, unsent, size);
}

static void
output_send(struct primary_connection *c, const uint8_t *octets, size_t size)
{
	struct unsent *unsent;

	if (c->tls) {
		if (tls_write(c->tls, octets, size, NULL) < 0)
			tls_failed_close(c);
		else
			tls_flush(c);
		return;
	}
	unsent = malloc(sizeof(*unsent) + size);
	if (unsent)
		memcpy(unsent->octets, octets, size);
	unsent_write(c, unsent, size);
}

void
primary_connection_continue(struct primary_connection *c)
{
	uint8_t *output = c->primary->output;
	size_t length;

	if (!primary_transfer_may(c->transfer))
		return;
	length = primary_transfer_next(c->transfer, output + LENGTH_SIZE, WIRE_TCP_SIZE_MAX);
	if (length == 0) {
		connection_close(c, "a_record_fits_no_message");
		return;
	}
	wire_u16_patch(output, (uint16_t)length);
	output_send(c, output, LENGTH_SIZE + length);
}

/* ---- in ---- */

/* The message at the front of the input goes. */
static void
message_answer(struct primary_connection *c, size_t length)
{
	struct primary *primary = c->primary;
	struct primary_request request = {
		.primary = primary,
		.address = (const struct sockaddr *)&c->address,
		.source = c->source,
		.transport = WIRE_TCP,
		.message = c->input + LENGTH_SIZE,
		.length = length,
		.reply = primary->output + LENGTH_SIZE,
	};

	primary_request_answer(&request);
	c->used -= LENGTH_SIZE + length;
	memmove(c->input, c->input + LENGTH_SIZE + length, c->used);
	c->transfer = request.transfer;
	if (c->transfer) {
		c->transfer->connection = c;
		uv_read_stop((uv_stream_t *)&c->tcp);
		primary_connection_continue(c);
	} else if (request.reply_length) {
		wire_u16_patch(primary->output, (uint16_t)request.reply_length);
		output_send(c, primary->output, LENGTH_SIZE + request.reply_length);
	} else {
		connection_close(c, NULL);
	}
}

/* @return whether anything new is in the input */
static bool
tls_fill(struct primary_connection *c)
{
	ssize_t count;

	if (!c->tls || c->used == sizeof(c->input))
		return false;
	count = tls_read(c->tls, c->input + c->used, sizeof(c->input) - c->used, NULL);
	if (count < 0) {
		tls_failed_close(c);
		return false;
	}
	if (count > 0 && c->used == 0)
		since_now(c);
	c->used += (size_t)count;
	return count > 0;
}

/* @return whether a message was there, and what came of it is being sent, or the connection closed
 */
static bool
input_take(struct primary_connection *c)
{
	size_t length;

	if (c->used < LENGTH_SIZE)
		return false;
	length = (size_t)c->input[0] << 8 | c->input[1];
	if (length < WIRE_HEADER_SIZE || length > PRIMARY_MESSAGE_SIZE) {
		primary_counted(c->primary, PRIMARY_CLOSED_MISFRAMED);
		connection_close(c, NULL);
		return true;
	}
	if (c->used < LENGTH_SIZE + length)
		return false;
	message_answer(c, length);
	return true;
}

static void
input_offer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct primary_connection *c = (struct primary_connection *)handle;

	(void)suggested;
	if (c->tls)
		*buffer = uv_buf_init((char *)c->primary->raw, sizeof(c->primary->raw));
	else
		*buffer = uv_buf_init(
			(char *)c->input + c->used, (unsigned int)(sizeof(c->input) - c->used));
}

static void
received(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
	struct primary_connection *c = (struct primary_connection *)stream;

	if (count == 0)
		return;
	if (count < 0 && count != UV_EOF) {
		connection_close(c, "reset");
		return;
	}
	if (count == UV_EOF) {
		c->has_ended = true;
	} else if (c->tls) {
		if (tls_feed(c->tls, (const uint8_t *)buffer->base, (size_t)count, NULL) < 0) {
			tls_failed_close(c);
			return;
		}
	} else {
		if (c->used == 0)
			since_now(c);
		c->used += (size_t)count;
	}
	serve(c);
}

/* Answer what is there, or wait for more. */
static void
serve(struct primary_connection *c)
{
	do {
		if (input_take(c))
			return;
	} while (tls_fill(c));
	if (is_closing(c))
		return;
	if (c->tls && tls_pending(c->tls)) {
		tls_flush(c);
		return;
	}
	if (c->has_ended || (c->tls && tls_state(c->tls) == TLS_CLOSED)) {
		connection_close(c, NULL);
		return;
	}
	/* it may be read already */
	if (uv_read_start((uv_stream_t *)&c->tcp, input_offer, received) < 0 &&
		!uv_is_active((uv_handle_t *)&c->tcp))
		connection_close(c, NULL);
}

/* ---- its beginning and its end ---- */

/* Close the one that is idle for longest, of that network or of all. @return whether there is one
 */
static bool
room_make(struct primary *primary, const struct primary_source *near)
{
	struct primary_connection *c;

	TAILQ_FOREACH(c, &primary->connections, of_all)
	if (!c->transfer && !c->writes && (!near || primary_source_is_near(&c->source, near))) {
		primary_counted(primary, PRIMARY_CLOSED_LIMIT);
		connection_close(c, NULL);
		return true;
	}
	return false;
}

static bool
has_room(struct primary *primary, const struct primary_source *source)
{
	const struct primary_limits *limits = &primary->settings->limits;
	const struct primary_connection *c;
	unsigned int near = 0;

	TAILQ_FOREACH(c, &primary->connections, of_all)
	near += primary_source_is_near(&c->source, source);
	if (near >= limits->connections_per_prefix)
		return room_make(primary, source);
	return primary->connection_count < limits->connections || room_make(primary, NULL);
}

/* @return false: it is not to be */
static bool
connection_begin(struct primary_connection *c, struct primary_socket *listener)
{
	struct primary *primary = listener->primary;
	int size = sizeof(c->address);

	if (uv_accept((uv_stream_t *)&listener->uv.tcp, (uv_stream_t *)&c->tcp) < 0 ||
		uv_tcp_getpeername(&c->tcp, (struct sockaddr *)&c->address, &size) < 0)
		return false;
	primary_counted(primary, listener->is_tls ? PRIMARY_TLS_ACCEPTED : PRIMARY_TCP_ACCEPTED);
	c->source = primary_source_of((const struct sockaddr *)&c->address);
	if (!has_room(primary, &c->source)) {
		primary_counted(primary, PRIMARY_CLOSED_LIMIT);
		return false;
	}
	if (listener->is_tls)
		c->tls = tls_open(primary->tls);
	return !listener->is_tls || c->tls;
}

void
primary_connection_accept(uv_stream_t *listener, int status)
{
	struct primary_socket *s = listener->data;
	struct primary *primary = s->primary;
	struct primary_connection *c = status < 0 ? NULL : calloc(1, sizeof(*c));

	/* libuv keeps it, and tells of no other; without memory nothing else goes either */
	if (!c)
		return;
	c->primary = primary;
	uv_tcp_init(primary->settings->loop, &c->tcp);
	primary->handle_count++;
	if (!connection_begin(c, s)) {
		uv_close((uv_handle_t *)&c->tcp, closed);
		return;
	}
	c->since_ms = uv_now(primary->settings->loop);
	primary->connection_count++;
	TAILQ_INSERT_TAIL(&primary->connections, c, of_all);
	primary_tick_need(primary);
	serve(c);
}

/* @return how long it may be in its state */
static unsigned int
timeout_of(const struct primary_connection *c)
{
	const struct primary_limits *limits = &c->primary->settings->limits;
	bool is_idle = !c->transfer && !c->writes && c->used == 0 &&
		       !(c->tls && tls_state(c->tls) == TLS_HANDSHAKE);

	return is_idle ? limits->idle_timeout_ms : limits->message_timeout_ms;
}

void
primary_connections_sweep(struct primary *primary)
{
	uint64_t now_ms = uv_now(primary->settings->loop);
	struct primary_connection *c, *next;

	for (c = TAILQ_FIRST(&primary->connections); c; c = next) {
		next = TAILQ_NEXT(c, of_all);
		/* one that we let wait */
		if (c->transfer && c->transfer->waits)
			continue;
		if (now_ms - c->since_ms < timeout_of(c))
			continue;
		primary_counted(primary, PRIMARY_CLOSED_TIMEOUT);
		connection_close(c, "timeout");
	}
}

void
primary_connections_close(struct primary *primary)
{
	while (!TAILQ_EMPTY(&primary->connections))
		connection_close(TAILQ_FIRST(&primary->connections), "stop");
}
