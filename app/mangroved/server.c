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

#include "limits_node.h"
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
	snprintf(key, sizeof(key), "ports[%u].exception", index);
	if (server->config->ports[index].exception && port_driver_splits(server->drivers[index]))
		return port_settings_fault(server->config->settings, why, key,
			"the kernel has the interface itself with %s", name);
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

/* Whatever is not ours, and what keeps a flood of queries away from it. */
static int
exception_up(struct server *server, unsigned int index, struct why *why)
{
	const struct config_port *wanted = &server->config->ports[index];
	const struct port *port = &server->ports[index];
	struct exception_settings settings = {
		.mtu = 1500,
		.service = &server->config->service,
		.queue_count = port->queue_count,
		.pool = port->pools[port->queue_count - 1],
	};
	struct rte_ether_addr mac;

	if (!wanted->exception)
		return 0;
	settings.kind = wanted->exception->kind;
	settings.interface = wanted->exception->interface;
	settings.addresses = wanted->exception->parsed;
	settings.address_count = wanted->exception->addresses_count;
	memcpy(settings.rates, server->config->exception_rates.of, sizeof(settings.rates));
	rte_eth_dev_get_mtu(port->id, &settings.mtu);
	rte_eth_macaddr_get(port->id, &mac);
	memcpy(settings.mac, mac.addr_bytes, sizeof(settings.mac));
	return exception_start(&settings, &server->exceptions[index], why);
}

static void
control_tell(const struct server *server, unsigned int index)
{
	const struct config_port *port = &server->config->ports[index];
	const struct port_driver *driver = server->drivers[index];
	int length = (int)strcspn(port->device, ",");

	if (port_driver_splits(driver))
		return;
	if (!port->exception)
		log_event(EVENT_PORT_WARNING,
			"no way to the kernel: ARP, ND, ICMP and TCP are dropped device=%.*s",
			length, port->device);
	else if (driver->control == PORT_CONTROL_NONE)
		log_event(EVENT_PORT_WARNING,
			"ARP, ND, TCP, BGP and BFD share the queues of a flood device=%.*s "
			"driver=%s",
			length, port->device, driver->driver);
	else if (server->ports[index].refused[0])
		log_event(EVENT_PORT_WARNING,
			"the NIC has no rule for some control traffic device=%.*s refused=%s",
			length, port->device, server->ports[index].refused);
}

