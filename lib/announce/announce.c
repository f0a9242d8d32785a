/* SPDX-License-Identifier: BSD-3-Clause */
#include "announce/announce.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "announce/announce_priv.h"
#include "interface/interface.h"

enum { PACKETS_AT_ONCE = 64 };

struct family {
	struct announce *announce;
	enum announce_family family;
	bool up;		    /* as set */
	bool fails;		    /* the last time that it was told */
	struct why interface_fault; /* "": the interface is as it should be */
	struct interface_address addresses[PACKET_SERVICE_MAX];
	unsigned int address_count;
	struct runner runner;
	uv_timer_t again;
};

struct announce {
	struct announce_settings settings;
	struct family families[ANNOUNCE_FAMILIES];
	int tun; /* -1: none */
	uv_poll_t poll;
	bool stopping;
	unsigned int handles; /* that have to be closed before it can be freed */
	void (*stopped)(void *data);
	void *stopped_data;
};

/* ---- the interface ---- */

static bool
any_is_up(const struct announce *a)
{
	return a->families[ANNOUNCE_IPV4].up || a->families[ANNOUNCE_IPV6].up;
}

/* Up before it gets addresses, because the kernel drops IPv6 addresses of what goes down. */
static int
interface_follow(const struct family *f, struct why *why)
{
	const struct announce *a = f->announce;
	const char *name = a->settings.interface;
	int rc;

	if (a->tun < 0)
		return 0;
	if (f->up) {
		rc = interface_up(name, true, why);
		return rc < 0 ? rc
			      : interface_addresses_add(name, f->addresses, f->address_count, why);
	}
	rc = interface_addresses_remove(name, f->addresses, f->address_count, why);
	if (rc == 0 && !any_is_up(a))
		rc = interface_up(name, false, why);
	return rc;
}

/* Nothing is routed there; what comes nevertheless may not pile up in the kernel. */
static void
packets_discard(uv_poll_t *poll, int status, int events)
{
	const struct announce *a = poll->data;
	char packet[2048];

	/* an interface that somebody has removed is an error at once, for ever */
	if (status < 0 || !(events & UV_READABLE)) {
		uv_poll_stop(poll);
		return;
	}
	for (unsigned int i = 0; i < PACKETS_AT_ONCE; i++)
		if (read(a->tun, packet, sizeof(packet)) < 0) {
			if (errno != EAGAIN)
				uv_poll_stop(poll);
			return;
		}
}

static int
interface_start(struct announce *a, uv_loop_t *loop, struct why *why)
{
	const char *name = a->settings.interface;
	int rc;

	a->tun = interface_open(name, INTERFACE_TUN, why);
	if (a->tun < 0)
		return a->tun;
	interface_duplicates_ignore(name);
	interface_link_local_ignore(name);
	rc = uv_poll_init(loop, &a->poll, a->tun);
	if (rc < 0) {
		close(a->tun);
		return why_set(why, -rc, "%s: %s", name, uv_strerror(rc));
	}
	a->handles++;
	a->poll.data = a;
	uv_poll_start(&a->poll, UV_READABLE, packets_discard);
	return 0;
}

/* ---- telling ---- */

static void family_tell(struct family *f);

static void
again_pass(uv_timer_t *timer)
{
	family_tell(timer->data);
}

static void
again_after(struct family *f, uint32_t ms)
{
	if (ms && !f->announce->stopping)
		uv_timer_start(&f->again, again_pass, ms, 0);
}

/* @param fault  NULL: all is told */
static void
family_told(struct family *f, const struct why *fault)
{
	const struct announce_settings *settings = &f->announce->settings;
	bool failed = f->fails;

	f->fails = fault != NULL;
	if (f->fails || failed)
		settings->reported(settings->data, f->family, fault ? fault->text : NULL);
	if (f->fails)
		again_after(f, settings->retry_ms);
	else if (settings->up[f->family].count || settings->down[f->family].count)
		again_after(f, settings->repeat_ms);
}

static void
stop_go_on(struct announce *a)
{
	for (unsigned int i = 0; i < ANNOUNCE_FAMILIES; i++)
		if (runner_is_busy(&a->families[i].runner))
			return;
	for (unsigned int i = 0; i < ANNOUNCE_FAMILIES; i++)
		runner_close(&a->families[i].runner);
}

static void
command_ended(struct runner *runner, const struct why *why)
{
	struct family *f = runner->data;

	if (!why && f->interface_fault.text[0])
		why = &f->interface_fault;
	family_told(f, why);
	if (f->announce->stopping)
		stop_go_on(f->announce);
}

