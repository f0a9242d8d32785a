/* SPDX-License-Identifier: BSD-3-Clause */
/* What is asked for: names that are there, and names that are not. */
#include <errno.h>
#include <string.h>

#include "workload/workload_priv.h"

/* Letters that a label of the mix may have; all names stay far below WIRE_NAME_MAX. */
enum { LABEL_ROOM = 16, FRONT_MAX = 3 };

static void
label_prepend(struct wire_name *name, const char *label, size_t length)
{
	memmove(name->octets + length + 1, name->octets, name->length);
	name->octets[0] = (uint8_t)length;
	memcpy(name->octets + 1, label, length);
	name->length += (uint8_t)(length + 1);
	name->labels++;
}

static void
random_label_prepend(struct maker *m, struct wire_name *name, unsigned int least, unsigned int most)
{
	char label[LABEL_ROOM];
	unsigned int length = least + below(m, most - least + 1);

	for (unsigned int i = 0; i < length; i++)
		label[i] = (char)('a' + below(m, 26));
	label_prepend(name, label, length);
}

static void
front_labels_prepend(struct maker *m, struct wire_name *name)
{
	for (unsigned int count = 1 + below(m, FRONT_MAX); count; count--)
		random_label_prepend(m, name, 3, 12);
}

int
tlds_read(struct maker *m, struct why *why)
{
	double weight = 0;

	for (size_t i = 0; i < m->zone->node_count && m->tld_count < TLDS_MAX; i++)
		if (m->zone->nodes[i].place == ZONE_CUT)
			m->tlds[m->tld_count++] = &m->zone->nodes[i].name;
	if (m->tld_count == 0)
		return why_set(why, EINVAL, "the zone has no delegations to ask for");
	/* which TLD is how popular does not matter, but neighbours should not be */
	for (size_t i = m->tld_count - 1; i > 0; i--) {
		size_t other = below(m, (unsigned int)i + 1);
		const struct wire_name *swapped = m->tlds[i];

		m->tlds[i] = m->tlds[other];
		m->tlds[other] = swapped;
	}
	m->zipf = calloc(m->tld_count, sizeof(*m->zipf));
	if (!m->zipf)
		return why_set(why, ENOMEM, "no memory");
	for (size_t i = 0; i < m->tld_count; i++)
		m->zipf[i] = weight += 1.0 / (double)(i + 1);
	return 0;
}

