/* SPDX-License-Identifier: BSD-3-Clause */
/* What tests of limits share: rules to start from, and a limiter whose clock they turn. */
#ifndef LIMIT_WORLD_H
#define LIMIT_WORLD_H

#include <criterion/criterion.h>
#include <string.h>

#include "limit/limit.h"

enum { SECOND = 1000000000 };

static const struct limit_seed test_seed = {{0x243f6a8885a308d3, 0x13198a2e03707344}};

/* Only what a test is about is limited. */
static inline struct limit_wishes
wishes_none(void)
{
	return (struct limit_wishes){
		.mode = LIMIT_ENFORCE,
		.prefix_ipv4 = 24,
		.prefix_ipv6 = 56,
		.burst_ms = 1000,
		.spread = 1,
		.limiters = 1,
	};
}

struct world {
	struct limit_rules rules;
	struct limiter *limiter;
	uint64_t now_ns;
};

static inline struct world
world_make(const struct limit_wishes *wishes, unsigned int lines_log2)
{
	struct world w = {.now_ns = 5ull * SECOND};
	struct why why;

	cr_assert_eq(limit_rules_make(wishes, &w.rules, &why), 0, "%s", why.text);
	w.limiter = limiter_new(lines_log2, -1, &test_seed);
	cr_assert_not_null(w.limiter);
	limit_tick(w.limiter, &w.rules, w.now_ns, false);
	return w;
}

static inline void
world_wait(struct world *w, uint64_t ns)
{
	w->now_ns += ns;
	limit_tick(w->limiter, &w->rules, w->now_ns, false);
}

static inline struct limit_ask
ask_of(const uint8_t *client, enum limit_class class, uint32_t node)
{
	return (struct limit_ask){
		.client = client, .class = class, .node = node, .qtype = 1, .reply_length = 1000};
}

static inline enum ledger_action
judge(struct world *w, struct limit_ask *ask)
{
	limit_prefetch(w->limiter, &w->rules, ask);
	return limit_judge(w->limiter, &w->rules, ask);
}

/* How many of so many at once get each action. */
static inline void
judge_many(struct world *w, struct limit_ask *ask, unsigned int count,
	unsigned int actions[static LEDGER_ACTIONS])
{
	memset(actions, 0, LEDGER_ACTIONS * sizeof(*actions));
	for (unsigned int i = 0; i < count; i++)
		actions[judge(w, ask)]++;
}

static inline uint64_t
count_of(const struct world *w, const _Atomic uint64_t *counter)
{
	(void)w;
	return atomic_load_explicit(counter, memory_order_relaxed);
}

static inline uint32_t
step_of(const struct limit_ladder *ladder)
{
	return atomic_load_explicit(&ladder->step, memory_order_relaxed);
}

/* Bursts that are all full for a while: the receive queue does not run dry. */
static inline void
overload(struct world *w, unsigned int ms)
{
	for (unsigned int i = 0; i < ms; i++) {
		w->now_ns += SECOND / 1000;
		limit_tick(w->limiter, &w->rules, w->now_ns, true);
	}
}

static inline void
calm(struct world *w, unsigned int ms)
{
	for (unsigned int i = 0; i < ms; i++)
		world_wait(w, SECOND / 1000);
}

/* Ask now and then for so long that the source counts as known. */
static inline void
become_known(struct world *w, const uint8_t *client)
{
	struct limit_ask ask = ask_of(client, LIMIT_REFERRAL, 1);

	for (unsigned int i = 0; i < 6; i++) {
		cr_expect_eq(judge(w, &ask), LEDGER_ANSWERED);
		calm(w, 1000);
	}
}

#endif
