/* SPDX-License-Identifier: BSD-3-Clause */
/* Signed messages against vectors that another implementation made, and all that may be wrong. */
#include <criterion/criterion.h>
#include <errno.h>

#include "hex.h"
#include "tsig/tsig.h"
#include "tsig_vectors.h"

enum { ROOM = 2048 };

struct message {
	size_t length;
	uint8_t octets[ROOM];
};

static struct message
message_of(const char *hex)
{
	struct message message;
	uint8_t *octets = hex_octets(hex, &message.length);

	memcpy(message.octets, octets, message.length);
	free(octets);
	return message;
}

static struct tsig_keys
keys_of(enum tsig_algorithm algorithm, const char *name)
{
	struct tsig_keys keys = {.count = 1};
	struct message secret = message_of(vector_secret);

	keys.keys[0].algorithm = algorithm;
	keys.keys[0].secret_length = secret.length;
	memcpy(keys.keys[0].secret, secret.octets, secret.length);
	cr_assert(wire_name_from_text(&keys.keys[0].name, name));
	return keys;
}

static void
message_expect(const struct message *message, const char *hex, const char *what)
{
	struct message wanted = message_of(hex);

	cr_assert_eq(message->length, wanted.length, "%s: %zu octets", what, message->length);
	cr_expect(memcmp(message->octets, wanted.octets, wanted.length) == 0, "%s", what);
}

/* A server and a client that have their first exchange behind them: sha256 and the query */
static enum tsig_verdict
request_verify(
	struct tsig_session *session, const struct tsig_keys *keys, const char *hex, uint64_t now)
{
	struct message message = message_of(hex);

	return tsig_request_verify(session, keys, now, message.octets, &message.length);
}

static enum tsig_verdict
answer_verify(struct tsig_session *session, const char *hex, uint64_t now)
{
	struct message message = message_of(hex);

	return tsig_answer_verify(session, now, message.octets, &message.length);
}

static void
client_begin(struct tsig_session *session, const struct tsig_keys *keys, uint64_t now)
{
	struct message message = message_of(vector_query);

	tsig_session_begin(session, &keys->keys[0]);
	cr_assert_eq(
		tsig_sign(session, now, message.octets, &message.length, sizeof(message.octets)),
		0);
}

static const struct {
	enum tsig_algorithm algorithm;
	const char *what, *query;
} queries[] = {
	{TSIG_HMAC_SHA256, "sha256", vector_query_sha256},
	{TSIG_HMAC_SHA384, "sha384", vector_query_sha384},
	{TSIG_HMAC_SHA512, "sha512", vector_query_sha512},
};

/* The vector's key name has capital letters: on the wire it keeps them, in the MAC it does not. */
Test(tsig_session, a_request_signed_elsewhere_is_good_with_each_algorithm)
{
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		struct tsig_keys keys = keys_of(queries[i].algorithm, "key.example");
		struct message message = message_of(queries[i].query);
		struct tsig_session session;

		cr_expect_eq(tsig_request_verify(
				     &session, &keys, VECTOR_TIME, message.octets, &message.length),
			TSIG_GOOD, "%s", queries[i].what);
		message_expect(&message, vector_query, queries[i].what);
		cr_expect_eq(session.key, &keys.keys[0]);
		cr_expect_eq(session.time, VECTOR_TIME);
		tsig_session_end(&session);
	}
}

Test(tsig_session, a_request_is_signed_as_elsewhere)
{
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		struct tsig_keys keys = keys_of(queries[i].algorithm, "key.example");
		struct message message = message_of(vector_query);
		struct message other = message_of(queries[i].query);
		struct tsig_session session;

		tsig_session_begin(&session, &keys.keys[0]);
		cr_assert_eq(tsig_sign(&session, VECTOR_TIME, message.octets, &message.length,
				     other.length),
			0);
		cr_assert_eq(message.length, other.length);
		/* but for the letters of the key's name */
		for (size_t k = 0; k < other.length; k++)
			cr_expect(message.octets[k] == other.octets[k] ||
					  message.octets[k] == (other.octets[k] | 0x20),
				"%s: octet %zu", queries[i].what, k);
		tsig_session_end(&session);
	}
}

