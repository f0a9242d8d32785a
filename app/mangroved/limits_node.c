/* SPDX-License-Identifier: BSD-3-Clause */
/* Limits from start to end: threads, rules, and a look at them once a second. */
#include "limits_node.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "log.h"
#include "node.h"

enum {
	LOOK_MS = 1000,
	/* a flood is told of when so many looks in a row saw one, or none */
	FLOOD_LOOKS_HIGH = 3,
	FLOOD_LOOKS_LOW = 10,
};

/* refused replies a second, and of all queries, that make a flood */
static const double flood_rate = 100, flood_share = 0.05;

int
limits_thread_add(struct limits *limits, const char *name, int numa_node,
	struct ledger_readers *readers, struct limiter **limiter, struct why *why)
{
	struct limits_thread *thread = &limits->threads[limits->thread_count];

	assert(limits->thread_count < LIMITS_THREADS_MAX);
	assert(readers->count < LEDGER_READERS_MAX);
	thread->limiter = limiter_new(limits->lines_log2, numa_node, &limits->seed);
	thread->sketch = sketch_new();
	/* limits_end() frees either */
	limits->thread_count++;
	if (!thread->limiter || !thread->sketch)
		return why_set(why, ENOMEM, "out of memory");
	snprintf(thread->name, sizeof(thread->name), "%s", name);
	readers->readers[readers->count++] = (struct ledger_reader){sketch_read, thread->sketch};
	*limiter = thread->limiter;
	return 0;
}

struct limit_rules *
limits_rules_make(struct limits *limits, const struct image_catalogue *catalogue)
{
	struct limit_rules *rules = malloc(sizeof(*rules));

	if (!rules)
		return NULL;
	/* the configuration's were made once, to check them */
	limit_rules_make(&limits->node->config->limits.wishes, rules, NULL);
	limits_filters_resolve(limits, catalogue, rules);
	return rules;
}

/* ---- sums ---- */

/* Add up counters that stand in a row. */
static void
counters_add(uint64_t *sums, const _Atomic uint64_t *counters, size_t count)
{
	for (size_t i = 0; i < count; i++)
		sums[i] += counter_read(&counters[i]);
}

void
limits_sum(const struct limits *limits, struct limits_sums *sums)
{
	memset(sums, 0, sizeof(*sums));
	for (unsigned int i = 0; i < limits->thread_count; i++) {
		const struct limit_counters *c = limiter_counters(limits->threads[i].limiter);
		const struct limit_ladder *ladder = limiter_ladder(limits->threads[i].limiter);
		enum limit_step step = atomic_load_explicit(&ladder->step, memory_order_relaxed);
		unsigned int load = atomic_load_explicit(&ladder->load, memory_order_relaxed);

		counters_add(sums->done[0], c->done[0], (size_t)LEDGER_ACTIONS * LIMIT_CLASSES);
		counters_add(sums->would[0], c->would[0], (size_t)LEDGER_ACTIONS * LIMIT_CLASSES);
		counters_add(sums->reasons, c->reasons, LIMIT_REASONS);
		counters_add(sums->filtered, c->filtered, LIMIT_FILTERS_MAX);
		sums->exempted += counter_read(&c->exempted);
		sums->leaked += counter_read(&c->leaked);
		sums->lines_made += counter_read(&c->lines_made);
		sums->lines_driven += counter_read(&c->lines_driven);
		sums->known += counter_read(&c->known);
		sums->step = step > sums->step ? step : sums->step;
		sums->load = load > sums->load ? load : sums->load;
	}
}

/* Replies that were, or would have been, held back or slipped. */
static uint64_t
refused_of(const struct limits_sums *sums)
{
	uint64_t refused = 0;

	for (unsigned int action = LEDGER_SLIPPED; action < LEDGER_ACTIONS; action++)
		for (unsigned int class = 0; class < LIMIT_CLASSES; class ++)
			refused += sums->done[action][class] + sums->would[action][class];
	return refused;
}

/* ---- once a second ---- */

static const char *
mode_word(const struct limits *limits)
{
	return limits->node->config->limits.wishes.mode == LIMIT_ENFORCE ? "enforced" : "observed";
}

/* What makes up most of it now. */
static void
flood_target_take(struct limits *limits)
{
	char prefix[LIMITS_TEXT_MAX], gap[LIMITS_TEXT_MAX], name[LIMITS_TEXT_MAX],
		shape[LIMITS_TEXT_MAX];

	limits_heaviest(limits, SKETCH_PREFIXES, prefix);
	limits_heaviest(limits, SKETCH_GAPS, gap);
	limits_heaviest(limits, SKETCH_NAMES, name);
	limits_heaviest(limits, SKETCH_SHAPES, shape);
	snprintf(limits->flood_target, sizeof(limits->flood_target),
		"prefix=\"%s\" range=\"%s\" shape=\"%s\" name=\"%s\"", prefix, gap, shape, name);
}

static void
flood_begin(struct limits *limits)
{
	limits->flood = true;
	limits->flood_since = time(NULL) - FLOOD_LOOKS_HIGH;
	limits->flood_received = limits->received;
	limits->flood_refused = limits->refused;
	limits->flood_peak = limits->refused_rate;
	limits->flood_peak_received = limits->received_rate;
	flood_target_take(limits);
	log_event(EVENT_FLOOD_BEGUN,
		"flood begun queries_per_second=%.0f refused_per_second=%.0f limits=%s %s",
		limits->received_rate, limits->refused_rate, mode_word(limits),
		limits->flood_target);
}

