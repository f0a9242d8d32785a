/* SPDX-License-Identifier: BSD-3-Clause */
/* NOTIFY (RFC 1996): secondaries are told until they answer; who tells us is passed on. */
#include <netinet/in.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "primary/primary_priv.h"

enum {
	DELAY_FIRST_MS = 1000,
	/* the question, a SOA of the longest names, a signature */
	NOTIFY_SIZE_MAX = WIRE_HEADER_SIZE + WIRE_QUESTION_MAX + 3 * WIRE_NAME_MAX + 10 + 20 +
			  TSIG_RECORD_MAX,
};

unsigned int
primary_notify_delay_ms(unsigned int attempts)
{
	unsigned int delay_ms = DELAY_FIRST_MS;

	while (attempts-- > 1 && delay_ms < PRIMARY_NOTIFY_DELAY_MAX_MS)
		delay_ms *= 2;
	return delay_ms < PRIMARY_NOTIFY_DELAY_MAX_MS ? delay_ms : PRIMARY_NOTIFY_DELAY_MAX_MS;
}

/* ---- out ---- */

static const struct primary_secondary *
secondary_of(const struct primary *primary, unsigned int index)
{
	return &primary->settings->secondaries[index];
}

static void
notify_tell(const struct primary *primary, const struct primary_zone *zone, unsigned int index,
	bool is_bad, const char *event, const char *why)
{
	const struct primary_notification *n = &zone->notifications[index];
	struct primary_source to =
		primary_source_of((const struct sockaddr *)&secondary_of(primary, index)->address);
	char origin[WIRE_NAME_TEXT_MAX], text[PRIMARY_SOURCE_TEXT_MAX];

	primary_tell(primary, is_bad, "notify %s zone=%s to=%s serial=%u attempts=%u%s%s", event,
		wire_name_to_text(&zone->origin, origin), primary_source_text(&to, text), n->serial,
		n->attempts, why ? " why=" : "", why ? why : "");
}

static void
notification_end(struct primary_notification *n, enum primary_notice notice)
{
	n->notice = notice;
	tsig_session_end(&n->session);
	memset(&n->session, 0, sizeof(n->session));
}

/* The timer goes off when the next of all is due. */
static void
timer_set(struct primary *primary)
{
	uint64_t now_ms = uv_now(primary->settings->loop), next_ms = UINT64_MAX;

	for (unsigned int z = 0; z < primary->zone_count; z++)
		for (unsigned int i = 0; i < primary->settings->secondary_count; i++) {
			const struct primary_notification *n = &primary->zones[z]->notifications[i];

			if (n->notice == PRIMARY_NOTICE_SENT && n->next_ms < next_ms)
				next_ms = n->next_ms;
		}
	if (next_ms == UINT64_MAX)
		uv_timer_stop(&primary->notify);
	else
		uv_timer_start(&primary->notify, primary_notify_due,
			next_ms > now_ms ? next_ms - now_ms : 0, 0);
}

/* RFC 1996 3.7: AA, the zone's SOA as question, and the new one as an answer that is a hint. */
static size_t
message_write(const struct primary_zone *zone, uint16_t id, uint8_t *message, size_t size)
{
	struct wire_writer w = wire_writer_of(message, size);

	wire_u16_write(&w, id);
	wire_u8_write(&w, WIRE_OPCODE_NOTIFY << 3 | WIRE_FLAG1_AA);
	wire_u8_write(&w, 0);
	wire_u16_write(&w, 1);
	wire_u16_write(&w, 1);
	wire_u32_write(&w, 0);
	wire_write(&w, zone->origin.octets, zone->origin.length);
	wire_u16_write(&w, WIRE_TYPE_SOA);
	wire_u16_write(&w, WIRE_CLASS_IN);
	wire_write(&w, zone->records->octets, zone->soa_length);
	return w.failed ? 0 : w.offset;
}

/* One that is not sent, because of the network or for want of memory, is one that is not answered.
 */
