/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/why.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int
why_set(struct why *why, int error, const char *format, ...)
{
	if (why) {
		va_list args;

		va_start(args, format);
		vsnprintf(why->text, sizeof(why->text), format, args);
		va_end(args);
	}
	return -error;
}

int
why_errno(struct why *why, const char *format, ...)
{
	int error = errno;

	if (why) {
		va_list args;
		size_t used;

		va_start(args, format);
		vsnprintf(why->text, sizeof(why->text), format, args);
		va_end(args);
		used = strlen(why->text);
		snprintf(why->text + used, sizeof(why->text) - used, ": %s", strerror(error));
	}
	return -error;
}

void
why_prefix(struct why *why, const char *format, ...)
{
	struct why old;
	va_list args;
	size_t used;

	if (!why)
		return;
	old = *why;
	va_start(args, format);
	vsnprintf(why->text, sizeof(why->text), format, args);
	va_end(args);
	used = strlen(why->text);
	snprintf(why->text + used, sizeof(why->text) - used, ": %.*s", (int)(sizeof(old.text) - 1),
		old.text);
}
