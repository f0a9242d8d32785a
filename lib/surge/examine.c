/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>

#include "surge/surge_priv.h"

struct surge_examiner {
	const struct surge_model *model;
	enum surge_strictness strictness;
	struct surge_keys *keys; /* NULL: no signatures are verified */
	unsigned int each;
	uint64_t seen, verified;
};

int
surge_examiner_new(struct surge_examiner **examiner, const struct surge_model *model,
	enum surge_strictness strictness, unsigned int each, time_t at, struct why *why)
{
	struct surge_examiner *made = calloc(1, sizeof(*made));
	int rc = 0;

	if (!made)
		return why_set(why, ENOMEM, "no memory");
	made->model = model;
	made->strictness = strictness;
	made->each = each;
	if (each)
		rc = surge_keys_new(&made->keys, model->zones.zones[0], at, why);
	if (rc == 0)
		*examiner = made;
	else
		free(made);
	return rc;
}

void
surge_examiner_free(struct surge_examiner *examiner)
{
	if (examiner)
		surge_keys_free(examiner->keys);
	free(examiner);
}

uint64_t
surge_examiner_verified(const struct surge_examiner *examiner)
{
	return examiner->verified;
}

static enum surge_fault
octets_compare(struct surge_examiner *x, const struct surge_template *template,
	const struct surge_sample *sample, const uint8_t *message, size_t length, struct why *why)
{
	uint8_t frame[WORKLOAD_FRAME_MAX], reply[WIRE_UDP_SIZE_OWN];
	size_t expected;

	memcpy(frame, template->frame, template->frame_length);
	wire_u16_patch(frame + template->message_offset, sample->id);
	expected = surge_model_answer(x->model, frame, template->frame_length, reply);
	if (expected == length && memcmp(message, reply, template->hashed_length) == 0)
		return SURGE_RIGHT;
	why_set(why, EINVAL, "%zu octets, the oracle says %zu, and others", length, expected);
	return SURGE_FAULT_CONTENT;
}

enum surge_fault
surge_examine(struct surge_examiner *x, const struct surge_template *template,
	const struct surge_sample *sample, struct why *why)
{
	size_t at = template->message_offset;
	const uint8_t *message = sample->frame + at;
	size_t length = reply_length(sample->frame, sample->length, at);
	int count;

	if (length == 0 || !message_is_whole(message, length)) {
		why_set(why, EINVAL, "it does not end where its records do");
		return SURGE_FAULT_MALFORMED;
	}
	if (template->denial && !surge_denial_proves(message, length)) {
		why_set(why, EINVAL, "the name or the wildcard is not denied");
		return SURGE_FAULT_DENIAL;
	}
	if (x->strictness == SURGE_OCTETS &&
		octets_compare(x, template, sample, message, length, why) != SURGE_RIGHT)
		return SURGE_FAULT_CONTENT;
	if (!x->keys || x->seen++ % x->each)
		return SURGE_RIGHT;
	count = surge_signatures_verify(x->keys, message, length, why);
	if (count < 0)
		return SURGE_FAULT_SIGNATURE;
	x->verified += (uint64_t)count;
	return SURGE_RIGHT;
}
