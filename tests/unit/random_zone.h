/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Zones made up at random, for property tests: octets that are easily mistaken for something else,
 * names up to 255 octets, empty non-terminals, cuts with glue of every kind, many types. The same
 * seed makes the same zone. Signatures verify nowhere; the NSEC chain is right.
 */
#ifndef RANDOM_ZONE_H
#define RANDOM_ZONE_H

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zone/zone.h"

/* xorshift64* */
struct random {
	uint64_t state; /* not 0 */
};

static inline uint32_t
random_below(struct random *random, uint32_t bound)
{
	random->state ^= random->state >> 12;
	random->state ^= random->state << 25;
	random->state ^= random->state >> 27;
	return (uint32_t)((random->state * 0x2545f4914f6cdd1d) >> 32) % bound;
}

static inline bool
random_percent(struct random *random, uint32_t percent)
{
	return random_below(random, 100) < percent;
}

struct random_zone_options {
	uint64_t seed;
	const char *origin;
	unsigned int names; /* about so many owners, glue not counted */
	bool is_signed;
	bool is_wide; /* most names are children of the apex */
};

enum random_role { ROLE_AUTHORITATIVE, ROLE_CUT, ROLE_HOST };

enum { RANDOM_NAMES_MAX = 4096, RANDOM_HOSTS_MAX = 40 };

struct random_name {
	struct wire_name name;
	enum random_role role;
	unsigned int host_count;
	struct wire_name hosts[RANDOM_HOSTS_MAX];
};

struct random_zone {
	struct random random;
	struct random_zone_options options;
	struct wire_name origin;
	unsigned int count;
	struct random_name *names;
	FILE *text;
	/* of the owner that is being written */
	char owner[WIRE_NAME_TEXT_MAX], types[256];
	bool with_signatures;
};

/* Put a label in front. @return false: the name would be too long */
static inline bool
random_label_put(struct wire_name *name, const void *octets, size_t length)
{
	if (length == 0 || name->length + 1 + length > WIRE_NAME_MAX)
		return false;
	memmove(name->octets + 1 + length, name->octets, name->length);
	name->octets[0] = (uint8_t)length;
	memcpy(name->octets + 1, octets, length);
	name->length = (uint8_t)(name->length + 1 + length);
	name->labels++;
	return true;
}

static inline bool
random_label_make(struct random *random, struct wire_name *name)
{
	static const char *const usual[] = {"a", "b", "c", "aa", "ab", "com", "de", "xn--a",
		"xn--ab", "xn--abcdefgh", "abcdefg", "abcdefh", "abcdefgh", "a-b", "A", "Xyz"};
	static const uint8_t octets[] = {0, 1, 32, 42, 45, 46, 64, 65, 90, 91, 92, 96, 97, 122, 123,
		127, 128, 192, 254, 255};
	uint8_t label[WIRE_LABEL_MAX];
	size_t length;

	if (random_percent(random, 50)) {
		const char *word = usual[random_below(random, sizeof(usual) / sizeof(usual[0]))];

		length = strlen(word);
		memcpy(label, word, length);
		if (random_percent(random, 30))
			label[length++] = (uint8_t)('0' + random_below(random, 10));
	} else {
		length = 1 + random_below(random, random_percent(random, 90) ? 4 : WIRE_LABEL_MAX);
		for (size_t i = 0; i < length; i++)
			label[i] = octets[random_below(random, sizeof(octets))];
		/* no wildcard */
		if (length == 1 && label[0] == '*')
			label[0] = '+';
	}
	return random_label_put(name, label, length);
}

/* Labels of one length in front, up to 253, 254 or 255 octets. */
static inline void
random_name_lengthen(struct random *random, struct wire_name *name)
{
	size_t length = 1 + random_below(random, random_percent(random, 50) ? 3 : WIRE_LABEL_MAX);
	size_t end = WIRE_NAME_MAX - random_below(random, 3);
	uint8_t label[WIRE_LABEL_MAX];

	memset(label, 'a' + (int)random_below(random, 3), sizeof(label));
	while (name->length + 2u <= end) {
		size_t room = end - name->length - 1u;

		random_label_put(name, label, room < length ? room : length);
	}
}