Test(tsig_session, signing_without_room_changes_nothing)
{
	struct tsig_keys keys = keys_of(TSIG_HMAC_SHA256, "key.example");
	size_t size = message_of(vector_query_sha256).length;
	struct message message = message_of(vector_query);
	struct tsig_session session;

	tsig_session_begin(&session, &keys.keys[0]);
	for (size_t room = 0; room < size; room++)
		cr_expect_eq(
			tsig_sign(&session, VECTOR_TIME, message.octets, &message.length, room),
			-ENOSPC);
	message_expect(&message, vector_query, "after no room");
	cr_expect_eq(session.mac_length, 0);
	cr_expect_eq(tsig_sign(&session, VECTOR_TIME, message.octets, &message.length, size), 0);
	tsig_session_end(&session);
}

Test(tsig_session, the_largest_record_fits_the_room_that_the_header_names)
{
	struct tsig_keys keys = keys_of(TSIG_HMAC_SHA512, "a");
	struct wire_name *name = &keys.keys[0].name;
	struct message message = message_of(vector_query);
	size_t size = message.length + TSIG_RECORD_MAX;
	struct tsig_session session;

	name->length = WIRE_NAME_MAX;
	name->labels = WIRE_LABELS_MAX;
	for (unsigned int i = 0; i < WIRE_NAME_MAX - 1; i += 2) {
		name->octets[i] = 1;
		name->octets[i + 1] = 'a';
	}
	name->octets[WIRE_NAME_MAX - 1] = 0;
	tsig_session_begin(&session, &keys.keys[0]);
	cr_expect_eq(tsig_sign(&session, VECTOR_TIME, message.octets, &message.length, size), 0);
	cr_expect_leq(message.length, size);
	tsig_session_end(&session);
}

/* All but what the MAC does not cover and the reader need not know: nothing is. */
Test(tsig_session, each_octet_that_is_changed_is_found)
{
	struct tsig_keys keys = keys_of(TSIG_HMAC_SHA256, "key.example");
	size_t length = message_of(vector_query_sha256).length;

	/* not the ID: the original one is in the record (RFC 8945 5.2) */
	for (size_t i = 2; i < length; i++) {
		for (unsigned int bit = 0; bit < 8; bit++) {
			struct message message = message_of(vector_query_sha256), before;
			struct tsig_session session;
			enum tsig_verdict verdict;
			uint8_t old = message.octets[i];
			bool same;

			message.octets[i] ^= (uint8_t)(1 << bit);
			before = message;
			verdict = tsig_request_verify(
				&session, &keys, VECTOR_TIME, message.octets, &message.length);
			/* a letter's case means nothing in a name */
			same = (i >= 17 && i < 30) && bit == 5 && (old | 0x20) >= 'a' &&
			       (old | 0x20) <= 'z';
			same |= i >= 40 && i < 52 && bit == 5 && old >= 'a';
			cr_expect_eq(verdict == TSIG_GOOD, same, "octet %zu bit %u: %s", i, bit,
				tsig_verdict_names[verdict]);
			if (!same)
				cr_expect(
					message.length == before.length &&
					memcmp(message.octets, before.octets, before.length) == 0);
			tsig_session_end(&session);
		}
	}
}

Test(tsig_session, a_request_cut_anywhere_is_no_good)
{
	struct tsig_keys keys = keys_of(TSIG_HMAC_SHA256, "key.example");
	size_t whole = message_of(vector_query_sha256).length;

	for (size_t length = 0; length < whole; length++) {
		size_t count;
		uint8_t *octets = hex_octets(vector_query_sha256, &count);
		uint8_t *exact = malloc(length ? length : 1);
		struct tsig_session session;
		size_t left = length;

		memcpy(exact, octets, length);
		cr_expect_eq(tsig_request_verify(&session, &keys, VECTOR_TIME, exact, &left),
			TSIG_MALFORMED, "%zu octets", length);
		tsig_session_end(&session);
		free(exact);
		free(octets);
	}
}

Test(tsig_session, the_id_may_change_on_the_way)
{
	struct tsig_keys keys = keys_of(TSIG_HMAC_SHA256, "key.example");
	struct message message = message_of(vector_query_sha256);
	struct tsig_session session;

	message.octets[0] ^= 0xff;
	cr_expect_eq(
		tsig_request_verify(&session, &keys, VECTOR_TIME, message.octets, &message.length),
		TSIG_GOOD);
	cr_expect_eq(message.octets[0], 0xed, "a reply repeats the ID as it came");
	tsig_session_end(&session);
}

