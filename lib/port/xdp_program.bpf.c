/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Takes UDP datagrams to port 53 of the service addresses, untagged or behind up to two VLAN tags,
 * and leaves everything else to the kernel: fragments, IP options and extension headers included.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "xdp_table.h"

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, 256);
	__uint(key_size, sizeof(int));
	__uint(value_size, sizeof(int));
} xsks_map SEC(".maps");

const volatile struct xdp_table table = {.marker = XDP_MARKER};

static __always_inline int
ipv4_is_ours(const struct iphdr *ip, void *end)
{
	const struct udphdr *udp = (const void *)(ip + 1);

	if ((void *)(udp + 1) > end || ip->version != 4 || ip->ihl != 5 ||
		ip->protocol != IPPROTO_UDP || (ip->frag_off & bpf_htons(0x3fff)) ||
		udp->dest != bpf_htons(53))
		return 0;
#pragma unroll
	for (int i = 0; i < XDP_ADDRESSES; i++)
		if (i < (int)table.ipv4_count &&
			ip->daddr == *(const volatile __u32 *)table.ipv4[i])
			return 1;
	return 0;
}

static __always_inline int
ipv6_is_ours(const struct ipv6hdr *ip, void *end)
{
	const struct udphdr *udp = (const void *)(ip + 1);

	if ((void *)(udp + 1) > end || ip->version != 6 || ip->nexthdr != IPPROTO_UDP ||
		udp->dest != bpf_htons(53))
		return 0;
#pragma unroll
	for (int i = 0; i < XDP_ADDRESSES; i++) {
		const volatile __u32 *address = (const volatile __u32 *)table.ipv6[i];

		if (i < (int)table.ipv6_count && ip->daddr.in6_u.u6_addr32[0] == address[0] &&
			ip->daddr.in6_u.u6_addr32[1] == address[1] &&
			ip->daddr.in6_u.u6_addr32[2] == address[2] &&
			ip->daddr.in6_u.u6_addr32[3] == address[3])
			return 1;
	}
	return 0;
}

SEC("xdp")
int
mangrove_xdp(struct xdp_md *context)
{
	void *data = (void *)(long)context->data, *end = (void *)(long)context->data_end;
	const struct ethhdr *ethernet = data;
	__be16 *type = (void *)&ethernet->h_proto;
	int ours = 0;

	if ((void *)(ethernet + 1) > end)
		return XDP_PASS;
#pragma unroll
	for (int i = 0; i < 2; i++)
		if (*type == bpf_htons(ETH_P_8021Q) || *type == bpf_htons(ETH_P_8021AD)) {
			type += 2;
			if ((void *)(type + 1) > end)
				return XDP_PASS;
		}
	data = type + 1;
	if (*type == bpf_htons(ETH_P_IP) && data + sizeof(struct iphdr) <= end)
		ours = ipv4_is_ours(data, end);
	else if (*type == bpf_htons(ETH_P_IPV6) && data + sizeof(struct ipv6hdr) <= end)
		ours = ipv6_is_ours(data, end);
	return ours ? bpf_redirect_map(&xsks_map, context->rx_queue_index, XDP_PASS) : XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
