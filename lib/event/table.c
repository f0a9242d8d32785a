/* SPDX-License-Identifier: BSD-3-Clause */
#include "event/event.h"

#include <assert.h>
#include <stdio.h>

const struct event_kind event_kinds[EVENTS] = {
#define EVENT_KIND(number, enumerator, name, level, room, what)                                    \
	[EVENT_##enumerator] = {name, number, EVENT_##level, EVENT_##room, what},
	EVENT_TABLE(EVENT_KIND)
#undef EVENT_KIND
};

const char *
event_level_name(enum event_level level)
{
	switch (level) {
	case EVENT_ERROR:
		return "error";
	case EVENT_WARNING:
		return "warning";
	case EVENT_NOTICE:
		return "notice";
	case EVENT_INFO:
		return "info";
	}
	return "?";
}

void
event_id(enum event event, char id[static EVENT_ID_SIZE])
{
	/* random once, and Mangrove's since */
	snprintf(id, EVENT_ID_SIZE, "c2d9f0b6a7e8478d9b53f61ea40c%04x", event_kinds[event].number);
}
