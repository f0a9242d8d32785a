/* SPDX-License-Identifier: BSD-3-Clause */
/* What is a transfer, and what is not: answers fed message by message. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "transfer/transfer_priv.h"

enum { ID = 0x1234, MESSAGES_MAX = 4 };

/*
 * Messages are written as words: S7 is the SOA of serial 7, s7 the same in capital letters, x7 one
 * that differs in its EXPIRE, T7 one with another TTL; others are records:
 */
static const struct {
	const char *word, *owner;
	uint16_t type, class;
	const char *rdata;
	size_t length;
} words[] = {
	{"ns", "test", 2, 1, "\1a\300\14", 4}, /* a.<the question's name> */
	{"a", "A.test", 1, 1, "\306\22\0\1", 4},
	{"b", "b.test", 1, 1, "\306\22\0\2", 4},
	{"mx", "test", 15, 1, "\0\12\300\14", 4},
	{"out", "test2", 1, 1, "\306\22\0\1", 4},
	{"chaos", "a.test", 1, 3, "\306\22\0\1", 4},
	{"opt", "a.test", 41, 1, "", 0},
	{"any", "a.test", 255, 1, "", 0},
	{"zero", "a.test", 0, 1, "", 0},
	{"badns", "test", 2, 1, "\1a", 2},
	{"longns", "test", 2, 1, "\1a\0x", 4},
	{"loopns", "test", 2, 1, "\300\377", 2},
	{"soa2", "a.test", 6, 1, "\0\0\0\0\0\7\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 22},
};

static void
record_write(struct wire_writer *w, const char *owner, uint16_t type, uint16_t class, uint32_t ttl,
	const char *rdata, size_t length)
{
	struct wire_record record = {.type = type,
		.class = class,
		.ttl = ttl,
		.length = (uint16_t)length,
		.rdata = (const uint8_t *)rdata};

	cr_assert(wire_name_from_text(&record.owner, owner));
	wire_record_write(w, &record);
}

static void
soa_write(struct wire_writer *w, const char *word)
{
	bool capitals = word[0] == 's';
	uint8_t rdata[64];
	struct wire_writer r = wire_writer_of(rdata, sizeof(rdata));

	wire_write(&r, capitals ? "\1M\300\14" : "\1m\300\14", 4);
	wire_write(&r, "\0", 1);
	wire_u32_write(&r, (uint32_t)strtoul(word + 1, NULL, 10));
	wire_u32_write(&r, 1800);
	wire_u32_write(&r, 900);
	wire_u32_write(&r, word[0] == 'x' ? 1 : 604800);
	wire_u32_write(&r, 86400);
	record_write(w, capitals ? "TEST" : "test", WIRE_TYPE_SOA, WIRE_CLASS_IN,
		word[0] == 'T' ? 1 : 86400, (const char *)rdata, r.offset);
}

static bool
is_soa(const char *word)
{
	return strchr("SsxT", word[0]) && word[1] >= '0' && word[1] <= '9';
}

static void
word_write(struct wire_writer *w, const char *word)
{
	if (is_soa(word)) {
		soa_write(w, word);
		return;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i].word, word) != 0)
			continue;
		record_write(w, words[i].owner, words[i].type, words[i].class, 60, words[i].rdata,
			words[i].length);
		return;
	}
	cr_assert_fail("no word %s", word);
}

struct message {
	size_t length;
	uint8_t octets[2048];
};

/* An answer whose records are words. */
static struct message
message_of(const struct transfer_question *question, const char *text, bool has_question)
{
	struct message message;
	struct wire_writer w = wire_writer_of(message.octets, sizeof(message.octets));
	char *copy = strdup(text), *next = copy, *word;
	uint16_t count = 0;

	wire_u16_write(&w, question->id);
	wire_u16_write(&w, 0x8400);
	wire_u16_write(&w, has_question);
	wire_u16_write(&w, 0);
	wire_u32_write(&w, 0);
	if (has_question) {
		wire_write(&w, question->origin->octets, question->origin->length);
		wire_u16_write(&w, question->type);
		wire_u16_write(&w, WIRE_CLASS_IN);
	}
	while ((word = strsep(&next, " ")))
		if (*word) {
			word_write(&w, word);
			count++;
		}
	free(copy);
	cr_assert_not(w.failed);
	wire_u16_patch(message.octets + 6, count);
	message.length = w.offset;
	return message;
}