static inline struct random_name *
random_name_find(struct random_zone *z, const struct wire_name *name)
{
	for (unsigned int i = 0; i < z->count; i++)
		if (wire_name_equal(&z->names[i].name, name))
			return &z->names[i];
	return NULL;
}

/* @return NULL: the name was there, or cannot be */
static inline struct random_name *
random_name_add(struct random_zone *z, const struct wire_name *name, enum random_role role)
{
	struct wire_name folded = *name;
	char text[WIRE_NAME_TEXT_MAX];

	wire_name_fold(&folded);
	/* ldns reads no owner of more characters */
	if (strlen(wire_name_to_text(&folded, text)) >= WIRE_NAME_MAX)
		return NULL;
	if (z->count == RANDOM_NAMES_MAX || random_name_find(z, &folded))
		return NULL;
	z->names[z->count] = (struct random_name){.name = folded, .role = role};
	return &z->names[z->count++];
}

/* A name server of a zone at `at`: at it, below it, elsewhere in the zone, or outside. */
static inline void
random_host_add(struct random_zone *z, unsigned int of, unsigned int number)
{
	struct wire_name host = z->names[of].name;
	struct random_name *at;
	char label[16];

	switch (random_below(&z->random, 8)) {
	case 0:
		host = z->names[random_below(&z->random, z->count)].name;
		break;
	case 1:
		break;
	case 2:
		wire_name_from_text(&host, "ns.outside.invalid.");
		random_label_make(&z->random, &host);
		break;
	case 3:
		random_label_make(&z->random, &host);
		/* fall through */
	default:
		random_label_put(
			&host, label, (size_t)snprintf(label, sizeof(label), "ns%u", number));
	}
	wire_name_fold(&host);
	/* some have no address */
	if (wire_name_is_below(&host, &z->origin) && random_percent(&z->random, 90) &&
		!random_name_find(z, &host))
		random_name_add(z, &host, ROLE_HOST);
	at = &z->names[of];
	for (unsigned int i = 0; i < at->host_count; i++)
		if (wire_name_equal(&at->hosts[i], &host))
			return;
	at->hosts[at->host_count++] = host;
}

static inline void
random_hosts_add(struct random_zone *z, unsigned int of)
{
	unsigned int count = 1 + random_below(&z->random, random_percent(&z->random, 20) ? 40 : 6);

	for (unsigned int i = 0; i < count; i++)
		random_host_add(z, of, i);
}

static inline void
random_names_make(struct random_zone *z)
{
	random_name_add(z, &z->origin, ROLE_AUTHORITATIVE);
	for (unsigned int i = 0; i < z->options.names; i++) {
		uint32_t from_apex = z->options.is_wide ? 90 : 30;
		struct wire_name name = z->origin;
		unsigned int depth = 1 + random_below(&z->random, 3);

		if (!random_percent(&z->random, from_apex))
			name = z->names[random_below(&z->random, z->count)].name;
		else if (z->options.is_wide)
			depth = 1;
		if (random_percent(&z->random, 4))
			random_name_lengthen(&z->random, &name);
		else
			while (depth-- && random_label_make(&z->random, &name))
				continue;
		random_name_add(
			z, &name, random_percent(&z->random, 50) ? ROLE_CUT : ROLE_AUTHORITATIVE);
	}
	random_hosts_add(z, 0);
	for (unsigned int i = 1; i < z->count; i++)
		if (z->names[i].role == ROLE_CUT)
			random_hosts_add(z, i);
}

static inline int
random_name_order(const void *a, const void *b)
{
	return wire_name_compare(
		&((const struct random_name *)a)->name, &((const struct random_name *)b)->name);
}

static inline bool
random_name_is_glue(struct random_zone *z, const struct wire_name *name)
{
	for (unsigned int labels = z->origin.labels + 1u; labels < name->labels; labels++) {
		struct wire_name ancestor;
		const struct random_name *found;

		wire_name_suffix(&ancestor, name, labels);
		found = random_name_find(z, &ancestor);
		if (found && found->role == ROLE_CUT)
			return true;
	}
	return false;
}

static inline void
random_base64_write(struct random_zone *z, unsigned int quads)
{
	while (quads--)
		fprintf(z->text, "%c%cAA", 'A' + random_below(&z->random, 26),
			'a' + random_below(&z->random, 26));
}

