/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MANGROVE_ZONE_OPTIONS_H
#define MANGROVE_ZONE_OPTIONS_H

#include "builder/builder.h"
#include "tls/tls.h"
#include "zone/zone.h"

/** From whom a zone is fetched; all as given. */
struct fetch_options {
	const char *from, *key;
	struct tls_peer tls; /* with a name or a pin: over TLS */
	bool whole;
	uint64_t octets;      /* at most; 0: as ever */
	unsigned int seconds; /* likewise */
};

/** What the subcommands have in common. */
struct options {
	struct zone_verify_options verify;
	struct wire_name origin;
	bool has_origin, json, dnssec_ok, oracle;
	bool is_builder;  /* give up all rights before parsing */
	bool has_base;	  /* build: standard input has records, those of the base first */
	size_t base_size; /* octets of them */
	int text_fd;	  /* build: where the zone goes as text; 0: nowhere */
	uint16_t size;	  /* EDNS size; 0: no EDNS */
	const char *output;
	struct fetch_options fetch;
	uint32_t serial; /* make: 0: of the day; fetch: 0: none is here */
	/* make */
	unsigned int tlds, days;
	uint64_t seed;
	uint8_t algorithm;
	char **operands;
	int operand_count;
};

/** Each returns the exit code. */
int command_check(const struct options *options);
int command_compile(const struct options *options);
int command_build(const struct options *options);
int command_show(const struct options *options);
int command_print(const struct options *options);
int command_diff(const struct options *options);
int command_audit(const struct options *options);
int command_make(const struct options *options);
int command_fetch(const struct options *options);

/** A zone that was loaded and verified, and how long that took. */
struct prepared {
	struct zone *zone; /* the caller's: zone_free() */
	struct zone_verification done;
	unsigned int load_ms, verify_ms;
};

/** Load and verify options->operands[0], or what a builder got on standard input. @return 0 or
 * -errno */
int zone_prepare(const struct options *options, struct prepared *prepared, struct why *why);

/** Compile a zone and prove what was made. */
int zone_compile(const struct options *options, const struct prepared *prepared,
	struct image **image, struct builder_result *made, struct why *why);

/** Say what failed, as JSON if that was asked for. @return 1 */
int command_failed(const struct options *options, const struct why *why);

#endif
