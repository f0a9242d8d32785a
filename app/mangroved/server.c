/* SPDX-License-Identifier: BSD-3-Clause */
/* Ports and lcores: up and down. */
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

static int
driver_read(struct server *server, unsigned int index, const char *name, struct why *why)
{
	char directory[SERVER_PATH_MAX], key[32];
	struct why unread;
	int rc;

	server_drivers_path(server, directory);
	rc = port_driver_read(directory, name, &server->drivers[index], &unread);
	snprintf(key, sizeof(key), "ports[%u].device", index);
	if (rc < 0)
		return port_settings_fault(
			server->config->settings, why, key, "driver %s: %s", name, unread.text);
	snprintf(key, sizeof(key), "ports[%u].queues", index);
	return port_settings_bound(server->config->settings, why, key,
		server->config->ports[index].queues, 1, server->drivers[index]->queues_max);
}

int
server_drivers_read(struct server *server, struct why *why)
{
	char name[PORT_DRIVER_NAME_MAX];

	for (unsigned int i = 0; i < server->config->ports_count; i++) {
		int rc;

		if (!port_device_driver(server->config->ports[i].device, name))
			continue;
		rc = driver_read(server, i, name, why);
		if (rc < 0)
			return rc;
	}
	return 0;
}

void
server_drivers_free(struct server *server)
{
	for (unsigned int i = 0; i < CONFIG_PORTS_MAX; i++)
		port_driver_free(server->drivers[i]);
}

/* The port that EAL made of a device: named by what stands before the device's arguments. */
static int
port_find(const char *device, uint16_t *id, struct why *why)
{
	char name[RTE_ETH_NAME_MAX_LEN];
	int length = (int)strcspn(device, ",");

	snprintf(name, sizeof(name), "%.*s", length, device);
	/* EAL writes PCI addresses with their domain */
	if (rte_eth_dev_get_port_by_name(name, id) == 0)
		return 0;
	snprintf(name, sizeof(name), "0000:%.*s", length, device);
	if (rte_eth_dev_get_port_by_name(name, id) == 0)
		return 0;
	return why_set(why, ENODEV, "no such device, or no driver for it");
}

static int
port_up(struct server *server, unsigned int index, struct why *why)
{
	const struct config_port *wanted = &server->config->ports[index];
	const struct port_wishes wishes = {
		.queue_count = wanted->queues,
		.service = &server->config->service,
	};
	struct port *port = &server->ports[index];
	struct rte_eth_dev_info info;
	uint16_t id;
	int rc = port_find(wanted->device, &id, why);

	if (rc == 0 && !server->drivers[index]) {
		rte_eth_dev_info_get(id, &info);
		rc = driver_read(server, index, info.driver_name, why);
	}
	if (rc == 0)
		rc = port_start(id, server->drivers[index], &wishes, port, why);
	if (rc < 0)
		return rc;
	log_say(INFO, log_port, "port up device=%.*s driver=%s queues=%u burst=%u offload=%s\n",
		(int)strcspn(wanted->device, ","), wanted->device, server->drivers[index]->driver,
		port->queue_count, port->burst, port->offload ? "yes" : "no");
	server->ports_started++;
	return 0;
}

static void
queues_deal(struct server *server)
{
	for (unsigned int i = 0; i < server->ports_started; i++)
		for (uint16_t queue = 0; queue < server->ports[i].queue_count; queue++) {
			const struct port *port = &server->ports[i];
			struct worker *w =
				&server->workers[config_queue_lcore(server->config, i, queue)];

			w->queues[w->queue_count++] = (struct worker_queue){
				.port_id = port->id,
				.queue_id = queue,
				.burst = port->burst,
				.verify_in_software = port->checksum == PORT_CHECKSUM_SOFTWARE,
				.trust_link = port->checksum == PORT_CHECKSUM_TRUSTED,
				.offload = port->offload,
			};
		}
}

