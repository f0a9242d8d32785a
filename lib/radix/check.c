/* SPDX-License-Identifier: BSD-3-Clause */
#include "radix/radix.h"

#include <errno.h>
#include <string.h>

static int
broken(struct why *why, uint32_t node, const char *what)
{
	return why_set(why, EINVAL, "radix tree: node %u: %s", node, what);
}

static int
node_check(const struct radix *tree, uint32_t index, struct why *why)
{
	const struct radix_node *node = &tree->nodes[index];
	const uint8_t *label;

	if (node->label >= tree->labels_size)
		return broken(why, index, "its label lies outside");
	label = tree->labels + node->label;
	if (label[0] > WIRE_LABEL_MAX || label[0] >= tree->labels_size - node->label)
		return broken(why, index, "its label ends outside");
	if (node->leaf >= tree->leaf_count || node->last_leaf >= tree->leaf_count)
		return broken(why, index, "no such leaf");
	if (node->is_cut > 1 || node->is_empty > 1)
		return broken(why, index, "a flag is neither 0 nor 1");
	if (index ? node->parent >= index : node->parent != 0)
		return broken(why, index, "its parent follows it");
	return 0;
}

/* Numbered level by level, the children of all nodes in turn make up the nodes from 1 on. */
static int
children_check(const struct radix *tree, uint32_t index, uint32_t *next, struct why *why)
{
	const struct radix_node *node = &tree->nodes[index];

	if (node->first_child != *next || node->child_count > tree->node_count - *next)
		return broken(why, index, "its children are not where they should be");
	if (node->is_cut && node->child_count)
		return broken(why, index, "a cut has children");
	for (uint32_t child = *next; child < *next + node->child_count; child++)
		if (tree->nodes[child].parent != index)
			return broken(why, child, "another node's child");
	*next += node->child_count;
	return 0;
}

static int
wide_check(const struct radix *tree, struct why *why)
{
	uint32_t count = tree->nodes[0].child_count + 1;

	if (count > RADIX_WIDE_NODES_MAX + 1)
		return why_set(why, EINVAL, "radix tree: the index cannot number that many nodes");
	for (uint32_t i = 0; i < RADIX_WIDE_ENTRIES; i++) {
		uint32_t before = tree->entries[i] & UINT16_MAX, size = tree->entries[i] >> 16;

		if (before >= count || (size != RADIX_WIDE_CROWDED && size > RADIX_WIDE_KEYS) ||
			(size != RADIX_WIDE_CROWDED && before + size >= count))
			return why_set(
				why, EINVAL, "radix tree: index entry %u is out of range", i);
	}
	for (uint32_t node = 0; node < count; node++) {
		const uint8_t *label = tree->labels + tree->nodes[node].label;
		uint8_t padded[RADIX_WIDE_LABEL] = {0};

		if (node && label[0] > RADIX_WIDE_LABEL)
			return broken(why, node, "its label is too long for the index");
		if (node)
			memcpy(padded, label + 1, label[0]);
		if (tree->wide_lengths[node] != (node ? label[0] : 0) ||
			memcmp(tree->wide_labels[node], padded, sizeof(padded)) != 0)
			return broken(why, node, "the index has another label");
	}
	return 0;
}

int
radix_check(const struct radix *tree, struct why *why)
{
	uint32_t next = 1;
	int rc;

	if (tree->node_count == 0 || tree->leaf_count == 0)
		return why_set(why, EINVAL, "radix tree: empty");
	for (uint32_t i = 0; i < tree->node_count; i++) {
		rc = node_check(tree, i, why);
		if (rc == 0)
			rc = children_check(tree, i, &next, why);
		if (rc < 0)
			return rc;
	}
	if (next != tree->node_count)
		return why_set(why, EINVAL, "radix tree: nodes without a parent");
	return tree->entries ? wide_check(tree, why) : 0;
}
