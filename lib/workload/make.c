/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "workload/workload_priv.h"

static const struct workload_shares unset = {-1, -1, -1, -1, -1, -1, -1};

struct workload_wishes
workload_wishes_default(void)
{
	return (struct workload_wishes){
		.name = "mix",
		.count = 1 << 18,
		.seed = 8198,
		.shares = unset,
		.ends = {.service = {.ipv4_count = 1,
				 .ipv6_count = 1,
				 .ipv4 = {{198, 18, 0, 53}},
				 .ipv6 = {{0x20, 0x01, 0x0d, 0xb8, [15] = 0x53}}},
			.ipv4 = {{198, 18, 128}, 17},
			.ipv6 = {{0x20, 0x01, 0x0d, 0xb8}, 96},
			.server_mac = {2, 0, 0, 0, 0, 0x53},
			.client_mac = {2, 0, 0, 0, 0, 1}},
	};
}

static void
share_set(double *share, double wish)
{
	if (wish >= 0)
		*share = wish;
}

/* What the workload has of itself, then what is wished. */
static void
shares_decide(struct maker *m)
{
	const struct workload_shares *wished = &m->wishes->shares;
	const struct packet_service *service = &m->wishes->ends.service;
	struct workload_shares *s = &m->shares;
	const char *name = m->wishes->name;

	*s = m->mixed ? m->mix.shares : (struct workload_shares){.mixed_case = 30, .ipv6 = 25};
	if (strstr(name, "-do"))
		s->edns = s->dnssec_ok = 100;
	if (strstr(name, "-cookie"))
		s->edns = s->cookie = 100;
	share_set(&s->dnssec_ok, wished->dnssec_ok);
	share_set(&s->cookie, wished->cookie);
	/* DO and cookies stand in an OPT */
	if (s->edns < s->dnssec_ok)
		s->edns = s->dnssec_ok;
	if (s->edns < s->cookie)
		s->edns = s->cookie;
	share_set(&s->edns, wished->edns);
	share_set(&s->mixed_case, wished->mixed_case);
	share_set(&s->ipv6, wished->ipv6);
	share_set(&s->rd, wished->rd);
	share_set(&s->malformed, wished->malformed);
	if (service->ipv4_count == 0)
		s->ipv6 = 100;
	if (service->ipv6_count == 0)
		s->ipv6 = 0;
}

static void
wish_decide(struct maker *m, struct wish *w)
{
	const struct workload_shares *s = &m->shares;

	w->edns = chance(m, s->edns);
	/* shares are of all queries, these parts of those with EDNS */
	w->dnssec_ok = w->edns && fraction(m) * s->edns < s->dnssec_ok;
	w->cookie = w->edns && fraction(m) * s->edns < s->cookie;
	w->size = m->wishes->size;
	if (w->size == 0)
		w->size = m->mixed ? m->mix.sizes.numbers[choose(m, &m->mix.sizes)]
				   : WIRE_UDP_SIZE_OWN;
	w->mixed_case = chance(m, s->mixed_case);
	w->ipv6 = chance(m, s->ipv6);
	w->rd = chance(m, s->rd);
	w->malformed = chance(m, s->malformed);
}

/* @return octets of the frame */
static size_t
query_write(
	struct maker *m, size_t index, size_t kind_length, uint8_t frame[static WORKLOAD_FRAME_MAX])
{
	const struct given *given = m->given_count ? &m->given[index % m->given_count] : NULL;
	const struct packet_service *service = &m->wishes->ends.service;
	struct wish w = {.qclass = WIRE_CLASS_IN};
	uint8_t *message;
	size_t length;

	if (given) {
		w.qname = given->qname;
		w.qtype = given->qtype;
	} else {
		wish_of_kind(m, m->wishes->name, kind_length, &w);
	}
	wish_decide(m, &w);
	if (given && given->edns) {
		w.edns = true;
		w.dnssec_ok = given->edns == 'D';
	}
	if (given && given->message)
		w.ipv6 = service->ipv4_count == 0 || (given->ipv6 && service->ipv6_count);
	memset(frame, 0, WORKLOAD_FRAME_MAX);
	message = frame + message_offset(w.ipv6);
	if (given && given->message) {
		memcpy(message, given->message, given->length);
		length = given->length;
	} else {
		length = message_write(m, &w, message);
		if (w.malformed)
			length = message_break(m, message, length);
	}
	return frame_write(m, w.ipv6, length, frame);
}

