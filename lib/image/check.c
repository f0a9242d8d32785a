/* SPDX-License-Identifier: BSD-3-Clause */
/* What a block says is checked once, here, so that answering needs no checks. */
#include "image/layout.h"

#include <errno.h>
#include <string.h>

#include "image/sum.h"

static int
sizes_check(const struct image_header *h, struct why *why)
{
	uint64_t nodes = h->node_count, children;
	const struct radix_node *apex;

	if (nodes == 0 || h->sections[IMAGE_NODES].size != nodes * sizeof(struct radix_node))
		return why_set(why, EINVAL, "nodes: their count and size differ");
	if (h->sections[IMAGE_TYPE_FIRST].size != (nodes + 1) * sizeof(uint32_t) ||
		h->sections[IMAGE_TYPES].size % sizeof(struct image_type))
		return why_set(why, EINVAL, "types: wrong size");
	if (h->sections[IMAGE_ANSWERS].size % sizeof(struct image_answer) ||
		h->sections[IMAGE_ANSWERS].size < nodes * IMAGE_SLOTS * sizeof(struct image_answer))
		return why_set(why, EINVAL, "answers: wrong size");
	if (!h->has_wide)
		return 0;
	apex = (const struct radix_node *)((const uint8_t *)h + h->sections[IMAGE_NODES].offset);
	children = (uint64_t)apex->child_count + 1;
	if (children > nodes ||
		h->sections[IMAGE_WIDE_ENTRIES].size != RADIX_WIDE_ENTRIES * sizeof(uint32_t) ||
		h->sections[IMAGE_WIDE_KEYS].size !=
			(children + RADIX_WIDE_KEYS) * sizeof(uint32_t) ||
		h->sections[IMAGE_WIDE_LABELS].size != children * RADIX_WIDE_LABEL ||
		h->sections[IMAGE_WIDE_LENGTHS].size != children)
		return why_set(why, EINVAL, "index: wrong size");
	return 0;
}

static int
origin_check(const struct image_header *h, struct why *why)
{
	struct wire_reader r = wire_reader_of(h->origin.octets, sizeof(h->origin.octets));
	struct wire_name name;

	wire_name_read(&r, &name);
	if (r.failed || name.length != h->origin.length || name.labels != h->origin.labels ||
		name.labels != h->origin_labels)
		return why_set(why, EINVAL, "the zone's name is malformed");
	return 0;
}

static bool
lies_in(const struct image_header *h, enum image_section section, uint64_t offset, uint64_t size)
{
	uint64_t start = h->sections[section].offset, end = start + h->sections[section].size;

	return offset >= start && offset + size <= end;
}

static const char *
extra_check(const struct image *image, const struct image_header *h, const struct image_answer *a)
{
	const struct image_extra *extra = image_extra_of(image, a);
	const struct image_pointer *pointers;
	uint32_t length = 0, body = (uint32_t)a->head_length + a->tail_length;
	uint64_t size = sizeof(*extra);

	if (a->extra % 4 || !lies_in(h, IMAGE_EXTRAS, a->extra, size))
		return "its cuts lie outside";
	size += (uint64_t)extra->cut_count * sizeof(struct image_cut) +
		(uint64_t)a->pointer_count * sizeof(struct image_pointer);
	if (!lies_in(h, IMAGE_EXTRAS, a->extra, size))
		return "its cuts and pointers end outside";
	for (unsigned int i = 0; i < extra->cut_count; i++) {
		if (extra->cuts[i].length < length || extra->cuts[i].length > body ||
			extra->cuts[i].length == 0)
			return "its cuts do not rise";
		length = extra->cuts[i].length;
		if (extra->cuts[i].pointer_count > a->pointer_count)
			return "a cut has more pointers than the whole";
	}
	pointers = image_pointers_of(extra);
	for (unsigned int i = 0; i < a->pointer_count; i++)
		if (pointers[i].offset + 2u > body ||
			(i && pointers[i].offset < pointers[i - 1].offset))
			return "its pointers lie outside or out of order";
	for (unsigned int i = 0; i < extra->cut_count; i++) {
		unsigned int count = extra->cuts[i].pointer_count;

		if (count && pointers[count - 1].offset + 2u > extra->cuts[i].length)
			return "a cut's pointers lie behind it";
	}
	return NULL;
}

static const char *
answer_check(const struct image *image, const struct image_header *h, const struct image_answer *a)
{
	uint32_t tail_length = a->tail_length == IMAGE_TAIL_ENDLESS ? 0 : a->tail_length;

	if (a->kind >= IMAGE_KINDS || a->marks > IMAGE_MARK_WALK)
		return "of no known kind";
	if (!(a->header[0] & WIRE_FLAG1_QR) || a->header[0] & ~(WIRE_FLAG1_QR | WIRE_FLAG1_AA) ||
		a->header[1] & ~WIRE_FLAG2_RCODE || a->header[2] != 0 || a->header[3] != 1)
		return "its header is no reply's";
	if (a->header_sum != image_sum(a->header, sizeof(a->header)))
		return "its header's sum is wrong";
	if (a->head_length > h->sections[IMAGE_COMMON].size)
		return "its head is longer than the common piece";
	if (!lies_in(h, IMAGE_BODIES, a->tail, tail_length))
		return "its tail lies outside";
	if (a->extra == 0)
		return a->pointer_count ? "pointers without a place" : NULL;
	return extra_check(image, h, a);
}

static int
types_check(
	const struct image *image, const struct image_header *h, size_t answers, struct why *why)
{
	size_t types = h->sections[IMAGE_TYPES].size / sizeof(struct image_type);
	const uint32_t *first = image->type_first;

	if (first[0] != 0 || first[h->node_count] != types)
		return why_set(why, EINVAL, "types: not all are of a node");
	for (uint32_t node = 0; node < h->node_count; node++)
		if (first[node] > first[node + 1])
			return why_set(why, EINVAL, "types: out of order at node %u", node);
	for (size_t i = 0; i < types; i++)
		if ((uint64_t)image->types[i].answer + 2 > answers)
			return why_set(why, EINVAL, "types: no such answer");
	return 0;
}

int
image_check(const struct image *image, const struct image_header *header, struct why *why)
{
	size_t answers = header->sections[IMAGE_ANSWERS].size / sizeof(struct image_answer);
	int rc = sizes_check(header, why);

	if (rc == 0)
		rc = origin_check(header, why);
	if (rc == 0)
		rc = radix_check(&image->radix, why);
	if (rc == 0)
		rc = types_check(image, header, answers, why);
	if (rc == 0)
		rc = image_records_check(header, why);
	for (size_t i = 0; rc == 0 && i < answers; i++) {
		const char *wrong = answer_check(image, header, &image->answers[i]);

		if (wrong)
			rc = why_set(why, EINVAL, "answer %zu: %s", i, wrong);
	}
	return rc;
}
