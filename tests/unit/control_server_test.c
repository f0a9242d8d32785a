/* SPDX-License-Identifier: BSD-3-Clause */
/* A server on a loop in a thread, and clients of all kinds. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "control/control_priv.h"

enum { TIMEOUT_MS = 10000, SHORT_MS = 200 };

struct server {
	char folder[64], path[96];
	uv_loop_t loop;
	uv_async_t stop, answer;
	pthread_t thread;
	struct control *control;
	struct control_call *waiting; /* on the loop's thread */
	_Atomic unsigned int waits;   /* calls of "wait" that came */
};

static void
stop_serving(uv_async_t *async)
{
	struct server *server = async->data;

	control_close(server->control);
	uv_close((uv_handle_t *)&server->stop, NULL);
	uv_close((uv_handle_t *)&server->answer, NULL);
}

static void
answer_waiting(uv_async_t *async)
{
	struct server *server = async->data;

	if (server->waiting)
		control_reply(server->waiting, json_pack("{s:s}", "said", "late"));
	server->waiting = NULL;
}

static void
handle(void *context, const json_t *request, struct control_call *call)
{
	const char *command = json_string_value(json_object_get(request, "command"));
	struct server *server = context;

	if (strcmp(command, "echo") == 0) {
		control_reply(call, json_pack("{s:O}", "said", json_object_get(request, "say")));
	} else if (strcmp(command, "large") == 0) {
		char *text = malloc(CONTROL_REPLY_MAX + 1);
		size_t size = (size_t)json_integer_value(json_object_get(request, "size"));

		memset(text, 'x', size);
		text[size] = '\0';
		control_reply(call, json_pack("{s:s}", "said", text));
		free(text);
	} else if (strcmp(command, "who") == 0) {
		uid_t uid;
		pid_t pid;

		control_call_peer(call, &uid, &pid);
		control_reply(call,
			json_pack("{s:I, s:I}", "uid", (json_int_t)uid, "pid", (json_int_t)pid));
	} else if (strcmp(command, "wait") == 0) {
		if (server->waiting)
			control_fail(server->waiting, CONTROL_BUSY, "another one waits");
		server->waiting = call;
		server->waits++;
	} else {
		control_fail(call, CONTROL_UNKNOWN_COMMAND, "no command \"%s\"", command);
	}
}

static void *
serve(void *argument)
{
	struct server *server = argument;

	uv_run(&server->loop, UV_RUN_DEFAULT);
	return NULL;
}

static void
server_start(struct server *server, const char *group, unsigned int timeouts_ms)
{
	struct control_options options = {.path = server->path,
		.group = group,
		.handler = handle,
		.context = server,
		.request_ms = timeouts_ms,
		.reply_ms = timeouts_ms,
		.call_ms = timeouts_ms};
	struct why why;

	signal(SIGPIPE, SIG_IGN);
	memset(server, 0, sizeof(*server));
	strcpy(server->folder, "/tmp/control-test-XXXXXX");
	cr_assert(mkdtemp(server->folder));
	chmod(server->folder, 0755);
	snprintf(server->path, sizeof(server->path), "%s/socket", server->folder);
	cr_assert_eq(uv_loop_init(&server->loop), 0);
	cr_assert_eq(
		control_open(&server->loop, &options, &server->control, &why), 0, "%s", why.text);
	uv_async_init(&server->loop, &server->stop, stop_serving);
	uv_async_init(&server->loop, &server->answer, answer_waiting);
	server->stop.data = server->answer.data = server;
	pthread_create(&server->thread, NULL, serve, server);
}

static void
server_stop(struct server *server)
{
	uv_async_send(&server->stop);
	pthread_join(server->thread, NULL);
	/* a call may be answered when its server is gone */
	if (server->waiting)
		control_reply(server->waiting, NULL);
	cr_expect_eq(uv_loop_close(&server->loop), 0, "handles are left over");
	cr_expect_eq(access(server->path, F_OK), -1, "the socket is left over");
	rmdir(server->folder);
}

static json_t *
ask(struct server *server, json_t *request)
{
	json_t *reply = NULL;
	struct why why;

	cr_expect_eq(
		control_ask(server->path, request, TIMEOUT_MS, &reply, &why), 0, "%s", why.text);
	json_decref(request);
	return reply;
}

static bool
ask_echo(struct server *server)
{
	json_t *reply = ask(server, json_pack("{s:s, s:i}", "command", "echo", "say", 7));
	bool right = json_is_true(json_object_get(reply, "ok")) &&
		     json_integer_value(json_object_get(reply, "said")) == 7;

	json_decref(reply);
	return right;
}

