/* SPDX-License-Identifier: BSD-3-Clause */
#include "wire/wire.h"

#include <string.h>

void
wire_write(struct wire_writer *w, const void *octets, size_t count)
{
	if (w->failed || count > w->size - w->offset) {
		w->failed = true;
		return;
	}
	if (count)
		memcpy(w->message + w->offset, octets, count);
	w->offset += count;
}

void
wire_u8_write(struct wire_writer *w, uint8_t value)
{
	wire_write(w, &value, 1);
}

void
wire_u16_write(struct wire_writer *w, uint16_t value)
{
	uint8_t octets[2];

	wire_u16_patch(octets, value);
	wire_write(w, octets, sizeof(octets));
}

void
wire_u32_write(struct wire_writer *w, uint32_t value)
{
	wire_u16_write(w, (uint16_t)(value >> 16));
	wire_u16_write(w, (uint16_t)value);
}

static const uint16_t *
compression_find(const struct wire_compression *table, const uint8_t *octets, size_t length)
{
	for (unsigned int i = 0; i < table->count; i++)
		if (table->entries[i].length == length &&
			memcmp(table->entries[i].octets, octets, length) == 0)
			return &table->entries[i].offset;
	return NULL;
}

static void
compression_enter(
	struct wire_compression *table, const uint8_t *octets, size_t length, size_t offset)
{
	if (table->count == WIRE_COMPRESSION_MAX || offset > WIRE_POINTER_MAX)
		return;
	table->entries[table->count].octets = octets;
	table->entries[table->count].length = (uint8_t)length;
	table->entries[table->count].offset = (uint16_t)offset;
	table->count++;
}

void
wire_compression_add(struct wire_compression *table, const struct wire_name *name, size_t offset)
{
	for (size_t i = 0; name->octets[i]; i += 1u + name->octets[i])
		compression_enter(table, name->octets + i, name->length - i, offset + i);
}

void
wire_name_write(struct wire_writer *w, struct wire_compression *table, const struct wire_name *name)
{
	size_t start = w->offset;
	unsigned int known = table->count;

	for (size_t i = 0; name->octets[i]; i += 1u + name->octets[i]) {
		const uint16_t *offset =
			compression_find(table, name->octets + i, name->length - i);

		if (offset) {
			wire_u16_write(w, 0xc000 | *offset);
			goto written;
		}
		compression_enter(table, name->octets + i, name->length - i, start + i);
		wire_write(w, name->octets + i, 1u + name->octets[i]);
	}
	wire_u8_write(w, 0);
written:
	/* what did not fit stands nowhere */
	if (w->failed)
		table->count = (uint16_t)known;
}
