/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "deck.h"

enum { ARGUMENTS_MAX = 64 };

struct arguments {
	char *list[ARGUMENTS_MAX];
	int count;
};

__attribute__((format(printf, 2, 3))) static void
argument_add(struct arguments *arguments, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	/* options bound the count; memory is not out at a start */
	if (arguments->count == ARGUMENTS_MAX ||
		vasprintf(&arguments->list[arguments->count++], format, args) < 0)
		abort();
	va_end(args);
}

/* The last CPU serves the lanes, so that a server has the first. */
static int
cpus_choose(const struct options *options, unsigned int cpus[static CPUS_MAX], unsigned int *count,
	struct why *why)
{
	cpu_set_t allowed;

	sched_getaffinity(0, sizeof(allowed), &allowed);
	for (unsigned int i = 0; i < options->cpu_count; i++) {
		if (!CPU_ISSET(options->cpus[i], &allowed))
			return why_set(why, EINVAL, "--lcores: there is no CPU %u to run on",
				options->cpus[i]);
		cpus[i] = options->cpus[i];
	}
	*count = options->cpu_count;
	for (unsigned int cpu = CPU_SETSIZE; cpu-- && *count == 0;)
		if (CPU_ISSET(cpu, &allowed))
			cpus[(*count)++] = cpu;
	return 0;
}

/* Lcore 0 is control, and goes wherever there is time. */
static int
lcores_add(struct deck *deck, const struct options *options, struct arguments *arguments,
	struct why *why)
{
	unsigned int cpus[CPUS_MAX], count = 0, lanes = options->device_count * options->queues;
	char text[CPUS_MAX * 12 + 16] = "";
	cpu_set_t allowed;
	size_t used;
	int rc = cpus_choose(options, cpus, &count, why);

	if (rc < 0)
		return rc;
	sched_getaffinity(0, sizeof(allowed), &allowed);
	/* an lcore without a lane would only take part of a CPU */
	deck->runner_count = count < lanes ? count : lanes;
	used = (size_t)snprintf(text, sizeof(text), "--lcores=0@(");
	for (unsigned int cpu = 0, first = 1; cpu < CPU_SETSIZE && used < sizeof(text) / 2; cpu++)
		if (CPU_ISSET(cpu, &allowed)) {
			used += (size_t)snprintf(
				text + used, sizeof(text) - used, "%s%u", first ? "" : ",", cpu);
			first = 0;
		}
	argument_add(arguments, "%s)", text);
	for (unsigned int i = 0; i < deck->runner_count; i++) {
		char *longer = NULL, **last = &arguments->list[arguments->count - 1];

		if (asprintf(&longer, "%s,%u@%u", *last, i + 1, cpus[i]) < 0)
			abort();
		free(*last);
		*last = longer;
	}
	return 0;
}

static void
devices_add(const struct options *options, struct arguments *arguments)
{
	char name[PORT_DRIVER_NAME_MAX];
	bool any_pci = false;

	for (unsigned int i = 0; i < options->device_count; i++) {
		if (port_device_driver(options->devices[i], name)) {
			argument_add(arguments, "--vdev=%s", options->devices[i]);
			continue;
		}
		any_pci = true;
		argument_add(arguments, "-a");
		argument_add(arguments, "%s", options->devices[i]);
	}
	if (!any_pci)
		argument_add(arguments, "--no-pci");
}

/* As EAL itself decides. */
static void
runtime_find(struct deck *deck, const struct options *options)
{
	const char *base = getenv("RUNTIME_DIRECTORY");

	if (!base && getuid() == 0)
		base = "/var/run";
	if (!base)
		base = getenv("XDG_RUNTIME_DIR");
	snprintf(deck->runtime, sizeof(deck->runtime), "%.2000s/dpdk/%.200s", base ? base : "/tmp",
		options->file_prefix);
}

int
deck_eal_start(struct deck *deck, const struct options *options, struct why *why)
{
	struct arguments arguments = {.count = 0};
	char *given[ARGUMENTS_MAX]; /* EAL writes to the list that it gets */
	int rc;

	argument_add(&arguments, "mangrove-surge");
	argument_add(&arguments, "--file-prefix=%s", options->file_prefix);
	argument_add(&arguments, "--log-level=*:error");
	argument_add(&arguments, "--no-telemetry");
	argument_add(&arguments, options->hugepages ? "--huge-unlink=always" : "--no-huge");
	argument_add(&arguments, "-m");
	argument_add(&arguments, "%u", options->memory_mb);
	rc = lcores_add(deck, options, &arguments, why);
	devices_add(options, &arguments);
	for (unsigned int i = 0; i < options->eal_extra_count; i++)
		argument_add(&arguments, "%s", options->eal_extra[i]);
	memcpy(given, arguments.list, sizeof(given));
	if (rc == 0 && rte_eal_init(arguments.count, given) < 0)
		rc = why_set(why, EIO, "DPDK does not start: %s", rte_strerror(rte_errno));
	else if (rc == 0)
		runtime_find(deck, options);
	for (int i = 0; i < arguments.count; i++)
		free(arguments.list[i]);
	return rc;
}

void
deck_eal_stop(struct deck *deck)
{
	const struct dirent *entry;
	DIR *listing;

	rte_eal_cleanup();
	/* EAL leaves its files behind for secondary processes; there are none */
	listing = opendir(deck->runtime);
	while (listing && (entry = readdir(listing)))
		unlinkat(dirfd(listing), entry->d_name, 0);
	if (listing)
		closedir(listing);
	rmdir(deck->runtime);
}
