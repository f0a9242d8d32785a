/* SPDX-License-Identifier: BSD-3-Clause */
/** What may be asked over the control socket (docs/control.md). */
#ifndef MANGROVED_COMMANDS_H
#define MANGROVED_COMMANDS_H

#include "control/control.h"

/** A control_handler; its context is the struct node. */
void commands_handle(void *context, const json_t *request, struct control_call *call);

#endif
