/* SPDX-License-Identifier: BSD-3-Clause */
#include "zone/zone_priv.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

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

bool
zone_type_from_text(uint16_t *type, const char *text)
{
	ldns_rr_type known;
	char *end;

	if (strncasecmp(text, "TYPE", 4) == 0 && text[4] >= '0' && text[4] <= '9') {
		unsigned long number = strtoul(text + 4, &end, 10);

		if (*end || number == 0 || number > UINT16_MAX)
			return false;
		*type = (uint16_t)number;
		return true;
	}
	known = ldns_get_rr_type_by_name(text);
	*type = (uint16_t)known;
	return known != 0;
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
	struct tm tm = {0}, again;
	const char *end;
	time_t made;

	if (strlen(text) != 14 || strspn(text, "0123456789") != 14)
		return false;
	end = strptime(text, "%Y%m%d%H%M%S", &tm);
	if (!end || *end)
		return false;
	again = tm;
	made = timegm(&again);
	/* what is normalized was no date: 30 February */
	if (again.tm_mday != tm.tm_mday || again.tm_sec != tm.tm_sec)
		return false;
	*at = made;
	return true;
}
