/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames as a client would send them, for the tests of lib/packet. */
#ifndef PACKET_FRAME_H
#define PACKET_FRAME_H

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "packet/packet.h"

/* Service and client: documentation and benchmark ranges (RFC 2544, 3849). */
static const struct packet_service service = {
	.ipv4_count = 2,
	.ipv6_count = 2,
	.ipv4 = {{198, 18, 0, 53}, {198, 18, 0, 54}},
	.ipv6 = {{0x20, 0x01, 0x0d, 0xb8, [15] = 0x53}, {0x20, 0x01, 0x0d, 0xb8, [15] = 0x54}},
};
static const uint8_t client4[4] = {198, 18, 1, 2};
static const uint8_t client6[16] = {0x20, 0x01, 0x0d, 0xb8, [7] = 1, [15] = 2};
static const struct packet_check check_all = {.ip = true, .udp = true};

enum { FRAME_MAX = 4096 };

struct frame {
	uint8_t octets[FRAME_MAX];
	size_t length;
	size_t ip, udp, message; /* offsets */
	bool ipv6;
};

static inline void
frame_put16(struct frame *f, size_t at, unsigned int value)
{
	f->octets[at] = (uint8_t)(value >> 8);
	f->octets[at + 1] = (uint8_t)value;
}

static inline unsigned int
frame_get16(const struct frame *f, size_t at)
{
	return (unsigned int)f->octets[at] << 8 | f->octets[at + 1];
}

/* RFC 1071 word by word, as plainly as it can be written; folded. */
static inline uint32_t
naive_sum(uint32_t sum, const uint8_t *octets, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		sum += i % 2 ? octets[i] : (uint32_t)octets[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

static inline uint32_t
frame_pseudo_sum(const struct frame *f)
{
	uint32_t length = frame_get16(f, f->udp + 4);
	uint32_t sum = naive_sum(0, f->octets + f->ip + (f->ipv6 ? 8 : 12), f->ipv6 ? 32 : 8);

	sum += 17 + length;
	return (sum & 0xffff) + (sum >> 16);
}

/* What the UDP checksum field has to hold. */
static inline uint32_t
frame_udp_checksum(const struct frame *f)
{
	struct frame copy = *f;
	uint32_t sum;

	frame_put16(&copy, f->udp + 6, 0);
	sum = naive_sum(frame_pseudo_sum(f), copy.octets + f->udp, frame_get16(f, f->udp + 4));
	return sum == 0xffff ? 0xffff : ~sum & 0xffff;
}

static inline void
frame_sign(struct frame *f)
{
	if (!f->ipv6) {
		frame_put16(f, f->ip + 10, 0);
		frame_put16(f, f->ip + 10, ~naive_sum(0, f->octets + f->ip, 20) & 0xffff);
	}
	frame_put16(f, f->udp + 6, frame_udp_checksum(f));
}

/* A query of `message_length` octets from port 4711, with `tags` tags, right in all respects. */
static inline struct frame
frame_make(bool ipv6, unsigned int tags, size_t message_length)
{
	struct frame f = {.ipv6 = ipv6, .ip = 14 + 4 * tags};

	f.udp = f.ip + (ipv6 ? 40 : 20);
	f.message = f.udp + 8;
	f.length = f.message + message_length;
	assert(f.length <= FRAME_MAX);
	memcpy(f.octets, "\x02\x00\x00\x00\x00\x53\x02\x00\x00\x00\x00\x01", 12);
	for (unsigned int i = 0; i < tags; i++) {
		frame_put16(&f, 12 + 4 * i, tags == 2 && i == 0 ? 0x88a8 : 0x8100);
		frame_put16(&f, 14 + 4 * i, 0xa000 + 100 + i);
	}
	frame_put16(&f, f.ip - 2, ipv6 ? 0x86dd : 0x0800);
	if (ipv6) {
		f.octets[f.ip] = 0x6a; /* traffic class and flow label are the client's */
		f.octets[f.ip + 3] = 0x77;
		frame_put16(&f, f.ip + 4, (unsigned int)(8 + message_length));
		f.octets[f.ip + 6] = 17;
		f.octets[f.ip + 7] = 57;
		memcpy(f.octets + f.ip + 8, client6, 16);
		memcpy(f.octets + f.ip + 24, service.ipv6[0], 16);
	} else {
		f.octets[f.ip] = 0x45;
		f.octets[f.ip + 1] = 0xb8;
		frame_put16(&f, f.ip + 2, (unsigned int)(28 + message_length));
		frame_put16(&f, f.ip + 4, 0x1234);
		f.octets[f.ip + 8] = 57;
		f.octets[f.ip + 9] = 17;
		memcpy(f.octets + f.ip + 12, client4, 4);
		memcpy(f.octets + f.ip + 16, service.ipv4[0], 4);
	}
	frame_put16(&f, f.udp, 4711);
	frame_put16(&f, f.udp + 2, 53);
	frame_put16(&f, f.udp + 4, (unsigned int)(8 + message_length));
	for (size_t i = 0; i < message_length; i++)
		f.octets[f.message + i] = (uint8_t)(i * 37 + 1);
	frame_sign(&f);
	return f;
}

/* Judge a copy in a block of exactly its size, at an odd address: a sanitizer sees one octet too
 * far. */
static inline enum packet_verdict
frame_classify(const struct frame *f, const struct packet_service *for_service,
	struct packet_check check, struct packet_layout *layout)
{
	uint8_t *block = malloc(f->length + 1);
	enum packet_verdict verdict;

	assert(block);
	memcpy(block + 1, f->octets, f->length);
	verdict = packet_classify(for_service, check, block + 1, f->length, layout);
	free(block);
	return verdict;
}

static inline enum packet_verdict
frame_judge(const struct frame *f)
{
	struct packet_layout layout;

	return frame_classify(f, &service, check_all, &layout);
}

#endif
