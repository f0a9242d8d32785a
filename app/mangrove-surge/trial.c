/* SPDX-License-Identifier: BSD-3-Clause */
#include "trial.h"

#include <errno.h>
#include <inttypes.h>
#include <rte_cycles.h>
#include <rte_launch.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { TURN_US = 20000, GRACE_PER_SECOND = 10 };

/* What control does while lanes run. */
struct watch {
	struct deck *deck;
	const struct options *options;
	struct trial *trial;
	struct figures before, last; /* at the start; at the last moment */
	struct surge_histogram *histogram_before, *histogram_last;
	uint64_t start, hz;
};

/* At a rate, for so long. */
static uint64_t
queries_due(const struct options *options, double rate, double seconds)
{
	uint64_t due = (uint64_t)(rate * seconds + .5);

	return due < options->queries ? due : options->queries;
}

static void
lanes_arm(
	struct deck *deck, const struct options *options, const struct trial *trial, uint64_t start)
{
	double hz = (double)rte_get_tsc_hz(), interval = 0;
	uint64_t queries = options->queries;

	if (trial->rate > 0) {
		interval = hz * deck->lane_count / trial->rate;
		queries = queries_due(options, trial->rate, trial->seconds);
	}
	for (unsigned int i = 0; i < deck->lane_count; i++) {
		struct surge_lane *l = deck->lanes[i];

		l->run = (struct surge_run){.interval = interval,
			/* lanes take turns */
			.start = start + (uint64_t)(interval * i / deck->lane_count),
			.duration = (uint64_t)(trial->seconds * hz),
			.grace = (uint64_t)hz / GRACE_PER_SECOND,
			.queries = queries / deck->lane_count + (i < queries % deck->lane_count),
			.timeout = (uint64_t)(options->timeout_s * hz),
			.window = (options->window + deck->lane_count - 1) / deck->lane_count,
			.calm = trial->calm};
	}
}

static int
seconds_arm(struct deck *deck, struct trial *trial)
{
	trial->seconds_count = (unsigned int)trial->seconds + 2;
	trial->lost_in = calloc(trial->seconds_count, sizeof(*trial->lost_in));
	if (!trial->lost_in)
		return -ENOMEM;
	for (unsigned int i = 0; i < deck->lane_count; i++) {
		struct surge_lane *l = deck->lanes[i];

		free(l->lost_in);
		l->seconds = trial->seconds_count;
		l->lost_in = calloc(l->seconds, sizeof(*l->lost_in));
		if (!l->lost_in)
			return -ENOMEM;
	}
	return 0;
}

static void
samples_examine(struct watch *w)
{
	struct deck *deck = w->deck;
	struct why why;

	for (unsigned int i = 0; i < deck->lane_count; i++) {
		struct surge_lane *l = deck->lanes[i];
		struct surge_ring *ring = l->samples;
		uint32_t taken = atomic_load_explicit(&ring->taken, memory_order_relaxed);

		/* pairs with the lane's release of a sample */
		while (taken != atomic_load_explicit(&ring->written, memory_order_acquire)) {
			struct surge_sample *sample = &ring->samples[taken % SURGE_SAMPLES];
			enum surge_fault fault = surge_examine(deck->examiner,
				surge_template_at(&deck->templates, sample->line), sample, &why);

			w->trial->examined++;
			if (fault != SURGE_RIGHT) {
				/* several threads write it now */
				atomic_fetch_add_explicit(
					&l->counters.faults[fault], 1, memory_order_relaxed);
				fprintf(stderr, "mangrove-surge: a sample: %s: %s\n",
					surge_fault_names[fault], why.text);
			}
			atomic_store_explicit(&ring->taken, ++taken, memory_order_release);
		}
	}
}

static void
histogram_read(const struct deck *deck, struct surge_histogram *to)
{
	memset(to, 0, sizeof(*to));
	for (unsigned int i = 0; i < deck->lane_count; i++)
		surge_histogram_sum(to, &deck->lanes[i]->latency, NULL);
}

static void
moment_print(const struct watch *w, const struct moment *m)
{
	fprintf(stderr,
		"%8.0f s %11" PRIu64 " sent %11" PRIu64 " answered %8" PRIu64 " lost %6" PRIu64
		" late %6" PRIu64 " wrong  p50 %.0f p99 %.0f us",
		m->at, m->sent, m->answered, m->lost, m->late, m->wrong, m->p50, m->p99);
	if (w->trial->clients_share > 0)
		fprintf(stderr, "  clients %" PRIu64 " sent %" PRIu64 " answered", m->clients_sent,
			m->clients_answered);
	if (w->options->server_pid)
		fprintf(stderr, "  server %.2f CPUs %.1f MiB", m->server.cpu_seconds,
			m->server.rss_kib / 1024);
	fputc('\n', stderr);
}

/* Room doubles when the count is a power of two. */
static struct moment *
moment_add(struct trial *trial)
{
	unsigned int count = trial->moment_count;

	if ((count & (count - 1)) == 0) {
		struct moment *larger =
			reallocarray(trial->moments, count ? count * 2ul : 1, sizeof(*larger));

		if (!larger)
			return NULL;
		trial->moments = larger;
	}
	trial->moment_count++;
	return &trial->moments[count];
}

