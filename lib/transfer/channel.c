/* SPDX-License-Identifier: BSD-3-Clause */
/* A connection to a primary: TCP, or TLS over it, cut into messages (RFC 1035 4.2.2). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "transfer/transfer_priv.h"

enum { LENGTH_SIZE = 2, INPUT_SIZE = 64 << 10, TLS_PIECE = 16 << 10 };

struct transfer_channel {
	uv_tcp_t tcp; /* first: what libuv hands back is the channel */
	uv_connect_t connecting;
	struct tls *tls; /* NULL: plain */
	struct tls_context *tls_context;
	const struct transfer_channel_events *events;
	void *context;
	bool is_open; /* told */
	bool ended;   /* told; no event follows */
	size_t kept;  /* octets of a message that has begun, its length in front */
	uint8_t message[LENGTH_SIZE + WIRE_TCP_SIZE_MAX];
	uint8_t input[INPUT_SIZE];
};

struct unsent {
	uv_write_t request; /* first */
	uint8_t octets[];
};

static void
freed(uv_handle_t *handle)
{
	struct transfer_channel *c = (struct transfer_channel *)handle;

	tls_free(c->tls);
	free(c);
}

void
transfer_channel_close(struct transfer_channel *channel)
{
	if (!channel)
		return;
	channel->ended = true;
	uv_close((uv_handle_t *)&channel->tcp, freed);
}

static void
end(struct transfer_channel *c, const struct why *why)
{
	if (c->ended)
		return;
	c->ended = true;
	uv_read_stop((uv_stream_t *)&c->tcp);
	c->events->ended(c->context, why);
}

static void
end_by(struct transfer_channel *c, int rc)
{
	struct why why;

	why_set(&why, -rc, "%s",
		rc == UV_EOF ? "the primary closed the connection" : uv_strerror(rc));
	end(c, &why);
}

/* ---- out ---- */

static void
written(uv_write_t *request, int status)
{
	struct transfer_channel *c = (struct transfer_channel *)request->handle;

	free(request);
	if (status < 0 && status != UV_ECANCELED)
		end_by(c, status);
}

static int
octets_write(struct transfer_channel *c, const uint8_t *octets, size_t count, struct why *why)
{
	struct unsent *unsent = malloc(sizeof(*unsent) + count);
	uv_buf_t buffer;
	int rc;

	if (!unsent)
		return why_set(why, ENOMEM, "out of memory");
	memcpy(unsent->octets, octets, count);
	buffer = uv_buf_init((char *)unsent->octets, (unsigned int)count);
	rc = uv_write(&unsent->request, (uv_stream_t *)&c->tcp, &buffer, 1, written);
	if (rc == 0)
		return 0;
	free(unsent);
	return why_set(why, -rc, "%s", uv_strerror(rc));
}

/* What TLS has to say: handshake, alerts, and what was written into it */
static int
tls_flush(struct transfer_channel *c, struct why *why)
{
	uint8_t octets[TLS_PIECE];
	size_t count;
	int rc = 0;

	while (rc == 0 && (count = tls_take(c->tls, octets, sizeof(octets))) > 0)
		rc = octets_write(c, octets, count, why);
	return rc;
}

int
transfer_channel_send(
	struct transfer_channel *channel, const uint8_t *message, size_t length, struct why *why)
{
	uint8_t octets[LENGTH_SIZE + TRANSFER_REQUEST_MAX];
	int rc;

	wire_u16_patch(octets, (uint16_t)length);
	memcpy(octets + LENGTH_SIZE, message, length);
	if (!channel->tls)
		return octets_write(channel, octets, LENGTH_SIZE + length, why);
	rc = tls_write(channel->tls, octets, LENGTH_SIZE + length, why);
	return rc == 0 ? tls_flush(channel, why) : rc;
}

/* ---- in ---- */

/* Octets that the message which has begun still needs, as far as is known */
static size_t
message_missing(const struct transfer_channel *c)
{
	if (c->kept < LENGTH_SIZE)
		return LENGTH_SIZE - c->kept;
	return LENGTH_SIZE + (size_t)(c->message[0] << 8 | c->message[1]) - c->kept;
}

