/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs on: lcore, for names that the vector path leaves to the plain one. */
#include "radix/radix.h"

#include <string.h>

static int
label_compare(const uint8_t *a, const uint8_t *b)
{
	size_t shorter = a[0] < b[0] ? a[0] : b[0];
	int order = memcmp(a + 1, b + 1, shorter);

	return order ? order : a[0] - b[0];
}

uint32_t
radix_child_before(const struct radix *tree, uint32_t parent, const uint8_t *label, bool *found)
{
	const struct radix_node *node = &tree->nodes[parent];
	uint32_t low = 0, high = node->child_count; /* children [0, low) are not after it */

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		uint32_t child = node->first_child + middle;
		int order = label_compare(tree->labels + tree->nodes[child].label, label);

		if (order == 0) {
			*found = true;
			return child;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*found = false;
	return low ? node->first_child + low - 1 : parent;
}

void
radix_find(const struct radix *tree, const struct wire_name *qname, struct radix_place *place)
{
	uint8_t offsets[WIRE_LABELS_MAX];
	uint32_t node = 0, depth = tree->origin_labels;
	size_t offset = 0;

	for (unsigned int i = 0; i < qname->labels; i++) {
		offsets[i] = (uint8_t)offset;
		offset += 1u + qname->octets[offset];
	}
	*place = (struct radix_place){.found = true};
	while (depth < qname->labels && !tree->nodes[node].is_cut) {
		const uint8_t *label = qname->octets + offsets[qname->labels - depth - 1];
		uint32_t before = radix_child_before(tree, node, label, &place->found);

		if (!place->found) {
			place->before = before;
			break;
		}
		node = before;
		depth++;
	}
	place->node = node;
	place->labels = depth;
	place->is_cut = place->found && tree->nodes[node].is_cut;
	if (!place->found && place->before != node)
		place->leaf = tree->nodes[place->before].last_leaf;
	else
		place->leaf = tree->nodes[node].leaf;
}
