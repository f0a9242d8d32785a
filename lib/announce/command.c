/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Commands, bounded in time: each in a session of its own, so that its children go with it. By
 * posix_spawn(), which borrows the memory until exec; uv_spawn() forks, and then each page that an
 * lcore writes to is copied under it.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "announce/announce_priv.h"

enum { SAID_MAX = 200 };

static void next_start(struct runner *runner);

static void
command_kill(const struct runner *r)
{
	if (r->pid)
		kill(-r->pid, SIGKILL);
}

static void
timeout_pass(uv_timer_t *timer)
{
	struct runner *r = timer->data;

	r->timed_out = true;
	command_kill(r);
}

/* What a command said first, fit for one line of a log. */
static void
output_take(struct runner *r, char said[static SAID_MAX])
{
	ssize_t length = r->output >= 0 ? read(r->output, said, SAID_MAX - 1) : 0;

	said[length > 0 ? length : 0] = '\0';
	for (char *c = said; *c; c++)
		if (!isprint((unsigned char)*c))
			*c = ' ';
	for (size_t end = strlen(said); end > 0 && said[end - 1] == ' '; end--)
		said[end - 1] = '\0';
	close_fd(&r->output);
	r->output = -1;
}

static void
end_explain(struct runner *r, int status)
{
	const char *program = r->running->arguments[0];
	char said[SAID_MAX];

	output_take(r, said);
	if (r->timed_out)
		why_set(&r->fault, ETIMEDOUT, "%s: not done within %u ms", program, r->timeout_ms);
	else if (WIFSIGNALED(status))
		why_set(&r->fault, EIO, "%s: ended by signal %d", program, WTERMSIG(status));
	else if (WEXITSTATUS(status))
		why_set(&r->fault, EIO, "%s: exit code %d: %s", program, WEXITSTATUS(status), said);
}

/* Out of the loop, so that nobody is told inside of what he calls. */
static void
command_over(struct runner *r)
{
	r->running = NULL;
	if (r->displaced) {
		next_start(r);
		return;
	}
	r->wanted = NULL;
	r->ended(r, r->fault.text[0] ? &r->fault : NULL);
}

static void
poll_closed(uv_handle_t *handle)
{
	struct runner *r = handle->data;

	close(r->pidfd);
	command_over(r);
}

static void
process_ended(uv_poll_t *poll, int error, int events)
{
	struct runner *r = poll->data;
	int status = 0;

	(void)error;
	(void)events;
	/* a pidfd tells nothing but the end */
	if (waitpid(r->pid, &status, WNOHANG) != r->pid)
		return;
	r->pid = 0;
	uv_timer_stop(&r->timeout);
	end_explain(r, status);
	uv_close((uv_handle_t *)poll, poll_closed);
}

/* @param output  the end that the command writes to; -1: none. @return 0 or a positive errno */
static int
spawn(struct runner *r, int output)
{
	char *arguments[ANNOUNCE_ARGUMENTS_MAX + 1] = {NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t signals;
	int rc;

	memcpy(arguments, r->wanted->arguments, r->wanted->count * sizeof(*arguments));
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDWR, 0);
	for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
		posix_spawn_file_actions_adddup2(&actions, output < 0 ? STDIN_FILENO : output, fd);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(
		&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	sigfillset(&signals);
	posix_spawnattr_setsigdefault(&attributes, &signals);
	sigemptyset(&signals);
	posix_spawnattr_setsigmask(&attributes, &signals);
	rc = posix_spawn(&r->pid, arguments[0], &actions, &attributes, arguments, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return rc;
}

/* @return 0 or a positive errno: there is no process */
static int
watch(struct runner *r)
{
	int rc;

	r->pidfd = pidfd_open(r->pid, 0);
	rc = r->pidfd < 0 ? -errno : uv_poll_init(r->loop, &r->poll, r->pidfd);
	if (rc == 0)
		return 0;
	command_kill(r);
	waitpid(r->pid, NULL, 0);
	r->pid = 0;
	close_fd(&r->pidfd);
	return -rc;
}

static void
failure_pass(uv_timer_t *timer)
{
	command_over(timer->data);
}

static void
next_start(struct runner *r)
{
	int ends[2] = {-1, -1}, rc;

	(void)!pipe2(ends, O_CLOEXEC | O_NONBLOCK);
	r->output = ends[0];
	r->running = r->wanted;
	r->timed_out = r->displaced = false;
	r->fault.text[0] = '\0';
	rc = spawn(r, ends[1]);
	close_fd(&ends[1]);
	if (rc == 0)
		rc = watch(r);
	if (rc) {
		r->pid = 0;
		close_fd(&r->output);
		why_set(&r->fault, rc, "%s: %s", r->running->arguments[0], strerror(rc));
		uv_timer_start(&r->timeout, failure_pass, 0, 0);
		return;
	}
	r->poll.data = r;
	uv_poll_start(&r->poll, UV_READABLE, process_ended);
	uv_timer_start(&r->timeout, timeout_pass, r->timeout_ms, 0);
}

void
runner_open(struct runner *r)
{
	uv_timer_init(r->loop, &r->timeout);
	r->timeout.data = r;
	r->output = -1;
}

void
runner_run(struct runner *r, const struct announce_command *command)
{
	r->wanted = command;
	if (!r->running) {
		next_start(r);
		return;
	}
	/* also one of the same kind: it may have begun before what it is about was so */
	r->displaced = true;
	command_kill(r);
}

static void
timeout_closed(uv_handle_t *handle)
{
	struct runner *r = handle->data;

	r->closed(r);
}

void
runner_close(struct runner *r)
{
	uv_close((uv_handle_t *)&r->timeout, timeout_closed);
}