/* ---- a client without manners ---- */

static int
raw_connect(struct server *server)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, server->path);
	cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* Wait for octets, or the end. @return as read(2); -1 if there is nothing in time */
static ssize_t
raw_read(int fd, void *octets, size_t size, int timeout_ms)
{
	struct pollfd wanted = {.fd = fd, .events = POLLIN};

	return poll(&wanted, 1, timeout_ms) == 1 ? read(fd, octets, size) : -1;
}

/* @return whether a reply with that code comes, and then the end */
static bool
raw_failed(int fd, const char *code)
{
	char reply[4096] = {0};
	size_t length = 0;
	ssize_t got;

	while ((got = raw_read(fd, reply + length, sizeof(reply) - 1 - length, TIMEOUT_MS)) > 0)
		length += (size_t)got;
	close(fd);
	return got == 0 && length > 4 && strstr(reply + 4, code);
}

static void
raw_send(int fd, uint32_t length, const char *text)
{
	uint8_t octets[128] = {(uint8_t)(length >> 24), (uint8_t)(length >> 16),
		(uint8_t)(length >> 8), (uint8_t)length};

	memcpy(octets + 4, text, strlen(text));
	/* at once: the server may close when it has seen the length */
	cr_assert_eq(write(fd, octets, 4 + strlen(text)), (ssize_t)(4 + strlen(text)));
}

Test(control_server, answers_in_turn_and_says_what_it_does_not_know)
{
	struct server server;
	json_t *reply;

	server_start(&server, NULL, 0);
	for (unsigned int i = 0; i < 50; i++)
		cr_expect(ask_echo(&server));
	reply = ask(&server, json_pack("{s:s}", "command", "dance"));
	cr_expect(json_is_false(json_object_get(reply, "ok")));
	cr_expect_str_eq(json_string_value(json_object_get(reply, "code")), "unknown-command");
	json_decref(reply);
	reply = ask(&server, json_pack("{s:s}", "zone", "."));
	cr_expect_str_eq(json_string_value(json_object_get(reply, "code")), "bad-request");
	json_decref(reply);
	reply = ask(&server, json_pack("{s:s}", "command", "who"));
	cr_expect_eq(json_integer_value(json_object_get(reply, "uid")), geteuid());
	cr_expect_eq(json_integer_value(json_object_get(reply, "pid")), getpid());
	json_decref(reply);
	server_stop(&server);
}

Test(control_server, takes_requests_that_come_in_pieces_or_together)
{
	static const char request[] = "\0\0\0\x1e{\"command\":\"echo\",\"say\":12345}";
	const size_t length = sizeof(request) - 1;
	char both[2 * sizeof(request)], reply[256];
	struct server server;
	size_t got = 0;
	int fd;

	server_start(&server, NULL, 0);
	fd = raw_connect(&server);
	for (size_t i = 0; i < length; i++) {
		cr_assert_eq(write(fd, request + i, 1), 1);
		poll(NULL, 0, 1);
	}
	cr_expect_eq(raw_read(fd, reply, sizeof(reply), TIMEOUT_MS), 4 + 24);
	memcpy(both, request, length);
	memcpy(both + length, request, length);
	cr_assert_eq(write(fd, both, 2 * length), (ssize_t)(2 * length));
	while (got < 2 * (4 + 24)) {
		ssize_t more = raw_read(fd, reply, sizeof(reply), TIMEOUT_MS);

		cr_assert_gt(more, 0);
		got += (size_t)more;
	}
	cr_expect_eq(got, 2 * (4 + 24));
	close(fd);
	server_stop(&server);
}

Test(control_server, tells_what_is_malformed_and_closes)
{
	static const struct {
		uint32_t length;
		const char *text;
	} broken[] = {
		{0, ""},
		{CONTROL_REQUEST_MAX + 1, ""},
		{UINT32_MAX, ""},
		{5, "hello"},
		{9, "{\"command"},
		{2, "[]"},
		{24, "{\"command\":1,\"command\":2}"},
	};
	struct control_counters counters;
	struct server server;

	server_start(&server, NULL, 0);
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		int fd = raw_connect(&server);

		raw_send(fd, broken[i].length, broken[i].text);
		cr_expect(raw_failed(fd, "bad-request"), "%zu", i);
	}
	cr_expect(ask_echo(&server));
	control_counters(server.control, &counters);
	cr_expect_eq(counters.malformed, sizeof(broken) / sizeof(broken[0]));
	server_stop(&server);
}

