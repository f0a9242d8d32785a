/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any messages, as a primary might answer AXFR or IXFR with: refused, or taken into a block that
 * reads back to its end and is closed by the SOA that opened it. The first octet says what was
 * asked for; each message stands behind its length.
 */
#include <stdlib.h>
#include <string.h>

#include "golden.h"
#include "transfer/transfer_priv.h"

enum { IS_IXFR = 1, NEWER_ONLY = 2, ID = 0x6162, SERIAL = 7 };

static void
block_expect(const struct transfer_block *block)
{
	struct wire_reader r = wire_reader_of(block->octets, block->length);
	struct wire_record first, record;
	uint64_t count = 0;

	wire_record_read(&r, &first);
	record = first;
	for (count = 1; r.offset < r.length && !r.failed; count++)
		wire_record_read(&r, &record);
	if (r.failed || count != block->count || count < 2 || record.type != WIRE_TYPE_SOA ||
		first.type != WIRE_TYPE_SOA || record.length != first.length)
		abort();
}

/* In a block of its size, so that the sanitizer sees one octet too far */
static enum transfer_fed
message_feed(struct transfer_block *block, const uint8_t *octets, size_t length)
{
	uint8_t *copy = malloc(length ? length : 1);
	enum transfer_fed fed;
	struct why why;
	uint16_t rcode;

	memcpy(copy, octets, length);
	fed = transfer_block_feed(block, copy, length, &rcode, &why);
	free(copy);
	return fed;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct transfer_limits limits = {.octets = 1 << 16, .records = 64};
	struct transfer_question question = {.id = ID, .serial = SERIAL};
	struct wire_reader r = wire_reader_of(data, size);
	enum transfer_fed fed = TRANSFER_FED_MORE;
	struct transfer_block block;
	struct wire_name origin;
	uint8_t how = wire_u8_read(&r);

	wire_name_from_text(&origin, "test");
	question.origin = &origin;
	question.type = how & IS_IXFR ? WIRE_TYPE_IXFR : WIRE_TYPE_AXFR;
	question.has_serial = how & (IS_IXFR | NEWER_ONLY);
	transfer_block_begin(&block, &question, &limits);
	while (fed == TRANSFER_FED_MORE && !r.failed && r.offset < r.length) {
		uint16_t length = wire_u16_read(&r);
		const uint8_t *message = wire_take(&r, length);

		if (message)
			fed = message_feed(&block, message, length);
	}
	if (block.length > limits.octets || block.count > limits.records)
		abort();
	if (fed == TRANSFER_FED_END)
		block_expect(&block);
	transfer_block_end(&block);
	return 0;
}