Test(tsig_session, the_clocks_may_differ_by_the_fudge)
{
	static const struct {
		int64_t offset;
		enum tsig_verdict verdict;
	} times[] = {{-301, TSIG_BADTIME}, {-300, TSIG_GOOD}, {0, TSIG_GOOD}, {300, TSIG_GOOD},
		{301, TSIG_BADTIME}, {-VECTOR_TIME, TSIG_BADTIME}};
	struct tsig_keys keys = keys_of(TSIG_HMAC_SHA256, "key.example");

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		struct tsig_session session;

		cr_expect_eq(request_verify(&session, &keys, vector_query_sha256,
				     (uint64_t)(VECTOR_TIME + times[i].offset)),
			times[i].verdict, "%lld s", (long long)times[i].offset);
		tsig_session_end(&session);
	}
}

/* RFC 8945 5.2: key, MAC, time; what is wrong first is told. */
Test(tsig_session, the_key_is_judged_before_the_mac_and_the_mac_before_the_time)
{
	struct tsig_keys other_name = keys_of(TSIG_HMAC_SHA256, "other.example");
	struct tsig_keys other_algorithm = keys_of(TSIG_HMAC_SHA512, "key.example");
	struct tsig_keys other_secret = keys_of(TSIG_HMAC_SHA256, "key.example");
	struct tsig_keys none = {.count = 0};
	struct tsig_session session;

	other_secret.keys[0].secret[31] ^= 1;
	cr_expect_eq(request_verify(&session, &none, vector_query_sha256, 0), TSIG_BADKEY);
	cr_expect_eq(request_verify(&session, &other_name, vector_query_sha256, 0), TSIG_BADKEY);
	cr_expect_eq(
		request_verify(&session, &other_algorithm, vector_query_sha256, 0), TSIG_BADKEY);
	cr_expect_null(session.key);
	cr_expect_eq(request_verify(&session, &other_secret, vector_query_sha256, 0), TSIG_BADSIG);
	cr_expect_null(session.key);
	tsig_session_end(&session);
}

Test(tsig_session, a_mac_may_be_cut_to_half)
{
	struct tsig_keys keys = keys_of(TSIG_HMAC_SHA256, "key.example");
	struct tsig_session session;

	cr_expect_eq(request_verify(&session, &keys, vector_query_cut_16, VECTOR_TIME), TSIG_GOOD);
	cr_expect_eq(session.mac_length, 16, "answers are signed over the MAC as it was sent");
	tsig_session_end(&session);
	cr_expect_eq(
		request_verify(&session, &keys, vector_query_cut_15, VECTOR_TIME), TSIG_MALFORMED);
	tsig_session_end(&session);
}

Test(tsig_session, two_records_or_one_in_the_wrong_place_are_malformed)
{
	struct tsig_keys keys = keys_of(TSIG_HMAC_SHA256, "key.example");
	struct message plain = message_of(vector_query);
	struct message once = message_of(vector_query_sha256);
	struct message message = once;
	size_t record = once.length - plain.length;
	struct tsig_session session;

	/* twice */
	memcpy(message.octets + once.length, once.octets + plain.length, record);
	message.length += record;
	message.octets[11] = 2;
	cr_expect_eq(
		tsig_request_verify(&session, &keys, VECTOR_TIME, message.octets, &message.length),
		TSIG_MALFORMED);
	/* before an OPT */
	message = once;
	memcpy(message.octets + once.length, "\0\0\x29\x04\xd0\0\0\0\0\0\0", WIRE_OPT_SIZE);
	message.length += WIRE_OPT_SIZE;
	message.octets[11] = 2;
	cr_expect_eq(
		tsig_request_verify(&session, &keys, VECTOR_TIME, message.octets, &message.length),
		TSIG_MALFORMED);
	/* among the answers */
	message = once;
	message.octets[7] = 1;
	message.octets[11] = 0;
	cr_expect_eq(
		tsig_request_verify(&session, &keys, VECTOR_TIME, message.octets, &message.length),
		TSIG_MALFORMED);
	/* an octet behind it */
	message = once;
	message.octets[message.length++] = 0;
	cr_expect_eq(
		tsig_request_verify(&session, &keys, VECTOR_TIME, message.octets, &message.length),
		TSIG_MALFORMED);
	message = plain;
	cr_expect_eq(
		tsig_request_verify(&session, &keys, VECTOR_TIME, message.octets, &message.length),
		TSIG_UNSIGNED);
	tsig_session_end(&session);
}

