/* SPDX-License-Identifier: BSD-3-Clause */
#include "wire/wire.h"

#include <string.h>

static_assert(WIRE_LABEL_MAX < 'A', "folding may run over length octets");

const struct wire_name wire_name_root = {.length = 1};

/* One character of presentation form; -1 when malformed. */
static int
unescape(const char **text)
{
	const char *p = *text;
	int value;

	if (p[0] != '\\') {
		*text = p + 1;
		return (uint8_t)p[0];
	}
	if (p[1] == '\0')
		return -1;
	if (p[1] < '0' || p[1] > '9') {
		*text = p + 2;
		return (uint8_t)p[1];
	}
	value = 0;
	for (int i = 1; i <= 3; i++) {
		if (p[i] < '0' || p[i] > '9')
			return -1;
		value = value * 10 + (p[i] - '0');
	}
	*text = p + 4;
	return value <= 255 ? value : -1;
}

bool
wire_name_from_text(struct wire_name *name, const char *text)
{
	struct wire_name made = {.length = 0};

	if (strcmp(text, ".") == 0) {
		*name = wire_name_root;
		return true;
	}
	while (*text) {
		uint8_t *label_length = &made.octets[made.length];
		unsigned int length = 0;

		if (made.length >= WIRE_NAME_MAX - 1)
			return false;
		made.length++;
		while (*text && *text != '.') {
			int octet = unescape(&text);

			if (octet < 0 || length == WIRE_LABEL_MAX ||
				made.length >= WIRE_NAME_MAX - 1)
				return false;
			made.octets[made.length++] = (uint8_t)octet;
			length++;
		}
		if (length == 0)
			return false;
		*label_length = (uint8_t)length;
		made.labels++;
		if (*text == '.')
			text++;
	}
	if (made.labels == 0)
		return false;
	made.octets[made.length++] = 0;
	*name = made;
	return true;
}

static char *
escape(char *out, uint8_t octet)
{
	if (octet <= ' ' || octet >= 0x7f) {
		*out++ = '\\';
		*out++ = (char)('0' + octet / 100);
		*out++ = (char)('0' + octet / 10 % 10);
		*out++ = (char)('0' + octet % 10);
		return out;
	}
	if (strchr(".\\\"();@$", octet))
		*out++ = '\\';
	*out++ = (char)octet;
	return out;
}

char *
wire_name_to_text(const struct wire_name *name, char text[static WIRE_NAME_TEXT_MAX])
{
	char *out = text;

	if (wire_name_is_root(name))
		*out++ = '.';
	for (size_t i = 0; name->octets[i];) {
		size_t end = i + 1 + name->octets[i];

		for (i++; i < end; i++)
			out = escape(out, name->octets[i]);
		*out++ = '.';
	}
	*out = '\0';
	return text;
}

void
wire_name_fold(struct wire_name *name)
{
	for (size_t i = 0; i < name->length; i++)
		if (name->octets[i] >= 'A' && name->octets[i] <= 'Z')
			name->octets[i] |= 0x20;
}

static void
label_offsets(const struct wire_name *name, uint8_t offsets[static WIRE_LABELS_MAX])
{
	size_t offset = 0;

	for (unsigned int i = 0; i < name->labels; i++) {
		offsets[i] = (uint8_t)offset;
		offset += 1u + name->octets[offset];
	}
}

static int
label_compare(const uint8_t *a, const uint8_t *b)
{
	size_t shorter = a[0] < b[0] ? a[0] : b[0];
	int order = memcmp(a + 1, b + 1, shorter);

	return order ? order : a[0] - b[0];
}

int
wire_name_compare(const struct wire_name *a, const struct wire_name *b)
{
	uint8_t at_a[WIRE_LABELS_MAX], at_b[WIRE_LABELS_MAX];

	label_offsets(a, at_a);
	label_offsets(b, at_b);
	for (unsigned int i = 1; i <= a->labels && i <= b->labels; i++) {
		int order = label_compare(
			a->octets + at_a[a->labels - i], b->octets + at_b[b->labels - i]);

		if (order)
			return order;
	}
	return a->labels - b->labels;
}

bool
wire_name_equal(const struct wire_name *a, const struct wire_name *b)
{
	return a->length == b->length && memcmp(a->octets, b->octets, a->length) == 0;
}

size_t
wire_name_skip(const struct wire_name *name, unsigned int count)
{
	size_t offset = 0;

	while (count--)
		offset += 1u + name->octets[offset];
	return offset;
}

bool
wire_name_is_below(const struct wire_name *name, const struct wire_name *ancestor)
{
	size_t offset;

	if (name->labels < ancestor->labels)
		return false;
	offset = wire_name_skip(name, name->labels - ancestor->labels);
	return name->length - offset == ancestor->length &&
	       memcmp(name->octets + offset, ancestor->octets, ancestor->length) == 0;
}

void
wire_name_suffix(struct wire_name *suffix, const struct wire_name *name, unsigned int labels)
{
	size_t offset = wire_name_skip(name, name->labels - labels);
	struct wire_name made = {
		.length = (uint8_t)(name->length - offset), .labels = (uint8_t)labels};

	memcpy(made.octets, name->octets + offset, made.length);
	*suffix = made;
}

unsigned int
wire_name_common(const struct wire_name *a, const struct wire_name *b)
{
	uint8_t at_a[WIRE_LABELS_MAX], at_b[WIRE_LABELS_MAX];
	unsigned int shared = 0;

	label_offsets(a, at_a);
	label_offsets(b, at_b);
	while (shared < a->labels && shared < b->labels &&
		label_compare(a->octets + at_a[a->labels - shared - 1],
			b->octets + at_b[b->labels - shared - 1]) == 0)
		shared++;
	return shared;
}

void
wire_name_read(struct wire_reader *r, struct wire_name *name)
{
	size_t start = r->offset;
	unsigned int labels = 0;
	uint8_t length;

	while ((length = wire_u8_read(r)) != 0) {
		if (length > WIRE_LABEL_MAX)
			r->failed = true;
		wire_take(r, length);
		labels++;
		if (r->offset - start >= WIRE_NAME_MAX)
			r->failed = true;
	}
	*name = wire_name_root;
	if (r->failed)
		return;
	name->length = (uint8_t)(r->offset - start);
	name->labels = (uint8_t)labels;
	memcpy(name->octets, r->message + start, name->length);
}
