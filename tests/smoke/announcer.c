/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lib/health and lib/announce and nothing else: what a node's control plane does with them, moved
 * by lines on standard input, so that withdrawal can be measured from its cause.
 *
 *   announcer IPV4 IPV6 INTERFACE|- [BIRDC SOCKET PROTOCOL4 PROTOCOL6]
 *
 * Lines: `wrong 4|6`, `right 4|6`, `drain 4|6`, `stop`. A line `done` follows when it has acted.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "announce/announce.h"
#include "health/health.h"

enum { TURN_MS = 50, LINE_SIZE = 128 };

struct announcer {
	uv_loop_t loop;
	uv_timer_t turn;
	uv_pipe_t input;
	struct packet_service service;
	struct health *health;
	struct announce *announce;
	char line[LINE_SIZE];
};

static void
follow(const struct announcer *a)
{
	if (!a->announce)
		return;
	announce_set(a->announce, ANNOUNCE_IPV4, health_announces(a->health, HEALTH_IPV4));
	announce_set(a->announce, ANNOUNCE_IPV6, health_announces(a->health, HEALTH_IPV6));
}

static void
state_changed(void *data, enum health_family family, enum health_state old, enum health_state now,
	const char *why)
{
	printf("ipv%u %s -> %s: %s\n", family == HEALTH_IPV4 ? 4 : 6, health_state_names[old],
		health_state_names[now], why);
	follow(data);
}

static void
reported(void *data, enum announce_family family, const char *fault)
{
	const struct announcer *a = data;
	unsigned int bit = family == ANNOUNCE_IPV4 ? HEALTH_IPV4 : HEALTH_IPV6;

	printf("announcement: %s\n", fault ? fault : "told");
	if (fault)
		health_say(a->health, HEALTH_ANNOUNCEMENT_FAILING, "routing daemon", bit,
			clock_ms(), "%s", fault);
	else
		health_clear(
			a->health, HEALTH_ANNOUNCEMENT_FAILING, "routing daemon", bit, clock_ms());
}

static void
turn_pass(uv_timer_t *timer)
{
	const struct announcer *a = timer->data;

	health_turn(a->health, clock_ms());
}

static void
stopped(void *data)
{
	(void)data;
	printf("done\n");
}

static void
stop(struct announcer *a)
{
	struct announce *announce = a->announce;

	if (!announce)
		return;
	a->announce = NULL;
	uv_close((uv_handle_t *)&a->turn, NULL);
	uv_close((uv_handle_t *)&a->input, NULL);
	announce_stop(announce, stopped, a);
}

static void
line_obey(struct announcer *a)
{
	enum health_family family = strchr(a->line, '4') ? HEALTH_IPV4 : HEALTH_IPV6;

	if (strncmp(a->line, "stop", 4) == 0) {
		stop(a);
		return;
	}
	if (strncmp(a->line, "wrong", 5) == 0)
		health_say(a->health, HEALTH_SELF_QUERY_WRONG, "test", family, clock_ms(), "told");
	else if (strncmp(a->line, "right", 5) == 0)
		health_clear(a->health, HEALTH_SELF_QUERY_WRONG, "test", family, clock_ms());
	else if (strncmp(a->line, "drain", 5) == 0)
		health_drain(a->health, family, true, clock_ms());
	follow(a);
	printf("done\n");
}

static void
room_give(uv_handle_t *handle, size_t suggested, uv_buf_t *room)
{
	struct announcer *a = handle->data;

	(void)suggested;
	*room = uv_buf_init(a->line, LINE_SIZE - 1);
}

/* Each line is written, and so read, by itself. */
static void
line_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *room)
{
	struct announcer *a = stream->data;

	(void)room;
	if (length > 0) {
		a->line[length] = '\0';
		line_obey(a);
	} else if (length < 0) {
		stop(a);
	}
}

static void
commands_take(struct announce_settings *settings, char **arguments, char *commands[4][5])
{
	for (unsigned int i = 0; i < 4; i++) {
		char *command[5] = {arguments[0], "-s", arguments[1], i < 2 ? "enable" : "disable",
			arguments[2 + i % 2]};

		memcpy(commands[i], command, sizeof(command));
		(i < 2 ? settings->up : settings->down)[i % 2] =
			(struct announce_command){commands[i], 5};
	}
}

int
main(int argc, char **argv)
{
	static char *commands[4][5];
	static struct announcer a;
	const struct health_settings healthy = {.hold_up_seconds = 1,
		.hold_up_max_seconds = 1,
		.state_changed = state_changed,
		.data = &a};
	struct announce_settings settings = {.service = &a.service,
		.prefix_length = {24, 48},
		.timeout_ms = 1000,
		.retry_ms = 500,
		.repeat_ms = 1000,
		.reported = reported,
		.data = &a};
	struct why why;

	if (argc != 4 && argc != 8)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	a.service.ipv4_count = inet_pton(AF_INET, argv[1], a.service.ipv4[0]) == 1;
	a.service.ipv6_count = inet_pton(AF_INET6, argv[2], a.service.ipv6[0]) == 1;
	settings.interface = strcmp(argv[3], "-") == 0 ? NULL : argv[3];
	if (argc == 8)
		commands_take(&settings, argv + 4, commands);
	a.health = health_new(&healthy, clock_ms());
	uv_loop_init(&a.loop);
	uv_timer_init(&a.loop, &a.turn);
	uv_pipe_init(&a.loop, &a.input, 0);
	a.turn.data = a.input.data = &a;
	if (announce_start(&a.loop, &settings, &a.announce, &why) < 0) {
		fprintf(stderr, "%s\n", why.text);
		return 1;
	}
	uv_timer_start(&a.turn, turn_pass, 0, TURN_MS);
	uv_pipe_open(&a.input, STDIN_FILENO);
	uv_read_start((uv_stream_t *)&a.input, room_give, line_read);
	for (enum health_step step = 0; step < HEALTH_STEPS; step++)
		health_reach(a.health, step, HEALTH_BOTH, clock_ms());
	uv_run(&a.loop, UV_RUN_DEFAULT);
	uv_loop_close(&a.loop);
	health_free(a.health);
	return 0;
}