Test(tsig_session, a_series_with_unsigned_answers_is_good)
{
	struct tsig_keys keys = keys_of(TSIG_HMAC_SHA256, "key.example");
	struct message message = message_of(vector_answer_4);
	struct tsig_session session;

	client_begin(&session, &keys, VECTOR_TIME);
	cr_expect_eq(answer_verify(&session, vector_answer_signed, VECTOR_TIME), TSIG_GOOD);
	cr_expect_eq(answer_verify(&session, vector_further, VECTOR_TIME), TSIG_UNSIGNED);
	cr_expect_eq(answer_verify(&session, vector_further, VECTOR_TIME), TSIG_UNSIGNED);
	cr_expect_eq(tsig_answer_verify(&session, VECTOR_TIME, message.octets, &message.length),
		TSIG_GOOD);
	message_expect(&message, vector_further, "the fourth answer");
	cr_expect_eq(answer_verify(&session, vector_answer_5, VECTOR_TIME), TSIG_GOOD);
	tsig_session_end(&session);
}

Test(tsig_session, an_unsigned_answer_lost_added_or_changed_is_found_at_the_next_signed_one)
{
	struct tsig_keys keys = keys_of(TSIG_HMAC_SHA256, "key.example");

	for (unsigned int count = 0; count <= 3; count++) {
		struct tsig_session session;

		client_begin(&session, &keys, VECTOR_TIME);
		cr_expect_eq(answer_verify(&session, vector_answer_signed, VECTOR_TIME), TSIG_GOOD);
		for (unsigned int i = 0; i < count; i++)
			answer_verify(&session, vector_further, VECTOR_TIME);
		cr_expect_eq(answer_verify(&session, vector_answer_4, VECTOR_TIME),
			count == 2 ? TSIG_GOOD : TSIG_BADSIG, "%u unsigned", count);
		tsig_session_end(&session);
	}
	for (size_t i = 0; i < message_of(vector_further).length; i++) {
		struct message message = message_of(vector_further);
		struct tsig_session session;

		message.octets[i] ^= 1;
		client_begin(&session, &keys, VECTOR_TIME);
		answer_verify(&session, vector_answer_signed, VECTOR_TIME);
		answer_verify(&session, vector_further, VECTOR_TIME);
		tsig_answer_verify(&session, VECTOR_TIME, message.octets, &message.length);
		cr_expect_eq(answer_verify(&session, vector_answer_4, VECTOR_TIME), TSIG_BADSIG,
			"octet %zu", i);
		tsig_session_end(&session);
	}
}

Test(tsig_session, ninety_nine_answers_in_a_row_may_be_unsigned)
{
	struct tsig_keys keys = keys_of(TSIG_HMAC_SHA256, "key.example");
	struct tsig_session session;

	client_begin(&session, &keys, VECTOR_TIME);
	cr_expect_eq(answer_verify(&session, vector_answer_signed, VECTOR_TIME), TSIG_GOOD);
	for (unsigned int i = 0; i < 99; i++)
		cr_expect_eq(answer_verify(&session, vector_further, VECTOR_TIME), TSIG_UNSIGNED);
	cr_expect_eq(answer_verify(&session, vector_further, VECTOR_TIME), TSIG_BADSIG);
	tsig_session_end(&session);
}

Test(tsig_session, an_unsigned_first_answer_begins_no_series)
{
	struct tsig_keys keys = keys_of(TSIG_HMAC_SHA256, "key.example");
	struct tsig_session session;

	client_begin(&session, &keys, VECTOR_TIME);
	cr_expect_eq(answer_verify(&session, vector_answer, VECTOR_TIME), TSIG_UNSIGNED);
	cr_expect_not(session.in_series);
	tsig_session_end(&session);
}

Test(tsig_session, an_answer_to_another_request_is_no_good)
{
	struct tsig_keys keys = keys_of(TSIG_HMAC_SHA256, "key.example");
	struct tsig_session session;

	client_begin(&session, &keys, VECTOR_TIME + 1);
	cr_expect_eq(answer_verify(&session, vector_answer_signed, VECTOR_TIME), TSIG_BADSIG);
	tsig_session_end(&session);
}

Test(tsig_session, an_answer_with_another_key_is_no_good)
{
	struct tsig_keys keys = keys_of(TSIG_HMAC_SHA256, "other.example");
	struct tsig_session session;

	client_begin(&session, &keys, VECTOR_TIME);
	cr_expect_eq(answer_verify(&session, vector_answer_signed, VECTOR_TIME), TSIG_BADKEY);
	tsig_session_end(&session);
}

