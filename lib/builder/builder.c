/* SPDX-License-Identifier: BSD-3-Clause */
#include "builder/builder_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

enum { ARGUMENTS_MAX = 24, REPORT_MAX = 4096 };

/* AddressSanitizer reserves more address space than any bound would leave it. */
#if defined(__SANITIZE_ADDRESS__)
enum { SANITIZED = 1 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif
#else
enum { SANITIZED = 0 };
#endif

/* A running builder, and what it has said so far. */
struct child {
	pid_t pid;
	int report; /* pipe from its standard error */
	int image;  /* memfd that is its standard output */
	int ended;  /* pidfd */
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

static size_t
memory_size(const struct builder_request *request)
{
	return request->memory_size ? request->memory_size : BUILDER_MEMORY_DEFAULT;
}

static void
bound(int resource, rlim_t soft, rlim_t hard)
{
	const struct rlimit limit = {.rlim_cur = soft, .rlim_max = hard};

	setrlimit(resource, &limit);
}

void
builder_child_bound(unsigned int cpu_seconds, size_t memory, pid_t parent)
{
	const struct sigaction normal = {.sa_handler = SIG_DFL};
	sigset_t none;

	setpgid(0, 0);
	/* SIGXCPU at the first, SIGKILL at the second */
	if (cpu_seconds)
		bound(RLIMIT_CPU, cpu_seconds, cpu_seconds + 1);
	if (!SANITIZED)
		bound(RLIMIT_AS, memory, memory);
	bound(RLIMIT_CORE, 0, 0);
	bound(RLIMIT_FSIZE, IMAGE_SIZE_MAX, IMAGE_SIZE_MAX);
	for (int number = 1; number < NSIG; number++)
		sigaction(number, &normal, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* the parent may have died before that */
	if (getppid() != parent)
		_exit(1);
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

static __attribute__((noreturn)) void
child_run(const struct builder_request *request, const char *const *arguments, int image,
	int report, pid_t parent)
{
	dup2(image, STDOUT_FILENO);
	dup2(report, STDERR_FILENO);
	builder_child_bound(
		request->cpu_seconds ? request->cpu_seconds : BUILDER_CPU_SECONDS_DEFAULT,
		memory_size(request), parent);
	close_range(3, ~0u, 0);
	execv(request->program, (char *const *)(uintptr_t)arguments);
	dprintf(STDERR_FILENO, "%s: %s\n", request->program, strerrordesc_np(errno));
	_exit(1);
}

static int
child_start(const struct builder_request *request, struct child *child, struct why *why)
{
	const char *arguments[ARGUMENTS_MAX];
	pid_t parent = getpid();
	char at[32];
	int ends[2];

	arguments_make(request, at, arguments);
	child->image = memfd_create("mangrove-image", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (child->image < 0)
		return why_errno(why, "memfd");
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return why_errno(why, "pipe");
	child->report = ends[0];
	child->pid = fork();
	if (child->pid == 0)
		child_run(request, arguments, child->image, ends[1], parent);
	close(ends[1]);
	if (child->pid < 0)
		return why_errno(why, "fork");
	child->ended = pidfd_open(child->pid, 0);
	return child->ended < 0 ? why_errno(why, "pidfd") : 0;
}

/* Read what it has said. What does not fit is dropped. @return false: it will say no more */
static bool
child_hear(struct child *child)
{
	for (;;) {
		size_t room = sizeof(child->text) - 1 - child->length;
		char dropped[256];
		ssize_t got = read(child->report, room ? child->text + child->length : dropped,
			room ? room : sizeof(dropped));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 && errno == EAGAIN;
		if (room)
			child->length += (size_t)got;
	}
}

/* Read what it says until it ends. @return false: time is up */
static bool
child_listen(struct child *child, int64_t deadline_ms)
{
	struct pollfd waiting[] = {
		{.fd = child->ended, .events = POLLIN},
		{.fd = child->report, .events = POLLIN},
	};

	for (;;) {
		int64_t left = deadline_ms - clock_ms();

		if (left <= 0)
			return false;
		if (poll(waiting, 2, (int)left) <= 0)
			continue;
		if (waiting[1].revents && !child_hear(child))
			waiting[1].fd = -1;
		if (waiting[0].revents) {
			child_hear(child);
			return true;
		}
	}
}

/* End it, if it has not ended, and whatever it started. @return its status */
static int
child_reap(const struct child *child)
{
	int status = 0;

	kill(child->pid, SIGKILL);
	kill(-child->pid, SIGKILL);
	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
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
	const char *said = last_line(child);

	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
		return why_set(why, ETIMEDOUT, "%s: the builder used up its CPU time of %u s",
			request->path,
			request->cpu_seconds ? request->cpu_seconds : BUILDER_CPU_SECONDS_DEFAULT);
	/* what arena_take() says before it aborts */
	if (WIFSIGNALED(status) && strncmp(said, "out of memory", 13) == 0)
		return why_set(why, ENOMEM, "%s: the builder used up its memory of %zu MiB",
			request->path, memory_size(request) >> 20);
	if (WIFSIGNALED(status))
		return why_set(why, EFAULT, "%s: the builder died of signal %d (%s)%s%s",
			request->path, WTERMSIG(status), strsignal(WTERMSIG(status)),
			*said ? "; it said: " : "", said);
	if (WEXITSTATUS(status) != 0)
		return *said ? why_set(why, EINVAL, "%s", said)
			     : why_set(why, EINVAL, "%s: the builder failed without a word",
				       request->path);
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
	struct child child = {.report = -1, .image = -1, .ended = -1};
	int rc, status = 0;

	warning->text[0] = '\0';
	rc = child_start(request, &child, why);
	if (rc == 0 && !child_listen(&child, clock_ms() + (int64_t)wall * 1000))
		rc = why_set(why, ETIMEDOUT, "%s: the builder did not end within %u s",
			request->path, wall);
	if (child.pid > 0)
		status = child_reap(&child);
	if (rc == 0)
		rc = ending_judge(&child, request, status, why);
	if (rc == 0)
		rc = image_take(&child, image, why);
	if (rc == 0 && child.length)
		why_set(warning, 0, "%s", last_line(&child));
	close_fd(&child.report);
	close_fd(&child.image);
	close_fd(&child.ended);
	return rc;
}
