/* SPDX-License-Identifier: BSD-3-Clause */
/* One question, asked of both in every way. */
#include "prove/prove_priv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* How a question is asked. */
struct manner {
	enum wire_transport transport;
	bool edns, dnssec_ok;
	uint16_t size; /* of the OPT */
};

static size_t
query_write(
	struct proving *p, const struct wire_name *name, uint16_t type, const struct manner *manner)
{
	static const uint8_t header[] = {0, 0, WIRE_FLAG1_RD, 0, 0, 1, 0, 0, 0, 0, 0};
	struct wire_writer w = wire_writer_of(p->query, sizeof(p->query));

	wire_write(&w, header, sizeof(header));
	wire_u8_write(&w, manner->edns);
	wire_write(&w, name->octets, name->length);
	wire_u16_write(&w, type);
	wire_u16_write(&w, WIRE_CLASS_IN);
	if (manner->edns) {
		/* RFC 6891 6.1.2, 6.1.3: root, type, size, RCODE and version and DO, no options */
		wire_u8_write(&w, 0);
		wire_u16_write(&w, WIRE_TYPE_OPT);
		wire_u16_write(&w, manner->size);
		wire_u32_write(&w, manner->dnssec_ok ? 0x8000 : 0);
		wire_u16_write(&w, 0);
	}
	return w.offset;
}

/* What a reply is, for a person. */
static void
reply_describe(char text[static 128], const uint8_t *reply, size_t length)
{
	if (length < WIRE_HEADER_SIZE)
		snprintf(text, 128, "%zu octets", length);
	else
		snprintf(text, 128, "%zu octets, flags %02x%02x, %u+%u+%u records", length,
			reply[2], reply[3], reply[6] << 8 | reply[7], reply[8] << 8 | reply[9],
			reply[10] << 8 | reply[11]);
}

static int
difference(const struct proving *p, const struct wire_name *name, uint16_t type,
	const struct manner *manner, size_t length, size_t expected_length, struct why *why)
{
	char text[WIRE_NAME_TEXT_MAX], size[32] = "", got[128], wanted[128];
	size_t at = 0;

	while (at < length && at < expected_length && p->reply[at] == p->expected[at])
		at++;
	if (manner->edns)
		snprintf(size, sizeof(size), " EDNS %u%s", manner->size,
			manner->dnssec_ok ? " DO" : "");
	reply_describe(got, p->reply, length);
	reply_describe(wanted, p->expected, expected_length);
	return why_set(why, EBADMSG,
		"not proven: %.255s TYPE%u over %s%s is answered wrongly from octet %zu on: %s; "
		"right: %s",
		wire_name_to_text(name, text), type, manner->transport == WIRE_UDP ? "UDP" : "TCP",
		size, at, got, wanted);
}

/* @return octets of the reply, or -EBADMSG */
static int
compare(struct proving *p, const struct wire_name *name, uint16_t type, const struct manner *manner,
	struct why *why)
{
	const struct exchange_peer peer = {.address = (const uint8_t[]){127, 0, 0, 1},
		.address_size = 4,
		.transport = manner->transport};
	size_t length = query_write(p, name, type, manner), reply_length, expected_length;

	engine_answer(&p->service, &peer, p->query, length, p->reply, &reply_length);
	expected_length =
		oracle_answer(&p->zones, &p->service.self, &peer, p->query, length, p->expected);
	if (reply_length != expected_length || memcmp(p->reply, p->expected, expected_length) != 0)
		return difference(p, name, type, manner, reply_length, expected_length, why);
	p->compared++;
	return (int)reply_length;
}

/* Ask for less and less, each time just what fitted and an octet less. */
static int
sizes_ask(struct proving *p, const struct wire_name *name, uint16_t type, struct manner manner,
	struct why *why)
{
	int length;

	manner.transport = WIRE_UDP;
	manner.size = WIRE_UDP_SIZE_OWN;
	length = compare(p, name, type, &manner, why);
	while (length > WIRE_UDP_SIZE_MIN) {
		manner.size = (uint16_t)length;
		length = compare(p, name, type, &manner, why);
		if (length < 0)
			break;
		manner.size--;
		length = compare(p, name, type, &manner, why);
	}
	return length < 0 ? length : 0;
}

int
prove_ask(struct proving *p, const struct wire_name *name, uint16_t type, struct why *why)
{
	static const struct manner manners[] = {
		{.transport = WIRE_TCP},
		{.transport = WIRE_TCP, .edns = true, .size = WIRE_UDP_SIZE_OWN},
		{.transport = WIRE_TCP, .edns = true, .dnssec_ok = true, .size = WIRE_UDP_SIZE_OWN},
	};
	const struct manner plain = {.transport = WIRE_UDP};
	int rc = compare(p, name, type, &plain, why);

	for (unsigned int i = 0; i < 3 && rc >= 0; i++) {
		rc = compare(p, name, type, &manners[i], why);
		if (rc >= 0 && manners[i].edns)
			rc = sizes_ask(p, name, type, manners[i], why);
	}
	return rc < 0 ? rc : 0;
}

int
prove_ask_once(struct proving *p, const struct wire_name *name, uint16_t type, struct why *why)
{
	const struct manner manner = {
		.transport = WIRE_TCP, .edns = true, .dnssec_ok = true, .size = WIRE_UDP_SIZE_OWN};
	int rc = compare(p, name, type, &manner, why);

	return rc < 0 ? rc : 0;
}