static int
port_up(struct server *server, unsigned int index, struct why *why)
{
	const struct config_port *wanted = &server->config->ports[index];
	const struct port_wishes wishes = {
		.queue_count = wanted->queues,
		.exception = wanted->exception != NULL,
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
	server->ports_started++;
	rc = port_xdp_check(&server->xdp[index], why);
	if (rc == 0)
		rc = exception_up(server, index, why);
	if (rc < 0)
		return rc;
	log_event(EVENT_PORT_UP, "port up device=%.*s driver=%s queues=%u burst=%u offload=%s",
		(int)strcspn(wanted->device, ","), wanted->device, server->drivers[index]->driver,
		port->queue_count, port->burst, port->offload ? "yes" : "no");
	control_tell(server, index);
	return 0;
}

static int
queues_deal(struct server *server, struct why *why)
{
	for (unsigned int i = 0; i < server->ports_started; i++)
		for (uint16_t queue = 0; queue < server->ports[i].queue_count; queue++) {
			const struct port *port = &server->ports[i];
			struct worker *w =
				&server->workers[config_queue_lcore(server->config, i, queue)];

			/* the configuration's own queues fit; one for control traffic may not */
			if (w->queue_count == WORKER_QUEUES_MAX)
				return why_set(why, E2BIG, "an lcore has more than %u queues",
					WORKER_QUEUES_MAX);
			w->queues[w->queue_count++] = (struct worker_queue){
				.port_id = port->id,
				.queue_id = queue,
				.burst = port->burst,
				.verify_in_software = port->checksum == PORT_CHECKSUM_SOFTWARE,
				.trust_link = port->checksum == PORT_CHECKSUM_TRUSTED,
				.offload = port->offload,
			};
			if (server->exceptions[i])
				w->queues[w->queue_count - 1].exception =
					exception_queue_of(server->exceptions[i], queue);
		}
	return 0;
}

/* Who reads the ledger of a thread that answers, in this order; and its limiter. */
static int
readers_make(struct server *server, const char *name, int numa_node, struct ledger_readers *readers,
	struct limiter **limiter, struct why *why)
{
	struct stats *stats = stats_set_add(server->stats, numa_node);
	struct observer *observer = server->observe ? observe_set_add(server->observe) : NULL;

	if (!stats || !observer != !server->observe)
		return why_set(why, ENOMEM, "out of memory");
	readers->count = 0;
	readers->readers[readers->count++] = (struct ledger_reader){stats_count, stats};
	if (observer)
		readers->readers[readers->count++] = (struct ledger_reader){observe_page, observer};
	if (capturer_join(server->capturer, readers, why) < 0)
		return -ENOMEM;
	return limits_thread_add(server->limits, name, numa_node, readers, limiter, why);
}

static int
workers_start(struct server *server, struct why *why)
{
	const struct config *config = server->config;
	size_t size = config->lcores_count * sizeof(*server->workers);
	int rc;

	if (config->lcores_count == 0)
		return 0;
	server->workers = aligned_alloc(RTE_CACHE_LINE_SIZE, size);
	if (!server->workers)
		return why_set(why, ENOMEM, "out of memory");
	memset(server->workers, 0, size);
	rc = queues_deal(server, why);
	if (rc == 0)
		rc = auditor_start(server, &server->auditor, why);
	if (rc < 0)
		return rc;
	for (unsigned int i = 0; i < config->lcores_count; i++) {
		struct worker *w = &server->workers[i];
		char name[32];

		snprintf(name, sizeof(name), "cpu %u", config->lcores[i]);
		rc = readers_make(server, name, (int)rte_lcore_to_socket_id(i + 1), &w->readers,
			&w->limiter, why);
		if (rc < 0)
			return rc;
		w->index = i;
		w->slot = &server->slot;
		w->service = &config->service;
		w->variant = worker_variant_choose(config->variant);
		w->idle = config->idle;
		w->inject = inject_ring_make();
		if (!w->inject)
			return why_set(why, ENOMEM, "out of memory");
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
	struct ledger_readers readers[STREAM_THREADS_MAX];
	struct limiter *limiters[STREAM_THREADS_MAX];
	const struct stream_settings settings = {
		.service = &config->service,
		.port = (uint16_t)sockets->port,
		.tcp = sockets->tcp == CONFIG_YES,
		.udp = sockets->udp == CONFIG_YES,
		.thread_count = sockets->threads,
		.cpus = sockets->cpus,
		.slot = &server->slot,
		.reader_first = config->lcores_count,
		.readers = readers,
		.limiters = limiters,
		.connections = sockets->connections,
		.connections_per_prefix = sockets->connections_per_prefix,
		.idle_timeout_ms = sockets->idle_timeout_ms,
		.message_timeout_ms = sockets->message_timeout_ms,
	};

	if (!settings.tcp && !settings.udp)
		return 0;
	for (unsigned int i = 0; i < sockets->threads; i++) {
		char name[32];

		snprintf(name, sizeof(name), "socket %u", i);
		if (readers_make(server, name, -1, &readers[i], &limiters[i], why) < 0)
			return -ENOMEM;
	}
	return stream_start(&settings, &server->stream, why);
}

unsigned int
server_control_reader(const struct server *server)
{
	return server->config->lcores_count + server->config->sockets.threads;
}

int
server_slot_make(struct server *server, struct why *why)
{
	return publish_init(&server->slot, server_control_reader(server) + 1) < 0
		       ? why_set(why, ENOMEM, "out of memory")
		       : 0;
}

int
server_start(struct server *server, struct why *why)
{
	const struct config *config = server->config;
	int rc = 0;

	for (unsigned int i = 0; i < config->ports_count; i++) {
		rc = port_up(server, i, why);
		if (rc < 0) {
			log_quote(why);
			why_prefix(why, "%s", config->ports[i].device);
			return rc;
		}
	}
	rc = capturer_start(config, &server->capturer, why);
	if (rc == 0)
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
	auditor_stop(server->auditor);
	server->auditor = NULL;
	capturer_stop(server->capturer);
	server->capturer = NULL;
	stream_free(server->stream);
	server->stream = NULL;
	for (unsigned int i = 0; i < server->ports_started; i++) {
		exception_stop(server->exceptions[i]);
		port_stop(&server->ports[i]);
	}
	server->ports_started = 0;
	server->workers_started = 0;
	publish_free(&server->slot);
	for (unsigned int i = 0; server->workers && i < server->config->lcores_count; i++) {
		audit_ring_free(server->workers[i].audit);
		inject_ring_free(server->workers[i].inject);
	}
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

uint64_t
server_received(const struct server *server)
{
	uint64_t sum = workers_sum(server, offsetof(struct worker, received));

	if (server->stream)
		sum += stream_count(server->stream, STREAM_UDP_RECEIVED) +
		       stream_count(server->stream, STREAM_TCP_ACCEPTED);
	return sum;
}

uint64_t
server_unsent(const struct server *server)
{
	return workers_sum(server, offsetof(struct worker, unsent));
}

uint64_t
server_port_missed(const struct server *server)
{
	struct rte_eth_stats stats;
	uint64_t sum = 0;

	for (unsigned int i = 0; i < server->ports_started; i++)
		if (rte_eth_stats_get(server->ports[i].id, &stats) == 0)
			sum += stats.imissed + stats.rx_nombuf;
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

static uint64_t
exceptions_sum(const struct server *server, enum packet_class class,
	uint64_t (*of)(const struct exception *exception, enum packet_class class))
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < server->ports_started; i++)
		sum += server->exceptions[i] ? of(server->exceptions[i], class) : 0;
	return sum;
}

static void
exceptions_log(const struct server *server)
{
	char name[64];

	for (unsigned int class = 0; class < PACKET_CLASSES; class ++) {
		const struct {
			const char *what;
			uint64_t count;
		} counts[] = {
			{"passed", workers_sum(server,
					   offsetof(struct worker, exception.passed[class]))},
			{"limited", workers_sum(server,
					    offsetof(struct worker, exception.limited[class]))},
			{"delivered", exceptions_sum(server, class, exception_delivered)},
			{"refused", exceptions_sum(server, class, exception_refused)},
		};

		for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
			snprintf(name, sizeof(name), "exception_%s_%s", counts[i].what,
				packet_class_names[class]);
			counter_log(name, counts[i].count);
		}
	}
	counter_log("exception_to_wire",
		workers_sum(server, offsetof(struct worker, exception.to_wire)));
	counter_log(
		"exception_unsent", workers_sum(server, offsetof(struct worker, exception.unsent)));
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
	exceptions_log(server);
	auditor_log(server->auditor);
}

void
server_plan_print(const struct server *server)
{
	static const char *const checksums[] = {"nic", "software", "trusted"};
	static const char *const controls[] = {"none", "xdp", "flow", "isolate"};
	const struct config *config = server->config;

	for (unsigned int i = 0; i < config->addresses_count; i++)
		printf("address %s\n", config->addresses[i]);
	for (unsigned int i = 0; i < config->ports_count; i++) {
		const struct config_port *port = &config->ports[i];
		const struct port_driver *driver = server->drivers[i];

		printf("port %s queues=%u", port->device, port->queues);
		if (driver)
			printf(" driver=%s rx_descriptors=%u tx_descriptors=%u mbufs=%u burst=%u "
			       "checksum=%s control=%s",
				driver->driver, driver->rx_descriptors, driver->tx_descriptors,
				driver->mbufs, driver->burst, checksums[driver->checksum],
				controls[driver->control]);
		if (port->exception)
			printf(" exception=%s", port->exception->interface);
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
