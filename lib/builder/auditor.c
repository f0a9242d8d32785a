/* SPDX-License-Identifier: BSD-3-Clause */
/* The child that audits: bounded as a builder is, but it stays. */
#include "builder/builder_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* First away from where they go, or one might be written over before its turn. */
static void
descriptors_place(const int *fds, unsigned int count)
{
	int copies[IMAGE_CATALOGUE_MAX], beyond = BUILDER_INHERITED_FD + (int)count;

	for (unsigned int i = 0; i < count; i++)
		copies[i] = fcntl(fds[i], F_DUPFD, beyond);
	for (unsigned int i = 0; i < count; i++)
		if (dup2(copies[i], BUILDER_INHERITED_FD + (int)i) < 0)
			_exit(1);
	close_range((unsigned int)beyond, ~0u, 0);
}

/* What the child needs to know. */
struct start {
	const char *program;
	const char *const *arguments;
	const int *fds;
	unsigned int fd_count;
	size_t memory_size;
	int end; /* its end of the socket */
	pid_t parent;
};

static int
child_run(void *argument)
{
	const struct start *start = argument;
	int nothing = open("/dev/null", O_WRONLY);

	dup2(start->end, STDIN_FILENO);
	dup2(nothing, STDOUT_FILENO);
	dup2(nothing, STDERR_FILENO);
	builder_child_bound(
		0, start->memory_size ? start->memory_size : BUILDER_MEMORY_DEFAULT, start->parent);
	descriptors_place(start->fds, start->fd_count);
	execv(start->program, (char *const *)(uintptr_t)start->arguments);
	_exit(1);
}

int
builder_auditor_start(const char *program, const char *const *arguments, const int *fds,
	unsigned int fd_count, size_t memory_size, struct builder_auditor *auditor, struct why *why)
{
	struct start start = {program, arguments, fds, fd_count, memory_size, -1, getpid()};
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return why_errno(why, "socketpair");
	start.end = ends[1];
	pid = builder_child_start(child_run, &start);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return why_errno(why, "a child");
	}
	/* ours alone: the child waits for questions */
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	*auditor = (struct builder_auditor){pid, ends[0]};
	return 0;
}

int
builder_auditor_stop(struct builder_auditor *auditor)
{
	int status = 0;

	if (auditor->pid == 0)
		return 0;
	kill(auditor->pid, SIGKILL);
	kill(-auditor->pid, SIGKILL);
	while (waitpid(auditor->pid, &status, 0) < 0 && errno == EINTR)
		;
	close(auditor->socket);
	auditor->pid = 0;
	return status;
}
