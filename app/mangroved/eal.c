/* SPDX-License-Identifier: BSD-3-Clause */
/* EAL: its arguments from the configuration, its start and its end. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "server.h"

enum { EAL_ARGUMENTS_MAX = 128, DEVICE_MAX = 1536 };

struct arguments {
	char *list[EAL_ARGUMENTS_MAX];
	int count;
};

__attribute__((format(printf, 2, 3))) static void
argument_add(struct arguments *arguments, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	/* the configuration's bounds keep the count far below; memory is not out at a start */
	if (arguments->count == EAL_ARGUMENTS_MAX - 1 ||
		vasprintf(&arguments->list[arguments->count++], format, args) < 0)
		abort();
	va_end(args);
}

static const char *
prefix_of(const struct config *config)
{
	return config->file_prefix ? config->file_prefix : "mangrove";
}

/* Where EAL will put its files: systemd's RUNTIME_DIRECTORY, else the place of the file system
 * hierarchy for root and of the XDG for others. EAL tells only when it runs. */
static void
runtime_path(const struct config *config, char path[static SERVER_PATH_MAX])
{
	const char *base = getenv("RUNTIME_DIRECTORY");

	if (!base && getuid() == 0)
		base = "/var/run";
	if (!base)
		base = getenv("XDG_RUNTIME_DIR");
	snprintf(path, SERVER_PATH_MAX, "%s/dpdk/%s", base ? base : "/tmp", prefix_of(config));
}

/* @return the process that runs with our prefix, or 0 */
static pid_t
runtime_owner(const char *directory)
{
	int fd __attribute__((cleanup(close_fd))) = -1;
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char path[SERVER_PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/config", directory);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || fcntl(fd, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK)
		return 0;
	return lock.l_pid;
}

/* EAL leaves its files behind for secondary processes; there are none. */
static void
runtime_remove(const char *directory)
{
	DIR *listing = opendir(directory);
	const struct dirent *entry;

	while (listing && (entry = readdir(listing)))
		unlinkat(dirfd(listing), entry->d_name, 0);
	if (listing)
		closedir(listing);
	rmdir(directory);
}

static unsigned long
number_read(const char *directory, const char *file)
{
	char path[SERVER_PATH_MAX];
	unsigned long number = 0;
	FILE *stream;

	snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/%s/%s", directory, file);
	stream = fopen(path, "re");
	if (stream && fscanf(stream, "%lu", &number) != 1)
		number = 0;
	if (stream)
		fclose(stream);
	return number;
}

/* Of hugepages of all sizes that are free and not promised to others. */
static unsigned long
hugepages_free_mb(void)
{
	DIR *listing = opendir("/sys/kernel/mm/hugepages");
	const struct dirent *entry;
	unsigned long mb = 0, kb;

	while (listing && (entry = readdir(listing))) {
		if (sscanf(entry->d_name, "hugepages-%lukB", &kb) != 1)
			continue;
		mb += (number_read(entry->d_name, "free_hugepages") -
			      number_read(entry->d_name, "resv_hugepages")) *
		      (kb >> 10);
	}
	if (listing)
		closedir(listing);
	return mb;
}

static bool
hugetlbfs_mounted(void)
{
	FILE *mounts = fopen("/proc/mounts", "re");
	char line[1024];
	bool found = false;

	while (mounts && !found && fgets(line, sizeof(line), mounts))
		found = strstr(line, " hugetlbfs ") != NULL;
	if (mounts)
		fclose(mounts);
	return found;
}

static int
memory_arguments(struct server *server, struct arguments *arguments, struct why *why)
{
	const struct config *config = server->config;
	unsigned long mb = hugetlbfs_mounted() ? hugepages_free_mb() : 0;

	server->hugepages = config->hugepages != CONFIG_HUGEPAGES_NO && mb >= config->memory_mb;
	if (config->hugepages == CONFIG_HUGEPAGES_YES && !server->hugepages)
		return port_settings_fault(config->settings, why, "hugepages",
			"%u MB of them wanted, %lu MB are free and mounted; see "
			"/proc/sys/vm/nr_hugepages, or say no",
			config->memory_mb, mb);
	/* unlinked at once: a process that is killed leaves no file that holds pages */
	argument_add(arguments, "%s", server->hugepages ? "--huge-unlink=always" : "--no-huge");
	argument_add(arguments, "-m");
	argument_add(arguments, "%u", config->memory_mb);
	return 0;
}

/* Lcore 0 is control. It and the builders that it starts stay off the CPUs of the data plane,
 * unless there is no other. */
static void
lcore_arguments(const struct config *config, struct arguments *arguments)
{
	cpu_set_t allowed, control;
	char *text = NULL;
	const char *comma = "";
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	sched_getaffinity(0, sizeof(allowed), &allowed);
	control = allowed;
	for (unsigned int i = 0; i < config->lcores_count; i++)
		CPU_CLR(config->lcores[i], &control);
	if (CPU_COUNT(&control) == 0)
		control = allowed;
	fprintf(stream, "0@(");
	for (unsigned int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &control)) {
			fprintf(stream, "%s%u", comma, cpu);
			comma = ",";
		}
	fprintf(stream, ")");
	for (unsigned int i = 0; i < config->lcores_count; i++)
		fprintf(stream, ",%u@%u", i + 1, config->lcores[i]);
	fclose(stream);
	argument_add(arguments, "--lcores=%s", text);
	free(text);
}

