/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MANGROVE_ZONE_ROOTLIKE_H
#define MANGROVE_ZONE_ROOTLIKE_H

#include <stdint.h>
#include <stdio.h>

#include "base/base.h"

enum { ROOTLIKE_TLDS_MIN = 3, ROOTLIKE_TLDS_MAX = 50000 };

/* TTLs of the real root zone */
enum { ROOTLIKE_TTL_DNSKEY = 172800 };

struct rootlike_options {
	uint32_t serial;
	unsigned int tlds; /* arpa, com and net among them */
	uint64_t seed;	   /* the same seed makes the same plain zone */
};

/**
 * Write a root zone without signatures: real names of TLDs where Debian's package publicsuffix has
 * them, made-up ones beyond, and servers in address ranges for documentation.
 */
int rootlike_write(const struct rootlike_options *options, FILE *file, struct why *why);

#endif