static const struct wire_name *
tld_popular(struct maker *m)
{
	size_t low = 0, high = m->tld_count - 1;
	double at = fraction(m) * m->zipf[m->tld_count - 1];

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (m->zipf[middle] <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return m->tlds[low];
}

static const struct wire_name *
tld_any(struct maker *m)
{
	return m->tlds[below(m, (unsigned int)m->tld_count)];
}

static void
tld_of_mix(struct maker *m, struct wire_name *name)
{
	const struct choices *known = &m->mix.tlds;
	struct wire_name chosen;

	if (chance(m, known->total) &&
		wire_name_from_text(&chosen, known->names[choose(m, known)]) &&
		zone_find(m->zone, &chosen))
		*name = chosen;
	else
		*name = *tld_popular(m);
}

static void
missing_name(struct maker *m, struct wire_name *name)
{
	const struct choices *missing = &m->mix.missing;
	unsigned int which = choose(m, missing);
	const char *label = missing->names[which];

	if (label)
		label_prepend(name, label, strlen(label));
	else
		random_label_prepend(m, name, 7, 15);
	front_labels_prepend(m, name);
}

static uint16_t
type_choose(struct maker *m, const struct choices *types)
{
	return types->numbers[choose(m, types)];
}

static void
mix_wish(struct maker *m, struct wish *w)
{
	const struct part *part = &m->mix.parts[choose(m, &m->mix.part_shares)];

	switch (part->kind) {
	case PART_RANDOM:
		random_label_prepend(m, &w->qname, 7, 15);
		w->qtype = type_choose(m, &m->mix.nxdomain_types);
		return;
	case PART_MISSING:
		missing_name(m, &w->qname);
		w->qtype = type_choose(m, &m->mix.nxdomain_types);
		return;
	case PART_REFERRAL:
		tld_of_mix(m, &w->qname);
		if (!chance(m, m->mix.bare_tld))
			front_labels_prepend(m, &w->qname);
		w->qtype = type_choose(m, &m->mix.referral_types);
		return;
	case PART_SUBDOMAIN:
		tld_of_mix(m, &w->qname);
		front_labels_prepend(m, &w->qname);
		w->qtype = type_choose(m, &m->mix.referral_types);
		return;
	case PART_DS:
		tld_of_mix(m, &w->qname);
		w->qtype = WIRE_TYPE_DS;
		return;
	case PART_APEX:
		w->qtype = part->type;
		return;
	}
}

static void
single_wish(struct maker *m, struct wish *w)
{
	random_label_prepend(m, &w->qname, 7, 15);
}

static void
multi_wish(struct maker *m, struct wish *w)
{
	random_label_prepend(m, &w->qname, 7, 15);
	front_labels_prepend(m, &w->qname);
}

static void
nxdomain_wish(struct maker *m, struct wish *w)
{
	random_label_prepend(m, &w->qname, 7, 15);
	if (chance(m, 50))
		front_labels_prepend(m, &w->qname);
}

static void
subdomain_wish(struct maker *m, struct wish *w)
{
	w->qname = *tld_any(m);
	front_labels_prepend(m, &w->qname);
}

static void
referral_wish(struct maker *m, struct wish *w)
{
	w->qname = *tld_any(m);
	if (chance(m, 50))
		front_labels_prepend(m, &w->qname);
}

static void
ds_wish(struct maker *m, struct wish *w)
{
	w->qname = *tld_any(m);
	w->qtype = WIRE_TYPE_DS;
}

static void
priming_wish(struct maker *m, struct wish *w)
{
	(void)m;
	w->qtype = WIRE_TYPE_NS;
}

static void
dnskey_wish(struct maker *m, struct wish *w)
{
	(void)m;
	w->qtype = WIRE_TYPE_DNSKEY;
}

/* RFC 4892 */
static void
chaos_wish(struct maker *m, struct wish *w)
{
	static const char *const names[] = {
		"id.server", "hostname.bind", "version.server", "version.bind"};

	wire_name_from_text(&w->qname, names[below(m, 4)]);
	w->qtype = WIRE_TYPE_TXT;
	w->qclass = WIRE_CLASS_CH;
}

const struct workload_kind workload_kinds[] = {
	{"mix", "the root mix, or another of the same form by --mix"},
	{"single", "one random label: a random-subdomain flood"},
	{"multi", "random labels below a random label"},
	{"nxdomain", "single and multi by halves"},
	{"subdomain", "random labels below existing TLDs: referrals"},
	{"referral", "existing TLDs, half of them with labels in front"},
	{"ds", "DS of existing TLDs"},
	{"priming", ". NS"},
	{"dnskey", ". DNSKEY"},
	{"ch", "id.server, hostname.bind, version.server, version.bind in class CH"},
	{NULL, NULL},
};

static void (*const wishes[])(struct maker *m, struct wish *w) = {mix_wish, single_wish, multi_wish,
	nxdomain_wish, subdomain_wish, referral_wish, ds_wish, priming_wish, dnskey_wish,
	chaos_wish};
static_assert(sizeof(wishes) / sizeof(wishes[0]) + 1 ==
		      sizeof(workload_kinds) / sizeof(workload_kinds[0]),
	"one for each kind");

bool
wish_of_kind(struct maker *m, const char *kind, size_t length, struct wish *w)
{
	w->qname = wire_name_root;
	w->qtype = WIRE_TYPE_A;
	w->qclass = WIRE_CLASS_IN;
	for (size_t i = 0; workload_kinds[i].name; i++)
		if (strlen(workload_kinds[i].name) == length &&
			strncmp(workload_kinds[i].name, kind, length) == 0) {
			wishes[i](m, w);
			return true;
		}
	return false;
}
