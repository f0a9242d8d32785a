/* SPDX-License-Identifier: BSD-3-Clause */
/* Events, a line each as in a log: to be searched, not to be looked at in 80 columns. */
#include <stdio.h>
#include <time.h>

#include "print.h"

static void
event_print(const json_t *event)
{
	time_t at = (time_t)number_of(event, "at");
	struct tm tm;
	char when[32] = "?";

	if (gmtime_r(&at, &tm))
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
	printf("%s.%03lldZ %s %s ", when, (long long)number_of(event, "milliseconds"),
		text_of(event, "level"), text_of(event, "event"));
	for (const char *c = text_of(event, "text"); *c; c++)
		putchar((unsigned char)*c < 0x20 || *c == 0x7f ? '?' : *c);
	putchar('\n');
}

void
print_events(const json_t *reply)
{
	const json_t *event;
	size_t i;

	json_array_foreach(json_object_get(reply, "events"), i, event) event_print(event);
}

void
print_configuration(const json_t *reply)
{
	fputs(text_of(reply, "yaml"), stdout);
}
