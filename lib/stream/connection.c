/* SPDX-License-Identifier: BSD-3-Clause */
/* A connection: octets in any pieces become queries, answers go out as they are ready. */
#include <netinet/in.h>
#include <string.h>
#include <time.h>

#include "stream/stream_priv.h"

/* There may be a hundred thousand of them: an idle one has this and no buffer. */
struct connection {
	uv_tcp_t tcp; /* first: what libuv hands back is the connection */
	struct stream_thread *thread;
	struct stream_prefix *prefix;
	TAILQ_ENTRY(connection) of_thread, of_prefix;
	uint64_t since_ms; /* in its state */
	uint8_t *kept;	   /* received, not answered yet: a part of a message; NULL: none */
	uint32_t kept_size;
	uint32_t queued; /* its part of thread->queued */
	enum connection_state state;
	uint16_t port;
	uint8_t address_size;
	uint8_t address[16];
};

/* Answers that the kernel did not take at once. */
struct unsent {
	uv_write_t request; /* first */
	uint8_t octets[];
};

static struct stream_thread *
thread_of(const struct connection *c)
{
	return c->thread;
}

static void
freed(uv_handle_t *handle)
{
	free(handle);
}

static void
lists_leave(struct connection *c)
{
	TAILQ_REMOVE(&c->thread->connections[c->state], c, of_thread);
	TAILQ_REMOVE(&c->prefix->connections[c->state], c, of_prefix);
}

static void
lists_enter(struct connection *c, enum connection_state state)
{
	c->state = state;
	c->since_ms = uv_now(&c->thread->loop);
	TAILQ_INSERT_TAIL(&c->thread->connections[state], c, of_thread);
	TAILQ_INSERT_TAIL(&c->prefix->connections[state], c, of_prefix);
}

/* Begin a state, or begin it again. */
static void
state_begin(struct connection *c, enum connection_state state)
{
	lists_leave(c);
	lists_enter(c, state);
}

static void
kept_drop(struct connection *c)
{
	free(c->kept);
	c->kept = NULL;
	c->kept_size = 0;
}

static void
queued_set(struct connection *c, size_t octets)
{
	c->thread->queued += octets - c->queued;
	c->queued = (uint32_t)octets;
}

static void
connection_close(struct connection *c, enum stream_count reason)
{
	struct stream_thread *thread = thread_of(c);

	stream_counted(thread, reason);
	lists_leave(c);
	stream_prefix_leave(&thread->prefixes, c->prefix);
	thread->connection_count--;
	queued_set(c, 0);
	kept_drop(c);
	uv_close((uv_handle_t *)&c->tcp, freed);
}

/* ---- answers ---- */

static void input_answer(struct connection *c, const uint8_t *octets, size_t size);
static void reading_start(struct connection *c);

static void
written(uv_write_t *request, int status)
{
	struct connection *c = (struct connection *)request->handle;
	uint8_t *kept = c->kept;
	size_t size = c->kept_size;

	free(request);
	if (uv_is_closing((uv_handle_t *)&c->tcp))
		return;
	if (status < 0) {
		connection_close(c, STREAM_TCP_CLOSED_RESET);
		return;
	}
	c->kept = NULL;
	c->kept_size = 0;
	queued_set(c, 0);
	state_begin(c, CONNECTION_IDLE);
	input_answer(c, kept, size);
	free(kept);
	if (!uv_is_closing((uv_handle_t *)&c->tcp) && c->state != CONNECTION_WRITING)
		reading_start(c);
}

/* What the kernel does not take waits until it does, and with it all that the client asks. */
static bool
unsent_queue(struct connection *c, const uint8_t *octets, size_t size)
{
	uv_buf_t buffer;
	struct unsent *unsent;

	if (c->thread->queued + size > STREAM_QUEUE_MAX)
		return false;
	unsent = malloc(sizeof(*unsent) + size);
	if (!unsent)
		return false;
	memcpy(unsent->octets, octets, size);
	buffer = uv_buf_init((char *)unsent->octets, (unsigned int)size);
	if (uv_write(&unsent->request, (uv_stream_t *)&c->tcp, &buffer, 1, written) < 0) {
		free(unsent);
		return false;
	}
	uv_read_stop((uv_stream_t *)&c->tcp);
	queued_set(c, size);
	state_begin(c, CONNECTION_WRITING);
	return true;
}

/* @return whether all of it went; else the connection waits, or is closed */
static bool
output_send(struct connection *c, size_t size)
{
	uint8_t *output = c->thread->output;
	uv_buf_t buffer = uv_buf_init((char *)output, (unsigned int)size);
	int sent;

	if (size == 0)
		return true;
	sent = uv_try_write((uv_stream_t *)&c->tcp, &buffer, 1);
	if (sent == UV_EAGAIN)
		sent = 0;
	if (sent < 0) {
		connection_close(c, STREAM_TCP_CLOSED_RESET);
		return false;
	}
	if ((size_t)sent == size)
		return true;
	if (!unsent_queue(c, output + sent, size - (size_t)sent))
		connection_close(c, STREAM_TCP_CLOSED_MEMORY);
	return false;
}

