/* SPDX-License-Identifier: BSD-3-Clause */
#include <sodium.h>

#include "store_folder.h"

/* Change one octet in the middle of a file. */
static void
damage(const struct folder *folder, const char *name)
{
	char path[2 * PATH_MAX];
	struct stat st;
	char octet;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder->zone, name);
	fd = open(path, O_RDWR);
	cr_assert_geq(fd, 0, "%s", path);
	fstat(fd, &st);
	cr_assert_eq(pread(fd, &octet, 1, st.st_size / 2), 1);
	octet ^= 1;
	cr_assert_eq(pwrite(fd, &octet, 1, st.st_size / 2), 1);
	close(fd);
}

/* Serials 1 to `count`, the last one served. */
static void
fill(struct store *store, uint32_t count)
{
	struct why why;

	for (uint32_t serial = 1; serial <= count; serial++) {
		struct sample sample;

		sample_make(&sample, serial, serial);
		cr_assert_eq(sample_put(store, &sample, 1000 + serial, &why), 0, "%s", why.text);
		cr_assert_eq(serial_serve(store, serial, 1000 + serial, &why), 0, "%s", why.text);
		sample_free(&sample);
	}
}

static struct store *
reopen(const struct folder *folder, unsigned int keep, struct why *warning)
{
	struct store *store = NULL;

	cr_assert_eq(folder_open_store(folder, keep, &store, warning), 0, "%s", warning->text);
	return store;
}

