/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests over UDP. */
#include "packet/packet.h"
#include "primary/primary_priv.h"

void
primary_datagram_offer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct primary_socket *s = handle->data;

	(void)suggested;
	*buffer = uv_buf_init((char *)s->primary->input, sizeof(s->primary->input));
}

/* Strangers are told so, but cannot take the place of those who may something. */
static bool
may_ask(struct primary *primary, const struct primary_source *source)
{
	const struct primary_settings *settings = primary->settings;
	struct primary_pace *pace =
		primary_access_knows(settings->access, settings->access_count, source)
			? &primary->datagrams
			: &primary->strangers;

	if (!primary_pace_may(pace, uv_now(settings->loop)))
		return false;
	primary_pace_take(pace, 1);
	return true;
}

void
primary_datagram_take(uv_udp_t *socket, ssize_t count, const uv_buf_t *buffer,
	const struct sockaddr *address, unsigned int flags)
{
	struct primary_socket *s = socket->data;
	struct primary *primary = s->primary;
	struct primary_request request;
	uv_buf_t reply;

	/* an error of the socket is that of an earlier reply */
	if (count <= 0 || !address)
		return;
	request.primary = primary;
	request.address = address;
	request.source = primary_source_of(address);
	if (flags & UV_UDP_PARTIAL || !packet_port_is_answerable(request.source.port)) {
		primary_counted(primary, PRIMARY_DROPPED);
		return;
	}
	if (!may_ask(primary, &request.source)) {
		primary_counted(primary, PRIMARY_DROPPED_RATE);
		return;
	}
	request.transport = WIRE_UDP;
	request.message = (uint8_t *)buffer->base;
	request.length = (size_t)count;
	request.reply = primary->output;
	primary_request_answer(&request);
	reply = uv_buf_init((char *)request.reply, (unsigned int)request.reply_length);
	if (request.reply_length)
		(void)uv_udp_try_send(socket, &reply, 1, address);
}
