/* SPDX-License-Identifier: BSD-3-Clause */
/* builder_run() with this very program as the builder: what it does is told by the zone's path. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "builder/builder.h"

static const char zone_text[] = "test. 3600 IN SOA ns.test. host.test. 7 1800 900 604800 86400\n"
				"test. 3600 IN NS ns.test.\n"
				"ns.test. 3600 IN A 192.0.2.1\n";

/* ---- the builder's side ---- */

static void
image_hand_over(void)
{
	struct zone_verification done = {0};
	struct image *image = NULL;
	struct zone *zone;
	struct why why = {0};

	if (zone_load_text("made up", (const uint8_t *)zone_text, sizeof(zone_text) - 1, NULL,
		    &zone, &why) < 0 ||
		image_compile(zone, &done, 0, &image, &why) < 0 ||
		image_write(image, STDOUT_FILENO) < 0 ||
		file_write_all(BUILDER_TEXT_FD, zone_text, sizeof(zone_text) - 1) < 0)
		dprintf(STDERR_FILENO, "%s\n", why.text);
	image_free(image);
	zone_free(zone);
}

__attribute__((format(printf, 1, 2))) static void
report(const char *warning, ...)
{
	struct builder_result result = {
		.anchor_tags = "1 2",
		.signature_count = 3,
		.record_count = 4,
		.proven = 1ull << 40,
		.load_ms = 5,
		.verify_ms = 6,
		.compile_ms = 7,
		.prove_ms = 8,
	};
	va_list args;

	va_start(args, warning);
	vsnprintf(result.warning.text, sizeof(result.warning.text), warning, args);
	va_end(args);
	builder_report(&result, stderr);
}

static void
do_build_without_report(void)
{
	image_hand_over();
	dprintf(STDERR_FILENO, "done\n");
}

static void
do_misfit(void)
{
	dprintf(STDERR_FILENO, "they do not fit\n");
	_exit(BUILDER_EXIT_MISFIT);
}

static void
do_read(void)
{
	char text[64] = "";
	ssize_t got = read(STDIN_FILENO, text, sizeof(text) - 1);

	image_hand_over();
	report("%zd octets: %s, %s", got, text,
		write(STDIN_FILENO, "x", 1) < 0 ? "sealed" : "writable");
}

static void
hang(void)
{
	for (;;)
		pause();
}

static void
do_hang(void)
{
	hang();
}

static void
do_hang_silent(void)
{
	close(STDERR_FILENO);
	close(STDOUT_FILENO);
	hang();
}

static void
do_hang_deaf(void)
{
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_IGN);
	hang();
}

static void
do_spin(void)
{
	for (volatile unsigned int i = 0;; i++)
		;
}

static void
do_chatter(void)
{
	for (;;)
		dprintf(STDERR_FILENO, "and another thing\n");
}

static void
do_crash(void)
{
	dprintf(STDERR_FILENO, "about to fall\n");
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
}

static void
do_swell(void)
{
	struct arena *arena = arena_new();

	for (;;)
		arena_take(arena, 1 << 20);
}

static void
do_write_too_much(void)
{
	if (ftruncate(STDOUT_FILENO, (off_t)IMAGE_SIZE_MAX + 1) < 0)
		dprintf(STDERR_FILENO, "refused\n");
}

static void
do_refuse(void)
{
	dprintf(STDERR_FILENO, "a note\nzone:7: x. NS: wrong\n");
	_exit(1);
}

static void
do_fail_silent(void)
{
	_exit(1);
}

static void
do_nothing(void)
{
	report("%s", "");
}

static void
do_garbage(void)
{
	dprintf(STDOUT_FILENO, "%01000d", 0);
	report("%s", "");
}

static void
do_build(void)
{
	image_hand_over();
	report("%s", "");
}

static void
do_build_with_warning(void)
{
	image_hand_over();
	report("%s", "anchors: one is \"missing\" \377");
}

static void
do_build_then_crash(void)
{
	image_hand_over();
	abort();
}

static void
do_leave_a_child(void)
{
	pid_t pid = fork();

	if (pid == 0)
		hang();
	image_hand_over();
	report("%d", pid);
}

static void
do_confine(void)
{
	struct why why = {0};
	int rc = builder_confine(&why);
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	image_hand_over();
	report("confine %d, root %s, may read secrets %s, may start processes %s", rc,
		geteuid() == 0 ? "yes" : "no", access("/etc/shadow", R_OK) == 0 ? "yes" : "no",
		pid >= 0 ? "yes" : "no");
}

