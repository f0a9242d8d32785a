/* SPDX-License-Identifier: BSD-3-Clause */
/** Live views: a screen that renews itself, and the same once as text. */
#ifndef MANGROVECTL_TOP_H
#define MANGROVECTL_TOP_H

#include "reading.h"

/**
 * Show a server until somebody presses q.
 *
 * @param once  one frame of two readings, as plain text
 * @return 0; 1: the terminal cannot; -errno: the server cannot be reached
 */
int top_run(const struct ask *ask, bool once, struct why *why);

/* ---- the terminal (top_screen.c) ---- */

/** @return false: it cannot place its cursor, or is none; `why` says so */
bool screen_open(struct why *why);
void screen_close(void);
void screen_size(unsigned int *width, unsigned int *height);
void screen_show(const struct live_canvas *canvas);

enum screen_event {
	SCREEN_TIME,
	SCREEN_RESIZED,
	SCREEN_QUIT,
	SCREEN_PAUSE,
	SCREEN_SORT,
	SCREEN_ZONE,
	SCREEN_HELP,
	SCREEN_OTHER
};

/** Wait for a key, or until some milliseconds have passed. */
enum screen_event screen_wait(int ms);

#endif
