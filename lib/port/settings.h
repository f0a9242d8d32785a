/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * YAML files read by a schema of libcyaml. What is wrong with one is told in a single line: file,
 * line, key. Control plane only; needs no EAL.
 */
#ifndef PORT_SETTINGS_H
#define PORT_SETTINGS_H

#include <cyaml/cyaml.h>

#include "base/base.h"

/** A file that was read, its values, and where each of them stands. */
struct port_settings;

/**
 * Read a file whose top is a mapping. Unknown, missing and repeated keys are errors.
 *
 * @param schema    outlives the settings; its value has CYAML_FLAG_POINTER
 * @param settings  the caller's: port_settings_free()
 */
int port_settings_read(const char *path, const cyaml_schema_value_t *schema,
	struct port_settings **settings, struct why *why);

/** What the schema made of it; freed with the settings. */
void *port_settings_values(const struct port_settings *settings);

/**
 * Say what is wrong with a value that the schema let pass.
 *
 * @param key  "ports[0].queues"
 * @return -EINVAL
 */
__attribute__((format(printf, 4, 5))) int port_settings_fault(const struct port_settings *settings,
	struct why *why, const char *key, const char *format, ...);

/** port_settings_fault() unless min <= value <= max. @return 0 or -EINVAL */
int port_settings_bound(const struct port_settings *settings, struct why *why, const char *key,
	uint64_t value, uint64_t min, uint64_t max);

/**
 * Write values by the schema of settings, with what was left out and has a default by now.
 *
 * @param values  port_settings_values(), or a copy that differs
 * @param text    malloc'ed, the caller's; no zero octet ends it
 */
int port_settings_text(const struct port_settings *settings, const void *values, char **text,
	size_t *size, struct why *why);

/** NULL is fine. */
void port_settings_free(struct port_settings *settings);

#endif
