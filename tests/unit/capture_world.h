/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines of the ledger with messages behind them, for tests of capture. */
#ifndef CAPTURE_WORLD_H
#define CAPTURE_WORLD_H

#include <string.h>

#include "capture/capture.h"

enum { ASK_SIZE = 512 };

/* A query and its reply, as a frontend would show them. */
struct ask {
	uint8_t query[ASK_SIZE], reply[ASK_SIZE], client[16];
};

/* qname: wire format; the reply has the question and an OPT. */
static inline struct ledger_line
ask_line(struct ask *ask, uint16_t id, const char *qname, size_t qname_length)
{
	size_t length = 12 + qname_length + 4;

	memset(ask, 0, sizeof(*ask));
	ask->query[0] = (uint8_t)(id >> 8);
	ask->query[1] = (uint8_t)id;
	ask->query[2] = 0x01; /* RD */
	ask->query[5] = 1;
	memcpy(ask->query + 12, qname, qname_length);
	memcpy(ask->query + 12 + qname_length, "\0\034\0\1", 4);
	memcpy(ask->reply, ask->query, length);
	ask->reply[2] = 0x85; /* QR AA RD */
	ask->reply[3] = 0x03;
	ask->reply[11] = 1;
	memcpy(ask->client, "\306\022\0\007\0\0\0\0\0\0\0\0\0\0\0\001", 16);
	return (struct ledger_line){
		.query = ask->query,
		.reply = ask->reply,
		.client = ask->client,
		.qtype = 28,
		.query_length = (uint16_t)length,
		.reply_length = 100,
		.edns_size = 1232,
		.client_port = 4711,
		.query_flags = 0x0100,
		.rcode = 3,
		.flags = LEDGER_RD | LEDGER_EDNS | LEDGER_DO,
		.qname_length = (uint8_t)qname_length,
	};
}

#endif
