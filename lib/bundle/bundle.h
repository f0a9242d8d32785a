/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A bundle: plain files below one folder, as a tar file that is compressed with xz. It is made in
 * memory, and stands on disk whole or not at all.
 */
#ifndef BUNDLE_BUNDLE_H
#define BUNDLE_BUNDLE_H

#include <stddef.h>
#include <time.h>

#include "base/why.h"

struct bundle;

/**
 * Begin one.
 *
 * @param folder  in which all files stand when it is unpacked
 * @param at      the time of all files
 * @param bundle  the caller's: bundle_free()
 */
int bundle_new(const char *folder, time_t at, struct bundle **bundle, struct why *why);

/** Add a file that only its owner may read. @param name  copied; "host/cpuinfo" */
int bundle_add(
	struct bundle *bundle, const char *name, const void *data, size_t size, struct why *why);

/**
 * Write it to a file that only its owner may read, in place of one that is there, if that is a
 * regular file. No more can be added.
 *
 * @param size  octets of the file
 */
int bundle_write(struct bundle *bundle, const char *path, size_t *size, struct why *why);

/** NULL is fine. */
void bundle_free(struct bundle *bundle);

#endif