static void
moment_take(struct watch *w, double at, double since)
{
	struct surge_histogram *now = calloc(1, sizeof(*now)), *part = calloc(1, sizeof(*part));
	struct moment *m = w->trial->moment_count < SAMPLES_MAX ? moment_add(w->trial) : NULL;
	struct figures figures, difference;
	struct latency latency;
	struct resources server;

	if (now && part && m) {
		figures_read(w->deck, &figures);
		difference = figures;
		figures_subtract(&difference, &w->last);
		histogram_read(w->deck, now);
		surge_histogram_sum(part, now, w->histogram_last);
		latency = latency_of(part);
		resources_read(w->options->server_pid, &server);
		*m = (struct moment){.at = at,
			.sent = difference.sent,
			.answered = difference.answered,
			.lost = difference.lost,
			.late = difference.late,
			.wrong = figures_wrong(&difference),
			.clients_sent = difference.clients[SURGE_END_SENT],
			.clients_answered = difference.clients[SURGE_END_ANSWERED],
			.p50 = latency.p50,
			.p99 = latency.p99,
			.most = latency.most,
			.server = server};
		/* share of a CPU in this interval */
		m->server.cpu_seconds =
			since > 0
				? (server.cpu_seconds - w->trial->server_after.cpu_seconds) / since
				: 0;
		w->trial->server_after = server;
		w->last = figures;
		memcpy(w->histogram_last, now, sizeof(*now));
		if (!w->options->quiet)
			moment_print(w, m);
	}
	free(now);
	free(part);
}

static bool
lanes_run(const struct deck *deck)
{
	for (unsigned int i = 0; i < deck->runner_count; i++)
		if (rte_eal_get_lcore_state(i + 1) == RUNNING)
			return true;
	return false;
}

static double
elapsed(const struct watch *w)
{
	return (double)(rte_rdtsc() - w->start) / (double)w->hz;
}

static void
lanes_watch(struct watch *w)
{
	double next = w->options->interval, last = 0;
	struct figures figures;

	while (lanes_run(w->deck)) {
		rte_delay_us_sleep(TURN_US);
		samples_examine(w);
		if (elapsed(w) >= next) {
			double now = elapsed(w);

			moment_take(w, now, now - last);
			last = now;
			while (next <= now)
				next += w->options->interval;
		}
	}
	for (unsigned int i = 0; i < w->deck->runner_count; i++)
		rte_eal_wait_lcore(i + 1);
	samples_examine(w);
	/* what is left, so that the moments add up to the run */
	figures_read(w->deck, &figures);
	if (w->trial->moment_count == 0 || memcmp(&figures, &w->last, sizeof(figures)) != 0)
		moment_take(w, elapsed(w), elapsed(w) - last);
}

static void
trial_end(struct watch *w)
{
	struct trial *trial = w->trial;
	struct surge_histogram *now = calloc(1, sizeof(*now));
	double sent_for = 0;

	figures_read(w->deck, &trial->figures);
	figures_subtract(&trial->figures, &w->before);
	if (now) {
		histogram_read(w->deck, now);
		surge_histogram_sum(trial->histogram, now, w->histogram_before);
		free(now);
	}
	trial->latency = latency_of(trial->histogram);
	for (unsigned int i = 0; i < w->deck->lane_count; i++) {
		const struct surge_lane *l = w->deck->lanes[i];
		double lasted = (double)(l->ended - w->start) / (double)w->hz;

		sent_for = lasted > sent_for ? lasted : sent_for;
		for (unsigned int j = 0; j < trial->seconds_count; j++)
			trial->lost_in[j] += l->lost_in[j];
	}
	trial->sending_s = sent_for;
	if (trial->rate > 0) {
		bool stopped = atomic_load_explicit(&w->deck->stop, memory_order_relaxed);

		trial->due =
			queries_due(w->options, trial->rate, stopped ? sent_for : trial->seconds);
	}
	resources_read(w->options->server_pid, &trial->server_after);
	resources_slope(trial);
	trial->verified = w->deck->examiner ? surge_examiner_verified(w->deck->examiner) : 0;
}

int
trial_run(struct deck *deck, const struct options *options, double rate, double seconds,
	struct trial *trial, struct why *why)
{
	struct watch w = {.deck = deck, .options = options, .trial = trial, .hz = rte_get_tsc_hz()};

	*trial = (struct trial){.rate = rate, .seconds = seconds, .calm = trial->calm};
	if (options->flood_name)
		trial->clients_share = trial->calm ? 1 : surge_clients_share(&deck->templates);
	trial->histogram = calloc(1, sizeof(*trial->histogram));
	w.histogram_before = calloc(1, sizeof(*w.histogram_before));
	w.histogram_last = calloc(1, sizeof(*w.histogram_last));
	if (!trial->histogram || !w.histogram_before || !w.histogram_last ||
		seconds_arm(deck, trial) < 0) {
		free(w.histogram_before);
		free(w.histogram_last);
		return why_set(why, ENOMEM, "no memory for a run's figures");
	}
	/* the largest latency is a run's own */
	for (unsigned int i = 0; i < deck->lane_count; i++)
		atomic_store_explicit(&deck->lanes[i]->latency.most, 0, memory_order_relaxed);
	figures_read(deck, &w.before);
	w.last = w.before;
	histogram_read(deck, w.histogram_before);
	memcpy(w.histogram_last, w.histogram_before, sizeof(*w.histogram_last));
	resources_read(options->server_pid, &trial->server_before);
	trial->server_after = trial->server_before;
	w.start = rte_rdtsc();
	lanes_arm(deck, options, trial, w.start);
	for (unsigned int i = 0; i < deck->runner_count; i++)
		rte_eal_remote_launch(surge_runner_run, &deck->runners[i], i + 1);
	lanes_watch(&w);
	trial_end(&w);
	free(w.histogram_before);
	free(w.histogram_last);
	return 0;
}

void
trial_free(struct trial *trial)
{
	free(trial->histogram);
	free(trial->moments);
	free(trial->lost_in);
	*trial = (struct trial){.rate = 0};
}
