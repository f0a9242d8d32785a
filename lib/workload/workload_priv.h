/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WORKLOAD_WORKLOAD_PRIV_H
#define WORKLOAD_WORKLOAD_PRIV_H

#include <jansson.h>
#include <stdbool.h>

#include "wire/wire.h"
#include "workload/workload.h"

enum { MESSAGE_MAX = 448, TLDS_MAX = 8192, CHOICES_MAX = 32 };

/* Things with weights; what they are is a name, a type or a size. */
struct choices {
	unsigned int count;
	double total, weights[CHOICES_MAX];
	const char *names[CHOICES_MAX];
	uint16_t numbers[CHOICES_MAX];
};

enum part_kind { PART_RANDOM, PART_MISSING, PART_REFERRAL, PART_SUBDOMAIN, PART_DS, PART_APEX };

struct part {
	enum part_kind kind;
	uint16_t type;
};

/* root-mix.json as it was read. */
struct mix {
	json_t *json; /* owns the names */
	struct part parts[CHOICES_MAX];
	struct choices part_shares, nxdomain_types, referral_types, tlds, sizes, missing;
	double bare_tld;
	struct workload_shares shares;
};

/* A query as a list or a capture has it. */
struct given {
	struct wire_name qname;
	uint16_t qtype;
	char edns; /* 'E', 'D', or 0: as the shares say */
	bool ipv6;
	uint16_t length; /* of a captured message, which replaces all of that */
	uint8_t *message;
};

struct maker {
	uint64_t state; /* of the random numbers */
	const struct workload_wishes *wishes;
	struct workload_shares shares; /* the workload's and the wishes' */
	struct mix mix;
	const struct zone *zone;
	bool mixed; /* the mix says shares and sizes */
	const struct wire_name *tlds[TLDS_MAX];
	size_t tld_count;
	double *zipf; /* cumulated weights of tlds */
	struct given *given;
	size_t given_count;
};

/* What one query is to be. */
struct wish {
	struct wire_name qname;
	uint16_t qtype, qclass, size;
	bool edns, dnssec_ok, cookie, mixed_case, ipv6, rd, malformed;
};

/* splitmix64: any seed will do */
static inline uint64_t
next(struct maker *m)
{
	uint64_t z = m->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static inline unsigned int
below(struct maker *m, unsigned int bound)
{
	return (unsigned int)((next(m) >> 32) * bound >> 32);
}

static inline double
fraction(struct maker *m)
{
	return (double)(next(m) >> 11) / (double)(1ull << 53);
}

static inline bool
chance(struct maker *m, double per_cent)
{
	return fraction(m) * 100 < per_cent;
}

static inline unsigned int
choose(struct maker *m, const struct choices *c)
{
	double at = fraction(m) * c->total;
	unsigned int i = 0;

	while (i + 1 < c->count && at >= c->weights[i])
		at -= c->weights[i++];
	return i;
}

/* @return false: no such type is known by that name */
bool type_from_text(uint16_t *type, const char *text);

/* Read root-mix.json or one like it. @return 0 or -errno; mix_free() in any case */
int mix_read(struct mix *mix, const char *path, struct why *why);
void mix_free(struct mix *mix);

/* Take the zone's delegations, in an order of their own. @return 0 or -errno */
int tlds_read(struct maker *m, struct why *why);

/* Name, type and class of a query of a workload. @return false: there is none of that name */
bool wish_of_kind(struct maker *m, const char *kind, size_t length, struct wish *w);

/* Read m->wishes->list or ->capture. @return 0 or -errno */
int list_read(struct maker *m, struct why *why);
int capture_read(struct maker *m, struct why *why);
/* @return a place at the end of m->given, or NULL: memory is out */
struct given *given_add(struct maker *m);

/* Break a message in one of many ways. @return its new length */
size_t message_break(struct maker *m, uint8_t *message, size_t length);

/* Write the message that a wish asks for. @return its length */
size_t message_write(struct maker *m, const struct wish *w, uint8_t message[static MESSAGE_MAX]);

/* Write the frame around a message that stands at message_offset(ipv6). @return its length */
size_t frame_write(
	struct maker *m, bool ipv6, size_t length, uint8_t frame[static WORKLOAD_FRAME_MAX]);

static inline size_t
message_offset(bool ipv6)
{
	return 14 + (ipv6 ? 40 : 20) + 8;
}

#endif
