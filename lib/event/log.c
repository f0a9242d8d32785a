/* SPDX-License-Identifier: BSD-3-Clause */
/* What repeats itself drives out nothing but its own kind: each has a ring of its own. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "event/event.h"

struct kind {
	struct event_note kept[EVENT_KEPT];
	uint64_t count; /* ever kept */
	/* the window that runs, if there is one */
	bool is_open;
	int64_t opened_ms;
	unsigned int passed;
	uint64_t left_out;
};

struct event_log {
	uint64_t sequence;
	struct kind kinds[EVENTS];
};

struct event_log *
event_log_new(void)
{
	return calloc(1, sizeof(struct event_log));
}

void
event_log_free(struct event_log *log)
{
	if (!log)
		return;
	for (unsigned int event = 0; event < EVENTS; event++)
		for (unsigned int i = 0; i < EVENT_KEPT; i++)
			free(log->kinds[event].kept[i].text);
	free(log);
}

/* Without memory the event is only written. */
static void
keep(struct event_log *log, enum event event, int64_t at_ms, const char *text)
{
	struct kind *kind = &log->kinds[event];
	struct event_note *note = &kind->kept[kind->count % EVENT_KEPT];
	char *copy = strndup(text, EVENT_TEXT_MAX);

	if (!copy)
		return;
	free(note->text);
	*note = (struct event_note){log->sequence++, at_ms, event, copy};
	kind->count++;
}

bool
event_log_note(
	struct event_log *log, enum event event, int64_t at_ms, int64_t now_ms, const char *text)
{
	struct kind *kind = &log->kinds[event];

	/* one with something left out stays until that is told */
	if (kind->is_open && !kind->left_out && now_ms - kind->opened_ms >= EVENT_WINDOW_MS)
		kind->is_open = false;
	if (!kind->is_open) {
		kind->is_open = true;
		kind->opened_ms = now_ms;
		kind->passed = 0;
	}
	if (kind->passed == EVENT_BURST) {
		kind->left_out++;
		return false;
	}
	kind->passed++;
	keep(log, event, at_ms, text);
	return true;
}

uint64_t
event_log_left_out(struct event_log *log, int64_t now_ms, enum event *event)
{
	for (unsigned int i = 0; i < EVENTS; i++) {
		struct kind *kind = &log->kinds[i];
		uint64_t left_out = kind->left_out;

		if (!left_out || now_ms - kind->opened_ms < EVENT_WINDOW_MS)
			continue;
		kind->left_out = 0;
		kind->is_open = false;
		*event = (enum event)i;
		return left_out;
	}
	return 0;
}

static int
note_compare(const void *a, const void *b)
{
	const struct event_note *first = a, *second = b;

	return (first->sequence > second->sequence) - (first->sequence < second->sequence);
}

int
event_log_tell(const struct event_log *log,
	void (*tell)(void *context, const struct event_note *note), void *context)
{
	struct event_note *all = calloc((size_t)EVENTS * EVENT_KEPT, sizeof(*all));
	size_t count = 0;

	if (!all)
		return -ENOMEM;
	for (unsigned int event = 0; event < EVENTS; event++)
		for (unsigned int i = 0; i < EVENT_KEPT; i++)
			if (log->kinds[event].kept[i].text)
				all[count++] = log->kinds[event].kept[i];
	qsort(all, count, sizeof(*all), note_compare);
	for (size_t i = 0; i < count; i++)
		tell(context, &all[i]);
	free(all);
	return 0;
}
