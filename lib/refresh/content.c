/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether two primaries delivered the same. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "refresh/refresh.h"
#include "wire/wire.h"

struct digest {
	uint8_t octets[REFRESH_DIGEST_SIZE];
};

static void
record_digest(const struct wire_record *record, struct digest *digest)
{
	const uint8_t fixed[] = {(uint8_t)(record->type >> 8), (uint8_t)record->type,
		(uint8_t)(record->class >> 8), (uint8_t)record->class, (uint8_t)(record->ttl >> 24),
		(uint8_t)(record->ttl >> 16), (uint8_t)(record->ttl >> 8), (uint8_t)record->ttl};
	struct wire_name owner = record->owner;
	crypto_generichash_state state;

	wire_name_fold(&owner);
	crypto_generichash_init(&state, NULL, 0, sizeof(digest->octets));
	crypto_generichash_update(&state, owner.octets, owner.length);
	crypto_generichash_update(&state, fixed, sizeof(fixed));
	crypto_generichash_update(&state, record->rdata, record->length);
	crypto_generichash_final(&state, digest->octets, sizeof(digest->octets));
}

static int
digest_compare(const void *left, const void *right)
{
	return memcmp(left, right, sizeof(struct digest));
}

static size_t
records_count(const uint8_t *records, size_t length)
{
	struct wire_reader r = wire_reader_of(records, length);
	struct wire_record record;
	size_t count = 0;

	while (!r.failed && r.offset < length) {
		wire_record_read(&r, &record);
		count++;
	}
	return r.failed ? 0 : count;
}

/* Records that repeat are one, the closing SOA among them. */
static size_t
repeated_drop(struct digest *digests, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (kept == 0 || digest_compare(&digests[kept - 1], &digests[i]) != 0)
			digests[kept++] = digests[i];
	return kept;
}

bool
refresh_content(const uint8_t *records, size_t length, uint8_t content[static REFRESH_DIGEST_SIZE])
{
	struct wire_reader r = wire_reader_of(records, length);
	size_t count = records_count(records, length);
	struct digest *digests = count ? calloc(count, sizeof(*digests)) : NULL;
	struct wire_record record;

	if (!digests)
		return false;
	for (size_t i = 0; i < count; i++) {
		wire_record_read(&r, &record);
		record_digest(&record, &digests[i]);
	}
	qsort(digests, count, sizeof(*digests), digest_compare);
	count = repeated_drop(digests, count);
	crypto_generichash(
		content, REFRESH_DIGEST_SIZE, digests[0].octets, count * sizeof(*digests), NULL, 0);
	free(digests);
	return true;
}
