/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MANGROVE_ZONE_OPTIONS_H
#define MANGROVE_ZONE_OPTIONS_H

#include "zone/zone.h"

/** What the subcommands have in common. */
struct options {
	struct zone_verify_options verify;
	struct wire_name origin;
	bool has_origin, json, dnssec_ok, oracle;
	bool is_builder; /* give up all rights before parsing */
	uint16_t size;	 /* EDNS size; 0: no EDNS */
	const char *output;
	/* make */
	uint32_t serial; /* 0: of the day */
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
int command_audit(const struct options *options);
int command_make(const struct options *options);

/** Load and verify options->operands[0]. A warning goes to standard error. */
int zone_prepare(const struct options *options, struct zone **zone, struct zone_verification *done,
	struct why *why);

#endif
