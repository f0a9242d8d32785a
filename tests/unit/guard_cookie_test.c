/* SPDX-License-Identifier: BSD-3-Clause */
/* Cookies: the test vectors of RFC 9018 Appendix A, each bound of time, and files of secrets. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>

#include "guard/guard.h"
#include "guard/siphash.h"
#include "hex.h"

#define SECRET_A "e5e973e5a6b2a43f48e7dc849e37bfcf"
#define SECRET_OLD "dd3bdf9344b678b185a6f5cb60fca715"
#define SECRET_NEW "445536bcd2513298075a5d379663c962"
#define COOKIE_A1 "2464c4abcf10c957010000005cf79f111f8130c3eee29480"
#define COOKIE_A3 "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5"

static struct guard_secrets
secrets_of(const char *first, const char *second)
{
	const char *texts[] = {first, second};
	struct guard_secrets secrets = {.count = second ? 2 : 1};
	size_t length;

	for (unsigned int i = 0; i < secrets.count; i++) {
		uint8_t *octets = hex_octets(texts[i], &length);

		memcpy(secrets.secrets[i], octets, GUARD_SECRET_SIZE);
		free(octets);
	}
	return secrets;
}

static bool
judge(const struct guard_secrets *secrets, const char *address, uint32_t now, const char *hex,
	uint8_t reply[static WIRE_COOKIE_SIZE])
{
	uint8_t octets[16];
	bool ipv4 = inet_pton(AF_INET, address, octets) == 1, valid;
	size_t length;
	uint8_t *cookie = hex_octets(hex, &length);

	cr_assert(ipv4 || inet_pton(AF_INET6, address, octets) == 1);
	valid = guard_cookie_judge(secrets, octets, ipv4 ? 4 : 16, now, cookie, length, reply);
	free(cookie);
	return valid;
}

static const struct {
	const char *what, *first, *second, *address, *cookie, *reply;
	uint32_t now;
	bool valid;
} vectors[] = {
	{"A.1, a client's first", SECRET_A, NULL, "198.51.100.100", "2464c4abcf10c957", COOKIE_A1,
		1559731985, false},
	{"A.2, 40 minutes later", SECRET_A, NULL, "198.51.100.100", COOKIE_A1,
		"2464c4abcf10c957010000005cf7a871d4a564a1442aca77", 1559734385, true},
	{"A.3, reserved octets as received, at its own time", SECRET_A, NULL, "203.0.113.203",
		COOKIE_A3, COOKIE_A3, 1559727985, true},
	{"A.3, at the reply's time, when it is too old", SECRET_A, NULL, "203.0.113.203", COOKIE_A3,
		"fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e", 1559734700, false},
	{"A.4, made with the old secret", SECRET_NEW, SECRET_OLD,
		"2001:db8:220:1:59de:d0f4:8769:82b8",
		"22681ab97d52c298010000005cf7c57926556bd0934c72f8",
		"22681ab97d52c298010000005cf7c609a6bb79d16625507a", 1559741961, true},
};

Test(guard_cookie, is_that_of_the_test_vectors_of_rfc_9018)
{
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct guard_secrets secrets = secrets_of(vectors[i].first, vectors[i].second);
		uint8_t reply[WIRE_COOKIE_SIZE];
		size_t length;
		uint8_t *expected = hex_octets(vectors[i].reply, &length);
		bool valid = judge(
			&secrets, vectors[i].address, vectors[i].now, vectors[i].cookie, reply);

		cr_expect_eq(valid, vectors[i].valid, "%s", vectors[i].what);
		cr_expect_arr_eq(reply, expected, WIRE_COOKIE_SIZE, "%s", vectors[i].what);
		free(expected);
	}
}

Test(guard_cookie, is_good_for_an_hour_and_from_five_minutes_ahead_and_renewed_at_half_an_hour)
{
	static const struct {
		int age;
		bool valid, renewed;
	} ages[] = {{0, true, false}, {1800, true, false}, {1801, true, true}, {3600, true, true},
		{3601, false, true}, {-300, true, false}, {-301, false, true}};
	struct guard_secrets secrets = secrets_of(SECRET_A, NULL);
	/* the second one is where the count of seconds starts anew */
	static const uint32_t times[] = {1559731985, 100};

	for (size_t k = 0; k < 2; k++) {
		for (size_t i = 0; i < sizeof(ages) / sizeof(ages[0]); i++) {
			static const uint8_t address[4] = {198, 51, 100, 100};
			uint8_t made[WIRE_COOKIE_SIZE], reply[WIRE_COOKIE_SIZE];
			bool valid;

			guard_cookie_judge(&secrets, address, 4, times[k] - (uint32_t)ages[i].age,
				(const uint8_t *)"01234567", 8, made);
			valid = guard_cookie_judge(
				&secrets, address, 4, times[k], made, sizeof(made), reply);
			cr_expect_eq(valid, ages[i].valid, "age %d", ages[i].age);
			cr_expect_eq(memcmp(made, reply, sizeof(made)) != 0, ages[i].renewed,
				"age %d", ages[i].age);
		}
	}
}

