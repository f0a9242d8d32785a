/* SPDX-License-Identifier: BSD-3-Clause */
/* What is asked: found from the records alone, so that a name the image lacks is asked, too. */
#include "prove/prove_priv.h"

#include <errno.h>
#include <string.h>

#include "image/answer.h"

/* A name that exists, down to the cuts. */
struct existing {
	struct wire_name name;
	const struct zone_node *node; /* NULL: an empty non-terminal */
};

/* All of them in canonical order. */
struct existing_list {
	struct existing *names; /* malloc'ed; the apex first */
	size_t count, room;
};

static void
existing_add(struct existing_list *list, const struct wire_name *name, const struct zone_node *node)
{
	if (list->count == list->room) {
		list->room = list->room ? 2 * list->room : 1024;
		list->names = realloc(list->names, list->room * sizeof(*list->names));
		/* a builder that is out of memory is a refused zone */
		if (!list->names)
			abort();
	}
	list->names[list->count++] = (struct existing){*name, node};
}

/* RFC 4592 2.2.2: names between an owner and the one before it exist because of it. */
static void
existing_find(const struct zone *zone, struct existing_list *list)
{
	const struct zone_node *before = &zone->nodes[0];

	existing_add(list, &before->name, before);
	for (size_t i = 1; i < zone->node_count; i++) {
		const struct zone_node *node = &zone->nodes[i];
		struct wire_name name;

		if (node->place == ZONE_GLUE)
			continue;
		for (unsigned int labels = wire_name_common(&before->name, &node->name) + 1;
			labels < node->name.labels; labels++) {
			wire_name_suffix(&name, &node->name, labels);
			existing_add(list, &name, NULL);
		}
		existing_add(list, &node->name, node);
		before = node;
	}
}

/* ---- names that exist ---- */

static int
types_ask(struct proving *p, const struct wire_name *name, const uint16_t *types, size_t count,
	struct why *why)
{
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++)
		rc = prove_ask(p, name, types[i], why);
	return rc;
}

/* Put a label in front. @return false: the name would be too long */
static bool
label_put(struct wire_name *name, const struct wire_name *parent, const uint8_t *octets,
	size_t length)
{
	if (length == 0 || length > WIRE_LABEL_MAX || parent->length + 1 + length > WIRE_NAME_MAX)
		return false;
	name->octets[0] = (uint8_t)length;
	memcpy(name->octets + 1, octets, length);
	memcpy(name->octets + 1 + length, parent->octets, parent->length);
	name->length = (uint8_t)(1 + length + parent->length);
	name->labels = (uint8_t)(parent->labels + 1);
	return true;
}

/* As long as a name can be, below another: nothing moves compression pointers farther. */
static void
name_lengthen(struct wire_name *name, const struct wire_name *parent)
{
	static const uint8_t octets[WIRE_LABEL_MAX] = {'L', 'o', 'n', 'g'};

	*name = *parent;
	while (name->length + 2 <= WIRE_NAME_MAX) {
		size_t room = WIRE_NAME_MAX - 1u - name->length;
		struct wire_name shorter = *name;

		label_put(name, &shorter, octets, room < WIRE_LABEL_MAX ? room : WIRE_LABEL_MAX);
	}
}

static int
cut_ask(struct proving *p, const struct zone_node *cut, struct why *why)
{
	static const uint16_t types[] = {WIRE_TYPE_A, WIRE_TYPE_NS, WIRE_TYPE_DS};
	static const uint8_t www[] = {'W', 'w', 'w'};
	struct wire_name below;
	int rc = types_ask(p, &cut->name, types, 3, why);

	if (rc == 0 && label_put(&below, &cut->name, www, sizeof(www)))
		rc = prove_ask(p, &below, WIRE_TYPE_AAAA, why);
	if (rc == 0 && cut->name.length + 2 <= WIRE_NAME_MAX) {
		name_lengthen(&below, &cut->name);
		rc = prove_ask(p, &below, WIRE_TYPE_DS, why);
	}
	return rc;
}

