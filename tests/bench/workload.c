/* SPDX-License-Identifier: BSD-3-Clause */
#include "workload.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "wire/wire.h"

enum { FRAME_MAX = 512, ETHER_SIZE = 14, TLDS_MAX = 4096, CHOICES_MAX = 32 };

const char *const workload_names[] = {"nxdomain", "nxdomain-do", "nxdomain-do-cookie", "referral",
	"referral-do", "ds-do", "mix", "mix-cookie", NULL};

struct choices {
	unsigned int count;
	double total, weights[CHOICES_MAX];
	const char *names[CHOICES_MAX];
};

struct maker {
	uint64_t state;
	json_t *mix;
	const struct zone *zone;
	const struct wire_name *tlds[TLDS_MAX];
	size_t tld_count;
	double *zipf; /* cumulated weights of tlds */
	struct choices parts, nxdomain_types, referral_types, tlds_known, sizes;
	struct packet_service service;
};

/* What one query is to be. */
struct wish {
	struct wire_name qname;
	uint16_t qtype, size;
	bool edns, dnssec_ok, cookie, mixed_case, ipv6, rd;
};

/* splitmix64: any seed will do */
static uint64_t
next(struct maker *m)
{
	uint64_t z = m->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static unsigned int
below(struct maker *m, unsigned int bound)
{
	return (unsigned int)((next(m) >> 32) * bound >> 32);
}

static double
fraction(struct maker *m)
{
	return (double)(next(m) >> 11) / (double)(1ull << 53);
}

static bool
chance(struct maker *m, double per_cent)
{
	return fraction(m) * 100 < per_cent;
}

static unsigned int
choose(struct maker *m, const struct choices *c)
{
	double at = fraction(m) * c->total;
	unsigned int i = 0;

	while (i + 1 < c->count && at >= c->weights[i])
		at -= c->weights[i++];
	return i;
}

static uint16_t
type_of(const char *name)
{
	static const struct {
		const char *name;
		uint16_t type;
	} types[] = {{"A", 1}, {"NS", 2}, {"SOA", 6}, {"MX", 15}, {"TXT", 16}, {"AAAA", 28},
		{"SRV", 33}, {"DS", 43}, {"DNSKEY", 48}};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i].name, name) == 0)
			return types[i].type;
	return 1;
}

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
	char label[16];
	unsigned int length = least + below(m, most - least + 1);

	for (unsigned int i = 0; i < length; i++)
		label[i] = (char)('a' + below(m, 26));
	label_prepend(name, label, length);
}

