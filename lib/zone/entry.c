/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Entries of a master file (RFC 1035 5.1). ldns has a reader of its own, but that one lets
 * unbalanced parentheses and zero octets pass, and loses count of lines.
 */
#include "zone/zone_priv.h"

#include <errno.h>
#include <string.h>

enum outcome { WENT_ON, ENDED, FAILED };

static int
entry_why(const struct zone_entries *entries, struct why *why, const char *what)
{
	return why_set(why, EINVAL, "%s:%u: %s", entries->path, entries->line, what);
}

/* Blanks of any kind and number become one; none stands first or last. */
static bool
entry_put(struct zone_entries *entries, uint8_t octet)
{
	if (entries->length + 2 > ZONE_ENTRY_MAX)
		return false;
	if (entries->is_blank && entries->length)
		entries->text[entries->length++] = ' ';
	entries->is_blank = false;
	entries->text[entries->length++] = (char)octet;
	return true;
}

/* A backslash and the octet behind it stay together: `\;` begins no comment. */
static enum outcome
escape_take(struct zone_entries *entries, struct why *why)
{
	if (entries->at == entries->end || entries->at[0] == '\n') {
		entry_why(entries, why, "a backslash at the end of the line");
		return FAILED;
	}
	if (!entry_put(entries, '\\') || !entry_put(entries, *entries->at++)) {
		entry_why(entries, why, "the entry is too long");
		return FAILED;
	}
	return WENT_ON;
}

static enum outcome
quoted_take(struct zone_entries *entries, struct why *why)
{
	bool fits = entry_put(entries, '"');

	while (fits) {
		uint8_t octet;

		if (entries->at == entries->end || entries->at[0] == '\n') {
			entry_why(entries, why, "a quotation mark without its other");
			return FAILED;
		}
		octet = *entries->at++;
		if (octet == '\\') {
			if (escape_take(entries, why) == FAILED)
				return FAILED;
			continue;
		}
		fits = octet != '\0' && entry_put(entries, octet);
		if (octet == '"' && fits)
			return WENT_ON;
	}
	entry_why(entries, why, "the entry is too long, or holds a zero octet");
	return FAILED;
}

static void
comment_skip(struct zone_entries *entries)
{
	while (entries->at < entries->end && entries->at[0] != '\n')
		entries->at++;
}

static enum outcome
blank_take(struct zone_entries *entries)
{
	entries->is_blank = true;
	return WENT_ON;
}

static enum outcome
octet_take(struct zone_entries *entries, unsigned int *depth, struct why *why)
{
	uint8_t octet = *entries->at++;

	switch (octet) {
	case '\0':
		entry_why(entries, why, "a zero octet");
		return FAILED;
	case '\n':
		if (*depth == 0)
			return ENDED;
		entries->line++;
		return blank_take(entries);
	case ' ':
	case '\t':
	case '\r':
		return blank_take(entries);
	case ';':
		comment_skip(entries);
		return WENT_ON;
	case '(':
		++*depth;
		return blank_take(entries);
	case ')':
		if (*depth == 0) {
			entry_why(entries, why, "a closing parenthesis without an opening one");
			return FAILED;
		}
		--*depth;
		return blank_take(entries);
	case '"':
		return quoted_take(entries, why);
	case '\\':
		return escape_take(entries, why);
	}
	if (entry_put(entries, octet))
		return WENT_ON;
	entry_why(entries, why, "the entry is too long");
	return FAILED;
}

/* One entry, perhaps an empty one. */
static int
entry_take(struct zone_entries *entries, struct why *why)
{
	enum outcome outcome = WENT_ON;
	unsigned int depth = 0;
	uint32_t first = entries->line;

	entries->length = 0;
	entries->is_blank = false;
	entries->is_indented = entries->at[0] == ' ' || entries->at[0] == '\t';
	while (outcome == WENT_ON && entries->at < entries->end)
		outcome = octet_take(entries, &depth, why);
	if (outcome == FAILED)
		return -EINVAL;
	if (depth) {
		entries->line = first;
		return entry_why(entries, why, "a parenthesis that is never closed");
	}
	entries->text[entries->length] = '\0';
	entries->first_line = first;
	entries->line++;
	return 0;
}

int
zone_entry_next(struct zone_entries *entries, struct why *why)
{
	while (entries->at < entries->end) {
		int rc = entry_take(entries, why);

		if (rc < 0)
			return rc;
		if (entries->length)
			return 1;
	}
	return 0;
}
