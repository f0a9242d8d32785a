/* SPDX-License-Identifier: BSD-3-Clause */
/* Two sorted versions are walked together, owner by owner and type by type. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "zonediff/zonediff_priv.h"

/* A run of rows of one version. */
struct run {
	const struct row *rows;
	size_t count;
};

/* What one pass over both versions carries along. */
struct walk {
	const struct wire_name *origin;
	const struct wire_name *cut; /* the delegation in which the walk is, or NULL */
	json_t *entry;		     /* that of the cut, once something of it changed; borrowed */
	bool cut_before, cut_after;
	json_t *apex, *delegations, *others; /* borrowed from the result */
	json_int_t removed, added, renewed, signatures_removed, signatures_added;
	bool failed; /* out of memory */
};

static bool
row_equal(const struct row *a, const struct row *b)
{
	return a->length == b->length && memcmp(a->rdata, b->rdata, a->length) == 0;
}

/* ---- lists of what was removed and added ---- */

static void
append(struct walk *walk, json_t *array, const struct row *row, const char *prefix, bool with_ttl)
{
	char *rdata __attribute__((cleanup(free_memory))) = row_text(row);
	char *line __attribute__((cleanup(free_memory))) = NULL;
	int length = -1;

	if (rdata && with_ttl)
		length = asprintf(&line, "%s%s (TTL %u)", prefix, rdata, row->ttl);
	else if (rdata)
		length = asprintf(&line, "%s%s", prefix, rdata);
	if (length < 0) {
		line = NULL;
		walk->failed = true;
	} else if (json_array_append_new(array, json_string(line)) < 0) {
		walk->failed = true;
	}
}

/* The rows of one owner and type that differ; those whose TTL alone does say so. */
static void
list(struct walk *walk, struct run before, struct run after, const char *prefix, json_t *removed,
	json_t *added)
{
	size_t b = 0, a = 0;

	while (b < before.count || a < after.count) {
		const struct row *old = b < before.count ? &before.rows[b] : NULL;
		const struct row *new = a < after.count ? &after.rows[a] : NULL;
		int order = 0;

		if (!old || !new) {
			order = old ? -1 : 1;
		} else if (!row_equal(old, new)) {
			size_t common = old->length < new->length ? old->length : new->length;

			order = memcmp(old->rdata, new->rdata, common);
			order = order ? order : (int)old->length - (int)new->length;
		} else if (old->ttl != new->ttl) {
			append(walk, removed, old, prefix, true);
			append(walk, added, new, prefix, true);
		}
		if (order < 0)
			append(walk, removed, old, prefix, false);
		if (order > 0)
			append(walk, added, new, prefix, false);
		b += order <= 0;
		a += order >= 0;
	}
}

static void
count(struct walk *walk, struct run before, struct run after, size_t *removed, size_t *added)
{
	size_t same = 0;

	for (size_t b = 0, a = 0; b < before.count && a < after.count;) {
		const struct row *old = &before.rows[b], *new = &after.rows[a];
		size_t common = old->length < new->length ? old->length : new->length;
		int order = memcmp(old->rdata, new->rdata, common);

		order = order ? order : (int)old->length - (int)new->length;
		same += order == 0 && old->ttl == new->ttl;
		b += order <= 0;
		a += order >= 0;
	}
	*removed = before.count - same;
	*added = after.count - same;
	walk->removed += (json_int_t)*removed;
	walk->added += (json_int_t)*added;
}

static const char *
change_text(struct run before, struct run after)
{
	return !before.count ? "added" : !after.count ? "removed" : "changed";
}

/* ---- where a change is told ---- */

static json_t *
lists_new(void)
{
	return json_pack("{s:[], s:[]}", "removed", "added");
}

/* The entry of the delegation in which the walk is; NULL: out of memory. */
static json_t *
cut_entry(struct walk *walk)
{
	char name[WIRE_NAME_TEXT_MAX];

	if (walk->entry)
		return walk->entry;
	walk->entry = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "name",
		wire_name_to_text(walk->cut, name), "change",
		!walk->cut_before ? "added"
		: walk->cut_after ? "changed"
				  : "removed",
		"ns", lists_new(), "ds", lists_new(), "glue", lists_new(), "other", lists_new());
	if (!walk->entry || json_array_append_new(walk->delegations, walk->entry) < 0)
		walk->entry = NULL;
	return walk->entry;
}

