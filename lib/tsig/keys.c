/* SPDX-License-Identifier: BSD-3-Clause */
/* Key files: BIND's form, in which tsig-keygen writes and operators hand keys to each other. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "tsig/tsig_priv.h"

/* More is no file of 64 keys. */
enum { FILE_SIZE_MAX = 64 << 10, SECRET_MIN = 16, WORD_MAX = WIRE_NAME_TEXT_MAX };

/* A place in the text, and the word, string or sign that was read last */
struct text {
	const char *path;
	const char *next;
	unsigned int line;
	char word[WORD_MAX];
	bool quoted;
};

__attribute__((format(printf, 3, 4))) static int
fault(const struct text *text, struct why *why, const char *format, ...)
{
	struct why reason;
	va_list args;

	va_start(args, format);
	vsnprintf(reason.text, sizeof(reason.text), format, args);
	va_end(args);
	return why_set(why, EINVAL, "%s:%u: %.600s", text->path, text->line, reason.text);
}

/* Past blanks and comments: from # or // to the end of the line, or between slash and star */
static void
blanks_pass(struct text *text)
{
	const char *p = text->next;

	for (;;) {
		if (*p == '\n') {
			text->line++;
			p++;
		} else if (*p == ' ' || *p == '\t' || *p == '\r') {
			p++;
		} else if (*p == '#' || (p[0] == '/' && p[1] == '/')) {
			p += strcspn(p, "\n");
		} else if (p[0] == '/' && p[1] == '*') {
			for (p += 2; *p && (p[0] != '*' || p[1] != '/'); p++)
				text->line += *p == '\n';
			p += *p ? 2 : 0;
		} else {
			break;
		}
	}
	text->next = p;
}

/* @return 0; text->word is empty at the end of the file */
static int
word_read(struct text *text, struct why *why)
{
	size_t length, closing = 0;

	blanks_pass(text);
	text->quoted = *text->next == '"';
	if (text->quoted) {
		text->next++;
		length = strcspn(text->next, "\"\n");
		if (text->next[length] != '"')
			return fault(text, why, "a string does not end on its line");
		closing = 1;
	} else if (*text->next && strchr("{};", *text->next)) {
		length = 1;
	} else {
		length = strcspn(text->next, " \t\r\n{};\"#");
	}
	if (length >= sizeof(text->word))
		return fault(text, why, "a word of %zu characters", length);
	memcpy(text->word, text->next, length);
	text->word[length] = '\0';
	text->next += length + closing;
	return 0;
}

static int
sign_expect(struct text *text, const char *sign, struct why *why)
{
	int rc = word_read(text, why);

	if (rc == 0 && (text->quoted || strcmp(text->word, sign) != 0))
		rc = fault(text, why, "\"%s\" is missing%s%.40s%s", sign,
			text->word[0] ? " before \"" : "", text->word, text->word[0] ? "\"" : "");
	return rc;
}

static int
algorithm_take(const struct text *text, const char *name, struct tsig_key *key, struct why *why)
{
	for (unsigned int i = 0; i <= TSIG_HMAC_SHA512; i++) {
		if (strcasecmp(text->word, tsig_kinds[i].text) != 0)
			continue;
		key->algorithm = (enum tsig_algorithm)i;
		return 0;
	}
	return fault(text, why,
		"key \"%s\": algorithm \"%.40s\" is none of hmac-sha256, hmac-sha384, "
		"hmac-sha512",
		name, text->word);
}

/* The secret itself stands in no message. */
static int
secret_take(const struct text *text, const char *name, struct tsig_key *key, struct why *why)
{
	const char *end;

	if (sodium_base642bin(key->secret, sizeof(key->secret), text->word, strlen(text->word),
		    " \t", &key->secret_length, &end, sodium_base64_VARIANT_ORIGINAL) != 0 ||
		*end)
		return fault(text, why, "key \"%s\": the secret is no base64 of at most %d octets",
			name, TSIG_SECRET_MAX);
	if (key->secret_length < SECRET_MIN)
		return fault(text, why, "key \"%s\": a secret of %zu octets, fewer than %d", name,
			key->secret_length, SECRET_MIN);
	return 0;
}

/* Of "algorithm A;" and "secret S;" what text->word began. */
static int
clause_read(
	struct text *text, const char *name, struct tsig_key *key, bool seen[2], struct why *why)
{
	bool is_secret = strcmp(text->word, "secret") == 0;
	int rc;

	if (text->quoted || (!is_secret && strcmp(text->word, "algorithm") != 0))
		return fault(text, why, "key \"%s\": \"%.40s\" is neither algorithm nor secret",
			name, text->word);
	if (seen[is_secret])
		return fault(text, why, "key \"%s\": a second %s", name, text->word);
	seen[is_secret] = true;
	rc = word_read(text, why);
	if (rc == 0)
		rc = is_secret ? secret_take(text, name, key, why)
			       : algorithm_take(text, name, key, why);
	return rc == 0 ? sign_expect(text, ";", why) : rc;
}

