/* SPDX-License-Identifier: BSD-3-Clause */
/* Control plane: the names of nodes, which the ledger has as numbers. */
#include <string.h>

#include "image/answer.h"

void
image_node_name(const struct image *image, uint32_t node, struct wire_name *name)
{
	const struct radix *radix = &image->radix;

	*name = (struct wire_name){.labels = image->origin.labels};
	for (; node != 0; node = radix->nodes[node].parent) {
		const uint8_t *label = radix->labels + radix->nodes[node].label;

		memcpy(name->octets + name->length, label, 1u + label[0]);
		name->length = (uint8_t)(name->length + 1 + label[0]);
		name->labels++;
	}
	memcpy(name->octets + name->length, image->origin.octets, image->origin.length);
	name->length = (uint8_t)(name->length + image->origin.length);
}

bool
image_node_find(const struct image *image, const struct wire_name *name, uint32_t *node)
{
	struct radix_place place;

	radix_find(&image->radix, name, &place);
	*node = place.found || place.before == place.node ? place.node : place.before;
	return place.found;
}
