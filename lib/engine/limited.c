/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs on: lcore. The answer function with limits, for messages one by one. */
#include "engine/engine.h"

static_assert((int)LIMIT_NXDOMAIN == 0 && (int)LIMIT_NODATA == ENGINE_NODATA - ENGINE_NXDOMAIN &&
		      (int)LIMIT_REFERRAL == ENGINE_REFERRAL - ENGINE_NXDOMAIN &&
		      (int)LIMIT_POSITIVE == ENGINE_POSITIVE - ENGINE_NXDOMAIN &&
		      (int)LIMIT_CUT == ENGINE_TRUNCATED - ENGINE_NXDOMAIN,
	"classes follow the kinds of answers");

enum limit_class
engine_limit_class(enum engine_verdict verdict)
{
	if (verdict <= ENGINE_TRUNCATED)
		return (enum limit_class)(verdict - ENGINE_NXDOMAIN);
	return verdict == ENGINE_CHAOS || verdict == ENGINE_COOKIE ? LIMIT_POSITIVE : LIMIT_ERROR;
}

static enum ledger_action
line_judge(const struct limit_rules *rules, struct limiter *limiter, const struct ledger_line *line)
{
	struct limit_ask ask = {.client = line->client,
		.node = line->node,
		.qtype = line->qtype,
		.reply_length = line->reply_length,
		.zone = line->zone,
		.class = (uint8_t)engine_limit_class((enum engine_verdict)line->verdict),
		.flags = line->flags};

	limit_prefetch(limiter, rules, &ask);
	return limit_judge(limiter, rules, &ask);
}

enum engine_verdict
engine_answer_limited(const struct engine_service *service, struct limiter *limiter,
	const struct exchange_peer *peer, const uint8_t *message, size_t length, uint8_t *reply,
	size_t *reply_length, struct ledger_line *line)
{
	enum engine_verdict verdict =
		engine_answer_entered(service, peer, message, length, reply, reply_length, line);
	struct exchange_peer slipped = *peer;
	enum ledger_action action;

	if (!engine_is_limited(service, limiter) || *reply_length == 0 ||
		peer->transport == WIRE_TCP)
		return verdict;
	action = line_judge(service->limits, limiter, line);
	if (action == LEDGER_SLIPPED) {
		/* what no zone answered is as short as it gets */
		slipped.slip = true;
		verdict = engine_answer_entered(
			service, &slipped, message, length, reply, reply_length, line);
	} else if (action != LEDGER_ANSWERED) {
		*reply_length = line->reply_length = 0;
	}
	line->action = (uint8_t)action;
	return verdict;
}
