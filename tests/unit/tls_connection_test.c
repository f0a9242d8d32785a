/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

#include "tls/tls.h"
#include "tls_certificate.h"

static struct certificate certificate, other;

static void
certificates_make(void)
{
	certificate = certificate_make("DNS:xfr.example,DNS:*.wild.example,IP:198.18.0.1");
	other = certificate_make("DNS:xfr.example");
}

static void
certificates_remove(void)
{
	certificate_remove(&certificate);
	certificate_remove(&other);
}

TestSuite(tls_connection, .init = certificates_make, .fini = certificates_remove);

/* Two ends and the first failure of each. */
struct pair {
	struct tls_context *contexts[2];
	struct tls *ends[2]; /* client, server */
	int rc[2];
	struct why why[2];
};

static void
pair_open(struct pair *pair, const struct tls_peer *peer)
{
	struct why why = {""};

	memset(pair, 0, sizeof(*pair));
	cr_assert_eq(tls_client_context(peer, &pair->contexts[0], &why), 0, "%s", why.text);
	cr_assert_eq(
		tls_server_context(certificate.path, certificate.key, &pair->contexts[1], &why), 0,
		"%s", why.text);
	for (int i = 0; i < 2; i++) {
		pair->ends[i] = tls_open(pair->contexts[i]);
		cr_assert(pair->ends[i]);
	}
}

static void
pair_free(struct pair *pair)
{
	for (int i = 0; i < 2; i++) {
		tls_free(pair->ends[i]);
		tls_context_free(pair->contexts[i]);
	}
}

/* Carry octets, `step` at a time, until both are silent. */
static void
pair_pump(struct pair *pair, size_t step)
{
	uint8_t octets[4096];
	size_t moved;

	do {
		moved = 0;
		for (int i = 0; i < 2; i++) {
			size_t count = tls_take(pair->ends[i], octets, step);

			moved += count;
			if (count && pair->rc[1 - i] == 0)
				pair->rc[1 - i] = tls_feed(
					pair->ends[1 - i], octets, count, &pair->why[1 - i]);
		}
	} while (moved);
}

static const struct {
	const char *what;
	struct tls_peer peer;
	bool own_ca, own_pin, other_ca, other_pin;
	bool good;
	const char *says;
} peers[] = {
	{"the name", {.name = "xfr.example"}, .own_ca = true, .good = true},
	{"the name in other case, with a dot", {.name = "XFR.example."}, .own_ca = true,
		.good = true},
	{"the address", {.name = "198.18.0.1"}, .own_ca = true, .good = true},
	{"the pin alone", {.name = NULL}, .own_pin = true, .good = true},
	{"name and pin", {.name = "xfr.example"}, .own_ca = true, .own_pin = true, .good = true},
	{"another name", {.name = "axfr.example"}, .own_ca = true, .says = "hostname mismatch"},
	{"the common name", {.name = "common.example"}, .own_ca = true, .says = "mismatch"},
	{"a wildcard", {.name = "a.wild.example"}, .own_ca = true, .says = "mismatch"},
	{"another address", {.name = "198.18.0.2"}, .own_ca = true, .says = "IP address mismatch"},
	{"another authority", {.name = "xfr.example"}, .other_ca = true, .says = "self"},
	{"the system's authorities", {.name = "xfr.example"}, .says = "self"},
	{"another pin", {.name = NULL}, .other_pin = true, .says = "pinned"},
	{"the name, another pin", {.name = "xfr.example"}, .own_ca = true, .other_pin = true,
		.says = "pinned"},
	{"the pin, another name", {.name = "axfr.example"}, .own_ca = true, .own_pin = true,
		.says = "mismatch"},
};

Test(tls_connection, opens_only_to_who_it_should_be)
{
	for (size_t i = 0; i < sizeof(peers) / sizeof(peers[0]); i++) {
		struct tls_peer peer = peers[i].peer;
		struct pair pair;

		peer.ca = peers[i].own_ca ? certificate.path
					  : (peers[i].other_ca ? other.path : NULL);
		peer.pin = peers[i].own_pin ? certificate.pin
					    : (peers[i].other_pin ? other.pin : NULL);
		pair_open(&pair, &peer);
		pair_pump(&pair, i % 2 ? 4096 : 1);
		cr_expect_eq(tls_state(pair.ends[0]), peers[i].good ? TLS_OPEN : TLS_FAILED,
			"%s: %s", peers[i].what, pair.why[0].text);
		if (!peers[i].good) {
			cr_expect_eq(pair.rc[0], -EACCES, "%s", peers[i].what);
			cr_expect(strstr(pair.why[0].text, peers[i].says), "%s: %s", peers[i].what,
				pair.why[0].text);
			/* an alert tells the server */
			cr_expect_neq(tls_state(pair.ends[1]), TLS_OPEN, "%s", peers[i].what);
		}
		pair_free(&pair);
	}
}

