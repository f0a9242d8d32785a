/* SPDX-License-Identifier: BSD-3-Clause */
/* audit: answers of a running server are answered again from plain records, and compared. */
#include "audit/audit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "builder/builder.h"
#include "options.h"
#include "oracle/oracle.h"

/* of each zone: file, name, serial */
enum { OPERANDS = 3 };

struct auditor {
	struct exchange_self self;
	const struct zone *zones[IMAGE_CATALOGUE_MAX];
	struct oracle_zones known;
	struct wire_name
		unknown[IMAGE_CATALOGUE_MAX]; /* zones that are not as they were published */
	unsigned int unknown_count;
};

struct text {
	uint8_t *octets;
	size_t length;
};

/* @return 0 where the file still holds what was published */
static int
zone_take(struct auditor *auditor, const struct text *text, char **operands, struct why *why)
{
	struct wire_name *origin = &auditor->unknown[auditor->unknown_count];
	struct zone *zone;

	if (!wire_name_from_text(origin, operands[1]))
		return why_set(why, EINVAL, "%s: not a name", operands[1]);
	wire_name_fold(origin);
	auditor->unknown_count++;
	if (!text->octets ||
		zone_load_text(operands[0], text->octets, text->length, origin, &zone, why) < 0)
		return -EINVAL;
	if (zone->serial != strtoul(operands[2], NULL, 10)) {
		zone_free(zone);
		return -ESTALE;
	}
	auditor->unknown_count--;
	auditor->zones[auditor->known.count++] = zone;
	return 0;
}

/* Files first: what comes of them needs no rights. */
static int
zones_take(struct auditor *auditor, const struct options *options,
	uint8_t report[static IMAGE_CATALOGUE_MAX], struct why *why)
{
	unsigned int count = (unsigned int)options->operand_count / OPERANDS;
	struct text texts[IMAGE_CATALOGUE_MAX] = {{NULL}};
	struct why ignored;
	int rc;

	for (unsigned int i = 0; i < count; i++)
		if (file_read(options->operands[OPERANDS * i], ZONE_FILE_SIZE_MAX, &texts[i].octets,
			    &texts[i].length, &ignored) < 0)
			texts[i].octets = NULL;
	rc = builder_confine(why);
	for (unsigned int i = 0; i < count && rc == 0; i++)
		report[i] = zone_take(auditor, &texts[i], options->operands + OPERANDS * i,
				    &ignored) == 0
				    ? AUDIT_ZONE_SAME
				    : AUDIT_ZONE_OTHER;
	for (unsigned int i = 0; i < count; i++)
		free(texts[i].octets);
	auditor->known.zones = auditor->zones;
	return rc;
}

/* Whether the answer may come from a zone that is not here. */
static bool
is_unknown(const struct auditor *auditor, const uint8_t *message, size_t length)
{
	struct wire_query query;
	struct wire_name qname;

	if (auditor->unknown_count == 0 ||
		wire_query_read(message, length, WIRE_UDP, &query) != WIRE_ANSWER)
		return false;
	if (auditor->known.count == 0)
		return true;
	qname = query.qname;
	wire_name_fold(&qname);
	for (unsigned int i = 0; i < auditor->unknown_count; i++)
		if (wire_name_is_below(&qname, &auditor->unknown[i]))
			return true;
	return false;
}

static void
question_answer(const struct auditor *auditor, const struct audit_question *question,
	struct audit_verdict *verdict)
{
	const struct exchange_peer peer = {
		.address = question->address,
		.address_size = question->address_size,
		.transport = WIRE_UDP,
		.now = question->now,
	};
	const uint8_t *query = question->messages, *reply = query + question->query_length;

	verdict->expected_length = 0;
	verdict->outcome = AUDIT_UNKNOWN;
	if (is_unknown(auditor, query, question->query_length))
		return;
	verdict->expected_length = (uint16_t)oracle_answer(&auditor->known, &auditor->self, &peer,
		query, question->query_length, verdict->expected);
	verdict->outcome =
		verdict->expected_length == question->reply_length &&
				memcmp(verdict->expected, reply, question->reply_length) == 0
			? AUDIT_SAME
			: AUDIT_DIFFERENT;
}

static bool
question_is_whole(const struct audit_question *question, size_t size)
{
	const size_t fixed = offsetof(struct audit_question, messages);

	return size >= fixed && size == fixed + question->query_length + question->reply_length &&
	       (question->address_size == 4 || question->address_size == 16);
}

/* @return the exit code: the other end has gone, or does not speak as we do */
static int
questions_answer(const struct auditor *auditor)
{
	static struct audit_question question;
	static struct audit_verdict verdict;
	ssize_t size;

	while ((size = recv(STDIN_FILENO, &question, sizeof(question), 0)) > 0) {
		size_t length = offsetof(struct audit_verdict, expected);

		if (!question_is_whole(&question, (size_t)size))
			return 1;
		question_answer(auditor, &question, &verdict);
		if (verdict.outcome == AUDIT_DIFFERENT)
			length += verdict.expected_length;
		if (send(STDIN_FILENO, &verdict, length, MSG_NOSIGNAL) < 0)
			return 1;
	}
	return size < 0;
}

int
command_audit(const struct options *options)
{
	static struct auditor auditor;
	uint8_t report[IMAGE_CATALOGUE_MAX] = {0};
	size_t count = (size_t)options->operand_count / OPERANDS;
	struct why why;

	if (options->operand_count % OPERANDS || count == 0 || count > IMAGE_CATALOGUE_MAX) {
		fputs("mangrove-zone: audit needs file, name and serial of each zone\n", stderr);
		return 2;
	}
	if (recv(STDIN_FILENO, &auditor.self, sizeof(auditor.self), 0) !=
		(ssize_t)sizeof(auditor.self)) {
		fputs("mangrove-zone: audit is for mangroved to start\n", stderr);
		return 1;
	}
	if (zones_take(&auditor, options, report, &why) < 0) {
		fprintf(stderr, "%s\n", why.text);
		return 1;
	}
	if (send(STDIN_FILENO, report, count, MSG_NOSIGNAL) < 0)
		return 1;
	return questions_answer(&auditor);
}
