/* SPDX-License-Identifier: BSD-3-Clause */
/* EAL, ports and lcores: up and down. */
#include "server.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EAL_ARGUMENTS_MAX = 128, EAL_TEXT = 1536 };

struct eal_arguments {
	char *list[EAL_ARGUMENTS_MAX];
	int count;
};

__attribute__((format(printf, 2, 3))) static void
argument_add(struct eal_arguments *arguments, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (arguments->count == EAL_ARGUMENTS_MAX - 1 ||
		vasprintf(&arguments->list[arguments->count++], format, args) < 0)
		abort();
	va_end(args);
}

static unsigned long
hugepages_free_mb(void)
{
	FILE *file = fopen("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "re");
	unsigned long pages = 0;

	if (file && fscanf(file, "%lu", &pages) != 1)
		pages = 0;
	if (file)
		fclose(file);
	return 2 * pages;
}

static int
memory_arguments(const struct config *config, struct eal_arguments *arguments, struct why *why)
{
	bool enough = hugepages_free_mb() >= config->memory_mb;

	if (config->hugepages == CONFIG_HUGEPAGES_YES && !enough)
		return why_set(why, ENOMEM,
			"hugepages: %u MB wanted, %lu MB of 2 MB pages are free; see "
			"/proc/sys/vm/nr_hugepages, or set hugepages: no",
			config->memory_mb, hugepages_free_mb());
	if (config->hugepages == CONFIG_HUGEPAGES_NO || !enough)
		argument_add(arguments, "--no-huge");
	else
		argument_add(arguments, "--huge-unlink=always");
	argument_add(arguments, "-m");
	argument_add(arguments, "%u", config->memory_mb);
	return 0;
}

/* "net_af_xdp0,iface=x" is of driver net_af_xdp; a PCI address has a driver that EAL finds. */
static bool
device_driver(const char *device, char driver[static 64])
{
	size_t length = strcspn(device, ",");

	while (length && device[length - 1] >= '0' && device[length - 1] <= '9')
		length--;
	if (strncmp(device, "net_", 4) != 0 || length >= 64)
		return false;
	memcpy(driver, device, length);
	driver[length] = '\0';
	return true;
}

static const char *
drivers_directory(const struct config *config)
{
	return config->drivers_config ? config->drivers_config : MANGROVE_DRIVERS_CONFIG;
}

/* Claim the interface that the device names, and hand the driver our XDP program. */
static int
xdp_prepare(
	struct server *server, unsigned int index, char device[static EAL_TEXT], struct why *why)
{
	const struct config *config = server->config;
	const char *at = strstr(config->ports[index].device, "iface=");
	char interface[64] = "", object[512], copy[300];
	int rc;

	if (at)
		snprintf(interface, sizeof(interface), "%.*s", (int)strcspn(at + 6, ","), at + 6);
	rc = port_xdp_claim(interface, &server->xdp[index], why);
	if (rc < 0)
		return rc;
	server_path(server, config->xdp_program, "mangrove_xdp.o", object);
	snprintf(copy, sizeof(copy), "/tmp/mangrove-xdp-%d-%u.o", getpid(), index);
	rc = port_xdp_specialize(object, &config->service, copy, why);
	snprintf(device, EAL_TEXT, "%s,start_queue=0,queue_count=%u,xdp_prog=%s",
		config->ports[index].device, config->ports[index].queues, copy);
	return rc;
}

static int
device_arguments(
	struct server *server, unsigned int index, struct eal_arguments *arguments, struct why *why)
{
	const char *device = server->config->ports[index].device;
	char text[EAL_TEXT], driver[64];
	int rc;

	snprintf(text, sizeof(text), "%s", device);
	if (!device_driver(device, driver)) {
		argument_add(arguments, "-a");
		argument_add(arguments, "%s", text);
		return 0;
	}
	rc = port_driver_read(
		drivers_directory(server->config), driver, &server->drivers[index], why);
	if (rc == 0 && server->drivers[index]->xdp)
		rc = xdp_prepare(server, index, text, why);
	argument_add(arguments, "--vdev=%s", text);
	return rc;
}

static void
lcore_arguments(const struct config *config, struct eal_arguments *arguments)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	/* lcore 0 is control; it runs where the first worker does and mostly waits */
	fprintf(stream, "0@%u", config->lcores[0]);
	for (unsigned int i = 0; i < config->lcores_count; i++)
		fprintf(stream, ",%u@%u", i + 1, config->lcores[i]);
	fclose(stream);
	argument_add(arguments, "--lcores=%s", text);
	free(text);
}