static const struct wire_name *
tld_choose(struct maker *m, bool zipf)
{
	size_t low = 0, high = m->tld_count - 1;
	double at = fraction(m) * m->zipf[m->tld_count - 1];

	if (!zipf)
		return m->tlds[below(m, (unsigned int)m->tld_count)];
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (m->zipf[middle] <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return m->tlds[low];
}

static void
tld_of_mix(struct maker *m, struct wire_name *name)
{
	unsigned int which;
	struct wire_name known;

	if (!chance(m, m->tlds_known.total)) {
		*name = *tld_choose(m, true);
		return;
	}
	which = choose(m, &m->tlds_known);
	if (wire_name_from_text(&known, m->tlds_known.names[which]) && zone_find(m->zone, &known))
		*name = known;
	else
		*name = *tld_choose(m, true);
}

static void
front_labels_prepend(struct maker *m, struct wire_name *name)
{
	for (unsigned int count = 1 + below(m, 3); count; count--)
		random_label_prepend(m, name, 3, 12);
}

static void
missing_name(struct maker *m, struct wire_name *name)
{
	json_t *list = json_object_get(m->mix, "missing_tlds");
	double weight = 0, at;
	size_t i, count = json_array_size(list);

	*name = wire_name_root;
	for (i = 0; i <= count; i++)
		weight += 1.0 / (double)(i + 1);
	at = fraction(m) * weight;
	for (i = 0; i < count && at >= 1.0 / (double)(i + 1); i++)
		at -= 1.0 / (double)(i + 1);
	if (i < count) {
		const char *label = json_string_value(json_array_get(list, i));

		label_prepend(name, label, strlen(label));
	} else {
		random_label_prepend(m, name, 7, 15);
	}
	front_labels_prepend(m, name);
}

static void
mix_wish(struct maker *m, struct wish *w)
{
	json_t *part = json_array_get(json_object_get(m->mix, "parts"), choose(m, &m->parts));
	const char *kind = json_string_value(json_object_get(part, "kind"));

	w->qname = wire_name_root;
	if (strcmp(kind, "random") == 0) {
		random_label_prepend(m, &w->qname, 7, 15);
		w->qtype = type_of(m->nxdomain_types.names[choose(m, &m->nxdomain_types)]);
	} else if (strcmp(kind, "missing") == 0) {
		missing_name(m, &w->qname);
		w->qtype = type_of(m->nxdomain_types.names[choose(m, &m->nxdomain_types)]);
	} else if (strcmp(kind, "referral") == 0) {
		tld_of_mix(m, &w->qname);
		if (!chance(m, json_number_value(json_object_get(m->mix, "bare_tld"))))
			front_labels_prepend(m, &w->qname);
		w->qtype = type_of(m->referral_types.names[choose(m, &m->referral_types)]);
	} else if (strcmp(kind, "ds") == 0) {
		tld_of_mix(m, &w->qname);
		w->qtype = WIRE_TYPE_DS;
	} else {
		w->qtype = type_of(json_string_value(json_object_get(part, "type")));
	}
	w->edns = chance(m, json_number_value(json_object_get(m->mix, "edns")));
	/* shares are of all queries, these parts of those with EDNS */
	w->dnssec_ok = w->edns && fraction(m) * json_number_value(json_object_get(m->mix, "edns")) <
					  json_number_value(json_object_get(m->mix, "dnssec_ok"));
	w->cookie = w->edns && fraction(m) * json_number_value(json_object_get(m->mix, "edns")) <
				       json_number_value(json_object_get(m->mix, "cookie"));
	w->size = (uint16_t)atoi(m->sizes.names[choose(m, &m->sizes)]);
	w->mixed_case = chance(m, json_number_value(json_object_get(m->mix, "mixed_case")));
	w->ipv6 = chance(m, json_number_value(json_object_get(m->mix, "ipv6")));
	w->rd = chance(m, json_number_value(json_object_get(m->mix, "rd")));
}

/* The workloads of one kind: 25 % IPv6, 30 % mixed case, half of the names with labels in front. */
static void
plain_wish(struct maker *m, const char *workload, struct wish *w)
{
	w->qname = wire_name_root;
	w->qtype = WIRE_TYPE_A;
	w->edns = w->dnssec_ok = strstr(workload, "-do") != NULL;
	w->cookie = strstr(workload, "-cookie") != NULL;
	w->size = 1232;
	w->ipv6 = chance(m, 25);
	w->mixed_case = chance(m, 30);
	if (strncmp(workload, "nxdomain", 8) == 0) {
		random_label_prepend(m, &w->qname, 7, 15);
		if (chance(m, 50))
			front_labels_prepend(m, &w->qname);
		return;
	}
	w->qname = *tld_choose(m, false);
	if (strncmp(workload, "ds", 2) == 0)
		w->qtype = WIRE_TYPE_DS;
	else if (chance(m, 50))
		front_labels_prepend(m, &w->qname);
}

static size_t
message_write(struct maker *m, const struct wish *w, uint8_t *message, size_t room)
{
	struct wire_writer out = wire_writer_of(message, room);
	struct wire_name qname = w->qname;

	for (size_t i = 0; w->mixed_case && i < qname.length; i++)
		if (qname.octets[i] >= 'a' && qname.octets[i] <= 'z' && (next(m) & 1))
			qname.octets[i] &= 0xdf;
	wire_u16_write(&out, (uint16_t)next(m));
	wire_u16_write(&out, w->rd ? WIRE_FLAG1_RD << 8 : 0);
	wire_u16_write(&out, 1);
	wire_u32_write(&out, 0);
	wire_u16_write(&out, w->edns);
	wire_write(&out, qname.octets, qname.length);
	wire_u16_write(&out, w->qtype);
	wire_u16_write(&out, WIRE_CLASS_IN);
	if (w->edns) {
		wire_u8_write(&out, 0);
		wire_u16_write(&out, WIRE_TYPE_OPT);
		wire_u16_write(&out, w->size);
		wire_u32_write(&out, w->dnssec_ok ? 0x8000 : 0);
		wire_u16_write(&out, w->cookie ? 12 : 0);
		if (w->cookie) {
			wire_u32_write(&out, 10 << 16 | 8);
			wire_u32_write(&out, (uint32_t)next(m));
			wire_u32_write(&out, (uint32_t)next(m));
		}
	}
	return out.offset;
}

static size_t
frame_write(struct maker *m, const struct wish *w, uint8_t frame[static FRAME_MAX])
{
	struct packet_layout layout = {.ip_offset = ETHER_SIZE, .ipv6 = w->ipv6};
	uint8_t *ip = frame + ETHER_SIZE, *udp;
	uint16_t port = (uint16_t)(1024 + below(m, 60000));
	size_t length;

	memset(frame, 0, FRAME_MAX);
	layout.udp_offset = (uint16_t)(ETHER_SIZE + (w->ipv6 ? 40 : 20));
	layout.message_offset = layout.udp_offset + 8;
	length = message_write(
		m, w, frame + layout.message_offset, FRAME_MAX - layout.message_offset);
	udp = frame + layout.udp_offset;
	/* packet_reply() exchanges both sides, so the frame is written turned around */
	for (unsigned int i = 0; i < 12; i++)
		frame[i] = (uint8_t)(i < 6 ? 0x02 : 0x06) + (uint8_t)i;
	wire_u16_patch(frame + 12, w->ipv6 ? 0x86dd : 0x0800);
	if (w->ipv6) {
		const uint8_t prefix[4] = {0x20, 0x01, 0x0d, 0xb8};

		memcpy(ip + 8, m->service.ipv6[0], 16);
		memcpy(ip + 24, prefix, 4);
		wire_u16_patch(ip + 36, (uint16_t)next(m));
		wire_u16_patch(ip + 38, (uint16_t)next(m));
	} else {
		memcpy(ip + 12, m->service.ipv4[0], 4);
		wire_u16_patch(ip + 16, 0xc612);
		wire_u16_patch(ip + 18, (uint16_t)(next(m) | 0x100));
	}
	wire_u16_patch(udp, 53);
	wire_u16_patch(udp + 2, port);
	length = packet_reply(frame, &layout, length, false);
	return length;
}

static int
choices_read(struct choices *c, json_t *object, const char *key, struct why *why)
{
	json_t *member = json_object_get(object, key), *value;
	const char *name;

	json_object_foreach(member, name, value)
	{
		if (!json_is_number(value) || c->count == CHOICES_MAX)
			return why_set(why, EINVAL, "root mix: %s: %s", key, name);
		c->names[c->count] = name;
		c->weights[c->count++] = json_number_value(value);
		c->total += json_number_value(value);
	}
	return c->count ? 0 : why_set(why, EINVAL, "root mix: %s is missing", key);
}

static int
mix_read(struct maker *m, const char *path, struct why *why)
{
	json_error_t error;
	json_t *part;
	size_t i;

	m->mix = json_load_file(path, 0, &error);
	if (!m->mix)
		return why_set(why, EINVAL, "%s:%d: %s", path, error.line, error.text);
	json_array_foreach(json_object_get(m->mix, "parts"), i, part)
	{
		m->parts.weights[m->parts.count++] =
			json_number_value(json_object_get(part, "share"));
		m->parts.total += m->parts.weights[m->parts.count - 1];
	}
	if (choices_read(&m->nxdomain_types, m->mix, "nxdomain_types", why) < 0 ||
		choices_read(&m->referral_types, m->mix, "referral_types", why) < 0 ||
		choices_read(&m->sizes, m->mix, "sizes", why) < 0)
		return -EINVAL;
	return choices_read(&m->tlds_known, m->mix, "tlds", why);
}

static int
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
	for (size_t i = 0; i < m->tld_count; i++)
		m->zipf[i] = weight += 1.0 / (double)(i + 1);
	return 0;
}

