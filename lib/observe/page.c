/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs on: lcore. Looks at the lines of a page.
 *
 * Each line costs two tests: by its type, which finds signals and DNSKEY, and by a hash of who
 * asks, which finds the few networks that are looked at. Names are looked at in one page of many.
 */
#include <rte_branch_prediction.h>
#include <rte_common.h>
#include <string.h>

#include "base/counter.h"
#include "observe/observe_priv.h"
#include "wire/wire.h"

enum {
	TYPE_NULL = 10, /* RFC 1035 3.3.10: of key tag queries, RFC 8145 5.1 */
	/* "_ta-" and a tag; each further one is five octets more; a label holds twelve */
	SIGNAL_LABEL_MIN = 8,
	TAG_TEXT = 5,
	TAGS_MAX = 12,
};

static const char signal_prefix[] = "_ta-";
enum { PREFIX_SIZE = sizeof(signal_prefix) - 1 };

/* ---- who asks, what for ---- */

/* IPv4 /24, IPv6 /56; in memory's order */
static const uint8_t network_masks[2][8] = {
	{0xff, 0xff, 0xff}, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

/* The finalizer of MurmurHash3: every bit of the input changes half of the output's. */
static inline uint64_t
mix(uint64_t word)
{
	word ^= word >> 33;
	word *= 0xff51afd7ed558ccd;
	word ^= word >> 33;
	word *= 0xc4ceb9fe1a85ec53;
	return word ^ word >> 33;
}

/* @return a hash of the network */
static uint64_t
network_hash(const struct observer *o, const struct ledger_line *line)
{
	bool ipv6 = line->flags & LEDGER_IPV6;
	uint64_t word = 0, mask;

	memcpy(&word, line->client, ipv6 ? 8 : 4);
	memcpy(&mask, network_masks[ipv6], sizeof(mask));
	/* families differ in the high half */
	return mix((word & mask) ^ o->seed ^ (ipv6 ? 0 : UINT64_MAX << 32));
}

/* What stands in 32 bits of it, of which the high bits are good: IPv4's three octets; of IPv6's
 * seven the last four. */
static inline uint64_t
network_chance(uint64_t seed, const struct ledger_line *line)
{
	static const uint8_t masks[2][4] = {{0xff, 0xff, 0xff}, {0xff, 0xff, 0xff, 0xff}};
	unsigned int ipv6 = line->flags & LEDGER_IPV6;
	uint32_t word, mask;

	memcpy(&word, line->client + (size_t)3 * ipv6, sizeof(word));
	memcpy(&mask, masks[ipv6], sizeof(mask));
	return ((word & mask) ^ seed) * 0x9e3779b97f4a7c15;
}

static uint64_t
label_hash(const struct observer *o, const struct observe_label *label)
{
	uint64_t hash = o->seed;

	for (unsigned int i = 0; i < OBSERVE_WORDS; i++)
		hash = (hash ^ label->words[i]) * 0x9e3779b97f4a7c15 ^ hash >> 29;
	return mix(hash);
}

/* @param octets  a length and as many octets */
static void
label_read(const uint8_t *octets, struct observe_label *label)
{
	uint8_t *to = (uint8_t *)label->words;

	memset(label, 0, sizeof(*label));
	to[0] = octets[0];
	for (unsigned int i = 1; i <= octets[0]; i++)
		to[i] = octets[i] >= 'A' && octets[i] <= 'Z' ? octets[i] | 0x20 : octets[i];
}

static inline const uint8_t *
qname_of(const struct ledger_line *line)
{
	return line->query + WIRE_QUESTION_OFFSET;
}

/* The last label of a name that has one: names were read before, so its labels add up. */
static const uint8_t *
last_label(const struct ledger_line *line)
{
	const uint8_t *qname = qname_of(line);
	unsigned int at = 0, last = 0;

	while (at + 1u < line->qname_length) {
		last = at;
		at += 1u + qname[at];
	}
	return qname + last;
}

/* ---- signals ---- */

/* "_ta-4f66", "_ta-4f66-9728": RFC 8145 5.1 */
static bool
signal_is_right(const struct observe_label *label)
{
	const uint8_t *octets = (const uint8_t *)label->words;
	unsigned int length = octets[0];

	if (length < SIGNAL_LABEL_MIN || (length - SIGNAL_LABEL_MIN) % TAG_TEXT != 0)
		return false;
	for (unsigned int i = PREFIX_SIZE + 1; i <= length; i++) {
		uint8_t c = octets[i];

		bool is_digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');

		if ((i - PREFIX_SIZE) % TAG_TEXT == 0 ? c != '-' : !is_digit)
			return false;
	}
	return true;
}

static void
signal_enter(struct observer *o, enum observe_signal kind, uint32_t day,
	const struct observe_label *label, const struct ledger_line *line)
{
	counter_add(&o->counters.signals[kind], 1);
	observe_label_enter(o->signals[day % 2][kind], OBSERVE_SIGNAL_BUCKETS, day, label,
		label_hash(o, label), network_hash(o, line));
}

static void
query_signal_look(struct observer *o, uint32_t day, const struct ledger_line *line)
{
	const uint8_t *qname = qname_of(line);
	struct observe_label label;

	/* one label below the root */
	if (line->qname_length != qname[0] + 2 || qname[0] < PREFIX_SIZE)
		return;
	label_read(qname, &label);
	if (memcmp((const uint8_t *)label.words + 1, signal_prefix, PREFIX_SIZE) != 0)
		return;
	if (signal_is_right(&label))
		signal_enter(o, OBSERVE_SIGNAL_QUERY, day, &label, line);
	else
		counter_add(&o->counters.malformed[OBSERVE_SIGNAL_QUERY], 1);
}

/* The tags of an option as the label that says the same. @return false: it is malformed */
static bool
tags_label(const uint8_t *octets, unsigned int size, struct observe_label *label)
{
	static const char digits[] = "0123456789abcdef";
	unsigned int count = size / 2;
	uint16_t tags[TAGS_MAX];
	uint8_t *to = (uint8_t *)label->words;

	if (size % 2 != 0 || count == 0 || count > TAGS_MAX)
		return false;
	for (unsigned int i = 0; i < count; i++) {
		uint16_t tag = (uint16_t)(octets[2 * i] << 8 | octets[2 * i + 1]);
		unsigned int at = i;

		for (; at > 0 && tags[at - 1] > tag; at--)
			tags[at] = tags[at - 1];
		tags[at] = tag;
	}
	memset(label, 0, sizeof(*label));
	*to++ = (uint8_t)(PREFIX_SIZE + TAG_TEXT * count - 1);
	memcpy(to, signal_prefix, PREFIX_SIZE);
	to += PREFIX_SIZE;
	for (unsigned int i = 0; i < count; i++) {
		if (i)
			*to++ = '-';
		for (int shift = 12; shift >= 0; shift -= 4)
			*to++ = (uint8_t)digits[tags[i] >> shift & 15];
	}
	return true;
}

/*
 * Find the OPT's edns-key-tag, of which the line says that it is there. The message was read
 * before; it is read again with all bounds.
 *
 * @return false: the OPT is not the first record, and not looked for
 */
static bool
option_signal_look(struct observer *o, uint32_t day, const struct ledger_line *line)
{
	struct wire_reader r = wire_reader_of(line->query, line->query_length);
	struct observe_label label;
	unsigned int end;

	wire_take(&r, WIRE_QUESTION_OFFSET + line->qname_length + 4u);
	if (wire_u8_read(&r) != 0 || wire_u16_read(&r) != WIRE_TYPE_OPT)
		return false;
	wire_take(&r, 6);
	end = wire_u16_read(&r);
	end += (unsigned int)r.offset;
	while (!r.failed && r.offset < end) {
		uint16_t code = wire_u16_read(&r), size = wire_u16_read(&r);
		const uint8_t *octets = wire_take(&r, size);

		if (!octets || code != WIRE_OPTION_KEY_TAG)
			continue;
		if (tags_label(octets, size, &label))
			signal_enter(o, OBSERVE_SIGNAL_OPTION, day, &label, line);
		else
			counter_add(&o->counters.malformed[OBSERVE_SIGNAL_OPTION], 1);
		return true;
	}
	return false;
}

/* ---- DNSKEY ---- */

const uint16_t observe_edns_sizes[OBSERVE_EDNS_SIZES] = {
	0, 512, 1232, 1410, 1452, 1472, 4096, UINT16_MAX};

static unsigned int
edns_class(const struct ledger_line *line)
{
	unsigned int class = 1;

	if (!(line->flags & LEDGER_EDNS))
		return 0;
	while (line->edns_size > observe_edns_sizes[class])
		class ++;
	return class;
}

/* @return false: there are key tags that could not be looked at */
static bool
options_look(struct observer *o, uint32_t day, const struct ledger_line *line, unsigned int *budget)
{
	if (!line->key_tags)
		return true;
	/* a query that was not kept was overwritten by its reply */
	if (line->reply == line->query || *budget == 0)
		return false;
	(*budget)--;
	return option_signal_look(o, day, line);
}

static void
dnskey_look(struct observer *o, uint32_t day, const struct ledger_line *line, unsigned int *budget)
{
	struct observe_counters *c = &o->counters;
	enum observe_way way = line->flags & LEDGER_TCP ? OBSERVE_TCP : OBSERVE_UDP;
	unsigned int step = line->reply_length / OBSERVE_STEP;

	counter_add(&c->dnskey[way], 1);
	counter_add(&c->dnssec_ok[way], line->flags / LEDGER_DO % 2);
	counter_add(&c->edns[way][edns_class(line)], 1);
	counter_add(&c->truncated, line->flags / LEDGER_TC % 2);
	if (line->reply_length)
		counter_add(&c->sizes[way][step < OBSERVE_SIZES ? step : OBSERVE_SIZES - 1], 1);
	if (!(line->flags & LEDGER_EDNS))
		return;
	counter_add(options_look(o, day, line, budget) ? &c->options_seen : &c->options_unseen, 1);
}

/* Types that few queries have. */
static __rte_noinline void
type_look(struct observer *o, const struct observe_view *view, const struct ledger_page *page,
	const struct ledger_line *line, unsigned int *budget)
{
	uint32_t day = page->now / OBSERVE_DAY_SECONDS;

	if (line->zone != view->zone || line->qname_length == 0)
		return;
	if (line->qtype == WIRE_TYPE_DNSKEY) {
		if (line->qname_length == 1)
			dnskey_look(o, day, line, budget);
		return;
	}
	if (*budget == 0) {
		counter_add(&o->counters.passed_over, 1);
		return;
	}
	(*budget)--;
	query_signal_look(o, day, line);
}

/* ---- names and networks ---- */

static __rte_noinline void
network_look(struct observer *o, const struct observe_view *view, const struct ledger_page *page,
	const struct ledger_line *line)
{
	uint64_t window;

	if (line->zone != view->zone || view->ttl == 0 || line->qname_length <= 1)
		return;
	window = observe_window(view, page->now);
	observe_network_enter(o->networks[window % 2], window, network_hash(o, line) | 1,
		line->node, line->flags & LEDGER_DO);
}

static void
leak_look(struct observer *o, uint32_t day, const struct ledger_line *line)
{
	struct observe_label label;

	label_read(last_label(line), &label);
	/* signals are not there, and no leak */
	if (memcmp((const uint8_t *)label.words + 1, signal_prefix, PREFIX_SIZE) == 0)
		return;
	counter_add(&o->counters.sampled_leaks, 1);
	observe_label_enter(o->leaks[day % 2], OBSERVE_LEAK_BUCKETS, day, &label,
		label_hash(o, &label), network_hash(o, line));
}

static __rte_noinline void
page_sample(struct observer *o, const struct observe_view *view, const struct ledger_page *page)
{
	uint32_t day = page->now / OBSERVE_DAY_SECONDS;

	/* xorshift64: an even chance of the next page's distance, so that no rhythm meets it */
	o->random ^= o->random << 13;
	o->random ^= o->random >> 7;
	o->random ^= o->random << 17;
	o->countdown = 1 + (uint32_t)(o->random >> 32) % (2 * o->sample_one_in - 1);
	counter_add(&o->counters.sampled, page->count);
	for (unsigned int i = 0; i < page->count; i++) {
		const struct ledger_line *line = &page->lines[i];

		if (line->rcode == WIRE_RCODE_NXDOMAIN && line->zone == view->zone &&
			line->qname_length > 1)
			leak_look(o, day, line);
	}
}

void
observe_page(void *context, const struct ledger_page *page)
{
	struct observer *o = context;
	const struct observe_view *view = &o->views[page->generation % 2];
	unsigned int budget = OBSERVE_SIGNALS_A_PAGE;
	/* in registers, whatever is called between */
	const uint64_t seed = o->seed, limit = o->network_limit;
	const unsigned int count = page->count;

	counter_add(&o->counters.queries, count);
	for (unsigned int i = 0; i < count; i++) {
		const struct ledger_line *line = &page->lines[i];
		uint64_t chance = network_chance(seed, line);

		if (unlikely((line->qtype == WIRE_TYPE_DNSKEY) | (line->qtype == TYPE_NULL)))
			type_look(o, view, page, line, &budget);
		/* one branch, that is hardly ever taken: what exists has no chance that is small */
		if (unlikely((chance | -(uint64_t)(line->rcode != WIRE_RCODE_NXDOMAIN)) <= limit))
			network_look(o, view, page, line);
	}
	if (unlikely(--o->countdown == 0))
		page_sample(o, view, page);
}