static struct wire_name origin;

static void
begin(struct transfer_block *block, uint16_t type, uint32_t serial)
{
	static const struct transfer_limits limits = {.octets = 100000, .records = 1000};
	struct transfer_question question = {
		.origin = &origin,
		.id = ID,
		.type = type,
		.has_serial = serial != 0,
		.serial = serial,
	};

	cr_assert(wire_name_from_text(&origin, "test"));
	transfer_block_begin(block, &question, &limits);
}

/* In a block of exactly its size, so that a sanitizer sees a read past the end */
static enum transfer_fed
feed(struct transfer_block *block, const struct message *message, struct why *why)
{
	uint8_t *exact = malloc(message->length ? message->length : 1);
	enum transfer_fed fed;
	uint16_t rcode;

	memcpy(exact, message->octets, message->length);
	fed = transfer_block_feed(block, exact, message->length, &rcode, why);
	free(exact);
	return fed;
}

/* @param question  whether messages behind the first have it too. Else a record of its name is
 * where pointers in words go */
static enum transfer_fed
feed_all(struct transfer_block *block, const char *const *messages, bool question, struct why *why)
{
	enum transfer_fed fed = TRANSFER_FED_MORE;

	for (unsigned int i = 0; i < MESSAGES_MAX && messages[i] && fed == TRANSFER_FED_MORE; i++) {
		/* the pointers in words go to where the question's name is */
		struct message message =
			message_of(&block->question, messages[i], i == 0 || question);

		fed = feed(block, &message, why);
	}
	return fed;
}

#define AXFR WIRE_TYPE_AXFR
#define IXFR WIRE_TYPE_IXFR