/* The interface first: it follows at once, and tells a daemon that looks at it. */
static void
family_tell(struct family *f)
{
	const struct announce_settings *settings = &f->announce->settings;
	const struct announce_command *command =
		f->up ? &settings->up[f->family] : &settings->down[f->family];
	int rc;

	uv_timer_stop(&f->again);
	f->interface_fault.text[0] = '\0';
	rc = interface_follow(f, &f->interface_fault);
	if (rc < 0)
		family_told(f, &f->interface_fault);
	/* one half of an announcement is none; a withdrawal goes on with what is left of it */
	if (rc < 0 && f->up)
		return;
	if (command->count)
		runner_run(&f->runner, command);
	else if (rc == 0)
		family_told(f, NULL);
}

void
announce_set(struct announce *a, enum announce_family family, bool up)
{
	struct family *f = &a->families[family];

	if (f->up == up || a->stopping)
		return;
	f->up = up;
	family_tell(f);
}

bool
announce_is_settled(const struct announce *a, enum announce_family family)
{
	const struct family *f = &a->families[family];

	return !f->fails && !runner_is_busy(&f->runner);
}

/* ---- start and stop ---- */

static void
handle_closed(struct announce *a)
{
	if (--a->handles > 0)
		return;
	if (a->stopped)
		a->stopped(a->stopped_data);
	free(a);
}

static void
poll_closed(uv_handle_t *handle)
{
	struct announce *a = handle->data;

	handle_closed(a);
}

static void
again_closed(uv_handle_t *handle)
{
	const struct family *f = handle->data;

	handle_closed(f->announce);
}

static void
runner_closed(struct runner *runner)
{
	const struct family *f = runner->data;

	handle_closed(f->announce);
}

static void
addresses_take(struct family *f, const struct announce_settings *settings)
{
	const struct packet_service *service = settings->service;
	uint8_t prefix_length = settings->prefix_length[f->family];
	bool ipv4 = f->family == ANNOUNCE_IPV4;

	if (prefix_length == 0)
		prefix_length = ipv4 ? 32 : 128;
	f->address_count = ipv4 ? service->ipv4_count : service->ipv6_count;
	for (unsigned int i = 0; i < f->address_count; i++) {
		f->addresses[i] = (struct interface_address){.family = ipv4 ? AF_INET : AF_INET6,
			.prefix_length = prefix_length,
			.without_route = true};
		memcpy(f->addresses[i].octets, ipv4 ? service->ipv4[i] : service->ipv6[i],
			ipv4 ? 4 : 16);
	}
}

static void
family_start(struct announce *a, enum announce_family family, uv_loop_t *loop)
{
	struct family *f = &a->families[family];

	*f = (struct family){.announce = a,
		.family = family,
		.runner = {.loop = loop,
			.timeout_ms = a->settings.timeout_ms,
			.ended = command_ended,
			.closed = runner_closed}};
	f->runner.data = f;
	addresses_take(f, &a->settings);
	runner_open(&f->runner);
	uv_timer_init(loop, &f->again);
	f->again.data = f;
	a->handles += 2;
	family_tell(f);
}

int
announce_start(uv_loop_t *loop, const struct announce_settings *settings,
	struct announce **announce, struct why *why)
{
	struct announce *a = calloc(1, sizeof(*a));
	int rc;

	if (!a)
		return why_set(why, ENOMEM, "out of memory");
	a->settings = *settings;
	a->tun = -1;
	if (settings->interface) {
		rc = interface_start(a, loop, why);
		if (rc < 0) {
			free(a);
			return rc;
		}
	}
	for (enum announce_family i = 0; i < ANNOUNCE_FAMILIES; i++)
		family_start(a, i, loop);
	*announce = a;
	return 0;
}

void
announce_stop(struct announce *a, void (*stopped)(void *data), void *data)
{
	a->stopped = stopped;
	a->stopped_data = data;
	for (enum announce_family i = 0; i < ANNOUNCE_FAMILIES; i++)
		announce_set(a, i, false);
	a->stopping = true;
	if (a->tun >= 0) {
		uv_close((uv_handle_t *)&a->poll, poll_closed);
		close(a->tun);
		a->tun = -1;
	}
	for (unsigned int i = 0; i < ANNOUNCE_FAMILIES; i++)
		uv_close((uv_handle_t *)&a->families[i].again, again_closed);
	stop_go_on(a);
}