static int
body_read(struct text *text, const char *name, struct tsig_key *key, struct why *why)
{
	bool seen[2] = {false, false};
	int rc = sign_expect(text, "{", why);

	while (rc == 0) {
		rc = word_read(text, why);
		if (rc == 0 && !text->quoted && strcmp(text->word, "}") == 0)
			break;
		if (rc == 0)
			rc = clause_read(text, name, key, seen, why);
	}
	if (rc == 0 && (!seen[0] || !seen[1]))
		rc = fault(
			text, why, "key \"%s\" has no %s", name, seen[0] ? "secret" : "algorithm");
	return rc == 0 ? sign_expect(text, ";", why) : rc;
}

/* Behind the word "key" */
static int
key_read(struct text *text, struct tsig_keys *keys, struct why *why)
{
	struct tsig_key *key = &keys->keys[keys->count];
	char name[WIRE_NAME_TEXT_MAX];
	int rc = word_read(text, why);

	if (rc != 0)
		return rc;
	if (!wire_name_from_text(&key->name, text->word))
		return fault(text, why, "key \"%.100s\": no name", text->word);
	wire_name_fold(&key->name);
	wire_name_to_text(&key->name, name);
	if (tsig_key_find(keys, &key->name))
		return fault(text, why, "key \"%s\" stands here twice", name);
	rc = body_read(text, name, key, why);
	if (rc == 0)
		keys->count++;
	return rc;
}

static int
keys_parse(struct text *text, struct tsig_keys *keys, struct why *why)
{
	int rc;

	for (;;) {
		rc = word_read(text, why);
		if (rc != 0 || (!text->word[0] && !text->quoted))
			return rc;
		if (text->quoted || strcmp(text->word, "key") != 0)
			return fault(
				text, why, "\"%.40s\" stands where \"key\" should", text->word);
		if (keys->count == TSIG_KEYS_MAX)
			return fault(text, why, "more than %d keys", TSIG_KEYS_MAX);
		rc = key_read(text, keys, why);
		if (rc != 0)
			return rc;
	}
}

/* Whoever may write the file says which keys are good; whoever may read it can sign. */
static int
permissions_check(int fd, const char *path, struct why *why)
{
	struct stat facts;

	if (fstat(fd, &facts) < 0)
		return why_errno(why, "%s", path);
	if (!S_ISREG(facts.st_mode))
		return why_set(why, EINVAL, "%s: not a file", path);
	if (facts.st_mode & (S_IWGRP | S_IRWXO))
		return why_set(why, EACCES,
			"%s: mode %04o: a file of secrets must not be open to others, nor be "
			"written by its group (chmod 0640)",
			path, facts.st_mode & 07777);
	return 0;
}

static int
text_read(const char *path, char text[static FILE_SIZE_MAX + 1], struct why *why)
{
	int fd __attribute__((cleanup(close_fd))) = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t length = 0;
	ssize_t got = 1;
	int rc;

	if (fd < 0)
		return why_errno(why, "%s", path);
	rc = permissions_check(fd, path, why);
	while (rc == 0 && got > 0 && length <= FILE_SIZE_MAX) {
		got = read(fd, text + length, FILE_SIZE_MAX + 1 - length);
		if (got < 0)
			rc = why_errno(why, "%s", path);
		else
			length += (size_t)got;
	}
	if (rc == 0 && length > FILE_SIZE_MAX)
		rc = why_set(why, EFBIG, "%s: larger than %d octets", path, FILE_SIZE_MAX);
	if (rc == 0 && memchr(text, '\0', length))
		rc = why_set(why, EINVAL, "%s: a zero octet in it", path);
	text[rc == 0 ? length : 0] = '\0';
	return rc;
}

int
tsig_keys_read(const char *path, struct tsig_keys **keys, struct why *why)
{
	char *octets = calloc(1, FILE_SIZE_MAX + 1);
	struct tsig_keys *read = calloc(1, sizeof(*read));
	struct text text = {.path = path, .next = octets, .line = 1};
	int rc = -ENOMEM;

	if (octets && read)
		rc = text_read(path, octets, why);
	else
		why_set(why, ENOMEM, "%s: out of memory", path);
	if (rc == 0)
		rc = keys_parse(&text, read, why);
	if (octets)
		sodium_memzero(octets, FILE_SIZE_MAX + 1);
	sodium_memzero(&text, sizeof(text));
	free(octets);
	if (rc == 0)
		*keys = read;
	else
		tsig_keys_free(read);
	return rc;
}

void
tsig_keys_free(struct tsig_keys *keys)
{
	if (keys)
		sodium_memzero(keys, sizeof(*keys));
	free(keys);
}

const struct tsig_key *
tsig_key_find(const struct tsig_keys *keys, const struct wire_name *name)
{
	for (unsigned int i = 0; i < keys->count; i++)
		if (wire_name_equal(&keys->keys[i].name, name))
			return &keys->keys[i];
	return NULL;
}
