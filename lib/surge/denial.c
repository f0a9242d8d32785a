/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs on: lcore, for replies that differ from what was expected, and in control for samples. */
#include "surge/surge_priv.h"

enum { NSECS_MAX = 4 };

struct nsec {
	struct wire_name owner, next;
};

/* Take an NSEC out of the authority section. */
static void
record_read(struct wire_reader *r, struct nsec *nsecs, unsigned int *count)
{
	struct wire_name owner, next;
	uint16_t type, length;
	size_t end;

	wire_name_expand(r, &owner);
	type = wire_u16_read(r);
	wire_take(r, 6);
	length = wire_u16_read(r);
	if (r->failed || length > r->length - r->offset) {
		r->failed = true;
		return;
	}
	end = r->offset + length;
	if (type == WIRE_TYPE_NSEC && *count < NSECS_MAX) {
		wire_name_expand(r, &next);
		if (r->failed)
			return;
		wire_name_fold(&owner);
		wire_name_fold(&next);
		nsecs[(*count)++] = (struct nsec){owner, next};
	}
	r->offset = end;
}

static bool
is_covered(const struct nsec *nsecs, unsigned int count, const struct wire_name *name)
{
	for (unsigned int i = 0; i < count; i++) {
		bool behind = wire_name_compare(&nsecs[i].owner, name) < 0;
		bool before = wire_name_compare(name, &nsecs[i].next) < 0;
		/* the last of a zone leads to its apex */
		bool last = wire_name_compare(&nsecs[i].next, &nsecs[i].owner) <= 0;

		if (behind && (before || last))
			return true;
	}
	return false;
}

/* The closest encloser is what the name shares most of with an end of the NSEC that covers it. */
static bool
wildcard_is_covered(const struct nsec *nsecs, unsigned int count, const struct wire_name *name)
{
	struct wire_name wildcard, encloser;
	unsigned int labels = 0;

	for (unsigned int i = 0; i < count; i++) {
		unsigned int with_owner = wire_name_common(name, &nsecs[i].owner);
		unsigned int with_next = wire_name_common(name, &nsecs[i].next);

		if (is_covered(&nsecs[i], 1, name))
			labels = with_owner > with_next ? with_owner : with_next;
	}
	wire_name_suffix(&encloser, name, labels);
	if (encloser.length > WIRE_NAME_MAX - 2)
		return false;
	wildcard = (struct wire_name){.length = (uint8_t)(encloser.length + 2),
		.labels = (uint8_t)(encloser.labels + 1),
		.octets = {1, '*'}};
	memcpy(wildcard.octets + 2, encloser.octets, encloser.length);
	return is_covered(nsecs, count, &wildcard);
}

bool
surge_denial_proves(const uint8_t *message, size_t length)
{
	struct wire_reader r = wire_reader_of(message, length);
	struct nsec nsecs[NSECS_MAX];
	struct wire_name qname;
	unsigned int count = 0, answers, authorities;

	wire_take(&r, 6);
	answers = wire_u16_read(&r);
	authorities = wire_u16_read(&r);
	wire_take(&r, 2);
	wire_name_read(&r, &qname);
	wire_take(&r, 4);
	if (r.failed || answers != 0)
		return false;
	wire_name_fold(&qname);
	for (unsigned int i = 0; i < authorities && !r.failed; i++)
		record_read(&r, nsecs, &count);
	return !r.failed && is_covered(nsecs, count, &qname) &&
	       wildcard_is_covered(nsecs, count, &qname);
}
