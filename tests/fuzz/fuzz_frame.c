/* SPDX-License-Identifier: BSD-3-Clause */
/* Any frame to classify and, if it is ours, to answer and turn around. */
#include <stdlib.h>
#include <string.h>

#include "../unit/test_node.h"
#include "engine/engine.h"
#include "golden.h"
#include "packet/packet.h"

/* those of the golden frames */
static const struct packet_service service = {
	.ipv4_count = 1,
	.ipv6_count = 1,
	.ipv4 = {{198, 18, 0, 53}},
	.ipv6 = {{0x20, 0x01, 0x0d, 0xb8, [15] = 0x53}},
};

static void
turn_around(const uint8_t *frame, const struct packet_layout *layout, bool offload)
{
	uint8_t message[WIRE_UDP_SIZE_OWN], *reply;
	struct exchange_peer peer;
	size_t length, frame_length;

	peer = test_peer(layout->ipv6, WIRE_UDP);
	peer.address = frame + layout->source_offset;
	engine_answer(golden_service(), &peer, frame + layout->message_offset,
		layout->message_length, message, &length);
	if (length == 0)
		return;
	/* exactly the room that the reply may take */
	reply = malloc(layout->message_offset + length);
	memcpy(reply, frame, layout->message_offset);
	memcpy(reply + layout->message_offset, message, length);
	frame_length = packet_reply(reply, layout, length, offload);
	if (frame_length != layout->message_offset + length)
		abort();
	free(reply);
}

/* The first octet says which checksums are known to be right. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct packet_check check;
	struct packet_layout layout;
	uint8_t *frame;

	if (size == 0)
		return 0;
	frame = golden_copy(data + 1, size - 1);
	if (packet_foreign_class(frame, size - 1) >= PACKET_CLASSES)
		abort();
	check = (struct packet_check){.ip = data[0] & 1, .udp = data[0] & 2};
	if (packet_classify(&service, check, frame, size - 1, &layout) == PACKET_OURS) {
		if ((size_t)layout.message_offset + layout.message_length > size - 1)
			abort();
		turn_around(frame, &layout, data[0] & 4);
	}
	free(frame);
	return 0;
}
