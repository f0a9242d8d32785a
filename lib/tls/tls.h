/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * TLS for zone transfers (RFC 9103): one end of a connection as a thing that is fed with octets and
 * gives octets, so that it fits any loop. It knows no sockets, never waits, and logs nothing.
 *
 * TLS 1.3 or later; ALPN "dot" on both sides. One thread for all of one context's connections.
 */
#ifndef TLS_TLS_H
#define TLS_TLS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/base.h"

/** What the connections of one peer or listener have in common: keys, certificates, policy. */
struct tls_context;

/**
 * How a server proves who it is. By a pin: its key is this one, whatever its certificate says. By a
 * name: its certificate has it (RFC 6125, no wildcards) and comes from the authorities. Both, if
 * both are given; one at least is needed. All strings are only read during the call.
 */
struct tls_peer {
	const char *name; /* of a host, or an address; sent as SNI too unless it is an address */
	const char *ca;	  /* path of PEM certificates; NULL: those of the system */
	const char *pin;  /* base64 of the SHA-256 of its SubjectPublicKeyInfo (RFC 7858 4.2) */
};

/** @return 0 or -errno: the file or setting, and what is wrong with it */
int tls_client_context(const struct tls_peer *peer, struct tls_context **context, struct why *why);

/**
 * @param certificate  path: PEM, the chain, own certificate first
 * @param key          path: PEM
 */
int tls_server_context(
	const char *certificate, const char *key, struct tls_context **context, struct why *why);

/** Connections that are there keep what they need of it. NULL is fine. */
void tls_context_free(struct tls_context *context);

/** One connection. */
struct tls;

/** @return NULL: out of memory. A client has its first octets to send at once: tls_take(). */
struct tls *tls_open(struct tls_context *context);

/** NULL is fine. Says nothing to the peer: tls_close() does. */
void tls_free(struct tls *tls);

enum tls_state {
	TLS_HANDSHAKE, /* tls_write() must wait */
	TLS_OPEN,      /* the peer is who it should be */
	TLS_CLOSED,    /* the peer said it sends nothing any more */
	TLS_FAILED,
};

enum tls_state tls_state(const struct tls *tls);

/**
 * Octets that came. Afterwards ask, in this order: tls_read() until it is 0, tls_take() until it
 * is 0, tls_state().
 *
 * @return 0, or -errno: the peer is not who it should be, speaks no TLS 1.3, broke the protocol; or
 *         more came than was read, 256 KiB. tls_take() may still have an alert for it.
 */
int tls_feed(struct tls *tls, const uint8_t *octets, size_t count, struct why *why);

/** @return plain octets read, at most `size`; 0: none now; -errno as tls_feed() */
ssize_t tls_read(struct tls *tls, uint8_t *octets, size_t size, struct why *why);

/** Encrypt all of it, for tls_take(). @return 0; -EAGAIN: in the handshake; -errno */
int tls_write(struct tls *tls, const uint8_t *octets, size_t count, struct why *why);

/** @return octets for the peer, at most `size`; 0: none now */
size_t tls_take(struct tls *tls, uint8_t *octets, size_t size);

/** @return how many octets tls_take() has */
size_t tls_pending(const struct tls *tls);

/** Say that nothing more will be sent (close_notify), for tls_take(). */
void tls_close(struct tls *tls);

#endif
