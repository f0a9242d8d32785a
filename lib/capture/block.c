/* SPDX-License-Identifier: BSD-3-Clause */
/* Records become items of a block, and what they have in common goes into its tables. */
#include <stdlib.h>
#include <string.h>

#include "capture/capture_priv.h"
#include "wire/wire.h"

enum {
	ADDRESS_SIZE = 16,
	/* RFC 8618 7.3.2.3.2 */
	TRANSPORT_TCP = 1 << 1,
	SIG_QUERY = 1 << 0,
	SIG_REPLY = 1 << 1,
	SIG_QUERY_OPT = 1 << 2,
	SIG_REPLY_OPT = 1 << 3,
	SIG_QUERY_NO_QUESTION = 1 << 4,
	SIG_REPLY_NO_QUESTION = 1 << 5,
	DNS_QUERY_DO = 1 << 7,
	DNS_REPLY_SHIFT = 8,
};

struct classtype {
	uint16_t type, class;
};

/* A table of each kind may be as long as there are items, that of addresses by two servers more. */
static bool
tables_init(struct capture_block *block)
{
	const uint32_t items = CAPTURE_ITEMS_MAX;

	return capture_table_init(&block->addresses, items + 2, (items + 2) * ADDRESS_SIZE) &&
	       capture_table_init(&block->originals, items, items * (ADDRESS_SIZE + (size_t)1)) &&
	       capture_table_init(&block->classtypes, items, items * sizeof(struct classtype)) &&
	       capture_table_init(&block->names, items, CAPTURE_NAMES_SIZE) &&
	       capture_table_init(
		       &block->signatures, items, items * sizeof(struct capture_signature));
}

struct capture_block *
capture_block_new(const struct capture_settings *settings)
{
	struct capture_block *block = calloc(1, sizeof(*block));

	if (!block)
		return NULL;
	block->settings = settings;
	block->items = calloc(CAPTURE_ITEMS_MAX, sizeof(*block->items));
	block->octets = malloc(CAPTURE_BLOCK_SIZE);
	if (!block->items || !block->octets || !tables_init(block)) {
		capture_block_free(block);
		return NULL;
	}
	capture_block_clear(block);
	return block;
}

void
capture_block_free(struct capture_block *block)
{
	if (!block)
		return;
	capture_table_free(&block->addresses);
	capture_table_free(&block->originals);
	capture_table_free(&block->classtypes);
	capture_table_free(&block->names);
	capture_table_free(&block->signatures);
	free(block->items);
	free(block->octets);
	free(block);
}

/* The one service address of a family, if it has but one: the ledger does not tell which. */
static uint32_t
server_enter(struct capture_block *block, uint8_t size)
{
	const struct capture_server *only = NULL;

	for (unsigned int i = 0; i < block->settings->server_count; i++) {
		const struct capture_server *server = &block->settings->servers[i];

		if (server->size != size)
			continue;
		if (only)
			return CAPTURE_NONE;
		only = server;
	}
	return only ? capture_table_enter(&block->addresses, only->octets, only->size)
		    : CAPTURE_NONE;
}

void
capture_block_clear(struct capture_block *block)
{
	capture_table_clear(&block->addresses);
	capture_table_clear(&block->originals);
	capture_table_clear(&block->classtypes);
	capture_table_clear(&block->names);
	capture_table_clear(&block->signatures);
	block->servers[0] = server_enter(block, 4);
	block->servers[1] = server_enter(block, 16);
	block->count = 0;
	block->statistics = (struct capture_statistics){0};
}

/* RFC 8618 7.3.2.3.2: CD, AD, Z, RA, RD, TC, AA, from bit 0 on. */
static uint32_t
dns_flags(uint16_t header)
{
	return (header >> 4 & 1) | (header >> 5 & 1) << 1 | (header >> 6 & 1) << 2 |
	       (header >> 7 & 1) << 3 | (header >> 8 & 1) << 4 | (header >> 9 & 1) << 5 |
	       (header >> 10 & 1) << 6;
}