static void
tell_cut(struct walk *walk, const struct wire_name *owner, uint16_t type, struct run before,
	struct run after)
{
	const bool at_cut = wire_name_equal(owner, walk->cut);
	char name[WIRE_NAME_TEXT_MAX], prefix[WIRE_NAME_TEXT_MAX + 32] = "";
	const char *key = "other";
	json_t *entry = cut_entry(walk), *lists;

	if (at_cut && type == WIRE_TYPE_NS)
		key = "ns";
	else if (at_cut && type == WIRE_TYPE_DS)
		key = "ds";
	else if (type == WIRE_TYPE_A || type == WIRE_TYPE_AAAA)
		key = "glue";
	if (key[0] == 'g' || key[0] == 'o') {
		char *mnemonic __attribute__((cleanup(free_memory))) = type_text(type);

		snprintf(prefix, sizeof(prefix), "%s %s ", wire_name_to_text(owner, name),
			mnemonic ? mnemonic : "?");
	}
	lists = json_object_get(entry, key);
	if (!lists) {
		walk->failed = true;
		return;
	}
	list(walk, before, after, prefix, json_object_get(lists, "removed"),
		json_object_get(lists, "added"));
}

static void
tell_type(struct walk *walk, json_t *array, const char *name, uint16_t type, struct run before,
	struct run after)
{
	char *mnemonic __attribute__((cleanup(free_memory))) = type_text(type);
	json_t *entry = json_pack("{s:s, s:s, s:[], s:[]}", "type", mnemonic ? mnemonic : "?",
		"change", change_text(before, after), "removed", "added");

	if (name && entry)
		json_object_set_new(entry, "name", json_string(name));
	if (!entry || json_array_append_new(array, entry) < 0) {
		walk->failed = true;
		return;
	}
	list(walk, before, after, "", json_object_get(entry, "removed"),
		json_object_get(entry, "added"));
}

/* Whether two SOA differ in their serial alone, which every version does. */
static bool
only_serial(struct run before, struct run after)
{
	const struct row *old = before.rows, *new = after.rows;
	size_t serial;

	if (before.count != 1 || after.count != 1 || old->length != new->length ||
		old->ttl != new->ttl || old->length < 20)
		return false;
	serial = (size_t)old->length - 20;
	return memcmp(old->rdata, new->rdata, serial) == 0 &&
	       memcmp(old->rdata + serial + 4, new->rdata + serial + 4, 16) == 0;
}

/* ---- the walk ---- */

static bool
holds(struct run run, uint16_t type)
{
	for (size_t i = 0; i < run.count; i++)
		if (run.rows[i].type == type)
			return true;
	return false;
}

/* The rows of a type and covered type at the front of a run, taken from it. */
static struct run
take_type(struct run *run, uint16_t type, uint16_t covered)
{
	struct run taken = {.rows = run->rows};

	while (taken.count < run->count && run->rows[taken.count].type == type &&
		run->rows[taken.count].covered == covered)
		taken.count++;
	run->rows += taken.count;
	run->count -= taken.count;
	return taken;
}

static struct run
take_owner(struct run *run, const struct wire_name *owner)
{
	struct run taken = {.rows = run->rows};

	while (taken.count < run->count && wire_name_equal(run->rows[taken.count].owner, owner))
		taken.count++;
	run->rows += taken.count;
	run->count -= taken.count;
	return taken;
}

static void
type_compare(struct walk *walk, const struct wire_name *owner, const struct row *first,
	struct run before, struct run after, bool rrset_stays)
{
	char name[WIRE_NAME_TEXT_MAX];
	size_t removed, added;

