/* SPDX-License-Identifier: BSD-3-Clause */
/* builder_run() with this very program as the builder: what it does is told by the zone's path. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
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
		image_write(image, STDOUT_FILENO) < 0)
		dprintf(STDERR_FILENO, "%s\n", why.text);
	image_free(image);
	zone_free(zone);
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
}

static void
do_garbage(void)
{
	dprintf(STDOUT_FILENO, "%01000d", 0);
}

static void
do_build(void)
{
	image_hand_over();
}

static void
do_build_with_warning(void)
{
	image_hand_over();
	dprintf(STDERR_FILENO, "anchors: one is missing\n");
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
	dprintf(STDERR_FILENO, "%d\n", pid);
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
	dprintf(STDERR_FILENO, "confine %d, root %s, may read secrets %s, may start processes %s\n",
		rc, geteuid() == 0 ? "yes" : "no", access("/etc/shadow", R_OK) == 0 ? "yes" : "no",
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
};

/* Runs before Criterion does: as a builder this program never gets there. */
__attribute__((constructor)) static void
stand_in(int argc, char **argv)
{
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
run(const char *path, struct image **image, struct why *warning, struct why *why)
{
	const struct builder_request request = {
		.program = "/proc/self/exe",
		.path = path,
		.cpu_seconds = 1,
		/* what uses CPU time must not run out of wall time first, also on a busy machine */
		.wall_seconds = strncmp(path, "hang", 4) == 0 ? 2 : 60,
		.memory_size = 256 << 20,
	};

	return builder_run(&request, image, warning, why);
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
	{"build then crash", -EFAULT, "build then crash: the builder died of signal 6 (Aborted)"},
};

Test(builder, tells_how_a_builder_ended)
{
	unsigned int open_before = descriptors_open();

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct image *image = NULL;
		struct why warning, why = {0};
		int rc = run(bad[i].path, &image, &warning, &why);

		cr_expect_eq(rc, bad[i].rc, "%s: %d", bad[i].path, rc);
		cr_expect_str_eq(why.text, bad[i].why);
		cr_expect_null(image);
	}
	cr_expect_eq(descriptors_open(), open_before);
	cr_expect_eq(waitpid(-1, NULL, WNOHANG), -1);
	cr_expect_eq(errno, ECHILD, "no zombie is left");
}

Test(builder, ends_one_that_never_stops_talking)
{
	struct image *image = NULL;
	struct why warning, why = {0};

	/* by its CPU time or by the wall clock, whichever comes first */
	cr_expect_eq(run("chatter", &image, &warning, &why), -ETIMEDOUT, "%s", why.text);
}

Test(builder, ends_one_that_swells)
{
	struct image *image = NULL;
	struct why warning, why = {0};

#if defined(__SANITIZE_ADDRESS__)
	cr_skip_test("AddressSanitizer leaves no room for a bound on memory");
#endif
	cr_expect_eq(run("swell", &image, &warning, &why), -ENOMEM);
	cr_expect_str_eq(why.text, "swell: the builder used up its memory of 256 MiB");
}

Test(builder, refuses_what_is_no_image)
{
	struct image *image = NULL;
	struct why warning, why = {0};

	cr_expect_lt(run("nothing", &image, &warning, &why), 0);
	cr_expect_lt(run("garbage", &image, &warning, &why), 0);
	cr_expect(strstr(why.text, "the built image"), "%s", why.text);
	cr_expect_null(image);
}

Test(builder, says_that_the_program_is_missing)
{
	const struct builder_request request = {.program = "/nowhere/mangrove-zone", .path = "z"};
	struct image *image = NULL;
	struct why warning, why = {0};

	cr_expect_lt(builder_run(&request, &image, &warning, &why), 0);
	cr_expect_str_eq(why.text, "/nowhere/mangrove-zone: No such file or directory");
}

Test(builder, hands_over_an_image_and_a_warning)
{
	struct image_facts facts;
	struct image *image = NULL;
	struct why warning, why = {0};

	cr_assert_eq(run("build", &image, &warning, &why), 0, "%s", why.text);
	cr_expect_str_eq(warning.text, "");
	image_facts(image, &facts);
	cr_expect_eq(facts.serial, 7);
	image_free(image);
	cr_assert_eq(run("build with warning", &image, &warning, &why), 0, "%s", why.text);
	cr_expect_str_eq(warning.text, "anchors: one is missing");
	image_free(image);
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
	struct image *image = NULL;
	struct why warning, why = {0};

	cr_assert_eq(run("leave a child", &image, &warning, &why), 0, "%s", why.text);
	while (!process_is_dead(warning.text))
		usleep(1000);
	image_free(image);
}

Test(builder, gives_up_its_rights)
{
	struct image *image = NULL;
	struct why warning, why = {0};

	cr_assert_eq(run("confine", &image, &warning, &why), 0, "%s", why.text);
	cr_expect_str_eq(
		warning.text, "confine 0, root no, may read secrets no, may start processes no");
	image_free(image);
}