Test(control_server, takes_the_largest_request_and_sends_large_replies)
{
	char *text = malloc(CONTROL_REQUEST_MAX + 1);
	struct server server;
	json_t *request, *reply;
	struct why why;

	server_start(&server, NULL, 0);
	/* with these keys around it exactly the most */
	memset(text, 'x', CONTROL_REQUEST_MAX);
	text[CONTROL_REQUEST_MAX - strlen("{\"command\":\"echo\",\"say\":\"\"}")] = '\0';
	reply = ask(&server, json_pack("{s:s, s:s}", "command", "echo", "say", text));
	cr_expect_str_eq(json_string_value(json_object_get(reply, "said")), text);
	json_decref(reply);
	strcat(text, "x");
	request = json_pack("{s:s, s:s}", "command", "echo", "say", text);
	cr_expect_eq(control_ask(server.path, request, TIMEOUT_MS, &reply, &why), -EMSGSIZE);
	json_decref(request);
	reply = ask(&server, json_pack("{s:s, s:i}", "command", "large", "size", 8 << 20));
	cr_expect_eq(json_string_length(json_object_get(reply, "said")), 8 << 20);
	json_decref(reply);
	reply = ask(
		&server, json_pack("{s:s, s:i}", "command", "large", "size", CONTROL_REPLY_MAX));
	cr_expect_str_eq(json_string_value(json_object_get(reply, "code")), "failed");
	json_decref(reply);
	free(text);
	server_stop(&server);
}

Test(control_server, closes_a_client_that_is_slow_to_ask_or_to_listen)
{
	struct control_counters counters;
	struct server server;
	int64_t start_ms;
	char octet;
	int fd;

	server_start(&server, NULL, SHORT_MS);
	/* an octet now and then prolongs nothing */
	fd = raw_connect(&server);
	start_ms = clock_ms();
	while (send(fd, "\0", 1, MSG_NOSIGNAL) == 1 && clock_ms() < start_ms + TIMEOUT_MS) {
		/* 4 octets of zero are a malformed message: stay below */
		if (raw_read(fd, &octet, 1, SHORT_MS / 2) == 0)
			break;
	}
	close(fd);
	cr_expect_lt(clock_ms() - start_ms, TIMEOUT_MS);
	/* one that does not take its reply */
	fd = raw_connect(&server);
	raw_send(fd, 35, "{\"command\":\"large\",\"size\":16000000}");
	start_ms = clock_ms();
	do {
		poll(NULL, 0, SHORT_MS / 4);
		control_counters(server.control, &counters);
	} while (counters.timeouts < 2 && clock_ms() < start_ms + TIMEOUT_MS);
	cr_expect_eq(counters.timeouts, 2);
	close(fd);
	cr_expect(ask_echo(&server));
	server_stop(&server);
}

Test(control_server, bounds_its_clients)
{
	int fds[CONTROL_CLIENTS_MAX];
	struct server server;

	server_start(&server, NULL, 0);
	for (unsigned int i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		fds[i] = raw_connect(&server);
		raw_send(fds[i], 26, "{\"command\":\"echo\",\"say\":1}");
		cr_assert_gt(raw_read(fds[i], (char[64]){0}, 64, TIMEOUT_MS), 0);
	}
	cr_expect(raw_failed(raw_connect(&server), "busy"));
	close(fds[0]);
	/* it takes a turn of the loop until the server has seen that */
	for (unsigned int i = 0; i < 100; i++) {
		json_t *request = json_pack("{s:s}", "command", "who"), *reply = NULL;
		struct why why;
		bool served = control_ask(server.path, request, TIMEOUT_MS, &reply, &why) == 0 &&
			      json_is_true(json_object_get(reply, "ok"));

		json_decref(request);
		json_decref(reply);
		if (served)
			break;
		cr_assert_neq(i, 99);
		poll(NULL, 0, 10);
	}
	for (unsigned int i = 1; i < CONTROL_CLIENTS_MAX; i++)
		close(fds[i]);
	server_stop(&server);
}

static void *
ask_wait(void *argument)
{
	return ask(argument, json_pack("{s:s}", "command", "wait"));
}

Test(control_server, answers_later_while_others_are_served)
{
	struct server server;
	pthread_t client;
	json_t *reply;

	server_start(&server, NULL, 0);
	pthread_create(&client, NULL, ask_wait, &server);
	while (server.waits == 0)
		poll(NULL, 0, 1);
	cr_expect(ask_echo(&server));
	uv_async_send(&server.answer);
	pthread_join(client, (void **)&reply);
	cr_expect_str_eq(json_string_value(json_object_get(reply, "said")), "late");
	json_decref(reply);
	server_stop(&server);
}

