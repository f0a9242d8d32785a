/* SPDX-License-Identifier: BSD-3-Clause */
/* From the entries of a master file to records: names, TTLs and types here, RDATA by ldns. */
#include "zone/zone_priv.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* What one entry leaves to the next. */
struct reading {
	struct zone_entries entries;
	struct wire_name origin, owner;
	ldns_rdf *origin_rdf; /* the same, for ldns */
	bool has_owner;
	bool has_ttl, has_default; /* a TTL was stated; by $TTL, which then stays */
	uint32_t ttl;
};

static const struct {
	char unit;
	uint32_t seconds;
} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};

__attribute__((format(printf, 3, 4))) static int
reading_why(struct why *why, const struct reading *reading, const char *format, ...)
{
	char reason[512];
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	return why_set(why, EINVAL, "%s:%u: %s", reading->entries.path, reading->entries.first_line,
		reason);
}

/* "3600", and "1h30m" as BIND writes it. @return false: no TTL */
static bool
ttl_from_text(uint32_t *ttl, const char *text)
{
	uint64_t sum = 0;

	if (!isdigit((unsigned char)*text))
		return false;
	while (*text) {
		uint64_t number = 0, seconds = 1;

		if (!isdigit((unsigned char)*text))
			return false;
		for (; isdigit((unsigned char)*text); text++) {
			number = number * 10 + (uint64_t)(*text - '0');
			if (number > INT32_MAX)
				return false;
		}
		if (*text) {
			seconds = 0;
			for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
				if (tolower((unsigned char)*text) == units[i].unit)
					seconds = units[i].seconds;
			text++;
		}
		sum += number * seconds;
		/* RFC 2181 8 */
		if (seconds == 0 || sum > INT32_MAX)
			return false;
	}
	*ttl = (uint32_t)sum;
	return true;
}

static bool
text_is_absolute(const char *text)
{
	size_t length = strlen(text), escapes = 0;

	if (length == 0 || text[length - 1] != '.')
		return false;
	while (escapes < length - 1 && text[length - 2 - escapes] == '\\')
		escapes++;
	return escapes % 2 == 0;
}

static bool
name_from_text(struct wire_name *name, const char *text, const struct wire_name *origin)
{
	if (strcmp(text, "@") == 0) {
		*name = *origin;
		return true;
	}
	if (!wire_name_from_text(name, text))
		return false;
	if (!text_is_absolute(text)) {
		if (name->length - 1 + origin->length > WIRE_NAME_MAX)
			return false;
		memcpy(name->octets + name->length - 1, origin->octets, origin->length);
		name->length = (uint8_t)(name->length - 1 + origin->length);
		name->labels += origin->labels;
	}
	return true;
}

/* Cut the next field off. @return NULL: there is none */
static char *
field_next(char **text)
{
	char *field = *text, *p = field;

	if (*field == '\0')
		return NULL;
	while (*p && *p != ' ')
		p += p[0] == '\\' ? 2 : 1;
	*text = *p ? p + 1 : p;
	*p = '\0';
	return field;
}

static int
origin_set(struct reading *reading, const struct wire_name *origin, struct why *why)
{
	reading->origin = *origin;
	wire_name_fold(&reading->origin);
	ldns_rdf_deep_free(reading->origin_rdf);
	reading->origin_rdf =
		ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, origin->length, origin->octets);
	return reading->origin_rdf ? 0 : reading_why(why, reading, "out of memory");
}

static int
directive_take(struct reading *reading, char *rest, struct why *why)
{
	const char *directive = field_next(&rest), *value = field_next(&rest);
	struct wire_name origin;

	if (strcasecmp(directive, "$INCLUDE") == 0)
		return reading_why(why, reading, "$INCLUDE is not allowed");
	if (strcasecmp(directive, "$ORIGIN") != 0 && strcasecmp(directive, "$TTL") != 0)
		return reading_why(why, reading, "%.32s is not known", directive);
	if (!value || *rest)
		return reading_why(why, reading, "%s wants one value", directive);
	if (strcasecmp(directive, "$TTL") == 0) {
		if (!ttl_from_text(&reading->ttl, value))
			return reading_why(why, reading, "$TTL %.32s: no time", value);
		reading->has_ttl = reading->has_default = true;
		return 0;
	}
	if (!name_from_text(&origin, value, &reading->origin))
		return reading_why(why, reading, "$ORIGIN %.255s: malformed name", value);
	return origin_set(reading, &origin, why);
}

static int
owner_take(struct reading *reading, char **rest, struct why *why)
{
	const char *text;

	if (reading->entries.is_indented)
		return reading->has_owner ? 0
					  : reading_why(why, reading,
						    "no owner name, and no record before it");
	text = field_next(rest);
	if (!name_from_text(&reading->owner, text, &reading->origin))
		return reading_why(why, reading, "%.255s: malformed owner name", text);
	wire_name_fold(&reading->owner);
	reading->has_owner = true;
	return 0;
}

