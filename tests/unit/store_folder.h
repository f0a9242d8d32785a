/* SPDX-License-Identifier: BSD-3-Clause */
/* A folder for a store, and versions to put into it. */
#ifndef TESTS_STORE_FOLDER_H
#define TESTS_STORE_FOLDER_H

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "store/store.h"

struct folder {
	char path[PATH_MAX]; /* of the stores */
	char zone[PATH_MAX]; /* of the one that is tested */
};

static inline void
folder_make(struct folder *folder, const char *parent)
{
	snprintf(folder->path, sizeof(folder->path), "%.1000s/store-test-XXXXXX", parent);
	cr_assert(mkdtemp(folder->path), "%s", folder->path);
	snprintf(folder->zone, sizeof(folder->zone), "%.2000s/test", folder->path);
}

static inline int
folder_entry_remove(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static inline void
folder_remove(const struct folder *folder)
{
	nftw(folder->path, folder_entry_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/** A version of zone test., `mark` tells two of the same serial apart. */
struct sample {
	struct image *image;
	int text; /* memfd */
	char zone[512];
};

static inline void
sample_make(struct sample *sample, uint32_t serial, unsigned int mark)
{
	struct zone_verification done = {0};
	struct zone *zone = NULL;
	struct why why;

	snprintf(sample->zone, sizeof(sample->zone),
		"test. 3600 IN SOA ns.test. host.test. %u 1800 900 604800 86400\n"
		"test. 3600 IN NS ns.test.\nns.test. 3600 IN A 192.0.2.%u\n",
		serial, mark);
	cr_assert_eq(zone_load_text("made up", (const uint8_t *)sample->zone, strlen(sample->zone),
			     NULL, &zone, &why),
		0, "%s", why.text);
	cr_assert_eq(
		image_compile(zone, &done, 1785600000, &sample->image, &why), 0, "%s", why.text);
	zone_free(zone);
	sample->text = memfd_create("text", MFD_CLOEXEC);
	cr_assert_eq(file_write_all(sample->text, sample->zone, strlen(sample->zone)), 0);
}

static inline void
sample_free(struct sample *sample)
{
	image_free(sample->image);
	close(sample->text);
}

static inline int
folder_open_store(
	const struct folder *folder, unsigned int keep, struct store **store, struct why *warning)
{
	struct wire_name origin;
	struct why why = {0};
	int rc;

	cr_assert(wire_name_from_text(&origin, "test."));
	rc = store_open(folder->path, &origin, keep, store, warning, &why);
	if (rc < 0)
		*warning = why;
	return rc;
}

static inline int
sample_put(struct store *store, const struct sample *sample, int64_t at, struct why *why)
{
	struct store_version version = {.taken_at = at,
		.source = "primary 198.18.0.7 AXFR",
		.anchor_tags = "20326",
		.record_count = 3,
		.signature_count = 2,
		.answer_count = 9};

	return store_put(store, sample->image, sample->text, &version, why);
}

static inline int
serial_serve(struct store *store, uint32_t serial, int64_t at, struct why *why)
{
	struct store_current current = {
		.serial = serial, .refreshed_at = at, .source = "primary 198.18.0.7 AXFR"};

	return store_current_set(store, &current, why);
}

/** Whether image and text of a version are whole, and which one it is. @return its mark, or 0 */
static inline unsigned int
version_mark(struct store *store, uint32_t serial)
{
	char path[PATH_MAX], expected[64];
	struct image *image = NULL;
	struct image_facts facts = {0};
	unsigned int mark = 0;
	uint8_t *text = NULL;
	struct why why;
	size_t size;

	if (store_image_open(store, serial, &image, &why) < 0)
		return 0;
	image_facts(image, &facts);
	image_free(image);
	if (facts.serial != serial ||
		store_text_path(store, serial, path, sizeof(path), &why) < 0 ||
		file_read(path, 4096, &text, &size, &why) < 0)
		return 0;
	snprintf(expected, sizeof(expected), "host.test. %u ", serial);
	if (strstr((const char *)text, expected))
		sscanf(strstr((const char *)text, "192.0.2."), "192.0.2.%u", &mark);
	free(text);
	return mark;
}

static inline bool
folder_has(const struct folder *folder, const char *name)
{
	char path[2 * PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", folder->zone, name);
	return access(path, F_OK) == 0;
}

static inline unsigned int
folder_count(const struct folder *folder)
{
	DIR *open = opendir(folder->zone);
	unsigned int count = 0;

	while (open && readdir(open))
		count++;
	if (open)
		closedir(open);
	return count < 2 ? 0 : count - 2;
}

/* A refresh that found the version that is served up to date. */
static inline int
refresh_note(struct store *store, int64_t at, const char *source, struct why *why)
{
	struct store_current current;
	int rc = store_current(store, &current);

	if (rc < 0)
		return rc;
	current.refreshed_at = at;
	snprintf(current.source, sizeof(current.source), "%s", source);
	return store_current_set(store, &current, why);
}

#endif
