/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs on: lcore. Samples of the ledger into tables of heavy hitters. */
#include <string.h>

#include "sketch/sketch_priv.h"

enum { HEADER_SIZE = 12, RCODE_NXDOMAIN = 3, LABELS_MAX = 127 };

/* ---- keys ---- */

static uint64_t
prefix_key(const struct ledger_line *line)
{
	uint64_t word = 0;

	memcpy(&word, line->client, line->flags & LEDGER_IPV6 ? 8 : 4);
	word = __builtin_bswap64(word);
	if (line->flags & LEDGER_IPV6)
		return (word & UINT64_MAX << (64 - SKETCH_PREFIX_IPV6)) | SKETCH_TAG_IPV6;
	return (word & UINT64_MAX << (64 - SKETCH_PREFIX_IPV4)) | SKETCH_TAG_IPV4;
}

static uint64_t
node_key(const struct ledger_line *line)
{
	return (uint64_t)line->node << 16 | (uint64_t)line->zone << 8 | SKETCH_TAG_NODE;
}

/* 1, 2, 3, 4-7, 8-15, 16-31, 32-63: as classes from 1 on */
static unsigned int
length_class(unsigned int length)
{
	static const uint8_t small[8] = {0, 1, 2, 3, 4, 4, 4, 4};

	return length < 8 ? small[length] : length < 16 ? 5 : length < 32 ? 6 : 7;
}

static enum sketch_content
content_of(const uint8_t *octets, unsigned int length)
{
	bool letters = false, digits = false, other = false;

	for (unsigned int i = 0; i < length; i++) {
		uint8_t c = octets[i], folded = c | 0x20;

		if (folded >= 'a' && folded <= 'z')
			letters = true;
		else if (c >= '0' && c <= '9')
			digits = true;
		else if (c == '-' || c == '_')
			other = true;
		else
			return SKETCH_BINARY;
	}
	if (length == 0)
		return SKETCH_NOTHING;
	return other || (letters && digits) ? SKETCH_MIXED
	       : letters		    ? SKETCH_LETTERS
					    : SKETCH_DIGITS;
}

/* QNAME was read before, so its labels are whole; its length is the ledger's. */
static uint64_t
shape_key(const struct ledger_line *line)
{
	const uint8_t *name = line->query + HEADER_SIZE;
	uint8_t classes[LABELS_MAX];
	unsigned int count = 0, at = 0;
	uint64_t key = SKETCH_TAG_SHAPE;

	while (at < line->qname_length && name[at] != 0 && count < LABELS_MAX) {
		classes[count++] = (uint8_t)length_class(name[at]);
		at += 1u + name[at];
	}
	key |= (uint64_t)content_of(name + 1, count ? name[0] : 0) << SKETCH_CONTENT_AT;
	key |= (uint64_t)(count < SKETCH_SHAPE_LABELS ? count : SKETCH_SHAPE_LABELS)
	       << SKETCH_COUNT_AT;
	for (unsigned int i = 0; i < count && i < SKETCH_SHAPE_LABELS; i++)
		key |= (uint64_t)classes[count - 1 - i]
		       << (SKETCH_LABELS_AT + SKETCH_LENGTH_BITS * i);
	return key;
}

/* ---- tables ---- */

/* Others read it meanwhile. */
#define STORE(word, value) __atomic_store_n(&(word), (value), __ATOMIC_RELAXED)

/* Entries are looked at in blocks without branches, which compilers turn into vectors. */
enum { BLOCK = 16 };

/* @return its entry, or SKETCH_ENTRIES */
static unsigned int
key_find(const struct sketch_table *table, uint64_t key)
{
	for (unsigned int block = 0; block < SKETCH_ENTRIES; block += BLOCK) {
		uint64_t any = 0;

		for (unsigned int i = 0; i < BLOCK; i++)
			any |= table->keys[block + i] == key ? UINT64_MAX : 0;
		for (unsigned int i = block; any && i < block + BLOCK; i++)
			if (table->keys[i] == key)
				return i;
	}
	return SKETCH_ENTRIES;
}

