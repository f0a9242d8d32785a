/* SPDX-License-Identifier: BSD-3-Clause */
#include "samples.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "wire/wire.h"

enum { IPV4_CHECKSUM = 10, UDP_CHECKSUM = 6, ADDRESS_MAX = 16, SUBNET_ADDRESS = 4 };

struct kept {
	struct packet_layout layout; /* of the query; its reply has addresses exchanged */
	struct audit_sample sample;
};

struct samples {
	pthread_mutex_t lock;
	uint64_t count; /* ever kept */
	struct kept kept[SAMPLES_MAX];
};

struct samples *
samples_new(void)
{
	struct samples *samples = calloc(1, sizeof(*samples));

	if (samples)
		pthread_mutex_init(&samples->lock, NULL);
	return samples;
}

void
samples_free(struct samples *samples)
{
	if (!samples)
		return;
	pthread_mutex_destroy(&samples->lock);
	free(samples);
}

void
samples_keep(struct samples *samples, const struct packet_service *service,
	const struct audit_sample *sample)
{
	const struct packet_check none = {.ip = false, .udp = false};
	struct packet_layout layout;
	struct kept *kept;

	/* what else comes is the kernel's, and nobody's business */
	if (packet_classify(service, none, sample->query, sample->query_length, &layout) !=
		PACKET_OURS)
		return;
	pthread_mutex_lock(&samples->lock);
	kept = &samples->kept[samples->count++ % SAMPLES_MAX];
	kept->layout = layout;
	kept->sample = *sample;
	pthread_mutex_unlock(&samples->lock);
}

/* ---- addresses ---- */

/* RFC 1624 3: as if the octets had always been others, so that what was wrong stays wrong. */
static void
checksum_follow(uint8_t *checksum, const uint8_t *was, const uint8_t *is, size_t size)
{
	uint32_t sum = (uint16_t) ~(checksum[0] << 8 | checksum[1]);

	for (size_t i = 0; i < size; i += 2)
		sum += (uint16_t) ~(was[i] << 8 | was[i + 1]) + (uint32_t)(is[i] << 8 | is[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	checksum[0] = (uint8_t)(~sum >> 8);
	checksum[1] = (uint8_t)~sum;
}

/* The client's address stands at an offset of one of the two frames. */
static void
address_hide(const struct capture_privacy *privacy, const struct packet_layout *layout,
	uint8_t *frame, size_t offset)
{
	size_t size = layout->ipv6 ? 16 : 4;
	uint8_t was[ADDRESS_MAX], kept[ADDRESS_MAX] = {0};
	uint8_t *udp = frame + layout->udp_offset + UDP_CHECKSUM;

	memcpy(was, frame + offset, size);
	capture_privacy_apply(privacy, layout->ipv6, was, kept);
	memcpy(frame + offset, kept, size);
	if (!layout->ipv6)
		checksum_follow(frame + layout->ip_offset + IPV4_CHECKSUM, was, kept, size);
	/* over IPv4 there may be none */
	if (udp[0] || udp[1])
		checksum_follow(udp, was, kept, size);
}

/* ---- clients of clients ---- */

/* RFC 7871 6: what is zero already tells the family and how long the prefix was. */
static void
subnets_clear(uint8_t *message, const struct wire_record *opt)
{
	struct wire_reader r = wire_reader_of(opt->rdata, opt->length);

	while (!r.failed && r.offset < r.length) {
		uint16_t code = wire_u16_read(&r), size = wire_u16_read(&r);
		const uint8_t *octets = wire_take(&r, size);

		if (octets && code == WIRE_OPTION_SUBNET && size > SUBNET_ADDRESS)
			memset(message + (octets - message) + SUBNET_ADDRESS, 0,
				size - SUBNET_ADDRESS);
	}
}

static void
message_clear(uint8_t *message, size_t length)
{
	struct wire_reader r = wire_reader_of(message, length);
	struct wire_record record;
	struct wire_name qname;
	unsigned int questions, records;

	wire_take(&r, 4);
	questions = wire_u16_read(&r);
	records = wire_u16_read(&r);
	records += wire_u16_read(&r);
	records += wire_u16_read(&r);
	for (; questions && !r.failed; questions--) {
		wire_name_read(&r, &qname);
		wire_take(&r, 4);
	}
	for (; records && !r.failed; records--) {
		wire_record_read(&r, &record);
		if (!r.failed && record.type == WIRE_TYPE_OPT)
			subnets_clear(message, &record);
	}
}

/* A resolver may tell for whom it asks; capture keeps no options either. */
static void
subnet_hide(const struct packet_layout *layout, uint8_t *query)
{
	/* a zero behind a last odd octet, as the sum takes it */
	uint8_t was[AUDIT_FRAME_MAX + 1] = {0}, is[AUDIT_FRAME_MAX + 1] = {0};
	uint8_t *message = query + layout->message_offset;
	uint8_t *checksum = query + layout->udp_offset + UDP_CHECKSUM;
	size_t length = layout->message_length;

	memcpy(was, message, length);
	message_clear(message, length);
	memcpy(is, message, length);
	if (checksum[0] || checksum[1])
		checksum_follow(checksum, was, is, length);
}

/* ---- as JSON ---- */

static json_t *
frame_json(const uint8_t *frame, size_t length)
{
	char text[2 * AUDIT_FRAME_MAX + 1];

	if (length == 0)
		return json_null();
	sodium_bin2hex(text, sizeof(text), frame, length);
	return json_string(text);
}

static json_t *
kept_json(const struct kept *kept, const struct capture_privacy *privacy)
{
	const struct packet_layout *layout = &kept->layout;
	struct audit_sample sample = kept->sample;
	size_t size = layout->ipv6 ? 16 : 4;

	address_hide(privacy, layout, sample.query, layout->source_offset);
	subnet_hide(layout, sample.query);
	if (sample.reply_length)
		address_hide(privacy, layout, sample.reply, layout->source_offset + size);
	return json_pack("{s:I, s:o, s:o}", "at", (json_int_t)sample.now, "query",
		frame_json(sample.query, sample.query_length), "reply",
		frame_json(sample.reply, sample.reply_length));
}

json_t *
samples_json(struct samples *samples, const struct capture_privacy *privacy)
{
	json_t *all = json_array();
	uint64_t first;

	pthread_mutex_lock(&samples->lock);
	first = samples->count > SAMPLES_MAX ? samples->count - SAMPLES_MAX : 0;
	for (uint64_t i = first; i < samples->count; i++)
		json_array_append_new(all, kept_json(&samples->kept[i % SAMPLES_MAX], privacy));
	pthread_mutex_unlock(&samples->lock);
	return all;
}
