/* SPDX-License-Identifier: BSD-3-Clause */
#include "builder/builder_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
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

enum { ARGUMENTS_MAX = 24, REPORT_MAX = 16384 };

/* What a builder says in the end, for json_pack() and json_unpack(). */
#define BUILDER_REPORT "{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I}"

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
	int records; /* sealed memfd that is its standard input; -1: it reads a file */
	int image;   /* memfd that is its standard output */
	int report;  /* pipe from its standard error */
	int zone;    /* memfd that is its BUILDER_TEXT_FD */
	int ended;   /* pidfd */
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

/* Numbers as arguments. */
struct numbers {
	char at[32], text_fd[16], base[32];
};

static void
arguments_make(
	const struct builder_request *request, struct numbers *numbers, const char **arguments)
{
	unsigned int n = 0;

	snprintf(numbers->at, sizeof(numbers->at), "@%lld", (long long)request->verify.at);
	snprintf(numbers->text_fd, sizeof(numbers->text_fd), "%d", BUILDER_TEXT_FD);
	snprintf(numbers->base, sizeof(numbers->base), "%zu", request->base.length);
	arguments[n++] = request->program;
	arguments[n++] = "build";
	arguments[n++] = "--dnssec";
	arguments[n++] = policy_text(request->verify.dnssec);
	arguments[n++] = "--zonemd";
	arguments[n++] = policy_text(request->verify.zonemd);
	arguments[n++] = "--at";
	arguments[n++] = numbers->at;
	arguments[n++] = "--text-to";
	arguments[n++] = numbers->text_fd;
	if (request->records.length) {
		arguments[n++] = "--base-size";
		arguments[n++] = numbers->base;
	}
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

/* What the child needs to know. */
struct start {
	const struct builder_request *request;
	const char *const *arguments;
	const struct child *child;
	int report; /* its end of the pipe */
	pid_t parent;
};

static int
child_run(void *argument)
{
	const struct start *start = argument;
	const struct builder_request *request = start->request;
	const struct child *child = start->child;

	/* any of them may stand in the last place: it is taken last */
	if (child->records >= 0)
		dup2(child->records, STDIN_FILENO);
	dup2(child->image, STDOUT_FILENO);
	dup2(start->report, STDERR_FILENO);
	if (dup2(child->zone, BUILDER_TEXT_FD) == child->zone)
		fcntl(child->zone, F_SETFD, 0);
	builder_child_bound(
		request->cpu_seconds ? request->cpu_seconds : BUILDER_CPU_SECONDS_DEFAULT,
		memory_size(request), start->parent);
	close_range(BUILDER_TEXT_FD + 1, ~0u, 0);
	execv(request->program, (char *const *)(uintptr_t)start->arguments);
	dprintf(STDERR_FILENO, "%s: %s\n", request->program, strerrordesc_np(errno));
	_exit(1);
}

/* Nobody may change what is about to be read, also not a grandchild. */
static int
seal(int fd)
{
	return fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
}

/* The base, then what arrived. */
static int
records_put(const struct builder_request *request, struct child *child, struct why *why)
{
	int rc;

	if (request->records.length == 0)
		return 0;
	child->records = memfd_create("mangrove-records", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (child->records < 0)
		return why_errno(why, "memfd");
	rc = file_write_all(child->records, request->base.octets, request->base.length);
	if (rc == 0)
		rc = file_write_all(
			child->records, request->records.octets, request->records.length);
	if (rc < 0)
		return why_set(why, -rc, "memfd: %s", strerror(-rc));
	if (lseek(child->records, 0, SEEK_SET) < 0 || seal(child->records) < 0)
		return why_errno(why, "memfd");
	return 0;
}

static int
child_start(const struct builder_request *request, struct child *child, struct why *why)
{
	const char *arguments[ARGUMENTS_MAX];
	struct start start = {request, arguments, child, -1, getpid()};
	struct numbers numbers;
	int ends[2], rc;

	arguments_make(request, &numbers, arguments);
	rc = records_put(request, child, why);
	if (rc < 0)
		return rc;
	child->image = memfd_create("mangrove-image", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	child->zone = memfd_create("mangrove-zone", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (child->image < 0 || child->zone < 0)
		return why_errno(why, "memfd");
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return why_errno(why, "pipe");
	child->report = ends[0];
	start.report = ends[1];
	child->pid = builder_child_start(child_run, &start);
	close(ends[1]);
	if (child->pid < 0)
		return why_errno(why, "a child");
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
	if (WEXITSTATUS(status) == BUILDER_EXIT_MISFIT && *said)
		return why_set(why, ESTALE, "%s", said);
	if (WEXITSTATUS(status) != 0)
		return *said ? why_set(why, EINVAL, "%s", said)
			     : why_set(why, EINVAL, "%s: the builder failed without a word",
				       request->path);
	return 0;
}

static int
image_take(const struct child *child, struct image **image, struct why *why)
{
	if (seal(child->image) < 0)
		return why_errno(why, "the built image cannot be sealed");
	return image_open(child->image, "the built image", image, why);
}

/* What it says in the end, which the numbers of builder_report() are. */
static int
report_take(const char *said, struct builder_result *result, struct why *why)
{
	const char *warning, *anchors;
	json_int_t signatures, records, proven, ms[4];
	json_error_t error;
	json_t *report = json_loads(said, JSON_REJECT_DUPLICATES, &error);
	int rc = json_unpack(report, BUILDER_REPORT, "warning", &warning, "anchors", &anchors,
		"signatures", &signatures, "records", &records, "proven", &proven, "load_ms",
		&ms[0], "verify_ms", &ms[1], "compile_ms", &ms[2], "prove_ms", &ms[3]);

	if (rc == 0) {
		why_set(&result->warning, 0, "%s", warning);
		snprintf(result->anchor_tags, sizeof(result->anchor_tags), "%s", anchors);
		result->signature_count = (uint64_t)signatures;
		result->record_count = (uint64_t)records;
		result->proven = (uint64_t)proven;
		result->load_ms = (unsigned int)ms[0];
		result->verify_ms = (unsigned int)ms[1];
		result->compile_ms = (unsigned int)ms[2];
		result->prove_ms = (unsigned int)ms[3];
	}
	json_decref(report);
	return rc < 0 ? why_set(why, EPROTO, "the builder's report cannot be read: %.200s", said)
		      : 0;
}

void
builder_report(const struct builder_result *result, FILE *file)
{
	struct why warning = result->warning;
	json_t *report;

	/* a path may hold anything, JSON only UTF-8 */
	for (char *at = warning.text; *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
	report = json_pack(BUILDER_REPORT, "warning", warning.text, "anchors", result->anchor_tags,
		"signatures", (json_int_t)result->signature_count, "records",
		(json_int_t)result->record_count, "proven", (json_int_t)result->proven, "load_ms",
		(json_int_t)result->load_ms, "verify_ms", (json_int_t)result->verify_ms,
		"compile_ms", (json_int_t)result->compile_ms, "prove_ms",
		(json_int_t)result->prove_ms);

	json_dumpf(report, file, JSON_COMPACT);
	fputc('\n', file);
	json_decref(report);
}

/* The child has ended as it should: take what it made. */
static int
result_take(struct child *child, struct builder_result *result, struct why *why)
{
	struct builder_result made = {.text_fd = -1};
	int rc = report_take(last_line(child), &made, why);

	if (rc == 0 && (seal(child->zone) < 0 || lseek(child->zone, 0, SEEK_SET) < 0))
		rc = why_errno(why, "the built zone cannot be sealed");
	if (rc == 0)
		rc = image_take(child, &made.image, why);
	if (rc < 0)
		return rc;
	made.text_fd = child->zone;
	child->zone = -1;
	*result = made;
	return 0;
}

int
builder_run(const struct builder_request *request, struct builder_result *result, struct why *why)
{
	unsigned int wall =
		request->wall_seconds ? request->wall_seconds : BUILDER_WALL_SECONDS_DEFAULT;
	struct child child = {.records = -1, .image = -1, .report = -1, .zone = -1, .ended = -1};
	int rc, status = 0;

	rc = child_start(request, &child, why);
	if (rc == 0 && !child_listen(&child, clock_ms() + (int64_t)wall * 1000))
		rc = why_set(why, ETIMEDOUT, "%s: the builder did not end within %u s",
			request->path, wall);
	if (child.pid > 0)
		status = child_reap(&child);
	if (rc == 0)
		rc = ending_judge(&child, request, status, why);
	if (rc == 0)
		rc = result_take(&child, result, why);
	close_fd(&child.records);
	close_fd(&child.image);
	close_fd(&child.report);
	close_fd(&child.zone);
	close_fd(&child.ended);
	return rc;
}

void
builder_result_free(struct builder_result *result)
{
	image_free(result->image);
	close_fd(&result->text_fd);
	*result = (struct builder_result){.text_fd = -1};
}
