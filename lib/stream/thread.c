/* SPDX-License-Identifier: BSD-3-Clause */
/* A thread: its loop from the first event to the last. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "stream/stream_priv.h"

/* for clients that go on asking, and for those that do not take their answers */
enum { DRAIN_MS = STREAM_STOP_MAX_MS / 2 };

static void
stop_asked(uv_async_t *stop)
{
	uv_stop(stop->loop);
}

static void
sweep(uv_timer_t *timer)
{
	struct stream_thread *thread = timer->data;

	stream_connections_sweep(thread);
	for (unsigned int i = 0; i < thread->listener_count; i++)
		if (thread->listeners[i].starved)
			stream_connection_accept((uv_stream_t *)&thread->listeners[i].uv.tcp, 0);
}

static int
uv_failed(struct why *why, const char *what, int rc)
{
	return why_set(why, -rc, "%s: %s", what, uv_strerror(rc));
}

static int
listeners_watch(struct stream_thread *thread, struct why *why)
{
	for (unsigned int i = 0; i < thread->listener_count; i++) {
		struct stream_socket *s = &thread->listeners[i];
		int rc = uv_tcp_init(&thread->loop, &s->uv.tcp);

		if (rc == 0)
			rc = uv_tcp_open(&s->uv.tcp, s->fd);
		if (rc < 0)
			return uv_failed(why, "a TCP socket", rc);
		s->fd = -1; /* libuv's */
		s->uv.tcp.data = s;
		rc = uv_listen((uv_stream_t *)&s->uv.tcp, STREAM_BACKLOG, stream_connection_accept);
		if (rc < 0)
			return uv_failed(why, "a TCP socket", rc);
	}
	return 0;
}

static int
udp_watch(struct stream_thread *thread, struct why *why)
{
	for (unsigned int i = 0; i < thread->udp_count; i++) {
		struct stream_socket *s = &thread->udp_sockets[i];
		int rc = uv_poll_init(&thread->loop, &s->uv.poll, s->fd);

		s->uv.poll.data = s;
		if (rc == 0)
			rc = uv_poll_start(&s->uv.poll, UV_READABLE, stream_udp_ready);
		if (rc < 0)
			return uv_failed(why, "a UDP socket", rc);
	}
	return 0;
}

int
stream_thread_init(struct stream_thread *thread, struct why *why)
{
	int rc = uv_loop_init(&thread->loop);

	if (rc < 0)
		return uv_failed(why, "an event loop", rc);
	thread->opened = true;
	for (unsigned int state = 0; state < CONNECTION_STATES; state++)
		TAILQ_INIT(&thread->connections[state]);
	thread->udp = stream_udp_new();
	thread->input = malloc(STREAM_LENGTH_SIZE + STREAM_MESSAGE_MAX + STREAM_INPUT_SIZE);
	thread->output = malloc(STREAM_OUTPUT_SIZE);
	if (!thread->udp || !thread->input || !thread->output ||
		stream_prefixes_init(&thread->prefixes, thread->connections_max) < 0)
		return why_set(why, ENOMEM, "out of memory");
	uv_async_init(&thread->loop, &thread->stop, stop_asked);
	uv_timer_init(&thread->loop, &thread->sweep);
	thread->sweep.data = thread;
	uv_timer_start(&thread->sweep, sweep, STREAM_SWEEP_MS, STREAM_SWEEP_MS);
	rc = stream_sockets_open(thread, why);
	if (rc == 0)
		rc = listeners_watch(thread, why);
	return rc < 0 ? rc : udp_watch(thread, why);
}

static void
listeners_close(struct stream_thread *thread)
{
	for (unsigned int i = 0; i < thread->listener_count; i++)
		if (!uv_is_closing(&thread->listeners[i].uv.handle))
			uv_close(&thread->listeners[i].uv.handle, NULL);
}

/* What has been received by now is still answered, and taken if the clients take it soon. */
static void
drain(struct stream_thread *thread)
{
	uint64_t before, end_ms;

	uv_update_time(&thread->loop);
	end_ms = uv_now(&thread->loop) + DRAIN_MS;
	do {
		before = thread->events;
		uv_run(&thread->loop, UV_RUN_NOWAIT);
		listeners_close(thread);
	} while (thread->events != before && uv_now(&thread->loop) < end_ms);
	stream_connections_close(thread, false);
	end_ms = uv_now(&thread->loop) + DRAIN_MS;
	while (thread->connection_count && uv_now(&thread->loop) < end_ms) {
		uv_run(&thread->loop, UV_RUN_ONCE);
		stream_connections_close(thread, false);
	}
	stream_connections_close(thread, true);
}

void *
stream_thread_run(void *argument)
{
	struct stream_thread *thread = argument;
	sigset_t broken;

	/* a client that is gone is an error of the write, no signal */
	sigemptyset(&broken);
	sigaddset(&broken, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &broken, NULL);
	uv_run(&thread->loop, UV_RUN_DEFAULT);
	drain(thread);
	return NULL;
}

static void
handle_close(uv_handle_t *handle, void *unused)
{
	(void)unused;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

void
stream_thread_free(struct stream_thread *thread)
{
	if (!thread->opened)
		return;
	uv_walk(&thread->loop, handle_close, NULL);
	uv_run(&thread->loop, UV_RUN_DEFAULT);
	uv_loop_close(&thread->loop);
	for (unsigned int i = 0; i < thread->udp_count; i++)
		close_fd(&thread->udp_sockets[i].fd);
	for (unsigned int i = 0; i < thread->listener_count; i++)
		close_fd(&thread->listeners[i].fd);
	stream_prefixes_free(&thread->prefixes);
	free(thread->udp);
	free(thread->input);
	free(thread->output);
	thread->opened = false;
}
