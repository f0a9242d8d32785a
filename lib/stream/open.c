/* SPDX-License-Identifier: BSD-3-Clause */
/* Sockets on the service addresses. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "stream/stream_priv.h"

enum {
	UDP_BUFFER_SIZE =
		4 << 20,	 /* 20 ms of 200,000 queries a second, as the kernel counts them */
	USER_TIMEOUT_MS = 10000, /* for a peer that went away with answers underway */
	LINGER_S = 5,		 /* for one that does not say goodbye */
};

struct endpoint {
	union {
		struct sockaddr any;
		struct sockaddr_in ipv4;
		struct sockaddr_in6 ipv6;
	} address;
	socklen_t size;
	char text[INET6_ADDRSTRLEN];
};

static unsigned int
endpoints_count(const struct packet_service *service)
{
	return service->ipv4_count + service->ipv6_count;
}

static struct endpoint
endpoint_of(const struct stream_settings *settings, unsigned int index)
{
	const struct packet_service *service = settings->service;
	struct endpoint e = {.size = sizeof(e.address.ipv4)};

	if (index < service->ipv4_count) {
		e.address.ipv4.sin_family = AF_INET;
		e.address.ipv4.sin_port = htons(settings->port);
		memcpy(&e.address.ipv4.sin_addr, service->ipv4[index], 4);
		inet_ntop(AF_INET, &e.address.ipv4.sin_addr, e.text, sizeof(e.text));
		return e;
	}
	e.size = sizeof(e.address.ipv6);
	e.address.ipv6.sin6_family = AF_INET6;
	e.address.ipv6.sin6_port = htons(settings->port);
	memcpy(&e.address.ipv6.sin6_addr, service->ipv6[index - service->ipv4_count], 16);
	inet_ntop(AF_INET6, &e.address.ipv6.sin6_addr, e.text, sizeof(e.text));
	return e;
}

struct option {
	int level, name, value;
};

/* What a kernel may lack, or not allow, is an improvement only. */
static void
options_try(int fd, const struct option *options, size_t count)
{
	for (size_t i = 0; i < count; i++)
		(void)!setsockopt(fd, options[i].level, options[i].name, &options[i].value,
			sizeof(options[i].value));
}

#define OPTIONS_TRY(fd, options) options_try(fd, options, sizeof(options) / sizeof((options)[0]))

/* An address may come later, with the interface that will have it; IPV6_V6ONLY: each its own. */
static void
address_options(int fd, int family)
{
	static const struct option ipv4[] = {{IPPROTO_IP, IP_FREEBIND, 1}};
	static const struct option ipv6[] = {
		{IPPROTO_IPV6, IPV6_V6ONLY, 1},
		{IPPROTO_IPV6, IPV6_FREEBIND, 1},
	};

	if (family == AF_INET)
		OPTIONS_TRY(fd, ipv4);
	else
		OPTIONS_TRY(fd, ipv6);
}

/* What accepted sockets inherit too. */
static void
tcp_options(int fd)
{
	static const struct option options[] = {
		{SOL_SOCKET, SO_REUSEADDR, 1},
		{IPPROTO_TCP, TCP_NODELAY, 1},
		{IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS},
		{IPPROTO_TCP, TCP_LINGER2, LINGER_S},
		/* RFC 7413; net.ipv4.tcp_fastopen decides whether the kernel does it */
		{IPPROTO_TCP, TCP_FASTOPEN, STREAM_BACKLOG},
	};

	OPTIONS_TRY(fd, options);
}

/*
 * RFC 9715 3.1: DF where possible. PROBE sets it and does not believe ICMP's word on a path's MTU,
 * which anybody may send; our replies fit the least that IPv6 guarantees.
 */
static void
udp_options(int fd, int family)
{
	static const struct option any[] = {
		{SOL_SOCKET, SO_RCVBUF, UDP_BUFFER_SIZE},
		{SOL_SOCKET, SO_SNDBUF, UDP_BUFFER_SIZE},
		/* with rights, beyond net.core.rmem_max */
		{SOL_SOCKET, SO_RCVBUFFORCE, UDP_BUFFER_SIZE},
		{SOL_SOCKET, SO_SNDBUFFORCE, UDP_BUFFER_SIZE},
	};
	static const struct option ipv4[] = {{IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE}};
	static const struct option ipv6[] = {
		{IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE},
		{IPPROTO_IPV6, IPV6_DONTFRAG, 1},
	};

	OPTIONS_TRY(fd, any);
	if (family == AF_INET)
		OPTIONS_TRY(fd, ipv4);
	else
		OPTIONS_TRY(fd, ipv6);
}

/* @return a bound socket, or -errno */
static int
socket_bind(const struct endpoint *e, int type, bool shared, struct why *why)
{
	int family = e->address.any.sa_family, one = 1;
	int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	const char *protocol = type == SOCK_STREAM ? "TCP" : "UDP";

	if (fd < 0)
		return why_errno(why, "%s: a socket for %s", e->text, protocol);
	address_options(fd, family);
	if (type == SOCK_STREAM)
		tcp_options(fd);
	else
		udp_options(fd, family);
	if ((!shared || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) == 0) &&
		bind(fd, &e->address.any, e->size) == 0)
		return fd;
	why_errno(why, "%s port %u %s", e->text,
		ntohs(family == AF_INET ? e->address.ipv4.sin_port : e->address.ipv6.sin6_port),
		protocol);
	close(fd);
	return -EADDRINUSE;
}

static int
socket_open(struct stream_thread *thread, const struct endpoint *e, int type,
	struct stream_socket *to, unsigned int *count, struct why *why)
{
	int fd = socket_bind(e, type, thread->settings->thread_count > 1, why);

	if (fd < 0)
		return fd;
	to[*count] = (struct stream_socket){.thread = thread, .fd = fd};
	(*count)++;
	return 0;
}

int
stream_sockets_open(struct stream_thread *thread, struct why *why)
{
	const struct stream_settings *settings = thread->settings;
	int rc = 0;

	for (unsigned int i = 0; i < endpoints_count(settings->service) && rc == 0; i++) {
		struct endpoint e = endpoint_of(settings, i);

		if (settings->udp)
			rc = socket_open(thread, &e, SOCK_DGRAM, thread->udp_sockets,
				&thread->udp_count, why);
		if (settings->tcp && rc == 0)
			rc = socket_open(thread, &e, SOCK_STREAM, thread->listeners,
				&thread->listener_count, why);
	}
	return rc;
}

/* Sockets that share an address let in those of other processes, which would then get a part of the
 * queries; one that does not share finds out whether they are there. */
int
stream_sockets_probe(const struct stream_settings *settings, struct why *why)
{
	for (unsigned int i = 0; i < endpoints_count(settings->service); i++) {
		struct endpoint e = endpoint_of(settings, i);
		int udp __attribute__((cleanup(close_fd))) = -1;
		int tcp __attribute__((cleanup(close_fd))) = -1;

		if (settings->udp && (udp = socket_bind(&e, SOCK_DGRAM, false, why)) < 0)
			return udp;
		if (settings->tcp && (tcp = socket_bind(&e, SOCK_STREAM, false, why)) < 0)
			return tcp;
	}
	return 0;
}