Test(tsig_session, a_server_signs_its_answers_as_elsewhere)
{
	struct tsig_keys keys = keys_of(TSIG_HMAC_SHA256, "key.example");
	struct message answer = message_of(vector_answer);
	struct tsig_session server, client;

	cr_assert_eq(request_verify(&server, &keys, vector_query_sha256, VECTOR_TIME), TSIG_GOOD);
	cr_assert_eq(tsig_sign(&server, VECTOR_TIME, answer.octets, &answer.length, ROOM), 0);
	message_expect(&answer, vector_answer_signed, "the first answer");
	client_begin(&client, &keys, VECTOR_TIME);
	cr_assert_eq(
		tsig_answer_verify(&client, VECTOR_TIME, answer.octets, &answer.length), TSIG_GOOD);
	for (unsigned int i = 0; i < 3; i++) {
		struct message further = message_of(vector_further);

		cr_assert_eq(
			tsig_sign(&server, VECTOR_TIME, further.octets, &further.length, ROOM), 0);
		cr_expect_eq(
			tsig_answer_verify(&client, VECTOR_TIME, further.octets, &further.length),
			TSIG_GOOD, "answer %u", i);
	}
	tsig_session_end(&server);
	tsig_session_end(&client);
}

/* ---- what a server does not like ---- */

/* The query as a client signs it with its own clock and key; the reply that the server makes. */
static struct message
refusal_of(const struct tsig_keys *server_keys, const struct tsig_keys *client_keys,
	uint64_t client_time, struct tsig_session *client, enum tsig_verdict expected)
{
	struct message query = message_of(vector_query), reply = message_of(vector_refusal);
	struct tsig_session server;

	tsig_session_begin(client, &client_keys->keys[0]);
	cr_assert_eq(tsig_sign(client, client_time, query.octets, &query.length, ROOM), 0);
	cr_assert_eq(
		tsig_request_verify(&server, server_keys, VECTOR_TIME, query.octets, &query.length),
		expected);
	cr_assert_eq(tsig_error_append(&server, expected, VECTOR_TIME, query.octets, query.length,
			     reply.octets, &reply.length, ROOM),
		0);
	tsig_session_end(&server);
	return reply;
}

Test(tsig_session, a_wrong_time_is_told_signed_and_with_the_servers_time)
{
	struct tsig_keys keys = keys_of(TSIG_HMAC_SHA512, "key.example");
	struct tsig_session client;
	struct message reply = refusal_of(&keys, &keys, VECTOR_TIME - 1000, &client, TSIG_BADTIME);

	message_expect(&reply, vector_bad_time, "BADTIME");
	cr_expect_eq(tsig_answer_verify(&client, VECTOR_TIME - 1000, reply.octets, &reply.length),
		TSIG_ERROR);
	cr_expect_eq(client.error, 18);
	cr_expect_eq(client.time, VECTOR_TIME);
	tsig_session_end(&client);
}

Test(tsig_session, a_forged_wrong_time_is_no_good)
{
	struct tsig_keys keys = keys_of(TSIG_HMAC_SHA512, "key.example");
	struct tsig_session client;
	struct message reply = refusal_of(&keys, &keys, VECTOR_TIME - 1000, &client, TSIG_BADTIME);

	reply.octets[reply.length - 1] ^= 1;
	cr_expect_eq(tsig_answer_verify(&client, VECTOR_TIME - 1000, reply.octets, &reply.length),
		TSIG_BADSIG);
	tsig_session_end(&client);
}

Test(tsig_session, an_unknown_key_and_a_wrong_mac_are_told_unsigned)
{
	struct tsig_keys keys = keys_of(TSIG_HMAC_SHA256, "key.example");
	struct tsig_keys other = keys_of(TSIG_HMAC_SHA256, "other.example");
	struct tsig_keys wrong = keys;
	struct tsig_session client;
	struct message reply;

	wrong.keys[0].secret[0] ^= 1;
	reply = refusal_of(&keys, &other, VECTOR_TIME, &client, TSIG_BADKEY);
	cr_expect_eq(
		tsig_answer_verify(&client, VECTOR_TIME, reply.octets, &reply.length), TSIG_ERROR);
	cr_expect_eq(client.error, WIRE_RCODE_BADKEY);
	reply = refusal_of(&keys, &wrong, VECTOR_TIME, &client, TSIG_BADSIG);
	cr_expect_eq(
		tsig_answer_verify(&client, VECTOR_TIME, reply.octets, &reply.length), TSIG_ERROR);
	cr_expect_eq(client.error, 16);
	tsig_session_end(&client);
}
