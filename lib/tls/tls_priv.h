/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TLS_TLS_PRIV_H
#define TLS_TLS_PRIV_H

#include <openssl/ssl.h>
#include <stdbool.h>

#include "tls/tls.h"

enum { TLS_PIN_SIZE = 32, TLS_NAME_MAX = 255 };

/* Who the other end must be; a server asks nothing of its clients. */
struct tls_identity {
	char name[TLS_NAME_MAX + 1]; /* empty: any */
	bool name_is_address;
	bool has_pin;
	uint8_t pin[TLS_PIN_SIZE];
};

struct tls_context {
	SSL_CTX *ssl;
	bool is_client;
	struct tls_identity peer;
};

struct tls {
	SSL *ssl;
	BIO *in, *out; /* owned by ssl */
	enum tls_state state;
	struct tls_identity peer; /* a copy: the context may go first */
	bool pin_differs;
};

/* As SSL_CTX_set_cert_verify_callback() wants it: the pin, then name and chain where wanted. */
int tls_certificate_verify(X509_STORE_CTX *store, void *unused);

/* What OpenSSL's queue of errors says, and empty it. @return -error */
__attribute__((format(printf, 3, 4))) int tls_why(
	struct why *why, int error, const char *format, ...);

#endif
