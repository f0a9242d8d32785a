/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Key-signing keys of a zone, for the operator of its trust anchors: since when each is seen, and
 * when it may be trusted (RFC 5011). Anchors are the operator's; nothing is trusted by itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zones.h"

enum {
	FLAG_SEP = 1,	     /* RFC 4034 2.1.1: a KSK, by custom */
	FLAG_REVOKED = 0x80, /* RFC 5011 7 */
	DNSKEY_HEAD = 4,     /* flags, protocol, algorithm */
	/* RFC 5011 2.4.1: or the TTL, if that is longer; in seconds */
	HOLD_DOWN = 30 * 86400,
};

/* RFC 4034 appendix B; algorithm 1, which it excepts, signs nothing any more */
static uint16_t
tag_of(const struct wire_record *key)
{
	uint32_t sum = 0;

	for (uint16_t i = 0; i < key->length; i++)
		sum += i & 1 ? key->rdata[i] : (uint32_t)key->rdata[i] << 8;
	return (uint16_t)(sum + (sum >> 16));
}

static const struct store_key *
key_find(const struct store_key *keys, unsigned int count, const struct store_key *wanted)
{
	for (unsigned int i = 0; i < count; i++)
		if (keys[i].tag == wanted->tag && keys[i].algorithm == wanted->algorithm)
			return &keys[i];
	return NULL;
}

static void
key_take(struct zone_entry *zone, const struct store_key *before, unsigned int before_count,
	const struct wire_record *record)
{
	const struct store_key *known;
	struct store_key key;

	if (record->type != WIRE_TYPE_DNSKEY || record->length < DNSKEY_HEAD ||
		!(record->rdata[1] & FLAG_SEP) || zone->key_count == STORE_KEYS_MAX)
		return;
	key = (struct store_key){.tag = tag_of(record),
		.algorithm = record->rdata[3],
		.revoked = record->rdata[1] & FLAG_REVOKED,
		.ttl = record->ttl,
		.seen_at = zone->taken_at ? zone->taken_at : time(NULL)};
	known = key_find(before, before_count, &key);
	if (known)
		key.seen_at = known->seen_at;
	zone->keys[zone->key_count++] = key;
}

void
zone_keys_look(struct zone_entry *zone)
{
	struct store_key before[STORE_KEYS_MAX];
	unsigned int before_count = zone->key_count;
	struct wire_record record;
	struct wire_reader r;
	size_t length;
	const uint8_t *octets = image_records(zone->image, &length);

	memcpy(before, zone->keys, sizeof(before));
	zone->key_count = 0;
	r = wire_reader_of(octets, length);
	/* the apex comes first */
	while (r.offset < r.length) {
		wire_record_read(&r, &record);
		if (r.failed || !wire_name_equal(&record.owner, &zone->origin))
			break;
		key_take(zone, before, before_count, &record);
	}
}

/* Whether a tag stands among "20326 38696". */
static bool
is_anchor(const struct zone_entry *zone, uint16_t tag)
{
	const char *at = zone->anchor_tags;
	char *end;

	for (unsigned long number = strtoul(at, &end, 10); end != at;
		number = strtoul(at, &end, 10)) {
		if (number == tag)
			return true;
		at = end;
	}
	return false;
}

json_t *
zone_keys_json(const struct zone_entry *zone)
{
	json_t *all = json_array();

	for (unsigned int i = 0; i < zone->key_count; i++) {
		const struct store_key *key = &zone->keys[i];
		bool trusted = is_anchor(zone, key->tag);
		int64_t hold = key->ttl > HOLD_DOWN ? key->ttl : HOLD_DOWN;

		json_array_append_new(all,
			json_pack("{s:i, s:i, s:b, s:b, s:I, s:o}", "tag", key->tag, "algorithm",
				key->algorithm, "trusted", trusted, "revoked", key->revoked,
				"seen_at", (json_int_t)key->seen_at, "hold_down_until",
				trusted || key->revoked
					? json_null()
					: json_integer((json_int_t)key->seen_at + hold)));
	}
	return all;
}
