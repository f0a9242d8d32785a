/* SPDX-License-Identifier: BSD-3-Clause */
/* Sockets on the addresses for management. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "primary/primary_priv.h"

enum { USER_TIMEOUT_MS = 30000 }; /* for a peer that went away with a transfer underway */

static socklen_t
size_of(const struct sockaddr *address)
{
	return address->sa_family == AF_INET ? sizeof(struct sockaddr_in)
					     : sizeof(struct sockaddr_in6);
}

static void
option_try(int fd, int level, int name, int value)
{
	/* what a kernel may lack, or not allow, is an improvement only */
	(void)!setsockopt(fd, level, name, &value, sizeof(value));
}

/* An address may come later, with the interface that will have it. */
static void
options_set(int fd, int family, int type)
{
	if (family == AF_INET) {
		option_try(fd, IPPROTO_IP, IP_FREEBIND, 1);
	} else {
		option_try(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
		option_try(fd, IPPROTO_IPV6, IPV6_FREEBIND, 1);
	}
	if (type != SOCK_STREAM)
		return;
	option_try(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	option_try(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	option_try(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS);
}

/* @return a bound socket, or -errno */
static int
socket_bind(const struct sockaddr *address, int type, struct why *why)
{
	struct primary_source named = primary_source_of(address);
	char text[PRIMARY_SOURCE_TEXT_MAX];
	const char *protocol = type == SOCK_STREAM ? "TCP" : "UDP";
	int fd = socket(address->sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), rc;

	primary_source_text(&named, text);
	if (fd < 0)
		return why_errno(why, "%s: a socket for %s", text, protocol);
	options_set(fd, address->sa_family, type);
	if (bind(fd, address, size_of(address)) == 0)
		return fd;
	rc = why_errno(why, "%s %s", text, protocol);
	close(fd);
	return rc;
}

static int
uv_failed(struct why *why, int rc)
{
	return why_set(why, -rc, "a socket for transfers: %s", uv_strerror(rc));
}

static int
udp_open(struct primary *primary, struct primary_socket *s, const struct sockaddr *address,
	uv_udp_recv_cb take, struct why *why)
{
	int fd = socket_bind(address, SOCK_DGRAM, why), rc;

	if (fd < 0)
		return fd;
	rc = uv_udp_init(primary->settings->loop, &s->uv.udp);
	if (rc == 0)
		primary->handle_count++;
	s->primary = primary;
	s->uv.udp.data = s;
	if (rc == 0)
		rc = uv_udp_open(&s->uv.udp, fd);
	if (rc < 0) {
		close(fd);
		return uv_failed(why, rc);
	}
	rc = uv_udp_recv_start(&s->uv.udp, primary_datagram_offer, take);
	return rc < 0 ? uv_failed(why, rc) : 0;
}

static int
tcp_open(struct primary *primary, struct primary_socket *s, const struct sockaddr *address,
	struct why *why)
{
	int fd = socket_bind(address, SOCK_STREAM, why), rc;

	if (fd < 0)
		return fd;
	rc = uv_tcp_init(primary->settings->loop, &s->uv.tcp);
	if (rc == 0)
		primary->handle_count++;
	s->primary = primary;
	s->uv.tcp.data = s;
	if (rc == 0)
		rc = uv_tcp_open(&s->uv.tcp, fd);
	if (rc < 0) {
		close(fd);
		return uv_failed(why, rc);
	}
	rc = uv_listen((uv_stream_t *)&s->uv.tcp, PRIMARY_BACKLOG, primary_connection_accept);
	return rc < 0 ? uv_failed(why, rc) : 0;
}

/* Where NOTIFY goes out: as a secondary expects it, from where its transfers come, but from a port
 * of its own, or whoever guesses an ID could answer for it. */
static int
notify_open(struct primary *primary, struct primary_socket *s, sa_family_t family, struct why *why)
{
	const struct primary_settings *settings = primary->settings;
	union {
		struct sockaddr any;
		struct sockaddr_in ipv4;
		struct sockaddr_in6 ipv6;
	} from = {.ipv6 = {.sin6_port = 0}};
	bool is_needed = false;

	for (unsigned int i = 0; i < settings->secondary_count; i++)
		is_needed |= settings->secondaries[i].address.ss_family == family;
	if (!is_needed)
		return 0;
	from.any.sa_family = family;
	for (unsigned int i = 0; i < settings->listener_count; i++) {
		const struct sockaddr_storage *address = &settings->listeners[i].address;

		if (address->ss_family != family)
			continue;
		if (family == AF_INET)
			from.ipv4.sin_addr = ((const struct sockaddr_in *)address)->sin_addr;
		else
			from.ipv6.sin6_addr = ((const struct sockaddr_in6 *)address)->sin6_addr;
		break;
	}
	return udp_open(primary, s, &from.any, primary_notify_answered, why);
}

int
primary_sockets_open(struct primary *primary, struct why *why)
{
	const struct primary_settings *settings = primary->settings;
	int rc = 0;

	for (unsigned int i = 0; i < settings->listener_count && rc == 0; i++) {
		const struct primary_listener *listener = &settings->listeners[i];
		const struct sockaddr *address = (const struct sockaddr *)&listener->address;
		struct primary_socket *s = &primary->sockets[primary->socket_count++];

		s->is_tls = listener->tls;
		rc = tcp_open(primary, s, address, why);
		if (rc == 0 && !listener->tls)
			rc = udp_open(primary, &primary->sockets[primary->socket_count++], address,
				primary_datagram_take, why);
	}
	if (rc == 0)
		rc = notify_open(primary, &primary->notify_ipv4, AF_INET, why);
	if (rc == 0)
		rc = notify_open(primary, &primary->notify_ipv6, AF_INET6, why);
	return rc;
}
