/* SPDX-License-Identifier: BSD-3-Clause */
/* C-DNS: blocks and what stands around them as CBOR. Numbers of keys are those of RFC 8618,
 * appendix A. */
#include <cbor.h>
#include <stdio.h>
#include <string.h>

#include "capture/capture_priv.h"

enum { TICKS_PER_SECOND = 1000000, NS_PER_TICK = 1000 };
static const int64_t second_ns = 1000000000;

/* FilePreamble */
enum { MAJOR_VERSION = 0, MINOR_VERSION = 1, BLOCK_PARAMETERS = 3 };
/* BlockParameters */
enum { STORAGE_PARAMETERS = 0, COLLECTION_PARAMETERS = 1 };
/* StorageParameters */
enum {
	STORAGE_TICKS = 0,
	STORAGE_ITEMS_MAX = 1,
	STORAGE_HINTS = 2,
	STORAGE_OPCODES = 3,
	STORAGE_RR_TYPES = 4,
	STORAGE_FLAGS = 5,
	STORAGE_CLIENT_PREFIX_IPV4 = 6,
	STORAGE_CLIENT_PREFIX_IPV6 = 7,
	STORAGE_SAMPLING = 10,
	STORAGE_ANONYMIZATION = 11,
};
/* storage-flags */
enum { FLAG_ANONYMIZED = 1 << 0, FLAG_SAMPLED = 1 << 1 };
/* CollectionParameters */
enum { COLLECTION_SERVERS = 5, COLLECTION_GENERATOR = 8, COLLECTION_HOST = 9 };
/* Block */
enum { BLOCK_PREAMBLE = 0, BLOCK_STATISTICS = 1, BLOCK_TABLES = 2, BLOCK_ITEMS = 3 };
/* BlockTables */
enum { TABLE_ADDRESSES = 0, TABLE_CLASSTYPES = 1, TABLE_NAMES = 2, TABLE_SIGNATURES = 3 };
/* QueryResponse */
enum {
	ITEM_TIME = 0,
	ITEM_ADDRESS = 1,
	ITEM_PORT = 2,
	ITEM_ID = 3,
	ITEM_SIGNATURE = 4,
	ITEM_NAME = 7,
	ITEM_QUERY_SIZE = 8,
	ITEM_REPLY_SIZE = 9,
};
/* QueryResponseSignature */
enum {
	SIG_SERVER = 0,
	SIG_SERVER_PORT = 1,
	SIG_TRANSPORT = 2,
	SIG_TYPE = 3,
	SIG_FLAGS = 4,
	SIG_OPCODE = 5,
	SIG_DNS_FLAGS = 6,
	SIG_QUERY_RCODE = 7,
	SIG_CLASSTYPE = 8,
	SIG_EDNS_VERSION = 13,
	SIG_EDNS_SIZE = 14,
	SIG_REPLY_RCODE = 16,
};
enum { TYPE_AUTHORITATIVE = 3 };

enum { RR_TYPE_OPT = 41, OPCODES = 16 };

/* A buffer that is long enough for what goes into it, by how much its owner lets in. */
struct out {
	uint8_t *octets;
	size_t used, size;
};

static void
took(struct out *out, size_t count)
{
	assert(count > 0);
	out->used += count;
}

static void
number(struct out *out, uint64_t value)
{
	took(out, cbor_encode_uint(value, out->octets + out->used, out->size - out->used));
}

static void
pair(struct out *out, uint64_t key, uint64_t value)
{
	number(out, key);
	number(out, value);
}

static void
map(struct out *out, size_t count)
{
	took(out, cbor_encode_map_start(count, out->octets + out->used, out->size - out->used));
}

static void
array(struct out *out, size_t count)
{
	took(out, cbor_encode_array_start(count, out->octets + out->used, out->size - out->used));
}

static void
octets_copy(struct out *out, const void *octets, size_t length)
{
	assert(length <= out->size - out->used);
	memcpy(out->octets + out->used, octets, length);
	out->used += length;
}

static void
octets(struct out *out, const void *data, size_t length)
{
	took(out, cbor_encode_bytestring_start(
			  length, out->octets + out->used, out->size - out->used));
	octets_copy(out, data, length);
}

static void
text(struct out *out, const char *string)
{
	size_t length = strlen(string);

	took(out, cbor_encode_string_start(length, out->octets + out->used, out->size - out->used));
	octets_copy(out, string, length);
}

/* ---- before the blocks ---- */

static uint64_t
bit(unsigned int index)
{
	return UINT64_C(1) << index;
}

