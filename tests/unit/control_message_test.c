/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "control/control_priv.h"

static const struct {
	const char *what;
	uint8_t octets[8];
	size_t size;
	enum message_state state;
} fronts[] = {
	{"nothing", {0}, 0, MESSAGE_PART},
	{"three octets of a length", {0, 0, 0}, 3, MESSAGE_PART},
	{"length 0", {0, 0, 0, 0}, 4, MESSAGE_BAD_LENGTH},
	{"length 1, and nothing", {0, 0, 0, 1}, 4, MESSAGE_PART},
	{"length 1", {0, 0, 0, 1, '1'}, 5, MESSAGE_WHOLE},
	{"length 2, and one octet", {0, 0, 0, 2, '{'}, 5, MESSAGE_PART},
	{"length 65536", {0, 1, 0, 0}, 4, MESSAGE_PART},
	{"length 65537", {0, 1, 0, 1}, 4, MESSAGE_BAD_LENGTH},
	{"length 2^32 - 1", {0xff, 0xff, 0xff, 0xff}, 4, MESSAGE_BAD_LENGTH},
};

Test(control_message, is_judged_by_its_length_before_it_is_there)
{
	for (size_t i = 0; i < sizeof(fronts) / sizeof(fronts[0]); i++) {
		size_t length = 77;

		cr_expect_eq(message_front(fronts[i].octets, fronts[i].size, CONTROL_REQUEST_MAX,
				     &length),
			fronts[i].state, "%s", fronts[i].what);
		cr_expect_eq(
			length, fronts[i].state == MESSAGE_WHOLE ? 1 : 77, "%s", fronts[i].what);
	}
}

static const struct {
	const char *text;
	bool taken;
} requests[] = {
	{"{}", true},
	{"{\"command\": \"status\"}", true},
	{"", false},
	{"{", false},
	{"{\"command\": \"sta", false},
	{"[]", false},
	{"\"status\"", false},
	{"{} {}", false},
	{"{\"a\": 1, \"a\": 2}", false},
	{"{\"a\": \"\xff\"}", false},
};

Test(control_message, is_one_object_of_json_and_nothing_else)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		struct why why = {0};
		json_t *request = message_parse(
			(const uint8_t *)requests[i].text, strlen(requests[i].text), &why);

		cr_expect_eq(request != NULL, requests[i].taken, "%s", requests[i].text);
		cr_expect_eq(why.text[0] == '\0', requests[i].taken, "%s", why.text);
		json_decref(request);
	}
}

/* {"a": [[...]]}, `depth` deep in all */
static json_t *
nested(unsigned int depth)
{
	char text[4096] = "{\"a\":";
	struct why why;

	for (unsigned int i = 1; i < depth; i++)
		strcat(text, "[");
	strcat(text, depth == 1 ? "1" : "");
	for (unsigned int i = 1; i < depth; i++)
		strcat(text, "]");
	strcat(text, "}");
	return message_parse((const uint8_t *)text, strlen(text), &why);
}

Test(control_message, is_nested_so_deep_and_no_deeper)
{
	json_t *good = nested(CONTROL_DEPTH_MAX);

	cr_expect(good);
	json_decref(good);
	cr_expect_null(nested(CONTROL_DEPTH_MAX + 1));
	cr_expect_null(nested(1500));
}

Test(control_message, says_a_failure_even_if_its_text_is_no_utf8)
{
	json_t *failure = message_failure(CONTROL_FAILED, "file \xe9t\xe9.zone");

	cr_assert(failure);
	cr_expect(json_is_false(json_object_get(failure, "ok")));
	cr_expect_str_eq(json_string_value(json_object_get(failure, "code")), "failed");
	cr_expect_str_eq(json_string_value(json_object_get(failure, "error")), "file ?t?.zone");
	json_decref(failure);
}

Test(control_message, tells_a_text_that_was_cut_within_a_character)
{
	static const char whole[] = "file \xc3\xa9t\xc3\xa9";
	json_t *same = control_text(whole), *cut;
	char text[sizeof(whole)] = "";

	cr_expect_str_eq(json_string_value(same), whole);
	memcpy(text, whole, sizeof(whole) - 2);
	cut = control_text(text);
	cr_assert(cut);
	cr_expect_str_eq(json_string_value(cut), "file ??t?");
	json_decref(same);
	json_decref(cut);
}
