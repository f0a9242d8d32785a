/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs on: lcore. What is wrong with a reply that is not as it was expected. */
#include <rte_ip.h>

#include "surge/surge_priv.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

const char *const surge_fault_names[SURGE_FAULTS] = {
	[SURGE_RIGHT] = "right",
	[SURGE_FAULT_LENGTH] = "length",
	[SURGE_FAULT_CHECKSUM] = "checksum",
	[SURGE_FAULT_UNASKED] = "unasked",
	[SURGE_FAULT_ENDPOINT] = "endpoint",
	[SURGE_FAULT_QUESTION] = "question",
	[SURGE_FAULT_DUPLICATE] = "duplicate",
	[SURGE_FAULT_SIZE] = "size",
	[SURGE_FAULT_TC] = "tc",
	[SURGE_FAULT_RCODE] = "rcode",
	[SURGE_FAULT_FLAGS] = "flags",
	[SURGE_FAULT_MALFORMED] = "malformed",
	[SURGE_FAULT_DENIAL] = "denial",
	[SURGE_FAULT_CONTENT] = "content",
	[SURGE_FAULT_SIGNATURE] = "signature",
};

uint64_t
reply_hash(const uint8_t *message, size_t length)
{
	return XXH3_64bits(message + 2, length - 2);
}

size_t
reply_length(const uint8_t *frame, size_t length, size_t at)
{
	const uint8_t *ip = frame + ETHER_SIZE, *udp = frame + at - UDP_SIZE;
	size_t ip_length, udp_length;

	if (length < at + WIRE_HEADER_SIZE)
		return 0;
	udp_length = be16_read(udp + 4);
	if (at == IPV4_MESSAGE)
		ip_length = be16_read(ip + 2);
	else
		ip_length = (size_t)be16_read(ip + 4) + IPV6_SIZE;
	/* what is behind the datagram pads a short frame */
	if (ip_length != at - UDP_SIZE - ETHER_SIZE + udp_length ||
		udp_length < UDP_SIZE + WIRE_HEADER_SIZE || length < at - UDP_SIZE + udp_length)
		return 0;
	return udp_length - UDP_SIZE;
}

bool
checksums_right(const uint8_t *frame, size_t at, size_t message_length, bool may_lack)
{
	const uint8_t *ip = frame + ETHER_SIZE, *udp = frame + at - UDP_SIZE;
	uint64_t sum = addresses_sum(frame, at) + htobe16(17) +
		       htobe16((uint16_t)(message_length + UDP_SIZE)) +
		       sum_octets(udp, message_length + UDP_SIZE);

	if (at == IPV4_MESSAGE && sum_fold(sum_octets(ip, IPV4_SIZE)) != UINT16_MAX)
		return false;
	/* zero: there is none (RFC 768) */
	if (word_read(udp + 6) == 0)
		return may_lack && at == IPV4_MESSAGE;
	return sum_fold(sum) == UINT16_MAX;
}

static bool
question_right(
	const struct surge_template *t, const uint8_t *message, size_t length, const uint8_t *query)
{
	size_t count = t->question_length;

	if (count == 0)
		return be16_read(message + 4) == 0;
	return be16_read(message + 4) == 1 && length >= WIRE_HEADER_SIZE + count &&
	       memcmp(message + WIRE_HEADER_SIZE, query + WIRE_HEADER_SIZE, count) == 0;
}

bool
message_is_whole(const uint8_t *message, size_t length)
{
	struct wire_reader r = wire_reader_of(message, length);
	struct wire_name name;
	unsigned int questions, records;

	wire_take(&r, 4);
	questions = wire_u16_read(&r);
	records = wire_u16_read(&r);
	records += wire_u16_read(&r);
	records += wire_u16_read(&r);
	for (unsigned int i = 0; i < questions && !r.failed; i++) {
		wire_name_read(&r, &name);
		wire_take(&r, 4);
	}
	for (unsigned int i = 0; i < records && !r.failed; i++) {
		wire_name_expand(&r, &name);
		wire_take(&r, 8);
		wire_take(&r, wire_u16_read(&r));
	}
	return !r.failed && r.offset == length;
}

static enum surge_fault
expectation_fault(const struct surge_expectation *e, enum surge_strictness strictness,
	const uint8_t *message, size_t length)
{
	uint8_t differs = message[2] ^ e->flags1;

	if (strictness == SURGE_HEADER) {
		/* who says less at a cut, or truncates elsewhere, is right as well */
		if ((message[3] & WIRE_FLAG2_RCODE) != e->rcode)
			return SURGE_FAULT_RCODE;
		return differs & (WIRE_FLAG1_QR | WIRE_FLAG1_OPCODE | WIRE_FLAG1_AA)
			       ? SURGE_FAULT_FLAGS
			       : SURGE_RIGHT;
	}
	if (differs & WIRE_FLAG1_TC)
		return SURGE_FAULT_TC;
	if ((message[3] & WIRE_FLAG2_RCODE) != e->rcode)
		return SURGE_FAULT_RCODE;
	if (differs)
		return SURGE_FAULT_FLAGS;
	if (length == e->length && reply_hash(message, e->hashed_length) == e->hash)
		return SURGE_RIGHT;
	if (!message_is_whole(message, length))
		return SURGE_FAULT_MALFORMED;
	if (e->denial && !surge_denial_proves(message, length))
		return SURGE_FAULT_DENIAL;
	return SURGE_FAULT_CONTENT;
}

enum surge_fault
surge_fault_find(const struct surge_template *t, enum surge_strictness strictness,
	const uint8_t *message, size_t length, const uint8_t *query)
{
	enum surge_fault fault;

	if (!question_right(t, message, length, query))
		return SURGE_FAULT_QUESTION;
	if (length > t->size_max)
		return SURGE_FAULT_SIZE;
	fault = expectation_fault(&t->expected, strictness, message, length);
	if (fault != SURGE_RIGHT && t->other.length &&
		expectation_fault(&t->other, strictness, message, length) == SURGE_RIGHT)
		return SURGE_RIGHT;
	return fault;
}
