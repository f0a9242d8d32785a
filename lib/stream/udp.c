/* SPDX-License-Identifier: BSD-3-Clause */
/* Datagrams: a burst in by one system call, answers, a burst out by another. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <time.h>

#include "stream/stream_priv.h"

enum { ROUNDS = 16 }; /* under a flood a socket is never empty, and others wait */

union source {
	struct sockaddr any;
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;
};

struct stream_udp {
	struct mmsghdr in[STREAM_UDP_BURST], out[STREAM_UDP_BURST];
	struct iovec in_octets[STREAM_UDP_BURST], out_octets[STREAM_UDP_BURST];
	union source sources[STREAM_UDP_BURST];
	/* not a multiple of a page apart, or their beginnings share a few cache lines' places */
	uint8_t queries[STREAM_UDP_BURST][STREAM_MESSAGE_MAX + 64];
	uint8_t replies[STREAM_UDP_BURST][WIRE_UDP_SIZE_OWN];
};

struct stream_udp *
stream_udp_new(void)
{
	struct stream_udp *udp = calloc(1, sizeof(*udp));

	if (!udp)
		return NULL;
	for (unsigned int i = 0; i < STREAM_UDP_BURST; i++) {
		udp->in_octets[i] = (struct iovec){udp->queries[i], STREAM_MESSAGE_MAX};
		udp->in[i].msg_hdr.msg_iov = &udp->in_octets[i];
		udp->in[i].msg_hdr.msg_iovlen = 1;
		udp->in[i].msg_hdr.msg_name = &udp->sources[i];
		udp->out_octets[i].iov_base = udp->replies[i];
		udp->out[i].msg_hdr.msg_iov = &udp->out_octets[i];
		udp->out[i].msg_hdr.msg_iovlen = 1;
	}
	return udp;
}

static struct exchange_peer
peer_of(const union source *source, uint32_t now)
{
	bool ipv4 = source->any.sa_family == AF_INET;

	return (struct exchange_peer){
		.address = ipv4 ? (const uint8_t *)&source->ipv4.sin_addr
				: source->ipv6.sin6_addr.s6_addr,
		.address_size = ipv4 ? 4 : 16,
		.transport = WIRE_UDP,
		.now = now,
	};
}

/* Answer a datagram into the next reply. @return whether there is one */
static bool
datagram_answer(struct stream_thread *thread, const struct engine_service *service, uint32_t now,
	unsigned int index, unsigned int replies)
{
	struct stream_udp *udp = thread->udp;
	const struct msghdr *in = &udp->in[index].msg_hdr;
	struct msghdr *out = &udp->out[replies].msg_hdr;
	const union source *source = &udp->sources[index];
	struct exchange_peer peer = peer_of(source, now);
	enum engine_verdict verdict;
	struct ledger_line *line;

	/* the port stands at the same place in both families */
	if (!packet_port_is_answerable(ntohs(source->ipv4.sin_port))) {
		stream_counted(thread, STREAM_UDP_DROP_SOURCE_PORT);
		return false;
	}
	if (in->msg_flags & MSG_TRUNC) {
		stream_counted(thread, STREAM_UDP_DROP_LONG);
		return false;
	}
	if (thread->page.count == LEDGER_PAGE)
		stream_page_read(thread);
	line = stream_page_line(thread);
	verdict = engine_answer_limited(service, thread->limiter, &peer, udp->queries[index],
		udp->in[index].msg_len, udp->replies[replies], &udp->out_octets[replies].iov_len,
		line);
	line->client_port = ntohs(source->ipv4.sin_port);
	counter_add(&thread->counters.engine[WIRE_UDP][verdict], 1);
	out->msg_name = in->msg_name;
	out->msg_namelen = in->msg_namelen;
	return udp->out_octets[replies].iov_len > 0;
}

/* One that cannot be sent does not keep the others from it; a full buffer drops, as a wire would.
 */
static void
replies_send(struct stream_thread *thread, int fd, unsigned int count)
{
	unsigned int done = 0, sent = 0;

	while (done < count) {
		int n = sendmmsg(fd, thread->udp->out + done, count - done, MSG_DONTWAIT);

		if (n > 0) {
			sent += (unsigned int)n;
			done += (unsigned int)n;
		} else if (errno == EAGAIN || errno == ENOBUFS) {
			break;
		} else if (errno != EINTR) {
			done++;
		}
	}
	counter_add(&thread->counters.counts[STREAM_UDP_SENT], sent);
	counter_add(&thread->counters.counts[STREAM_UDP_UNSENT], count - sent);
}

/* Begin a burst's limits, and its page. */
static void
page_begin(struct stream_thread *thread, const struct engine_service *service, uint32_t now,
	unsigned int count)
{
	struct timespec clock;

	stream_page_begin(thread, service, now);
	if (!engine_is_limited(service, thread->limiter))
		return;
	clock_gettime(CLOCK_MONOTONIC, &clock);
	limit_tick(thread->limiter, service->limits,
		(uint64_t)clock.tv_sec * 1000000000 + (uint64_t)clock.tv_nsec,
		count == STREAM_UDP_BURST);
	thread->page.strained = atomic_load_explicit(&limiter_ladder(thread->limiter)->step,
					memory_order_relaxed) >= LIMIT_STEP_SAMPLES;
}

/* @return whether there may be more */
static bool
burst_serve(struct stream_thread *thread, int fd)
{
	struct stream_udp *udp = thread->udp;
	const struct engine_service *service;
	unsigned int replies = 0;
	uint32_t now;
	int count;

	for (unsigned int i = 0; i < STREAM_UDP_BURST; i++)
		udp->in[i].msg_hdr.msg_namelen = sizeof(udp->sources[i]);
	count = recvmmsg(fd, udp->in, STREAM_UDP_BURST, MSG_DONTWAIT, NULL);
	if (count <= 0)
		return false;
	thread->events++;
	counter_add(&thread->counters.counts[STREAM_UDP_RECEIVED], (unsigned int)count);
	now = (uint32_t)time(NULL);
	service = stream_service_enter(thread);
	page_begin(thread, service, now, (unsigned int)count);
	for (unsigned int i = 0; i < (unsigned int)count; i++)
		replies += datagram_answer(thread, service, now, i, replies);
	stream_page_read(thread);
	stream_service_leave(thread);
	replies_send(thread, fd, replies);
	return count == STREAM_UDP_BURST;
}

void
stream_udp_ready(uv_poll_t *poll, int status, int events)
{
	const struct stream_socket *udp = poll->data;

	(void)events;
	/* an error of the socket is that of an earlier reply, and gone when it was told */
	(void)status;
	for (unsigned int round = 0; round < ROUNDS && burst_serve(udp->thread, udp->fd); round++)
		;
}
