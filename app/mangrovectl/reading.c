/* SPDX-License-Identifier: BSD-3-Clause */
#include "reading.h"

#include <time.h>

/* @return 0, with or without a reply */
static int
ask_one(const struct ask *ask, const char *command, json_t **reply, struct why *why)
{
	json_t *request = json_pack("{s:s}", "command", command);
	int rc = control_ask(ask->socket, request, ask->timeout_ms, reply, why);

	json_decref(request);
	/* a server that is older or younger than we are */
	if (rc == 0 && !json_is_true(json_object_get(*reply, "ok"))) {
		json_decref(*reply);
		*reply = NULL;
	}
	return rc;
}

static double
clock_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int
reading_take(const struct ask *ask, struct reading *reading, struct why *why)
{
	struct reading taken = {.status = NULL};
	const struct {
		const char *command;
		json_t **reply;
	} all[] = {{"status", &taken.status}, {"health", &taken.health},
		{"zone status", &taken.zones}, {"stats", &taken.stats}, {"heat", &taken.heat},
		{"flood", &taken.flood}};
	double stats_at = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		int rc = ask_one(ask, all[i].command, all[i].reply, why);

		if (rc < 0) {
			reading_free(&taken);
			return rc;
		}
		if (all[i].reply == &taken.stats)
			stats_at = clock_seconds();
	}
	live_read(&taken.figures, taken.stats, taken.status, stats_at);
	*reading = taken;
	return 0;
}

void
reading_free(struct reading *reading)
{
	json_decref(reading->status);
	json_decref(reading->health);
	json_decref(reading->zones);
	json_decref(reading->stats);
	json_decref(reading->heat);
	json_decref(reading->flood);
	reading->status = reading->health = reading->zones = reading->stats = NULL;
	reading->heat = reading->flood = NULL;
}
