/* SPDX-License-Identifier: BSD-3-Clause */
/* The small made-up root of the golden test, for fuzz targets. */
#ifndef TESTS_FUZZ_GOLDEN_H
#define TESTS_FUZZ_GOLDEN_H

#include <stddef.h>
#include <stdint.h>

#include "engine/engine.h"
#include "zone/zone.h"

/** The verified zone; loaded once, never freed. */
const struct zone *golden_zone(void);

/** A node that serves its image; made once, never freed. */
const struct engine_service *golden_service(void);

/** Ask an image for names of all kinds, those of the golden zone among them. */
void golden_ask_all(const struct image *image);

/** @return a copy in a block of exactly `size` octets, so that ASan sees one octet too far */
void *golden_copy(const uint8_t *data, size_t size);

/** @return an open file in memory that holds the data; path[] leads to it */
int golden_file(const uint8_t *data, size_t size, char path[static 32]);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
