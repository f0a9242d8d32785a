/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>

#include "surge/surge_priv.h"

struct surge_examiner {
	const struct surge_model *model, *other; /* the other may be NULL */
	enum surge_strictness strictness;
	struct surge_keys *keys; /* NULL: no signatures are verified */
	unsigned int each;
	uint64_t seen, verified;
};

int
surge_examiner_new(struct surge_examiner **examiner, const struct surge_model *model,
	const struct surge_model *other, enum surge_strictness strictness, unsigned int each,
	time_t at, struct why *why)
{
	struct surge_examiner *made = calloc(1, sizeof(*made));
	int rc = 0;

	if (!made)
		return why_set(why, ENOMEM, "no memory");
	made->model = model;
	made->other = other;
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

/* @return what the model says, in octets; 0: the message is another */
static size_t
octets_compare(const struct surge_model *model, const struct surge_template *template,
	const struct surge_expectation *expected, uint16_t id, const uint8_t *message)
{
	uint8_t frame[WORKLOAD_FRAME_MAX], reply[WIRE_UDP_SIZE_OWN];
	size_t length;

	memcpy(frame, template->frame, template->frame_length);
	wire_u16_patch(frame + template->message_offset, id);
	length = surge_model_answer(model, frame, template->frame_length, reply);
	return memcmp(message, reply, expected->hashed_length) == 0 ? length : 0;
}

static bool
octets_right(const struct surge_examiner *x, const struct surge_template *template, uint16_t id,
	const uint8_t *message, size_t length)
{
	const struct surge_expectation *e = &template->expected, *other = &template->other;

	if (length == e->length && octets_compare(x->model, template, e, id, message) == length)
		return true;
	return x->other && other->length && length == other->length &&
	       octets_compare(x->other, template, other, id, message) == length;
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
	if (template->expected.denial && (message[3] & WIRE_FLAG2_RCODE) == WIRE_RCODE_NXDOMAIN &&
		!surge_denial_proves(message, length)) {
		why_set(why, EINVAL, "the name or the wildcard is not denied");
		return SURGE_FAULT_DENIAL;
	}
	if (x->strictness == SURGE_OCTETS &&
		!octets_right(x, template, sample->id, message, length)) {
		why_set(why, EINVAL, "not the octets that the oracle says");
		return SURGE_FAULT_CONTENT;
	}
	if (!x->keys || x->seen++ % x->each)
		return SURGE_RIGHT;
	count = surge_signatures_verify(x->keys, message, length, why);
	if (count < 0)
		return SURGE_FAULT_SIGNATURE;
	x->verified += (uint64_t)count;
	return SURGE_RIGHT;
}
