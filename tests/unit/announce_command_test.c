/* SPDX-License-Identifier: BSD-3-Clause */
/* What a routing daemon is told, and when; without an interface, which needs a right. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "announce/announce.h"

static const struct packet_service none;

struct world {
	uv_loop_t loop;
	struct announce *announce;
	char path[64]; /* what the commands write to */
	char up_script[128], down_script[128];
	char *up[3], *down[3];
	uv_timer_t limit;
	unsigned int faults, successes;
	char fault[768];
	bool stopped;
};

static void
reported(void *data, enum announce_family family, const char *fault)
{
	struct world *w = data;

	cr_expect_eq(family, ANNOUNCE_IPV4);
	w->faults += fault != NULL;
	w->successes += fault == NULL;
	if (fault)
		snprintf(w->fault, sizeof(w->fault), "%s", fault);
}

static void
stopped(void *data)
{
	((struct world *)data)->stopped = true;
}

static void
limit_pass(uv_timer_t *timer)
{
	uv_stop(timer->loop);
}

static void
run_for(struct world *w, uint64_t ms)
{
	uv_timer_start(&w->limit, limit_pass, ms, 0);
	uv_run(&w->loop, UV_RUN_DEFAULT);
}

/* @param up, down  of a shell, with the path of the notes as $0 */
static void
world_begin(struct world *w, const char *up, const char *down, uint32_t repeat_ms)
{
	struct announce_settings settings = {
		.service = &none,
		.timeout_ms = 300,
		.retry_ms = 100,
		.repeat_ms = repeat_ms,
		.reported = reported,
		.data = w,
	};
	struct why why;
	int fd;

	memset(w, 0, sizeof(*w));
	snprintf(w->path, sizeof(w->path), "/tmp/mangrove-announce-XXXXXX");
	fd = mkstemp(w->path);
	cr_assert(fd >= 0);
	close(fd);
	snprintf(w->up_script, sizeof(w->up_script), up, w->path);
	snprintf(w->down_script, sizeof(w->down_script), down, w->path);
	memcpy(w->up, (char *[]){"/bin/sh", "-c", w->up_script}, sizeof(w->up));
	memcpy(w->down, (char *[]){"/bin/sh", "-c", w->down_script}, sizeof(w->down));
	settings.up[ANNOUNCE_IPV4] = (struct announce_command){w->up, 3};
	settings.down[ANNOUNCE_IPV4] = (struct announce_command){w->down, 3};
	uv_loop_init(&w->loop);
	uv_timer_init(&w->loop, &w->limit);
	cr_assert_eq(announce_start(&w->loop, &settings, &w->announce, &why), 0);
}

/* @return what the commands have noted */
static const char *
world_end(struct world *w)
{
	static char notes[256];
	FILE *file = fopen(w->path, "r");
	size_t length;

	announce_stop(w->announce, stopped, w);
	uv_close((uv_handle_t *)&w->limit, NULL);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	cr_expect(w->stopped);
	cr_expect_eq(uv_loop_close(&w->loop), 0);
	length = fread(notes, 1, sizeof(notes) - 1, file);
	notes[length] = '\0';
	fclose(file);
	unlink(w->path);
	return notes;
}

Test(announce_command, runs_at_the_start_at_each_change_and_at_the_end)
{
	struct world w;

	world_begin(&w, "echo -n u >>%s", "echo -n d >>%s", 0);
	run_for(&w, 150);
	announce_set(w.announce, ANNOUNCE_IPV4, false);
	announce_set(w.announce, ANNOUNCE_IPV4, true);
	cr_expect_not(announce_is_settled(w.announce, ANNOUNCE_IPV4));
	cr_expect(announce_is_settled(w.announce, ANNOUNCE_IPV6));
	run_for(&w, 150);
	cr_expect(announce_is_settled(w.announce, ANNOUNCE_IPV4));
	announce_set(w.announce, ANNOUNCE_IPV4, true);
	run_for(&w, 150);
	cr_expect_str_eq(world_end(&w), "dud");
	cr_expect_eq(w.faults + w.successes, 0);
}

Test(announce_command, that_fails_is_reported_with_what_it_said_and_tried_again)
{
	struct world w;

	world_begin(&w, "echo -n u >>%s; [ $(wc -c <%1$s) = 4 ] || { echo No socket >&2; exit 3; }",
		"echo -n d >>%s", 0);
	run_for(&w, 100);
	announce_set(w.announce, ANNOUNCE_IPV4, true);
	run_for(&w, 800);
	cr_expect_eq(w.faults, 2);
	cr_expect_eq(w.successes, 1);
	cr_expect_str_eq(w.fault, "/bin/sh: exit code 3: No socket");
	cr_expect_str_eq(world_end(&w), "duuud");
}

Test(announce_command, that_hangs_is_ended_with_its_children)
{
	struct world w;

	world_begin(&w, "(sleep 0.6; echo -n x >>%s) & wait", "echo -n d >>%s", 0);
	run_for(&w, 100);
	announce_set(w.announce, ANNOUNCE_IPV4, true);
	run_for(&w, 350);
	cr_expect_eq(w.faults, 1);
	cr_expect_not_null(strstr(w.fault, "not done within 300 ms"));
	announce_set(w.announce, ANNOUNCE_IPV4, false);
	run_for(&w, 700);
	cr_expect_str_eq(world_end(&w), "dd");
}

Test(announce_command, gives_way_at_once_to_the_opposite)
{
	struct world w;
	const char *notes;

	world_begin(&w, "echo -n u >>%s; sleep 10", "echo -n d >>%s", 0);
	run_for(&w, 100);
	announce_set(w.announce, ANNOUNCE_IPV4, true);
	run_for(&w, 100);
	announce_set(w.announce, ANNOUNCE_IPV4, false);
	run_for(&w, 100);
	cr_expect(announce_is_settled(w.announce, ANNOUNCE_IPV4));
	announce_set(w.announce, ANNOUNCE_IPV4, true);
	announce_set(w.announce, ANNOUNCE_IPV4, false);
	announce_set(w.announce, ANNOUNCE_IPV4, true);
	run_for(&w, 100);
	cr_expect_eq(w.faults, 0);
	/* stopped while one runs; whether the one that was killed at once got to its note is its
	 * own affair */
	notes = world_end(&w);
	cr_expect(strcmp(notes, "dudud") == 0 || strcmp(notes, "duduud") == 0, "%s", notes);
}

Test(announce_command, is_repeated_for_a_daemon_that_was_restarted)
{
	struct world w;
	const char *notes;

	world_begin(&w, "echo -n u >>%s", "echo -n d >>%s", 100);
	announce_set(w.announce, ANNOUNCE_IPV4, true);
	run_for(&w, 650);
	notes = world_end(&w);
	cr_expect_not_null(strstr(notes, "uuu"), "%s", notes);
	cr_expect_eq(notes[strlen(notes) - 1], 'd');
}

Test(announce_command, that_does_not_exist_is_a_fault)
{
	struct world w;

	world_begin(&w, "echo -n u >>%s", "echo -n d >>%s", 0);
	run_for(&w, 100);
	w.up[0] = "/nonexistent/birdc";
	announce_set(w.announce, ANNOUNCE_IPV4, true);
	run_for(&w, 50);
	cr_expect_eq(w.faults, 1);
	cr_expect_not_null(strstr(w.fault, "/nonexistent/birdc: No such file"), "%s", w.fault);
	cr_expect_str_eq(world_end(&w), "dd");
}
