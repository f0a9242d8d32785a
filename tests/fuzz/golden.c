/* SPDX-License-Identifier: BSD-3-Clause */
#include "golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../unit/test_node.h"

static struct zone *zone;
static struct engine_service service;

static void
golden_load(void)
{
	struct zone_verify_options options = {.anchors = GOLDEN_DIRECTORY "/golden.anchors"};
	struct zone_verification done = {0};
	struct image *image;
	struct why why;

	zone_time_from_text(&options.at, "20260801000000");
	if (zone_load(GOLDEN_DIRECTORY "/golden.zone", NULL, &zone, &why) < 0 ||
		zone_verify(zone, &options, &done, &why) < 0 ||
		image_compile(zone, &done, options.at, &image, &why) < 0) {
		fprintf(stderr, "%s\n", why.text);
		abort();
	}
	service = (struct engine_service){
		.catalogue = {.count = 1, .images = {image}}, .self = test_self};
}

const struct zone *
golden_zone(void)
{
	if (!zone)
		golden_load();
	return zone;
}

const struct engine_service *
golden_service(void)
{
	golden_zone();
	return &service;
}

static void
ask(const struct engine_service *asked, const struct wire_name *name, uint16_t type, uint16_t size)
{
	static const uint8_t header[] = {0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1};
	uint8_t message[WIRE_HEADER_SIZE + WIRE_QUESTION_MAX + WIRE_OPT_SIZE];
	const struct exchange_peer peer = test_peer(false, WIRE_UDP);
	uint8_t *reply = malloc(WIRE_UDP_SIZE_OWN);
	struct wire_writer w = wire_writer_of(message, sizeof(message));
	size_t reply_length;

	wire_write(&w, header, sizeof(header));
	wire_write(&w, name->octets, name->length);
	wire_u16_write(&w, type);
	wire_u16_write(&w, WIRE_CLASS_IN);
	wire_u8_write(&w, 0);
	wire_u16_write(&w, WIRE_TYPE_OPT);
	wire_u16_write(&w, size);
	wire_u32_write(&w, size & 1 ? 0x8000 : 0);
	wire_u16_write(&w, 0);
	engine_answer(asked, &peer, message, w.offset, reply, &reply_length);
	free(reply);
}

void
golden_ask_all(const struct image *image)
{
	static const uint16_t types[] = {WIRE_TYPE_A, WIRE_TYPE_NS, WIRE_TYPE_SOA, WIRE_TYPE_DS,
		WIRE_TYPE_RRSIG, WIRE_TYPE_DNSKEY, WIRE_TYPE_ANY, 65535};
	static const char *const more[] = {"\\000", "no-such-name", "zz.zz.zz", "\\255\\255"};
	struct engine_service asked = {.catalogue = {.count = 1, .images = {image}}};
	struct wire_name name;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		for (size_t n = 0; n < golden_zone()->node_count; n++) {
			name = golden_zone()->nodes[n].name;
			ask(&asked, &name, types[i], 512);
			ask(&asked, &name, types[i], 1233);
		}
		for (size_t n = 0; n < sizeof(more) / sizeof(more[0]); n++) {
			wire_name_from_text(&name, more[n]);
			ask(&asked, &name, types[i], 513);
		}
	}
}

void *
golden_copy(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (size)
		memcpy(copy, data, size);
	return copy;
}

int
golden_file(const uint8_t *data, size_t size, char path[static 32])
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || file_write_all(fd, data, size) < 0)
		abort();
	snprintf(path, 32, "/proc/self/fd/%d", fd);
	return fd;
}