static struct pair
opened(void)
{
	struct tls_peer peer = {.pin = certificate.pin};
	struct pair pair;

	pair_open(&pair, &peer);
	pair_pump(&pair, 4096);
	cr_assert_eq(tls_state(pair.ends[0]), TLS_OPEN, "%s", pair.why[0].text);
	cr_assert_eq(tls_state(pair.ends[1]), TLS_OPEN, "%s", pair.why[1].text);
	return pair;
}

Test(tls_connection, carries_octets_both_ways_in_order)
{
	enum { SIZE = 200000 };
	struct pair pair = opened();
	uint8_t *sent = malloc(SIZE), *got = malloc(SIZE), octets[4096];

	for (size_t i = 0; i < SIZE; i++)
		sent[i] = (uint8_t)(i * 2654435761u >> 13);
	for (int from = 0; from < 2; from++) {
		size_t count, total = 0;
		ssize_t read;

		cr_assert_eq(tls_write(pair.ends[from], sent, SIZE, NULL), 0);
		cr_expect_gt(tls_pending(pair.ends[from]), (size_t)SIZE);
		while ((count = tls_take(pair.ends[from], octets, sizeof(octets))) > 0) {
			cr_assert_eq(tls_feed(pair.ends[1 - from], octets, count, NULL), 0);
			while ((read = tls_read(
					pair.ends[1 - from], got + total, SIZE - total, NULL)) > 0)
				total += (size_t)read;
			cr_assert_eq(read, 0);
		}
		cr_expect_eq(total, (size_t)SIZE);
		cr_expect_eq(memcmp(sent, got, SIZE), 0);
		memset(got, 0, SIZE);
	}
	free(sent);
	free(got);
	pair_free(&pair);
}

Test(tls_connection, goes_on_without_its_context)
{
	struct tls_peer peer = {.pin = certificate.pin};
	struct pair pair;

	pair_open(&pair, &peer);
	for (int i = 0; i < 2; i++) {
		tls_context_free(pair.contexts[i]);
		pair.contexts[i] = NULL;
	}
	pair_pump(&pair, 4096);
	cr_expect_eq(tls_state(pair.ends[0]), TLS_OPEN);
	pair_free(&pair);
}

Test(tls_connection, takes_no_octets_to_encrypt_before_the_peer_is_known)
{
	struct tls_peer peer = {.pin = certificate.pin};
	struct pair pair;

	pair_open(&pair, &peer);
	cr_expect_eq(tls_write(pair.ends[0], (const uint8_t *)"x", 1, NULL), -EAGAIN);
	cr_expect_eq(tls_write(pair.ends[1], (const uint8_t *)"x", 1, NULL), -EAGAIN);
	pair_free(&pair);
}

Test(tls_connection, tells_that_the_peer_has_ended_and_reads_what_came_before)
{
	struct pair pair = opened();
	uint8_t octets[16];

	cr_assert_eq(tls_write(pair.ends[1], (const uint8_t *)"last", 4, NULL), 0);
	tls_close(pair.ends[1]);
	pair_pump(&pair, 4096);
	cr_expect_eq(tls_state(pair.ends[0]), TLS_OPEN);
	cr_expect_eq(tls_read(pair.ends[0], octets, sizeof(octets), NULL), 4);
	cr_expect_eq(tls_read(pair.ends[0], octets, sizeof(octets), NULL), 0);
	cr_expect_eq(tls_state(pair.ends[0]), TLS_CLOSED);
	pair_free(&pair);
}

Test(tls_connection, fails_by_an_altered_octet)
{
	struct pair pair = opened();
	uint8_t octets[256], plain[16];
	size_t count;

	cr_assert_eq(tls_write(pair.ends[0], (const uint8_t *)"zone", 4, NULL), 0);
	count = tls_take(pair.ends[0], octets, sizeof(octets));
	octets[count - 1] ^= 1;
	cr_assert_eq(tls_feed(pair.ends[1], octets, count, NULL), 0);
	cr_expect_eq(tls_read(pair.ends[1], plain, sizeof(plain), &pair.why[1]), -EPROTO);
	cr_expect(strstr(pair.why[1].text, "bad record mac"), "%s", pair.why[1].text);
	cr_expect_eq(tls_state(pair.ends[1]), TLS_FAILED);
	cr_expect_gt(tls_pending(pair.ends[1]), 0, "an alert");
	cr_expect_eq(tls_read(pair.ends[1], plain, sizeof(plain), NULL), -EPROTO);
	pair_free(&pair);
}

