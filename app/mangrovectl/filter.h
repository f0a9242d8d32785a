/* SPDX-License-Identifier: BSD-3-Clause */
/* What filter add and filter remove are given. */
#ifndef MANGROVECTL_FILTER_H
#define MANGROVECTL_FILTER_H

#include <jansson.h>
#include <stdbool.h>

/** Options of filter add; NULL and 0: left out. */
struct filter_options {
	const char *prefix, *range, *name;
	unsigned long long rate, seconds;
};

/**
 * Put a filter into a request.
 *
 * @param wrong  what cannot be sent, for a person
 * @return false: it is wrong
 */
bool filter_request(const struct filter_options *options, const char *action, json_t *request,
	const char **wrong);

/** Whether any option was given. */
bool filter_is_given(const struct filter_options *options);

#endif
