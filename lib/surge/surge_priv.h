/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SURGE_SURGE_PRIV_H
#define SURGE_SURGE_PRIV_H

#include <string.h>

#include "surge/surge.h"
#include "wire/wire.h"

enum { LINE_SIZE = 64, ETHER_SIZE = 14, IPV4_SIZE = 20, IPV6_SIZE = 40, UDP_SIZE = 8 };
enum { IPV4_MESSAGE = ETHER_SIZE + IPV4_SIZE + UDP_SIZE };
enum { IPV6_MESSAGE = ETHER_SIZE + IPV6_SIZE + UDP_SIZE };

/* The server's part of a COOKIE option is the last of a message, if it is there (RFC 9018 4). */
enum { COOKIE_OPTION_SIZE = 4 + WIRE_COOKIE_SIZE };

/* 16 bits in machine order, as sums take them, at any address */
static inline uint16_t
word_read(const uint8_t *at)
{
	uint16_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static inline uint16_t
be16_read(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

/* Fold to 16 bits; 0 stays 0 and all else is 1..65535. */
static inline uint16_t
sum_fold(uint64_t sum)
{
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	return (uint16_t)sum;
}

/* Sum of octets in machine order, the last one padded (RFC 1071). */
static inline uint64_t
sum_octets(const uint8_t *octets, size_t length)
{
	uint64_t sum = 0;
	uint32_t word;

	for (; length >= 4; octets += 4, length -= 4) {
		memcpy(&word, octets, 4);
		sum += word;
	}
	if (length) {
		uint8_t last[4] = {0};

		memcpy(last, octets, length);
		memcpy(&word, last, 4);
		sum += word;
	}
	return sum;
}

/* What a sum becomes when its octets begin at an odd offset instead (RFC 1071 2.B). */
static inline uint16_t
sum_swap(uint16_t sum)
{
	return (uint16_t)(sum << 8 | sum >> 8);
}

static inline uint64_t
addresses_sum(const uint8_t *frame, size_t message_offset)
{
	size_t size = message_offset == IPV4_MESSAGE ? 8 : 32;

	return sum_octets(frame + message_offset - UDP_SIZE - size, size);
}

/* Hash of a reply behind its id, up to `length` octets of the message. */
uint64_t reply_hash(const uint8_t *message, size_t length);

/* Of the same addresses as the query's, exchanged. */
static inline bool
endpoints_right(const struct surge_template *t, const uint8_t *frame)
{
	size_t udp = t->message_offset - UDP_SIZE;
	size_t size = t->message_offset == IPV4_MESSAGE ? 4 : 16;
	const uint8_t *got = frame + udp - 2 * size, *sent = t->frame + udp - 2 * size;

	/* the source's MAC address may be any router's */
	return memcmp(frame, t->frame + 6, 6) == 0 && memcmp(got, sent + size, size) == 0 &&
	       memcmp(got + size, sent, size) == 0 && be16_read(frame + udp) == PACKET_DNS_PORT;
}

/* Octets of the message in a frame of `at` octets before it, by what UDP says. @return 0: lengths
 * contradict each other */
size_t reply_length(const uint8_t *frame, size_t length, size_t at);

/* Whether the sums of IPv4 header and UDP datagram are right. @param may_lack  over IPv4 the
 * datagram's may be missing */
bool checksums_right(const uint8_t *frame, size_t at, size_t message_length, bool may_lack);

/* Whether all records can be read, and the message ends where they do. */
bool message_is_whole(const uint8_t *message, size_t length);

/* Verify all signatures of a reply's answer and authority sections with the keys of a zone. @return
 * how many there are, or -errno */
struct surge_keys;
int surge_keys_new(struct surge_keys **keys, const struct zone *zone, time_t at, struct why *why);
void surge_keys_free(struct surge_keys *keys);
int surge_signatures_verify(
	struct surge_keys *keys, const uint8_t *message, size_t length, struct why *why);

#endif
