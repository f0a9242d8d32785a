/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>

#include "surge/surge_priv.h"

enum { DO_BIT = 0x80, RCODE_MASK = 0xf };

static size_t
frame_message_offset(const uint8_t *frame)
{
	return frame[12] == 0x08 ? IPV4_MESSAGE : IPV6_MESSAGE;
}

/* @param slip  limits hold the answer back, and show the way by TCP */
static size_t
model_answer(const struct surge_model *model, const uint8_t *frame, size_t length, bool slip,
	uint8_t *reply)
{
	size_t at = frame_message_offset(frame);
	size_t size = at == IPV4_MESSAGE ? 4 : 16;
	const struct exchange_peer peer = {.address = frame + at - UDP_SIZE - 2 * size,
		.address_size = (uint8_t)size,
		.slip = slip};

	return oracle_answer(&model->zones, &model->self, &peer, frame + at, length - at, reply);
}

size_t
surge_model_answer(
	const struct surge_model *model, const uint8_t *frame, size_t length, uint8_t *reply)
{
	return model_answer(model, frame, length, false, reply);
}

/* Octets of a message before what a server says in its cookie. */
static size_t
length_fixed(const uint8_t *message, size_t length)
{
	static const uint8_t cookie[] = {0, WIRE_OPTION_COOKIE, 0, WIRE_COOKIE_SIZE};

	if (length < WIRE_HEADER_SIZE + COOKIE_OPTION_SIZE ||
		memcmp(message + length - COOKIE_OPTION_SIZE, cookie, sizeof(cookie)) != 0)
		return length;
	return length - WIRE_COOKIE_SERVER_SIZE;
}

static void
expectation_set(struct surge_expectation *e, const struct wire_query *query, const uint8_t *reply,
	size_t length)
{
	*e = (struct surge_expectation){.length = (uint16_t)length};
	if (length < WIRE_HEADER_SIZE)
		return;
	e->hashed_length = (uint16_t)length_fixed(reply, length);
	e->hash = reply_hash(reply, e->hashed_length);
	e->flags1 = reply[2];
	e->rcode = reply[3] & RCODE_MASK;
	e->denial =
		query->dnssec_ok && e->rcode == WIRE_RCODE_NXDOMAIN && !(e->flags1 & WIRE_FLAG1_TC);
}

/* Of protocol, UDP's length in pseudo-header and header, port 53, and the message. */
static uint16_t
reply_sum(const struct surge_template *t, const uint8_t *reply)
{
	size_t length = t->expected.length;
	uint64_t sum = addresses_sum(t->frame, t->message_offset);

	if (length == 0)
		return 0;
	sum += htobe16(17) + 2u * htobe16((uint16_t)(length + UDP_SIZE)) + htobe16(PACKET_DNS_PORT);
	return sum_fold(sum + sum_octets(reply + 2, t->expected.hashed_length - 2u));
}

/* What is TC anyway, and what no zone says, limits do not shorten. */
static void
slip_set(struct surge_template *t, const struct surge_model *model)
{
	uint8_t reply[WIRE_UDP_SIZE_OWN];
	size_t length = model_answer(model, t->frame, t->frame_length, true, reply);

	if (length < WIRE_HEADER_SIZE || !(reply[2] & WIRE_FLAG1_TC) ||
		(t->expected.flags1 & WIRE_FLAG1_TC))
		return;
	t->slip_length = (uint16_t)length;
	t->slip_hashed = (uint16_t)length_fixed(reply, length);
	t->slip_hash = reply_hash(reply, t->slip_hashed);
}

/* A client's cookie ends the message, as the only option: then a server's may follow it. */
static bool
cookie_is_last(const struct surge_template *t)
{
	static const uint8_t option[] = {
		0, 4 + WIRE_COOKIE_CLIENT_SIZE, 0, WIRE_OPTION_COOKIE, 0, WIRE_COOKIE_CLIENT_SIZE};
	size_t size = sizeof(option) + WIRE_COOKIE_CLIENT_SIZE;

	return t->frame_length >= t->message_offset + WIRE_HEADER_SIZE + size &&
	       memcmp(t->frame + t->frame_length - size, option, sizeof(option)) == 0;
}

static void
expectations_set(
	struct surge_template *t, const struct surge_model *model, const struct surge_model *other)
{
	uint8_t reply[WIRE_UDP_SIZE_OWN];
	struct wire_query query = {.dnssec_ok = false};
	size_t length;

