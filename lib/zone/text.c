/* SPDX-License-Identifier: BSD-3-Clause */
#include "zone/zone_priv.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *
zone_type_text(uint16_t type)
{
	static _Thread_local char texts[4][16];
	static _Thread_local unsigned int next;
	const ldns_rr_descriptor *descriptor = ldns_rr_descript(type);
	char *text = texts[next++ % 4];

	if (descriptor && descriptor->_name && descriptor->_type == type)
		return descriptor->_name;
	snprintf(text, sizeof(texts[0]), "TYPE%u", type);
	return text;
}

int
zone_why(struct why *why, const struct zone *zone, uint32_t line, const struct wire_name *owner,
	uint16_t type, const char *format, ...)
{
	char name[WIRE_NAME_TEXT_MAX], reason[512];
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	wire_name_to_text(owner, name);
	if (line)
		return why_set(why, EINVAL, "%s:%u: %.255s %s: %s", zone->path, line, name,
			zone_type_text(type), reason);
	return why_set(
		why, EINVAL, "%s: %.255s %s: %s", zone->path, name, zone_type_text(type), reason);
}

bool
zone_policy_from_text(enum zone_policy *policy, const char *text)
{
	static const char *const names[] = {
		[ZONE_REQUIRE] = "require", [ZONE_IF_PRESENT] = "if-present", [ZONE_OFF] = "off"};

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], text) == 0) {
			*policy = i;
			return true;
		}
	return false;
}

bool
zone_time_from_text(time_t *at, const char *text)
{
	struct tm tm = {0};
	const char *end;

	if (strlen(text) != 14 || strspn(text, "0123456789") != 14)
		return false;
	end = strptime(text, "%Y%m%d%H%M%S", &tm);
	if (!end || *end)
		return false;
	*at = timegm(&tm);
	return true;
}
