/* SPDX-License-Identifier: BSD-3-Clause */
/* What is asked. */
#include <string.h>

#include "rssac047/rssac047_priv.h"

enum { RANDOM_LETTERS = 10, ONE_IN_NEGATIVE = 10 };

/* RSSAC047v2 4.8: every query has NSID; 5.3: DO and 1220 octets */
static void
message_make(struct rssac047_query *query, bool dnssec_ok, uint64_t random)
{
	struct wire_writer w = wire_writer_of(query->message, sizeof(query->message));
	const uint8_t counts[8] = {0, 1, [7] = 1};

	query->id = (uint16_t)(random >> 48);
	wire_u16_write(&w, query->id);
	wire_u16_write(&w, 0);
	wire_write(&w, counts, sizeof(counts));
	wire_write(&w, query->qname.octets, query->qname.length);
	wire_u16_write(&w, query->qtype);
	wire_u16_write(&w, WIRE_CLASS_IN);
	wire_u8_write(&w, 0);
	wire_u16_write(&w, WIRE_TYPE_OPT);
	wire_u16_write(&w, RSSAC047_UDP_SIZE);
	wire_u32_write(&w, dnssec_ok ? 0x8000 : 0);
	wire_u16_write(&w, 4);
	wire_u16_write(&w, WIRE_OPTION_NSID);
	wire_u16_write(&w, 0);
	query->length = (uint16_t)w.offset;
}

void
rssac047_query_soa(struct rssac047_query *query, uint64_t random)
{
	query->qname = wire_name_root;
	query->qtype = WIRE_TYPE_SOA;
	message_make(query, false, random);
}

/* Whether a record is the first of a TLD's RRset of a type that may be asked for. */
static bool
is_asked_for(const struct wire_record *record, uint16_t type, const struct wire_name *before)
{
	struct wire_name arpa;

	if (record->type != type || record->owner.labels != 1 ||
		wire_name_equal(&record->owner, before))
		return false;
	/* which identities serve themselves: no referral, 5.3 */
	return type != WIRE_TYPE_NS || !wire_name_from_text(&arpa, "arpa.") ||
	       !wire_name_equal(&record->owner, &arpa);
}

/* Walk over RRsets of TLDs. @return how many there are; that of `index` is put into `qname` */
static uint32_t
tlds_walk(const uint8_t *records, size_t length, uint16_t type, uint32_t index,
	struct wire_name *qname)
{
	struct wire_reader r = wire_reader_of(records, length);
	struct wire_name before = wire_name_root;
	uint32_t count = 0;

	while (r.offset < r.length && !r.failed) {
		struct wire_record record;

		wire_record_read(&r, &record);
		if (r.failed || !is_asked_for(&record, type, &before))
			continue;
		before = record.owner;
		if (count++ == index)
			*qname = record.owner;
	}
	return count;
}

/* @return false: there is no such TLD */
static bool
tld_draw(struct rssac047_query *query, const uint8_t *records, size_t length, uint64_t random)
{
	uint32_t count = tlds_walk(records, length, query->qtype, UINT32_MAX, &query->qname);

	if (count == 0)
		return false;
	tlds_walk(records, length, query->qtype, (uint32_t)(random % count), &query->qname);
	return true;
}

/* www.rssac047-test.<ten letters> */
static void
missing_make(struct rssac047_query *query, uint64_t random)
{
	char text[64] = "www.rssac047-test.";
	size_t used = strlen(text);

	for (unsigned int i = 0; i < RANDOM_LETTERS; i++, random /= 26)
		text[used++] = (char)('a' + random % 26);
	text[used] = '\0';
	wire_name_from_text(&query->qname, text);
	query->qtype = WIRE_TYPE_A;
}

void
rssac047_query_draw(struct rssac047_query *query, const uint8_t *records, size_t length,
	uint64_t (*random)(void *context), void *context)
{
	static const uint16_t types[] = {
		WIRE_TYPE_SOA, WIRE_TYPE_NS, WIRE_TYPE_DNSKEY, WIRE_TYPE_NS, WIRE_TYPE_DS};
	unsigned int kind = (unsigned int)(random(context) % 5);
	enum { APEX_KINDS = 3 };

	query->qname = wire_name_root;
	query->qtype = types[kind];
	if (random(context) % ONE_IN_NEGATIVE == 0)
		missing_make(query, random(context));
	else if (kind >= APEX_KINDS && !tld_draw(query, records, length, random(context)))
		query->qtype = WIRE_TYPE_SOA;
	message_make(query, true, random(context));
}

/* The serial of a SOA that is the first record. */
static uint32_t
serial_read(struct wire_reader *r)
{
	struct wire_name name;
	uint32_t serial;

	wire_name_expand(r, &name);
	if (wire_u16_read(r) != WIRE_TYPE_SOA)
		return 0;
	wire_take(r, 8);
	wire_name_expand(r, &name);
	wire_name_expand(r, &name);
	serial = wire_u32_read(r);
	return r->failed ? 0 : serial;
}

bool
rssac047_reply_fits(const struct rssac047_query *query, const uint8_t *reply, size_t length,
	unsigned int *rcode, bool *tc, uint32_t *serial)
{
	size_t question = (size_t)query->qname.length + 4;
	struct wire_reader r = wire_reader_of(reply, length);
	const uint8_t *octets = wire_take(&r, WIRE_HEADER_SIZE + question);

	if (!octets || (octets[0] << 8 | octets[1]) != query->id || !(octets[2] & WIRE_FLAG1_QR) ||
		octets[4] != 0 || octets[5] != 1 ||
		memcmp(octets + WIRE_HEADER_SIZE, query->message + WIRE_HEADER_SIZE, question) != 0)
		return false;
	*rcode = octets[3] & WIRE_FLAG2_RCODE;
	*tc = octets[2] & WIRE_FLAG1_TC;
	*serial = octets[6] || octets[7] ? serial_read(&r) : 0;
	return true;
}
