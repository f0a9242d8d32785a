/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "workload/workload_priv.h"

bool
type_from_text(uint16_t *type, const char *text)
{
	static const struct {
		const char *name;
		uint16_t type;
	} types[] = {{"A", 1}, {"NS", 2}, {"CNAME", 5}, {"SOA", 6}, {"PTR", 12}, {"MX", 15},
		{"TXT", 16}, {"AAAA", 28}, {"SRV", 33}, {"NAPTR", 35}, {"DS", 43}, {"RRSIG", 46},
		{"NSEC", 47}, {"DNSKEY", 48}, {"TLSA", 52}, {"ZONEMD", 63}, {"HTTPS", 65},
		{"ANY", 255}, {"CAA", 257}};
	unsigned int number;
	int end = 0;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcasecmp(types[i].name, text) == 0) {
			*type = types[i].type;
			return true;
		}
	/* RFC 3597 5 */
	if (sscanf(text, "TYPE%5u%n", &number, &end) != 1 || text[end] || number > UINT16_MAX)
		return false;
	*type = (uint16_t)number;
	return true;
}

static int
share_read(const json_t *object, const char *key, double *share, struct why *why)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_number(value) || json_number_value(value) < 0 ||
		json_number_value(value) > 100)
		return why_set(why, EINVAL, "%s: it takes a share of 0 to 100 per cent", key);
	*share = json_number_value(value);
	return 0;
}

static int
choice_add(
	struct choices *c, const char *key, const char *name, const json_t *weight, struct why *why)
{
	if (!json_is_number(weight) || json_number_value(weight) < 0)
		return why_set(why, EINVAL, "%s: %s: it takes a share", key, name);
	if (c->count == CHOICES_MAX)
		return why_set(why, EINVAL, "%s: more than %d", key, CHOICES_MAX);
	c->names[c->count] = name;
	c->weights[c->count++] = json_number_value(weight);
	c->total += json_number_value(weight);
	return 0;
}

static int
choices_read(struct choices *c, json_t *object, const char *key, struct why *why)
{
	json_t *member = json_object_get(object, key), *value;
	const char *name;

	json_object_foreach(member, name, value)
	{
		int rc = choice_add(c, key, name, value, why);

		if (rc < 0)
			return rc;
	}
	return c->total > 0 ? 0 : why_set(why, EINVAL, "%s: it is missing or empty", key);
}

static int
types_read(struct choices *c, json_t *object, const char *key, struct why *why)
{
	int rc = choices_read(c, object, key, why);

	for (unsigned int i = 0; rc == 0 && i < c->count; i++)
		if (!type_from_text(&c->numbers[i], c->names[i]))
			rc = why_set(why, EINVAL, "%s: %s is no type", key, c->names[i]);
	return rc;
}

static int
sizes_read(struct mix *mix, struct why *why)
{
	struct choices *c = &mix->sizes;
	int rc = choices_read(c, mix->json, "sizes", why);

	for (unsigned int i = 0; rc == 0 && i < c->count; i++) {
		char *end;
		unsigned long size = strtoul(c->names[i], &end, 10);

		if (*end || size > UINT16_MAX)
			rc = why_set(why, EINVAL, "sizes: %s is no size", c->names[i]);
		c->numbers[i] = (uint16_t)size;
	}
	return rc;
}

static int
part_read(struct mix *mix, const json_t *object, struct why *why)
{
	static const char *const kinds[] = {
		"random", "missing", "referral", "subdomain", "ds", "apex"};
	struct part *part = &mix->parts[mix->part_shares.count];
	const char *kind = json_string_value(json_object_get(object, "kind"));
	const char *type = json_string_value(json_object_get(object, "type"));
	unsigned int i = 0, count = sizeof(kinds) / sizeof(kinds[0]);

	while (i < count && (!kind || strcmp(kinds[i], kind) != 0))
		i++;
	if (i == count)
		return why_set(why, EINVAL, "parts: %s is no kind", kind ? kind : "(none)");
	if (mix->part_shares.count == CHOICES_MAX)
		return why_set(why, EINVAL, "parts: more than %d", CHOICES_MAX);
	part->kind = (enum part_kind)i;
	if (part->kind == PART_APEX && (!type || !type_from_text(&part->type, type)))
		return why_set(why, EINVAL, "parts: %s is no type", type ? type : "(none)");
	return choice_add(&mix->part_shares, "parts", kind, json_object_get(object, "share"), why);
}

/* The first is asked for most, as Zipf has it; the last weight is for random names. */
static int
missing_read(struct mix *mix, struct why *why)
{
	struct choices *c = &mix->missing;
	json_t *name;
	size_t i;

	json_array_foreach(json_object_get(mix->json, "missing_tlds"), i, name)
	{
		const char *text = json_string_value(name);

		if (!text || !*text || strlen(text) > WIRE_LABEL_MAX || c->count == CHOICES_MAX - 1)
			return why_set(
				why, EINVAL, "missing_tlds: up to %d labels", CHOICES_MAX - 1);
		c->names[c->count] = text;
		c->weights[c->count++] = 1.0 / (double)(i + 1);
		c->total += 1.0 / (double)(i + 1);
	}
	c->weights[c->count] = 1.0 / (double)(c->count + 1);
	c->total += c->weights[c->count++];
	return 0;
}

static int
parts_read(struct mix *mix, struct why *why)
{
	json_t *part;
	size_t i;

	json_array_foreach(json_object_get(mix->json, "parts"), i, part)
	{
		int rc = part_read(mix, part, why);

		if (rc < 0)
			return rc;
	}
	return mix->part_shares.total > 0 ? 0 : why_set(why, EINVAL, "parts: there are none");
}

static int
shares_read(struct mix *mix, struct why *why)
{
	const struct {
		const char *key;
		double *share;
	} shares[] = {{"bare_tld", &mix->bare_tld}, {"edns", &mix->shares.edns},
		{"dnssec_ok", &mix->shares.dnssec_ok}, {"cookie", &mix->shares.cookie},
		{"mixed_case", &mix->shares.mixed_case}, {"ipv6", &mix->shares.ipv6},
		{"rd", &mix->shares.rd}};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof(shares) / sizeof(shares[0]); i++)
		rc = share_read(mix->json, shares[i].key, shares[i].share, why);
	if (rc == 0 && json_object_get(mix->json, "malformed"))
		rc = share_read(mix->json, "malformed", &mix->shares.malformed, why);
	return rc;
}

int
mix_read(struct mix *mix, const char *path, struct why *why)
{
	json_error_t error;
	int rc;

	mix->json = json_load_file(path, 0, &error);
	if (!mix->json)
		return why_set(why, EINVAL, "%s:%d: %s", path, error.line, error.text);
	rc = parts_read(mix, why);
	if (rc == 0)
		rc = types_read(&mix->nxdomain_types, mix->json, "nxdomain_types", why);
	if (rc == 0)
		rc = types_read(&mix->referral_types, mix->json, "referral_types", why);
	if (rc == 0)
		rc = sizes_read(mix, why);
	if (rc == 0)
		rc = choices_read(&mix->tlds, mix->json, "tlds", why);
	if (rc == 0)
		rc = missing_read(mix, why);
	if (rc == 0)
		rc = shares_read(mix, why);
	if (rc < 0)
		why_prefix(why, "%s", path);
	return rc;
}

void
mix_free(struct mix *mix)
{
	json_decref(mix->json);
	mix->json = NULL;
}
