/* SPDX-License-Identifier: BSD-3-Clause */
/* What the XDP program and its loader agree on. */
#ifndef PORT_XDP_TABLE_H
#define PORT_XDP_TABLE_H

#define XDP_PROGRAM_NAME "mangrove_xdp"

enum { XDP_ADDRESSES = 8 };

/** Service addresses, written over in a copy of the program's file: `marker` says where. */
struct xdp_table {
	unsigned char marker[16];
	unsigned int ipv4_count, ipv6_count;
	unsigned char ipv4[XDP_ADDRESSES][4];
	unsigned char ipv6[XDP_ADDRESSES][16];
};

#define XDP_MARKER                                                                                 \
	{                                                                                          \
		'm', 'a', 'n', 'g', 'r', 'o', 'v', 'e', '-', 'x', 'd', 'p', '-', 't', 'a', 'b'     \
	}

#endif