Test(guard_cookie, of_another_client_version_or_length_is_not_valid)
{
	static const struct {
		const char *what, *address, *cookie;
	} wrong[] = {
		{"address", "198.51.100.101", COOKIE_A1},
		{"client part", "198.51.100.100",
			"2464c4abcf10c958010000005cf79f111f8130c3eee29480"},
		{"version", "198.51.100.100", "2464c4abcf10c957020000005cf79f111f8130c3eee29480"},
		{"time", "198.51.100.100", "2464c4abcf10c957010000005cf79f121f8130c3eee29480"},
		{"hash", "198.51.100.100", "2464c4abcf10c957010000005cf79f111f8130c3eee29481"},
		{"length", "198.51.100.100", "2464c4abcf10c957010000005cf79f111f8130c3eee2948000"},
	};
	struct guard_secrets secrets = secrets_of(SECRET_A, NULL);

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		uint8_t reply[WIRE_COOKIE_SIZE];

		cr_expect_not(judge(&secrets, wrong[i].address, 1559731990, wrong[i].cookie, reply),
			"%s", wrong[i].what);
	}
}

static int
secrets_from(const char *text, mode_t mode, struct guard_secrets *secrets, struct why *why)
{
	char path[] = "/tmp/mangrove-secrets-XXXXXX";
	int fd = mkstemp(path), rc;

	cr_assert(fd >= 0 && file_write_all(fd, text, strlen(text)) == 0);
	fchmod(fd, mode);
	close(fd);
	rc = guard_secrets_read(path, secrets, why);
	unlink(path);
	return rc;
}

Test(guard_secrets, are_read_in_their_order_with_comments)
{
	struct guard_secrets secrets, expected = secrets_of(SECRET_NEW, SECRET_OLD);
	struct why why = {0};

	cr_assert_eq(secrets_from("# new, then old\n" SECRET_NEW "\n\n " SECRET_OLD " # old\n",
			     0640, &secrets, &why),
		0, "%s", why.text);
	cr_expect_eq(secrets.count, 2u);
	cr_expect_arr_eq(&secrets, &expected, sizeof(secrets));
}

Test(guard_secrets, are_refused_with_the_line_and_without_the_secret)
{
	static const struct {
		const char *text, *says;
		mode_t mode;
	} files[] = {
		{SECRET_A "\n", "others than its owner", 0644},
		{"", "no secret", 0600},
		{"# none\n", "no secret", 0600},
		{SECRET_A "\n" SECRET_A "0\n", ":2: not 32 hexadecimal digits", 0600},
		{"e5e973e5a6b2a43f48e7dc849e37bfcg\n", ":1: not 32 hexadecimal digits", 0600},
		{SECRET_A "\n" SECRET_A "\n" SECRET_A "\n" SECRET_A "\n", ":4: more than 3", 0600},
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct guard_secrets secrets;
		struct why why = {0};

		cr_expect_lt(secrets_from(files[i].text, files[i].mode, &secrets, &why), 0);
		cr_expect_not_null(strstr(why.text, files[i].says), "%s", why.text);
		cr_expect_null(strstr(why.text, "e5e973"), "%s", why.text);
	}
}