Test(control_server, lives_on_when_a_client_goes_before_its_answer)
{
	struct server server;

	server_start(&server, NULL, 0);
	for (unsigned int i = 1; i <= 3; i++) {
		int fd = raw_connect(&server);

		raw_send(fd, 18, "{\"command\":\"wait\"}");
		while (server.waits < i)
			poll(NULL, 0, 1);
		close(fd);
		cr_expect(ask_echo(&server));
		if (i < 3)
			uv_async_send(&server.answer);
		cr_expect(ask_echo(&server));
	}
	/* the third is answered when the server has gone, too */
	server_stop(&server);
}

Test(control_server, gives_up_a_call_that_has_no_outcome_in_time)
{
	struct server server;
	json_t *reply;

	server_start(&server, NULL, SHORT_MS);
	reply = ask(&server, json_pack("{s:s}", "command", "wait"));
	cr_expect_str_eq(json_string_value(json_object_get(reply, "code")), "timeout");
	json_decref(reply);
	uv_async_send(&server.answer);
	cr_expect(ask_echo(&server));
	server_stop(&server);
}

/* ---- who gets in ---- */

/* Ask as somebody else. @return what the child found: 0 served, 1 turned away, 2 no connection */
static int
ask_as(struct server *server, uid_t uid, gid_t gid, gid_t supplementary)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		json_t *request = json_pack("{s:s}", "command", "who"), *reply;
		struct why why;

		if (setgroups(supplementary ? 1 : 0, &supplementary) < 0 || setgid(gid) < 0 ||
			setuid(uid) < 0)
			_exit(9);
		if (control_ask(server->path, request, TIMEOUT_MS, &reply, &why) < 0)
			_exit(2);
		_exit(json_is_true(json_object_get(reply, "ok")) ? 0 : 1);
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Test(control_server, lets_in_root_itself_and_the_group_and_nobody_else)
{
	const struct group *group = getgrnam("daemon");
	struct server server;
	struct stat st;

	if (geteuid() != 0 || !group)
		cr_skip_test("it takes root to be somebody else");
	server_start(&server, "daemon", 0);
	cr_assert_eq(stat(server.path, &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0660);
	cr_expect_eq(st.st_gid, group->gr_gid);
	cr_expect_eq(ask_as(&server, 0, 0, 0), 0);
	cr_expect_eq(ask_as(&server, 65534, group->gr_gid, 0), 0, "primary group");
	cr_expect_eq(ask_as(&server, 65534, 65534, group->gr_gid), 0, "supplementary group");
	cr_expect_eq(ask_as(&server, 65534, 65534, 0), 2, "the mode keeps others out");
	/* and if it did not */
	chmod(server.path, 0666);
	cr_expect_eq(ask_as(&server, 65534, 65534, 0), 1);
	server_stop(&server);
}

Test(control_server, replaces_a_stale_socket_but_no_live_one_and_no_file)
{
	struct control_options options = {.handler = handle};
	struct control *second = NULL;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct server server;
	struct why why;
	uv_loop_t loop;
	int fd;

	uv_loop_init(&loop);
	server_start(&server, NULL, 0);
	options.path = server.path;
	cr_expect_eq(control_open(&loop, &options, &second, &why), -EADDRINUSE);
	cr_expect(ask_echo(&server));
	server_stop(&server);

	cr_assert_eq(mkdir(server.folder, 0700), 0);
	strcpy(address.sun_path, server.path);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	cr_expect_eq(control_open(&loop, &options, &second, &why), 0, "%s", why.text);
	control_close(second);
	uv_run(&loop, UV_RUN_DEFAULT);

	fd = open(server.path, O_CREAT | O_WRONLY, 0600);
	close(fd);
	cr_expect_eq(control_open(&loop, &options, &second, &why), -EEXIST);
	unlink(server.path);
	options.group = "no-such-group-here";
	cr_expect_eq(control_open(&loop, &options, &second, &why), -ENOENT);
	rmdir(server.folder);
	cr_expect_eq(uv_loop_close(&loop), 0);
}

Test(control_server, tells_the_client_that_nobody_is_there)
{
	json_t *request = json_pack("{s:s}", "command", "who"), *reply;
	char path[200];
	struct why why;

	cr_expect_eq(
		control_ask("/tmp/no/such/socket", request, TIMEOUT_MS, &reply, &why), -ENOENT);
	cr_expect(strstr(why.text, "/tmp/no/such/socket"), "%s", why.text);
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	cr_expect_eq(control_ask(path, request, TIMEOUT_MS, &reply, &why), -ENAMETOOLONG);
	json_decref(request);
}
