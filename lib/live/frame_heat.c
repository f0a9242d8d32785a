/* SPDX-License-Identifier: BSD-3-Clause */
/* The name space as a strip, its hottest gaps, and who asks most. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "live/live_priv.h"

enum { GAP = 2, HOT_MAX = 64 };

static const char ramp[LIVE_LEVELS + 1] = " .:-=+*#%@";

/* ---- the strip ---- */

/* Names below the strip, at their places, as many as have room. */
static void
axis_draw(const struct live_heat *heat, struct live_canvas *canvas, unsigned int row)
{
	unsigned int width = canvas->width;

	for (unsigned int column = 0; column < width;) {
		unsigned int index = (unsigned int)((uint64_t)column * heat->count / width);
		size_t length = strlen(heat->names[index]);

		if (column + length + 1 > width)
			break;
		live_put(canvas, row, column, LIVE_DIM, "|%s", heat->names[index]);
		column += length < 11 ? 16 : (unsigned int)length + 4;
	}
}

unsigned int
live_heat_draw(const struct live_view *view, struct live_canvas *canvas, unsigned int row)
{
	const struct live_heat *heat = view->heat;
	uint8_t levels[LIVE_WIDTH_MAX];
	char most[LIVE_TEXT_SIZE];

	if (!heat || heat->count == 0)
		return row;
	live_number_text(live_heat_levels(heat, canvas->width, levels), most);
	live_paint(canvas, row, 0, canvas->width, LIVE_HEAD);
	live_put(canvas, row, 0, LIVE_HEAD, "gaps of %.32s  %u NSEC ranges in canonical order",
		heat->zone, heat->count);
	if (canvas->width >= 72) {
		char scale[LIVE_TEXT_SIZE + 8];

		snprintf(scale, sizeof(scale), "@ = %s/s", most);
		live_put_right(canvas, row, canvas->width, LIVE_HEAD, scale);
	}
	for (unsigned int i = 0; i < canvas->width; i++)
		live_put(canvas, row + 1, i, LIVE_HEAT + levels[i], "%c", ramp[levels[i]]);
	axis_draw(heat, canvas, row + 2);
	return row + 3;
}

/* ---- the hottest ---- */

struct hot {
	const char *name;
	double rate;
};

static unsigned int
hottest_find(const struct live_heat *heat, struct hot hottest[static HOT_MAX], unsigned int most)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < heat->count; i++) {
		unsigned int at = count < most ? count : most;

		if (heat->rates[i] <= 0)
			continue;
		for (; at > 0 && hottest[at - 1].rate < heat->rates[i]; at--)
			if (at < most)
				hottest[at] = hottest[at - 1];
		if (at < most)
			hottest[at] = (struct hot){heat->names[i], heat->rates[i]};
		count += count < most;
	}
	return count;
}

static void
gaps_draw(const struct live_heat *heat, struct live_canvas *canvas, unsigned int row,
	unsigned int width, unsigned int row_count)
{
	struct hot hottest[HOT_MAX];
	unsigned int most = row_count < HOT_MAX ? row_count : HOT_MAX, count;
	char number[LIVE_TEXT_SIZE];

	live_paint(canvas, row, 0, width, LIVE_HEAD);
	live_put(canvas, row, 0, LIVE_HEAD, "hottest gaps, behind");
	live_put_right(canvas, row, width, LIVE_HEAD, "/s");
	count = hottest_find(heat, hottest, most);
	for (unsigned int i = 0; i < count; i++) {
		live_put(canvas, row + 1 + i, 0, LIVE_PLAIN, "%.*s", (int)width - 12,
			hottest[i].name);
		live_put_right(canvas, row + 1 + i, width, LIVE_PLAIN,
			live_number_text(hottest[i].rate, number));
	}
	if (count == 0)
		live_put(canvas, row + 1, 0, LIVE_DIM, "none");
}