static const struct {
	const char *what;
	uint16_t type;
	uint32_t serial; /* ours; 0: none */
	const char *messages[MESSAGES_MAX];
	enum transfer_fed fed;
	enum transfer_form form;
	unsigned int count;
	const char *reason;
} transfers[] = {
	{"a zone", AXFR, 0, {"S7 ns a S7"}, TRANSFER_FED_END, TRANSFER_AXFR, 4, NULL},
	{"newer than ours", AXFR, 6, {"S7 ns a S7"}, TRANSFER_FED_END, TRANSFER_AXFR, 4, NULL},
	{"in messages", AXFR, 0, {"S7", "ns", "a mx", "S7"}, TRANSFER_FED_END, TRANSFER_AXFR, 5,
		NULL},
	{"another spelling", AXFR, 0, {"S7 ns a s7"}, TRANSFER_FED_END, TRANSFER_AXFR, 4, NULL},
	{"nothing but a SOA", AXFR, 0, {"S7 S7"}, TRANSFER_FED_END, TRANSFER_AXFR, 2, NULL},
	{"not ended", AXFR, 0, {"S7 ns a"}, TRANSFER_FED_MORE, TRANSFER_AXFR, 3, NULL},
	{"the version that is ours", AXFR, 7, {"S7 ns a S7"}, TRANSFER_FED_STALE, 0, 0, NULL},
	{"as differences", IXFR, 7, {"S8 S7 a S8 b S8"}, TRANSFER_FED_END, TRANSFER_IXFR, 6, NULL},
	{"two steps", IXFR, 7, {"S9 S7 a S8 b S8", "S9 a S9"}, TRANSFER_FED_END, TRANSFER_IXFR, 9,
		NULL},
	{"one record a message", IXFR, 7, {"S8", "S7 a", "S8 b", "S8"}, TRANSFER_FED_END,
		TRANSFER_IXFR, 6, NULL},
	{"only deletions", IXFR, 7, {"S8 S7 a S8 S8"}, TRANSFER_FED_END, TRANSFER_IXFR, 5, NULL},
	{"across the end of serials", IXFR, 4294967295, {"S1 S4294967295 S1 S1"}, TRANSFER_FED_END,
		TRANSFER_IXFR, 4, NULL},
	{"all of it for differences", IXFR, 7, {"S8 ns a b S8"}, TRANSFER_FED_END, TRANSFER_AXFR, 5,
		NULL},
	{"nothing newer", IXFR, 7, {"S7"}, TRANSFER_FED_STALE, 0, 0, NULL},
	{"an older one", IXFR, 7, {"S6 ns S6"}, TRANSFER_FED_STALE, 0, 0, NULL},

	{"no SOA first", AXFR, 0, {"ns S7"}, TRANSFER_FED_BROKEN, 0, 0, "does not begin"},
	{"two SOAs", AXFR, 0, {"S7 ns S8"}, TRANSFER_FED_BROKEN, 0, 0,
		"closes it (serial 8) is not the one that opened it (serial 7)"},
	{"two SOAs at once", AXFR, 0, {"S7 S6"}, TRANSFER_FED_BROKEN, 0, 0, "closes it"},
	{"another EXPIRE", AXFR, 0, {"S7 ns x7"}, TRANSFER_FED_BROKEN, 0, 0, "closes it"},
	{"another TTL", AXFR, 0, {"S7 ns T7"}, TRANSFER_FED_BROKEN, 0, 0, "closes it"},
	{"more behind the end", AXFR, 0, {"S7 ns S7 a"}, TRANSFER_FED_BROKEN, 0, 0,
		"records behind the SOA"},
	{"a SOA behind the end", AXFR, 0, {"S7 ns S7 S7"}, TRANSFER_FED_BROKEN, 0, 0,
		"records behind the SOA"},
	{"out of the zone", AXFR, 0, {"S7 ns out S7"}, TRANSFER_FED_BROKEN, 0, 0,
		"test2.: not in the zone test."},
	{"another class", AXFR, 0, {"S7 chaos S7"}, TRANSFER_FED_BROKEN, 0, 0, "class 3"},
	{"OPT as a record", AXFR, 0, {"S7 opt S7"}, TRANSFER_FED_BROKEN, 0, 0, "type 41"},
	{"ANY as a record", AXFR, 0, {"S7 any S7"}, TRANSFER_FED_BROKEN, 0, 0, "type 255"},
	{"type 0", AXFR, 0, {"S7 zero S7"}, TRANSFER_FED_BROKEN, 0, 0, "type 0"},
	{"a name cut in RDATA", AXFR, 0, {"S7 badns S7"}, TRANSFER_FED_BROKEN, 0, 0, "RDATA"},
	{"octets behind a name", AXFR, 0, {"S7 longns S7"}, TRANSFER_FED_BROKEN, 0, 0, "RDATA"},
	{"a pointer forward", AXFR, 0, {"S7 loopns S7"}, TRANSFER_FED_BROKEN, 0, 0, "RDATA"},
	{"the SOA of another", AXFR, 0, {"S7 soa2 S7"}, TRANSFER_FED_BROKEN, 0, 0,
		"a.test.: a SOA that is not the zone's"},
	{"no records", AXFR, 0, {"S7 ns", ""}, TRANSFER_FED_BROKEN, 0, 0, "without records"},
	{"from another serial", IXFR, 7, {"S9 S8 a S9 S9"}, TRANSFER_FED_BROKEN, 0, 0,
		"begin at serial 8, not at the 7"},
	{"steps that do not fit", IXFR, 7, {"S9 S7 a S8 b S6"}, TRANSFER_FED_BROKEN, 0, 0,
		"from serial 6 behind those that end at serial 8"},
	{"a step back", IXFR, 7, {"S9 S7 a S6"}, TRANSFER_FED_BROKEN, 0, 0, "from serial 7 to 6"},
	{"a step too far", IXFR, 7, {"S9 S7 a S10"}, TRANSFER_FED_BROKEN, 0, 0,
		"from serial 7 to 10"},
	{"no step", IXFR, 7, {"S9 S7 a S7"}, TRANSFER_FED_BROKEN, 0, 0, "from serial 7 to 7"},
	{"another SOA at the end", IXFR, 7, {"S8 S7 a S8 b x8"}, TRANSFER_FED_BROKEN, 0, 0,
		"closes it"},
	{"more behind differences", IXFR, 7, {"S8 S7 a S8 b S8 b"}, TRANSFER_FED_BROKEN, 0, 0,
		"records behind"},
};