static int
workers_start(struct server *server, struct why *why)
{
	const struct config *config = server->config;
	size_t size = config->lcores_count * sizeof(*server->workers);

	if (config->lcores_count == 0)
		return 0;
	server->workers = aligned_alloc(RTE_CACHE_LINE_SIZE, size);
	if (!server->workers)
		return why_set(why, ENOMEM, "out of memory");
	memset(server->workers, 0, size);
	queues_deal(server);
	for (unsigned int i = 0; i < config->lcores_count; i++) {
		struct worker *w = &server->workers[i];
		int rc;

		w->index = i;
		w->slot = &server->slot;
		w->service = &config->service;
		w->variant = worker_variant_choose(config->variant);
		w->idle = config->idle;
		rc = rte_eal_remote_launch(worker_run, w, i + 1);
		if (rc < 0)
			return why_set(why, -rc, "the lcore of CPU %u does not start: %s",
				config->lcores[i], strerror(-rc));
		server->workers_started++;
	}
	return 0;
}

static int
sockets_start(struct server *server, struct why *why)
{
	const struct config *config = server->config;
	const struct config_sockets *sockets = &config->sockets;
	const struct stream_settings settings = {
		.service = &config->service,
		.port = (uint16_t)sockets->port,
		.tcp = sockets->tcp == CONFIG_YES,
		.udp = sockets->udp == CONFIG_YES,
		.thread_count = sockets->threads,
		.cpus = sockets->cpus,
		.slot = &server->slot,
		.reader_first = config->lcores_count,
		.connections = sockets->connections,
		.connections_per_prefix = sockets->connections_per_prefix,
		.idle_timeout_ms = sockets->idle_timeout_ms,
		.message_timeout_ms = sockets->message_timeout_ms,
	};

	if (!settings.tcp && !settings.udp)
		return 0;
	return stream_start(&settings, &server->stream, why);
}

int
server_start(struct server *server, struct why *why)
{
	const struct config *config = server->config;
	int rc;

	if (publish_init(&server->slot, config->lcores_count + config->sockets.threads) < 0)
		return why_set(why, ENOMEM, "out of memory");
	publish_replace(&server->slot, server->service);
	for (unsigned int i = 0; i < config->ports_count; i++) {
		rc = port_up(server, i, why);
		if (rc < 0) {
			log_quote(why);
			why_prefix(why, "%s", config->ports[i].device);
			return rc;
		}
	}
	rc = sockets_start(server, why);
	return rc < 0 ? rc : workers_start(server, why);
}

void
server_stop(struct server *server)
{
	for (unsigned int i = 0; i < server->workers_started; i++)
		atomic_store_explicit(&server->workers[i].stop, true, memory_order_relaxed);
	stream_stop(server->stream);
	for (unsigned int i = 0; i < server->workers_started; i++)
		rte_eal_wait_lcore(i + 1);
	if (server->workers_started || server->stream)
		server_counters_log(server);
	stream_free(server->stream);
	server->stream = NULL;
	for (unsigned int i = 0; i < server->ports_started; i++)
		port_stop(&server->ports[i]);
	server->ports_started = 0;
	server->workers_started = 0;
	publish_free(&server->slot);
	free(server->workers);
	server->workers = NULL;
}

static void
counter_log(const char *name, uint64_t value)
{
	if (value)
		log_say(INFO, log_main, "count %s=%" PRIu64 "\n", name, value);
}

/* Sum a counter that stands at the same place in each worker. */
static uint64_t
workers_sum(const struct server *server, size_t offset)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < server->workers_started; i++)
		sum += atomic_load_explicit(
			(const _Atomic uint64_t *)((const uint8_t *)&server->workers[i] + offset),
			memory_order_relaxed);
	return sum;
}

static void
ports_log(const struct server *server)
{
	struct rte_eth_stats sum = {0}, stats;

	for (unsigned int i = 0; i < server->ports_started; i++) {
		if (rte_eth_stats_get(server->ports[i].id, &stats) < 0)
			continue;
		sum.ibytes += stats.ibytes;
		sum.obytes += stats.obytes;
		sum.imissed += stats.imissed;
		sum.ierrors += stats.ierrors;
	}
	counter_log("received_octets", sum.ibytes);
	counter_log("sent_octets", sum.obytes);
	counter_log("port_missed", sum.imissed);
	counter_log("port_errors", sum.ierrors);
}