static uint8_t
sig_flags(const struct capture_record *record)
{
	uint8_t flags = SIG_QUERY;

	if (record->ledger_flags & LEDGER_EDNS)
		flags |= SIG_QUERY_OPT;
	/* one that was not read may be there, where there is more than a header */
	if (record->qname_length == 0 && record->query_length == WIRE_HEADER_SIZE)
		flags |= SIG_QUERY_NO_QUESTION;
	if (record->flags & CAPTURE_REPLIED)
		flags |= SIG_REPLY;
	if (record->flags & CAPTURE_REPLY_OPT)
		flags |= SIG_REPLY_OPT;
	if (record->flags & CAPTURE_REPLY_NO_QUESTION)
		flags |= SIG_REPLY_NO_QUESTION;
	return flags;
}

static uint32_t
signature_enter(struct capture_block *block, const struct capture_record *record)
{
	bool ipv6 = record->ledger_flags & LEDGER_IPV6, edns = record->ledger_flags & LEDGER_EDNS;
	bool replied = record->flags & CAPTURE_REPLIED;
	struct capture_signature signature = {
		.classtype = CAPTURE_NONE,
		.dns_flags = dns_flags(record->query_flags),
		.transport_flags =
			(uint8_t)(ipv6 | (record->ledger_flags & LEDGER_TCP ? TRANSPORT_TCP : 0)),
		.sig_flags = sig_flags(record),
		.opcode = record->opcode,
		.query_rcode = record->query_flags & WIRE_FLAG2_RCODE,
		.edns_version = edns ? record->edns_version : 0,
		.edns_size = edns ? record->edns_size : 0,
		.has_edns = edns,
		.replied = replied,
		.reply_rcode = replied ? record->rcode : 0,
		.ipv6 = ipv6,
	};

	if (replied)
		signature.dns_flags |= dns_flags(record->reply_flags) << DNS_REPLY_SHIFT;
	if (record->ledger_flags & LEDGER_DO)
		signature.dns_flags |= DNS_QUERY_DO;
	if (record->qname_length) {
		const struct classtype classtype = {record->qtype, record->qclass};

		signature.classtype =
			capture_table_enter(&block->classtypes, &classtype, sizeof(classtype));
	}
	return capture_table_enter(&block->signatures, &signature, sizeof(signature));
}

static uint32_t
kept_enter(struct capture_block *block, bool ipv6, const uint8_t *client)
{
	uint8_t kept[ADDRESS_SIZE];
	size_t size = capture_privacy_apply(&block->settings->privacy, ipv6, client, kept);

	return capture_table_enter(&block->addresses, kept, size);
}

static uint32_t
address_enter(struct capture_block *block, const struct capture_record *record)
{
	bool ipv6 = record->ledger_flags & LEDGER_IPV6;
	uint8_t original[1 + ADDRESS_SIZE] = {ipv6};
	uint32_t known = block->originals.count, index;

	if (!block->settings->privacy.pseudonyms)
		return kept_enter(block, ipv6, record->client);
	/* a hash a bit: once for each address and block */
	memcpy(original + 1, record->client, ipv6 ? 16 : 4);
	index = capture_table_enter(&block->originals, original, ipv6 ? 17 : 5);
	if (index == known)
		block->originals.entries[index].value =
			(uint16_t)kept_enter(block, ipv6, record->client);
	return block->originals.entries[index].value;
}
static_assert(CAPTURE_ITEMS_MAX + 2 < UINT16_MAX, "an index is a value");

bool
capture_block_add(struct capture_block *block, const struct capture_record *record, int64_t time_ns)
{
	struct capture_item item = {
		.time_ns = time_ns,
		.name = CAPTURE_NONE,
		.port = record->client_port,
		.id = record->id,
		.query_length = record->query_length,
		.reply_length = record->reply_length,
		.replied = record->flags & CAPTURE_REPLIED,
	};

	if (record->flags & CAPTURE_MALFORMED) {
		block->statistics.malformed++;
		return true;
	}
	if (record->flags & CAPTURE_UNASKED) {
		block->statistics.messages++;
		block->statistics.unmatched_responses++;
		return true;
	}
	/* the other tables have room for as many as there are items */
	if (block->count == CAPTURE_ITEMS_MAX)
		return false;
	if (record->qname_length) {
		item.name = capture_table_enter(&block->names, record->qname, record->qname_length);
		if (item.name == CAPTURE_NONE)
			return false;
	}
	item.address = address_enter(block, record);
	item.signature = signature_enter(block, record);
	block->items[block->count++] = item;
	block->statistics.messages += 1 + item.replied;
	block->statistics.unmatched_queries += !item.replied;
	return true;
}