static void
hints_encode(struct out *out)
{
	map(out, 4);
	pair(out, 0,
		bit(ITEM_TIME) | bit(ITEM_ADDRESS) | bit(ITEM_PORT) | bit(ITEM_ID) |
			bit(ITEM_SIGNATURE) | bit(ITEM_NAME) | bit(ITEM_QUERY_SIZE) |
			bit(ITEM_REPLY_SIZE));
	pair(out, 1,
		bit(SIG_SERVER) | bit(SIG_SERVER_PORT) | bit(SIG_TRANSPORT) | bit(SIG_TYPE) |
			bit(SIG_FLAGS) | bit(SIG_OPCODE) | bit(SIG_DNS_FLAGS) |
			bit(SIG_QUERY_RCODE) | bit(SIG_CLASSTYPE) | bit(SIG_EDNS_VERSION) |
			bit(SIG_EDNS_SIZE) | bit(SIG_REPLY_RCODE));
	pair(out, 2, 0);
	pair(out, 3, 0);
}

static void
sampling_encode(struct out *out, uint32_t one_in)
{
	char method[96];

	snprintf(method, sizeof(method), "each %uth query of each thread that answers", one_in);
	number(out, STORAGE_SAMPLING);
	text(out, method);
}

static void
storage_encode(struct out *out, const struct capture_settings *settings)
{
	const struct capture_privacy *privacy = &settings->privacy;
	bool short4 = privacy->ipv4_prefix < 32, short6 = privacy->ipv6_prefix < 128;
	bool sampled = settings->one_in > 1;
	bool anonymized = privacy->pseudonyms || short4 || short6;

	map(out, 6u + short4 + short6 + sampled + privacy->pseudonyms);
	pair(out, STORAGE_TICKS, TICKS_PER_SECOND);
	pair(out, STORAGE_ITEMS_MAX, CAPTURE_ITEMS_MAX);
	number(out, STORAGE_HINTS);
	hints_encode(out);
	number(out, STORAGE_OPCODES);
	array(out, OPCODES);
	for (unsigned int i = 0; i < OPCODES; i++)
		number(out, i);
	/* what is kept of records: the fixed part of OPT */
	number(out, STORAGE_RR_TYPES);
	array(out, 1);
	number(out, RR_TYPE_OPT);
	pair(out, STORAGE_FLAGS,
		(anonymized ? FLAG_ANONYMIZED : 0u) | (sampled ? FLAG_SAMPLED : 0u));
	if (short4)
		pair(out, STORAGE_CLIENT_PREFIX_IPV4, privacy->ipv4_prefix);
	if (short6)
		pair(out, STORAGE_CLIENT_PREFIX_IPV6, privacy->ipv6_prefix);
	if (sampled)
		sampling_encode(out, settings->one_in);
	if (privacy->pseudonyms) {
		number(out, STORAGE_ANONYMIZATION);
		text(out, "prefix-preserving pseudonyms as in Crypto-PAn, with SipHash-2-4");
	}
}

static void
collection_encode(struct out *out, const struct capture_settings *settings)
{
	map(out, 2u + (settings->server_count > 0));
	if (settings->server_count) {
		number(out, COLLECTION_SERVERS);
		array(out, settings->server_count);
		for (unsigned int i = 0; i < settings->server_count; i++)
			octets(out, settings->servers[i].octets, settings->servers[i].size);
	}
	number(out, COLLECTION_GENERATOR);
	text(out, settings->generator);
	number(out, COLLECTION_HOST);
	text(out, settings->host);
}

size_t
capture_preamble_encode(const struct capture_settings *settings, uint8_t *to, size_t size)
{
	struct out out = {.octets = to, .size = size};

	array(&out, 3);
	text(&out, "C-DNS");
	map(&out, 3);
	pair(&out, MAJOR_VERSION, 1);
	pair(&out, MINOR_VERSION, 0);
	number(&out, BLOCK_PARAMETERS);
	array(&out, 1);
	map(&out, 2);
	number(&out, STORAGE_PARAMETERS);
	storage_encode(&out, settings);
	number(&out, COLLECTION_PARAMETERS);
	collection_encode(&out, settings);
	/* nobody knows how many blocks will follow */
	took(&out, cbor_encode_indef_array_start(to + out.used, size - out.used));
	return out.used;
}

size_t
capture_end_encode(uint8_t *to, size_t size)
{
	return cbor_encode_break(to, size);
}

/* ---- a block ---- */

static void
addresses_encode(struct out *out, const struct capture_table *table)
{
	array(out, table->count);
	for (uint32_t i = 0; i < table->count; i++)
		octets(out, capture_table_key(table, i), table->entries[i].length);
}

static void
classtypes_encode(struct out *out, const struct capture_table *table)
{
	array(out, table->count);
	for (uint32_t i = 0; i < table->count; i++) {
		uint16_t classtype[2];

		memcpy(classtype, capture_table_key(table, i), sizeof(classtype));
		map(out, 2);
		pair(out, 0, classtype[0]);
		pair(out, 1, classtype[1]);
	}
}