int
workload_make(struct workload *work, const char *name, const struct zone *zone,
	const char *mix_path, size_t count, uint64_t seed, struct why *why)
{
	static const uint8_t ipv4[4] = {198, 18, 0, 53};
	static const uint8_t ipv6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 0x53};
	struct maker m = {
		.state = seed, .zone = zone, .service = {.ipv4_count = 1, .ipv6_count = 1}};
	uint8_t frame[FRAME_MAX];
	size_t used = 0;
	int rc;

	memcpy(m.service.ipv4[0], ipv4, 4);
	memcpy(m.service.ipv6[0], ipv6, 16);
	rc = mix_read(&m, mix_path, why);
	if (rc == 0)
		rc = tlds_read(&m, why);
	if (rc < 0)
		goto out;
	*work = (struct workload){.count = count, .service = m.service};
	work->frames = malloc(count * 192 + FRAME_MAX);
	work->offsets = calloc(count + 1, sizeof(*work->offsets));
	for (size_t i = 0; i < count; i++) {
		struct wish w = {0};

		if (strncmp(name, "mix", 3) == 0)
			mix_wish(&m, &w);
		else
			plain_wish(&m, name, &w);
		work->offsets[i] = (uint32_t)used;
		rc = (int)frame_write(&m, &w, frame);
		memcpy(work->frames + used, frame, (size_t)rc);
		used += (size_t)rc;
	}
	work->offsets[count] = (uint32_t)used;
	rc = 0;
out:
	free(m.zipf);
	json_decref(m.mix);
	return rc;
}

void
workload_free(struct workload *work)
{
	free(work->frames);
	free(work->offsets);
}