static void
notification_send(struct primary *primary, const struct primary_zone *zone, unsigned int index)
{
	const struct primary_secondary *to = secondary_of(primary, index);
	struct primary_notification *n = &zone->notifications[index];
	struct primary_socket *from =
		to->address.ss_family == AF_INET ? &primary->notify_ipv4 : &primary->notify_ipv6;
	uint8_t message[NOTIFY_SIZE_MAX];
	size_t length;
	uv_buf_t buffer;

	n->attempts++;
	n->next_ms = uv_now(primary->settings->loop) + primary_notify_delay_ms(n->attempts);
	tsig_session_end(&n->session);
	memset(&n->session, 0, sizeof(n->session));
	length = message_write(zone, n->id, message, sizeof(message) - TSIG_RECORD_MAX);
	if (to->key) {
		tsig_session_begin(&n->session, to->key);
		if (length && tsig_sign(&n->session, (uint64_t)time(NULL), message, &length,
				      sizeof(message)) < 0)
			return;
	}
	buffer = uv_buf_init((char *)message, (unsigned int)length);
	if (length && from->uv.handle.type == UV_UDP &&
		uv_udp_try_send(&from->uv.udp, &buffer, 1, (const struct sockaddr *)&to->address) >
			0)
		primary_counted(primary, PRIMARY_NOTIFY_SENT);
}

void
primary_notify_begin(struct primary *primary, struct primary_zone *zone)
{
	for (unsigned int i = 0; i < primary->settings->secondary_count; i++) {
		struct primary_notification *n = &zone->notifications[i];

		n->notice = PRIMARY_NOTICE_SENT;
		n->serial = zone->serial;
		n->attempts = 0;
		n->complaint = NULL;
		n->id = (uint16_t)randombytes_uniform(UINT16_MAX + 1);
		notification_send(primary, zone, i);
	}
	timer_set(primary);
}

void
primary_notify_forget(const struct primary *primary, struct primary_zone *zone)
{
	for (unsigned int i = 0; i < primary->settings->secondary_count; i++)
		notification_end(&zone->notifications[i], PRIMARY_NOTICE_NONE);
}

static void
notification_due(struct primary *primary, const struct primary_zone *zone, unsigned int index)
{
	struct primary_notification *n = &zone->notifications[index];

	if (n->notice != PRIMARY_NOTICE_SENT || n->next_ms > uv_now(primary->settings->loop))
		return;
	if (n->attempts < PRIMARY_NOTIFY_ATTEMPTS) {
		notification_send(primary, zone, index);
		return;
	}
	notification_end(n, PRIMARY_NOTICE_GIVEN_UP);
	primary_counted(primary, PRIMARY_NOTIFY_GIVEN_UP);
	notify_tell(
		primary, zone, index, true, "given up", n->complaint ? n->complaint : "silence");
}

void
primary_notify_due(uv_timer_t *timer)
{
	struct primary *primary = timer->data;

	for (unsigned int z = 0; z < primary->zone_count; z++)
		for (unsigned int i = 0; i < primary->settings->secondary_count; i++)
			notification_due(primary, primary->zones[z], i);
	timer_set(primary);
}

/* ---- answers ---- */

static bool
is_same_endpoint(const struct sockaddr *a, const struct sockaddr *b)
{
	struct primary_source left = primary_source_of(a), right = primary_source_of(b);

	return left.size == right.size && left.port == right.port &&
	       memcmp(left.octets, right.octets, left.size) == 0;
}

/* An answer counts if it is signed as the question was. */
static bool
answer_is_genuine(struct primary_notification *n, uint8_t *message, size_t length)
{
	enum tsig_verdict verdict;

	if (!n->session.key)
		return true;
	verdict = tsig_answer_verify(&n->session, (uint64_t)time(NULL), message, &length);
	n->complaint = tsig_verdict_names[verdict];
	return verdict == TSIG_GOOD;
}

static void
answer_take(struct primary *primary, const struct primary_zone *zone, unsigned int index,
	uint8_t *message, size_t length)
{
	struct primary_notification *n = &zone->notifications[index];
	unsigned int rcode = message[3] & WIRE_FLAG2_RCODE;
	char text[16];

	if (!answer_is_genuine(n, message, length))
		return;
	if (rcode == WIRE_RCODE_NOERROR) {
		notification_end(n, PRIMARY_NOTICE_ACKNOWLEDGED);
		primary_counted(primary, PRIMARY_NOTIFY_ACKNOWLEDGED);
		notify_tell(primary, zone, index, false, "acknowledged", NULL);
		return;
	}
	snprintf(text, sizeof(text), "rcode_%u", rcode);
	notification_end(n, PRIMARY_NOTICE_TURNED_DOWN);
	primary_counted(primary, PRIMARY_NOTIFY_TURNED_DOWN);
	notify_tell(primary, zone, index, true, "turned down", text);
}

