/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Announcement of the service addresses, by a routing daemon (BIRD, FRR) that looks at an interface
 * or is told by commands, or both.
 *
 * The interface is a TUN device of this process. It carries the service addresses of the families
 * that are announced, and is up while there is any; a `direct` or `connected` route is there while
 * they are, and goes with them, with the device, or with the process, killed or not. The addresses
 * are others' too: what the kernel answers (TCP, ping) it answers by those of the exception path or
 * the NIC, announced or not.
 *
 * On one libuv loop; nothing waits.
 */
#ifndef ANNOUNCE_ANNOUNCE_H
#define ANNOUNCE_ANNOUNCE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/base.h"
#include "packet/packet.h"

enum announce_family { ANNOUNCE_IPV4, ANNOUNCE_IPV6, ANNOUNCE_FAMILIES };

enum { ANNOUNCE_ARGUMENTS_MAX = 32 };

/** A program and its arguments, without a shell. */
struct announce_command {
	char *const *arguments; /* the program by its path first; not owned */
	unsigned int count;	/* at most ANNOUNCE_ARGUMENTS_MAX; 0: none */
};

struct announce_settings {
	const char *interface; /* to be made; NULL: none */
	const struct packet_service *service;
	/* Of the prefix around each address that a daemon announces for it (a /24 and a /48 in the
	 * Internet); the node routes nothing by it. 0: the address alone */
	uint8_t prefix_length[ANNOUNCE_FAMILIES];
	struct announce_command up[ANNOUNCE_FAMILIES], down[ANNOUNCE_FAMILIES];
	uint32_t timeout_ms; /* of a command: then it is killed, and has failed */
	uint32_t retry_ms;   /* after a failure; 0: not again */
	uint32_t repeat_ms;  /* of a command that succeeded, for a daemon that was restarted since;
				0: not again */
	/**
	 * Telling the kernel or the daemon failed (each time), or succeeded again. Also called from
	 * announce_start() and announce_set().
	 *
	 * @param fault  in words; NULL: it succeeded
	 */
	void (*reported)(void *data, enum announce_family family, const char *fault);
	void *data;
};

struct announce;

/**
 * Make the interface, with nothing announced; run the commands for that.
 *
 * @param settings  copied; what it points to has to stay
 * @param announce  the caller's: announce_stop()
 */
int announce_start(uv_loop_t *loop, const struct announce_settings *settings,
	struct announce **announce, struct why *why);

/**
 * Announce a family or withdraw it. The interface follows before this returns; a command of the
 * opposite kind that still runs is killed.
 */
void announce_set(struct announce *announce, enum announce_family family, bool up);

/** Whether a family is as it was set, as far as we can tell: nothing failed or is on its way. */
bool announce_is_settled(const struct announce *announce, enum announce_family family);

/**
 * Withdraw all, take the interface away, and let the commands for that end within their bound.
 *
 * @param stopped  called on the loop when it is done and `announce` is gone; NULL: nobody waits
 */
void announce_stop(struct announce *announce, void (*stopped)(void *data), void *data);

#endif
