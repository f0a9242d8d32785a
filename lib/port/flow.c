/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rules of the NIC, as DPDK's "Generic flow API" describes them. Their IP and transport items name
 * the fewest fields that do, because a NIC takes only the masks that it knows.
 */
#include <errno.h>
#include <rte_ethdev.h>
#include <rte_flow.h>
#include <stdio.h>
#include <string.h>

#include "port/port_priv.h"

enum { ETHER_TYPE_ARP = 0x0806 };
/* RFC 4861 4.3, 4.4 */
enum { ND_SOLICITATION = 135, ND_ADVERTISEMENT = 136 };

static const struct {
	const char *name;
	enum rte_flow_item_type ip, payload; /* END: none */
	uint16_t number; /* an EtherType, a destination port, an ICMPv6 type; 0: any */
} control_rules[PORT_FLOW_CONTROL_RULES] = {
	{"arp", RTE_FLOW_ITEM_TYPE_END, RTE_FLOW_ITEM_TYPE_END, ETHER_TYPE_ARP},
	{"nd", RTE_FLOW_ITEM_TYPE_IPV6, RTE_FLOW_ITEM_TYPE_ICMP6, ND_SOLICITATION},
	{"nd", RTE_FLOW_ITEM_TYPE_IPV6, RTE_FLOW_ITEM_TYPE_ICMP6, ND_ADVERTISEMENT},
	/* BGP is TCP to or from a port, and a query over TCP to another */
	{"tcp4", RTE_FLOW_ITEM_TYPE_IPV4, RTE_FLOW_ITEM_TYPE_TCP, 0},
	{"tcp6", RTE_FLOW_ITEM_TYPE_IPV6, RTE_FLOW_ITEM_TYPE_TCP, 0},
	/* RFC 5881 4: control and echo; RFC 5883 5: multihop */
	{"bfd4", RTE_FLOW_ITEM_TYPE_IPV4, RTE_FLOW_ITEM_TYPE_UDP, 3784},
	{"bfd4", RTE_FLOW_ITEM_TYPE_IPV4, RTE_FLOW_ITEM_TYPE_UDP, 3785},
	{"bfd4", RTE_FLOW_ITEM_TYPE_IPV4, RTE_FLOW_ITEM_TYPE_UDP, 4784},
	{"bfd6", RTE_FLOW_ITEM_TYPE_IPV6, RTE_FLOW_ITEM_TYPE_UDP, 3784},
	{"bfd6", RTE_FLOW_ITEM_TYPE_IPV6, RTE_FLOW_ITEM_TYPE_UDP, 3785},
	{"bfd6", RTE_FLOW_ITEM_TYPE_IPV6, RTE_FLOW_ITEM_TYPE_UDP, 4784},
};

static void
udp_port_fill(struct port_flow *flow, struct rte_flow_item *item, uint16_t port)
{
	flow->payload.udp.hdr.dst_port = rte_cpu_to_be_16(port);
	flow->payload_mask.udp.hdr.dst_port = UINT16_MAX;
	*item = (struct rte_flow_item){.type = RTE_FLOW_ITEM_TYPE_UDP,
		.spec = &flow->payload.udp,
		.mask = &flow->payload_mask.udp};
}

static void
icmp6_type_fill(struct port_flow *flow, struct rte_flow_item *item, uint8_t type)
{
	flow->payload.icmp6.type = type;
	flow->payload_mask.icmp6.type = UINT8_MAX;
	*item = (struct rte_flow_item){.type = RTE_FLOW_ITEM_TYPE_ICMP6,
		.spec = &flow->payload.icmp6,
		.mask = &flow->payload_mask.icmp6};
}

void
port_flow_control_fill(struct port_flow *flow, unsigned int index)
{
	struct rte_flow_item *item = flow->items;
	uint16_t number = control_rules[index].number;

	*flow = (struct port_flow){.name = control_rules[index].name};
	item->type = RTE_FLOW_ITEM_TYPE_ETH;
	if (control_rules[index].ip == RTE_FLOW_ITEM_TYPE_END) {
		flow->ethernet.hdr.ether_type = rte_cpu_to_be_16(number);
		flow->ethernet_mask.hdr.ether_type = UINT16_MAX;
		item->spec = &flow->ethernet;
		item->mask = &flow->ethernet_mask;
		return;
	}
	(++item)->type = control_rules[index].ip;
	item++;
	if (control_rules[index].payload == RTE_FLOW_ITEM_TYPE_UDP)
		udp_port_fill(flow, item, number);
	else if (control_rules[index].payload == RTE_FLOW_ITEM_TYPE_ICMP6)
		icmp6_type_fill(flow, item, (uint8_t)number);
	else
		item->type = control_rules[index].payload;
}

