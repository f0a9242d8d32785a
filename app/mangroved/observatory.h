/* SPDX-License-Identifier: BSD-3-Clause */
/** What only a root server sees (docs/observatory.md). All on the loop's thread. */
#ifndef MANGROVED_OBSERVATORY_H
#define MANGROVED_OBSERVATORY_H

#include "base/base.h"
#include "control/control.h"
#include "observe/observe.h"

struct engine_service;
struct node;

struct observatory {
	struct observe_set *set; /* NULL: nothing is looked at */
};

/** Before anything is published, and before lcores and sockets. */
int observatory_begin(struct observatory *observatory, struct node *node, struct why *why);

/** A service is about to be published. */
void observatory_publishing(struct observatory *observatory, const struct engine_service *service);

/** The command "observe" (docs/control.md). */
void observatory_ask(struct node *node, const json_t *request, struct control_call *call);

/** Those who observe have ended. */
void observatory_end(struct observatory *observatory);

#endif