static void
transfer_try(size_t i, bool question)
{
	struct transfer_block block;
	struct why why = {""};
	enum transfer_fed fed;

	begin(&block, transfers[i].type, transfers[i].serial);
	fed = feed_all(&block, transfers[i].messages, question, &why);
	cr_expect_eq(fed, transfers[i].fed, "%s: %d %s", transfers[i].what, fed, why.text);
	if (transfers[i].reason)
		cr_expect_not_null(strstr(why.text, transfers[i].reason), "%s: %s",
			transfers[i].what, why.text);
	if (transfers[i].count)
		cr_expect(block.count == transfers[i].count && block.form == transfers[i].form,
			"%s", transfers[i].what);
	transfer_block_end(&block);
}

Test(transfer_block, takes_what_is_a_transfer_and_nothing_else)
{
	for (size_t i = 0; i < sizeof(transfers) / sizeof(transfers[0]); i++) {
		transfer_try(i, true);
		transfer_try(i, false);
	}
}

Test(transfer_block, has_records_uncompressed_in_order_and_case)
{
	struct transfer_block block;
	const char *const messages[MESSAGES_MAX] = {"S7 ns a mx S7"};
	uint16_t types[5] = {6, 2, 1, 15, 6};
	struct wire_record record;
	struct wire_reader r;
	struct why why;

	begin(&block, AXFR, 0);
	cr_assert_eq(feed_all(&block, messages, true, &why), TRANSFER_FED_END, "%s", why.text);
	r = wire_reader_of(block.octets, block.length);
	for (unsigned int i = 0; i < 5; i++) {
		wire_record_read(&r, &record);
		cr_assert_not(r.failed);
		cr_expect_eq(record.type, types[i]);
		if (i == 1)
			cr_expect(
				record.length == 8 && memcmp(record.rdata, "\1a\4test\0", 8) == 0);
		if (i == 2)
			cr_expect_arr_eq(record.owner.octets, "\1A\4test\0", 8);
		if (i == 3)
			cr_expect(record.length == 8 &&
				  memcmp(record.rdata, "\0\12\4test\0", 8) == 0);
	}
	cr_expect_eq(r.offset, r.length);
	transfer_block_end(&block);
}

Test(transfer_block, keeps_to_its_limits)
{
	const char *const messages[MESSAGES_MAX] = {"S7 ns a b S7"};

	for (unsigned int records = 1; records <= 5; records++) {
		struct transfer_block block;
		struct why why = {""};

		begin(&block, AXFR, 0);
		block.records_max = records;
		cr_expect_eq(feed_all(&block, messages, true, &why),
			records < 5 ? TRANSFER_FED_BROKEN : TRANSFER_FED_END);
		if (records < 5)
			cr_expect_not_null(strstr(why.text, "records"), "%s", why.text);
		transfer_block_end(&block);
	}
	for (size_t octets = 0; octets < 200; octets++) {
		struct transfer_block block;
		struct why why = {""};

		begin(&block, AXFR, 0);
		block.octets_max = octets;
		cr_expect_eq(feed_all(&block, messages, true, &why), TRANSFER_FED_BROKEN);
		cr_expect_leq(block.length, octets);
		transfer_block_end(&block);
	}
}

Test(transfer_block, of_messages_cut_anywhere_is_none)
{
	struct transfer_block block;
	struct message whole;
	struct why why;

	begin(&block, AXFR, 0);
	whole = message_of(&block.question, "S7 ns a mx S7", true);
	for (size_t length = 0; length < whole.length; length++) {
		struct message cut = whole;

		cut.length = length;
		cr_expect_eq(feed(&block, &cut, &why), TRANSFER_FED_BROKEN, "%zu octets", length);
		transfer_block_end(&block);
		begin(&block, AXFR, 0);
	}
	whole.octets[whole.length++] = 0;
	cr_expect_eq(feed(&block, &whole, &why), TRANSFER_FED_BROKEN);
	transfer_block_end(&block);
}

