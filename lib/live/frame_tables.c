/* SPDX-License-Identifier: BSD-3-Clause */
/* RCODEs, QTYPEs and drops, side by side. */
#include <stdio.h>
#include <string.h>

#include "live/live_priv.h"

enum { GAP = 2 };

static const struct {
	enum live_which which;
	const char *head;
} columns[] = {
	{LIVE_RCODES, "RCODE"},
	{LIVE_QTYPES, "QTYPE"},
	{LIVE_DROPS, "dropped"},
};
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static void
row_draw(struct live_canvas *canvas, unsigned int row, unsigned int left, unsigned int width,
	const struct live_row *r, bool by_total)
{
	char number[LIVE_TEXT_SIZE];

	live_number_text(by_total ? (double)r->total : r->rate, number);
	if (width > strlen(number) + 1)
		live_put(canvas, row, left, LIVE_PLAIN, "%.*s", (int)(width - strlen(number) - 1),
			r->name);
	live_put_right(canvas, row, left + width, LIVE_PLAIN, number);
}

static void
table_draw(const struct live_view *view, struct live_canvas *canvas, unsigned int row,
	unsigned int left, unsigned int width, unsigned int row_count, unsigned int which)
{
	struct live_table *table = &view->figures->tables[columns[which].which];
	bool by_total = view->sort == LIVE_BY_TOTAL;
	unsigned int shown = 0, rest = 0;

	live_paint(canvas, row, left, width, LIVE_HEAD);
	live_put(canvas, row, left, LIVE_HEAD, "%s", columns[which].head);
	live_put_right(canvas, row, left + width, LIVE_HEAD, by_total ? "total" : "/s");
	live_sort(table, view->sort);
	for (unsigned int i = 0; i < table->count; i++) {
		if (table->rows[i].total == 0)
			continue;
		if (shown < row_count)
			row_draw(canvas, row + 1 + shown++, left, width, &table->rows[i], by_total);
		else
			rest++;
	}
	if (rest)
		live_put(canvas, row, left + (unsigned int)strlen(columns[which].head) + 1,
			LIVE_HEAD, "(+%u)", rest);
	if (shown == 0)
		live_put(canvas, row + 1, left, LIVE_DIM, "none");
}

/* Rows that the longest table needs, so that none are left empty. */
static unsigned int
rows_needed(const struct live_view *view)
{
	unsigned int most = 1;

	for (unsigned int i = 0; i < COLUMNS; i++) {
		const struct live_table *table = &view->figures->tables[columns[i].which];
		unsigned int count = 0;

		for (unsigned int k = 0; k < table->count; k++)
			count += table->rows[k].total != 0;
		most = count > most ? count : most;
	}
	return most;
}

unsigned int
live_tables_draw(const struct live_view *view, struct live_canvas *canvas, unsigned int row,
	unsigned int row_count)
{
	unsigned int width = (canvas->width + GAP) / COLUMNS;

	unsigned int needed = rows_needed(view);

	width = width > GAP ? width - GAP : 1;
	row_count = needed < row_count ? needed : row_count;
	for (unsigned int i = 0; i < COLUMNS; i++)
		table_draw(view, canvas, row, i * (width + GAP), width, row_count, i);
	return row + 1 + row_count;
}