/* Cut what came into messages. Each event may be the last. */
static void
plain_take(struct transfer_channel *c, const uint8_t *octets, size_t count)
{
	c->events->progressed(c->context, count);
	while (count > 0 && !c->ended) {
		size_t missing = message_missing(c);
		size_t taken = missing < count ? missing : count;

		memcpy(c->message + c->kept, octets, taken);
		c->kept += taken;
		octets += taken;
		count -= taken;
		if (c->kept >= LENGTH_SIZE && message_missing(c) == 0) {
			size_t length = c->kept - LENGTH_SIZE;

			c->kept = 0;
			c->events->arrived(c->context, c->message + LENGTH_SIZE, length);
		}
	}
}

static void
tls_opened_tell(struct transfer_channel *c)
{
	if (c->is_open || tls_state(c->tls) != TLS_OPEN)
		return;
	c->is_open = true;
	c->events->opened(c->context);
}

static void
tls_take_in(struct transfer_channel *c, const uint8_t *octets, size_t count)
{
	uint8_t plain[TLS_PIECE];
	struct why why = {""};
	ssize_t got = 0;
	int rc = tls_feed(c->tls, octets, count, &why);

	/* an alert too is worth sending: the primary's log then says what was wrong */
	if (tls_flush(c, rc < 0 ? NULL : &why) < 0 && rc == 0)
		rc = -EIO;
	if (rc == 0)
		tls_opened_tell(c);
	while (rc == 0 && !c->ended && (got = tls_read(c->tls, plain, sizeof(plain), &why)) > 0)
		plain_take(c, plain, (size_t)got);
	if (rc < 0 || got < 0)
		end(c, &why);
	else if (!c->ended && tls_state(c->tls) == TLS_CLOSED)
		end_by(c, UV_EOF);
}

static void
input_offer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct transfer_channel *c = (struct transfer_channel *)handle;

	(void)suggested;
	*buffer = uv_buf_init((char *)c->input, sizeof(c->input));
}

static void
received(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
	struct transfer_channel *c = (struct transfer_channel *)stream;

	(void)buffer;
	if (count < 0)
		end_by(c, (int)count);
	else if (count > 0 && c->tls)
		tls_take_in(c, c->input, (size_t)count);
	else if (count > 0)
		plain_take(c, c->input, (size_t)count);
}

/* ---- opening ---- */

static void
connected(uv_connect_t *request, int status)
{
	struct transfer_channel *c = (struct transfer_channel *)request->handle;
	struct why why;
	int rc = status;

	if (c->ended)
		return;
	if (rc == 0)
		rc = uv_read_start((uv_stream_t *)&c->tcp, input_offer, received);
	if (rc < 0) {
		end_by(c, rc);
		return;
	}
	uv_tcp_nodelay(&c->tcp, 1);
	if (!c->tls_context) {
		c->is_open = true;
		c->events->opened(c->context);
		return;
	}
	c->tls = tls_open(c->tls_context);
	if (!c->tls)
		end_by(c, UV_ENOMEM);
	else if (tls_flush(c, &why) < 0)
		end(c, &why);
}

struct transfer_channel *
transfer_channel_open(uv_loop_t *loop, const struct transfer_settings *settings,
	const struct transfer_channel_events *events, void *context, struct why *why)
{
	struct transfer_channel *c = calloc(1, sizeof(*c));
	int rc = c ? uv_tcp_init_ex(loop, &c->tcp, settings->primary.ss_family) : UV_ENOMEM;

	if (rc < 0) {
		free(c);
		why_set(why, -rc, "a socket: %s", uv_strerror(rc));
		return NULL;
	}
	c->events = events;
	c->context = context;
	c->tls_context = settings->tls;
	if (settings->source.ss_family != AF_UNSPEC)
		rc = uv_tcp_bind(&c->tcp, (const struct sockaddr *)&settings->source, 0);
	if (rc == 0)
		rc = uv_tcp_connect(&c->connecting, &c->tcp,
			(const struct sockaddr *)&settings->primary, connected);
	if (rc == 0)
		return c;
	why_set(why, -rc, "%s", uv_strerror(rc));
	transfer_channel_close(c);
	return NULL;
}
