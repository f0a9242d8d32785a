/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * NIC ports: set up as a file of drivers-config/ says for the port's driver, and the XDP program
 * that splits traffic for AF_XDP. Control plane only; needs a running EAL but for what is said
 * otherwise.
 */
#ifndef PORT_PORT_H
#define PORT_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "packet/packet.h"

struct port_settings;
struct rte_mempool;

enum { PORT_QUEUES_MAX = 64, PORT_BURST_MAX = 32, PORT_DRIVER_NAME_MAX = 64 };

/** How checksums of queries are verified (RFC 7720 2). */
enum port_checksum {
	PORT_CHECKSUM_NIC,	/* by mbuf flags, in software where they say nothing */
	PORT_CHECKSUM_SOFTWARE, /* always */
	PORT_CHECKSUM_TRUSTED,	/* not at all: a link that never leaves this host */
};

/** What the NIC is asked to do, if it can; bits of port_driver.offloads. */
enum port_offload {
	PORT_OFFLOAD_RX_IPV4_CHECKSUM = 1,
	PORT_OFFLOAD_RX_UDP_CHECKSUM = 2,
	PORT_OFFLOAD_TX_CHECKSUMS = 4, /* IPv4 and UDP */
	PORT_OFFLOAD_TX_FAST_FREE = 8, /* sent mbufs are all of the queue's own pool */
};

/** What queues are chosen by, if the NIC can; bits of port_driver.rss. */
enum port_rss {
	PORT_RSS_IPV4 = 1,
	PORT_RSS_IPV4_UDP = 2, /* ports too */
	PORT_RSS_IPV6 = 4,
	PORT_RSS_IPV6_UDP = 8,
};

/** What keeps a flood of queries from crowding out ARP, ND, TCP, BGP and BFD. */
enum port_control {
	PORT_CONTROL_NONE,    /* nothing: all share the data queues */
	PORT_CONTROL_XDP,     /* our XDP program takes queries alone, the kernel keeps the rest */
	PORT_CONTROL_FLOW,    /* rules of the NIC give them a receive queue of their own */
	PORT_CONTROL_ISOLATE, /* rules of the NIC give us queries alone, the kernel the rest */
};

/** A file of drivers-config/. */
struct port_driver {
	char *driver; /* the PMD's name, "net_af_xdp" */
	uint16_t queues_max, rx_descriptors, tx_descriptors, burst;
	uint32_t mbufs; /* for each queue */
	enum port_checksum checksum;
	enum port_offload offloads;
	enum port_rss rss;
	bool promiscuous;
	enum port_control control;
	struct port_settings *settings; /* owns all of this */
};

/**
 * Read the file for a driver: `directory`/af_xdp.yaml for net_af_xdp, mlx5.yaml for mlx5_pci. Needs
 * no EAL.
 *
 * @param driver  the caller's: port_driver_free()
 */
int port_driver_read(
	const char *directory, const char *name, struct port_driver **driver, struct why *why);

/** NULL is fine. */
void port_driver_free(struct port_driver *driver);

/**
 * Which driver a virtual device is of: net_af_xdp for "net_af_xdp0,iface=eth0". Needs no EAL.
 *
 * @return false: it names no driver, as a PCI address does not
 */
bool port_device_driver(const char *device, char name[static PORT_DRIVER_NAME_MAX]);

/**
 * Find an argument of a device: "eth0" for the key "iface" above. Needs no EAL.
 *
 * @param value  cut at `size`
 * @return false: there is none
 */
bool port_device_argument(const char *device, const char *key, char *value, size_t size);

/** Whether the kernel keeps an interface of the same port, so that it needs no exception path. */
static inline bool
port_driver_splits(const struct port_driver *driver)
{
	return driver->control == PORT_CONTROL_XDP || driver->control == PORT_CONTROL_ISOLATE;
}

/** A port that runs. */
struct port {
	uint16_t id, burst;
	uint16_t data_queue_count, queue_count; /* the last may be for control traffic alone */
	enum port_checksum checksum;
	bool offload;	  /* the NIC fills in checksums of replies */
	char refused[64]; /* control traffic that the NIC has no rule for */
	struct rte_mempool *pools[PORT_QUEUES_MAX]; /* one for each queue: one lcore's */
};

/** How a port is wanted. */
struct port_wishes {
	uint16_t queue_count;
	/* a thread that is no lcore takes from the pools and gives back to them; frames to groups
	 * are wanted */
	bool exception;
	const struct packet_service *service;
};

/**
 * Set up and start a port that EAL has probed.
 *
 * @param port  port_stop(); nothing is left of it when this fails
 */
int port_start(uint16_t id, const struct port_driver *driver, const struct port_wishes *wishes,
	struct port *port, struct why *why);

/** Stop and close a port, which also flushes what it still has to send, and free its pools. */
void port_stop(struct port *port);

/** An interface that this process alone may load the program to. */
struct port_xdp {
	int lock;    /* an abstract socket, so that the kernel drops it with the process */
	int program; /* a copy of the program that knows the service addresses; no file to leave */
	unsigned int index; /* of the interface */
	uint8_t tag[8];	    /* of the program, as the kernel computes it */
};

/**
 * Claim an interface: it is there and up, no other process of ours has it, and it is free of XDP
 * programs; one that a dead process of ours left behind, known by its name and tag, is detached.
 * Needs no EAL.
 *
 * @param object   the XDP program as clang made it
 * @param service  datagrams to these addresses are taken, all else is left to the kernel
 * @param stale    set if such a program was there
 */
int port_xdp_claim(const char *interface, const char *object, const struct packet_service *service,
	struct port_xdp *xdp, bool *stale, struct why *why);

/** A path by which this process can open the program. */
void port_xdp_path(const struct port_xdp *xdp, char path[static 32]);

/**
 * Whether the driver did attach the program to a claimed interface: without it every query would
 * silently be the kernel's.
 *
 * @return 0, also if nothing was claimed, or -errno
 */
int port_xdp_check(const struct port_xdp *xdp, struct why *why);

/** Detach our program and give the interface back. Does nothing after a failed claim. */
void port_xdp_release(struct port_xdp *xdp);

#endif
