/* SPDX-License-Identifier: BSD-3-Clause */
/* Master files, record by record, by ldns. */
#include "zone/zone_priv.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* What ldns carries from one record to the next. */
struct reading {
	ldns_rdf *origin, *owner;
	uint32_t ttl;
	int line;
};

static ldns_rdf *
origin_rdf(const struct wire_name *origin)
{
	if (!origin)
		return NULL;
	return ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, origin->length, origin->octets);
}

static bool
was_a_directive(ldns_status status)
{
	return status == LDNS_STATUS_SYNTAX_EMPTY || status == LDNS_STATUS_SYNTAX_TTL ||
	       status == LDNS_STATUS_SYNTAX_ORIGIN;
}

static int
records_walk(FILE *file, const char *path, struct reading *reading, zone_record_taker *take,
	void *context, struct why *why)
{
	while (!feof(file)) {
		ldns_rr *rr = NULL;
		int before = reading->line, rc;
		ldns_status status = ldns_rr_new_frm_fp_l(&rr, file, &reading->ttl,
			&reading->origin, &reading->owner, &reading->line);

		if (was_a_directive(status))
			continue;
		if (status != LDNS_STATUS_OK)
			return why_set(why, EINVAL, "%s:%d: %s", path, before,
				status == LDNS_STATUS_SYNTAX_INCLUDE
					? "$INCLUDE is not allowed"
					: ldns_get_errorstr_by_id(status));
		rc = take(context, rr, (uint32_t)before, why);
		ldns_rr_free(rr);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int
zone_file_walk(const char *path, const struct wire_name *origin, zone_record_taker *take,
	void *context, struct why *why)
{
	struct reading reading = {.origin = origin_rdf(origin), .ttl = 0, .line = 1};
	FILE *file = fopen(path, "re");
	struct stat st;
	int rc;

	if (!file || fstat(fileno(file), &st) < 0)
		rc = why_errno(why, "%s", path);
	else if (S_ISDIR(st.st_mode))
		rc = why_set(why, EISDIR, "%s: a directory", path);
	else if (st.st_size > ZONE_FILE_SIZE_MAX)
		rc = why_set(why, EFBIG, "%s: larger than %u octets", path, ZONE_FILE_SIZE_MAX);
	else
		rc = records_walk(file, path, &reading, take, context, why);
	if (file)
		fclose(file);
	ldns_rdf_deep_free(reading.origin);
	ldns_rdf_deep_free(reading.owner);
	return rc;
}

bool
zone_owner_of(const ldns_rr *rr, struct wire_name *name)
{
	const ldns_rdf *owner = ldns_rr_owner(rr);
	struct wire_reader r;

	if (!owner)
		return false;
	r = wire_reader_of(ldns_rdf_data(owner), ldns_rdf_size(owner));
	wire_name_read(&r, name);
	wire_name_fold(name);
	return !r.failed && r.offset == r.length;
}

static bool
names_are_folded(uint16_t type)
{
	return type == WIRE_TYPE_RRSIG || (type != WIRE_TYPE_NSEC && type <= WIRE_TYPE_DNAME);
}

struct zone_rdata
zone_rdata_of(struct arena *arena, const ldns_rr *rr, uint32_t line)
{
	bool fold = names_are_folded((uint16_t)ldns_rr_get_type(rr));
	size_t length = 0, at = 0;
	uint8_t *octets;

	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++)
		length += ldns_rdf_size(ldns_rr_rdf(rr, i));
	octets = arena_take(arena, length);
	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		const ldns_rdf *rdf = ldns_rr_rdf(rr, i);
		size_t size = ldns_rdf_size(rdf);

		memcpy(octets + at, ldns_rdf_data(rdf), size);
		/* length octets of labels are below 'A' */
		for (size_t k = 0;
			fold && ldns_rdf_get_type(rdf) == LDNS_RDF_TYPE_DNAME && k < size; k++)
			if (octets[at + k] >= 'A' && octets[at + k] <= 'Z')
				octets[at + k] |= 0x20;
		at += size;
	}
	return (struct zone_rdata){.octets = octets, .length = (uint16_t)length, .line = line};
}

int
zone_rdata_compare(const struct zone_rdata *a, const struct zone_rdata *b)
{
	size_t shorter = a->length < b->length ? a->length : b->length;
	int order = memcmp(a->octets, b->octets, shorter);

	return order ? order : a->length - b->length;
}
