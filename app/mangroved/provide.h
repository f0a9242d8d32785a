/* SPDX-License-Identifier: BSD-3-Clause */
/** The node as a primary of others, from its configuration. */
#ifndef MANGROVED_PROVIDE_H
#define MANGROVED_PROVIDE_H

#include "primary/primary.h"

struct node;

struct provide {
	struct primary *primary; /* NULL: nobody is listened to */
	struct primary_settings settings;
};

/** Listen, if the configuration names addresses. The slot is made. */
int provide_begin(struct provide *provide, struct node *node, struct why *why);

/** What is served has been exchanged. */
void provide_published(struct provide *provide, const struct engine_service *service);

void provide_end(struct provide *provide);

/** Log all counters that are not 0. */
void provide_log(const struct provide *provide);

#endif
