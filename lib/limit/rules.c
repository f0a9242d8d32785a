/* SPDX-License-Identifier: BSD-3-Clause */
/* Control plane: from what an operator wants to what the hot path reads. */
#include <errno.h>
#include <string.h>

#include "limit/limit.h"

const char *const limit_class_names[LIMIT_CLASSES] = {
	[LIMIT_NXDOMAIN] = "nxdomain",
	[LIMIT_NODATA] = "nodata",
	[LIMIT_REFERRAL] = "referral",
	[LIMIT_POSITIVE] = "positive",
	[LIMIT_CUT] = "cut",
	[LIMIT_ERROR] = "error",
};

const char *const limit_reason_names[LIMIT_REASONS] = {
	[LIMIT_NONE] = "none",
	[LIMIT_BY_KEY] = "answer_rate",
	[LIMIT_BY_NXDOMAIN] = "nxdomain_rate",
	[LIMIT_BY_ERRORS] = "error_rate",
	[LIMIT_BY_ALL] = "all_rate",
	[LIMIT_BY_OCTETS] = "octet_rate",
	[LIMIT_BY_TC_BUDGET] = "tc_budget",
	[LIMIT_BY_ERROR_BUDGET] = "error_budget",
	[LIMIT_BY_EGRESS] = "octet_budget",
	[LIMIT_BY_LADDER] = "ladder",
	[LIMIT_BY_FILTER] = "filter",
};

const char *const limit_filter_action_names[3] = {
	[LIMIT_FILTER_DROP] = "drop",
	[LIMIT_FILTER_TC] = "tc",
	[LIMIT_FILTER_LIMIT] = "limit",
};

/* The first `length` of 64 bits */
static uint64_t
mask_of(unsigned int length)
{
	return length == 0 ? 0 : length >= 64 ? UINT64_MAX : UINT64_MAX << (64 - length);
}

struct limit_prefix
limit_prefix_make(const uint8_t *address, bool ipv6, unsigned int length)
{
	struct limit_prefix prefix = {.length = (uint8_t)length, .ipv6 = ipv6};

	for (unsigned int i = 0; i < (ipv6 ? 16u : 4u); i++)
		prefix.words[i / 8] |= (uint64_t)address[i] << (56 - 8 * (i % 8));
	prefix.words[0] &= mask_of(length);
	prefix.words[1] &= mask_of(length > 64 ? length - 64 : 0);
	return prefix;
}

uint32_t
limit_price(uint64_t rate, unsigned int spread)
{
	/* four seconds: a thread's share is never less than one in so long */
	const uint64_t most = (uint64_t)LIMIT_TICKS * 3 * LIMIT_FRACTION;
	uint64_t price;

	if (rate == 0)
		return 0;
	price = ((uint64_t)LIMIT_TICKS * LIMIT_FRACTION * spread + rate - 1) / rate;
	return (uint32_t)(price < most ? price : most);
}

/* Ticks / 2^16 for each octet: the longest reply by UDP stays below what a bucket can hold. */
static uint32_t
octet_price(uint64_t rate, unsigned int spread)
{
	const uint64_t most = (uint64_t)LIMIT_TICKS * 3 * 65536 / 1232;
	uint64_t price;

	if (rate == 0)
		return 0;
	price = ((uint64_t)LIMIT_TICKS * 65536 * spread + rate - 1) / rate;
	return (uint32_t)(price < most ? price : most);
}

static uint64_t
budget_of(uint64_t budget, unsigned int limiters)
{
	uint64_t share = (budget + limiters - 1) / limiters;

	return budget == 0 ? UINT64_MAX : share < UINT32_MAX * 64ull ? share : UINT32_MAX * 64ull;
}

