/* SPDX-License-Identifier: BSD-3-Clause */
/* Rules of the NIC (rte_flow). */
#ifndef PORT_PORT_PRIV_H
#define PORT_PORT_PRIV_H

#include <rte_flow.h>

#include "port/port.h"

enum { PORT_FLOW_ITEMS = 4 };

/* What a rule looks for. It points into itself: filled in where it stays. */
struct port_flow {
	const char *name; /* of the traffic, for the log */
	struct rte_flow_item items[PORT_FLOW_ITEMS];
	struct rte_flow_item_eth ethernet, ethernet_mask;
	union {
		struct rte_flow_item_ipv4 ipv4;
		struct rte_flow_item_ipv6 ipv6;
	} ip, ip_mask;
	union {
		struct rte_flow_item_udp udp;
		struct rte_flow_item_icmp6 icmp6;
	} payload, payload_mask;
};

enum { PORT_FLOW_CONTROL_RULES = 11 };

/* Control traffic: ARP, ND, TCP, BFD. */
void port_flow_control_fill(struct port_flow *flow, unsigned int index);

/* Queries to a service address, of 4 or 16 octets. */
void port_flow_query_fill(struct port_flow *flow, const uint8_t *address, bool ipv6);

/* Give control traffic the port's last queue; what the NIC refuses is named in port->refused. */
void port_flow_control(struct port *port);

/* Before the port is configured: it gets nothing but what rules give it. */
int port_flow_isolate(uint16_t id, struct why *why);

/* Have queries spread over the data queues. */
int port_flow_queries(const struct port *port, const struct packet_service *service,
	uint64_t hashes, struct why *why);

#endif