	t->size_max = WIRE_UDP_SIZE_MIN;
	if (wire_query_read(t->frame + t->message_offset, t->frame_length - t->message_offset,
		    WIRE_UDP, &query) != WIRE_DROP) {
		if (query.edns_size > WIRE_UDP_SIZE_MIN)
			t->size_max = query.edns_size;
		t->question_length = query.question_length;
	}
	length = surge_model_answer(model, t->frame, t->frame_length, reply);
	expectation_set(&t->expected, &query, reply, length);
	t->reply_sum = reply_sum(t, reply);
	slip_set(t, model);
	t->bears_cookie = query.cookie && cookie_is_last(t);
	if (!other)
		return;
	length = surge_model_answer(other, t->frame, t->frame_length, reply);
	expectation_set(&t->other, &query, reply, length);
	if (t->other.length == t->expected.length && t->other.hash == t->expected.hash)
		t->other.length = 0;
}

/* The id and the source port are each lane's. */
static void
query_set(struct surge_template *t, const uint8_t *frame, size_t length)
{
	size_t at = frame_message_offset(frame);
	uint8_t *udp = t->frame + at - UDP_SIZE;
	uint64_t sum;

	memcpy(t->frame, frame, length);
	t->frame_length = (uint16_t)length;
	t->message_offset = (uint16_t)at;
	memset(udp, 0, 2);
	memset(udp + 6, 0, 2);
	memset(udp + UDP_SIZE, 0, 2);
	sum = addresses_sum(t->frame, at) + htobe16(17) +
	      htobe16((uint16_t)(length - at + UDP_SIZE)) + sum_octets(udp, length - at + UDP_SIZE);
	t->query_sum = sum_fold(sum);
}

static struct surge_template *
template_at(struct surge_templates *templates, uint32_t line)
{
	return (struct surge_template *)(void *)(templates->lines + (size_t)line * LINE_SIZE);
}

static size_t
lines_of(size_t frame_length)
{
	return 1 + (frame_length + LINE_SIZE - 1) / LINE_SIZE;
}

static size_t
workload_lines(const struct workload *work)
{
	size_t lines = 0;

	for (size_t i = 0; i < work->count; i++)
		lines += lines_of(work->offsets[i + 1] - work->offsets[i]);
	return lines;
}

static struct surge_template *
template_add(struct surge_templates *templates, const struct workload *work, size_t index)
{
	const uint8_t *frame = work->frames + work->offsets[index];
	size_t length = work->offsets[index + 1] - work->offsets[index];
	struct surge_template *t = template_at(templates, templates->line_count);

	query_set(t, frame, length);
	t->lines = (uint8_t)lines_of(length);
	templates->line_count += t->lines;
	return t;
}

int
surge_templates_make(struct surge_templates *templates, const struct workload *work,
	const struct workload *flood, const struct surge_model *model,
	const struct surge_model *other, struct why *why)
{
	size_t count = work->count + (flood ? flood->count : 0);
	size_t lines = workload_lines(work) + (flood ? workload_lines(flood) : 0);

	*templates = (struct surge_templates){.count = count};
	templates->lines = aligned_alloc(LINE_SIZE, lines * LINE_SIZE);
	if (!templates->lines)
		return why_set(why, ENOMEM, "no memory for %zu queries", count);
	memset(templates->lines, 0, lines * LINE_SIZE);
	for (size_t i = 0; i < count; i++) {
		bool is_client = !flood || templates->clients < (i + 1) * work->count / count;
		struct surge_template *t =
			is_client ? template_add(templates, work, templates->clients)
				  : template_add(templates, flood, i - templates->clients);

		if (is_client)
			t->client = ++templates->clients;
		expectations_set(t, model, other);
		templates->silent += t->expected.length == 0;
	}
	return 0;
}

void
surge_templates_mac_set(struct surge_templates *templates, const uint8_t mac[static 6])
{
	uint32_t line = 0;

	while (line < templates->line_count) {
		struct surge_template *t = template_at(templates, line);

		memcpy(t->frame + 6, mac, 6);
		line += t->lines;
	}
}

void
surge_templates_free(struct surge_templates *templates)
{
	free(templates->lines);
	*templates = (struct surge_templates){.count = 0};
}
