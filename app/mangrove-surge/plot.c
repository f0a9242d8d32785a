/* SPDX-License-Identifier: BSD-3-Clause */
/* Figures for the eye, by gnuplot. */
#include <errno.h>
#include <fcntl.h>
#include <rte_cycles.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report.h"

extern char **environ;

/* Start gnuplot with its commands to come. @return NULL: it is not there */
static FILE *
gnuplot_start(pid_t *pid)
{
	char *const command[] = {"gnuplot", "-", NULL};
	posix_spawn_file_actions_t actions;
	FILE *stream = NULL;
	int ends[2], rc;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return NULL;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
	rc = posix_spawnp(pid, command[0], &actions, NULL, command, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[0]);
	if (rc == 0)
		stream = fdopen(ends[1], "w");
	else
		errno = rc;
	if (!stream)
		close(ends[1]);
	return stream;
}

static int
gnuplot_end(FILE *stream, pid_t pid, struct why *why)
{
	int status = 1;

	fclose(stream);
	if (waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return why_set(why, EIO, "gnuplot failed");
	return 0;
}

/* Quotation marks and backslashes would end or change a string. */
static void
output_say(FILE *to, const char *prefix, const char *what)
{
	fputs("set terminal pngcairo size 1200,700\nset grid\nset output \"", to);
	for (; *prefix; prefix++) {
		if (*prefix == '"' || *prefix == '\\')
			fputc('\\', to);
		fputc(*prefix, to);
	}
	fprintf(to, "-%s.png\"\n", what);
}

/* Several rates: what was offered against what was lost. */
static void
rates_plot(FILE *to, const struct results *results)
{
	fputs("set xlabel 'offered, queries a second'\nset ylabel 'answered a second'\n"
	      "set y2label 'loss, %'\nset y2tics\nset xrange [0:*]\nset yrange [0:1<*]\nset "
	      "y2range [0:1<*]\nset key left top\n"
	      "plot '-' using 1:2 smooth unique with linespoints title 'answered', "
	      "'-' using 1:2 axes x1y2 with points pointtype 7 title 'loss'\n",
		to);
	for (unsigned int column = 0; column < 2; column++) {
		for (unsigned int i = 0; i < results->count; i++) {
			const struct trial *t = results->trials[i];
			double took = t->sending_s > 0 ? t->sending_s : 1;

			fprintf(to, "%f %f\n", t->rate,
				column ? 100 * trial_loss(t) : (double)t->figures.answered / took);
		}
		fputs("e\n", to);
	}
}

/* One rate: how it went over time. */
static void
moments_plot(FILE *to, const struct trial *trial)
{
	double before = 0;

	fputs("set xlabel 'seconds'\nset ylabel 'answered a second'\nset xrange [0:*]\nset yrange "
	      "[0:1<*]\n"
	      "set y2label 'lost a second'\nset y2tics\nset y2range [0:1<*]\n"
	      "plot '-' using 1:2 with lines title 'answered', "
	      "'-' using 1:2 axes x1y2 with impulses title 'lost'\n",
		to);
	for (unsigned int column = 0; column < 2; column++) {
		before = 0;
		for (unsigned int i = 0; i < trial->moment_count; i++) {
			const struct moment *m = &trial->moments[i];
			double took = m->at > before ? m->at - before : 1;

			fprintf(to, "%f %f\n", m->at,
				(double)(column ? m->lost : m->answered) / took);
			before = m->at;
		}
		fputs("e\n", to);
	}
}

/* How many replies took longer than that, both on a logarithmic scale. */
static void
latency_plot(FILE *to, const struct results *results)
{
	double us = 1e6 / (double)rte_get_tsc_hz();
	unsigned int curves = 0;

	fputs("set logscale xy\nset xlabel 'microseconds from the time due to the reply'\n"
	      "set ylabel 'share of replies that took longer'\nset key right top\nplot ",
		to);
	for (unsigned int i = 0; i < results->count; i++)
		if (surge_histogram_count(results->trials[i]->histogram))
			fprintf(to, "%s'-' using 1:2 with lines title '%.0f a second'",
				curves++ ? ", " : "", results->trials[i]->rate);
	fputs(curves ? "\n" : "1\n", to);
	for (unsigned int i = 0; i < results->count; i++) {
		const struct surge_histogram *h = results->trials[i]->histogram;
		uint64_t all = surge_histogram_count(h), left = all;

		for (unsigned int j = 0; all && j < SURGE_BUCKETS; j++) {
			uint64_t count = counter_read(&h->counts[j]);

			left -= count;
			/* where nothing is left there is no place on such a scale */
			if (count)
				fprintf(to, "%f %g\n", us * (double)surge_histogram_bound(j),
					left ? (double)left / (double)all : .5 / (double)all);
		}
		if (all)
			fputs("e\n", to);
	}
}

int
plot_write(const struct options *options, const struct results *results, struct why *why)
{
	pid_t pid;
	FILE *to = gnuplot_start(&pid);

	if (!to)
		return why_errno(why, "gnuplot does not start");
	output_say(to, options->plot, "rate");
	if (options->mode == MODE_FIXED) /* behind a calm one, if there was any */
		moments_plot(to, results->trials[results->count - 1]);
	else
		rates_plot(to, results);
	fputs("reset\n", to);
	output_say(to, options->plot, "latency");
	latency_plot(to, results);
	return gnuplot_end(to, pid, why);
}
