/* SPDX-License-Identifier: BSD-3-Clause */
/* Any master file: refused, or loaded, verified and compiled; then engine and oracle agree. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../unit/test_node.h"
#include "engine/engine.h"
#include "golden.h"
#include "oracle/oracle.h"

static void
agree(const struct image *image, const struct zone *zone, const struct wire_name *name)
{
	struct engine_service service = {.catalogue = {.count = 1, .images = {image}}};
	const struct exchange_peer peer = test_peer(false, WIRE_UDP);
	const struct oracle_zones zones = {1, &zone};
	uint8_t message[WIRE_HEADER_SIZE + WIRE_QUESTION_MAX] = {[5] = 1};
	uint8_t reply[WIRE_UDP_SIZE_OWN], expected[WIRE_UDP_SIZE_OWN];
	struct wire_writer w = wire_writer_of(message, sizeof(message));
	size_t length;

	w.offset = WIRE_HEADER_SIZE;
	wire_write(&w, name->octets, name->length);
	wire_u32_write(&w, (uint32_t)WIRE_TYPE_ANY << 16 | WIRE_CLASS_IN);
	engine_answer(&service, &peer, message, w.offset, reply, &length);
	if (oracle_answer(&zones, &service.self, &peer, message, w.offset, expected) != length ||
		memcmp(reply, expected, length) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct zone_verify_options options = {.dnssec = ZONE_IF_PRESENT,
		.zonemd = ZONE_IF_PRESENT,
		.anchors = GOLDEN_DIRECTORY "/golden.anchors"};
	struct zone_verification done = {0};
	struct image *image = NULL;
	struct zone *zone = NULL;
	struct why why;
	char path[32];
	int fd = golden_file(data, size, path);

	zone_time_from_text(&options.at, "20260801000000");
	if (zone_load(path, NULL, &zone, &why) == 0) {
		(void)zone_verify(zone, &options, &done, &why);
		if (image_compile(zone, &done, options.at, &image, &why) == 0)
			for (size_t i = 0; i < zone->node_count; i++)
				agree(image, zone, &zone->nodes[i].name);
	}
	image_free(image);
	zone_free(zone);
	close(fd);
	return 0;
}
