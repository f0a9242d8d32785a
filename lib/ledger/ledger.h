/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The ledger: a line for each query that was looked at, what it asked and what became of it.
 * Whoever answers (lcores, threads on the kernel's sockets) fills in a page of lines, one page for
 * each burst; rate limits, statistics and samples read it before the burst is sent.
 *
 * Runs on: lcore, and anywhere else.
 */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ledger_flag {
	LEDGER_IPV6 = 1 << 0,
	LEDGER_TCP = 1 << 1,
	LEDGER_RD = 1 << 2,
	LEDGER_EDNS = 1 << 3,
	LEDGER_DO = 1 << 4,
	LEDGER_COOKIE = 1 << 5,	      /* the query brought one */
	LEDGER_COOKIE_VALID = 1 << 6, /* and it is ours: who asks is not forged */
	LEDGER_TC = 1 << 7,	      /* the reply is cut */
};

enum {
	LEDGER_NO_NODE = UINT32_MAX, /* no zone had a part in the reply */
	LEDGER_NO_ZONE = UINT8_MAX,
	LEDGER_NO_TYPE = UINT16_MAX, /* no question was read: qname_length is 0, too */
};

/** What limits made of a reply; each has one counter. */
enum ledger_action {
	LEDGER_ANSWERED,
	LEDGER_SLIPPED,	 /* an empty reply with TC went out in its place: come by TCP, or with a
			    cookie */
	LEDGER_LIMITED,	 /* none went out: response rate limits */
	LEDGER_SHED,	 /* none: the node is overloaded, or a budget is spent */
	LEDGER_FILTERED, /* none: an operator's filter */
	LEDGER_ACTIONS
};

/** A word for each, as statistics print it: "slipped". */
extern const char *const ledger_action_names[LEDGER_ACTIONS];

/** One query. Lines lie in pages that their writer reuses for the next burst: nothing is kept. */
struct ledger_line {
	/* the whole DNS message as received, and as replied, which may be the same place; each lent
	 * until the burst is sent */
	const uint8_t *query, *reply;
	const uint8_t *client; /* 4 or 16 octets in network order, by LEDGER_IPV6; lent as well */
	/* of the image that answered: the name's, or its cut's; where the name does not exist, that
	 * of the name before it at its level, whose gap it falls into: in the root zone that owns
	 * the NSEC record that covers it (radix/radix.h) */
	uint32_t node;
	uint16_t qtype;
	uint16_t query_length, reply_length; /* DNS octets; no reply: 0 */
	uint16_t edns_size;		     /* as the query said; without EDNS: 0 */
	uint16_t client_port;
	uint16_t query_flags; /* octets 2 and 3 of the query's header, in host order; a reply in
				 place overwrites them; shorter than a header: 0 */
	uint8_t verdict;      /* enum engine_verdict */
	uint8_t rcode;	      /* with the part in OPT: up to 23 is in use */
	/* 1: a query for DNSKEY with an edns-key-tag (RFC 8145 4.1), which stands in `query`,
	 * unless that is where the reply is */
	uint8_t key_tags;
	uint8_t zone;	/* index in the catalogue */
	uint8_t flags;	/* enum ledger_flag */
	uint8_t action; /* enum ledger_action */
	uint8_t edns_version;
	uint8_t qname_length; /* octets; 0: none was read */
};
static_assert(sizeof(struct ledger_line) == 48, "a page of 32 lines stays in the first cache");

/** Of the query's header. */
static inline unsigned int
ledger_opcode(const struct ledger_line *line)
{
	return line->query_flags >> 11 & 15;
}

enum {
	LEDGER_PAGE = 32,
	LEDGER_KEPT = 2, /* a flood of what is kept costs no more than this */
	LEDGER_KEPT_SIZE = 256,
};

/** The queries of a burst, in the order in which they were answered. */
struct ledger_page {
	uint32_t now;	     /* seconds since 1970, modulo 2^32 */
	uint32_t generation; /* of the service that answered: nodes and zones are its */
	bool strained;	     /* the node sheds load: whoever samples leaves this page out */
	unsigned int count, kept_count;
	struct ledger_line lines[LEDGER_PAGE];
	uint8_t kept[LEDGER_KEPT][LEDGER_KEPT_SIZE];
};

/**
 * Move a line's query out of the way of its reply, before that is written. One that is too long, or
 * comes when there is no room, stays where it was.
 */
void ledger_query_keep(struct ledger_page *page, struct ledger_line *line);

/**
 * Who reads each page: on the thread that filled it, which waits for it; before the replies are
 * sent.
 */
struct ledger_reader {
	void (*read)(void *context, const struct ledger_page *page);
	void *context;
};

enum { LEDGER_READERS_MAX = 4 };

/** All that read the pages of one thread; fixed before it starts. */
struct ledger_readers {
	unsigned int count;
	struct ledger_reader readers[LEDGER_READERS_MAX];
};

/** Hand a page to all its readers. */
static inline void
ledger_read(const struct ledger_readers *readers, const struct ledger_page *page)
{
	for (unsigned int i = 0; i < readers->count; i++)
		readers->readers[i].read(readers->readers[i].context, page);
}

#endif