	count(walk, before, after, &removed, &added);
	if (first->type == WIRE_TYPE_RRSIG) {
		size_t renewed = removed < added ? removed : added;

		renewed = rrset_stays ? renewed : 0;
		walk->renewed += (json_int_t)renewed;
		walk->signatures_removed += (json_int_t)(removed - renewed);
		walk->signatures_added += (json_int_t)(added - renewed);
	}
	/* these follow from the rest */
	if (removed + added == 0 || first->type == WIRE_TYPE_RRSIG ||
		first->type == WIRE_TYPE_NSEC || first->type == WIRE_TYPE_ZONEMD)
		return;
	if (walk->cut)
		tell_cut(walk, owner, first->type, before, after);
	else if (!wire_name_equal(owner, walk->origin))
		tell_type(walk, walk->others, wire_name_to_text(owner, name), first->type, before,
			after);
	else if (first->type != WIRE_TYPE_SOA || !only_serial(before, after))
		tell_type(walk, walk->apex, NULL, first->type, before, after);
}

/* Canonical order: what lies below a cut follows it at once. */
static void
cut_follow(struct walk *walk, const struct wire_name *owner, struct run before, struct run after)
{
	if (walk->cut && wire_name_is_below(owner, walk->cut))
		return;
	walk->cut = NULL;
	walk->entry = NULL;
	walk->cut_before = holds(before, WIRE_TYPE_NS);
	walk->cut_after = holds(after, WIRE_TYPE_NS);
	if (!wire_name_equal(owner, walk->origin) && (walk->cut_before || walk->cut_after))
		walk->cut = owner;
}

static const struct row *
first_of(struct run before, struct run after)
{
	const struct row *old = before.rows, *new = after.rows;
	int order;

	if (!before.count || !after.count)
		return before.count ? old : new;
	order = wire_name_compare(old->owner, new->owner);
	if (order == 0)
		order = (int)old->type - (int)new->type;
	if (order == 0)
		order = (int)old->covered - (int)new->covered;
	return order <= 0 ? old : new;
}

static void
owner_compare(struct walk *walk, const struct wire_name *owner, struct run before, struct run after)
{
	struct run rest_before = before, rest_after = after;

	cut_follow(walk, owner, before, after);
	while (rest_before.count || rest_after.count) {
		const struct row *first = first_of(rest_before, rest_after);
		struct run old = take_type(&rest_before, first->type, first->covered);
		struct run new = take_type(&rest_after, first->type, first->covered);

		type_compare(walk, owner, first, old, new,
			holds(before, first->covered) && holds(after, first->covered));
	}
}

static json_t *
result_make(struct walk *walk, const struct rows *before, const struct rows *after)
{
	struct run old = {before->rows, before->count}, new = {after->rows, after->count};
	char name[WIRE_NAME_TEXT_MAX];
	json_t *diff = json_pack("{s:s, s:I, s:I, s:o, s:o, s:o}", "origin",
		wire_name_to_text(before->origin, name), "from", (json_int_t)before->serial, "to",
		(json_int_t)after->serial, "apex", walk->apex, "delegations", walk->delegations,
		"others", walk->others);
	json_t *counts;

	if (!diff)
		return NULL;
	while (old.count || new.count) {
		const struct wire_name *owner = first_of(old, new)->owner;
		struct run old_owner = take_owner(&old, owner), new_owner = take_owner(&new, owner);

		owner_compare(walk, owner, old_owner, new_owner);
	}
	counts = json_pack("{s:I, s:I, s:I, s:I, s:I}", "records_removed", walk->removed,
		"records_added", walk->added, "signatures_renewed", walk->renewed,
		"signatures_removed", walk->signatures_removed, "signatures_added",
		walk->signatures_added);
	if (walk->failed || !counts || json_object_update(diff, counts) < 0) {
		json_decref(diff);
		diff = NULL;
	}
	json_decref(counts);
	return diff;
}

int
zonediff_make(const struct zonediff_records *before, const struct zonediff_records *after,
	json_t **diff, struct why *why)
{
	struct arena *arena = arena_new();
	struct rows old, new;
	int rc = rows_read(arena, before, &old, why);

	if (rc == 0)
		rc = rows_read(arena, after, &new, why);
	if (rc == 0 && !wire_name_equal(old.origin, new.origin))
		rc = why_set(why, EINVAL, "two zones, not two versions of one");
	if (rc == 0) {
		struct walk walk = {.origin = old.origin,
			.apex = json_array(),
			.delegations = json_array(),
			.others = json_array()};

		*diff = result_make(&walk, &old, &new);
		if (!*diff)
			rc = why_set(why, ENOMEM, "out of memory");
	}
	arena_free(arena);
	return rc;
}