Test(store_keep, gives_back_after_a_restart_what_was_put)
{
	struct store_current current, next;
	struct store_version version;
	struct folder folder;
	struct store *store;
	struct stat st;
	struct why why;

	folder_make(&folder, "/tmp");
	store = reopen(&folder, 10, &why);
	cr_expect_str_eq(why.text, "");
	cr_expect_eq(store_current(store, &current), -ENOENT);
	cr_expect_eq(refresh_note(store, 1, "x", &why), -ENOENT);
	fill(store, 2);
	cr_expect_eq(refresh_note(store, 5000, "primary 2001:db8::7", &why), 0);
	store_close(store);

	store = reopen(&folder, 10, &why);
	cr_expect_str_eq(why.text, "");
	cr_assert_eq(store_current(store, &current), 0);
	cr_expect_eq(current.serial, 2);
	cr_expect_eq(current.refreshed_at, 5000);
	cr_expect_str_eq(current.source, "primary 2001:db8::7");
	cr_expect_not(current.forced || current.frozen || current.recovered);
	cr_expect_eq(version_mark(store, 1), 1);
	cr_expect_eq(version_mark(store, 2), 2);
	cr_assert_eq(store_version_find(store, 2, &version), 0);
	cr_expect_eq(version.taken_at, 1002);
	cr_expect_eq(version.verified_at, 1785600000);
	cr_expect_str_eq(version.anchor_tags, "20326");
	cr_expect_eq(version.answer_count, 9);
	cr_expect_eq(store_version_find(store, 3, &version), -ENOENT);

	/* a rollback, for good */
	next = (struct store_current){.serial = 1,
		.refreshed_at = 6000,
		.forced = true,
		.frozen = true,
		.keys = {{.tag = 65535, .algorithm = 8, .seen_at = 1500},
			{.tag = 38696, .algorithm = 13, .seen_at = 1600}},
		.key_count = 2};
	cr_expect_eq(store_current_set(store, &next, &why), 0);
	next.serial = 7;
	cr_expect_eq(store_current_set(store, &next, &why), -ENOENT);
	store_close(store);
	store = reopen(&folder, 10, &why);
	cr_assert_eq(store_current(store, &current), 0);
	cr_expect(current.serial == 1 && current.forced && current.frozen);
	cr_expect(current.key_count == 2 && current.keys[0].tag == 65535 &&
		  current.keys[0].seen_at == 1500 && current.keys[1].algorithm == 13);
	cr_assert_eq(stat(folder.zone, &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0750);
	strcat(folder.zone, "/1.image");
	cr_assert_eq(stat(folder.zone, &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0640);
	store_close(store);
	folder_remove(&folder);
}

Test(store_keep, keeps_the_last_versions_and_the_one_that_is_served)
{
	struct store_version *versions;
	struct folder folder;
	unsigned int count;
	struct store *store;
	struct why why;

	folder_make(&folder, "/tmp");
	store = reopen(&folder, 3, &why);
	fill(store, 6);
	cr_assert_eq(store_history(store, &versions, &count), 0);
	cr_assert_eq(count, 3);
	cr_expect(versions[0].serial == 6 && versions[1].serial == 5 && versions[2].serial == 4);
	free(versions);
	cr_expect_eq(folder_count(&folder), 3 * 3 + 1);
	/* served is an old one: it stays, whatever comes */
	cr_expect_eq(serial_serve(store, 4, 2000, &why), 0);
	for (uint32_t serial = 7; serial <= 10; serial++) {
		struct sample sample;

		/* and the clock has gone back */
		sample_make(&sample, serial, serial);
		cr_expect_eq(sample_put(store, &sample, 500 - serial, &why), 0);
		sample_free(&sample);
		cr_expect_eq(version_mark(store, serial), serial);
	}
	store_close(store);
	store = reopen(&folder, 3, &why);
	cr_expect_eq(version_mark(store, 4), 4);
	cr_expect_eq(version_mark(store, 10), 10);
	cr_expect_eq(version_mark(store, 9), 9);
	cr_expect_eq(version_mark(store, 8), 0);
	cr_expect_eq(folder_count(&folder), 3 * 3 + 1);
	store_close(store);
	folder_remove(&folder);
}

Test(store_keep, takes_the_same_serial_with_other_content)
{
	struct sample samples[2];
	struct folder folder;
	struct store *store;
	struct why why;

	folder_make(&folder, "/tmp");
	store = reopen(&folder, 3, &why);
	sample_make(&samples[0], 1, 11);
	sample_make(&samples[1], 1, 12);
	cr_expect_eq(sample_put(store, &samples[0], 1000, &why), 0);
	cr_expect_eq(serial_serve(store, 1, 1000, &why), 0);
	/* again the same: nothing but the description is written */
	cr_expect_eq(sample_put(store, &samples[0], 1100, &why), 0);
	cr_expect_eq(folder_count(&folder), 4);
	cr_expect(folder_has(&folder, "1.image"));
	cr_expect_eq(sample_put(store, &samples[1], 1200, &why), 0);
	cr_expect_eq(folder_count(&folder), 4);
	cr_expect_eq(version_mark(store, 1), 12);
	store_close(store);
	store = reopen(&folder, 3, &why);
	cr_expect_eq(version_mark(store, 1), 12);
	cr_expect_eq(sample_put(store, &samples[0], 1300, &why), 0);
	cr_expect_eq(version_mark(store, 1), 11);
	cr_expect_eq(folder_count(&folder), 4);
	for (unsigned int i = 0; i < 2; i++)
		sample_free(&samples[i]);
	store_close(store);
	folder_remove(&folder);
}

Test(store_keep, sets_a_damaged_file_aside_and_says_so)
{
	struct store_version version;
	char path[PATH_MAX];
	struct folder folder;
	struct image *image;
	struct store *store;
	struct sample sample;
	struct why why;

	folder_make(&folder, "/tmp");
	store = reopen(&folder, 3, &why);
	fill(store, 2);
	damage(&folder, "2.image");
	cr_expect_eq(store_image_open(store, 2, &image, &why), -EBADMSG);
	cr_expect(strstr(why.text, "2.image.damaged"), "%s", why.text);
	cr_expect(folder_has(&folder, "2.image.damaged"));
	cr_expect_not(folder_has(&folder, "2.image"));
	cr_expect_eq(store_image_open(store, 2, &image, &why), -ENOENT);
	/* its text is still good; then it is not */
	cr_expect_eq(store_text_path(store, 2, path, sizeof(path), &why), 0);
	store_close(store);
	store = reopen(&folder, 3, &why);
	cr_expect_eq(store_image_open(store, 2, &image, &why), -ENOENT);
	cr_assert_eq(store_version_find(store, 2, &version), 0);
	cr_expect_eq(version.image_size, 0);
	damage(&folder, "2.zone");
	cr_expect_eq(store_text_path(store, 2, path, sizeof(path), &why), -EBADMSG);
	cr_expect(folder_has(&folder, "2.zone.damaged"));
	cr_expect_eq(version_mark(store, 1), 1);
	/* and the version can come again */
	sample_make(&sample, 2, 2);
	cr_expect_eq(sample_put(store, &sample, 3000, &why), 0);
	cr_expect_eq(version_mark(store, 2), 2);
	sample_free(&sample);
	store_close(store);
	store = reopen(&folder, 3, &why);
	cr_expect_eq(version_mark(store, 2), 2);
	cr_expect(folder_has(&folder, "2.image.damaged"));
	store_close(store);
	folder_remove(&folder);
}

Test(store_keep, falls_back_to_what_is_known_when_a_description_is_damaged)
{
	struct store_current current;
	struct folder folder;
	struct store *store;
	struct why why;

	folder_make(&folder, "/tmp");
	store = reopen(&folder, 3, &why);
	fill(store, 3);
	cr_expect_eq(refresh_note(store, 9000, "x", &why), 0);
	store_close(store);
	damage(&folder, "current.json");
	store = reopen(&folder, 3, &why);
	cr_expect(strstr(why.text, "current.json.damaged"), "%s", why.text);
	cr_assert_eq(store_current(store, &current), 0);
	/* not younger than it can be shown to be */
	cr_expect(current.serial == 3 && current.refreshed_at == 1003 && current.recovered);
	cr_expect_eq(version_mark(store, 3), 3);
	cr_expect_eq(refresh_note(store, 9100, "x", &why), 0);
	store_close(store);

	damage(&folder, "3.json");
	store = reopen(&folder, 3, &why);
	cr_expect(strstr(why.text, "3.json.damaged"), "%s", why.text);
	cr_assert_eq(store_current(store, &current), 0);
	cr_expect(current.serial == 2 && current.refreshed_at == 1002 && current.recovered);
	/* a person may want what it described */
	cr_expect(folder_has(&folder, "3.image") && folder_has(&folder, "3.zone"));
	store_close(store);
	folder_remove(&folder);
}

Test(store_keep, remembers_what_was_refused_beside_what_is_good)
{
	struct store_version *versions;
	struct folder folder;
	unsigned int count;
	struct store *store;
	json_t *history;
	struct why why;

	folder_make(&folder, "/tmp");
	store = reopen(&folder, 2, &why);
	fill(store, 1);
	for (uint32_t i = 0; i < 20; i++)
		cr_expect_eq(store_refused(store, 1 + i % 3, 2000 + i, "primary \xe9",
				     "ZONEMD: the digest is wrong", &why),
			0, "%s", why.text);
	store_close(store);
	store = reopen(&folder, 2, &why);
	cr_assert_eq(store_history(store, &versions, &count), 0);
	cr_assert_eq(count, 3);
	cr_expect(!versions[0].good && versions[0].serial == 2 && versions[0].taken_at == 2019);
	cr_expect_str_eq(versions[0].reason, "ZONEMD: the digest is wrong");
	cr_expect(!versions[1].good && versions[1].serial == 1);
	cr_expect(versions[2].good && versions[2].serial == 1);
	free(versions);
	history = store_history_json(store);
	cr_expect_eq(json_array_size(history), 3);
	cr_expect_str_eq(json_string_value(json_object_get(json_array_get(history, 0), "source")),
		"primary ?");
	cr_expect_eq(json_integer_value(json_object_get(json_array_get(history, 2), "answers")), 9);
	json_decref(history);
	cr_expect_eq(version_mark(store, 1), 1);
	store_close(store);
	folder_remove(&folder);
}

Test(store_keep, lets_nobody_else_write_into_its_folder)
{
	struct folder folder;
	struct store *store, *second;
	struct why why;

	folder_make(&folder, "/tmp");
	store = reopen(&folder, 2, &why);
	cr_expect_eq(folder_open_store(&folder, 2, &second, &why), -EBUSY);
	store_close(store);
	chmod(folder.zone, 0770);
	cr_expect_eq(folder_open_store(&folder, 2, &store, &why), -EPERM);
	chmod(folder.zone, 0750);
	chmod(folder.path, 0777);
	cr_expect_eq(folder_open_store(&folder, 2, &store, &why), -EPERM);
	chmod(folder.path, 0755);
	if (geteuid() == 0) {
		cr_assert_eq(chown(folder.zone, 65534, 65534), 0);
		cr_expect_eq(folder_open_store(&folder, 2, &store, &why), -EPERM);
		cr_expect(strstr(why.text, "65534"), "%s", why.text);
	}
	folder_remove(&folder);
}

static const struct {
	const char *origin, *folder;
} names[] = {
	{".", "root"},
	{"root.", "%72oot"},
	{"arpa.", "arpa"},
	{"ru.", "ru"},
	{"root.test.", "root.test"},
	{"Root-Servers.NET.", "root-servers.net"},
	{"a\\.b.c_1.", "a%2eb.c_1"},
	{"x\\047y.", "x%2fy"},
	{"\\000\\255.", "%00%ff"},
	{"\\..", "%2e"},
};

Test(store_keep, gives_each_zone_a_folder_of_its_own)
{
	struct folder folder;

	folder_make(&folder, "/tmp");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct store *store = NULL;
		struct wire_name origin;
		struct why warning, why;

		cr_assert(wire_name_from_text(&origin, names[i].origin));
		wire_name_fold(&origin);
		cr_assert_eq(store_open(folder.path, &origin, 2, &store, &warning, &why), 0, "%s",
			why.text);
		cr_expect_str_eq(strrchr(store_path(store), '/') + 1, names[i].folder);
		store_close(store);
	}
	folder_remove(&folder);
}

Test(store_keep, leaves_alone_what_it_did_not_make)
{
	static const char *const foreign[] = {"notes.txt", "12", "12.zone~", "012.image",
		"99999999999.zone", "1.image.damaged", ".hidden"};
	static const char *const rubbish[] = {
		".1.image.new", "8.image", "8.zone", "1.2.image", ".current.json.new"};
	struct folder folder;
	struct store *store;
	char path[2 * PATH_MAX];
	struct why why;

	folder_make(&folder, "/tmp");
	store = reopen(&folder, 2, &why);
	fill(store, 1);
	store_close(store);
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder.zone, foreign[i]);
		close(open(path, O_CREAT | O_WRONLY, 0600));
	}
	for (size_t i = 0; i < sizeof(rubbish) / sizeof(rubbish[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder.zone, rubbish[i]);
		close(open(path, O_CREAT | O_WRONLY, 0600));
	}
	store = reopen(&folder, 2, &why);
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
		cr_expect(folder_has(&folder, foreign[i]), "%s", foreign[i]);
	for (size_t i = 0; i < sizeof(rubbish) / sizeof(rubbish[0]); i++)
		cr_expect_not(folder_has(&folder, rubbish[i]), "%s", rubbish[i]);
	cr_expect_eq(version_mark(store, 1), 1);
	store_close(store);
	folder_remove(&folder);
}
