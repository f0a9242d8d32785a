/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MANGROVE_SURGE_VALUES_H
#define MANGROVE_SURGE_VALUES_H

#include "options.h"

/* Each reads the value of an option, which is given by its name. @return 0, or -EINVAL and the
 * reason */
int value_fault(struct why *why, const char *option, const char *text, const char *wanted);
int value_count(struct why *why, const char *option, const char *text, uint64_t least,
	uint64_t most, uint64_t *count);
int value_small(struct why *why, const char *option, const char *text, unsigned int least,
	unsigned int most, unsigned int *count);
int value_per_cent(struct why *why, const char *option, const char *text, double *share);
int value_rate(struct why *why, const char *option, const char *text, double *rate);
int value_ramp(struct why *why, const char *option, const char *text, struct options *o);
int value_seconds(struct why *why, const char *option, const char *text, double *seconds);
int value_cpus(struct why *why, const char *option, const char *text, struct options *o);
int value_mac(struct why *why, const char *option, const char *text, uint8_t mac[static 6]);
int value_server(
	struct why *why, const char *option, const char *text, struct packet_service *service);
int value_prefix(
	struct why *why, const char *option, const char *text, struct workload_prefix *prefix);
int value_time(struct why *why, const char *option, const char *text, time_t *at);
int value_verify(
	struct why *why, const char *option, const char *text, enum surge_strictness *strictness);
int value_append(struct why *why, const char *option, const char *text, const char **list,
	unsigned int *count, unsigned int most);

#endif