static bool
answer_is_awaited(const struct primary *primary, const struct primary_zone *zone,
	unsigned int index, const struct sockaddr *source, const uint8_t *message)
{
	const struct primary_notification *n = &zone->notifications[index];

	return n->notice == PRIMARY_NOTICE_SENT && n->id == (message[0] << 8 | message[1]) &&
	       is_same_endpoint(
		       source, (const struct sockaddr *)&secondary_of(primary, index)->address);
}

static void
answer_assign(
	struct primary *primary, const struct sockaddr *source, uint8_t *message, size_t length)
{
	for (unsigned int z = 0; z < primary->zone_count; z++)
		for (unsigned int i = 0; i < primary->settings->secondary_count; i++)
			if (answer_is_awaited(primary, primary->zones[z], i, source, message)) {
				answer_take(primary, primary->zones[z], i, message, length);
				return;
			}
	primary_counted(primary, PRIMARY_DROPPED);
}

void
primary_notify_answered(uv_udp_t *socket, ssize_t count, const uv_buf_t *buffer,
	const struct sockaddr *source, unsigned int flags)
{
	struct primary_socket *s = socket->data;
	uint8_t *message = (uint8_t *)buffer->base;

	if (count <= 0 || !source)
		return;
	if (flags & UV_UDP_PARTIAL || count < WIRE_HEADER_SIZE || !(message[2] & WIRE_FLAG1_QR) ||
		(message[2] & WIRE_FLAG1_OPCODE) >> 3 != WIRE_OPCODE_NOTIFY) {
		primary_counted(s->primary, PRIMARY_DROPPED);
		return;
	}
	primary_counted(s->primary, PRIMARY_NOTIFY_ANSWERS);
	answer_assign(s->primary, source, message, (size_t)count);
}

/* ---- in ---- */

static void
notified_tell(
	const struct primary *primary, const struct primary_zone *zone, struct primary_notified *n)
{
	const struct primary_callbacks *callbacks = &primary->settings->callbacks;

	n->waits = false;
	n->told_ms = uv_now(primary->settings->loop);
	if (callbacks->notified)
		callbacks->notified(callbacks->context, &zone->origin,
			(const struct sockaddr *)&n->source, n->has_serial, n->serial);
}

/* Its place, or that of whoever was told of longest ago. */
static struct primary_notified *
notified_place(struct primary_zone *zone, const struct sockaddr *source)
{
	struct primary_source from = primary_source_of(source);
	struct primary_notified *oldest = &zone->notified[0];

	for (unsigned int i = 0; i < PRIMARY_SOURCES_MAX; i++) {
		struct primary_notified *n = &zone->notified[i];
		struct primary_source known;

		if (n->told_ms < oldest->told_ms)
			oldest = n;
		if (n->source.ss_family == AF_UNSPEC)
			continue;
		known = primary_source_of((const struct sockaddr *)&n->source);
		if (known.size == from.size && memcmp(known.octets, from.octets, from.size) == 0)
			return n;
	}
	return oldest;
}

void
primary_notified_take(struct primary_zone *zone, const struct sockaddr *source,
	const struct wire_request *request)
{
	struct primary_notified *n = notified_place(zone, source);

	memcpy(&n->source, source,
		source->sa_family == AF_INET ? sizeof(struct sockaddr_in)
					     : sizeof(struct sockaddr_in6));
	n->has_serial = request->has_serial;
	n->serial = request->serial;
	n->waits = true;
}

bool
primary_notified_flush(struct primary *primary)
{
	uint64_t now_ms = uv_now(primary->settings->loop);
	bool any = false;

	for (unsigned int z = 0; z < primary->zone_count; z++)
		for (unsigned int i = 0; i < PRIMARY_SOURCES_MAX; i++) {
			struct primary_notified *n = &primary->zones[z]->notified[i];

			if (n->waits && now_ms - n->told_ms >= PRIMARY_NOTIFY_SPACING_MS)
				notified_tell(primary, primary->zones[z], n);
			any |= n->waits;
		}
	return any;
}
