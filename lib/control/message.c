/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/control_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum message_state
message_front(const uint8_t *octets, size_t size, size_t max, size_t *length)
{
	size_t said;

	if (size < CONTROL_LENGTH_SIZE)
		return MESSAGE_PART;
	said = (size_t)octets[0] << 24 | (size_t)octets[1] << 16 | (size_t)octets[2] << 8 |
	       octets[3];
	if (said == 0 || said > max)
		return MESSAGE_BAD_LENGTH;
	if (size - CONTROL_LENGTH_SIZE < said)
		return MESSAGE_PART;
	*length = said;
	return MESSAGE_WHOLE;
}

void
message_length_write(uint8_t octets[static CONTROL_LENGTH_SIZE], size_t length)
{
	octets[0] = (uint8_t)(length >> 24);
	octets[1] = (uint8_t)(length >> 16);
	octets[2] = (uint8_t)(length >> 8);
	octets[3] = (uint8_t)length;
}

/* How deep objects and arrays are nested, judged before a parser descends into them. */
static bool
is_shallow(const uint8_t *octets, size_t length)
{
	unsigned int depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < length; i++) {
		if (quoted && octets[i] == '\\')
			i++;
		else if (octets[i] == '"')
			quoted = !quoted;
		else if (!quoted && (octets[i] == '{' || octets[i] == '['))
			depth++;
		else if (!quoted && depth && (octets[i] == '}' || octets[i] == ']'))
			depth--;
		if (depth > CONTROL_DEPTH_MAX)
			return false;
	}
	return true;
}

json_t *
message_parse(const uint8_t *octets, size_t length, struct why *why)
{
	json_error_t error;
	json_t *request;

	if (!is_shallow(octets, length)) {
		why_set(why, EBADMSG, "nested deeper than %d", CONTROL_DEPTH_MAX);
		return NULL;
	}
	request = json_loadb((const char *)octets, length, JSON_REJECT_DUPLICATES, &error);
	if (!request) {
		why_set(why, EBADMSG, "no JSON: %s", error.text);
	} else if (!json_is_object(request)) {
		why_set(why, EBADMSG, "no JSON object");
		json_decref(request);
		request = NULL;
	}
	return request;
}

json_t *
control_text(const char *text)
{
	json_t *string = json_string(text);
	char *plain = string ? NULL : strdup(text);

	for (char *c = plain; c && *c; c++)
		if (*c & 0x80)
			*c = '?';
	if (plain)
		string = json_string(plain);
	free(plain);
	return string;
}

json_t *
message_failure(const char *code, const char *text)
{
	return json_pack("{s:b, s:s, s:o}", "ok", 0, "code", code, "error", control_text(text));
}
