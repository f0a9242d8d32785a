/* SPDX-License-Identifier: BSD-3-Clause */
#include "deck.h"

#include <errno.h>
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_ring.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum { LINK_SECONDS = 10, CROSSED_MAX = 4096, SLOT_BITS_LEAST = 16, SLOT_BITS_MOST = 22 };

static int
port_open(struct deck *deck, const struct options *options, const char *device, uint16_t id,
	struct why *why)
{
	const struct port_wishes wishes = {.queue_count = (uint16_t)options->queues,
		.service = &options->workload.ends.service};
	struct port_driver *driver;
	struct rte_eth_dev_info info;
	int rc = rte_eth_dev_info_get(id, &info);

	if (rc < 0)
		return why_set(why, -rc, "%s: %s", device, strerror(-rc));
	rc = port_driver_read(options->drivers, info.driver_name, &driver, why);
	if (rc < 0)
		return rc;
	/* what arrives here is replies: nothing of it is for the kernel, nor told apart by rules */
	driver->control = PORT_CONTROL_NONE;
	rc = port_start(id, driver, &wishes, &deck->ports[deck->port_count], why);
	if (rc == 0)
		deck->port_count++;
	else
		why_prefix(why, "%s", device);
	port_driver_free(driver);
	return rc;
}

static int
link_await(uint16_t id, const char *device, struct why *why)
{
	struct rte_eth_link link = {0};

	for (unsigned int i = 0; i < LINK_SECONDS * 100; i++) {
		if (rte_eth_link_get_nowait(id, &link) == 0 && link.link_status)
			return 0;
		rte_delay_us_sleep(10000);
	}
	return why_set(why, ENOLINK, "%s: the link does not come up", device);
}

int
deck_ports_start(struct deck *deck, const struct options *options, struct why *why)
{
	struct rte_ether_addr mac;
	unsigned int i = 0;
	uint16_t id;
	int rc = 0;

	if (rte_eth_dev_count_avail() != options->device_count)
		return why_set(why, ENODEV, "%u of %u devices are there", rte_eth_dev_count_avail(),
			options->device_count);
	RTE_ETH_FOREACH_DEV(id)
	{
		rc = port_open(deck, options, options->devices[i], id, why);
		if (rc == 0)
			rc = link_await(id, options->devices[i], why);
		if (rc < 0)
			return rc;
		i++;
	}
	if (!options->client_mac && rte_eth_macaddr_get(deck->ports[0].id, &mac) == 0)
		surge_templates_mac_set(&deck->templates, mac.addr_bytes);
	return 0;
}

/* So many that a query that is lost has its time before its slot is taken again. */
static unsigned int
slot_bits_choose(const struct options *options, unsigned int lanes)
{
	double rate = options->rate, slots;
	unsigned int bits = SLOT_BITS_LEAST,
		     port_bits = (unsigned int)__builtin_ctz(options->ports);

	if (options->mode == MODE_RAMP)
		rate = options->ramp_to;
	else if (options->mode == MODE_SEARCH)
		rate = options->search_most;
	slots = rate * options->timeout_s * 1.25 / lanes;
	if (slots < options->window)
		slots = options->window;
	while (bits < SLOT_BITS_MOST && (double)(1u << bits) < slots)
		bits++;
	return bits - port_bits > 16 ? port_bits + 16 : bits;
}

/* Slots are walked through in turn, so pages of 2 MiB save most of what translation costs. */
static void *
pages_take(size_t size)
{
	void *pages = aligned_alloc(2 << 20, (size + (2 << 20) - 1) & ~((2ul << 20) - 1));

	if (pages) {
		madvise(pages, size, MADV_HUGEPAGE);
		memset(pages, 0, size);
	}
	return pages;
}

static struct surge_lane *
lane_new(struct deck *deck, const struct options *options, unsigned int index)
{
	const struct port *port = &deck->ports[index / options->queues];
	unsigned int lanes = options->device_count * options->queues;
	struct surge_lane *l = aligned_alloc(64, (sizeof(*l) + 63) & ~63ul);
	char name[32];

	if (!l)
		return NULL;
	*l = (struct surge_lane){.port_id = port->id,
		.queue_id = (uint16_t)(index % options->queues),
		.index = (uint16_t)index,
		.lane_count = (uint16_t)lanes,
		.lanes = deck->lanes,
		.pool = port->pools[index % options->queues],
		.templates = &deck->templates,
		.slot_bits = slot_bits_choose(options, lanes),
		.port_bits = (unsigned int)__builtin_ctz(options->ports),
		.first_port = (uint16_t)options->first_port,
		.apart = options->flood_name != NULL,
		.id_secret = (uint16_t)rte_rdtsc(),
		.strictness = options->strictness,
		.sample_each = options->examine_each};
	snprintf(name, sizeof(name), "crossed%u", index);
	l->crossed = rte_ring_create(name, CROSSED_MAX, SOCKET_ID_ANY, RING_F_SC_DEQ);
	l->slots = pages_take(sizeof(*l->slots) << l->slot_bits);
	l->samples = calloc(1, sizeof(*l->samples));
	l->wrong = calloc(SURGE_WRONG_MAX, sizeof(*l->wrong));
	if (options->keep_cookies)
		l->cookies = calloc(deck->templates.clients + 1ul, sizeof(*l->cookies));
	deck->lanes[deck->lane_count++] = l;
	return l->crossed && l->slots && l->samples && l->wrong &&
			       (l->cookies || !options->keep_cookies)
		       ? l
		       : NULL;
}

int
deck_lanes_make(struct deck *deck, const struct options *options, struct why *why)
{
	unsigned int lanes = options->device_count * options->queues;
	uint32_t line = 0;
	size_t walked = 0;

	for (unsigned int i = 0; i < lanes; i++) {
		struct surge_lane *l = lane_new(deck, options, i);
		struct surge_runner *runner = &deck->runners[i % deck->runner_count];

		if (!l)
			return why_set(why, ENOMEM, "no memory for lane %u", i);
		/* each begins elsewhere, so that they do not ask the same together */
		for (; walked < i * (deck->templates.count / lanes); walked++)
			line += surge_template_at(&deck->templates, line)->lines;
		l->line = line;
		runner->lanes[runner->count++] = l;
		runner->stop = &deck->stop;
	}
	return 0;
}

void
deck_free(struct deck *deck)
{
	for (unsigned int i = 0; i < deck->port_count; i++)
		port_stop(&deck->ports[i]);
	for (unsigned int i = 0; i < deck->lane_count; i++) {
		struct surge_lane *l = deck->lanes[i];

		rte_ring_free(l->crossed);
		free(l->slots);
		free(l->samples);
		free(l->wrong);
		free(l->lost_in);
		free(l->cookies);
		free(l);
	}
	surge_examiner_free(deck->examiner);
	surge_templates_free(&deck->templates);
	for (unsigned int i = 0; i < deck->model.zones.count; i++)
		zone_free((struct zone *)(uintptr_t)deck->model.zones.zones[i]);
	if (deck->other.zones.count)
		zone_free((struct zone *)(uintptr_t)deck->other.zones.zones[0]);
	free((void *)(uintptr_t)deck->model.zones.zones);
	free((void *)(uintptr_t)deck->other.zones.zones);
}
