/* SPDX-License-Identifier: BSD-3-Clause */
/* What a server takes of its machine, by /proc. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "trial.h"

/* In less time a server only warms up, and a slope would be taken for growth. */
enum { TREE_MAX = 256, SLOPE_LEAST_S = 600 };

static void
process_read(unsigned int pid, struct resources *resources)
{
	char path[64], line[1024];
	unsigned long user = 0, system = 0;
	long kib = 0;
	const char *rest;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return;
	rest = fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;
	fclose(file);
	/* fields 3 to 15 of proc(5), the name before may hold anything */
	if (!rest || sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
			     &system) != 2)
		return;
	resources->cpu_seconds += (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
	resources->processes++;
	snprintf(path, sizeof(path), "/proc/%u/status", pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "VmRSS: %ld", &kib) == 1)
			resources->rss_kib += (double)kib;
	if (file)
		fclose(file);
}

/* A process and those that it started. */
static unsigned int
tree_read(unsigned int pid, unsigned int tree[static TREE_MAX])
{
	unsigned int count = 1;
	char path[80];

	tree[0] = pid;
	for (unsigned int i = 0; i < count; i++) {
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%u/task/%u/children", tree[i], tree[i]);
		file = fopen(path, "re");
		while (file && count < TREE_MAX && fscanf(file, "%u", &tree[count]) == 1)
			count++;
		if (file)
			fclose(file);
	}
	return count;
}

void
resources_read(unsigned int pid, struct resources *resources)
{
	unsigned int tree[TREE_MAX];
	unsigned int count;

	*resources = (struct resources){.processes = 0};
	if (pid == 0)
		return;
	count = tree_read(pid, tree);
	for (unsigned int i = 0; i < count; i++)
		process_read(tree[i], resources);
}

/* Least squares; what a server takes to warm up is left out. */
void
resources_slope(struct trial *trial)
{
	double n = 0, x = 0, y = 0, xx = 0, xy = 0, residues = 0, slope, offset, spread;
	unsigned int first = trial->moment_count / 10;

	for (unsigned int i = first; i < trial->moment_count; i++) {
		double at = trial->moments[i].at / 3600, kib = trial->moments[i].server.rss_kib;

		n++;
		x += at;
		y += kib;
		xx += at * at;
		xy += at * kib;
	}
	spread = n * xx - x * x;
	if (n < 3 || spread <= 0 || trial->sending_s < SLOPE_LEAST_S)
		return;
	slope = (n * xy - x * y) / spread;
	offset = (y - slope * x) / n;
	for (unsigned int i = first; i < trial->moment_count; i++) {
		double off = trial->moments[i].server.rss_kib - offset -
			     slope * trial->moments[i].at / 3600;

		residues += off * off;
	}
	trial->rss_slope = slope;
	trial->rss_slope_error = sqrt(residues / (n - 2) * n / spread);
}
