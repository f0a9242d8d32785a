/* SPDX-License-Identifier: BSD-3-Clause */
/* A folder with a self-signed certificate, its key and its pin, made on the spot. */
#ifndef TESTS_TLS_CERTIFICATE_H
#define TESTS_TLS_CERTIFICATE_H

#include <criterion/criterion.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct certificate {
	char folder[32];
	char path[64], key[64]; /* PEM */
	char pin[64];		/* base64 */
};

static inline void
certificate_pin(X509 *x, char pin[static 64])
{
	uint8_t *spki = NULL, digest[SHA256_DIGEST_LENGTH];
	int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &spki);

	SHA256(spki, (size_t)length, digest);
	sodium_bin2base64(pin, 64, digest, sizeof(digest), sodium_base64_VARIANT_ORIGINAL);
	OPENSSL_free(spki);
}

/* @param names  as in OpenSSL's configuration: "DNS:xfr.example,IP:198.18.0.1" */
static inline struct certificate
certificate_make(const char *names)
{
	struct certificate made = {.folder = "/tmp/tls-test-XXXXXX"};
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	X509_NAME *subject = X509_get_subject_name(x);
	X509_EXTENSION *extension =
		X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, (char *)names);
	FILE *file;

	cr_assert(mkdtemp(made.folder));
	snprintf(made.path, sizeof(made.path), "%s/certificate", made.folder);
	snprintf(made.key, sizeof(made.key), "%s/key", made.folder);
	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_NAME_add_entry_by_txt(
		subject, "CN", MBSTRING_ASC, (const uint8_t *)"common.example", -1, -1, 0);
	X509_set_issuer_name(x, subject);
	X509_set_pubkey(x, pkey);
	X509_add_ext(x, extension, -1);
	cr_assert(X509_sign(x, pkey, EVP_sha256()) > 0);
	certificate_pin(x, made.pin);
	file = fopen(made.path, "w");
	cr_assert(PEM_write_X509(file, x) == 1);
	fclose(file);
	file = fopen(made.key, "w");
	cr_assert(PEM_write_PrivateKey(file, pkey, NULL, NULL, 0, NULL, NULL) == 1);
	fclose(file);
	X509_EXTENSION_free(extension);
	X509_free(x);
	EVP_PKEY_free(pkey);
	return made;
}

static inline void
certificate_remove(const struct certificate *made)
{
	unlink(made->path);
	unlink(made->key);
	rmdir(made->folder);
}

#endif
