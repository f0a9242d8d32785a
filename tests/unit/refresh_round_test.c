/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <string.h>

#include "refresh/refresh.h"
#include "wire/wire.h"

enum { START_MS = 1000000 };

static struct refresh
begun(unsigned int primaries, unsigned int quorum)
{
	struct refresh r;

	refresh_init(&r, primaries, quorum, 1, START_MS);
	refresh_times_set(&r, 1800, 900);
	return r;
}

static void
expect(struct refresh *r, int64_t now_ms, enum refresh_step step, unsigned int primary)
{
	struct refresh_order order = refresh_next(r, now_ms);

	cr_expect_eq(order.step, step, "step %d, not %d", order.step, step);
	if (step == REFRESH_ASK || step == REFRESH_BUILD)
		cr_expect_eq(order.primary, primary, "primary %u, not %u", order.primary, primary);
}

/* @return milliseconds until the next round */
static int64_t
waits(struct refresh *r, int64_t now_ms)
{
	struct refresh_order order = refresh_next(r, now_ms);

	cr_assert_eq(order.step, REFRESH_WAIT);
	return order.at_ms - now_ms;
}

Test(refresh_round, asks_all_when_nobody_has_news_and_waits_for_refresh)
{
	struct refresh r = begun(2, 1);
	int64_t ms;

	expect(&r, START_MS, REFRESH_ASK, 0);
	expect(&r, START_MS, REFRESH_BUSY, 0);
	refresh_answered(&r, 0, REFRESH_CURRENT, 7, NULL);
	expect(&r, START_MS, REFRESH_ASK, 1);
	refresh_answered(&r, 1, REFRESH_LAGGING, 6, NULL);
	ms = waits(&r, START_MS);
	cr_expect(ms <= 1800000 && ms >= 1620000, "%lld ms", (long long)ms);
	cr_expect_eq(r.primaries[1].standing, REFRESH_LAGGING);
}

Test(refresh_round, goes_on_to_the_next_primary_and_waits_for_retry_when_none_is_reached)
{
	struct refresh r = begun(2, 1);
	int64_t ms;

	expect(&r, START_MS, REFRESH_ASK, 0);
	refresh_answered(&r, 0, REFRESH_FAILED, 0, NULL);
	expect(&r, START_MS, REFRESH_ASK, 1);
	refresh_answered(&r, 1, REFRESH_FAILED, 0, NULL);
	ms = waits(&r, START_MS);
	cr_expect(ms <= 900000 && ms >= 810000, "%lld ms", (long long)ms);
}

Test(refresh_round, ends_when_a_version_is_taken)
{
	struct refresh r = begun(2, 1);

	expect(&r, START_MS, REFRESH_ASK, 0);
	refresh_answered(&r, 0, REFRESH_NEWER, 8, NULL);
	expect(&r, START_MS, REFRESH_BUILD, 0);
	expect(&r, START_MS, REFRESH_BUSY, 0);
	refresh_built(&r, REFRESH_TAKEN, START_MS);
	cr_expect_gt(waits(&r, START_MS), 1600000);
	cr_expect_eq(r.primaries[0].standing, REFRESH_CURRENT);
}

Test(refresh_round, asks_the_next_primary_when_a_version_is_turned_down)
{
	struct refresh r = begun(2, 1);

	expect(&r, START_MS, REFRESH_ASK, 0);
	refresh_answered(&r, 0, REFRESH_NEWER, 8, NULL);
	expect(&r, START_MS, REFRESH_BUILD, 0);
	refresh_built(&r, REFRESH_TURNED_DOWN, START_MS);
	expect(&r, START_MS, REFRESH_ASK, 1);
	refresh_answered(&r, 1, REFRESH_NEWER, 8, NULL);
	expect(&r, START_MS, REFRESH_BUILD, 1);
	refresh_built(&r, REFRESH_TAKEN, START_MS);
	cr_expect_eq(r.primaries[0].standing, REFRESH_REFUSED);
}

Test(refresh_round, asks_for_the_whole_zone_when_differences_do_not_fit)
{
	struct refresh r = begun(1, 1);
	struct refresh_order order = refresh_next(&r, START_MS);

	cr_expect_not(order.whole);
	refresh_answered(&r, 0, REFRESH_NEWER, 8, NULL);
	expect(&r, START_MS, REFRESH_BUILD, 0);
	refresh_built(&r, REFRESH_MISFIT, START_MS);
	order = refresh_next(&r, START_MS);
	cr_expect_eq(order.step, REFRESH_ASK);
	cr_expect(order.whole);
	refresh_answered(&r, 0, REFRESH_NEWER, 8, NULL);
	expect(&r, START_MS, REFRESH_BUILD, 0);
	refresh_built(&r, REFRESH_TAKEN, START_MS);
	r.next_ms = START_MS;
	order = refresh_next(&r, START_MS);
	cr_expect_not(order.whole, "once");
}

Test(refresh_round, begins_at_once_with_the_primary_that_notifies)
{
	struct refresh r = begun(3, 1);

	r.next_ms = START_MS + 1000000;
	refresh_notified(&r, 2, START_MS + 5);
	expect(&r, START_MS + 5, REFRESH_ASK, 2);
	refresh_answered(&r, 2, REFRESH_CURRENT, 7, NULL);
	expect(&r, START_MS + 5, REFRESH_ASK, 0);
}

Test(refresh_round, collapses_a_storm_of_notify)
{
	struct refresh r = begun(1, 1);
	unsigned int rounds = 0;

	for (int64_t now = START_MS; now < START_MS + 10000; now++) {
		refresh_notified(&r, 0, now);
		if (refresh_next(&r, now).step == REFRESH_ASK) {
			rounds++;
			refresh_answered(&r, 0, REFRESH_CURRENT, 7, NULL);
		}
	}
	cr_expect(rounds >= 19 && rounds <= 21, "%u rounds in 10 s", rounds);
}

