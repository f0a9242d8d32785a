/* SPDX-License-Identifier: BSD-3-Clause */
#include "report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

FILE *
report_stream(const struct options *options)
{
	return options->json && strcmp(options->json, "-") == 0 ? stderr : stdout;
}

static void
server_print(FILE *out, const struct trial *trial)
{
	double cpu = trial->server_after.cpu_seconds - trial->server_before.cpu_seconds;

	fprintf(out,
		"server: %.2f s of CPU, %.2f for a million answers; %.1f MiB resident, %+.1f since"
		" the start",
		cpu, trial->figures.answered ? cpu / (double)trial->figures.answered * 1e6 : 0,
		trial->server_after.rss_kib / 1024,
		(trial->server_after.rss_kib - trial->server_before.rss_kib) / 1024);
	if (trial->rss_slope != 0 || trial->rss_slope_error != 0)
		fprintf(out, "; growth %.0f KiB an hour, give or take %.0f", trial->rss_slope,
			trial->rss_slope_error);
	fputc('\n', out);
}

static void
faults_print(FILE *out, const struct figures *figures)
{
	for (enum surge_fault i = SURGE_RIGHT + 1; i < SURGE_FAULTS; i++)
		if (figures->faults[i])
			fprintf(out, "wrong: %s %" PRIu64 "\n", surge_fault_names[i],
				figures->faults[i]);
}

/* What became of the queries of some; wrong ones are those that came in time. */
static void
ends_print(FILE *out, const char *whose, const uint64_t *ends)
{
	fprintf(out,
		"%s: sent=%" PRIu64 " answered=%" PRIu64 " truncated=%" PRIu64 " lost=%" PRIu64
		" late=%" PRIu64 " wrong=%" PRIu64 "\n",
		whose, ends[SURGE_END_SENT], ends[SURGE_END_ANSWERED], ends[SURGE_END_SLIPPED],
		ends[SURGE_END_LOST], ends[SURGE_END_LATE], ends[SURGE_END_SPOILED]);
}

static void
populations_print(FILE *out, const struct trial *trial)
{
	uint64_t flood[SURGE_ENDS];

	figures_flood(&trial->figures, flood);
	ends_print(out, "clients", trial->figures.clients);
	ends_print(out, "flood", flood);
	fprintf(out, "clients that were not answered: %.4f %%\n", 100 * trial_loss(trial));
}

static unsigned int
worst_second(const struct trial *trial)
{
	unsigned int worst = 0;

	for (unsigned int i = 0; i < trial->seconds_count; i++)
		if (trial->lost_in[i] > trial->lost_in[worst])
			worst = i;
	return worst;
}

void
report_trial(const struct options *options, const struct trial *trial)
{
	FILE *out = report_stream(options);
	const struct figures *f = &trial->figures;
	const struct latency *l = &trial->latency;
	double took = trial->sending_s > 0 ? trial->sending_s : 1;

	fprintf(out,
		"sent=%" PRIu64 " answered=%" PRIu64 " lost=%" PRIu64 " late=%" PRIu64
		" duplicate=%" PRIu64 " wrong=%" PRIu64 " unsent=%" PRIu64 " silent=%" PRIu64 "\n",
		f->sent, f->answered, f->lost, f->late, f->faults[SURGE_FAULT_DUPLICATE],
		figures_wrong(f), trial_unsent(trial), f->silent);
	if (trial->clients_share > 0)
		populations_print(out, trial);
	faults_print(out, f);
	if (f->lost)
		fprintf(out, "worst second: %u, %u lost of the queries due in it\n",
			worst_second(trial), trial->lost_in[worst_second(trial)]);
	fprintf(out,
		"%.2f s, %.0f queries/s, %.0f answers/s, loss %.4f %%, out %.2f Gbit/s, in %.2f "
		"Gbit/s of frames\n",
		took, (double)f->sent / took, (double)f->answered / took, 100 * trial_loss(trial),
		(double)f->sent_octets * 8 / took / 1e9,
		(double)f->received_octets * 8 / took / 1e9);
	fprintf(out,
		"latency, us: p50 %.1f  p90 %.1f  p99 %.1f  p99.9 %.1f  p99.99 %.1f  max %.1f\n",
		l->p50, l->p90, l->p99, l->p999, l->p9999, l->most);
	fprintf(out,
		"verified: every reply %s, %" PRIu64 " examined in full (%" PRIu64
		" found no room), %" PRIu64 " signatures; %" PRIu64 " other frames, %" PRIu64
		" came by another lane's queue, the ring was full %" PRIu64 " times\n",
		options->strictness == SURGE_OCTETS ? "to the octet" : "by its header",
		trial->examined, f->unsampled, trial->verified, f->other, f->crossed, f->refused);
	if (options->server_pid)
		server_print(out, trial);
	fflush(out);
}

void
report_results(const struct options *options, const struct results *results)
{
	FILE *out = report_stream(options);

	fprintf(out, "\n%14s %14s %14s %12s %10s %10s %10s %10s %8s\n", "rate", "sent/s",
		"answered/s", "loss, %", "p50, us", "p99, us", "p99.9, us", "max, us", "wrong");
	for (unsigned int i = 0; i < results->count; i++) {
		const struct trial *t = results->trials[i];
		double took = t->sending_s > 0 ? t->sending_s : 1;

		fprintf(out,
			"%14.0f %14.0f %14.0f %12.5f %10.1f %10.1f %10.1f %10.1f %8" PRIu64 "\n",
			t->rate, (double)t->figures.sent / took, (double)t->figures.answered / took,
			100 * trial_loss(t), t->latency.p50, t->latency.p99, t->latency.p999,
			t->latency.most, figures_wrong(&t->figures));
	}
	if (options->mode == MODE_SEARCH)
		fprintf(out, "highest rate that lost no more than %g %%: %.0f queries/s\n",
			options->tolerance, results->found);
	fflush(out);
}