static int
wishes_check(const struct limit_wishes *w, struct why *why)
{
	if (w->prefix_ipv4 < 8 || w->prefix_ipv4 > 32)
		return why_set(why, EINVAL, "an IPv4 prefix has 8 to 32 bits");
	if (w->prefix_ipv6 < 16 || w->prefix_ipv6 > 64)
		return why_set(why, EINVAL, "an IPv6 prefix has 16 to 64 bits");
	if (w->burst_ms == 0 || w->burst_ms > LIMIT_BURST_MS_MAX)
		return why_set(why, EINVAL, "a burst is 1 to %d ms", LIMIT_BURST_MS_MAX);
	if (w->slip > LIMIT_SLIP_MAX || w->leak > LIMIT_LEAK_MAX)
		return why_set(
			why, EINVAL, "slip is at most %d, leak %d", LIMIT_SLIP_MAX, LIMIT_LEAK_MAX);
	if (w->spread == 0 || w->spread > LIMIT_SPREAD_MAX || w->limiters == 0)
		return why_set(why, EINVAL, "spread is 1 to %d", LIMIT_SPREAD_MAX);
	if (w->exempt_count > LIMIT_EXEMPT_MAX)
		return why_set(why, EINVAL, "more than %d exempt prefixes", LIMIT_EXEMPT_MAX);
	return 0;
}

/* A burst has room for one reply of each kind at least. */
static uint32_t
burst_of(const struct limit_wishes *w, const struct limit_rules *rules)
{
	const uint32_t prices[] = {rules->key_price, rules->nxdomain_price, rules->error_price,
		rules->all_price, (uint32_t)((uint64_t)rules->octet_price * 1232 / LIMIT_FRACTION)};
	/* rounding takes up to two ticks of a burst, which is to have as many replies as it says */
	uint32_t burst = w->burst_ms * LIMIT_TICKS / 1000 + 2;

	for (size_t i = 0; i < sizeof(prices) / sizeof(prices[0]); i++)
		if (burst < prices[i] / LIMIT_FRACTION + 1)
			burst = prices[i] / LIMIT_FRACTION + 1;
	return burst;
}

int
limit_rules_make(const struct limit_wishes *wishes, struct limit_rules *rules, struct why *why)
{
	const struct limit_wishes *w = wishes;
	int rc = wishes_check(w, why);

	if (rc < 0)
		return rc;
	*rules = (struct limit_rules){
		.mode = w->mode,
		.masks = {mask_of(w->prefix_ipv4), mask_of(w->prefix_ipv6)},
		.key_price = limit_price(w->key_rate, w->spread),
		.nxdomain_price = limit_price(w->nxdomain_rate, w->spread),
		.error_price = limit_price(w->error_rate, w->spread),
		.all_price = limit_price(w->all_rate, w->spread),
		.octet_price = octet_price(w->octet_rate, w->spread),
		.slip = (uint8_t)w->slip,
		.leak = (uint8_t)w->leak,
		.exempt_cookies = w->exempt_cookies,
		.tc_budget = budget_of(w->tc_budget, w->limiters),
		.error_budget = budget_of(w->error_budget, w->limiters),
		.octet_budget = budget_of(w->octet_budget, w->limiters),
		.exempt_count = w->exempt_count,
	};
	rules->burst = burst_of(w, rules);
	memcpy(rules->exempt, w->exempt, w->exempt_count * sizeof(w->exempt[0]));
	return 0;
}

/* All first octets of addresses that a prefix has. */
static void
octets_mark(uint64_t marks[static 4], const struct limit_prefix *prefix)
{
	unsigned int first = (unsigned int)(prefix->words[0] >> 56);
	unsigned int span = prefix->length < 8 ? 1u << (8 - prefix->length) : 1;

	for (unsigned int octet = first; octet < first + span && octet < 256; octet++)
		marks[octet / 64] |= 1ull << octet % 64;
}

int
limit_rules_filter(struct limit_rules *rules, const struct limit_filter *filter, struct why *why)
{
	if (!filter->by_place && filter->prefix.length == 0)
		return why_set(why, EINVAL, "a filter has a prefix, a place in a zone, or both");
	if (rules->filter_count == LIMIT_FILTERS_MAX)
		return why_set(why, ENOSPC, "there are %d filters already", LIMIT_FILTERS_MAX);
	assert(filter->slot < LIMIT_FILTERS_MAX);
	if (filter->by_place)
		rules->filter_nodes[(filter->node & UINT8_MAX) / 64] |= 1ull << filter->node % 64;
	else
		octets_mark(rules->filter_octets, &filter->prefix);
	rules->filters[rules->filter_count++] = *filter;
	return 0;
}