static void
signature_encode(struct out *out, const struct capture_block *block,
	const struct capture_signature *signature)
{
	uint32_t server = block->servers[signature->ipv6];
	bool has_server = server != CAPTURE_NONE, has_port = block->settings->server_port != 0;
	bool has_question = signature->classtype != CAPTURE_NONE;

	map(out, 6u + has_server + has_port + has_question + 2u * signature->has_edns +
			 signature->replied);
	if (has_server)
		pair(out, SIG_SERVER, server);
	if (has_port)
		pair(out, SIG_SERVER_PORT, block->settings->server_port);
	pair(out, SIG_TRANSPORT, signature->transport_flags);
	pair(out, SIG_TYPE, TYPE_AUTHORITATIVE);
	pair(out, SIG_FLAGS, signature->sig_flags);
	pair(out, SIG_OPCODE, signature->opcode);
	pair(out, SIG_DNS_FLAGS, signature->dns_flags);
	pair(out, SIG_QUERY_RCODE, signature->query_rcode);
	if (has_question)
		pair(out, SIG_CLASSTYPE, signature->classtype);
	if (signature->has_edns) {
		pair(out, SIG_EDNS_VERSION, signature->edns_version);
		pair(out, SIG_EDNS_SIZE, signature->edns_size);
	}
	if (signature->replied)
		pair(out, SIG_REPLY_RCODE, signature->reply_rcode);
}

static void
signatures_encode(struct out *out, const struct capture_block *block)
{
	array(out, block->signatures.count);
	for (uint32_t i = 0; i < block->signatures.count; i++) {
		struct capture_signature signature;

		memcpy(&signature, capture_table_key(&block->signatures, i), sizeof(signature));
		signature_encode(out, block, &signature);
	}
}

/* What has nothing in it may not be there (RFC 8618 7.3.2.3). */
static void
tables_encode(struct out *out, const struct capture_block *block)
{
	map(out, 1u + (block->classtypes.count > 0) + (block->names.count > 0) +
			 (block->addresses.count > 0));
	if (block->addresses.count) {
		number(out, TABLE_ADDRESSES);
		addresses_encode(out, &block->addresses);
	}
	if (block->classtypes.count) {
		number(out, TABLE_CLASSTYPES);
		classtypes_encode(out, &block->classtypes);
	}
	if (block->names.count) {
		number(out, TABLE_NAMES);
		addresses_encode(out, &block->names);
	}
	number(out, TABLE_SIGNATURES);
	signatures_encode(out, block);
}

static void
item_encode(struct out *out, const struct capture_item *item, int64_t earliest_ns)
{
	bool has_name = item->name != CAPTURE_NONE;

	map(out, 6u + has_name + item->replied);
	pair(out, ITEM_TIME,
		(uint64_t)(item->time_ns / NS_PER_TICK) - (uint64_t)(earliest_ns / NS_PER_TICK));
	pair(out, ITEM_ADDRESS, item->address);
	pair(out, ITEM_PORT, item->port);
	pair(out, ITEM_ID, item->id);
	pair(out, ITEM_SIGNATURE, item->signature);
	if (has_name)
		pair(out, ITEM_NAME, item->name);
	pair(out, ITEM_QUERY_SIZE, item->query_length);
	if (item->replied)
		pair(out, ITEM_REPLY_SIZE, item->reply_length);
}

/* Ours: RFC 8618 leaves negative keys to implementations. */
static void
private_pair(struct out *out, uint64_t key, uint64_t value)
{
	/* 0 is -1 */
	took(out, cbor_encode_negint(key, out->octets + out->used, out->size - out->used));
	number(out, value);
}

static void
statistics_encode(struct out *out, const struct capture_block *block)
{
	const struct capture_statistics *statistics = &block->statistics;

	map(out, 8);
	pair(out, 0, statistics->messages);
	pair(out, 1, block->count);
	pair(out, 2, statistics->unmatched_queries);
	pair(out, 3, statistics->unmatched_responses);
	pair(out, 4, 0); /* of operation codes that are not kept: there are none */
	pair(out, 5, statistics->malformed);
	private_pair(out, 0, statistics->dropped);
	private_pair(out, 1, statistics->strained);
}

static int64_t
earliest_of(const struct capture_block *block)
{
	int64_t earliest = block->items[0].time_ns;

	for (uint32_t i = 1; i < block->count; i++)
		if (block->items[i].time_ns < earliest)
			earliest = block->items[i].time_ns;
	return earliest;
}

size_t
capture_block_encode(struct capture_block *block)
{
	struct out out = {.octets = block->octets, .size = CAPTURE_BLOCK_SIZE};
	int64_t earliest = block->count ? earliest_of(block) : 0;

	map(&out, block->count ? 4 : 2);
	number(&out, BLOCK_PREAMBLE);
	map(&out, block->count ? 1 : 0);
	if (block->count) {
		number(&out, 0);
		array(&out, 2);
		number(&out, (uint64_t)(earliest / second_ns));
		number(&out, (uint64_t)(earliest % second_ns / NS_PER_TICK));
	}
	number(&out, BLOCK_STATISTICS);
	statistics_encode(&out, block);
	if (block->count == 0)
		return out.used;
	number(&out, BLOCK_TABLES);
	tables_encode(&out, block);
	number(&out, BLOCK_ITEMS);
	array(&out, block->count);
	for (uint32_t i = 0; i < block->count; i++)
		item_encode(&out, &block->items[i], earliest);
	return out.used;
}