/* TTL and class, each or none of them, in either order, then the type (RFC 1035 5.1). */
static int
fields_take(struct reading *reading, struct zone_entry_record *record, char **rest, struct why *why)
{
	bool has_ttl = false, has_class = false;
	char owner[WIRE_NAME_TEXT_MAX], *field;

	record->class = WIRE_CLASS_IN;
	wire_name_to_text(record->owner, owner);
	while ((field = field_next(rest)) != NULL) {
		if (!has_ttl && isdigit((unsigned char)*field)) {
			if (!ttl_from_text(&record->ttl, field))
				return reading_why(
					why, reading, "%.255s: %.32s: no TTL", owner, field);
			has_ttl = true;
		} else if (!has_class && ldns_get_rr_class_by_name(field) != 0) {
			record->class = (uint16_t)ldns_get_rr_class_by_name(field);
			has_class = true;
		} else {
			break;
		}
	}
	if (!field || !zone_type_from_text(&record->type, field))
		return reading_why(why, reading, "%.255s: %.32s: no known type of record", owner,
			field ? field : "nothing");
	if (!has_ttl && !reading->has_ttl)
		return reading_why(why, reading, "%.255s %s: no TTL, and no $TTL before it", owner,
			zone_type_text(record->type));
	if (!has_ttl)
		record->ttl = reading->ttl;
	if (!reading->has_default)
		reading->ttl = record->ttl;
	reading->has_ttl = true;
	return 0;
}

/*
 * ldns takes every name whose first label is a lone "@" for the origin, escaped or not. Where such
 * a label may be, the names are read again here.
 */
static bool
names_repair(const struct reading *reading, ldns_rr *rr, char *rdata)
{
	if (!strchr(rdata, '@') && !strstr(rdata, "\\064"))
		return true;
	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		const char *field = field_next(&rdata);
		struct wire_name name;
		ldns_rdf *rdf;

		/* RFC 3597 5 has no names, and what stands in quotation marks may have blanks */
		if (!field || strcmp(field, "\\#") == 0 || strchr(field, '"'))
			return field != NULL;
		if (ldns_rdf_get_type(ldns_rr_rdf(rr, i)) != LDNS_RDF_TYPE_DNAME)
			continue;
		if (!name_from_text(&name, field, &reading->origin))
			return false;
		rdf = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, name.length, name.octets);
		if (!rdf)
			return false;
		ldns_rdf_deep_free(ldns_rr_set_rdf(rr, rdf, i));
	}
	return true;
}

/*
 * RFC 3597 5: `\# 4 c0000201`. Where ldns knows the type it drops octets too many, and takes what
 * is no hexadecimal number.
 */
static bool
octets_are_sound(const ldns_rr *rr, const char *rdata)
{
	size_t length = 0, digits = 0;
	unsigned long stated;
	char *hex;

	if (strncmp(rdata, "\\# ", 3) != 0)
		return true;
	stated = strtoul(rdata + 3, &hex, 10);
	for (; *hex; hex++) {
		if (!isxdigit((unsigned char)*hex) && *hex != ' ')
			return false;
		digits += *hex != ' ';
	}
	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++)
		length += ldns_rdf_size(ldns_rr_rdf(rr, i));
	return digits == 2 * stated && length == stated;
}

static int
record_take(struct reading *reading, zone_record_taker *take, void *context, struct why *why)
{
	struct zone_entry_record record = {
		.owner = &reading->owner, .line = reading->entries.first_line};
	/* ldns gets RDATA with a made-up head: room for it lies in front of the entry's text */
	char *rest = reading->entries.text, head[ZONE_ENTRY_HEAD], owner[WIRE_NAME_TEXT_MAX];
	ldns_status status = LDNS_STATUS_SYNTAX_RDATA_ERR;
	int rc, length;

	rc = owner_take(reading, &rest, why);
	if (rc == 0)
		rc = fields_take(reading, &record, &rest, why);
	if (rc < 0)
		return rc;
	length = snprintf(head, sizeof(head), ". 0 IN TYPE%u ", record.type);
	memcpy(rest - length, head, (size_t)length);
	if (*rest)
		status = ldns_rr_new_frm_str(
			&record.rr, rest - length, 0, reading->origin_rdf, NULL);
	if (status == LDNS_STATUS_OK &&
		(!octets_are_sound(record.rr, rest) || !names_repair(reading, record.rr, rest))) {
		ldns_rr_free(record.rr);
		status = LDNS_STATUS_SYNTAX_RDATA_ERR;
	}
	if (status != LDNS_STATUS_OK)
		return reading_why(why, reading, "%.255s %s: %s",
			wire_name_to_text(record.owner, owner), zone_type_text(record.type),
			ldns_get_errorstr_by_id(status));
	rc = take(context, &record, why);
	ldns_rr_free(record.rr);
	return rc;
}

int
zone_text_walk(const char *path, const uint8_t *text, size_t length, const struct wire_name *origin,
	int64_t ttl, zone_record_taker *take, void *context, struct why *why)
{
	struct reading *reading = calloc(1, sizeof(*reading));
	int rc;

	if (!reading)
		return why_set(why, ENOMEM, "%s: out of memory", path);
	reading->entries = (struct zone_entries){
		.path = path,
		.at = text,
		.end = text + length,
		.line = 1,
	};
	reading->entries.text = reading->entries.room + ZONE_ENTRY_HEAD;
	reading->has_ttl = ttl >= 0;
	reading->ttl = (uint32_t)ttl;
	rc = origin_set(reading, origin ? origin : &wire_name_root, why);
	while (rc == 0) {
		rc = zone_entry_next(&reading->entries, why);
		if (rc <= 0)
			break;
		if (reading->entries.text[0] == '$' && !reading->entries.is_indented)
			rc = directive_take(reading, reading->entries.text, why);
		else
			rc = record_take(reading, take, context, why);
	}
	ldns_rdf_deep_free(reading->origin_rdf);
	free(reading);
	return rc;
}