/* Signatures for the RRset that was just written. */
static inline void
random_rrset_end(struct random_zone *z, const char *type, uint32_t ttl)
{
	char signer[WIRE_NAME_TEXT_MAX];
	unsigned int count = random_percent(&z->random, 10) ? 2 : 1;

	strcat(z->types, " ");
	strcat(z->types, type);
	for (unsigned int i = 0; z->with_signatures && i < count; i++) {
		fprintf(z->text, "%s %u IN RRSIG %s 8 1 %u 20300101000000 20200101000000 %u %s ",
			z->owner, ttl, type, ttl, random_below(&z->random, 65536),
			wire_name_to_text(&z->origin, signer));
		random_base64_write(z, 1 + random_below(&z->random, 90));
		fprintf(z->text, "\n");
	}
}

static inline void
random_addresses_write(struct random_zone *z)
{
	uint32_t ttl = 1 + random_below(&z->random, 9999);
	unsigned int both = 1 + random_below(&z->random, 3);
	unsigned int count = random_percent(&z->random, 80) ? 1 : 3;

	if (both & 1) {
		for (unsigned int i = 0; i < count; i++)
			fprintf(z->text, "%s %u IN A 198.18.%u.%u\n", z->owner, ttl,
				random_below(&z->random, 256), i);
		random_rrset_end(z, "A", ttl);
	}
	if (both & 2) {
		for (unsigned int i = 0; i < count; i++)
			fprintf(z->text, "%s %u IN AAAA 2001:db8::%x:%u\n", z->owner, ttl,
				random_below(&z->random, 65536), i);
		random_rrset_end(z, "AAAA", ttl);
	}
}

/* What an authoritative name may own besides addresses; %s is a name of the zone. */
static const struct {
	const char *type, *rdata;
} random_types[] = {
	{"PTR", "%s"},
	{"HINFO", "\"cpu\" \"os\""},
	{"MX", "%u %s"},
	{"TXT", NULL},
	{"RP", "%s %s"},
	{"AFSDB", "%u %s"},
	{"SRV", "%u 0 53 %s"},
	{"NAPTR", "%u 1 \"u\" \"sip\" \"\" %s"},
	{"KX", "%u %s"},
	{"SSHFP", "1 1 0123456789abcdef0123456789abcdef01234567"},
	{"TLSA", "3 1 1 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"},
	{"CAA", "0 issue \"ca.example\""},
	{"TYPE4711", "\\# 3 abcdef"},
	{"TYPE65535", "\\# 0"},
};

static inline void
random_rdata_write(struct random_zone *z, const char *rdata)
{
	char name[WIRE_NAME_TEXT_MAX];
	unsigned int strings;

	if (!rdata) {
		strings = 1 + random_below(&z->random, random_percent(&z->random, 90) ? 2 : 9);
		while (strings--)
			fprintf(z->text, "\"%0*u\" ", 1 + (int)random_below(&z->random, 200),
				random_below(&z->random, 9));
		return;
	}
	for (; *rdata; rdata++) {
		if (rdata[0] != '%') {
			fputc(rdata[0], z->text);
			continue;
		}
		rdata++;
		if (*rdata == 'u')
			fprintf(z->text, "%u", random_below(&z->random, 99));
		else
			fputs(wire_name_to_text(
				      &z->names[random_below(&z->random, z->count)].name, name),
				z->text);
	}
}

static inline void
random_types_write(struct random_zone *z)
{
	for (size_t i = 0; i < sizeof(random_types) / sizeof(random_types[0]); i++) {
		uint32_t ttl = 1 + random_below(&z->random, 9999);
		unsigned int count =
			1 + random_below(&z->random, random_percent(&z->random, 80) ? 2 : 12);

		if (!random_percent(&z->random, 15))
			continue;
		while (count--) {
			fprintf(z->text, "%s %u IN %s ", z->owner, ttl, random_types[i].type);
			random_rdata_write(z, random_types[i].rdata);
			fprintf(z->text, "\n");
		}
		random_rrset_end(z, random_types[i].type, ttl);
	}
}

static inline void
random_ns_write(struct random_zone *z, const struct random_name *at)
{
	uint32_t ttl = 1 + random_below(&z->random, 9999);
	bool with_signatures = z->with_signatures;
	char host[WIRE_NAME_TEXT_MAX];

	for (unsigned int i = 0; i < at->host_count; i++)
		fprintf(z->text, "%s %u IN NS %s\n", z->owner, ttl,
			wire_name_to_text(&at->hosts[i], host));
	z->with_signatures = with_signatures && at->role != ROLE_CUT;
	random_rrset_end(z, "NS", ttl);
	z->with_signatures = with_signatures;
}

