/* SPDX-License-Identifier: BSD-3-Clause */
/* Replies for people: lines of at most 80 columns, names and words that are longer apart. */
#ifndef MANGROVECTL_PRINT_H
#define MANGROVECTL_PRINT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/** How a reply is shown; it has "ok": true, and is shown as docs/control.md describes it. */
typedef void print_reply(const json_t *reply);

print_reply print_flood, print_filter, print_filters;
print_reply print_rssac047, print_events, print_configuration;
print_reply print_health, print_families, print_stats, print_heat, print_observe;
print_reply print_zone_status, print_zone_outcome, print_zone_reload, print_zone_frozen;
print_reply print_zone_history, print_zone_diff, print_zone_rollback;

struct ask;

/** The whole of a server on one screen: asks for what `status` does not say, takes a moment. */
void print_status(const json_t *status, const struct ask *ask);

/* ---- what they are made of ---- */

/** A string of an object, "?" if there is none. Lent. */
const char *text_of(const json_t *object, const char *key);

int64_t number_of(const json_t *object, const char *key);

/**
 * A heading and words behind it, continued on lines indented as far as `indent`. What a terminal
 * could take for a command becomes "?".
 */
void words_print(const char *heading, unsigned int indent, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** The same of a text, to a stream. */
void words_put(FILE *to, const char *heading, unsigned int indent, const char *text);

enum { TIME_TEXT_SIZE = 112 };

/** "2026-08-01 16:00:00 UTC", or "-" if the key has no time. @return text */
const char *time_text(const json_t *object, const char *key, char text[static TIME_TEXT_SIZE]);

/** time_text() and how far that is from now: "…, 5 min ago", "…, in 3 d 4 h". @return text */
const char *when_text(const json_t *object, const char *key, char text[static TIME_TEXT_SIZE]);

#endif
