/* SPDX-License-Identifier: BSD-3-Clause */
#include <archive.h>
#include <archive_entry.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/base.h"
#include "bundle/bundle.h"

static char folder[] = "/tmp/mangrove-bundle-XXXXXX";

static void
folder_make(void)
{
	cr_assert_not_null(mkdtemp(folder));
	cr_assert_eq(chdir(folder), 0);
}

static void
folder_remove(void)
{
	unlink("one.tar.xz");
	unlink("pipe");
	cr_assert_eq(chdir("/"), 0);
	cr_expect_eq(rmdir(folder), 0, "something else is left in the folder");
}

TestSuite(bundle_file, .init = folder_make, .fini = folder_remove);

/* octets that do not get smaller */
static struct bundle *
bundle_of(size_t size)
{
	uint8_t *octets = malloc(size);
	struct bundle *bundle;
	struct why why;

	for (size_t i = 0, x = 1; i < size; i++, x = x * 6364136223846793005u + 1)
		octets[i] = (uint8_t)(x >> 56);
	cr_assert_eq(bundle_new("node-1", 1785600000, &bundle, &why), 0, "%s", why.text);
	cr_assert_eq(bundle_add(bundle, "status.txt", "serving\n", 8, &why), 0, "%s", why.text);
	cr_assert_eq(bundle_add(bundle, "host/empty", "", 0, &why), 0, "%s", why.text);
	cr_assert_eq(bundle_add(bundle, "stats.json", octets, size, &why), 0, "%s", why.text);
	free(octets);
	return bundle;
}

static void
entry_expect(struct archive *archive, const char *path, const char *text)
{
	struct archive_entry *entry;
	char found[64] = "";

	cr_assert_eq(archive_read_next_header(archive, &entry), ARCHIVE_OK);
	cr_expect_str_eq(archive_entry_pathname(entry), path);
	cr_expect_eq(archive_entry_perm(entry), 0600);
	cr_expect_eq(archive_entry_mtime(entry), 1785600000);
	if (!text)
		return;
	cr_expect_eq(archive_entry_size(entry), (la_int64_t)strlen(text));
	cr_expect_eq(
		archive_read_data(archive, found, sizeof(found) - 1), (la_ssize_t)strlen(text));
	cr_expect_str_eq(found, text);
}

Test(bundle_file, has_all_that_was_added_and_is_its_owners_alone)
{
	struct archive *archive = archive_read_new();
	struct bundle *bundle = bundle_of(1 << 20);
	struct stat st;
	struct why why;
	size_t size;

	umask(0);
	cr_assert_eq(bundle_write(bundle, "one.tar.xz", &size, &why), 0, "%s", why.text);
	bundle_free(bundle);
	cr_assert_eq(stat("one.tar.xz", &st), 0);
	cr_expect_eq(st.st_size, (off_t)size);
	cr_expect_eq(st.st_mode & 07777, 0600);
	archive_read_support_filter_xz(archive);
	archive_read_support_format_tar(archive);
	cr_assert_eq(archive_read_open_filename(archive, "one.tar.xz", 1 << 16), ARCHIVE_OK);
	entry_expect(archive, "node-1/status.txt", "serving\n");
	entry_expect(archive, "node-1/host/empty", "");
	entry_expect(archive, "node-1/stats.json", NULL);
	archive_read_free(archive);
}

static void
old_make(void)
{
	FILE *old = fopen("one.tar.xz", "w");

	fputs("old", old);
	fclose(old);
}

static void
old_expect(void)
{
	uint8_t *text;
	size_t size;

	cr_assert_eq(file_read("one.tar.xz", 1 << 20, &text, &size, NULL), 0);
	cr_expect_str_eq((const char *)text, "old");
	free(text);
}

Test(bundle_file, leaves_the_old_one_and_nothing_else_when_it_cannot_be_written_whole)
{
	/* a limit on sizes is what a full disk is: the first octets are taken, the last are not */
	const struct rlimit limit = {1000, RLIM_INFINITY}, none = {RLIM_INFINITY, RLIM_INFINITY};
	struct bundle *bundle = bundle_of(1 << 16);
	struct why why;
	size_t size;

	old_make();
	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	cr_expect_eq(bundle_write(bundle, "one.tar.xz", &size, &why), -EFBIG);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
	cr_expect_not_null(strstr(why.text, "one.tar.xz: "), "%s", why.text);
	bundle_free(bundle);
	old_expect();
}

Test(bundle_file, names_a_folder_that_is_not_there)
{
	struct bundle *bundle = bundle_of(10);
	struct why why;
	size_t size;

	cr_expect_eq(bundle_write(bundle, "no/one.tar.xz", &size, &why), -ENOENT);
	cr_expect_str_eq(why.text, "no/one.tar.xz: No such file or directory");
	bundle_free(bundle);
}

Test(bundle_file, takes_the_place_of_no_device_or_pipe)
{
	struct bundle *bundle = bundle_of(10);
	struct stat st;
	struct why why;
	size_t size;

	cr_assert_eq(mkfifo("pipe", 0600), 0);
	cr_expect_eq(bundle_write(bundle, "pipe", &size, &why), -EEXIST);
	cr_assert_eq(stat("pipe", &st), 0);
	cr_expect(S_ISFIFO(st.st_mode));
	bundle_free(bundle);
}
