/* SPDX-License-Identifier: BSD-3-Clause */
/** What only a root server sees (docs/observatory.md). All on the loop's thread. */
#ifndef MANGROVED_OBSERVATORY_H
#define MANGROVED_OBSERVATORY_H

#include "base/base.h"
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

/** As the command "observe" replies (docs/control.md). @return NULL: nothing is looked at */
json_t *observatory_json(const struct observatory *observatory);

/** Those who observe have ended. */
void observatory_end(struct observatory *observatory);

#endif