Test(tls_connection, keeps_no_more_unread_octets_than_it_says)
{
	struct pair pair = opened();
	static const uint8_t octets[64 << 10];
	int rc = 0;

	for (int i = 0; i < 4; i++)
		cr_expect_eq(tls_feed(pair.ends[0], octets, sizeof(octets), NULL), 0);
	rc = tls_feed(pair.ends[0], octets, 1, NULL);
	cr_expect_eq(rc, -ENOBUFS);
	cr_expect_eq(tls_state(pair.ends[0]), TLS_FAILED);
	pair_free(&pair);
}

/* A server of ours, and a client that is set up by hand. */
static enum tls_state
served(int version_max, const char *alpn, char chosen[static 16])
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	struct tls_context *server_context;
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
	enum tls_state state;
	struct tls *server;
	SSL *ssl;
	uint8_t octets[4096];
	const uint8_t *protocol;
	unsigned int length;

	SSL_CTX_set_max_proto_version(context, version_max);
	if (alpn)
		SSL_CTX_set_alpn_protos(context, (const uint8_t *)alpn, (unsigned int)strlen(alpn));
	ssl = SSL_new(context);
	SSL_set_bio(ssl, in, out);
	SSL_set_connect_state(ssl);
	cr_assert_eq(
		tls_server_context(certificate.path, certificate.key, &server_context, NULL), 0);
	server = tls_open(server_context);
	for (int round = 0; round < 4; round++) {
		int count;

		SSL_do_handshake(ssl);
		count = BIO_read(out, octets, sizeof(octets));
		if (count > 0)
			(void)tls_feed(server, octets, (size_t)count, NULL);
		count = (int)tls_take(server, octets, sizeof(octets));
		BIO_write(in, octets, count);
	}
	state = tls_state(server);
	SSL_get0_alpn_selected(ssl, &protocol, &length);
	snprintf(chosen, 16, "%.*s", (int)length, (const char *)protocol);
	tls_free(server);
	tls_context_free(server_context);
	SSL_free(ssl);
	SSL_CTX_free(context);
	return state;
}

Test(tls_connection, serves_dot_over_tls_1_3_only)
{
	char chosen[16];

	cr_expect_eq(served(TLS1_3_VERSION, "\2h2\3dot", chosen), TLS_OPEN);
	cr_expect_str_eq(chosen, "dot");
	cr_expect_eq(served(TLS1_3_VERSION, NULL, chosen), TLS_OPEN);
	cr_expect_str_eq(chosen, "");
	cr_expect_eq(served(TLS1_3_VERSION, "\2h2", chosen), TLS_FAILED);
	cr_expect_eq(served(TLS1_2_VERSION, "\3dot", chosen), TLS_FAILED);
}

static const struct {
	const char *what;
	struct tls_peer peer;
	const char *says;
} settings[] = {
	{"nobody", {.name = NULL}, "neither a name nor a pin"},
	{"an empty name", {.name = ""}, "name of 0 octets"},
	{"authorities alone", {.ca = "/nowhere", .pin = "x"}, "say nothing without"},
	{"no such file", {.name = "a.example", .ca = "/nowhere"}, "/nowhere"},
	{"no certificate", {.name = "a.example", .ca = "/dev/null"}, "/dev/null"},
	{"a pin too short", {.pin = "AAAA"}, "no base64 of 32 octets"},
	{"a pin too long", {.pin = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}, "32 octets"},
	{"a pin that is no base64", {.pin = "!"}, "32 octets"},
};

Test(tls_connection, names_the_setting_that_is_wrong)
{
	struct tls_context *context = NULL;
	struct why why;

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		cr_expect_lt(tls_client_context(&settings[i].peer, &context, &why), 0, "%s",
			settings[i].what);
		cr_expect(strstr(why.text, settings[i].says), "%s: %s", settings[i].what, why.text);
	}
	cr_expect_lt(tls_server_context("/nowhere/c", certificate.key, &context, &why), 0);
	cr_expect(strstr(why.text, "/nowhere/c"), "%s", why.text);
	cr_expect_lt(tls_server_context(certificate.path, "/nowhere/k", &context, &why), 0);
	cr_expect(strstr(why.text, "/nowhere/k"), "%s", why.text);
	cr_expect_lt(tls_server_context(certificate.path, other.key, &context, &why), 0);
	cr_expect_null(context);
}
