/* SPDX-License-Identifier: BSD-3-Clause */
/* All that a server tells, in one file, for those who look into an incident. */
#ifndef MANGROVECTL_INCIDENT_H
#define MANGROVECTL_INCIDENT_H

#include "base/why.h"
#include "reading.h"

/**
 * Ask for all of it and write it, whole or not at all. What the server does not do (nothing is
 * captured, nothing probed) is told in the bundle itself.
 *
 * @param output  NULL: a name of its own, here
 * @return 0; < 0: the server cannot be reached; > 0: it was not written
 */
int incident_bundle(const struct ask *ask, const char *output, struct why *why);

/** Frames that "samples" replied, as a pcap file in memory. @return the caller's, or NULL */
char *incident_pcap(const json_t *reply, size_t *size);

#endif
