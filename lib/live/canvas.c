/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "live/live_priv.h"

bool
live_canvas_make(struct live_canvas *canvas, unsigned int width, unsigned int height)
{
	size_t size;

	width = width < 1 ? 1 : width > LIVE_WIDTH_MAX ? LIVE_WIDTH_MAX : width;
	height = height < 1 ? 1 : height > LIVE_HEIGHT_MAX ? LIVE_HEIGHT_MAX : height;
	size = (size_t)width * height;
	*canvas = (struct live_canvas){
		.width = width, .height = height, .text = malloc(size), .style = calloc(size, 1)};
	if (!canvas->text || !canvas->style) {
		live_canvas_free(canvas);
		return false;
	}
	memset(canvas->text, ' ', size);
	return true;
}

void
live_canvas_free(struct live_canvas *canvas)
{
	free(canvas->text);
	free(canvas->style);
	*canvas = (struct live_canvas){.text = NULL};
}

void
live_canvas_row(const struct live_canvas *canvas, unsigned int row, char *text)
{
	size_t length = canvas->width;

	memcpy(text, canvas->text + (size_t)row * canvas->width, length);
	while (length && text[length - 1] == ' ')
		length--;
	text[length] = '\0';
}

void
live_text(struct live_canvas *canvas, unsigned int row, unsigned int column, enum live_style style,
	const char *text)
{
	size_t at = (size_t)row * canvas->width + column;

	if (row >= canvas->height)
		return;
	for (; *text && column < canvas->width; text++, column++, at++) {
		canvas->text[at] = '?';
		if (*text >= 0x20 && *text < 0x7f)
			canvas->text[at] = *text;
		canvas->style[at] = (uint8_t)style;
	}
}

void
live_put(struct live_canvas *canvas, unsigned int row, unsigned int column, enum live_style style,
	const char *format, ...)
{
	char text[LIVE_WIDTH_MAX + 1];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	live_text(canvas, row, column, style, text);
}

void
live_put_right(struct live_canvas *canvas, unsigned int row, unsigned int column,
	enum live_style style, const char *text)
{
	size_t length = strlen(text);

	live_text(canvas, row, column > length ? column - (unsigned int)length : 0, style, text);
}

void
live_paint(struct live_canvas *canvas, unsigned int row, unsigned int column, unsigned int width,
	enum live_style style)
{
	for (unsigned int i = column; i < column + width && i < canvas->width; i++)
		if (row < canvas->height)
			canvas->style[(size_t)row * canvas->width + i] = (uint8_t)style;
}

/* ---- numbers ---- */

char *
live_number_text(double number, char text[static LIVE_TEXT_SIZE])
{
	char digits[LIVE_TEXT_SIZE];
	size_t length, used = 0;

	if (number >= 1e10) {
		snprintf(text, LIVE_TEXT_SIZE, "%.3g %c", number / (number < 1e12 ? 1e9 : 1e12),
			number < 1e12 ? 'G' : 'T');
		return text;
	}
	/* a tenth is of interest only where there is little, and it is no whole number */
	if (number < 99.95) {
		snprintf(text, LIVE_TEXT_SIZE, number == floor(number) ? "%.0f" : "%.1f", number);
		return text;
	}
	snprintf(digits, sizeof(digits), "%.0f", number);
	length = strlen(digits);
	for (size_t i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			text[used++] = ',';
		text[used++] = digits[i];
	}
	text[used] = '\0';
	return text;
}

char *
live_span_text(int64_t seconds, char text[static LIVE_TEXT_SIZE])
{
	static const struct {
		const char *name;
		int64_t seconds;
	} units[] = {{"y", 31536000}, {"d", 86400}, {"h", 3600}, {"min", 60}, {"s", 1}};
	enum { UNITS = sizeof(units) / sizeof(units[0]) };
	unsigned int i = 0;
	int64_t rest;

	seconds = seconds < 0 ? 0 : seconds;
	while (i < UNITS - 1 && seconds < units[i].seconds)
		i++;
	rest = i < UNITS - 2 ? seconds % units[i].seconds / units[i + 1].seconds : 0;
	if (rest)
		snprintf(text, LIVE_TEXT_SIZE, "%lld %s %lld %s",
			(long long)(seconds / units[i].seconds), units[i].name, (long long)rest,
			units[i + 1].name);
	else
		snprintf(text, LIVE_TEXT_SIZE, "%lld %s", (long long)(seconds / units[i].seconds),
			units[i].name);
	return text;
}
