/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames of the control plane: through the lcore's answer path and back, in no other counter. */
#include <criterion/criterion.h>
#include <string.h>

#include "image/image.h"
#include "inject/inject.h"
#include "oracle_zone.h"
#include "packet_frame.h"
#include "test_node.h"
#include "worker/burst.h"

static const char zone_text[] = "test. 60 IN SOA ns.test. host.test. 7 1 1 1 1\n"
				"test. 60 IN NS ns.test.\n"
				"ns.test. 60 IN A 192.0.2.1\n";

Test(inject_ring, gives_each_frame_back_in_order_and_takes_no_more_than_fit)
{
	struct inject_ring *ring = inject_ring_make();
	uint8_t frame[INJECT_FRAME_ROOM];
	uint16_t length;

	cr_assert_not_null(ring);
	cr_expect_null(inject_waiting(ring));
	cr_expect_null(inject_take(ring, &length));
	/* around its end, and the counters' own */
	ring->written = ring->answered = ring->taken = UINT32_MAX - 3;
	for (unsigned int round = 0; round < 5; round++) {
		for (uint8_t i = 0; i < INJECT_SLOTS; i++) {
			memset(frame, i, sizeof(frame));
			cr_expect(inject_put(ring, frame, (uint16_t)(sizeof(frame) - i)));
		}
		cr_expect_null(inject_take(ring, &length), "none is answered");
		for (uint8_t i = 0; i < INJECT_SLOTS; i++) {
			struct inject_slot *slot = inject_waiting(ring);

			cr_assert_not_null(slot);
			cr_expect_eq(slot->mbuf.data_len, sizeof(frame) - i);
			cr_expect_eq(slot->mbuf.nb_segs, 1);
			slot->replied = i % 2 == 0;
			inject_answered(ring);
			cr_expect_not(inject_put(ring, frame, 1), "none is taken");
		}
		cr_expect_null(inject_waiting(ring));
		for (uint8_t i = 0; i < INJECT_SLOTS; i++) {
			const uint8_t *reply = inject_take(ring, &length);

			cr_assert_not_null(reply);
			cr_expect_eq(length, i % 2 == 0 ? sizeof(frame) - i : 0);
			cr_expect_eq(reply[0], i);
			cr_expect_eq(reply[sizeof(frame) - 1 - i], i);
		}
		cr_expect_null(inject_take(ring, &length));
	}
	inject_ring_free(ring);
}

struct world {
	struct zone *zone;
	struct image *image;
	struct engine_service answers;
	struct worker worker;
};

static void
world_begin(struct world *w, const char *variant)
{
	struct zone_verification done = {0};
	struct why why;

	memset(w, 0, sizeof(*w));
	w->zone = zone_from_text(zone_text);
	cr_assert_eq(image_compile(w->zone, &done, 0, &w->image, &why), 0, "%s", why.text);
	w->answers.self = test_self;
	w->answers.catalogue.count = 1;
	w->answers.catalogue.images[0] = w->image;
	image_catalogue_index(&w->answers.catalogue);
	w->worker.service = &service;
	w->worker.variant = worker_variant_choose(variant);
	w->worker.inject = inject_ring_make();
	cr_assert_not_null(w->worker.inject);
}

static void
world_end(struct world *w)
{
	inject_ring_free(w->worker.inject);
	image_free(w->image);
	zone_free(w->zone);
}

/* What the lcore does in a round. @return octets of the reply, in `reply` */
static uint16_t
ask(struct world *w, const struct frame *frame, const uint8_t **reply)
{
	struct inject_slot *slot;
	uint16_t length = 0;

	cr_assert(inject_put(w->worker.inject, frame->octets, (uint16_t)frame->length));
	slot = inject_waiting(w->worker.inject);
	cr_assert_not_null(slot);
	worker_inject_serve(&w->worker, &w->answers, slot);
	*reply = inject_take(w->worker.inject, &length);
	cr_assert_not_null(*reply);
	return length;
}

static uint64_t
sum(const _Atomic uint64_t *counters, unsigned int count)
{
	uint64_t total = 0;

	for (unsigned int i = 0; i < count; i++)
		total += counters[i];
	return total;
}

Test(worker_inject, answers_as_if_received_and_counts_apart)
{
	static const char *const variants[] = {"plain", "avx2", "avx512"};

	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
		struct wire_name qname;
		struct world w;

		if (!worker_variant_choose(variants[i]))
			continue;
		world_begin(&w, variants[i]);
		wire_name_from_text(&qname, "test.");
		for (unsigned int ipv6 = 0; ipv6 < 2; ipv6++) {
			uint8_t query[QUERY_MAX], expected[WIRE_UDP_SIZE_OWN];
			size_t length = query_make(query, &qname, WIRE_TYPE_SOA, -1, false);
			struct exchange_peer peer = test_peer(ipv6, WIRE_UDP);
			struct frame frame = frame_make(ipv6, 0, length);
			const uint8_t *reply;
			uint16_t got;
			size_t wanted;

			memcpy(frame.octets + frame.message, query, length);
			frame_sign(&frame);
			got = ask(&w, &frame, &reply);
			cr_expect_eq(
				engine_answer(&w.answers, &peer, query, length, expected, &wanted),
				ENGINE_POSITIVE);
			cr_assert_eq(got, frame.message + wanted, "%s: %u", variants[i], got);
			cr_expect_arr_eq(reply + frame.message, expected, wanted);
			/* a broken checksum shows that they are looked at */
			frame.octets[frame.udp + 6] ^= 1;
			cr_expect_eq(ask(&w, &frame, &reply), 0);
		}
		cr_expect_eq(w.worker.injected.engine[ENGINE_POSITIVE], 2);
		cr_expect_eq(w.worker.injected.packet[PACKET_DROP_UDP_CHECKSUM], 2);
		cr_expect_eq(sum(w.worker.counters.engine, ENGINE_VERDICTS), 0);
		cr_expect_eq(sum(w.worker.counters.packet, PACKET_VERDICTS), 0);
		cr_expect_eq(w.worker.received + w.worker.sent, 0);
		world_end(&w);
	}
}
