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

struct auditor {
	struct exchange_self self;
	const struct zone *zones[IMAGE_CATALOGUE_MAX];
	struct zone_withheld withheld[IMAGE_CATALOGUE_MAX];
	struct oracle_zones known;
};

/* A packet of exactly that size. */
static bool
packet_take(void *packet, size_t size)
{
	return recv(STDIN_FILENO, packet, size, 0) == (ssize_t)size;
}

/* @return false: nobody has sent what mangroved sends */
static bool
node_take(struct auditor *auditor)
{
	struct oracle_zones *known = &auditor->known;

	if (!packet_take(&auditor->self, sizeof(auditor->self)) ||
		!packet_take(auditor->withheld, sizeof(auditor->withheld)))
		return false;
	known->zones = auditor->zones;
	known->withheld = auditor->withheld;
	while (known->withheld_count < IMAGE_CATALOGUE_MAX &&
		auditor->withheld[known->withheld_count].origin.length)
		known->withheld_count++;
	return true;
}

/* Descriptors first: what comes of them needs no rights. */
static int
zones_take(struct auditor *auditor, unsigned int count, struct why *why)
{
	struct zone_records records[IMAGE_CATALOGUE_MAX] = {{NULL, 0}};
	const struct zone_records none = {NULL, 0};
	int rc = 0;

	for (unsigned int i = 0; i < count && rc == 0; i++) {
		char path[32];
		uint8_t *octets = NULL;

		snprintf(path, sizeof(path), "/dev/fd/%u", BUILDER_INHERITED_FD + i);
		rc = file_read(path, IMAGE_SIZE_MAX, &octets, &records[i].length, why);
		records[i].octets = octets;
	}
	if (rc == 0)
		rc = builder_confine(why);
	for (unsigned int i = 0; i < count && rc == 0; i++) {
		struct zone *zone;

		rc = zone_load_records("records", &records[i], &none, NULL, &zone, why);
		if (rc == 0)
			auditor->zones[auditor->known.count++] = zone;
	}
	for (unsigned int i = 0; i < count; i++)
		free((void *)(uintptr_t)records[i].octets);
	return rc;
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
	unsigned long count;
	uint8_t ready = 0;
	struct why why;
	char *end;

	count = strtoul(options->operands[0], &end, 10);
	if (*end || end == options->operands[0] || count > IMAGE_CATALOGUE_MAX) {
		fputs("mangrove-zone: audit needs the number of zones\n", stderr);
		return 2;
	}
	if (!node_take(&auditor)) {
		fputs("mangrove-zone: audit is for mangroved to start\n", stderr);
		return 1;
	}
	if (zones_take(&auditor, (unsigned int)count, &why) < 0) {
		fprintf(stderr, "%s\n", why.text);
		return 1;
	}
	if (send(STDIN_FILENO, &ready, sizeof(ready), MSG_NOSIGNAL) < 0)
		return 1;
	return questions_answer(&auditor);
}
