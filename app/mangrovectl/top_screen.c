/* SPDX-License-Identifier: BSD-3-Clause */
/* The terminal, by ncurses. */
#include <curses.h>
#include <errno.h>
#include <stdlib.h>
#include <term.h>
#include <unistd.h>

#include "top.h"

static SCREEN *screen;

/* Viridis: rises evenly in brightness, for whoever does not see red or green, too. */
static const int viridis[LIVE_LEVELS] = {-1, 54, 61, 60, 31, 30, 36, 72, 113, 226};

static void
colours_make(void)
{
	if (!has_colors())
		return;
	start_color();
	use_default_colors();
	/* of eight colours, those that red-green blindness tells apart; words say the same */
	init_extended_pair(LIVE_GOOD, COLOR_CYAN, -1);
	init_extended_pair(LIVE_WARN, COLOR_YELLOW, -1);
	init_extended_pair(LIVE_BAD, COLOR_RED, -1);
	for (int i = 1; i < LIVE_LEVELS; i++)
		init_extended_pair(LIVE_HEAT + i,
			COLORS >= 256 ? viridis[i] : (i > 6 ? COLOR_YELLOW : COLOR_CYAN), -1);
}

bool
screen_open(struct why *why)
{
	const char *name = getenv("TERM");
	const char *place;

	if (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO)) {
		why_set(why, ENOTTY, "top: this is no terminal; \"top --once\" needs none");
		return false;
	}
	screen = newterm(NULL, stdout, stdin);
	place = screen ? tigetstr("cup") : NULL;
	if (!place || place == (const char *)-1) {
		screen_close();
		why_set(why, ENOTSUP,
			"top: a terminal of type \"%.64s\" cannot place its cursor; \"top "
			"--once\" needs none that can",
			name ? name : "");
		return false;
	}
	cbreak();
	noecho();
	keypad(stdscr, true);
	curs_set(0);
	colours_make();
	return true;
}

void
screen_close(void)
{
	if (!screen)
		return;
	endwin();
	delscreen(screen);
	screen = NULL;
}

void
screen_size(unsigned int *width, unsigned int *height)
{
	/* term.h has macros for "lines" and "columns" */
	const int down = getmaxy(stdscr), across = getmaxx(stdscr);

	*width = across > 0 ? (unsigned int)across : 1;
	*height = down > 0 ? (unsigned int)down : 1;
}

static chtype
attributes_of(enum live_style style)
{
	const chtype colour = has_colors() ? COLOR_PAIR(style) : 0;

	switch (style) {
	case LIVE_PLAIN:
		return A_NORMAL;
	case LIVE_BOLD:
		return A_BOLD;
	case LIVE_DIM:
		return A_DIM;
	case LIVE_TITLE:
		return A_REVERSE | A_BOLD;
	case LIVE_HEAD:
		return A_UNDERLINE;
	case LIVE_GOOD:
		return colour;
	case LIVE_WARN:
		return colour | A_BOLD;
	case LIVE_BAD:
		return colour | A_BOLD | A_REVERSE;
	case LIVE_HEAT:
		return A_NORMAL;
	case LIVE_STYLES:
		break;
	}
	return colour;
}

void
screen_show(const struct live_canvas *canvas)
{
	erase();
	for (unsigned int row = 0; row < canvas->height; row++)
		for (unsigned int column = 0; column < canvas->width; column++) {
			size_t at = (size_t)row * canvas->width + column;

			mvaddch((int)row, (int)column,
				(unsigned char)canvas->text[at] | attributes_of(canvas->style[at]));
		}
	refresh();
}

enum screen_event
screen_wait(int ms)
{
	timeout(ms);
	switch (getch()) {
	case ERR:
		return SCREEN_TIME;
	case KEY_RESIZE:
		/* terminals differ in what they keep */
		clearok(curscr, true);
		return SCREEN_RESIZED;
	case 'q':
	case 'Q':
		return SCREEN_QUIT;
	case 'p':
	case ' ':
		return SCREEN_PAUSE;
	case 's':
		return SCREEN_SORT;
	case 'z':
		return SCREEN_ZONE;
	case 'h':
	case '?':
		return SCREEN_HELP;
	default:
		return SCREEN_OTHER;
	}
}