/* A message in the middle of a connection's input. */
struct turn {
	const struct engine_service *service;
	struct exchange_peer peer;
	size_t input_used, output_used;
};

/* @return false: it was no query */
static bool
message_answer(struct connection *c, struct turn *t, const uint8_t *message, size_t length)
{
	uint8_t *to = c->thread->output + t->output_used;
	enum engine_verdict verdict;
	struct ledger_line *line;
	size_t reply_length;

	if (c->thread->page.count == LEDGER_PAGE)
		stream_page_read(c->thread);
	line = stream_page_line(c->thread);
	verdict = engine_answer_entered(t->service, &t->peer, message, length,
		to + STREAM_LENGTH_SIZE, &reply_length, line);
	line->client_port = c->port;
	counter_add(&c->thread->counters.engine[WIRE_TCP][verdict], 1);
	if (reply_length == 0)
		return false;
	wire_u16_patch(to, (uint16_t)reply_length);
	t->output_used += STREAM_LENGTH_SIZE + reply_length;
	return true;
}

/* Answer until the input ends, or the output is full. @return what stands next in the input */
static enum stream_framing
messages_answer(struct connection *c, struct turn *t, const uint8_t *octets, size_t size)
{
	enum stream_framing framing = STREAM_FRAMING_MESSAGE;
	size_t length = 0;

	while (t->output_used <= STREAM_OUTPUT_FULL) {
		framing = stream_frame(octets + t->input_used, size - t->input_used, &length);
		if (framing != STREAM_FRAMING_MESSAGE)
			break;
		t->input_used += STREAM_LENGTH_SIZE + length;
		if (!message_answer(c, t, octets + t->input_used - length, length))
			return STREAM_FRAMING_REPLY;
	}
	return framing;
}

static struct turn
turn_begin(const struct connection *c)
{
	const struct stream_thread *thread = c->thread;

	return (struct turn){
		.peer =
			{
				.address = c->address,
				.address_size = c->address_size,
				.transport = WIRE_TCP,
				.keepalive_timeout =
					stream_keepalive(thread->settings->idle_timeout_ms,
						thread->connection_count, thread->connections_max),
				.now = (uint32_t)time(NULL),
			},
	};
}

/* Keep what is not answered yet. @return false: no memory */
static bool
rest_keep(struct connection *c, const uint8_t *octets, size_t size)
{
	if (size == 0)
		return true;
	c->kept = malloc(size);
	if (!c->kept)
		return false;
	memcpy(c->kept, octets, size);
	c->kept_size = (uint32_t)size;
	return true;
}

static void
misframed_close(struct connection *c, enum stream_framing framing)
{
	switch (framing) {
	case STREAM_FRAMING_ZERO_LENGTH:
		connection_close(c, STREAM_TCP_CLOSED_ZERO_LENGTH);
		break;
	case STREAM_FRAMING_SHORT:
		connection_close(c, STREAM_TCP_CLOSED_SHORT);
		break;
	case STREAM_FRAMING_LONG:
		connection_close(c, STREAM_TCP_CLOSED_LONG);
		break;
	case STREAM_FRAMING_REPLY:
		connection_close(c, STREAM_TCP_CLOSED_REPLY);
		break;
	case STREAM_FRAMING_MESSAGE:
	case STREAM_FRAMING_PART:
		break;
	}
}

/* Answer all that the octets hold. They stay the caller's; c->kept is none. */
static void
input_answer(struct connection *c, const uint8_t *octets, size_t size)
{
	struct turn t = turn_begin(c);
	enum stream_framing framing;
	bool sent;

	do {
		t.service = stream_service_enter(c->thread);
		t.output_used = 0;
		stream_page_begin(c->thread, t.service, t.peer.now);
		framing = messages_answer(c, &t, octets, size);
		stream_page_read(c->thread);
		stream_service_leave(c->thread);
		sent = output_send(c, t.output_used);
	} while (sent && framing == STREAM_FRAMING_MESSAGE);
	if (uv_is_closing((uv_handle_t *)&c->tcp))
		return;
	if (framing != STREAM_FRAMING_MESSAGE && framing != STREAM_FRAMING_PART) {
		misframed_close(c, framing);
		return;
	}
	if (!rest_keep(c, octets + t.input_used, size - t.input_used)) {
		connection_close(c, STREAM_TCP_CLOSED_MEMORY);
		return;
	}
	if (!sent)
		queued_set(c, c->queued + c->kept_size);
	else if (c->kept_size == 0)
		state_begin(c, CONNECTION_IDLE);
	else if (t.input_used || c->state != CONNECTION_READING)
		state_begin(c, CONNECTION_READING);
}

/* ---- octets ---- */

