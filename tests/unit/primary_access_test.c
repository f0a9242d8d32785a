/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>

#include "primary/primary_priv.h"

static const struct tsig_key key_a, key_b;

static struct primary_source
source_from(const char *text)
{
	struct sockaddr_in ipv4 = {.sin_family = AF_INET};
	struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, text, &ipv4.sin_addr) == 1)
		return primary_source_of((const struct sockaddr *)&ipv4);
	cr_assert_eq(inet_pton(AF_INET6, text, &ipv6.sin6_addr), 1);
	return primary_source_of((const struct sockaddr *)&ipv6);
}

/* clang-format off */
static const struct primary_access list[] = {
	{4, 32, {198, 18, 0, 66}, NULL, 0},
	{4, 25, {198, 18, 0, 0}, NULL, PRIMARY_MAY_NOTIFY},
	{4, 23, {198, 18, 0, 0}, &key_a, PRIMARY_MAY_TRANSFER},
	{16, 33, {0x20, 1, 0x0d, 0xb8, 0x80}, NULL, PRIMARY_MAY_QUERY},
	{16, 128, {0x20, 1, 0x0d, 0xb8, [15] = 9}, &key_b, 0},
	{0, 0, {0}, &key_b, PRIMARY_MAY_TRANSFER | PRIMARY_MAY_NOTIFY},
};
/* clang-format on */

static const struct {
	const char *address;
	const struct tsig_key *key;
	unsigned int allowed;
} cases[] = {
	{"198.18.0.1", NULL, PRIMARY_MAY_NOTIFY},
	{"198.18.0.127", NULL, PRIMARY_MAY_NOTIFY},
	{"198.18.0.128", NULL, 0},
	{"198.18.0.66", NULL, 0},
	{"198.18.0.66", &key_a, 0},
	{"198.18.0.66", &key_b, 0},
	{"198.18.0.1", &key_a, PRIMARY_MAY_NOTIFY | PRIMARY_MAY_TRANSFER | PRIMARY_MAY_QUERY},
	{"198.18.1.255", &key_a, PRIMARY_MAY_TRANSFER | PRIMARY_MAY_QUERY},
	{"198.18.2.0", &key_a, 0},
	{"198.18.2.0", &key_b, PRIMARY_MAY_TRANSFER | PRIMARY_MAY_QUERY | PRIMARY_MAY_NOTIFY},
	{"2001:db8:8000::1", NULL, PRIMARY_MAY_QUERY},
	{"2001:db8:7fff::1", NULL, 0},
	{"2001:db8::9", &key_b, 0},
	{"2001:db8::8", &key_b, PRIMARY_MAY_TRANSFER | PRIMARY_MAY_QUERY | PRIMARY_MAY_NOTIFY},
	/* an IPv4 client of a socket for both */
	{"::ffff:198.18.0.1", NULL, PRIMARY_MAY_NOTIFY},
};

Test(primary_access, is_decided_by_the_first_entry_that_fits)
{
	static const enum primary_action actions[] = {
		PRIMARY_MAY_QUERY, PRIMARY_MAY_TRANSFER, PRIMARY_MAY_NOTIFY};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct primary_source source = source_from(cases[i].address);
		unsigned int allowed = 0;

		for (size_t a = 0; a < 3; a++)
			if (primary_access_allows(list, sizeof(list) / sizeof(list[0]), &source,
				    cases[i].key, actions[a]))
				allowed |= actions[a];
		cr_expect_eq(allowed, cases[i].allowed, "case %zu, %s: %u", i, cases[i].address,
			allowed);
	}
}

Test(primary_access, is_given_to_nobody_by_an_empty_list)
{
	struct primary_source source = source_from("198.18.0.1");

	cr_expect(!primary_access_allows(NULL, 0, &source, &key_a, PRIMARY_MAY_QUERY));
	cr_expect(!primary_access_knows(NULL, 0, &source));
}

Test(primary_access, knows_who_might_be_allowed_something_with_a_key)
{
	struct primary_source denied = source_from("198.18.0.66");
	struct primary_source any = source_from("203.0.113.1");

	cr_expect(!primary_access_knows(list, 6, &denied));
	cr_expect(primary_access_knows(list, 6, &any));
	cr_expect(!primary_access_knows(list, 5, &any));
}

Test(primary_access, takes_a_site_for_one_client)
{
	static const struct {
		const char *a, *b;
		bool near;
	} pairs[] = {
		{"198.18.0.1", "198.18.0.255", true},
		{"198.18.0.1", "198.18.1.1", false},
		{"2001:db8:0:100::1", "2001:db8:0:1ff::1", true},
		{"2001:db8:0:100::1", "2001:db8:0:200::1", false},
		{"198.18.0.1", "::ffff:198.18.0.2", true},
		{"198.18.0.1", "c612::1", false},
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct primary_source a = source_from(pairs[i].a), b = source_from(pairs[i].b);

		cr_expect_eq(primary_source_is_near(&a, &b), pairs[i].near, "%s %s", pairs[i].a,
			pairs[i].b);
	}
}

Test(primary_pace, lets_no_more_through_than_a_burst_and_the_rate)
{
	struct primary_pace pace;
	uint64_t sent = 0;

	primary_pace_init(&pace, 100000, 5000);
	for (uint64_t ms = 5000; ms <= 15000; ms++)
		while (primary_pace_may(&pace, ms)) {
			primary_pace_take(&pace, 1500);
			sent += 1500;
		}
	/* ten seconds, a tenth saved up, one message more */
	cr_expect_geq(sent, 1000000 + 10000 - 1500);
	cr_expect_leq(sent, 1000000 + 10000 + 1500);
}

Test(primary_pace, saves_up_no_more_than_a_burst)
{
	struct primary_pace pace;
	unsigned int count = 0;

	primary_pace_init(&pace, 1000, 0);
	cr_expect(primary_pace_may(&pace, UINT64_MAX / 2));
	while (primary_pace_may(&pace, UINT64_MAX / 2)) {
		primary_pace_take(&pace, 1);
		count++;
	}
	cr_expect_eq(count, 100);
}

Test(primary_pace, of_one_in_a_second_is_earned_in_small_pieces)
{
	struct primary_pace pace;

	primary_pace_init(&pace, 1, 0);
	cr_expect(primary_pace_may(&pace, 0));
	primary_pace_take(&pace, 1);
	for (uint64_t ms = 1; ms < 1000; ms++)
		cr_expect(!primary_pace_may(&pace, ms));
	cr_expect(primary_pace_may(&pace, 1000));
}

Test(primary_notify, is_repeated_less_and_less_often)
{
	static const unsigned int delays_ms[PRIMARY_NOTIFY_ATTEMPTS] = {
		1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000};

	for (unsigned int i = 0; i < PRIMARY_NOTIFY_ATTEMPTS; i++)
		cr_expect_eq(primary_notify_delay_ms(i + 1), delays_ms[i]);
	cr_expect_eq(primary_notify_delay_ms(UINT32_MAX), PRIMARY_NOTIFY_DELAY_MAX_MS);
}
