/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables of keys: open addressing, at most half full, by a hash that nobody outside can aim at. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "capture/capture_priv.h"

static_assert(crypto_shorthash_KEYBYTES == sizeof(((struct capture_table *)0)->secret), "SipHash");

bool
capture_table_init(struct capture_table *table, uint32_t count_max, size_t pool_size)
{
	uint32_t slots = 1;

	while (slots < 2 * count_max)
		slots *= 2;
	*table = (struct capture_table){
		.slots = calloc(slots, sizeof(*table->slots)),
		.entries = calloc(count_max, sizeof(*table->entries)),
		.pool = malloc(pool_size),
		.slot_mask = slots - 1,
		.count_max = count_max,
		.size = pool_size,
	};
	randombytes_buf(table->secret, sizeof(table->secret));
	return table->slots && table->entries && table->pool;
}

void
capture_table_free(struct capture_table *table)
{
	free(table->slots);
	free(table->entries);
	free(table->pool);
}

void
capture_table_clear(struct capture_table *table)
{
	memset(table->slots, 0, (table->slot_mask + (size_t)1) * sizeof(*table->slots));
	table->count = 0;
	table->used = 0;
}

static uint32_t
entry_add(struct capture_table *table, uint32_t slot, const void *key, size_t length)
{
	if (table->count == table->count_max || length > table->size - table->used)
		return CAPTURE_NONE;
	memcpy(table->pool + table->used, key, length);
	table->entries[table->count] =
		(struct capture_entry){.offset = (uint32_t)table->used, .length = (uint16_t)length};
	table->used += length;
	table->slots[slot] = ++table->count;
	return table->count - 1;
}

uint32_t
capture_table_enter(struct capture_table *table, const void *key, size_t length)
{
	uint64_t hash;
	uint32_t slot;

	crypto_shorthash((unsigned char *)&hash, key, length, table->secret);
	for (slot = (uint32_t)hash & table->slot_mask; table->slots[slot];
		slot = (slot + 1) & table->slot_mask) {
		uint32_t index = table->slots[slot] - 1;

		if (table->entries[index].length == length &&
			memcmp(capture_table_key(table, index), key, length) == 0)
			return index;
	}
	return entry_add(table, slot, key, length);
}