/* Claim the interface that the device names, and hand the driver our XDP program. */
static int
xdp_prepare(
	struct server *server, unsigned int index, char device[static DEVICE_MAX], struct why *why)
{
	const struct config_port *port = &server->config->ports[index];
	char interface[64] = "", value[64], object[SERVER_PATH_MAX], path[32], key[32];
	bool stale;
	int rc;

	snprintf(key, sizeof(key), "ports[%u].device", index);
	if (!port_device_argument(port->device, "iface", interface, sizeof(interface)))
		return port_settings_fault(server->config->settings, why, key, "iface= is missing");
	if (port_device_argument(port->device, "xdp_prog", value, sizeof(value)))
		return port_settings_fault(server->config->settings, why, key,
			"xdp_prog= is ours to say; see the key xdp_program");
	if (port_device_argument(port->device, "queue_count", value, sizeof(value)))
		return port_settings_fault(server->config->settings, why, key,
			"queue_count= is ours to say; see the key queues");
	server_xdp_path(server, object);
	rc = port_xdp_claim(
		interface, object, &server->config->service, &server->xdp[index], &stale, why);
	if (rc < 0)
		return rc;
	if (stale)
		log_event(EVENT_XDP_DETACHED,
			"detached the XDP program of a mangroved that died interface=%s",
			interface);
	port_xdp_path(&server->xdp[index], path);
	snprintf(device, DEVICE_MAX, "%s,queue_count=%u,xdp_prog=%s", port->device, port->queues,
		path);
	return 0;
}

/* A process that was killed leaves its socket, and net_memif would not take its place. */
static int
memif_prepare(const char *device, struct why *why)
{
	char value[DEVICE_MAX];

	if (!port_device_argument(device, "role", value, sizeof(value)) ||
		strcmp(value, "server") != 0 ||
		!port_device_argument(device, "socket-abstract", value, sizeof(value)) ||
		strcmp(value, "no") != 0 ||
		!port_device_argument(device, "socket", value, sizeof(value)))
		return 0;
	return socket_stale_remove(value, why);
}

static int
device_arguments(
	struct server *server, unsigned int index, struct arguments *arguments, struct why *why)
{
	char text[DEVICE_MAX];
	int rc = 0;

	snprintf(text, sizeof(text), "%s", server->config->ports[index].device);
	if (!server->drivers[index]) {
		argument_add(arguments, "-a");
		argument_add(arguments, "%s", text);
		return 0;
	}
	if (server->drivers[index]->control == PORT_CONTROL_XDP)
		rc = xdp_prepare(server, index, text, why);
	else if (strcmp(server->drivers[index]->driver, "net_memif") == 0)
		rc = memif_prepare(text, why);
	argument_add(arguments, "--vdev=%s", text);
	return rc;
}