static unsigned int
least_find(const struct sketch_table *table)
{
	uint32_t least = UINT32_MAX;
	unsigned int at = 0;

	for (unsigned int i = 0; i < SKETCH_ENTRIES; i++)
		least = table->counts[i] < least ? table->counts[i] : least;
	while (table->counts[at] != least)
		at++;
	return at;
}

/* The entry of a key; one that has none takes over the least, with its count. */
static void
table_enter(struct sketch_table *table, uint64_t key, uint32_t weight, bool held)
{
	unsigned int at = key_find(table, key);

	if (at == SKETCH_ENTRIES) {
		at = least_find(table);
		STORE(table->keys[at], key);
		STORE(table->helds[at], 0);
	}
	STORE(table->counts[at], table->counts[at] + weight);
	STORE(table->helds[at], table->helds[at] + (held ? weight : 0));
	STORE(table->total, table->total + weight);
}

static void
table_halve(struct sketch_table *table)
{
	for (unsigned int i = 0; i < SKETCH_ENTRIES; i++) {
		STORE(table->counts[i], table->counts[i] / 2);
		STORE(table->helds[i], table->helds[i] / 2);
		if (table->counts[i] == 0)
			STORE(table->keys[i], 0);
	}
	STORE(table->total, table->total / 2);
}

static void
table_empty(struct sketch_table *table)
{
	for (unsigned int i = 0; i < SKETCH_ENTRIES; i++) {
		STORE(table->keys[i], 0);
		STORE(table->counts[i], 0);
		STORE(table->helds[i], 0);
	}
	STORE(table->total, 0);
}

/* ---- pages ---- */

static void
line_enter(struct sketch *s, const struct ledger_line *line)
{
	bool held = line->action != LEDGER_ANSWERED;

	table_enter(&s->tables[SKETCH_PREFIXES], prefix_key(line), s->one_in, held);
	if (line->qname_length)
		table_enter(&s->tables[SKETCH_SHAPES], shape_key(line), s->one_in, held);
	if (line->node != LEDGER_NO_NODE)
		table_enter(&s->tables[line->rcode == RCODE_NXDOMAIN ? SKETCH_GAPS : SKETCH_NAMES],
			node_key(line), s->one_in, held);
}

/* A new second: from the last one's queries comes how many of this one's are looked at. */
static void
second_begin(struct sketch *s, uint32_t now)
{
	/* a pause says nothing of what comes now */
	s->one_in = now - s->second == 1 ? s->lines / SKETCH_SAMPLES_PER_SECOND + 1 : 1;
	s->second = now;
	s->lines = 0;
	if (now - s->halved < SKETCH_HALVE_SECONDS)
		return;
	s->halved = now;
	for (unsigned int i = 0; i < SKETCH_KINDS; i++)
		table_halve(&s->tables[i]);
}

/* A second that begins with a flood is not sampled for longer than its queries are many. */
static void
pace(struct sketch *s, unsigned int count)
{
	s->lines += count;
	if (s->lines / SKETCH_SAMPLES_PER_SECOND >= s->one_in)
		s->one_in = s->lines / SKETCH_SAMPLES_PER_SECOND + 1;
}

void
sketch_read(void *sketch, const struct ledger_page *page)
{
	struct sketch *s = sketch;

	if (page->now != s->second)
		second_begin(s, page->now);
	if (page->generation != atomic_load_explicit(&s->generation, memory_order_relaxed)) {
		table_empty(&s->tables[SKETCH_NAMES]);
		table_empty(&s->tables[SKETCH_GAPS]);
		atomic_store_explicit(&s->generation, page->generation, memory_order_release);
	}
	pace(s, page->count);
	while (s->skip < page->count) {
		line_enter(s, &page->lines[s->skip]);
		/* one to twice as many less one: no pattern of queries keeps in step */
		s->random = s->random * 1664525 + 1013904223;
		s->skip += 1 + (uint32_t)(((uint64_t)s->random * (2 * s->one_in - 1)) >> 32);
	}
	s->skip -= page->count;
}
