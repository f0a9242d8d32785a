/* SPDX-License-Identifier: BSD-3-Clause */
#include <cbor.h>
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"
#include "capture_world.h"

enum { RING = 1 << 20 };

static char directory[64], moved[80];
static _Atomic unsigned int events[CAPTURE_EVENTS];
static _Atomic int64_t shift_ns; /* of the time of day */

static void
say(void *context, enum capture_event event, const char *text)
{
	(void)context;
	fprintf(stderr, "%s\n", text);
	events[event]++;
}

static int64_t
ns_now(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void
now(struct capture_moment *moment)
{
	int64_t monotonic_ns = ns_now(CLOCK_MONOTONIC);

	*moment = (struct capture_moment){
		.ticks = (uint64_t)monotonic_ns,
		.monotonic_ns = monotonic_ns,
		.real_ns = ns_now(CLOCK_REALTIME) + shift_ns,
	};
}

static struct capture_settings
settings_make(void)
{
	snprintf(directory, sizeof(directory), "/tmp/capture_test.XXXXXX");
	cr_assert_not_null(mkdtemp(directory));
	snprintf(moved, sizeof(moved), "%s.moved", directory);
	return (struct capture_settings){
		.directory = directory,
		.host = "no/de 1",
		.generator = "test",
		.one_in = 1,
		.ring_size = RING,
		.rotate_seconds = 3600,
		.rotate_size = 1 << 30,
		.compression = CAPTURE_PLAIN,
		.privacy = {.ipv4_prefix = 32, .ipv6_prefix = 128},
		.say = say,
		.now = now,
	};
}

/* Offer records until all are taken out of the ring again. */
static void
records_offer(struct capture *capture, struct capture_ring *ring, unsigned int count)
{
	struct capture_counts before, counts;
	struct ledger_page page = {.count = 1};
	struct ask ask;

	capture_counts(capture, &before);
	for (unsigned int i = 0; i < count; i++) {
		char name[16];

		snprintf(name, sizeof(name), "\7%07u", i);
		page.lines[0] = ask_line(&ask, (uint16_t)i, name, 9);
		/* the ring is short, and no record shall be dropped */
		while (ring->at - ring->taken > RING / 2)
			usleep(100);
		capture_offer(ring, &page);
	}
	do {
		usleep(1000);
		capture_counts(capture, &counts);
	} while (counts.records + counts.dropped < before.records + before.dropped + count);
}

static void
until_event(enum capture_event event, unsigned int count)
{
	for (unsigned int i = 0; i < 60000 && events[event] < count; i++)
		usleep(1000);
	cr_assert_geq(events[event], count, "event %d", event);
}

static uint64_t
items_of(const char *path)
{
	struct cbor_load_result result;
	uint8_t *octets = NULL;
	uint64_t items = 0;
	cbor_item_t *file, *blocks;
	struct why why;
	size_t size;

	cr_assert_eq(file_read(path, 1 << 30, &octets, &size, &why), 0, "%s", why.text);
	file = cbor_load(octets, size, &result);
	cr_assert_eq(result.error.code, CBOR_ERR_NONE, "%s", path);
	cr_assert_eq(result.read, size, "%s", path);
	blocks = cbor_array_handle(file)[2];
	for (size_t i = 0; i < cbor_array_size(blocks); i++) {
		const cbor_item_t *block = cbor_array_handle(blocks)[i];

		for (size_t k = 0; k < cbor_map_size(block); k++)
			if (cbor_get_uint8(cbor_map_handle(block)[k].key) == 3)
				items += cbor_array_size(cbor_map_handle(block)[k].value);
	}
	cbor_decref(&file);
	free(octets);
	return items;
}

/* Read and remove a directory. @param parts  files there without a name of their own */
static uint64_t
directory_end(const char *path, unsigned int *files, unsigned int *parts)
{
	const struct dirent *entry;
	DIR *opened = opendir(path);
	uint64_t items = 0;

	*files = *parts = 0;
	cr_assert_not_null(opened);
	while ((entry = readdir(opened))) {
		char name[512];

		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		if (entry->d_name[0] != '.') {
			cr_expect_eq(strncmp(entry->d_name, "no_de_1_2", 9), 0, "%s", name);
			items += items_of(name);
			(*files)++;
		} else if (strlen(entry->d_name) > 2) {
			(*parts)++;
		} else {
			continue;
		}
		unlink(name);
	}
	closedir(opened);
	rmdir(path);
	return items;
}

Test(capture_writer, writes_all_that_it_got_and_ends_clean)
{
	struct capture_settings settings = settings_make();
	unsigned int files, parts;
	struct capture *capture;
	struct capture_ring *rings[3];
	struct why why;

	cr_assert_eq(capture_start(&settings, &capture, &why), 0);
	for (unsigned int i = 0; i < 3; i++) {
		rings[i] = capture_ring_add(capture);
		cr_assert_not_null(rings[i]);
	}
	for (unsigned int i = 0; i < 3; i++)
		records_offer(capture, rings[i], 12345);
	capture_stop(capture);
	cr_expect_eq(directory_end(directory, &files, &parts), 3 * 12345);
	cr_expect_eq(files, 1);
	cr_expect_eq(parts, 0);
	cr_expect_eq(events[CAPTURE_FAULT], 0);
}

Test(capture_writer, makes_no_file_of_nothing)
{
	struct capture_settings settings = settings_make();
	unsigned int files, parts;
	struct capture *capture;
	struct why why;

	cr_assert_eq(capture_start(&settings, &capture, &why), 0);
	usleep(50000);
	capture_stop(capture);
	directory_end(directory, &files, &parts);
	cr_expect_eq(files + parts, 0);
}

Test(capture_writer, begins_a_new_file_when_one_is_long_enough)
{
	struct capture_settings settings = settings_make();
	unsigned int files, parts;
	struct capture_counts counts;
	struct capture *capture;
	struct capture_ring *ring;
	struct why why;

	settings.rotate_size = 1;
	cr_assert_eq(capture_start(&settings, &capture, &why), 0);
	ring = capture_ring_add(capture);
	records_offer(capture, ring, 5 * CAPTURE_ITEMS_MAX + 1);
	until_event(CAPTURE_FILE_DONE, 5);
	capture_counts(capture, &counts);
	cr_expect_geq(counts.files, 5);
	capture_stop(capture);
	/* within one second, so with the same time in their names */
	cr_expect_eq(directory_end(directory, &files, &parts), 5 * CAPTURE_ITEMS_MAX + 1);
	cr_expect_eq(files, 6);
	cr_expect_eq(parts, 0);
}

Test(capture_writer, begins_a_new_file_when_one_is_old_enough)
{
	struct capture_settings settings = settings_make();
	unsigned int files, parts;
	struct capture *capture;
	struct capture_ring *ring;
	struct why why;

	settings.rotate_seconds = 1;
	cr_assert_eq(capture_start(&settings, &capture, &why), 0);
	ring = capture_ring_add(capture);
	/* a block is written when it is full, and so there is a file that gets old */
	records_offer(capture, ring, CAPTURE_ITEMS_MAX + 1);
	until_event(CAPTURE_FILE_DONE, 1);
	records_offer(capture, ring, 5);
	capture_stop(capture);
	cr_expect_eq(directory_end(directory, &files, &parts), CAPTURE_ITEMS_MAX + 6);
	cr_expect_eq(files, 2);
}

Test(capture_writer, begins_a_new_file_when_the_clock_is_set_back)
{
	struct capture_settings settings = settings_make();
	unsigned int files, parts;
	struct capture_counts counts;
	struct capture *capture;
	struct capture_ring *ring;
	struct why why;

	cr_assert_eq(capture_start(&settings, &capture, &why), 0);
	ring = capture_ring_add(capture);
	for (unsigned int i = 1; i <= 4; i++) {
		records_offer(capture, ring, 10);
		shift_ns = i % 2 ? INT64_C(-3600000000000) : 0;
		until_event(CAPTURE_CLOCK_STEPPED, i);
		until_event(CAPTURE_FILE_DONE, i);
	}
	records_offer(capture, ring, 10);
	capture_counts(capture, &counts);
	cr_expect_eq(counts.clock_steps, 4);
	cr_expect_eq(counts.lost, 0);
	capture_stop(capture);
	cr_expect_eq(directory_end(directory, &files, &parts), 50);
	cr_expect_eq(files, 5);
	cr_expect_eq(parts, 0);
}

/* A limit of the size of files stands for a disk that is full: the write is short, then fails. */
static void
disk_limit(rlim_t size)
{
	struct rlimit limit;

	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = size;
	setrlimit(RLIMIT_FSIZE, &limit);
}

Test(capture_writer, gets_over_a_full_disk)
{
	struct capture_settings settings = settings_make();
	unsigned int files, parts;
	struct capture_counts counts;
	struct capture *capture;
	struct capture_ring *ring;
	struct why why;
	uint64_t lost;

	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(capture_start(&settings, &capture, &why), 0);
	ring = capture_ring_add(capture);
	records_offer(capture, ring, CAPTURE_ITEMS_MAX + 1);
	capture_counts(capture, &counts);
	cr_expect_eq(counts.blocks, 1);
	/* the next block does not fit any more */
	disk_limit(counts.octets + counts.octets / 2);
	records_offer(capture, ring, 3 * CAPTURE_ITEMS_MAX);
	until_event(CAPTURE_FAULT, 1);
	capture_counts(capture, &counts);
	cr_expect(counts.failing);
	lost = counts.lost;
	cr_expect_eq(lost, 3 * CAPTURE_ITEMS_MAX, "%lu", lost);
	disk_limit(RLIM_INFINITY);
	/* the time of the next try may not have come with the first of these */
	for (unsigned int i = 0; i < 1000 && events[CAPTURE_RESUMED] == 0; i++) {
		usleep(100000);
		records_offer(capture, ring, CAPTURE_ITEMS_MAX);
	}
	capture_counts(capture, &counts);
	cr_expect_not(counts.failing);
	cr_expect_eq(events[CAPTURE_FAULT], 1, "told once");
	cr_expect_eq(counts.faults, 1);
	lost = counts.records - counts.lost;
	capture_stop(capture);
	cr_expect_eq(directory_end(directory, &files, &parts), lost);
	cr_expect_eq(files, 1);
	cr_expect_eq(parts, 0);
}

Test(capture_writer, gets_over_a_directory_that_is_gone)
{
	struct capture_settings settings = settings_make();
	unsigned int files, parts, left;
	struct capture_counts counts;
	struct capture *capture;
	struct capture_ring *ring;
	struct why why;
	char command[160];
	uint64_t kept;

	cr_assert_eq(capture_start(&settings, &capture, &why), 0);
	ring = capture_ring_add(capture);
	records_offer(capture, ring, CAPTURE_ITEMS_MAX + 1);
	snprintf(command, sizeof(command), "rm -r %s", directory);
	cr_assert_eq(system(command), 0);
	records_offer(capture, ring, CAPTURE_ITEMS_MAX);
	until_event(CAPTURE_FAULT, 1);
	cr_expect(capture_fails(capture, &why));
	cr_expect_not_null(strstr(why.text, strerror(ENOENT)), "%s", why.text);
	capture_counts(capture, &counts);
	cr_expect_eq(counts.lost, 2 * CAPTURE_ITEMS_MAX, "%lu", counts.lost);
	cr_assert_eq(mkdir(directory, 0700), 0);
	for (unsigned int i = 0; i < 1000 && events[CAPTURE_RESUMED] == 0; i++) {
		usleep(100000);
		records_offer(capture, ring, CAPTURE_ITEMS_MAX);
	}
	cr_expect_not(capture_fails(capture, &why));
	/* moved away, and so never to be found again under its name */
	cr_assert_eq(rename(directory, moved), 0);
	capture_counts(capture, &counts);
	kept = counts.records - counts.lost;
	cr_expect_gt(kept, 0);
	capture_stop(capture);
	cr_expect_eq(events[CAPTURE_FAULT], 2);
	directory_end(moved, &files, &left);
	cr_expect_eq(files, 0);
	cr_expect_eq(left, 1);
	cr_expect_neq(access(directory, F_OK), 0);
	(void)parts;
}

Test(capture_writer, starts_without_its_directory)
{
	struct capture_settings settings = settings_make();
	unsigned int files, parts;
	struct capture *capture;
	struct capture_ring *ring;
	struct why why;

	rmdir(directory);
	cr_assert_eq(capture_start(&settings, &capture, &why), 0);
	ring = capture_ring_add(capture);
	records_offer(capture, ring, 7);
	cr_assert_eq(mkdir(directory, 0700), 0);
	/* they wait in their block */
	capture_stop(capture);
	cr_expect_eq(directory_end(directory, &files, &parts), 7);
}
