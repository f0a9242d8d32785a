/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "event/event.h"

enum { DOCUMENT_MAX = 1 << 20, TOLD_MAX = 4 * EVENT_KEPT };

Test(event_table, has_each_name_and_number_once)
{
	for (unsigned int i = 0; i < EVENTS; i++) {
		cr_expect_gt(strlen(event_kinds[i].what), 0);
		for (unsigned int j = 0; j < i; j++) {
			cr_expect_str_neq(event_kinds[i].name, event_kinds[j].name);
			cr_expect_neq(event_kinds[i].number, event_kinds[j].number, "%s and %s",
				event_kinds[i].name, event_kinds[j].name);
		}
	}
}

Test(event_table, stands_in_the_manual_line_by_line)
{
	unsigned int lines = 0;
	uint8_t *text;
	size_t size;
	char *manual, *at;

	cr_assert_eq(file_read("docs/operations.md", DOCUMENT_MAX, &text, &size, NULL), 0);
	manual = (char *)text;
	at = strstr(manual, "| event | level | number | |\n");
	cr_assert_not_null(at, "no table of events");
	for (at = strchr(at, '\n') + 1; *at == '|'; at = strchr(at, '\n') + 1)
		lines++;
	cr_expect_eq(lines, EVENTS + 1, "%u lines of %u events and a rule", lines, EVENTS);
	for (unsigned int i = 0; i < EVENTS; i++) {
		char line[256];

		snprintf(line, sizeof(line), "\n| `%s` | %s | `%04x` | %s |\n", event_kinds[i].name,
			event_level_name(event_kinds[i].level), event_kinds[i].number,
			event_kinds[i].what);
		cr_expect_not_null(strstr(manual, line), "the manual lacks:%s", line);
	}
	free(text);
}

Test(event_table, makes_identifiers_that_journald_takes)
{
	char id[EVENT_ID_SIZE];

	event_id(EVENT_FLOOD_BEGUN, id);
	cr_expect_eq(strlen(id), 32);
	cr_expect_eq(strspn(id, "0123456789abcdef"), 32);
	cr_expect_str_eq(id + 28, "0050");
}

/* ---- what is kept ---- */

struct told {
	unsigned int count;
	struct event_note notes[TOLD_MAX];
	char texts[TOLD_MAX][16];
};

static void
told_add(void *context, const struct event_note *note)
{
	struct told *told = context;

	cr_assert_lt(told->count, TOLD_MAX);
	snprintf(told->texts[told->count], sizeof(told->texts[0]), "%.15s", note->text);
	told->notes[told->count++] = *note;
}

static struct told
tell(const struct event_log *log)
{
	struct told told = {.count = 0};

	cr_assert_eq(event_log_tell(log, told_add, &told), 0);
	return told;
}

Test(event_log, tells_what_happened_in_order_over_all_kinds)
{
	struct event_log *log = event_log_new();
	struct told told;

	cr_expect(event_log_note(log, EVENT_READY, 1000, 0, "first"));
	cr_expect(event_log_note(log, EVENT_FLOOD_BEGUN, 2000, 1, "second"));
	/* the clock was set back: the order stays */
	cr_expect(event_log_note(log, EVENT_READY, 500, 2, "third"));
	told = tell(log);
	cr_assert_eq(told.count, 3);
	cr_expect_str_eq(told.texts[0], "first");
	cr_expect_str_eq(told.texts[1], "second");
	cr_expect_str_eq(told.texts[2], "third");
	cr_expect_eq(told.notes[1].event, EVENT_FLOOD_BEGUN);
	cr_expect_eq(told.notes[1].at_ms, 2000);
	event_log_free(log);
}

Test(event_log, keeps_the_last_of_each_kind_whatever_repeats_itself)
{
	struct event_log *log = event_log_new();
	char text[16];
	struct told told;

	event_log_note(log, EVENT_FLOOD_BEGUN, 0, 0, "flood");
	for (int i = 0; i <= EVENT_KEPT; i++) {
		snprintf(text, sizeof(text), "%d", i);
		cr_expect(event_log_note(log, EVENT_NOTIFIED, 0, 0, text));
	}
	told = tell(log);
	cr_assert_eq(told.count, EVENT_KEPT + 1);
	cr_expect_str_eq(told.texts[0], "flood");
	cr_expect_str_eq(told.texts[1], "1", "the oldest went");
	event_log_free(log);
}

Test(event_log, keeps_no_more_of_a_line_than_it_says)
{
	static char text[EVENT_TEXT_MAX + 2];
	struct event_log *log = event_log_new();
	struct told told;

	memset(text, 'x', EVENT_TEXT_MAX + 1);
	event_log_note(log, EVENT_AUDIT_DIFFERENCE, 0, 0, text);
	told = tell(log);
	cr_expect_eq(strlen(told.notes[0].text), EVENT_TEXT_MAX);
	event_log_free(log);
}

/* ---- what repeats itself ---- */

Test(event_log, leaves_out_what_repeats_itself_and_counts_it)
{
	struct event_log *log = event_log_new();
	enum event event = EVENT_READY;

	for (unsigned int i = 0; i < EVENT_BURST; i++)
		cr_expect(event_log_note(log, EVENT_NOTIFIED, 0, 10, "again"), "%u", i);
	for (unsigned int i = 0; i < 7; i++)
		cr_expect_not(event_log_note(log, EVENT_NOTIFIED, 0, 20, "again"));
	cr_expect(event_log_note(log, EVENT_SHEDDING, 0, 20, "another kind"), "others go through");
	cr_expect_eq(event_log_left_out(log, 10 + EVENT_WINDOW_MS - 1, &event), 0, "not over yet");
	cr_expect_eq(event_log_left_out(log, 10 + EVENT_WINDOW_MS, &event), 7);
	cr_expect_eq(event, EVENT_NOTIFIED);
	cr_expect_eq(event_log_left_out(log, 10 + EVENT_WINDOW_MS, &event), 0, "told once");
	cr_expect(event_log_note(log, EVENT_NOTIFIED, 0, 10 + EVENT_WINDOW_MS, "a new window"));
	event_log_free(log);
}

Test(event_log, never_loses_count_of_what_was_left_out)
{
	struct event_log *log = event_log_new();
	uint64_t passed = 0, told = 0;
	enum event event;

	/* one each 100 ms, and a look each second, over ten windows */
	for (int64_t ms = 0; ms < 10 * EVENT_WINDOW_MS; ms += 100) {
		if (ms % 1000 == 0)
			told += event_log_left_out(log, ms, &event);
		passed += event_log_note(log, EVENT_NOTIFIED, ms, ms, "again");
	}
	told += event_log_left_out(log, 20 * EVENT_WINDOW_MS, &event);
	cr_expect_eq(passed, 10 * EVENT_BURST, "%zu went through", (size_t)passed);
	cr_expect_eq(passed + told, 10 * EVENT_WINDOW_MS / 100);
	event_log_free(log);
}

Test(event_log, lets_through_what_is_rare_for_ever)
{
	struct event_log *log = event_log_new();
	enum event event;

	for (int64_t ms = 0; ms < 1000 * EVENT_WINDOW_MS; ms += EVENT_WINDOW_MS / EVENT_BURST)
		cr_assert(event_log_note(log, EVENT_COMMAND, ms, ms, "rare"));
	cr_expect_eq(event_log_left_out(log, 2000 * EVENT_WINDOW_MS, &event), 0);
	event_log_free(log);
}
