/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <string.h>

#include "audit/audit.h"

Test(audit_choose, keeps_each_nth_frame_and_at_most_one_of_a_burst)
{
	static const struct {
		uint32_t one_in;
		uint16_t burst;
		unsigned int bursts, kept;
	} rows[] = {
		{1, 1, 100, 100},
		{1, 32, 100, 100},
		{7, 1, 700, 100},
		{32, 32, 100, 100},
		{33, 32, 330, 320},
		{10000, 32, 1000000, 3200},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct audit_ring *ring = audit_ring_make(rows[i].one_in);
		unsigned int kept = 0;
		uint64_t last = UINT64_MAX, distance = rows[i].one_in;

		cr_assert_not_null(ring);
		for (unsigned int burst = 0; burst < rows[i].bursts; burst++) {
			int index = audit_choose(ring, rows[i].burst);
			uint64_t at = (uint64_t)burst * rows[i].burst + (unsigned int)index;

			cr_assert(index < (int)rows[i].burst);
			if (index < 0)
				continue;
			kept++;
			if (distance >= rows[i].burst)
				cr_assert_eq(at - last, distance, "1 in %u", rows[i].one_in);
			last = at;
		}
		cr_expect_eq(kept, rows[i].kept, "1 in %u: %u", rows[i].one_in, kept);
		audit_ring_free(ring);
	}
}

Test(audit_ring, gives_back_what_was_put_in_and_drops_what_does_not_fit)
{
	struct audit_ring *ring = audit_ring_make(1);
	struct audit_sample sample;

	cr_assert_not_null(ring);
	cr_expect_not(audit_ring_take(ring, &sample));
	/* around its end, and the counters' own */
	ring->written = ring->taken = UINT32_MAX - 3;
	for (unsigned int round = 0; round < 5; round++) {
		for (uint32_t i = 0; i < AUDIT_SAMPLES; i++) {
			struct audit_sample *room = audit_ring_room(ring);

			cr_assert_not_null(room);
			room->now = i;
			memset(room->query, (int)i, AUDIT_FRAME_MAX);
			audit_ring_put(ring);
		}
		cr_expect_null(audit_ring_room(ring));
		cr_expect_eq(ring->dropped, round + 1);
		for (uint32_t i = 0; i < AUDIT_SAMPLES; i++) {
			cr_assert(audit_ring_take(ring, &sample));
			cr_expect_eq(sample.now, i);
			cr_expect_eq(sample.query[AUDIT_FRAME_MAX - 1], i);
		}
		cr_expect_not(audit_ring_take(ring, &sample));
	}
	audit_ring_free(ring);
}
