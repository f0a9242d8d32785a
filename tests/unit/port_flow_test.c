/* SPDX-License-Identifier: BSD-3-Clause */
/* Rules as a NIC would get them; there is none here that takes one. */
#include <criterion/criterion.h>
#include <rte_byteorder.h>

#include "port/port_priv.h"

/* What a rule is made of, said by name: "eth ipv4 udp" */
static const char *
items_text(const struct port_flow *flow, char text[static 64])
{
	size_t used = 0;

	text[0] = '\0';
	for (const struct rte_flow_item *item = flow->items; item->type != RTE_FLOW_ITEM_TYPE_END;
		item++) {
		const char *name = item->type == RTE_FLOW_ITEM_TYPE_ETH	    ? "eth"
				   : item->type == RTE_FLOW_ITEM_TYPE_IPV4  ? "ipv4"
				   : item->type == RTE_FLOW_ITEM_TYPE_IPV6  ? "ipv6"
				   : item->type == RTE_FLOW_ITEM_TYPE_UDP   ? "udp"
				   : item->type == RTE_FLOW_ITEM_TYPE_TCP   ? "tcp"
				   : item->type == RTE_FLOW_ITEM_TYPE_ICMP6 ? "icmp6"
									    : "?";

		cr_assert_lt(item - flow->items, PORT_FLOW_ITEMS - 1, "no end");
		cr_assert_eq(item->spec == NULL, item->mask == NULL);
		cr_assert_null(item->last);
		used += (size_t)snprintf(text + used, 64 - used, "%s%s", used ? " " : "", name);
	}
	return text;
}

static const struct {
	const char *name, *items;
	uint16_t number;
} expected[PORT_FLOW_CONTROL_RULES] = {
	{"arp", "eth", 0x0806},
	{"nd", "eth ipv6 icmp6", 135},
	{"nd", "eth ipv6 icmp6", 136},
	{"tcp4", "eth ipv4 tcp", 0},
	{"tcp6", "eth ipv6 tcp", 0},
	{"bfd4", "eth ipv4 udp", 3784},
	{"bfd4", "eth ipv4 udp", 3785},
	{"bfd4", "eth ipv4 udp", 4784},
	{"bfd6", "eth ipv6 udp", 3784},
	{"bfd6", "eth ipv6 udp", 3785},
	{"bfd6", "eth ipv6 udp", 4784},
};

/* The one field that the last item looks at. */
static unsigned int
number_of(const struct port_flow *flow)
{
	const struct rte_flow_item *item = flow->items;

	while (item[1].type != RTE_FLOW_ITEM_TYPE_END)
		item++;
	if (!item->spec)
		return 0;
	if (item->type == RTE_FLOW_ITEM_TYPE_ETH)
		return rte_be_to_cpu_16(((const struct rte_flow_item_eth *)item->spec)->type &
					((const struct rte_flow_item_eth *)item->mask)->type);
	if (item->type == RTE_FLOW_ITEM_TYPE_ICMP6)
		return ((const struct rte_flow_item_icmp6 *)item->spec)->type &
		       ((const struct rte_flow_item_icmp6 *)item->mask)->type;
	return rte_be_to_cpu_16(((const struct rte_flow_item_udp *)item->spec)->hdr.dst_port &
				((const struct rte_flow_item_udp *)item->mask)->hdr.dst_port);
}

Test(port_flow, names_control_traffic)
{
	for (unsigned int i = 0; i < PORT_FLOW_CONTROL_RULES; i++) {
		struct port_flow flow;
		char text[64];

		port_flow_control_fill(&flow, i);
		cr_expect_str_eq(flow.name, expected[i].name);
		cr_expect_str_eq(items_text(&flow, text), expected[i].items, "%u", i);
		cr_expect_eq(number_of(&flow), expected[i].number, "%u: %u", i, number_of(&flow));
	}
}

Test(port_flow, takes_queries_to_a_service_address_alone)
{
	static const uint8_t ipv4[4] = {198, 18, 0, 53}, ipv6[16] = {0x20, 1, 0x0d, 0xb8, [15] = 5};
	static const uint8_t ones[16] = {
		255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
	const struct rte_flow_item_ipv4 *four;
	const struct rte_flow_item_ipv6 *six;
	struct port_flow flow;
	char text[64];

	port_flow_query_fill(&flow, ipv4, false);
	cr_expect_str_eq(items_text(&flow, text), "eth ipv4 udp");
	cr_expect_eq(number_of(&flow), 53);
	four = flow.items[1].spec;
	cr_expect_arr_eq(&four->hdr.dst_addr, ipv4, 4);
	four = flow.items[1].mask;
	cr_expect_arr_eq(&four->hdr.dst_addr, ones, 4);
	port_flow_query_fill(&flow, ipv6, true);
	cr_expect_str_eq(items_text(&flow, text), "eth ipv6 udp");
	cr_expect_eq(number_of(&flow), 53);
	six = flow.items[1].spec;
	cr_expect_arr_eq(six->hdr.dst_addr, ipv6, 16);
	six = flow.items[1].mask;
	cr_expect_arr_eq(six->hdr.dst_addr, ones, 16);
}
