/* SPDX-License-Identifier: BSD-3-Clause */
/* show: one question and its answer, as dig prints it and as octets. */
#include <ldns/ldns.h>
#include <stdio.h>
#include <string.h>

#include "engine/engine.h"
#include "options.h"
#include "oracle/oracle.h"

static_assert((bool)0x100, "ldns' headers have made it a char");

enum { QUERY_MAX = WIRE_HEADER_SIZE + WIRE_QUESTION_MAX + WIRE_OPT_SIZE };

static size_t
query_write(const struct options *options, const struct wire_name *qname, uint16_t qtype,
	uint8_t query[static QUERY_MAX])
{
	struct wire_writer w = wire_writer_of(query, QUERY_MAX);
	bool edns = options->size || options->dnssec_ok;

	wire_u32_write(&w, 0);
	wire_u16_write(&w, 1);
	wire_u32_write(&w, 0);
	wire_u16_write(&w, edns);
	wire_write(&w, qname->octets, qname->length);
	wire_u16_write(&w, qtype);
	wire_u16_write(&w, WIRE_CLASS_IN);
	if (edns) {
		wire_u8_write(&w, 0);
		wire_u16_write(&w, WIRE_TYPE_OPT);
		wire_u16_write(&w, options->size ? options->size : WIRE_UDP_SIZE_OWN);
		wire_u32_write(&w, options->dnssec_ok ? 0x8000 : 0);
		wire_u16_write(&w, 0);
	}
	return w.offset;
}

/* The question comes from this host, and from nobody in particular. */
static const struct exchange_peer peer = {
	.address = (const uint8_t[]){127, 0, 0, 1}, .address_size = 4};

static size_t
image_answer(const struct image *image, const uint8_t *query, size_t length, uint8_t *reply)
{
	struct engine_service service = {.catalogue = {.count = 1, .images = {image}}};

	engine_answer(&service, &peer, query, length, reply, &length);
	return length;
}

static size_t
records_answer(const struct zone *zone, const uint8_t *query, size_t length, uint8_t *reply)
{
	const struct oracle_zones zones = {.count = 1, .zones = &zone};
	const struct exchange_self self = {.identity_length = 0};

	return oracle_answer(&zones, &self, &peer, query, length, reply);
}

static int
answer_get(const struct options *options, const uint8_t *query, size_t length, uint8_t *reply,
	size_t *reply_length, struct why *why)
{
	struct prepared prepared;
	struct image *image;
	int rc;

	if (!options->oracle) {
		rc = image_open_path(options->operands[0], &image, why);
		if (rc == 0) {
			*reply_length = image_answer(image, query, length, reply);
			image_free(image);
			return 0;
		}
		/* else it may be a zone; but not where it is an image and a bad one */
		if (!strstr(why->text, "not an image"))
			return rc;
	}
	rc = zone_prepare(options, &prepared, why);
	if (rc < 0)
		return rc;
	if (options->oracle) {
		*reply_length = records_answer(prepared.zone, query, length, reply);
	} else {
		rc = image_compile(prepared.zone, &prepared.done, options->verify.at, &image, why);
		if (rc == 0) {
			*reply_length = image_answer(image, query, length, reply);
			image_free(image);
		}
	}
	zone_free(prepared.zone);
	return rc;
}

static void
octets_print(const uint8_t *octets, size_t length)
{
	for (size_t i = 0; i < length; i++)
		printf("%s%02x", i % 32 ? " " : i ? "\n" : "", octets[i]);
	puts("");
}

int
command_show(const struct options *options)
{
	uint8_t query[QUERY_MAX], reply[WIRE_UDP_SIZE_OWN] = {0};
	ldns_rr_type type = ldns_get_rr_type_by_name(options->operands[2]);
	struct wire_name qname;
	ldns_pkt *packet;
	size_t length;
	struct why why;

	if (!wire_name_from_text(&qname, options->operands[1]) || !type) {
		fprintf(stderr, "mangrove-zone: no such name or type: %s %s\n",
			options->operands[1], options->operands[2]);
		return 2;
	}
	length = query_write(options, &qname, (uint16_t)type, query);
	if (answer_get(options, query, length, reply, &length, &why) < 0) {
		fprintf(stderr, "%s\n", why.text);
		return 1;
	}
	if (ldns_wire2pkt(&packet, reply, length) != LDNS_STATUS_OK) {
		fputs("mangrove-zone: ldns cannot read the answer\n", stderr);
		return 1;
	}
	ldns_pkt_print(stdout, packet);
	ldns_pkt_free(packet);
	printf(";; %zu octets\n", length);
	octets_print(reply, length);
	return 0;
}
