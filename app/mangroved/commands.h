/* SPDX-License-Identifier: BSD-3-Clause */
/** What may be asked over the control socket (docs/control.md). */
#ifndef MANGROVED_COMMANDS_H
#define MANGROVED_COMMANDS_H

#include "control/control.h"

/** A control_handler; its context is the struct node. */
void commands_handle(void *context, const json_t *request, struct control_call *call);

struct node;

/** What "status" replies, for others who tell it. @return the caller's */
json_t *commands_status_json(const struct node *node);

/** The zones of "zone status". @return the caller's */
json_t *commands_zones_json(const struct node *node);

#endif
