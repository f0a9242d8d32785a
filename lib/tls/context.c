/* SPDX-License-Identifier: BSD-3-Clause */
/* What the connections of one peer or listener have in common. */
#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tls/tls_priv.h"

/* RFC 9103 7.1: the ALPN of DNS over TLS, its length in front */
static const uint8_t alpn[] = "\3dot";
enum { ALPN_LENGTH = sizeof(alpn) - 1 };

int
tls_why(struct why *why, int error, const char *format, ...)
{
	unsigned long code = ERR_get_error();
	const char *reason = ERR_reason_error_string(code);
	struct why what;
	va_list args;

	va_start(args, format);
	vsnprintf(what.text, sizeof(what.text), format, args);
	va_end(args);
	/* an errno of the system stands in the queue without words */
	if (!reason)
		reason = ERR_SYSTEM_ERROR(code) ? strerror(ERR_GET_REASON(code)) : "failed";
	ERR_clear_error();
	return why_set(why, error, "%.500s: %s", what.text, reason);
}

static bool
pin_fits(X509 *certificate, const uint8_t pin[static TLS_PIN_SIZE])
{
	uint8_t *spki = NULL, digest[SHA256_DIGEST_LENGTH];
	int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &spki);
	bool fits;

	if (length <= 0)
		return false;
	fits = SHA256(spki, (size_t)length, digest) && memcmp(digest, pin, TLS_PIN_SIZE) == 0;
	OPENSSL_free(spki);
	return fits;
}

int
tls_certificate_verify(X509_STORE_CTX *store, void *unused)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls *tls = SSL_get_app_data(ssl);

	(void)unused;
	if (tls->peer.has_pin && !pin_fits(X509_STORE_CTX_get0_cert(store), tls->peer.pin)) {
		tls->pin_differs = true;
		X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
		return 0;
	}
	if (!tls->peer.name[0])
		return 1;
	return X509_verify_cert(store) > 0;
}

/* A client that offers protocols must offer this one; one that offers none is taken at its port. */
static int
alpn_select(SSL *ssl, const unsigned char **out, unsigned char *length, const unsigned char *in,
	unsigned int in_length, void *unused)
{
	unsigned char *chosen = NULL;

	(void)ssl;
	(void)unused;
	if (SSL_select_next_proto(&chosen, length, alpn, ALPN_LENGTH, in, in_length) !=
		OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

/* @return NULL, with the reason */
static struct tls_context *
context_new(bool is_client, struct why *why)
{
	struct tls_context *made = calloc(1, sizeof(*made));

	if (!made) {
		why_set(why, ENOMEM, "TLS: out of memory");
		return NULL;
	}
	made->is_client = is_client;
	made->ssl = SSL_CTX_new(is_client ? TLS_client_method() : TLS_server_method());
	if (!made->ssl || SSL_CTX_set_min_proto_version(made->ssl, TLS1_3_VERSION) != 1) {
		tls_context_free(made);
		tls_why(why, EIO, "TLS 1.3");
		return NULL;
	}
	/* no session is taken up again: transfers are rare, and tickets are only more to keep */
	SSL_CTX_set_session_cache_mode(made->ssl, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(made->ssl, 0);
	SSL_CTX_set_mode(made->ssl, SSL_MODE_RELEASE_BUFFERS);
	return made;
}

static bool
is_address(const char *text)
{
	uint8_t octets[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, text, octets) == 1 || inet_pton(AF_INET6, text, octets) == 1;
}

static int
identity_set(struct tls_identity *identity, const struct tls_peer *peer, struct why *why)
{
	size_t length;

	if (!peer->name && !peer->pin)
		return why_set(
			why, EINVAL, "TLS: neither a name nor a pin says who the server must be");
	if (!peer->name && peer->ca)
		return why_set(why, EINVAL,
			"%s: certificates of authorities say nothing without the server's name",
			peer->ca);
	if (peer->name) {
		length = strlen(peer->name);
		if (length == 0 || length > TLS_NAME_MAX)
			return why_set(why, EINVAL, "TLS: a server's name of %zu octets", length);
		memcpy(identity->name, peer->name, length);
		/* as certificates have it */
		if (length > 1 && identity->name[length - 1] == '.')
			identity->name[length - 1] = '\0';
		identity->name_is_address = is_address(identity->name);
	}
	if (!peer->pin)
		return 0;
	identity->has_pin = true;
	if (sodium_base642bin(identity->pin, TLS_PIN_SIZE, peer->pin, strlen(peer->pin), NULL,
		    &length, NULL, sodium_base64_VARIANT_ORIGINAL) != 0 ||
		length != TLS_PIN_SIZE)
		return why_set(why, EINVAL, "TLS: pin \"%.100s\" is no base64 of %d octets",
			peer->pin, TLS_PIN_SIZE);
	return 0;
}

static int
authorities_load(SSL_CTX *ssl, const char *ca, struct why *why)
{
	ERR_clear_error();
	if (ca && SSL_CTX_load_verify_file(ssl, ca) != 1)
		return tls_why(why, EINVAL, "%s", ca);
	if (!ca && SSL_CTX_set_default_verify_paths(ssl) != 1)
		return tls_why(why, EINVAL, "the system's certificates of authorities");
	return 0;
}

int
tls_client_context(const struct tls_peer *peer, struct tls_context **context, struct why *why)
{
	struct tls_context *made = context_new(true, why);
	int rc;

	if (!made)
		return -EIO;
	rc = identity_set(&made->peer, peer, why);
	if (rc == 0 && made->peer.name[0])
		rc = authorities_load(made->ssl, peer->ca, why);
	if (rc == 0 && SSL_CTX_set_alpn_protos(made->ssl, alpn, ALPN_LENGTH) != 0)
		rc = why_set(why, ENOMEM, "TLS: out of memory");
	if (rc < 0) {
		tls_context_free(made);
		return rc;
	}
	SSL_CTX_set_verify(made->ssl, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(made->ssl, tls_certificate_verify, NULL);
	*context = made;
	return 0;
}

int
tls_server_context(
	const char *certificate, const char *key, struct tls_context **context, struct why *why)
{
	struct tls_context *made = context_new(false, why);
	int rc = 0;

	if (!made)
		return -EIO;
	ERR_clear_error();
	if (SSL_CTX_use_certificate_chain_file(made->ssl, certificate) != 1)
		rc = tls_why(why, EINVAL, "%s", certificate);
	else if (SSL_CTX_use_PrivateKey_file(made->ssl, key, SSL_FILETYPE_PEM) != 1)
		rc = tls_why(why, EINVAL, "%s", key);
	else if (SSL_CTX_check_private_key(made->ssl) != 1)
		rc = tls_why(why, EINVAL, "%s: not the key of %s", key, certificate);
	if (rc < 0) {
		tls_context_free(made);
		return rc;
	}
	SSL_CTX_set_alpn_select_cb(made->ssl, alpn_select, NULL);
	*context = made;
	return 0;
}

void
tls_context_free(struct tls_context *context)
{
	if (context)
		SSL_CTX_free(context->ssl);
	free(context);
}
