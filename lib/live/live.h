/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A node at a glance: rates out of two replies of its control socket, and a screen of characters
 * that shows them. Nothing here asks, waits or prints: a program does that (app/mangrovectl).
 */
#ifndef LIVE_LIVE_H
#define LIVE_LIVE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* ---- figures ---- */

/** What is shown of a reply to "stats": one table for each metric. */
enum live_which {
	LIVE_QUERIES, /* rows by transport and family: "udp ipv4" */
	LIVE_REPLIES,
	LIVE_TRUNCATED,
	LIVE_FLAGS,
	LIVE_RCODES,
	LIVE_QTYPES,
	LIVE_DROPS,
	LIVE_ACTIONS,
	LIVE_QUERY_OCTETS, /* sums of histograms, rows by transport */
	LIVE_REPLY_OCTETS,
	LIVE_TABLES
};

enum { LIVE_ROWS_MAX = 320, LIVE_NAME_SIZE = 48 };

struct live_row {
	char name[LIVE_NAME_SIZE];
	uint64_t total;
	double rate; /* a second; by live_rates() */
};

struct live_table {
	unsigned int count;
	struct live_row rows[LIVE_ROWS_MAX];
};

/** What a node had counted at one time, and the rates since an earlier one. */
struct live_figures {
	double at;	/* seconds of a clock that nobody sets */
	int64_t pid;	/* of "status": another one counts from zero */
	double seconds; /* that the rates are of; 0: there are none yet */
	struct live_table tables[LIVE_TABLES];
};

/**
 * Read replies of "stats" and "status".
 *
 * @param stats, status  NULL: there was none, and all is zero
 */
void live_read(struct live_figures *figures, const json_t *stats, const json_t *status, double at);

/** Fill in rates. @param before  an earlier reading; of another process: there are no rates */
void live_rates(struct live_figures *now, const struct live_figures *before);

/** Sum of a table's rates, and of its totals. */
double live_rate(const struct live_figures *figures, enum live_which which);
uint64_t live_total(const struct live_figures *figures, enum live_which which);

/** The row of a name. @return NULL: there is none */
const struct live_row *live_row(
	const struct live_figures *figures, enum live_which which, const char *name);

enum live_sort { LIVE_BY_RATE, LIVE_BY_TOTAL, LIVE_BY_NAME, LIVE_SORTS };
extern const char *const live_sort_names[LIVE_SORTS];

/** Sort a table's rows; equal ones by name. */
void live_sort(struct live_table *table, enum live_sort sort);

/* ---- heat ---- */

/** Queries for what does not exist, by gap in canonical order: of one zone of "heat". */
struct live_heat {
	const char *zone;
	unsigned int count;
	const char **names; /* lent by the reply: before the gap */
	double *rates;
};

/**
 * The heat of a zone between two replies.
 *
 * @param before  NULL, or of another process: what was counted in all, as if in one second
 * @param index   of the zone, modulo how many there are
 * @return false: there is none, or no memory; else live_heat_free()
 */
bool live_heat_make(struct live_heat *heat, const json_t *now, const json_t *before,
	unsigned int index, double seconds);
void live_heat_free(struct live_heat *heat);

enum { LIVE_LEVELS = 10 };

/**
 * Squeeze all gaps into `width` places, each the sum of its neighbourhood, in levels 0 (nothing) to
 * LIVE_LEVELS - 1 (the hottest) of a logarithmic scale.
 *
 * @return the rate of the hottest place
 */
double live_heat_levels(const struct live_heat *heat, unsigned int width, uint8_t *levels);

/* ---- the screen ---- */

enum live_style {
	LIVE_PLAIN,
	LIVE_BOLD,
	LIVE_DIM,
	LIVE_TITLE, /* of the screen */
	LIVE_HEAD,  /* of a table */
	LIVE_GOOD,
	LIVE_WARN,
	LIVE_BAD,
	LIVE_HEAT, /* and LIVE_LEVELS - 1 more */
	LIVE_STYLES = LIVE_HEAT + LIVE_LEVELS
};

enum { LIVE_WIDTH_MAX = 512, LIVE_HEIGHT_MAX = 256 };

/** Characters of ASCII, each with a style; what one says by colour it says by its form, too. */
struct live_canvas {
	unsigned int width, height;
	char *text;	/* rows of `width` */
	uint8_t *style; /* the same */
};

/** @param width, height  made fit 1 and LIVE_*_MAX. @return false: no memory */
bool live_canvas_make(struct live_canvas *canvas, unsigned int width, unsigned int height);
void live_canvas_free(struct live_canvas *canvas);

/** A row as text without the blanks at its end. @param text  of width + 1 */
void live_canvas_row(const struct live_canvas *canvas, unsigned int row, char *text);

struct live_view {
	const json_t *status, *health, *zones, *flood; /* replies; NULL: there is none */
	struct live_figures *figures;		       /* its tables are sorted */
	const struct live_heat *heat;		       /* NULL: none */
	enum live_sort sort;
	bool paused, help;
	const char *trouble; /* why there is nothing new; NULL: there is */
	int64_t now;	     /* seconds since 1970 */
	const char *keys;    /* the last row; NULL: not needed */
};

/** Draw a screen; what does not fit is left out, the least important first. */
void live_draw(const struct live_view *view, struct live_canvas *canvas);

/* ---- numbers in few characters ---- */

enum { LIVE_TEXT_SIZE = 32 };

/** "0.4", "12.3", "1,234,567"; above: "12.3 G". @return text */
char *live_number_text(double number, char text[static LIVE_TEXT_SIZE]);

/** "3 d 4 h", "5 min"; negative: 0. @return text */
char *live_span_text(int64_t seconds, char text[static LIVE_TEXT_SIZE]);

#endif