/* What limits did, where nobody stands out. */
static void
actions_draw(const struct live_view *view, struct live_canvas *canvas, unsigned int row,
	unsigned int left, unsigned int width, unsigned int row_count)
{
	const struct live_table *table = &view->figures->tables[LIVE_ACTIONS];
	unsigned int shown = 0;
	char number[LIVE_TEXT_SIZE];

	live_paint(canvas, row, left, width, LIVE_HEAD);
	live_put(canvas, row, left, LIVE_HEAD, "what limits did");
	live_put_right(canvas, row, left + width, LIVE_HEAD, "/s");
	for (unsigned int i = 0; i < table->count && shown < row_count; i++) {
		live_put(canvas, row + 1 + shown, left, LIVE_PLAIN, "%s", table->rows[i].name);
		live_put_right(canvas, row + 1 + shown++, left + width, LIVE_PLAIN,
			live_number_text(table->rows[i].rate, number));
	}
}

/* The heaviest of a kind that a reply of "flood" lists. @return the row behind them */
static unsigned int
heaviest_draw(struct live_canvas *canvas, unsigned int row, unsigned int left, unsigned int width,
	unsigned int row_count, const json_t *all, const char *key, const char *heading)
{
	enum { SHARE = 9 }; /* columns of " refused", and those of the share before it */
	const json_t *one;
	char text[LIVE_TEXT_SIZE];
	size_t i;

	if (row_count < 2 || width < 3 * SHARE)
		return row;
	live_paint(canvas, row, left, width, LIVE_HEAD);
	live_put(canvas, row, left, LIVE_HEAD, "%s", heading);
	live_put_right(canvas, row, left + width - SHARE, LIVE_HEAD, "share");
	live_put_right(canvas, row++, left + width, LIVE_HEAD, "refused");
	json_array_foreach(all, i, one)
	{
		if (i + 1 >= row_count)
			break;
		live_put(canvas, row, left, LIVE_PLAIN, "%.*s", (int)(width - 2 * SHARE),
			live_string(one, key));
		snprintf(text, sizeof(text), "%.1f%%",
			100 * json_number_value(json_object_get(one, "share")));
		live_put_right(canvas, row, left + width - SHARE, LIVE_PLAIN, text);
		snprintf(text, sizeof(text), "%.0f%%",
			100 * json_number_value(json_object_get(one, "refused")));
		live_put_right(canvas, row++, left + width, LIVE_PLAIN, text);
	}
	return row;
}

/* Who asks most, and for names of which shape: prefixes get half of the room, and what is over. */
static void
askers_draw(const struct live_view *view, struct live_canvas *canvas, unsigned int row,
	unsigned int left, unsigned int width, unsigned int row_count)
{
	const json_t *prefixes = json_object_get(view->flood, "prefixes");
	const json_t *shapes = json_object_get(view->flood, "shapes");
	unsigned int wanted = 1 + (unsigned int)json_array_size(shapes);
	unsigned int others = wanted < row_count / 2 ? wanted : row_count / 2;
	unsigned int next = heaviest_draw(
		canvas, row, left, width, row_count - others, prefixes, "prefix", "top prefixes");

	heaviest_draw(canvas, next, left, width, row + row_count - next, shapes, "shape",
		"shapes of names");
}

unsigned int
live_hot_draw(const struct live_view *view, struct live_canvas *canvas, unsigned int row,
	unsigned int row_count)
{
	unsigned int width = canvas->width > GAP ? (canvas->width - GAP) / 2 : 1;

	if (row_count < 2)
		return row;
	if (view->heat)
		gaps_draw(view->heat, canvas, row, width, row_count - 1);
	if (json_array_size(json_object_get(view->flood, "prefixes")))
		askers_draw(view, canvas, row, width + GAP, width, row_count);
	else
		actions_draw(view, canvas, row, width + GAP, width, row_count - 1);
	return row + row_count;
}