static void
flood_peak_look(struct limits *limits)
{
	if (limits->received_rate > limits->flood_peak_received)
		limits->flood_peak_received = limits->received_rate;
	if (limits->refused_rate <= limits->flood_peak)
		return;
	limits->flood_peak = limits->refused_rate;
	/* by the time that it ends the heaviest are others */
	flood_target_take(limits);
}

static void
flood_end(struct limits *limits)
{
	uint64_t received = limits->received - limits->flood_received;
	uint64_t refused = limits->refused - limits->flood_refused;

	limits->flood = false;
	log_event(EVENT_FLOOD_ENDED,
		"flood ended seconds=%lld queries=%" PRIu64 " refused=%" PRIu64
		" refused_percent=%.1f peak_queries_per_second=%.0f peak_refused_per_second=%.0f "
		"limits=%s %s",
		(long long)(time(NULL) - limits->flood_since), received, refused,
		received ? 100.0 * (double)refused / (double)received : 0,
		limits->flood_peak_received, limits->flood_peak, mode_word(limits),
		limits->flood_target);
}

static void
flood_look(struct limits *limits)
{
	bool high = limits->refused_rate >= flood_rate &&
		    limits->refused_rate >= flood_share * limits->received_rate;

	limits->looks_high = high ? limits->looks_high + 1 : 0;
	limits->looks_low = high ? 0 : limits->looks_low + 1;
	if (limits->flood)
		flood_peak_look(limits);
	if (!limits->flood && limits->looks_high >= FLOOD_LOOKS_HIGH)
		flood_begin(limits);
	else if (limits->flood && limits->looks_low >= FLOOD_LOOKS_LOW)
		flood_end(limits);
}

static void
step_look(struct limits *limits, const struct limits_sums *sums)
{
	if (sums->step == limits->step)
		return;
	log_event(EVENT_SHEDDING, "shedding step=%s was=%s load_permille=%u",
		limit_step_names[sums->step], limit_step_names[limits->step], sums->load);
	limits->step = sums->step;
	limits->step_since = time(NULL);
}

static void
look(uv_timer_t *timer)
{
	struct limits *limits = timer->data;
	int64_t now = clock_ms(), span = now - limits->looked_ms;
	uint64_t received = server_received(&limits->node->server), refused;
	struct limits_sums sums;

	if (limits_filters_expire(limits))
		zones_publish(&limits->node->zones, NULL);
	limits_sum(limits, &sums);
	refused = refused_of(&sums);
	if (span > 0) {
		limits->received_rate = (double)(received - limits->received) * 1000 / (double)span;
		limits->refused_rate = (double)(refused - limits->refused) * 1000 / (double)span;
	}
	limits->received = received;
	limits->refused = refused;
	limits->looked_ms = now;
	flood_look(limits);
	step_look(limits, &sums);
}

/* ---- from start to end ---- */

int
limits_begin(struct limits *limits, struct node *node, struct why *why)
{
	*limits = (struct limits){.node = node, .looked_ms = clock_ms(), .step_since = time(NULL)};
	for (limits->lines_log2 = 0; 1u << limits->lines_log2 < node->config->limits.prefixes;)
		limits->lines_log2++;
	randombytes_buf(&limits->seed, sizeof(limits->seed));
	if (uv_timer_init(&node->loop, &limits->tick) < 0)
		return why_set(why, ENOMEM, "out of memory");
	limits->tick.data = limits;
	uv_timer_start(&limits->tick, look, LOOK_MS, LOOK_MS);
	node->server.limits = limits;
	return 0;
}

void
limits_end(struct limits *limits)
{
	if (!limits->node)
		return;
	/* each that began ends, in the log too */
	if (limits->flood)
		flood_end(limits);
	if (!uv_is_closing((uv_handle_t *)&limits->tick))
		uv_close((uv_handle_t *)&limits->tick, NULL);
	for (unsigned int i = 0; i < limits->thread_count; i++) {
		limiter_free(limits->threads[i].limiter);
		sketch_free(limits->threads[i].sketch);
	}
	limits->thread_count = 0;
}

/* ---- metrics ---- */

static void
replies_tell(struct report *report, const char *how,
	const uint64_t counts[LEDGER_ACTIONS][LIMIT_CLASSES])
{
	for (unsigned int action = 0; action < LEDGER_ACTIONS; action++)
		for (unsigned int class = 0; class < LIMIT_CLASSES; class ++)
			if (counts[action][class])
				report_count(report, REPORT_LIMIT_REPLIES, counts[action][class],
					how, ledger_action_names[action], limit_class_names[class]);
}

void
limits_tell(const struct limits *limits, struct report *report)
{
	struct limits_sums sums;

	if (limits->thread_count == 0)
		return;
	limits_sum(limits, &sums);
	replies_tell(report, "enforced", sums.done);
	replies_tell(report, "observed", sums.would);
	for (unsigned int i = LIMIT_NONE + 1; i < LIMIT_REASONS; i++)
		report_count(report, REPORT_LIMIT_REASONS, sums.reasons[i], limit_reason_names[i]);
	report_count(report, REPORT_LIMIT_PREFIXES, sums.lines_made, "seen");
	report_count(report, REPORT_LIMIT_PREFIXES, sums.lines_driven, "driven");
	report_count(report, REPORT_LIMIT_PREFIXES, sums.known, "known");
	for (unsigned int i = 0; i < limits->thread_count; i++) {
		const struct limit_ladder *ladder = limiter_ladder(limits->threads[i].limiter);

		report_gauge(report, REPORT_SHED_STEP,
			atomic_load_explicit(&ladder->step, memory_order_relaxed),
			limits->threads[i].name);
	}
}