static int
frames_make(struct maker *m, struct workload *work, size_t kind_length, struct why *why)
{
	uint8_t frame[WORKLOAD_FRAME_MAX];
	size_t used = 0, room = 0;

	work->offsets = calloc(work->count + 1, sizeof(*work->offsets));
	if (!work->offsets)
		return why_set(why, ENOMEM, "no memory for %zu queries", work->count);
	for (size_t i = 0; i < work->count; i++) {
		size_t length = query_write(m, i, kind_length, frame);

		if (!work->frames || used + length > room) {
			uint8_t *larger;

			room = (used + length) * 2 + (work->count - i) * 96;
			larger = room <= UINT32_MAX ? realloc(work->frames, room) : NULL;
			if (!larger)
				return why_set(
					why, ENOMEM, "no memory for %zu queries", work->count);
			work->frames = larger;
		}
		work->offsets[i] = (uint32_t)used;
		memcpy(work->frames + used, frame, length);
		used += length;
	}
	work->offsets[work->count] = (uint32_t)used;
	return 0;
}

/* What queries are made of: a list, a capture, or the zone and perhaps the mix. */
static int
sources_read(struct maker *m, size_t *kind_length, struct why *why)
{
	const char *name = m->wishes->name, *suffix = strchr(name, '-');
	struct wish unused;
	int rc;

	if (m->wishes->list || m->wishes->capture)
		return m->wishes->list ? list_read(m, why) : capture_read(m, why);
	*kind_length = suffix ? (size_t)(suffix - name) : strlen(name);
	rc = tlds_read(m, why);
	if (rc < 0)
		return rc;
	m->mixed = *kind_length == 3 && strncmp(name, "mix", 3) == 0;
	if (m->mixed)
		rc = m->wishes->mix ? mix_read(&m->mix, m->wishes->mix, why)
				    : why_set(why, EINVAL, "no file of the mix is named");
	if (rc < 0)
		return rc;
	if (suffix && strcmp(suffix, "-do") != 0 && strcmp(suffix, "-cookie") != 0 &&
		strcmp(suffix, "-do-cookie") != 0)
		*kind_length = 0;
	return wish_of_kind(m, name, *kind_length, &unused)
		       ? 0
		       : why_set(why, EINVAL, "%.40s is no workload", name);
}

int
workload_make(struct workload *work, const struct workload_wishes *wishes, const struct zone *zone,
	struct why *why)
{
	struct maker *m = calloc(1, sizeof(*m));
	struct workload made = {.service = wishes->ends.service};
	size_t kind_length = 0;
	int rc;

	if (!m)
		return why_set(why, ENOMEM, "no memory");
	m->state = wishes->seed;
	m->wishes = wishes;
	m->zone = zone;
	rc = sources_read(m, &kind_length, why);
	if (rc == 0 && (wishes->count == 0 || wishes->count > WORKLOAD_COUNT_MAX))
		rc = why_set(why, EINVAL, "1 to %d queries can be made", WORKLOAD_COUNT_MAX);
	if (rc == 0) {
		made.count = wishes->count > m->given_count ? wishes->count : m->given_count;
		shares_decide(m);
		rc = frames_make(m, &made, kind_length, why);
	}
	if (rc == 0)
		*work = made;
	else
		workload_free(&made);
	for (size_t i = 0; i < m->given_count; i++)
		free(m->given[i].message);
	free(m->given);
	free(m->zipf);
	mix_free(&m->mix);
	free(m);
	return rc;
}

void
workload_free(struct workload *work)
{
	free(work->frames);
	free(work->offsets);
	*work = (struct workload){.count = 0};
}
