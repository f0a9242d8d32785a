/* SPDX-License-Identifier: BSD-3-Clause */
/* Heavy hitters are found among many that are none, by one thread and over several. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <string.h>

#include "sketch/sketch.h"

/* A page under construction. */
struct pages {
	struct sketch *sketch;
	struct ledger_page page;
	uint8_t messages[LEDGER_PAGE][300], clients[LEDGER_PAGE][16];
};

static void
flush(struct pages *p)
{
	sketch_read(p->sketch, &p->page);
	p->page.count = 0;
}

/* A name as octets: "\3foo\3com" and its end */
static void
enter(struct pages *p, uint32_t client, const char *name, uint32_t node, uint8_t rcode,
	enum ledger_action action)
{
	unsigned int at = p->page.count++;
	size_t length = strlen(name) + 1;

	client = htonl(client);
	memcpy(p->clients[at], &client, 4);
	memcpy(p->messages[at] + 12, name, length);
	p->page.lines[at] = (struct ledger_line){
		.query = p->messages[at],
		.client = p->clients[at],
		.node = node,
		.rcode = rcode,
		.action = (uint8_t)action,
		.qname_length = (uint8_t)length,
	};
	if (p->page.count == LEDGER_PAGE)
		flush(p);
}

/* `count` queries in `seconds`: a fifth from one prefix for random names in gap 700. */
static void
traffic(struct pages *p, unsigned int count, unsigned int seconds)
{
	uint32_t random = 1;

	p->page.generation = 3;
	for (unsigned int i = 0; i < count; i++) {
		p->page.now = 1000 + (uint32_t)((uint64_t)i * seconds / count);
		random = random * 1664525 + 1013904223;
		if (random >> 16 < 65536 / 5)
			enter(p, 0xc6336400 + (random & 255),
				"\x0c"
				"abcdefghi123\3com",
				700, 3, LEDGER_LIMITED);
		else
			enter(p, random, "\3foo\3org", random % 1439, 0, LEDGER_ANSWERED);
	}
	flush(p);
}

static const struct sketch_item *
heaviest(struct sketch *const *sketches, unsigned int count, enum sketch_kind kind)
{
	static struct sketch_item items[SKETCH_ENTRIES];

	cr_assert_gt(sketch_tell(sketches, count, kind, 3, items), 0);
	return items;
}

static void
flood_check(struct sketch *const *sketches, unsigned int count)
{
	const struct sketch_item *item = heaviest(sketches, count, SKETCH_PREFIXES);
	char text[SKETCH_SHAPE_TEXT_MAX], address[INET_ADDRSTRLEN];
	uint8_t octets[16], zone;
	unsigned int length;
	uint32_t node;

	cr_expect_eq(sketch_prefix_of(item->key, octets, &length), 4);
	inet_ntop(AF_INET, octets, address, sizeof(address));
	cr_expect_str_eq(address, "198.51.100.0");
	cr_expect_eq(length, 24);
	cr_expect_float_eq(item->share, 0.2, 0.05, "%.3f", item->share);
	cr_expect_gt(item->held, 0.9, "%.3f", item->held);
	item = heaviest(sketches, count, SKETCH_GAPS);
	sketch_node_of(item->key, &zone, &node);
	cr_expect_eq(node, 700);
	cr_expect_eq(zone, 0);
	cr_expect_float_eq(item->share, 0.2, 0.05, "%.3f", item->share);
	item = heaviest(sketches, count, SKETCH_SHAPES);
	sketch_shape_text(item[0].key, text);
	cr_expect_str_eq(text, "letters 3 . 3");
	sketch_shape_text(item[1].key, text);
	cr_expect_str_eq(text, "mixed 8-15 . 3");
	cr_expect_float_eq(item[1].share, 0.2, 0.05);
}

Test(sketch_flood, finds_what_is_heavy_at_any_rate)
{
	static const unsigned int rates[] = {300, 20000, 1000000};

	for (size_t i = 0; i < 3; i++) {
		struct pages p = {.sketch = sketch_new()};

		traffic(&p, rates[i] * 3, 3);
		flood_check(&p.sketch, 1);
		sketch_free(p.sketch);
	}
}

Test(sketch_flood, adds_up_threads)
{
	struct sketch *sketches[4];

	for (unsigned int i = 0; i < 4; i++) {
		struct pages p = {.sketch = sketches[i] = sketch_new()};

		traffic(&p, 10000, 3);
	}
	flood_check(sketches, 4);
	for (unsigned int i = 0; i < 4; i++)
		sketch_free(sketches[i]);
}

Test(sketch_flood, forgets_what_is_over)
{
	struct pages p = {.sketch = sketch_new()};
	struct sketch_item items[SKETCH_ENTRIES];
	unsigned int count;

	traffic(&p, 3000, 3);
	for (unsigned int i = 0; i < 60; i++) {
		p.page.now = 1003 + i;
		for (unsigned int k = 0; k < 100; k++)
			enter(&p, 0x0a000000, "", 0, 0, LEDGER_ANSWERED);
		flush(&p);
	}
	count = sketch_tell(&p.sketch, 1, SKETCH_PREFIXES, 3, items);
	cr_assert_gt(count, 0);
	cr_expect_gt(items[0].share, 0.95, "%.3f", items[0].share);
	sketch_free(p.sketch);
}

Test(sketch_flood, nodes_of_another_generation_are_not_told)
{
	struct pages p = {.sketch = sketch_new()};
	struct sketch_item items[SKETCH_ENTRIES];

	traffic(&p, 3000, 3);
	cr_expect_eq(sketch_tell(&p.sketch, 1, SKETCH_GAPS, 4, items), 0);
	p.page.generation = 4;
	enter(&p, 1, "\3foo", 5, 3, LEDGER_ANSWERED);
	flush(&p);
	cr_expect_leq(sketch_tell(&p.sketch, 1, SKETCH_GAPS, 4, items), 1);
	sketch_free(p.sketch);
}

static const struct {
	const char *name, *shape;
} shapes[] = {
	{"", "the root"},
	{"\3com", "letters 3"},
	{"\1"
	 "0\2"
	 "in\4"
	 "addr",
		"digits 1 . 2 . 4-7"},
	{"\x03_25\x04_tcp\x01x", "mixed 3 . 4-7 . 1"},
	{"\1\1\3com", "binary 1 . 3"},
	{"\1a\1a\1a\1a\1a\1a\1a\1a\1a\1a", "letters ... . 1 . 1 . 1 . 1 . 1 . 1 . 1 . 1"},
	{"\x10"
	 "aaaaaaaaaaaaaaaa\x20"
	 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
		"letters 16-31 . 32-63"},
};

Test(sketch_flood, shapes_have_words)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		struct pages p = {.sketch = sketch_new(), .page.now = 5, .page.generation = 3};
		char text[SKETCH_SHAPE_TEXT_MAX];

		enter(&p, 1, shapes[i].name, 0, 0, LEDGER_ANSWERED);
		flush(&p);
		sketch_shape_text(heaviest(&p.sketch, 1, SKETCH_SHAPES)->key, text);
		cr_expect_str_eq(text, shapes[i].shape, "%s", text);
		sketch_free(p.sketch);
	}
}
