/* SPDX-License-Identifier: BSD-3-Clause */
/* A difference for people. */
#include <errno.h>
#include <string.h>

#include "zonediff/zonediff_priv.h"

enum { COLUMNS = 80, INDENT = 8, WORD_MAX = COLUMNS - INDENT - 2 };

/* What is kept of a word that no line holds: enough to tell keys apart. */
enum { WORD_KEPT = 24 };

/* Words after a heading, continued on indented lines. */
static void
words_print(const char *heading, const char *text, FILE *to)
{
	size_t column = strlen(heading);

	fputs(heading, to);
	while (*text) {
		size_t length = strcspn(text, " ");
		size_t shown = length > WORD_MAX ? WORD_KEPT + 3 : length;

		if (column + 1 + shown > COLUMNS && column > INDENT) {
			fprintf(to, "\n%*s", INDENT - 1, "");
			column = INDENT - 1;
		}
		fprintf(to, " %.*s%s", (int)(length > WORD_MAX ? WORD_KEPT : length), text,
			length > WORD_MAX ? "..." : "");
		column += 1 + shown;
		text += length;
		text += *text == ' ';
	}
	fputc('\n', to);
}

static void
list_print(const json_t *lists, const char *key, const char *heading, FILE *to)
{
	const json_t *line;
	size_t i;

	json_array_foreach(json_object_get(lists, key), i, line)
		words_print(heading, json_string_value(line) ?: "", to);
}

static void
lists_print(const json_t *lists, const char *what, FILE *to)
{
	char heading[64];

	snprintf(heading, sizeof(heading), "  loses %s", what);
	list_print(lists, "removed", heading, to);
	snprintf(heading, sizeof(heading), "  gains %s", what);
	list_print(lists, "added", heading, to);
}

static const char *
text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "?";
}

static long long
number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static void
delegation_print(const json_t *entry, FILE *to)
{
	const char *change = text_of(entry, "change");

	fprintf(to, "%s: %s\n", text_of(entry, "name"),
		strcmp(change, "added") == 0	 ? "new delegation"
		: strcmp(change, "removed") == 0 ? "delegation removed"
						 : "delegation changed");
	lists_print(json_object_get(entry, "ns"), "NS", to);
	lists_print(json_object_get(entry, "ds"), "DS", to);
	lists_print(json_object_get(entry, "glue"), "glue", to);
	lists_print(json_object_get(entry, "other"), "record", to);
}

static void
counts_print(const json_t *diff, FILE *to)
{
	fprintf(to, "zone %s: serial %lld to %lld, %lld records removed, %lld added\n",
		text_of(diff, "origin"), number_of(diff, "from"), number_of(diff, "to"),
		number_of(diff, "records_removed"), number_of(diff, "records_added"));
	fprintf(to, "signatures: %lld renewed, %lld removed, %lld added\n",
		number_of(diff, "signatures_renewed"), number_of(diff, "signatures_removed"),
		number_of(diff, "signatures_added"));
}

int
zonediff_print(const json_t *diff, FILE *to)
{
	const json_t *apex = json_object_get(diff, "apex"), *entry;
	const json_t *delegations = json_object_get(diff, "delegations");
	const json_t *others = json_object_get(diff, "others");
	size_t i;

	if (!json_is_array(apex) || !json_is_array(delegations) || !json_is_array(others))
		return -EINVAL;
	counts_print(diff, to);
	json_array_foreach(apex, i, entry)
	{
		fprintf(to, "apex: %s %s\n", text_of(entry, "type"), text_of(entry, "change"));
		lists_print(entry, text_of(entry, "type"), to);
	}
	json_array_foreach(delegations, i, entry) delegation_print(entry, to);
	json_array_foreach(others, i, entry)
	{
		fprintf(to, "%s: %s %s\n", text_of(entry, "name"), text_of(entry, "type"),
			text_of(entry, "change"));
		lists_print(entry, text_of(entry, "type"), to);
	}
	if (json_array_size(apex) + json_array_size(delegations) + json_array_size(others) == 0)
		fputs("nothing else changed\n", to);
	return ferror(to) ? -EIO : 0;
}