void
port_flow_query_fill(struct port_flow *flow, const uint8_t *address, bool ipv6)
{
	struct rte_flow_item *ip = &flow->items[1];

	*flow = (struct port_flow){.name = "queries"};
	flow->items[0].type = RTE_FLOW_ITEM_TYPE_ETH;
	if (ipv6) {
		memcpy(flow->ip.ipv6.hdr.dst_addr, address, 16);
		memset(flow->ip_mask.ipv6.hdr.dst_addr, 0xff, 16);
		*ip = (struct rte_flow_item){.type = RTE_FLOW_ITEM_TYPE_IPV6,
			.spec = &flow->ip.ipv6,
			.mask = &flow->ip_mask.ipv6};
	} else {
		memcpy(&flow->ip.ipv4.hdr.dst_addr, address, 4);
		flow->ip_mask.ipv4.hdr.dst_addr = UINT32_MAX;
		*ip = (struct rte_flow_item){.type = RTE_FLOW_ITEM_TYPE_IPV4,
			.spec = &flow->ip.ipv4,
			.mask = &flow->ip_mask.ipv4};
	}
	udp_port_fill(flow, &flow->items[2], PACKET_DNS_PORT);
}

static int
rule_install(const struct port *port, const struct port_flow *flow,
	const struct rte_flow_action *actions, struct rte_flow_error *error)
{
	const struct rte_flow_attr ingress = {.ingress = 1};

	return rte_flow_create(port->id, &ingress, flow->items, actions, error) ? 0 : -rte_errno;
}

void
port_flow_control(struct port *port)
{
	const struct rte_flow_action_queue queue = {.index = (uint16_t)(port->queue_count - 1)};
	const struct rte_flow_action actions[] = {
		{.type = RTE_FLOW_ACTION_TYPE_QUEUE, .conf = &queue},
		{.type = RTE_FLOW_ACTION_TYPE_END},
	};
	const char *last = "";
	size_t used = 0;

	for (unsigned int i = 0; i < PORT_FLOW_CONTROL_RULES; i++) {
		struct rte_flow_error error;
		struct port_flow flow;

		port_flow_control_fill(&flow, i);
		if (rule_install(port, &flow, actions, &error) == 0 || strcmp(flow.name, last) == 0)
			continue;
		used += (size_t)snprintf(port->refused + used, sizeof(port->refused) - used, "%s%s",
			used ? "," : "", flow.name);
		last = flow.name;
	}
}

int
port_flow_isolate(uint16_t id, struct why *why)
{
	struct rte_flow_error error = {.message = NULL};
	int rc = rte_flow_isolate(id, 1, &error);

	return rc < 0 ? why_set(why, -rc, "flow isolation: %s",
				error.message ? error.message : strerror(-rc))
		      : 0;
}

int
port_flow_queries(const struct port *port, const struct packet_service *service, uint64_t hashes,
	struct why *why)
{
	uint16_t queues[PORT_QUEUES_MAX];
	const struct rte_flow_action_rss rss = {
		.types = hashes, .queue_num = port->data_queue_count, .queue = queues};
	const struct rte_flow_action actions[] = {
		{.type = RTE_FLOW_ACTION_TYPE_RSS, .conf = &rss},
		{.type = RTE_FLOW_ACTION_TYPE_END},
	};
	uint32_t count = service->ipv4_count + service->ipv6_count;

	for (uint16_t i = 0; i < port->data_queue_count; i++)
		queues[i] = i;
	for (uint32_t i = 0; i < count; i++) {
		struct rte_flow_error error = {.message = NULL};
		bool ipv6 = i >= service->ipv4_count;
		struct port_flow flow;
		int rc;

		port_flow_query_fill(&flow,
			ipv6 ? service->ipv6[i - service->ipv4_count] : service->ipv4[i], ipv6);
		rc = rule_install(port, &flow, actions, &error);
		if (rc < 0)
			return why_set(why, -rc, "no rule for queries over IPv%c: %s",
				ipv6 ? '6' : '4', error.message ? error.message : strerror(-rc));
	}
	return 0;
}