/* ---- answers ---- */

static const struct {
	const char *what;
	unsigned int offset;
	uint8_t value; /* exclusive or */
	int rc;
} headers[] = {
	{"another ID", 1, 1, -ENOMSG},
	{"a query", 2, WIRE_FLAG1_QR, -ENOMSG},
	{"a NOTIFY", 2, 0x20, -ENOMSG},
	{"truncated", 2, WIRE_FLAG1_TC, -EMSGSIZE},
	{"no authority", 2, WIRE_FLAG1_AA, -EBADMSG},
	{"REFUSED", 3, 5, -EPROTO},
	{"two questions", 5, 3, -ENOMSG},
	{"no question", 5, 1, -ENOMSG},
	{"another name", 13, 1, -ENOMSG},
	{"another case", 13, 0x20, 0},
	{"another type", 19, 1, -ENOMSG},
	{"another class", 21, 2, -ENOMSG},
	{"recursion wanted", 2, WIRE_FLAG1_RD, 0},
	{"as it should be", 2, 0, 0},
};

Test(transfer_answer, to_a_soa_query_fits_the_question)
{
	struct transfer_question question = {.origin = &origin, .id = ID, .type = WIRE_TYPE_SOA};

	cr_assert(wire_name_from_text(&origin, "test"));
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		struct message message = message_of(&question, "S4294967295", true);
		struct why why = {""};
		uint32_t serial = 0;

		message.octets[headers[i].offset] ^= headers[i].value;
		cr_expect_eq(
			transfer_soa_read(&question, message.octets, message.length, &serial, &why),
			headers[i].rc, "%s: %s", headers[i].what, why.text);
		cr_expect_eq(serial, headers[i].rc == 0 ? UINT32_MAX : 0, "%s", headers[i].what);
	}
}

Test(transfer_answer, without_the_soa_or_cut_is_no_good)
{
	struct transfer_question question = {.origin = &origin, .id = ID, .type = WIRE_TYPE_SOA};
	struct message message;
	struct why why;
	uint32_t serial;

	cr_assert(wire_name_from_text(&origin, "test"));
	message = message_of(&question, "soa2 ns", true);
	cr_expect_eq(transfer_soa_read(&question, message.octets, message.length, &serial, &why),
		-EBADMSG);
	message = message_of(&question, "S7", true);
	for (size_t length = 0; length < message.length; length++) {
		int rc = transfer_soa_read(&question, message.octets, length, &serial, &why);

		cr_expect(rc == -EBADMSG || rc == -ENOMSG, "%zu octets: %d", length, rc);
	}
}

Test(transfer_request, asks_for_differences_with_the_serial_that_is_ours)
{
	struct transfer_question question = {.origin = &origin,
		.id = ID,
		.type = IXFR,
		.has_serial = true,
		.serial = 0x01020304};
	uint8_t message[TRANSFER_REQUEST_MAX];
	struct wire_record record;
	struct wire_reader r;
	size_t length;

	cr_assert(wire_name_from_text(&origin, "test"));
	length = transfer_request_write(&question, message);
	cr_expect_arr_eq(message, "\x12\x34\0\0\0\1\0\0\0\1\0\0\4test\0\0\373\0\1", 22);
	r = wire_reader_of(message, length);
	r.offset = 22;
	wire_record_read(&r, &record);
	cr_expect_not(r.failed);
	cr_expect_eq(r.offset, length);
	cr_expect_eq(record.type, WIRE_TYPE_SOA);
	cr_expect(record.length == 22 && memcmp(record.rdata, "\0\0\1\2\3\4", 6) == 0);
	question.type = AXFR;
	cr_expect_eq(transfer_request_write(&question, message), 22);
}

Test(transfer_sources, are_found_by_name)
{
	cr_expect_not_null(transfer_public_source_find("LAX.xfr.dns.icann.org"));
	cr_expect_null(transfer_public_source_find("a.root-servers.net"));
}