static int
owner_ask(struct proving *p, const struct zone_node *node, struct why *why)
{
	/* some that it has, some that it has not, and those that are no type of a record */
	static const uint16_t types[] = {WIRE_TYPE_A, WIRE_TYPE_NS, WIRE_TYPE_CNAME, WIRE_TYPE_SOA,
		WIRE_TYPE_MX, WIRE_TYPE_TXT, WIRE_TYPE_AAAA, WIRE_TYPE_DS, WIRE_TYPE_RRSIG,
		WIRE_TYPE_NSEC, WIRE_TYPE_DNSKEY, WIRE_TYPE_ZONEMD, WIRE_TYPE_IXFR, WIRE_TYPE_AXFR,
		WIRE_TYPE_ANY, UINT16_MAX};
	int rc = types_ask(p, &node->name, types, sizeof(types) / sizeof(types[0]), why);

	for (unsigned int i = 0; i < node->count && rc == 0; i++) {
		bool asked = false;

		for (size_t k = 0; k < sizeof(types) / sizeof(types[0]); k++)
			asked |= node->rrsets[i].type == types[k];
		if (!asked)
			rc = prove_ask(p, &node->name, node->rrsets[i].type, why);
	}
	return rc;
}

static int
existing_ask(struct proving *p, const struct existing *at, struct why *why)
{
	static const uint16_t types[] = {WIRE_TYPE_A, WIRE_TYPE_NS, WIRE_TYPE_DS, WIRE_TYPE_ANY};

	if (!at->node)
		return types_ask(p, &at->name, types, 4, why);
	return at->node->place == ZONE_CUT ? cut_ask(p, at->node, why)
					   : owner_ask(p, at->node, why);
}

/* ---- names that do not ---- */

/* Canonical order of labels, each behind its length (RFC 4034 6.1). */
static int
label_compare(const uint8_t *a, const uint8_t *b)
{
	size_t shorter = a[0] < b[0] ? a[0] : b[0];
	int order = memcmp(a + 1, b + 1, shorter);

	return order ? order : a[0] - b[0];
}

/* Ask for a label below an encloser, if it lies between two that are there (NULL: an end). */
static int
between_ask(struct proving *p, const struct wire_name *encloser, const uint8_t *after,
	const uint8_t *before, const uint8_t *octets, size_t length, struct why *why)
{
	static const uint8_t deeper[] = {'Q'};
	struct wire_name name, folded, below;
	int rc;

	if (!label_put(&name, encloser, octets, length))
		return 0;
	folded = name;
	wire_name_fold(&folded);
	if ((after && label_compare(after, folded.octets) >= 0) ||
		(before && label_compare(folded.octets, before) >= 0))
		return 0;
	rc = prove_ask(p, &name, WIRE_TYPE_A, why);
	if (rc == 0 && label_put(&below, &name, deeper, sizeof(deeper)))
		rc = prove_ask_once(p, &below, WIRE_TYPE_DS, why);
	return rc;
}

/* The least label behind another: with a zero octet more, or one that is as long, counted up. */
static size_t
label_after(uint8_t label[static WIRE_LABEL_MAX], const uint8_t *after)
{
	size_t length = after ? after[0] : 0;

	if (after)
		memcpy(label, after + 1, length);
	if (length < WIRE_LABEL_MAX) {
		label[length] = 0;
		return length + 1;
	}
	while (length > 0 && label[length - 1] == UINT8_MAX)
		length--;
	if (length > 0)
		label[length - 1]++;
	return length;
}

/* The greatest label before another: without its last octet if that is 0, else counted down. */
static size_t
label_before(uint8_t label[static WIRE_LABEL_MAX], const uint8_t *before)
{
	size_t length = before ? before[0] : 0;

	if (before)
		memcpy(label, before + 1, length);
	if (before && label[length - 1] == 0)
		return length - 1;
	if (before)
		label[length - 1]--;
	/* no folding may raise it */
	if (before && label[length - 1] >= 'A' && label[length - 1] <= 'Z')
		label[length - 1] = 'A' - 1;
	memset(label + length, UINT8_MAX, WIRE_LABEL_MAX - length);
	return WIRE_LABEL_MAX;
}

/* Something between them that is near neither. */
static size_t
label_middle(uint8_t label[static WIRE_LABEL_MAX], const uint8_t *after, const uint8_t *before)
{
	size_t length = 0;
	unsigned int low, high;

	while (after && before && length < after[0] && length < before[0] &&
		after[1 + length] == before[1 + length]) {
		label[length] = after[1 + length];
		length++;
	}
	low = after && length < after[0] ? after[1 + length] : 0;
	high = before && length < before[0] ? before[1 + length] : UINT8_MAX;
	label[length++] = (uint8_t)((low + high) / 2);
	/* between neighbours: behind the first of them */
	for (; low + 1 >= high && after && length < after[0]; length++)
		label[length] = after[1 + length];
	if (length < WIRE_LABEL_MAX)
		label[length++] = '~';
	return length;
}