Test(guard_siphash, is_that_of_libsodium)
{
	uint8_t key[16], octets[32], expected[crypto_shorthash_BYTES];

	cr_assert_geq(sodium_init(), 0);
	for (unsigned int i = 0; i < 20000; i++) {
		size_t length = i % (sizeof(octets) + 1), at;
		struct siphash s;
		uint64_t hash, rest = 0;

		randombytes_buf(key, sizeof(key));
		randombytes_buf(octets, sizeof(octets));
		crypto_shorthash(expected, octets, length, key);
		siphash_begin(&s, key);
		for (at = 0; at + 8 <= length; at += 8) {
			uint64_t word = siphash_word(octets + at);

			siphash_take(&s, &word);
		}
		memcpy(&rest, octets + at, length - at);
		rest = rte_le_to_cpu_64(rest);
		siphash_end(&s, &rest, length, &hash);
		hash = rte_cpu_to_le_64(hash);
		cr_assert_arr_eq(&hash, expected, sizeof(hash), "%zu octets", length);
	}
}

/* Good ones of both secrets, too old ones, others' and such that differ by a bit. */
static void
cookie_vary(const struct guard_secrets *secrets, uint8_t address[16], size_t size, uint32_t now,
	uint8_t cookie[static WIRE_COOKIE_SIZE])
{
	struct guard_secrets one = {.count = 1};
	uint32_t kind = randombytes_uniform(6);

	randombytes_buf(address, 16);
	randombytes_buf(cookie, WIRE_COOKIE_SIZE);
	if (kind == 0)
		return;
	memcpy(one.secrets[0], secrets->secrets[kind % 2], GUARD_SECRET_SIZE);
	guard_cookie_judge(&one, address, size, now - randombytes_uniform(5000), cookie, 8, cookie);
	if (kind == 1)
		cookie[randombytes_uniform(WIRE_COOKIE_SIZE)] ^= 1 << randombytes_uniform(8);
}

Test(guard_cookie, is_judged_by_eight_as_one_by_one)
{
	struct guard_secrets secrets = secrets_of(SECRET_NEW, SECRET_OLD);
	uint32_t now = 1800000000, right = 0;

	cr_assert_geq(sodium_init(), 0);
	for (unsigned int round = 0; round < 20000; round++) {
		uint8_t addresses[GUARD_CLAIMS][16], cookies[GUARD_CLAIMS][WIRE_COOKIE_SIZE];
		uint8_t reply[WIRE_COOKIE_SIZE];
		struct guard_claim claims[GUARD_CLAIMS];
		unsigned int count = round % (GUARD_CLAIMS + 1);
		bool ipv6 = round & 16;
		size_t size = ipv6 ? 16 : 4;
		uint32_t expected = 0;

		for (unsigned int i = 0; i < count; i++) {
			cookie_vary(&secrets, addresses[i], size, now, cookies[i]);
			claims[i] = (struct guard_claim){addresses[i], cookies[i]};
			expected |= (uint32_t)guard_cookie_judge(&secrets, addresses[i], size, now,
					    cookies[i], WIRE_COOKIE_SIZE, reply)
				    << i;
		}
		cr_assert_eq(guard_claims_judge(&secrets, claims, count, ipv6, now), expected,
			"round %u", round);
		right += (uint32_t)__builtin_popcount(expected);
	}
	cr_assert(right > 20000 && right < 70000, "%u", right);
}
