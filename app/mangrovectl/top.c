/* SPDX-License-Identifier: BSD-3-Clause */
/* Readings a second apart, and what they show. */
#include "top.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { REFRESH_MS = 1000, ONCE_WIDTH = 80, ONCE_HEIGHT = 40 };

struct top {
	struct ask ask;
	struct reading readings[2];
	unsigned int newer; /* of the two */
	enum live_sort sort;
	unsigned int zone;
	bool paused, help, quit;
	int64_t taken_at, next_ms; /* 1970; clock_ms() */
	struct why trouble;	   /* text "": none */
};

/* @return 0 or -errno; then what was shown stays, and trouble says why */
static int
reading_renew(struct top *top)
{
	struct reading *older = &top->readings[!top->newer], taken;
	int rc = reading_take(&top->ask, &taken, &top->trouble);

	if (rc < 0)
		return rc;
	reading_free(older);
	*older = taken;
	top->newer = !top->newer;
	live_rates(&older->figures, &top->readings[!top->newer].figures);
	top->taken_at = time(NULL);
	top->trouble.text[0] = '\0';
	return 0;
}

static void
frame_draw(struct top *top, struct live_canvas *canvas, const char *keys)
{
	struct reading *now = &top->readings[top->newer];
	const struct reading *before = &top->readings[!top->newer];
	const bool comparable = now->figures.seconds > 0;
	struct live_heat heat;
	const bool hot = live_heat_make(&heat, now->heat, comparable ? before->heat : NULL,
		top->zone, now->figures.seconds);
	const struct live_view view = {
		.status = now->status,
		.health = now->health,
		.zones = now->zones,
		.flood = now->flood,
		.figures = &now->figures,
		.heat = hot && comparable ? &heat : NULL,
		.sort = top->sort,
		.paused = top->paused,
		.help = top->help,
		.trouble = top->trouble.text[0] ? top->trouble.text : NULL,
		.now = top->taken_at,
		.keys = keys,
	};

	live_draw(&view, canvas);
	live_heat_free(&heat);
}

/* ---- once ---- */

static unsigned int
columns_of_terminal(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col < ONCE_WIDTH)
		return ONCE_WIDTH;
	return size.ws_col;
}

static void
frame_print(const struct live_canvas *canvas)
{
	char text[LIVE_WIDTH_MAX + 1];
	unsigned int last = canvas->height;

	for (; last > 0; last--) {
		live_canvas_row(canvas, last - 1, text);
		if (text[0])
			break;
	}
	for (unsigned int row = 0; row < last; row++) {
		live_canvas_row(canvas, row, text);
		puts(text);
	}
}

static int
once(struct top *top, struct why *why)
{
	const struct timespec second = {.tv_sec = 1};
	struct live_canvas canvas;
	int rc = reading_renew(top);

	if (rc == 0) {
		nanosleep(&second, NULL);
		rc = reading_renew(top);
	}
	if (rc < 0) {
		*why = top->trouble;
		return rc;
	}
	if (!live_canvas_make(&canvas, columns_of_terminal(), ONCE_HEIGHT))
		return why_set(why, ENOMEM, "out of memory");
	frame_draw(top, &canvas, NULL);
	frame_print(&canvas);
	live_canvas_free(&canvas);
	return 0;
}

/* ---- until q ---- */

static void
show(struct top *top)
{
	struct live_canvas canvas;
	unsigned int width, height;

	screen_size(&width, &height);
	if (!live_canvas_make(&canvas, width, height))
		return;
	frame_draw(top, &canvas, "q quit  p pause  s sort  z zone  h help");
	screen_show(&canvas);
	live_canvas_free(&canvas);
}

static void
event_take(struct top *top, enum screen_event event)
{
	switch (event) {
	case SCREEN_QUIT:
		top->quit = true;
		break;
	case SCREEN_PAUSE:
		top->paused = !top->paused;
		break;
	case SCREEN_SORT:
		top->sort = (top->sort + 1) % LIVE_SORTS;
		break;
	case SCREEN_ZONE:
		top->zone++;
		break;
	case SCREEN_HELP:
		top->help = !top->help;
		break;
	case SCREEN_TIME:
	case SCREEN_RESIZED:
	case SCREEN_OTHER:
		break;
	}
}

static void
watch(struct top *top)
{
	while (!top->quit) {
		int64_t left = top->next_ms - clock_ms();

		if (left <= 0) {
			/* a server that is gone may come back: what it says meanwhile is shown */
			if (!top->paused)
				reading_renew(top);
			top->next_ms = clock_ms() + REFRESH_MS;
			left = REFRESH_MS;
		}
		show(top);
		event_take(top, screen_wait((int)left));
	}
}

int
top_run(const struct ask *ask, bool only_once, struct why *why)
{
	struct top *top = calloc(1, sizeof(*top));
	int rc;

	if (!top)
		return why_set(why, ENOMEM, "out of memory");
	top->ask = *ask;
	if (only_once) {
		rc = once(top, why);
	} else {
		/* before the terminal is taken: whom nobody answers sees that as text */
		rc = reading_renew(top);
		if (rc < 0) {
			*why = top->trouble;
		} else if (screen_open(why)) {
			top->next_ms = clock_ms() + REFRESH_MS / 4;
			watch(top);
			screen_close();
		} else {
			rc = 1;
		}
	}
	reading_free(&top->readings[0]);
	reading_free(&top->readings[1]);
	free(top);
	return rc;
}