/* What was kept of a message goes before what comes now. */
static void
input_offer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	const struct connection *c = (struct connection *)handle;

	(void)suggested;
	if (c->kept_size)
		memcpy(c->thread->input, c->kept, c->kept_size);
	*buffer = uv_buf_init((char *)c->thread->input + c->kept_size, STREAM_INPUT_SIZE);
}

static void
received(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
	struct connection *c = (struct connection *)stream;
	size_t size = c->kept_size;

	(void)buffer;
	if (count == 0)
		return;
	c->thread->events++;
	if (count < 0) {
		/* all that it asked before has been answered */
		connection_close(
			c, count == UV_EOF ? STREAM_TCP_CLOSED_CLIENT : STREAM_TCP_CLOSED_RESET);
		return;
	}
	kept_drop(c);
	input_answer(c, c->thread->input, size + (size_t)count);
}

static void
reading_start(struct connection *c)
{
	if (uv_read_start((uv_stream_t *)&c->tcp, input_offer, received) < 0)
		connection_close(c, STREAM_TCP_CLOSED_RESET);
}

/* ---- its beginning and its end ---- */

static bool
address_take(struct connection *c)
{
	struct sockaddr_storage address;
	int size = sizeof(address);

	if (uv_tcp_getpeername(&c->tcp, (struct sockaddr *)&address, &size) < 0)
		return false;
	/* the port stands at the same place in both families */
	c->port = ntohs(((struct sockaddr_in *)&address)->sin_port);
	if (address.ss_family == AF_INET) {
		c->address_size = 4;
		memcpy(c->address, &((struct sockaddr_in *)&address)->sin_addr, 4);
	} else {
		c->address_size = 16;
		memcpy(c->address, &((struct sockaddr_in6 *)&address)->sin6_addr, 16);
	}
	return true;
}

/* Idle ones first, of these the one that is it for longest. */
static void
oldest_close(const struct connections lists[static CONNECTION_STATES], enum stream_count reason)
{
	for (unsigned int state = 0; state < CONNECTION_STATES; state++) {
		struct connection *oldest = TAILQ_FIRST(&lists[state]);

		if (oldest) {
			connection_close(oldest, reason);
			return;
		}
	}
}

void
stream_connection_accept(uv_stream_t *listener, int status)
{
	struct stream_socket *socket = listener->data;
	struct stream_thread *thread = socket->thread;
	struct connection *c = status < 0 ? NULL : calloc(1, sizeof(*c));

	/* libuv holds it, and tells of no other until it is taken */
	socket->starved = status == 0 && !c;
	if (!c)
		return;
	thread->events++;
	c->thread = thread;
	uv_tcp_init(&thread->loop, &c->tcp);
	if (uv_accept(listener, (uv_stream_t *)&c->tcp) < 0 || !address_take(c) ||
		!(c->prefix = stream_prefix_enter(
			  &thread->prefixes, c->address, c->address_size))) {
		stream_counted(thread, STREAM_TCP_ACCEPTED);
		stream_counted(thread, STREAM_TCP_CLOSED_RESET);
		uv_close((uv_handle_t *)&c->tcp, freed);
		return;
	}
	stream_counted(thread, STREAM_TCP_ACCEPTED);
	if (c->prefix->count > thread->per_prefix_max)
		oldest_close(c->prefix->connections, STREAM_TCP_CLOSED_LIMIT_PREFIX);
	else if (thread->connection_count == thread->connections_max)
		oldest_close(thread->connections, STREAM_TCP_CLOSED_LIMIT_TOTAL);
	thread->connection_count++;
	lists_enter(c, CONNECTION_IDLE);
	reading_start(c);
}

void
stream_connections_sweep(struct stream_thread *thread)
{
	const struct {
		unsigned int timeout_ms;
		enum stream_count reason;
	} ends[CONNECTION_STATES] = {
		[CONNECTION_IDLE] = {stream_idle_ms(thread->settings->idle_timeout_ms,
					     thread->connection_count, thread->connections_max),
			STREAM_TCP_CLOSED_IDLE},
		[CONNECTION_READING] = {thread->settings->message_timeout_ms,
			STREAM_TCP_CLOSED_SLOW_MESSAGE},
		[CONNECTION_WRITING] = {STREAM_WRITE_TIMEOUT_MS, STREAM_TCP_CLOSED_SLOW_READER},
	};
	uint64_t now_ms = uv_now(&thread->loop);

	for (unsigned int state = 0; state < CONNECTION_STATES; state++) {
		struct connection *c;

		while ((c = TAILQ_FIRST(&thread->connections[state])) &&
			now_ms - c->since_ms >= ends[state].timeout_ms)
			connection_close(c, ends[state].reason);
	}
}

void
stream_connections_close(struct stream_thread *thread, bool all)
{
	unsigned int states = all ? CONNECTION_STATES : CONNECTION_WRITING;

	for (unsigned int state = 0; state < states; state++)
		while (!TAILQ_EMPTY(&thread->connections[state]))
			connection_close(
				TAILQ_FIRST(&thread->connections[state]), STREAM_TCP_CLOSED_STOP);
}
