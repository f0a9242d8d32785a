/* SPDX-License-Identifier: BSD-3-Clause */
#include "filter.h"

#include <string.h>

#include "wire/wire.h"

bool
filter_is_given(const struct filter_options *options)
{
	return options->prefix || options->range || options->name || options->rate ||
	       options->seconds;
}

static bool
name_set(json_t *request, const char *key, const char *text)
{
	char whole[WIRE_NAME_TEXT_MAX];
	struct wire_name name;

	if (!text)
		return true;
	if (!wire_name_from_text(&name, text))
		return false;
	wire_name_fold(&name);
	json_object_set_new(request, key, json_string(wire_name_to_text(&name, whole)));
	return true;
}

static void
number_set(json_t *request, const char *key, unsigned long long number)
{
	if (number)
		json_object_set_new(request, key, json_integer((json_int_t)number));
}

bool
filter_request(const struct filter_options *options, const char *action, json_t *request,
	const char **wrong)
{
	bool limits = strcmp(action, "limit") == 0;

	if (!limits && strcmp(action, "drop") != 0 && strcmp(action, "tc") != 0)
		*wrong = "neither drop nor tc nor limit: ";
	else if (limits && !options->rate)
		*wrong = "--rate is missing for ";
	else if (!limits && options->rate)
		*wrong = "--rate goes with limit, not with ";
	else if (!options->prefix && !options->range && !options->name)
		*wrong = "--prefix, --range or --name is missing for ";
	else if (options->range && options->name)
		*wrong = "either --range or --name for ";
	else if (!name_set(request, "range", options->range) ||
		 !name_set(request, "name", options->name))
		*wrong = "--range or --name is no name for ";
	else
		*wrong = NULL;
	if (*wrong)
		return false;
	json_object_set_new(request, "action", json_string(action));
	if (options->prefix)
		json_object_set_new(request, "prefix", json_string(options->prefix));
	number_set(request, "rate", options->rate);
	number_set(request, "seconds", options->seconds);
	return true;
}