static const struct {
	const char *path;
	void (*act)(void);
} acts[] = {
	{"hang", do_hang},
	{"hang silent", do_hang_silent},
	{"hang deaf", do_hang_deaf},
	{"spin", do_spin},
	{"chatter", do_chatter},
	{"crash", do_crash},
	{"swell", do_swell},
	{"write too much", do_write_too_much},
	{"refuse", do_refuse},
	{"fail silent", do_fail_silent},
	{"nothing", do_nothing},
	{"garbage", do_garbage},
	{"build", do_build},
	{"build with warning", do_build_with_warning},
	{"build then crash", do_build_then_crash},
	{"leave a child", do_leave_a_child},
	{"confine", do_confine},
	{"build without report", do_build_without_report},
	{"misfit", do_misfit},
	{"read", do_read},
};

/* As an auditor: say what stands in each descriptor that was inherited, and what is open behind. */
static void
descriptors_tell(void)
{
	char text[64] = "";

	for (int fd = BUILDER_INHERITED_FD; fcntl(fd, F_GETFD) >= 0; fd++)
		if (pread(fd, text + strlen(text), 1, 0) != 1)
			_exit(1);
	send(STDIN_FILENO, text, strlen(text), 0);
}

/* Runs before Criterion does: as a builder this program never gets there. */
__attribute__((constructor)) static void
stand_in(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "audit") == 0) {
		descriptors_tell();
		_exit(0);
	}
	if (argc < 3 || strcmp(argv[1], "build") != 0)
		return;
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		if (strcmp(argv[argc - 1], acts[i].path) != 0)
			continue;
		acts[i].act();
		_exit(0);
	}
	_exit(3);
}

/* ---- the server's side ---- */

static int
run(const char *path, struct builder_result *result, struct why *why)
{
	const struct builder_request request = {
		.program = "/proc/self/exe",
		.path = path,
		.cpu_seconds = 1,
		/* what uses CPU time must not run out of wall time first, also on a busy machine */
		.wall_seconds = strncmp(path, "hang", 4) == 0 ? 2 : 60,
		.memory_size = 256 << 20,
		.base = {(const uint8_t *)"base", 4},
		.records = {(const uint8_t *)"transfer", strcmp(path, "read") == 0 ? 8 : 0},
	};

	return builder_run(&request, result, why);
}

static unsigned int
descriptors_open(void)
{
	DIR *directory = opendir("/proc/self/fd");
	unsigned int count = 0;

	cr_assert(directory);
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

static const struct {
	const char *path;
	int rc;
	const char *why;
} bad[] = {
	{"hang", -ETIMEDOUT, "hang: the builder did not end within 2 s"},
	{"hang silent", -ETIMEDOUT, "hang silent: the builder did not end within 2 s"},
	{"hang deaf", -ETIMEDOUT, "hang deaf: the builder did not end within 2 s"},
	{"spin", -ETIMEDOUT, "spin: the builder used up its CPU time of 1 s"},
	{"crash", -EFAULT,
		"crash: the builder died of signal 11 (Segmentation fault); it said: about to "
		"fall"},
	{"write too much", -EFAULT,
		"write too much: the builder died of signal 25 (File size limit exceeded)"},
	{"refuse", -EINVAL, "zone:7: x. NS: wrong"},
	{"fail silent", -EINVAL, "fail silent: the builder failed without a word"},
	{"build without report", -EPROTO, "the builder's report cannot be read: done"},
	{"misfit", -ESTALE, "they do not fit"},
	{"build then crash", -EFAULT, "build then crash: the builder died of signal 6 (Aborted)"},
};

Test(builder, tells_how_a_builder_ended)
{
	unsigned int open_before = descriptors_open();

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct builder_result result = {.text_fd = -1};
		struct why why = {0};
		int rc = run(bad[i].path, &result, &why);

		cr_expect_eq(rc, bad[i].rc, "%s: %d", bad[i].path, rc);
		cr_expect_str_eq(why.text, bad[i].why);
		cr_expect(!result.image && result.text_fd == -1);
	}
	cr_expect_eq(descriptors_open(), open_before);
	cr_expect_eq(waitpid(-1, NULL, WNOHANG), -1);
	cr_expect_eq(errno, ECHILD, "no zombie is left");
}

Test(builder, ends_one_that_never_stops_talking)
{
	struct builder_result result = {.text_fd = -1};
	struct why why = {0};

	/* by its CPU time or by the wall clock, whichever comes first */
	cr_expect_eq(run("chatter", &result, &why), -ETIMEDOUT, "%s", why.text);
}

Test(builder, ends_one_that_swells)
{
	struct builder_result result = {.text_fd = -1};
	struct why why = {0};

#if defined(__SANITIZE_ADDRESS__)
	cr_skip_test("AddressSanitizer leaves no room for a bound on memory");
#endif
	cr_expect_eq(run("swell", &result, &why), -ENOMEM);
	cr_expect_str_eq(why.text, "swell: the builder used up its memory of 256 MiB");
}

