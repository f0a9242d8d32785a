/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Answers queries from a pipe: their number in two octets, then each behind its length in two
 * octets; out come as many replies, each behind its length, which is 0 for silence. The engine
 * answers from an image, the oracle from the records; a difference between them in any octet is
 * reported, and fails the run at its end.
 *
 * usage: answer_pipe ZONE AT ANCHORS
 */
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "engine/engine.h"
#include "image/image.h"
#include "oracle/oracle.h"
#include "zone/zone.h"

enum { MESSAGE_MAX = 65535, REPORTED_MAX = 20 };

static bool
number_read(size_t *number)
{
	uint8_t octets[2];

	if (fread(octets, 1, sizeof(octets), stdin) != sizeof(octets))
		return false;
	*number = (size_t)(octets[0] << 8 | octets[1]);
	return true;
}

static void
message_write(const uint8_t *message, size_t length)
{
	uint8_t prefix[2];

	wire_u16_patch(prefix, (uint16_t)length);
	fwrite(prefix, 1, sizeof(prefix), stdout);
	fwrite(message, 1, length, stdout);
}

static void
hex_print(const char *label, const uint8_t *octets, size_t length)
{
	fprintf(stderr, "  %s ", label);
	for (size_t i = 0; i < length; i++)
		fprintf(stderr, "%02x", octets[i]);
	fputc('\n', stderr);
}

static const uint8_t loopback[4] = {127, 0, 0, 1};

struct pipe {
	const struct engine_service *service;
	const struct zone *zone;
	unsigned long count, differences;
};

static void
answer(struct pipe *p, const uint8_t *message, size_t length)
{
	static uint8_t reply[WIRE_UDP_SIZE_OWN], expected[WIRE_UDP_SIZE_OWN];
	const struct exchange_peer peer = {.address = loopback, .address_size = 4};
	const struct oracle_zones zones = {1, &p->zone};
	size_t expected_length, reply_length;

	engine_answer(p->service, &peer, message, length, reply, &reply_length);
	expected_length =
		oracle_answer(&zones, &p->service->self, &peer, message, length, expected);
	p->count++;
	if (reply_length != expected_length || memcmp(reply, expected, reply_length) != 0) {
		if (++p->differences <= REPORTED_MAX) {
			hex_print("query ", message, length);
			hex_print("engine", reply, reply_length);
			hex_print("oracle", expected, expected_length);
		}
	}
	message_write(reply, reply_length);
}

static void
batches_answer(struct pipe *p)
{
	static uint8_t message[MESSAGE_MAX];
	size_t count, length;

	while (number_read(&count)) {
		while (count--) {
			if (!number_read(&length) || fread(message, 1, length, stdin) != length)
				return;
			answer(p, message, length);
		}
		fflush(stdout);
	}
}

int
main(int argc, char **argv)
{
	struct zone_verify_options options = {0};
	struct zone_verification done = {0};
	struct image *image = NULL;
	struct zone *zone = NULL;
	struct why why = {0};
	struct engine_service service;
	struct pipe p;

	if (argc != 4 || !zone_time_from_text(&options.at, argv[2])) {
		fprintf(stderr, "usage: answer_pipe ZONE YYYYMMDDhhmmss ANCHORS\n");
		return 2;
	}
	options.anchors = argv[3];
	if (zone_load(argv[1], NULL, &zone, &why) < 0 ||
		zone_verify(zone, &options, &done, &why) < 0 ||
		image_compile(zone, &done, options.at, &image, &why) < 0) {
		fprintf(stderr, "answer_pipe: %s\n", why.text);
		return 1;
	}
	service = (struct engine_service){.catalogue = {.count = 1, .images = {image}}};
	p = (struct pipe){.service = &service, .zone = zone};
	batches_answer(&p);
	image_free(image);
	zone_free(zone);
	fprintf(stderr, "%lu answers of engine and oracle compared, %lu differ\n", p.count,
		p.differences);
	return p.differences ? 1 : 0;
}
