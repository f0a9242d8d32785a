/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages to and from a primary over UDP. */
#include <stdlib.h>
#include <string.h>

#include "transfer/transfer_priv.h"

/* No EDNS is sent, so that an answer is no longer than RFC 1035 4.2.1 allows; others are cut. */
enum { DATAGRAM_SIZE = 4096 };

struct transfer_datagram {
	uv_udp_t udp; /* first: what libuv hands back is the datagram */
	const struct transfer_datagram_events *events;
	void *context;
	uint8_t input[DATAGRAM_SIZE];
};

static void
freed(uv_handle_t *handle)
{
	free(handle);
}

static void
input_offer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct transfer_datagram *d = (struct transfer_datagram *)handle;

	(void)suggested;
	*buffer = uv_buf_init((char *)d->input, sizeof(d->input));
}

static void
received(uv_udp_t *udp, ssize_t count, const uv_buf_t *buffer, const struct sockaddr *from,
	unsigned int flags)
{
	struct transfer_datagram *d = (struct transfer_datagram *)udp;
	struct why why;

	(void)buffer;
	if (count < 0) {
		why_set(&why, (int)-count, "%s", uv_strerror((int)count));
		d->events->failed(d->context, &why);
	} else if (from && !(flags & UV_UDP_PARTIAL)) {
		d->events->arrived(d->context, d->input, (size_t)count);
	}
}

struct transfer_datagram *
transfer_datagram_open(uv_loop_t *loop, const struct transfer_settings *settings,
	const struct transfer_datagram_events *events, void *context, struct why *why)
{
	struct transfer_datagram *d = calloc(1, sizeof(*d));
	int rc = d ? uv_udp_init(loop, &d->udp) : UV_ENOMEM;

	if (rc < 0) {
		free(d);
		why_set(why, -rc, "a socket: %s", uv_strerror(rc));
		return NULL;
	}
	d->events = events;
	d->context = context;
	if (settings->source.ss_family != AF_UNSPEC)
		rc = uv_udp_bind(&d->udp, (const struct sockaddr *)&settings->source, 0);
	/* connected, so that only the primary's datagrams come */
	if (rc == 0)
		rc = uv_udp_connect(&d->udp, (const struct sockaddr *)&settings->primary);
	if (rc == 0)
		rc = uv_udp_recv_start(&d->udp, input_offer, received);
	if (rc == 0)
		return d;
	why_set(why, -rc, "%s", uv_strerror(rc));
	transfer_datagram_close(d);
	return NULL;
}

int
transfer_datagram_send(
	struct transfer_datagram *datagram, const uint8_t *message, size_t length, struct why *why)
{
	uv_buf_t buffer = uv_buf_init((char *)message, (unsigned int)length);
	int rc = uv_udp_try_send(&datagram->udp, &buffer, 1, NULL);

	return rc < 0 ? why_set(why, -rc, "%s", uv_strerror(rc)) : 0;
}

void
transfer_datagram_close(struct transfer_datagram *datagram)
{
	if (datagram)
		uv_close((uv_handle_t *)&datagram->udp, freed);
}