Test(builder, refuses_what_is_no_image)
{
	struct builder_result result = {.text_fd = -1};
	struct why why = {0};

	cr_expect_lt(run("nothing", &result, &why), 0);
	cr_expect_lt(run("garbage", &result, &why), 0);
	cr_expect(strstr(why.text, "the built image"), "%s", why.text);
	cr_expect_null(result.image);
}

Test(builder, says_that_the_program_is_missing)
{
	const struct builder_request request = {.program = "/nowhere/mangrove-zone", .path = "z"};
	struct builder_result result = {.text_fd = -1};
	struct why why = {0};

	cr_expect_lt(builder_run(&request, &result, &why), 0);
	cr_expect_str_eq(why.text, "/nowhere/mangrove-zone: No such file or directory");
}

Test(builder, hands_over_image_text_and_report)
{
	char text[sizeof(zone_text)] = "";
	struct builder_result result;
	struct image_facts facts;
	struct why why = {0};

	cr_assert_eq(run("build", &result, &why), 0, "%s", why.text);
	cr_expect_str_eq(result.warning.text, "");
	cr_expect_str_eq(result.anchor_tags, "1 2");
	cr_expect_eq(result.signature_count, 3);
	cr_expect_eq(result.record_count, 4);
	cr_expect_eq(result.proven, 1ull << 40);
	cr_expect_eq(result.load_ms, 5);
	cr_expect_eq(result.verify_ms, 6);
	cr_expect_eq(result.compile_ms, 7);
	cr_expect_eq(result.prove_ms, 8);
	image_facts(result.image, &facts);
	cr_expect_eq(facts.serial, 7);
	cr_expect_eq(read(result.text_fd, text, sizeof(text)), sizeof(zone_text) - 1);
	cr_expect_str_eq(text, zone_text);
	cr_expect_eq(write(result.text_fd, "x", 1), -1, "it is sealed");
	builder_result_free(&result);
}

Test(builder, hands_over_a_warning)
{
	struct builder_result result;
	struct why why = {0};

	cr_assert_eq(run("build with warning", &result, &why), 0, "%s", why.text);
	cr_expect_str_eq(result.warning.text, "anchors: one is \"missing\" ?");
	builder_result_free(&result);
}

Test(builder, gives_records_to_the_child)
{
	struct builder_result result;
	struct why why = {0};

	cr_assert_eq(run("read", &result, &why), 0, "%s", why.text);
	cr_expect_str_eq(result.warning.text, "12 octets: basetransfer, sealed");
	builder_result_free(&result);
}

static bool
process_is_dead(const char *pid)
{
	char path[sizeof(struct why) + 16], state = 'Z';
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	file = fopen(path, "r");
	if (!file)
		return true;
	if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = 'Z';
	fclose(file);
	return state == 'Z' || state == 'X';
}

Test(builder, leaves_no_process_behind, .timeout = 60)
{
	struct builder_result result = {.text_fd = -1};
	struct why why = {0};

	cr_assert_eq(run("leave a child", &result, &why), 0, "%s", why.text);
	while (!process_is_dead(result.warning.text))
		usleep(1000);
	builder_result_free(&result);
}

Test(builder, gives_up_its_rights)
{
	struct builder_result result = {.text_fd = -1};
	struct why why = {0};

	cr_assert_eq(run("confine", &result, &why), 0, "%s", why.text);
	cr_expect_str_eq(result.warning.text,
		"confine 0, root no, may read secrets no, may start processes no");
	builder_result_free(&result);
}

Test(builder, gives_an_auditor_its_descriptors_and_no_others)
{
	static const char letters[] = "edcba";
	const char *const arguments[] = {"stand-in", "audit", NULL};
	struct builder_auditor auditor;
	char heard[64] = "";
	int fds[sizeof(letters) - 1];
	struct pollfd waiting;
	struct why why = {0};

	/* the last that is opened goes first, so that they cross on the way to their places */
	for (size_t i = sizeof(fds) / sizeof(fds[0]); i-- > 0;) {
		fds[i] = memfd_create("letter", MFD_CLOEXEC);
		cr_assert_geq(fds[i], 0);
		cr_assert_eq(file_write_all(fds[i], &letters[i], 1), 0);
	}
	cr_assert_eq(builder_auditor_start("/proc/self/exe", arguments, fds, 5, 0, &auditor, &why),
		0, "%s", why.text);
	waiting = (struct pollfd){.fd = auditor.socket, .events = POLLIN};
	cr_expect_eq(poll(&waiting, 1, 60000), 1);
	cr_expect_geq(recv(auditor.socket, heard, sizeof(heard) - 1, 0), 0);
	cr_expect_str_eq(heard, letters);
	builder_auditor_stop(&auditor);
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		close(fds[i]);
}