static inline void
random_apex_write(struct random_zone *z)
{
	uint32_t ttl = 1 + random_below(&z->random, 9999);
	char name[WIRE_NAME_TEXT_MAX];

	wire_name_to_text(&z->names[random_below(&z->random, z->count)].name, name);
	fprintf(z->text, "%s %u IN SOA %s %s 4294967295 1 2 3 %u\n", z->owner, ttl, name, z->owner,
		random_below(&z->random, 9999));
	random_rrset_end(z, "SOA", ttl);
	random_ns_write(z, &z->names[0]);
	if (!z->options.is_signed)
		return;
	fprintf(z->text, "%s %u IN DNSKEY 257 3 8 ", z->owner, ttl);
	random_base64_write(z, 1 + random_below(&z->random, 80));
	fprintf(z->text, "\n");
	random_rrset_end(z, "DNSKEY", ttl);
}

static inline void
random_cut_write(struct random_zone *z, const struct random_name *at)
{
	random_ns_write(z, at);
	if (z->options.is_signed && random_percent(&z->random, 60)) {
		fprintf(z->text, "%s 77 IN DS 7 8 2 %064u\n", z->owner,
			random_below(&z->random, 9999));
		if (random_percent(&z->random, 20))
			fprintf(z->text, "%s 77 IN DS 8 8 4 %096u\n", z->owner,
				random_below(&z->random, 9999));
		random_rrset_end(z, "DS", 77);
	}
	/* addresses at the cut are glue: not in the bitmap; signed they do not verify, but load */
	if (random_percent(&z->random, 30)) {
		bool with_signatures = z->with_signatures;
		size_t types_end = strlen(z->types);

		z->with_signatures = with_signatures && random_percent(&z->random, 20);
		random_addresses_write(z);
		z->with_signatures = with_signatures;
		z->types[types_end] = '\0';
	}
}

static inline void
random_owner_write(struct random_zone *z, unsigned int i, bool is_glue)
{
	struct random_name *at = &z->names[i];
	unsigned int next = i + 1;
	char name[WIRE_NAME_TEXT_MAX];

	wire_name_to_text(&at->name, z->owner);
	z->types[0] = '\0';
	z->with_signatures = z->options.is_signed && !is_glue;
	if (is_glue) {
		random_addresses_write(z);
		/* a cut below a cut decides nothing */
		if (at->role == ROLE_CUT)
			random_ns_write(z, at);
		return;
	}
	if (i == 0)
		random_apex_write(z);
	if (at->role == ROLE_CUT) {
		random_cut_write(z, at);
	} else {
		if (at->role == ROLE_HOST || i == 0 || random_percent(&z->random, 60))
			random_addresses_write(z);
		random_types_write(z);
		if (z->types[0] == '\0')
			random_addresses_write(z);
	}
	/* without one the zone does not verify, but loads */
	if (!z->options.is_signed || random_percent(&z->random, 2))
		return;
	while (next < z->count && random_name_is_glue(z, &z->names[next].name))
		next++;
	fprintf(z->text, "%s 55 IN NSEC %s%s RRSIG NSEC\n", z->owner,
		wire_name_to_text(&z->names[next % z->count].name, name), z->types);
	random_rrset_end(z, "NSEC", 55);
}

/* @return a master file; the caller's to free */
static inline char *
random_zone_text(const struct random_zone_options *options)
{
	struct random_zone z = {.random = {options->seed | 1ull << 63}, .options = *options};
	size_t size;
	char *text;

	wire_name_from_text(&z.origin, options->origin);
	z.names = calloc(RANDOM_NAMES_MAX, sizeof(*z.names));
	z.text = open_memstream(&text, &size);
	assert(z.names && z.text);
	random_names_make(&z);
	qsort(z.names, z.count, sizeof(*z.names), random_name_order);
	for (unsigned int i = 0; i < z.count; i++)
		random_owner_write(&z, i, random_name_is_glue(&z, &z.names[i].name));
	fclose(z.text);
	free(z.names);
	return text;
}

#endif
