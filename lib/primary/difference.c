/* SPDX-License-Identifier: BSD-3-Clause */
/* What is different between two versions of a zone. */
#include <errno.h>
#include <string.h>

#include "primary/primary_priv.h"

struct primary_block *
primary_block_new(size_t length)
{
	struct primary_block *block = malloc(sizeof(*block) + length);

	if (block) {
		block->users = 1;
		block->length = length;
	}
	return block;
}

struct primary_block *
primary_block_use(struct primary_block *block)
{
	block->users++;
	return block;
}

void
primary_block_drop(struct primary_block *block)
{
	if (block && --block->users == 0)
		free(block);
}

/* One side of the comparison: a record at a time, each greater than the one before. */
struct side {
	struct wire_reader r;
	struct wire_record record, before;
	const uint8_t *octets; /* of the record */
	size_t length;	       /* 0: there is none any more */
};

/* @return false: malformed, or out of order */
static bool
side_step(struct side *s)
{
	size_t start = s->r.offset;
	bool is_first = s->length == 0;

	s->length = 0;
	if (start == s->r.length)
		return true;
	s->before = s->record;
	wire_record_read(&s->r, &s->record);
	if (s->r.failed || (!is_first && wire_record_compare(&s->before, &s->record) >= 0))
		return false;
	s->octets = s->r.message + start;
	s->length = s->r.offset - start;
	return true;
}

/* The SOA, which comes first and goes first. */
static bool
side_begin(struct side *s, const struct primary_block *block, struct wire_writer *w)
{
	*s = (struct side){.r = wire_reader_of(block->octets, block->length)};
	if (!side_step(s) || s->length == 0 || s->record.type != WIRE_TYPE_SOA)
		return false;
	wire_write(w, s->octets, s->length);
	return side_step(s);
}

/* Go through both at once. @return false: a side is out of order */
static bool
sides_compare(
	struct side *from, struct side *to, struct wire_writer *gone, struct wire_writer *come)
{
	while (from->length || to->length) {
		int order = !from->length ? 1
			    : !to->length ? -1
					  : wire_record_compare(&from->record, &to->record);
		/* another TTL or class makes it another record */
		bool differs = order != 0 || from->length != to->length ||
			       memcmp(from->octets, to->octets, from->length) != 0;

		if (differs && order <= 0)
			wire_write(gone, from->octets, from->length);
		if (differs && order >= 0)
			wire_write(come, to->octets, to->length);
		if ((order <= 0 && !side_step(from)) || (order >= 0 && !side_step(to)))
			return false;
		if (gone->failed || come->failed)
			return true;
	}
	return true;
}

/* Both parts one after the other. */
static struct primary_block *
parts_join(const struct wire_writer *gone, const struct wire_writer *come)
{
	struct primary_block *whole = primary_block_new(gone->offset + come->offset);

	if (whole) {
		memcpy(whole->octets, gone->message, gone->offset);
		memcpy(whole->octets + gone->offset, come->message, come->offset);
	}
	return whole;
}

int
primary_difference(const struct primary_block *from, const struct primary_block *to, size_t limit,
	struct primary_block **difference)
{
	/* of which the kernel gives no more than is written to */
	uint8_t *octets = malloc(2 * limit + 1);
	struct wire_writer gone, come;
	struct side old, new;
	int rc = 0;

	if (!octets)
		return -ENOMEM;
	gone = wire_writer_of(octets, limit);
	come = wire_writer_of(octets + limit, limit);
	if (!side_begin(&old, from, &gone) || !side_begin(&new, to, &come) ||
		!sides_compare(&old, &new, &gone, &come)) {
		rc = -EINVAL;
	} else if (gone.failed || come.failed || gone.offset + come.offset > limit) {
		rc = -E2BIG;
	} else {
		*difference = parts_join(&gone, &come);
		rc = *difference ? 0 : -ENOMEM;
	}
	free(octets);
	return rc;
}
