/* SPDX-License-Identifier: BSD-3-Clause */
/* The sums of bodies, which no answer shows but the checksum of its datagram. */
#include "prove/prove_priv.h"

#include <errno.h>
#include <string.h>

#include "image/answer.h"

/* RFC 1071, in this machine's order; of equal numbers modulo 65535 one, since 0 is two. */
static uint32_t
sum(const uint8_t *octets, size_t length)
{
	uint64_t words = 0;
	uint8_t last[2] = {0};
	uint16_t word;

	for (size_t i = 0; i + 1 < length; i += 2) {
		memcpy(&word, octets + i, 2);
		words += word;
	}
	if (length & 1)
		last[0] = octets[length - 1];
	memcpy(&word, last, 2);
	return (uint32_t)((words + word) % UINT16_MAX);
}

/* The first octets of a body: their sum as it is, and as it is behind a label more. */
static bool
body_is_right(uint8_t *body, const struct image_pointer *pointers, const struct image_cut *cut)
{
	uint32_t before = sum(body, cut->length), behind;

	for (unsigned int i = 0; i < cut->pointer_count; i++)
		wire_u16_patch(body + pointers[i].offset, (uint16_t)(pointers[i].value + 1));
	behind = sum(body, cut->length);
	for (unsigned int i = 0; i < cut->pointer_count; i++)
		wire_u16_patch(body + pointers[i].offset, pointers[i].value);
	return before == cut->sum % UINT16_MAX && behind == (before + cut->weight) % UINT16_MAX;
}

static bool
answer_is_right(const struct image *image, const struct image_answer *answer)
{
	uint8_t body[2 * UINT16_MAX];
	const struct image_extra *extra = image_extra_of(image, answer);
	const struct image_pointer *pointers = image_pointers_of(extra); /* if it has any */
	struct image_cut whole = {
		.length = (uint16_t)(answer->head_length + answer->tail_length),
		.sum = answer->body_sum,
		.weight = answer->weight,
		.pointer_count = answer->pointer_count,
	};

	/* one that no datagram holds has no checksum */
	if (answer->head_length + answer->tail_length > UINT16_MAX)
		return true;
	memcpy(body, image->common, answer->head_length);
	memcpy(body + answer->head_length, image->block + answer->tail, answer->tail_length);
	if (!body_is_right(body, pointers, &whole))
		return false;
	for (unsigned int i = 0; answer->extra && i < extra->cut_count; i++)
		if (!body_is_right(body, pointers, &extra->cuts[i]))
			return false;
	return true;
}

int
prove_sums(const struct image *image, struct why *why)
{
	size_t count = (size_t)image->radix.node_count * IMAGE_SLOTS;

	for (uint32_t i = 0; i < image->type_first[image->radix.node_count]; i++)
		if (image->types[i].answer + 2u > count)
			count = image->types[i].answer + 2u;
	for (size_t i = 0; i < count; i++)
		if (!answer_is_right(image, &image->answers[i]))
			return why_set(
				why, EBADMSG, "not proven: the sums of answer %zu are wrong", i);
	return 0;
}