/* How evenly the NICs deal: a queue that gets nothing, or more than its share, shows here. */
static void
lcores_log(const struct server *server)
{
	for (unsigned int i = 0; i < server->workers_started; i++) {
		const struct worker *w = &server->workers[i];

		log_say(INFO, log_main,
			"lcore cpu=%u queues=%u received=%" PRIu64 " sent=%" PRIu64 "\n",
			server->config->lcores[i], w->queue_count,
			atomic_load_explicit(&w->received, memory_order_relaxed),
			atomic_load_explicit(&w->sent, memory_order_relaxed));
	}
}

static void
sockets_log(const struct server *server)
{
	static const char *const transports[] = {[WIRE_UDP] = "udp", [WIRE_TCP] = "tcp"};
	char name[64];

	if (!server->stream)
		return;
	for (unsigned int i = 0; i < STREAM_COUNTS; i++) {
		snprintf(name, sizeof(name), "socket_%s", stream_count_names[i]);
		counter_log(name, stream_count(server->stream, i));
	}
	for (unsigned int transport = WIRE_UDP; transport <= WIRE_TCP; transport++)
		for (unsigned int i = 0; i < ENGINE_VERDICTS; i++) {
			snprintf(name, sizeof(name), "socket_%s_%s", transports[transport],
				engine_verdict_names[i]);
			counter_log(name, stream_count_engine(server->stream, transport, i));
		}
}

void
server_counters_log(const struct server *server)
{
	lcores_log(server);
	sockets_log(server);
	counter_log("received", workers_sum(server, offsetof(struct worker, received)));
	counter_log("sent", workers_sum(server, offsetof(struct worker, sent)));
	counter_log("unsent", workers_sum(server, offsetof(struct worker, unsent)));
	ports_log(server);
	for (size_t i = 0; i < PACKET_VERDICTS; i++)
		counter_log(packet_verdict_names[i],
			workers_sum(server, offsetof(struct worker, counters.packet[i])));
	for (size_t i = 0; i < ENGINE_VERDICTS; i++)
		counter_log(engine_verdict_names[i],
			workers_sum(server, offsetof(struct worker, counters.engine[i])));
}

void
server_plan_print(const struct server *server)
{
	static const char *const checksums[] = {"nic", "software", "trusted"};
	const struct config *config = server->config;

	for (unsigned int i = 0; i < config->addresses_count; i++)
		printf("address %s\n", config->addresses[i]);
	for (unsigned int i = 0; i < config->ports_count; i++) {
		const struct config_port *port = &config->ports[i];
		const struct port_driver *driver = server->drivers[i];

		printf("port %s queues=%u", port->device, port->queues);
		if (driver)
			printf(" driver=%s rx_descriptors=%u tx_descriptors=%u mbufs=%u burst=%u "
			       "checksum=%s",
				driver->driver, driver->rx_descriptors, driver->tx_descriptors,
				driver->mbufs, driver->burst, checksums[driver->checksum]);
		printf(" cpus=");
		for (unsigned int queue = 0; queue < port->queues; queue++)
			printf("%s%u", queue ? "," : "",
				config->lcores[config_queue_lcore(config, i, queue)]);
		printf("\n");
	}
	if (config->sockets.tcp == CONFIG_YES || config->sockets.udp == CONFIG_YES)
		printf("sockets%s%s port=%u threads=%u tcp_connections=%u\n",
			config->sockets.udp == CONFIG_YES ? " udp" : "",
			config->sockets.tcp == CONFIG_YES ? " tcp" : "", config->sockets.port,
			config->sockets.threads, config->sockets.connections);
	if (config->ports_count == 0)
		return;
	printf("memory %u MB, hugepages: %s\n", config->memory_mb,
		config->hugepages == CONFIG_HUGEPAGES_NO    ? "no"
		: config->hugepages == CONFIG_HUGEPAGES_YES ? "yes"
							    : "if there are enough");
}
