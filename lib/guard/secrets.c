/* SPDX-License-Identifier: BSD-3-Clause */
/* Control plane: the secrets of cookies. */
#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>

#include "guard/guard.h"

enum { FILE_SIZE_MAX = 4096, HEX_LENGTH = 2 * GUARD_SECRET_SIZE };

/* @return false: not a secret, and nothing else */
static bool
secret_read(const char *line, size_t length, uint8_t secret[static GUARD_SECRET_SIZE])
{
	size_t size = 0;

	return length == HEX_LENGTH &&
	       sodium_hex2bin(secret, GUARD_SECRET_SIZE, line, length, NULL, &size, NULL) == 0 &&
	       size == GUARD_SECRET_SIZE;
}

static int
lines_read(const char *path, char *text, struct guard_secrets *secrets, struct why *why)
{
	unsigned int number = 1;

	for (char *line = text, *end; line; line = end ? end + 1 : NULL, number++) {
		size_t length;

		end = strchr(line, '\n');
		if (end)
			*end = '\0';
		line += strspn(line, " \t");
		length = strcspn(line, "# \t\r");
		if (length == 0)
			continue;
		if (secrets->count == GUARD_SECRETS_MAX)
			return why_set(why, EINVAL, "%s:%u: more than %d secrets", path, number,
				GUARD_SECRETS_MAX);
		if (!secret_read(line, length, secrets->secrets[secrets->count]))
			return why_set(why, EINVAL, "%s:%u: not %d hexadecimal digits", path,
				number, HEX_LENGTH);
		secrets->count++;
	}
	if (secrets->count == 0)
		return why_set(why, EINVAL, "%s: no secret in it", path);
	return 0;
}

int
guard_secrets_read(const char *path, struct guard_secrets *secrets, struct why *why)
{
	struct guard_secrets read = {.count = 0};
	uint8_t *text = NULL;
	struct stat status;
	size_t size;
	int rc;

	if (stat(path, &status) < 0)
		return why_errno(why, "%s", path);
	if (status.st_mode & S_IRWXO)
		return why_set(why, EACCES, "%s: others than its owner and group may use it", path);
	rc = file_read(path, FILE_SIZE_MAX, &text, &size, why);
	if (rc < 0)
		return rc;
	rc = lines_read(path, (char *)text, &read, why);
	sodium_memzero(text, size);
	free(text);
	if (rc == 0)
		*secrets = read;
	sodium_memzero(&read, sizeof(read));
	return rc;
}

void
guard_secrets_make(struct guard_secrets *secrets)
{
	secrets->count = 1;
	randombytes_buf(secrets->secrets[0], GUARD_SECRET_SIZE);
}
