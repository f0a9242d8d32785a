/* SPDX-License-Identifier: BSD-3-Clause */
/* Key files: what is read, and what is refused with which words. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "tsig/tsig.h"

static char path[] = "/tmp/tsig_keys_XXXXXX";

static int
keys_read(const char *text, mode_t mode, struct tsig_keys **keys, struct why *why)
{
	int fd, rc;

	memset(path + strlen(path) - 6, 'X', 6);
	fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	cr_assert_eq(file_write_all(fd, text, strlen(text)), 0);
	cr_assert_eq(fchmod(fd, mode), 0);
	close(fd);
	rc = tsig_keys_read(path, keys, why);
	unlink(path);
	return rc;
}

static const struct tsig_key *
key_of(const struct tsig_keys *keys, const char *text)
{
	struct wire_name name;

	cr_assert(wire_name_from_text(&name, text));
	return tsig_key_find(keys, &name);
}

#define SECRET "secret \"AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=\";"

Test(tsig_keys, are_read_in_the_form_of_tsig_keygen)
{
	static const char text[] =
		"# of the masters\n"
		"key \"Master.Example\" {\n"
		"\talgorithm hmac-sha256;\n"
		"\t" SECRET "\n"
		"};\n"
		"// and\n"
		"key second { /* in other\n order */ " SECRET " algorithm \"HMAC-SHA512\"; };\n"
		"key . { algorithm hmac-sha384; " SECRET " };";
	struct tsig_keys *keys = NULL;
	struct why why = {""};
	const struct tsig_key *key;

	cr_assert_eq(keys_read(text, 0640, &keys, &why), 0, "%s", why.text);
	cr_expect_eq(keys->count, 3);
	key = key_of(keys, "master.example");
	cr_assert_not_null(key);
	cr_expect_eq(key->algorithm, TSIG_HMAC_SHA256);
	cr_expect_eq(key->secret_length, 32);
	for (unsigned int i = 0; i < 32; i++)
		cr_expect_eq(key->secret[i], i + 1);
	cr_expect_eq(key_of(keys, "second")->algorithm, TSIG_HMAC_SHA512);
	cr_expect_eq(key_of(keys, ".")->algorithm, TSIG_HMAC_SHA384);
	cr_expect_null(key_of(keys, "third"));
	tsig_keys_free(keys);
	tsig_keys_free(NULL);
}

Test(tsig_keys, no_keys_are_fine)
{
	struct tsig_keys *keys;

	cr_assert_eq(keys_read("", 0600, &keys, NULL), 0);
	cr_expect_eq(keys->count, 0);
	tsig_keys_free(keys);
}

Test(tsig_keys, in_a_file_that_others_may_touch_are_refused)
{
	static const mode_t modes[] = {0644, 0660, 0604, 0602, 0601, 0620};
	struct tsig_keys *keys;
	struct why why;

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		cr_expect_eq(keys_read("", modes[i], &keys, &why), -EACCES, "%o", modes[i]);
		cr_expect_not_null(strstr(why.text, "mode 06"), "%s", why.text);
	}
}

static const struct {
	const char *what, *text, *reason;
} wrong[] = {
	{"not a key", "zone \"a\" { };", ":1: \"zone\" stands where \"key\" should"},
	{"no name", "key \"a..b\" { algorithm hmac-sha256; " SECRET " };", "no name"},
	{"no algorithm", "key \"a\" {\n" SECRET "\n};", ":3: key \"a.\" has no algorithm"},
	{"no secret", "key \"a\" { algorithm hmac-sha256; };", "key \"a.\" has no secret"},
	{"old algorithm", "\nkey \"a\" { algorithm hmac-md5; " SECRET " };",
		":2: key \"a.\": algorithm \"hmac-md5\" is none"},
	{"short secret", "key \"a\" { algorithm hmac-sha256; secret \"AQIDBAUGBwgJCgsMDQ4P\"; };",
		"a secret of 15 octets"},
	{"no base64", "key \"a\" { algorithm hmac-sha256; secret \"AQID*\"; };", "no base64"},
	{"twice", "key a { algorithm hmac-sha256; " SECRET " };\nkey A { };",
		":2: key \"a.\" stands here twice"},
	{"two secrets", "key a { " SECRET SECRET " };", "a second secret"},
	{"another clause", "key a { " SECRET " fudge 3; };", "\"fudge\" is neither"},
	{"ends early", "key a { " SECRET, "neither"},
	{"no semicolon", "key a { " SECRET " algorithm hmac-sha256 };", "\";\" is missing"},
	{"no brace", "key a " SECRET, "\"{\" is missing before \"secret\""},
	{"open string", "key \"a\n", ":1: a string does not end"},
	{"a comment that does not end", "/*\n\nkey", NULL},
};

Test(tsig_keys, that_are_wrong_are_refused_with_line_and_key)
{
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct tsig_keys *keys = NULL;
		struct why why = {""};
		int rc = keys_read(wrong[i].text, 0600, &keys, &why);

		if (!wrong[i].reason) {
			cr_expect_eq(rc, 0, "%s: %s", wrong[i].what, why.text);
			tsig_keys_free(keys);
			continue;
		}
		cr_expect_eq(rc, -EINVAL, "%s", wrong[i].what);
		cr_expect(strncmp(why.text, path, strlen(path)) == 0, "%s", why.text);
		cr_expect_not_null(
			strstr(why.text, wrong[i].reason), "%s: %s", wrong[i].what, why.text);
		cr_expect_null(strstr(why.text, "AQID"), "a secret in a message: %s", why.text);
	}
}

Test(tsig_keys, that_are_too_many_or_in_no_file_are_refused)
{
	char *text = malloc(16 << 10);
	size_t length = 0;
	struct tsig_keys *keys;
	struct why why;

	for (unsigned int i = 0; i < TSIG_KEYS_MAX + 1; i++) {
		if (i == TSIG_KEYS_MAX) {
			cr_assert_eq(keys_read(text, 0600, &keys, &why), 0, "%s", why.text);
			tsig_keys_free(keys);
		}
		length += (size_t)sprintf(
			text + length, "key k%u { algorithm hmac-sha256; " SECRET " };\n", i);
	}
	cr_expect_eq(keys_read(text, 0600, &keys, &why), -EINVAL);
	free(text);
	cr_expect_eq(tsig_keys_read("/nonexistent/keys", &keys, &why), -ENOENT);
	cr_expect_eq(tsig_keys_read("/", &keys, &why), -EINVAL);
}