static void
xdp_copies_remove(const struct server *server)
{
	char copy[300];

	for (unsigned int i = 0; i < server->config->ports_count; i++) {
		snprintf(copy, sizeof(copy), "/tmp/mangrove-xdp-%d-%u.o", getpid(), i);
		unlink(copy);
	}
}

int
server_eal_start(struct server *server, struct why *why)
{
	const struct config *config = server->config;
	struct eal_arguments arguments = {.count = 0};
	bool any_pci = false;
	char driver[64];
	int rc;

	for (unsigned int i = 0; i < SERVER_PORTS_MAX; i++)
		server->xdp[i].lock = -1;
	argument_add(&arguments, "mangroved");
	argument_add(&arguments, "--file-prefix=%s",
		config->file_prefix ? config->file_prefix : "mangrove");
	argument_add(&arguments, "--log-level=*:warning");
	argument_add(&arguments, "--log-level=mangrove:info");
	argument_add(&arguments, "--no-telemetry");
	lcore_arguments(config, &arguments);
	rc = memory_arguments(config, &arguments, why);
	for (unsigned int i = 0; i < config->ports_count && rc == 0; i++)
		rc = device_arguments(server, i, &arguments, why);
	for (unsigned int i = 0; i < config->ports_count; i++)
		any_pci |= !device_driver(config->ports[i].device, driver);
	if (!any_pci)
		argument_add(&arguments, "--no-pci");
	for (unsigned int i = 0; i < config->eal_extra_count; i++)
		argument_add(&arguments, "%s", config->eal_extra[i]);
	if (rc < 0)
		return rc;
	if (rte_eal_init(arguments.count, arguments.list) < 0)
		return why_set(why, EINVAL, "DPDK does not start: %s", rte_strerror(rte_errno));
	server->eal_runs = true;
	return rc;
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

void
server_eal_stop(struct server *server)
{
	char directory[512];

	xdp_copies_remove(server);
	for (unsigned int i = 0; i < SERVER_PORTS_MAX; i++) {
		port_xdp_release(&server->xdp[i]);
		port_driver_free(server->drivers[i]);
	}
	/* what did not start here may be another's */
	if (!server->eal_runs)
		return;
	snprintf(directory, sizeof(directory), "%s", rte_eal_get_runtime_dir());
	rte_eal_cleanup();
	runtime_remove(directory);
}

static int
ports_start(struct server *server, struct why *why)
{
	const struct config *config = server->config;

	if (rte_eth_dev_count_avail() != config->ports_count)
		return why_set(why, ENODEV, "%u ports configured, DPDK found %u",
			config->ports_count, rte_eth_dev_count_avail());
	for (unsigned int i = 0; i < config->ports_count; i++) {
		struct rte_eth_dev_info info;
		int rc = 0;

		rte_eth_dev_info_get((uint16_t)i, &info);
		if (!server->drivers[i])
			rc = port_driver_read(drivers_directory(config), info.driver_name,
				&server->drivers[i], why);
		if (rc == 0)
			rc = port_start((uint16_t)i, server->drivers[i], config->ports[i].queues,
				&server->ports[i], why);
		if (rc < 0) {
			why_prefix(why, "%s", config->ports[i].device);
			return rc;
		}
		server->ports_started++;
	}
	return 0;
}

static void
queues_deal(struct server *server)
{
	unsigned int dealt = 0;

	for (unsigned int i = 0; i < server->ports_started; i++)
		for (uint16_t queue = 0; queue < server->ports[i].queue_count; queue++) {
			struct worker *w = &server->workers[dealt++ % server->config->lcores_count];
			enum port_checksum checksum = server->drivers[i]->checksum;

			w->queues[w->queue_count++] = (struct worker_queue){
				.port_id = server->ports[i].id,
				.queue_id = queue,
				.verify_in_software = checksum == PORT_CHECKSUM_SOFTWARE,
				.trust_link = checksum == PORT_CHECKSUM_TRUSTED,
				.offload = server->ports[i].offload,
			};
		}
}

int
server_start(struct server *server, struct why *why)
{
	const struct config *config = server->config;
	int rc = ports_start(server, why);

	if (rc < 0)
		return rc;
	if (worker_slot_init(&server->slot, config->lcores_count) < 0)
		return why_set(why, ENOMEM, "out of memory");
	server->workers = aligned_alloc(64, config->lcores_count * sizeof(*server->workers));
	if (!server->workers)
		return why_set(why, ENOMEM, "out of memory");
	memset(server->workers, 0, config->lcores_count * sizeof(*server->workers));
	queues_deal(server);
	worker_publish(&server->slot, server->catalogue);
	for (unsigned int i = 0; i < config->lcores_count; i++) {
		struct worker *w = &server->workers[i];

		w->index = i;
		w->slot = &server->slot;
		w->service = &config->service;
		w->variant = worker_variant_choose(config->variant);
		w->idle = config->idle;
		rc = rte_eal_remote_launch(worker_run, w, i + 1);
		if (rc < 0)
			return why_set(why, -rc, "lcore %u does not start", i + 1);
	}
	/* the kernel has the program now */
	xdp_copies_remove(server);
	return 0;
}

void
server_stop(struct server *server)
{
	if (!server->eal_runs)
		return;
	for (unsigned int i = 0; server->workers && i < server->config->lcores_count; i++)
		atomic_store_explicit(&server->workers[i].stop, true, memory_order_relaxed);
	rte_eal_mp_wait_lcore();
	if (server->workers)
		server_counters_log(server);
	for (unsigned int i = 0; i < server->ports_started; i++)
		port_stop(&server->ports[i]);
	worker_slot_free(&server->slot);
	free(server->workers);
}

static void
counter_log(const char *name, uint64_t value)
{
	if (value)
		SERVER_LOG(INFO, "count %s=%llu\n", name, (unsigned long long)value);
}

void
server_counters_log(const struct server *server)
{
	uint64_t received = 0, sent = 0, unsent = 0, packet[PACKET_VERDICTS] = {0};
	uint64_t engine[ENGINE_VERDICTS] = {0};

	for (unsigned int i = 0; i < server->config->lcores_count; i++) {
		const struct worker *w = &server->workers[i];

		received += atomic_load_explicit(&w->received, memory_order_relaxed);
		sent += atomic_load_explicit(&w->sent, memory_order_relaxed);
		unsent += atomic_load_explicit(&w->unsent, memory_order_relaxed);
		for (unsigned int k = 0; k < PACKET_VERDICTS; k++)
			packet[k] +=
				atomic_load_explicit(&w->counters.packet[k], memory_order_relaxed);
		for (unsigned int k = 0; k < ENGINE_VERDICTS; k++)
			engine[k] +=
				atomic_load_explicit(&w->counters.engine[k], memory_order_relaxed);
	}
	counter_log("received", received);
	counter_log("sent", sent);
	counter_log("unsent", unsent);
	for (unsigned int k = 0; k < PACKET_VERDICTS; k++)
		counter_log(packet_verdict_names[k], packet[k]);
	for (unsigned int k = 0; k < ENGINE_VERDICTS; k++)
		counter_log(engine_verdict_names[k], engine[k]);
}
