/* SPDX-License-Identifier: BSD-3-Clause */
/* All threads, up and down. */
#include "stream/stream.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "stream/stream_priv.h"

const char *const stream_count_names[STREAM_COUNTS] = {
	[STREAM_TCP_ACCEPTED] = "tcp_accepted",
	[STREAM_TCP_CLOSED_CLIENT] = "tcp_closed_client",
	[STREAM_TCP_CLOSED_RESET] = "tcp_closed_reset",
	[STREAM_TCP_CLOSED_IDLE] = "tcp_closed_idle",
	[STREAM_TCP_CLOSED_SLOW_MESSAGE] = "tcp_closed_slow_message",
	[STREAM_TCP_CLOSED_SLOW_READER] = "tcp_closed_slow_reader",
	[STREAM_TCP_CLOSED_ZERO_LENGTH] = "tcp_closed_zero_length",
	[STREAM_TCP_CLOSED_SHORT] = "tcp_closed_short",
	[STREAM_TCP_CLOSED_LONG] = "tcp_closed_long",
	[STREAM_TCP_CLOSED_REPLY] = "tcp_closed_reply",
	[STREAM_TCP_CLOSED_LIMIT_TOTAL] = "tcp_closed_limit_total",
	[STREAM_TCP_CLOSED_LIMIT_PREFIX] = "tcp_closed_limit_prefix",
	[STREAM_TCP_CLOSED_MEMORY] = "tcp_closed_memory",
	[STREAM_TCP_CLOSED_STOP] = "tcp_closed_stop",
	[STREAM_UDP_RECEIVED] = "udp_received",
	[STREAM_UDP_SENT] = "udp_sent",
	[STREAM_UDP_UNSENT] = "udp_unsent",
	[STREAM_UDP_DROP_SOURCE_PORT] = "udp_drop_source_port",
	[STREAM_UDP_DROP_LONG] = "udp_drop_long",
};

enum { FILES_RESERVED = 256 }; /* of the process, for all but connections */

struct stream {
	struct stream_settings settings;
	unsigned int cpus[STREAM_THREADS_MAX]; /* if settings.cpus */
	struct stream_thread threads[];
};

unsigned int
stream_connections_possible(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_max <= FILES_RESERVED)
		return 1;
	return files.rlim_max - FILES_RESERVED < UINT16_MAX * 64
		       ? (unsigned int)(files.rlim_max - FILES_RESERVED)
		       : UINT16_MAX * 64;
}

static int
files_allow(unsigned int connections, struct why *why)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return why_errno(why, "RLIMIT_NOFILE");
	if (files.rlim_cur >= connections + FILES_RESERVED)
		return 0;
	files.rlim_cur = connections + FILES_RESERVED;
	if (files.rlim_cur > files.rlim_max || setrlimit(RLIMIT_NOFILE, &files) < 0)
		return why_set(why, EMFILE, "%u connections: RLIMIT_NOFILE allows %llu files",
			connections, (unsigned long long)files.rlim_max);
	return 0;
}

/* A share, never none. */
static unsigned int
share_of(unsigned int limit, unsigned int threads)
{
	return (limit + threads - 1) / threads;
}

static int
thread_start(struct stream *stream, unsigned int index, struct why *why)
{
	struct stream_thread *thread = &stream->threads[index];
	char name[32];
	cpu_set_t cpus;
	int error;

	/* before it runs: a thread that registers itself could come too late for its first query */
	publish_join(stream->settings.slot, thread->reader);
	stream_service_leave(thread);
	error = pthread_create(&thread->id, NULL, stream_thread_run, thread);
	if (error) {
		publish_leave(stream->settings.slot, thread->reader);
		return why_set(why, error, "no thread for sockets: %s", strerror(error));
	}
	thread->started = true;
	snprintf(name, sizeof(name), "sockets-%u", index);
	pthread_setname_np(thread->id, name);
	if (!stream->settings.cpus)
		return 0;
	CPU_ZERO(&cpus);
	CPU_SET(stream->cpus[index], &cpus);
	error = pthread_setaffinity_np(thread->id, sizeof(cpus), &cpus);
	return error ? why_set(why, error, "CPU %u for sockets: %s", stream->cpus[index],
			       strerror(error))
		     : 0;
}

static struct stream *
stream_new(const struct stream_settings *settings)
{
	unsigned int threads = settings->thread_count;
	size_t size = sizeof(struct stream) + threads * sizeof(struct stream_thread);
	struct stream *stream = aligned_alloc(_Alignof(struct stream), size);

	if (!stream)
		return NULL;
	memset(stream, 0, size);
	stream->settings = *settings;
	stream->settings.readers = NULL; /* each thread has its own */
	stream->settings.limiters = NULL;
	for (unsigned int i = 0; i < threads; i++) {
		struct stream_thread *thread = &stream->threads[i];

		thread->settings = &stream->settings;
		thread->reader = settings->reader_first + i;
		if (settings->readers)
			thread->readers = settings->readers[i];
		if (settings->limiters)
			thread->limiter = settings->limiters[i];
		thread->connections_max = share_of(settings->connections, threads);
		thread->per_prefix_max = share_of(settings->connections_per_prefix, threads);
	}
	if (settings->cpus)
		memcpy(stream->cpus, settings->cpus, threads * sizeof(*stream->cpus));
	return stream;
}

int
stream_start(const struct stream_settings *settings, struct stream **started, struct why *why)
{
	struct stream *stream = stream_new(settings);
	int rc;

	if (!stream)
		return why_set(why, ENOMEM, "out of memory");
	rc = files_allow(settings->connections, why);
	if (rc == 0)
		rc = stream_sockets_probe(settings, why);
	for (unsigned int i = 0; i < settings->thread_count && rc == 0; i++)
		rc = stream_thread_init(&stream->threads[i], why);
	for (unsigned int i = 0; i < settings->thread_count && rc == 0; i++)
		rc = thread_start(stream, i, why);
	if (rc < 0) {
		stream_stop(stream);
		stream_free(stream);
		return rc;
	}
	*started = stream;
	return 0;
}

void
stream_stop(struct stream *stream)
{
	if (!stream)
		return;
	for (unsigned int i = 0; i < stream->settings.thread_count; i++)
		if (stream->threads[i].started)
			uv_async_send(&stream->threads[i].stop);
	for (unsigned int i = 0; i < stream->settings.thread_count; i++) {
		struct stream_thread *thread = &stream->threads[i];

		if (thread->started) {
			pthread_join(thread->id, NULL);
			publish_leave(stream->settings.slot, thread->reader);
		}
		thread->started = false;
		stream_thread_free(thread);
	}
}

void
stream_free(struct stream *stream)
{
	free(stream);
}

uint64_t
stream_count(const struct stream *stream, enum stream_count which)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < stream->settings.thread_count; i++)
		sum += counter_read(&stream->threads[i].counters.counts[which]);
	return sum;
}

uint64_t
stream_count_engine(
	const struct stream *stream, enum wire_transport transport, enum engine_verdict verdict)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < stream->settings.thread_count; i++)
		sum += counter_read(&stream->threads[i].counters.engine[transport][verdict]);
	return sum;
}
