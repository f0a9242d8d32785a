/* SPDX-License-Identifier: BSD-3-Clause */
/** What is asked of a node when something has gone wrong (docs/control.md). */
#ifndef MANGROVED_INCIDENT_H
#define MANGROVED_INCIDENT_H

#include "control/control.h"

struct node;

void incident_events(struct node *node, const json_t *request, struct control_call *call);
void incident_configuration(struct node *node, const json_t *request, struct control_call *call);
void incident_samples(struct node *node, const json_t *request, struct control_call *call);

/** What the program was made of. @return the caller's */
json_t *incident_build_json(void);

#endif