Test(refresh_round, is_followed_by_another_when_a_notify_came_meanwhile)
{
	struct refresh r = begun(1, 1);

	expect(&r, START_MS, REFRESH_ASK, 0);
	refresh_notified(&r, 0, START_MS + 1);
	refresh_answered(&r, 0, REFRESH_CURRENT, 7, NULL);
	cr_expect_eq(waits(&r, START_MS + 2), REFRESH_NOTIFY_SPACING_MS - 2);
}

Test(refresh_round, takes_nothing_below_its_quorum)
{
	uint8_t one[REFRESH_DIGEST_SIZE] = {1}, two[REFRESH_DIGEST_SIZE] = {2};
	struct refresh r = begun(3, 2);
	struct refresh_order order = refresh_next(&r, START_MS);

	cr_expect(order.whole, "contents are compared whole");
	refresh_answered(&r, 0, REFRESH_NEWER, 8, one);
	expect(&r, START_MS, REFRESH_ASK, 1);
	refresh_answered(&r, 1, REFRESH_NEWER, 8, two);
	expect(&r, START_MS, REFRESH_ASK, 2);
	refresh_answered(&r, 2, REFRESH_CURRENT, 7, NULL);
	cr_expect_leq(waits(&r, START_MS), 900000, "it is tried again after retry");
	cr_expect_eq(r.primaries[0].standing, REFRESH_DISAGREES);
	cr_expect_eq(r.primaries[1].standing, REFRESH_DISAGREES);
}

Test(refresh_round, builds_when_its_quorum_agrees_and_marks_who_does_not)
{
	uint8_t one[REFRESH_DIGEST_SIZE] = {1}, two[REFRESH_DIGEST_SIZE] = {2};
	struct refresh r = begun(3, 2);

	expect(&r, START_MS, REFRESH_ASK, 0);
	refresh_answered(&r, 0, REFRESH_NEWER, 8, one);
	expect(&r, START_MS, REFRESH_ASK, 1);
	refresh_answered(&r, 1, REFRESH_NEWER, 8, two);
	expect(&r, START_MS, REFRESH_ASK, 2);
	refresh_answered(&r, 2, REFRESH_NEWER, 8, one);
	expect(&r, START_MS, REFRESH_BUILD, 2);
	cr_expect_eq(r.primaries[1].standing, REFRESH_DISAGREES);
}

Test(refresh_round, tries_soon_while_there_is_no_zone)
{
	struct refresh r;
	int64_t now = START_MS, last = 0;

	refresh_init(&r, 1, 1, 1, START_MS);
	for (unsigned int i = 0; i < 10; i++) {
		expect(&r, now, REFRESH_ASK, 0);
		refresh_answered(&r, 0, REFRESH_FAILED, 0, NULL);
		last = waits(&r, now);
		cr_expect_leq(last, REFRESH_UNKNOWN * 1000);
		now += last;
	}
	cr_expect_geq(last, REFRESH_UNKNOWN * 900);
}

Test(refresh_serial, is_compared_as_rfc_1982_says)
{
	static const struct {
		uint32_t a, b;
		bool newer;
	} pairs[] = {
		{1, 0, true},
		{0, 1, false},
		{5, 5, false},
		{0, 0xffffffff, true},
		{0x7fffffff, 0, true},
		{0x80000000, 0, false},
		{0, 0x80000000, false},
		{0x80000001, 0, false},
		{2026073102, 2026073101, true},
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		cr_expect_eq(refresh_serial_newer(pairs[i].a, pairs[i].b), pairs[i].newer, "%u %u",
			pairs[i].a, pairs[i].b);
}

static size_t
record_put(uint8_t *block, size_t at, const char *owner, uint8_t octet)
{
	struct wire_record record = {.type = WIRE_TYPE_A,
		.class = WIRE_CLASS_IN,
		.ttl = 60,
		.length = 1,
		.rdata = &octet};
	struct wire_writer w = wire_writer_of(block + at, 512);

	wire_name_from_text(&record.owner, owner);
	wire_record_write(&w, &record);
	return at + w.offset;
}

static void
content_of(
	const char *owners[3], const uint8_t octets[3], uint8_t content[static REFRESH_DIGEST_SIZE])
{
	uint8_t block[2048];
	size_t length = 0;

	for (unsigned int i = 0; i < 3; i++)
		length = record_put(block, length, owners[i], octets[i]);
	cr_assert(refresh_content(block, length, content));
}

Test(refresh_content, is_blind_to_order_case_and_repetition_and_to_nothing_else)
{
	uint8_t plain[REFRESH_DIGEST_SIZE], other[REFRESH_DIGEST_SIZE];

	content_of((const char *[]){"a.", "b.", "a."}, (const uint8_t[]){1, 2, 1}, plain);
	content_of((const char *[]){"B.", "A.", "b."}, (const uint8_t[]){2, 1, 2}, other);
	cr_expect_arr_eq(plain, other, sizeof(plain));
	content_of((const char *[]){"a.", "b.", "a."}, (const uint8_t[]){1, 3, 1}, other);
	cr_expect_arr_neq(plain, other, sizeof(plain));
	content_of((const char *[]){"a.", "b.", "a."}, (const uint8_t[]){1, 2, 3}, other);
	cr_expect_arr_neq(plain, other, sizeof(plain));
	cr_expect_not(refresh_content((const uint8_t *)"\1", 1, other), "malformed");
}
