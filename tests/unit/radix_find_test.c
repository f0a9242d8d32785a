/* SPDX-License-Identifier: BSD-3-Clause */
/* The tree against a plain sorted list, at every owner and on both sides of every gap. */
#include <criterion/criterion.h>

#include "oracle_zone.h"
#include "radix/radix.h"
#include "random_zone.h"

struct world {
	struct arena *arena;
	struct radix_owner *owners;
	uint32_t count;
	struct radix tree;
	uint8_t origin_labels;
	size_t asked;
};

static void
world_begin(struct world *w, const struct zone *zone)
{
	struct why why;

	*w = (struct world){.arena = arena_new(), .origin_labels = zone->origin.labels};
	w->owners = arena_take(w->arena, zone->node_count * sizeof(*w->owners));
	for (size_t i = 0; i < zone->node_count; i++)
		if (zone->nodes[i].place != ZONE_GLUE)
			w->owners[w->count++] = (struct radix_owner){.name = &zone->nodes[i].name,
				.is_cut = zone->nodes[i].place == ZONE_CUT};
	radix_build(w->arena, w->owners, w->count, &w->tree);
	cr_assert_eq(radix_check(&w->tree, &why), 0, "%s", why.text);
	cr_assert_eq(w->tree.leaf_count, w->count);
}

/* The plainest search: all owners, one after the other. */
static void
place_expect(const struct world *w, const struct wire_name *name, struct radix_place *expected)
{
	*expected = (struct radix_place){.labels = w->origin_labels};
	for (uint32_t i = 0; i < w->count; i++) {
		const struct wire_name *owner = w->owners[i].name;
		unsigned int common = wire_name_common(owner, name);

		if (wire_name_compare(owner, name) <= 0)
			expected->leaf = i;
		/* the closest encloser, or the name itself, empty non-terminals counted */
		if (common > expected->labels)
			expected->labels = common;
	}
	for (uint32_t i = 0; i < w->count; i++)
		if (w->owners[i].is_cut && wire_name_is_below(name, w->owners[i].name)) {
			expected->labels = w->owners[i].name->labels;
			expected->is_cut = true;
			expected->leaf = i;
		}
	expected->found = expected->is_cut || expected->labels == name->labels;
}

static void
ask(struct world *w, const struct wire_name *name)
{
	struct radix_place expected, place;
	char text[WIRE_NAME_TEXT_MAX];

	/* a neighbour of the apex may lie outside of the zone, where nobody asks */
	if (!wire_name_is_below(name, w->owners[0].name))
		return;
	place_expect(w, name, &expected);
	radix_find(&w->tree, name, &place);
	wire_name_to_text(name, text);
	cr_assert_eq(place.found, expected.found, "%s: found", text);
	cr_assert_eq(place.is_cut, expected.is_cut, "%s: cut", text);
	cr_assert_eq(place.labels, expected.labels, "%s: labels", text);
	cr_assert_eq(
		place.leaf, expected.leaf, "%s: leaf %u, not %u", text, place.leaf, expected.leaf);
	w->asked++;
}

/* The nearest names that sort after a name and that its sibling could be: with an octet more or
 * less. */
static void
neighbours_ask(struct world *w, const struct wire_name *owner)
{
	struct wire_name name;
	uint8_t length = owner->octets[0];

	if (length < WIRE_LABEL_MAX && owner->length < WIRE_NAME_MAX && length > 0) {
		name = *owner;
		memmove(name.octets + length + 2, owner->octets + length + 1,
			(size_t)owner->length - length - 1);
		name.octets[length + 1] = 0;
		name.octets[0]++;
		name.length++;
		ask(w, &name);
		name.octets[length + 1] = 0xff;
		ask(w, &name);
	}
	if (length > 1) {
		name = *owner;
		memmove(name.octets + length, owner->octets + length + 1,
			(size_t)owner->length - length - 1);
		name.octets[0]--;
		name.length--;
		ask(w, &name);
	}
	for (int step = -1; length > 0 && step <= 1; step += 2) {
		name = *owner;
		name.octets[length] = (uint8_t)(name.octets[length] + step);
		wire_name_fold(&name);
		ask(w, &name);
	}
	if (owner->length + 2 <= WIRE_NAME_MAX) {
		name = *owner;
		random_label_put(&name, "\0", 1);
		ask(w, &name);
		name.octets[1] = 0xff;
		ask(w, &name);
	}
}

static void
all_ask(struct world *w, unsigned int step)
{
	for (uint32_t i = 0; i < w->count; i += step) {
		ask(w, w->owners[i].name);
		neighbours_ask(w, w->owners[i].name);
	}
}

Test(radix_find, agrees_with_a_sorted_list_in_random_zones)
{
	for (uint64_t seed = 1; seed <= 12; seed++) {
		struct random_zone_options options = {.seed = seed,
			.origin = seed % 3 ? "." : "deep.example.",
			.names = 20 + 60 * (unsigned int)seed,
			.is_wide = seed % 2};
		char *text = random_zone_text(&options);
		struct zone *zone = zone_from_text(text);
		struct world w;

		world_begin(&w, zone);
		all_ask(&w, 1);
		arena_free(w.arena);
		zone_free(zone);
		free(text);
	}
}

Test(radix_find, agrees_with_a_sorted_list_in_the_real_root_zone)
{
	const char *path = getenv("MANGROVE_ROOT_ZONE");
	struct zone *zone;
	struct world w;
	struct why why;

	if (!path)
		cr_skip("MANGROVE_ROOT_ZONE is not set");
	cr_assert_eq(zone_load(path, NULL, &zone, &why), 0, "%s", why.text);
	world_begin(&w, zone);
	all_ask(&w, getenv("MANGROVE_LONG") ? 1 : 3);
	arena_free(w.arena);
	zone_free(zone);
}
