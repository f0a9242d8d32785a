/* SPDX-License-Identifier: BSD-3-Clause */
#include "radix/radix.h"

#include <errno.h>
#include <string.h>

/* Names in owners[first, end) lie at or below a node; the node is what they share down to its
 * depth. */
struct range {
	uint32_t first, end, depth;
};

struct build {
	struct arena *arena;
	const struct radix_owner *owners;
	struct radix_node *nodes;
	struct range *ranges;
	uint8_t *labels;
	uint32_t node_count, node_room, labels_size, labels_room;
};

static void *
grown(struct arena *arena, const void *old, uint32_t count, uint32_t *room, size_t size)
{
	void *larger;

	*room = *room ? *room * 2 : 1024;
	larger = arena_take(arena, *room * size);
	if (count)
		memcpy(larger, old, count * size);
	return larger;
}

static const uint8_t *
label_at(const struct wire_name *name, uint32_t depth)
{
	return name->octets + wire_name_skip(name, name->labels - depth);
}

static uint32_t
label_enter(struct build *b, const uint8_t *label)
{
	uint32_t offset = b->labels_size;

	while (!b->labels || b->labels_room - b->labels_size < 1u + label[0])
		b->labels = grown(b->arena, b->labels, b->labels_size, &b->labels_room, 1);
	memcpy(b->labels + offset, label, 1u + label[0]);
	b->labels_size += 1u + label[0];
	return offset;
}

static void
node_enter(struct build *b, uint32_t parent, struct range range)
{
	const struct radix_owner *first = &b->owners[range.first];
	bool is_empty = first->name->labels != range.depth;
	uint32_t room = b->node_room;

	if (b->node_count == b->node_room) {
		b->nodes =
			grown(b->arena, b->nodes, b->node_count, &b->node_room, sizeof(*b->nodes));
		b->ranges = grown(b->arena, b->ranges, b->node_count, &room, sizeof(*b->ranges));
	}
	b->nodes[b->node_count] = (struct radix_node){
		.parent = parent,
		.label = label_enter(b, label_at(first->name, range.depth)),
		.leaf = is_empty ? range.first - 1 : range.first,
		.last_leaf = range.end - 1,
		.is_cut = !is_empty && first->is_cut,
		.is_empty = is_empty,
	};
	b->ranges[b->node_count++] = range;
}

/* Owners below a node, cut into one range for each label that follows. */
static void
children_enter(struct build *b, uint32_t node)
{
	struct range range = b->ranges[node];
	uint32_t i = b->nodes[node].is_empty ? range.first : range.first + 1;
	uint32_t depth = range.depth + 1, first_child = b->node_count;

	while (i < range.end) {
		const uint8_t *label = label_at(b->owners[i].name, depth);
		uint32_t end = i + 1;

		while (end < range.end &&
			memcmp(label_at(b->owners[end].name, depth), label, 1u + label[0]) == 0)
			end++;
		node_enter(b, node, (struct range){.first = i, .end = end, .depth = depth});
		i = end;
	}
	b->nodes[node].first_child = first_child;
	b->nodes[node].child_count = b->node_count - first_child;
}

static uint32_t
octets2(const uint8_t *octets)
{
	return (uint32_t)octets[0] << 8 | octets[1];
}

static uint32_t
octets4(const uint8_t *octets)
{
	return octets2(octets) << 16 | octets2(octets + 2);
}

/* One half of the index: nodes [first, end) share what stands before the two octets at `skip`. */
static void
entries_fill(uint32_t *entries, const uint8_t (*labels)[RADIX_WIDE_LABEL], uint32_t first,
	uint32_t end, unsigned int skip)
{
	uint32_t node = first;

	for (uint32_t start = 0; start < 1 << 16; start++) {
		uint32_t before = node - 1, count;

		while (node < end && octets2(labels[node] + skip) == start)
			node++;
		count = node - 1 - before;
		if (count > RADIX_WIDE_KEYS)
			count = RADIX_WIDE_CROWDED;
		entries[start] = count << 16 | before;
	}
}

static bool
wide_is_possible(const struct build *b)
{
	const struct radix_node *apex = &b->nodes[0];

	for (uint32_t i = 0; i < apex->child_count; i++)
		if (b->labels[b->nodes[apex->first_child + i].label] > RADIX_WIDE_LABEL)
			return false;
	return apex->child_count <= RADIX_WIDE_NODES_MAX;
}

static void
wide_build(struct build *b, struct radix *tree)
{
	uint32_t count = b->nodes[0].child_count + 1, first_idn = 1, end_idn;
	uint8_t(*labels)[RADIX_WIDE_LABEL] = arena_take(b->arena, count * sizeof(*labels));
	uint32_t *keys = arena_take(b->arena, (count + RADIX_WIDE_KEYS) * sizeof(*keys));
	uint32_t *entries = arena_take(b->arena, RADIX_WIDE_ENTRIES * sizeof(*entries));
	uint8_t *lengths = arena_take(b->arena, count);
	static const uint8_t idn[4] = {'x', 'n', '-', '-'};

	for (uint32_t node = 1; node < count; node++) {
		const uint8_t *label = b->labels + b->nodes[node].label;

		lengths[node] = label[0];
		memcpy(labels[node], label + 1, label[0]);
		if (memcmp(labels[node], idn, sizeof(idn)) < 0)
			first_idn = node + 1;
	}
	for (end_idn = first_idn; end_idn < count; end_idn++)
		if (memcmp(labels[end_idn], idn, sizeof(idn)) != 0)
			break;
	for (uint32_t node = 1; node < count; node++)
		keys[node] = octets4(labels[node] + (node >= first_idn && node < end_idn ? 6 : 2));
	entries_fill(entries, labels, 1, count, 0);
	entries_fill(entries + (1 << 16), labels, first_idn, end_idn, 4);
	/* keys of "xn--" labels serve the second half only */
	if (first_idn < end_idn)
		entries[octets2(idn)] |= (uint32_t)RADIX_WIDE_CROWDED << 16;
	tree->entries = entries;
	tree->keys = keys;
	tree->wide_labels = labels;
	tree->wide_lengths = lengths;
}

void
radix_build(
	struct arena *arena, const struct radix_owner *owners, uint32_t count, struct radix *tree)
{
	struct build b = {.arena = arena, .owners = owners};
	uint32_t origin_labels = owners[0].name->labels;

	node_enter(&b, 0, (struct range){.first = 0, .end = count, .depth = origin_labels});
	for (uint32_t node = 0; node < b.node_count; node++)
		children_enter(&b, node);
	*tree = (struct radix){
		.node_count = b.node_count,
		.leaf_count = count,
		.labels_size = b.labels_size,
		.origin_labels = origin_labels,
		.nodes = b.nodes,
		.labels = b.labels,
	};
	if (wide_is_possible(&b))
		wide_build(&b, tree);
}
