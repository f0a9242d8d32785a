/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines of the ledger as observers read them, with the message that they point to. */
#ifndef OBSERVE_LINE_H
#define OBSERVE_LINE_H

#include <criterion/criterion.h>
#include <string.h>

#include "observe/observe.h"
#include "wire/wire.h"

enum { NOW = 1785628800 }; /* 2026-08-02 00:00:00: a day begins, and a window of 86400 s */

struct asked {
	uint8_t message[512], client[16];
	struct ledger_page page; /* of one line */
};

/* @param network  a number of an IPv4 /24 */
static inline void
asked_make(struct asked *a, const char *qname, uint16_t qtype, uint32_t network)
{
	struct ledger_line *line = &a->page.lines[0];
	struct wire_name name;

	memset(a, 0, sizeof(*a));
	cr_assert(wire_name_from_text(&name, qname));
	memcpy(a->message + WIRE_QUESTION_OFFSET, name.octets, name.length);
	wire_u16_patch(a->message + WIRE_QUESTION_OFFSET + name.length, qtype);
	a->message[WIRE_QUESTION_OFFSET + name.length + 3] = WIRE_CLASS_IN;
	a->client[0] = (uint8_t)(1 + (network >> 16));
	a->client[1] = (uint8_t)(network >> 8);
	a->client[2] = (uint8_t)network;
	a->client[3] = (uint8_t)rand();
	a->page.now = NOW;
	a->page.count = 1;
	*line = (struct ledger_line){.query = a->message,
		.reply = a->message,
		.client = a->client,
		.qtype = qtype,
		.query_length = (uint16_t)(WIRE_QUESTION_OFFSET + name.length + 4),
		.qname_length = name.length,
		.rcode = WIRE_RCODE_NXDOMAIN,
		.reply_length = 1000};
}

static const struct observe_settings observe_all = {.sample_one_in = 1,
	.networks_one_in = 1,
	.leak_networks_min = 5,
	.leak_queries_min = 10,
	.seed = 0x0123456789abcdef};

static const struct observe_view observe_root = {.ttl = 86400, .zone = 0};

/* An observer that takes zone 0 for the root. */
static inline struct observer *
observer_add(struct observe_set *set)
{
	struct observer *o = observe_set_add(set);

	cr_assert_not_null(o);
	o->views[0] = o->views[1] = observe_root;
	return o;
}

#endif
