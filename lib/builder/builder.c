/* SPDX-License-Identifier: BSD-3-Clause */
#include "builder/builder.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

enum { ARGUMENTS_MAX = 24, REPORT_MAX = 4096 };

/* A running builder, and what it has said so far. */
struct child {
	pid_t pid;
	int report; /* pipe from its standard error */
	int image;  /* memfd that is its standard output */
	char text[REPORT_MAX];
	size_t length;
};

static const char *
policy_text(enum zone_policy policy)
{
	switch (policy) {
	case ZONE_REQUIRE:
		return "require";
	case ZONE_IF_PRESENT:
		return "if-present";
	case ZONE_OFF:
		return "off";
	}
	return "require";
}

static void
bound(int resource, rlim_t limit)
{
	const struct rlimit both = {.rlim_cur = limit, .rlim_max = limit};

	setrlimit(resource, &both);
}

/* Between fork and exec: only calls that are safe there. */
static void
child_confine(const struct builder_request *request)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {{0}};
	unsigned int cpu =
		request->cpu_seconds ? request->cpu_seconds : BUILDER_CPU_SECONDS_DEFAULT;

	bound(RLIMIT_CPU, cpu);
	bound(RLIMIT_AS, request->memory_size ? request->memory_size : BUILDER_MEMORY_DEFAULT);
	bound(RLIMIT_CORE, 0);
	bound(RLIMIT_FSIZE, IMAGE_SIZE_MAX);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	syscall(SYS_capset, &header, none);
}

static void
arguments_make(const struct builder_request *request, char at[32], const char **arguments)
{
	unsigned int n = 0;

	snprintf(at, 32, "@%lld", (long long)request->verify.at);
	arguments[n++] = request->program;
	arguments[n++] = "build";
	arguments[n++] = "--dnssec";
	arguments[n++] = policy_text(request->verify.dnssec);
	arguments[n++] = "--zonemd";
	arguments[n++] = policy_text(request->verify.zonemd);
	arguments[n++] = "--at";
	arguments[n++] = at;
	if (request->verify.anchors) {
		arguments[n++] = "--anchors";
		arguments[n++] = request->verify.anchors;
	}
	if (request->origin) {
		arguments[n++] = "--origin";
		arguments[n++] = request->origin;
	}
	arguments[n++] = "--";
	arguments[n++] = request->path;
	arguments[n] = NULL;
}

static int
child_start(const struct builder_request *request, struct child *child, struct why *why)
{
	const char *arguments[ARGUMENTS_MAX];
	char at[32];
	sigset_t none;
	int ends[2];

	arguments_make(request, at, arguments);
	child->image = memfd_create("mangrove-image", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (child->image < 0)
		return why_errno(why, "memfd");
	if (pipe2(ends, O_CLOEXEC) < 0)
		return why_errno(why, "pipe");
	child->report = ends[0];
	child->pid = fork();
	if (child->pid == 0) {
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		dup2(child->image, STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		child_confine(request);
		close_range(3, ~0u, 0);
		execv(request->program, (char *const *)(uintptr_t)arguments);
		dprintf(STDERR_FILENO, "%s: %s\n", request->program, strerror(errno));
		_exit(1);
	}
	close(ends[1]);
	return child->pid < 0 ? why_errno(why, "fork") : 0;
}

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Read what it says until it ends. @return false: time is up */
static bool
child_listen(struct child *child, int64_t deadline_ms)
{
	for (;;) {
		struct pollfd waiting = {.fd = child->report, .events = POLLIN};
		int64_t left = deadline_ms - now_ms();
		char dropped[256];
		bool full = child->length == sizeof(child->text) - 1;
		ssize_t got;

		if (left <= 0)
			return false;
		if (poll(&waiting, 1, (int)left) <= 0)
			continue;
		got = read(child->report, full ? dropped : child->text + child->length,
			full ? sizeof(dropped) : sizeof(child->text) - 1 - child->length);
		if (got == 0)
			return true;
		if (got > 0 && !full)
			child->length += (size_t)got;
	}
}

/* The last line that it said, without the line's end. */
static const char *
last_line(struct child *child)
{
	char *start;

	while (child->length && child->text[child->length - 1] == '\n')
		child->length--;
	child->text[child->length] = '\0';
	start = strrchr(child->text, '\n');
	return start ? start + 1 : child->text;
}

static int
ending_judge(
	struct child *child, const struct builder_request *request, int status, struct why *why)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
		return why_set(
			why, ETIMEDOUT, "%s: the builder used up its CPU time", request->path);
	if (WIFSIGNALED(status))
		return why_set(why, EFAULT, "%s: the builder died of signal %d (%s)%s%s",
			request->path, WTERMSIG(status), strsignal(WTERMSIG(status)),
			child->length ? "; it said: " : "", last_line(child));
	if (WEXITSTATUS(status) != 0)
		return why_set(why, EINVAL, "%s",
			child->length ? last_line(child) : "the builder failed without a word");
	return 0;
}

static int
image_take(struct child *child, struct image **image, struct why *why)
{
	/* nobody may change what is about to be checked, also not a grandchild */
	if (fcntl(child->image, F_ADD_SEALS,
		    F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		return why_errno(why, "the built image cannot be sealed");
	return image_open(child->image, "the built image", image, why);
}

int
builder_run(const struct builder_request *request, struct image **image, struct why *warning,
	struct why *why)
{
	unsigned int wall =
		request->wall_seconds ? request->wall_seconds : BUILDER_WALL_SECONDS_DEFAULT;
	struct child child = {.report = -1, .image = -1};
	bool in_time;
	int rc, status = 0;

	warning->text[0] = '\0';
	rc = child_start(request, &child, why);
	if (rc < 0)
		goto out;
	in_time = child_listen(&child, now_ms() + (int64_t)wall * 1000);
	if (!in_time)
		kill(child.pid, SIGKILL);
	while (waitpid(child.pid, &status, 0) < 0 && errno == EINTR)
		;
	rc = in_time ? ending_judge(&child, request, status, why)
		     : why_set(why, ETIMEDOUT, "%s: the builder did not end within %u s",
			       request->path, wall);
	if (rc == 0)
		rc = image_take(&child, image, why);
	if (rc == 0 && child.length)
		why_set(warning, 0, "%s", last_line(&child));
out:
	close_fd(&child.report);
	close_fd(&child.image);
	return rc;
}
