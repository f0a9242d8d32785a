/* SPDX-License-Identifier: BSD-3-Clause */
#include "print.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "live/live.h"

enum { COLUMNS = 80 };

const char *
text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "?";
}

int64_t
number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static void
word_put(FILE *to, const char *word, size_t length)
{
	for (size_t i = 0; i < length; i++)
		fputc((unsigned char)word[i] < 0x20 || word[i] == 0x7f ? '?' : word[i], to);
}

void
words_put(FILE *to, const char *heading, unsigned int indent, const char *text)
{
	size_t column = strlen(heading);
	bool first = true;

	fputs(heading, to);
	for (; *text; text += *text == ' ') {
		size_t length = strcspn(text, " ");

		/* the heading is padded up to the indent, so no space is due there */
		if (!first && column + 1 + length > COLUMNS) {
			fprintf(to, "\n%*s", (int)indent, "");
			column = indent;
		} else if (!first) {
			fputc(' ', to);
			column++;
		}
		word_put(to, text, length);
		column += length;
		text += length;
		first = false;
	}
	fputc('\n', to);
}

void
words_print(const char *heading, unsigned int indent, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	words_put(stdout, heading, indent, text ? text : "");
	free(text);
}

const char *
time_text(const json_t *object, const char *key, char text[static TIME_TEXT_SIZE])
{
	const json_t *value = json_object_get(object, key);
	time_t at = (time_t)json_integer_value(value);
	struct tm tm;

	if (!json_is_integer(value) || !gmtime_r(&at, &tm) ||
		strftime(text, TIME_TEXT_SIZE, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
		snprintf(text, TIME_TEXT_SIZE, "-");
	return text;
}

const char *
when_text(const json_t *object, const char *key, char text[static TIME_TEXT_SIZE])
{
	int64_t away = number_of(object, key) - (int64_t)time(NULL);
	char span[LIVE_TEXT_SIZE];
	size_t used;

	time_text(object, key, text);
	if (text[0] == '-')
		return text;
	live_span_text(away < 0 ? -away : away, span);
	used = strlen(text);
	snprintf(text + used, TIME_TEXT_SIZE - used, away > 0 ? ", in %s" : ", %s ago", span);
	return text;
}

/* ---- health ---- */

static void
family_print(const char *name, const json_t *family)
{
	const json_t *announced = json_object_get(family, "announced");
	char since[TIME_TEXT_SIZE];

	if (!family)
		return;
	words_print(name, 14, "%s%s%s%s%s", text_of(family, "state"),
		json_is_integer(json_object_get(family, "since")) ? " since " : "",
		json_is_integer(json_object_get(family, "since"))
			? time_text(family, "since", since)
			: "",
		json_is_true(announced)	   ? ", announced"
		: json_is_false(announced) ? ", not announced"
					   : "",
		json_is_true(json_object_get(family, "drained")) ? ", drained by an operator" : "");
}

static void
reason_print(const json_t *reason)
{
	const char *family = json_string_value(json_object_get(reason, "family"));
	const char *subject = json_string_value(json_object_get(reason, "subject"));
	char since[TIME_TEXT_SIZE];

	words_print("", 4, "%s: %s%s%s%s%s%s", text_of(reason, "state"), text_of(reason, "kind"),
		subject && subject[0] ? ", " : "", subject ? subject : "", family ? ", " : "",
		family ? family : "", family ? " only" : "");
	words_print("    since     ", 14, "%s", when_text(reason, "since", since));
	words_print("    evidence  ", 14, "%s", text_of(reason, "evidence"));
}

void
print_health(const json_t *reply)
{
	const json_t *families = json_object_get(reply, "families"), *reason;
	const char *awaited = json_string_value(json_object_get(reply, "waits_for"));
	char since[TIME_TEXT_SIZE];
	size_t i;

	words_print(
		"", 4, "%s since %s", text_of(reply, "state"), when_text(reply, "since", since));
	if (awaited)
		words_print("  waits for   ", 14, "%s", awaited);
	family_print("  IPv4        ", json_object_get(families, "ipv4"));
	family_print("  IPv6        ", json_object_get(families, "ipv6"));
	json_array_foreach(json_object_get(reply, "reasons"), i, reason) reason_print(reason);
}

static void
drained_print(const char *name, const json_t *family)
{
	if (family)
		words_print(name, 8, "%s, %s",
			json_is_true(json_object_get(family, "drained")) ? "drained"
									 : "not drained",
			json_is_true(json_object_get(family, "announced")) ? "announced"
									   : "not announced");
}

void
print_families(const json_t *reply)
{
	const json_t *families = json_object_get(reply, "families");

	drained_print("IPv4: ", json_object_get(families, "ipv4"));
	drained_print("IPv6: ", json_object_get(families, "ipv6"));
}
