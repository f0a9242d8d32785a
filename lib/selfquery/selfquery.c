/* SPDX-License-Identifier: BSD-3-Clause */
#include "selfquery/selfquery.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "selfquery/selfquery_priv.h"

enum {
	TURNS_IN_DEADLINE = 10,
	PORT_FIRST = 49152, /* of the dynamic ports, RFC 6335 6; as many follow */
	PORT_COUNT = 16384,
	SAID_MAX = 1600, /* octets of a reply through a socket that are looked at */
};

/* A question on its way. */
struct flight {
	struct question question;
	struct frame_ends ends;
	int64_t sent_ms;
	bool is_late; /* which has been reported */
	/* somebody else's; NULL: ours */
	void (*heard)(void *data, const uint8_t *message, uint16_t length);
	void *data;
};

/* A way in: an lcore, or a socket to one service address. */
struct target {
	const struct selfquery_lcore *lcore; /* NULL: a socket */
	int socket;			     /* -1: none, or not now */
	bool families[2];		     /* IPv4, IPv6: which are asked */
	uint8_t address[16];		     /* a socket's */
	char name[64];
	/* the lcore's turning */
	uint64_t rounds;
	int64_t turned_ms;
	bool stopped;
	/* a round of questions: for each family SOA of each zone, and one name that is not there */
	int64_t round_ms;	 /* when it began */
	unsigned int round;	 /* counts */
	unsigned int asked, all; /* of this round */
	unsigned int right[2];	 /* of this round, for each family */
	bool complete[2];
	unsigned int first, count; /* of the flights */
	struct flight flights[INJECT_SLOTS];
};

struct selfquery {
	struct selfquery_settings settings;
	struct expectation expectation;
	struct selfquery_zone zones[SELFQUERY_ZONES_MAX]; /* those to ask for */
	unsigned int zone_count;
	uint64_t random;
	/* the time as it went for us: what we slept through nobody else may have had either */
	int64_t now_ms, turned_ms;
	bool has_turned, has_timer;
	uv_timer_t timer;
	unsigned int target_count;
	struct target targets[];
};

