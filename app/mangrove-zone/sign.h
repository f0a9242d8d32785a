/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MANGROVE_ZONE_SIGN_H
#define MANGROVE_ZONE_SIGN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/base.h"

struct sign_options {
	uint8_t algorithm; /* 8: RSA-2048 with SHA-256; 13: ECDSA P-256 */
	uint32_t inception, expiration;
	uint32_t dnskey_ttl;
};

/**
 * Sign a zone with two fresh keys (KSK, ZSK), NSEC and ZONEMD, by ldns. The private keys are
 * forgotten.
 *
 * @param plain    a master file without DNSSEC records, absolute names, SOA first
 * @param zone     where the signed zone is written to, in canonical order
 * @param anchors  where its trust anchor is written to, a DNSKEY record
 */
int sign_zone(const char *plain, size_t length, const struct sign_options *options, FILE *zone,
	FILE *anchors, struct why *why);

#endif