static int
devices_arguments(struct server *server, struct arguments *arguments, struct why *why)
{
	const struct config *config = server->config;
	bool any_pci = false;

	for (unsigned int i = 0; i < config->ports_count; i++) {
		int rc = device_arguments(server, i, arguments, why);

		if (rc < 0)
			return rc;
		any_pci |= server->drivers[i] == NULL;
	}
	if (!any_pci)
		argument_add(arguments, "--no-pci");
	return 0;
}

/* What EAL does not like it also tells past rte_log(), with pages of help. */
static void
outputs_silence(int kept[static 2])
{
	int null __attribute__((cleanup(close_fd))) = open("/dev/null", O_WRONLY | O_CLOEXEC);

	fflush(stdout);
	for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
		kept[fd - STDOUT_FILENO] = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (null >= 0 && kept[fd - STDOUT_FILENO] >= 0)
			dup2(null, fd);
	}
}

static void
outputs_restore(const int kept[static 2])
{
	fflush(stdout);
	for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
		if (kept[fd - STDOUT_FILENO] >= 0) {
			dup2(kept[fd - STDOUT_FILENO], fd);
			close(kept[fd - STDOUT_FILENO]);
		}
}

static int
eal_init(struct server *server, const struct arguments *arguments, struct why *why)
{
	char *given[EAL_ARGUMENTS_MAX]; /* EAL writes to the list that it gets */
	bool quiet = server->config->log_level < RTE_LOG_DEBUG;
	int kept[2];

	memcpy(given, arguments->list, sizeof(given));
	for (int i = 0; i < arguments->count; i++)
		log_say(DEBUG, log_main, "eal argument=%s\n", given[i]);
	if (quiet)
		outputs_silence(kept);
	server->eal_runs = rte_eal_init(arguments->count, given) >= 0;
	if (quiet)
		outputs_restore(kept);
	if (server->eal_runs)
		return 0;
	why_set(why, EIO, "DPDK does not start: %s", rte_strerror(rte_errno));
	log_quote(why);
	/* it may have failed because another got there first */
	if (runtime_owner(server->runtime) != 0)
		server->runtime[0] = '\0';
	return -EIO;
}

int
server_eal_start(struct server *server, struct why *why)
{
	const struct config *config = server->config;
	struct arguments arguments = {.count = 0};
	pid_t owner;
	int rc;

	for (unsigned int i = 0; i < CONFIG_PORTS_MAX; i++)
		server->xdp[i].lock = -1;
	if (config->ports_count == 0)
		return 0;
	runtime_path(config, server->runtime);
	owner = runtime_owner(server->runtime);
	if (owner != 0) {
		server->runtime[0] = '\0';
		return why_set(why, EBUSY,
			"process %d runs with file_prefix \"%s\" already; give this one another",
			owner, prefix_of(config));
	}
	argument_add(&arguments, "mangroved");
	argument_add(&arguments, "--file-prefix=%s", prefix_of(config));
	argument_add(&arguments, "--log-level=*:warning");
	argument_add(&arguments, "--log-level=mangrove.*:%u", config->log_level);
	lcore_arguments(config, &arguments);
	rc = memory_arguments(server, &arguments, why);
	if (rc == 0)
		rc = devices_arguments(server, &arguments, why);
	for (unsigned int i = 0; i < config->eal_extra_count; i++)
		argument_add(&arguments, "%s", config->eal_extra[i]);
	if (rc == 0)
		rc = eal_init(server, &arguments, why);
	for (int i = 0; i < arguments.count; i++)
		free(arguments.list[i]);
	return rc;
}

void
server_eal_stop(struct server *server)
{
	if (server->eal_runs)
		rte_eal_cleanup();
	server->eal_runs = false;
	for (unsigned int i = 0; i < CONFIG_PORTS_MAX; i++)
		port_xdp_release(&server->xdp[i]);
	if (server->runtime[0])
		runtime_remove(server->runtime);
}
