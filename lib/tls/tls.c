/* SPDX-License-Identifier: BSD-3-Clause */
/* One connection: OpenSSL between two memories, what came and what is to be sent. */
#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "tls/tls_priv.h"

/* Encrypted octets that wait to be read; whoever reads what came leaves less than a record. */
enum { TLS_WAITING_MAX = 256 << 10 };

static bool
identity_apply(struct tls *tls)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(tls->ssl);
	const char *name = tls->peer.name;

	if (!name[0])
		return true;
	/* RFC 8310 8.1: the name stands in subjectAltName, and whole */
	X509_VERIFY_PARAM_set_hostflags(
		param, X509_CHECK_FLAG_NO_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	if (tls->peer.name_is_address)
		return X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1;
	return X509_VERIFY_PARAM_set1_host(param, name, 0) == 1 &&
	       SSL_set_tlsext_host_name(tls->ssl, name) == 1;
}

/* @return false: out of memory */
static bool
ends_make(struct tls *tls, SSL_CTX *context)
{
	tls->in = BIO_new(BIO_s_mem());
	tls->out = BIO_new(BIO_s_mem());
	tls->ssl = SSL_new(context);
	if (!tls->in || !tls->out || !tls->ssl) {
		BIO_free(tls->in);
		BIO_free(tls->out);
		return false;
	}
	SSL_set_bio(tls->ssl, tls->in, tls->out);
	SSL_set_app_data(tls->ssl, tls);
	return true;
}

struct tls *
tls_open(struct tls_context *context)
{
	struct tls *tls = calloc(1, sizeof(*tls));

	if (!tls)
		return NULL;
	tls->peer = context->peer;
	if (!ends_make(tls, context->ssl) || !identity_apply(tls)) {
		tls_free(tls);
		ERR_clear_error();
		return NULL;
	}
	if (!context->is_client) {
		SSL_set_accept_state(tls->ssl);
		return tls;
	}
	SSL_set_connect_state(tls->ssl);
	/* writes the first message, then wants an answer */
	SSL_do_handshake(tls->ssl);
	ERR_clear_error();
	return tls;
}

void
tls_free(struct tls *tls)
{
	if (tls)
		SSL_free(tls->ssl);
	free(tls);
}

enum tls_state
tls_state(const struct tls *tls)
{
	return tls->state;
}

/* What made OpenSSL give up, in words */
static int
failure(struct tls *tls, struct why *why)
{
	long verified = SSL_get_verify_result(tls->ssl);

	tls->state = TLS_FAILED;
	if (tls->pin_differs) {
		ERR_clear_error();
		return why_set(why, EACCES, "TLS: the server's key is not the pinned one");
	}
	if (verified != X509_V_OK) {
		ERR_clear_error();
		return why_set(why, EACCES, "TLS: the server's certificate%s%s: %s",
			tls->peer.name[0] ? " is not good for " : "", tls->peer.name,
			X509_verify_cert_error_string(verified));
	}
	return tls_why(why, EPROTO, "TLS");
}

/* @param rc  of an operation of OpenSSL that did not succeed. @return 0: it wants more octets */
static int
outcome(struct tls *tls, int rc, struct why *why)
{
	switch (SSL_get_error(tls->ssl, rc)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return 0;
	case SSL_ERROR_ZERO_RETURN:
		tls->state = TLS_CLOSED;
		return 0;
	default:
		return failure(tls, why);
	}
}

int
tls_feed(struct tls *tls, const uint8_t *octets, size_t count, struct why *why)
{
	int rc;

	if (tls->state == TLS_FAILED)
		return why_set(why, EPROTO, "TLS: failed before");
	/* nothing counts behind the peer's last word */
	if (tls->state == TLS_CLOSED || count == 0)
		return 0;
	if (count > TLS_WAITING_MAX - BIO_ctrl_pending(tls->in) ||
		BIO_write(tls->in, octets, (int)count) != (int)count) {
		tls->state = TLS_FAILED;
		return why_set(why, ENOBUFS, "TLS: more came than was read");
	}
	if (tls->state != TLS_HANDSHAKE)
		return 0;
	ERR_clear_error();
	rc = SSL_do_handshake(tls->ssl);
	if (rc != 1)
		return outcome(tls, rc, why);
	tls->state = TLS_OPEN;
	return 0;
}

ssize_t
tls_read(struct tls *tls, uint8_t *octets, size_t size, struct why *why)
{
	int rc;

	if (tls->state == TLS_FAILED)
		return why_set(why, EPROTO, "TLS: failed before");
	if (tls->state != TLS_OPEN || size == 0)
		return 0;
	ERR_clear_error();
	rc = SSL_read(tls->ssl, octets, size > INT_MAX ? INT_MAX : (int)size);
	return rc > 0 ? rc : outcome(tls, rc, why);
}

int
tls_write(struct tls *tls, const uint8_t *octets, size_t count, struct why *why)
{
	size_t written;

	if (tls->state == TLS_HANDSHAKE)
		return why_set(why, EAGAIN, "TLS: still in the handshake");
	if (tls->state == TLS_FAILED)
		return why_set(why, EPROTO, "TLS: failed before");
	ERR_clear_error();
	/* a memory takes all of it */
	if (count && SSL_write_ex(tls->ssl, octets, count, &written) != 1)
		return failure(tls, why);
	return 0;
}

size_t
tls_take(struct tls *tls, uint8_t *octets, size_t size)
{
	int count = BIO_read(tls->out, octets, size > INT_MAX ? INT_MAX : (int)size);

	return count > 0 ? (size_t)count : 0;
}

size_t
tls_pending(const struct tls *tls)
{
	return BIO_ctrl_pending(tls->out);
}

void
tls_close(struct tls *tls)
{
	/* OpenSSL takes no last word in the handshake or behind a failure */
	if (tls->state == TLS_HANDSHAKE || tls->state == TLS_FAILED)
		return;
	ERR_clear_error();
	SSL_shutdown(tls->ssl);
	ERR_clear_error();
}