/* splitmix64: so that names and IDs differ; nobody is kept from guessing them */
static uint64_t
random_next(struct selfquery *s)
{
	uint64_t z = s->random += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* ---- reports ---- */

static void
report(struct selfquery *s, const struct selfquery_report *said)
{
	s->settings.reported(s->settings.data, said);
}

static void
subject_write(const struct target *t, const struct wire_name *origin, enum question_kind kind,
	struct selfquery_report *said)
{
	char zone[WIRE_NAME_TEXT_MAX];

	wire_name_to_text(origin, zone);
	/* a name too long for it is cut; its beginning tells it from the others */
	snprintf(said->subject, sizeof(said->subject), "%s query=%s zone=%.40s", t->name,
		question_kind_names[kind], zone);
}

static void
flight_report(struct selfquery *s, const struct target *t, const struct flight *f,
	enum selfquery_outcome outcome, const char *evidence)
{
	struct selfquery_report said = {
		.outcome = outcome, .ipv4 = !f->ends.ipv6, .ipv6 = f->ends.ipv6};

	subject_write(t, &f->question.origin, f->question.kind, &said);
	snprintf(said.evidence, sizeof(said.evidence), "%.*s", (int)sizeof(said.evidence) - 1,
		evidence);
	report(s, &said);
}

/* ---- what should be served ---- */

void
selfquery_expect(struct selfquery *s, const struct selfquery_zone *zones, unsigned int count)
{
	struct expectation *e = &s->expectation;
	struct expected *set;

	if (e->count == EXPECTED_MAX) {
		memmove(e->sets, e->sets + 1, (EXPECTED_MAX - 1) * sizeof(e->sets[0]));
		e->count--;
	}
	set = &e->sets[e->count++];
	*set = (struct expected){.from = ++e->epoch, .until = UINT64_MAX, .count = count};
	for (unsigned int i = 0; i < count; i++) {
		set->zones[i] = zones[i];
		wire_name_fold(&set->zones[i].origin);
	}
}

static bool
zone_is_among(
	const struct selfquery_zone *zones, unsigned int count, const struct wire_name *origin)
{
	for (unsigned int i = 0; i < count; i++)
		if (wire_name_equal(&zones[i].origin, origin))
			return true;
	return false;
}

/* Nobody will ask for it any more, so nothing is the matter with it. */
static void
zone_forget(struct selfquery *s, const struct wire_name *origin)
{
	for (unsigned int i = 0; i < s->target_count; i++)
		for (enum question_kind kind = QUESTION_SOA; kind <= QUESTION_NXDOMAIN; kind++) {
			struct selfquery_report said = {
				.outcome = SELFQUERY_RIGHT, .ipv4 = true, .ipv6 = true};

			subject_write(&s->targets[i], origin, kind, &said);
			report(s, &said);
		}
}

void
selfquery_settle(struct selfquery *s)
{
	struct expectation *e = &s->expectation;
	const struct expected *last = e->count ? &e->sets[e->count - 1] : NULL;
	struct selfquery_zone old[SELFQUERY_ZONES_MAX];
	unsigned int old_count = s->zone_count;

	if (!last)
		return;
	memcpy(old, s->zones, sizeof(old));
	e->epoch++;
	for (unsigned int i = 0; i + 1 < e->count; i++)
		if (e->sets[i].until == UINT64_MAX)
			e->sets[i].until = e->epoch - 1;
	memcpy(s->zones, last->zones, sizeof(s->zones));
	s->zone_count = last->count;
	for (unsigned int i = 0; i < old_count; i++)
		if (!zone_is_among(s->zones, s->zone_count, &old[i].origin))
			zone_forget(s, &old[i].origin);
}

/* ---- asking ---- */

/* What a round's question `index` is about. @return false: it cannot be asked */
static bool
question_choose(
	struct selfquery *s, const struct target *t, unsigned int index, struct flight *flight)
{
	unsigned int each = s->zone_count + 1, families = t->families[0] + t->families[1];
	bool ipv6 = families == 2 ? index >= each : t->families[1];
	unsigned int at = index % each;
	bool last = at == s->zone_count;
	const struct selfquery_zone *zone = &s->zones[last ? t->round % s->zone_count : at];

	flight->ends.ipv6 = ipv6;
	flight->question.epoch = s->expectation.epoch;
	return question_make(&flight->question, last ? QUESTION_NXDOMAIN : QUESTION_SOA,
		&zone->origin, random_next(s));
}

static bool
frame_put(struct selfquery *s, const struct target *t, struct flight *f)
{
	const struct packet_service *service = s->settings.service;
	uint32_t count = f->ends.ipv6 ? service->ipv6_count : service->ipv4_count;
	uint8_t frame[FRAME_SIZE_MAX];
	uint64_t random = random_next(s);

	/* each service address in turn */
	if (f->ends.ipv6) {
		memcpy(f->ends.service, service->ipv6[t->round % count], 16);
		memcpy(f->ends.source, s->settings.source_ipv6, 16);
	} else {
		memcpy(f->ends.service, service->ipv4[t->round % count], 4);
		memcpy(f->ends.source, s->settings.source_ipv4, 4);
	}
	f->ends.port = (uint16_t)(PORT_FIRST + random % PORT_COUNT);
	return inject_put(t->lcore->ring, frame,
		frame_make(&f->ends, f->question.message, f->question.length, frame));
}

/* What cannot be sent goes unanswered. */
static bool
socket_put(const struct selfquery *s, struct target *t, const struct flight *f)
{
	if (t->socket < 0)
		t->socket = socket_open(t->families[1], t->address, s->settings.socket_port);
	if (t->socket >= 0)
		(void)!write(t->socket, f->question.message, f->question.length);
	return true;
}

static void
round_ask(struct selfquery *s, struct target *t)
{
	while (t->asked < t->all && t->count < INJECT_SLOTS) {
		struct flight *f = &t->flights[(t->first + t->count) % INJECT_SLOTS];

		*f = (struct flight){.sent_ms = s->now_ms};
		if (!question_choose(s, t, t->asked, f)) {
			t->right[f->ends.ipv6]++;
			t->asked++;
			continue;
		}
		if (!(t->lcore ? frame_put(s, t, f) : socket_put(s, t, f)))
			return;
		t->asked++;
		t->count++;
	}
}

/* A round begins when the one before it is done. */
static void
target_ask(struct selfquery *s, struct target *t)
{
	unsigned int each = s->zone_count + 1;

	if (t->asked == t->all && t->count == 0) {
		for (unsigned int i = 0; i < 2; i++)
			t->complete[i] |= t->families[i] && t->all &&
					  t->right[i] >= t->all / (unsigned int)(t->families[0] +
										 t->families[1]);
		if (s->zone_count == 0 ||
			(t->all && s->now_ms - t->round_ms < (int64_t)s->settings.interval_ms))
			return;
		t->round++;
		t->round_ms = s->now_ms;
		t->asked = t->right[0] = t->right[1] = 0;
		t->all = each * (unsigned int)(t->families[0] + t->families[1]);
	}
	round_ask(s, t);
}

bool
selfquery_guest_ask(struct selfquery *s, unsigned int lcore, const struct selfquery_guest *guest)
{
	struct target *t = lcore < s->settings.lcore_count ? &s->targets[lcore] : NULL;
	struct flight *f;

	if (!t || !t->families[guest->ipv6] || t->count == INJECT_SLOTS ||
		guest->length > SELFQUERY_GUEST_MAX)
		return false;
	f = &t->flights[(t->first + t->count) % INJECT_SLOTS];
	*f = (struct flight){.sent_ms = s->now_ms, .heard = guest->heard, .data = guest->data};
	f->ends.ipv6 = guest->ipv6;
	f->question.length = guest->length;
	memcpy(f->question.message, guest->message, guest->length);
	if (!frame_put(s, t, f))
		return false;
	t->count++;
	return true;
}

/* ---- hearing ---- */

static void
reply_hear(struct selfquery *s, struct target *t, const struct flight *f, const uint8_t *message,
	uint16_t length)
{
	struct why why;

	if (reply_check(&f->question, &s->expectation, message, length, &why) < 0) {
		flight_report(s, t, f, SELFQUERY_WRONG, why.text);
		return;
	}
	t->right[f->ends.ipv6] += !f->is_late;
	flight_report(s, t, f, SELFQUERY_RIGHT, "");
}

static void
flight_end(struct target *t)
{
	t->first = (t->first + 1) % INJECT_SLOTS;
	t->count--;
}

static void
guest_hear(const struct flight *f, const uint8_t *frame, uint16_t length)
{
	const uint8_t *message = NULL;
	uint16_t message_length = 0;
	struct why why;

	if (length == 0 ||
		frame_check(&f->ends, frame, length, &message, &message_length, &why) < 0)
		f->heard(f->data, NULL, 0);
	else
		f->heard(f->data, message, message_length);
}

static void
frames_hear(struct selfquery *s, struct target *t)
{
	const uint8_t *frame, *message;
	uint16_t length, message_length;

	while (t->count && (frame = inject_take(t->lcore->ring, &length))) {
		struct flight *f = &t->flights[t->first];
		struct why why;

		if (f->heard)
			guest_hear(f, frame, length);
		else if (length == 0)
			flight_report(s, t, f, SELFQUERY_UNANSWERED, "dropped");
		else if (frame_check(&f->ends, frame, length, &message, &message_length, &why) < 0)
			flight_report(s, t, f, SELFQUERY_WRONG, why.text);
		else
			reply_hear(s, t, f, message, message_length);
		flight_end(t);
	}
}

/* Replies may come in any order: by ID. What is answered is marked by the ID's absence. */
static void
datagram_hear(struct selfquery *s, struct target *t, const uint8_t *message, uint16_t length)
{
	for (unsigned int i = 0; i < t->count; i++) {
		struct flight *f = &t->flights[(t->first + i) % INJECT_SLOTS];

		if (f->question.length == 0 || length < 2 ||
			(message[0] << 8 | message[1]) != f->question.id)
			continue;
		reply_hear(s, t, f, message, length);
		f->question.length = 0;
		break;
	}
	while (t->count && t->flights[t->first].question.length == 0)
		flight_end(t);
}

static void
datagrams_hear(struct selfquery *s, struct target *t)
{
	uint8_t message[SAID_MAX];
	ssize_t length = 0;

	while (t->socket >= 0 && (length = read(t->socket, message, sizeof(message))) >= 0)
		datagram_hear(s, t, message, (uint16_t)length);
	/* nobody listens, or the address is gone: the next question opens another */
	if (length < 0 && errno != EAGAIN) {
		close(t->socket);
		t->socket = -1;
	}
}

/* Who is late. An lcore still has the frame; a datagram may be lost, and is given up. */
static void
deadlines_judge(struct selfquery *s, struct target *t)
{
	char evidence[48];

	snprintf(evidence, sizeof(evidence), "no reply within %" PRIu32 " ms",
		s->settings.deadline_ms);
	for (unsigned int i = 0; i < t->count; i++) {
		struct flight *f = &t->flights[(t->first + i) % INJECT_SLOTS];

		if (f->heard || f->is_late || f->question.length == 0 ||
			s->now_ms - f->sent_ms < (int64_t)s->settings.deadline_ms)
			continue;
		f->is_late = true;
		flight_report(s, t, f, SELFQUERY_UNANSWERED, evidence);
	}
	while (!t->lcore && t->count &&
		(t->flights[t->first].is_late || t->flights[t->first].question.length == 0))
		flight_end(t);
}

static void
turning_report(struct selfquery *s, struct target *t, bool stopped)
{
	struct selfquery_report said = {.outcome = stopped ? SELFQUERY_STOPPED : SELFQUERY_TURNS,
		.ipv4 = true,
		.ipv6 = true};

	t->stopped = stopped;
	snprintf(said.subject, sizeof(said.subject), "%s", t->name);
	if (stopped)
		snprintf(said.evidence, sizeof(said.evidence),
			"its loop has not turned for %" PRId64 " ms, after %" PRIu64 " rounds",
			s->now_ms - t->turned_ms, t->rounds);
	report(s, &said);
}

static void
turning_judge(struct selfquery *s, struct target *t)
{
	uint64_t rounds = atomic_load_explicit(t->lcore->rounds, memory_order_relaxed);

	if (rounds != t->rounds) {
		t->rounds = rounds;
		t->turned_ms = s->now_ms;
		if (t->stopped)
			turning_report(s, t, false);
	} else if (!t->stopped && s->now_ms - t->turned_ms >= (int64_t)s->settings.deadline_ms) {
		turning_report(s, t, true);
	}
}

void
selfquery_turn(struct selfquery *s, int64_t now)
{
	/* A machine that stood still made nobody late: no turn counts for more than some. */
	int64_t most = 2 * s->settings.deadline_ms / TURNS_IN_DEADLINE + 1, passed;

	passed = s->has_turned ? now - s->turned_ms : 0;
	s->has_turned = true;
	s->turned_ms = now;
	s->now_ms += passed < most ? passed : most;
	for (unsigned int i = 0; i < s->target_count; i++) {
		struct target *t = &s->targets[i];

		if (t->lcore) {
			turning_judge(s, t);
			frames_hear(s, t);
		} else {
			datagrams_hear(s, t);
		}
		deadlines_judge(s, t);
		target_ask(s, t);
	}
}

bool
selfquery_complete(const struct selfquery *s, bool ipv6)
{
	bool any = false;

	for (unsigned int i = 0; i < s->target_count; i++) {
		if (!s->targets[i].families[ipv6])
			continue;
		if (!s->targets[i].complete[ipv6])
			return false;
		any = true;
	}
	return any;
}

/* ---- start and stop ---- */

static void
lcores_take(struct selfquery *s)
{
	const struct packet_service *service = s->settings.service;

	for (unsigned int i = 0; i < s->settings.lcore_count; i++) {
		struct target *t = &s->targets[s->target_count++];

		t->lcore = &s->settings.lcores[i];
		t->socket = -1;
		t->families[0] = service->ipv4_count > 0;
		t->families[1] = service->ipv6_count > 0;
		snprintf(t->name, sizeof(t->name), "lcore cpu=%u", t->lcore->cpu);
	}
}

static void
socket_take(struct selfquery *s, bool ipv6, const uint8_t *address)
{
	struct target *t = &s->targets[s->target_count++];
	char text[INET6_ADDRSTRLEN];

	t->socket = -1;
	t->families[ipv6] = true;
	memcpy(t->address, address, ipv6 ? 16 : 4);
	inet_ntop(ipv6 ? AF_INET6 : AF_INET, address, text, sizeof(text));
	snprintf(t->name, sizeof(t->name), "socket address=%s", text);
}

static void
sources_default(struct selfquery_settings *settings)
{
	static const uint8_t none[16], ipv4[4] = {192, 0, 0, 8}, ipv6[16] = {0x01, [15] = 1};

	if (memcmp(settings->source_ipv4, none, 4) == 0)
		memcpy(settings->source_ipv4, ipv4, 4);
	if (memcmp(settings->source_ipv6, none, 16) == 0)
		memcpy(settings->source_ipv6, ipv6, 16);
}

int
selfquery_new(
	const struct selfquery_settings *settings, struct selfquery **selfquery, struct why *why)
{
	const struct packet_service *service = settings->service;
	unsigned int sockets =
		settings->socket_port ? service->ipv4_count + service->ipv6_count : 0;
	struct selfquery *s =
		calloc(1, sizeof(*s) + (settings->lcore_count + sockets) * sizeof(struct target));

	if (!s)
		return why_set(why, ENOMEM, "out of memory");
	s->settings = *settings;
	s->random = (uint64_t)clock_ms();
	sources_default(&s->settings);
	lcores_take(s);
	for (uint32_t i = 0; sockets && i < service->ipv4_count; i++)
		socket_take(s, false, service->ipv4[i]);
	for (uint32_t i = 0; sockets && i < service->ipv6_count; i++)
		socket_take(s, true, service->ipv6[i]);
	*selfquery = s;
	return 0;
}

static void
timer_pass(uv_timer_t *timer)
{
	selfquery_turn(timer->data, clock_ms());
}

int
selfquery_start(struct selfquery *s, uv_loop_t *loop, struct why *why)
{
	uint64_t each = s->settings.deadline_ms / TURNS_IN_DEADLINE;
	int rc = uv_timer_init(loop, &s->timer);

	if (rc < 0)
		return why_set(why, -rc, "%s", uv_strerror(rc));
	s->has_timer = true;
	s->timer.data = s;
	uv_timer_start(&s->timer, timer_pass, 0, each ? each : 1);
	return 0;
}

static void
timer_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void
selfquery_stop(struct selfquery *s)
{
	if (!s)
		return;
	for (unsigned int i = 0; i < s->target_count; i++)
		close_fd(&s->targets[i].socket);
	if (s->has_timer)
		uv_close((uv_handle_t *)&s->timer, timer_closed);
	else
		free(s);
}