static int
gap_ask(struct proving *p, const struct wire_name *encloser, const uint8_t *after,
	const uint8_t *before, struct why *why)
{
	uint8_t label[WIRE_LABEL_MAX];
	int rc;

	rc = between_ask(p, encloser, after, before, label, label_after(label, after), why);
	if (rc == 0)
		rc = between_ask(
			p, encloser, after, before, label, label_middle(label, after, before), why);
	if (rc == 0)
		rc = between_ask(
			p, encloser, after, before, label, label_before(label, before), why);
	return rc;
}

/* The label of a name right below one of its ancestors. */
static const uint8_t *
label_below(const struct wire_name *name, unsigned int ancestor_labels)
{
	return name->octets + wire_name_skip(name, name->labels - ancestor_labels - 1u);
}

/*
 * All that lies between a name and the next that exists (NULL: the end of the zone): below the
 * name, and behind it and each of its ancestors up to the one that it shares with the next.
 */
static int
gaps_ask(struct proving *p, const struct existing *at, const struct existing *next, struct why *why)
{
	unsigned int shared =
		next ? wire_name_common(&at->name, &next->name) : p->zone->origin.labels;
	bool is_parent = shared == at->name.labels;
	struct wire_name encloser;
	int rc = 0;

	if (!at->node || at->node->place != ZONE_CUT)
		rc = gap_ask(p, &at->name, NULL,
			next && is_parent ? label_below(&next->name, shared) : NULL, why);
	for (unsigned int labels = at->name.labels; labels-- > shared && rc == 0;) {
		wire_name_suffix(&encloser, &at->name, labels);
		rc = gap_ask(p, &encloser, label_below(&at->name, labels),
			next && labels == shared ? label_below(&next->name, shared) : NULL, why);
	}
	return rc;
}

/* ---- all ---- */

/* What the engine keeps for an owner: each type, and what ANY, RRSIG and IXFR get. */
static size_t
types_expected(const struct existing *at)
{
	bool is_signed = false;

	if (!at->node || at->node->place == ZONE_CUT)
		return 0;
	for (unsigned int i = 0; i < at->node->count; i++)
		is_signed |= at->node->rrsets[i].signature_count > 0;
	return at->node->count + 1u + is_signed + (at->node->place == ZONE_APEX);
}

/* All that there is was asked for; so what there is too much shows in the count. */
static int
counts_compare(const struct proving *p, const struct existing_list *list, struct why *why)
{
	const struct image *image = p->service.catalogue.images[0];
	size_t names = image->radix.node_count, types = image->type_first[names], expected = 0;

	for (size_t i = 0; i < list->count; i++)
		expected += types_expected(&list->names[i]);
	if (names != list->count)
		return why_set(why, EBADMSG, "not proven: %zu names, but the zone has %zu", names,
			list->count);
	if (types != expected)
		return why_set(why, EBADMSG,
			"not proven: answers for %zu types, but the zone has %zu", types, expected);
	return 0;
}

static int
zone_ask(struct proving *p, struct why *why)
{
	struct existing_list list = {.names = NULL};
	int rc = 0;

	existing_find(p->zone, &list);
	for (size_t i = 0; i < list.count && rc == 0; i++) {
		rc = existing_ask(p, &list.names[i], why);
		if (rc == 0)
			rc = gaps_ask(p, &list.names[i],
				i + 1 < list.count ? &list.names[i + 1] : NULL, why);
	}
	/* glue is no name of this zone: a referral */
	for (size_t i = 0; i < p->zone->node_count && rc == 0; i++)
		if (p->zone->nodes[i].place == ZONE_GLUE)
			rc = prove_ask_once(p, &p->zone->nodes[i].name, WIRE_TYPE_A, why);
	if (rc == 0)
		rc = counts_compare(p, &list, why);
	free(list.names);
	return rc;
}

int
prove_image(const struct image *image, const struct zone *zone, uint64_t *compared, struct why *why)
{
	struct arena *arena = arena_new();
	struct proving *p = arena_take(arena, sizeof(*p));
	int rc;

	p->service.catalogue.count = 1;
	p->service.catalogue.images[0] = image;
	p->zone = zone;
	p->zones = (struct oracle_zones){.count = 1, .zones = &p->zone};
	rc = zone_ask(p, why);
	if (rc == 0)
		rc = prove_sums(image, why);
	*compared = p->compared;
	arena_free(arena);
	return rc;
}
