/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LIVE_LIVE_PRIV_H
#define LIVE_LIVE_PRIV_H

#include "live/live.h"

/** Part of a row. Text that does not fit is cut; what is no ASCII becomes "?". */
void live_put(struct live_canvas *canvas, unsigned int row, unsigned int column,
	enum live_style style, const char *format, ...) __attribute__((format(printf, 5, 6)));

/** The same of a text as it is. */
void live_text(struct live_canvas *canvas, unsigned int row, unsigned int column,
	enum live_style style, const char *text);

/** The same, its last character left of `column`. */
void live_put_right(struct live_canvas *canvas, unsigned int row, unsigned int column,
	enum live_style style, const char *text);

/** Fill a part of a row with a style. */
void live_paint(struct live_canvas *canvas, unsigned int row, unsigned int column,
	unsigned int width, enum live_style style);

/** A string of an object, or "". Lent. */
const char *live_string(const json_t *object, const char *key);

/* Each draws from a row on, and returns the row behind it. */
unsigned int live_tables_draw(const struct live_view *view, struct live_canvas *canvas,
	unsigned int row, unsigned int row_count);
unsigned int live_heat_draw(
	const struct live_view *view, struct live_canvas *canvas, unsigned int row);
unsigned int live_hot_draw(const struct live_view *view, struct live_canvas *canvas,
	unsigned int row, unsigned int row_count);

#endif
