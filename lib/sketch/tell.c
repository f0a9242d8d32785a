/* SPDX-License-Identifier: BSD-3-Clause */
/* Control plane: the heavy hitters of all threads, and words for them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sketch/sketch_priv.h"

struct sketch *
sketch_new(void)
{
	struct sketch *sketch = calloc(1, sizeof(*sketch));

	if (sketch)
		sketch->one_in = 1;
	return sketch;
}

void
sketch_free(struct sketch *sketch)
{
	free(sketch);
}

/* Its thread writes it meanwhile. */
#define LOAD(word) __atomic_load_n(&(word), __ATOMIC_RELAXED)

/* An item while threads are added up. */
struct sum {
	uint64_t key, count, held;
};

static struct sum *
sum_find(struct sum *sums, unsigned int *count, uint64_t key)
{
	for (unsigned int i = 0; i < *count; i++)
		if (sums[i].key == key)
			return &sums[i];
	sums[*count] = (struct sum){.key = key};
	return &sums[(*count)++];
}

static int
heavier(const void *a, const void *b)
{
	const struct sum *left = a, *right = b;

	return (left->count < right->count) - (left->count > right->count);
}

static void
table_add(const struct sketch_table *table, struct sum *sums, unsigned int *count)
{
	for (unsigned int i = 0; i < SKETCH_ENTRIES; i++) {
		uint64_t key = LOAD(table->keys[i]);
		struct sum *sum;

		if (key == 0)
			continue;
		sum = sum_find(sums, count, key);
		sum->count += LOAD(table->counts[i]);
		sum->held += LOAD(table->helds[i]);
	}
}

unsigned int
sketch_tell(struct sketch *const *sketches, unsigned int count, enum sketch_kind kind,
	uint32_t generation, struct sketch_item items[static SKETCH_ENTRIES])
{
	struct sum *sums = calloc((size_t)count * SKETCH_ENTRIES + 1, sizeof(*sums));
	unsigned int known = 0, told;
	uint64_t total = 0;

	if (!sums)
		return 0;
	for (unsigned int i = 0; i < count; i++) {
		const struct sketch_table *table = &sketches[i]->tables[kind];

		/* pairs with the store in sketch_read(), which comes after the table was emptied */
		if ((kind == SKETCH_NAMES || kind == SKETCH_GAPS) &&
			atomic_load_explicit(&sketches[i]->generation, memory_order_acquire) !=
				generation)
			continue;
		/* shares are of all queries, also in tables that have only some of them */
		total += LOAD(sketches[i]->tables[SKETCH_PREFIXES].total);
		table_add(table, sums, &known);
	}
	qsort(sums, known, sizeof(*sums), heavier);
	told = known < SKETCH_ENTRIES ? known : SKETCH_ENTRIES;
	for (unsigned int i = 0; i < told; i++)
		items[i] = (struct sketch_item){
			.key = sums[i].key,
			.share = total ? (double)sums[i].count / (double)total : 0,
			.held = sums[i].count ? (double)sums[i].held / (double)sums[i].count : 0,
		};
	free(sums);
	return told;
}

unsigned int
sketch_prefix_of(uint64_t key, uint8_t address[static 16], unsigned int *length)
{
	bool ipv6 = (key & UINT8_MAX) == SKETCH_TAG_IPV6;

	memset(address, 0, 16);
	for (unsigned int i = 0; i < 7; i++)
		address[i] = (uint8_t)(key >> (56 - 8 * i));
	*length = ipv6 ? SKETCH_PREFIX_IPV6 : SKETCH_PREFIX_IPV4;
	return ipv6 ? 16 : 4;
}

void
sketch_node_of(uint64_t key, uint8_t *zone, uint32_t *node)
{
	*zone = (uint8_t)(key >> 8);
	*node = (uint32_t)(key >> 16);
}

void
sketch_shape_text(uint64_t key, char text[static SKETCH_SHAPE_TEXT_MAX])
{
	static const char *const contents[16] = {
		[SKETCH_LETTERS] = "letters",
		[SKETCH_DIGITS] = "digits",
		[SKETCH_MIXED] = "mixed",
		[SKETCH_BINARY] = "binary",
	};
	static const char *const lengths[16] = {"", "1", "2", "3", "4-7", "8-15", "16-31", "32-63"};
	unsigned int count = key >> SKETCH_COUNT_AT & 15, used;
	const char *content = contents[key >> SKETCH_CONTENT_AT & 15];

	if (count == 0 || !content) {
		snprintf(text, SKETCH_SHAPE_TEXT_MAX, "the root");
		return;
	}
	used = (unsigned int)snprintf(text, SKETCH_SHAPE_TEXT_MAX, "%s ", content);
	if (count == SKETCH_SHAPE_LABELS)
		used += (unsigned int)snprintf(text + used, SKETCH_SHAPE_TEXT_MAX - used, "... . ");
	for (unsigned int i = count; i-- > 0;) {
		const char *length =
			lengths[key >> (SKETCH_LABELS_AT + SKETCH_LENGTH_BITS * i) & 15];

		used += (unsigned int)snprintf(text + used, SKETCH_SHAPE_TEXT_MAX - used, "%s%s",
			length ? length : "?", i ? " . " : "");
	}
}
